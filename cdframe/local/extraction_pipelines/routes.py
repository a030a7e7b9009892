"""Routes of extraction pipelines and their runs."""

from __future__ import annotations

from cdframe.local.extraction_pipelines.family import Pipelines, Runs
from cdframe.local.families.endpoints import Endpoints
from cdframe.local.families.query import text

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

ROUTES = (
    *PIPELINES.routes("create", "get", "get_one", "list", "byids", "update", "delete"),
    *RUNS.routes("create", "get", "list"),
)
