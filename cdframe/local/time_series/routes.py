"""Routes of time series."""

from __future__ import annotations

from cdframe.local.families.endpoints import Endpoints
from cdframe.local.families.query import Parameter, text
from cdframe.local.fields import Text
from cdframe.local.time_series.family import TimeSeries

ENDPOINTS = Endpoints(
    TimeSeries,
    path="/timeseries",
    acl="timeSeriesAcl",
    query={
        "externalIdPrefix": text("externalIdPrefix"),
        "assetIds": Parameter("assetIds"),
        "rootAssetIds": Parameter("rootAssetIds"),
    },
    texts=dict.fromkeys(("name", "description", "query"), Text(10_000)),
)

ROUTES = ENDPOINTS.routes("create", "get", "list", "byids", "search", "aggregate", "update", "delete")
