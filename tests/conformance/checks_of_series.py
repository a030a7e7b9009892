"""What the sections on who is asking, on time series and on errors should have seen."""

import itertools
import json
from typing import Any

from tests.conformance import scenario
from tests.conformance.sdk_run import Checks, SdkRun
from tests.conformance.server import API_KEY, PROJECT

CHECKS = Checks()


def assert_same_series(found: dict[str, Any], expected: dict[str, Any]) -> None:
    """The SDK's dump has the fields that it knows, which is all but the type."""
    assert found == {name: value for name, value in expected.items() if name in found}
    assert expected.keys() - found.keys() <= {"type"}


@CHECKS.of("login")
def login(sdk: SdkRun, seen: Any) -> None:
    assert seen == {"project": PROJECT, "loggedIn": True, "user": "admin"}


@CHECKS.of("project from the key")
def project_from_the_key(sdk: SdkRun, seen: Any) -> None:
    assert seen == PROJECT


@CHECKS.of("token")
def token(sdk: SdkRun, seen: Any) -> None:
    assert seen["subject"] == "admin"
    assert seen["projects"] == [PROJECT]
    assert {"timeSeriesAcl", "assetsAcl", "groupsAcl"} <= set(seen["acls"])


@CHECKS.of("create")
def create(sdk: SdkRun, seen: Any) -> None:
    names = [{"externalId": fields["externalId"]} for fields in scenario.SERIES + scenario.MANY]
    stored = sdk.raw.post("/timeseries/byids", {"items": names})["items"]
    assert len(seen) == len(stored)
    for found, expected in zip(seen, stored, strict=True):
        assert_same_series(found, expected)
    for found, given in zip(seen, scenario.SERIES + scenario.MANY, strict=True):
        assert {**found, **given} == found


@CHECKS.of("retrieve series")
def retrieve_series(sdk: SdkRun, seen: Any) -> None:
    one, several, some, nobody = seen
    names = [{"externalId": name} for name in ("tank/state", "pump/speed", "tank/valve")]
    stored = sdk.raw.post("/timeseries/byids", {"items": names})["items"]
    assert_same_series(one, stored[0])
    for found, expected in zip(several, stored, strict=True):
        assert_same_series(found, expected)
    assert [series["externalId"] for series in some] == ["pump/speed"]
    assert nobody == [None, None]


@CHECKS.of("list")
def listing(sdk: SdkRun, seen: Any) -> None:
    def names(**conditions: Any) -> list[str]:
        return [series["externalId"] for series in sdk.raw.series(filter=conditions)]

    many = names(externalIdPrefix="many/")
    assert len(many) == len(scenario.MANY)
    assert seen[:6] == [
        ["tank/valve"],
        ["pump/speed"],
        ["tank/state"],
        ["tank/valve"],
        names(metadata={"site": "north"}),
        ["tank/temperature"],
    ]
    assert seen[6] == names(externalIdPrefix="pump/")
    assert sorted(seen[6]) == ["pump/empty", "pump/speed"]
    assert seen[7:9] == [[], []]
    assert seen[9] == names(externalIdPrefix="tank/")
    assert seen[10] == many[:7]
    assert {fields["externalId"] for fields in scenario.SERIES + scenario.MANY} <= set(seen[11])
    assert seen[12] == many
    assert seen[13] == many[:25]


@CHECKS.of("advanced list")
def advanced_list(sdk: SdkRun, seen: Any) -> None:
    assert seen == [
        ["tank/state", "tank/temperature"],
        ["tank/temperature"],
        ["tank/state"],
        ["pump/empty", "pump/speed"],
        ["tank/valve"],
        ["tank/valve", "tank/temperature", "tank/state"],
    ]


@CHECKS.of("iterate")
def iterate(sdk: SdkRun, seen: Any) -> None:
    assert [len(chunk) for chunk in seen["chunks"]] == [40, 40, 40, 30]
    many = [series["externalId"] for series in sdk.raw.series(filter={"externalIdPrefix": "many/"})]
    assert list(itertools.chain(*seen["chunks"])) == many
    assert len(set(seen["one by one"])) == len(seen["one by one"]) > len(many)


@CHECKS.of("search")
def search(sdk: SdkRun, seen: Any) -> None:
    tank, by_description, by_query = seen
    assert sorted(tank) == ["tank/temperature", "tank/valve"]
    assert by_description == ["tank/temperature"]
    assert by_query == ["pump/speed"]


@CHECKS.of("aggregate series")
def aggregate_series(sdk: SdkRun, seen: Any) -> None:
    assert seen == [True, len(scenario.MANY)]


