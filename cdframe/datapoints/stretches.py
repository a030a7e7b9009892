"""Points of many series in one order, of which requests take stretches.

The points to send are numbered from 0: series by series, times ascending. A point that a later one of the same series
and time overwrites is not sent and has no number; it is a row of the stretch that has the later one. So the outcome
does not depend on which request arrives first, and every row of the input is in exactly one stretch.

    rows of the input      a@1  a@1  a@2 | b@1  b@5  b@5  b@5
    numbers                      0    1  |  2               3
    starts of series             0          2                  4
    the stretch 1..3                 a@2 | b@1
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Protocol, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cdframe.datapoints.pages import Floats, Ints

Flags: TypeAlias = NDArray[np.bool_]
References: TypeAlias = Ints | pa.LargeStringArray
"""What names series: ids, or external ids."""
Values: TypeAlias = Floats | pa.LargeStringArray

_RADIX = 1 << 16  # NumPy sorts numbers of 16 bits by their digits, ten times as fast


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """Points of one or many series, one series behind the other; `edges` are where they begin, and the end."""

    references: References
    edges: Ints
    timestamps: Ints
    values: Values


class PointSet(Protocol):
    """Points of one kind (numbers or texts) of series that one kind of reference names."""

    @property
    def starts(self) -> Ints:
        """The number of the first point of each series, and behind them the count of all."""

    @property
    def is_text(self) -> bool:
        """Whether the values are texts."""

    @property
    def references(self) -> References:
        """The series."""

    def sent(self, begin: int, end: int) -> Stretch:
        """The points with the numbers from `begin` up to `end`."""

    def rows(self, begin: int, end: int) -> Stretch:
        """All rows of the input that these points stand for: those that they overwrite, too."""

    def text_bytes(self) -> Ints:
        """How long the text of each numbered point is."""


@dataclass(frozen=True, slots=True, eq=False)
class LongPoints:
    """Points whose rows stand in order already, as columns."""

    references: References
    edges: Ints  # the rows at which series begin, and the end
    timestamps: Ints
    values: Values
    numbered: Ints | None  # the rows of the numbered points; None: all
    starts: Ints

    @property
    def is_text(self) -> bool:
        """Whether the values are texts."""
        return isinstance(self.values, pa.Array)

    def sent(self, begin: int, end: int) -> Stretch:
        """The points with the numbers from `begin` up to `end`."""
        if self.numbered is None:
            return self._cut(self.edges, begin, end)
        rows = self.numbered[begin:end]
        series = _series_in(self.starts, begin, end)
        edges = _clip(self.starts, series, begin, end)
        return Stretch(self.references[series], edges, self.timestamps[rows], take(self.values, rows))

    def rows(self, begin: int, end: int) -> Stretch:
        """All rows of the input that these points stand for: those that they overwrite, too."""
        if self.numbered is None:
            return self._cut(self.edges, begin, end)
        first = int(self.numbered[begin - 1]) + 1 if begin else 0
        return self._cut(self.edges, first, int(self.numbered[end - 1]) + 1)

    def text_bytes(self) -> Ints:
        """How long the text of each numbered point is."""
        lengths: Ints = pc.binary_length(self.values).to_numpy(zero_copy_only=False)
        return lengths if self.numbered is None else lengths[self.numbered]

    def _cut(self, edges: Ints, begin: int, end: int) -> Stretch:
        series = _series_in(edges, begin, end)
        rows = slice(begin, end)
        return Stretch(
            self.references[series], _clip(edges, series, begin, end), self.timestamps[rows], self.values[rows]
        )


def long_points(references: References, codes: Ints | None, timestamps: Ints, values: Values) -> LongPoints:
    """Bring points into order; `codes` number the references by their rows (None: there is one), each has some."""
    order = _order(codes, timestamps)
    if order is not None:
        timestamps, values = timestamps[order], take(values, order)
        codes = None if codes is None else codes[order]
    repeats = timestamps[1:] == timestamps[:-1]
    edges = np.array([0, len(timestamps)])
    if codes is not None:
        follows = codes[1:] != codes[:-1]
        edges = np.concatenate([[0], np.flatnonzero(follows) + 1, [len(codes)]])
        repeats &= ~follows
    if not repeats.any():
        return LongPoints(references, edges, timestamps, values, None, edges)
    numbered = np.flatnonzero(np.append(~repeats, True))
    return LongPoints(references, edges, timestamps, values, numbered, np.searchsorted(numbered, edges))


@dataclass(frozen=True, slots=True, eq=False)
class WideColumn:
    """One series of a wide frame, at the frame's times."""

    values: Values
    present: Flags | None = None  # which rows have a value; None: all
    numbered: Flags | None = None  # which of them are sent; None: all that are present

    @property
    def sent(self) -> Flags | None:
        """Which rows are sent; None: all."""
        return self.present if self.numbered is None else self.numbered

    def count(self) -> int:
        """How many points are sent."""
        return len(self.values) if self.sent is None else int(np.count_nonzero(self.sent))

    def at(self, order: Ints) -> WideColumn:
        """The column with its rows in another order."""
        return WideColumn(take(self.values, order), None if self.present is None else self.present[order])

    def without_repeats(self, timestamps: Ints) -> WideColumn:
        """Send only the last point of each time; times ascend."""
        rows = np.arange(len(timestamps)) if self.present is None else np.flatnonzero(self.present)
        times = timestamps[rows]
        numbered = np.zeros(len(timestamps), np.bool_)
        numbered[rows[np.append(times[1:] != times[:-1], True)]] = True
        return WideColumn(self.values, self.present, numbered)


