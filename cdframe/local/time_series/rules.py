"""What can be done with time series; access and consistency included, HTTP not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from cdframe.local.access import Condition, Grant, Principal
from cdframe.local.advanced_filters import compile_advanced_filter
from cdframe.local.database import Connection
from cdframe.local.datapoints.store import PointStore
from cdframe.local.errors import bad_request, forbidden
from cdframe.local.fields import EXTERNAL_ID, Row
from cdframe.local.filters import compile_filter
from cdframe.local.identifiers import Identifier, find, new_ids
from cdframe.local.references import ASSETS, DATA_SETS
from cdframe.local.search import rank
from cdframe.local.time_series.tables import FILTERS, NAMING, PROPERTIES, SCOPES, TIME_SERIES
from cdframe.local.uniqueness import require_unique
from cdframe.local.updates import apply_update

LEGACY_NAME = TIME_SERIES.by_name["legacyName"]


def visible(caller: Principal, grant: Grant) -> Condition:
    """The series that the caller may do this with: within the scopes, and a member of all their categories."""
    condition = grant.condition(SCOPES)
    categories = caller.grant("securityCategoriesAcl", "MEMBEROF")
    if categories.everything:
        return condition
    ids = sorted(categories.scopes.get("idscope", ()))
    return condition & Condition("list_has_all(?::BIGINT[], security_categories)", [ids])


def selection(body: Mapping[str, Any], caller: Principal, grant: Grant) -> Condition:
    """The series that pass the filters of a request and that the caller may see."""
    return (
        visible(caller, grant)
        & compile_filter(FILTERS, body.get("filter"))
        & compile_advanced_filter(PROPERTIES, body.get("advancedFilter"))
    )


def show(row: Row, *, metadata: bool = True) -> dict[str, Any]:
    """A series as answers have it."""
    shown = TIME_SERIES.show(row)
    shown["type"] = "string" if row["is_string"] else "numeric"
    if not metadata:
        del shown["metadata"]
    return shown


def create(connection: Connection, rows: Sequence[Row], caller: Principal, grant: Grant, now: int) -> list[Row]:
    """Store new series."""
    require_unique(connection, TIME_SERIES, EXTERNAL_ID, rows, repeated_status=422)
    require_unique(connection, TIME_SERIES, LEGACY_NAME, rows)
    _check(connection, rows, caller, grant)
    ids = new_ids(connection, TIME_SERIES.table, len(rows))
    created = [
        {"id": id, **row, "created_time": now, "last_updated_time": now} for id, row in zip(ids, rows, strict=True)
    ]
    connection.insert(TIME_SERIES.table, pa.Table.from_pylist(created, TIME_SERIES.schema))
    return created


def update(
    connection: Connection,
    changes: Sequence[tuple[Identifier, Any]],
    caller: Principal,
    grant: Grant,
    now: int,
) -> list[Row]:
    """Change series; each change is a reference and its `update` object."""
    found = _find_all(connection, [identifier for identifier, _ in changes], visible(caller, grant))
    rows = []
    for i, (identifier, change) in enumerate(changes):
        row = apply_update(TIME_SERIES, found[identifier], change, f"items[{i}].update")
        if change:
            row["last_updated_time"] = now
        rows.append(row)
    old = [found[identifier] for identifier, _ in changes]
    require_unique(connection, TIME_SERIES, EXTERNAL_ID, rows, kept=[row["id"] for row in rows])
    _check(connection, rows, caller, grant, old)
    with connection.relation("changed", pa.Table.from_pylist(rows, TIME_SERIES.schema)):
        columns = [column for column in TIME_SERIES.schema.names if column not in ("id", "created_time")]
        assignments = ", ".join(f"{column} = changed.{column}" for column in columns)
        connection.execute(
            f"UPDATE {TIME_SERIES.table} SET {assignments} FROM changed WHERE {TIME_SERIES.table}.id = changed.id"
        )
    return rows


def delete(
    connection: Connection, identifiers: Sequence[Identifier], condition: Condition, *, ignore_unknown: bool
) -> None:
    """Delete series and all their points."""
    found = by_ids(connection, identifiers, condition, ignore_unknown=ignore_unknown)
    ids = [row["id"] for row in found]
    connection.execute(f"DELETE FROM {TIME_SERIES.table} WHERE id IN (SELECT unnest(?::BIGINT[]))", [ids])
    PointStore.drop(connection, ids)


def by_ids(
    connection: Connection, identifiers: Sequence[Identifier], condition: Condition, *, ignore_unknown: bool
) -> list[Row]:
    """The series that the identifiers name, in their order."""
    NAMING.reject_repeats(identifiers)
    found = find(connection, TIME_SERIES.table, TIME_SERIES.columns, identifiers, condition)
    if not ignore_unknown:
        NAMING.reject_missing(identifiers, found)
    NAMING.reject_conflicts(found)
    return list(found.values())


def search(connection: Connection, wanted: Mapping[str, str], condition: Condition, limit: int) -> list[Row]:
    """The series that match texts best; with none all, by id."""
    sql = f"FROM {TIME_SERIES.table} WHERE {condition.sql}"
    if not wanted:
        return connection.rows(f"SELECT {TIME_SERIES.columns} {sql} ORDER BY id LIMIT {limit}", condition.parameters)
    texts = connection.tuples(f"SELECT id, name, description {sql}", condition.parameters)
    fields = ((id, {"name": name, "description": description}) for id, name, description in texts)
    ids = rank(fields, wanted, {"name": 2, "description": 1})[:limit]
    rows = connection.rows(
        f"SELECT {TIME_SERIES.columns} FROM {TIME_SERIES.table} WHERE id IN (SELECT unnest(?::BIGINT[]))", [ids]
    )
    by_id = {row["id"]: row for row in rows}
    return [by_id[id] for id in ids]


def _find_all(connection: Connection, identifiers: Sequence[Identifier], condition: Condition) -> dict[Identifier, Row]:
    rows = by_ids(connection, identifiers, condition, ignore_unknown=False)
    return dict(zip(identifiers, rows, strict=True))


def _check(
    connection: Connection,
    rows: Sequence[Row],
    caller: Principal,
    grant: Grant,
    old: Sequence[Row] | None = None,
) -> None:
    """What must hold for rows as they are to be stored; references that they had before are not looked at again."""
    before: Sequence[Row] = old if old is not None else [{}] * len(rows)
    for i, row in enumerate(rows):
        if row["is_string"] and row["unit_external_id"] is not None:
            raise bad_request(f"items[{i}].unitExternalId is for numeric time series only, and this one is of strings")
    for relation, column in ((ASSETS, "asset_id"), (DATA_SETS, "data_set_id")):
        changed = [new[column] for new, was in zip(rows, before, strict=True) if new[column] != was.get(column)]
        relation.require(connection, changed)
    categories = caller.grant("securityCategoriesAcl", "MEMBEROF")
    for row, was in zip(rows, before, strict=True):
        if not grant.covers({"datasetscope": row["data_set_id"], "idscope": row.get("id")}):
            raise forbidden()
        attached = set(row["security_categories"]) - set(was.get("security_categories", ()))
        if not all(categories.covers({"idscope": category}) for category in attached):
            raise forbidden()
