"""Aggregates by vectors: the worked examples of the wire contract, and what their callers rely on."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from cdframe.local.aggregates import AGGREGATES, AggregateRows, aggregate
from cdframe.local.buckets import buckets, grid_buckets
from cdframe.local.summation import group_sums

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
DOUBLES = (
    *("average", "min", "max", "count", "sum", "interpolation", "stepInterpolation"),
    *("continuousVariance", "discreteVariance", "totalVariation"),
)
BAD, UNCERTAIN = 2 << 30, 1 << 30


def clock(text: str) -> int:
    """The milliseconds of a time of day, on the first day of 1970."""
    hours, minutes, *seconds = text.split(":")
    return round(1000 * (3600 * int(hours) + 60 * int(minutes) + float(seconds[0] if seconds else 0)))


Points = Sequence[tuple[str, float]]
POINTS: Points = [("00:10", 2), ("00:40", 8), ("01:20", 4), ("04:00", 10), ("04:30", 6), ("06:15", 1)]


def query(
    points: Points,
    start: str,
    end: str,
    granularity: str,
    names: Sequence[str],
    *,
    is_step: bool = False,
    **options: object,
) -> dict[int, dict[str, float]]:
    """The rows by bucket start, without the aggregates that they lack."""
    rows = aggregate(
        np.array([clock(at) for at, _ in points], np.int64),
        np.array([value for _, value in points], np.float64),
        buckets(clock(start), clock(end), granularity),
        names,
        is_step=is_step,
        **options,  # type: ignore[arg-type]
    )
    return as_dicts(rows)


def as_dicts(rows: AggregateRows) -> dict[int, dict[str, float]]:
    return {
        at: {name: float(column[row]) for name, column in rows.columns.items() if not np.isnan(column[row])}
        for row, at in enumerate(rows.timestamps.tolist())
    }


def table(names: Sequence[str], rows: str) -> dict[int, dict[str, float]]:
    """A table of the contract: the bucket start, then the columns, - where there is no value."""
    expected = {}
    for line in rows.strip().splitlines():
        begin, *cells = line.split()
        expected[clock(begin)] = {
            name: pytest.approx(float(cell), rel=2e-6) for name, cell in zip(names, cells, strict=True) if cell != "-"
        }
    return expected


def test_linear_series_as_in_the_contract() -> None:
    expected = """
        00:00 5.8 2 8  2 10 -  -  2.893333 9 8
        01:00 5   4 4  1 4  6  8  0.333333 0 2
        02:00 -   - -  - -  -  4  -        - -
        04:00 8   6 10 2 16 10 10 1.333333 4 4
        05:00 -   - -  - -  -  6  -        - -
        06:00 1   1 1  1 1  -  6  0        0 0
    """
    assert query(POINTS, "00:00", "07:00", "1h", DOUBLES) == table(DOUBLES, expected)


def test_step_series_as_in_the_contract() -> None:
    names = ("average", "continuousVariance", "totalVariation", "interpolation")
    expected = """
        00:00 4.4 8.64 6 -
        01:00 8   0    4 8
        02:00 -   -    - 4
        04:00 10  0    4 10
        05:00 -   -    - 6
        06:00 1   0    0 6
    """
    assert query(POINTS, "00:00", "07:00", "1h", names, is_step=True) == table(names, expected)


@pytest.mark.parametrize(
    ("start", "end", "granularity", "names", "expected"),
    [
        ("03:15", "03:20", "1h", ("count", "stepInterpolation", "interpolation"), "03:00 - 4 -"),
        ("00:30", "04:10", "2h", ("average", "count", "sum"), "00:00 5.571429 3 14\n 04:00 8 2 16"),
        ("00:30:0.005", "04:10", "120m", ("average", "count", "sum"), "00:30 6.2 2 12\n 02:30 8 1 10"),
    ],
)
def test_rounding_of_the_range_as_in_the_contract(
    start: str, end: str, granularity: str, names: Sequence[str], expected: str
) -> None:
    assert query(POINTS, start, end, granularity, names) == table(names, expected)


def test_points_an_hour_apart_are_joined_across_an_edge() -> None:
    points = [("02:30", 0), ("03:30", 0), ("04:30", 0), ("05:30", 1)]
    names = ("average", "interpolation")
    expected = "02:00 0 -\n 03:00 0 0\n 04:00 0.125 0\n 05:00 0.75 0.5"
    assert query(points, "02:00", "06:00", "1h", names) == table(names, expected)
    later = [("02:30", 0), ("03:30:0.001", 8)]
    assert query(later, "02:00", "04:00", "1h", names) == table(names, "02:00 0 -\n 03:00 8 -")


def test_an_empty_bucket_has_a_row_only_if_it_is_the_first_or_follows_points() -> None:
    step = ["stepInterpolation"]
    assert list(query(POINTS, "02:00", "04:00", "1h", step)) == [clock("02:00")]
    assert list(query(POINTS, "03:00", "04:00", "1h", step)) == [clock("03:00")]
    assert list(query(POINTS, "02:00", "04:00", "1h", step, first_row=False)) == [clock("02:00")]
    assert list(query(POINTS, "03:00", "04:00", "1h", step, first_row=False)) == []
    assert list(query(POINTS, "02:00", "04:00", "1h", ["count", "interpolation"])) == []
    assert query(POINTS[:1], "00:00", "00:05", "1m", step) == {}


@pytest.mark.parametrize("is_step", [False, True])
def test_parts_give_the_rows_of_the_whole(is_step: bool) -> None:
    times = np.cumsum(np.random.default_rng(5).choice([7, 1_000, 900_000, HOUR, 5 * HOUR], 400))
    values = np.random.default_rng(6).normal(size=len(times))
    whole = buckets(int(times[50]), int(times[350]), "1h")
    expected = as_dicts(aggregate(times, values, whole, DOUBLES, is_step=is_step))
    for cut in range(0, whole.count, whole.count // 7):
        parts = [whole.part(0, cut), whole.part(cut, whole.count)]
        edge = int(np.searchsorted(times, parts[1].start(np.array([0]))[0]))
        first = aggregate(times[: edge + 1], values[: edge + 1], parts[0], DOUBLES, is_step=is_step)
        low = max(edge - 1, 0)
        second = aggregate(times[low:], values[low:], parts[1], DOUBLES, is_step=is_step, first_row=cut == 0)
        assert as_dicts(first) | as_dicts(second) == expected


def test_limit_tells_where_the_next_row_is() -> None:
    options = {"is_step": False, "limit": 3}
    times = np.array([clock(at) for at, _ in POINTS])
    values = np.array([value for _, value in POINTS], np.float64)
    hours = buckets(0, clock("07:00"), "1h")
    rows = aggregate(times, values, hours, ["stepInterpolation", "count", "maxDatapoint"], **options)  # type: ignore[arg-type]
    assert rows.timestamps.tolist() == [0, HOUR, 2 * HOUR]
    assert rows.following == 4 * HOUR
    assert rows.extremes["maxDatapoint"][0].tolist() == [clock("00:40"), clock("01:20"), 0]
    assert aggregate(times, values, hours, ["count"], is_step=False, limit=4).following is None
    nothing = aggregate(times, values, hours, ["count"], is_step=False, limit=0)
    assert (len(nothing.timestamps), nothing.following) == (0, 0)


def test_extremes_are_the_first_of_equals() -> None:
    rows = aggregate(
        np.array([0, 1, 2, 3, 1000]),
        np.array([1.0, 5.0, 5.0, 1.0, 7.0]),
        buckets(0, 2000, "1s"),
        ["maxDatapoint", "minDatapoint"],
        is_step=False,
    )
    assert [column.tolist() for column in rows.extremes["maxDatapoint"]] == [[1, 1000], [5.0, 7.0]]
    assert [column.tolist() for column in rows.extremes["minDatapoint"]] == [[0, 1000], [1.0, 7.0]]


def test_bad_points_hold_the_curve_and_then_end_it() -> None:
    points = [("00:00", 2), ("00:20", np.nan), ("00:30", 8), ("00:50", 8), ("01:10", np.nan), ("03:10", 5)]
    status = np.array([0, BAD, 0, 0, BAD, 0])
    names = ("average", "count", "interpolation", "stepInterpolation", "countGood", "countBad", "durationBad")
    expected = """
        00:00 6.2 3 2 2 3 1 600000
        01:00 -   - - 8 0 1 0
    """
    # 30 minutes from 2 to 8, 20 minutes of 8
    assert query(points, "00:00", "02:00", "1h", names, status=status) == table(names, expected)
    # 20 minutes of 2, then nothing up to 00:30, then 8 up to the bad point behind the hour
    rows = query(points, "00:00", "04:00", "1h", names, status=status, ignore_bad=False)
    assert rows[0]["average"] == pytest.approx((20 * 2 + 30 * 8) / 50)
    # 01:00 has a bad point only: its status counts, what is left from before holds at its beginning
    assert rows[HOUR] == {"stepInterpolation": 8, "countGood": 0, "countBad": 1, "durationBad": 0}
    # at 03:00 the bad point is the last one before
    assert rows[3 * HOUR] == {"average": 5, "count": 1, "countGood": 1, "countBad": 0, "durationBad": 0}
    assert set(rows) == {0, HOUR, 3 * HOUR}


def test_uncertain_points_are_bad_or_good_as_asked() -> None:
    points, status = [("00:00", 1), ("00:30", 3)], np.array([0, UNCERTAIN])
    names = ("count", "countGood", "countUncertain")
    assert query(points, "00:00", "01:00", "1h", names, status=status) == table(names, "00:00 1 1 1")
    counted = query(points, "00:00", "01:00", "1h", names, status=status, uncertain_is_bad=False)
    assert counted == table(names, "00:00 2 1 1")


@pytest.mark.parametrize("is_step", [False, True])
def test_equal_values_have_no_variance_and_are_their_average(is_step: bool) -> None:
    times = np.cumsum(np.random.default_rng(1).integers(1, 10_000, 5_000))
    rows = aggregate(
        times,
        np.full(len(times), 0.1),
        buckets(0, int(times[-1]), "1m"),
        ["average", "continuousVariance", "discreteVariance", "totalVariation"],
        is_step=is_step,
    )
    assert rows.columns["average"] == pytest.approx(np.full(len(rows.timestamps), 0.1), rel=1e-15)
    for name in ("continuousVariance", "discreteVariance", "totalVariation"):
        assert rows.columns[name].max() < 1e-30


def test_small_differences_of_large_values_stay_exact() -> None:
    times = np.arange(0, 2 * HOUR, 1000)
    small = np.round(np.random.default_rng(2).normal(size=len(times)) * 1024) / 1024
    names = ["continuousVariance", "discreteVariance", "totalVariation"]
    hours = buckets(0, 2 * HOUR, "7m")
    near_zero = aggregate(times, small, hours, names, is_step=False)
    far = aggregate(times, small + 2.0**40, hours, names, is_step=False)
    for name in names:
        np.testing.assert_allclose(far.columns[name], near_zero.columns[name], rtol=1e-12)


def test_sums_are_exact_where_large_terms_cancel() -> None:
    values = np.array([1e16, 1.0, -1e16, 3.0, 1e100, 1e-3, -1e100, 0.1, 0.2])
    assert group_sums(values, np.array([0, 3, 4, 7])).tolist() == pytest.approx([1.0, 3.0, 0.0, 0.3], abs=1e-2)
    many = np.random.default_rng(3).normal(size=100_000)
    both = np.concatenate([many * 1e8, [0.125], -many * 1e8])
    assert group_sums(both, np.array([0])).tolist() == [0.125]


def test_unnamed_and_unknown_aggregates() -> None:
    assert len(AGGREGATES) == 18
    with pytest.raises(ValueError, match="'mean' is unknown"):
        query(POINTS, "00:00", "01:00", "1h", ["mean"])
    assert query([], "00:00", "01:00", "1h", AGGREGATES) == {}


def test_seconds_over_two_centuries_cost_what_the_points_cost() -> None:
    times = np.sort(np.random.default_rng(4).integers(-2_208_988_800_000, 4_102_444_800_000, 100_000))
    began = time.perf_counter()
    rows = aggregate(
        np.unique(times),
        np.ones(len(np.unique(times))),
        buckets(-2_208_988_800_000, 4_102_444_800_000, "1s"),
        DOUBLES,
        is_step=False,
    )
    assert len(rows.timestamps) > 100_000
    assert time.perf_counter() - began < 5


# Buckets


def utc(*fields: int) -> int:
    return int(datetime(*fields, tzinfo=UTC).timestamp() * 1000)  # type: ignore[misc]


def starts(start: int, end: int, granularity: str, zone: str = "UTC") -> list[int]:
    row = buckets(start, end, granularity, zone)
    numbers = np.arange(row.count + 1)
    begins = row.start(numbers)
    assert row.index(begins).tolist() == numbers.tolist()
    assert row.index(begins[1:] - 1).tolist() == numbers[:-1].tolist()
    return begins.tolist()  # type: ignore[no-any-return]


def test_the_start_is_rounded_down_to_the_unit_and_the_end_up_to_a_bucket() -> None:
    assert starts(-1, 1, "2s") == [-1000, 1000]
    assert starts(61_000, 200_000, "2m") == [60_000, 180_000, 300_000]
    assert starts(HOUR + 1, HOUR + 2, "1d") == [0, DAY]
    assert buckets(0, 0, "1h").count == 0
    assert buckets(30, 30, "1h").count == 1


def test_months_are_those_of_the_calendar() -> None:
    edges = [utc(2023, 11, 1), utc(2024, 2, 1), utc(2024, 5, 1)]
    assert starts(utc(2023, 11, 15), utc(2024, 2, 1) + 1, "3mo") == edges
    assert starts(utc(1969, 12, 31), utc(1970, 1, 1), "1mo") == [utc(1969, 12, 1), utc(1970, 1, 1)]


def test_days_of_a_time_zone_have_23_or_25_hours() -> None:
    edges = starts(utc(2024, 3, 30, 12), utc(2024, 4, 1), "1d", "Europe/Oslo")
    assert edges == [utc(2024, 3, 29, 23), utc(2024, 3, 30, 23), utc(2024, 3, 31, 22), utc(2024, 4, 1, 22)]
    edges = starts(utc(2024, 10, 27, 0), utc(2024, 10, 27, 1), "1d", "Europe/Oslo")
    assert edges == [utc(2024, 10, 26, 22), utc(2024, 10, 27, 23)]
    assert starts(utc(2024, 10, 5), utc(2024, 10, 6), "1mo", "Europe/Oslo") == [
        utc(2024, 9, 30, 22),
        utc(2024, 10, 31, 23),
    ]


def test_offsets_move_hours_and_days_but_not_minutes() -> None:
    assert starts(0, 1, "1h", "UTC+05:30") == [-HOUR // 2, HOUR // 2]
    assert starts(0, 1, "1d", "UTC-03") == [-21 * HOUR, 3 * HOUR]
    assert starts(0, 1, "1d", "UTC+05:30") == [-5 * HOUR - HOUR // 2, 18 * HOUR + HOUR // 2]
    assert starts(1, 2, "1m", "UTC+05:30") == [0, MINUTE]


@pytest.mark.parametrize("zone", ["Europe/Oslo", "America/Havana", "America/Sao_Paulo", "Pacific/Apia", "Asia/Beirut"])
@pytest.mark.parametrize("granularity", ["1d", "1mo"])
def test_calendars_agree_with_zoneinfo(zone: str, granularity: str) -> None:
    row = buckets(utc(1900, 1, 1), utc(2100, 1, 1), granularity, zone)
    begins = row.start(np.arange(row.count))
    assert (np.diff(begins) >= 0).all()  # Samoa left out a day
    times = np.random.default_rng(8).integers(begins[1], begins[-1], 20_000)
    numbers = row.index(times)
    assert ((row.start(numbers) <= times) & (times < row.start(numbers + 1))).all()
    for at, begin in zip(times[:500].tolist(), row.start(numbers[:500]).tolist(), strict=True):
        shown = datetime.fromtimestamp(at / 1000, ZoneInfo(zone))
        first = shown.replace(hour=0, minute=0, second=0, microsecond=0, day=shown.day if granularity == "1d" else 1)
        assert datetime.fromtimestamp(begin / 1000, ZoneInfo(zone)).date() == first.date()


def test_the_grid_does_not_depend_on_the_range() -> None:
    assert grid_buckets(5 * DAY, 6 * DAY, "7d").start(np.arange(2)).tolist() == [0, 7 * DAY]
    assert grid_buckets(-1, 1, "7d").start(np.arange(3)).tolist() == [-7 * DAY, 0, 7 * DAY]
    aligned = grid_buckets(0, 1, "1d", alignment=6 * HOUR)
    assert (aligned.count, aligned.start(np.arange(2)).tolist()) == (1, [-18 * HOUR, 6 * HOUR])
    local = grid_buckets(utc(2024, 7, 1), utc(2024, 7, 2), "1d", alignment=6 * HOUR, time_zone="Europe/Oslo")
    assert local.start(np.arange(2)).tolist() == [utc(2024, 6, 30, 4), utc(2024, 7, 1, 4)]
    quarters = grid_buckets(utc(2024, 5, 1), utc(2024, 5, 2), "3mo")
    assert quarters.start(np.arange(2)).tolist() == [utc(2024, 4, 1), utc(2024, 7, 1)]


@pytest.mark.parametrize("granularity", ["", "0s", "h1", "1.5h", "1w", "1hinutes", "-1d"])
def test_granularities_that_do_not_exist(granularity: str) -> None:
    with pytest.raises(ValueError, match="is not such as 10s"):
        buckets(0, 1, granularity)
