"""A read gives what is there, whatever the number of workers, the size of pages and the kind of frame."""

from __future__ import annotations

from itertools import count
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cdframe import CogniteClient
from cdframe.datapoints import engine as engine_module
from cdframe.datapoints.density import Uniform, counting_granularity, histogram
from cdframe.datapoints.grids import FixedGrid, MonthGrid, grid_of, moments
from cdframe.local import LocalCDF
from cdframe.timestamps import granularity_to_ms
from tests.datapoints.rows import rows_of
from tests.datapoints.wire import Wire, without_cursors

NAMES = count()
KINDS = ["polars", "pandas", "pyarrow"]

series_times = st.lists(
    st.tuples(st.integers(-5_000, 50_000), st.integers(1, 40), st.sampled_from([1, 7, 1_000])), max_size=4
).map(lambda runs: sorted({at + n * step for at, rows, step in runs for n in range(rows)}))
"""Times of a series: some runs of points, dense or not, with gaps between."""

servers = st.fixed_dictionaries(
    {
        "workers": st.sampled_from([1, 2, 10]),
        "page": st.sampled_from([1, 2, 13, 100]),
        "cursors": st.booleans(),
        "most": st.sampled_from([None, 1, 5]),
        "kind": st.sampled_from(KINDS),
    }
)
modest = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def read(engine: LocalCDF, server: dict[str, Any], **arguments: Any) -> list[tuple[Any, ...]]:
    """Read through a wire with pages of a size, with or without cursors, and give the rows."""
    wire = Wire(engine)
    if not server["cursors"]:
        wire.changed_pages = without_cursors
    elif server["most"] is not None and not arguments.get("include_outside_points"):
        wire.change = lambda body: (
            [item.update(limit=min(item["limit"], server["most"])) for item in body["items"]] and None
        )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine_module, "MOST_RAW", max(100, server["page"]) if "ids" in arguments else server["page"] * 3)
        patch.setattr(engine_module, "MOST_AGGREGATES", server["page"] * 6)
        frame = wire.api(server["kind"], max_workers=server["workers"]).retrieve(**arguments)
    wire.end_clients()
    return rows_of(frame)


def store(client: CogniteClient, series: list[list[int]], **more: Any) -> dict[str, list[int]]:
    named = {f"series{next(NAMES)}": times for times in series}
    client.time_series.create([{"external_id": name, **more} for name in named])
    points = [
        {"externalId": name, "datapoints": [(time, time / 8) for time in times]}
        for name, times in named.items()
        if times
    ]
    if points:
        client.datapoints.insert_multiple(points)
    return named


@modest
@given(
    series=st.lists(series_times, min_size=1, max_size=3),
    start=st.integers(-6_000, 60_000),
    length=st.integers(1, 70_000),
    limit=st.none() | st.integers(0, 60),
    outside=st.booleans(),
    server=servers,
)
def test_raw_points(
    engine: LocalCDF,
    client: CogniteClient,
    series: list[list[int]],
    start: int,
    length: int,
    limit: int | None,
    outside: bool,
    server: dict[str, Any],
) -> None:
    named = store(client, series)
    end = start + length
    expected = []
    for name, times in named.items():
        inside = [time for time in times if start <= time < end]
        if outside:
            inside = [*[t for t in times if t < start][-1:], *inside, *[t for t in times if t >= end][:1]]
        expected += [(name, time, time / 8) for time in inside[:limit]]
    arguments = {"start": start, "end": end, "external_id": list(named), "limit": limit}
    assert read(engine, server, **arguments, include_outside_points=outside) == expected


@modest
@given(
    times=series_times,
    is_step=st.booleans(),
    start=st.integers(-6_000, 60_000),
    length=st.integers(1, 70_000),
    granularity=st.sampled_from(["1s", "3s", "10s", "1m"]),
    aggregates=st.sets(
        st.sampled_from(["count", "average", "interpolation", "stepInterpolation", "totalVariation"]), min_size=1
    ),
    limit=st.none() | st.integers(0, 20),
    server=servers,
)
def test_aggregates_do_not_depend_on_how_they_are_cut(
    engine: LocalCDF,
    client: CogniteClient,
    times: list[int],
    is_step: bool,
    start: int,
    length: int,
    granularity: str,
    aggregates: set[str],
    limit: int | None,
    server: dict[str, Any],
) -> None:
    [name] = store(client, [times], is_step=is_step)
    arguments = {
        "start": start,
        "end": start + length,
        "external_id": name,
        "aggregates": sorted(aggregates),
        "granularity": granularity,
    }
    whole = rows_of(client.with_frame("pyarrow").datapoints.retrieve(**arguments))
    got = read(engine, server, **arguments, limit=limit)
    assert [row[1] for row in got] == [row[1] for row in whole][:limit]
    for row, expected in zip(got, whole, strict=False):
        assert row == pytest.approx(expected, nan_ok=True)


