"""Time series: create, find, change, delete; what is refused and how."""

from __future__ import annotations

from typing import Any

import pytest

from tests.local.api import Api

NOT_FOUND = "Time series not found"
REPEATED = "Duplicate time series references"
CONFLICTING = "Conflicting time series references"


def test_create_gives_back_what_was_stored_in_order(api: Api) -> None:
    fields: dict[str, Any] = {
        "externalId": "everything",
        "name": "",
        "isStep": True,
        "metadata": {"é": "", "": "x"},
        "unit": "bar",
        "unitExternalId": "pressure:bar",
        "description": "a \U0001f600",
        "securityCategories": [3, 1, 3],
        "legacyName": "old",
    }
    first, second = api.create(fields, {"isString": True, "name": None})
    expected = fields | {"securityCategories": [3, 1], "isString": False, "type": "numeric"}
    assert {key: first[key] for key in expected} == expected
    assert first["createdTime"] == first["lastUpdatedTime"] == second["createdTime"]
    assert 1 <= first["id"] < 2**53
    assert set(second) == {
        *("id", "isString", "isStep", "metadata", "securityCategories", "type", "createdTime", "lastUpdatedTime")
    }
    assert second["type"] == "string"
    assert api.post("/timeseries/byids", {"items": [{"id": second["id"]}, {"externalId": "everything"}]}) == {
        "items": [second, first]
    }


def test_what_the_server_sets_may_be_sent_back(api: Api) -> None:
    (first,) = api.create({"name": "copied"})
    (copy,) = api.create(first | {"id": 5, "externalId": "copy"})
    assert copy["id"] not in (5, first["id"])


def test_ids_fill_the_whole_space(fresh: Api) -> None:
    ids = [series["id"] for series in fresh.create(*({} for _ in range(1000)))]
    assert len(set(ids)) == 1000
    assert all(1 <= id < 2**53 for id in ids)
    assert all(any(k * 2**53 // 10 < id <= (k + 1) * 2**53 // 10 for id in ids) for k in range(10))


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ({"externalId": ""}, "items[0].externalId size must be between 1 and 255"),
        ({"externalId": "é" * 256}, "items[0].externalId size must be between 1 and 255"),
        ({"externalId": 5}, "items[0].externalId must be a string, but was 5"),
        ({"externalId": "\ud800"}, "surrogate"),
        ({"name": "x" * 256}, "items[0].name size"),
        ({"description": "x" * 1001}, "items[0].description size"),
        ({"unit": "x" * 33}, "items[0].unit size"),
        ({"unitExternalId": "x" * 65}, "items[0].unitExternalId size"),
        ({"unitExternalId": "u", "isString": True}, "numeric time series only"),
        ({"isString": "true"}, "items[0].isString must be true or false"),
        ({"isStep": 1}, "items[0].isStep must be true or false"),
        ({"metadata": []}, "items[0].metadata must be an object"),
        ({"metadata": {"a": 1}}, "items[0].metadata.a must be a string"),
        ({"metadata": {"a": None}}, "items[0].metadata.a must be a string"),
        ({"metadata": {"é" * 65: "x"}}, "at most 128 bytes"),
        ({"metadata": {"a": "x" * 10_000}}, "at most 10000 bytes"),
        ({"metadata": {str(i): "" for i in range(257)}}, "items[0].metadata size"),
        ({"assetId": 0}, "items[0].assetId must be between 1 and"),
        ({"assetId": 2**53}, "items[0].assetId must be between 1 and"),
        ({"assetId": "1"}, "items[0].assetId must be an integer"),
        ({"securityCategories": [0]}, "items[0].securityCategories[0]"),
        ({"legacyName": "x" * 256}, "items[0].legacyName size"),
        ({"extraProp": 1}, "Unexpected field - items[0].extraProp"),
        ({"extraProp": []}, "Unexpected field - items[0].extraProp"),
        ({"externalid": "x"}, "Unexpected field - items[0].externalid - did you mean externalId?"),
        (7, "items[0] must be an object"),
        (None, "items[0] must be an object"),
    ],
)
def test_create_refuses(api: Api, item: Any, words: str) -> None:
    before = api.post("/timeseries/aggregate", {})
    assert words in api.error("/timeseries", b'{"items":[%s,{}]}' % encoded(item))["message"]
    assert api.post("/timeseries/aggregate", {}) == before


def encoded(value: Any) -> bytes:
    import json

    return json.dumps(value).encode()


@pytest.mark.parametrize("path", ["/timeseries", "/timeseries/byids", "/timeseries/update", "/timeseries/delete"])
@pytest.mark.parametrize("items", [None, [], [{"externalId": "x"}] * 1001, {}])
def test_numbers_of_items(api: Api, path: str, items: Any) -> None:
    assert "items" in api.error(path, {"items": items})["message"]


