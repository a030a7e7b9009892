"""Routes of assets."""

from __future__ import annotations

from cdframe.local.assets.family import Assets
from cdframe.local.families.endpoints import Endpoints
from cdframe.local.families.query import Parameter, bounds, text

ENDPOINTS = Endpoints(
    Assets,
    path="/assets",
    acl="assetsAcl",
    shape_keys=("aggregatedProperties",),
    delete_keys=("recursive",),
    query={
        "name": text("name"),
        "parentIds": Parameter("parentIds"),
        "parentExternalIds": Parameter("parentExternalIds"),
        "rootIds": Parameter("rootIds", each="id"),
        "assetSubtreeIds": Parameter("assetSubtreeIds", each="id"),
        "assetSubtreeExternalIds": Parameter("assetSubtreeIds", each="externalId"),
        "source": text("source"),
        "root": Parameter("root"),
        **bounds("createdTime", "lastUpdatedTime"),
        "externalIdPrefix": text("externalIdPrefix"),
    },
)

ROUTES = ENDPOINTS.routes("create", "get", "get_one", "list", "byids", "search", "aggregate", "update", "delete")
