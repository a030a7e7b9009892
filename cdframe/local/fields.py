"""Fields of resources, declared once: what is checked, how it is stored, which updates it takes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Protocol

import pyarrow as pa

from cdframe.local.errors import bad_request, constraint
from cdframe.local.validation import (
    as_boolean,
    as_integer,
    as_list,
    as_object,
    as_string,
    check_size,
    reject_unknown,
    shown,
)

MAX_ID = 2**53 - 1

Row = dict[str, Any]  # a stored resource: column -> value


class Kind(Protocol):
    """The kind of a field: checks a value of a request, and says how it is stored."""

    @property
    def arrow(self) -> pa.DataType:
        """The type of the column."""
        ...

    @property
    def changes(self) -> str:
        """How updates change it: `value` (set, setNull), `map` or `list` (set, or add and remove)."""
        ...

    def check(self, value: Any, where: str) -> Any:
        """The value to store, or 400."""
        ...


@dataclass(frozen=True, slots=True)
class Text:
    """A string, limited in characters."""

    most: int
    least: int = 0
    arrow: ClassVar[pa.DataType] = pa.string()
    changes: ClassVar[str] = "value"

    def check(self, value: Any, where: str) -> str:
        text = as_string(value, where)
        check_size(text, where, self.least, self.most)
        return text


@dataclass(frozen=True, slots=True)
class Boolean:
    """True or false."""

    arrow: ClassVar[pa.DataType] = pa.bool_()
    changes: ClassVar[str] = "value"

    def check(self, value: Any, where: str) -> bool:
        return as_boolean(value, where, False)


@dataclass(frozen=True, slots=True)
class Integer:
    """An integer within limits; the default limits are those of internal ids."""

    least: int = 1
    most: int = MAX_ID
    arrow: ClassVar[pa.DataType] = pa.int64()
    changes: ClassVar[str] = "value"

    def check(self, value: Any, where: str) -> int:
        number = as_integer(value, where)
        if not self.least <= number <= self.most:
            raise constraint(f"{where} must be between {self.least} and {self.most}, but was {shown(number)}")
        return number


@dataclass(frozen=True, slots=True)
class Integers:
    """A list of integers without repeats, in the order given."""

    most: int
    element: Integer = Integer()
    arrow: ClassVar[pa.DataType] = pa.list_(pa.int64())
    changes: ClassVar[str] = "list"

    def check(self, value: Any, where: str) -> list[int]:
        values = as_list(value, where)
        check_size(values, where, 0, self.most)
        return list(dict.fromkeys(self.element.check(v, f"{where}[{i}]") for i, v in enumerate(values)))


@dataclass(frozen=True, slots=True)
class Metadata:
    """An object of strings, limited in pairs and in bytes of UTF-8."""

    pairs: int = 256
    key: int = 128
    value: int | None = None
    total: int | None = None
    arrow: ClassVar[pa.DataType] = pa.map_(pa.string(), pa.string())
    changes: ClassVar[str] = "map"

    def check(self, value: Any, where: str) -> dict[str, str]:
        values = as_object(value, where)
        check_size(values, where, 0, self.pairs)
        total = 0
        for name, text in values.items():
            key_bytes = len(as_string(name, f"a key of {where}").encode())
            value_bytes = len(as_string(text, f"{where}.{name}").encode())
            if key_bytes > self.key:
                raise constraint(f"{where} key {shown(name)} must be at most {self.key} bytes")
            if self.value is not None and value_bytes > self.value:
                raise constraint(f"{where}.{name} must be at most {self.value} bytes")
            total += key_bytes + value_bytes
        if self.total is not None and total > self.total:
            raise constraint(f"{where} must be at most {self.total} bytes of keys and values, but was {total}")
        return values


@dataclass(frozen=True)
class Field:
    """One field of a resource under its name on the wire."""

    name: str
    kind: Kind
    required: bool = False
    default: Any = None
    updatable: bool = True

    @cached_property
    def column(self) -> str:
        """The name of its column."""
        return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", self.name).lower()

    @property
    def nullable(self) -> bool:
        """Whether it may be unset."""
        return not self.required and self.default is None


EXTERNAL_ID = Field("externalId", Text(255, least=1))
SERVER_SET = ("id", "createdTime", "lastUpdatedTime")


@dataclass(frozen=True)
class Resource:
    """A resource type: its table and its fields; id and times are in every one."""

    table: str
    fields: Sequence[Field]
    server_set: Sequence[str] = SERVER_SET  # sent back by clients in whole objects, and passed over

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        """The fields by their names on the wire."""
        return {field.name: field for field in self.fields}

    @cached_property
    def schema(self) -> pa.Schema:
        """The columns of the table."""
        return pa.schema(
            [
                ("id", pa.int64()),
                *((field.column, field.kind.arrow) for field in self.fields),
                ("created_time", pa.int64()),
                ("last_updated_time", pa.int64()),
            ]
        )

    @cached_property
    def columns(self) -> str:
        """The columns as SQL names them in a select."""
        return ", ".join(self.schema.names)

    def parse(self, item: Any, where: str) -> Row:
        """Check an item of a create request, and give its row without id and times."""
        values = as_object(item, where)
        reject_unknown(values, (*self.by_name, *self.server_set), where, empty_passes=False)
        row: Row = {}
        for field in self.fields:
            value = values.get(field.name)
            if value is not None:
                row[field.column] = field.kind.check(value, f"{where}.{field.name}")
            elif field.required:
                raise bad_request(f"{where}.{field.name} is required")
            else:
                row[field.column] = field.default
        return row

    def show(self, row: Row) -> dict[str, Any]:
        """The object of an answer: what is unset is left out."""
        shown_row = {"id": row["id"]}
        for field in self.fields:
            value = row[field.column]
            if value is not None:
                shown_row[field.name] = value
        shown_row["createdTime"] = row["created_time"]
        shown_row["lastUpdatedTime"] = row["last_updated_time"]
        return shown_row
