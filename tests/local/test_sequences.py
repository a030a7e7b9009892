"""Sequences: what is stored, changed, found and refused, and their columns."""

from __future__ import annotations

from typing import Any

import pytest

from tests.local.api import Api
from tests.local.rows import changed, created, listed, member, names

PATH = "/sequences"
ALL: dict[str, Any] = {"all": {}}
COLUMNS: list[dict[str, Any]] = [{"externalId": "a"}, {"externalId": "b", "valueType": "STRING"}]
SERVER_SET = ("id", "createdTime", "lastUpdatedTime")


def new(api: Api, *items: dict[str, Any]) -> list[dict[str, Any]]:
    """New sequences, whose columns may be left out."""
    return created(api, PATH, *({"columns": COLUMNS, **item} for item in items))


def columns_of(sequence: dict[str, Any]) -> list[str]:
    return [column["externalId"] for column in sequence["columns"]]


def test_what_a_sequence_shows(api: Api) -> None:
    (asset,) = created(api, "/assets", {"name": "a"})
    (data_set,) = created(api, "/datasets", {}, status=200)
    column = {"externalId": "é", "name": "", "description": "d", "valueType": "LONG", "metadata": {"k": 'v\n"'}}
    fields = {
        "externalId": "all of it",
        "name": "",
        "description": "é" * 1000,
        "assetId": asset["id"],
        "dataSetId": data_set["id"],
        "metadata": {"é": "", "": "x"},
    }
    full, small = created(
        api, PATH, {**fields, "columns": [column, {}]}, {"columns": [{"valueType": "string"}], "name": None}
    )
    times = {name: full[name] for name in ("createdTime", "lastUpdatedTime")}
    shown = [{**column, **times}, {"externalId": "column1", "valueType": "DOUBLE", **times}]
    assert full == {**fields, "columns": shown, "id": full["id"], **times}
    assert set(small) == {*SERVER_SET, "columns"}
    assert small["columns"] == [{"externalId": "column0", "valueType": "STRING", **times}]
    assert full["createdTime"] == full["lastUpdatedTime"] == small["createdTime"]
    both = [{"id": small["id"]}, {"externalId": "all of it"}]
    assert api.post(f"{PATH}/byids", {"items": both})["items"] == [small, full]
    (copy,) = created(api, PATH, {**full, "externalId": "copy"})
    assert copy["id"] != full["id"] and columns_of(copy) == columns_of(full)


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ({"externalId": "é" * 256}, "items[0].externalId size must be between 1 and 255"),
        ({"name": "é" * 256}, "items[0].name size must be between 0 and 255"),
        ({"description": "x" * 1001}, "items[0].description size"),
        ({"metadata": {"a": None}}, "items[0].metadata.a must be a string"),
        ({"metadata": {"a": "x" * 10_000}}, "at most 10000 bytes"),
        ({"metadata": {"é" * 65: ""}}, "at most 128 bytes"),
        ({"assetIds": [1]}, "Unexpected field - items[0].assetIds - did you mean assetId?"),
        ({"columns": None}, "items[0].columns is required"),
        ({"columns": {}}, "items[0].columns must be an array"),
        ({"columns": []}, "items[0].columns size must be between 1 and 400"),
        ({"columns": [{}] * 401}, "items[0].columns size must be between 1 and 400"),
        ({"columns": [{"valueType": "STRING"}] * 201}, "items[0].columns must have at most 200 columns of strings"),
        ({"columns": [5]}, "items[0].columns[0] must be an object"),
        ({"columns": [{"externalId": ""}]}, "items[0].columns[0].externalId size"),
        ({"columns": [{"externalId": "x" * 256}]}, "items[0].columns[0].externalId size"),
        ({"columns": [{}, {"name": "x" * 256}]}, "items[0].columns[1].name size"),
        ({"columns": [{"description": "x" * 1001}]}, "items[0].columns[0].description size"),
        ({"columns": [{"metadata": {"a": "x" * 10_000}}]}, "at most 10000 bytes"),
        ({"columns": [{"valueType": "FLOAT"}]}, "items[0].columns[0].valueType must be one of STRING, DOUBLE, LONG"),
        ({"columns": [{"type": "LONG"}]}, "Unexpected field - items[0].columns[0].type"),
    ],
)
def test_create_refuses(api: Api, item: Any, words: str) -> None:
    before = api.post(f"{PATH}/aggregate")
    assert words in api.error(PATH, {"items": [{"columns": COLUMNS, **item}]})["message"]
    assert api.post(f"{PATH}/aggregate") == before


