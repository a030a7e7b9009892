"""The declared Arrow schemas of all resources, and what may be set in each column.

A frame of a resource always has all columns of its schema, in order, with these types.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import pyarrow as pa

TIMESTAMP = pa.timestamp("ms", tz="UTC")
METADATA = pa.map_(pa.string(), pa.string())
ID_LIST = pa.list_(pa.int64())
TEXT_LIST = pa.list_(pa.string())

Update = Literal["set", "set_null", "object", "array", "members"]
"""How a column is updated.

That is as a required value, an optional value, by add and remove of an object or an array, or by add, remove and modify
of objects that have external ids.
"""

Form = Literal["same", "ids", "external_ids", "json", "zero_for_none", "set"]
"""How the wire has a column's values.

That is as frames do, ids as ``{"id": 1}``, texts as ``{"externalId": "a"}``, any JSON (in frames text that holds it),
0 where frames have no value, or ``{"set": value}``.
"""


def camel_case(name: str) -> str:
    """Turn ``external_id`` into ``externalId``, the name on the wire."""
    head, *tail = name.split("_")
    return head + "".join(word.capitalize() for word in tail)


def snake_case(name: str) -> str:
    """Turn ``externalId`` into ``external_id``, the name in frames; what is that already stays."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name and type, whether it may be given on create, and how it is updated (None: never).

    One of structs, or of lists of structs, also has their `fields`.
    """

    name: str
    type: pa.DataType
    create: bool = True
    update: Update | None = None
    form: Form = "same"
    fields: tuple[Column, ...] = ()

    @property
    def is_set_by_server(self) -> bool:
        """Whether it can never be given: what was read is passed over when it is written."""
        return not self.create and self.update is None


def structs(name: str, *fields: Column, create: bool = True, update: Update | None = None) -> Column:
    """A column of structs with these fields."""
    return Column(name, struct_of(fields), create, update, fields=fields)


def lists_of_structs(name: str, *fields: Column, create: bool = True, update: Update | None = None) -> Column:
    """A column of lists of structs with these fields."""
    return Column(name, pa.list_(struct_of(fields)), create, update, fields=fields)


def struct_of(fields: Sequence[Column]) -> pa.StructType:
    """The type of structs with these fields."""
    return pa.struct([pa.field(field.name, field.type) for field in fields])


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
        return tuple(self.by_name)

    @cached_property
    def by_name(self) -> dict[str, Column]:
        """The columns by their names."""
        return {column.name: column for column in self.columns}

    def empty(self) -> pa.Table:
        """Make a frame without rows."""
        return self.arrow.empty_table()
