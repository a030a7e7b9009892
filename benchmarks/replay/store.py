"""What a replay server has: series with their points, and rows to list. It gives answers in parts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np

from benchmarks.data import Block
from benchmarks.replay.contents import Contents
from benchmarks.replay.listings import Listing
from benchmarks.replay.points import AggregateRows, Points
from benchmarks.replay.queries import Query, Refusal, identity_of, items_of, parse_queries, parse_time
from benchmarks.replay.sequences import SequenceRows
from benchmarks.replay.tables import Table
from cdframe.protobuf import DatapointsPage, encode_list_response

Part: TypeAlias = bytes | memoryview
MOST_EDGES = 200_000
MOST_DESCRIBED = 1000
CURSOR = re.compile(r"(\d+)\.(-?\d+)", re.ASCII)
NUMERIC, TEXT, AGGREGATE = b"\x1a", b"\x22", b"\x2a"


@dataclass(slots=True, eq=False)
class Series:
    """One series. Strings have no aggregates; numbers have counts at any granularity, and `rows` at theirs.

    Its prepared bytes are what stands before and behind its points in answers, and as JSON what it is and its latest
    point.
    """

    id: int
    external_id: str
    points: Points
    is_string: bool = False
    unit: str | None = None
    rows: AggregateRows | None = None
    head: bytes = field(init=False)
    tail: bytes = field(init=False)
    about: bytes = field(init=False)
    latest: bytes = field(init=False)

    def __post_init__(self) -> None:
        self.head = b"\x08" + _varint(self.id) + _delimited(b"\x12", self.external_id.encode())
        self.tail = (b"\x30\x01" if self.is_string else b"") + _delimited(b"\x42", (self.unit or "").encode())
        self.tail += b"\x60\x02" if self.is_string else b"\x60\x01"
        about: dict[str, Any] = {"id": self.id, "externalId": self.external_id, "isString": self.is_string}
        about |= {"isStep": False, "type": "string" if self.is_string else "numeric"}
        about |= {"unit": self.unit} if self.unit else {}
        self.about = json.dumps(about).encode()
        times = self.points.times[-1:].tolist()
        about["datapoints"] = [{"timestamp": time, "value": self.points.last} for time in times]
        self.latest = json.dumps(about).encode()


class Store:
    """All that is replayed; `cursors=False` leaves out every cursor to the rest of a series."""

    def __init__(
        self,
        series: Iterable[Series] = (),
        listed: Mapping[str, Iterable[Mapping[str, Any]]] = MappingProxyType({}),
        tables: Mapping[str, Iterable[Mapping[str, Any]]] = MappingProxyType({}),
        sequences: Mapping[str, SequenceRows] = MappingProxyType({}),
        files: tuple[Block, ...] = (),
        *,
        cursors: bool = True,
    ) -> None:
        """Prepare everything.

        `listed` has the rows of lists, by the paths of their families; `tables` those of raw tables, by theirs;
        `sequences` are named by their external ids; `files` are blocks of them.
        """
        self._known: dict[tuple[str, Any], Series] = {}
        for one in series:
            self._known["id", one.id] = self._known["externalId", one.external_id] = one
        self.listings = {path: Listing(rows) for path, rows in listed.items()}
        self.tables = {path: Table(rows) for path, rows in tables.items()}
        self._sequences = sequences
        self.contents = Contents(files)
        self._cursors = cursors

    def retrieve(self, body: Mapping[str, Any]) -> list[Part]:
        """The answer to a request for points, as protobuf."""
        queries = parse_queries(body)
        found = self._find([query.identity for query in queries], body)
        parts: list[Part] = []
        for query in queries:
            series = found.get(query.identity)
            if series is None:
                continue
            if not query.aggregates:
                parts += self._raw(series, query)
            elif series.is_string:
                raise Refusal("Aggregates are not supported for string time series")
            else:
                parts += self._aggregates(series, query)
        return parts

    def latest(self, body: Mapping[str, Any]) -> list[Part]:
        """The answer to a request for latest points, as JSON."""
        items = items_of(body)
        identities = [identity_of(item) for item in items]
        found = self._find(identities, body)
        parts: list[Part] = []
        for item, identity in zip(items, identities, strict=True):
            series = found.get(identity)
            if series is None:
                continue
            before, last = item.get("before", body.get("before")), series.points.times[-1:]
            if before is not None and len(last) and parse_time(before, int(last[0]) + 1) <= last[0]:
                raise Refusal("latest points are replayed for times behind the last point only")
            parts += (series.latest, b",")
        return [b'{"items":[', *parts[:-1], b"]}"]

    def byids(self, body: Mapping[str, Any]) -> list[Part]:
        """The answer to a request for series by their identities: what a client must know to read their points."""
        found = self._find([identity_of(item) for item in items_of(body, MOST_DESCRIBED)], body)
        parts: list[Part] = [part for series in found.values() for part in (series.about, b",")]
        return [b'{"items":[', *parts[:-1], b"]}"]

    def sequence(self, body: Mapping[str, Any]) -> SequenceRows:
        """The sequence that a request is about."""
        name = body.get("externalId")
        if name not in self._sequences:
            raise Refusal("Sequences not found", missing=[{"externalId": name}])
        return self._sequences[name]

    def _find(self, identities: Sequence[tuple[str, Any]], body: Mapping[str, Any]) -> dict[tuple[str, Any], Series]:
        known = self._known
        found = {identity: known[identity] for identity in identities if identity in known}
        missing = [{key: value} for key, value in dict.fromkeys(identities) if (key, value) not in found]
        if missing and not body.get("ignoreUnknownIds"):
            raise Refusal("Time series not found", missing=missing)
        return found

    def _raw(self, series: Series, query: Query) -> list[Part]:
        points = series.points
        times = points.times
        start = max(query.start, _position(series, query)) if query.cursor else query.start
        low, end = (int(place) for place in np.searchsorted(times, (start, query.end)))
        end = max(low, end)
        high = min(end, low + query.limit)
        following = int(times[high]) if high < end else None
        kind = TEXT if series.is_string else NUMERIC
        if not query.outside:
            return self._item(series, kind, [points.between(low, high)], following)
        records = [points.between(max(low - 1, 0), high), points.between(end, min(end + 1, len(times)))]
        return self._item(series, kind, records, None)

    def _aggregates(self, series: Series, query: Query) -> list[Part]:
        done = 0 if query.cursor is None else -((query.origin - _position(series, query)) // query.width)
        begin, end = query.origin + max(done, 0) * query.width, query.origin + query.buckets * query.width
        rows = series.rows
        if rows is None or query.width != rows.width or query.origin % rows.width:
            return self._counts(series, query, begin, end)
        if unknown := query.aggregates - rows.columns.keys():
            raise Refusal(f"aggregates {sorted(unknown)} are not replayed")
        points = rows.points(query.aggregates)
        low, end = (int(place) for place in np.searchsorted(points.times, (begin, end)))
        high = min(end, low + query.limit)
        following = int(points.times[high]) if high < end else None
        return self._item(series, AGGREGATE, [points.between(low, high)], following)

    def _counts(self, series: Series, query: Query, begin: int, end: int) -> list[Part]:
        """Count points in the buckets of a range; empty ones are left out."""
        if query.aggregates != {"count"}:
            raise Refusal(f"only counts are replayed in buckets of {query.width} ms")
        low, high = np.searchsorted(series.points.times, (begin, end))
        times = series.points.times[low:high]
        buckets, counts = _count(times, begin, query.width) if len(times) else (times, times)
        following = int(buckets[query.limit]) if len(buckets) > query.limit else None
        page = DatapointsPage(
            id=series.id,
            external_id=series.external_id,
            unit=series.unit,
            timestamps=buckets[: query.limit],
            aggregates={"count": counts[: query.limit].astype(np.float64)},
            next_cursor=self._cursor(series, following),
        )
        return [encode_list_response([page])]

    def _item(self, series: Series, kind: bytes, records: Sequence[memoryview], following: int | None) -> list[Part]:
        """An item of an answer: its bytes but the records, around them."""
        size = sum(len(part) for part in records)
        before = series.head + kind + _varint(size)
        behind = series.tail + _delimited(b"\x4a", (self._cursor(series, following) or "").encode())
        return [b"\x0a" + _varint(len(before) + size + len(behind)) + before, *records, behind]

    def _cursor(self, series: Series, following: int | None) -> str | None:
        return None if following is None or not self._cursors else f"{series.id}.{following}"


def _position(series: Series, query: Query) -> int:
    """The time that a cursor leads to."""
    found = CURSOR.fullmatch(query.cursor or "")
    if found is None or int(found[1]) != series.id:
        raise Refusal(f"cursor {query.cursor!r} is not of this series")
    return int(found[2])


def _count(times: np.ndarray, origin: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Where the buckets begin that hold any of the times, and how many they hold."""
    first, last = ((int(time) - origin) // width for time in (times[0], times[-1]))
    if last - first < min(len(times), MOST_EDGES):
        starts = origin + width * np.arange(first, last + 2)
        counts = np.diff(np.searchsorted(times, starts))
        held = np.flatnonzero(counts)
        return starts[held], counts[held]
    numbers, counts = np.unique((times - origin) // width, return_counts=True)
    return origin + width * numbers, counts


def _delimited(tag: bytes, content: bytes) -> bytes:
    return tag + _varint(len(content)) + content if content else b""


def _varint(number: int) -> bytes:
    octets = bytearray()
    while number >= 0x80:
        octets.append(number & 0x7F | 0x80)
        number >>= 7
    octets.append(number)
    return bytes(octets)
