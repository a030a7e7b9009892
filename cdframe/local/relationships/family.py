"""The rules that are special to relationships."""

from __future__ import annotations

from collections.abc import Sequence

from cdframe.local.conditions import Condition
from cdframe.local.errors import constraint
from cdframe.local.families.family import Family
from cdframe.local.identifiers import Identifier, next_numbers
from cdframe.local.relationships import tables
from cdframe.local.relationships.ends import with_ends
from cdframe.local.resources import Row
from cdframe.local.validation import as_boolean


class Relationships(Family):
    """Relationships."""

    resource = tables.RELATIONSHIPS
    naming = tables.NAMING
    filters = tables.FILTERS

    def new_ids(self, count: int) -> list[int]:
        """Numbers in order of creation."""
        return next_numbers(self.connection, "relationship_numbers", count)

    def partition(self, part: int, count: int) -> Condition:
        """The rows whose external ids have one remainder of the hash."""
        return Condition("hash(external_id) % ? = ?", [count, part - 1])

    def complete(self, rows: Sequence[Row], old: Sequence[Row]) -> None:
        """A relationship ends after it starts."""
        for i, row in enumerate(rows):
            start, end = row["start_time"], row["end_time"]
            if start is not None and end is not None and end <= start:
                raise constraint(f"items[{i}].endTime must be greater than startTime {start}, but was {end}")

    def page(self, *, clamp: bool = False) -> tuple[list[str], str | None]:
        """A page, with the resources at the ends when they are asked for."""
        objects, cursor = super().page(clamp=clamp)
        return self._fetched(objects), cursor

    def by_ids(self, identifiers: Sequence[Identifier], *, ignore_unknown: bool) -> list[str]:
        """Those that are named, with the resources at the ends when they are asked for."""
        return self._fetched(super().by_ids(identifiers, ignore_unknown=ignore_unknown))

    def _fetched(self, objects: list[str]) -> list[str]:
        if not as_boolean(self.asked.get("fetchResources"), "fetchResources", False):
            return objects
        return with_ends(self.connection, self.caller, objects)
