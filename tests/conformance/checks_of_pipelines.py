"""What the sections on extraction pipelines, their runs and their configurations should have seen."""

import itertools
from typing import Any

from tests.conformance import scenario_of_pipelines as scenario
from tests.conformance.checks_of_refusals import CONSTRAINT, Expected, check_refusals, duplicated, missing, refused
from tests.conformance.sdk_run import Checks, SdkRun
from tests.conformance.words import wire_row

CHECKS = Checks()
FAMILY = "extraction_pipelines"


def summary(runs: list[scenario.Row]) -> list[Any]:
    return [[run["status"], run.get("message"), run["created_time"]] for run in runs]


@CHECKS.of("create extraction pipelines")
def create_extraction_pipelines(sdk: SdkRun, seen: Any) -> None:
    without_runs = {"lastSuccess": 0, "lastFailure": 0, "lastSeen": 0}
    stored = sdk.stored(FAMILY, *(row["external_id"] for row in scenario.BY_SDK))
    created = [{**row, **without_runs} for row in stored]
    assert seen == [{name: value for name, value in row.items() if name != "lastMessage"} for row in created]


@CHECKS.of("create runs")
def create_runs(sdk: SdkRun, seen: Any) -> None:
    assert seen == {name: summary(runs) for name, runs in scenario.RUNS_BY_SDK.items()}


@CHECKS.of("retrieve extraction pipelines")
def retrieve_extraction_pipelines(sdk: SdkRun, seen: Any) -> None:
    one, several, some, nobody, email = seen
    assert [one] == sdk.stored(FAMILY, "plant/pipeline-01")
    assert several == sdk.stored(FAMILY, "plant/pipeline-01", "SDK/ø ⛵", "plant/pipeline-07")
    assert some == sdk.stored(FAMILY, "sdk/logged")
    assert nobody == [None, None]
    assert email == scenario.CONTACTS[0]["email"]


@CHECKS.of("lists of runs")
def lists_of_runs(sdk: SdkRun, seen: Any) -> None:
    assert seen.keys() == {*scenario.RUNS, "sdk/least"}
    for name, answers in seen.items():
        for key, question in scenario.RUN_QUESTIONS.items():
            assert (name, key, answers[key]) == (name, key, summary(scenario.asked(name, question)))


@CHECKS.of("runs of now")
def runs_of_now(sdk: SdkRun, seen: Any) -> None:
    assert seen == [
        [True, True],
        ["seen", None],
        [True, True],
        ["seen", "failure", "A failure"],
        [True, True],
        ["seen", "failure", "success", "A failure"],
        ["success", "failure", "seen"],
        [],
    ]


@CHECKS.of("update extraction pipelines")
def update_extraction_pipelines(sdk: SdkRun, seen: Any) -> None:
    north, south = (sdk.world.known["data_sets"][name]["id"] for name in ("sets/north", "sets/south"))
    wire = wire_row({"raw_tables": scenario.TABLES, "contacts": scenario.CONTACTS})
    tables, contacts = wire["rawTables"], wire["contacts"]
    derived = {"lastSuccess": 0, "lastFailure": 0, "lastSeen": 0}
    base = {"externalId": "changing", "name": "new", "createdBy": "c", **derived}
    first = {
        **base,
        "dataSetId": north,
        "rawTables": tables,
        "schedule": "On trigger",
        "contacts": contacts,
        "metadata": {"a": "1", "b": "2"},
    }
    second = {**first, "dataSetId": south}
    third = {**second, "metadata": {"a": "1", "b": "3", "c": "4"}, "rawTables": tables[1:]}
    fourth = {**third, "metadata": {"b": "3", "c": "4"}, "contacts": contacts[1:]}
    fifth = {name: value for name, value in fourth.items() if name != "schedule"}
    fifth |= {"rawTables": tables[::-1], "contacts": contacts[::-1]}
    sixth = {name: value for name, value in fifth.items() if name != "contacts"}
    changed = {**base, "externalId": "changed", "dataSetId": south}
    whole = {**changed, "description": "whole", "metadata": {"new": "pair"}, "rawTables": tables, "contacts": contacts}
    expected = [
        {**first, "source": "s", "documentation": "D"},
        second,
        third,
        fourth,
        fifth,
        {**sixth, "metadata": {"only": "this"}, "rawTables": tables[:1]},
        changed,
        whole,
        {**whole, "name": "last"},
    ]
    for number, (row, wanted) in enumerate(zip(seen, expected, strict=True)):
        assert (number, without_server_set(row)) == (number, wanted)
    times = [row["lastUpdatedTime"] for row in seen]
    assert times == sorted(times)
    assert len({row["id"] for row in seen}) == len({row["createdTime"] for row in seen}) == 1


