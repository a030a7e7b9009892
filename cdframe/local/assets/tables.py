"""The asset resource: fields, filters, properties, table."""

from __future__ import annotations

from cdframe.local.assets.trees import in_subtrees
from cdframe.local.database import create_table
from cdframe.local.fields import EXTERNAL_ID, ID, TIMES, Field, GeoLocation, Integer, Integers, Labels, Metadata, Text
from cdframe.local.filters import (
    Key,
    between,
    equal,
    has_labels,
    has_pairs,
    is_null,
    not_supported,
    prefixed,
    refers_to,
    refers_to_external_ids,
    refers_to_ids,
)
from cdframe.local.identifiers import Naming
from cdframe.local.properties import Properties
from cdframe.local.references import ASSETS as ASSET_IDS
from cdframe.local.references import DATA_SETS, LABELS
from cdframe.local.resources import Resource

ASSETS = Resource(
    table="assets",
    fields=(
        ID,
        EXTERNAL_ID,
        Field("name", Text(140, least=1), required=True),
        Field("parentId", Integer()),
        Field("parentExternalId", Text(255, least=1)),
        Field("description", Text(500)),
        Field("dataSetId", Integer(), refers_to=DATA_SETS),
        Field("metadata", Metadata(value=10_240, total=10_240), default={}),
        Field("source", Text(128)),
        Field("labels", Labels(), default=[], refers_to=LABELS),
        Field("geoLocation", GeoLocation()),
        Field("rootId", Integer(), server_set=True),
        Field("path", Integers(1000), server_set=True, hidden=True),  # from the root to the asset itself
        Field("childCount", Integer(), server_set=True, hidden=True),
        *TIMES,
    ),
    passed_over=("aggregates",),
)

NAMING = Naming(
    missing="Asset id not found",
    missing_external_ids="External id not found",
    repeated="Asset id duplicated",
    taken="Asset id duplicated",
)

FILTERS = {
    "name": Key(equal("name", Text(140))),
    "parentIds": Key(refers_to_ids(ASSET_IDS, "parent_id"), union="parents"),
    "parentExternalIds": Key(refers_to_external_ids(ASSET_IDS, "parent_id"), union="parents"),
    "rootIds": Key(refers_to(ASSET_IDS, "root_id")),
    "assetSubtreeIds": Key(in_subtrees()),
    "dataSetIds": Key(refers_to(DATA_SETS, "data_set_id", least=0, most=1000)),
    "metadata": Key(has_pairs("metadata")),
    "source": Key(equal("source", Text(128))),
    "createdTime": Key(between("created_time")),
    "lastUpdatedTime": Key(between("last_updated_time")),
    "root": Key(is_null("parent_id")),
    "externalIdPrefix": Key(prefixed("external_id")),
    "labels": Key(has_labels("labels")),
    "geoLocation": Key(not_supported),
}

SORTABLE = (
    "createdTime",
    "dataSetId",
    "description",
    "externalId",
    "lastUpdatedTime",
    "name",
    "source",
    "metadata",
)

PROPERTIES: Properties = {
    "createdTime": ("number", "created_time"),
    "dataSetId": ("number", "data_set_id"),
    "description": ("text", "description"),
    "externalId": ("text", "external_id"),
    "id": ("number", "id"),
    "labels": ("texts", "json_extract_string(labels, '$[*].externalId')"),
    "lastUpdatedTime": ("number", "last_updated_time"),
    "metadata": ("map", "metadata"),
    "name": ("text", "name"),
    "parentId": ("number", "parent_id"),
    "rootId": ("number", "root_id"),
    "source": ("text", "source"),
}

# What `aggregatedProperties` may name.
AGGREGATES = {
    "childCount": "child_count::VARCHAR",
    "depth": "(len(path) - 1)::VARCHAR",
    "path": "to_json(list_transform(path, lambda asset: {'id': asset}))",
}

TABLES = (
    create_table(
        "assets",
        id="BIGINT NOT NULL",
        external_id="VARCHAR",
        name="VARCHAR NOT NULL",
        parent_id="BIGINT",
        parent_external_id="VARCHAR",
        description="VARCHAR",
        data_set_id="BIGINT",
        metadata="VARCHAR NOT NULL",
        source="VARCHAR",
        labels="VARCHAR",
        geo_location="VARCHAR",
        root_id="BIGINT NOT NULL",
        path="BIGINT[] NOT NULL",
        child_count="BIGINT NOT NULL",
        created_time="BIGINT NOT NULL",
        last_updated_time="BIGINT NOT NULL",
    ),
    "CREATE INDEX assets_id ON assets (id)",
    "CREATE INDEX assets_external_id ON assets (external_id)",
    "CREATE INDEX assets_parent_id ON assets (parent_id)",
)
