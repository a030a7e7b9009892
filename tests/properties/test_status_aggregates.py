"""Aggregates of points with statuses: what counts as bad is left out, or ends what came before it."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles.aggregates import AGGREGATES, UNIT_MS, aggregate_rows
from tests.properties.service import Service, assert_rows

MINUTE, HOUR, DAY = UNIT_MS["m"], UNIT_MS["h"], UNIT_MS["d"]
GOOD, UNCERTAIN, BAD = 0, 0x4000_0000, 0x8000_0000

StatusPoints = list[tuple[int, float, int]]


def new_series(service: Service, points: StatusPoints, **fields: Any) -> str:
    name = service.new_series([], **fields)
    datapoints = [{"timestamp": t, "value": v, "status": {"code": code}} for t, v, code in points]
    body = {"items": [{"externalId": name, "datapoints": datapoints}]}
    service.post("/timeseries/data", body).raise_for_status()
    return name


@st.composite
def status_points(draw: st.DrawFn) -> StatusPoints:
    steps = st.sampled_from([1_000, 10 * MINUTE, 25 * MINUTE, HOUR, HOUR + 1, 5 * HOUR])
    codes = st.sampled_from([GOOD, GOOD, UNCERTAIN, BAD])
    values = st.floats(-1e3, 1e3, allow_nan=False).map(lambda v: round(v, 3))
    time, points = 0, []
    for step in draw(st.lists(steps, max_size=20)):
        time += step
        points.append((time, draw(values), draw(codes)))
    return points


@settings(max_examples=60, deadline=None)
@given(
    points=status_points(),
    is_step=st.booleans(),
    ignore_bad=st.booleans(),
    uncertain_is_bad=st.booleans(),
    granularity=st.sampled_from(["15m", "1h", "6h", "1d"]),
)
def test_aggregates_with_statuses_agree_with_their_definition(
    service: Service,
    points: StatusPoints,
    is_step: bool,
    ignore_bad: bool,
    uncertain_is_bad: bool,
    granularity: str,
) -> None:
    good = [(t, v) for t, v, code in points if code == GOOD or (code == UNCERTAIN and not uncertain_is_bad)]
    bad = {t for t, _, _ in points} - {t for t, _ in good}
    # whether bad points alone make a row of held values is left open where they are not ignored
    held = {"stepInterpolation", "interpolation"}
    names = sorted(AGGREGATES) if ignore_bad else sorted({*AGGREGATES} - held)
    query = {"start": 0, "end": 4 * DAY, "granularity": granularity, "aggregates": names}
    statuses = {"ignoreBadDataPoints": ignore_bad, "treatUncertainAsBad": uncertain_is_bad}
    name = new_series(service, points, isStep=is_step)
    try:
        found = service.rows(name, limit=1000, **query, **statuses)
        expected = aggregate_rows(good, is_step=is_step, bad=() if ignore_bad else bad, **query)
        assert_rows(found, expected, good)
    finally:
        service.delete(name)


def test_a_bad_point_ends_what_was_held(service: Service) -> None:
    name = new_series(service, [(0, 1.0, GOOD), (10_000, 9.0, BAD), (40_000, 4.0, GOOD)])
    query = {"start": 20_000, "end": 50_000, "granularity": "30s", "aggregates": ["stepInterpolation", "count"]}
    rows = service.rows(name, **query, ignoreBadDataPoints=False)
    assert rows == [{"timestamp": 20_000, "count": 1}]
    assert service.rows(name, **query) == [{"timestamp": 20_000, "stepInterpolation": 1, "count": 1}]


@pytest.mark.parametrize("is_step", [False, True])
def test_counts_and_durations_of_good_points(service: Service, is_step: bool) -> None:
    points = [(0, 1.0, GOOD), (20 * MINUTE, 3.0, GOOD), (50 * MINUTE, 3.0, GOOD), (75 * MINUTE, 1.0, GOOD)]
    name = new_series(service, points, isStep=is_step)
    names = ["countGood", "countUncertain", "countBad", "durationGood", "durationUncertain", "durationBad"]
    extremes = ["maxDatapoint", "minDatapoint"]
    query = {"start": 0, "end": 2 * HOUR, "granularity": "1h", "aggregates": names + extremes}
    none = {"countUncertain": 0, "countBad": 0, "durationUncertain": 0, "durationBad": 0}
    assert service.rows(name, **query) == [
        {
            "timestamp": 0,
            "countGood": 3,
            "durationGood": HOUR,
            **none,
            "maxDatapoint": {"timestamp": 20 * MINUTE, "value": 3},
            "minDatapoint": {"timestamp": 0, "value": 1},
        },
        {
            "timestamp": HOUR,
            "countGood": 1,
            "durationGood": 15 * MINUTE,
            **none,
            "maxDatapoint": {"timestamp": 75 * MINUTE, "value": 1},
            "minDatapoint": {"timestamp": 75 * MINUTE, "value": 1},
        },
    ]