@modest
@given(times=series_times, edges=st.tuples(*[st.integers(-6_000, 60_000)] * 3), server=servers)
def test_adjacent_ranges_make_the_whole(
    engine: LocalCDF, client: CogniteClient, times: list[int], edges: tuple[int, ...], server: dict[str, Any]
) -> None:
    [name] = store(client, [times])
    a, b, c = (edge + n for n, edge in enumerate(sorted(edges)))
    parts = [read(engine, server, start=x, end=y, external_id=name) for x, y in ((a, b), (b, c))]
    assert parts[0] + parts[1] == read(engine, server, start=a, end=c, external_id=name)


@settings(deadline=None)
@given(
    origin=st.integers(-(10**12), 10**12),
    granularity=st.sampled_from(["1s", "7s", "90m", "5h", "30d", "1mo", "5mo"]),
    moment=st.integers(-(10**12), 10**12),
    length=st.integers(0, 10**11),
)
def test_grids(origin: int, granularity: str, moment: int, length: int) -> None:
    grid = grid_of(granularity, origin)
    assert grid.origin <= origin
    at = grid.ceil(moment)
    assert at >= moment > grid.shift(at, -1)
    assert grid.shift(grid.shift(at, 3), -3) == at
    assert grid.ceil(at) == at
    counted = grid.count(moment, moment + length)
    assert grid.shift(at, counted) >= moment + length
    assert counted == 0 or grid.shift(at, counted - 1) < moment + length
    axis = moments(granularity, at, grid.shift(at, 4))
    assert axis.tolist() == [grid.shift(at, n) for n in range(5)]
    assert isinstance(grid, MonthGrid) == granularity.endswith("mo")


def test_months_begin_on_the_first() -> None:
    grid = grid_of("2mo", 1_600_000_000_000)  # 2020-09-13
    assert np.datetime64(grid.origin, "ms") == np.datetime64("2020-09-01")
    assert np.datetime64(grid.shift(grid.origin, 2), "ms") == np.datetime64("2021-01-01")
    assert np.datetime64(grid_of("1mo", -1).origin, "ms") == np.datetime64("1969-12-01")


@settings(deadline=None)
@given(
    starts=st.lists(st.integers(0, 1_000), min_size=1, unique=True).map(sorted),
    data=st.data(),
    begin=st.integers(-100, 10_000),
    rows=st.floats(0, 1_000),
)
def test_a_histogram_reaches_what_it_expects(starts: list[int], data: st.DataObject, begin: int, rows: float) -> None:
    counts = data.draw(st.lists(st.integers(1, 50), min_size=len(starts), max_size=len(starts)))
    buckets = np.array(starts) * 10
    made = histogram(buckets, np.array(counts, float), 10, start=0, seen=None, step=0.1)
    assert made.expected(-1, 20_000) == pytest.approx(sum(counts))
    end = made.reach(begin, rows, 20_000)
    assert begin < end <= 20_000
    assert end == 20_000 or made.expected(begin, end) <= rows + 50
    assert made.expected(begin, end) >= min(rows, made.expected(begin, 20_000)) - 51


@settings(deadline=None)
@given(start=st.integers(-(10**12), 10**12), length=st.integers(1, 10**13), buckets=st.integers(3, 10_000))
def test_counts_fit_into_a_page(start: int, length: int, buckets: int) -> None:
    grid = grid_of(counting_granularity(start, start + length, buckets), start)
    assert isinstance(grid, FixedGrid)
    if grid.step < granularity_to_ms("100000h"):
        assert grid.count(grid.origin, start + length) <= buckets


def test_a_uniform_density_reaches_as_far_as_its_rows() -> None:
    assert Uniform(0.5).expected(0, 100) == 50
    assert Uniform(0.5).reach(0, 10, 100) == 20
    assert Uniform(0.5).reach(0, 1000, 100) == 100
    assert Uniform(0.0).reach(0, 10, 100) == 100
