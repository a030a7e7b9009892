"""The event resource: fields, filters, properties, table."""

from __future__ import annotations

from functools import partial

from cdframe.local.assets.trees import in_subtrees, in_trees
from cdframe.local.conditions import Condition
from cdframe.local.database import create_table
from cdframe.local.fields import EXTERNAL_ID, ID, TIMES, Field, Ids, Integer, Metadata, Text
from cdframe.local.filters import (
    Key,
    active_at,
    between,
    between_or_unset,
    equal,
    for_ever,
    has_pairs,
    prefixed,
    refers_to,
    refers_to_external_ids,
    refers_to_ids,
)
from cdframe.local.identifiers import Naming
from cdframe.local.paging import Order
from cdframe.local.properties import Properties
from cdframe.local.reference_lists import ReferenceList
from cdframe.local.references import ASSETS, DATA_SETS, parse_references
from cdframe.local.resources import Resource

EVENTS = Resource(
    table="events",
    fields=(
        ID,
        EXTERNAL_ID,
        Field("dataSetId", Integer(), refers_to=DATA_SETS),
        Field("startTime", Integer(0)),
        Field("endTime", Integer(0)),
        Field("type", Text(64)),
        Field("subtype", Text(64)),
        Field("description", Text(500)),
        Field("metadata", Metadata(value=128_000, total=200_000)),
        Field("assetIds", Ids(10_000), default=[], refers_to=ASSETS),
        Field("source", Text(128)),
        *TIMES,
    ),
)

NAMING = Naming(
    missing="Event id not found",
    repeated="Event id duplicated",
    taken="Event id duplicated",
    twice="Event id duplicated",
)

ASSET_IDS = ReferenceList("events", "asset_ids")

FILTERS = {
    "startTime": Key(between("start_time")),
    "endTime": Key(between_or_unset("end_time")),
    "activeAtTime": Key(active_at("start_time", for_ever("end_time"))),
    "metadata": Key(has_pairs("metadata")),
    "assetIds": Key(ASSET_IDS.has(refers_to_ids(ASSETS, "target", 5000)), union="assets"),
    "assetExternalIds": Key(ASSET_IDS.has(refers_to_external_ids(ASSETS, "target", 5000)), union="assets"),
    "rootAssetIds": Key(ASSET_IDS.has(in_trees("target", partial(parse_references, most=100)))),
    "assetSubtreeIds": Key(ASSET_IDS.has(in_subtrees("target"))),
    "dataSetIds": Key(refers_to(DATA_SETS, "data_set_id", least=0)),
    "source": Key(equal("source", Text(128))),
    "type": Key(equal("type", Text(64))),
    "subtype": Key(equal("subtype", Text(64))),
    "createdTime": Key(between("created_time")),
    "lastUpdatedTime": Key(between("last_updated_time")),
    "externalIdPrefix": Key(prefixed("external_id")),
}

PROPERTIES: Properties = {
    "assetIds": ("numbers", "asset_ids"),
    "createdTime": ("number", "created_time"),
    "dataSetId": ("number", "data_set_id"),
    "description": ("text", "description"),
    "endTime": ("number", "end_time"),
    "externalId": ("text", "external_id"),
    "id": ("number", "id"),
    "lastUpdatedTime": ("number", "last_updated_time"),
    "metadata": ("map", "metadata"),
    "source": ("text", "source"),
    "startTime": ("number", "start_time"),
    "subtype": ("text", "subtype"),
    "type": ("text", "type"),
}

SORTABLE = [name for name in PROPERTIES if name not in ("assetIds", "id")]

SEARCHED = {"description": 1}

BY_START = (Order(Condition("start_time"), descending=False, nulls_first=False),)

TABLES = (
    create_table(
        "events",
        id="BIGINT NOT NULL",
        external_id="VARCHAR",
        data_set_id="BIGINT",
        start_time="BIGINT",
        end_time="BIGINT",
        type="VARCHAR",
        subtype="VARCHAR",
        description="VARCHAR",
        metadata="VARCHAR",
        asset_ids="BIGINT[]",
        source="VARCHAR",
        created_time="BIGINT NOT NULL",
        last_updated_time="BIGINT NOT NULL",
    ),
    "CREATE INDEX events_id ON events (id)",
    "CREATE INDEX events_external_id ON events (external_id)",
)