def test_limits_are_met(api: Api) -> None:
    columns = [{"valueType": ("STRING", "LONG")[i % 2]} for i in range(400)]
    item = {"externalId": "\U0001f600" * 255, "name": "é" * 255, "metadata": {"é" * 64: "x" * 9_872}}
    (row,) = new(api, {**item, "columns": columns})
    assert item.items() <= row.items()
    assert columns_of(row) == [f"column{i}" for i in range(400)]
    assert len(new(api, *[{}] * 1000)) == 1000
    assert "items size" in api.error(PATH, {"items": [{}] * 1001})["message"]


def test_a_column_that_is_defined_twice(api: Api) -> None:
    for columns in ([{"externalId": "x"}, {"externalId": "x"}], [{"externalId": "column1"}, {}]):
        error = api.error(PATH, {"items": [{"columns": columns}]}, 409)
        assert error["duplicated"] == [{"externalId": columns[0]["externalId"]}]


def test_references_must_exist(api: Api) -> None:
    for field, words in (("assetId", "Asset ids not found: 5"), ("dataSetId", "Data set ids not found: 5")):
        error = api.error(PATH, {"items": [{"columns": COLUMNS, field: 5}]})
        assert (error["message"], error["missing"]) == (words, [{"id": 5}])


def test_external_ids_are_unique(api: Api) -> None:
    new(api, {"externalId": "taken"}, {"externalId": "other"})
    for items in (["free", "taken"], ["free", "free"]):
        error = api.error(PATH, {"items": [{"externalId": one, "columns": COLUMNS} for one in items]}, 409)
        assert error["duplicated"] == [{"externalId": items[-1]}]
    renames = [{"externalId": "other", "update": {"externalId": {"set": "taken"}}}]
    assert api.error(f"{PATH}/update", {"items": renames}, 409)["duplicated"] == [{"externalId": "taken"}]
    assert changed(api, PATH, "taken", externalId={"set": "taken"})["externalId"] == "taken"


@pytest.mark.parametrize(("path", "rest"), [("byids", {}), ("update", {"update": {}}), ("delete", {})])
def test_references_that_are_wrong(api: Api, path: str, rest: dict[str, Any]) -> None:
    (row,) = new(api, {"externalId": path})
    known, unknown, missing = {"externalId": path}, {"externalId": "no/where"}, {"id": 5}

    def error(*references: dict[str, Any], status: int = 400) -> dict[str, Any]:
        return api.error(f"{PATH}/{path}", {"items": [{**one, **rest} for one in references]}, status)

    found = error(known, unknown, missing)
    assert (found["message"], found["missing"]) == ("Sequences not found: no/where, 5", [unknown, missing])
    found = error(unknown, unknown, status=409)
    assert (found["message"], found["duplicated"]) == ("Duplicate external ids: no/where", [unknown])
    found = error({"id": 1}, {"id": 1}, status=409)
    assert (found["message"], found["duplicated"]) == ("Duplicate ids: 1", [{"id": 1}])
    assert error(known, {"id": row["id"]}, status=409)["duplicated"] == [{"id": row["id"]}]
    for wrong in ({}, {"id": 0}, {"id": "1"}, {**known, "id": 5}, {"name": "x"}):
        error(wrong)
    assert len(api.post(f"{PATH}/byids", {"items": [known, unknown], "ignoreUnknownIds": True})["items"]) == 1


