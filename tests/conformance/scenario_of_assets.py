"""Assets, and time series that belong to them, which cdframe and the SDKs write, and what all are asked about them."""

from typing import Any

from tests.conformance.scenario_of_groups import FOR_EVER

Row = dict[str, Any]

POINT = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [10.75, 59.91]}}
SOURCES = (None, "SAP", "PI", "sap")
SETS = (None, "sets/north", "sets/south")


def drop_unset(row: Row) -> Row:
    return {name: value for name, value in row.items() if value is not None}


def plant() -> list[Row]:
    """A tree of four levels and 28 assets, children before parents here and there."""
    rows: list[Row] = [{"external_id": "plant", "name": "Plant", "description": "Where it all is", "source": "SAP"}]
    for area in range(3):
        where = f"plant/{area}"
        rows.append({"external_id": where, "name": f"Area {area}", "parent_external_id": "plant"})
        for line in range(2):
            rows.append({"external_id": f"{where}/{line}", "name": "Line", "parent_external_id": where})
            for pump in range(3):
                number = area * 6 + line * 3 + pump
                row = {
                    "external_id": f"{where}/{line}/{pump}",
                    "name": f"Pump {pump}",
                    "parent_external_id": f"{where}/{line}",
                    "description": f"Centrifugal pump number {number}" if number % 2 else None,
                    "source": SOURCES[number % 4],
                    "metadata": {"site": "north" if area else "south", "number": str(number)},
                    "labels": (["PUMP"], ["PUMP", "state/verified"], ["state/draft", "PUMP"], None)[number % 4],
                    "data_set_id": SETS[number % 3],
                    "geo_location": POINT if number == 5 else None,
                }
                rows.append(drop_unset(row))
    return [*rows[20:], *rows[:20]]


def mill() -> list[Row]:
    """A wide tree, with equal names, odd texts and labels of both makers."""
    rows: list[Row] = [
        {"external_id": "mill", "name": "Mill", "metadata": {"site": "mill"}, "labels": ["pump", "VALVE"]},
        {"external_id": "mill/ø ⛵", "name": "Ørn ⛵", "parent_external_id": "mill", "description": "", "source": ""},
    ]
    for number in range(14):
        row = {
            "external_id": f"mill/saw-{number}",
            "name": "Saw" if number % 2 else "SAW",
            "parent_external_id": "mill" if number % 3 else "mill/ø ⛵",
            "description": ("blade", "blade of steel", None)[number % 3],
            "source": SOURCES[(number + 1) % 4],
            "metadata": {"site": "mill", "blade": ("", "long", 'q"\\')[number % 3]},
            "labels": (None, ["pump"], ["rotating ⛵", "VALVE", "pump"])[number % 3],
            "data_set_id": ("sets/ø ⛵", None, "sets/north", "sets/copy")[number % 4],
        }
        rows.append(drop_unset(row))
    return rows


BY_CDFRAME = plant()
LONELY: list[Row] = [
    {"external_id": "Plant", "name": "plant", "source": "PI", "data_set_id": "sets/south"},
    {"external_id": "x" * 255, "name": "y" * 140, "description": "z" * 500, "source": "s" * 128},
]
BY_SDK = [*mill(), *LONELY]
ROWS = [*BY_CDFRAME, *BY_SDK]

SERIES: list[Row] = [
    {"external_id": "plant/0/0/0/speed", "asset_id": "plant/0/0/0", "data_set_id": "sets/north"},
    {"external_id": "plant/0/0/0/power", "asset_id": "plant/0/0/0"},
    {"external_id": "plant/0/speed", "asset_id": "plant/0", "data_set_id": "sets/south"},
    {"external_id": "mill/speed", "asset_id": "mill"},
    {"external_id": "nowhere/speed"},
]

