"""Sections on raw databases, tables and rows."""

from collections.abc import Iterable
from typing import Any

from tests.conformance import scenario_of_raw as scenario
from tests.conformance.scenario import error_seen
from tests.conformance.sdk_dialect import IS_2, client, data_classes, section

databases, tables, rows = client.raw.databases, client.raw.tables, client.raw.rows
ODD, ODD_KEYS = ("d b", "t/t"), ("d b", "kæ/1")
MOST, MANY = 100_000, 10_500
IN_PARTS = 6
"""The range of time that is asked for in parts, too; of such questions each takes 8.x half a second."""


def to_write(key: str, columns: Any) -> Any:
    return (data_classes.Row if IS_2 else data_classes.RowWrite)(key=key, columns=columns)


def all_to_write(given: scenario.Rows) -> list[Any]:
    return [to_write(key, columns) for key, columns in given.items()]


def names(found: Iterable[Any]) -> list[str]:
    return [one.name for one in found]


def keys(found: Iterable[Any]) -> list[str]:
    return [one.key for one in found]


def pairs(found: Iterable[Any]) -> list[Any]:
    return [[row.key, row.columns] for row in found]


@section("create databases")
def _() -> Any:
    one = databases.create("sdk")
    several = databases.create(["a/ø ⛵?", *scenario.MANY_DATABASES])
    return [[one.name, one.created_time], [[made.name, made.created_time] for made in several]]


@section("create tables")
def _() -> Any:
    one = tables.create("sdk", "one row")
    several = tables.create("a/ø ⛵?", ["t/t", "kæ/1", "T/T"])
    tables.create("sdk", ["several rows"])
    tables.create("many/27", [f"table {number:02d}" for number in range(scenario.MORE_TABLES)])
    return [[one.name, one.created_time], [[made.name, made.created_time] for made in several]]


@section("insert rows")
def _() -> Any:
    answers = [
        rows.insert("a/ø ⛵?", "t/t", scenario.ODD_ROWS),
        rows.insert("a/ø ⛵?", "kæ/1", all_to_write(scenario.ODD_KEYS)),
        rows.insert("a/ø ⛵?", "T/T", {"pump-03": {"gone": "soon"}}),
        rows.insert("a/ø ⛵?", "T/T", all_to_write(scenario.PUMPS)),
        rows.insert("sdk", "one row", to_write("kinds", scenario.ODD_ROWS["kinds"])),
        rows.insert("sdk", "several rows", {key: scenario.ODD_ROWS[key] for key in ("nested", "numbers")}),
        rows.insert("made with its table", "new table", {"first": {"a": 1}}, ensure_parent=True),
    ]
    rows.insert("sdk", "several rows", {})
    return answers


@section("list databases")
def _() -> Any:
    return {
        "all": names(databases.list(limit=None)),
        "as many as is usual": names(databases.list()),
        "some": names(databases.list(limit=3)),
        "chunks": [names(chunk) for chunk in databases(chunk_size=10)],
        "one by one": names(databases()),
    }


@section("list tables")
def _() -> Any:
    known = {database: names(tables.list(database, limit=-1)) for database in scenario.DATABASES[:-1]}
    of_one = next(one for one in databases() if one.name == "d b").tables(limit=None)
    return {
        "all": known,
        "as many as is usual": names(tables.list("many/27")),
        "chunks": [names(chunk) for chunk in tables("many/27", chunk_size=10)],
        "one by one": names(tables("many/27")),
        "of a database": names(of_one),
        "rows of its table": [keys(of_one[1].rows(limit=4)), of_one[1].rows(key="kinds").columns],
    }


@section("rows of tables")
def _() -> Any:
    seen = []
    for database, table in scenario.TABLES:
        whole = rows.list(database, table, limit=1_000)
        seen.append(
            {
                "all": pairs(whole),
                "in parts": sorted(keys(rows.list(database, table, limit=None)))
                if (database, table) == ODD_KEYS
                else None,
                "have times": all(row.last_updated_time > 1_600_000_000_000 for row in whole),
                "as many as is usual": keys(rows.list(database, table)),
                "some": keys(rows.list(database, table, limit=7)),
                "one by one": keys(rows(database, table)),
                "chunks": [keys(chunk) for chunk in rows(database, table, chunk_size=8)],
            }
        )
    return seen


