"""Events: what is stored, changed and refused, and what happens to them when assets are deleted."""

from __future__ import annotations

from typing import Any

import pytest

from tests.local.api import Api
from tests.local.rows import changed, created, listed, member, names

PATH = "/events"
ALL: dict[str, Any] = {"all": {}}


def new_assets(api: Api, count: int) -> list[int]:
    return [row["id"] for row in created(api, "/assets", *[{"name": "a"}] * count)]


def ids(rows: list[dict[str, Any]]) -> list[int]:
    return [row["id"] for row in rows]


def by_asset(api: Api, *assets: int) -> list[str]:
    return names(listed(api, PATH, filter={"assetIds": list(assets)}))


def later(api: Api) -> int:
    """The time of the server, once it is later than all that is written."""
    written = api.engine.clock.now()
    while (now := api.engine.clock.now()) == written:
        pass
    return now


def test_what_an_event_shows(api: Api) -> None:
    first, second = new_assets(api, 2)
    (data_set,) = created(api, "/datasets", {}, status=200)
    fields = {
        "externalId": "all of it",
        "dataSetId": data_set["id"],
        "startTime": 0,
        "endTime": 0,
        "type": "",
        "subtype": "é" * 64,
        "description": "",
        "metadata": {"é": "", "": 'x\n"'},
        "assetIds": [second, first],
        "source": "s",
    }
    full, empty = created(api, PATH, fields, {})
    server_set = {"id", "createdTime", "lastUpdatedTime"}
    assert full == {**fields, **{key: full[key] for key in server_set}}
    assert set(empty) == server_set
    assert full["createdTime"] == full["lastUpdatedTime"] == empty["createdTime"]
    both = [{"id": empty["id"]}, {"externalId": "all of it"}]
    assert api.post(f"{PATH}/byids", {"items": both})["items"] == [empty, full]
    copy = full | {"id": 5, "externalId": "copy", "createdTime": 5}
    assert created(api, PATH, copy)[0]["id"] not in (5, full["id"])


def test_metadata_are_shown_once_they_were_set(api: Api) -> None:
    never, empty = created(api, PATH, {"externalId": "never", "assetIds": []}, {"metadata": {}})
    assert "metadata" not in never and "assetIds" not in never
    assert empty["metadata"] == {}
    assert "metadata" not in changed(api, PATH, "never", type={"set": "t"})
    assert changed(api, PATH, "never", metadata={"add": {"a": "1"}})["metadata"] == {"a": "1"}
    assert changed(api, PATH, "never", metadata={"remove": ["a"]})["metadata"] == {}
    assert changed(api, PATH, "never", metadata={"set": {"b": "2"}})["metadata"] == {"b": "2"}
    assert changed(api, PATH, "never", metadata={"setNull": True})["metadata"] == {}
    assert changed(api, PATH, "never", metadata={"set": None})["metadata"] == {}


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ({"externalId": "é" * 256}, "items[0].externalId size must be between 1 and 255"),
        ({"startTime": -1}, "items[0].startTime must be between 0 and"),
        ({"endTime": "5"}, "items[0].endTime must be an integer"),
        ({"startTime": 5, "endTime": 4}, "items[0].endTime must be at least startTime 5, but was 4"),
        ({"type": "é" * 65}, "items[0].type size must be between 0 and 64"),
        ({"subtype": "x" * 65}, "items[0].subtype size"),
        ({"description": "é" * 501}, "items[0].description size"),
        ({"source": "x" * 129}, "items[0].source size"),
        ({"metadata": {"é" * 65: ""}}, "at most 128 bytes"),
        ({"metadata": {"a": "é" * 64_001}}, "at most 128000 bytes"),
        ({"metadata": {"a": "x" * 100_000, "b": "x" * 99_999}}, "at most 200000 bytes"),
        ({"metadata": {"a": None}}, "items[0].metadata.a must be a string"),
        ({"metadata": {str(i): "" for i in range(257)}}, "items[0].metadata size"),
        ({"assetIds": [0]}, "items[0].assetIds[0] must be between 1 and"),
        ({"assetIds": ["1"]}, "items[0].assetIds[0] must be an integer"),
        ({"assetIds": [7, 8, 7]}, "items[0].assetIds must not have an id twice"),
        ({"assetIds": list(range(1, 10_002))}, "items[0].assetIds size must be between 0 and 10000"),
        ({"labels": [{"externalId": "x"}]}, "Unexpected field - items[0].labels"),
        ({"subType": "x"}, "Unexpected field - items[0].subType - did you mean subtype?"),
    ],
)
def test_create_refuses(api: Api, item: Any, words: str) -> None:
    before = api.post(f"{PATH}/aggregate")
    assert words in api.error(PATH, {"items": [item, {}]})["message"]
    assert api.post(f"{PATH}/aggregate") == before


