"""The rules that are special to files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cdframe.local.access import Grant, Principal
from cdframe.local.database import Connection
from cdframe.local.families.family import Asked, Family
from cdframe.local.files import tables
from cdframe.local.files.contents import Contents
from cdframe.local.identifiers import Identifier
from cdframe.local.resources import Row


class Files(Family):
    """Files."""

    resource = tables.FILES
    naming = tables.NAMING
    filters = tables.FILTERS
    categories = "security_categories"
    searched = tables.SEARCHED

    def __init__(self, connection: Connection, caller: Principal, grant: Grant, asked: Asked, now: int = 0) -> None:
        super().__init__(connection, caller, grant, asked, now)
        self.left_behind: list[str] = []  # blobs that nothing refers to any more

    def complete(self, rows: Sequence[Row], old: Sequence[Row]) -> None:
        """New files have no contents."""
        for row in rows:
            row.setdefault("content", None)
            row.setdefault("uploaded_time", None)

    def overwrite(self, row: Row, given: Mapping[str, Any]) -> list[str]:
        """Give the file of an external id what was given for it, as it was parsed; or make the file.

        What was not given stays, and so do the contents.
        """
        if row["external_id"] is None:
            return self.create([row])
        named = [Identifier("externalId", row["external_id"])]
        found = self.find(named, self.resource.columns, ignore_unknown=True)
        if not found:
            return self.create([row])
        old = self.resource.load(found[0])
        fields = [field for name, field in self.resource.by_name.items() if given.get(name) is not None]
        new = {**old, **{field.column: row[field.column] for field in fields}, "last_updated_time": self.now}
        return self.replace([new], [old], [{field.name: {"set": given[field.name]} for field in fields}])

    def delete_rows(self, ids: Sequence[int]) -> None:
        """Delete files and their contents."""
        self.left_behind += Contents(self.connection).forget(ids)
        super().delete_rows(ids)
