"""Rows of series as they stand on the wire, prepared beforehand, so that any part of them is a slice.

    records   0A 10 08 ......   0A 10 08 ......   0A 07 08 ...
    edges     0                 18                36          ...   (one number where all records are of one width)

Raw points are encoded as an insertion is: zeros and empty texts are left out, as servers written in most languages do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cdframe.protobuf import DatapointsPage, InsertionItem, encode_insertion_request, encode_list_response

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

ID_TAG = 0x08
POINTS_TAGS = (0x1A, 0x22, 0x2A)
"""The fields of an item that hold numbers, texts and aggregates."""


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """Rows in ascending order of time, any number of series may share them.

    Attributes:
        times: when, in ms.
        records: the bytes of all records.
        edges: where each record begins and the last one ends; or the width of all records.
        last: the value of the last row.
    """

    times: Ints
    records: memoryview
    edges: Ints | int
    last: float | str | None = None

    def between(self, low: int, high: int) -> memoryview:
        """The bytes of the rows [low, high)."""
        if isinstance(self.edges, int):
            return self.records[low * self.edges : high * self.edges]
        return self.records[self.edges[low] : self.edges[high]]

    def split(self, counts: Sequence[int], lasts: Sequence[float | str]) -> list[Points]:
        """Rows of many series, prepared together: so many for each."""
        parts, low = [], 0
        for count, last in zip(counts, lasts, strict=True):
            high = low + count
            edges = self.edges if isinstance(self.edges, int) else self.edges[low : high + 1] - self.edges[low]
            parts.append(Points(self.times[low:high], self.between(low, high), edges, last))
            low = high
        return parts


def raw_points(times: Ints, values: Floats | Sequence[str]) -> Points:
    """Prepare numbers or texts."""
    column = values if isinstance(values, np.ndarray) else pa.array(values, pa.large_string())
    body = encode_insertion_request([InsertionItem(id=1, timestamps=times, values=column)])
    records = _records_in(body)
    return Points(times, records, _edges(records, len(times)), values[-1] if len(times) else None)


def split_points(times: Sequence[Ints], values: Sequence[Floats]) -> list[Points]:
    """Prepare the numbers of many series in one buffer."""
    together = raw_points(np.concatenate(times), np.concatenate(values))
    return together.split([len(part) for part in times], [float(part[-1]) for part in values])


class AggregateRows:
    """Rows of aggregates at one granularity; their records are prepared for each set of aggregates asked for."""

    def __init__(self, width: int, times: Ints, columns: Mapping[str, Floats]) -> None:
        self.width = width
        self.times = times
        self.columns = columns
        self._prepared: dict[frozenset[str], Points] = {}

    def points(self, names: frozenset[str]) -> Points:
        """The rows with these aggregates; all others are NaN on the wire."""
        if names not in self._prepared:
            columns = {name: self.columns[name] for name in sorted(names)}
            records = _records_in(encode_list_response([DatapointsPage(timestamps=self.times, aggregates=columns)]))
            self._prepared[names] = Points(self.times, records, _edges(records, len(self.times)))
        return self._prepared[names]


def aggregate_rows(times: Ints, values: Floats, width: int) -> AggregateRows:
    """Aggregate steady points over buckets of `width` ms; the average is that of the values, not of the time."""
    buckets, begins, counts = np.unique(times // width * width, return_index=True, return_counts=True)
    columns = {
        "average": np.add.reduceat(values, begins) / counts,
        "max": np.maximum.reduceat(values, begins),
        "min": np.minimum.reduceat(values, begins),
        "count": counts.astype(np.float64),
    }
    return AggregateRows(width, buckets, columns)


def _records_in(body: bytes) -> memoryview:
    """The records of the first item of a body."""
    at = _behind_varint(body, 1)
    if body[at] == ID_TAG:
        at = _behind_varint(body, at + 1)
    if body[at] not in POINTS_TAGS:
        raise ValueError(f"field {body[at]:#x} of an item holds no points")
    begin = _behind_varint(body, at + 1)
    return memoryview(body)[begin : begin + _varint(body, at + 1)]


def _edges(records: memoryview, count: int) -> Ints | int:
    """Where each record begins and the last one ends, or the one width that they all have."""
    octets = np.frombuffer(records, np.uint8)
    if count == 0:
        return 0
    width = len(octets) // count
    head = _behind_varint(records, 1)
    if width * count == len(octets):
        rows = octets.reshape(count, width)
        if bool((rows[:, :head] == rows[0, :head]).all()) and head + _varint(records, 1) == width:
            return width
    edges = np.empty(count + 1, np.int64)
    at = 0
    for row in range(count):
        edges[row] = at
        length = records[at + 1]
        at = at + 2 + length if length < 0x80 else _behind_varint(records, at + 1) + _varint(records, at + 1)
    edges[count] = at
    if at != len(records):
        raise ValueError(f"{count} records end at byte {at} of {len(records)}")
    return edges


def _varint(body: bytes | memoryview, at: int) -> int:
    number, shift = 0, 0
    while True:
        number |= (body[at] & 0x7F) << shift
        if body[at] < 0x80:
            return number
        at, shift = at + 1, shift + 7


def _behind_varint(body: bytes | memoryview, at: int) -> int:
    while body[at] >= 0x80:
        at += 1
    return at + 1
