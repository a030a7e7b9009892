"""Raw tables that cdframe and the SDKs write. Rows are JSON objects by their keys."""

from typing import Any

Row = dict[str, Any]
Rows = dict[str, Row]
Table = tuple[str, str]
"""The names of a database and of a table in it."""

# Values of all kinds that JSON has, and what of them is easily lost.
ODD_ROWS: Rows = {
    "nothing": {},
    "nulls": {"text": None, "int": None, "only here": None},
    "kinds": {"text": "x", "int": 1, "double": 1.5, "true": True, "list": [1], "object": {"a": 1}},
    "kinds again": {"text": "", "int": 0, "double": 2.0, "true": False, "list": [], "object": {}},
    "numbers": {"large": 2**53 + 1, "huge": 10**30, "small": 1e-300, "whole": 1.0, "tenth": 0.1, "negative": -(2**63)},
    "nested": {"list": [1, [2.0, {"deep": [None, {"": ""}]}], []], "object": {"z": 1, "a": {"b": {"c": [True]}}}},
    "mixed": {"text": 5, "int": "5", "double": None, "true": "true", "list": {"not": "a list"}},
    "names": {"": "empty", "a b": "blank", "a.b": "dot", 'q"\\': "quoted", "kæ/1": "⛵"},
    "cases": {"camelCase": 1, "snake_case": 2, "Text": 3},
    "taken names": {"key": "of JSON", "columns": {"columns": 1}, "last_updated_time": 5, "lastUpdatedTime": 6},
    "texts": {
        "lines": "a\nb\r\tc",
        "quoted": '"\\"',
        "zero": "\u0000",
        "letters": "Ærlig ⛵ 日本",
        "long": "l" * 70_000,
    },
}
# Keys that only stand in a URL when they are escaped.
KEYS = (
    "a/b",
    "a b",
    "a+b",
    "a%2Fb",
    "a?b#c",
    "kæ/1",
    "Kæ/1",
    "⛵",
    "a:b@c",
    "a;b=c&d",
    '"',
    "\\",
    "1",
    "..a",
    "k" * 1024,
)
ODD_KEYS: Rows = {key: {"number": number} for number, key in enumerate(KEYS)}
PUMPS: Rows = {
    f"pump-{number:02d}": {
        "number": number,
        "pressure": number / 4,
        "name": f"Pump {number} ⛵",
        **({"is_on": number % 2 == 0} if number % 3 else {}),
        **({"note": None} if number % 5 == 0 else {}),
    }
    for number in range(30)
}
MORE_TABLES = 27

BY_CDFRAME: dict[Table, Rows] = {
    ("plant", "pumps"): PUMPS,
    ("plant", "empty"): {},
    ("d b", "t/t"): ODD_ROWS,
    ("d b", "kæ/1"): ODD_KEYS,
}
BY_SDK: dict[Table, Rows] = {
    ("a/ø ⛵?", "t/t"): ODD_ROWS,
    ("a/ø ⛵?", "kæ/1"): ODD_KEYS,
    ("a/ø ⛵?", "T/T"): PUMPS,
    ("sdk", "one row"): {"kinds": ODD_ROWS["kinds"]},
    ("sdk", "several rows"): {key: ODD_ROWS[key] for key in ("nested", "numbers")},
    ("made with its table", "new table"): {"first": {"a": 1}},
}
TABLES = BY_CDFRAME | BY_SDK
MANY_DATABASES = [f"many/{number:02d}" for number in range(28)]
DATABASES = [*dict.fromkeys(database for database, _ in TABLES), *MANY_DATABASES]

# What of the columns to read, from a table with all kinds of them.
CHOICES: dict[str, list[str]] = {
    "one": ["text"],
    "some, in another order": ["object", "int", "nobody", "text"],
    "with odd names": ["a b", "kæ/1", 'q"\\', "a.b"],
    "none there": ["nobody"],
    "no columns": [],
}

# Written one request after the other; the rows of a request share a time.
IN_TURN: list[Rows] = [
    {"a": {"n": 1}, "b": {"n": 1, "m": [1]}, "c": {"n": 1}},
    {"b": {"n": 2}, "d": {"n": 2}},
    {"a": {"n": 1}, "d": {"n": 3}},
]
"""The last leaves one row as it is, which is no update."""

MANY_ROWS = 12_000


def many_rows() -> Rows:
    return {f"{number * 7919 % MANY_ROWS:05d}/x": {"n": number, "even": number % 2 == 0} for number in range(MANY_ROWS)}


FRAME: dict[str, list[Any]] = {
    "int": [1, 2, 3],
    "double": [0.5, 2.0, -1e300],
    "text": ["a", "", "⛵"],
    "flag": [True, False, True],
}
FRAME_KEYS = ["x", "y/z", "ø"]


def in_order(names: Any) -> list[str]:
    """Names and keys in the order of lists: that of the bytes of UTF-8."""
    return sorted(names, key=str.encode)


def tables_of(database: str) -> list[str]:
    return in_order(table for parent, table in TABLES if parent == database)
