"""The data set resource: fields, filters, table."""

from __future__ import annotations

from cdframe.local.access import scoped
from cdframe.local.database import create_table
from cdframe.local.fields import EXTERNAL_ID, ID, TIMES, Boolean, Field, Metadata, Text
from cdframe.local.filters import Key, between, equal, has_pairs, prefixed
from cdframe.local.identifiers import Naming
from cdframe.local.resources import Resource

DATA_SETS = Resource(
    table="data_sets",
    fields=(
        ID,
        EXTERNAL_ID,
        Field("name", Text(50, least=1)),
        Field("description", Text(500, least=1)),
        Field("metadata", Metadata(value=10_240, total=10_240), default={}),
        Field("writeProtected", Boolean(), default=False),
        *TIMES,
    ),
)

NAMING = Naming(
    missing="Data set ids not found",
    repeated="Data set id duplicated",
    taken="Data set id duplicated",
)

FILTERS = {
    "metadata": Key(has_pairs("metadata")),
    "createdTime": Key(between("created_time")),
    "lastUpdatedTime": Key(between("last_updated_time")),
    "externalIdPrefix": Key(prefixed("external_id")),
    "writeProtected": Key(equal("write_protected", Boolean())),
}

SCOPES = {"idscope": scoped("id")}  # of datasetsAcl

TABLES = (
    create_table(
        "data_sets",
        id="BIGINT NOT NULL",
        external_id="VARCHAR",
        name="VARCHAR",
        description="VARCHAR",
        metadata="VARCHAR NOT NULL",
        write_protected="BOOLEAN NOT NULL",
        created_time="BIGINT NOT NULL",
        last_updated_time="BIGINT NOT NULL",
    ),
    "CREATE INDEX data_sets_id ON data_sets (id)",
    "CREATE INDEX data_sets_external_id ON data_sets (external_id)",
)
