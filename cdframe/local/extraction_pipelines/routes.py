"""Routes of extraction pipelines, their runs and their configurations."""

from __future__ import annotations

from werkzeug.wrappers import Response

from cdframe.local.application import Route
from cdframe.local.database import Connection
from cdframe.local.extraction_pipelines.family import Configs, Pipelines, Revisions, Runs
from cdframe.local.extraction_pipelines.tables import OF_PIPELINE
from cdframe.local.families.endpoints import Endpoints
from cdframe.local.families.family import Asked
from cdframe.local.families.query import Parameter, parse_query, text
from cdframe.local.fields import Integer
from cdframe.local.http import JSON, Call, encoded_answer
from cdframe.local.validation import reject_unknown

CONFIG = "/extpipes/config"
CONFIG_ACL = "extractionConfigsAcl"

PIPELINES = Endpoints(
    Pipelines,
    path="/extpipes",
    acl="extractionPipelinesAcl",
    created=200,
    list_keys=("filter", "limit", "cursor"),
)

RUNS = Endpoints(
    Runs,
    path="/extpipes/runs",
    acl="extractionRunsAcl",
    created=200,
    list_keys=("filter", "limit", "cursor"),
    query={"externalId": text("externalId")},
)

REVISIONS = Endpoints(Revisions, path=f"{CONFIG}/revisions", acl=CONFIG_ACL, query={"externalId": text("externalId")})

CONFIG_QUERY = {
    "externalId": text("externalId"),
    "revision": Parameter("revision"),
    "activeAtTime": Parameter("activeAtTime"),
}


def get_config(call: Call) -> Response:
    """The latest configuration of a pipeline, that of a time, or that of a number."""
    wanted = {**parse_query(CONFIG_QUERY, call.request.args), "cursor": None, "limit": 1}
    with call.engine.database.read() as connection:
        return _answer_one(_configs(call, connection, wanted).latest())


def create_config(call: Call) -> Response:
    """Store the next configuration of a pipeline."""
    row = Configs.resource.parse(call.body, "the config")
    with call.engine.database.write() as connection:
        (created,) = _configs(call, connection).create([row])
    return _answer_one(created)


def revert_config(call: Call) -> Response:
    """Make an earlier configuration of a pipeline the latest one."""
    reject_unknown(call.body, ("externalId", "revision"), "")
    external_id = OF_PIPELINE.kind.check(call.body.get("externalId"), "externalId")
    revision = Integer(1).check(call.body.get("revision"), "revision")
    with call.engine.database.write() as connection:
        (created,) = _configs(call, connection).revert(external_id, revision)
    return _answer_one(created)


def _configs(call: Call, connection: Connection, asked: Asked | None = None) -> Configs:
    return Configs(connection, call.caller, call.grant, asked or {}, call.engine.clock.now())


def _answer_one(config: str) -> Response:
    return encoded_answer(config.encode(), JSON)


ROUTES = (
    *PIPELINES.routes("create", "get", "get_one", "list", "byids", "update", "delete"),
    *RUNS.routes("create", "get", "list"),
    *REVISIONS.routes("get"),
    Route("GET", CONFIG, get_config, CONFIG_ACL, "READ"),
    Route("POST", CONFIG, create_config, CONFIG_ACL, "WRITE"),
    Route("POST", f"{CONFIG}/revert", revert_config, CONFIG_ACL, "WRITE"),
)
