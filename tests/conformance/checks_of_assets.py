"""What the sections on assets should have seen."""

import itertools
from typing import Any

from tests.conformance import scenario_of_assets as scenario
from tests.conformance.naive import World
from tests.conformance.sdk_run import Checks, SdkRun

CHECKS = Checks()
FAMILY = "assets"


def in_order(world: World, names: list[str]) -> list[str]:
    return sorted(names, key=lambda name: world.place(FAMILY, name))


def depth(world: World, name: str) -> int:
    return len(world.path(name)) - 1


@CHECKS.of("create assets")
def create_assets(sdk: SdkRun, seen: Any) -> None:
    rows = [*scenario.LONELY, *scenario.mill()]
    assert seen == sdk.stored(FAMILY, *(row["external_id"] for row in rows))


@CHECKS.of("create series of assets")
def create_series_of_assets(sdk: SdkRun, seen: Any) -> None:
    known = sdk.world.known
    for row, found in zip(scenario.SERIES, seen, strict=True):
        assert found["externalId"] == row["external_id"]
        assert found.get("assetId") == (known["assets"][row["asset_id"]]["id"] if "asset_id" in row else None)
        expected = known["data_sets"][row["data_set_id"]]["id"] if "data_set_id" in row else None
        assert found.get("dataSetId") == expected


@CHECKS.of("retrieve assets")
def retrieve_assets(sdk: SdkRun, seen: Any) -> None:
    one, several, some, none, nobody = seen
    assert [one] == sdk.stored(FAMILY, "plant/0")
    assert several == sdk.stored(FAMILY, "plant/0", "x" * 255, "mill/ø ⛵")
    assert some == sdk.stored(FAMILY, "Plant")
    assert none == []
    assert nobody == [None, None]


@CHECKS.of("iterate over assets")
def iterate_over_assets(sdk: SdkRun, seen: Any) -> None:
    plant = sdk.world.names(FAMILY, {"asset_subtree_external_ids": ["plant"]})
    assert [len(chunk) for chunk in seen["chunks"]] == [12, 12, 4]
    assert list(itertools.chain(*seen["chunks"])) == plant
    assert seen["one by one"] == plant[:11]
    assert seen["all"] == sdk.world.names(FAMILY, {})


@CHECKS.of("filters as dicts")
def filters_as_dicts(sdk: SdkRun, seen: Any) -> None:
    expected = sorted([*sdk.world.children("plant/0"), *sdk.world.children("plant/0/1")])
    assert seen == [len(expected), expected]


@CHECKS.of("aggregated properties")
def aggregated_properties(sdk: SdkRun, seen: Any) -> None:
    world = sdk.world
    assert seen["all"] == {
        name: [len(world.children(name)), depth(world, name), world.path(name)]
        for name in world.names(FAMILY, {"asset_subtree_external_ids": ["plant"]})
    }
    assert seen["counts"] == {
        name: [len(world.children(name)), None, None] for name in world.names(FAMILY, {"external_id_prefix": "mill"})
    }
    assert seen["not asked for"] is None


@CHECKS.of("objects of assets")
def objects_of_assets(sdk: SdkRun, seen: Any) -> None:
    world = sdk.world
    assert seen["parent"] == "plant"
    assert seen["children"] == in_order(world, ["plant/0/0", "plant/0/1"])
    assert_subtree(world, seen["subtree"], "plant/0")
    assert_subtree(world, seen["subtree, two levels"], "plant", 2)
    assert seen["series"] == ["plant/0/speed"]
    assert seen["series, filtered"] == ["plant/0/0/0/speed"]
    assert seen["series of some"] == ["mill/speed", "plant/0/0/0/power", "plant/0/0/0/speed", "plant/0/speed"]


def assert_subtree(world: World, found: list[str], top: str, levels: int = 99) -> None:
    """An asset and what is so many levels below it, level by level."""
    expected = [
        name
        for name in world.names(FAMILY, {"asset_subtree_external_ids": [top]})
        if depth(world, name) - depth(world, top) <= levels
    ]
    assert sorted(found) == sorted(expected)
    depths = [depth(world, name) for name in found]
    assert depths == sorted(depths)


@CHECKS.of("parent of a root")
def parent_of_a_root(sdk: SdkRun, seen: Any) -> None:
    assert seen == "ValueError"


@CHECKS.of("series of assets")
def series_of_assets(sdk: SdkRun, seen: Any) -> None:
    plant = ["plant/0/0/0/power", "plant/0/0/0/speed", "plant/0/speed"]
    assert seen == {
        "asset": ["plant/0/speed"],
        "assets by external id": ["mill/speed", "plant/0/0/0/power", "plant/0/0/0/speed"],
        "subtree": plant,
        "subtree by id": ["mill/speed"],
        "data sets": ["plant/0/0/0/speed", "plant/0/speed"],
        "subtree and data set": ["plant/0/speed"],
    }


