"""What the sections on relationships should have seen."""

import itertools
from typing import Any

from tests.conformance import scenario_of_relationships as scenario
from tests.conformance.sdk_run import Checks, SdkRun
from tests.conformance.words import Known, Row

CHECKS = Checks()
FAMILY = "relationships"
KINDS = {"asset": ("Asset", "assets"), "event": ("Event", "events"), "timeseries": ("TimeSeries", "time_series")}


@CHECKS.of("create relationships")
def create_relationships(sdk: SdkRun, seen: Any) -> None:
    assert seen == sdk.stored(FAMILY, *(row["external_id"] for row in [*scenario.BY_SDK, *scenario.MANY]))


@CHECKS.of("retrieve relationships")
def retrieve_relationships(sdk: SdkRun, seen: Any) -> None:
    one, several, some, nobody = seen
    assert [one] == sdk.stored(FAMILY, "plant/link-07")
    assert several == sdk.stored(FAMILY, "many/007", "mill/ø ⛵", "Mill/link-03")
    assert some == (None if sdk.is_2021 else sdk.stored(FAMILY, "many/001"))
    assert nobody is None


@CHECKS.of("iterate over relationships")
def iterate_over_relationships(sdk: SdkRun, seen: Any) -> None:
    chosen = sdk.world.names(FAMILY, {"source_types": ["asset"], "target_types": ["event"]})
    whole, rest = divmod(len(chosen), 50)
    assert [len(chunk) for chunk in seen["chunks"]] == [50] * whole + [rest]
    assert list(itertools.chain(*seen["chunks"])) == chosen
    assert seen["one by one"] == chosen[:33]
    assert seen["all"] == sdk.world.names(FAMILY, {})


@CHECKS.of("too many sources for a limit")
def too_many_sources_for_a_limit(sdk: SdkRun, seen: Any) -> None:
    assert seen == ["ValueError", "ValueError"]


@CHECKS.of("related resources")
def related_resources(sdk: SdkRun, seen: Any) -> None:
    one, several, some = seen
    rows = {row["external_id"]: row for row in scenario.ROWS}
    known = sdk.world.known | {"time_series": {row["externalId"]: row for row in sdk.raw.series()}}
    usual_limit = 100 if sdk.is_2021 else 25
    from_events = sdk.world.names(FAMILY, {"source_types": ["event"]})[:usual_limit]
    assert_ends(one, [rows["Mill/link-00"]], known)
    assert_ends(several, scenario.BY_CDFRAME, known)
    assert_ends(some, [rows[name] for name in from_events], known)


def assert_ends(found: list[Row], rows: list[Row], known: Known) -> None:
    """What relationships relate is there, as its own family shows it; what does not exist is left out."""
    assert [one["name"] for one in found] == [row["external_id"] for row in rows]
    for one, row in zip(found, rows, strict=True):
        for end in ("source", "target"):
            kind, family = KINDS.get(row[f"{end}_type"].casefold(), (None, None))
            expected = None if family is None else known[family].get(row[f"{end}_external_id"])
            if expected is None:
                assert one[end] is None
            else:
                assert [one[end][0], without_type(one[end][1])] == [kind, without_type(expected)]


def without_type(resource: Row) -> Row:
    """A resource without what older SDKs do not know: the type of a time series, which its flag tells, too."""
    return {name: value for name, value in resource.items() if name != "type" or "isString" not in resource}


@CHECKS.of("update relationships")
def update_relationships(sdk: SdkRun, seen: Any) -> None:
    north = sdk.world.known["data_sets"]["sets/north"]["id"]
    pump, valve = {"externalId": "PUMP"}, {"externalId": "VALVE"}
    times = {"startTime": 1_000, "endTime": 2_000, "confidence": 0.25, "dataSetId": north}
    ends = {"sourceExternalId": "c", "sourceType": "sequence"}
    first = {"externalId": "changing", **ends, "targetExternalId": "b", "targetType": "event"}
    second = {**first, "targetExternalId": "d", "targetType": "timeSeries"}
    last = {**second, "startTime": 5, "endTime": 6, "confidence": 1, "labels": [valve]}
    whole = {**last, "confidence": 0.75, "targetExternalId": "whole"}
    assert [given(row) for row in seen] == [
        {**first, **times, "labels": [pump]},
        {**second, **times, "labels": [pump]},
        {**second, "endTime": 2_000, "labels": [pump]},
        {**second, "endTime": 3_000, "labels": [pump, valve]},
        {**second, "labels": [valve]},
        last,
        whole,
        {**whole, "confidence": 0},
    ]


def given(row: Row) -> Row:
    return {name: value for name, value in row.items() if name not in ("createdTime", "lastUpdatedTime")}


@CHECKS.of("a relationship created again")
def a_relationship_created_again(sdk: SdkRun, seen: Any) -> None:
    (before,) = sdk.stored(FAMILY, "plant/link-05")
    assert given(seen) == given(before) | {"externalId": "again"}


@CHECKS.of("delete relationships")
def delete_relationships(sdk: SdkRun, seen: Any) -> None:
    assert seen == [["short/1", "short/2", "short/3"], ["short/1", "short/3"], []]
