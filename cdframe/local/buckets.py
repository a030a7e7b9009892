"""Buckets of time: which bucket a timestamp lies in and when a bucket begins, for as many as asked, never for all.

Buckets are numbered from 0, the first one of a request; there are buckets before it and behind the last one, too.
All times are milliseconds since 1970, UTC.

Seconds, minutes and hours are spans of fixed length, and so are days of UTC. Days in other time zones and months are
those of the calendar there: a day may have 23 or 25 hours. It begins with the first moment that bears its date.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

_UNITS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_HOUR, _DAY = _UNITS["h"], _UNITS["d"]
_GRANULARITY = re.compile(r"(\d*)(s|seconds?|m|minutes?|h|hours?|d|days?|mo|months?)", re.ASCII)
_OFFSET = re.compile(r"UTC([+-])(\d{1,2})(?::(\d{2}))?", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_DAY, _LAST_DAY = -25_933, 48_213  # of the transitions that are looked for: 1898-12-31 and 2102-01-01


class Buckets(Protocol):
    """A row of adjacent buckets."""

    @property
    def count(self) -> int:
        """How many buckets there are; 0 if the end is not after the start."""
        ...

    def index(self, timestamps: Ints) -> Ints:
        """The number of the bucket of each timestamp; below 0 or from `count` on outside."""
        ...

    def start(self, numbers: Ints) -> Ints:
        """When each bucket begins, which is also when the one before it ends."""
        ...

    def part(self, first: int, stop: int) -> Buckets:
        """The buckets from number `first` to `stop` (not included), numbered from 0 again."""
        ...


@dataclass(frozen=True, slots=True)
class FixedBuckets:
    """Buckets of one width."""

    origin: int
    width: int
    count: int

    def index(self, timestamps: Ints) -> Ints:
        numbers: Ints = (timestamps - self.origin) // self.width
        return numbers

    def start(self, numbers: Ints) -> Ints:
        starts: Ints = self.origin + numbers * self.width
        return starts

    def part(self, first: int, stop: int) -> FixedBuckets:
        return replace(self, origin=self.origin + first * self.width, count=stop - first)


@dataclass(frozen=True, slots=True)
class CalendarBuckets:
    """Buckets of `step` days or months of a calendar; `origin` is the day or month, since 1970, of the first one."""

    calendar: Calendar
    origin: int
    step: int
    count: int

    def index(self, timestamps: Ints) -> Ints:
        numbers: Ints = (self.calendar.index(timestamps) - self.origin) // self.step
        return numbers

    def start(self, numbers: Ints) -> Ints:
        return self.calendar.start(self.origin + numbers * self.step)

    def part(self, first: int, stop: int) -> CalendarBuckets:
        return replace(self, origin=self.origin + first * self.step, count=stop - first)


def buckets(start: int, end: int, granularity: str, time_zone: str = "UTC") -> Buckets:
    """The buckets of a request for aggregates.

    The first begins at `start` rounded down to a whole unit of the granularity, the last ends at `end` or later.
    """
    step, unit = parse_granularity(granularity)
    zone = _zone(time_zone)
    if unit == "mo" or (unit == "d" and zone.has_transitions):
        calendar = Calendar(zone, unit)
        first = int(calendar.index(np.array([start]))[0])
        return _until(end, CalendarBuckets(calendar, first, step, 0))
    # Offsets change by whole quarters of an hour, so that they do not move seconds and minutes.
    offset = int(zone.offset(np.array([start]))[0]) if unit in "hd" else 0
    length = _UNITS[unit]
    return _until(end, FixedBuckets((start + offset) // length * length - offset, step * length, 0))


def grid_buckets(start: int, end: int, granularity: str, alignment: int = 0, time_zone: str = "UTC") -> Buckets:
    """Those buckets of the endless grid `alignment + k * granularity` that hold the times from `start` to `end`.

    In other time zones `alignment` is the time that clocks show there. For months only its month counts.
    """
    step, unit = parse_granularity(granularity)
    zone = _zone(time_zone)
    if unit == "mo" or (unit == "d" and zone.has_transitions):
        calendar = Calendar(zone, unit, shift=alignment % _DAY if unit == "d" else 0)
        aligned = calendar.number(np.array([alignment]))
        grid: Buckets = CalendarBuckets(calendar, int(aligned[0]), step, 0)
    else:
        offset = int(zone.offset(np.array([alignment]))[0]) if unit in "hd" else 0
        grid = FixedBuckets(alignment - offset, step * _UNITS[unit], 0)
    first = int(grid.index(np.array([start]))[0])
    return _until(end, grid.part(first, first))


def parse_granularity(text: str) -> tuple[int, str]:
    """The number and the unit, one of s, m, h, d and mo; ValueError if there is no such granularity."""
    found = _GRANULARITY.fullmatch(text)
    step = int(found[1] or 1) if found else 0
    if found is None or step == 0:
        raise ValueError(f"granularity {text!r} is not such as 10s, 30m, 2h, 7d or 1mo")
    return step, "mo" if found[2].startswith("mo") else found[2][0]


def _until(end: int, begun: Buckets) -> Buckets:
    """As many buckets as it takes to reach `end`."""
    return begun.part(0, max(0, int(begun.index(np.array([end - 1]))[0]) + 1))


@dataclass(frozen=True, slots=True)
class Calendar:
    """The days (beginning `shift` ms after midnight) or months of a time zone, numbered from those of 1970."""

    zone: Zone
    unit: str
    shift: int = 0

    def number(self, local: Ints) -> Ints:
        """The day or month that clocks and calendars show."""
        shown = (local - self.shift).view("datetime64[ms]")
        return shown.astype("datetime64[D]" if self.unit == "d" else "datetime64[M]").astype(np.int64)

    def index(self, timestamps: Ints) -> Ints:
        """The day or month of each timestamp.

        Where clocks are set back over its beginning, a time may show the day before and still be in this one.
        """
        numbers = self.number(timestamps + self.zone.offset(timestamps))
        numbers += timestamps >= self.start(numbers + 1)
        numbers -= timestamps < self.start(numbers)
        return numbers

    def start(self, numbers: Ints) -> Ints:
        """When days or months begin."""
        shown = numbers.astype("datetime64[D]" if self.unit == "d" else "datetime64[M]")
        return self.zone.to_utc(shown.astype("datetime64[ms]").astype(np.int64) + self.shift)


class Zone:
    """A time zone as a table: the offset that holds from each transition on."""

    def __init__(self, transitions: Ints, offsets: Ints) -> None:
        self._transitions = transitions
        self._offsets = offsets  # one more than transitions; the first holds before the first one
        # A clock reading belongs to the old offset if it is below the later of the two readings at the transition.
        self._readings = transitions + np.maximum(offsets[:-1], offsets[1:])

    @property
    def has_transitions(self) -> bool:
        return len(self._transitions) > 0

    def offset(self, timestamps: Ints) -> Ints:
        """What clocks are ahead of UTC, in ms."""
        offsets: Ints = self._offsets[np.searchsorted(self._transitions, timestamps, side="right")]
        return offsets

    def to_utc(self, readings: Ints) -> Ints:
        """When clocks first show a reading or, where they jump over it, a later one."""
        place = np.searchsorted(self._readings, readings, side="right")
        times: Ints = readings - self._offsets[place]
        if self.has_transitions:
            last = len(self._transitions) - 1
            limit = self._transitions[np.minimum(place, last)]
            times = np.where(place <= last, np.minimum(times, limit), times)
        return times


def _zone(name: str) -> Zone:
    found = _OFFSET.fullmatch(name)
    if name == "UTC":
        return _table_of(UTC)
    if found is None:
        return _table_of(ZoneInfo(name))
    offset = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
    return _table_of(timezone(offset if found[1] == "+" else -offset))


@lru_cache(maxsize=64)
def _table_of(zone: tzinfo) -> Zone:
    """The transitions of two centuries, found between days whose offsets differ."""
    if not isinstance(zone, ZoneInfo):
        return Zone(np.empty(0, np.int64), np.array([_offset_at(zone, 0)]))
    days = range(_FIRST_DAY, _LAST_DAY + 1)
    offsets = [_offset_at(zone, day * _DAY) for day in days]
    transitions, kept = [], [offsets[0]]
    for day, before, after in zip(days, offsets, offsets[1:], strict=False):
        if before != after:
            transitions.append(_transition(zone, day * _DAY, (day + 1) * _DAY))
            kept.append(after)
    return Zone(np.array(transitions, np.int64), np.array(kept, np.int64))


def _transition(zone: tzinfo, low: int, high: int) -> int:
    """The first moment of the offset at `high`, given that `low` has another one."""
    new = _offset_at(zone, high)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset_at(zone, middle) == new:
            high = middle
        else:
            low = middle
    return high


def _offset_at(zone: tzinfo, timestamp: int) -> int:
    offset = (_EPOCH + timedelta(milliseconds=timestamp)).astimezone(zone).utcoffset()
    return 0 if offset is None else offset // timedelta(milliseconds=1)
