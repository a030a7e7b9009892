"""Data sets: what is stored, found and refused, and how they restrict the writing of their rows."""

from __future__ import annotations

from typing import Any

import pytest

from tests.local.api import Api
from tests.local.rows import changed, created, listed, member, names

PATH = "/datasets"
ALL: dict[str, Any] = {"all": {}}


def new(api: Api, *items: dict[str, Any]) -> list[dict[str, Any]]:
    return created(api, PATH, *items, status=200)


def test_what_a_data_set_shows(api: Api) -> None:
    fields = {"externalId": "ds", "name": "n", "description": "d", "metadata": {"k": "v"}, "writeProtected": True}
    full, empty = new(api, fields, {})
    assert full == {**fields, **{key: full[key] for key in ("id", "createdTime", "lastUpdatedTime")}}
    assert set(empty) == {"id", "metadata", "writeProtected", "createdTime", "lastUpdatedTime"}
    assert (empty["metadata"], empty["writeProtected"]) == ({}, False)
    assert api.post(f"{PATH}/byids", {"items": [{"id": empty["id"]}, {"externalId": "ds"}]})["items"] == [empty, full]


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ({"name": ""}, "items[0].name size must be between 1 and 50"),
        ({"name": "é" * 51}, "items[0].name size"),
        ({"description": ""}, "items[0].description size"),
        ({"description": "x" * 501}, "items[0].description size"),
        ({"metadata": {"é" * 65: ""}}, "at most 128 bytes"),
        ({"metadata": {"a": "é" * 5121}}, "at most 10240 bytes"),
        ({"metadata": {"a": "x" * 10_239, "b": "x"}}, "at most 10240 bytes"),
        ({"metadata": {str(i): "" for i in range(257)}}, "items[0].metadata size"),
        ({"writeProtected": 1}, "items[0].writeProtected must be true or false"),
        ({"owner": "x"}, "Unexpected field - items[0].owner"),
    ],
)
def test_create_refuses(api: Api, item: Any, words: str) -> None:
    assert words in api.error(PATH, {"items": [item]})["message"]


def test_limits_are_met(api: Api) -> None:
    (row,) = new(api, {"name": "é" * 50, "description": "x" * 500, "metadata": {"a": "x" * 10_239}})
    assert row["name"] == "é" * 50


def test_ten_at_a_time(fresh: Api) -> None:
    assert len(new(fresh, *[{}] * 10)) == 10
    assert "items size must be between 1 and 10" in fresh.error(PATH, {"items": [{}] * 11})["message"]
    assert fresh.post(f"{PATH}/aggregate", {}) == {"items": [{"count": 10}]}


def test_what_there_is_not(api: Api) -> None:
    (row,) = new(api, {})
    for path in ("delete", "search"):
        api.post(f"{PATH}/{path}", {"items": [{"id": row["id"]}]}, 404)
    api.get(PATH, 404)
    api.get(f"{PATH}/{row['id']}", 404)
    for key in ("partition", "sort", "advancedFilter"):
        assert "Unexpected field" in api.error(f"{PATH}/list", {key: "1/2"})["message"]


def test_external_ids_are_unique(api: Api) -> None:
    new(api, {"externalId": "taken"})
    error = api.error(PATH, {"items": [{"externalId": "free"}, {"externalId": "taken"}]}, 409)
    assert error["duplicated"] == [{"externalId": "taken"}]
    error = api.error(PATH, {"items": [{"externalId": "free"}] * 2}, 409)
    assert error["duplicated"] == [{"externalId": "free"}]
    assert "Duplicate external ids: free" in error["message"]


def test_unknown_ones(api: Api) -> None:
    unknown = [{"id": 1}, {"externalId": "nowhere"}]
    for path, rest in (("byids", {}), ("update", {"update": {}})):
        error = api.error(f"{PATH}/{path}", {"items": [{**one, **rest} for one in unknown]})
        assert (error["message"], error["missing"]) == ("Data set ids not found", unknown)
    assert api.post(f"{PATH}/byids", {"items": unknown, "ignoreUnknownIds": True}) == {"items": []}


def test_update(api: Api) -> None:
    new(api, {"externalId": "changing", "name": "a", "description": "d", "metadata": {"a": "1"}})
    row = changed(
        api,
        PATH,
        "changing",
        name={"set": "b"},
        description={"setNull": True},
        metadata={"add": {"b": "2"}},
        writeProtected={"set": True},
    )
    assert (row["name"], row["metadata"], row["writeProtected"]) == ("b", {"a": "1", "b": "2"}, True)
    assert "description" not in row
    assert (
        "externalId"
        not in api.post(f"{PATH}/update", {"items": [{"id": row["id"], "update": {"externalId": {"setNull": True}}}]})[
            "items"
        ][0]
    )
    wrong: list[dict[str, Any]] = [{"writeProtected": {"setNull": True}}, {"id": {"set": 5}}, {"name": {"set": ""}}]
    for update in wrong:
        api.error(f"{PATH}/update", {"items": [{"id": row["id"], "update": update}]})