@CHECKS.of("aggregate values")
def aggregate_values(sdk: SdkRun, seen: Any) -> None:
    assert seen == {
        "values": [{"values": ["north"], "count": 2}, {"values": ["south"], "count": 1}],
        "value count": 2,
        "property count": 2,
        "properties": ["site", "tank"],
    }


@CHECKS.of("update")
def update(sdk: SdkRun, seen: Any) -> None:
    fields = ("externalId", "name", "unit", "description", "metadata", "isStep")
    states = [{name: state[name] for name in fields if name in state} for state in seen[:7]]
    first = {"externalId": "changing", "name": "new name", "description": "d", "isStep": False}
    by_name = {"externalId": "changed", "name": "whole", "unit": "m", "isStep": True}
    assert states == [
        {**first, "metadata": {"a": "1", "b": "2"}},
        {**first, "metadata": {"a": "1", "b": "3", "c": "4"}},
        {**first, "metadata": {"b": "3", "c": "4"}},
        {**first, "metadata": {"only": "this"}, "description": ""},
        {**first, "metadata": {"only": "this"}, "description": "", "externalId": "changed"},
        {**by_name, "metadata": {"only": "this"}, "description": ""},
        {**by_name, "metadata": {}, "description": "by id"},
    ]
    if not sdk.is_2021:
        replaced, upserted = seen[7:]
        kept = {name: replaced[name] for name in fields if name in replaced}
        assert kept == {"externalId": "changed", "name": "only", "metadata": {}, "isStep": True}
        assert upserted == [["changed", "upserted"], ["upserted", None]]


@CHECKS.of("delete series")
def delete_series(sdk: SdkRun, seen: Any) -> None:
    assert seen == []


@CHECKS.of("objects")
def objects(sdk: SdkRun, seen: Any) -> None:
    points = scenario.temperature_points()
    assert seen == {"count": len(points), "first": list(points[0]), "latest": list(points[-1])}


NOBODY = [{"externalId": "nobody"}]
# What the service says: its code, and what is missing, duplicated or in the message.
ERRORS: dict[str, tuple[int, str, Any]] = {
    "create twice": (409, "duplicated", [{"externalId": "tank/valve"}]),
    "taken in update": (409, "duplicated", [{"externalId": "tank/state"}]),
    "unknown in byids": (400, "missing", [{"id": 1}, *NOBODY]),
    "unknown in update": (400, "missing", [{"id": 1}]),
    "unknown in delete": (400, "missing", NOBODY),
    "unknown in retrieve": (400, "missing", NOBODY),
    "unknown in latest": (400, "missing", NOBODY),
    "unknown in insert": (400, "missing", NOBODY),
    "unknown in delete range": (400, "missing", NOBODY),
    "unknown in synthetic": (400, "missing", NOBODY),
    "string into numbers": (400, "message", "Expected numeric value"),
    "number into strings": (400, "message", "Expected string value"),
    "aggregates of strings": (400, "message", "Aggregates are not supported for string time series"),
    "bad expression": (400, "message", ""),
}
CLASSES = {
    "missing": "CogniteNotFoundError",
    "duplicated": "CogniteDuplicatedError",
    "message": "CogniteAPIError",
}
# Here client 2.x has its plain error, and nowhere else does it keep the code beside the identifiers.
# What older versions raise as the plain API error; their other errors of this kind drop the code.
PLAIN = {
    "sdk2": {f"unknown in {call}" for call in ("retrieve", "latest", "delete range", "synthetic")},
    "sdk7": {"unknown in delete range"},
}


@CHECKS.of("errors")
def errors(sdk: SdkRun, seen: Any) -> None:
    expected = {}
    for name, (code, part, value) in ERRORS.items():
        plain = name in PLAIN.get(sdk.name, ())
        expected[name] = {
            "class": "CogniteAPIError" if plain else CLASSES[part],
            "code": None if sdk.name in PLAIN and not plain and part != "message" else code,
            part: value,
        }
        if part == "message" and value in (seen[name].get("message") or ""):
            seen[name]["message"] = value
    found = {name: {key: seen[name].get(key) for key in parts} for name, parts in expected.items()}
    if not sdk.is_2021:  # which writes this one itself
        expected["unknown in retrieve"]["missing"] = [{"external_id": "nobody"}]
    assert found == expected
    assert any(word in seen["bad key"]["message"] for word in ("Unauthorized", "invalid_client"))
    assert API_KEY not in json.dumps(seen)
