"""How many rows a part of a series is expected to have: what windows are cut by.

An expectation only decides how requests are cut. What is there is read whatever was expected: pages that come back full
are continued, and ranges where nothing is expected are asked for all the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from cdframe.timestamps import granularity_to_ms

_MARKS = 33
"""At so many rows of a page it is looked how far they are from where a steady pace would have them."""
_STEADY = 3.0
"""Rows that come at random wander less than so many roots of their number from a steady pace, all but never more."""


class Density(Protocol):
    """Rows over time."""

    @property
    def dispersion(self) -> float:
        """How evenly rows come: 0 like a clock, 1 like rain. So many roots of a count are its standard deviation."""

    def expected(self, start: int, end: int) -> float:
        """How many rows [start, end) may have."""

    def reach(self, start: int, rows: float, end: int) -> int:
        """The moment, at most `end`, up to which so many rows are expected from `start` on."""


@dataclass(frozen=True, slots=True)
class Uniform:
    """Rows at one rate (rows per ms), up to a moment; whether they have come at it for long."""

    rate: float
    dispersion: float = 1.0
    until: float = math.inf
    is_steady: bool = True

    def expected(self, start: int, end: int) -> float:
        """How many rows [start, end) may have."""
        return self.rate * max(0.0, min(end, self.until) - start)

    def reach(self, start: int, rows: float, end: int) -> int:
        """The moment, at most `end`, up to which so many rows are expected from `start` on."""
        if self.expected(start, end) <= rows:
            return end
        return min(end, start + max(1, int(rows / self.rate)))


@dataclass(frozen=True, slots=True)
class AtMost:
    """Rows of which only an upper bound is known; they may stand anywhere."""

    rows: float
    dispersion: float = 0.0

    def expected(self, start: int, end: int) -> float:
        """How many rows [start, end) may have."""
        return self.rows

    def reach(self, start: int, rows: float, end: int) -> int:
        """The moment, at most `end`, up to which so many rows are expected from `start` on."""
        return end


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    """Rows as counted in buckets: `cumulative` of them lie before each of `moments`, evenly in between."""

    moments: NDArray[np.float64]
    cumulative: NDArray[np.float64]
    dispersion: float = 1.0

    def expected(self, start: int, end: int) -> float:
        """How many rows [start, end) may have."""
        before, after = np.interp((start, end), self.moments, self.cumulative)
        return float(after - before)

    def reach(self, start: int, rows: float, end: int) -> int:
        """The moment, at most `end`, up to which so many rows are expected from `start` on."""
        target = float(np.interp(start, self.moments, self.cumulative)) + rows
        # Of moments before which as many rows lie, the last one: what is empty goes with what is before it.
        at = int(np.searchsorted(self.cumulative, target, side="right"))
        if at == 0 or at == len(self.moments):
            return end
        low, high = self.cumulative[at - 1], self.cumulative[at]
        share = (target - low) / (high - low)
        moment = self.moments[at - 1] + share * (self.moments[at] - self.moments[at - 1])
        return min(end, max(start + 1, int(moment)))


def density_of(times: NDArray[np.int64]) -> Uniform:
    """The density of rows that have come, two at least, for those that follow.

    Rows that come steadily do so on the whole; where their pace changes, they go on at that of the last ones.
    """
    last = len(times) - 1
    rate = last / max(1, int(times[-1] - times[0]))
    marks = np.arange(_MARKS) * last // (_MARKS - 1)
    wander = 2 * float(np.abs((times[marks] - times[0]) * rate - marks).max()) / math.sqrt(last)
    if wander <= _STEADY:
        return Uniform(rate, min(1.0, wander))
    recent = times[-max(2, len(times) // 8) :]
    return Uniform((len(recent) - 1) / max(1, int(recent[-1] - recent[0])), is_steady=False)


def margin(expected: float, dispersion: float) -> float:
    """How many more rows than expected may well be there: four deviations of their count, and two."""
    return 4 * dispersion * math.sqrt(expected) + 2


def filling(room: float, dispersion: float) -> float:
    """The rows to expect of a window that has room for so many: with their margin they fill it."""
    return max(1.0, (math.sqrt(4 * dispersion**2 + max(0.0, room - 2)) - 2 * dispersion) ** 2)


def histogram(
    starts: NDArray[np.int64], counts: NDArray[np.float64], width: int, *, start: int, seen: Uniform | None, step: float
) -> Histogram:
    """Make a histogram of the buckets that hold points.

    Args:
        starts: where buckets begin.
        counts: the points in each.
        width: the length of a bucket.
        start: where the histogram begins.
        seen: the density just before `start`. While its rate is higher than the mean of the first bucket, rows are
            thought to go on at it: so a bucket that is much longer than the data hold serves all the same.
        step: rows are at least so many ms apart.
    """
    rows = np.minimum(counts, max(1.0, width / step))
    after = np.cumsum(rows)
    ends = (starts + width).astype(np.float64)
    begins = np.maximum(starts, start).astype(np.float64)
    if seen is not None and seen.rate > 0 and starts[0] <= start < ends[0]:
        ends[0] = min(ends[0], start + rows[0] / seen.rate)
    return Histogram(
        np.column_stack([begins, ends]).ravel(),
        np.column_stack([after - rows, after]).ravel(),
        1.0 if seen is None else seen.dispersion,
    )


def counting_granularity(start: int, end: int, buckets: int) -> str:
    """The finest granularity that divides a range into at most so many buckets."""
    needed = -((start - end) // max(1, buckets - 2))  # the first and the last one may stand out
    for unit, most in (("s", 120), ("m", 120), ("h", 100_000)):
        number = -(-needed // granularity_to_ms(f"1{unit}"))
        if number <= most:
            return f"{max(1, number)}{unit}"
    return "100000h"
