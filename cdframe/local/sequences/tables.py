"""The sequence resource: fields, filters, properties, tables.

The rows of a sequence are kept in blocks: runs in order of row number that do not overlap each other.

    sequence_blocks  sequence  block  first  last  count  doubles  longs  strings   what there is, one row a block
    sequence_rows              block         row_number   doubles  longs  strings   the rows themselves

`doubles`, `longs` and `strings` of a row are the values of those columns whose numbers stand in the same places in
its block. Columns have numbers that are never used again, so that nothing is to be done to blocks when columns are
renamed, added or removed: a column that a block does not have is null there, and values of one that is gone are left
out when its block is written next.
"""

from __future__ import annotations

from functools import partial

from cdframe.local.assets.trees import in_subtrees, in_trees
from cdframe.local.database import create_table
from cdframe.local.fields import EXTERNAL_ID, ID, TIMES, Field, Integer, Integers, Metadata, Text
from cdframe.local.filters import Key, between, equal, has_pairs, prefixed, refers_to
from cdframe.local.identifiers import Naming
from cdframe.local.properties import Properties
from cdframe.local.references import ASSETS, LISTED_DATA_SETS, parse_references
from cdframe.local.resources import Resource
from cdframe.local.sequences.columns import MOST, Columns

SEQUENCES = Resource(
    table="sequences",
    fields=(
        ID,
        EXTERNAL_ID,
        Field("name", Text(255)),
        Field("description", Text(1000)),
        Field("assetId", Integer(), refers_to=ASSETS),
        Field("dataSetId", Integer(), refers_to=LISTED_DATA_SETS),
        Field("metadata", Metadata(total=10_000)),
        Field("columns", Columns(), required=True),
        Field("columnNumbers", Integers(MOST), server_set=True, hidden=True),  # in the order of the columns
        *TIMES,
    ),
)

NAMING = Naming(
    missing="Sequences not found: {}",
    repeated="Duplicate ids: {}",
    repeated_external_ids="Duplicate external ids: {}",
)

FILTERS = {
    "name": Key(equal("name", Text(255))),
    "externalIdPrefix": Key(prefixed("external_id")),
    "metadata": Key(has_pairs("metadata")),
    "assetIds": Key(refers_to(ASSETS, "asset_id", bare_ids=True)),
    "rootAssetIds": Key(in_trees("asset_id", partial(parse_references, most=100, bare_ids=True))),
    "assetSubtreeIds": Key(in_subtrees("asset_id")),
    "dataSetIds": Key(refers_to(LISTED_DATA_SETS, "data_set_id", least=0)),
    "createdTime": Key(between("created_time")),
    "lastUpdatedTime": Key(between("last_updated_time")),
}

PROPERTIES: Properties = {
    "assetId": ("number", "asset_id"),
    "createdTime": ("number", "created_time"),
    "dataSetId": ("number", "data_set_id"),
    "description": ("text", "description"),
    "externalId": ("text", "external_id"),
    "id": ("number", "id"),
    "lastUpdatedTime": ("number", "last_updated_time"),
    "metadata": ("map", "metadata"),
    "name": ("text", "name"),
}

TABLES = (
    create_table(
        "sequences",
        id="BIGINT NOT NULL",
        external_id="VARCHAR",
        name="VARCHAR",
        description="VARCHAR",
        asset_id="BIGINT",
        data_set_id="BIGINT",
        metadata="VARCHAR",
        columns="VARCHAR NOT NULL",
        column_numbers="BIGINT[] NOT NULL",
        created_time="BIGINT NOT NULL",
        last_updated_time="BIGINT NOT NULL",
    ),
    "CREATE INDEX sequences_id ON sequences (id)",
    "CREATE INDEX sequences_external_id ON sequences (external_id)",
    "CREATE INDEX sequences_asset_id ON sequences (asset_id)",
    "CREATE SEQUENCE sequence_column_numbers",
    """CREATE TABLE sequence_blocks (
        sequence BIGINT NOT NULL, block BIGINT NOT NULL, first BIGINT NOT NULL, last BIGINT NOT NULL,
        count BIGINT NOT NULL, doubles BIGINT[] NOT NULL, longs BIGINT[] NOT NULL, strings BIGINT[] NOT NULL)""",
    """CREATE TABLE sequence_rows (
        block BIGINT NOT NULL, row_number BIGINT NOT NULL,
        doubles DOUBLE[] NOT NULL, longs BIGINT[] NOT NULL, strings VARCHAR[] NOT NULL)""",
)
