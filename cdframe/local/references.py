"""References from one resource type to another: checked on write, followed in filters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from cdframe.local.conditions import NOTHING, Condition, any_of, one_of
from cdframe.local.database import Connection
from cdframe.local.errors import ApiError

MOST_NAMED = 10


@dataclass(frozen=True, slots=True)
class Relation:
    """A resource type that others refer to. While it has no table, no reference to it exists."""

    missing: str  # how the message about unknown ones begins
    table: str | None
    column: str = "id"
    key: str = "id"  # the name of a reference on the wire
    listed: bool = True  # whether the error lists the unknown ones beside its message

    def require(self, connection: Connection, references: Iterable[Any]) -> None:
        """Check that all exist, or 400 with those that do not."""
        wanted = list(dict.fromkeys(references))
        known: set[Any] = set()
        if wanted and self.table is not None:
            test = one_of(self.column, wanted)
            sql = f"SELECT {self.column} FROM {self.table} WHERE {test.sql}"
            known = {row[0] for row in connection.tuples(sql, test.parameters)}
        missing = [reference for reference in wanted if reference not in known]
        if missing:
            shown = missing[:MOST_NAMED] if self.listed else missing
            text = f"{self.missing}: {', '.join(map(str, shown))}{', ...' * (len(missing) > len(shown))}"
            raise ApiError(400, text, missing=[{self.key: one} for one in missing] if self.listed else ())

    def referred(self, column: str, ids: Sequence[int], external_ids: Sequence[str]) -> Condition:
        """The rows whose column refers to one of these; unknown ones match nothing."""
        alternatives = [one_of(column, ids)] if ids else []
        if external_ids and self.table is not None:
            named = one_of("external_id", external_ids)
            sql = f"{column} IN (SELECT id FROM {self.table} WHERE {named.sql})"
            alternatives.append(Condition(sql, named.parameters))
        return any_of(alternatives) if alternatives else NOTHING


ASSETS = Relation("Asset ids not found", None)
DATA_SETS = Relation("Invalid dataSetIds", "data_sets", listed=False)
LABELS = Relation("Label ids not found", "labels", column="external_id", key="externalId")
