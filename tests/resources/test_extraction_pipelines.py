"""Extraction pipelines and their runs, as frames."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import polars as pl
import pyarrow as pa
import pytest

from cdframe import CogniteAPIError, CogniteClient, CogniteDuplicatedError, CogniteNotFoundError
from cdframe.frames import FRAME_KINDS, to_arrow
from cdframe.resources.extraction_pipelines import ExtractionPipelineRunsAPI
from cdframe.types import FrameKind
from tests.faults.servers import Answer, scripted

Row = dict[str, Any]

TIME = datetime(2024, 2, 29, 12, 30, 15, 250_000, tzinfo=UTC)
CONTACTS = [
    {"name": "Ø. Night", "email": "night@example.com", "role": "on call", "send_notification": True},
    {"name": "Day", "email": None, "role": None, "send_notification": False},
]
RAW_TABLES = [{"db_name": "d b", "table_name": "t/1"}, {"db_name": "d b", "table_name": "t,2"}]


@pytest.fixture
def data_set(cdf_client: CogniteClient) -> int:
    [id] = cdf_client.data_sets.create({"external_id": "plant"})["id"]
    return int(id)


def pipeline(n: int, data_set: int, **more: Any) -> Row:
    return {"external_id": f"p{n:04}", "name": f"Pipeline {n}", "data_set_id": data_set, **more}


FULL: Row = {
    "description": "orders of the day",
    "raw_tables": RAW_TABLES,
    "schedule": "0 */2 * * *",
    "contacts": CONTACTS,
    "metadata": {"a": "1", "ø": ""},
    "source": "SAP",
    "documentation": "# How\n\n*to*",
    "notification_config": {"allowed_not_seen_range_in_minutes": 90},
    "created_by": "the plant",
}


@pytest.mark.parametrize("kind", FRAME_KINDS)
def test_pipelines_come_back_with_all_columns(cdf_client: CogniteClient, data_set: int, kind: FrameKind) -> None:
    client = cdf_client.with_frame(kind)
    rows = [pipeline(1, data_set, **FULL), pipeline(2, data_set)]
    created = to_arrow(client.extraction_pipelines.create(rows))
    schema = client.extraction_pipelines.resource.schema
    assert created.schema.names == list(schema.names)
    if kind == "pyarrow":
        assert created.schema == schema.arrow
    for row, seen in zip(rows, created.to_pylist(maps_as_pydicts="strict"), strict=True):
        given = dict.fromkeys(FULL) | row
        told = {name: value for name, value in seen.items() if name in given}
        assert told | {"metadata": told["metadata"] or None} == given
        assert seen["last_success"] is seen["last_failure"] is seen["last_seen"] is seen["last_message"] is None
    assert to_arrow(client.extraction_pipelines.retrieve_multiple(external_ids=["p0001", "p0002"])).equals(created)
    assert to_arrow(client.extraction_pipelines.list()).equals(created.sort_by("id"))


def test_a_frame_that_was_read_can_be_written_again(cdf_client: CogniteClient, data_set: int) -> None:
    api = cdf_client.extraction_pipelines
    first = api.create(pipeline(1, data_set, **FULL))
    copied = api.create(first.with_columns(external_id=pl.lit("copy")))
    own = ["id", "external_id", "created_time", "last_updated_time"]
    assert copied.drop(own).equals(first.drop(own))


def test_lists_and_iterations_give_the_same_rows(cdf_client: CogniteClient, data_set: int) -> None:
    api = cdf_client.extraction_pipelines
    created = api.create([pipeline(n, data_set) for n in range(1100)], progress=False)
    everything = api.list(limit=None)
    assert sorted(everything["id"]) == sorted(created["id"])
    assert api.list().equals(everything.head(25))
    assert api.list(limit=0).equals(everything.head(0))
    assert pl.concat(api(chunk_size=400)).equals(everything)
    assert [row["id"] for row in api] == everything["id"].to_list()


def test_changes(cdf_client: CogniteClient, data_set: int) -> None:
    api = cdf_client.extraction_pipelines
    created = api.create(pipeline(1, data_set, **FULL))
    [id] = created["id"]
    assert api.update({"id": id, "description": "other"})["description"].to_list() == ["other"]
    changed = api.update(
        {
            "external_id": "p0001",
            "metadata.add": {"b": "2"},
            "metadata.remove": ["a"],
            "contacts.add": [{"name": "Third"}],
            "raw_tables.remove": RAW_TABLES[:1],
        }
    )
    [seen] = changed.to_arrow().to_pylist(maps_as_pydicts="strict")
    assert seen["metadata"] == {"ø": "", "b": "2"}
    assert [contact["name"] for contact in seen["contacts"]] == ["Ø. Night", "Day", "Third"]
    assert seen["raw_tables"] == RAW_TABLES[1:]
    cleared = api.update({"id": id, "schedule": None, "documentation": None, "contacts": []}, null="clear")
    assert cleared.select("schedule", "documentation").rows() == [(None, None)]
    assert not (cleared["contacts"].to_list()[0] or [])
    assert api.update(created.with_columns(external_id=pl.lit("new")))["external_id"].to_list() == ["new"]
    with pytest.raises(ValueError, match="Did you mean 'schedule'"):
        api.update({"id": id, "shedule": "Continuous"})


def test_what_is_not_there_and_what_is_there_already(cdf_client: CogniteClient, data_set: int) -> None:
    api = cdf_client.extraction_pipelines
    api.create(pipeline(1, data_set))
    assert api.retrieve(external_id="p").height == 0
    assert api.retrieve_multiple(external_ids=["p", "p0001"], ignore_unknown_ids=True).height == 1
    for call in (
        lambda: api.retrieve_multiple(external_ids=["p", "p0001"]),
        lambda: api.delete(external_id=["p0001", "p"]),
        lambda: api.update({"external_id": "p", "source": "s"}),
        lambda: cdf_client.extraction_pipeline_runs.list("p"),
        lambda: cdf_client.extraction_pipeline_runs.list("p", statuses="seen"),
        lambda: cdf_client.extraction_pipeline_runs.create({"external_id": "p", "status": "seen"}),
    ):
        with pytest.raises(CogniteNotFoundError) as missing:
            call()
        assert missing.value.not_found == [{"externalId": "p"}]
    with pytest.raises(CogniteDuplicatedError) as taken:
        api.create([pipeline(2, data_set), pipeline(1, data_set)])
    assert taken.value.failed["external_id"].to_list() == ["p0002", "p0001"]
    with pytest.raises(CogniteAPIError, match="Data set ids not found"):
        api.create(pipeline(3, data_set + 1))
    api.delete(external_id=["p", "p0001"], ignore_unknown_ids=True)
    assert api.list().height == 0


def runs_of(n: int) -> pa.Table:
    return pa.table(
        {
            "external_id": ["p0001"] * n,
            "status": [("seen", "failure", "success")[i % 3] for i in range(n)],
            "message": [None if i % 3 != 1 else f"No connection to SAP ({i})" for i in range(n)],
            "created_time": pa.array([1_700_000_000_000 + 1000 * i for i in range(n)], pa.timestamp("ms", tz="UTC")),
        }
    )


@pytest.mark.parametrize("kind", FRAME_KINDS)
def test_runs(cdf_client: CogniteClient, data_set: int, kind: FrameKind) -> None:
    cdf_client.extraction_pipelines.create(pipeline(1, data_set))
    api = cdf_client.with_frame(kind).extraction_pipeline_runs
    given = runs_of(30)
    created = to_arrow(api.create(given, progress=False))
    assert created.schema.names == list(api.resource.schema.names)
    assert created.drop(["id"]).cast(given.schema).equals(given)
    newest_first = created.take(list(range(29, -1, -1)))
    assert to_arrow(api.list("p0001", limit=None)).equals(newest_first)
    assert to_arrow(api.list("p0001")).equals(newest_first.slice(0, 25))
    failures = to_arrow(api.list("p0001", statuses=["failure"], message_substring="sap (1"))
    assert failures["message"].to_pylist() == [f"No connection to SAP ({i})" for i in (19, 16, 13, 10, 1)]
    some = api.list("p0001", statuses=["seen", "success"], created_time={"min": TIME})
    assert to_arrow(some).num_rows == 0
    early = api.list("p0001", created_time={"max": 1_700_000_002_000})
    assert to_arrow(early)["status"].to_pylist() == ["success", "failure", "seen"]


def test_the_pipeline_tells_of_its_runs(cdf_client: CogniteClient, data_set: int) -> None:
    cdf_client.extraction_pipelines.create(pipeline(1, data_set))
    cdf_client.extraction_pipeline_runs.create(runs_of(3))
    moments = [datetime.fromtimestamp(1_700_000_000 + i, UTC) for i in range(3)]
    told = cdf_client.extraction_pipelines.retrieve(external_id="p0001")
    assert told.select("last_seen", "last_failure", "last_success", "last_message").rows() == [
        (*moments, "No connection to SAP (1)")
    ]


def test_runs_are_added_in_their_order(cdf_client: CogniteClient, data_set: int) -> None:
    cdf_client.extraction_pipelines.create(pipeline(1, data_set))
    runs = [{"external_id": "p0001", "status": "seen", "message": str(n)} for n in range(40)]
    added = cdf_client.extraction_pipeline_runs.create(runs, progress=False)
    assert added["id"].is_sorted()
    newest_first = cdf_client.extraction_pipeline_runs.list("p0001", limit=None)
    assert newest_first["message"].to_list() == [str(n) for n in reversed(range(40))]


@pytest.mark.parametrize(("code", "outcome"), [(400, "failed"), (500, "unknown")])
def test_every_run_is_accounted_for(code: int, outcome: str) -> None:
    def serve(request: httpx.Request) -> Answer:
        [run] = json.loads(request.content)["items"]
        if run["message"] in ("2", "3"):
            return Answer(code, {"error": {"code": code, "message": "no"}})
        return Answer(200, {"items": [{**run, "id": int(run["message"]), "createdTime": 0}]})

    session, script = scripted(serve, max_retries=1)
    runs = [{"external_id": "p", "status": "seen", "message": str(n)} for n in range(6)]
    with pytest.raises(CogniteAPIError) as failure:
        ExtractionPipelineRunsAPI(session, "polars").create(runs)
    assert [json.loads(request.content)["items"][0]["message"] for request in script.requests] == [*"012345"]
    assert failure.value.successful["message"].to_list() == [*"0145"]
    assert getattr(failure.value, outcome)["message"].to_list() == [*"23"]
    assert failure.value.failed.height + failure.value.unknown.height == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"external_id": 5}, "external_id"),
        ({"external_id": "p", "statuses": ["sucess"]}, "Did you mean 'success'.*Accepted: success, failure, seen"),
        ({"external_id": "p", "created_time": {"mim": 0}}, "mim"),
        ({"external_id": "p", "message_substring": 5}, "message"),
        ({"external_id": "p", "limit": "all"}, "limit"),
    ],
)
def test_bad_arguments_are_named_before_anything_is_sent(
    cdf_client: CogniteClient, arguments: Row, message: str
) -> None:
    before = cdf_client.stats.requests
    with pytest.raises((ValueError, TypeError), match=message):
        cdf_client.extraction_pipeline_runs.list(**arguments)
    with pytest.raises(ValueError, match="Accepted: success, failure, seen"):
        cdf_client.extraction_pipeline_runs.create({"external_id": "p", "status": "fine"})
    assert cdf_client.stats.requests == before


def test_configurations(cdf_client: CogniteClient, data_set: int) -> None:
    cdf_client.extraction_pipelines.create([pipeline(n, data_set) for n in (1, 2)])
    api = cdf_client.extraction_pipelines.config
    assert api.retrieve("p0001").height == api.list("p0001").height == 0
    texts = ["host: sap\nport: 1", "", "ø" * 1000]
    created = api.create([{"external_id": "p0001", "config": text, "description": f"d{text[:1]}"} for text in texts])
    assert created.columns == ["external_id", "revision", "config", "description", "created_time"]
    assert created["revision"].to_list() == [1, 2, 3]
    assert created["config"].to_list() == texts
    assert api.create({"external_id": "p0002", "config": "x"})["revision"].to_list() == [1]
    assert api.retrieve("p0001").equals(created.tail(1))
    assert api.retrieve("p0001", revision=2).equals(created[1:2])
    assert api.retrieve("p0001", revision=4).height == 0
    assert api.retrieve("p0001", active_at_time=created["created_time"][0]).height == 1
    assert api.retrieve("p0001", active_at_time=created["created_time"][0].timestamp() * 1000 - 1).height == 0
    listed = api.list("p0001")
    assert listed.drop("config").equals(created.reverse().drop("config"))
    assert listed["config"].null_count() == 3
    assert api.revert("p0001", 1).select("revision", "config", "description").rows() == [(4, texts[0], "dh")]
    with pytest.raises(CogniteAPIError, match="no revision 9") as nothing:
        api.revert("p0001", 9)
    assert nothing.value.code == 404
    for call in (
        lambda: api.retrieve("p"),
        lambda: api.list("p"),
        lambda: api.create({"external_id": "p", "config": ""}),
        lambda: api.revert("p", 1),
    ):
        with pytest.raises(CogniteNotFoundError) as missing:
            call()
        assert missing.value.not_found == [{"externalId": "p"}]
    before = cdf_client.stats.requests
    with pytest.raises(ValueError, match="revision=0 must be 1 or more"):
        api.retrieve("p0001", revision=0)
    with pytest.raises(TypeError, match="revision must be a whole number, got str"):
        api.revert("p0001", "1")  # type: ignore[arg-type]
    assert cdf_client.stats.requests == before
    cdf_client.extraction_pipelines.delete(external_id="p0001")
    cdf_client.extraction_pipelines.create(pipeline(1, data_set))
    assert api.list("p0001").height == 0
