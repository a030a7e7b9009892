"""Routes of relationships."""

from __future__ import annotations

from cdframe.local.families.endpoints import Endpoints
from cdframe.local.relationships.family import Relationships

ENDPOINTS = Endpoints(
    Relationships,
    path="/relationships",
    acl="relationshipsAcl",
    deleted=202,
    list_keys=("filter", "limit", "cursor", "partition"),
    shape_keys=("fetchResources",),
)

ROUTES = ENDPOINTS.routes("create", "get", "list", "byids", "update", "delete")
