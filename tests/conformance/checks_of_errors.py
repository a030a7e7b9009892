"""What the sections on errors should have seen: the code, and what is missing, duplicated or in the message."""

from functools import partial
from typing import Any

from tests.conformance.checks_of_refusals import (
    CONSTRAINT,
    Expected,
    check_refusals,
    duplicated,
    missing,
    refused,
)
from tests.conformance.sdk_run import Checks, SdkRun

CHECKS = Checks()
TWICE = [{"externalId": "twice"}]
NOBODY, NO_ONE = {"externalId": "nobody"}, {"externalId": "no one"}


def by_name_and_id(sdk: SdkRun, family: str, unknown: str) -> Expected:
    one, another = ({"externalId": row["external_id"]} for row in sdk.world.rows[family][:2])
    by_id = {"id": sdk.world.known[family][one["externalId"]]["id"]}
    expected = {
        "name taken": duplicated("", one),
        "names taken": duplicated("", another, one),
        "name twice": duplicated("", *TWICE),
        "name too long": refused(CONSTRAINT),
        "name empty": refused(),
        "unknown in byids": missing(unknown, {"id": 17}, {"id": 18}, NOBODY),
        "twice in byids": duplicated("", one),
        "unknown in update": missing(unknown, {"id": 17}, NOBODY),
        "twice in update": duplicated("", by_id),
        "name taken in update": duplicated("", another),
        "metadata key too long": refused(CONSTRAINT),
        "too many pairs": refused(CONSTRAINT),
    }
    if family != "data_sets":
        expected |= {
            "no data set": refused("Invalid dataSetIds: 17"),
            "no data set in update": refused("Invalid dataSetIds: 18"),
            "unknown in delete": missing(unknown, {"id": 17}, NOBODY),
            "twice in delete": duplicated("", one),
            "once by id, once by name in delete": duplicated("", by_id),
            "too many in search": refused(CONSTRAINT),
        }
    return expected


def of_assets(sdk: SdkRun) -> Expected:
    labels = "Label ids not found"
    return by_name_and_id(sdk, "assets", "") | {
        "no parents": missing("Reference to unknown parent with externalId ", NOBODY, NO_ONE),
        "no parents by id": missing("The given parent ids do not exist: 17, 18", {"id": 17}, {"id": 18}),
        "two parents": refused(),
        "a circle": refused(),
        "no labels": missing(labels, NOBODY, NO_ONE),
        "no label in update": missing(labels, NOBODY),
        "too many labels": refused(CONSTRAINT),
        "a label twice": refused(),
        "title too long": refused(CONSTRAINT),
        "title empty": refused(CONSTRAINT),
        "description too long": refused(CONSTRAINT),
        "source too long": refused(CONSTRAINT),
        "metadata too large": refused(CONSTRAINT),
        "title cleared": refused(),
        "too many parents in a filter": refused(CONSTRAINT),
        "an aggregate that is not": refused(),
    }


def of_events(sdk: SdkRun) -> Expected:
    return by_name_and_id(sdk, "events", "Event id not found") | {
        "no assets": missing("Asset ids not found", {"id": 17}, {"id": 18}),
        "no asset in update": missing("Asset ids not found", {"id": 17}),
        "an asset twice": refused(),
        "end before start": refused(),
        "end before start in update": refused(),
        "a time before 1970": refused(CONSTRAINT),
        "type too long": refused(CONSTRAINT),
        "description too long": refused(CONSTRAINT),
        "metadata too large": refused(CONSTRAINT),
        "a sort that is not": refused(),
        "a value that is not counted": refused(),
        "a range of ends and none": refused(),
    }


def of_labels(sdk: SdkRun) -> Expected:
    return {
        "name taken": duplicated("", {"externalId": "PUMP"}),
        "name twice": duplicated("", *TWICE),
        "no data set": refused("Invalid dataSetIds: 17"),
        "title too long": refused(CONSTRAINT),
        "unknown in delete": missing("", NOBODY, NO_ONE),
        "twice in delete": duplicated("", {"externalId": "PUMP"}),
    }


def of_data_sets(sdk: SdkRun) -> Expected:
    return by_name_and_id(sdk, "data_sets", "Data set ids not found") | {
        "title too long": refused(CONSTRAINT),
        "description empty": refused(CONSTRAINT),
        "some of many refused": refused(CONSTRAINT),
    }


def of_relationships(sdk: SdkRun) -> Expected:
    one, labels = {"externalId": "many/000"}, "Label ids not found"
    return {
        "name taken": duplicated("", one),
        "name twice": duplicated("", *TWICE),
        "confidence too high": refused(CONSTRAINT),
        "confidence too low in update": refused(CONSTRAINT),
        "end at start": refused(CONSTRAINT),
        "end before start in update": refused(CONSTRAINT),
        "no labels": missing(labels, NOBODY),
        "no label in update": missing(labels, NO_ONE),
        "no data set": refused("Invalid dataSetIds: 17"),
        "unknown in byids": missing("", NOBODY, NO_ONE),
        "twice in byids": duplicated("", one),
        "unknown in update": missing("", NOBODY),
        "twice in update": duplicated("", one),
        "unknown in delete": missing("", NOBODY),
        "twice in delete": duplicated("", one),
    } | ({"a type of old": refused()} if sdk.is_2021 else {})


FAMILIES = {
    "assets": of_assets,
    "events": of_events,
    "labels": of_labels,
    "data_sets": of_data_sets,
    "relationships": of_relationships,
}


def by_the_sdk(sdk: SdkRun, family: str) -> dict[str, str]:
    """The classes of errors that are the SDK's own."""
    if sdk.name == "sdk8" and family == "labels":  # it fails to tell which labels were not created
        names = ("name taken", "name twice", "no data set", "title too long")
        return {**BY_THE_SDK[family], **dict.fromkeys(names, "KeyError")}
    return BY_THE_SDK.get(family, {})


# What all SDKs refuse before any request.
BY_THE_SDK = {
    "labels": {"not a label": "TypeError"},
    "relationships": {"not a type": "TypeError"},
    "events": {"a range of ends and none": "ValueError"},
}


def check_errors(sdk: SdkRun, seen: Any, family: str) -> None:
    check_refusals(sdk, seen, FAMILIES[family](sdk), by_the_sdk(sdk, family))


for family in FAMILIES:
    CHECKS[f"errors of {family}"] = partial(check_errors, family=family)


@CHECKS.of("what of many is written")
def what_of_many_is_written(sdk: SdkRun, seen: Any) -> None:
    names = [f"written/{number:04d}" for number in range(2_100)]
    assert (seen["class"], seen["code"]) == ("CogniteAPIError", 400)
    assert seen["successful"] == seen["there"] == names[:1_000] + names[2_000:]
    assert seen["failed"] == names[1_000:2_000]
    assert seen["unknown"] == []
