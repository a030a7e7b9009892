"""Resource types: their tables, and what rows are to clients."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa

from cdframe.local.errors import bad_request
from cdframe.local.fields import Field, json_object
from cdframe.local.validation import as_object, reject_unknown

Row = dict[str, Any]  # a resource: column -> value


@dataclass(frozen=True)
class Resource:
    """A resource type: its table and its fields, in the order in which they are shown.

    Every one has `id`. It is hidden in those that only external ids name: there it is the number of the row.
    """

    table: str
    fields: Sequence[Field]
    passed_over: Sequence[str] = ()  # further names that clients may send

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        """The fields that clients set, by their names on the wire."""
        return {field.name: field for field in self.fields if not field.server_set}

    @cached_property
    def stored(self) -> Sequence[Field]:
        """The fields that have a column."""
        return [field for field in self.fields if field.expression is None]

    @cached_property
    def columns(self) -> str:
        """The columns as SQL names them in a select."""
        return ", ".join(field.column for field in self.stored)

    @cached_property
    def _known(self) -> Collection[str]:
        return {*self.passed_over, *(field.name for field in self.fields if not field.hidden)}

    def parse(self, item: Any, where: str) -> Row:
        """Check an item of a create request, and give what it sets."""
        values = as_object(item, where)
        reject_unknown(values, self._known, where, empty_passes=False)
        row: Row = {}
        for field in self.by_name.values():
            value = values.get(field.name)
            if value is not None:
                row[field.column] = field.kind.check(value, f"{where}.{field.name}")
            elif field.required:
                raise bad_request(f"{where}.{field.name} is required")
            else:
                row[field.column] = field.default
        return row

    def load(self, stored: Row) -> Row:
        """A row of the table with values for columns."""
        return {field.column: field.kind.load(stored[field.column]) for field in self.stored}

    def as_table(self, rows: Sequence[Row], fields: Iterable[Field] | None = None) -> pa.Table:
        """Rows as the table holds them, all columns or those of some fields."""
        return pa.table(
            {
                field.column: pa.array([field.kind.store(row[field.column]) for row in rows], field.kind.arrow)
                for field in (self.stored if fields is None else fields)
            }
        )

    def json(self, hidden: Collection[str] = (), more: Sequence[str] = ()) -> str:
        """The SQL of a row as answers have it; what is unset is left out. `more` are further members."""
        members = [field.member for field in self.fields if not field.hidden and field.name not in hidden]
        return json_object([*members, *more])
