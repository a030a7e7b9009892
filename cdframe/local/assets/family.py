"""The rules that are special to assets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from cdframe.local.assets import tables
from cdframe.local.assets.hierarchy import count_children, move_below, place_moved, place_new, rename_parents
from cdframe.local.assets.trees import below
from cdframe.local.conditions import Condition, one_of
from cdframe.local.database import Connection
from cdframe.local.errors import bad_request, forbidden
from cdframe.local.events.tables import ASSET_IDS as ASSETS_OF_EVENTS
from cdframe.local.families.family import Family
from cdframe.local.fields import json_object, member
from cdframe.local.files.tables import ASSET_IDS as ASSETS_OF_FILES
from cdframe.local.resources import Row
from cdframe.local.validation import as_boolean, as_list, as_string, shown


def clears(table: str, column: str) -> Callable[[Connection, Sequence[int]], None]:
    """Rows whose column refers to an asset that is deleted refer to none."""

    def clear(connection: Connection, ids: Sequence[int]) -> None:
        test = one_of(column, ids)
        connection.execute(f"UPDATE {table} SET {column} = NULL WHERE {test.sql}", test.parameters)

    return clear


# What becomes of references to assets that are deleted, in the other families.
WHEN_DELETED = (
    clears("time_series", "asset_id"),
    clears("sequences", "asset_id"),
    ASSETS_OF_EVENTS.forget,
    ASSETS_OF_FILES.forget,
)


class Assets(Family):
    """Assets."""

    resource = tables.ASSETS
    naming = tables.NAMING
    filters = tables.FILTERS
    properties = tables.PROPERTIES
    sortable = tables.SORTABLE

    def members(self) -> Sequence[str]:
        """The aggregates that are asked for."""
        asked = as_list(self.asked.get("aggregatedProperties") or [], "aggregatedProperties")
        names = dict.fromkeys(as_string(name, f"aggregatedProperties[{i}]") for i, name in enumerate(asked))
        for name in names:
            if name not in tables.AGGREGATES:
                known = ", ".join(tables.AGGREGATES)
                raise bad_request(f"aggregatedProperties must be among {known}, but was {shown(name)}")
        members = [member(name, tables.AGGREGATES[name]) for name in names]
        return [member("aggregates", json_object(members))] if members else []

    def apply(self, row: Row, update: Any, where: str) -> Row:
        """A parent that is named in one way is not what it was in the other."""
        changed = super().apply(row, update, where)
        named = {name for name in ("parentId", "parentExternalId") if update.get(name)}
        if named == {"parentId"}:
            changed["parent_external_id"] = None
        elif named == {"parentExternalId"}:
            changed["parent_id"] = None
        return changed

    def complete(self, rows: Sequence[Row], old: Sequence[Row]) -> None:
        """Parents must exist; where assets are in the hierarchy follows from them."""
        if old:
            place_moved(self.connection, rows, old)
        else:
            place_new(self.connection, rows)

    def follow(self, rows: Sequence[Row], old: Sequence[Row]) -> None:
        """What is above and below in the hierarchy follows."""
        if not old:
            new = {row["id"] for row in rows}
            count_children(self.connection, Counter(row["parent_id"] for row in rows if row["parent_id"] not in new))
            return
        pairs = list(zip(rows, old, strict=True))
        moves = [(row, was) for row, was in pairs if row["parent_id"] != was["parent_id"]]
        move_below(self.connection, moves)
        children = Counter(row["parent_id"] for row, _ in moves)
        children.subtract(was["parent_id"] for _, was in moves)
        count_children(self.connection, children)
        rename_parents(self.connection, [row for row, was in pairs if row["external_id"] != was["external_id"]])

    def delete_rows(self, ids: Sequence[int]) -> None:
        """Delete assets, with all that are below them when that is asked for, and references to them."""
        chosen = one_of("id", ids)
        if as_boolean(self.asked.get("recursive"), "recursive", False):
            chosen = self._with_all_below(chosen)
        else:
            self._require_no_children(ids)
        gone = self.connection.tuples(f"SELECT id, parent_id FROM assets WHERE {chosen.sql}", chosen.parameters)
        gone_ids = [id for id, _ in gone]
        deleted = set(gone_ids)
        self.connection.execute(f"DELETE FROM assets WHERE {chosen.sql}", chosen.parameters)
        left = Counter(parent for _, parent in gone if parent is not None and parent not in deleted)
        count_children(self.connection, {parent: -count for parent, count in left.items()})
        for forget in WHEN_DELETED:
            forget(self.connection, gone_ids)

    def _with_all_below(self, tops: Condition) -> Condition:
        if not self._count(tops & Condition("child_count > 0")):
            return tops
        chosen = below(self.connection, tops)
        visible = self.visible(self.caller, self.grant)
        if self._count(chosen & Condition(f"NOT coalesce({visible.sql}, FALSE)", visible.parameters)):
            raise forbidden()
        self.require_writable(
            self.connection.rows(f"SELECT DISTINCT data_set_id FROM assets WHERE {chosen.sql}", chosen.parameters)
        )
        return chosen

    def _require_no_children(self, ids: Sequence[int]) -> None:
        children = one_of("parent_id", ids)
        found = self.connection.tuples(f"SELECT id FROM assets WHERE {children.sql}", children.parameters)
        if {id for (id,) in found} - set(ids):
            raise bad_request("Cannot delete assets with children unless recursive is set")

    def _count(self, condition: Condition) -> int:
        sql = f"SELECT count(*) FROM assets WHERE {condition.sql}"
        count: int = self.connection.value(sql, condition.parameters)
        return count
