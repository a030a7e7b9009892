"""Rows as JSON: pages of answers into frames, and Arrow into request bodies, without a Python object per row.

Both ways go through Polars' native JSON reader and writer, driven by the declared schema.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from cdframe.errors import CogniteConnectionError
from cdframe.forms import frame_type, from_wire, json_as_text, wire_type
from cdframe.schemas import Schema, camel_case


def read_page(body: bytes, schema: Schema) -> tuple[pl.DataFrame, str | None]:
    """Read ``{"items": [...], "nextCursor": ...}`` into the columns of a schema, and the cursor.

    Fields that the schema does not declare are passed over: a newer server may add some.

    Raises:
        CogniteConnectionError: the body is not such a page.
    """
    try:
        page = pl.read_json(json_as_text(body, schema.columns), schema=_page_types(schema))
        if page.height != 1 or page["items"].null_count():
            raise ValueError("it has no 'items'")
        columns = page["items"][0].struct.unnest().get_columns()
    except (pl.exceptions.PolarsError, ValueError) as error:
        raise CogniteConnectionError(
            f"The server's answer is not a page of {schema.resource}: {error}. It begins with {body[:100]!r}."
        ) from error
    cursor: str | None = page["nextCursor"][0]
    read = zip(schema.columns, columns, strict=True)
    return pl.DataFrame([from_wire(column, values) for column, values in read]), cursor or None


def read_row(body: bytes, schema: Schema) -> pl.DataFrame:
    """Read one object into a frame of one row, with the columns of a schema.

    Raises:
        CogniteConnectionError: the body is not such an object.
    """
    return read_page(b'{"items":[' + body + b"]}", schema)[0]


_BLOCK = 16_000  # rows: large enough that the number of chunks does not matter, small beside what is worth it


class Rows:
    """Pages of rows, put together as they come.

    Two runs of pages that are of one size are made one, up to 16,000 rows. What is copied are the last few pages, and
    what they leave is there for the next: joined in the end, all would be held twice.
    """

    def __init__(self, schema: Schema, pages: Iterable[pl.DataFrame] = ()) -> None:
        self._schema = schema
        self._runs: list[pl.DataFrame] = []
        for page in pages:
            self.add(page)

    def add(self, page: pl.DataFrame) -> None:
        """Put a page behind the others."""
        self._runs.append(page)
        while len(self._runs) > 1 and self._runs[-2].height <= self._runs[-1].height and self._join_last():
            pass

    def frame(self) -> pl.DataFrame:
        """All rows, in chunks that are worth being ones."""
        while len(self._runs) > 1 and self._join_last():
            pass
        return pl.concat(self._runs, rechunk=False) if self._runs else pl.DataFrame(schema=_frame_types(self._schema))

    def _join_last(self) -> bool:
        """Make one of the last two runs, where they are short."""
        pair = self._runs[-2:]
        if pair[0].height + pair[1].height > _BLOCK:
            return False
        # By columns it happens in this thread, whose memory is at hand; whole frames go to threads with their own.
        columns = zip(*(page.get_columns() for page in pair), strict=True)
        self._runs[-2:] = [pl.DataFrame([pl.concat(both, rechunk=True) for both in columns])]
        return True


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a JSON object: the column that it is made of and its text, where ``{}`` stands for the value.

    A null leaves the member out, unless `if_null` says what to write instead. Text of a `json` member is JSON already.
    """

    column: str
    text: str
    if_null: str | None = None
    json: bool = False


def write_members(frame: pl.DataFrame, members: Sequence[Member]) -> pl.Series:
    """Write each row as the members of a JSON object, joined by commas and without the braces around."""
    texts = []
    for member in members:
        column = pl.col(member.column)
        before, after = member.text.split("{}")
        # A struct of one field writes any value as JSON: {"v":<value>}, a frame of 5 bytes before it and 1 behind.
        wrapped = pl.struct(column.alias("v")).struct.json_encode()
        value = column if member.json else wrapped.str.slice(5, wrapped.str.len_chars() - 6)
        if _has_structs(frame.schema[member.column]):
            value = value.str.replace_all(r',"\w+":null', "").str.replace_all(r'\{"\w+":null,?', "{")
        text = pl.concat_str(pl.lit(before), value, pl.lit(after))
        chosen = pl.when(column.is_not_null()).then(text).otherwise(pl.lit(member.if_null, pl.String))
        texts.append(frame.select(chosen.alias("members"))["members"])
    return join_members(texts, frame.height)