def test_lists(fresh: Api) -> None:
    for i in range(30):
        new(fresh, {"externalId": f"{'ab'[i % 2]}{i}", "metadata": {"i": str(i % 3)}, "writeProtected": i % 5 == 0})
    everything = listed(fresh, PATH)
    assert [row["id"] for row in everything] == sorted(row["id"] for row in everything)
    assert listed(fresh, PATH, limit=7) == everything
    for wanted, passes in (
        ({"externalIdPrefix": "a"}, lambda row: row["externalId"].startswith("a")),
        ({"metadata": {"i": "2"}}, lambda row: row["metadata"]["i"] == "2"),
        ({"writeProtected": True}, lambda row: row["writeProtected"]),
        ({"createdTime": {"max": 5}}, lambda row: False),
    ):
        expected = [row for row in everything if passes(row)]
        assert listed(fresh, PATH, filter=wanted) == expected
        assert fresh.post(f"{PATH}/aggregate", {"filter": wanted}) == {"items": [{"count": len(expected)}]}
    fresh.error(f"{PATH}/list", {"filter": {"name": "x"}})


def test_rows_refer_to_data_sets(api: Api) -> None:
    one, other = new(api, {"externalId": "one"}, {})
    for i, row in enumerate((one, other, None)):
        api.create({"externalId": f"member-{i}", **({"dataSetId": row["id"]} if row else {})})

    def members(*references: dict[str, Any]) -> list[str]:
        return sorted(names(listed(api, "/timeseries", filter={"dataSetIds": list(references)})))

    assert members({"externalId": "one"}) == ["member-0"]
    assert members({"externalId": "one"}, {"id": other["id"]}) == ["member-0", "member-1"]
    assert members({"externalId": "nowhere"}, {"id": 1}) == []


def test_references_of_labels(api: Api) -> None:
    items = [{"externalId": f"l{i}", "name": "n", "dataSetId": id} for i, id in enumerate((11, 12, 11))]
    error = api.error("/labels", {"items": items})
    assert error == {"code": 400, "message": "Invalid dataSetIds: 11, 12"}


def test_access_to_data_sets(fresh: Api) -> None:
    mine, other = new(fresh, {"externalId": "mine"}, {"externalId": "other"})
    limited = member(fresh, datasetsAcl={"idScope": {"ids": [mine["id"]]}})
    assert listed(limited, PATH) == [mine]
    assert limited.error(f"{PATH}/byids", {"items": [{"id": other["id"]}]})["missing"] == [{"id": other["id"]}]
    assert changed(limited, PATH, "mine", name={"set": "x"})["name"] == "x"
    limited.error(PATH, {"items": [{}]}, 403)
    member(fresh, labelsAcl=ALL).error(f"{PATH}/list", {}, 403)


def test_write_protection(fresh: Api) -> None:
    free, closed = new(fresh, {"externalId": "free"}, {"externalId": "closed", "writeProtected": True})
    fresh.create({"externalId": "in", "dataSetId": closed["id"]}, {"externalId": "out", "dataSetId": free["id"]})
    writer = member(fresh, timeSeriesAcl=ALL)
    owner = member(fresh, timeSeriesAcl=ALL, datasetsAcl=(["OWNER"], {"idScope": {"ids": [closed["id"]]}}))
    writer.error("/timeseries", {"items": [{"dataSetId": closed["id"]}]}, 403)
    moved: dict[str, Any] = {"dataSetId": {"set": closed["id"]}}
    for external_id, update in (("in", {}), ("in", {"dataSetId": {"setNull": True}}), ("out", moved)):
        writer.error("/timeseries/update", {"items": [{"externalId": external_id, "update": update}]}, 403)
    writer.error("/timeseries/delete", {"items": [{"externalId": "in"}]}, 403)
    assert changed(writer, "/timeseries", "out", name={"set": "x"})["name"] == "x"
    assert len(listed(writer, "/timeseries")) == 2
    assert changed(owner, "/timeseries", "out", **moved)["dataSetId"] == closed["id"]
    owner.post("/timeseries/delete", {"items": [{"externalId": "in"}, {"externalId": "out"}]})
