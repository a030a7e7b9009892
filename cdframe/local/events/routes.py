"""Routes of events."""

from __future__ import annotations

from cdframe.local.events.family import Events
from cdframe.local.families.endpoints import Endpoints
from cdframe.local.families.query import Parameter, bounds, text
from cdframe.local.fields import Text

ENDPOINTS = Endpoints(
    Events,
    path="/events",
    acl="eventsAcl",
    aggregate_keys=("fields",),
    query={
        "assetIds": Parameter("assetIds", most=100),
        "assetExternalIds": Parameter("assetExternalIds", most=100),
        "rootAssetIds": Parameter("rootAssetIds", each="id"),
        "assetSubtreeIds": Parameter("assetSubtreeIds", each="id"),
        "assetSubtreeExternalIds": Parameter("assetSubtreeIds", each="externalId"),
        "source": text("source"),
        "type": text("type"),
        "subtype": text("subtype"),
        **bounds("startTime", "endTime", "activeAtTime", "createdTime", "lastUpdatedTime"),
        "externalIdPrefix": text("externalIdPrefix"),
    },
    sortable_query=True,
    texts={"description": Text(500)},
)

ROUTES = ENDPOINTS.routes("create", "get", "get_one", "list", "byids", "search", "aggregate", "update", "delete")