def _has_structs(data_type: pl.DataType) -> bool:
    """Whether values are objects, whose members may be null. (Quotes in texts are escaped: no text looks like one.)"""
    return isinstance(data_type.inner if isinstance(data_type, pl.List) else data_type, pl.Struct)


def join_members(texts: Sequence[pl.Series], rows: int) -> pl.Series:
    """Join several columns of members by commas, row by row; nulls and empty texts are left out."""
    if not texts:
        return pl.Series("members", [""], pl.String).new_from_index(0, rows)
    frame = pl.DataFrame([text.alias(str(number)) for number, text in enumerate(texts)])
    filled = [pl.when(pl.col(name) != "").then(pl.col(name)) for name in frame.columns]
    return frame.select(pl.concat_str(filled, separator=",", ignore_nulls=True).alias("members"))["members"]


def wrap_members(before: str, members: pl.Series, after: str) -> pl.Series:
    """Put text around members, where a row has any."""
    text = pl.concat_str(pl.lit(before), pl.col("members"), pl.lit(after))
    filled = pl.when(pl.col("members") != "").then(text)
    return members.alias("members").to_frame().select(filled.alias("members"))["members"]


def identifier_objects(table: pa.Table, more: str = "") -> pl.Series:
    """Write the `id` or `external_id` of each row as an object, with the text of `more` members behind."""
    members = write_members(pl.DataFrame(table), [Member("id", '"id":{}'), Member("external_id", '"externalId":{}')])
    return "{" + members + more + "}"


def items_body(objects: pl.Series, **more: Any) -> bytes:
    """Join the texts of objects to the body ``{"items": [...]}`` with further top-level members behind."""
    return _body(objects.str.join(",").cast(pl.Binary)[0] or b"", more)


def items_bodies(objects: pl.Series, most: int, **more: Any) -> list[bytes]:
    """Join the texts of objects to bodies with `most` items each, the last one with what is left."""
    body_of = pl.int_range(pl.len()) // most
    texts = objects.alias("o").to_frame().group_by(body_of, maintain_order=True).agg(pl.col("o").str.join(","))["o"]
    return [_body(text, more) for text in texts.cast(pl.Binary)]


def cut(objects: pl.Series, most: int, most_bytes: int = 32 * 2**20) -> list[slice]:
    """Cut the texts of objects into runs for one body each: of `most` items, fewer where these are long."""
    ends = objects.str.len_bytes().cum_sum().to_numpy()
    runs, start = [], 0
    while start < len(ends):
        before = ends[start - 1] if start else 0
        fitting = int(np.searchsorted(ends, before + most_bytes, side="right"))
        end = min(start + most, max(fitting, start + 1))
        runs.append(slice(start, end))
        start = end
    return runs


def _body(items: bytes, more: dict[str, Any]) -> bytes:
    tail = "".join(f",{json.dumps(name)}:{json.dumps(value)}" for name, value in more.items())
    return b"".join((b'{"items":[', items, b"]", tail.encode(), b"}"))


@cache
def _page_types(schema: Schema) -> dict[str, pl.DataType]:
    """Give the types that a page of JSON is read as."""
    items = {camel_case(column.name): wire_type(column) for column in schema.columns}
    return {"items": pl.List(pl.Struct(items)), "nextCursor": pl.String()}


@cache
def _frame_types(schema: Schema) -> dict[str, pl.DataType]:
    """Give the types that the columns of a schema have in Polars."""
    return {column.name: frame_type(column.type) for column in schema.columns}
