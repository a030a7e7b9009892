"""Arguments that cannot be right raise at once, with a message that says what would be; nothing is sent."""

from __future__ import annotations

import pickle
from datetime import date
from typing import Any

import pytest

from cdframe import DatapointsQuery
from cdframe.datapoints.plan import plan_query
from tests.datapoints.wire import Wire

RANGE = {"start": 0, "end": "now"}


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({}, ValueError, "pass id or external_id"),
        ({"id": "a"}, TypeError, "id must be an int"),
        ({"id": 1.5}, TypeError, "id must be an int"),
        ({"id": True}, TypeError, "id must be an int"),
        ({"id": -1}, ValueError, "id=-1 is not an id"),
        ({"external_id": 1}, TypeError, "external_id must be a text"),
        ({"external_id": [None]}, TypeError, "external_id must be a text"),
        ({"id": [1, 2, 1]}, ValueError, "Time series identifier '1' is duplicated in query"),
        ({"external_id": ["a", {"externalId": "a"}]}, ValueError, "Time series identifier 'a' is duplicated in query"),
        ({"id": {"id": 1, "aggregate": ["max"]}}, ValueError, "Unknown key 'aggregate'"),
        ({"id": {"externalId": "a"}}, ValueError, "Unknown key 'externalId'"),
        ({"external_id": {"aggregates": ["max"]}}, ValueError, "must have 'externalId'"),
        ({"id": 1, "aggregates": ["max"]}, ValueError, "aggregates, granularity must also be provided"),
        ({"id": 1, "granularity": "1d"}, ValueError, "granularity, aggregates must also be provided"),
        ({"id": {"id": 1, "aggregates": ["max"]}}, ValueError, "granularity must also be provided"),
        ({"id": 1, "aggregates": ["mean"], "granularity": "1d"}, ValueError, "The aggregate 'mean' is not known"),
        (
            {"id": 1, "aggregates": ["stepinterpolation"], "granularity": "1d"},
            ValueError,
            "Did you mean 'stepInterpolation'",
        ),
        ({"id": 1, "aggregates": [1], "granularity": "1d"}, TypeError, "aggregates must be texts"),
        ({"id": 1, "aggregates": ["max"], "granularity": "1w"}, ValueError, "granularity='1w' is not valid"),
        ({"id": 1, "aggregates": ["max"], "granularity": "121m"}, ValueError, "must be 1 to 120"),
        ({"id": 1, "aggregates": ["max"], "granularity": 60}, TypeError, "granularity must be a text"),
        (
            {"id": 1, "aggregates": ["max"], "granularity": "1d", "include_outside_points": True},
            ValueError,
            "raw points only",
        ),
        ({"id": 1, "include_outside_points": 1}, TypeError, "include_outside_points must be True or False"),
        ({"id": 1, "ignore_unknown_ids": None}, TypeError, "ignore_unknown_ids must be True or False"),
        ({"id": 1, "limit": -2}, ValueError, "limit=-2"),
        ({"id": 1, "limit": 1.5}, ValueError, "limit=1.5"),
        ({"id": 1, "limit": "10"}, TypeError, "limit must be"),
        ({"id": 1, "start": 5, "end": 5}, ValueError, "end=5 must be after start=5"),
        ({"id": 1, "start": "now", "end": "1d-ago"}, ValueError, "end='1d-ago' must be after start='now'"),
        ({"id": 1, "start": "yesterday"}, ValueError, "start='yesterday' is not a time"),
        ({"id": 1, "start": None}, TypeError, "start must be"),
        ({"id": 1, "end": date(2020, 1, 1)}, TypeError, "end must be"),
        ({"id": 1, "start": -2_208_988_800_001}, ValueError, "before 1900"),
        ({"id": 1, "start": float("nan")}, ValueError, "start=nan is not a time"),
        ({"id": 1, "progress": "yes"}, ValueError, "progress='yes'"),
    ],
)
def test_retrieve(wire: Wire, arguments: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        wire.api().retrieve(**{**RANGE, **arguments})
    assert not wire.calls


@pytest.mark.parametrize(
    ("query", "error", "message"),
    [
        ("a", TypeError, "query must be a DatapointsQuery or a list"),
        ([1], TypeError, "query must be a DatapointsQuery or a dict"),
        ({"start": 0, "id": 1}, ValueError, "needs 'end'"),
        ({"start": 0, "end": 1, "externalId": "a"}, ValueError, "Unknown key 'externalId' in a query"),
        ([{"start": 0, "end": 1, "id": 1}, {"start": 0, "end": 1, "id": [1, 1]}], ValueError, "duplicated"),
    ],
)
def test_query(wire: Wire, query: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        wire.api().query(query)
    assert not wire.calls


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({}, ValueError, "pass id or external_id"),
        ({"id": 1, "before": "soon"}, ValueError, "before='soon'"),
        ({"external_id": 1}, TypeError, "external_id must be a text"),
        ({"id": 1, "ignore_unknown_ids": "no"}, TypeError, "ignore_unknown_ids"),
    ],
)
def test_latest(wire: Wire, arguments: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        wire.api().retrieve_latest(**arguments)
    assert not wire.calls


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"expressions": []}, ValueError, "No expressions"),
        ({"expressions": "a +"}, ValueError, "'a'"),
        ({"expressions": ["ts{id:1}", "ts{id:1}"]}, ValueError, "given twice"),
        ({"expressions": 5}, TypeError, "expressions must be texts"),
        ({"expressions": "ts{id:1}", "limit": -3}, ValueError, "limit=-3"),
        ({"expressions": "ts{id:1}", "start": 2, "end": 1}, ValueError, "end=1 must be after start=2"),
        ({"expressions": "A", "variables": {"A": "a"}, "aggregate": "average"}, ValueError, "granularity"),
        ({"expressions": "ts{id:1}", "include_errors": 1}, TypeError, "include_errors"),
    ],
)
def test_synthetic(wire: Wire, arguments: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        wire.api().synthetic.query(**{**RANGE, **arguments})
    assert not wire.calls


def test_all_times_are_of_one_moment() -> None:
    now = 1_700_000_000_000
    plan = plan_query(DatapointsQuery("1d-ago", "now", id=[1, 2], external_id="a"), now)
    assert {(read.start, read.end) for read in plan.reads} == {(now - 86_400_000, now)}


def test_a_plan_travels() -> None:
    plan = plan_query(DatapointsQuery(0, "now", id=[1], aggregates=["max"], granularity="1h"), 1000)
    assert pickle.loads(pickle.dumps(plan)) == plan


def test_an_empty_range_of_aggregates_within_a_bucket() -> None:
    # 03:15 to 03:15 is the bucket from 03:00 on.
    at = 3 * 3_600_000 + 900_000
    assert plan_query(DatapointsQuery(at, at, id=1, aggregates=["max"], granularity="1h"), 0).reads[0].end == at
    with pytest.raises(ValueError, match="must be after"):
        plan_query(DatapointsQuery(at, at, id=1), 0)