@section("retrieve rows")
def _() -> Any:
    found = [rows.retrieve(*table, key) for table in (ODD, ODD_KEYS) for key in scenario.TABLES[table]]
    return [pairs(found), rows.retrieve(*ODD, "nobody"), rows.retrieve(*ODD, "kinds/")]


@section("columns of rows")
def _() -> Any:
    chosen = {name: pairs(rows.list(*ODD, columns=columns)) for name, columns in scenario.CHOICES.items()}
    chosen["all of them"] = pairs(rows.list(*ODD, columns=["text", "int"], limit=None))
    chosen["one by one"] = pairs(rows(*ODD, columns=["text", "int"]))
    return chosen


@section("rows by time")
def _() -> Any:
    table = "sdk", "in turn"
    times = []
    for one in scenario.IN_TURN:
        rows.insert(*table, one, ensure_parent=True)
        times.append(max(row.last_updated_time for row in rows.list(*table)))
    ranges = {f"{first}..{last}": (first, last) for first in (None, *times) for last in (None, *times)}
    found = {}
    for number, (first, last) in enumerate(ranges.values()):
        arguments = {"min_last_updated_time": first, "max_last_updated_time": last}
        found[number] = [keys(rows.list(*table, **arguments)), keys(rows(*table, **arguments))]
        if number == IN_PARTS:
            found[number].append(sorted(keys(rows.list(*table, **arguments, limit=None))))
    last_times = {row.key: times.index(row.last_updated_time) for row in rows.list(*table)}
    tables.delete(*table)
    return {"increasing": times == sorted(set(times)), "found": list(found.values()), "last times": last_times}


@section("many rows")
def _() -> Any:
    table = "sdk", "many"
    everything = scenario.many_rows()
    rows.insert(*table, everything, ensure_parent=True)
    found = rows.list(*table, limit=None)
    middle = min(row.last_updated_time for row in found)
    seen = {
        "as written": len(found) == len(everything) and {row.key: row.columns for row in found} == everything,
        "keys": keys(rows.list(*table, limit=11_234, columns=[])),
        "chunks": [len(chunk) for chunk in rows(*table, chunk_size=5_000, columns=["n"])],
        "in two": [
            len(rows.list(*table, max_last_updated_time=middle, limit=-1)),
            len(rows.list(*table, min_last_updated_time=middle, limit=MOST)),
        ],
    }
    if not IS_2:
        seen["some in parts"] = len(rows.list(*table, limit=11_500, partitions=3))
        parts = rows(*table, chunk_size=2_000, partitions=4)
        seen["all in parts"] = sorted(key for chunk in parts for key in keys(chunk))
    rows.delete(*table, [key for key, columns in everything.items() if columns["even"]])
    seen["left"] = sorted(keys(rows.list(*table, limit=MOST, columns=[])))
    tables.delete(*table)
    return seen


@section("rows written again")
def _() -> Any:
    table = "sdk", "again"
    rows.insert(*table, {"a": {"x": 1, "y": 2}, "b": {"x": 1}}, ensure_parent=True)
    read = rows.retrieve(*table, "a")
    rows.insert(*table, {"a": {"z": 3}})
    replaced = rows.retrieve(*table, "a").columns
    rows.insert(*table, read)
    first = rows.list(*table)
    rows.insert(*table, list(first))
    same = [row.last_updated_time for row in first] == [row.last_updated_time for row in rows.list(*table)]
    rows.delete(*table, "a")
    rows.delete(*table, ["a", "nobody"])
    seen = [replaced, pairs(first), same, keys(rows.list(*table))]
    rows.delete(*table, ["b"])
    seen.append(keys(rows.list(*table)))
    tables.delete(*table)
    return seen


