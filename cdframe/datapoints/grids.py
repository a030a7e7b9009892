"""Where the rows of a series can stand in time: at any millisecond (raw points), or at the starts of buckets.

Buckets of a fixed length begin at the start of the read, rounded down to its unit, as CDF counts them; buckets of
months begin with a month. A range that is cut where buckets begin gives the same rows as the whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from cdframe.timestamps import granularity_to_ms, parse_granularity


class Grid(Protocol):
    """The moments at which a series can have rows."""

    @property
    def origin(self) -> int:
        """The first moment (ms)."""

    @property
    def step(self) -> float:
        """The distance of moments (ms); of months, a mean."""

    def shift(self, moment: int, steps: int) -> int:
        """The moment that is so many steps after (or before) another."""

    def ceil(self, moment: int) -> int:
        """The first moment of the grid that is not before another moment."""

    def count(self, start: int, end: int) -> int:
        """How many moments lie in [start, end)."""


@dataclass(frozen=True, slots=True)
class FixedGrid:
    """Moments at one distance from each other."""

    origin: int
    step: int

    def shift(self, moment: int, steps: int) -> int:
        """The moment that is so many steps after (or before) another."""
        return moment + steps * self.step

    def ceil(self, moment: int) -> int:
        """The first moment of the grid that is not before another moment."""
        return self.origin - (self.origin - moment) // self.step * self.step

    def count(self, start: int, end: int) -> int:
        """How many moments lie in [start, end)."""
        return max(0, (self.ceil(end) - self.ceil(start)) // self.step)


@dataclass(frozen=True, slots=True)
class MonthGrid:
    """Moments at the first of every so many months, UTC."""

    origin: int
    months: int

    @property
    def step(self) -> float:
        """The mean distance of moments (ms)."""
        return self.months * 30.436875 * 86_400_000

    def shift(self, moment: int, steps: int) -> int:
        """The moment that is so many steps after (or before) another."""
        return _month_start(_month(moment) + steps * self.months)

    def ceil(self, moment: int) -> int:
        """The first moment of the grid that is not before another moment."""
        return _month_start(_month(self.origin) + self._steps_until(moment) * self.months)

    def count(self, start: int, end: int) -> int:
        """How many moments lie in [start, end)."""
        return max(0, self._steps_until(end) - self._steps_until(start))

    def _steps_until(self, moment: int) -> int:
        month = _month(moment)
        started = month if _month_start(month) == moment else month + 1
        return -((_month(self.origin) - started) // self.months)


@lru_cache(maxsize=256)
def grid_of(granularity: str | None, start: int) -> Grid:
    """The grid of a read that begins at `start`: of buckets, or without granularity of raw points."""
    if granularity is None:
        return FixedGrid(start, 1)
    number, unit = parse_granularity(granularity)
    if unit == "mo":
        return MonthGrid(_month_start(_month(start)), number)
    unit_ms = granularity_to_ms(f"1{unit}")
    return FixedGrid(start // unit_ms * unit_ms, number * unit_ms)


def moments(granularity: str, first: int, last: int) -> NDArray[np.int64]:
    """The moments from `first` on, a granularity apart, up to `last`."""
    number, unit = parse_granularity(granularity)
    if unit != "mo":
        return np.arange(first, last + 1, granularity_to_ms(granularity), dtype=np.int64)
    months = np.arange(_month(first), _month(last) + 1, number).astype("datetime64[M]")
    return months.astype("datetime64[ms]").astype(np.int64)


def _month(moment: int) -> int:
    return int(np.datetime64(moment, "ms").astype("datetime64[M]").astype(np.int64))


def _month_start(month: int) -> int:
    return int(np.datetime64(month, "M").astype("datetime64[ms]").astype(np.int64))