def test_update(api: Api) -> None:
    (first, second) = created(api, "/assets", {"name": "a"}, {"name": "b"})
    (row,) = new(api, {"externalId": "changing", "name": "n", "assetId": first["id"], "metadata": {"a": "1"}})
    shown = changed(
        api,
        PATH,
        "changing",
        name={"setNull": True},
        description={"set": ""},
        assetId={"set": second["id"]},
        metadata={"add": {"b": "2"}, "remove": ["a"]},
    )
    assert "name" not in shown
    assert (shown["description"], shown["assetId"], shown["metadata"]) == ("", second["id"], {"b": "2"})
    assert shown["columns"] == row["columns"]
    assert changed(api, PATH, "changing", metadata={"set": {}})["metadata"] == {}
    assert "assetId" not in changed(api, PATH, "changing", assetId={"set": None})
    wrong: list[dict[str, Any]] = [
        {"id": {"set": 5}},
        {"columns": {"setNull": True}},
        {"metadata": {"set": {}, "add": {"a": "b"}}},
        {"name": "x"},
        {"assetId": {"set": 5}},
    ]
    for update in wrong:
        api.error(f"{PATH}/update", {"items": [{"externalId": "changing", "update": update}]})


def test_updates_move_the_time(fresh: Api) -> None:
    (row,) = new(fresh, {"externalId": "x"})
    while fresh.engine.clock.now() == row["createdTime"]:
        pass
    shown = changed(fresh, PATH, "x")
    assert shown["lastUpdatedTime"] > shown["createdTime"] == row["createdTime"]
    assert shown["columns"] == row["columns"]


def test_changes_of_columns(fresh: Api) -> None:
    (row,) = new(fresh, {"externalId": "s", "columns": [{"externalId": one} for one in "abcd"]})
    while fresh.engine.clock.now() == row["createdTime"]:
        pass
    update: dict[str, Any] = {
        "remove": [{"externalId": "a"}, "c"],
        "modify": [
            {"externalId": "b", "update": {"externalId": {"set": "a"}, "name": {"set": "n"}}},
            {"externalId": "d", "update": {}},
        ],
        "add": [{"externalId": "c", "valueType": "long"}, {"externalId": "b"}],
    }
    shown = changed(fresh, PATH, "s", columns=update)
    assert columns_of(shown) == ["a", "d", "c", "b"]
    assert [column["valueType"] for column in shown["columns"]] == ["DOUBLE", "DOUBLE", "LONG", "DOUBLE"]
    assert shown["columns"][0]["name"] == "n"
    assert [column["createdTime"] > row["createdTime"] for column in shown["columns"]] == [False, False, True, True]
    assert {column["lastUpdatedTime"] for column in shown["columns"]} == {shown["lastUpdatedTime"]}
    swap = [{"externalId": x, "update": {"externalId": {"set": y}}} for x, y in ("ad", "da")]
    assert columns_of(changed(fresh, PATH, "s", columns={"modify": swap})) == ["d", "a", "c", "b"]
    cleared: dict[str, Any] = {"name": {"setNull": True}, "description": {"set": "x"}, "metadata": {"add": {"a": "b"}}}
    first = changed(fresh, PATH, "s", columns={"modify": [{"externalId": "d", "update": cleared}]})["columns"][0]
    assert ("name" in first, first["description"], first["metadata"]) == (False, "x", {"a": "b"})


