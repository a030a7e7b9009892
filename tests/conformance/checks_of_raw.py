"""What the sections on raw databases, tables and rows should have seen."""

import itertools
import json
from typing import Any

from tests.conformance import scenario_of_raw as scenario
from tests.conformance.checks_of_refusals import CONSTRAINT, Expected, check_refusals, duplicated, refused
from tests.conformance.sdk_run import Checks, SdkRun

CHECKS = Checks()
ODD, ODD_KEYS = scenario.BY_CDFRAME["d b", "t/t"], scenario.BY_CDFRAME["d b", "kæ/1"]
USUAL_LIMIT = 25


def exactly(value: Any) -> str:
    """JSON as a text, for 1 is not 1.0, and members of objects have an order."""
    return json.dumps(value)


def pairs(rows: scenario.Rows) -> list[Any]:
    """Keys and columns as lists have them."""
    return [[key, rows[key]] for key in scenario.in_order(rows)]


def check_created(seen: Any, one: str, several: list[str]) -> None:
    made_one, made = seen
    assert made_one[0] == one
    assert [name for name, _ in made] == several
    assert all(time > 1_600_000_000_000 for _, time in [made_one, *made])


@CHECKS.of("create databases")
def create_databases(sdk: SdkRun, seen: Any) -> None:
    check_created(seen, "sdk", ["a/ø ⛵?", *scenario.MANY_DATABASES])


@CHECKS.of("create tables")
def create_tables(sdk: SdkRun, seen: Any) -> None:
    check_created(seen, "one row", ["t/t", "kæ/1", "T/T"])


@CHECKS.of("insert rows")
def insert_rows(sdk: SdkRun, seen: Any) -> None:
    assert seen == [None] * 7


@CHECKS.of("list databases")
def list_databases(sdk: SdkRun, seen: Any) -> None:
    names = scenario.in_order(scenario.DATABASES)
    assert seen == {
        "all": names,
        "as many as is usual": names[:USUAL_LIMIT],
        "some": names[:3],
        "chunks": chunks(names, 10),
        "one by one": names,
    }


def chunks(names: list[Any], size: int) -> list[list[Any]]:
    return [names[first : first + size] for first in range(0, len(names), size)]


@CHECKS.of("list tables")
def list_tables(sdk: SdkRun, seen: Any) -> None:
    many = [f"table {number:02d}" for number in range(scenario.MORE_TABLES)]
    assert seen == {
        "all": {database: scenario.tables_of(database) for database in scenario.DATABASES[:-1]},
        "as many as is usual": many[:USUAL_LIMIT],
        "chunks": chunks(many, 10),
        "one by one": many,
        "of a database": ["kæ/1", "t/t"],
        "rows of its table": [scenario.in_order(ODD)[:4], ODD["kinds"]],
    }


@CHECKS.of("rows of tables")
def rows_of_tables(sdk: SdkRun, seen: Any) -> None:
    for (table, rows), found in zip(scenario.TABLES.items(), seen, strict=True):
        keys = scenario.in_order(rows)
        assert (table, exactly(found["all"])) == (table, exactly(pairs(rows)))
        assert found["in parts"] == (sorted(keys) if table == ("d b", "kæ/1") else None)
        assert found["have times"]
        assert found["as many as is usual"] == keys[:USUAL_LIMIT]
        assert found["some"] == keys[:7]
        assert found["one by one"] == keys
        assert found["chunks"] == chunks(keys, 8)


@CHECKS.of("retrieve rows")
def retrieve_rows(sdk: SdkRun, seen: Any) -> None:
    found, *nobody = seen
    assert exactly(found) == exactly([[key, columns] for rows in (ODD, ODD_KEYS) for key, columns in rows.items()])
    assert nobody == [None, None]


@CHECKS.of("columns of rows")
def columns_of_rows(sdk: SdkRun, seen: Any) -> None:
    for name, columns in scenario.CHOICES.items():
        assert (name, exactly(seen[name])) == (name, exactly(pairs(chosen(ODD, columns))))
    some = pairs(chosen(ODD, ["text", "int"]))
    assert exactly(sorted(seen["all of them"])) == exactly(sorted(some))
    assert exactly(seen["one by one"]) == exactly(some)


def chosen(rows: scenario.Rows, names: list[str]) -> scenario.Rows:
    """The rows with these columns, as far as they have them."""
    return {key: {name: columns[name] for name in names if name in columns} for key, columns in rows.items()}


