"""The rules that are special to events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cdframe.local.access import Grant, Principal
from cdframe.local.database import Connection
from cdframe.local.errors import constraint
from cdframe.local.events import tables
from cdframe.local.events.forms import as_today
from cdframe.local.families.family import Asked, Family
from cdframe.local.resources import Row


class Events(Family):
    """Events."""

    resource = tables.EVENTS
    naming = tables.NAMING
    filters = tables.FILTERS
    properties = tables.PROPERTIES
    sortable = tables.SORTABLE
    unsorted = tables.BY_START
    searched = tables.SEARCHED

    def __init__(self, connection: Connection, caller: Principal, grant: Grant, asked: Asked, now: int = 0) -> None:
        """Sorts and aggregates may be asked for as in 2021."""
        super().__init__(connection, caller, grant, as_today(asked), now)

    def touched(self, old: Row, new: Row, update: Any) -> bool:
        """An update that changes nothing leaves the time alone."""
        return new != old

    def complete(self, rows: Sequence[Row], old: Sequence[Row]) -> None:
        """An event ends when it starts, or later."""
        for i, row in enumerate(rows):
            start, end = row["start_time"], row["end_time"]
            if start is not None and end is not None and end < start:
                raise constraint(f"items[{i}].endTime must be at least startTime {start}, but was {end}")