@pytest.mark.parametrize(
    ("change", "status", "names_of"),
    [
        ({"remove": ["x", {"externalId": "y"}], "modify": [{"externalId": "z", "update": {}}]}, 400, "xyz"),
        ({"add": [{"externalId": "a"}]}, 409, "a"),
        ({"add": [{"externalId": "n"}, {"externalId": "n"}]}, 409, "n"),
        ({"modify": [{"externalId": "a", "update": {"externalId": {"set": "b"}}}]}, 409, "b"),
        ({"remove": ["a", "a"]}, 409, "a"),
        ({"remove": ["a"], "modify": [{"externalId": "a", "update": {}}]}, 409, "a"),
    ],
)
def test_changes_of_columns_that_do_not_fit(api: Api, change: Any, status: int, names_of: str) -> None:
    (row,) = new(api, {})
    error = api.error(f"{PATH}/update", {"items": [{"id": row["id"], "update": {"columns": change}}]}, status)
    assert error["missing" if status == 400 else "duplicated"] == [{"externalId": name} for name in names_of]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"remove": ["a", "b"]}, "columns size must be between 1 and 400"),
        ({"add": [{"externalId": f"x{i}"} for i in range(399)]}, "columns size must be between 1 and 400"),
        (
            {"add": [{"externalId": f"x{i}", "valueType": "STRING"} for i in range(200)]},
            "at most 200 columns of strings, but has 201",
        ),
        (
            {"modify": [{"externalId": "a", "update": {"valueType": {"set": "LONG"}}}]},
            "columns.modify[0].update.valueType cannot be updated",
        ),
        ({"modify": [{"externalId": "a", "update": {"externalId": {"setNull": True}}}]}, "cannot be null"),
        ({"modify": [{"externalId": "a", "name": {"set": "x"}}]}, "Unexpected field"),
        ({"modify": [{"update": {}}]}, "externalId of a column"),
        ({"remove": [5]}, "externalId of a column"),
        ({"remove": "a"}, "columns.remove must be an array"),
        ({"set": [{"externalId": "a"}]}, "set cannot change columns"),
        ({"set": COLUMNS, "add": []}, "set cannot change columns"),
        ({"set": [{"externalId": "b", "valueType": "STRING"}, {"externalId": "a"}]}, "set cannot change columns"),
        ({"replace": []}, None),
        ({"replace": [1]}, "Unexpected field"),
        ([], "must be an object"),
    ],
)
def test_changes_of_columns_that_are_wrong(api: Api, change: Any, words: str | None) -> None:
    (row,) = new(api, {})
    body = {"items": [{"id": row["id"], "update": {"columns": change}}]}
    if words is None:
        assert api.post(f"{PATH}/update", body)["items"][0]["columns"] == row["columns"]
    else:
        assert words in api.error(f"{PATH}/update", body)["message"]


def test_whole_objects_come_back_with_their_columns(api: Api) -> None:
    new(api, {"externalId": "whole", "columns": [{"name": "n"}, {"valueType": "STRING"}]})
    same: list[dict[str, Any]] = [{"externalId": "column0"}, {"externalId": "column1", "valueType": "string"}]
    shown = changed(api, PATH, "whole", columns={"set": same}, name={"set": "x"})
    assert (shown["name"], shown["columns"][0]["name"]) == ("x", "n")


@pytest.fixture(scope="module")
def plant(api: Api) -> Api:
    """Sequences of assets in a tree, and elsewhere."""
    tree = [{"name": "r", "externalId": "root"}, {"name": "c", "externalId": "child", "parentExternalId": "root"}]
    root, child, other = created(api, "/assets", *tree, {"name": "o", "externalId": "other"})
    (data_set,) = created(api, "/datasets", {"externalId": "plant"}, status=200)
    for i in range(30):
        asset = (root, child, other, None)[i % 4]
        item: dict[str, Any] = {"externalId": f"p/{i:02}", "name": f"name {i % 3}", "metadata": {"i": str(i % 5)}}
        item |= {"assetId": asset["id"]} if asset else {}
        new(api, item | ({"dataSetId": data_set["id"]} if i % 2 else {}))
    return api


def asset_id(api: Api, name: str) -> int:
    (row,) = api.post("/assets/byids", {"items": [{"externalId": name}]})["items"]
    result: int = row["id"]
    return result


