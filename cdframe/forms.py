"""The forms that values have on the wire, where those in frames differ.

frames                    wire
times                     milliseconds since 1970
structs, snake_case       objects, camelCase
lists of ids or texts     lists of ``{"id"}`` or ``{"externalId"}``, as the column is declared
text that holds JSON      any JSON
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import polars as pl
import pyarrow as pa

from cdframe.schemas import TIMESTAMP, Column, camel_case

_MEMBERS = {"ids": "id", "external_ids": "externalId"}


@cache
def frame_type(data_type: pa.DataType) -> pl.DataType:
    """Give the type that a column has in Polars frames."""
    frame = pl.from_arrow(pa.table({"column": pa.array([], data_type)}))
    assert isinstance(frame, pl.DataFrame)
    return frame.schema["column"]


@cache
def wire_type(column: Column) -> pl.DataType:
    """Give the type that a column is read from JSON as; any JSON has been made text before."""
    data_type = frame_type(column.type)
    if column.fields:
        objects = pl.Struct({camel_case(field.name): wire_type(field) for field in column.fields})
        return pl.List(objects) if isinstance(data_type, pl.List) else objects
    if column.form in _MEMBERS and isinstance(data_type, pl.List):
        return pl.List(pl.Struct({_MEMBERS[column.form]: data_type.inner}))
    return pl.Int64() if isinstance(data_type, pl.Datetime) else data_type


def from_wire(column: Column, value: pl.Series) -> pl.Series:
    """Turn what was read from JSON into a column of a frame."""
    if column.form == "zero_for_none":
        value = value.set(value == 0, None)
    if column.fields or column.form in _MEMBERS:
        value = value.to_frame().select(_from_wire(column, pl.col(value.name)).alias(column.name))[column.name]
    return value.alias(column.name).cast(frame_type(column.type))


def _from_wire(column: Column, value: pl.Expr) -> pl.Expr:
    is_list = pa.types.is_list(column.type)
    if column.fields:
        one = pl.element() if is_list else value
        parts = [
            _from_wire(field, one.struct.field(camel_case(field.name))).alias(field.name) for field in column.fields
        ]
        made = pl.struct(parts)
        return value.list.eval(made) if is_list else pl.when(value.is_not_null()).then(made)
    if column.form in _MEMBERS:
        return value.list.eval(pl.element().struct.field(_MEMBERS[column.form]))
    return value.cast(frame_type(column.type))


def wire_frame(table: pa.Table, columns: Mapping[str, Column]) -> pl.DataFrame:
    """Turn the columns of a table, declared as in `columns`, into the values that are written as JSON."""
    for position, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            times = table.column(position).cast(TIMESTAMP).cast(pa.int64())
            table = table.set_column(position, field.name, times)
    frame = pl.DataFrame(pl.from_arrow(table))
    changed = [name for name in frame.columns if columns[name].fields or columns[name].form in _MEMBERS]
    return frame.with_columns(_to_wire(columns[name], pl.col(name)).alias(name) for name in changed)


def _to_wire(column: Column, value: pl.Expr) -> pl.Expr:
    is_list = pa.types.is_list(column.type)
    if column.fields:
        one = pl.element() if is_list else value
        parts = [
            _to_wire(field, one.struct.field(field.name)).alias(camel_case(field.name))
            for field in column.fields
            if field.create
        ]
        made = pl.struct(parts)
        return value.list.eval(made) if is_list else pl.when(value.is_not_null()).then(made)
    if column.form in _MEMBERS:
        return value.list.eval(pl.struct(pl.element().alias(_MEMBERS[column.form])))
    if column.form == "set":
        return pl.when(value.is_not_null()).then(pl.struct(value.alias("set")))
    return value.dt.timestamp("ms") if pa.types.is_timestamp(column.type) else value


def json_as_text(body: bytes, columns: Sequence[Column]) -> bytes:
    """Make texts of what a page has in columns that hold any JSON; most pages have nothing there."""
    names = [camel_case(name) for name in _json_names(columns)]
    if not any(f'"{name}":'.encode() in body for name in names):
        return body
    page = json.loads(body)
    if isinstance(page, dict) and isinstance(page.get("items"), list):
        for item in page["items"]:
            _replace_json(item, columns)
    return json.dumps(page, ensure_ascii=False).encode()


def _json_names(columns: Iterable[Column]) -> set[str]:
    found = {column.name for column in columns if column.form == "json"}
    return found.union(*(_json_names(column.fields) for column in columns))


def _replace_json(item: Any, columns: Iterable[Column]) -> None:
    for column in columns:
        name = camel_case(column.name)
        value = item.get(name) if isinstance(item, dict) else None
        if value is None:
            continue
        if column.form == "json":
            item[name] = json.dumps(value, ensure_ascii=False)
        elif column.fields:
            for part in value if isinstance(value, list) else [value]:
                _replace_json(part, column.fields)
