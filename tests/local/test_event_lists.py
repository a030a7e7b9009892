"""Lists, searches and aggregates of events, compared with filters and orders in Python."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from cdframe.local import LocalCDF
from tests.local.api import Api
from tests.local.rows import created, listed, names

PATH = "/events"

# A dozen assets in two trees: each with its parent.
PARENTS: dict[str, str | None] = {
    "a": None,
    "b": None,
    **{f"a{i}": "a" for i in range(3)},
    **{f"a1{i}": "a1" for i in range(3)},
    **{f"b{i}": "b" for i in range(3)},
    "b00": "b0",
}


@dataclass
class Plant:
    """A local CDF with 150 events, and what is in it."""

    api: Api
    assets: dict[str, int]
    data_sets: dict[str, int]

    @cached_property
    def events(self) -> list[dict[str, Any]]:
        """All of them, in the order of lists."""
        return listed(self.api, PATH, limit=1000)

    def below(self, *tops: str) -> set[int]:
        """The ids of the assets in subtrees."""
        found = set(tops)
        while more := {name for name, parent in PARENTS.items() if parent in found} - found:
            found |= more
        return {self.assets[name] for name in found if name in self.assets}

    def external(self, asset: int) -> str:
        return next(name for name, id in self.assets.items() if id == asset)


@pytest.fixture(scope="module")
def plant() -> Iterator[Plant]:
    with LocalCDF() as engine:
        api = Api(engine)
        items = [{"externalId": name, "name": name, "parentExternalId": parent} for name, parent in PARENTS.items()]
        assets = {row["externalId"]: row["id"] for row in created(api, "/assets", *items)}
        rows = created(api, "/datasets", {"externalId": "one"}, {"externalId": "two"}, status=200)
        data_sets = {row["externalId"]: row["id"] for row in rows}
        ids = list(assets.values())

        def item(i: int) -> dict[str, Any]:
            start = None if i % 7 == 0 else (i * 37) % 50
            return {
                "externalId": None if i % 11 == 0 else f"{'Stop' if i % 2 else 'start'}_{i:03}",
                "startTime": start,
                "endTime": None if i % 5 == 0 else (start or 0) + i % 3 * 10,
                "type": (None, "stop", "Stop", "start")[i % 4],
                "subtype": (None, "slow", "fast")[i % 3],
                "description": None if i % 4 else f"the {i}th text",
                "source": ("SAP", None)[i % 2],
                "metadata": None if i % 6 == 0 else {"site": f"S{i % 2}", "Level": str(i % 3)} if i % 5 else {},
                "assetIds": [ids[(i + k * k) % len(ids)] for k in range(i % 4)],
                "dataSetId": (None, *data_sets.values())[i % 3],
            }

        for i in range(3):  # so that times of creation differ
            created(api, PATH, *map(item, range(50 * i, 50 * i + 50)))
            now = engine.clock.now()
            while engine.clock.now() == now:
                pass
        yield Plant(api, assets, data_sets)


Passes = Callable[[dict[str, Any]], bool]


def by_start(event: dict[str, Any]) -> tuple[bool, int, int]:
    return "startTime" not in event, event.get("startTime", 0), event["id"]


def test_the_order_of_lists(plant: Plant) -> None:
    assert len(plant.events) == 150
    assert plant.events == sorted(plant.events, key=by_start)
    for limit in (1, 7, 150):
        assert listed(plant.api, PATH, limit=limit) == plant.events
    assert len(plant.api.post(f"{PATH}/list")["items"]) == 100
    assert plant.api.post(f"{PATH}/list", {"sort": [], "filter": None})["items"] == plant.events[:100]


@pytest.mark.parametrize("count", [1, 3, 10, 1000])
@pytest.mark.parametrize("sort", [None, ["endTime:desc"]])
def test_partitions(plant: Plant, count: int, sort: Any) -> None:
    """Disjoint, complete, each in order and a range of ids."""
    everything = listed(plant.api, PATH, sort=sort)
    parts = range(1, count + 1) if count <= 10 else sorted({-(-event["id"] * count // 2**53) for event in everything})
    found = []
    for m in parts:
        part = listed(plant.api, PATH, partition=f"{m}/{count}", sort=sort, limit=9)
        assert part == [event for event in everything if (m - 1) * 2**53 < event["id"] * count <= m * 2**53]
        found += part
    assert sorted(event["id"] for event in found) == sorted(event["id"] for event in everything)


def limits(low: int, high: int) -> st.SearchStrategy[dict[str, int]]:
    times = st.integers(low, high)
    return st.fixed_dictionaries({}, optional={"min": times, "max": times})


def within(limits: dict[str, int], value: int | None) -> bool:
    if not limits:
        return True
    return value is not None and limits.get("min", value) <= value <= limits.get("max", value)


def active(limits: dict[str, int], event: dict[str, Any]) -> bool:
    """Whether it goes on at a moment of the range: one without a start never does, one without an end still does."""
    if "startTime" not in event:
        return False
    moments = range(event["startTime"], event.get("endTime", 1000) + 1)
    return any(limits.get("min", -1) <= moment <= limits.get("max", 1000) for moment in moments)


@st.composite
def filters(draw: st.DrawFn, plant: Plant) -> tuple[dict[str, Any], list[Passes]]:
    """A filter of some keys, and for each what passes it."""

    def keys(name: str) -> tuple[dict[str, Any], Passes]:
        match name:
            case "startTime" | "createdTime" | "lastUpdatedTime":
                low = 0 if name == "startTime" else min(event[name] for event in plant.events)
                wanted = draw(limits(low - 1, low + 50))
                return {name: wanted}, lambda event: within(wanted, event.get(name))
            case "endTime":
                ongoing = draw(st.sampled_from([None, True, False]))
                if ongoing is not None:
                    return {name: {"isNull": ongoing}}, lambda event: ("endTime" not in event) == ongoing
                wanted = draw(limits(-1, 70))
                return {name: wanted}, lambda event: within(wanted, event.get(name))
            case "activeAtTime":
                wanted = draw(limits(-1, 70).filter(lambda range: range.get("min", -1) <= range.get("max", 70)))
                return {name: wanted}, lambda event: active(wanted, event)
            case "metadata":
                values = {"site": ["S0", "S1", "s1"], "Level": ["0", "2"], "level": ["0"]}
                pairs = draw(st.fixed_dictionaries({}, optional={k: st.sampled_from(v) for k, v in values.items()}))
                return {name: pairs}, lambda event: pairs.items() <= event.get("metadata", {}).items()
            case "assets":
                chosen = draw(st.lists(st.sampled_from([*plant.assets.values(), 0, 77]), min_size=1, max_size=4))
                named = draw(st.lists(st.sampled_from([*plant.assets, "none"]), max_size=3))
                related = {*chosen, *(plant.assets.get(one, -1) for one in named)}
                both = {"assetIds": chosen, **({"assetExternalIds": named} if named else {})}
                return both, lambda event: bool(related & set(event.get("assetIds", ())))
            case "rootAssetIds" | "assetSubtreeIds":
                tops = draw(st.lists(st.sampled_from([*plant.assets, "none"]), min_size=1, max_size=3))
                by_id = draw(st.booleans())
                wanted_tops = [{"id": plant.assets.get(one, 77)} if by_id else {"externalId": one} for one in tops]
                roots = [one for one in tops if PARENTS.get(one, "") is None]
                subtrees = plant.below(*(tops if name == "assetSubtreeIds" else roots))
                return {name: wanted_tops}, lambda event: bool(subtrees & set(event.get("assetIds", ())))
            case "dataSetIds":
                sets = draw(st.lists(st.sampled_from(["one", "two", "none"]), max_size=2))
                members = {plant.data_sets.get(one) for one in sets} - {None}
                return {
                    name: [{"externalId": one} for one in sets]
                }, lambda event: not sets or event.get("dataSetId") in members
            case "externalIdPrefix":
                prefix = draw(st.sampled_from(["", "Stop_", "start_1", "stop", "Stop%"]))
                return {name: prefix}, lambda event: "externalId" in event and event["externalId"].startswith(prefix)
            case _:
                text = draw(st.sampled_from(["stop", "Stop", "slow", "SAP", "sap", ""]))
                return {name: text}, lambda event: event.get(name) == text

    known = ["startTime", "endTime", "activeAtTime", "createdTime", "lastUpdatedTime", "metadata", "assets"]
    known += ["rootAssetIds", "assetSubtreeIds", "dataSetIds", "externalIdPrefix", "source", "type", "subtype"]
    chosen = draw(st.lists(st.sampled_from(known), min_size=1, max_size=3, unique=True))
    parts = [keys(name) for name in chosen]
    return {key: value for part, _ in parts for key, value in part.items()}, [passes for _, passes in parts]


@hypothesis_settings(max_examples=250, deadline=None)
@given(data=st.data())
def test_filters(plant: Plant, data: st.DataObject) -> None:
    wanted, tests = data.draw(filters(plant))
    expected = [event for event in plant.events if all(passes(event) for passes in tests)]
    assert plant.api.post(f"{PATH}/list", {"filter": wanted, "limit": 1000})["items"] == expected
    assert plant.api.post(f"{PATH}/aggregate", {"filter": wanted}) == {"items": [{"count": len(expected)}]}


def test_filters_of_searches(plant: Plant) -> None:
    wanted = {"type": "stop", "assetSubtreeIds": [{"externalId": "a"}]}
    expected = listed(plant.api, PATH, filter=wanted)
    found = plant.api.post(f"{PATH}/search", {"filter": wanted, "limit": 1000})["items"]
    assert found == sorted(expected, key=lambda event: event["id"])
    assert 0 < len(found) < 150


def test_many_assets(plant: Plant) -> None:
    some = [plant.assets["a"], plant.assets["b00"]]
    expected = listed(plant.api, PATH, filter={"assetIds": some})
    assert listed(plant.api, PATH, filter={"assetIds": [*range(1, 4999), *some]}, limit=20) == expected
    none = [f"none {i}" for i in range(4998)]
    assert listed(plant.api, PATH, filter={"assetExternalIds": ["b00", *none, "a"]}) == expected


@pytest.mark.parametrize(
    "wanted",
    [
        {"type": 1},
        {"type": "x" * 65},
        {"subType": "x"},
        {"id": 5},
        {"metadata": {"a": 1}},
        {"assetIds": []},
        {"assetIds": ["1"]},
        {"assetIds": list(range(5001))},
        {"assetExternalIds": []},
        {"assetExternalIds": ["x"] * 5001},
        {"rootAssetIds": []},
        {"rootAssetIds": [5]},
        {"assetSubtreeIds": []},
        {"assetSubtreeIds": [{"id": 5}] * 101},
        {"assetSubtreeIds": [{"id": 5, "externalId": "x"}]},
        {"dataSetIds": [{"id": 5}] * 101},
        {"dataSetIds": [5]},
        {"startTime": 5},
        {"startTime": {"isNull": True}},
        {"endTime": {"isNull": True, "min": 5}},
        {"endTime": {"isNull": "true"}},
        {"endTime": {"minimum": 5}},
        {"activeAtTime": {"isNull": True}},
        {"activeAtTime": {"min": "5"}},
        {"externalIdPrefix": "x" * 256},
        {"labels": {"containsAny": [{"externalId": "x"}]}},
    ],
)
def test_filters_that_are_wrong(plant: Plant, wanted: Any) -> None:
    for path in ("list", "search", "aggregate"):
        plant.api.error(f"{PATH}/{path}", {"filter": wanted})


SORTABLE = ["startTime", "endTime", "createdTime", "lastUpdatedTime", "dataSetId", "description", "externalId"]
SORTABLE += ["source", "subtype", "type", "metadata"]


@st.composite
def sort_keys(draw: st.DrawFn) -> Any:
    """A key of a sort in one of its forms."""
    name = draw(st.sampled_from(SORTABLE))
    order = draw(st.sampled_from(["asc", "desc", None]))
    if name != "metadata" and draw(st.booleans()):
        return name if order is None else f"{name}:{order}"
    path = [name, "Level"] if name == "metadata" else [name]
    return {"property": path, "order": order, "nulls": draw(st.sampled_from(["first", "last", "auto", None]))}


@hypothesis_settings(max_examples=60, deadline=None)
@given(sort=st.lists(sort_keys(), min_size=1, max_size=2), limit=st.integers(20, 160))
def test_sorts(plant: Plant, sort: list[Any], limit: int) -> None:
    expected = sorted(plant.events, key=lambda event: event["id"])
    for key in reversed(sort):
        if isinstance(key, str):
            name, _, order = key.partition(":")
            key = {"property": [name], "order": order}

        def value(event: dict[str, Any], path: list[str] = key["property"]) -> Any:
            return event.get("metadata", {}).get("Level") if len(path) > 1 else event.get(path[0])

        descending, nulls = key.get("order") == "desc", key.get("nulls") or "auto"
        without = [event for event in expected if value(event) is None]
        having = sorted((e for e in expected if value(e) is not None), key=value, reverse=descending)
        if descending:  # equal ones keep their order
            having = [e for v in dict.fromkeys(map(value, having)) for e in expected if value(e) == v]
        first = nulls == "first" or (nulls == "auto" and descending)
        expected = without + having if first else having + without
    assert listed(plant.api, PATH, sort=sort, limit=limit) == expected


@pytest.mark.parametrize(
    "sort",
    [
        "startTime",
        ["startTime:up"],
        ["starttime"],
        ["id"],
        ["assetIds"],
        ["metadata"],
        [""],
        [5],
        [{"property": "startTime"}],
        [{"property": ["startTime"], "order": "ascending"}],
        [{"property": ["id"]}],
        [{"property": ["_score_"]}],
        ["startTime", "endTime", "type"],
    ],
)
def test_sorts_that_are_wrong(plant: Plant, sort: Any) -> None:
    assert "sort" in plant.api.error(f"{PATH}/list", {"sort": sort})["message"]


def test_cursors_belong_to_their_list(plant: Plant) -> None:
    def page(**body: Any) -> dict[str, Any]:
        answer: dict[str, Any] = plant.api.post(f"{PATH}/list", {"limit": 5, **body})
        return answer

    cursor = page(filter={"source": "SAP"})["nextCursor"]
    rest = page(filter={"source": "SAP"}, cursor=cursor, limit=1000)["items"]
    assert rest == listed(plant.api, PATH, filter={"source": "SAP"})[5:]
    others: list[dict[str, Any]] = [
        {},
        {"filter": {"source": "sap"}},
        {"filter": {"source": "SAP"}, "partition": "1/2"},
        {"filter": {"source": "SAP"}, "sort": ["startTime"]},
    ]
    for body in others:
        assert "cursor" in plant.api.error(f"{PATH}/list", {**body, "cursor": cursor})["message"]
    cursor = page(sort=["startTime:desc"])["nextCursor"]
    both_forms = [
        page(sort=[key], cursor=cursor) for key in ("startTime:desc", {"property": ["startTime"], "order": "desc"})
    ]
    assert both_forms[0] == both_forms[1]


def test_pages_stay_together_while_events_come_and_go(fresh: Api) -> None:
    items = [{"externalId": str(i), "startTime": i // 2 if i < 20 else None} for i in range(30)]
    created(fresh, PATH, *items)
    before = names(listed(fresh, PATH))
    found: list[str] = []
    cursor, deleted = None, set()
    for step in range(6):
        page = fresh.post(f"{PATH}/list", {"limit": 5, "cursor": cursor})
        found += names(page["items"])
        cursor = page.get("nextCursor")
        gone = {found[-1], *([before[-1]] if step == 3 else [])}
        fresh.post(f"{PATH}/delete", {"items": [{"externalId": one} for one in gone]})
        deleted |= gone - set(found)
        created(fresh, PATH, {"externalId": f"new {step}", "startTime": 0})
    assert [one for one in found if not one.startswith("new")] == [one for one in before if one not in deleted]
    assert len(set(found)) == len(found)


def test_lists_by_query(plant: Plant) -> None:
    a, b = plant.assets["a"], plant.assets["b0"]
    same: list[tuple[str, dict[str, Any]]] = [
        ("", {}),
        ("minStartTime=10&maxStartTime=40", {"filter": {"startTime": {"min": 10, "max": 40}}}),
        ("minEndTime=10&maxEndTime=40", {"filter": {"endTime": {"min": 10, "max": 40}}}),
        ("minActiveAtTime=10&maxActiveAtTime=20", {"filter": {"activeAtTime": {"min": 10, "max": 20}}}),
        (
            "minCreatedTime=1&maxLastUpdatedTime=5",
            {"filter": {"createdTime": {"min": 1}, "lastUpdatedTime": {"max": 5}}},
        ),
        (f"assetIds=[{a},{b}]", {"filter": {"assetIds": [a, b]}}),
        ('assetExternalIds=["a","b0"]', {"filter": {"assetExternalIds": ["a", "b0"]}}),
        (f"rootAssetIds=[{a}]", {"filter": {"rootAssetIds": [{"id": a}]}}),
        (
            f'assetSubtreeIds=[{b}]&assetSubtreeExternalIds=["a1"]',
            {"filter": {"assetSubtreeIds": [{"id": b}, {"externalId": "a1"}]}},
        ),
        ("source=SAP&type=stop&subtype=slow", {"filter": {"source": "SAP", "type": "stop", "subtype": "slow"}}),
        ("externalIdPrefix=Stop_", {"filter": {"externalIdPrefix": "Stop_"}}),
        ("sort=type&sort=startTime:desc", {"sort": ["type", "startTime:desc"]}),
        ('sort=["type","startTime:desc"]', {"sort": ["type", "startTime:desc"]}),
        ("partition=2/3&sort=endTime", {"partition": "2/3", "sort": ["endTime"]}),
    ]
    for query, body in same:
        page = plant.api.get(f"{PATH}?limit=20&{quote(query, '&=')}")
        assert page == plant.api.post(f"{PATH}/list", {**body, "limit": 20})
        if "nextCursor" in page:
            rest = plant.api.get(f"{PATH}?{quote(query, '&=')}&cursor={page['nextCursor']}&limit=5000")["items"]
            assert page["items"] + rest == listed(plant.api, PATH, **body)
    without = plant.api.get(f"{PATH}?includeMetadata=false")["items"]
    assert without == [{k: v for k, v in event.items() if k != "metadata"} for event in plant.events[:100]]
    for wrong in (
        "assetIds=5",
        "assetIds=[]",
        "assetIds=[" + "1," * 100 + "1]",
        'assetExternalIds=["x"' + ',"x"' * 100 + "]",
        "minStartTime=x",
        "sort=name",
        "sort=[5]",
        "rootAssetIds=[]",
        "limit=0",
    ):
        plant.api.get(f"{PATH}?{quote(wrong, '&=')}", 400)


def test_search(fresh: Api) -> None:
    texts = ["pump stopped", "the pump", "PUMPS", "Straße gesperrt", "other"]
    created(fresh, PATH, *({"description": text, "type": "pump"} for text in texts), {"type": "pump"})

    def found(text: str, **more: Any) -> list[str]:
        items = fresh.post(f"{PATH}/search", {"search": {"description": text}, **more})["items"]
        return [event["description"] for event in items]

    assert found("pump") == ["the pump", "pump stopped", "PUMPS"]
    assert found("pump", limit=1) == ["the pump"]
    assert found("pump", filter={"type": "x"}) == []
    assert found("STRASSE") == ["Straße gesperrt"]
    assert found("pmup stopped")[0] == "pump stopped"
    assert len(fresh.post(f"{PATH}/search", {"search": {"description": None}, "filter": None})["items"]) == 6
    for search in ({"description": "x" * 501}, {"query": "x"}, {"name": "x"}, {"description": 5}):
        fresh.error(f"{PATH}/search", {"search": search})


def test_aggregates(plant: Plant) -> None:
    def items(**body: Any) -> list[dict[str, Any]]:
        answer: list[dict[str, Any]] = plant.api.post(f"{PATH}/aggregate", body)["items"]
        return answer

    def expected(values: list[Any]) -> list[dict[str, Any]]:
        counts = sorted(Counter(values).items(), key=lambda item: (-item[1], item[0]))
        return [{"count": count, "value": value, "values": [value]} for value, count in counts]

    assert items() == items(aggregate="count") == items(filter=None) == [{"count": 150}]
    for name in ("type", "subtype", "dataSetId", "source", "description"):
        values = [v.lower() if isinstance(v := event[name], str) else v for event in plant.events if name in event]
        found = expected(values)
        properties = [{"property": [name]}]
        assert items(aggregate="uniqueValues", properties=properties) == found
        if name in ("type", "subtype", "dataSetId"):
            assert items(aggregate="uniqueValues", fields=[name]) == found
        assert items(aggregate="cardinalityValues", properties=properties) == [{"count": len(found)}]
    levels = [event["metadata"]["Level"] for event in plant.events if event.get("metadata")]
    assert items(aggregate="uniqueValues", properties=[{"property": ["metadata", "Level"]}]) == expected(levels)
    of_sap = [event["type"].lower() for event in plant.events if event.get("source") == "SAP" and "type" in event]
    assert items(aggregate="uniqueValues", fields=["type"], filter={"source": "SAP"}) == expected(of_sap)
    assert items(aggregate="uniqueValues", fields=["type"], filter={"source": "sap"}) == []
    wrong: list[dict[str, Any]] = [
        {"aggregate": "sum"},
        {"aggregate": "uniqueValues"},
        {"aggregate": "uniqueValues", "fields": []},
        {"aggregate": "uniqueValues", "fields": ["type", "subtype"]},
        {"aggregate": "uniqueValues", "fields": ["source"]},
        {"aggregate": "uniqueValues", "fields": "type"},
        {"aggregate": "uniqueValues", "properties": [{"property": ["nope"]}]},
        {"aggregate": "uniqueValues", "properties": [{"property": ["type"]}, {"property": ["subtype"]}]},
        {"filter": {"subType": "x"}},
    ]
    for body in wrong:
        plant.api.error(f"{PATH}/aggregate", body)


def test_buckets_are_at_most_a_thousand(fresh: Api) -> None:
    for i in range(2):
        created(fresh, PATH, *({"type": f"{k:04}"} for k in range(1 + i, 1001 + i)))
    body = {"aggregate": "uniqueValues", "fields": ["type"]}
    found = fresh.post(f"{PATH}/aggregate", body)["items"]
    assert [item["value"] for item in found] == [*(f"{k:04}" for k in range(2, 1001)), "0001"]
    assert [item["count"] for item in found] == [2] * 999 + [1]


def test_limits_of_lists(plant: Plant) -> None:
    for limit in (0, -1, 1001, "5"):
        plant.api.error(f"{PATH}/list", {"limit": limit})
        plant.api.error(f"{PATH}/search", {"limit": limit})
    for partition in ("0/1", "2/1", "1/1001", "x"):
        plant.api.error(f"{PATH}/list", {"partition": partition})
    for key in ("fields", "aggregatedProperties", "fetchResources"):
        assert "Unexpected field" in plant.api.error(f"{PATH}/list", {key: ["x"]})["message"]


def test_advanced_filters(plant: Plant) -> None:
    started = {"exists": {"property": ["startTime"]}}
    related = {"containsAny": {"property": ["assetIds"], "values": [plant.assets["b1"], 77]}}
    found = listed(plant.api, PATH, advancedFilter={"and": [started, related]}, filter={"type": "stop"})
    assert found == [
        event
        for event in plant.events
        if "startTime" in event and plant.assets["b1"] in event.get("assetIds", ()) and event.get("type") == "stop"
    ]
    assert found
