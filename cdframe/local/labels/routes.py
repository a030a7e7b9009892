"""Routes of labels."""

from __future__ import annotations

from cdframe.local.families.endpoints import Endpoints
from cdframe.local.families.family import Family
from cdframe.local.identifiers import next_numbers
from cdframe.local.labels import tables


class Labels(Family):
    """Labels. Resources keep those that are deleted."""

    resource = tables.LABELS
    naming = tables.NAMING
    filters = tables.FILTERS

    def new_ids(self, count: int) -> list[int]:
        """Numbers in order of creation."""
        return next_numbers(self.connection, "label_numbers", count)


ENDPOINTS = Endpoints(Labels, path="/labels", acl="labelsAcl", list_keys=("filter", "limit", "cursor"))

ROUTES = ENDPOINTS.routes("create", "list", "byids", "delete")