def without_server_set(row: dict[str, Any]) -> dict[str, Any]:
    """A row without its identity and times, and without lists that are empty."""
    names = ("id", "createdTime", "lastUpdatedTime")
    return {name: value for name, value in row.items() if name not in names and value != []}


@CHECKS.of("an extraction pipeline created again")
def an_extraction_pipeline_created_again(sdk: SdkRun, seen: Any) -> None:
    (stored,) = sdk.stored(FAMILY, "plant/pipeline-02")
    without_runs = {"lastSuccess": 0, "lastFailure": 0, "lastSeen": 0}
    expected = {**without_server_set(stored), "externalId": "again", **without_runs}
    assert expected.pop("lastMessage") == "It failed"
    assert without_server_set(seen) == expected
    assert seen["id"] != stored["id"]


@CHECKS.of("delete extraction pipelines")
def delete_extraction_pipelines(sdk: SdkRun, seen: Any) -> None:
    assert seen == [["short/2", "short/3"], []]


@CHECKS.of("iterate over extraction pipelines")
def iterate_over_extraction_pipelines(sdk: SdkRun, seen: Any) -> None:
    names = sdk.world.names(FAMILY, {})
    assert [len(chunk) for chunk in seen["chunks"]] == [9, 9, 9, 4]
    assert list(itertools.chain(*seen["chunks"])) == names
    assert seen["one by one"] == names[:11]


@CHECKS.of("notifications of extraction pipelines")
def notifications_of_extraction_pipelines(sdk: SdkRun, seen: Any) -> None:
    assert seen == [{"allowedNotSeenRangeInMinutes": 10}, {"allowedNotSeenRangeInMinutes": 20}, None]


@CHECKS.of("configurations of extraction pipelines")
def configurations_of_extraction_pipelines(sdk: SdkRun, seen: Any) -> None:
    assert seen == [
        [1, True, "Number 0"],
        [2, True, "Number 1"],
        [3, True, "Number 2"],
        [3, 8_000, 1, "host: a\n"],
        [3, 2, 1],
        [4, "host: a\n", 4],
        "host: cdframe\n",
    ]


@CHECKS.of("errors of extraction pipelines")
def errors_of_extraction_pipelines(sdk: SdkRun, seen: Any) -> None:
    one, nobody, unknown = (
        {"externalId": "plant/pipeline-01"},
        {"externalId": "nobody"},
        "Extraction pipelines not found",
    )
    no_data_set = missing("Data set ids not found", {"id": 18})
    expected: Expected = {
        "name taken": duplicated("", one),
        "name twice": duplicated("", {"externalId": "twice"}),
        "no data set": no_data_set,
        "title too long": refused(CONSTRAINT),
        "description too long": refused(CONSTRAINT),
        "documentation too long": refused(CONSTRAINT),
        "unknown in byids": missing(unknown, {"id": 17}, nobody),
        "unknown in delete": missing(unknown, {"id": 17}, nobody),
        "unknown in update": missing(unknown, nobody),
        "name taken in update": duplicated("", {"externalId": "sdk/logged"}),
        "no data set in update": no_data_set,
        "title cleared": refused(),
        "run of nobody": missing(unknown, nobody),
        "run of no status": refused(),
        "run of too many words": refused(CONSTRAINT),
        "runs of nobody": missing(unknown, nobody),
        "failures of nobody": missing(unknown, nobody),
    }
    as_it_came = () if sdk.name == "sdk8" else ("runs of nobody", "failures of nobody")
    check_refusals(sdk, seen, expected, {}, as_it_came)
