"""A referenced series, or its aggregate, as an input: rows in time, between which it is linear or holds its value.

Rows outside the asked-for range count too: an input is defined from its first row on; a linear one up to its last.
"""

from __future__ import annotations

from typing import Any, Protocol, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cdframe.local.synthetic.tree import Reference

Ints: TypeAlias = NDArray[np.int64]
Values: TypeAlias = NDArray[Any]  # float64, or strings as objects
Row: TypeAlias = tuple[int, Any]


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
    return PointsInput(reader, series_id)


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
