"""Lists of rows: what is asked for, and pages as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from cdframe.local.http import json_bytes
from cdframe.local.identifiers import Identifier
from cdframe.local.paging import digest, make_cursor, open_cursor, parse_limit
from cdframe.local.sequences.columns import Column, parse_names
from cdframe.local.sequences.rows import LARGEST_NUMBER, Rows
from cdframe.local.sequences.store import Span
from cdframe.local.sequences.tables import NAMING
from cdframe.local.validation import as_integer

MOST_ROWS = 10_000
MOST_CELLS, MOST_CELLS_WITH_STRINGS = 400_000, 60_000


@dataclass(frozen=True, slots=True)
class RowQuery:
    """What of a sequence is asked for."""

    identifier: Identifier
    names: Sequence[str] | None  # of columns
    span: Span
    limit: int
    cursor: Any

    def binding(self, sequence: int) -> str:
        """What a cursor belongs to."""
        return digest(["rows", sequence, self.span.first, self.span.last, self.names])

    def rest(self, sequence: int) -> Span:
        """The span that is left after the cursor."""
        if not self.cursor:
            return self.span
        (last,) = open_cursor(self.cursor, self.binding(sequence), 1)
        return Span(max(self.span.first, last + 1), self.span.last)

    def page(self, sequence: int, rows: Rows, limit: int) -> tuple[Rows, str | None]:
        """The rows of a page, if one more than its limit was read, and the cursor of the next one if there is one."""
        if len(rows) <= limit:
            return rows, None
        return rows.slice(0, limit), make_cursor(self.binding(sequence), [int(rows.numbers[limit - 1])])

    def page_size(self, columns: Sequence[Column]) -> int:
        """How many rows an answer has at most."""
        strings = any(column.kind == "STRING" for column in columns)
        return min(self.limit, max(1, (MOST_CELLS_WITH_STRINGS if strings else MOST_CELLS) // len(columns)))


def parse_query(body: Mapping[str, Any]) -> RowQuery:
    """What a list request asks for."""
    identifier = NAMING.parse(body, "the request", others=("start", "end", "limit", "cursor", "columns"))
    start, end = body.get("start"), body.get("end")
    first = 0 if start is None else max(as_integer(start, "start"), 0)
    last = LARGEST_NUMBER if end is None or as_integer(end, "end") < 0 else as_integer(end, "end") - 1
    return RowQuery(
        identifier,
        parse_names(body.get("columns"), "columns"),
        _span(first, last),
        parse_limit(body.get("limit"), most=MOST_ROWS),
        body.get("cursor"),
    )


def parse_latest(body: Mapping[str, Any]) -> RowQuery:
    """What a request for the latest row asks for."""
    identifier = NAMING.parse(body, "the request", others=("columns", "before"))
    before = body.get("before")
    last = LARGEST_NUMBER if before is None else as_integer(before, "before") - 1
    return RowQuery(identifier, parse_names(body.get("columns"), "columns"), _span(0, last), 1, None)


def _span(first: int, last: int) -> Span:
    return Span(min(first, LARGEST_NUMBER), max(min(last, LARGEST_NUMBER), -1)) if first <= last else Span(0, -1)


def encode(sequence: Mapping[str, Any], columns: Sequence[Column], rows: Rows, cursor: str | None) -> bytes:
    """The body of an answer with rows."""
    head: dict[str, Any] = {"id": sequence["id"], "externalId": sequence["external_id"], "nextCursor": cursor}
    head = {name: value for name, value in head.items() if value is not None}
    head["columns"] = [column.shown() for column in columns]
    return json_bytes(head)[:-1] + b',"rows":[' + _encode_rows(columns, rows).encode() + b"]}"


def _encode_rows(columns: Sequence[Column], rows: Rows) -> str:
    """Rows as JSON, column by column."""
    frame = pl.DataFrame({"row": rows.numbers, **{str(c.number): pl.Series(rows.columns[c.number]) for c in columns}})
    values = pl.concat_str([_value(pl.col(str(column.number)), column.kind) for column in columns], separator=",")
    row = pl.concat_str(pl.lit('{"rowNumber":'), pl.col("row"), pl.lit(',"values":['), values, pl.lit("]}"))
    text: str = frame.select(row.str.join(",")).item()
    return text


def _value(value: pl.Expr, kind: str) -> pl.Expr:
    """Values of a column as JSON; numbers with a fraction or an exponent only in columns of DOUBLE."""
    if kind == "STRING":
        member = pl.struct(value.alias("v")).struct.json_encode()  # {"v":"..."} with what JSON wants escaped
        return member.str.slice(5).str.head(-1)
    return value.cast(pl.String).fill_null("null")
