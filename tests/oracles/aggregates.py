"""The ten aggregates by their definition: exact fractions, one bucket after the other, no shortcuts.

Every bucket between start and end is looked at, so keep the number of buckets small. The only rounding is
that of the last step, from an exact fraction to the nearest float.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from zoneinfo import ZoneInfo

AGGREGATES = (
    "average",
    "max",
    "min",
    "count",
    "sum",
    "interpolation",
    "stepInterpolation",
    "continuousVariance",
    "discreteVariance",
    "totalVariation",
)
UNIT_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
GAP_MS = 3_600_000  # a neighbour outside the bucket counts up to this distance, inclusive

Point = tuple[int, Fraction]
AnyPoint = tuple[int, Fraction | None]  # None: a bad point
Row = dict[str, float]


@dataclass(frozen=True)
class Bucket:
    begin: int
    end: int
    inside: Sequence[Point]
    previous: Point | None  # the last point before the bucket
    following: Point | None  # the first point after it
    with_bad: Sequence[AnyPoint]  # all points from the one before the bucket to the one after it, bad ones too


def stored(points: Iterable[tuple[int, float]]) -> list[tuple[int, float]]:
    """What a series holds after these points were written in this order: the later one of a time wins."""
    return sorted(dict(points).items())


def aggregate_rows(
    points: Sequence[tuple[int, float]],
    *,
    start: int,
    end: int,
    granularity: str,
    aggregates: Collection[str] = AGGREGATES,
    is_step: bool = False,
    time_zone: str = "UTC",
    first_bucket: bool = True,
    bad: Collection[int] = (),
) -> list[Row]:
    """The rows of one query; `points` ascend by time. `first_bucket=False`: a query continued by a cursor.

    `bad` are times of bad points that are not ignored: they have no value, and say that the one before them ended.
    """
    exact = [(t, Fraction(v)) for t, v in points if t not in bad]
    with_bad: list[AnyPoint] = sorted([*exact, *((t, None) for t in bad)], key=lambda point: point[0])
    edges = bucket_edges(start, end, granularity, time_zone)
    before_first = shifted(edges[0], granularity, -1, time_zone)
    filled_before = any(before_first <= t < edges[0] for t, _ in exact)
    rows = []
    for number, (begin, stop) in enumerate(pairwise(edges)):
        bucket = Bucket(
            begin=begin,
            end=stop,
            inside=[p for p in exact if begin <= p[0] < stop],
            previous=max((p for p in exact if p[0] < begin), default=None),
            following=min((p for p in exact if p[0] >= stop), default=None),
            with_bad=[
                *[p for p in with_bad if p[0] < begin][-1:],
                *[p for p in with_bad if begin <= p[0] < stop],
                *[p for p in with_bad if p[0] >= stop][:1],
            ],
        )
        if bucket.inside or filled_before or (first_bucket and number == 0):
            found = {name: value_of(name, bucket, is_step) for name in aggregates}
            row = {name: float(value) for name, value in found.items() if value is not None}
            if row:
                rows.append({"timestamp": begin, **row})
        filled_before = bool(bucket.inside)
    return rows


def bucket_edges(start: int, end: int, granularity: str, time_zone: str = "UTC") -> list[int]:
    """The begin of each bucket, and the end of the last."""
    _, unit = split_granularity(granularity)
    if unit in ("s", "m"):
        first = start - start % UNIT_MS[unit]
    else:
        local = to_local(start, time_zone).replace(minute=0, second=0, microsecond=0)
        if unit in ("d", "mo"):
            local = local.replace(hour=0)
        if unit == "mo":
            local = local.replace(day=1)
        first = from_local(local)
    edges = [first]
    while edges[-1] < end:
        edges.append(shifted(first, granularity, len(edges), time_zone))
    return edges


def shifted(first: int, granularity: str, buckets: int, time_zone: str) -> int:
    """The begin of the bucket that lies this many buckets after the one that begins at `first`."""
    number, unit = split_granularity(granularity)
    number *= buckets
    if unit in ("s", "m", "h"):
        return first + number * UNIT_MS[unit]
    local = to_local(first, time_zone)
    if unit == "d":
        return from_local(local.replace(tzinfo=None) + timedelta(days=number), time_zone)
    months = local.year * 12 + local.month - 1 + number
    return from_local(local.replace(year=months // 12, month=months % 12 + 1))


def split_granularity(granularity: str) -> tuple[int, str]:
    number, word = re.fullmatch(r"(\d*)([a-z]+)", granularity).groups()
    unit = "mo" if word.startswith("mo") else word[0]
    return int(number or 1), unit


def to_local(ms: int, time_zone: str) -> datetime:
    epoch = datetime(1970, 1, 1, tzinfo=ZoneInfo("UTC"))
    return (epoch + timedelta(milliseconds=ms)).astimezone(ZoneInfo(time_zone))


def from_local(local: datetime, time_zone: str | None = None) -> int:
    if time_zone is not None:
        local = local.replace(tzinfo=ZoneInfo(time_zone))
    epoch = datetime(1970, 1, 1, tzinfo=ZoneInfo("UTC"))
    return (local.astimezone(ZoneInfo("UTC")) - epoch) // timedelta(milliseconds=1)


def value_of(name: str, bucket: Bucket, is_step: bool) -> Fraction | int | None:
    """One aggregate of one bucket, None where it has no value."""
    if name == "stepInterpolation" or (name == "interpolation" and is_step):
        return held_value(bucket)
    if not bucket.inside:
        return None
    values = [v for _, v in bucket.inside]
    match name:
        case "count":
            return len(values)
        case "sum":
            return sum(values)
        case "min":
            return min(values)
        case "max":
            return max(values)
        case "discreteVariance":
            mean = sum(values) / len(values)
            return sum((v - mean) ** 2 for v in values) / len(values)
        case "interpolation":
            return interpolated_value(bucket)
        case "average":
            return average(bucket, is_step)
        case "continuousVariance":
            return continuous_variance(bucket, is_step)
        case "totalVariation":
            return total_variation(bucket, is_step)
    raise ValueError(f"there is no aggregate {name!r}")


def held_value(bucket: Bucket) -> Fraction | None:
    until_begin = [value for t, value in bucket.with_bad if t <= bucket.begin]
    return until_begin[-1] if until_begin else None


def interpolated_value(bucket: Bucket) -> Fraction | None:
    first = bucket.inside[0]
    if first[0] == bucket.begin:
        return first[1]
    if near(bucket.previous, first):
        return on_line(bucket.previous, first, bucket.begin)
    return None


def near(left: Point | None, right: Point | None) -> bool:
    return left is not None and right is not None and right[0] - left[0] <= GAP_MS


def on_line(left: Point, right: Point, t: int) -> Fraction:
    return left[1] + (right[1] - left[1]) * Fraction(t - left[0], right[0] - left[0])


def pieces(bucket: Bucket, points: Sequence[AnyPoint], is_step: bool) -> list[tuple[int, Fraction, Fraction]]:
    """The function over the covered interval as (length, value at its begin, value at its end)."""
    found = []
    for left, right in pairwise(points):
        crosses_an_edge = left[0] < bucket.begin or right[0] >= bucket.end
        if left[1] is None or (crosses_an_edge and right[0] - left[0] > GAP_MS):
            continue
        begin, end = max(left[0], bucket.begin), min(right[0], bucket.end)
        if is_step or right[1] is None:
            found.append((end - begin, left[1], left[1]))
        else:
            found.append((end - begin, on_line(left, right, begin), on_line(left, right, end)))
    return found


def average(bucket: Bucket, is_step: bool) -> Fraction:
    parts = pieces(bucket, bucket.with_bad, is_step)
    covered = sum(length for length, _, _ in parts)
    if covered == 0:
        return bucket.inside[0][1]
    return sum(length * (a + b) / 2 for length, a, b in parts) / covered


def continuous_variance(bucket: Bucket, is_step: bool) -> Fraction:
    parts = pieces(bucket, bucket.with_bad, is_step)
    covered = sum(length for length, _, _ in parts)
    if covered == 0:
        return Fraction(0)
    squares = sum(length * (a * a + a * b + b * b) / 3 for length, a, b in parts) / covered
    return squares - average(bucket, is_step) ** 2


def total_variation(bucket: Bucket, is_step: bool) -> Fraction:
    around = [p for p in (bucket.previous, *bucket.inside, bucket.following) if p is not None]
    if not is_step:
        return sum((abs(b - a) for _, a, b in pieces(bucket, around, is_step)), Fraction(0))
    values = [v for _, v in bucket.inside]
    if near(bucket.previous, bucket.inside[0]):
        values.insert(0, bucket.previous[1])
    return sum((abs(b - a) for a, b in pairwise(values)), Fraction(0))
