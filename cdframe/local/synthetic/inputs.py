"""A referenced series, or its aggregate, as an input: rows in time, between which it is linear or holds its value.

Rows outside the asked-for range count too: an input is defined from its first row on; a linear one up to its last.
"""

from __future__ import annotations

from typing import Any, Protocol, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cdframe.local.aggregates import aggregate
from cdframe.local.buckets import grid_buckets
from cdframe.local.errors import bad_request
from cdframe.local.synthetic.tree import Aggregate, Reference

Ints: TypeAlias = NDArray[np.int64]
Values: TypeAlias = NDArray[Any]  # float64, or strings as objects
Row: TypeAlias = tuple[int, Any]

FEWEST_POINTS, MOST_POINTS = 10_000, 1_000_000  # read at once to aggregate them; more only if one bucket has more


class SeriesFacts(Protocol):
    """What must be known of a series."""

    @property
    def is_string(self) -> bool:
        """Whether its values are strings."""
        ...

    @property
    def is_step(self) -> bool:
        """Whether a value holds until the next one."""
        ...


class Reader(Protocol):
    """Gives the good points of series; points are in order of time."""

    def series(self, series_id: int) -> SeriesFacts:
        """What must be known of the series."""
        ...

    def points(
        self, series_id: int, start: int, end: int, limit: int | None = None
    ) -> tuple[Ints, NDArray[Any] | pa.Array]:
        """The points in [start, end), of those the first `limit`: timestamps, and numbers or strings."""
        ...

    def before(self, series_id: int, timestamp: int) -> Row | None:
        """The last point before a timestamp, however far."""
        ...

    def after(self, series_id: int, timestamp: int) -> Row | None:
        """The first point at a timestamp or after it, however far."""
        ...


class Input(Protocol):
    """Rows in time."""

    @property
    def is_linear(self) -> bool:
        """Whether it is linear between rows; else a row holds until the next one, and the last for ever."""
        ...

    def rows(self, start: int, end: int, limit: int) -> tuple[Ints, Values]:
        """The first `limit` rows in [start, end)."""
        ...

    def before(self, timestamp: int) -> Row | None:
        """The last row before a timestamp."""
        ...

    def after(self, timestamp: int) -> Row | None:
        """The first row at a timestamp or after it."""
        ...


def make_input(reference: Reference, reader: Reader, series_id: int, time_zone: str) -> Input:
    """The input that a reference stands for."""
    if reference.aggregate is None:
        return PointsInput(reader, series_id)
    if reader.series(series_id).is_string:
        raise bad_request(f"Aggregates are not supported for string time series: {reference.identifier.wire()}")
    return AggregateInput(reader, series_id, reference.aggregate, time_zone)


class PointsInput:
    """The points of a series as they are."""

    def __init__(self, reader: Reader, series_id: int) -> None:
        facts = reader.series(series_id)
        self.is_linear = not (facts.is_step or facts.is_string)
        self._type = np.dtype(object if facts.is_string else np.float64)
        self._reader = reader
        self._series_id = series_id

    def rows(self, start: int, end: int, limit: int) -> tuple[Ints, Values]:
        timestamps, values = self._reader.points(self._series_id, start, end, limit)
        return timestamps, np.asarray(values, self._type)

    def before(self, timestamp: int) -> Row | None:
        return self._reader.before(self._series_id, timestamp)

    def after(self, timestamp: int) -> Row | None:
        return self._reader.after(self._series_id, timestamp)


class AggregateInput:
    """The rows of an aggregate on an endless grid.

    Each row is at the begin of its bucket, and depends on nothing but the points: an empty bucket has a row only
    behind one with points, never for being the first of a request, or pages would differ from the whole.
    """

    def __init__(self, reader: Reader, series_id: int, asked: Aggregate, time_zone: str) -> None:
        self._is_step = reader.series(series_id).is_step
        self.is_linear = not (self._is_step or asked.name == "stepInterpolation")
        self._name = asked.name
        self._grid = grid_buckets(0, 1, asked.granularity, asked.alignment, time_zone)
        self._reader = reader
        self._series_id = series_id

    def rows(self, start: int, end: int, limit: int) -> tuple[Ints, Values]:
        first, stop = self._first_from(start), self._first_from(end)
        parts = [(np.empty(0, np.int64), np.empty(0))]
        count, most = 0, max(4 * limit, FEWEST_POINTS)
        while first < stop and count < limit:
            times, values = self._points(first, stop, most)
            complete = stop if len(times) < most else self._bucket(int(times[-1]))
            if complete == first:  # one bucket has more points than were read
                most *= 2
                continue
            inside = np.searchsorted(times, self._begin(complete))
            parts.append(self._aggregated(first, complete, times[:inside], values[:inside]))
            count += len(parts[-1][0])
            first, most = complete, max(most, min(2 * most, MOST_POINTS))
        return np.concatenate([part[0] for part in parts])[:limit], np.concatenate([part[1] for part in parts])[:limit]

    def before(self, timestamp: int) -> Row | None:
        stop, width = self._first_from(timestamp), 1
        # A bucket with points may have no value, so the search goes on, over twice as many buckets each time.
        while (point := self._reader.before(self._series_id, self._begin(stop))) is not None:
            last = self._bucket(point[0])
            first = last + 1 - width
            times, values = self._aggregated(first, min(last + 2, stop), *self._points(first, min(last + 2, stop)))
            if len(times):
                return int(times[-1]), float(values[-1])
            stop, width = first, 2 * width
        return None

    def after(self, timestamp: int) -> Row | None:
        first, width = self._first_from(timestamp), 1
        while True:
            point = self._reader.after(self._series_id, self._begin(first))
            # Where there are no more points, the first bucket may yet have a row, being behind the last points.
            stop = (first if point is None else self._bucket(point[0])) + width
            times, values = self._aggregated(first, stop, *self._points(first, stop))
            if len(times):
                return int(times[0]), float(values[0])
            if point is None:
                return None
            first, width = stop, 2 * width

    def _bucket(self, timestamp: int) -> int:
        """The bucket that a timestamp lies in."""
        return int(self._grid.index(np.array([timestamp]))[0])

    def _first_from(self, timestamp: int) -> int:
        """The first bucket that begins at a timestamp or later."""
        return self._bucket(timestamp - 1) + 1

    def _begin(self, bucket: int) -> int:
        return int(self._grid.start(np.array([bucket]))[0])

    def _points(self, first: int, stop: int, limit: int | None = None) -> tuple[Ints, Values]:
        """The points in buckets `first` to `stop` (not included)."""
        times, values = self._reader.points(self._series_id, self._begin(first), self._begin(stop), limit)
        return times, np.asarray(values, np.float64)

    def _aggregated(self, first: int, stop: int, times: Ints, values: Values) -> tuple[Ints, Values]:
        """The rows of buckets `first` to `stop` (not included), given their points."""
        before = self._reader.before(self._series_id, self._begin(first))
        after = self._reader.after(self._series_id, self._begin(stop))
        if before is not None:
            times, values = np.insert(times, 0, before[0]), np.insert(values, 0, before[1])
        if after is not None:
            times, values = np.append(times, after[0]), np.append(values, after[1])
        rows = aggregate(
            times, values, self._grid.part(first, stop), [self._name], is_step=self._is_step, first_row=False
        )
        return rows.timestamps, rows.columns[self._name]
