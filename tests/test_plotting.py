"""Plots, by what stands on the axes: lines, bands, steps, breaks, units, names, times."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import matplotlib
import numpy as np
import pyarrow as pa
import pytest
from matplotlib import pyplot
from matplotlib.collections import FillBetweenPolyCollection
from matplotlib.dates import num2date

from cdframe.errors import CogniteImportError
from cdframe.plotting import SeriesInfo, plot

matplotlib.use("Agg")

HOUR = 3_600_000
START = 1_262_304_000_000  # 2010-01-01 UTC


@pytest.fixture(autouse=True)
def _closed_figures() -> Iterator[None]:
    yield
    for number in pyplot.get_fignums():
        pyplot.figure(number).canvas.draw()
    pyplot.close("all")


def times(*hours: float) -> pa.Array:
    return pa.array([int(START + hour * HOUR) for hour in hours]).cast(pa.timestamp("ms", tz="UTC"))


def long(name: str, hours: list[float], **columns: list[Any]) -> pa.Table:
    ids = pa.array([name] * len(hours)).dictionary_encode()
    return pa.table({"external_id": ids, "timestamp": times(*hours), **columns})


def points(line: Any) -> list[tuple[float, float | None]]:
    hours = (line.get_xdata().astype("int64") - START) / HOUR
    return [(h, None if np.isnan(v) else v) for h, v in zip(hours.tolist(), line.get_ydata().tolist(), strict=True)]


def bands(ax: Any) -> list[FillBetweenPolyCollection]:
    return [artist for artist in ax.collections if isinstance(artist, FillBetweenPolyCollection)]


def legend(ax: Any) -> list[str] | None:
    return [text.get_text() for text in ax.get_legend().get_texts()] if ax.get_legend() else None


def test_one_raw_series() -> None:
    ax = plot(long("p1", [0, 1, 5], value=[1.0, 2.0, 3.0]), series={"p1": SeriesInfo("Pressure", "bar")})
    (line,) = ax.get_lines()
    assert points(line) == [(0, 1), (1, 2), (5, 3)]
    assert line.get_drawstyle() == "default"
    assert ax.get_ylabel() == "bar"
    assert ax.get_xlabel() == "Time (UTC)"
    assert ax.get_title(loc="left") == "Pressure"
    assert legend(ax) is None


def test_several_series_of_one_unit_have_a_legend_and_one_axis() -> None:
    table = pa.concat_tables([long("b", [1, 0], value=[2.0, 1.0]), long("a", [0, 1], value=[3.0, 4.0])])
    ax = plot(table, series={"a": SeriesInfo(None, "bar"), "b": SeriesInfo("Bee", "bar")})
    assert [points(line) for line in ax.get_lines()] == [[(0, 1), (1, 2)], [(0, 3), (1, 4)]]
    assert legend(ax) == ["Bee", "a"]
    assert ax.get_ylabel() == "bar"
    assert len(ax.figure.axes) == 1
    assert len({line.get_color() for line in ax.get_lines()}) == 2


def test_two_units_make_two_axes() -> None:
    table = pa.table({"timestamp": times(0, 1), "p": [1.0, 2.0], "t": [300.0, 301.0], "q": [3.0, 4.0]})
    units = {"p": SeriesInfo(None, "bar"), "t": SeriesInfo(None, "K"), "q": SeriesInfo(None, "bar")}
    ax = plot(table, series=units)
    left, right = ax.figure.axes
    assert left is ax
    assert (left.get_ylabel(), right.get_ylabel()) == ("bar", "K")
    assert [line.get_label() for line in left.get_lines()] == ["p [bar]", "q [bar]"]
    assert [line.get_label() for line in right.get_lines()] == ["t [K]"]
    assert legend(ax) == ["p [bar]", "q [bar]", "t [K]"]
    assert right.yaxis.label.get_color() == right.get_lines()[0].get_color()


def test_more_units_share_an_axis_and_the_legend_names_them() -> None:
    table = pa.table({"timestamp": times(0, 1), "p": [1.0, 2.0], "t": [3.0, 3.0], "x": [1, 2], "v": [True, False]})
    units = {"p": SeriesInfo(None, "bar"), "t": SeriesInfo(None, "K"), "v": SeriesInfo(None, "%")}
    ax = plot(table, series=units)
    assert len(ax.figure.axes) == 1
    assert ax.get_ylabel() == ""
    assert legend(ax) == ["p [bar]", "t [K]", "x", "v [%]"]


def test_min_and_max_are_a_band_around_average() -> None:
    table = long("p1", [0, 1], average=[2.0, 3.0], min=[1.0, 2.0], max=[4.0, 5.0], count=[7, 8])
    ax = plot(table.drop_columns(["count"]), series={"p1": SeriesInfo(None, "bar")})
    (line,) = ax.get_lines()
    assert points(line) == [(0, 2), (1, 3)]
    assert line.get_label() == "p1 average, min to max"
    (band,) = bands(ax)
    ((_, low), (_, high)) = band.get_datalim(ax.transData).get_points()
    assert (low, high) == (1, 5)
    with_count = plot(table, series={"p1": SeriesInfo(None, "bar")})
    assert [axes.get_ylabel() for axes in with_count.figure.axes] == ["bar", "points"]


def test_min_and_max_alone_are_lines() -> None:
    ax = plot(pa.table({"timestamp": times(0, 1), "p1|min": [1.0, 2.0], "p1|max": [4.0, 5.0]}))
    assert legend(ax) == ["p1 min", "p1 max"]
    assert not bands(ax)


def test_a_wide_frame_by_identifier_and_aggregate() -> None:
    table = pa.table(
        {
            "timestamp": times(0, 1, 2),
            "a|b|average": [1.0, None, 3.0],
            "a|b|stepInterpolation": [1.0, 1.0, 3.0],
            "12|discrete_variance": [0.1, 0.2, 0.3],
        }
    )
    ax = plot(table, series={"a|b": SeriesInfo(None, "bar"), 12: SeriesInfo("twelve", "m/s")})
    left, right = ax.figure.axes
    assert [line.get_label() for line in left.get_lines()] == ["a|b average [bar]", "a|b step interpolation [bar]"]
    assert [line.get_drawstyle() for line in left.get_lines()] == ["default", "steps-post"]
    assert [line.get_label() for line in right.get_lines()] == ["twelve discrete variance [(m/s)²]"]


def test_errors_of_a_synthetic_query_are_gaps_and_not_a_series() -> None:
    table = pa.table({"timestamp": times(0, 1, 2), "1 / A": [1.0, None, 3.0], "1 / A|error": [None, "A is 0", None]})
    (line,) = plot(table).get_lines()
    assert points(line) == [(0, 1), (1, None), (2, 3)]


@pytest.mark.parametrize("columns", [{"value": [1.0, 2.0, 3.0]}, {"average": [1.0, 2.0, 3.0]}])
def test_step_series_are_steps(columns: dict[str, list[float]]) -> None:
    ax = plot(long("valve", [0, 1, 2], **columns), series={"valve": SeriesInfo(None, "%", is_step=True)})
    assert ax.get_lines()[0].get_drawstyle() == "steps-post"


def test_a_missing_bucket_breaks_lines_and_bands() -> None:
    hours = [0.0, 1, 2, 5, 7, 8]
    values = [1.0, 2, 3, 4, 5, 6]
    ax = plot(long("p1", hours, average=values, min=values, max=values))
    (line,) = ax.get_lines()
    assert points(line) == [(0, 1), (1, 2), (2, 3), (3, None), (5, 4), (6, None), (7, 5), (8, 6)]
    assert line.get_markevery() == [4]  # the lone bucket at 5 is a dot
    (band,) = bands(ax)
    assert len(band.get_paths()) == 3


def test_months_and_days_of_a_clock_change_hold_together() -> None:
    months = [0.0, 31 * 24, 59 * 24, 90 * 24, 181 * 24]  # April and May are missing
    (line,) = plot(long("p1", months, average=[1.0, 2, 3, 4, 5])).get_lines()
    assert [value for _, value in points(line)] == [1, 2, 3, 4, None, 5]
    days = [0.0, 24, 47, 71, 96, 120]
    (line,) = plot(long("p1", days, sum=[1.0] * 6)).get_lines()
    assert None not in dict(points(line)).values()


def test_raw_points_break_at_a_null_and_not_at_a_pause() -> None:
    table = long("p1", [0, 1, 2, 3, 40], value=[1.0, 2.0, None, 4.0, 5.0])
    (line,) = plot(table).get_lines()
    assert points(line) == [(0, 1), (1, 2), (2, None), (3, 4), (40, 5)]


def test_a_steady_raw_series_breaks_where_it_misses_its_beat() -> None:
    hours = [*range(10), *range(30, 40)]
    (line,) = plot(long("p1", hours, value=[1.0] * 20)).get_lines()
    assert dict(points(line))[10] is None
    assert [value for _, value in points(line)].count(None) == 1
    (states,) = plot(long("p1", hours, value=["on"] * 20)).get_lines()
    assert None not in dict(points(states)).values()


def test_a_wide_raw_frame_passes_over_cells_of_other_series() -> None:
    table = pa.table(
        {
            "timestamp": times(0, 0.3, 1, 1.4, 2, 2.1, 2.9, 3),
            "steady": [1.0, None, 2.0, None, 3.0, None, None, 4.0],
            "wild": [None, 1.0, None, 2.0, None, None, 3.0, None],
        }
    )
    steady, wild = plot(table).get_lines()
    assert points(steady) == [(0, 1), (1, 2), (2, 3), (2.1, None), (3, 4)]  # nobody has a value at 2.1
    assert points(wild) == [(0.3, 1), (1.4, 2), (2.1, None), (2.9, 3)]


def test_a_steady_series_of_a_wide_raw_frame_breaks_where_it_misses_its_beat() -> None:
    table = pa.table(
        {
            "timestamp": times(*range(12)),
            "every": [float(n) for n in range(12)],
            "misses": [None if n in (5, 6) else float(n) for n in range(12)],
            "third": [float(n) if n % 3 == 0 else None for n in range(12)],
        }
    )
    every, misses, third = plot(table).get_lines()
    assert None not in dict(points(every)).values()
    assert dict(points(misses))[5] is None
    assert points(third) == [(0, 0), (3, 3), (6, 6), (9, 9)]


def test_a_single_point_is_a_dot() -> None:
    (line,) = plot(long("p1", [0], value=[1.0])).get_lines()
    assert line.get_marker() == "o"
    assert line.get_markevery() == [0]


def test_texts_label_the_axis() -> None:
    table = long("state", [0, 1, 2, 3], value=["running", "stopped", None, "running"])
    ax = plot(table)
    (line,) = ax.get_lines()
    assert line.get_drawstyle() == "steps-post"
    assert points(line) == [(0, 0), (1, 1), (2, None), (3, 0)]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["running", "stopped"]


def test_texts_and_numbers_share_a_plot() -> None:
    table = pa.table(
        {
            "id": [1, 1, 2, 2],
            "external_id": ["p", "p", "state", "state"],
            "timestamp": times(0, 1, 0, 1),
            "value": [1.0, 2.0, None, None],
            "string_value": [None, None, "on", "off"],
        }
    )
    ax = plot(table, series={1: SeriesInfo("Pressure", "bar")})
    left, right = ax.figure.axes
    assert [line.get_label() for line in (*left.get_lines(), *right.get_lines())] == ["Pressure [bar]", "state"]
    assert [label.get_text() for label in right.get_yticklabels()] == ["on", "off"]
    without_unit = plot(table)
    assert [len(axes.get_lines()) for axes in without_unit.figure.axes] == [1, 1]
    more = pa.concat_tables([table, table.set_column(0, "id", pa.array([3, 3, 4, 4]))])
    with pytest.raises(ValueError, match="Texts and numbers of several units"):
        plot(more, series={1: SeriesInfo(None, "bar"), 3: SeriesInfo(None, "K")})


def test_too_many_texts_are_an_error_that_says_how_many_fit() -> None:
    with pytest.raises(ValueError, match=r"31 different texts.*up to 30"):
        plot(long("log", [float(n) for n in range(31)], value=[f"line {n}" for n in range(31)]))


def test_series_of_one_name_are_told_apart_by_identifier() -> None:
    table = pa.table({"timestamp": times(0, 1), "a": [1.0, 2.0], "b": [1.0, 2.0]})
    assert legend(plot(table, series={"a": SeriesInfo("temp"), "b": SeriesInfo("temp")})) == ["a", "b"]


def test_points_without_a_series() -> None:
    ax = plot(pa.table({"timestamp": times(0, 1), "average": [1.0, 2.0], "min": [0.0, 1.0], "max": [2.0, 3.0]}))
    assert ax.get_title(loc="left") == "average, min to max"
    assert len(bands(ax)) == 1


def test_the_time_zone_is_said_and_used() -> None:
    ax = plot(long("p1", [0, 24], value=[1.0, 2.0]), time_zone="America/Los_Angeles")
    ax.figure.canvas.draw()
    assert ax.get_xlabel() == "Time (America/Los_Angeles)"
    midnight = next(
        label.get_position()[0] for label in ax.get_xticklabels() if label.get_text() in ("Jan-01", "2010", "Jan")
    )
    assert num2date(midnight).isoformat() == "2010-01-01T08:00:00+00:00"


def test_local_time_and_unknown_zones() -> None:
    table = long("p1", [0, 1], value=[1.0, 2.0])
    assert plot(table, time_zone="local").get_xlabel() == "Time (local)"
    with pytest.raises(ValueError, match=r"time_zone='Europe/Olso' is not known\. Did you mean 'Europe/Oslo'"):
        plot(table, time_zone="Europe/Olso")


def test_keywords_go_on_to_matplotlib() -> None:
    table = long("p1", [0, 1], average=[1.0, 2.0], min=[0.0, 1.0], max=[2.0, 3.0])
    ax = plot(table, lw=3, alpha=0.5, c="black", ls=":", marker="x", figsize=(5, 3))
    (line,) = ax.get_lines()
    assert (line.get_linewidth(), line.get_alpha(), line.get_color(), line.get_linestyle()) == (3, 0.5, "black", ":")
    assert (line.get_marker(), line.get_markevery()) == ("x", None)
    assert tuple(ax.figure.get_size_inches()) == (5, 3)
    assert bands(ax)[0].get_alpha() == pytest.approx(0.09)


def test_an_unknown_keyword_is_matplotlibs_error_and_leaves_no_figure() -> None:
    with pytest.raises(AttributeError, match="colour"):
        plot(long("p1", [0, 1], value=[1.0, 2.0]), colour="red")
    assert pyplot.get_fignums() == []


def test_given_axes_are_drawn_on_with_the_looks_that_they_have() -> None:
    _, (upper, lower) = pyplot.subplots(2, 1)
    assert plot(long("p1", [0, 1], value=[1.0, 2.0]), ax=upper, figsize=(6, 4)) is upper
    plot(long("p2", [0, 1], value=[1.0, 2.0]), ax=upper)
    assert [line.get_label() for line in upper.get_lines()] == ["p1", "p2"]
    assert len({line.get_color() for line in upper.get_lines()}) == 2
    assert legend(upper) == ["p1", "p2"]
    assert upper.spines["top"].get_visible()
    assert tuple(upper.figure.get_size_inches()) == (6, 4)
    assert not lower.get_lines()


def test_a_second_plot_on_the_first_ones_axes_turns_its_title_into_a_legend() -> None:
    ax = plot(long("p1", [0, 1], value=[1.0, 2.0]))
    plot(long("p2", [0, 1], value=[1.0, 2.0]), ax=ax)
    assert ax.get_title(loc="left") == ""
    assert legend(ax) == ["p1", "p2"]


def test_a_style_of_the_user_is_respected() -> None:
    with pyplot.style.context("ggplot"):
        ax = plot(long("p1", [0, 1], value=[1.0, 2.0]))
        assert ax.get_lines()[0].get_color() == pyplot.rcParams["axes.prop_cycle"].by_key()["color"][0]


def test_many_series_have_a_legend_beside_the_axes_and_styles_of_their_own() -> None:
    table = pa.table({"timestamp": times(0, 1)} | {f"s{n}": [float(n), n + 1.0] for n in range(25)})
    ax = plot(table)
    assert len({(line.get_color(), line.get_linestyle()) for line in ax.get_lines()}) == 25
    ax.figure.canvas.draw()
    assert ax.get_legend().get_window_extent().x0 > ax.get_window_extent().x1
    assert ax.get_legend().get_window_extent().x1 <= ax.figure.bbox.x1


EMPTY = [
    long("p1", [], value=[]).cast(pa.schema({"external_id": pa.string(), "timestamp": times().type, "value": "f8"})),
    long("p1", [0, 1], value=[None, None]),
    pa.table({"timestamp": times(0, 1), "p1|average": pa.array([None, None], pa.float64())}),
]


@pytest.mark.parametrize("table", EMPTY, ids=["no rows", "nulls", "wide nulls"])
def test_nothing_to_plot_is_an_error_that_says_what_to_do(table: pa.Table) -> None:
    with pytest.raises(ValueError, match=r"no data points to plot.*start="):
        plot(table)
    assert pyplot.get_fignums() == []


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (pa.table({"id": [1], "name": ["p1"]}), "no column 'timestamp'.*'id', 'name'"),
        (pa.table({"id": [1], "timestamp": times(0), "status": [0]}), "no column of values.*'status'"),
        (pa.table({"timestamp": times(0, 1)}), "no column of values.*are 'timestamp'"),
        (pa.table({"timestamp": times(0), "p1": [[1]]}), "'p1' cannot be plotted: it holds list"),
        (pa.table({"timestamp": ["monday"], "p1": [1]}), "'timestamp' must hold times or milliseconds, got string"),
        (pa.table({"timestamp": [START, None], "p1": [1, 2]}), "'timestamp' has 1 empty cells"),
    ],
)
def test_a_table_of_another_form_is_an_error_that_names_the_column(table: pa.Table, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plot(table)


def test_times_in_milliseconds_and_without_a_zone_are_utc() -> None:
    numbers = pa.table({"timestamp": [START, START + HOUR], "p1": [1, 2]})
    naive = pa.table({"timestamp": times(0, 1).cast(pa.timestamp("us")), "p1": [1, 2]})
    for table in (numbers, naive):
        assert points(plot(table).get_lines()[0]) == [(0, 1), (1, 2)]


def test_matplotlib_is_imported_only_to_plot_and_named_when_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    code = "import sys, cdframe.plotting; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(CogniteImportError, match="pip install matplotlib"):
        plot(long("p1", [0, 1], value=[1.0, 2.0]))
