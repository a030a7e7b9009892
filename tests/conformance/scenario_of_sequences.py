"""Sequences and their rows that cdframe and the SDKs write, and what all are asked about them."""

from typing import Any

from tests.conformance.scenario_of_assets import drop_unset
from tests.conformance.scenario_of_groups import FOR_EVER

Row = dict[str, Any]
Values = list[Any]
Rows = dict[int, Values]

COLUMNS: list[Row] = [
    {"external_id": "long", "value_type": "LONG", "name": "A long ⛵", "description": "", "metadata": {"unit": "m"}},
    {"external_id": "double", "value_type": "DOUBLE", "description": "d" * 1000},
    {"external_id": "kæ/1 text", "value_type": "STRING", "name": "n" * 255},
]
NAMES = [column["external_id"] for column in COLUMNS]
# Of the same columns, before updates make them so.
COLUMNS_BEFORE: list[Row] = [
    {"external_id": "whole", "value_type": "LONG", "name": "before", "description": ""},
    {"external_id": "gone", "value_type": "STRING"},
    {"external_id": "double", "value_type": "DOUBLE"},
]
PLAIN: list[Row] = [{"external_id": "only", "value_type": "DOUBLE"}]


def of_the_plant() -> list[Row]:
    rows = []
    for number in range(30):
        row = {
            "external_id": f"plant/sequence-{number:02d}",
            "name": (None, "Pump curve", "pump CURVE ⛵", "Valve table")[number % 4],
            "description": (None, "Flow by pressure", "Pressure by speed")[number % 3],
            "metadata": (None, {"kind": "curve"}, {"kind": "table", "state": str(number % 2)})[number % 3],
            "asset_id": (None, "plant", f"plant/{number % 3}", f"plant/0/1/{number % 3}", f"plant/{number % 3}/0/1")[
                number % 5
            ],
            "data_set_id": ("sets/north", None, None, "sets/south")[number % 4],
            "columns": PLAIN,
        }
        rows.append(drop_unset(row))
    return rows


BY_CDFRAME: list[Row] = [
    *of_the_plant(),
    {"external_id": "cdframe/odd", "name": "Odd values", "columns": COLUMNS},
    {"external_id": "cdframe/empty", "columns": COLUMNS, "metadata": {}},
    {"external_id": "cdframe/frame", "columns": COLUMNS, "description": "Written from a frame"},
    {"external_id": "cdframe/columns", "columns": COLUMNS},
]
BY_SDK: list[Row] = [
    {"external_id": "sdk/odd", "name": "Odd values", "columns": COLUMNS, "asset_id": "plant/1/1"},
    {"external_id": "sdk/empty", "columns": list(reversed(COLUMNS)), "description": ""},
    {"external_id": "sdk/frame", "columns": COLUMNS, "name": "n" * 255, "data_set_id": "sets/locked"},
    {"external_id": "SDK/ø ⛵", "columns": PLAIN, "metadata": {"q": 'a"\\', "": "no key"}, "description": "e" * 1000},
    {"external_id": "sdk/typed", "columns": COLUMNS},
]
ROWS = [*BY_CDFRAME, *BY_SDK]

ODD: Rows = {
    0: [0, 0.0, ""],
    1: [None, None, None],
    2: [2**53 + 1, 1e100, "s" * 256],
    3: [-(2**63), -1e100, "⛵ Ærlig"],
    5: [2**63 - 1, 5.0, "5"],
    8: [None, 0.1, "null"],
    13: [7, None, "NaN"],
    21: [-7, 1e-300, None],
    2**40: [1, -0.5, '\n\t"\\'],
    2**53 + 1: [2, 2.0**53, "\u0000"],
}
IN_FRAME: Rows = {number: [number * 3, number / 8, f"row {number}"] for number in range(2, 40, 3)}
# What is written as another type than it is read as, column by column.
AS_TYPED: Rows = {1: [3.0, 3, "3"], 2: [-4.0, -4, "4"], 3: [5, 0.5, ""]}
TYPED: Rows = {1: [3, 3.0, "3"], 2: [-4, -4.0, "4"], 3: [5, 0.5, ""]}

ROWS_OF: dict[str, Rows] = {
    "cdframe/odd": ODD,
    "cdframe/empty": {},
    "cdframe/frame": IN_FRAME,
    "cdframe/columns": {1: [1, 0.5, None], 3: [3, 1.5, "three"]},
    "plant/sequence-00": {0: [0.5], 2**62: [1.0]},
    "sdk/odd": ODD,
    "sdk/empty": {},
    "sdk/frame": IN_FRAME,
    "sdk/typed": TYPED,
}

