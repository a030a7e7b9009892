"""Columns that hold lists of references: found by what is in them, and rid of what is deleted.

DuckDB takes a million lists apart and joins their elements in 30 ms. To ask each list whether it has one of 5,000
elements takes it a minute, and a table of all elements beside the lists is no faster, but has to be kept up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cdframe.local.conditions import Condition, one_of
from cdframe.local.database import Connection
from cdframe.local.filters import Test


@dataclass(frozen=True, slots=True)
class ReferenceList:
    """A column of a table; a list without elements is null."""

    table: str
    column: str

    def has(self, targets: Test) -> Test:
        """The rows that refer to anything that passes a test of the column `target`."""

        def test(value: Any, where: str, connection: Connection) -> Condition:
            return self._holding(targets(value, where, connection))

        return test

    def forget(self, connection: Connection, targets: Sequence[int]) -> None:
        """Take what is deleted out of all lists."""
        gone = one_of("target", targets)
        rows = self._holding(gone)
        connection.execute(
            f"""UPDATE {self.table} SET {self.column} = kept.targets
                FROM (SELECT id, list(target ORDER BY place) FILTER (WHERE NOT {gone.sql}) AS targets
                      FROM (SELECT id, unnest({self.column}) AS target, generate_subscripts({self.column}, 1) AS place
                            FROM {self.table} WHERE {rows.sql})
                      GROUP BY id) AS kept
                WHERE {self.table}.id = kept.id""",
            [*gone.parameters, *rows.parameters],
        )

    def _holding(self, targets: Condition) -> Condition:
        elements = f"SELECT id, unnest({self.column}) AS target FROM {self.table}"
        return Condition(f"id IN (SELECT id FROM ({elements}) WHERE {targets.sql})", targets.parameters)
