"""Assets: what is stored, shown and refused; parents, moves, deletion."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from tests.local.api import Api
from tests.local.rows import changed, created, listed, member, names

PATH = "/assets"
ALL: dict[str, Any] = {"all": {}}
POINT = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [1.5, 60]}, "properties": {"a": None}}


def new(api: Api, *items: dict[str, Any] | str) -> list[dict[str, Any]]:
    """New assets, each its fields or its external id; they are named as that."""
    whole = [{"externalId": item} if isinstance(item, str) else item for item in items]
    return created(api, PATH, *({"name": item.get("externalId", "name"), **item} for item in whole))


def tree(api: Api, **parents: str | None) -> dict[str, dict[str, Any]]:
    """New assets by their external ids, each with that of its parent."""
    items = [{"externalId": name, "parentExternalId": parent} for name, parent in parents.items()]
    return {row["externalId"]: row for row in new(api, *items)}


def get(api: Api, *external_ids: str, **more: Any) -> list[dict[str, Any]]:
    body = {"items": [{"externalId": external_id} for external_id in external_ids], **more}
    found: list[dict[str, Any]] = api.post(f"{PATH}/byids", body)["items"]
    return found


def placed(api: Api, *external_ids: str) -> list[dict[str, Any]]:
    """The aggregates of assets; paths as external ids."""
    everything = {row["id"]: row.get("externalId") for row in listed(api, PATH, limit=1000)}
    rows = get(api, *external_ids, aggregatedProperties=["childCount", "depth", "path"])
    return [
        {**row["aggregates"], "path": [everything[step["id"]] for step in row["aggregates"]["path"]]} for row in rows
    ]


def test_what_an_asset_shows(api: Api) -> None:
    (data_set,) = created(api, "/datasets", {}, status=200)
    created(api, "/labels", {"externalId": "pump", "name": "Pump"}, {"externalId": "red", "name": "Red"})
    fields = {
        "externalId": "full",
        "name": "é" * 140,
        "description": "",
        "dataSetId": data_set["id"],
        "metadata": {"a": "", "é\n": 'q"\\'},
        "source": "s",
        "labels": [{"externalId": "red"}, {"externalId": "pump"}],
        "geoLocation": POINT,
    }
    full, small = created(api, PATH, fields, {"name": "small", "parentExternalId": "full"})
    server_set = {key: full[key] for key in ("id", "rootId", "createdTime", "lastUpdatedTime")}
    assert full == fields | server_set
    assert full["rootId"] == full["id"]
    assert full["createdTime"] == full["lastUpdatedTime"] == small["createdTime"]
    assert small == {
        "id": small["id"],
        "name": "small",
        "parentId": full["id"],
        "parentExternalId": "full",
        "metadata": {},
        "rootId": full["id"],
        "createdTime": full["createdTime"],
        "lastUpdatedTime": full["createdTime"],
    }
    assert api.post(f"{PATH}/byids", {"items": [{"id": small["id"]}, {"externalId": "full"}]}) == {
        "items": [small, full]
    }
    assert api.get(f"{PATH}/{full['id']}") == full
    copy = small | {"externalId": "copy", "aggregates": {"depth": 7}}
    assert new(api, copy)[0]["id"] != small["id"]


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ({}, "items[0].name is required"),
        ({"name": None}, "items[0].name is required"),
        ({"name": ""}, "items[0].name size must be between 1 and 140"),
        ({"name": "é" * 141}, "items[0].name size"),
        ({"externalId": ""}, "items[0].externalId size"),
        ({"description": "x" * 501}, "items[0].description size"),
        ({"source": "x" * 129}, "items[0].source size"),
        ({"metadata": {"é" * 65: ""}}, "at most 128 bytes"),
        ({"metadata": {"a": "é" * 5121}}, "at most 10240 bytes"),
        ({"metadata": {"a": "x" * 10_000, "b": "x" * 239}}, "at most 10240 bytes"),
        ({"metadata": {str(i): "" for i in range(257)}}, "items[0].metadata size"),
        ({"metadata": {"a": None}}, "items[0].metadata.a must be a string"),
        ({"labels": ["pump"]}, "items[0].labels[0] must be an object"),
        ({"labels": [{"externalId": "x"}] * 2}, "must not have a label twice"),
        ({"labels": [{"externalId": str(i)} for i in range(11)]}, "items[0].labels size must be between 0 and 10"),
        ({"labels": [{"externalId": "x", "name": "x"}]}, "Unexpected field - items[0].labels[0].name"),
        ({"geoLocation": {"type": "Point"}}, "items[0].geoLocation.type must be Feature"),
        ({"geoLocation": {"type": "Feature"}}, "items[0].geoLocation.geometry must be an object"),
        ({"geoLocation": {**POINT, "properties": {"a": "\ud800"}}}, "items[0].geoLocation must be JSON"),
        ({"parentId": 0}, "items[0].parentId must be between 1"),
        ({"path": []}, "Unexpected field - items[0].path"),
        ({"childCount": 1}, "Unexpected field - items[0].childCount"),
    ],
)
def test_create_refuses(api: Api, item: Any, words: str) -> None:
    before = api.post(f"{PATH}/aggregate")
    named = item if "name" in item or not item else {"name": "n", **item}
    body = json.dumps({"items": [named, {"name": "n"}]}).encode()
    assert words in api.error(PATH, body)["message"]
    assert api.post(f"{PATH}/aggregate") == before


def test_limits_are_met(api: Api) -> None:
    pairs = {f"{i:0128}": "" for i in range(80)}
    (row,) = new(api, {"name": "x" * 140, "metadata": pairs, "description": "é" * 500, "source": "é" * 128})
    assert row["metadata"] == pairs


@pytest.mark.parametrize("numbers", [[0], [1001]])
def test_numbers_of_items(api: Api, numbers: list[int]) -> None:
    items = [{"name": "n"}] * numbers[0]
    assert "items size must be between 1 and 1000" in api.error(PATH, {"items": items})["message"]


def test_external_ids(api: Api) -> None:
    new(api, "taken")
    error = api.error(PATH, {"items": [{"name": "n", "externalId": one} for one in ("free", "taken")]}, 409)
    assert (error["message"], error["duplicated"]) == ("Asset id duplicated", [{"externalId": "taken"}])
    error = api.error(PATH, {"items": [{"name": "n", "externalId": one} for one in "abab"]}, 409)
    assert (error["message"], error["duplicated"]) == (
        "Duplicate external ids: a, b",
        [{"externalId": "a"}, {"externalId": "b"}],
    )
    new(api, "other")
    error = api.error(
        f"{PATH}/update", {"items": [{"externalId": "other", "update": {"externalId": {"set": "taken"}}}]}, 409
    )
    assert error["duplicated"] == [{"externalId": "taken"}]
    api.post(f"{PATH}/delete", {"items": [{"externalId": "taken"}]})
    new(api, "taken")


@pytest.mark.parametrize(("path", "rest"), [("byids", {}), ("delete", {}), ("update", {"update": {}})])
def test_references_that_are_wrong(api: Api, path: str, rest: dict[str, Any]) -> None:
    (row,) = new(api, f"known-{path}")

    def error(*references: dict[str, Any], status: int = 400) -> dict[str, Any]:
        return api.error(f"{PATH}/{path}", {"items": [{**one, **rest} for one in references]}, status)

    known, same, unknown = {"id": row["id"]}, {"externalId": row["externalId"]}, {"externalId": "nowhere"}
    found = error(known, {"id": 1}, unknown)
    assert (found["message"], found["missing"]) == ("Asset id not found", [{"id": 1}, unknown])
    found = error(known, unknown)
    assert (found["message"], found["missing"]) == ("External id not found", [unknown])
    assert error(known, known, unknown, status=409)["duplicated"] == [known]
    assert error(known, same, status=409)["duplicated"] == [known]
    for wrong in ({}, {**known, **same}, {"id": 0}, {"id": 2**53}, {"instanceId": {"space": "s", "externalId": "e"}}):
        error(wrong)


def test_one_asset_by_its_id(api: Api) -> None:
    (row,) = new(api, {})
    assert api.get(f"{PATH}/{row['id']}") == row
    assert api.get(f"{PATH}/1", 400)["error"]["missing"] == [{"id": 1}]
    assert "constraint violations" in api.get(f"{PATH}/0", 400)["error"]["message"]
    api.get(f"{PATH}/x", 400)


def test_parents_may_stand_behind_their_children(fresh: Api) -> None:
    rows = tree(fresh, c="b", b="a", a=None, d="b")
    assert {row["rootId"] for row in rows.values()} == {rows["a"]["id"]}
    assert rows["c"]["parentId"] == rows["b"]["id"]
    (below,) = new(fresh, {"externalId": "e", "parentId": rows["b"]["id"]})
    assert (below["parentExternalId"], below["rootId"]) == ("b", rows["a"]["id"])
    assert placed(fresh, "a", "b", "e") == [
        {"childCount": 1, "depth": 0, "path": ["a"]},
        {"childCount": 3, "depth": 1, "path": ["a", "b"]},
        {"childCount": 0, "depth": 2, "path": ["a", "b", "e"]},
    ]


def test_parents_that_are_named_twice(fresh: Api) -> None:
    rows = tree(fresh, a=None, b=None)
    both = {"name": "n", "parentId": rows["a"]["id"], "parentExternalId": "a"}
    assert new(fresh, both)[0]["parentId"] == rows["a"]["id"]
    assert "different assets" in fresh.error(PATH, {"items": [both | {"parentExternalId": "b"}]})["message"]


def test_parents_without_external_ids(fresh: Api) -> None:
    (top,) = new(fresh, {})
    (row,) = new(fresh, {"externalId": "child", "parentId": top["id"]})
    assert row["parentId"] == top["id"]
    assert "parentExternalId" not in row


def test_parents_must_exist(api: Api) -> None:
    items = [{"name": "n", "parentExternalId": one} for one in ("no", "neither", "no")]
    error = api.error(PATH, {"items": items})
    assert error["message"].startswith("Reference to unknown parent with externalId no")
    assert error["missing"] == [{"externalId": "no"}, {"externalId": "neither"}]
    error = api.error(PATH, {"items": [{"name": "n", "parentId": id} for id in (11, 12, 11)]})
    assert error == {
        "code": 400,
        "message": "The given parent ids do not exist: 11, 12",
        "missing": [{"id": 11}, {"id": 12}],
    }


@pytest.mark.parametrize("parents", [{"x": "x"}, {"x": "y", "y": "x"}, {"a": None, "x": "y", "y": "z", "z": "x"}])
def test_circles(api: Api, parents: dict[str, str]) -> None:
    items = [{"name": "n", "externalId": one, "parentExternalId": parent} for one, parent in parents.items()]
    assert "circle" in api.error(PATH, {"items": items})["message"]


def test_siblings_may_have_one_name(fresh: Api) -> None:
    tree(fresh, a=None)
    assert len(created(fresh, PATH, *[{"name": "same", "parentExternalId": "a"}] * 999)) == 999


def test_other_references_must_exist(api: Api) -> None:
    items = [{"name": "n", "dataSetId": id} for id in (11, 12, 11)]
    assert api.error(PATH, {"items": items}) == {"code": 400, "message": "Invalid dataSetIds: 11, 12"}
    error = api.error(PATH, {"items": [{"name": "n", "labels": [{"externalId": "none"}]}]})
    assert error["message"].startswith("Label ids not found")
    assert error["missing"] == [{"externalId": "none"}]


def test_update(api: Api) -> None:
    created(api, "/labels", *({"externalId": f"l{i}", "name": "n"} for i in range(3)))
    new(api, {"externalId": "u", "description": "d", "source": "s", "metadata": {"a": "1"}, "geoLocation": POINT})
    row = changed(
        api,
        PATH,
        "u",
        name={"set": "new"},
        description={"setNull": True},
        source={"set": None},
        metadata={"add": {"b": "2"}, "remove": ["a"]},
        labels={"add": [{"externalId": "l0"}, {"externalId": "l1"}], "remove": [{"externalId": "l2"}]},
        geoLocation={"setNull": True},
    )
    assert set(row) == {*("id", "externalId", "name", "metadata", "labels", "rootId", "createdTime", "lastUpdatedTime")}
    assert (row["name"], row["metadata"]) == ("new", {"b": "2"})
    assert row["labels"] == [{"externalId": "l0"}, {"externalId": "l1"}]
    add: list[dict[str, str]] = [{"externalId": "l2"}, {"externalId": "l0"}]
    assert [one["externalId"] for one in changed(api, PATH, "u", labels={"add": add})["labels"]] == ["l0", "l1", "l2"]
    assert "labels" not in changed(api, PATH, "u", labels={"set": []})
    wrong: list[dict[str, Any]] = [
        {"name": {"setNull": True}},
        {"id": {"set": 5}},
        {"rootId": {"set": 5}},
        {"path": {"set": []}},
        {"labels": {"set": [{"externalId": "nope"}]}},
        {"labels": {"add": [{"externalId": f"l{i}"} for i in range(3)], "set": []}},
        {"metadata": {"add": {"k": "x" * 10_240}}},
        {"dataSetId": {"set": 5}},
    ]
    for update in wrong:
        api.error(f"{PATH}/update", {"items": [{"externalId": "u", "update": update}]})


def test_updates_move_the_time_even_when_nothing_changes(fresh: Api) -> None:
    (before,) = new(fresh, "x")
    while fresh.engine.clock.now() == before["lastUpdatedTime"]:
        pass
    after = changed(fresh, PATH, "x")
    assert after["lastUpdatedTime"] > before["lastUpdatedTime"]
    assert after == before | {"lastUpdatedTime": after["lastUpdatedTime"]}


def test_labels_that_are_deleted_stay_attached(fresh: Api) -> None:
    created(fresh, "/labels", {"externalId": "old", "name": "n"}, {"externalId": "current", "name": "n"})
    new(fresh, {"externalId": "a", "labels": [{"externalId": "old"}]}, "b")
    fresh.post("/labels/delete", {"items": [{"externalId": "old"}]})
    assert get(fresh, "a")[0]["labels"] == [{"externalId": "old"}]
    assert names(listed(fresh, PATH, filter={"labels": {"containsAny": [{"externalId": "old"}]}})) == ["a"]
    assert len(changed(fresh, PATH, "a", labels={"add": [{"externalId": "current"}]})["labels"]) == 2
    for external_id in ("a", "b"):
        for operation in ("add", "set"):
            update = {"labels": {operation: [{"externalId": "old"}]}}
            error = fresh.error(f"{PATH}/update", {"items": [{"externalId": external_id, "update": update}]})
            assert error["missing"] == [{"externalId": "old"}]


def test_parents_are_linked_by_id(fresh: Api) -> None:
    tree(fresh, a=None, b="a", c="b")
    changed(fresh, PATH, "a", externalId={"set": "renamed"})
    assert get(fresh, "b")[0]["parentExternalId"] == "renamed"
    items = [
        {"externalId": "renamed", "update": {"externalId": {"setNull": True}}},
        {"externalId": "b", "update": {"externalId": {"set": "B"}}},
        {"externalId": "c", "update": {"name": {"set": "C"}}},
    ]
    rows = fresh.post(f"{PATH}/update", {"items": items})["items"]
    assert "parentExternalId" not in rows[1]
    assert rows[1]["parentId"] == rows[0]["id"]
    assert rows[2]["parentExternalId"] == "B"


def moved(api: Api, external_id: str, **parent: Any) -> dict[str, Any]:
    return changed(api, PATH, external_id, **{key: {"set": value} for key, value in parent.items()})


def test_moves_take_all_below_along(fresh: Api) -> None:
    rows = tree(fresh, root=None, a="root", b="root", c="a", d="c", e="d", other=None)
    row = moved(fresh, "c", parentExternalId="b")
    assert (row["parentId"], row["rootId"]) == (rows["b"]["id"], rows["root"]["id"])
    assert placed(fresh, "a", "b", "c", "e") == [
        {"childCount": 0, "depth": 1, "path": ["root", "a"]},
        {"childCount": 1, "depth": 1, "path": ["root", "b"]},
        {"childCount": 1, "depth": 2, "path": ["root", "b", "c"]},
        {"childCount": 0, "depth": 4, "path": ["root", "b", "c", "d", "e"]},
    ]
    assert moved(fresh, "d", parentId=rows["root"]["id"])["parentExternalId"] == "root"
    assert placed(fresh, "e")[0]["path"] == ["root", "d", "e"]
    before = moved(fresh, "e", parentId=rows["d"]["id"], parentExternalId="d")
    assert moved(fresh, "e", parentExternalId="d") | {"lastUpdatedTime": 0} == before | {"lastUpdatedTime": 0}


def test_moves_that_are_refused(fresh: Api) -> None:
    rows = tree(fresh, root=None, a="root", b="a", other=None, x="other")

    def refused(external_id: str, **update: Any) -> str:
        error = fresh.error(f"{PATH}/update", {"items": [{"externalId": external_id, "update": update}]})
        message: str = error["message"]
        return message

    not_root = "Changing from/to being root isn't allowed"
    assert refused("root", parentExternalId={"set": "other"}).startswith(not_root)
    assert refused("a", parentId={"setNull": True}).startswith(not_root)
    assert refused("a", parentExternalId={"set": "x"}).startswith("Asset must stay within same asset hierarchy root")
    assert "circle" in refused("a", parentExternalId={"set": "b"})
    assert "circle" in refused("a", parentId={"set": rows["a"]["id"]})
    assert "unknown parent" in refused("a", parentExternalId={"set": "nowhere"})
    assert "different assets" in refused("b", parentExternalId={"set": "a"}, parentId={"set": rows["root"]["id"]})


def test_moves_of_several_at_once(fresh: Api) -> None:
    tree(fresh, root=None, a="root", b="a", c="b", d="c", e="root", f="e")

    def move(**parents: str) -> list[dict[str, Any]]:
        items = [
            {"externalId": one, "update": {"parentExternalId": {"set": parent}}} for one, parent in parents.items()
        ]
        fresh.post(f"{PATH}/update", {"items": items})
        return [one["path"] for one in placed(fresh, "a", "b", "c", "d", "f")]

    assert move(a="c", c="root") == [
        ["root", "c", "a"],
        ["root", "c", "a", "b"],
        ["root", "c"],
        ["root", "c", "d"],
        ["root", "e", "f"],
    ]
    assert move(c="f", a="root", b="d") == [
        ["root", "a"],
        ["root", "e", "f", "c", "d", "b"],
        ["root", "e", "f", "c"],
        ["root", "e", "f", "c", "d"],
        ["root", "e", "f"],
    ]
    items = [{"externalId": one, "update": {"parentExternalId": {"set": other}}} for one, other in ("ae", "ea")]
    assert "circle" in fresh.error(f"{PATH}/update", {"items": items})["message"]


def test_deletion(fresh: Api) -> None:
    tree(fresh, root=None, a="root", b="a", c="a", d="root")

    def delete(*external_ids: str, **more: Any) -> dict[str, Any]:
        return {"items": [{"externalId": one} for one in external_ids], **more}

    for refused in (["root"], ["a"], ["a", "b"], ["root", "a", "b", "d"]):
        message = fresh.error(f"{PATH}/delete", delete(*refused))["message"]
        assert message == "Cannot delete assets with children unless recursive is set"
    assert fresh.post(f"{PATH}/delete", delete("c", "a", "b")) == {}
    assert placed(fresh, "root") == [{"childCount": 1, "depth": 0, "path": ["root"]}]
    tree(fresh, a="root", b="a", c="b")
    fresh.error(f"{PATH}/delete", delete("a", "x", recursive=True))
    assert fresh.post(f"{PATH}/delete", delete("a", "c", "x", recursive=True, ignoreUnknownIds=True)) == {}
    assert sorted(names(listed(fresh, PATH))) == ["d", "root"]
    fresh.error(f"{PATH}/delete", delete("d", recursive="yes"))
    fresh.post(f"{PATH}/delete", delete("root", recursive=True))
    assert listed(fresh, PATH) == []


def test_deletion_ends_references_of_time_series(fresh: Api) -> None:
    rows = tree(fresh, root=None, a="root", b="root")
    series = fresh.create(*({"externalId": one, "assetId": row["id"]} for one, row in rows.items()))
    fresh.post(f"{PATH}/delete", {"items": [{"externalId": "a"}]})
    expected = [{key: value for key, value in one.items() if key != "assetId"} for one in series]
    items = [{"externalId": one} for one in rows]
    assert fresh.post("/timeseries/byids", {"items": items})["items"] == [series[0], expected[1], series[2]]
    fresh.post(f"{PATH}/delete", {"items": [{"externalId": "root"}], "recursive": True})
    assert fresh.post("/timeseries/byids", {"items": items})["items"] == expected


def test_only_one_of_two_writers_gets_an_external_id(fresh: Api) -> None:
    statuses: list[int] = []

    def write(number: int) -> None:
        mine = Api(fresh.engine)
        for i in range(20):
            items = [{"name": f"by {number}", "externalId": f"{i}-{k}"} for k in range(5)]
            statuses.append(mine.http.post(PATH, json={"items": items}).status_code)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [201] * 20 + [409] * 60
    rows = listed(fresh, PATH, limit=1000)
    assert len(set(names(rows))) == len(rows) == 100
    for i in range(20):  # and all of a request are by one writer
        assert len({row["name"] for row in rows if row["externalId"].startswith(f"{i}-")}) == 1


def test_access(fresh: Api) -> None:
    mine, other = created(fresh, "/datasets", {}, {}, status=200)
    fields = [{"externalId": "a"}, {"externalId": "b", "parentExternalId": "a"}]
    new(fresh, *({**one, "dataSetId": mine["id"]} for one in fields))
    new(fresh, {"externalId": "c", "parentExternalId": "a", "dataSetId": other["id"]}, "free")
    limited = member(fresh, assetsAcl={"datasetScope": {"ids": [mine["id"]]}})
    assert sorted(names(listed(limited, PATH))) == ["a", "b"]
    assert limited.error(f"{PATH}/byids", {"items": [{"externalId": "c"}]})["missing"] == [{"externalId": "c"}]
    limited.error(PATH, {"items": [{"name": "n", "dataSetId": other["id"]}]}, 403)
    update = {"dataSetId": {"set": other["id"]}}
    limited.error(f"{PATH}/update", {"items": [{"externalId": "b", "update": update}]}, 403)
    limited.error(f"{PATH}/delete", {"items": [{"externalId": "a"}], "recursive": True}, 403)
    limited.post(f"{PATH}/delete", {"items": [{"externalId": "b"}]})
    member(fresh, timeSeriesAcl=ALL).error(f"{PATH}/list", {}, 403)
    member(fresh, assetsAcl=(["READ"], ALL)).error(PATH, {"items": [{"name": "n"}]}, 403)


def test_recursive_deletion_spares_protected_data_sets(fresh: Api) -> None:
    (closed,) = created(fresh, "/datasets", {"writeProtected": True}, status=200)
    new(fresh, "a", {"externalId": "b", "parentExternalId": "a", "dataSetId": closed["id"]})
    writer = member(fresh, assetsAcl=ALL)
    writer.error(f"{PATH}/delete", {"items": [{"externalId": "a"}], "recursive": True}, 403)
    assert len(listed(fresh, PATH)) == 2
    fresh.post(f"{PATH}/delete", {"items": [{"externalId": "a"}], "recursive": True})


def test_time_series_of_trees(fresh: Api) -> None:
    rows = tree(fresh, r=None, a="r", b="a", s=None, c="s")
    fresh.create(*({"externalId": one, "assetId": row["id"]} for one, row in rows.items()), {"externalId": "free"})

    def of(**wanted: Any) -> list[str]:
        return sorted(names(listed(fresh, "/timeseries", filter=wanted)))

    assert of(assetIds=[rows["a"]["id"], 5]) == ["a"]
    assert of(assetExternalIds=["a", "c", "none"]) == ["a", "c"]
    assert of(assetIds=[rows["b"]["id"]], assetExternalIds=["c"]) == ["b", "c"]
    assert of(rootAssetIds=[rows["r"]["id"], rows["c"]["id"]]) == ["a", "b", "r"]
    assert of(assetSubtreeIds=[{"id": rows["a"]["id"]}, {"externalId": "s"}, {"id": 7}]) == ["a", "b", "c", "s"]
    assert of(assetSubtreeIds=[{"externalId": "a"}], assetIds=[rows["b"]["id"], rows["c"]["id"]]) == ["b"]
    assert of(assetSubtreeIds=[{"externalId": "none"}]) == []
    assert names(fresh.get(f"/timeseries?rootAssetIds=[{rows['s']['id']}]&limit=1")["items"])[0] in ("s", "c")
    limited = member(fresh, timeSeriesAcl={"assetRootIdScope": {"rootIds": [rows["r"]["id"]]}})
    assert sorted(names(listed(limited, "/timeseries"))) == ["a", "b", "r"]
    limited.error("/timeseries", {"items": [{"assetId": rows["s"]["id"]}]}, 403)
    limited.error("/timeseries", {"items": [{}]}, 403)
    limited.create({"assetId": rows["b"]["id"]})
    error = fresh.error("/timeseries", {"items": [{"assetId": 5}]})
    assert (error["message"], error["missing"]) == ("Asset ids not found: 5", [{"id": 5}])
