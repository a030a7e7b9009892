"""Routes of data sets: there is none that deletes them."""

from __future__ import annotations

from cdframe.local.data_sets import tables
from cdframe.local.families.endpoints import Endpoints
from cdframe.local.families.family import Family


class DataSets(Family):
    """Data sets."""

    resource = tables.DATA_SETS
    naming = tables.NAMING
    filters = tables.FILTERS
    scopes = tables.SCOPES


ENDPOINTS = Endpoints(
    DataSets,
    path="/datasets",
    acl="datasetsAcl",
    most_created=10,
    created=200,
    list_keys=("filter", "limit", "cursor"),
)

ROUTES = ENDPOINTS.routes("create", "list", "byids", "aggregate", "update")