def numbers(api: Api, **wanted: Any) -> list[int]:
    """Which of the thirty pass a filter."""
    rows = listed(api, PATH, filter={"externalIdPrefix": "p/", **wanted}, limit=7)
    assert api.post(f"{PATH}/aggregate", {"filter": {"externalIdPrefix": "p/", **wanted}, "aggregate": "count"}) == {
        "items": [{"count": len(rows)}]
    }
    assert [row["id"] for row in rows] == sorted(row["id"] for row in rows)
    return sorted(int(row["externalId"][2:]) for row in rows)


def test_filters(plant: Api) -> None:
    root, child = asset_id(plant, "root"), asset_id(plant, "child")
    of = {i: [n for n in range(30) if n % 4 == i] for i in range(4)}
    assert numbers(plant) == list(range(30))
    assert numbers(plant, name="name 1") == list(range(1, 30, 3))
    assert numbers(plant, metadata={"i": "4"}) == list(range(4, 30, 5))
    assert numbers(plant, assetIds=[root]) == numbers(plant, assetIds=[{"externalId": "root"}]) == of[0]
    assert numbers(plant, assetIds=[child, {"id": root}, 5]) == sorted(of[0] + of[1])
    assert numbers(plant, rootAssetIds=[root]) == numbers(plant, rootAssetIds=[{"id": root}]) == sorted(of[0] + of[1])
    assert numbers(plant, rootAssetIds=[child]) == []
    assert numbers(plant, assetSubtreeIds=[{"externalId": "child"}]) == of[1]
    assert numbers(plant, assetSubtreeIds=[{"id": root}, {"externalId": "nowhere"}]) == sorted(of[0] + of[1])
    assert numbers(plant, dataSetIds=[{"externalId": "plant"}]) == list(range(1, 30, 2))
    assert numbers(plant, dataSetIds=[]) == list(range(30))
    assert numbers(plant, createdTime={"min": 0}, lastUpdatedTime={"max": 5}) == []


@pytest.mark.parametrize(
    "wanted",
    [
        {"nmae": "x"},
        {"assetIds": []},
        {"assetIds": ["1"]},
        {"assetIds": [{"name": "x"}]},
        {"rootAssetIds": []},
        {"rootAssetIds": list(range(101))},
        {"assetSubtreeIds": []},
        {"dataSetIds": [5]},
        {"createdTime": 5},
        {"metadata": {"a": None}},
    ],
)
def test_filters_that_are_wrong(api: Api, wanted: Any) -> None:
    for path in ("list", "search", "aggregate"):
        api.error(f"{PATH}/{path}", {"filter": wanted})


def test_lists_by_query_and_in_partitions(plant: Api) -> None:
    everything = listed(plant, PATH, limit=1000)
    assert plant.get(PATH)["items"] == everything[:25]
    assert plant.get(f"{PATH}?limit=5000&partition=1/1")["items"] == everything[:1000]
    parts = [listed(plant, PATH, partition=f"{m}/3", limit=1000) for m in (1, 2, 3)]
    assert [row for part in parts for row in part] == everything
    page = plant.get(f"{PATH}?limit=10")
    assert plant.get(f"{PATH}?limit=5&cursor={page['nextCursor']}")["items"] == everything[10:15]
    for body in ({"limit": 0}, {"limit": 1001}, {"cursor": "x"}, {"partition": "2/1"}, {"filtre": {"a": 1}}):
        plant.error(f"{PATH}/list", body)


def test_todays_filters_and_sorts(plant: Api) -> None:
    wanted = {"prefix": {"property": ["externalId"], "value": "p/1"}}
    sort = [{"property": ["name"], "order": "desc"}, {"property": ["externalId"]}]
    rows = listed(plant, PATH, advancedFilter=wanted, sort=sort)
    expected = sorted(range(10, 20), key=lambda i: (-(i % 3), i))
    assert names(rows) == [f"p/{i}" for i in expected]


