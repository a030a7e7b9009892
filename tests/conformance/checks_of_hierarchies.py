"""What the sections on hierarchies of assets and on lists of many pages should have seen."""

from typing import Any

from tests.conformance import scenario_of_hierarchies as scenario
from tests.conformance.scenario_of_hierarchies import below, depth
from tests.conformance.sdk_run import Checks, SdkRun

CHECKS = Checks()
BIG = [row["external_id"] for row in scenario.hierarchy("big")]
# The classes of errors, which are arguments checked before anything is sent.
REFUSED = {"sdk2": "AssertionError"}


@CHECKS.of("create a hierarchy")
def create_a_hierarchy(sdk: SdkRun, seen: Any) -> None:
    assert seen == [sorted(BIG), scenario.SIZE]


@CHECKS.of("lists of many pages")
def lists_of_many_pages(sdk: SdkRun, seen: Any) -> None:
    everything = seen["all"]
    assert sorted(everything) == sorted(BIG)
    assert seen["in partitions"] == everything
    assert seen["with a limit"] == everything[:2_345]
    assert seen["chunks"] == [800] * 6 + [200]
    assert seen["one by one"] == everything[:1_700]
    assert sorted(seen["at depth 2"]) == sorted(name for name in BIG if depth(name) <= 2)
    depths = [depth(name) for name in seen["at depth 2"]]
    assert depths == sorted(depths)
    assert seen["by names"] == sorted(BIG)[1_000:3_500]


@CHECKS.of("delete a hierarchy")
def delete_a_hierarchy(sdk: SdkRun, seen: Any) -> None:
    assert seen == [scenario.SIZE - len(below("big.3", scenario.hierarchy("big"))), 0, 0]


@CHECKS.of("a hierarchy that fails in part")
def a_hierarchy_that_fails_in_part(sdk: SdkRun, seen: Any) -> None:
    error = seen["error"]
    assert (error["class"], error["code"]) == ("CogniteAPIError", 400)
    assert "Invalid dataSetIds: 17" in error["text"]
    assert error["successful"] == sorted(row["external_id"] for row in scenario.GOOD)
    assert error["failed"] == sorted(row["external_id"] for row in scenario.BAD)
    assert error["unknown"] == []
    assert (seen["good"], seen["bad"]) == (len(scenario.GOOD), 0)


@CHECKS.of("hierarchies that cannot be")
def hierarchies_that_cannot_be(sdk: SdkRun, seen: Any) -> None:
    assert seen == dict.fromkeys(
        ("a name twice", "no name", "both parents", "a circle"), REFUSED.get(sdk.name, "CogniteAssetHierarchyError")
    )


@CHECKS.of("a hierarchy below what exists")
def a_hierarchy_below_what_exists(sdk: SdkRun, seen: Any) -> None:
    assert seen == [
        {"new/a": "plant/0/1/2", "new/a/b": "new/a", "new/c": "plant/0/1/2"},
        ["new/a", "new/a/b", "new/c", "plant/0/1/2"],
    ]


@CHECKS.of("a hierarchy that is there in part")
def a_hierarchy_that_is_there_in_part(sdk: SdkRun, seen: Any) -> None:
    refused = seen["refused"]
    assert (refused["class"], refused["code"]) == ("CogniteAPIError", 409)
    assert refused["successful"] == ["old.1.1"]  # this client tries again without what is there
    assert refused["failed"] == ["old", "old.1"]
    assert seen["patched"] == [
        ["old", "patched", "kept", {"a": "1", "b": "2"}, ["PUMP", "VALVE"]],
        ["old.1", "patched", None, {}, []],
        ["old.1.1", "new", None, {}, []],
    ]
    assert seen["replaced"] == [
        ["old", "patched", None, {"b": "2"}, ["VALVE"]],
        ["old.1", "patched", None, {}, []],
        ["old.1.1", "new", None, {}, []],
    ]