@section("frames of rows")
def _() -> Any:
    import pandas as pd

    table = "sdk", "frames"
    frame = pd.DataFrame(scenario.FRAME, index=scenario.FRAME_KEYS)
    if IS_2:
        tables.create(*table)
        rows.insert_dataframe(*table, frame)
    else:
        rows.insert_dataframe(*table, frame, ensure_parent=True)
    read = rows.retrieve_dataframe(*table)
    some = rows.retrieve_dataframe(*table, columns=["text"], limit=2)
    listed = rows.list(*table).to_pandas()
    one = rows.retrieve(*table, "y/z").to_pandas()
    numbered = "sdk", "numbered"
    tables.create(*numbered)
    rows.insert_dataframe(*numbered, pd.DataFrame({"a": [1, 2]}, index=[7, 11]))
    seen = {
        "rows": pairs(rows.list(*table)),
        "numbered": pairs(rows.list(*numbered)),
        "read": [list(read.index), {name: list(read[name]) for name in read.columns}],
        "some": [list(some.index), {name: list(some[name]) for name in some.columns}],
        "listed": [list(listed.index), {name: list(listed[name]) for name in listed.columns}],
        "one": [len(one), "y/z" in [*one.index, *one.columns]],
    }
    if not IS_2:  # which cannot write what is not a number
        rows.insert_dataframe(
            *numbered, pd.DataFrame({"a": [0.5, float("nan")], "b": [float("nan"), 1.5]}, index=["c", "d"])
        )
        seen["gaps"] = pairs(rows.list(*numbered))[2:]
    tables.delete("sdk", ["frames", "numbered"])
    return seen


@section("delete databases and tables")
def _() -> Any:
    tables.create("sdk", ["short 1", "short 2", "short/3"])
    tables.delete("sdk", "short 1")
    tables.delete("sdk", ["short/3", "short 2"])
    seen = [names(tables.list("sdk"))]
    rows.insert("full", "t", {"a": {}}, ensure_parent=True)
    databases.create(["empty/1", "empty 2"])
    databases.delete("empty/1")
    databases.delete(["empty 2", "full"], recursive=True)
    seen.append([name for name in names(databases.list(limit=None)) if name.startswith(("empty", "full"))])
    databases.create("full")
    tables.create("full", "t")
    seen.append(pairs(rows.list("full", "t")))
    databases.delete("full", recursive=True)
    return seen


@section("errors of raw")
def _() -> Any:
    calls = {
        "tables of no database": lambda: tables.list("nobody"),
        "table in no database": lambda: tables.create("nobody", "t"),
        "rows of no database": lambda: rows.list("nobody", "t"),
        "rows of no table": lambda: rows.list("d b", "nobody"),
        "all rows of no table": lambda: rows.list("d b", "nobody", limit=None),
        "rows into no database": lambda: rows.insert("nobody", "t", {"a": {}}),
        "rows into no table": lambda: rows.insert("d b", "nobody", {"a": {}}),
        "rows out of no table": lambda: rows.delete("d b", "nobody", ["a"]),
        "database twice": lambda: databases.create("d b"),
        "databases twice": lambda: databases.create(["free", "d b", "sdk"]),
        "table twice": lambda: tables.create("d b", ["free", "t/t"]),
        "no database to delete": lambda: databases.delete(["nobody", "d b", "no one"]),
        "no table to delete": lambda: tables.delete("d b", ["nobody", "t/t"]),
        "a database that is not empty": lambda: databases.delete(["many/01", "d b"]),
        "name too long": lambda: databases.create("x" * 33),
        "name of a table too long": lambda: tables.create("d b", "x" * 65),
        "key too long": lambda: rows.insert("d b", "t/t", {"x" * 1025: {}}),
        "key empty": lambda: rows.insert("d b", "t/t", {"kept": {}, "": {}}),
        "columns that are no object": lambda: rows.insert("d b", "t/t", {"kept": {}, "x": [1]}),
    }
    return {name: error_seen(call) for name, call in calls.items()}


@section("what of many rows is written")
def _() -> Any:
    table = "sdk", "in part"
    given = {f"{number:05d}": {} for number in range(MANY)}
    given[""] = given.pop(f"{MANY - 1:05d}")  # which no key is, in the last of the requests
    seen: Any = {"class": None}
    try:
        rows.insert(*table, given, ensure_parent=True)
    except Exception as error:
        seen = {
            "class": type(error).__name__,
            "code": getattr(error, "code", None),
            "written": sorted(getattr(error, "successful", [])),
            "failed": sorted(getattr(error, "failed", [])),
        }
    seen["there"] = keys(rows.list(*table, limit=MOST, columns=[]))
    tables.delete(*table)
    return seen


@section("a row of no table")
def _() -> Any:
    return rows.retrieve("d b", "nobody", "a"), rows.retrieve("nobody", "t", "a")
