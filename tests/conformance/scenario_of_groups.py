"""Data sets and labels that cdframe and the SDKs write, and what all are asked about them.

Rows are in the words of `words.py`. Questions name filters of lists, and a limit or partitions where they have one.
"""

from typing import Any

Row = dict[str, Any]
FOR_EVER = 4_102_444_800_000  # 2100-01-01

DATA_SETS_BY_CDFRAME: list[Row] = [
    {"external_id": "sets/north", "name": "North", "description": "All of the north", "metadata": {"site": "north"}},
    {"external_id": "sets/south", "name": "South", "metadata": {"site": "south", "owner": "Åse"}},
    {"external_id": "sets/empty", "metadata": {}},
    {"external_id": "sets/locked", "name": "Locked", "metadata": {"site": "north", "owner": "Åse"}},
]
DATA_SETS_BY_CDFRAME[3]["write_protected"] = True
DATA_SETS_BY_SDK: list[Row] = [
    {"external_id": "Sets/North", "name": "North", "write_protected": False},
    {"external_id": "sets/ø ⛵", "name": "x" * 50, "description": "y" * 500, "metadata": {"empty": "", "q": 'a"b\\'}},
    {"external_id": "sets/copy", "write_protected": True, "metadata": {"site": "north", "owner": "Bo"}},
]
MANY_DATA_SETS: list[Row] = [
    {"external_id": f"many/{number:02d}", "metadata": {"third": str(number % 3)}} for number in range(25)
]
DATA_SETS = [*DATA_SETS_BY_CDFRAME, *DATA_SETS_BY_SDK, *MANY_DATA_SETS]

DATA_SET_QUESTIONS: dict[str, Row] = {
    "one pair of metadata": {"filters": {"metadata": {"site": "north"}}},
    "two pairs of metadata": {"filters": {"metadata": {"site": "north", "owner": "Åse"}}},
    "metadata that is empty": {"filters": {"metadata": {"empty": ""}}},
    "metadata of nobody": {"filters": {"metadata": {"site": "North"}}},
    "a prefix": {"filters": {"external_id_prefix": "sets/"}},
    "a prefix in upper case": {"filters": {"external_id_prefix": "Sets"}},
    "write protected": {"filters": {"write_protected": True}},
    "not write protected": {"filters": {"write_protected": False, "external_id_prefix": "sets/"}},
    "created since": {"filters": {"created_time": {"min": "sets/ø ⛵"}, "external_id_prefix": "many/"}, "limit": None},
    "created until": {"filters": {"created_time": {"max": "sets/copy"}, "external_id_prefix": "sets/"}},
    "created never": {"filters": {"created_time": {"max": 1}}},
    "updated between": {
        "filters": {"last_updated_time": {"min": "sets/north", "max": "sets/locked"}, "external_id_prefix": "sets/"}
    },
    "all of many": {"filters": {"external_id_prefix": "many/"}, "limit": None},
    "some of many": {"filters": {"external_id_prefix": "many/", "last_updated_time": {"max": FOR_EVER}}, "limit": 7},
    "a third of many": {"filters": {"external_id_prefix": "many/", "metadata": {"third": "1"}}, "limit": -1},
}

LABELS_BY_CDFRAME: list[Row] = [
    {"external_id": "PUMP", "name": "Pump", "description": "Moves liquids"},
    {"external_id": "VALVE", "name": "Valve", "data_set_id": "sets/north"},
    {"external_id": "state/verified", "name": "Verified", "data_set_id": "sets/south"},
    {"external_id": "state/draft", "name": "Draft", "data_set_id": "sets/south"},
]
LABELS_BY_SDK: list[Row] = [
    {"external_id": "pump", "name": "Pump"},
    {"external_id": "rotating ⛵", "name": "Løper rundt", "description": "", "data_set_id": "sets/ø ⛵"},
    *({"external_id": f"many/{number:02d}", "name": f"Label {number % 5}"} for number in range(32)),
]
LABELS = [*LABELS_BY_CDFRAME, *LABELS_BY_SDK]

LABEL_QUESTIONS: dict[str, Row] = {
    "a name": {"filters": {"name": "Pump"}},
    "a name and a prefix": {"filters": {"name": "Label 3", "external_id_prefix": "many/1"}},
    "a name of nobody": {"filters": {"name": "pump"}},
    "a prefix": {"filters": {"external_id_prefix": "state/"}},
    "a prefix in upper case": {"filters": {"external_id_prefix": "PU"}},
    "a data set by id": {"filters": {"data_set_ids": ["sets/south"]}},
    "a data set by external id": {"filters": {"data_set_external_ids": ["sets/ø ⛵"]}},
    "data sets both ways": {"filters": {"data_set_ids": ["sets/south", 17], "data_set_external_ids": ["sets/north"]}},
    "data sets that do not exist": {"filters": {"data_set_ids": [17], "data_set_external_ids": ["nobody"]}},
    "all of many": {"filters": {"external_id_prefix": "many/"}, "limit": None},
    "as many as is usual": {"filters": {"external_id_prefix": "many/"}},
    "some of many": {"filters": {"external_id_prefix": "many/"}, "limit": 30},
}
