"""References from one resource type to another: checked on write, followed in filters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cdframe.local.access import Condition
from cdframe.local.database import Connection
from cdframe.local.errors import ApiError


@dataclass(frozen=True, slots=True)
class Relation:
    """A resource type that others refer to. While it has no table, no reference to it exists."""

    missing: str  # how the message about unknown ids begins
    table: str | None = None

    def require(self, connection: Connection, ids: Iterable[int | None]) -> None:
        """Check that every id exists, or 400 with those that do not."""
        wanted = list(dict.fromkeys(id for id in ids if id is not None))
        if not wanted:
            return
        known: set[int] = set()
        if self.table is not None:
            sql = f"SELECT id FROM {self.table} WHERE id IN (SELECT unnest(?::BIGINT[]))"
            known = {row[0] for row in connection.tuples(sql, [wanted])}
        missing = [id for id in wanted if id not in known]
        if missing:
            text = f"{self.missing}: {', '.join(map(str, missing[:10]))}{', ...' * (len(missing) > 10)}"
            raise ApiError(400, text, missing=[{"id": id} for id in missing])

    def referred(self, column: str, ids: Sequence[int], external_ids: Sequence[str]) -> Condition:
        """The rows whose column refers to one of these; unknown ones match nothing."""
        by_id = Condition(f"{column} IN (SELECT unnest(?::BIGINT[]))", [ids])
        if not external_ids or self.table is None:
            return by_id
        sql = f"SELECT id FROM {self.table} WHERE external_id IN (SELECT unnest(?::VARCHAR[]))"
        return Condition(f"({by_id.sql} OR {column} IN ({sql}))", [ids, external_ids])


ASSETS = Relation("Asset ids not found")
DATA_SETS = Relation("Data set ids not found")