@dataclass(frozen=True, slots=True, eq=False)
class WidePoints:
    """Columns of a wide frame that share its times; they are put one behind the other when a stretch is taken."""

    references: References
    timestamps: Ints
    columns: Sequence[WideColumn]
    starts: Ints

    @property
    def is_text(self) -> bool:
        """Whether the values are texts."""
        return isinstance(self.columns[0].values, pa.Array)

    def sent(self, begin: int, end: int) -> Stretch:
        """The points with the numbers from `begin` up to `end`."""
        return self._stretch(begin, end, with_overwritten=False)

    def rows(self, begin: int, end: int) -> Stretch:
        """All rows of the input that these points stand for: those that they overwrite, too."""
        return self._stretch(begin, end, with_overwritten=True)

    def text_bytes(self) -> Ints:
        """How long the text of each numbered point is."""
        lengths = (pc.binary_length(column.values).to_numpy(zero_copy_only=False) for column in self.columns)
        return np.concatenate(
            [
                of_column if column.sent is None else of_column[column.sent]
                for column, of_column in zip(self.columns, lengths, strict=True)
            ]
        ).astype(np.int64)

    def _stretch(self, begin: int, end: int, *, with_overwritten: bool) -> Stretch:
        series = _series_in(self.starts, begin, end)
        edges = _clip(self.starts, series, begin, end)
        begins = (edges[:-1] + begin - self.starts[series]).tolist()  # within their columns
        counts = np.diff(edges).tolist()
        times, values = [], []
        for column, first, count in zip(self.columns[series], begins, counts, strict=True):
            rows = _rows_of(column, first, first + count, with_overwritten=with_overwritten)
            times.append(self.timestamps[rows])
            values.append(column.values[rows] if isinstance(rows, slice) else take(column.values, rows))
        lengths = np.fromiter(chain((0,), map(len, times)), np.int64, len(times) + 1)
        return Stretch(self.references[series], np.cumsum(lengths), np.concatenate(times), join(values))


def wide_points(references: References, timestamps: Ints, columns: Sequence[WideColumn]) -> WidePoints:
    """Bring the rows of a wide frame into order; each column has some points."""
    if not bool((timestamps[1:] > timestamps[:-1]).all()):
        order = np.argsort(timestamps, kind="stable")
        timestamps = timestamps[order]
        columns = [column.at(order) for column in columns]
        if bool((timestamps[1:] == timestamps[:-1]).any()):
            columns = [column.without_repeats(timestamps) for column in columns]
    starts = np.cumsum([0, *(column.count() for column in columns)])
    return WidePoints(references, timestamps, columns, starts)


def references_of(keys: Sequence[int | str]) -> References:
    """Ids, or external ids, as a column."""
    return np.array(keys, np.int64) if isinstance(keys[0], int) else pa.array(keys, pa.large_string())


def take(values: Values, rows: Ints) -> Values:
    """The values of some rows."""
    return values[rows] if isinstance(values, np.ndarray) else values.take(pa.array(rows))


def join(parts: Sequence[Values]) -> Values:
    """One column of several."""
    return np.concatenate(parts) if isinstance(parts[0], np.ndarray) else pa.concat_arrays(parts)


def _order(codes: Ints | None, timestamps: Ints) -> Ints | None:
    """The order by series and time, of equal ones as given; None when rows stand in it."""
    in_time = timestamps[1:] >= timestamps[:-1]
    if codes is None:
        return None if in_time.all() else np.argsort(timestamps, kind="stable")
    if ((codes[1:] > codes[:-1]) | ((codes[1:] == codes[:-1]) & in_time)).all():
        return None
    if codes.max() < _RADIX:
        codes = codes.astype(np.uint16)
    if in_time.all():
        return np.argsort(codes, kind="stable")
    by_time = np.argsort(timestamps, kind="stable")
    return by_time[np.argsort(codes[by_time], kind="stable")]


def _series_in(starts: Ints, begin: int, end: int) -> slice:
    first, last = np.searchsorted(starts, [begin, end - 1], side="right").tolist()
    return slice(first - 1, last)


def _clip(starts: Ints, series: slice, begin: int, end: int) -> Ints:
    return np.clip(starts[series.start : series.stop + 1], begin, end) - begin


def _rows_of(column: WideColumn, begin: int, end: int, *, with_overwritten: bool) -> slice | Ints:
    """The rows of some of the points that a column sends, or those that they stand for."""
    if column.sent is None:
        return slice(begin, end)
    rows = np.flatnonzero(column.sent)
    if not with_overwritten or column.numbered is None:
        return rows[begin:end]
    first, stop = int(rows[begin - 1]) + 1 if begin else 0, int(rows[end - 1]) + 1
    if column.present is None:
        return slice(first, stop)
    return np.flatnonzero(column.present[first:stop]) + first
