"""What the sections on changes of assets should have seen."""

from typing import Any

from tests.conformance.scenario_of_assets import POINT
from tests.conformance.sdk_run import Checks, SdkRun

CHECKS = Checks()
SET_BY_SERVER = ("id", "rootId", "createdTime", "lastUpdatedTime")


def given(row: dict[str, Any]) -> dict[str, Any]:
    """A row without what the server sets."""
    return {name: value for name, value in row.items() if name not in SET_BY_SERVER}


@CHECKS.of("update assets")
def update_assets(sdk: SdkRun, seen: Any) -> None:
    sets = {name: row["id"] for name, row in sdk.world.known["data_sets"].items()}
    labels = {"labels": [{"externalId": "PUMP"}]}
    first = {"externalId": "changing", "name": "new", "source": "", **labels}
    changed = {**first, "externalId": "changed"}
    whole = {**changed, "description": "whole", "metadata": {"new": "pair"}, "dataSetId": sets["sets/south"]}
    nameless = {name: value for name, value in changed.items() if name != "externalId"}
    assert [given(row) for row in seen[:8]] == [
        {**first, "metadata": {"a": "1", "b": "2"}, "dataSetId": sets["sets/north"]},
        {**first, "metadata": {"a": "1", "b": "3", "c": "4"}, "dataSetId": sets["sets/north"]},
        {**first, "metadata": {"b": "3", "c": "4"}},
        {**changed, "metadata": {"only": "this"}},
        {**nameless, "metadata": {}},
        {**changed, "metadata": {}, "geoLocation": POINT},
        {**changed, "metadata": {}, "dataSetId": sets["sets/south"]},
        whole,
    ]
    assert seen[8] == ["1st"]
    last = {**whole, "name": "1st"}
    if not sdk.is_2021:
        replaced, patched, upserted = seen[9:12]
        last = {"externalId": "changed", "name": "only", "metadata": {"k": "v"}}
        assert given(replaced) == last
        last |= {"metadata": {"k": "v", "l": "w"}, "labels": [{"externalId": "VALVE"}]}
        assert given(patched) == last
        assert upserted == [["changed", "upserted"], ["upserted", "new"]]
        last["name"] = "upserted"
    assert given(seen[-1]) == last
    shown = [row for row in seen if isinstance(row, dict)]
    assert len({(row["id"], row["createdTime"], row["rootId"]) for row in shown}) == 1
    times = [row["lastUpdatedTime"] for row in shown]
    assert times == sorted(times)


@CHECKS.of("an asset created again")
def an_asset_created_again(sdk: SdkRun, seen: Any) -> None:
    (before,) = sdk.stored("assets", "plant/1/0/1")
    assert given(seen) == given(before) | {"externalId": "again"}
    assert seen["id"] != before["id"]


@CHECKS.of("labels of assets")
def labels_of_assets(sdk: SdkRun, seen: Any) -> None:
    assert seen["labels"] == [
        ["PUMP", "VALVE", "passing"],
        ["PUMP", "VALVE", "passing", "state/draft"],
        ["PUMP", "passing", "state/draft"],
        ["passing", "pump"],
        ["passing", "pump"],  # the definition is deleted; what carries it keeps it
        ["passing", "pump"],
        ["pump"],
        [],
    ]
    assert seen["found"] == ["labelled"]
    for name in ("refused", "set again"):
        assert seen[name]["class"] == "CogniteNotFoundError"
        assert seen[name]["missing"] == [{"externalId": "passing"}]


def placed(parents: dict[str, str | None]) -> dict[str, Any]:
    """Where assets are, from the parents of all of them."""

    def path(name: str) -> list[str]:
        parent = parents[name]
        return [name] if parent is None else [*path(parent), name]

    return {
        name: {
            "path": path(name),
            "depth": len(path(name)) - 1,
            "children": list(parents.values()).count(name),
            "root": path(name)[0],
            "parent": parent,
        }
        for name, parent in parents.items()
    }


AT_FIRST: dict[str, str | None] = {
    "top": None,
    "top/a": "top",
    "top/b": "top",
    "top/c": "top",
    "top/a/x": "top/a",
    "top/a/y": "top/a",
    "top/a/z": "top/a",
    "top/a/x/1": "top/a/x",
    "other": None,
}


@CHECKS.of("moves of assets")
def moves_of_assets(sdk: SdkRun, seen: Any) -> None:
    assert seen == {
        "at first": placed(AT_FIRST),
        "then": placed(AT_FIRST | {"top/a/x": "top/b", "top/c": "top/a/y"}),
        "renamed parent": ["top/B", True],
        "parent without external id": [None, ["top/a/x"]],
        "whole object": True,
    }


MOVES: dict[str, tuple[str, str, Any]] = {
    "root below another": ("CogniteAPIError", "Changing from/to being root isn't allowed", None),
    "another tree": ("CogniteAPIError", "Asset must stay within same asset hierarchy root", None),
    "below itself": ("CogniteAPIError", "", None),
    "below its descendant": ("CogniteAPIError", "", None),
    "below nobody": (
        "CogniteNotFoundError",
        "Reference to unknown parent with externalId nobody",
        [{"externalId": "nobody"}],
    ),
    "below nobody's id": ("CogniteNotFoundError", "The given parent ids do not exist: 17", [{"id": 17}]),
}


@CHECKS.of("refused moves of assets")
def refused_moves_of_assets(sdk: SdkRun, seen: Any) -> None:
    for name, (kind, message, missing) in MOVES.items():
        found = seen["errors"][name]
        assert (name, found["class"], found["missing"]) == (name, kind, missing)
        if found["code"] is not None:  # 2.x drops it, and the message, when something is missing
            assert found["code"] == 400
            assert found["message"].startswith(message)
    assert seen["after"] == [placed(AT_FIRST), "b"]


@CHECKS.of("delete assets")
def delete_assets(sdk: SdkRun, seen: Any) -> None:
    for name in ("with children", "with some children"):
        error = seen[name]
        assert (error["class"], error["code"]) == ("CogniteAPIError", 400)
        assert error["message"] == "Cannot delete assets with children unless recursive is set"
    everything = sorted(name for name in AT_FIRST if name != "other")
    without_x = [name for name in everything if not name.startswith("top/a/x")]
    assert seen["nothing deleted"] == everything
    assert seen["parent and child"] == without_x
    assert seen["recursive, with unknown"] == seen["nothing deleted again"] == ["top", "top/b", "top/c"]
    assert seen["unknown"]["class"] == "CogniteNotFoundError"
    assert seen["unknown"]["missing"] == [{"id": 17}, {"externalId": "nobody"}]
    assert seen["all"] == []
    assert seen["a name is free again"] == ["top"]


@CHECKS.of("what belonged to a deleted asset")
def what_belonged_to_a_deleted_asset(sdk: SdkRun, seen: Any) -> None:
    assert seen == {
        "series": [True, None],
        "series untouched": True,
        "event": True,
        "event untouched": True,
        "event of nothing": None,
    }
