"""Points in their buckets, and the curve that runs through them.

The curve of a bucket consists of pieces: one from each of its points to the next one, of which the last may lead to
the end of the bucket, and one that may lead from the beginning of the bucket to its first point. A piece without
duration is none at all: that across an edge whose points are too far apart, and that which begins with a bad point.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cdframe.local.buckets import Buckets
from cdframe.local.summation import group_sums

Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]

GAP = 3_600_000  # ms; points around an edge of a bucket that are further apart are not joined across it


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """Pieces of the curve: their durations in ms, the values that they begin with, and how much they rise."""

    durations: Ints
    starts: Floats
    rises: Floats

    def areas(self) -> Floats:
        areas: Floats = self.durations * (self.starts + self.rises / 2)
        return areas

    def squares(self) -> Floats:
        start, rise = self.starts, self.rises
        squares: Floats = self.durations * (start * start + start * rise + rise * rise / 3)
        return squares


class BucketedPoints:
    """Points by time ascending: those in the buckets, and neighbours outside.

    Buckets that have points have `numbers`, times `begin` and `end`, and the places `first` and `last` of their points.
    `before` and `after` are the places of the neighbours of these, or of some point where there is none;
    `near_before` and `near_after` tell where there is one that is near enough.
    """

    def __init__(self, timestamps: Ints, values: Floats, good: Flags, buckets: Buckets, *, is_step: bool) -> None:
        self.timestamps = timestamps
        self.values = values
        self.good = good
        self.buckets = buckets
        self.is_step = is_step
        number = buckets.index(timestamps)
        low, high = np.searchsorted(number, [0, buckets.count]).tolist()
        self.inside = slice(low, high)
        opens = np.ones(high - low, np.bool_)
        opens[1:] = number[low + 1 : high] != number[low : max(low, high - 1)]
        self.first: Ints = low + np.flatnonzero(opens)
        self.last: Ints = np.append(self.first, high)[1:] - 1
        self.numbers: Ints = number[self.first]
        self.begin = buckets.start(self.numbers)
        self.end = buckets.start(self.numbers + 1)
        self.before: Ints = np.maximum(self.first - 1, 0)
        self.after: Ints = np.minimum(self.last + 1, len(timestamps) - 1)
        self.near_before = (self.first > 0) & (timestamps[self.first] - timestamps[self.before] <= GAP)
        self.near_after = (self.last < self.after) & (timestamps[self.after] - timestamps[self.last] <= GAP)

    @property
    def groups(self) -> Ints:
        """Where the points of each bucket begin among all inside."""
        groups: Ints = self.first - self.inside.start
        return groups

    def of_each_point(self, of_buckets: NDArray[Any]) -> NDArray[Any]:
        """What holds for the buckets, for each point inside."""
        return np.repeat(of_buckets, self.last - self.first + 1)

    def spans(self) -> tuple[Ints, Ints]:
        """The time from each point inside to the next one, and from the beginnings of the buckets to the first ones.

        From the last point of a bucket it is that to the end. Across edges with points too far apart it is 0.
        """
        spans = self.timestamps[self._following()] - self.timestamps[self.inside]
        spans[self.last - self.inside.start] = np.where(self.near_after, self.end - self.timestamps[self.last], 0)
        return spans, np.where(self.near_before, self.timestamps[self.first] - self.begin, 0)

    def durations(self) -> tuple[Ints, Ints]:
        """The spans that belong to the curve: a bad point has no value to go on from."""
        inner, first = self.spans()
        return inner * self.good[self.inside], first * self.good[self.before]

    def pieces(self, origin: Floats) -> tuple[Pieces, Pieces]:
        """The pieces of the curve that begin with the points inside, and those that begin with the buckets.

        Values are distances from the `origin` of their bucket: so small differences of large values stay exact.
        """
        following = self._following()
        inner, first = self.durations()
        rises = self.values[following] - self.values[self.inside]
        to_neighbour = self.timestamps[self.after] - self.timestamps[self.last]
        rises[self.last - self.inside.start] *= (self.end - self.timestamps[self.last]) / np.maximum(to_neighbour, 1)
        starts = self.values[self.inside] - self.of_each_point(origin)
        flat = (inner == 0) | self.is_step | ~self.good[following]
        before = self.values[self.before] - origin
        at_begin, to_first = self.line_at_begin(origin)
        flat_first = (first == 0) | self.is_step | ~self.good[self.first]
        return (
            Pieces(inner, starts, np.where(flat, 0, rises)),
            Pieces(first, np.where(flat_first, before, at_begin), np.where(flat_first, 0, to_first)),
        )

    def line_at_begin(self, origin: Floats | float) -> tuple[Floats, Floats]:
        """The line from the point before a bucket to its first one: its value at the beginning, its rise from there."""
        whole = np.maximum(self.timestamps[self.first] - self.timestamps[self.before], 1)
        share, rest = (
            (self.timestamps[self.first] - self.begin) / whole,
            (self.begin - self.timestamps[self.before]) / whole,
        )
        before, first = self.values[self.before] - origin, self.values[self.first] - origin
        return before * share + first * rest, (first - before) * share

    def lengths(self) -> Ints:
        """How long the curve of each bucket is, in ms."""
        inner, first = self.durations()
        lengths: Ints = np.add.reduceat(inner, self.groups) + first
        return lengths

    def integral(self, origin: Floats) -> Floats:
        """The integral over the curve of its distance from the `origin` of the bucket."""
        inner, first = self.pieces(origin)
        return group_sums(inner.areas(), self.groups) + first.areas()

    def integral_of_square(self, origin: Floats) -> Floats:
        """The integral over the curve of the square of its distance from the `origin` of the bucket."""
        inner, first = self.pieces(origin)
        return group_sums(inner.squares(), self.groups) + first.squares()

    def _following(self) -> Ints:
        """The place of the point behind each one inside, or of that one if it is the last of all."""
        following: Ints = np.minimum(np.arange(self.inside.start, self.inside.stop) + 1, len(self.timestamps) - 1)
        return following
