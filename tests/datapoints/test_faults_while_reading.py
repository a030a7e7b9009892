"""A read gives what is there, whatever goes wrong on its way: against a plain model of what the answer is."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks import replay
from benchmarks.replay import Fault, Store
from cdframe.datapoints import DatapointsAPI
from cdframe.datapoints import engine as engine_module
from cdframe.datapoints import streams as streams_module
from tests.datapoints import replays
from tests.datapoints.rows import rows_of

POINTS = "/data/list"
KINDS = ["polars", "pandas", "pyarrow"]

Value = float | str
Row = tuple[Any, ...]


@dataclass(frozen=True)
class Model:
    """A series as plain Python has it.

    Attributes:
        paces: how often the pace of its points may change, at most: where runs of them begin and end.
    """

    name: str
    points: tuple[tuple[int, Value], ...]
    is_string: bool
    paces: int

    def rows(self, start: int, end: int, limit: int | None, outside: bool) -> list[tuple[int, Value]]:
        """What a read of [start, end) gives."""
        inside = [point for point in self.points if start <= point[0] < end]
        if outside:
            before = [point for point in self.points if point[0] < start]
            after = [point for point in self.points if point[0] >= end]
            inside = before[-1:] + inside + after[:1]
        return inside[:limit]


@dataclass(frozen=True)
class Setting:
    """A server and a client: how large pages are, what goes wrong, how long answers take."""

    workers: int
    page: int
    most: int | None
    cursors: bool
    kind: Any
    faults: tuple[Fault | None, ...]
    latency: float
    seed: int


runs = st.tuples(st.integers(-5_000, 50_000), st.integers(1, 60), st.sampled_from([1, 7, 1_000]))
"""Points at one distance from each other: where they begin, how many, how far apart; before and after 1970."""


@st.composite
def models(draw: st.DrawFn, most: int = 4) -> list[Model]:
    made = []
    for number in range(draw(st.integers(1, most))):
        of_series = draw(st.lists(runs, max_size=4))
        times = sorted({at + n * step for at, rows, step in of_series for n in range(rows)})
        is_string = draw(st.booleans())
        some: Sequence[Value] = ["", "a", "æ" * 30] if is_string else [0.0, 1.5, -1e99]
        values = [some[place % len(some)] for place in range(len(times))]
        made.append(Model(f"s{number}", tuple(zip(times, values, strict=True)), is_string, 2 * len(of_series) + 1))
    return made


faults = st.sampled_from(
    [
        None,
        None,
        Fault(502),
        Fault(503),
        Fault(504, {"Retry-After": "0"}),
        Fault(429),
        Fault(429, {"Retry-After": "0"}),
        Fault(429, {"Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT"}),
        Fault(cut=0.0),
        Fault(cut=0.1),
        Fault(cut=0.9),
        Fault(cut=1.0),
    ]
)
surroundings = st.builds(
    Setting,
    workers=st.sampled_from([1, 2, 10]),
    page=st.sampled_from([1, 2, 13, 100]),
    most=st.sampled_from([None, 1, 5]),
    cursors=st.booleans(),
    kind=st.sampled_from(KINDS),
    faults=st.lists(faults, max_size=9).map(tuple),  # fewer than the attempts that a request has
    latency=st.sampled_from([0.0, 0.001, 0.004]),
    seed=st.integers(0, 2**32),
)
starts, lengths = st.integers(-6_000, 60_000), st.integers(1, 70_000)
limits = st.none() | st.integers(0, 80)
modest = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module")
def server() -> Iterator[replay.Server]:
    """A server that all examples share; one session keeps its connections."""
    with replay.running(Store()) as server:
        keeper = replays.session(server)
        yield server
        keeper.close()


class Troubled:
    """The datapoints calls of a client in some setting.

    Attributes:
        cut: how many answers to requests for points were cut.
    """

    def __init__(self, server: replay.Server, models: Sequence[Model], setting: Setting) -> None:
        self.setting = setting
        self.cut = 0
        self.store = replays.NotedStore(
            Store((series_of(id, model) for id, model in enumerate(models, 1)), cursors=setting.cursors),
            change=self._shorten if setting.most is not None and setting.cursors else None,
        )
        server.store = self.store
        self._server = server
        self._chance = random.Random(setting.seed)
        self._coming = list(setting.faults)

    def __enter__(self) -> DatapointsAPI:
        self._server.fault = self._fault
        self._patch = pytest.MonkeyPatch()
        page = 4 * self.setting.page  # four series at most have one point each
        for module in (engine_module, streams_module):
            self._patch.setattr(module, "MOST_RAW", page)
            self._patch.setattr(module, "MOST_AGGREGATES", 2 * page)
        self._session = replays.session(self._server, max_workers=self.setting.workers)
        return DatapointsAPI(self._session, self.setting.kind)

    def __exit__(self, *_: object) -> None:
        self._session.close()
        self._patch.undo()
        self._server.fault = None

    @property
    def answered(self) -> int:
        """How many requests for points were answered to the end."""
        return len(self.store.asked) - self.cut

    def _fault(self, path: str) -> Fault | None:
        time.sleep(self._chance.uniform(0, self.setting.latency))
        fault = self._coming.pop() if self._coming and self._chance.random() < 0.5 else None
        if fault is not None and fault.cut is not None and path.endswith(POINTS):
            self.cut += 1
        return fault

    def _shorten(self, body: replays.Body) -> None:
        """Give shorter pages than were asked for, with cursors."""
        for item in body["items"]:
            if not item.get("includeOutsidePoints"):  # such answers have no cursors
                item["limit"] = min(item["limit"], self.setting.most)


def series_of(id: int, model: Model) -> replay.Series:
    times = np.array([at for at, _ in model.points], np.int64)
    values: list[Any] = [value for _, value in model.points]
    if model.is_string:
        return replays.texts(id, model.name, times, values)
    return replays.numbers(id, model.name, times, np.array(values, np.float64))


def long_rows(models: Sequence[Model], *what: Any) -> list[Row]:
    """The rows of the long frame."""
    both = len({model.is_string for model in models}) == 2
    rows: list[Row] = []
    for model in models:
        for at, value in model.rows(*what):
            rows.append((model.name, at, *([None, value] if model.is_string else [value, None])[: 2 if both else None]))
            if not both:
                rows[-1] = (model.name, at, value)
    return rows


def wide_rows(models: Sequence[Model], *what: Any) -> list[Row]:
    """The rows of the wide frame."""
    columns = [dict(model.rows(*what)) for model in models]
    return [(at, *(column.get(at) for column in columns)) for at in sorted({at for one in columns for at in one})]


def most_requests(models: Sequence[Model], setting: Setting, rows: int) -> int:
    """The most requests for points that may be answered, however many more have failed.

    Each brings in a quarter of the rows that it has room for, at least (a quarter of a page is what a window is filled
    to with the margin for its expectation), but for those at which the pace of a series changes. There workers may all
    be on windows of the old pace, and each window without a point makes the next one four times as long, up to the
    longest range. And each series has a first page.
    """
    shorter = setting.cursors and setting.most is not None
    room = min(4 * setting.page, setting.most if shorter and setting.most else 4 * setting.page)
    a_change = setting.workers + math.ceil(math.log(70_000, 4))
    return -(-4 * rows // room) + sum(1 + model.paces * a_change for model in models)


@modest
@given(models(), starts, lengths, limits, st.booleans(), surroundings)
def test_long(
    server: replay.Server,
    models: list[Model],
    start: int,
    length: int,
    limit: int | None,
    outside: bool,
    setting: Setting,
) -> None:
    what = (start, start + length, limit, outside)
    troubled = Troubled(server, models, setting)
    with troubled as points:
        frame = points.retrieve(
            *what[:2], external_id=[one.name for one in models], limit=limit, include_outside_points=outside
        )
    expected = long_rows(models, *what)
    assert rows_of(frame) == expected
    assert troubled.answered <= most_requests(models, setting, len(expected))


@modest
@given(models(), starts, lengths, limits, surroundings)
def test_wide(
    server: replay.Server, models: list[Model], start: int, length: int, limit: int | None, setting: Setting
) -> None:
    troubled = Troubled(server, models, setting)
    with troubled as points:
        frame = points.retrieve_dataframe(
            start, start + length, None, None, external_id=[one.name for one in models], limit=limit
        )
    assert rows_of(frame, index="timestamp") == wide_rows(models, start, start + length, limit, False)


@modest
@given(models(), starts, lengths, limits, st.booleans(), surroundings, st.integers(1, 70))
def test_streams(
    server: replay.Server,
    models: list[Model],
    start: int,
    length: int,
    limit: int | None,
    outside: bool,
    setting: Setting,
    chunk_size: int,
) -> None:
    what = (start, start + length, limit, outside)
    troubled = Troubled(server, models, setting)
    with troubled as points:
        frames = list(
            points.stream(
                *what[:2],
                external_id=[one.name for one in models],
                limit=limit,
                include_outside_points=outside,
                chunk_size=chunk_size,
            )
        )
    expected = long_rows(models, *what)
    assert [row for frame in frames for row in rows_of(frame)] == expected
    assert [len(frame) for frame in frames] == [
        min(chunk_size, len(expected) - at) for at in range(0, len(expected), chunk_size)
    ]
    assert troubled.answered <= most_requests(models, setting, len(expected))


@modest
@given(models(most=2), st.tuples(starts, starts, starts), surroundings)
def test_adjacent_ranges_make_the_whole(
    server: replay.Server, models: list[Model], edges: tuple[int, ...], setting: Setting
) -> None:
    a, b, c = (edge + n for n, edge in enumerate(sorted(edges)))
    names = [one.name for one in models]
    with Troubled(server, models, setting) as points:
        first, second, whole = (
            sorted(rows_of(points.retrieve(x, y, external_id=names)), key=lambda row: row[:2])
            for x, y in ((a, b), (b, c), (a, c))
        )
    assert sorted(first + second, key=lambda row: row[:2]) == whole
