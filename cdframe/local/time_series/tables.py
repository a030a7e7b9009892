"""The time series resource: fields, filters, properties, table."""

from __future__ import annotations

from functools import partial

from cdframe.local.access import scoped
from cdframe.local.assets.trees import in_subtrees, in_trees, tree_scope
from cdframe.local.database import create_table
from cdframe.local.fields import EXTERNAL_ID, ID, TIMES, Boolean, Field, Integer, Integers, Metadata, Text
from cdframe.local.filters import (
    Key,
    between,
    equal,
    has_pairs,
    nothing_of,
    prefixed,
    refers_to,
    refers_to_external_ids,
    refers_to_ids,
)
from cdframe.local.identifiers import Naming
from cdframe.local.properties import Properties
from cdframe.local.references import ASSETS, DATA_SETS, LISTED_DATA_SETS, parse_ids
from cdframe.local.resources import Resource

TYPE = "CASE WHEN is_string THEN 'string' ELSE 'numeric' END"

TIME_SERIES = Resource(
    table="time_series",
    fields=(
        ID,
        EXTERNAL_ID,
        Field("name", Text(255)),
        Field("isString", Boolean(), default=False, updatable=False),
        Field("isStep", Boolean(), default=False),
        Field("metadata", Metadata(total=10_000), default={}),
        Field("unit", Text(32)),
        Field("unitExternalId", Text(64)),
        Field("assetId", Integer(), refers_to=ASSETS),
        Field("description", Text(1000)),
        Field("securityCategories", Integers(100), default=[]),
        Field("dataSetId", Integer(), refers_to=LISTED_DATA_SETS),
        Field("legacyName", Text(255), updatable=False, unique=True),
        *TIMES,
        Field("type", Text(7), server_set=True, expression=TYPE),
    ),
    passed_over=("accessCategories",),
)

NAMING = Naming(
    missing="Time series not found",
    repeated="Duplicate time series references",
    repeated_status=422,
    conflicting="Conflicting time series references",
    conflicting_keys=("id", "externalId"),
    least_id=0,  # 2021 clients send id 0 together with ignoreUnknownIds, and expect that it is just unknown
    keys=("id", "externalId", "instanceId"),
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
    "rootAssetIds": Key(in_trees("asset_id", partial(parse_ids, most=100))),
    "assetSubtreeIds": Key(in_subtrees("asset_id")),
    "dataSetIds": Key(refers_to(DATA_SETS, "data_set_id", least=0)),
    "externalIdPrefix": Key(prefixed("external_id")),
    "createdTime": Key(between("created_time")),
    "lastUpdatedTime": Key(between("last_updated_time")),
}

PROPERTIES: Properties = {
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
    "type": ("text", TYPE),
    "securityCategories": ("numbers", "security_categories"),
}

SCOPES = {  # of timeSeriesAcl
    "datasetscope": scoped("data_set_id"),
    "idscope": scoped("id"),
    "assetrootidscope": tree_scope("asset_id"),
}

FIRST_TABLES = (
    """CREATE TABLE time_series (
        id BIGINT NOT NULL, external_id VARCHAR, name VARCHAR, is_string BOOLEAN NOT NULL, is_step BOOLEAN NOT NULL,
        metadata MAP(VARCHAR, VARCHAR) NOT NULL, unit VARCHAR, unit_external_id VARCHAR, asset_id BIGINT,
        description VARCHAR, security_categories BIGINT[] NOT NULL, data_set_id BIGINT, legacy_name VARCHAR,
        created_time BIGINT NOT NULL, last_updated_time BIGINT NOT NULL)""",
)

# Metadata become JSON, what is looked up has an index, and nothing is compressed.
TABLES = (
    "ALTER TABLE time_series RENAME TO first_time_series",
    create_table(
        "time_series",
        id="BIGINT NOT NULL",
        external_id="VARCHAR",
        name="VARCHAR",
        is_string="BOOLEAN NOT NULL",
        is_step="BOOLEAN NOT NULL",
        metadata="VARCHAR NOT NULL",
        unit="VARCHAR",
        unit_external_id="VARCHAR",
        asset_id="BIGINT",
        description="VARCHAR",
        security_categories="BIGINT[] NOT NULL",
        data_set_id="BIGINT",
        legacy_name="VARCHAR",
        created_time="BIGINT NOT NULL",
        last_updated_time="BIGINT NOT NULL",
    ),
    "CREATE INDEX time_series_id ON time_series (id)",
    "CREATE INDEX time_series_external_id ON time_series (external_id)",
    "CREATE INDEX time_series_legacy_name ON time_series (legacy_name)",
    "CREATE INDEX time_series_asset_id ON time_series (asset_id)",
    """INSERT INTO time_series SELECT * REPLACE (
        '{' || array_to_string(list_transform(map_entries(metadata),
            lambda entry: chr(10) || to_json(entry.key) || ':' || to_json(entry.value)), ',') || '}' AS metadata)
        FROM first_time_series""",
    "DROP TABLE first_time_series",
)
