"""The declared Arrow schemas of all resources, and what may be set in each column.

A frame of a resource always has all columns of its schema, in order, with these types.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import pyarrow as pa

from cdframe.errors import nearest

TIMESTAMP = pa.timestamp("ms", tz="UTC")
METADATA = pa.map_(pa.string(), pa.string())
ID_LIST = pa.list_(pa.int64())
TEXT_LIST = pa.list_(pa.string())

Update = Literal["set", "set_null", "object", "array"]
"""How a column is updated: required value, optional value, or add and remove of an object or an array."""


def camel_case(name: str) -> str:
    """Turn ``external_id`` into ``externalId``, the name on the wire."""
    head, *tail = name.split("_")
    return head + "".join(word.capitalize() for word in tail)


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name and type, whether it may be given on create, and how it is updated (None: never)."""

    name: str
    type: pa.DataType
    create: bool = True
    update: Update | None = None


@dataclass(frozen=True)
class Schema:
    """The columns of a resource."""

    resource: str
    columns: tuple[Column, ...]

    @cached_property
    def arrow(self) -> pa.Schema:
        """The Arrow schema of a frame of this resource."""
        return pa.schema([pa.field(column.name, column.type) for column in self.columns])

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(column.name for column in self.columns)

    def empty(self) -> pa.Table:
        """Make a frame without rows."""
        return self.arrow.empty_table()


def conform(table: pa.Table, types: dict[str, pa.DataType], what: str) -> pa.Table:
    """Cast the columns of `table` to `types`, which names all columns that it may have.

    Raises:
        ValueError: an unknown column, or values that the declared type does not hold; names the column.
    """
    columns = {}
    for name in table.column_names:
        if name not in types:
            raise ValueError(
                f"Unknown column {name!r} in a frame of {what}.{nearest(name, list(types))} "
                f"Known columns: {', '.join(types)}."
            )
        columns[name] = cast_column(table.column(name), types[name], name, what)
    return pa.table(columns)


def cast_column(column: pa.ChunkedArray, to: pa.DataType, name: str, what: str) -> pa.ChunkedArray:
    """Cast one column without loss; raise ValueError that names it when its values do not fit."""
    if column.type == to:
        return column
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    text_expected = pa.types.is_string(to)
    text_given = pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
    fits = pa.types.is_null(column.type) or text_expected == text_given
    if pa.types.is_boolean(to) != pa.types.is_boolean(column.type) and not pa.types.is_null(column.type):
        fits = False
    try:
        if fits and pa.types.is_map(to):
            return _to_map(column, to)
        if fits and pa.types.is_timestamp(to) and pa.types.is_timestamp(column.type):
            return _to_timestamp(column, to)
        if fits:
            return column.cast(to)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, TypeError, ValueError) as error:
        raise ValueError(f"Column {name!r} of {what} must be {to}: {error}") from error
    raise ValueError(f"Column {name!r} of {what} must be {to}, got {column.type}.")


def _to_timestamp(column: pa.ChunkedArray, to: pa.DataType) -> pa.ChunkedArray:
    if column.type.tz is None:
        column = column.cast(pa.timestamp(column.type.unit, tz="UTC"))
    return column.cast(to, safe=False)


def _to_map(column: pa.ChunkedArray, to: pa.DataType) -> pa.ChunkedArray:
    """Read maps in all the forms that frames have for them.

    These are maps, lists of pairs, and structs, where a field that is null in a row is absent from it.
    """
    if pa.types.is_map(column.type) or pa.types.is_null(column.type):
        return column.cast(to)
    rows = []
    for row in column.to_pylist():
        pairs = row.items() if isinstance(row, dict) else row
        rows.append(None if row is None else [(key, value) for key, value in pairs if value is not None])
    for key, value in (pair for row in rows for pair in row or ()):
        if not isinstance(value, str):
            raise pa.ArrowInvalid(f"the value of {key!r} is {value!r}, not a text")
    return pa.chunked_array([pa.array(rows, to)])
