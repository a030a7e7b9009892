"""The extraction pipeline, its runs and its configurations: fields, filters, tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from cdframe.local.access import scoped
from cdframe.local.conditions import Condition, one_of
from cdframe.local.database import Connection, create_table
from cdframe.local.extraction_pipelines.records import Record, Records
from cdframe.local.fields import CREATED_TIME, EXTERNAL_ID, ID, TIMES, Boolean, Choice, Field, Integer, Metadata, Text
from cdframe.local.filters import Key, between, equal, equals_any, has_pairs, prefixed, refers_to
from cdframe.local.identifiers import Naming
from cdframe.local.paging import Order
from cdframe.local.references import LISTED_DATA_SETS
from cdframe.local.resources import Resource
from cdframe.local.validation import as_object, reject_unknown


class Schedule(Text):
    """When a pipeline runs, in words or as a cron expression; an empty one says nothing."""

    def check(self, value: Any, where: str) -> str | None:  # type: ignore[override]
        return super().check(value, where) or None


class ShownMetadata(Metadata):
    """Metadata that are left out when they are empty."""

    def store(self, value: dict[str, str] | None) -> str | None:
        return super().store(value) if value else None


SCHEDULE = Schedule(255)
RAW_TABLES = Records(
    Record((Field("dbName", Text(32, least=1), required=True), Field("tableName", Text(64, least=1), required=True)))
)
CONTACTS = Records(
    Record(
        (
            Field("name", Text(255)),
            Field("email", Text(254)),
            Field("role", Text(255)),
            Field("sendNotification", Boolean()),
        )
    )
)
NOTIFICATION = Record((Field("allowedNotSeenRangeInMinutes", Integer(0)),))

PIPELINES = Resource(
    table="extraction_pipelines",
    fields=(
        ID,
        replace(EXTERNAL_ID, required=True),
        Field("name", Text(140, least=1), required=True),
        Field("description", Text(500)),
        Field("dataSetId", Integer(), required=True, refers_to=LISTED_DATA_SETS),
        Field("rawTables", RAW_TABLES, default=[]),
        Field("schedule", SCHEDULE),
        Field("contacts", CONTACTS, default=[]),
        Field("metadata", ShownMetadata(value=10_240, total=10_240)),
        Field("source", Text(255)),
        Field("documentation", Text(10_000)),
        Field("createdBy", Text(255), updatable=False),
        Field("notificationConfig", NOTIFICATION),
        Field("lastSuccess", Integer(0), server_set=True),
        Field("lastFailure", Integer(0), server_set=True),
        Field("lastSeen", Integer(0), server_set=True),
        Field("lastMessage", Text(1000), server_set=True),
        Field("lastMessageTime", Integer(0), server_set=True, hidden=True),
        *TIMES,
    ),
)

# What follows from runs, of a pipeline that has none.
WITHOUT_RUNS = {"last_success": 0, "last_failure": 0, "last_seen": 0, "last_message": None, "last_message_time": 0}

NAMING = Naming(
    missing="Extraction pipelines not found: {}",
    repeated="Duplicate ids: {}",
    repeated_external_ids="Duplicate external ids: {}",
)


def scheduled(value: Any, where: str, connection: Connection) -> Condition:
    """The pipeline has this schedule; `Null` is none."""
    if value == "Null":
        return Condition("schedule IS NULL")
    return Condition("schedule = ?", [SCHEDULE.check(value, where)])


FILTERS = {
    "externalIdPrefix": Key(prefixed("external_id")),
    "name": Key(equal("name", Text(140))),
    "description": Key(equal("description", Text(500))),
    "source": Key(equal("source", Text(255))),
    "documentation": Key(equal("documentation", Text(10_000))),
    "createdBy": Key(equal("created_by", Text(255))),
    "schedule": Key(scheduled),
    "dataSetIds": Key(refers_to(LISTED_DATA_SETS, "data_set_id", least=0)),
    "metadata": Key(has_pairs("metadata")),
    "contacts": Key(CONTACTS.has_any("contacts")),
    "rawTables": Key(RAW_TABLES.has_any("raw_tables")),
    "createdTime": Key(between("created_time")),
    "lastUpdatedTime": Key(between("last_updated_time")),
}

SCOPES = {"datasetscope": scoped("data_set_id"), "idscope": scoped("id")}  # of extractionPipelinesAcl

OF_PIPELINE = Field(
    "externalId",  # of the pipeline, as it is called now
    Text(255, least=1),
    required=True,
    expression="(SELECT external_id FROM extraction_pipelines p WHERE p.id = pipeline)",
)
PIPELINE = Field("pipeline", Integer(), server_set=True, hidden=True)

STATUS = Choice(("success", "failure", "seen"))

RUNS = Resource(
    table="extraction_runs",
    fields=(
        ID,  # in the order in which they were told
        OF_PIPELINE,
        Field("status", STATUS, required=True),
        Field("message", Text(1000)),
        Field("createdTime", Integer(0)),
        PIPELINE,
    ),
    passed_over=("lastUpdatedTime",),
)


def any_status(value: Any, where: str, connection: Connection) -> Condition:
    """The run has one of these statuses; an empty list names all."""
    return equals_any("status", STATUS, most=100)(value, where, connection) if value != [] else Condition()


def said(value: Any, where: str, connection: Connection) -> Condition:
    """The message has a substring, however it is capitalised."""
    wanted = as_object(value, where)
    reject_unknown(wanted, ("substring",), where, empty_passes=False)
    if wanted.get("substring") is None:
        return Condition()
    text = Text(1000).check(wanted["substring"], f"{where}.substring")
    return Condition("contains(lower(message), lower(?))", [text])


def everything(value: Any, where: str, connection: Connection) -> Condition:
    """All rows: what this key says is looked at elsewhere."""
    return Condition()


RUN_FILTERS: dict[str, Key] = {
    "externalId": Key(everything),
    "statuses": Key(any_status),
    "message": Key(said),
    "createdTime": Key(between("created_time")),
}

LATEST_FIRST = (
    Order(Condition("created_time"), descending=True, nulls_first=False),
    Order(Condition("id"), descending=True, nulls_first=False),
)


CONFIGS = Resource(
    table="extraction_configs",
    fields=(
        replace(ID, hidden=True),  # in the order in which they were made
        OF_PIPELINE,
        Field("revision", Integer(1), server_set=True),
        Field("config", Text(5 * 2**20), required=True),
        Field("description", Text(500)),
        CREATED_TIME,
        PIPELINE,
    ),
    passed_over=("lastUpdatedTime",),
)

REVISIONS = replace(CONFIGS, fields=[field for field in CONFIGS.fields if field.name != "config"])


def revision(value: Any, where: str, connection: Connection) -> Condition:
    """The configuration has this number."""
    return Condition("revision = ?", [Integer(1).check(value, where)])


def made_until(value: Any, where: str, connection: Connection) -> Condition:
    """The configuration was there at this time; the latest such was the one to be used."""
    return Condition("created_time <= ?", [Integer(0).check(value, where)])


CONFIG_FILTERS: dict[str, Key] = {
    "externalId": Key(everything),
    "revision": Key(revision),
    "activeAtTime": Key(made_until),
}

NEWEST_FIRST = (Order(Condition("id"), descending=True, nulls_first=False),)


def of_data_sets(data_sets: Sequence[int]) -> Condition:
    """What belongs to pipelines in data sets."""
    pipelines = one_of("data_set_id", data_sets)
    return Condition(f"pipeline IN (SELECT id FROM extraction_pipelines WHERE {pipelines.sql})", pipelines.parameters)


# Of extractionRunsAcl and extractionConfigsAcl: what belongs to pipelines, and the pipelines themselves.
OF_PIPELINE_SCOPES = {"datasetscope": of_data_sets, "extractionpipelinescope": scoped("pipeline")}
PIPELINE_SCOPES = {"datasetscope": scoped("data_set_id"), "extractionpipelinescope": scoped("id")}

TABLES = (
    create_table(
        "extraction_pipelines",
        id="BIGINT NOT NULL",
        external_id="VARCHAR NOT NULL",
        name="VARCHAR NOT NULL",
        description="VARCHAR",
        data_set_id="BIGINT NOT NULL",
        raw_tables="VARCHAR",
        schedule="VARCHAR",
        contacts="VARCHAR",
        metadata="VARCHAR",
        source="VARCHAR",
        documentation="VARCHAR",
        created_by="VARCHAR",
        notification_config="VARCHAR",
        last_success="BIGINT NOT NULL",
        last_failure="BIGINT NOT NULL",
        last_seen="BIGINT NOT NULL",
        last_message="VARCHAR",
        last_message_time="BIGINT NOT NULL",
        created_time="BIGINT NOT NULL",
        last_updated_time="BIGINT NOT NULL",
    ),
    "CREATE INDEX extraction_pipelines_id ON extraction_pipelines (id)",
    "CREATE INDEX extraction_pipelines_external_id ON extraction_pipelines (external_id)",
    create_table(
        "extraction_runs",
        id="BIGINT NOT NULL",
        pipeline="BIGINT NOT NULL",
        status="VARCHAR NOT NULL",
        message="VARCHAR",
        created_time="BIGINT NOT NULL",
    ),
    "CREATE INDEX extraction_runs_id ON extraction_runs (id)",
    "CREATE SEQUENCE extraction_run_numbers",
)

CONFIG_TABLES = (
    create_table(
        "extraction_configs",
        id="BIGINT NOT NULL",
        pipeline="BIGINT NOT NULL",
        revision="BIGINT NOT NULL",
        config="VARCHAR NOT NULL",
        description="VARCHAR",
        created_time="BIGINT NOT NULL",
    ),
    "CREATE INDEX extraction_configs_id ON extraction_configs (id)",
    "CREATE SEQUENCE extraction_config_numbers",
)