# start, end, columns and limit of the rows to read.
RANGES: dict[str, tuple[int, int | None, list[str] | None, int | None]] = {
    "all": (0, None, None, None),
    "to the end by -1": (2, -1, None, None),
    "from a row": (3, None, None, None),
    "up to a row": (0, 13, None, None),
    "between": (2, 14, None, None),
    "between rows": (6, 7, None, None),
    "nothing": (5, 5, None, None),
    "behind all": (2**62, None, None, None),
    "columns": (0, None, ["kæ/1 text", "long"], None),
    "a column": (0, None, ["double"], None),
    "a limit": (0, None, None, 4),
    "a limit, columns and a range": (1, 2**50, ["double", "long"], 3),
    "far rows": (2**40, 2**53 + 2, None, None),
}


def asked(
    rows: Rows, names: list[str], start: int, end: int | None, columns: list[str] | None, limit: int | None
) -> Any:
    """Numbers and values of the rows from start to before end."""
    places = [names.index(name) for name in columns or names]
    found = [
        [number, [values[place] for place in places]]
        for number, values in sorted(rows.items())
        if number >= start and (end in (None, -1) or number < end)  # type: ignore[operator]
    ]
    return found[:limit]


MANY_ROWS = 15_000
WIDE_ROWS, WIDE_COLUMNS = 1_500, 60


def many_rows() -> Rows:
    return {number * 2: [number, number / 4, f"row {number % 1_000}"] for number in range(MANY_ROWS)}


def wide_columns() -> list[Row]:
    return [
        {"external_id": f"column {k:03d}", "value_type": "STRING" if k == 0 else "LONG"} for k in range(WIDE_COLUMNS)
    ]


def wide_rows() -> Rows:
    return {number: [str(number), *range(number, number + WIDE_COLUMNS - 1)] for number in range(WIDE_ROWS)}


QUESTIONS: dict[str, Row] = {
    "a name": {"filters": {"name": "Pump curve"}},
    "a name of nobody": {"filters": {"name": "pump curve"}},
    "metadata": {"filters": {"metadata": {"kind": "curve"}}},
    "two pairs of metadata": {"filters": {"metadata": {"state": "1", "kind": "table"}}},
    "metadata with odd texts": {"filters": {"metadata": {"q": 'a"\\', "": "no key"}}},
    "assets": {"filters": {"asset_ids": ["plant", "plant/1", 17]}},
    "an asset of nobody": {"filters": {"asset_ids": [17]}},
    "trees": {"filters": {"root_asset_ids": ["plant", 17]}},
    "subtrees by id": {"filters": {"asset_subtree_ids": ["plant/0"]}},
    "subtrees by external id": {"filters": {"asset_subtree_external_ids": ["plant/1", "nobody"]}},
    "subtrees both ways": {
        "filters": {"asset_subtree_ids": ["plant/2", 17], "asset_subtree_external_ids": ["plant/1/1"]}
    },
    "data sets by id": {"filters": {"data_set_ids": ["sets/north", 17]}},
    "data sets both ways": {
        "filters": {"data_set_ids": ["sets/locked"], "data_set_external_ids": ["sets/south", "nobody"]}
    },
    "a prefix": {"filters": {"external_id_prefix": "plant/sequence-0"}},
    "a prefix in upper case": {"filters": {"external_id_prefix": "SDK"}},
    "created until": {"filters": {"created_time": {"max": "plant/sequence-00"}}, "limit": None},
    "created since": {"filters": {"created_time": {"min": "sdk/typed"}, "external_id_prefix": "sdk/"}},
    "updated between": {
        "filters": {"last_updated_time": {"min": "cdframe/odd", "max": "sdk/odd"}, "external_id_prefix": "cdframe/"}
    },
    "a limit": {"filters": {"last_updated_time": {"max": FOR_EVER}}, "limit": 8},
    "as many as is usual": {"filters": {}},
    "all": {"filters": {}, "limit": None},
    "subtree, name, metadata and data set": {
        "filters": {
            "asset_subtree_external_ids": ["plant"],
            "name": "pump CURVE ⛵",
            "metadata": {"kind": "table"},
            "created_time": {"min": 1},
        }
    },
}
SEARCHES: dict[str, Row] = {
    "a name": {"name": "valve"},
    "a name and a description": {"name": "CURVE", "description": "speed"},
    "a query": {"query": "pressure table"},
    "a description, with a filter": {"description": "flow", "filters": {"asset_subtree_external_ids": ["plant/0"]}},
    "the beginning of a word": {"name": "od"},
    "a limit": {"name": "pump", "limit": 3},
    "nothing but a filter": {"filters": {"data_set_external_ids": ["sets/south"]}},
    "nobody": {"query": "qqqqqqqqqqqq"},
}
