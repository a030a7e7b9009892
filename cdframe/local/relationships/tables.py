"""The relationship resource: fields, filters, table."""

from __future__ import annotations

from dataclasses import replace

from cdframe.local.database import create_table
from cdframe.local.fields import EXTERNAL_ID, ID, TIMES, Field, Integer, Labels, Number, Text
from cdframe.local.filters import (
    Key,
    active_at,
    between,
    equals_any,
    for_ever,
    has_labels,
    refers_to,
    since_ever,
)
from cdframe.local.identifiers import Naming
from cdframe.local.references import DATA_SETS, LABELS
from cdframe.local.relationships.ends import TYPE, at_either_end
from cdframe.local.resources import Resource
from cdframe.local.validation import as_number

RELATIONSHIPS = Resource(
    table="relationships",
    fields=(
        replace(ID, hidden=True),  # in order of creation
        replace(EXTERNAL_ID, required=True, updatable=False),
        Field("sourceExternalId", Text(255, least=1), required=True),
        Field("sourceType", TYPE, required=True),
        Field("targetExternalId", Text(255, least=1), required=True),
        Field("targetType", TYPE, required=True),
        Field("startTime", Integer(0)),
        Field("endTime", Integer(0)),
        Field("confidence", Number(0, 1)),
        Field("dataSetId", Integer(), refers_to=DATA_SETS),
        Field("labels", Labels(), default=[], refers_to=LABELS),
        *TIMES,
    ),
    passed_over=("source", "target"),
)

NAMING = Naming(
    missing="Relationship external ids not found",
    repeated="Relationship external id duplicated",
    taken="Relationship external id duplicated",
    keys=("externalId",),
)

FILTERS = {
    "sourceExternalIds": Key(equals_any("source_external_id", Text(255), most=1000)),
    "sourceTypes": Key(equals_any("source_type", TYPE, most=1000)),
    "targetExternalIds": Key(equals_any("target_external_id", Text(255), most=1000)),
    "targetTypes": Key(equals_any("target_type", TYPE, most=1000)),
    "sourcesOrTargets": Key(at_either_end),
    "dataSetIds": Key(refers_to(DATA_SETS, "data_set_id", least=0, most=1000)),
    "startTime": Key(between("start_time")),
    "endTime": Key(between("end_time")),
    "activeAtTime": Key(active_at(since_ever("start_time"), for_ever("end_time"))),
    "confidence": Key(between("confidence", as_number)),
    "labels": Key(has_labels("labels")),
    "createdTime": Key(between("created_time")),
    "lastUpdatedTime": Key(between("last_updated_time")),
}

TABLES = (
    create_table(
        "relationships",
        id="BIGINT NOT NULL",
        external_id="VARCHAR NOT NULL",
        source_external_id="VARCHAR NOT NULL",
        source_type="VARCHAR NOT NULL",
        target_external_id="VARCHAR NOT NULL",
        target_type="VARCHAR NOT NULL",
        start_time="BIGINT",
        end_time="BIGINT",
        confidence="DOUBLE",
        data_set_id="BIGINT",
        labels="VARCHAR",
        created_time="BIGINT NOT NULL",
        last_updated_time="BIGINT NOT NULL",
    ),
    "CREATE INDEX relationships_id ON relationships (id)",
    "CREATE INDEX relationships_external_id ON relationships (external_id)",
    "CREATE SEQUENCE relationship_numbers",
)
