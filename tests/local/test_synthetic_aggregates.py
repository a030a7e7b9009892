"""Aggregates as inputs of synthetic expressions: rows on an endless grid, whatever part of it is asked for."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdframe.local.errors import ApiError
from cdframe.local.synthetic import inputs
from tests.local.synthetic_series import MemoryReader, Series, as_dict, evaluated
from tests.local.test_synthetic_properties import expected_rows
from tests.oracles.aggregates import UNIT_MS, aggregate_rows

MINUTE, HOUR, DAY = UNIT_MS["m"], UNIT_MS["h"], UNIT_MS["d"]
NAMES = ("average", "interpolation", "stepInterpolation")
POINTS = [(10, 2.0), (40, 8.0), (80, 4.0), (240, 10.0), (270, 6.0), (375, 1.0)]
WORKED = Series([(minutes * MINUTE, value) for minutes, value in POINTS])


def reference(aggregate: str, granularity: str, alignment: int = 0, name: str = "A") -> str:
    options = f"aggregate:'{aggregate}',granularity:'{granularity}',alignment:{alignment}"
    return f"ts{{externalId:'{name}',{options}}}"


def by_hour(found: dict[int, Any]) -> dict[float, Any]:
    return {t / HOUR: pytest.approx(value) for t, value in found.items()}


@pytest.mark.parametrize(
    ("aggregate", "expected"),
    [
        ("average", {0: 5.8, 1: 5, 4: 8, 6: 1}),
        ("interpolation", {1: 6, 4: 10}),
        ("stepInterpolation", {1: 8, 2: 4, 4: 10, 5: 6, 6: 6}),
    ],
)
def test_rows_are_those_of_the_aggregate(aggregate: str, expected: dict[int, float]) -> None:
    found = as_dict(evaluated(reference(aggregate, "1h"), {"A": WORKED}, 0, 7 * HOUR))
    assert by_hour(found) == expected


def test_aggregates_of_step_series_hold_their_values() -> None:
    series = {"A": Series(WORKED.points, is_step=True), "B": Series([(150 * MINUTE, 0.0), (1000 * HOUR, 0.0)])}
    expression = reference("average", "1h") + "+ts{externalId:'B'}"
    found = as_dict(evaluated(expression, series, 0, 2000 * HOUR))
    assert by_hour(found) == {2.5: 8, 4: 10, 6: 1, 1000: 1}


def test_averages_are_linear_between_rows_and_undefined_outside_of_them() -> None:
    series = {"A": WORKED, "B": Series([(t * HOUR // 2, 0.0) for t in range(-4, 40)])}
    found = as_dict(evaluated(reference("average", "1h") + "+ts{externalId:'B'}", series, HOUR, 100 * HOUR))
    expected = [5, 5.5, 6, 6.5, 7, 7.5, 8, 6.25, 4.5, 2.75, 1]
    assert by_hour(found) == {1 + k / 2: value for k, value in enumerate(expected)}


def test_the_grid_is_moved_by_its_alignment() -> None:
    found = as_dict(evaluated(reference("stepInterpolation", "2h", 30 * MINUTE), {"A": WORKED}, 0, 7 * HOUR))
    assert by_hour(found) == {0.5: 2, 2.5: 4, 4.5: 6, 6.5: 1}
    assert as_dict(evaluated(reference("stepInterpolation", "2h", -90 * MINUTE), {"A": WORKED}, 0, 7 * HOUR)) == found


def test_days_are_those_of_the_time_zone() -> None:
    noon = Series([(day * DAY + 12 * HOUR, float(day)) for day in range(20)])
    found = evaluated(reference("average", "1d"), {"A": noon}, 0, 3 * DAY, time_zone="Asia/Tokyo")
    assert [t / HOUR for t in as_dict(found)] == [15, 39, 63]


def test_buckets_that_begin_before_the_start_have_no_row() -> None:
    assert list(as_dict(evaluated(reference("average", "1h"), {"A": WORKED}, 1, 5 * HOUR))) == [HOUR, 4 * HOUR]


def test_strings_have_no_aggregates() -> None:
    series = {"A": Series([(0, "a")], is_step=True, is_string=True)}
    with pytest.raises(ApiError, match="Aggregates are not supported for string time series") as caught:
        evaluated(reference("average", "1h"), series, 0, 10)
    assert caught.value.status == 400


def test_fine_grids_over_centuries_cost_what_their_points_cost() -> None:
    century = 100 * 365 * DAY
    series = {"A": Series([(-century, 1.0), (0, 2.0), (century, 3.0)])}
    found = as_dict(evaluated(reference("average", "1s"), series, -2 * century, 2 * century))
    assert found == {-century: 1, 0: 2, century: 3}
    assert as_dict(evaluated(reference("interpolation", "1s"), series, 1, century)) == {}


def test_large_series_are_aggregated_in_parts() -> None:
    series = Series([(t * 1000, float(t % 60)) for t in range(100_000)])
    reader = MemoryReader([series])
    found = as_dict(evaluated(reference("average", "1m"), {"A": series}, 0, 10**9, 10, reader=reader))
    assert list(found) == [t * MINUTE for t in range(10)]
    assert reader.points_read <= 1.1 * inputs.FEWEST_POINTS


steps = st.sampled_from([1, MINUTE, 20 * MINUTE, HOUR - 1, HOUR, HOUR + 1, 5 * HOUR, 50 * HOUR])


@st.composite
def series(draw: st.DrawFn) -> Series:
    time = draw(st.sampled_from([0, -1, -30 * HOUR, 10 * MINUTE]))
    points = []
    for step in draw(st.lists(steps, max_size=15)):
        points.append((time, float(draw(st.integers(-5, 5)))))
        time += step
    return Series(points, is_step=draw(st.booleans()))


def aggregated(one: Series, aggregate: str, granularity: str, alignment: int) -> Series:
    """The rows of an aggregate as a series of points, by the definition."""
    shifted = [(t - alignment, v) for t, v in one.points]
    rows: list[Any] = []
    if shifted:
        far = 40 * DAY  # a multiple of every granularity drawn
        options = {"granularity": granularity, "aggregates": [aggregate], "is_step": one.is_step}
        begin, end = shifted[0][0] // far * far, shifted[-1][0] + 3 * DAY
        rows = aggregate_rows(shifted, start=begin, end=end, first_bucket=False, **options)  # type: ignore[arg-type]
    points = [(int(row["timestamp"]) + alignment, float(row[aggregate])) for row in rows]
    return Series(points, is_step=one.is_step or aggregate == "stepInterpolation")


@settings(max_examples=100, deadline=None)
@given(
    series(),
    series(),
    st.sampled_from(NAMES),
    st.sampled_from(["40m", "60m", "1h", "6h", "1d"]),
    st.sampled_from([0, 1, 17 * MINUTE, -HOUR, 3 * DAY + 5]),
    st.sampled_from(["<A>", "<A>+ts{externalId:'B'}", "<A>+<B>"]),
    st.sampled_from([0, -40 * HOUR, HOUR, 3 * HOUR + 1, 60 * HOUR]),
    st.integers(1, 6),
    st.sampled_from([1, 10_000]),
)
def test_rows_are_those_of_the_definition(
    a: Series,
    b: Series,
    aggregate: str,
    granularity: str,
    alignment: int,
    expression: str,
    start: int,
    page_size: int,
    fewest_points: int,
) -> None:
    text = expression
    for name in "AB":
        text = text.replace(f"<{name}>", reference(aggregate, granularity, alignment, name))
    rows_a = aggregated(a, aggregate, granularity, alignment)
    rows_b = aggregated(b, aggregate, granularity, alignment) if "<B>" in expression else b
    tree = ("series", "A") if expression == "<A>" else ("+", ("series", "A"), ("series", "B"))
    end = 400 * HOUR
    expected = expected_rows(tree, {"A": rows_a, "B": rows_b}, start, end)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inputs, "FEWEST_POINTS", fewest_points)
        pages: dict[int, Any] = {}
        while True:
            page = as_dict(evaluated(text, {"A": a, "B": b}, start, end, page_size))
            pages |= page
            if len(page) < page_size:
                break
            start = max(page) + 1
    assert list(pages) == list(expected)
    assert pages == pytest.approx(expected, rel=1e-9, abs=1e-9)