@CHECKS.of("subtrees of assets")
def subtrees_of_assets(sdk: SdkRun, seen: Any) -> None:
    for levels in range(5):
        assert_subtree(sdk.world, seen[f"depth {levels}"], "plant", levels)
    assert_subtree(sdk.world, seen["all"], "plant")
    assert seen["a leaf"] == ["mill/saw-1"]
    assert seen["nobody"] == []


@CHECKS.of("sorted assets")
def sorted_assets(sdk: SdkRun, seen: Any) -> None:
    world = sdk.world
    plant = {"external_id_prefix": "plant"}
    by_name, by_source, by_description, by_data_set, by_number = seen
    assert by_name == world.sorted_names(FAMILY, plant, [("name", "desc")])
    assert by_source == world.sorted_names(FAMILY, plant, [("source", "asc")])
    described = world.sorted_names(FAMILY, plant, [("description", "desc"), ("external_id", "asc")])
    assert by_description == sorted(described, key=lambda name: "description" not in world.known[FAMILY][name])
    in_sets = world.sorted_names(FAMILY, plant, [("data_set_id", "asc"), ("external_id", "desc")])
    assert by_data_set == sorted(in_sets, key=lambda name: "dataSetId" in world.known[FAMILY][name])
    assert by_number == world.sorted_names(FAMILY, plant, [("metadata.number", "asc"), ("created_time", "desc")])


@CHECKS.of("advanced lists of assets")
def advanced_lists_of_assets(sdk: SdkRun, seen: Any) -> None:
    rows = scenario.ROWS
    below_plant = [row for row in rows if row["external_id"].startswith("plant/")]
    not_sap = [row for row in below_plant if row.get("source") != "SAP"]
    titled = [row["external_id"] for row in rows if row["name"] in ("Mill", "Line")]
    numbers = {row["external_id"]: row.get("metadata", {}).get("number") for row in rows}

    def labelled(row: dict[str, Any]) -> set[str]:
        return set(row.get("labels", ()))

    def names(chosen: list[dict[str, Any]]) -> list[str]:
        return sorted(row["external_id"] for row in chosen)

    assert seen == {
        "not": names(not_sap),
        "exists": names([row for row in below_plant if "description" in row]),
        "in": names([row for row in rows if row.get("metadata", {}).get("site") in ("south", "mill")]),
        "or": sorted(titled),
        "contains any": names([row for row in rows if labelled(row) & {"pump", "state/draft"}]),
        "contains all": names([row for row in rows if labelled(row) >= {"VALVE", "pump"}]),
        "range": sorted(name for name, number in numbers.items() if number is not None and "15" <= number < "3"),
        "search": names([row for row in rows if "steel" in row.get("description", "")]),
        "parent": sorted(sdk.world.children("plant/2/1")),
        "with a filter": names([row for row in not_sap if "PUMP" in row.get("labels", ())]),
        "sorted": sorted(titled, reverse=True)[:5],
        "counted": len(not_sap),
    }


@CHECKS.of("values of assets")
def values_of_assets(sdk: SdkRun, seen: Any) -> None:
    world = sdk.world
    plant = {"external_id_prefix": "plant/"}
    ids = {name: row["id"] for name, row in world.known[FAMILY].items()}
    below = world.names(FAMILY, plant)
    expected = {name: world.counts(FAMILY, name, plant) for name in ("name", "source", "data_set_id")}
    parents = {ids[world.path(name)[-2]] for name in below}
    expected["parent_id"] = [(parent, len(world.children(name))) for name, parent in ids.items() if parent in parents]
    expected["root_id"] = [(ids["plant"], len(below))]
    expected["metadata.site"] = world.counts(FAMILY, "metadata.site", {})
    expected["labels"] = world.counts(FAMILY, "labels", {})
    for field, counts in expected.items():
        found = [(in_words(values[0]), count) for values, count in seen[field]]
        assert sorted(found) == sorted((str(value), count) for value, count in counts), field
        assert [count for _, count in found] == sorted((count for _, count in counts), reverse=True), field
    assert seen["cardinality"] == {name: len(expected[name]) for name in ("name", "source", "data_set_id")}
    assert seen["properties"] == ["number", "site"]
    assert seen["property count"] == 2
    assert seen["with a source"] == sum("source" in world.known[FAMILY][name] for name in below)


def in_words(value: Any) -> str:
    """A value as a text: a label's external id, or the value itself."""
    return str(value["externalId"]) if isinstance(value, dict) else str(value)
