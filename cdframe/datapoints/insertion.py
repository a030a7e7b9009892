"""Points into requests: filled to the limits across series, encoded in the threads that send them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa

from cdframe.datapoints.assemble import encode_names
from cdframe.datapoints.pages import PROTOBUF
from cdframe.datapoints.stretches import PointSet, Stretch
from cdframe.protobuf import encode_insertion_columns
from cdframe.schemas import TIMESTAMP
from cdframe.session import Session
from cdframe.writes import Write

PATH = "/timeseries/data"
MOST_POINTS = 100_000
MOST_SERIES = 10_000
MOST_TEXT = 16 * 2**20
"""Bytes of text in one request: 100,000 of the longest texts would be more than servers take."""


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """A stretch of a set of points, which is taken when it is needed."""

    points: PointSet
    begin: int
    end: int


def plan_writes(session: Session, sets: Sequence[PointSet]) -> list[Write[None]]:
    """Divide points over requests. What a request holds is encoded when it is sent, and then let go of."""
    layout = _Layout.of(sets)
    return [Write(partial(layout.table, parts), partial(_send, session, parts)) for parts in _requests(sets)]


def _send(session: Session, parts: Sequence[_Part]) -> None:
    stretches = [part.points.sent(part.begin, part.end) for part in parts]
    bodies = [encode_insertion_columns(one.references, one.edges, one.timestamps, one.values) for one in stretches]
    session.request("POST", PATH, content=b"".join(bodies), content_type=PROTOBUF)
    session.tally.add(points_written=sum(part.end - part.begin for part in parts))


def _requests(sets: Sequence[PointSet]) -> Iterator[list[_Part]]:
    """Fill requests up to the most points, series and bytes of text that one can hold."""
    parts: list[_Part] = []
    points, series, text = MOST_POINTS, MOST_SERIES, MOST_TEXT
    for one in sets:
        starts = one.starts
        sizes = np.cumsum(np.append(0, one.text_bytes()), dtype=np.int64) if one.is_text else None
        at, count = 0, int(starts[-1])
        while at < count:
            first = int(np.searchsorted(starts, at, side="right")) - 1
            end = min(at + points, int(starts[min(first + series, len(starts) - 1)]))
            if sizes is not None:
                end = min(end, int(np.searchsorted(sizes, sizes[at] + text, side="right")) - 1)
                text -= int(sizes[end] - sizes[at])
            end = min(end, count)
            if end > at:
                parts.append(_Part(one, at, end))
                points -= end - at
                series -= int(np.searchsorted(starts, end)) - first
            at = end
            if at < count:
                yield parts
                parts = []
                points, series, text = MOST_POINTS, MOST_SERIES, MOST_TEXT
    if parts:
        yield parts


@dataclass(frozen=True, slots=True)
class _Layout:
    """Which columns the rows of an insertion have: the same for all requests, so that their rows make one frame."""

    with_id: bool
    with_external_id: bool
    with_number: bool
    text_name: str | None

    @classmethod
    def of(cls, sets: Sequence[PointSet]) -> _Layout:
        by_id = {isinstance(one.references, np.ndarray) for one in sets}
        is_text = {one.is_text for one in sets}
        text_name = ("string_value" if False in is_text else "value") if True in is_text else None
        return cls(True in by_id, False in by_id, False in is_text, text_name)

    def table(self, parts: Sequence[_Part]) -> pa.Table:
        """The input rows of a request as a long table, which can be inserted again."""
        return pa.concat_tables([self._long(part.points.rows(part.begin, part.end)) for part in parts])

    def _long(self, stretch: Stretch) -> pa.Table:
        lengths, count = np.diff(stretch.edges), len(stretch.timestamps)
        ids = stretch.references if isinstance(stretch.references, np.ndarray) else None
        numbers = stretch.values if isinstance(stretch.values, np.ndarray) else None
        columns: dict[str, pa.Array] = {}
        if self.with_id:
            columns["id"] = pa.nulls(count, pa.int64()) if ids is None else pa.array(np.repeat(ids, lengths))
        if self.with_external_id:
            codes = np.repeat(np.arange(len(lengths)), lengths)
            columns["external_id"] = (
                encode_names(pa.array(codes), pa.array(stretch.references).cast(pa.string()))
                if ids is None
                else encode_names(pa.nulls(count, pa.int32()), [])
            )
        columns["timestamp"] = pa.array(stretch.timestamps).view(TIMESTAMP)
        if self.with_number:
            columns["value"] = pa.nulls(count, pa.float64()) if numbers is None else pa.array(numbers)
        if self.text_name is not None:
            texts = pa.array(stretch.values).cast(pa.string()) if numbers is None else pa.nulls(count, pa.string())
            columns[self.text_name] = texts
        return pa.table(columns)
