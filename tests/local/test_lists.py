"""Lists, searches and counts of time series."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdframe.local import LocalCDF
from tests.local import rows
from tests.local.api import Api

LIST = "/timeseries/list"


@pytest.fixture(scope="module")
def plant() -> Iterator[Api]:
    """Sixty series of many kinds."""
    with LocalCDF() as engine:
        api = Api(engine)
        api.create(
            *(
                {
                    "externalId": f"{'Pump' if i % 2 else 'valve'}_{i:02}",
                    "name": None if i % 7 == 0 else f"name {i % 5}",
                    "unit": ("bar", "C", None)[i % 3],
                    "unitExternalId": "pressure:bar" if i % 3 == 0 and i % 4 else None,
                    "isString": i % 4 == 0,
                    "isStep": i % 5 == 0,
                    "metadata": {"site": f"S{i % 2}", "Level": str(i % 3)} if i % 10 else {},
                    "description": "the one with a long text" if i == 33 else None,
                    "securityCategories": [1, 2][: i % 3],
                }
                for i in range(60)
            )
        )
        yield api


def listed(api: Api, **body: Any) -> list[dict[str, Any]]:
    return rows.listed(api, "/timeseries", **body)


def names(series: list[dict[str, Any]]) -> list[str]:
    return sorted(one["externalId"] for one in series)


FILTERS: list[tuple[dict[str, Any], Any]] = [
    ({}, lambda s: True),
    ({"name": "name 3"}, lambda s: s.get("name") == "name 3"),
    ({"name": "Name 3"}, lambda s: False),
    ({"unit": "bar", "isString": True}, lambda s: s.get("unit") == "bar" and s["isString"]),
    ({"unitExternalId": "pressure:bar"}, lambda s: s.get("unitExternalId") == "pressure:bar"),
    ({"unitQuantity": "pressure"}, lambda s: False),
    ({"isStep": True}, lambda s: s["isStep"]),
    ({"isStep": False}, lambda s: not s["isStep"]),
    ({"metadata": {"site": "S1", "Level": "2"}}, lambda s: s["metadata"] == {"site": "S1", "Level": "2"}),
    ({"metadata": {"site": "s1"}}, lambda s: False),
    ({"metadata": {}}, lambda s: True),
    ({"externalIdPrefix": "Pump_"}, lambda s: s["externalId"].startswith("Pump_")),
    ({"externalIdPrefix": "pump_"}, lambda s: False),
    ({"externalIdPrefix": "Pump%"}, lambda s: False),
    ({"assetIds": [1]}, lambda s: False),
    ({"assetIds": [1], "assetExternalIds": ["x"]}, lambda s: False),
    ({"rootAssetIds": [1]}, lambda s: False),
    ({"assetSubtreeIds": [{"id": 1}, {"externalId": "x"}]}, lambda s: False),
    ({"dataSetIds": [{"id": 2**60}]}, lambda s: False),
    ({"dataSetIds": []}, lambda s: True),
    ({"createdTime": {"min": 0, "max": 1e15 + 0.7}}, lambda s: True),
    ({"createdTime": {"max": 5.0}}, lambda s: False),
    ({"lastUpdatedTime": {"min": 10**30}}, lambda s: False),
    ({"lastUpdatedTime": {}, "name": None}, lambda s: True),
]


@pytest.mark.parametrize(("wanted", "passes"), FILTERS)
def test_filters(plant: Api, wanted: dict[str, Any], passes: Any) -> None:
    everything = listed(plant)
    assert len(everything) == 60
    expected = [series for series in everything if passes(series)]
    assert listed(plant, filter=wanted) == expected
    assert plant.post("/timeseries/aggregate", {"filter": wanted}) == {"items": [{"count": len(expected)}]}
    assert plant.post("/timeseries/search", {"filter": wanted, "limit": 1000})["items"] == expected


def clause(operator: str, name: Any, **operands: Any) -> dict[str, Any]:
    return {operator: {"property": name if isinstance(name, list) else [name], **operands}}


ADVANCED: list[tuple[dict[str, Any], Any]] = [
    (clause("equals", "name", value="name 3"), lambda s: s.get("name") == "name 3"),
    ({"not": clause("equals", "name", value="name 3")}, lambda s: s.get("name") != "name 3"),
    (clause("in", "unit", values=["bar", "K"]), lambda s: s.get("unit") == "bar"),
    (clause("prefix", ["metadata", "site"], value="S"), lambda s: "site" in s["metadata"]),
    (clause("exists", "name"), lambda s: "name" in s),
    (clause("exists", ["metadata", "Level"]), lambda s: "Level" in s["metadata"]),
    (clause("range", "id", gt=2**52, lte=2**53), lambda s: s["id"] > 2**52),
    (clause("range", "externalId", gte="Pump_31", lt="Pump_41"), lambda s: "Pump_31" <= s["externalId"] < "Pump_41"),
    (clause("equals", "type", value="string"), lambda s: s["isString"]),
    (clause("equals", "isStep", value=True), lambda s: s["isStep"]),
    (clause("containsAny", "securityCategories", values=[2, 7]), lambda s: 2 in s["securityCategories"]),
    (clause("containsAll", "securityCategories", values=[1, 2]), lambda s: s["securityCategories"] == [1, 2]),
    (clause("search", "description", value="LONG"), lambda s: "description" in s),
    (
        {"and": [clause("equals", "isStep", value=True), {"or": [clause("equals", "unit", value="C")]}]},
        lambda s: s["isStep"] and s.get("unit") == "C",
    ),
]


@pytest.mark.parametrize(("wanted", "passes"), ADVANCED)
def test_advanced_filters(plant: Api, wanted: dict[str, Any], passes: Any) -> None:
    expected = [series for series in listed(plant) if passes(series)]
    assert listed(plant, advancedFilter=wanted) == expected
    assert 0 < len(expected) < 60


def nested(depth: int) -> dict[str, Any]:
    return {"not": nested(depth - 1)} if depth > 1 else clause("exists", "name")


@pytest.mark.parametrize(
    "wanted",
    [
        {"equals": {"property": ["nmae"], "value": "x"}},
        {"equals": {"property": "name", "value": "x"}},
        {"equals": {"property": ["metadata"], "value": "x"}},
        {"equals": {"property": ["name"], "value": 1}},
        {"equals": {"property": ["id"], "value": "1"}},
        {"equals": {"property": ["isStep"], "value": "true"}},
        {"equals": {"property": ["name"], "values": ["x"]}},
        {"equals": {"property": ["securityCategories"], "value": 1}},
        {"in": {"property": ["name"], "values": []}},
        {"range": {"property": ["id"]}},
        {"prefix": {"property": ["id"], "value": "1"}},
        {"containsAny": {"property": ["name"], "values": ["x"]}},
        {"matches": {"property": ["name"], "value": "x"}},
        {"and": []},
        {"and": {}},
        {"and": [], "or": []},
        nested(11),
        {"or": [clause("exists", "name")] * 100},
        [],
    ],
)
def test_advanced_filters_that_are_wrong(plant: Api, wanted: Any) -> None:
    plant.error(LIST, {"advancedFilter": wanted or [1]})


def test_advanced_filters_up_to_their_limits(plant: Api) -> None:
    listed(plant, advancedFilter=nested(10))
    listed(plant, advancedFilter={"or": [clause("exists", "name")] * 99})


@pytest.mark.parametrize(
    "wanted",
    [
        {"name": 1},
        {"isString": "true"},
        {"metadata": {"a": 1}},
        {"assetIds": []},
        {"assetIds": ["1"]},
        {"assetIds": list(range(101))},
        {"assetExternalIds": []},
        {"rootAssetIds": [None]},
        {"assetSubtreeIds": [{}]},
        {"assetSubtreeIds": [{"id": 1, "externalId": "x"}]},
        {"dataSetIds": [1]},
        {"createdTime": 5},
        {"createdTime": {"min": "5"}},
        {"createdTime": {"minimum": 5}},
        {"externalIdPrefix": "x" * 256},
        "x",
        [],
    ],
)
def test_filters_that_are_wrong(plant: Api, wanted: Any) -> None:
    for path in (LIST, "/timeseries/search", "/timeseries/aggregate"):
        plant.error(path, b'{"filter":%s}' % str(wanted).replace("'", '"').replace("None", "null").encode())


def test_a_list_is_ordered_by_id_and_partitions_divide_it(plant: Api) -> None:
    everything = listed(plant, limit=7)
    ids = [series["id"] for series in everything]
    assert ids == sorted(ids)
    for count in (1, 3, 10, 1000):
        parts = [listed(plant, partition=f"{m}/{count}", limit=5) for m in range(1, min(count, 40) + 1)]
        joined = [series for part in parts for series in part]
        assert joined == everything[: len(joined)]
        assert count > 40 or joined == everything
        for m, part in enumerate(parts, 1):
            assert all((m - 1) * 2**53 / count < series["id"] <= m * 2**53 / count for series in part)


@pytest.mark.parametrize("partition", ["0/1", "2/1", "1/0", "1", "1/2/3", "a/b", "-1/2", " 1/2", "1/1001", "١/٢", 5])
def test_partitions_that_are_wrong(plant: Api, partition: Any) -> None:
    assert "partition" in plant.error(LIST, {"partition": partition})["message"]


def test_cursors_belong_to_their_list(plant: Api) -> None:
    cursor = plant.post(LIST, {"limit": 10, "filter": {"unit": "bar"}})["nextCursor"]
    assert len(plant.post(LIST, {"limit": 3, "filter": {"unit": "bar", "name": None}, "cursor": cursor})["items"]) == 3
    for body in (
        {},
        {"filter": {"unit": "C"}},
        {"filter": {"unit": "bar"}, "partition": "1/1"},
        {"filter": {"unit": "bar"}, "sort": [{"property": ["name"]}]},
        {"filter": {"unit": "bar"}, "advancedFilter": clause("exists", "name")},
    ):
        assert "cursor" in plant.error(LIST, {**body, "cursor": cursor})["message"]
    for wrong in ("x", "é", "e30", cursor + "x", cursor[:-3], 5):
        plant.error(LIST, {"filter": {"unit": "bar"}, "cursor": wrong})


def test_pages_stay_together_while_rows_come_and_go(fresh: Api) -> None:
    ids = sorted(series["id"] for series in fresh.create(*({} for _ in range(40))))
    first = fresh.post(LIST, {"limit": 20})
    assert [series["id"] for series in first["items"]] == ids[:20]
    fresh.post("/timeseries/delete", {"items": [{"id": ids[5]}, {"id": ids[19]}, {"id": ids[30]}]})
    added = [series["id"] for series in fresh.create(*({} for _ in range(10)))]
    rest = [series["id"] for series in listed(fresh, limit=1000) if series["id"] > ids[19]]
    second = fresh.post(LIST, {"limit": 1000, "cursor": first["nextCursor"]})
    assert [series["id"] for series in second["items"]] == rest
    assert set(rest) == {id for id in (*ids[20:], *added) if id > ids[19]} - {ids[30]}


def order_key(series: dict[str, Any], path: list[str]) -> Any:
    if path[0] == "metadata":
        return series["metadata"].get(path[1])
    return series.get(path[0])


SORTABLE = [["name"], ["metadata", "Level"], ["unit"], ["isStep"], ["id"], ["description"], ["type"], ["createdTime"]]


@settings(max_examples=40, deadline=None)
@given(
    keys=st.lists(
        st.tuples(
            st.sampled_from(SORTABLE),
            st.sampled_from(["asc", "desc", None]),
            st.sampled_from(["first", "last", "auto", None]),
        ),
        min_size=1,
        max_size=2,
    ),
    limit=st.integers(1, 25),
)
def test_sorted_lists(plant: Api, keys: list[tuple[list[str], str | None, str | None]], limit: int) -> None:
    sort = [{"property": path, "order": order, "nulls": nulls} for path, order, nulls in keys]
    expected = sorted(listed(plant), key=lambda series: series["id"])
    for path, order, nulls in reversed(keys):
        descending = order == "desc"
        first = nulls == "first" or (nulls in ("auto", None) and descending)
        without = [s for s in expected if order_key(s, path) is None]
        having = [s for s in expected if order_key(s, path) is not None]
        having.sort(key=lambda series, path=path: order_key(series, path), reverse=descending)
        expected = without + having if first else having + without
    assert listed(plant, sort=sort, limit=limit) == expected


@pytest.mark.parametrize(
    "sort",
    [
        [{"property": ["nope"]}],
        [{"property": ["securityCategories"]}],
        [{"property": ["metadata"]}],
        [{"property": ["name"], "order": "up"}],
        [{"property": ["name"], "nulls": "middle"}],
        [{"property": ["name"]}] * 3,
        [{}],
        "name",
        ["name"],
    ],
)
def test_sorts_that_are_wrong(plant: Api, sort: Any) -> None:
    assert "sort" in plant.error(LIST, {"sort": sort})["message"]


def test_pages_of_get_and_post_are_the_same_list(plant: Api) -> None:
    page = plant.get("/timeseries?limit=10&externalIdPrefix=Pump")
    cursor = page["nextCursor"]
    rest = plant.post(LIST, {"filter": {"externalIdPrefix": "Pump"}, "cursor": cursor})
    assert plant.get(f"/timeseries?externalIdPrefix=Pump&cursor={cursor}") == rest
    assert names(page["items"] + rest["items"]) == [f"Pump_{i:02}" for i in range(1, 60, 2)]


def searched(api: Api, **texts: str) -> list[str]:
    return [series["name"] for series in api.post("/timeseries/search", {"search": texts})["items"]]


def test_search(fresh: Api) -> None:
    texts = ["test wjoel", "wjoel", "23-ESDV-92501A", "pressure gauge", "PRESSURE", "Straße 7", "unrelated"]
    fresh.create(*({"name": name, "description": f"about {name}"} for name in texts), {"description": "gauge"})
    assert searched(fresh, name="wjoel") == ["wjoel", "test wjoel"]
    assert searched(fresh, query="test joel") == ["test wjoel", "wjoel"]
    assert searched(fresh, name="ESDV") == ["23-ESDV-92501A"]
    assert searched(fresh, name="pressuer") == ["PRESSURE", "pressure gauge"]
    assert searched(fresh, name="press") == ["PRESSURE", "pressure gauge"]
    assert searched(fresh, name="STRASSE") == ["Straße 7"]
    assert searched(fresh, name="gauge", description="about") == ["pressure gauge"]
    assert searched(fresh, name="---") == []
    found = fresh.post("/timeseries/search", {"search": {"query": "gauge"}})["items"]
    assert [series.get("name") for series in found] == ["pressure gauge", None]
    nothing: list[dict[str, Any]] = [
        {},
        {"search": None},
        {"search": {}},
        {"search": {"query": None}},
        {"search": {"name": ""}},
    ]
    for body in nothing:
        items = fresh.post("/timeseries/search", body)["items"]
        assert [series["id"] for series in items] == sorted(series["id"] for series in items)
        assert len(items) == 8
    assert len(fresh.post("/timeseries/search", {"search": {"query": "about"}, "limit": 2})["items"]) == 2
    for body in ({"search": {"text": "x"}}, {"search": "x"}, {"search": {"name": 5}}, {"limit": 0}, {"limit": 1001}):
        fresh.error("/timeseries/search", body)


def test_aggregates_of_series(plant: Api) -> None:
    def items(**body: Any) -> Any:
        return plant.post("/timeseries/aggregate", body)["items"]

    assert items() == items(aggregate="count") == [{"count": 60}]
    everything = listed(plant)
    units = [{"property": ["unit"]}]
    bar = sum(1 for series in everything if series.get("unit") == "bar")
    assert items(aggregate="uniqueValues", properties=units) == [
        {"values": ["bar"], "count": bar},
        {"values": ["c"], "count": bar},
    ]
    assert items(aggregate="cardinalityValues", properties=units) == [{"count": 2}]
    assert items(aggregate="count", properties=units) == [{"count": 40}]
    assert items(aggregate="uniqueProperties", path=["metadata"]) == [
        {"values": [{"property": ["metadata", "level"]}], "count": 54},
        {"values": [{"property": ["metadata", "site"]}], "count": 54},
    ]
    assert items(aggregate="cardinalityProperties", path=["metadata"]) == [{"count": 2}]
    sites = [{"property": ["metadata", "SITE"]}]
    counted = items(aggregate="uniqueValues", properties=sites, filter={"isStep": False})
    assert sum(item["count"] for item in counted) == sum(1 for s in everything if s["metadata"] and not s["isStep"])
    assert {tuple(item["values"]) for item in counted} == {("s0",), ("s1",)}
    prefixed = items(aggregate="uniqueValues", properties=sites, aggregateFilter={"prefix": {"value": "S1"}})
    assert [item["values"] for item in prefixed] == [["s1"]]
    assert items(aggregate="uniqueValues", properties=[{"property": ["isStep"]}])[0]["values"] == ["false"]
    assert items(aggregate="uniqueValues", properties=[{"property": ["securityCategories"]}])[0]["values"] == ["1"]
    for body in (
        {"aggregate": "sum"},
        {"aggregate": "uniqueValues"},
        {"aggregate": "uniqueValues", "properties": [{"property": ["nope"]}]},
        {"aggregate": "uniqueProperties", "path": ["name"]},
        {"aggregate": "uniqueProperties"},
        {"aggregate": "uniqueValues", "properties": units, "aggregateFilter": {"near": {"value": "x"}}},
    ):
        plant.error("/timeseries/aggregate", body)


def test_lists_of_many_pages(fresh: Api) -> None:
    chooser = random.Random(7)
    for _ in range(3):
        fresh.create(*({"unit": chooser.choice("ab")} for _ in range(1000)))
    assert len(listed(fresh, limit=1000)) == 3000
    of_a = listed(fresh, filter={"unit": "a"}, limit=999)
    assert len(of_a) == fresh.post("/timeseries/aggregate", {"filter": {"unit": "a"}})["items"][0]["count"]
    assert len(fresh.get("/timeseries?limit=5000")["items"]) == 1000
