"""The local CDF's aggregates agree with their definition on random series."""

from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.oracles.aggregates import AGGREGATES, UNIT_MS, Row, aggregate_rows, bucket_edges, stored
from tests.properties.service import JSON, PROTOBUF, Points, Service, assert_rows

SECOND, MINUTE, HOUR, DAY = UNIT_MS["s"], UNIT_MS["m"], UNIT_MS["h"], UNIT_MS["d"]
MAX_BUCKETS = 400  # the oracle looks at each of them

granularities = st.sampled_from(
    ["s", "10s", "90s", "m", "7m", "60m", "120m", "h", "1h", "2h", "24h", "30h", "d", "3d", "30d"]
)
ordinary = st.floats(-1e6, 1e6, allow_nan=False).map(lambda v: round(v, 6))
kinds_of_values = st.sampled_from(
    [
        ordinary,
        st.integers(-3, 3).map(float),
        st.just(7.25),
        ordinary.map(lambda v: 1e9 + v / 1e6),  # a small signal on a large offset
        st.sampled_from([0.0, -0.0, 1e-9, 1e9, -1e9]),
    ]
)
steps = st.one_of(
    st.integers(1, 3 * SECOND),
    st.sampled_from([SECOND, MINUTE, 10 * MINUTE, HOUR, DAY]),
    st.sampled_from([HOUR - 1, HOUR, HOUR + 1]),  # around the longest distance that is bridged
    st.integers(1, 3 * HOUR),
    st.integers(1, 40 * DAY),
)
origins = st.sampled_from([0, -1, -20 * 365 * DAY, -HOUR, 1_600_000_000_123, 951_782_400_000])


@st.composite
def irregular_points(draw: st.DrawFn) -> Points:
    values = draw(kinds_of_values)
    time = draw(origins)
    points = []
    for step in draw(st.lists(steps, min_size=0, max_size=25)):
        points.append((time, draw(values)))
        time += step
    again = draw(st.lists(st.sampled_from(points), max_size=3)) if points else []
    points += [(t, draw(values)) for t, _ in again]  # written once more: the later value holds
    return points


@st.composite
def queries(draw: st.DrawFn, points: Points) -> dict[str, Any]:
    """A query of few enough buckets around the points, often with bounds on them."""
    granularity = draw(granularities)
    times = sorted({t for t, _ in points}) or [0]
    anchor = draw(st.sampled_from([times[0], times[-1], draw(st.sampled_from(times))]))
    start = anchor + draw(st.one_of(st.sampled_from([0, 1, -1, -HOUR, -DAY, 2 * DAY]), st.integers(-DAY, DAY)))
    width = bucket_edges(0, 1, granularity)[1]
    to_last = times[-1] - start + draw(st.integers(0, 2 * width))
    length = draw(st.sampled_from([1, width, to_last, draw(st.integers(1, MAX_BUCKETS * width))]))
    end = start + min(max(length, 1), MAX_BUCKETS * width)
    names = draw(st.one_of(st.just(AGGREGATES), st.sets(st.sampled_from(AGGREGATES), min_size=1, max_size=4)))
    return {"start": start, "end": end, "granularity": granularity, "aggregates": sorted(names)}


@st.composite
def cases(draw: st.DrawFn) -> tuple[Points, list[dict[str, Any]]]:
    points = draw(irregular_points())
    return points, draw(st.lists(queries(points), min_size=1, max_size=4))


property_settings = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
ALL = list(AGGREGATES)
HOUR_APART = [(0, 1.0), (HOUR, 2.0), (2 * HOUR + 1, 4.0), (3 * HOUR, 8.0)]


@property_settings
@given(case=cases())
@example(case=([], [{"start": 0, "end": HOUR, "granularity": "1m", "aggregates": ALL}]))
@example(case=([(0, 1.0)], [{"start": -HOUR, "end": 1, "granularity": "1s", "aggregates": ALL}]))
@example(case=([(-DAY, 1.0)], [{"start": -1, "end": DAY, "granularity": "1d", "aggregates": ALL}]))
@example(case=([(0, 1.0), (0, 2.0)], [{"start": 0, "end": 1, "granularity": "1d", "aggregates": ALL}]))
@example(case=(HOUR_APART, [{"start": 0, "end": 4 * HOUR, "granularity": "1h", "aggregates": ALL}]))
@example(case=(HOUR_APART, [{"start": 30 * MINUTE, "end": 4 * HOUR, "granularity": "30m", "aggregates": ALL}]))
def test_aggregates_agree_with_their_definition(service: Service, case: tuple[Points, list[dict[str, Any]]]) -> None:
    written, asked = case
    points = stored(written)
    series = {is_step: service.new_series(written, isStep=is_step) for is_step in (False, True)}
    try:
        items = [{"externalId": name, "limit": 1000, **query} for name in series.values() for query in asked]
        expected = [aggregate_rows(points, is_step=is_step, **query) for is_step in series for query in asked]
        as_json, as_protobuf = service.read(*items), service.read(*items, accept=PROTOBUF)
        assert as_protobuf == as_json
        for answer, rows in zip(as_json, expected, strict=True):
            assert "nextCursor" not in answer
            assert_rows(answer["datapoints"], rows, points)
            assert all(isinstance(row["count"], int) for row in answer["datapoints"] if "count" in row)
    finally:
        service.delete(*series.values())


