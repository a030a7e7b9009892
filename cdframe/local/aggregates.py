"""Aggregates of points over buckets of time, by vectors: the definitions of the wire contract.

A bucket has the points with begin <= t < end. Its curve runs through them and, where the two points around an edge of
the bucket are at most an hour apart, on to that edge. It is linear between points, or for step series holds the value
of the last one. Average and continuous variance are those of the curve, over the time that it covers:

            begin            end
      o       |               |
         .    |      .o-.     |            before the bucket: more than an hour, so the curve begins with the first
              |   o'     '-o--|            point in the bucket; behind it: less, so the curve goes on to the end
              |   ============|  . o       covered

Buckets without points are never looked at, but for those in which a step interpolation says what was left from
before: one behind each run of buckets with points. So a granularity of seconds over decades costs what its points do.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import numpy as np

from cdframe.local.buckets import Buckets
from cdframe.local.curves import BucketedPoints, Flags, Floats, Ints
from cdframe.local.summation import group_sums

GOOD, UNCERTAIN, BAD = 0, 1, 2  # categories of statuses: the two highest bits of their codes


@dataclass(frozen=True, slots=True, eq=False)
class AggregateRows:
    """Rows by time ascending: bucket starts, and a column for each aggregate, NaN where a row lacks it.

    Of `extremes` (maxDatapoint, minDatapoint) the timestamps and the values; again the value is NaN where a row lacks
    it. `following` is the bucket start of the first row that the limit cut off.
    """

    timestamps: Ints
    columns: dict[str, Floats]
    extremes: dict[str, tuple[Ints, Floats]]
    following: int | None


def aggregate(
    timestamps: Ints,
    values: Floats,
    buckets: Buckets,
    names: Collection[str],
    *,
    is_step: bool,
    status: Ints | None = None,
    ignore_bad: bool = True,
    uncertain_is_bad: bool = True,
    first_row: bool = True,
    limit: int | None = None,
) -> AggregateRows:
    """Compute the rows that have at least one of the named aggregates.

    Args:
        timestamps: ascending, those in the buckets and the neighbours outside, however far: the last good point before
            and the first good one behind; with statuses the last and the first of any status as well.
        values: of bad points anything, NaN too.
        buckets: see `cdframe.local.buckets`. A long range may be gone through in parts (`Buckets.part`): the rows of
            one and of the next, which has `first_row=False`, are those of both together.
        names: of aggregates, as on the wire.
        is_step: whether a value holds until the next one.
        status: codes; None if all are good.
        ignore_bad: whether the curve goes on as if there were no bad points. They never count as values, and always in
            the count and duration of their status.
        uncertain_is_bad: whether uncertain points are treated as bad ones or as good ones.
        first_row: whether the first bucket may have a row without a point in it, like the first of a request.
        limit: most rows.
    """
    for name in names:
        if name not in AGGREGATES:
            raise ValueError(f"aggregate {name!r} is unknown; accepted are {', '.join(AGGREGATES)}")
    category = np.zeros(len(timestamps), np.int64) if status is None else status >> 30
    good = category < (UNCERTAIN if uncertain_is_bad else BAD)
    usable = everything = BucketedPoints(timestamps, np.where(good, values, 0.0), good, buckets, is_step=is_step)
    if not good.all():
        usable = BucketedPoints(timestamps[good], values[good], good[good], buckets, is_step=is_step)
    query = _Query(usable, everything, usable if ignore_bad else everything, category, first_row)
    return _rows(buckets, {name: _DEFINITIONS[name](query) for name in names}, limit)


@dataclass(frozen=True, slots=True, eq=False)
class _Column:
    """The buckets in which an aggregate has a value, and the values; of extremes the times, too."""

    numbers: Ints
    values: Floats
    times: Ints | None = None

    def part(self, kept: slice | Flags) -> _Column:
        return _Column(self.numbers[kept], self.values[kept], None if self.times is None else self.times[kept])


@dataclass(frozen=True, slots=True, eq=False)
class _Query:
    """The good points, all points, and those of the two that the curve runs through."""

    usable: BucketedPoints
    everything: BucketedPoints
    curve: BucketedPoints
    category: Ints
    first_row: bool


def _rows(buckets: Buckets, columns: Mapping[str, _Column], limit: int | None) -> AggregateRows:
    """The columns beside each other, with the rows in which one of them has a value."""
    numbers = np.unique(np.concatenate([np.empty(0, np.int64), *(column.numbers for column in columns.values())]))
    following = None
    if limit is not None and len(numbers) > limit:
        beyond = int(numbers[limit])
        following = int(buckets.start(numbers[limit : limit + 1])[0])
        numbers = numbers[:limit]
        columns = {
            name: column.part(slice(0, int(np.searchsorted(column.numbers, beyond))))
            for name, column in columns.items()
        }
    plain: dict[str, Floats] = {}
    extremes: dict[str, tuple[Ints, Floats]] = {}
    for name, column in columns.items():
        place = np.searchsorted(numbers, column.numbers)
        values = np.full(len(numbers), np.nan)
        values[place] = column.values
        if column.times is None:
            plain[name] = values
        else:
            times = np.zeros(len(numbers), np.int64)
            times[place] = column.times
            extremes[name] = (times, values)
    return AggregateRows(buckets.start(numbers), plain, extremes, following)


# Of the points in a bucket


def _count(points: BucketedPoints) -> Floats:
    return (points.last - points.first + 1).astype(np.float64)


def _sum(points: BucketedPoints) -> Floats:
    return group_sums(points.values[points.inside], points.groups)


def _smallest(points: BucketedPoints) -> Floats:
    smallest: Floats = np.minimum.reduceat(points.values[points.inside], points.groups)
    return smallest


def _largest(points: BucketedPoints) -> Floats:
    largest: Floats = np.maximum.reduceat(points.values[points.inside], points.groups)
    return largest


def _discrete_variance(points: BucketedPoints) -> Floats:
    count = _count(points)
    mean = np.clip(_sum(points) / count, _smallest(points), _largest(points))  # so that equal values have none
    distance = points.values[points.inside] - points.of_each_point(mean)
    shift = group_sums(distance, points.groups) / count  # of the mean, by rounding
    return np.maximum(group_sums(distance * distance, points.groups) / count - shift * shift, 0)


def _total_variation(points: BucketedPoints) -> Floats:
    if points.is_step:
        jumps = np.abs(np.diff(points.values[points.inside], prepend=0.0))
        to_first = np.abs(points.values[points.first] - points.values[points.before])
        jumps[points.groups] = np.where(points.near_before, to_first, 0)
        return group_sums(jumps, points.groups)
    inner, first = points.pieces(np.zeros(len(points.numbers)))
    return group_sums(np.abs(inner.rises), points.groups) + np.abs(first.rises)


def _of_points(measure: Callable[[BucketedPoints], Floats]) -> _Definition:
    return lambda query: _Column(query.usable.numbers, measure(query.usable))


# Of the curve


def _average(query: _Query) -> _Column:
    length = query.curve.lengths()
    mean = query.curve.integral(np.zeros(len(length))) / np.maximum(length, 1)
    return _of_curve(query, length, mean, query.usable.values[query.usable.first])


def _continuous_variance(query: _Query) -> _Column:
    length = np.maximum(query.curve.lengths(), 1)
    mean = query.curve.integral(np.zeros(len(length))) / length
    shift = query.curve.integral(mean) / length  # of the mean, by rounding
    variance = np.maximum(query.curve.integral_of_square(mean) / length - shift * shift, 0)
    return _of_curve(query, query.curve.lengths(), variance, 0.0)


def _of_curve(query: _Query, length: Ints, measured: Floats, without_length: Floats | float) -> _Column:
    """A measure of the curve in the buckets with good points; a curve may be as short as a point."""
    shown = np.isin(query.curve.numbers, query.usable.numbers, assume_unique=True)
    return _Column(query.usable.numbers, np.where(length[shown] > 0, measured[shown], without_length))


# At the beginning of a bucket


def _interpolation(query: _Query) -> _Column:
    points = query.usable
    if points.is_step:
        return _step_interpolation(query)
    exact = points.timestamps[points.first] == points.begin
    between, _ = points.line_at_begin(0.0)
    values = np.where(exact, points.values[points.first], between)
    return _Column(points.numbers, values).part(exact | points.near_before)


def _step_interpolation(query: _Query) -> _Column:
    held = _held(query)
    if query.curve is query.usable:
        return held
    begin = query.everything.buckets.start(held.numbers)
    latest = np.searchsorted(query.everything.timestamps, begin, side="right") - 1
    return held.part(query.everything.good[latest])


def _held(query: _Query) -> _Column:
    """The last value at the beginning of each bucket with points, and of each that follows one or is the first."""
    points, buckets = query.usable, query.usable.buckets
    start = points.inside.start
    follows = buckets.index(points.timestamps[start - 1 : start] if start else points.timestamps[:0]) + 1
    first = np.zeros(1 if query.first_row else 0, np.int64)
    numbers = np.unique(np.concatenate([points.numbers, points.numbers + 1, follows, first]))
    numbers = numbers[(numbers >= 0) & (numbers < buckets.count)]
    place = np.searchsorted(points.timestamps, buckets.start(numbers), side="right") - 1
    return _Column(numbers[place >= 0], points.values[place[place >= 0]])


# Of statuses


def _status_count(category: int) -> _Definition:
    def count(query: _Query) -> _Column:
        points = query.everything
        matching = (query.category == category)[points.inside]
        return _Column(points.numbers, np.add.reduceat(matching, points.groups, dtype=np.float64))

    return count


def _status_duration(category: int) -> _Definition:
    """The time that points of a category hold, up to the next point of any, near the edges as for the curve."""

    def duration(query: _Query) -> _Column:
        points = query.everything
        matching = query.category == category
        inner, first = points.spans()
        inner, first = inner * matching[points.inside], first * matching[points.before]
        return _Column(points.numbers, (np.add.reduceat(inner, points.groups) + first).astype(np.float64))

    return duration


# Extremes


def _extreme(find: np.ufunc) -> _Definition:
    def extreme(query: _Query) -> _Column:
        points = query.usable
        values = points.values[points.inside]
        best = find.reduceat(values, points.groups)
        matches = np.flatnonzero(values == points.of_each_point(best))
        place = matches[np.searchsorted(matches, points.groups)] + points.inside.start
        return _Column(points.numbers, points.values[place], points.timestamps[place])

    return extreme


_Definition = Callable[[_Query], _Column]

_DEFINITIONS: Mapping[str, _Definition] = {
    "average": _average,
    "max": _of_points(_largest),
    "min": _of_points(_smallest),
    "count": _of_points(_count),
    "sum": _of_points(_sum),
    "interpolation": _interpolation,
    "stepInterpolation": _step_interpolation,
    "continuousVariance": _continuous_variance,
    "discreteVariance": _of_points(_discrete_variance),
    "totalVariation": _of_points(_total_variation),
    "countGood": _status_count(GOOD),
    "countUncertain": _status_count(UNCERTAIN),
    "countBad": _status_count(BAD),
    "durationGood": _status_duration(GOOD),
    "durationUncertain": _status_duration(UNCERTAIN),
    "durationBad": _status_duration(BAD),
    "maxDatapoint": _extreme(np.maximum),
    "minDatapoint": _extreme(np.minimum),
}
AGGREGATES = tuple(_DEFINITIONS)