def searched(api: Api, **texts: str) -> list[str]:
    return [row["name"] for row in api.post(f"{PATH}/search", {"search": texts})["items"]]


def test_search(fresh: Api) -> None:
    texts = ["pump curve", "Curve of valve 7", "wjoel", "test sequence 23-ESDV-92501A"]
    new(fresh, *({"name": text, "description": f"about {text}"} for text in texts))
    assert searched(fresh, name="curve") == ["pump curve", "Curve of valve 7"]
    assert searched(fresh, query="esdv") == ["test sequence 23-ESDV-92501A"]
    assert searched(fresh, query="curve", name="pump") == ["pump curve"]
    assert searched(fresh, description="about wjoel")[0] == "wjoel"
    assert searched(fresh, query="*ve") == ["pump curve", "Curve of valve 7"]
    assert searched(fresh, query="p*p") == ["pump curve"]
    assert searched(fresh, query="ESDV*01a") == ["test sequence 23-ESDV-92501A"]
    assert searched(fresh, query="ES*x*01a") == searched(fresh, query="umpx*") == searched(fresh, query="um*") == []
    assert sorted(searched(fresh, query="*")) == sorted(searched(fresh, query="a**")) == sorted(texts)
    assert len(fresh.post(f"{PATH}/search", {"search": {"name": None}, "limit": 3})["items"]) == 3


def test_sequences_forget_assets_that_are_deleted(fresh: Api) -> None:
    first, second = created(fresh, "/assets", {"name": "a"}, {"name": "b"})
    new(fresh, {"externalId": "x", "assetId": first["id"]}, {"externalId": "y", "assetId": second["id"]})
    before = {row["externalId"]: row for row in listed(fresh, PATH)}
    fresh.post("/assets/delete", {"items": [{"id": first["id"]}]})
    after = {row["externalId"]: row for row in listed(fresh, PATH)}
    assert after["y"] == before["y"]
    assert after["x"] == {name: value for name, value in before["x"].items() if name != "assetId"}


def test_deletion(fresh: Api) -> None:
    rows = new(fresh, {"externalId": "x"}, {"externalId": "y"}, {})
    items: list[dict[str, Any]] = [{"externalId": "x"}, {"id": rows[2]["id"]}, {"externalId": "nowhere"}]
    fresh.error(f"{PATH}/delete", {"items": items})
    assert fresh.post(f"{PATH}/delete", {"items": items, "ignoreUnknownIds": True}) == {}
    assert names(listed(fresh, PATH)) == ["y"]


def test_access(fresh: Api) -> None:
    mine, closed = created(fresh, "/datasets", {}, {"writeProtected": True}, status=200)
    new(
        fresh,
        {"externalId": "mine", "dataSetId": mine["id"]},
        {"externalId": "closed", "dataSetId": closed["id"]},
        {"externalId": "free"},
    )
    limited = member(fresh, sequencesAcl={"datasetScope": {"ids": [mine["id"]]}})
    assert names(listed(limited, PATH)) == ["mine"]
    assert limited.error(f"{PATH}/byids", {"items": [{"externalId": "free"}]})["missing"] == [{"externalId": "free"}]
    limited.error(PATH, {"items": [{"columns": COLUMNS}]}, 403)
    move = {"dataSetId": {"setNull": True}}
    limited.error(f"{PATH}/update", {"items": [{"externalId": "mine", "update": move}]}, 403)
    writer, reader = member(fresh, sequencesAcl=ALL), member(fresh, sequencesAcl=(["READ"], ALL))
    writer.error(f"{PATH}/update", {"items": [{"externalId": "closed", "update": {}}]}, 403)
    reader.error(PATH, {"items": [{"columns": COLUMNS}]}, 403)
    assert len(listed(reader, PATH)) == 3
    member(fresh, eventsAcl=ALL).error(f"{PATH}/list", {}, 403)
