"""Nested columns spread out: maps and structs as columns of their own, rows as JSON-ready dicts."""

from __future__ import annotations

from typing import Any

import polars as pl
import pyarrow as pa

from cdframe.errors import nearest
from cdframe.schemas import camel_case


def expand_columns(table: pa.Table, names: list[str]) -> pa.Table:
    """Replace map and struct columns by a column for each key, named ``<column>.<key>``.

    Keys of maps come in the order in which they first occur; a row without a key has a null.

    Raises:
        ValueError: a column that is not there, or is neither a map nor a struct.
    """
    frame = pl.DataFrame(table)
    for name in names:
        if name not in frame.columns:
            raise ValueError(f"There is no column {name!r} to expand.{nearest(name, frame.columns)}")
        dtype = frame.schema[name]
        if isinstance(dtype, pl.Map):
            keys = frame[name].map.keys().explode(empty_as_null=False).drop_nulls().unique(maintain_order=True)
            parts = [pl.col(name).map.get(key).alias(f"{name}.{key}") for key in keys]
        elif isinstance(dtype, pl.Struct):
            parts = [pl.col(name).struct.field(field.name).alias(f"{name}.{field.name}") for field in dtype.fields]
        else:
            raise ValueError(f"Column {name!r} is {dtype}; only maps and structs can be expanded.")
        at = frame.columns.index(name)
        before, after = frame.columns[:at], frame.columns[at + 1 :]
        frame = frame.select(*before, *parts, *after)
    return frame.to_arrow()


def json_ready(table: pa.Table, *, camel_case_names: bool) -> list[dict[str, Any]]:
    """Give the rows as dicts that `json.dumps` takes: times as ms since 1970, maps as dicts, nulls left out."""
    columns = {}
    for field in table.schema:
        column = table.column(field.name)
        if pa.types.is_timestamp(field.type):
            column = column.cast(pa.timestamp("ms", field.type.tz), safe=False).cast(pa.int64())
        columns[camel_case(field.name) if camel_case_names else field.name] = column
    rows = pa.table(columns).to_pylist(maps_as_pydicts="strict")
    return [{name: value for name, value in row.items() if value is not None} for row in rows]