@CHECKS.of("rows by time")
def rows_by_time(sdk: SdkRun, seen: Any) -> None:
    last_times = {key: number for number, rows in enumerate(scenario.IN_TURN) for key in rows}
    last_times["a"] = 0
    assert seen["increasing"]
    assert seen["last times"] == last_times
    ends = (None, 0, 1, 2)
    for (first, last), found in zip(itertools.product(ends, ends), seen["found"], strict=True):
        expected = sorted(
            key
            for key, time in last_times.items()
            if (first is None or time > first) and (last is None or time <= last)
        )
        assert (first, last, found) == (first, last, [expected] * len(found))


@CHECKS.of("many rows")
def many_rows(sdk: SdkRun, seen: Any) -> None:
    rows = scenario.many_rows()
    keys = sorted(rows)
    assert seen["as written"]
    assert seen["keys"] == keys[:11_234]
    assert seen["chunks"] == [5_000, 5_000, 2_000]
    until, after = seen["in two"]
    assert until + after == len(rows)
    assert min(until, after) > 0
    if not sdk.is_2021:
        assert seen["some in parts"] == 11_500
        assert seen["all in parts"] == keys
    assert seen["left"] == [key for key in keys if not rows[key]["even"]]


@CHECKS.of("rows written again")
def rows_written_again(sdk: SdkRun, seen: Any) -> None:
    replaced, read, same, left, none = seen
    assert replaced == {"z": 3}
    assert read == [["a", {"x": 1, "y": 2}], ["b", {"x": 1}]]
    assert same
    assert left == ["b"]
    assert none == []


@CHECKS.of("frames of rows")
def frames_of_rows(sdk: SdkRun, seen: Any) -> None:
    columns = [dict(zip(scenario.FRAME, row, strict=True)) for row in zip(*scenario.FRAME.values(), strict=True)]
    assert exactly(seen["rows"]) == exactly([list(pair) for pair in zip(scenario.FRAME_KEYS, columns, strict=True)])
    assert seen["read"] == seen["listed"] == [scenario.FRAME_KEYS, scenario.FRAME]
    assert seen["some"] == [scenario.FRAME_KEYS[:2], {"text": scenario.FRAME["text"][:2]}]
    assert seen["one"][1]
    assert seen["numbered"] == [["11", {"a": 2}], ["7", {"a": 1}]]
    if not sdk.is_2021:
        assert seen["gaps"] == [["c", {"a": 0.5}], ["d", {"b": 1.5}]]


@CHECKS.of("delete databases and tables")
def delete_databases_and_tables(sdk: SdkRun, seen: Any) -> None:
    assert seen == [scenario.tables_of("sdk"), [], []]


@CHECKS.of("errors of raw")
def errors_of_raw(sdk: SdkRun, seen: Any) -> None:
    no_database, no_table = (refused(f"Following {kind} not found: nobody", 404) for kind in ("databases", "tables"))
    expected: Expected = {
        "tables of no database": no_database,
        "table in no database": no_database,
        "rows of no database": no_database,
        "rows of no table": no_table,
        "all rows of no table": no_table,
        "rows into no database": no_database,
        "rows into no table": no_table,
        "rows out of no table": no_table,
        "database twice": duplicated("", {"name": "d b"}),
        "databases twice": duplicated("", {"name": "d b"}, {"name": "sdk"}),
        "table twice": duplicated("", {"name": "t/t"}),
        "no database to delete": refused("Following databases not found: nobody, no one", 404),
        "no table to delete": no_table,
        "a database that is not empty": refused("Only empty databases can be deleted"),
        "name too long": refused(CONSTRAINT),
        "name of a table too long": refused(CONSTRAINT),
        "key too long": refused(CONSTRAINT),
        "key empty": refused(CONSTRAINT),
        "columns that are no object": refused(),
    }
    check_refusals(sdk, seen, expected, {})


@CHECKS.of("what of many rows is written")
def what_of_many_rows_is_written(sdk: SdkRun, seen: Any) -> None:
    names = [f"{number:05d}" for number in range(10_499)]
    assert (seen["class"], seen["code"]) == ("CogniteAPIError", 400)
    assert seen["written"] == seen["there"] == names[:10_000]
    assert seen["failed"] == ["", *names[10_000:]]


@CHECKS.of("a row of no table")
def a_row_of_no_table(sdk: SdkRun, seen: Any) -> None:
    assert seen == [None, None]
