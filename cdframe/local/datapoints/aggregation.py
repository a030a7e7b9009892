"""Pages of aggregates: long ranges are gone through in parts, so that a page costs what its rows cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cdframe.local.aggregates import AggregateRows, aggregate
from cdframe.local.buckets import Buckets, buckets
from cdframe.local.datapoints.points import Points, concatenate
from cdframe.local.datapoints.queries import Query, make_cursor, time_range_error
from cdframe.local.datapoints.store import Found, PointStore, Window

LEAST_READ, MOST_READ = 20_000, 1_000_000  # points at once
GROWTH = 4


@dataclass(slots=True)
class _Progress:
    """How far a query has come."""

    query: Query
    series: int
    is_step: bool
    buckets: Buckets
    done: int  # buckets that need no more looking at
    first: bool  # whether the next bucket is the first one of the request
    size: int  # points to read next
    rows: list[AggregateRows]
    left: int  # rows that may still come
    following: int | None = None

    @property
    def finished(self) -> bool:
        return self.following is not None or self.done >= self.buckets.count

    def edge(self, number: int) -> int:
        """When a bucket begins."""
        return int(self.buckets.start(np.array([number], np.int64))[0])

    def window(self) -> Window:
        """The next points, with their neighbours of any status."""
        begin, end = self.edge(self.done), self.edge(self.buckets.count)
        return Window(self.series, begin, end, self.size + 1, before=True, after=True)


def aggregate_pages(
    store: PointStore, asked: Sequence[tuple[Query, int, bool]]
) -> list[tuple[AggregateRows, str | None]]:
    """The rows of each query and the cursor of what is left; a query comes with its series and whether that is step."""
    progress = [_begin(query, series, is_step, len(asked)) for query, series, is_step in asked]
    open_ones = [one for one in progress if not one.finished]
    for one, found in zip(open_ones, store.read([one.window() for one in open_ones]), strict=True):
        _advance(store, one, found)
        while not one.finished:
            (more,) = store.read([one.window()])
            _advance(store, one, more)
    return [
        (_joined(one), None if one.following is None else make_cursor(one.series, one.following)) for one in progress
    ]


def _begin(query: Query, series: int, is_step: bool, queries: int) -> _Progress:
    row = buckets(query.start, query.end, query.granularity, query.time_zone)
    if row.count == 0:
        raise time_range_error(query.where, query.start, query.end)
    done = 0
    if query.cursor is not None:
        number = int(row.index(np.array([query.cursor[1] - 1], np.int64))[0]) + 1
        done = max(0, number)
    size = min(max(LEAST_READ, GROWTH * query.limit), max(LEAST_READ, MOST_READ // queries))
    first = query.cursor is None
    return _Progress(query, series, is_step, row, done, first, size, rows=[], left=query.limit)


def _advance(store: PointStore, one: _Progress, found: Found) -> None:
    """Compute the buckets whose points have all been read."""
    inside = found.inside
    complete = len(inside) <= one.size
    stop = one.buckets.count if complete else int(one.buckets.index(inside.timestamps[-1:])[0])
    size, one.size = one.size, min(one.size * GROWTH, MOST_READ)
    if stop == one.done:  # one bucket has more points than were read
        one.size = max(one.size, size * GROWTH)
        return
    parts = [found.before, inside, found.after] if complete else [found.before, inside]
    points = _with_good_neighbours(store, one, concatenate(parts, "numeric"), one.edge(one.done), one.edge(stop))
    options = one.query.statuses
    rows = aggregate(
        points.timestamps,
        np.asarray(points.values),
        one.buckets.part(one.done, stop),
        one.query.aggregates,
        is_step=one.is_step,
        status=points.status if points.status.any() else None,
        ignore_bad=options.ignore_bad,
        uncertain_is_bad=options.uncertain_is_bad,
        first_row=one.first,
        limit=one.left,
    )
    one.rows.append(rows)
    one.left -= len(rows.timestamps)
    one.following = rows.following
    one.done, one.first = stop, False


def _with_good_neighbours(store: PointStore, one: _Progress, points: Points, begin: int, end: int) -> Points:
    """The points with the good ones next to a range, which may be further away than others that are not good."""
    bound = one.query.statuses.good_bound
    if (points.status < bound).all():
        return points
    good = points.timestamps[points.status < bound]
    parts = [points]
    if not len(good) or good[0] >= begin:
        (found,) = store.read([Window(one.series, begin, begin, 0, before=True, bound=bound)])
        parts.insert(0, found.before)
    if not len(good) or good[-1] < end:
        (found,) = store.read([Window(one.series, end, end, 0, after=True, bound=bound)])
        parts.append(found.after)
    return concatenate(parts, "numeric")


def _joined(one: _Progress) -> AggregateRows:
    if len(one.rows) == 1:
        return one.rows[0]
    names = one.query.aggregates
    extremes = [name for name in names if name in ("maxDatapoint", "minDatapoint")]
    empty_times, empty = np.empty(0, np.int64), np.empty(0)
    return AggregateRows(
        np.concatenate([empty_times, *(rows.timestamps for rows in one.rows)]),
        {
            name: np.concatenate([empty, *(rows.columns[name] for rows in one.rows)])
            for name in names
            if name not in extremes
        },
        {
            name: (
                np.concatenate([empty_times, *(rows.extremes[name][0] for rows in one.rows)]),
                np.concatenate([empty, *(rows.extremes[name][1] for rows in one.rows)]),
            )
            for name in extremes
        },
        one.following,
    )
