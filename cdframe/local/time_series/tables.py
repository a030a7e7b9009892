"""The time series resource: fields, filters, properties, table."""

from __future__ import annotations

from cdframe.local.fields import EXTERNAL_ID, SERVER_SET, Boolean, Field, Integer, Integers, Metadata, Resource, Text
from cdframe.local.filters import (
    Key,
    between,
    equal,
    has_pairs,
    id_list,
    nothing_of,
    prefixed,
    reference_list,
    refers_to,
    refers_to_external_ids,
    refers_to_ids,
)
from cdframe.local.identifiers import Naming
from cdframe.local.properties import PropertyKind
from cdframe.local.references import ASSETS, DATA_SETS

TIME_SERIES = Resource(
    table="time_series",
    fields=(
        EXTERNAL_ID,
        Field("name", Text(255)),
        Field("isString", Boolean(), default=False, updatable=False),
        Field("isStep", Boolean(), default=False),
        Field("metadata", Metadata(total=10_000), default={}),
        Field("unit", Text(32)),
        Field("unitExternalId", Text(64)),
        Field("assetId", Integer()),
        Field("description", Text(1000)),
        Field("securityCategories", Integers(100), default=[]),
        Field("dataSetId", Integer()),
        Field("legacyName", Text(255), updatable=False),
    ),
    server_set=(*SERVER_SET, "type", "accessCategories"),
)

NAMING = Naming(
    missing="Time series not found",
    repeated="Duplicate time series references",
    repeated_status=422,
    conflicting="Conflicting time series references",
    least_id=0,  # 2021 clients send id 0 together with ignoreUnknownIds, and expect that it is just unknown
    instances=True,
)

FILTERS = {
    "name": Key(equal("name", Text(255))),
    "unit": Key(equal("unit", Text(255))),
    "unitExternalId": Key(equal("unit_external_id", Text(255))),
    "unitQuantity": Key(nothing_of(Text(255).check)),  # quantities come from a catalogue of units, and there is none
    "isString": Key(equal("is_string", Boolean())),
    "isStep": Key(equal("is_step", Boolean())),
    "metadata": Key(has_pairs("metadata")),
    "assetIds": Key(refers_to_ids(ASSETS, "asset_id"), union="assets"),
    "assetExternalIds": Key(refers_to_external_ids(ASSETS, "asset_id"), union="assets"),
    # The trees of assets come with the assets: until then no series has a root.
    "rootAssetIds": Key(nothing_of(id_list)),
    "assetSubtreeIds": Key(nothing_of(reference_list)),
    "dataSetIds": Key(refers_to(DATA_SETS, "data_set_id", least=0)),
    "externalIdPrefix": Key(prefixed("external_id")),
    "createdTime": Key(between("created_time")),
    "lastUpdatedTime": Key(between("last_updated_time")),
}

PROPERTIES: dict[str, tuple[PropertyKind, str]] = {
    "description": ("text", "description"),
    "externalId": ("text", "external_id"),
    "metadata": ("map", "metadata"),
    "name": ("text", "name"),
    "unit": ("text", "unit"),
    "unitExternalId": ("text", "unit_external_id"),
    "assetId": ("number", "asset_id"),
    "createdTime": ("number", "created_time"),
    "dataSetId": ("number", "data_set_id"),
    "id": ("number", "id"),
    "lastUpdatedTime": ("number", "last_updated_time"),
    "isStep": ("boolean", "is_step"),
    "isString": ("boolean", "is_string"),
    "type": ("text", "CASE WHEN is_string THEN 'string' ELSE 'numeric' END"),
    "securityCategories": ("list", "security_categories"),
}

# What the scopes of timeSeriesAcl are compared with. No series has a root asset while there are no assets.
SCOPES = {"datasetscope": "data_set_id", "idscope": "id"}

TABLES = (
    """CREATE TABLE time_series (
        id BIGINT NOT NULL, external_id VARCHAR, name VARCHAR, is_string BOOLEAN NOT NULL, is_step BOOLEAN NOT NULL,
        metadata MAP(VARCHAR, VARCHAR) NOT NULL, unit VARCHAR, unit_external_id VARCHAR, asset_id BIGINT,
        description VARCHAR, security_categories BIGINT[] NOT NULL, data_set_id BIGINT, legacy_name VARCHAR,
        created_time BIGINT NOT NULL, last_updated_time BIGINT NOT NULL)""",
)
