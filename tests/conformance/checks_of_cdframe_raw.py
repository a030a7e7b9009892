"""cdframe and the HTTP API see the raw tables that cdframe and an SDK wrote."""

import json
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pytest

import cdframe
from tests.conformance import scenario_of_raw as scenario
from tests.conformance.checks_of_raw import chosen, exactly, pairs
from tests.conformance.raw import RawClient

Rows = dict[str, dict[str, Any]]


def check_raw(client: cdframe.CogniteClient, raw: RawClient, subtests: pytest.Subtests) -> None:
    with subtests.test("HTTP: databases and tables"):
        check_names_of_http(raw)
    with subtests.test("cdframe: databases and tables"):
        check_names(client)
    for table, rows in scenario.TABLES.items():
        with subtests.test(f"HTTP: rows of {table}"):
            check_rows_of_http(raw, table, rows)
        with subtests.test(f"cdframe: rows of {table}"):
            check_rows(client, table, rows)
    with subtests.test("cdframe: rows by time"):
        check_times(client)
    for name, columns in scenario.CHOICES.items():
        with subtests.test(f"cdframe: columns of rows: {name}"):
            for table in (("d b", "t/t"), ("a/ø ⛵?", "t/t")):
                found = client.raw.rows.list(*table, columns=columns)
                assert rows_of(found) == seen_by_cdframe(chosen(scenario.TABLES[table], columns))


def path(*names: str) -> str:
    """The path of a database, or of a table."""
    return "/raw/dbs/" + "/tables/".join(quote(name, safe="") for name in names)


def check_names_of_http(raw: RawClient) -> None:
    found = raw.get("/raw/dbs", limit=1000)["items"]
    assert [one["name"] for one in found] == scenario.in_order(scenario.DATABASES)
    for database in scenario.DATABASES[:-1]:
        tables = raw.get(f"{path(database)}/tables")["items"]
        assert [one["name"] for one in tables] == scenario.tables_of(database)


def check_rows_of_http(raw: RawClient, table: scenario.Table, rows: Rows) -> None:
    found = raw.get(f"{path(*table)}/rows", limit=10_000)["items"]
    assert exactly([[row["key"], row["columns"]] for row in found]) == exactly(pairs(rows))
    cursors = raw.get(f"{path(*table)}/cursors", numberOfCursors=3)["items"]
    parts = [raw.get(f"{path(*table)}/rows", limit=10_000, cursor=cursor)["items"] for cursor in cursors]
    assert len(cursors) == 3
    assert sorted(row["key"] for part in parts for row in part) == sorted(rows)
    for key, columns in rows.items():
        one = raw.get(f"{path(*table)}/rows/{quote(key, safe='')}")
        assert exactly([one["key"], one["columns"]]) == exactly([key, columns])


def check_names(client: cdframe.CogniteClient) -> None:
    databases = client.raw.databases.list(limit=None)
    assert databases["name"].to_pylist() == scenario.in_order(scenario.DATABASES)
    for database in ("d b", "a/ø ⛵?", "sdk", "many/00"):
        tables = client.raw.tables.list(database, limit=None)
        assert tables["name"].to_pylist() == scenario.tables_of(database)
        assert set(tables["db_name"].to_pylist()) <= {database}


def check_rows(client: cdframe.CogniteClient, table: scenario.Table, rows: Rows) -> None:
    expected = seen_by_cdframe(rows)
    found = client.raw.rows.list(*table, limit=None)
    assert sorted(found["key"].to_pylist()) == sorted(rows)
    assert rows_of(found) == expected
    assert list(rows_of(client.raw.rows.list(*table))) == scenario.in_order(rows)[:25]
    for key in list(rows)[:4]:
        assert rows_of(client.raw.rows.retrieve(*table, key)) == {key: expected[key]}
    assert len(client.raw.rows.retrieve(*table, "nobody")) == 0


def check_times(client: cdframe.CogniteClient) -> None:
    """Rows after a time, which is not included, and until one, which is."""
    rows, table = client.raw.rows, ("plant", "pumps")
    whole = rows.list(*table, limit=None)
    moments = dict(zip(whole["key"].to_pylist(), whole["last_updated_time"].to_pylist(), strict=True))
    assert len(set(moments.values())) == 2  # as they were written in two requests
    first = min(moments.values())
    for limit in (100, None):
        until = rows.list(*table, max_last_updated_time=first, limit=limit)["key"].to_pylist()
        after = rows.list(*table, min_last_updated_time=first, limit=limit)["key"].to_pylist()
        assert sorted(until) == sorted(key for key, moment in moments.items() if moment == first)
        assert sorted(after) == sorted(key for key, moment in moments.items() if moment > first)


def rows_of(frame: pa.Table) -> Rows:
    """The rows of a frame by their keys, without nulls; JSON in texts is read."""
    names = [name for name in frame.column_names if name not in ("key", "last_updated_time")]
    columns = {name.removeprefix("columns.") if is_taken(name) else name: read(frame[name]) for name in names}
    found: Rows = {}
    for number, key in enumerate(frame["key"].to_pylist()):
        values = {name: column[number] for name, column in columns.items()}
        found[key] = {name: value for name, value in values.items() if value is not None}
    return found


def is_taken(name: str) -> bool:
    return name in ("columns.key", "columns.last_updated_time")


def read(column: pa.ChunkedArray) -> list[Any]:
    values = column.to_pylist()
    if not pa.types.is_large_string(column.type) and not pa.types.is_string(column.type):
        return values
    try:
        return [None if value is None else json.loads(value) for value in values]
    except json.JSONDecodeError:
        return values


def seen_by_cdframe(rows: Rows) -> Rows:
    """Rows without nulls, which frames have where nothing is."""
    return {key: {name: value for name, value in columns.items() if value is not None} for key, columns in rows.items()}
