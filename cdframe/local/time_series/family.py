"""The rules that are special to time series."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cdframe.local.datapoints.store import PointStore
from cdframe.local.errors import bad_request
from cdframe.local.families.family import Family
from cdframe.local.resources import Row
from cdframe.local.time_series import tables


class TimeSeries(Family):
    """Time series."""

    resource = tables.TIME_SERIES
    naming = tables.NAMING
    filters = tables.FILTERS
    properties = tables.PROPERTIES
    scopes = tables.SCOPES
    categories = "security_categories"
    text_values = True

    def touched(self, old: Row, new: Row, update: Any) -> bool:
        """An update that names no field leaves the time alone."""
        return bool(update)

    def complete(self, rows: Sequence[Row], old: Sequence[Row]) -> None:
        """Only numbers have units."""
        for i, row in enumerate(rows):
            if row["is_string"] and row["unit_external_id"] is not None:
                raise bad_request(
                    f"items[{i}].unitExternalId is for numeric time series only, and this one is of strings"
                )

    def delete_rows(self, ids: Sequence[int]) -> None:
        """Delete series and all their points."""
        super().delete_rows(ids)
        PointStore.drop(self.connection, ids)