QUESTIONS: dict[str, Row] = {
    "a name": {"filters": {"name": "Saw"}},
    "a name of nobody": {"filters": {"name": "saw"}},
    "a source": {"filters": {"source": "SAP"}},
    "a source that is empty": {"filters": {"source": ""}},
    "parents by id": {"filters": {"parent_ids": ["plant", "plant/0/1"]}},
    "parents by external id": {"filters": {"parent_external_ids": ["plant/1", "mill/ø ⛵"]}},
    "parents both ways": {"filters": {"parent_ids": ["plant"], "parent_external_ids": ["mill/ø ⛵", "nobody"]}},
    "parents that do not exist": {"filters": {"parent_ids": [17], "parent_external_ids": ["nobody"]}},
    "trees by id": {"filters": {"root_ids": ["plant", 17]}, "limit": None},
    "trees by external id": {"filters": {"root_external_ids": ["mill", "nobody", "Plant"]}, "limit": None},
    "trees of what is no root": {"filters": {"root_external_ids": ["plant/0"]}},
    "subtrees by id": {"filters": {"asset_subtree_ids": ["plant/0", "plant/1/1"]}, "limit": None},
    "subtrees by external id": {"filters": {"asset_subtree_external_ids": ["plant/2"]}},
    "a subtree in a subtree": {"filters": {"asset_subtree_external_ids": ["plant/2", "plant/2/0", "plant/2/0/1"]}},
    "one subtree, not in a list": {"filters": {"asset_subtree_ids": "plant/1"}},
    "subtrees both ways": {
        "filters": {"asset_subtree_ids": ["plant/1/0", 17], "asset_subtree_external_ids": ["mill/ø ⛵", "nobody"]}
    },
    "a data set by id": {"filters": {"data_set_ids": ["sets/north"]}},
    "data sets by external id": {"filters": {"data_set_external_ids": ["sets/south", "sets/copy", "nobody"]}},
    "data sets both ways": {"filters": {"data_set_ids": ["sets/ø ⛵"], "data_set_external_ids": ["sets/north"]}},
    "any of some labels": {"filters": {"labels": {"contains_any": ["state/verified", "VALVE", "nobody"]}}},
    "all of some labels": {"filters": {"labels": {"contains_all": ["PUMP", "state/draft"]}}},
    "any and all labels": {
        "filters": {"labels": {"contains_any": ["pump", "PUMP"], "contains_all": ["VALVE", "rotating ⛵"]}}
    },
    "a label that nothing carries": {"filters": {"labels": {"contains_any": ["many/00"]}}},
    "metadata": {"filters": {"metadata": {"site": "north"}}, "limit": None},
    "two pairs of metadata": {"filters": {"metadata": {"site": "mill", "blade": 'q"\\'}}},
    "metadata that is empty": {"filters": {"metadata": {"blade": ""}}},
    "roots": {"filters": {"root": True}},
    "all but roots": {"filters": {"root": False}, "limit": None},
    "a prefix": {"filters": {"external_id_prefix": "plant/1"}},
    "a prefix in upper case": {"filters": {"external_id_prefix": "Pl"}},
    "created until": {"filters": {"created_time": {"max": "plant/0"}}, "limit": None},
    "created between": {"filters": {"created_time": {"min": "mill/saw-0", "max": "x" * 255}}, "limit": None},
    "created never": {"filters": {"created_time": {"max": 1}}},
    "updated until": {"filters": {"last_updated_time": {"min": 0, "max": "plant"}}, "limit": None},
    "updated since": {"filters": {"last_updated_time": {"min": "Plant", "max": FOR_EVER}}, "limit": None},
    "a limit": {"filters": {"asset_subtree_external_ids": ["plant"]}, "limit": 9},
    "as many as is usual": {"filters": {"root": False}},
    "in partitions": {"filters": {}, "limit": None, "partitions": 4},
    "a subtree in partitions": {
        "filters": {"asset_subtree_external_ids": ["plant"], "source": "PI"},
        "limit": None,
        "partitions": 10,
    },
    "all": {"filters": {}, "limit": -1},
    "name, source and subtree": {
        "filters": {"name": "Pump 1", "source": "SAP", "asset_subtree_external_ids": ["plant/0", "plant/2"]}
    },
    "labels, metadata and data set": {
        "filters": {
            "labels": {"contains_all": ["PUMP"]},
            "metadata": {"site": "north"},
            "data_set_external_ids": ["sets/south"],
            "root": False,
        }
    },
    "parent, prefix and times": {
        "filters": {
            "parent_external_ids": ["plant/1/0", "plant/2/1"],
            "external_id_prefix": "plant/2",
            "created_time": {"min": 1, "max": FOR_EVER},
            "last_updated_time": {"min": 1},
        }
    },
    "what excludes itself": {"filters": {"root": True, "parent_external_ids": ["plant"]}},
}

# What is searched for, and what is found first where that is clear.
SEARCHES: dict[str, Row] = {
    "a name": {"name": "Saw"},
    "a name, with a filter": {"name": "pump", "filters": {"asset_subtree_external_ids": ["plant/0/0"]}},
    "the beginning of a name": {"name": "plan"},
    "a part of a name, mistyped": {"name": "pummp"},
    "a description": {"description": "steel"},
    "a limit": {"query": "centrifugal", "filters": {"source": "SAP"}, "limit": 3},
    "a word of a name, all in capitals": {"query": "MILL", "first": "mill"},
    "letters beyond ASCII": {"query": "ørn", "first": "mill/ø ⛵"},
    "name and description": {"name": "Pump", "description": "number 7"},
    "name, but not the description": {"name": "Area", "description": "pump"},
    "nothing but a filter": {"filters": {"parent_external_ids": ["plant"]}},
    "nobody": {"query": "qqqqqqqqqqqq"},
    "a filter in many words": {
        "query": "pump",
        "filters": {
            "labels": {"contains_all": ["PUMP", "state/verified"]},
            "metadata": {"site": "north"},
            "data_set_ids": ["sets/north"],
        },
    },
}
