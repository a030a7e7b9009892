"""Extraction pipelines and their runs."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.local.api import Api
from tests.local.rows import changed, created, listed, member, names

PATH = "/extpipes"
RUNS = "/extpipes/runs"
ALL: dict[str, Any] = {"all": {}}
SERVER_SET = ("id", "createdTime", "lastUpdatedTime")
NO_RUNS = {"lastSuccess": 0, "lastFailure": 0, "lastSeen": 0}

_names = itertools.count()


@pytest.fixture(scope="module")
def data_set(api: Api) -> int:
    (row,) = created(api, "/datasets", {"externalId": "plant"}, status=200)
    result: int = row["id"]
    return result


def new(api: Api, data_set: int, *items: dict[str, Any]) -> list[dict[str, Any]]:
    """New pipelines, with what each must have."""
    needed = [{"externalId": f"pipe-{next(_names)}", "name": "n", "dataSetId": data_set} for _ in items]
    return created(api, PATH, *(one | item for one, item in zip(needed, items, strict=True)), status=200)


def tell(
    api: Api, name: str, *runs: tuple[str, int | None] | tuple[str, int | None, str | None]
) -> list[dict[str, Any]]:
    """Runs of one pipeline: status, time and message of each."""
    items = [
        {"externalId": name, "status": status, "createdTime": time, "message": message[0] if message else None}
        for status, time, *message in runs
    ]
    return created(api, RUNS, *items, status=200)


def told(api: Api, name: str) -> dict[str, Any]:
    """What a pipeline shows of its runs."""
    (row,) = api.post(f"{PATH}/byids", {"items": [{"externalId": name}]})["items"]
    return {key: row[key] for key in row if key.startswith("last") and key != "lastUpdatedTime"}


def test_what_a_pipeline_shows(api: Api, data_set: int) -> None:
    fields = {
        "externalId": "all/of it",
        "name": "é" * 140,
        "description": "",
        "dataSetId": data_set,
        "rawTables": [{"dbName": "d", "tableName": "t/1"}, {"dbName": "d", "tableName": 'é"'}],
        "schedule": "0 0 * * *",
        "contacts": [{"name": "n", "email": "e", "role": "r", "sendNotification": True}, {"name": "m"}],
        "metadata": {"é": "", "": "x\n"},
        "source": "s",
        "documentation": "# é\n" + "x" * 9_996,
        "createdBy": "me",
        "notificationConfig": {"allowedNotSeenRangeInMinutes": 5},
    }
    full, small = new(api, data_set, fields, {"externalId": "small", "schedule": "", "metadata": {}, "contacts": []})
    server_set = {key: full[key] for key in SERVER_SET}
    assert full == {**fields, **NO_RUNS, **server_set}
    assert set(small) == {"externalId", "name", "dataSetId", *NO_RUNS, *SERVER_SET}
    assert full["createdTime"] == full["lastUpdatedTime"] == small["createdTime"]
    both = [{"id": small["id"]}, {"externalId": "all/of it"}]
    assert api.post(f"{PATH}/byids", {"items": both})["items"] == [small, full]
    assert api.get(f"{PATH}/{full['id']}") == full
    (copy,) = new(api, data_set, {**full, "externalId": "copy", "lastMessage": "x", "lastSeen": 5})
    assert copy["id"] != full["id"] and copy["lastSeen"] == 0 and "lastMessage" not in copy


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ({"externalId": None}, "items[0].externalId is required"),
        ({"name": None}, "items[0].name is required"),
        ({"dataSetId": None}, "items[0].dataSetId is required"),
        ({"externalId": ""}, "items[0].externalId size must be between 1 and 255"),
        ({"name": ""}, "items[0].name size must be between 1 and 140"),
        ({"name": "x" * 141}, "items[0].name size"),
        ({"description": "x" * 501}, "items[0].description size"),
        ({"schedule": "x" * 256}, "items[0].schedule size"),
        ({"source": "x" * 256}, "items[0].source size"),
        ({"documentation": "x" * 10_001}, "items[0].documentation size"),
        ({"createdBy": "x" * 256}, "items[0].createdBy size"),
        ({"metadata": {"a": "x" * 10_240}}, "at most 10240 bytes"),
        ({"rawTables": {}}, "items[0].rawTables must be an array"),
        ({"rawTables": ["x"]}, "items[0].rawTables[0] must be an object"),
        ({"rawTables": [{"dbName": "x"}]}, "items[0].rawTables[0].tableName is required"),
        ({"rawTables": [{"dbName": "", "tableName": "x"}]}, "items[0].rawTables[0].dbName size"),
        (
            {"rawTables": [{"dbName": "x", "tableName": "x", "rows": 5}]},
            "Unexpected field - items[0].rawTables[0].rows",
        ),
        ({"contacts": [{"email": "x" * 255}]}, "items[0].contacts[0].email size"),
        ({"contacts": [{"sendNotification": "yes"}]}, "items[0].contacts[0].sendNotification must be true or false"),
        ({"notificationConfig": {"allowedNotSeenRangeInMinutes": -1}}, "allowedNotSeenRangeInMinutes must be between"),
        ({"notificationConfig": []}, "items[0].notificationConfig must be an object"),
        ({"schedul": "x"}, "Unexpected field - items[0].schedul - did you mean schedule?"),
    ],
)
def test_create_refuses(api: Api, data_set: int, item: Any, words: str) -> None:
    needed = {"externalId": "refused", "name": "n", "dataSetId": data_set}
    assert words in api.error(PATH, {"items": [{**needed, **item}]})["message"]
    api.error(f"{PATH}/byids", {"items": [{"externalId": "refused"}]})


def test_references_must_exist(api: Api) -> None:
    error = api.error(PATH, {"items": [{"externalId": "x", "name": "n", "dataSetId": 5}]})
    assert (error["message"], error["missing"]) == ("Data set ids not found: 5", [{"id": 5}])


def test_external_ids_are_unique(api: Api, data_set: int) -> None:
    new(api, data_set, {"externalId": "taken"}, {"externalId": "other"})
    for items in (["free", "taken"], ["free", "free"]):
        body = [{"externalId": one, "name": "n", "dataSetId": data_set} for one in items]
        assert api.error(PATH, {"items": body}, 409)["duplicated"] == [{"externalId": items[-1]}]
    rename = {"items": [{"externalId": "other", "update": {"externalId": {"set": "taken"}}}]}
    assert api.error(f"{PATH}/update", rename, 409)["duplicated"] == [{"externalId": "taken"}]


@pytest.mark.parametrize(("path", "rest"), [("byids", {}), ("update", {"update": {}}), ("delete", {})])
def test_references_that_are_wrong(api: Api, data_set: int, path: str, rest: dict[str, Any]) -> None:
    (row,) = new(api, data_set, {"externalId": path})
    known, unknown, missing = {"externalId": path}, {"externalId": "nowhere"}, {"id": 5}

    def error(*references: dict[str, Any], status: int = 400) -> dict[str, Any]:
        return api.error(f"{PATH}/{path}", {"items": [{**one, **rest} for one in references]}, status)

    found = error(known, unknown, missing)
    assert (found["message"], found["missing"]) == ("Extraction pipelines not found: nowhere, 5", [unknown, missing])
    assert error(unknown, unknown, status=409)["duplicated"] == [unknown]
    assert error(known, {"id": row["id"]}, status=409)["duplicated"] == [{"id": row["id"]}]
    if path != "update":
        answer = api.post(f"{PATH}/{path}", {"items": [known, unknown], "ignoreUnknownIds": True})
        assert answer == {} if path == "delete" else answer["items"] == [row]


def test_one_pipeline_by_its_id(api: Api) -> None:
    assert api.get(f"{PATH}/5", 400)["error"]["missing"] == [{"id": 5}]
    for method, path in (("GET", f"{PATH}/1/2"), ("POST", f"{PATH}/search"), ("POST", f"{PATH}/runs/update")):
        assert api.http.request(method, path, json={}).status_code == 404


def test_update(api: Api, data_set: int) -> None:
    tables = [{"dbName": "d", "tableName": str(i)} for i in range(3)]
    contacts = [{"name": "a", "email": "e"}, {"name": "b"}]
    (row,) = new(api, data_set, {"externalId": "u", "rawTables": tables[:2], "contacts": contacts, "source": "s"})
    while api.engine.clock.now() == row["createdTime"]:
        pass
    shown = changed(
        api,
        PATH,
        "u",
        name={"set": "m"},
        description={"set": "d"},
        schedule={"set": "On trigger"},
        source={"set": None},
        metadata={"add": {"a": "1"}},
        rawTables={"add": [{"tableName": "1", "dbName": "d"}, tables[2]], "remove": [tables[0]]},
        contacts={"remove": [{"email": "e", "name": "a"}, {"name": "nobody"}], "add": [{"role": "r"}]},
        notificationConfig={"set": {"allowedNotSeenRangeInMinutes": 0}},
    )
    assert (shown["rawTables"], shown["contacts"]) == (tables[1:], [{"name": "b"}, {"role": "r"}])
    assert (shown["name"], shown["schedule"], shown["metadata"]) == ("m", "On trigger", {"a": "1"})
    assert shown["notificationConfig"] == {"allowedNotSeenRangeInMinutes": 0}
    assert "source" not in shown and shown["lastUpdatedTime"] > shown["createdTime"]
    shown = changed(
        api,
        PATH,
        "u",
        schedule={"set": ""},
        metadata={"remove": ["a"]},
        rawTables={"set": []},
        contacts={"set": contacts},
        notificationConfig={"setNull": True},
    )
    assert not {"schedule", "metadata", "rawTables", "notificationConfig"} & set(shown)
    assert shown["contacts"] == contacts
    assert changed(api, PATH, "u", externalId={"set": "renamed"})["id"] == row["id"]
    wrong: list[dict[str, Any]] = [
        {"externalId": {"setNull": True}},
        {"name": {"set": None}},
        {"dataSetId": {"setNull": True}},
        {"dataSetId": {"set": 5}},
        {"createdBy": {"set": "x"}},
        {"lastSeen": {"set": 5}},
        {"rawTables": {"set": [], "add": []}},
        {"contacts": {"add": [{"phone": "x"}]}},
    ]
    for update in wrong:
        api.error(f"{PATH}/update", {"items": [{"externalId": "renamed", "update": update}]})


def test_lists(fresh: Api) -> None:
    first, second = (row["id"] for row in created(fresh, "/datasets", {"externalId": "a"}, {}, status=200))
    items: list[dict[str, Any]] = [
        {
            "externalId": f"{'ab'[i % 2]}{i:02}",
            "name": f"name {i % 3}",
            "description": "d" if i % 3 else None,
            "schedule": ("Continuous", "", None)[i % 3],
            "source": "s" if i % 5 == 0 else None,
            "documentation": "doc" if i % 6 == 0 else None,
            "createdBy": "me" if i % 4 == 0 else None,
            "metadata": {"i": str(i % 5)} if i % 5 else {},
            "contacts": [{"email": f"e{i % 3}", "name": "n"}],
            "rawTables": [{"dbName": "d", "tableName": str(i % n)} for n in (3, 4)],
        }
        for i in range(30)
    ]
    for i, item in enumerate(items):
        new(fresh, (first, second)[i % 2], item)

    def numbers(**wanted: Any) -> list[int]:
        rows = listed(fresh, PATH, filter=wanted, limit=7)
        assert [row["id"] for row in rows] == sorted(row["id"] for row in rows)
        return sorted(int(name[1:]) for name in names(rows))

    everything = range(30)
    assert numbers() == list(everything)
    assert numbers(externalIdPrefix="a") == list(range(0, 30, 2))
    assert numbers(name="name 1", description="d") == list(range(1, 30, 3))
    assert numbers(schedule="Continuous") == list(range(0, 30, 3))
    assert numbers(schedule="Null") == [i for i in everything if i % 3]
    assert numbers(source="s") == list(range(0, 30, 5))
    assert numbers(documentation="doc", createdBy="me") == [0, 12, 24]
    assert numbers(metadata={"i": "4"}) == list(range(4, 30, 5))
    assert numbers(dataSetIds=[{"externalId": "a"}]) == numbers(dataSetIds=[{"id": first}]) == list(range(0, 30, 2))
    assert numbers(contacts=[{"name": "n", "email": "e1"}, {"name": "x"}]) == list(range(1, 30, 3))
    assert numbers(contacts=[{"email": "e1"}]) == []
    assert numbers(rawTables=[{"tableName": "3", "dbName": "d"}]) == list(range(3, 30, 4))
    assert numbers(createdTime={"min": 5}, lastUpdatedTime={"max": 5}) == []
    rows = listed(fresh, PATH, limit=1000)
    assert fresh.get(PATH)["items"] == fresh.get(f"{PATH}?limit=5000")["items"] == rows
    page = fresh.get(f"{PATH}?limit=10")
    assert fresh.get(f"{PATH}?limit=1000&cursor={page['nextCursor']}")["items"] == rows[10:]
    for prefix in ("/api/v1", "/api/playground"):
        found = fresh.host("GET", f"{prefix}/projects/local{PATH}", headers={"api-key": fresh.engine.process_api_key})
        assert found["items"] == rows
    for wrong in ({"nam": "x"}, {"contacts": []}, {"rawTables": [{}]}, {"contacts": ["x"]}, {"schedule": 5}):
        fresh.error(f"{PATH}/list", {"filter": wrong})
    for body in ({"limit": 1001}, {"partition": "1/2"}, {"cursor": "x"}):
        fresh.error(f"{PATH}/list", body)


def test_what_a_run_shows(api: Api, data_set: int) -> None:
    (pipeline,) = new(api, data_set, {"externalId": "told"})
    now = api.engine.clock.now()
    full, small = tell(api, "told", ("failure", 5, 'é\n"'), ("SEEN", None, None))
    assert full == {"id": full["id"], "externalId": "told", "status": "failure", "message": 'é\n"', "createdTime": 5}
    assert set(small) == {"id", "externalId", "status", "createdTime"}
    assert (small["status"], small["createdTime"] >= now, small["id"] > full["id"]) == ("seen", True, True)
    assert api.get(f"{RUNS}?externalId=told")["items"] == [small, full]
    assert api.post(f"{RUNS}/list", {"filter": {"externalId": "told"}})["items"] == [small, full]
    (after,) = api.post(f"{PATH}/byids", {"items": [{"id": pipeline["id"]}]})["items"]
    assert after == {**pipeline, "lastFailure": 5, "lastSeen": small["createdTime"], "lastMessage": 'é\n"'}
    changed(api, PATH, "told", externalId={"set": "told/later"})
    assert api.get(f"{RUNS}?externalId=told/later")["items"][1] == {**full, "externalId": "told/later"}
    assert api.get(f"{RUNS}?externalId=told", 400)["error"]["missing"] == [{"externalId": "told"}]


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ({"externalId": None}, "items[0].externalId is required"),
        ({"status": None}, "items[0].status is required"),
        ({"status": "done"}, "items[0].status must be one of success, failure, seen, but was 'done'"),
        ({"message": "x" * 1001}, "items[0].message size must be between 0 and 1000"),
        ({"createdTime": -1}, "items[0].createdTime must be between 0 and"),
        ({"createdTime": "now"}, "items[0].createdTime must be an integer"),
        ({"pipeline": 5}, "Unexpected field - items[0].pipeline"),
    ],
)
def test_runs_that_are_refused(api: Api, data_set: int, item: Any, words: str) -> None:
    (pipeline,) = new(api, data_set, {})
    run = {"externalId": pipeline["externalId"], "status": "seen"}
    assert words in api.error(RUNS, {"items": [{**run, **item}]})["message"]
    assert told(api, pipeline["externalId"]) == NO_RUNS


def test_runs_of_unknown_pipelines(api: Api, data_set: int) -> None:
    (pipeline,) = new(api, data_set, {})
    unknown = [{"externalId": "nowhere"}, {"externalId": "nor/here"}]
    items = [{**one, "status": "seen"} for one in ({"externalId": pipeline["externalId"]}, *unknown, unknown[0])]
    error = api.error(RUNS, {"items": items})
    assert (error["message"], error["missing"]) == ("Extraction pipelines not found: nowhere, nor/here", unknown)
    assert api.get(f"{RUNS}?externalId=nowhere", 400)["error"]["missing"] == unknown[:1]
    assert api.error(f"{RUNS}/list", {"filter": {"externalId": "nowhere"}})["missing"] == unknown[:1]
    assert told(api, pipeline["externalId"]) == NO_RUNS
    for body in ({}, {"filter": None}, {"filter": {"statuses": ["seen"]}}):
        assert "filter.externalId is required" in api.error(f"{RUNS}/list", body)["message"]
    api.get(RUNS, 400)
    assert "items size" in api.error(RUNS, {"items": []})["message"]


def test_lists_of_runs(api: Api, data_set: int) -> None:
    one, other = (row["externalId"] for row in new(api, data_set, {}, {}))
    statuses = ("success", "failure", "seen")
    runs = tell(api, one, *((statuses[i % 3], 100 - i // 2, f"Message {i:02}") for i in range(40)))
    tell(api, other, ("seen", 5))
    runs.sort(key=lambda run: (-run["createdTime"], -run["id"]))

    def found(**wanted: Any) -> list[dict[str, Any]]:
        return listed(api, RUNS, filter={"externalId": one, **wanted}, limit=7)

    assert found() == found(statuses=[], message={}, createdTime=None) == found(message={"substring": None}) == runs
    assert found(statuses=["seen"]) == [run for run in runs if run["status"] == "seen"]
    assert found(statuses=["seen", "failure"]) == [run for run in runs if run["status"] != "success"]
    assert found(message={"substring": "message 3"}) == [run for run in runs if "Message 3" in run["message"]]
    assert found(message={"substring": "%"}) == []
    assert found(createdTime={"min": 90, "max": 95}) == [run for run in runs if 90 <= run["createdTime"] <= 95]
    page = api.get(f"{RUNS}?externalId={one}&limit=15")
    rest = api.get(f"{RUNS}?externalId={one}&limit=5000&cursor={page['nextCursor']}")
    assert page["items"] + rest["items"] == runs and "nextCursor" not in rest
    assert api.post(f"{RUNS}/list", {"filter": {"externalId": one}, "cursor": page["nextCursor"]}) == rest
    api.get(f"{RUNS}?externalId={other}&cursor={page['nextCursor']}", 400)
    for wrong in ({"statuses": ["done"]}, {"message": "x"}, {"message": {"sub": "x"}}, {"status": "seen"}):
        api.error(f"{RUNS}/list", {"filter": {"externalId": one, **wrong}})


RUN = st.tuples(
    st.sampled_from(("success", "failure", "seen")), st.integers(0, 5), st.one_of(st.none(), st.sampled_from("abc"))
)


@settings(max_examples=40, deadline=None)
@given(requests=st.lists(st.lists(RUN, min_size=1, max_size=4), max_size=4))
def test_pipelines_know_their_last_runs(
    api: Api, data_set: int, requests: list[list[tuple[str, int, str | None]]]
) -> None:
    one, other = (row["externalId"] for row in new(api, data_set, {}, {}))
    for runs in requests:
        items = [
            {"externalId": name, "status": status, "createdTime": time, "message": message}
            for status, time, message in runs
            for name in (one, other)
            if name == one or status == "seen"
        ]
        created(api, RUNS, *items, status=200)
    every = [(status, time, message) for runs in requests for status, time, message in runs]
    expected: dict[str, Any] = {
        f"last{name.capitalize()}": max((time for status, time, _ in every if status == name), default=0)
        for name in ("success", "failure", "seen")
    }
    failures = [(time, i, text) for i, (status, time, text) in enumerate(every) if status == "failure" and text]
    assert told(api, one) == (expected | {"lastMessage": max(failures)[2]} if failures else expected)
    assert told(api, other) == NO_RUNS | {"lastSeen": expected["lastSeen"]}


def test_deletion_takes_runs_along(fresh: Api) -> None:
    (data_set,) = created(fresh, "/datasets", {}, status=200)
    new(fresh, data_set["id"], {"externalId": "x"}, {"externalId": "y"})
    for name in "xy":
        tell(fresh, name, ("seen", 5))
    assert fresh.post(f"{PATH}/delete", {"items": [{"externalId": "x"}]}) == {}
    new(fresh, data_set["id"], {"externalId": "x"})
    assert fresh.get(f"{RUNS}?externalId=x")["items"] == []
    assert len(fresh.get(f"{RUNS}?externalId=y")["items"]) == 1


def test_access(fresh: Api) -> None:
    mine, other = (row["id"] for row in created(fresh, "/datasets", {}, {"writeProtected": True}, status=200))
    new(fresh, mine, {"externalId": "mine"})
    new(fresh, other, {"externalId": "other"})
    tell(fresh, "other", ("seen", 5))
    ids = {row["externalId"]: row["id"] for row in listed(fresh, PATH)}
    for scope in ({"datasetScope": {"ids": [mine]}}, {"idScope": {"ids": [str(ids["mine"])]}}):
        limited = member(fresh, extractionpipelinesAcl=scope)
        assert names(listed(limited, PATH)) == ["mine"]
        assert limited.error(f"{PATH}/byids", {"items": [{"externalId": "other"}]})["missing"]
        item = {"externalId": "new", "name": "n", "dataSetId": other}
        limited.error(PATH, {"items": [item]}, 403)
        limited.error(RUNS, {"items": [{"externalId": "mine", "status": "seen"}]}, 403)
        limited.get(f"{RUNS}?externalId=mine", 403)
    for scope in ({"datasetScope": {"ids": [mine]}}, {"extractionPipelineScope": {"ids": [ids["mine"]]}}):
        limited = member(fresh, extractionRunsAcl=scope)
        (run,) = tell(limited, "mine", ("seen", 7))
        assert limited.get(f"{RUNS}?externalId=mine")["items"][0] == run
        missing = [{"externalId": "other"}]
        assert limited.get(f"{RUNS}?externalId=other", 400)["error"]["missing"] == missing
        assert limited.error(RUNS, {"items": [{"externalId": "other", "status": "seen"}]})["missing"] == missing
        limited.error(f"{PATH}/list", {}, 403)
    writer, reader = (member(fresh, extractionRunsAcl=([action], ALL)) for action in ("WRITE", "READ"))
    writer.error(RUNS, {"items": [{"externalId": "other", "status": "seen"}]}, 403)
    writer.get(f"{RUNS}?externalId=mine", 403)
    reader.error(RUNS, {"items": [{"externalId": "mine", "status": "seen"}]}, 403)
    assert len(reader.get(f"{RUNS}?externalId=other")["items"]) == 1


CONFIG = "/extpipes/config"


def configured(api: Api, name: str, *texts: str) -> list[dict[str, Any]]:
    """New configurations of a pipeline."""
    return [api.post(CONFIG, {"externalId": name, "config": text}) for text in texts]


def test_configurations(fresh: Api) -> None:
    (owner,) = created(fresh, "/datasets", {}, status=200)
    new(fresh, owner["id"], {"externalId": "p"}, {"externalId": "other"})
    first, second, third = configured(fresh, "p", "a: 1\n", "", "é")
    assert [one["revision"] for one in (first, second, third)] == [1, 2, 3]
    assert first == {"externalId": "p", "revision": 1, "config": "a: 1\n", "createdTime": first["createdTime"]}
    described = fresh.post(CONFIG, {"externalId": "other", "config": "x", "description": "d", "revision": 7})
    assert (described["revision"], described["description"]) == (1, "d")
    assert fresh.get(f"{CONFIG}?externalId=p") == third
    assert fresh.get(f"{CONFIG}?externalId=p&revision=2") == second
    assert fresh.get(f"{CONFIG}?externalId=p&activeAtTime={third['createdTime']}") == third
    before = fresh.get(f"{CONFIG}?externalId=p&activeAtTime={first['createdTime'] - 1}", 404)
    assert "no config stored" in before["error"]["message"]
    fresh.get(f"{CONFIG}?externalId=p&revision=4", 404)
    page = fresh.get(f"{CONFIG}/revisions?externalId=p&limit=2")
    assert [row["revision"] for row in page["items"]] == [3, 2]
    assert all("config" not in row for row in page["items"])
    rest = fresh.get(f"{CONFIG}/revisions?externalId=p&limit=2&cursor={page['nextCursor']}")
    assert ([row["revision"] for row in rest["items"]], "nextCursor" in rest) == ([1], False)
    again = fresh.post(f"{CONFIG}/revert", {"externalId": "p", "revision": 1})
    assert again == {**first, "revision": 4, "createdTime": again["createdTime"]}
    fresh.error(f"{CONFIG}/revert", {"externalId": "p", "revision": 5}, 404)
    fresh.post(f"{PATH}/delete", {"items": [{"externalId": "p"}]})
    new(fresh, owner["id"], {"externalId": "p"})
    fresh.get(f"{CONFIG}?externalId=p", 404)
    assert configured(fresh, "p", "new")[0]["revision"] == 1
    assert fresh.get(f"{CONFIG}?externalId=other") == described


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        (CONFIG, {"config": "x"}, "externalId is required"),
        (CONFIG, {"externalId": "refused"}, "config is required"),
        (CONFIG, {"externalId": "refused", "config": {"a": 1}}, "config must be a string"),
        (CONFIG, {"externalId": "refused", "config": "x", "describtion": "d"}, "did you mean description?"),
        (f"{CONFIG}/revert", {"externalId": "refused"}, "revision must be"),
        (f"{CONFIG}/revert", {"externalId": "refused", "revision": 0}, "revision must be"),
    ],
)
def test_configurations_that_are_refused(api: Api, path: str, body: Any, words: str) -> None:
    assert words in api.error(path, body)["message"]


def test_access_to_configurations(fresh: Api) -> None:
    mine, other = (row["id"] for row in created(fresh, "/datasets", {}, {"writeProtected": True}, status=200))
    new(fresh, mine, {"externalId": "mine"})
    new(fresh, other, {"externalId": "other"})
    configured(fresh, "mine", "x")
    configured(fresh, "other", "x")
    limited = member(fresh, extractionConfigsAcl={"datasetScope": {"ids": [mine]}})
    assert configured(limited, "mine", "y") == [limited.get(f"{CONFIG}?externalId=mine")]
    for path in (CONFIG, f"{CONFIG}/revisions"):
        assert limited.get(f"{path}?externalId=other", 400)["error"]["missing"] == [{"externalId": "other"}]
    writer, reader = (member(fresh, extractionConfigsAcl=([action], ALL)) for action in ("WRITE", "READ"))
    writer.error(CONFIG, {"externalId": "other", "config": "x"}, 403)  # the data set is write-protected
    writer.get(f"{CONFIG}?externalId=mine", 403)
    reader.error(CONFIG, {"externalId": "mine", "config": "x"}, 403)
    reader.error(f"{CONFIG}/revert", {"externalId": "mine", "revision": 1}, 403)
    assert len(reader.get(f"{CONFIG}/revisions?externalId=other")["items"]) == 1
