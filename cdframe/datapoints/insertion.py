"""Points into requests: filled to the limit across series, encoded in the threads that send them.

A point that a later one of the same series and time overwrites is not sent, but it is a row of the same request: so
the outcome does not depend on which request arrives first, and every input row has an outcome.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa

from cdframe.datapoints.assemble import encode_names
from cdframe.datapoints.pages import PROTOBUF, Ints, Values
from cdframe.datapoints.points import SeriesPoints
from cdframe.protobuf import InsertionItem, encode_insertion_request
from cdframe.schemas import TIMESTAMP
from cdframe.session import Session
from cdframe.writes import Write

PATH = "/timeseries/data"
MOST_POINTS = 100_000
MOST_SERIES = 10_000


def plan_writes(session: Session, series: Sequence[SeriesPoints]) -> list[Write[None]]:
    """Divide points over requests.

    Raises:
        TypeError: a series is given numbers in one place and texts in another.
    """
    return [Write(_rows(chunk), partial(_send, session, chunk)) for chunk in _chunks(_merged(series))]


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """Some points of one series in a request: all rows, and which of them are sent (None: all)."""

    id: int | None
    external_id: str | None
    timestamps: Ints
    values: Values
    sent: Ints | None

    @property
    def item(self) -> InsertionItem:
        """The points that are sent."""
        times, values = self.timestamps, self.values
        if self.sent is not None:
            times, values = times[self.sent], _take(values, self.sent)
        if isinstance(values, pa.Array):
            values = values.cast(pa.large_string())
        return InsertionItem(id=self.id, external_id=self.external_id, timestamps=times, values=values)


def _send(session: Session, parts: Sequence[_Part]) -> None:
    items = [part.item for part in parts]
    session.request("POST", PATH, content=encode_insertion_request(items), content_type=PROTOBUF)
    session.tally.add(points_written=sum(len(item.timestamps) for item in items))


def _merged(series: Sequence[SeriesPoints]) -> list[_Part]:
    """Bring the points of each series together, in order of time; of equal times the one given later comes later."""
    by_key: dict[int | str, list[SeriesPoints]] = {}
    for one in series:
        by_key.setdefault(one.key, []).append(one)
    parts = []
    for key, group in by_key.items():
        times, values = group[0].timestamps, group[0].values
        if len(group) > 1:
            if len({isinstance(one.values, np.ndarray) for one in group}) > 1:
                raise TypeError(f"The series {key!r} is given numbers and texts; a series holds one kind.")
            times, values = np.concatenate([one.timestamps for one in group]), _concat([one.values for one in group])
        ascending = times[1:] > times[:-1]
        sent = None
        if not ascending.all():
            order = np.argsort(times, kind="stable")
            times, values = times[order], _take(values, order)
            last = np.append(times[1:] != times[:-1], True)
            sent = None if last.all() else np.flatnonzero(last)
        parts.append(_Part(group[0].id, group[0].external_id, times, values, sent))
    return parts


def _chunks(parts: Sequence[_Part]) -> Iterator[list[_Part]]:
    """Fill requests up to the most points and the most series that one can hold."""
    chunk: list[_Part] = []
    room = MOST_POINTS
    for part in parts:
        begin, points = 0, len(part.timestamps) if part.sent is None else len(part.sent)
        while begin < points:
            end = min(points, begin + room)
            chunk.append(_slice(part, begin, end))
            room -= end - begin
            begin = end
            if room == 0 or len(chunk) == MOST_SERIES:
                yield chunk
                chunk, room = [], MOST_POINTS
    if chunk:
        yield chunk


def _slice(part: _Part, begin: int, end: int) -> _Part:
    """Take some of the points that are sent, with the rows that they overwrite."""
    if part.sent is None:
        rows, sent = slice(begin, end), None
    else:
        first = int(part.sent[begin - 1]) + 1 if begin else 0
        rows = slice(first, int(part.sent[end - 1]) + 1)
        sent = part.sent[begin:end] - first
    return _Part(part.id, part.external_id, part.timestamps[rows], part.values[rows], sent)


def _rows(parts: Sequence[_Part]) -> pa.Table:
    """The input rows of a request as a long table, which can be inserted again."""
    table: dict[str, pa.Array] = {}
    lengths = [len(part.timestamps) for part in parts]
    ids = np.array([part.id or 0 for part in parts], np.int64)
    by_name = np.array([part.id is None for part in parts], np.bool_)
    if not by_name.all():
        table["id"] = pa.array(np.repeat(ids, lengths), mask=np.repeat(by_name, lengths))
    if by_name.any():
        codes = np.cumsum(by_name) - 1
        names = [part.external_id or "" for part in parts if part.id is None]
        table["external_id"] = encode_names(
            pa.array(np.repeat(codes, lengths), mask=np.repeat(~by_name, lengths)), names
        )
    table["timestamp"] = pa.array(np.concatenate([part.timestamps for part in parts])).view(TIMESTAMP)
    is_text = [isinstance(part.values, pa.Array) for part in parts]
    if not all(is_text):
        table["value"] = _column(parts, pa.float64(), [not text for text in is_text])
    if any(is_text):
        table["string_value" if "value" in table else "value"] = _column(parts, pa.string(), is_text)
    return pa.table(table)


def _column(parts: Sequence[_Part], of_type: pa.DataType, belongs: Sequence[bool]) -> pa.Array:
    return pa.concat_arrays(
        [
            (pa.array(part.values) if isinstance(part.values, np.ndarray) else part.values)
            if taken
            else pa.nulls(len(part.timestamps), of_type)
            for part, taken in zip(parts, belongs, strict=True)
        ]
    )


def _take(values: Values, rows: Ints) -> Values:
    return values[rows] if isinstance(values, np.ndarray) else values.take(pa.array(rows))


def _concat(arrays: Sequence[Values]) -> Values:
    return np.concatenate(arrays) if isinstance(arrays[0], np.ndarray) else pa.concat_arrays(arrays)
