"""Rows of raw tables, prepared as JSON: a page of any part of a table is a slice of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any

from benchmarks.data import DATABASE, START, Block, table_columns
from benchmarks.replay.listings import Texts
from benchmarks.replay.queries import Refusal

MOST_ROWS, MOST_CURSORS = 10_000, 10_000
CURSOR = re.compile(r"(\d+)\.(\d+)", re.ASCII)
"""The places of the next row, and of the end of the part."""


class Table(Texts):
    """The rows of a raw table, as answers have them."""

    def __init__(self, rows: Iterable[Mapping[str, Any]]) -> None:
        super().__init__(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows)

    def cursors(self, params: Mapping[str, str]) -> list[bytes | memoryview]:
        """Cursors to parts of about equal size."""
        count = _checked("numberOfCursors", int(params.get("numberOfCursors", 10)), MOST_CURSORS)
        _refuse_others(params, "numberOfCursors")
        edges = [len(self) * part // count for part in range(count + 1)]
        texts = [f"{begin}.{end}" for begin, end in pairwise(edges)]
        return [json.dumps({"items": texts}).encode()]

    def page(self, params: Mapping[str, str]) -> list[bytes | memoryview]:
        """A page of the table, or of the part that a cursor leads to."""
        limit = _checked("limit", int(params.get("limit", 25)), MOST_ROWS)
        _refuse_others(params, "limit", "cursor")
        begin, end = 0, len(self)
        if cursor := params.get("cursor"):
            found = CURSOR.fullmatch(cursor)
            if found is None:
                raise Refusal(f"cursor {cursor!r} is not of a table")
            begin, end = int(found[1]), int(found[2])
        stop = min(begin + limit, end)
        more = b"" if stop >= end else b',"nextCursor":"%d.%d"' % (stop, end)
        return [b'{"items":[', self.between(begin, stop), b"]", more, b"}"]


def table_path(block: Block) -> str:
    """The path of a raw table."""
    return f"raw/dbs/{DATABASE}/tables/{block.name}"


def table_rows(block: Block) -> Iterator[dict[str, Any]]:
    """The rows of a raw table as answers have them: values that are missing are left out."""
    columns = table_columns(block)
    for key, *values in zip(block.names, *columns.values(), strict=True):
        present = {name: value for name, value in zip(columns, values, strict=True) if value is not None}
        yield {"key": key, "columns": present, "lastUpdatedTime": START}


def values_in(body: Mapping[str, Any]) -> Iterator[Any]:
    """The values of an insertion of rows that are not null."""
    for row in body["items"]:
        yield from (value for value in row["columns"].values() if value is not None)


def _checked(name: str, number: int, most: int) -> int:
    if not 1 <= number <= most:
        raise Refusal(f"{name} must be 1 to {most}, got {number}")
    return number


def _refuse_others(params: Mapping[str, str], *known: str) -> None:
    others = params.keys() - set(known)
    if others:
        raise Refusal(f"tables are replayed without {', '.join(sorted(others))}")