def test_limits_are_met(api: Api) -> None:
    assets = new_assets(api, 1000)
    item = {
        "externalId": "\U0001f600" * 255,
        "description": "é" * 500,
        "metadata": {"é" * 64: "x" * 128_000, "b": "x" * (200_000 - 128_000 - 128 - 1)},
        "assetIds": assets,
        "startTime": 2**53 - 1,
    }
    (row,) = created(api, PATH, item)
    assert item.items() <= row.items()
    assert api.post(f"{PATH}/list", {"filter": {"assetIds": assets[500:501]}})["items"] == [row]
    assert len(created(api, PATH, *[{}] * 1000)) == 1000
    assert "items size" in api.error(PATH, {"items": [{}] * 1001})["message"]


def test_assets_must_exist(api: Api) -> None:
    (asset,) = new_assets(api, 1)
    items: list[dict[str, Any]] = [{"assetIds": [11, asset, 12]}, {"assetIds": [13, 11]}]
    error = api.error(PATH, {"items": items})
    assert error["message"].startswith("Asset ids not found")
    assert error["missing"] == [{"id": 11}, {"id": 12}, {"id": 13}]
    created(api, PATH, {"externalId": "refers", "assetIds": [asset]})
    for change in ({"set": [11, 12]}, {"add": [11, 12]}):
        error = api.error(f"{PATH}/update", {"items": [{"externalId": "refers", "update": {"assetIds": change}}]})
        assert error["missing"] == [{"id": 11}, {"id": 12}]
    assert by_asset(api, asset, 11, 12) == ["refers"]


def test_data_sets_must_exist(api: Api) -> None:
    error = api.error(PATH, {"items": [{"dataSetId": 11}, {"dataSetId": 12}]})
    assert error == {"code": 400, "message": "Invalid dataSetIds: 11, 12"}


def test_external_ids_are_unique(api: Api) -> None:
    created(api, PATH, {"externalId": "taken"}, {"externalId": "Taken"})
    for others in (["free", "taken"], ["free", "taken", "free"]):
        error = api.error(PATH, {"items": [{"externalId": one} for one in others]}, 409)
        assert (error["message"], error["duplicated"]) == ("Event id duplicated", [{"externalId": others[-1]}])
    rename = {"items": [{"externalId": "Taken", "update": {"externalId": {"set": "taken"}}}]}
    assert api.error(f"{PATH}/update", rename, 409)["duplicated"] == [{"externalId": "taken"}]
    api.post(f"{PATH}/delete", {"items": [{"externalId": "taken"}]})
    api.post(f"{PATH}/update", rename)


@pytest.mark.parametrize(("path", "rest"), [("byids", {}), ("update", {"update": {}}), ("delete", {})])
def test_references_that_are_wrong(api: Api, path: str, rest: dict[str, Any]) -> None:
    (row,) = created(api, PATH, {"externalId": f"one {path}"})
    known = {"id": row["id"]}
    unknown: list[dict[str, Any]] = [{"id": 1}, {"externalId": "nowhere"}]

    def error(*references: dict[str, Any], status: int = 400) -> dict[str, Any]:
        return api.error(f"{PATH}/{path}", {"items": [{**one, **rest} for one in references]}, status)

    found = error(known, *unknown)
    assert (found["message"], found["missing"]) == ("Event id not found", unknown)
    found = error(known, known, *unknown, status=409)
    assert (found["message"], found["duplicated"]) == ("Event id duplicated", [known])
    found = error(known, {"externalId": row["externalId"]}, status=409)
    assert found["duplicated"] == [known]
    for wrong in ({}, {"id": 0}, {"id": 2**53}, {"externalId": ""}, {**known, "externalId": "x"}):
        error(wrong)
    if path != "update":
        answer = api.post(f"{PATH}/{path}", {"items": [*unknown, known], "ignoreUnknownIds": True})
        assert answer == ({} if path == "delete" else {"items": [row]})
    else:
        api.error(f"{PATH}/update", {"items": [{**known, **rest}], "ignoreUnknownIds": True})


def test_one_event_by_its_id(api: Api) -> None:
    (row,) = created(api, PATH, {"type": "one"})
    assert api.get(f"{PATH}/{row['id']}") == row
    assert api.get(f"{PATH}/77", 400)["error"]["missing"] == [{"id": 77}]
    for wrong in ("0", "x", str(2**53)):
        api.get(f"{PATH}/{wrong}", 400)