def test_external_ids_are_unique(api: Api) -> None:
    api.create({"externalId": "taken"}, {"externalId": "Taken"}, {"externalId": "taken "})
    error = api.error("/timeseries", {"items": [{"externalId": "free"}, {"externalId": "taken"}]}, 409)
    assert error["duplicated"] == [{"externalId": "taken"}]
    error = api.error("/timeseries", {"items": [{"externalId": "free"}] * 3 + [{"externalId": "taken"}]}, 422)
    assert error["duplicated"] == [{"externalId": "free"}]
    api.create({"legacyName": "legacy"})
    error = api.error("/timeseries", {"items": [{"legacyName": "legacy"}]}, 409)
    assert error["duplicated"] == [{"legacyName": "legacy"}]
    api.create({"externalId": "free"})


def test_an_external_id_is_free_again_after_deletion(api: Api) -> None:
    (before,) = api.create({"externalId": "again"})
    api.post("/timeseries/delete", {"items": [{"externalId": "again"}]})
    (after,) = api.create({"externalId": "again"})
    assert after["id"] != before["id"]


@pytest.mark.parametrize("path", ["/timeseries", "/timeseries/update"])
@pytest.mark.parametrize(
    ("field", "words"), [("assetId", "Asset ids not found"), ("dataSetId", "Data set ids not found")]
)
def test_references_must_exist(api: Api, path: str, field: str, words: str) -> None:
    if path == "/timeseries":
        items: list[Any] = [{field: 11}, {field: 12}, {field: 11}]
    else:
        names = [api.new() for _ in range(3)]
        ids = (11, 12, 11)
        items = [{"externalId": n, "update": {field: {"set": i}}} for n, i in zip(names, ids, strict=True)]
    error = api.error(path, {"items": items})
    assert error["message"].startswith(words)
    assert error["missing"] == [{"id": 11}, {"id": 12}]


READS_AND_WRITES = [
    ("/timeseries/byids", {}),
    ("/timeseries/delete", {}),
    ("/timeseries/update", {"update": {}}),
    ("/timeseries/data", {"datapoints": []}),
]


@pytest.mark.parametrize(("path", "rest"), READS_AND_WRITES)
def test_references_that_are_wrong(api: Api, path: str, rest: dict[str, Any]) -> None:
    first, second = api.create({"externalId": f"one{path}"}, {"externalId": f"two{path}"})

    def error(*references: dict[str, Any], status: int = 400) -> dict[str, Any]:
        return api.error(path, {"items": [{**reference, **rest} for reference in references]}, status)

    known = {"id": first["id"]}
    unknown: list[dict[str, Any]] = [
        {"id": 0},
        {"id": 1},
        {"externalId": "unknown"},
        {"instanceId": {"space": "s", "externalId": "e"}},
    ]
    found = error(known, *unknown)
    assert found["message"] == NOT_FOUND
    assert found["missing"] == unknown
    named = {"externalId": second["externalId"]}
    found = error(known, named, known, named, {"id": 1}, status=422)
    assert found["message"] == REPEATED
    assert found["duplicated"] == [known, named]
    found = error(known, {"externalId": first["externalId"]}, named, status=409)
    assert found["message"] == CONFLICTING
    assert found["duplicated"] == [{"id": first["id"], "externalId": first["externalId"]}]
    for wrong in (
        {},
        {"id": None},
        {**known, **named},
        {"id": -1},
        {"id": 2**53},
        {"id": "1"},
        {"id": True},
        {"externalId": ""},
        {"instanceId": "x"},
        {"instanceId": {"space": "s"}},
        {**known, "nme": "x"},
    ):
        error(wrong)
    assert len(api.post("/timeseries/byids", {"items": [known, named]})["items"]) == 2


@pytest.mark.parametrize("path", ["/timeseries/byids", "/timeseries/delete"])
def test_unknown_ones_can_be_ignored(api: Api, path: str) -> None:
    (series,) = api.create({"externalId": f"known{path}"})
    items = [{"id": 0}, {"externalId": "unknown"}, {"instanceId": {"space": "s", "externalId": "e"}}]
    answer = api.post(path, {"items": items, "ignoreUnknownIds": True})
    assert answer == ({"items": []} if path.endswith("byids") else {})
    both = [*items, {"id": series["id"]}, {"externalId": series["externalId"]}]
    api.error(path, {"items": both, "ignoreUnknownIds": True}, 409)
    answer = api.post(path, {"items": both[:-1], "ignoreUnknownIds": True})
    assert answer == ({"items": [series]} if path.endswith("byids") else {})
    api.error(path, {"items": items, "ignoreUnknownIds": "yes"})


def changed(api: Api, series_name: str, /, **update: Any) -> dict[str, Any]:
    (series,) = api.post("/timeseries/update", {"items": [{"externalId": series_name, "update": update}]})["items"]
    assert api.post("/timeseries/byids", {"items": [{"id": series["id"]}]})["items"] == [series]
    result: dict[str, Any] = series
    return result


