"""The good points of series, one at a time: what synthetic time series are computed from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from cdframe.local.database import Connection
from cdframe.local.datapoints.points import UNCERTAIN, Floats, Ints, Kind, Points
from cdframe.local.datapoints.retrieve import kind_of
from cdframe.local.datapoints.store import Found, PointStore, Window
from cdframe.local.resources import Row


@dataclass(frozen=True, slots=True)
class SeriesFacts:
    """What the points of a series are."""

    is_string: bool
    is_step: bool


class SeriesReader:
    """Reads the good points of series as one transaction sees them."""

    def __init__(self, connection: Connection, series: Iterable[Row]) -> None:
        """`series` are rows of the time series that may be read."""
        self._series = {row["id"]: row for row in series}
        kinds: tuple[Kind, ...] = ("numeric", "string")
        self._stores = {kind: PointStore(connection, kind) for kind in kinds}

    def series(self, series_id: int) -> SeriesFacts:
        """Whether a series is of strings, and whether a value holds until the next."""
        row = self._series[series_id]
        return SeriesFacts(row["is_string"], row["is_step"])

    def points(
        self, series_id: int, start: int, end: int, limit: int | None = None
    ) -> tuple[Ints, Floats | pa.LargeStringArray]:
        """The points in [start, end), of those the first `limit`."""
        inside = self._read(Window(series_id, start, end, limit, bound=UNCERTAIN)).inside
        return inside.timestamps, inside.values

    def before(self, series_id: int, timestamp: int) -> tuple[int, Any] | None:
        """The last point before a time."""
        return _single(self._read(Window(series_id, timestamp, timestamp, 0, before=True, bound=UNCERTAIN)).before)

    def after(self, series_id: int, timestamp: int) -> tuple[int, Any] | None:
        """The first point at a time, or after it."""
        return _single(self._read(Window(series_id, timestamp, timestamp, 0, after=True, bound=UNCERTAIN)).after)

    def _read(self, window: Window) -> Found:
        (found,) = self._stores[kind_of(self._series[window.series])].read([window])
        return found


def _single(points: Points) -> tuple[int, Any] | None:
    if not len(points):
        return None
    value = points.values[0]
    return int(points.timestamps[0]), value.as_py() if isinstance(value, pa.Scalar) else float(value)
