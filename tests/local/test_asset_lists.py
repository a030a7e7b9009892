"""Lists, searches and aggregates of assets, compared with filters in Python."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from cdframe.local import LocalCDF
from tests.local.api import Api
from tests.local.rows import created, listed, names

PATH = "/assets"


def parent_of(i: int) -> int | None:
    """A hundred assets in three trees; 0, 1 and 2 are the roots."""
    return None if i < 3 else (i - 3) // 2 if i % 2 else i % 3


def label(i: int) -> list[dict[str, str]]:
    return [{"externalId": one} for one in ("red", "pump", "red/é")[: i % 4]]


@pytest.fixture(scope="module")
def plant() -> Iterator[Api]:
    with LocalCDF() as engine:
        api = Api(engine)
        created(api, "/labels", *({"externalId": one, "name": one} for one in ("red", "pump", "red/é", "other")))
        data_sets = created(api, "/datasets", {"externalId": "one"}, {"externalId": "two"}, status=200)
        created(
            api,
            PATH,
            *(
                {
                    "externalId": f"{'Pump' if i % 2 else 'valve'}_{i:02}",
                    "name": f"name {i % 5}",
                    "parentExternalId": None
                    if (p := parent_of(i)) is None
                    else f"{'Pump' if p % 2 else 'valve'}_{p:02}",
                    "description": "the one with a long text" if i == 33 else None if i % 4 else f"text {i % 3}",
                    "source": ("SAP", "Sap", None)[i % 3],
                    "dataSetId": data_sets[i % 2]["id"] if i % 3 else None,
                    "metadata": {"site": f"S{i % 2}", "Level": str(i % 3), 'a"b': ","} if i % 10 else {},
                    "labels": label(i),
                }
                for i in range(100)
            ),
        )
        yield api


def everything(api: Api) -> dict[str, dict[str, Any]]:
    rows = listed(api, PATH, limit=1000)
    assert [row["id"] for row in rows] == sorted(row["id"] for row in rows)
    return {row["externalId"]: row for row in rows}


def below(rows: dict[str, dict[str, Any]], *tops: str) -> set[str]:
    """The external ids in the subtrees of some assets, by their parents."""
    found = set(tops)
    while True:
        more = {name for name, row in rows.items() if row.get("parentExternalId") in found} - found
        if not more:
            return found
        found |= more


def has(row: dict[str, Any], *labels: str) -> list[bool]:
    return [{"externalId": one} in row.get("labels", []) for one in labels]


def wrap(*labels: str) -> list[dict[str, str]]:
    return [{"externalId": one} for one in labels]


FILTERS: list[tuple[dict[str, Any], Any]] = [
    ({}, lambda a: True),
    ({"name": "name 3"}, lambda a: a["name"] == "name 3"),
    ({"name": "Name 3"}, lambda a: False),
    ({"source": "SAP"}, lambda a: a.get("source") == "SAP"),
    ({"parentExternalIds": ["valve_00", "none"]}, lambda a: a.get("parentExternalId") == "valve_00"),
    ({"root": True}, lambda a: "parentId" not in a),
    ({"root": False}, lambda a: "parentId" in a),
    ({"dataSetIds": [{"externalId": "one"}, {"externalId": "two"}]}, lambda a: "dataSetId" in a),
    ({"dataSetIds": []}, lambda a: True),
    ({"dataSetIds": [{"id": 1}]}, lambda a: False),
    (
        {"metadata": {"site": "S1", "Level": "2"}},
        lambda a: (a["metadata"] or {}).get("Level") == "2" and "S1" in str(a),
    ),
    ({"metadata": {'a"b': ","}}, lambda a: bool(a["metadata"])),
    ({"metadata": {"b": ","}}, lambda a: False),
    ({"metadata": {"site": "S"}}, lambda a: False),
    ({"metadata": {}}, lambda a: True),
    ({"createdTime": {"min": 0, "max": 10**15}}, lambda a: True),
    ({"lastUpdatedTime": {"max": 5}}, lambda a: False),
    ({"externalIdPrefix": "Pump_"}, lambda a: a["externalId"].startswith("Pump_")),
    ({"externalIdPrefix": "pump_"}, lambda a: False),
    ({"labels": {"containsAny": wrap("pump")}}, lambda a: any(has(a, "pump"))),
    ({"labels": {"containsAny": wrap("red/é", "none")}}, lambda a: any(has(a, "red/é"))),
    ({"labels": {"containsAll": wrap("red", "red/é")}}, lambda a: all(has(a, "red", "red/é"))),
    ({"labels": {"containsAny": wrap("other")}}, lambda a: False),
    ({"labels": {}}, lambda a: True),
    ({"labels": {"containsAll": wrap("red"), "containsAny": wrap("pump")}}, lambda a: all(has(a, "red", "pump"))),
    ({"name": "name 1", "root": False, "source": None}, lambda a: a["name"] == "name 1" and "parentId" in a),
]


def check(api: Api, wanted: dict[str, Any], expected: list[dict[str, Any]]) -> None:
    assert listed(api, PATH, filter=wanted, limit=9) == expected
    assert api.post(f"{PATH}/aggregate", {"filter": wanted}) == {"items": [{"count": len(expected)}]}
    assert api.post(f"{PATH}/search", {"filter": wanted, "limit": 1000})["items"] == expected
    parts = [listed(api, PATH, filter=wanted, partition=f"{m}/3", limit=5) for m in (1, 2, 3)]
    assert [row for part in parts for row in part] == expected


@pytest.mark.parametrize(("wanted", "passes"), FILTERS)
def test_filters(plant: Api, wanted: dict[str, Any], passes: Any) -> None:
    check(plant, wanted, [row for row in everything(plant).values() if passes(row)])


def test_filters_by_the_hierarchy(plant: Api) -> None:
    rows = everything(plant)
    ids = {name: row["id"] for name, row in rows.items()}

    def expect(wanted: dict[str, Any], found: set[str]) -> None:
        check(plant, wanted, [row for name, row in rows.items() if name in found])

    def children(*tops: str) -> set[str]:
        return {name for name, row in rows.items() if row.get("parentExternalId") in tops}

    expect({"parentIds": [ids["valve_00"], ids["Pump_05"], 77]}, children("valve_00", "Pump_05"))
    both = {"parentIds": [ids["valve_00"]], "parentExternalIds": ["Pump_01"]}
    expect(both, children("valve_00", "Pump_01"))
    expect({"rootIds": [{"id": ids["valve_00"]}]}, below(rows, "valve_00"))
    roots = [{"externalId": "Pump_01"}, {"id": ids["valve_02"]}, {"externalId": "Pump_05"}]
    expect({"rootIds": roots}, below(rows, "Pump_01", "valve_02"))
    expect({"assetSubtreeIds": [{"externalId": "valve_04"}]}, below(rows, "valve_04"))
    tops = ("Pump_03", "valve_04", "Pump_05", "Pump_09")
    mixed = [{"id": ids["Pump_03"]}, *({"externalId": one} for one in tops[1:]), {"id": 5}]
    expect({"assetSubtreeIds": mixed}, below(rows, *tops))
    expect({"assetSubtreeIds": mixed, "name": "name 4"}, {n for n in below(rows, *tops) if rows[n]["name"] == "name 4"})
    expect({"assetSubtreeIds": [{"id": 5}, {"externalId": "none"}]}, set())


@pytest.mark.parametrize(
    "wanted",
    [
        {"name": 1},
        {"name": ["x"]},
        {"parentIds": []},
        {"parentIds": ["1"]},
        {"parentIds": [{"id": 1}]},
        {"parentIds": list(range(101))},
        {"parentExternalIds": [1]},
        {"rootIds": [1]},
        {"rootIds": []},
        {"assetSubtreeIds": [{"id": i} for i in range(101)]},
        {"assetSubtreeIds": [{}]},
        {"dataSetIds": [{"id": i} for i in range(1001)]},
        {"root": "yes"},
        {"metadata": {"a": 1}},
        {"labels": ["x"]},
        {"labels": {"containsAny": []}},
        {"labels": {"containsAny": ["x"]}},
        {"labels": {"containsAll": wrap(*map(str, range(11)))}},
        {"labels": {"contains": wrap("x")}},
        {"createdTime": {"min": "x"}},
        {"externalIdPrefix": "x" * 256},
        {"rootId": 5},
        {"id": 5},
    ],
)
def test_filters_that_are_wrong(plant: Api, wanted: dict[str, Any]) -> None:
    for path in ("list", "search", "aggregate"):
        plant.error(f"{PATH}/{path}", {"filter": wanted})


def test_what_is_not_supported(plant: Api) -> None:
    place = {"shape": {"type": "Point", "coordinates": [1, 2]}, "relation": "within"}
    assert "not supported" in plant.error(f"{PATH}/list", {"filter": {"geoLocation": place}})["message"]


def test_subtrees_of_too_many(plant: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cdframe.local.assets.trees.MOST_IN_SUBTREES", 20)
    rows = everything(plant)
    wanted = {"assetSubtreeIds": [{"externalId": "valve_00"}]}
    assert len(below(rows, "valve_00")) > 20
    assert "20 assets" in plant.error(f"{PATH}/list", {"filter": wanted})["message"]
    assert "20 assets" in plant.error("/timeseries/list", {"filter": wanted})["message"]
    small = next(name for name in rows if len(below(rows, name)) == 1)
    assert len(listed(plant, PATH, filter={"assetSubtreeIds": [{"externalId": small}]})) == 1


ADVANCED: list[tuple[dict[str, Any], Any]] = [
    ({"equals": {"property": ["name"], "value": "name 3"}}, lambda a: a["name"] == "name 3"),
    ({"containsAny": {"property": ["labels"], "values": ["pump"]}}, lambda a: any(has(a, "pump"))),
    ({"containsAll": {"property": ["labels"], "values": wrap("red/é", "red")}}, lambda a: all(has(a, "red/é"))),
    ({"exists": {"property": ["labels"]}}, lambda a: "labels" in a),
    ({"not": {"exists": {"property": ["parentId"]}}}, lambda a: "parentId" not in a),
    ({"prefix": {"property": ["metadata", "site"], "value": "S1"}}, lambda a: a["metadata"].get("site") == "S1"),
    ({"in": {"property": ["source"], "values": ["SAP", "x"]}}, lambda a: a.get("source") == "SAP"),
    ({"range": {"property": ["rootId"], "gte": 0}}, lambda a: True),
    ({"search": {"property": ["description"], "value": "LONG"}}, lambda a: "long" in a.get("description", "")),
]


@pytest.mark.parametrize(("wanted", "passes"), ADVANCED)
def test_advanced_filters(plant: Api, wanted: dict[str, Any], passes: Any) -> None:
    expected = [row for row in everything(plant).values() if passes(row)]
    assert listed(plant, PATH, advancedFilter=wanted) == expected
    assert expected


@pytest.mark.parametrize(
    "path",
    [["name"], ["externalId"], ["source"], ["dataSetId"], ["description"], ["createdTime"], ["metadata", "Level"]],
)
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_sorted_lists(plant: Api, path: list[str], order: str) -> None:
    def key(row: dict[str, Any]) -> Any:
        return row["metadata"].get(path[1]) if path[0] == "metadata" else row.get(path[0])

    rows = list(everything(plant).values())
    having = sorted((row for row in rows if key(row) is not None), key=key, reverse=order == "desc")
    without = [row for row in rows if key(row) is None]
    expected = without + having if order == "desc" else having + without
    sort = [{"property": path, "order": order}]
    assert listed(plant, PATH, sort=sort, limit=7) == expected
    part = listed(plant, PATH, sort=sort, limit=7, partition="2/2", filter={"root": False})
    assert part == [row for row in expected if row["id"] > 2**52 and "parentId" in row]


@pytest.mark.parametrize("name", ["_score_", "id", "rootId", "labels", "path"])
def test_sorts_that_are_wrong(plant: Api, name: str) -> None:
    assert "sort[0].property" in plant.error(f"{PATH}/list", {"sort": [{"property": [name]}]})["message"]


def test_cursors_belong_to_their_list(plant: Api) -> None:
    first = plant.post(f"{PATH}/list", {"limit": 10, "filter": {"root": False}})
    cursor = first["nextCursor"]
    assert len(plant.post(f"{PATH}/list", {"limit": 3, "filter": {"root": False}, "cursor": cursor})["items"]) == 3
    for body in (
        {},
        {"filter": {"root": True}},
        {"filter": {"root": False}, "partition": "1/1"},
        {"filter": {"root": False}, "sort": [{"property": ["name"]}]},
    ):
        assert "cursor" in plant.error(f"{PATH}/list", {**body, "cursor": cursor})["message"]
    series = {"filter": {}, "cursor": plant.post(f"{PATH}/list", {"limit": 1})["nextCursor"]}
    plant.error("/timeseries/list", series)


def test_aggregated_properties(plant: Api) -> None:
    rows = everything(plant)
    by_id = {row["id"]: row for row in rows.values()}
    for row in listed(plant, PATH, limit=40, aggregatedProperties=["path", "childCount", "depth"]):
        aggregates = row.pop("aggregates")
        assert list(aggregates) == ["path", "childCount", "depth"]
        path = [step["id"] for step in aggregates["path"]]
        assert path[-1] == row["id"] and path[0] == row["rootId"]
        assert [by_id[id].get("parentId") for id in path] == [None, *path[:-1]]
        assert aggregates["depth"] == len(path) - 1
        assert aggregates["childCount"] == sum(one.get("parentId") == row["id"] for one in by_id.values())
        assert row == by_id[row["id"]]
    (one,) = plant.post(f"{PATH}/list", {"limit": 1, "aggregatedProperties": ["depth"]})["items"]
    assert list(one["aggregates"]) == ["depth"]
    assert "aggregates" not in plant.post(f"{PATH}/list", {"limit": 1, "aggregatedProperties": []})["items"][0]
    for wrong in (["child_count"], "depth", [1]):
        plant.error(f"{PATH}/list", {"aggregatedProperties": wrong})
        plant.error(f"{PATH}/byids", {"items": [{"id": one["id"]}], "aggregatedProperties": wrong})


def test_parameters_in_the_query(plant: Api) -> None:
    rows = everything(plant)
    ids = {name: row["id"] for name, row in rows.items()}
    for query, wanted in (
        ("name=name%203", {"name": "name 3"}),
        (f"parentIds=[{ids['valve_00']}]", {"parentIds": [ids["valve_00"]]}),
        ('parentExternalIds=["valve_00"]', {"parentExternalIds": ["valve_00"]}),
        (f"rootIds=[{ids['Pump_01']}]", {"rootIds": [{"id": ids["Pump_01"]}]}),
        (f"assetSubtreeIds=[{ids['Pump_05']}]", {"assetSubtreeIds": [{"id": ids["Pump_05"]}]}),
        (
            f'assetSubtreeIds=[{ids["Pump_05"]}]&assetSubtreeExternalIds=["Pump_03"]',
            {"assetSubtreeIds": [{"id": ids["Pump_05"]}, {"externalId": "Pump_03"}]},
        ),
        ("source=SAP&root=false", {"source": "SAP", "root": False}),
        ("minCreatedTime=5&maxLastUpdatedTime=9", {"createdTime": {"min": 5}, "lastUpdatedTime": {"max": 9}}),
        ("externalIdPrefix=Pump&partition=1/2", {"externalIdPrefix": "Pump"}),
    ):
        partition = "1/2" if "partition" in query else None
        page = plant.get(f"{PATH}?{query}&limit=4")
        body = {"filter": wanted, "limit": 4, "partition": partition}
        assert page == plant.post(f"{PATH}/list", body)
    bare = plant.get(f"{PATH}?includeMetadata=false&limit=2000")["items"]
    assert bare == [{key: value for key, value in row.items() if key != "metadata"} for row in rows.values()]
    for wrong in (
        "parentIds=5",
        "parentIds=x",
        "root=yes",
        "rootIds=[]x",
        "assetSubtreeIds=7",
        "limit=0",
        "rootIds=[]",
    ):
        plant.get(f"{PATH}?{wrong}", 400)


def test_search(fresh: Api) -> None:
    texts = [
        "test wjoel",
        "wjoel",
        "23-ESDV-92501A",
        "pressure gauge",
        "PRESSURE",
        "Straße 7",
        "ＰＲＥＳＳＵＲＥ wide",
        "other",
    ]
    created(fresh, PATH, *({"name": text, "description": f"about {text}"} for text in texts), {"name": "x"})

    def found(**wanted: str) -> list[str]:
        return [row["name"] for row in fresh.post(f"{PATH}/search", {"search": wanted})["items"]]

    assert found(name="wjoel") == ["wjoel", "test wjoel"]
    assert found(query="test joel") == ["test wjoel", "wjoel"]
    assert found(name="ESDV") == ["23-ESDV-92501A"]
    for misspelt in ("pressuer", "rpessure", "presure", "pressurex", "presuree"):
        assert found(name=misspelt) == ["PRESSURE", "ＰＲＥＳＳＵＲＥ wide", "pressure gauge"]
    assert found(name="STRASSE") == ["Straße 7"]
    assert found(description="about", name="gauge") == ["pressure gauge"]
    assert found(description="gauge about")[0] == "pressure gauge"
    assert found(query="---") == []
    body = {"search": {"name": None, "description": None, "query": None}, "filter": None, "limit": 5}
    assert len(fresh.post(f"{PATH}/search", body)["items"]) == 5
    too_long = ({"name": "x" * 141}, {"description": "x" * 501}, {"query": "x" * 141})
    for search in (*too_long, {"text": "x"}, {"name": 5}, "x"):
        fresh.error(f"{PATH}/search", {"search": search})


def test_aggregates(plant: Api) -> None:
    rows = list(everything(plant).values())

    def unique(*path: str, **more: Any) -> list[tuple[Any, int]]:
        body = {"aggregate": "uniqueValues", "properties": [{"property": list(path)}], **more}
        items = plant.post(f"{PATH}/aggregate", body)["items"]
        assert all(set(item) == {"count", "value", "values"} and item["values"] == [item["value"]] for item in items)
        return [(item["value"], item["count"]) for item in items]

    def counted(values: Any) -> list[tuple[Any, int]]:
        return sorted(Counter(values).items(), key=lambda item: (-item[1], item[0]))

    assert unique("name") == counted(row["name"] for row in rows)
    assert unique("source") == [("sap", sum("source" in row for row in rows))]
    for name in ("dataSetId", "parentId", "rootId"):
        assert unique(name) == counted(row[name] for row in rows if name in row)
    assert unique("labels") == counted(one["externalId"] for row in rows for one in row.get("labels", []))
    assert unique("metadata", "level") == counted(row["metadata"]["Level"] for row in rows if row["metadata"])
    assert unique("name", filter={"name": "none"}) == []
    assert unique("name", aggregateFilter={"prefix": {"value": "NAME 4"}}) == [("name 4", 20)]
    body: dict[str, Any] = {"aggregate": "cardinalityValues", "properties": [{"property": ["name"]}]}
    assert plant.post(f"{PATH}/aggregate", body)["items"] == [{"count": 5}]
    keys = plant.post(f"{PATH}/aggregate", {"aggregate": "uniqueProperties", "path": ["metadata"]})["items"]
    assert [item["values"][0]["property"][1] for item in keys] == ['a"b', "level", "site"]
    for wrong in ({"aggregate": "sum"}, {"aggregate": "uniqueValues"}, {"aggregate": "uniqueValues", "fields": ["x"]}):
        plant.error(f"{PATH}/aggregate", wrong)


def test_limits_of_lists(plant: Api) -> None:
    for limit in (0, -1, 1001, "5"):
        plant.error(f"{PATH}/list", {"limit": limit})
    assert len(plant.post(f"{PATH}/list")["items"]) == 100
    for partition in ("0/1", "2/1", "1/1001", "x"):
        plant.error(f"{PATH}/list", {"partition": partition})
    assert "Unexpected field" in plant.error(f"{PATH}/list", {"fields": ["name"]})["message"]
    assert names(plant.post(f"{PATH}/list", {"limit": 1, "search": {}})["items"])
