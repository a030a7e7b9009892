"""Rows of sequences, prepared as JSON, with the row numbers 0, 1, 2, ...: a page of them is a slice."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from benchmarks.data import SEQUENCE_TYPES, Block, sequence_columns
from benchmarks.replay.listings import Texts
from benchmarks.replay.queries import Refusal

MOST_ROWS = 10_000
MOST_CELLS = 60_000
"""The most cells of a page that has texts."""
DEFAULT_LIMIT = 100


class SequenceRows(Texts):
    """The rows of a sequence, as answers have them."""

    def __init__(self, block: Block) -> None:
        columns = sequence_columns(block)
        values = (column.tolist() if isinstance(column, np.ndarray) else column for column in columns.values())
        rows = enumerate(zip(*values, strict=True))
        super().__init__(_compact({"rowNumber": number, "values": cells}) for number, cells in rows)
        named = [{"externalId": name, "valueType": SEQUENCE_TYPES[name]} for name in columns]
        self._most = min(MOST_ROWS, MOST_CELLS // len(named))
        self._head = _compact({"id": 1, "externalId": block.name, "columns": named})[:-1].encode() + b',"rows":['

    def page(self, body: Mapping[str, Any]) -> list[bytes | memoryview]:
        """A page of rows."""
        if body.get("columns") is not None:
            raise Refusal("sequences are replayed with all of their columns")
        begin, end = int(body.get("cursor") or body.get("start") or 0), body.get("end")
        end = len(self) if end is None or end < 0 else min(end, len(self))
        stop = min(begin + min(body.get("limit") or DEFAULT_LIMIT, self._most), end)
        more = b"" if stop >= end else b',"nextCursor":"%d"' % stop
        return [self._head, self.between(min(begin, stop), stop), b"]", more, b"}"]

    def latest(self, body: Mapping[str, Any]) -> list[bytes | memoryview]:
        """The last row."""
        if body.get("before") is not None:
            raise Refusal("the last row of all is replayed only")
        return [self._head, self.between(len(self) - 1, len(self)), b"]}"]


def cells_in(body: Mapping[str, Any]) -> Iterator[Any]:
    """The values of an insertion that are not null."""
    for item in body["items"]:
        for row in item["rows"]:
            yield from (value for value in row["values"] if value is not None)


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