@settings(property_settings, max_examples=40)
@given(case=cases(), is_step=st.booleans(), limit=st.integers(1, 5), accept=st.sampled_from([JSON, PROTOBUF]))
def test_pages_by_cursor_give_the_rows_of_one_answer(
    service: Service, case: tuple[Points, list[dict[str, Any]]], is_step: bool, limit: int, accept: str
) -> None:
    written, (query, *_) = case
    name = service.new_series(written, isStep=is_step)
    try:
        paged: list[Row] = []
        cursor: dict[str, str] = {}
        expected = aggregate_rows(stored(written), is_step=is_step, **query)
        while True:
            item = {"externalId": name, "limit": limit, **query, **cursor}
            (page,) = service.read(item, accept=accept)
            paged += page["datapoints"]
            if "nextCursor" not in page:
                break
            assert len(page["datapoints"]) == limit
            assert len(paged) < len(expected), "a cursor promised one more row"
            cursor = {"cursor": page["nextCursor"]}
            # a client may also move the start to the first row that it still lacks
            if len(paged) % 2:
                query = {**query, "start": expected[len(paged)]["timestamp"]}
        assert_rows(paged, expected, stored(written))
    finally:
        service.delete(name)


@settings(property_settings, max_examples=40)
@given(case=cases(), is_step=st.booleans(), limit=st.integers(1, 5))
def test_pages_by_time_give_the_rows_of_one_answer(
    service: Service, case: tuple[Points, list[dict[str, Any]]], is_step: bool, limit: int
) -> None:
    """Clients without cursors go on at the last timestamp plus one granularity."""
    written, (query, *_) = case
    query = {
        **query,
        "aggregates": sorted({*query["aggregates"]} - {"interpolation", "stepInterpolation"} | {"sum"}),
    }
    width = bucket_edges(0, 1, query["granularity"])[1]
    name = service.new_series(written, isStep=is_step)
    try:
        paged: list[Row] = []
        start = query["start"]
        while start < query["end"]:
            page = service.rows(name, limit=limit, **{**query, "start": start})
            paged += page
            if len(page) < limit:
                break
            start = page[-1]["timestamp"] + width
        assert_rows(paged, aggregate_rows(stored(written), is_step=is_step, **query), stored(written))
    finally:
        service.delete(name)


@settings(property_settings, max_examples=40)
@given(
    points=irregular_points(),
    granularity=st.sampled_from(["1mo", "2mo", "12mo", "d", "7d", "h"]),
    time_zone=st.sampled_from(["UTC", "Europe/Oslo", "America/New_York", "Asia/Kolkata"]),
    offset=st.integers(-100 * DAY, 100 * DAY),
    is_step=st.booleans(),
)
def test_calendar_and_local_time_buckets(
    service: Service, points: Points, granularity: str, time_zone: str, offset: int, is_step: bool
) -> None:
    start = max(t for t, _ in points) + offset if points else offset
    width = bucket_edges(0, 1, granularity)[1]
    query = {"start": start, "end": start + 50 * width, "granularity": granularity, "timeZone": time_zone}
    name = service.new_series(points, isStep=is_step)
    try:
        found = service.rows(name, aggregates=ALL, limit=1000, **query)
        del query["timeZone"]
        expected = aggregate_rows(stored(points), is_step=is_step, time_zone=time_zone, **query)
        assert_rows(found, expected, points)
    finally:
        service.delete(name)


def test_a_day_of_the_clock_change_has_its_own_length(service: Service) -> None:
    midnight = 1_585_436_400_000  # 2020-03-29 00:00 in Oslo, a day of 23 hours
    points = [(midnight + hour * HOUR, 1.0) for hour in range(24)]
    name = service.new_series(points)
    query = {"aggregates": ["count"], "granularity": "1d", "timeZone": "Europe/Oslo"}
    found = service.rows(name, start=midnight, end=midnight + DAY, **query)
    expected = [{"timestamp": midnight, "count": 23}, {"timestamp": midnight + 23 * HOUR, "count": 1}]
    assert found == expected


def test_small_buckets_over_the_whole_range_cost_nothing(service: Service) -> None:
    first, last = -2_208_988_800_000, 4_102_444_799_999
    name = service.new_series([(first, 1.0), (0, 2.0), (last, 3.0)])
    query = {"start": first, "end": last + 1, "granularity": "1s", "limit": 10_000}
    found = service.rows(name, aggregates=["sum", "stepInterpolation"], **query)
    assert found == [
        {"timestamp": first, "sum": 1, "stepInterpolation": 1},
        {"timestamp": first + SECOND, "stepInterpolation": 1},
        {"timestamp": 0, "sum": 2, "stepInterpolation": 2},
        {"timestamp": SECOND, "stepInterpolation": 2},
        {"timestamp": last - 999, "sum": 3, "stepInterpolation": 2},
    ]


def test_string_series_have_no_aggregates(service: Service) -> None:
    numeric = service.new_series([(0, 1.0)])
    text = service.new_series([(0, "on")], isString=True)  # type: ignore[list-item]
    for aggregate in AGGREGATES:
        query = {"start": 0, "end": HOUR, "aggregates": [aggregate], "granularity": "1h"}
        for names in ([text], [numeric, text]):
            items = [{"externalId": name, **query} for name in names]
            for accept in (JSON, PROTOBUF):
                response = service.post("/timeseries/data/list", {"items": items}, accept=accept)
                assert response.status_code == 400
                error = response.json()["error"]
                assert error["code"] == 400
                assert "Aggregates are not supported for string time series" in error["message"]