def test_update(api: Api) -> None:
    first, second, third = new_assets(api, 3)
    (data_set,) = created(api, "/datasets", {}, status=200)
    (row,) = created(
        api, PATH, {"externalId": "changing", "startTime": 5, "endTime": 9, "type": "t", "assetIds": [first, second]}
    )
    after = changed(
        api,
        PATH,
        "changing",
        startTime={"set": 10},
        endTime={"set": 10},
        type={"setNull": True},
        subtype={"set": "s"},
        description={"set": "d"},
        source={"set": "x"},
        dataSetId={"set": data_set["id"]},
        assetIds={"add": [third, second], "remove": [first, 77]},
        metadata={"add": {"a": "1"}},
    )
    kept = {key: row[key] for key in ("id", "externalId", "createdTime")}
    times = {"startTime": 10, "endTime": 10, "lastUpdatedTime": after["lastUpdatedTime"]}
    texts = {"subtype": "s", "description": "d", "source": "x", "metadata": {"a": "1"}}
    assert after == {**kept, **times, **texts, "dataSetId": data_set["id"], "assetIds": [second, third]}
    assert by_asset(api, first) == []
    assert by_asset(api, third) == by_asset(api, second) == ["changing"]
    assert changed(api, PATH, "changing", assetIds={"set": [third, first]})["assetIds"] == [third, first]
    cleared = ("startTime", "dataSetId", "description", "source", "subtype", "endTime", "assetIds")
    after = changed(api, PATH, "changing", **{name: {"setNull": True} for name in cleared})
    assert set(after) == {"id", "externalId", "metadata", "createdTime", "lastUpdatedTime"}
    assert by_asset(api, first, second, third) == []


def test_an_update_is_about_the_resulting_row(api: Api) -> None:
    created(api, PATH, {"externalId": "times", "startTime": 5, "endTime": 9}, {"externalId": "no start", "endTime": 3})

    def refused(external_id: str, **update: Any) -> None:
        items = [{"externalId": external_id, "update": update}]
        assert "items[0].endTime" in api.error(f"{PATH}/update", {"items": items})["message"]

    refused("times", startTime={"set": 10})
    refused("times", endTime={"set": 4})
    refused("no start", startTime={"set": 4})
    assert changed(api, PATH, "times", startTime={"set": 10}, endTime={"setNull": True})["startTime"] == 10
    assert changed(api, PATH, "no start", startTime={"set": 3})["startTime"] == 3
    (asset,) = new_assets(api, 1)
    for update in (
        {"assetIds": {"set": [asset], "add": [asset]}},
        {"assetIds": {"set": [asset], "setNull": True}},
        {"assetIds": {"add": [asset, asset]}},
        {"metadata": {"add": {"a": "x" * 128_001}}},
        {"type": {"add": "x"}},
        {"id": {"set": 5}},
        {"labels": {"set": []}},
    ):
        api.error(f"{PATH}/update", {"items": [{"externalId": "times", "update": update}]})


def test_an_update_that_changes_nothing_leaves_the_time_alone(api: Api) -> None:
    (asset,) = new_assets(api, 1)
    fields = {"externalId": "same", "type": "t", "startTime": 5, "assetIds": [asset], "metadata": {"a": "1"}}
    row, _ = created(api, PATH, fields, {"externalId": "empty"})
    now = later(api)
    unchanged: list[dict[str, Any]] = [
        {},
        {"type": {"set": "t"}, "endTime": {"setNull": True}, "startTime": {"setNull": False}, "source": None},
        {"assetIds": {"add": [asset], "remove": [77]}, "metadata": {"add": {"a": "1"}, "remove": ["b"]}},
        {"metadata": {"set": {"a": "1"}}, "assetIds": {"set": [asset]}, "externalId": {"set": "same"}},
    ]
    for update in unchanged:
        assert changed(api, PATH, "same", **update) == row
    body = {"items": [{"externalId": "same", "update": {}}, {"externalId": "empty", "update": {"type": {"set": "x"}}}]}
    same, other = api.post(f"{PATH}/update", body)["items"]
    assert same == row
    assert other["lastUpdatedTime"] >= now > other["createdTime"]
    assert changed(api, PATH, "same", metadata={"add": {"a": "2"}})["lastUpdatedTime"] >= now


