"""The label resource: fields, filters, table."""

from __future__ import annotations

from dataclasses import replace

from cdframe.local.database import create_table
from cdframe.local.fields import CREATED_TIME, EXTERNAL_ID, ID, LAST_UPDATED_TIME, Field, Integer, Text
from cdframe.local.filters import Key, equal, prefixed, refers_to
from cdframe.local.identifiers import Naming
from cdframe.local.references import DATA_SETS
from cdframe.local.resources import Resource

LABELS = Resource(
    table="labels",
    fields=(
        replace(ID, hidden=True),  # in order of creation
        replace(EXTERNAL_ID, required=True),
        Field("name", Text(140, least=1), required=True),
        Field("description", Text(500)),
        Field("dataSetId", Integer(), refers_to=DATA_SETS),
        CREATED_TIME,
        replace(LAST_UPDATED_TIME, hidden=True),
    ),
)

NAMING = Naming(
    missing="Label ids not found",
    repeated="Label id duplicated",
    taken="Label id duplicated",
    keys=("externalId",),
)

FILTERS = {
    "name": Key(equal("name", Text(255))),
    "externalIdPrefix": Key(prefixed("external_id")),
    "dataSetIds": Key(refers_to(DATA_SETS, "data_set_id", least=0, most=1000)),
}

TABLES = (
    create_table(
        "labels",
        id="BIGINT NOT NULL",
        external_id="VARCHAR NOT NULL",
        name="VARCHAR NOT NULL",
        description="VARCHAR",
        data_set_id="BIGINT",
        created_time="BIGINT NOT NULL",
        last_updated_time="BIGINT NOT NULL",
    ),
    "CREATE INDEX labels_id ON labels (id)",
    "CREATE INDEX labels_external_id ON labels (external_id)",
    "CREATE SEQUENCE label_numbers",
)
