"""Series in memory, as the evaluation of synthetic expressions reads them."""

from __future__ import annotations

import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cdframe.local.identifiers import Identifier
from cdframe.local.synthetic.evaluation import Rows, evaluate
from cdframe.local.synthetic.grammar import parse


@dataclass(frozen=True)
class Series:
    points: Sequence[tuple[int, Any]]  # by time
    is_step: bool = False
    is_string: bool = False


class MemoryReader:
    """Reads series by their place in a list; counts the points that it hands out."""

    def __init__(self, series: Sequence[Series]) -> None:
        self._series = series
        self._times = [[t for t, _ in one.points] for one in series]
        self.points_read = 0

    def series(self, series_id: int) -> Series:
        return self._series[series_id]

    def points(self, series_id: int, start: int, end: int, limit: int | None = None) -> tuple[Any, Any]:
        times = self._times[series_id]
        chosen = slice(bisect.bisect_left(times, start), bisect.bisect_left(times, end))
        points = self._series[series_id].points[chosen][:limit]
        self.points_read += len(points)
        kind = object if self._series[series_id].is_string else np.float64
        return np.array([t for t, _ in points], np.int64), np.array([v for _, v in points], kind)

    def before(self, series_id: int, timestamp: int) -> tuple[int, Any] | None:
        place = bisect.bisect_left(self._times[series_id], timestamp)
        return self._series[series_id].points[place - 1] if place else None

    def after(self, series_id: int, timestamp: int) -> tuple[int, Any] | None:
        place = bisect.bisect_left(self._times[series_id], timestamp)
        return self._series[series_id].points[place] if place < len(self._times[series_id]) else None


def evaluated(
    expression: str,
    series: Mapping[str, Series],
    start: int,
    end: int,
    limit: int = 10_000,
    *,
    reader: MemoryReader | None = None,
    **options: Any,
) -> Rows:
    ids = {Identifier("externalId", name): number for number, name in enumerate(series)}
    reader = reader or MemoryReader(list(series.values()))
    return evaluate(parse(expression), reader, ids, start, end, limit, **options)


def as_dict(rows: Rows) -> dict[int, Any]:
    """The rows as {timestamp: value or text of the error}."""
    return {
        int(t): float(v) if error is None else error
        for t, v, error in zip(rows.timestamps, rows.values, rows.errors, strict=True)
    }