def test_deletion(fresh: Api) -> None:
    (asset,) = new_assets(fresh, 1)
    rows = created(fresh, PATH, *({"externalId": str(i), "assetIds": [asset]} for i in range(5)))
    assert fresh.post(f"{PATH}/delete", {"items": [{"id": rows[1]["id"]}, {"externalId": "3"}]}) == {}
    assert sorted(by_asset(fresh, asset)) == ["0", "2", "4"]
    fresh.error(f"{PATH}/delete", {"items": [{"externalId": "0"}, {"externalId": "3"}]})
    assert fresh.post(f"{PATH}/aggregate") == {"items": [{"count": 3}]}


def test_events_forget_assets_that_are_deleted(fresh: Api) -> None:
    items = [
        {"name": "root", "externalId": "root"},
        {"name": "leaf", "parentExternalId": "root"},
        {"name": "x"},
        {"name": "y"},
    ]
    root, leaf, other, last = ids(created(fresh, "/assets", *items))
    rows = created(
        fresh,
        PATH,
        {"externalId": "all", "assetIds": [leaf, other, root, last]},
        {"externalId": "gone", "assetIds": [root, leaf]},
        {"externalId": "kept", "assetIds": [other]},
        {"externalId": "none"},
    )
    later(fresh)
    fresh.error("/assets/delete", {"items": [{"id": root}]})
    fresh.post("/assets/delete", {"items": [{"id": root}], "recursive": True})
    expected = [{**rows[0], "assetIds": [other, last]}, {key: rows[1][key] for key in rows[1] if key != "assetIds"}]
    found = fresh.post(f"{PATH}/byids", {"items": [{"id": id} for id in ids(rows)]})["items"]
    assert found == [*expected, *rows[2:]]
    assert sorted(by_asset(fresh, other, root, leaf)) == ["all", "kept"]
    assert changed(fresh, PATH, "gone", assetIds={"add": [other]})["assetIds"] == [other]


def test_access(fresh: Api) -> None:
    mine, other = created(fresh, "/datasets", {}, {}, status=200)
    items = [{"externalId": str(i), "type": "t", "dataSetId": row["id"]} for i, row in enumerate((mine, other))]
    created(fresh, PATH, *items, {"externalId": "free", "type": "t"})
    limited = member(fresh, eventsAcl={"datasetScope": {"ids": [mine["id"]]}})
    assert names(listed(limited, PATH)) == ["0"]
    assert limited.post(f"{PATH}/aggregate") == {"items": [{"count": 1}]}
    body = {"aggregate": "uniqueValues", "fields": ["type"]}
    assert limited.post(f"{PATH}/aggregate", body)["items"][0]["count"] == 1
    assert names(limited.post(f"{PATH}/search")["items"]) == ["0"]
    assert limited.error(f"{PATH}/byids", {"items": [{"externalId": "free"}]})["missing"] == [{"externalId": "free"}]
    for item in ({}, {"dataSetId": other["id"]}):
        limited.error(PATH, {"items": [item]}, 403)
    moved = {"items": [{"externalId": "0", "update": {"dataSetId": {"set": other["id"]}}}]}
    limited.error(f"{PATH}/update", moved, 403)
    created(limited, PATH, {"externalId": "new", "dataSetId": mine["id"]})
    limited.post(f"{PATH}/delete", {"items": [{"externalId": "0"}]})
    reader = member(fresh, eventsAcl=(["READ"], ALL))
    assert sorted(names(listed(reader, PATH))) == ["1", "free", "new"]
    for path in ("", "/update", "/delete"):
        reader.error(f"{PATH}{path}", {"items": [{}]}, 403)
    member(fresh, assetsAcl=ALL).error(f"{PATH}/list", {}, 403)


def test_write_protection(fresh: Api) -> None:
    (closed,) = created(fresh, "/datasets", {"writeProtected": True}, status=200)
    created(fresh, PATH, {"externalId": "in", "dataSetId": closed["id"]}, {"externalId": "out"})
    writer = member(fresh, eventsAcl=ALL)
    writer.error(PATH, {"items": [{"dataSetId": closed["id"]}]}, 403)
    moved: dict[str, Any] = {"dataSetId": {"set": closed["id"]}}
    for external_id, update in (("in", {}), ("in", {"dataSetId": {"setNull": True}}), ("out", moved)):
        writer.error(f"{PATH}/update", {"items": [{"externalId": external_id, "update": update}]}, 403)
    writer.error(f"{PATH}/delete", {"items": [{"externalId": "in"}]}, 403)
    assert len(listed(writer, PATH)) == 2
