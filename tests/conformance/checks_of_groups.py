"""What the sections on data sets and labels should have seen."""

import itertools
from typing import Any

from tests.conformance import scenario_of_groups as scenario
from tests.conformance.sdk_run import Checks, SdkRun

CHECKS = Checks()


def names(rows: list[dict[str, Any]]) -> list[str]:
    return [row["external_id"] for row in rows]


@CHECKS.of("create data_sets")
def create_data_sets(sdk: SdkRun, seen: Any) -> None:
    assert seen == sdk.stored("data_sets", *names([*scenario.DATA_SETS_BY_SDK, *scenario.MANY_DATA_SETS]))


@CHECKS.of("retrieve data_sets")
def retrieve_data_sets(sdk: SdkRun, seen: Any) -> None:
    one, several, some, nobody = seen
    assert one == sdk.stored("data_sets", "sets/north")
    assert several == sdk.stored("data_sets", "sets/north", "sets/ø ⛵", "many/07")
    assert some == sdk.stored("data_sets", "sets/copy")
    assert nobody == [None, None]


@CHECKS.of("iterate over data_sets")
def iterate_over_data_sets(sdk: SdkRun, seen: Any) -> None:
    many = sdk.world.names("data_sets", {"external_id_prefix": "many/"})
    assert [len(chunk) for chunk in seen["chunks"]] == [10, 10, 5]
    assert list(itertools.chain(*seen["chunks"])) == many
    assert seen["one by one"] == many[:13]
    assert seen["all"] == sdk.world.names("data_sets", {})


@CHECKS.of("update data_sets")
def update_data_sets(sdk: SdkRun, seen: Any) -> None:
    states = [without_server_set(row) for row in seen]
    first = {"externalId": "changing", "name": "new", "writeProtected": False}
    changed = {"externalId": "changed", "name": "new", "writeProtected": True, "metadata": {"only": "this"}}
    whole = {"externalId": "changed", "description": "whole", "metadata": {"new": "pair"}, "writeProtected": True}
    assert states[:8] == [
        {**first, "metadata": {"a": "1", "b": "2"}},
        {**first, "metadata": {"a": "1", "b": "3", "c": "4"}},
        {**first, "metadata": {"b": "3", "c": "4"}, "writeProtected": True},
        changed,
        {"externalId": "changed", "metadata": {}, "writeProtected": False},
        whole,
        {**whole, "name": "last"},
        {"externalId": "nameless", "name": "x", "metadata": {}, "writeProtected": False},
    ]
    if not sdk.is_2021:
        # What is not given is cleared, but a flag cannot be.
        assert states[8:] == [{"externalId": "changed", "name": "only", "metadata": {}, "writeProtected": True}]
    assert len({row["id"] for row in seen[:7]}) == len({row["createdTime"] for row in seen[:7]}) == 1
    times = [row["lastUpdatedTime"] for row in seen[:7]]
    assert times == sorted(times)


def without_server_set(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in ("id", "createdTime", "lastUpdatedTime")}


@CHECKS.of("no deletion of data_sets")
def no_deletion_of_data_sets(sdk: SdkRun, seen: Any) -> None:
    has_method, error = seen
    assert not has_method
    not_found = "CogniteAPIError" if sdk.name in ("sdk2", "sdk7") else "CogniteNotFoundError"
    assert (error["class"], error["code"]) == (not_found, 404)


@CHECKS.of("create labels")
def create_labels(sdk: SdkRun, seen: Any) -> None:
    assert seen == sdk.stored("labels", *names(scenario.LABELS_BY_SDK))


@CHECKS.of("retrieve labels")
def retrieve_labels(sdk: SdkRun, seen: Any) -> None:
    if sdk.is_2021:
        assert seen is None
        return
    one, several, some, nobody = seen
    assert [one] == sdk.stored("labels", "state/verified")
    assert several == sdk.stored("labels", "rotating ⛵", "PUMP")
    assert some == sdk.stored("labels", "pump")
    assert nobody is None


@CHECKS.of("iterate over labels")
def iterate_over_labels(sdk: SdkRun, seen: Any) -> None:
    assert [len(chunk) for chunk in seen["chunks"]] == [15, 15, 2]
    assert list(itertools.chain(*seen["chunks"])) == sdk.world.names("labels", {"external_id_prefix": "many/"})
    assert seen["one by one"] == sdk.world.names("labels", {"name": "Label 2"})
    assert seen["all"] == sdk.world.names("labels", {})


@CHECKS.of("delete labels")
def delete_labels(sdk: SdkRun, seen: Any) -> None:
    assert seen == [["short/1", "short/2"], "Again", []]
