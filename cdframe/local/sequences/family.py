"""The rules that are special to sequences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cdframe.local.families.family import Family
from cdframe.local.identifiers import next_numbers
from cdframe.local.resources import Row
from cdframe.local.sequences import tables
from cdframe.local.sequences.columns import change_columns
from cdframe.local.sequences.store import RowStore


class Sequences(Family):
    """Sequences."""

    resource = tables.SEQUENCES
    naming = tables.NAMING
    filters = tables.FILTERS
    properties = tables.PROPERTIES

    def apply(self, row: Row, update: Any, where: str) -> Row:
        """Columns have a grammar of their own."""
        changed = super().apply(row, {name: part for name, part in update.items() if name != "columns"}, where)
        if update.get("columns") is not None:
            change_columns(changed, update["columns"], f"{where}.columns", self.now)
        return changed

    def complete(self, rows: Sequence[Row], old: Sequence[Row]) -> None:
        """New columns get their numbers and times."""
        for row in rows:
            row.setdefault("column_numbers", [None] * len(row["columns"]))
        new = [(row, i) for row in rows for i, number in enumerate(row["column_numbers"]) if number is None]
        if not new:
            return
        numbers = next_numbers(self.connection, "sequence_column_numbers", len(new))
        for (row, i), number in zip(new, numbers, strict=True):
            row["column_numbers"][i] = number
            row["columns"][i] |= {"created_time": self.now, "last_updated_time": self.now}

    def delete_rows(self, ids: Sequence[int]) -> None:
        """Delete sequences and all their rows."""
        super().delete_rows(ids)
        RowStore(self.connection).drop(ids)