def test_update_sets_and_clears(api: Api) -> None:
    name = api.new(unit="bar", metadata={"a": "1", "b": "2"}, securityCategories=[1, 2])
    (before,) = api.post("/timeseries/byids", {"items": [{"externalId": name}]})["items"]
    assert changed(api, name) == before
    assert changed(api, name, unit=None) | {"lastUpdatedTime": 0} == before | {"lastUpdatedTime": 0}
    after = changed(
        api,
        name,
        unit={"setNull": True},
        name={"set": "new"},
        description={"set": None},
        isStep={"set": True},
        metadata={"add": {"b": "3", "c": "4"}, "remove": ["a", "b", "x"]},
        securityCategories={"add": [2, 3], "remove": [1, 9]},
    )
    assert "unit" not in after
    assert "description" not in after
    assert (after["name"], after["isStep"]) == ("new", True)
    assert after["metadata"] == {"b": "3", "c": "4"}
    assert after["securityCategories"] == [2, 3]
    assert after["lastUpdatedTime"] >= before["lastUpdatedTime"]
    assert after["createdTime"] == before["createdTime"]
    assert changed(api, name, metadata={"set": {"z": ""}})["metadata"] == {"z": ""}
    assert changed(api, name, metadata={"setNull": False})["metadata"] == {"z": ""}
    assert changed(api, name, metadata={"set": None})["metadata"] == {}
    assert changed(api, name, metadata={"add": {"q": "1"}, "remove": None})["metadata"] == {"q": "1"}
    assert changed(api, name, metadata={"setNull": True})["metadata"] == {}
    assert changed(api, name, securityCategories={"set": []})["securityCategories"] == []


@pytest.mark.parametrize(
    "update",
    [
        {"isString": {"set": True}},
        {"legacyName": {"set": "x"}},
        {"id": {"set": 5}},
        {"createdTime": {"set": 5}},
        {"nmae": {"set": "x"}},
        {"isStep": {"setNull": True}},
        {"isStep": {"set": None}},
        {"isStep": {"set": "true"}},
        {"name": "x"},
        {"name": {"set": "x", "setNull": True}},
        {"name": {"add": "x"}},
        {"name": {"set": "x" * 256}},
        {"name": {"set": 1}},
        {"metadata": {"set": {}, "add": {"a": "b"}}},
        {"metadata": {"set": {}, "remove": ["a"]}},
        {"metadata": {"setNull": True, "add": {"a": "b"}}},
        {"metadata": {"add": {"a": "x" * 9_999}}},
        {"metadata": {"remove": "a"}},
        {"securityCategories": {"add": ["a"]}},
        {"securityCategories": {"set": [1], "add": [2]}},
        [],
        "x",
    ],
)
def test_update_refuses(api: Api, update: Any) -> None:
    name = api.new(metadata={"k": "v"})
    other = api.new()
    items = [{"externalId": other, "update": {"name": {"set": "changed"}}}, {"externalId": name, "update": update}]
    if update == []:
        items[1]["update"] = [1]
    api.error("/timeseries/update", {"items": items})
    (series,) = api.post("/timeseries/byids", {"items": [{"externalId": other}]})["items"]
    assert "name" not in series


def test_update_of_external_ids(api: Api) -> None:
    one, two, three = api.new(), api.new(), api.new()

    def update(**renames: str | None) -> dict[str, Any]:
        names = {"one": one, "two": two, "three": three}
        items = []
        for key, new in renames.items():
            change = {"set": new} if new else {"setNull": True}
            items.append({"externalId": names[key], "update": {"externalId": change}})
        return {"items": items}

    assert api.error("/timeseries/update", update(one=two), 409)["duplicated"] == [{"externalId": two}]
    assert api.error("/timeseries/update", update(one="n", two="n"), 409)["duplicated"] == [{"externalId": "n"}]
    swapped = api.post("/timeseries/update", update(one=two, two=one))["items"]
    assert [series["externalId"] for series in swapped] == [two, one]
    assert "externalId" not in api.post("/timeseries/update", update(three=None))["items"][0]
    api.create({"externalId": three})


def test_delete_takes_the_points_along(api: Api) -> None:
    name, text = api.new(), api.new(isString=True)
    api.insert(name, {1: 1.0})
    api.insert(text, {1: "x"})
    api.post("/timeseries/delete", {"items": [{"externalId": name}, {"externalId": text}]})
    assert api.error("/timeseries/data/list", {"items": [{"externalId": name}]})["message"] == NOT_FOUND
    with api.engine.database.read() as connection:
        for table in ("numeric_points", "numeric_blocks", "string_points", "string_blocks"):
            assert connection.value(f"SELECT count(*) FROM {table}") == 0
