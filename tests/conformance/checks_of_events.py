"""What the sections on events should have seen."""

import itertools
from typing import Any

from tests.conformance import scenario_of_events as scenario
from tests.conformance.scenario import BEGIN, DAY
from tests.conformance.sdk_run import Checks, SdkRun

CHECKS = Checks()
FAMILY = "events"


def names(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(row["external_id"] for row in rows)


@CHECKS.of("create events")
def create_events(sdk: SdkRun, seen: Any) -> None:
    assert seen == sdk.stored(FAMILY, *(row["external_id"] for row in scenario.BY_SDK))


@CHECKS.of("retrieve events")
def retrieve_events(sdk: SdkRun, seen: Any) -> None:
    one, several, some, none, nobody = seen
    assert [one] == sdk.stored(FAMILY, "mill/moment")
    assert several == sdk.stored(FAMILY, "mill/moment", "nothing", "plant/event-07")
    assert some == sdk.stored(FAMILY, "mill/long")
    assert none == []
    assert nobody == [None, None]


@CHECKS.of("iterate over events")
def iterate_over_events(sdk: SdkRun, seen: Any) -> None:
    plant = sdk.world.names(FAMILY, {"external_id_prefix": "plant/"})
    assert [len(chunk) for chunk in seen["chunks"]] == [8, 8, 8, 6]
    assert list(itertools.chain(*seen["chunks"])) == plant
    assert seen["one by one"] == plant[:11]
    assert seen["all"] == sdk.world.names(FAMILY, {})


@CHECKS.of("sorted events")
def sorted_events(sdk: SdkRun, seen: Any) -> None:
    world = sdk.world
    sorts = scenario.SORTS if sdk.is_2021 else scenario.SORTS | scenario.NEW_SORTS
    for name, sort in sorts.items():
        assert (name, seen["all"][name]) == (name, world.sorted_names(FAMILY, {}, sort))
    assert seen["limited"] == world.sorted_names(FAMILY, {}, [("end_time", "desc")])[:12]
    assert seen["filtered"] == world.sorted_names(FAMILY, {"type": "alarm"}, [("start_time", "desc")])
    repairs = world.sorted_names(FAMILY, {"type": "repair"}, [("start_time", "asc")])
    assert [len(chunk) for chunk in seen["chunks"]] == [2] * (len(repairs) // 2) + [1] * (len(repairs) % 2)
    assert list(itertools.chain(*seen["chunks"])) == repairs
    assert seen["by a name alone"] == world.sorted_names(FAMILY, {}, [("start_time", "asc")])


@CHECKS.of("values of events")
def values_of_events(sdk: SdkRun, seen: Any) -> None:
    counted = scenario.COUNTED if sdk.is_2021 else scenario.COUNTED | scenario.NEWLY_COUNTED
    for name, (field, filters) in counted.items():
        counts = [list(pair) for pair in sdk.world.counts(FAMILY, field, filters)]
        assert (name, seen[name]) == (name, counts if sdk.is_2021 else [counts, len(counts)])


@CHECKS.of("events of assets")
def events_of_assets(sdk: SdkRun, seen: Any) -> None:
    def of(*assets: str) -> list[str]:
        return names([row for row in scenario.ROWS if not {*assets}.isdisjoint(row.get("asset_ids", ()))])

    area = of("plant/1")
    alarms = [row["external_id"] for row in scenario.ROWS if row.get("type") == "alarm"]
    assert seen == {
        "asset": area,
        "asset, filtered": [name for name in area if name in alarms],
        "a limit": 2,
        "some": of("plant", "plant/0/0/1", "mill"),
        "many": names([row for row in scenario.ROWS if any(a.startswith("plant") for a in row.get("asset_ids", ()))]),
    }


@CHECKS.of("advanced lists of events")
def advanced_lists_of_events(sdk: SdkRun, seen: Any) -> None:
    rows = scenario.ROWS
    no_alarm = [row for row in rows if row.get("type") != "alarm"]
    assert seen == {
        "not": names(no_alarm),
        "exists": names([row for row in rows if "end_time" in row]),
        "in": names([row for row in rows if row.get("subtype") in ("low", "s" * 64)]),
        "range": names([row for row in rows if BEGIN < row.get("start_time", 0) <= BEGIN + DAY]),
        "prefix": names([row for row in rows if row.get("metadata", {}).get("shift", "").startswith("ni")]),
        "contains any": names([row for row in rows if {"plant", "mill"} & set(row.get("asset_ids", ()))]),
        "search": names([row for row in rows if "vibr" in row.get("description", "").casefold()]),
        "with a filter": names([row for row in no_alarm if row.get("source") == "SAP"]),
        "counted": len(no_alarm),
    }


@CHECKS.of("update events")
def update_events(sdk: SdkRun, seen: Any) -> None:
    assets = {name: row["id"] for name, row in sdk.world.known["assets"].items()}
    north = sdk.world.known["data_sets"]["sets/north"]["id"]
    begun = {"externalId": "changing", "startTime": 1_500, "type": "new", "description": ""}
    changed = {**begun, "externalId": "changed", "endTime": 1_500}
    whole = {**changed, "description": "whole", "metadata": {"new": "pair"}, "assetIds": [assets["plant"]]}
    states = [given(row) for row in seen[:9]]
    assert states == [
        {
            **begun,
            "startTime": 1_000,
            "endTime": 2_000,
            "source": "x",
            "metadata": {"a": "1", "b": "2"},
            "assetIds": [assets["plant"]],
            "dataSetId": north,
        },
        {**begun, "metadata": {"a": "1", "b": "2"}, "assetIds": [assets["plant"]], "dataSetId": north},
        {
            **begun,
            "metadata": {"a": "1", "b": "3", "c": "4"},
            "assetIds": [assets["plant"], assets["mill"]],
            "dataSetId": north,
        },
        {**begun, "metadata": {"b": "3", "c": "4"}, "assetIds": [assets["mill"]], "dataSetId": north},
        {
            **begun,
            "metadata": {"only": "this"},
            "assetIds": [assets["Plant"], assets["mill"]],
            "dataSetId": north,
        },
        {**begun, "metadata": {}},
        {**changed, "metadata": {}},
        whole,
        {**whole, "type": "last"},
    ]
    if not sdk.is_2021:
        replaced, upserted = seen[9:11]
        assert given(replaced) == {
            "externalId": "changed",
            "type": "only",
            "metadata": {},
            "assetIds": [assets["mill"]],
        }
        assert upserted == [["changed", "upserted"], ["upserted", "new"]]
    assert seen[-1] is True  # an update that changes nothing leaves the time of the last one


def given(row: dict[str, Any]) -> dict[str, Any]:
    """A row without what the server sets."""
    return {name: value for name, value in row.items() if name not in ("id", "createdTime", "lastUpdatedTime")}


@CHECKS.of("an event created again")
def an_event_created_again(sdk: SdkRun, seen: Any) -> None:
    (before,) = sdk.stored(FAMILY, "plant/event-02")
    assert given(seen) == given(before) | {"externalId": "again"}
    assert seen["id"] != before["id"]


@CHECKS.of("events without names")
def events_without_names(sdk: SdkRun, seen: Any) -> None:
    assert seen == [[None, None], True, None, 0]


@CHECKS.of("delete events")
def delete_events(sdk: SdkRun, seen: Any) -> None:
    assert seen == [["short/2", "short/3"], ["short/3"], []]


@CHECKS.of("many events")
def many_events(sdk: SdkRun, seen: Any) -> None:
    every = [f"many/{number:04d}" for number in range(2_500)]

    def second(name: str) -> int:
        return int(name.removeprefix("many/")) // 3

    assert seen["created"] == every
    assert sorted(seen["sorted"]) == seen["in partitions"] == every
    seconds = [second(name) for name in seen["sorted"]]
    assert seconds == sorted(seconds, reverse=True)
    assert len(set(seen["a limit"])) == 1_234
    assert max(map(second, seen["a limit"])) <= 1_234 // 3
    assert seen["by ids"] == every[:1_500]
    assert (seen["active"], seen["left"]) == (18, 0)
