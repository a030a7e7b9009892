"""Events that cdframe and the SDKs write, and what all are asked about them."""

from typing import Any

from tests.conformance.scenario import BEGIN, DAY, HOUR
from tests.conformance.scenario_of_assets import drop_unset
from tests.conformance.scenario_of_groups import FOR_EVER

Row = dict[str, Any]

TYPES = ("alarm", "repair", "Alarm", None, "inspection")
SUBTYPES = ("high", None, "low")


def of_the_plant() -> list[Row]:
    rows = []
    for number in range(30):
        start = None if number % 7 == 6 else BEGIN + number // 2 * HOUR
        row = {
            "external_id": f"plant/event-{number:02d}",
            "start_time": start,
            "end_time": None if number % 5 == 4 else BEGIN + (number // 2 + number % 4 * 3) * HOUR,
            "type": TYPES[number % 5],
            "subtype": SUBTYPES[number % 3],
            "description": (None, "Pump vibrates", "Pump is repaired ⛵")[number % 3],
            "source": ("SAP", None)[number % 2],
            "metadata": (None, {"shift": "day"}, {"shift": "night", "crew": str(number % 2)})[number % 3],
            "asset_ids": (
                None,
                [f"plant/{number % 3}/0/1"],
                ["plant", f"plant/{number % 3}"],
                [f"plant/0/1/{number % 3}", f"plant/1/1/{number % 3}"],
            )[number % 4],
            "data_set_id": ("sets/north", None, None, "sets/south")[number % 4],
        }
        rows.append(drop_unset(row))
    return rows


BY_CDFRAME = of_the_plant()
BY_SDK: list[Row] = [
    {"external_id": "mill/stop", "start_time": BEGIN - DAY, "type": "stop", "asset_ids": ["mill", "plant/0/0/0"]},
    {"external_id": "mill/moment", "start_time": BEGIN, "end_time": BEGIN, "type": "ALARM", "asset_ids": ["mill"]},
    {"external_id": "mill/first", "start_time": 0, "end_time": 0, "source": "", "subtype": "s" * 64},
    {"external_id": "mill/ended", "end_time": BEGIN + DAY, "description": "", "asset_ids": ["mill/ø ⛵"]},
    {"external_id": "Mill/ø ⛵", "type": "t" * 64, "metadata": {"q": 'a"\\', "": "no key"}, "data_set_id": "sets/ø ⛵"},
    {"external_id": "mill/long", "start_time": BEGIN + 5, "metadata": {"long": "l" * 20_000}, "source": "s" * 128},
    {"external_id": "nothing"},
]
ROWS = [*BY_CDFRAME, *BY_SDK]

QUESTIONS: dict[str, Row] = {
    "a type": {"filters": {"type": "alarm"}},
    "a type of nobody": {"filters": {"type": "Repair"}},
    "a subtype": {"filters": {"subtype": "low"}, "limit": None},
    "a source": {"filters": {"source": "SAP"}, "limit": None},
    "started between": {"filters": {"start_time": {"min": BEGIN, "max": BEGIN + 3 * HOUR}}},
    "started since": {"filters": {"start_time": {"min": BEGIN + 9 * HOUR}}},
    "started until": {"filters": {"start_time": {"max": 0}}},
    "ended between": {"filters": {"end_time": {"min": BEGIN + HOUR, "max": BEGIN + 9 * HOUR}}, "limit": None},
    "ended until": {"filters": {"end_time": {"max": BEGIN}}},
    "without end": {"filters": {"end_time": {"is_null": True}}},
    "with an end": {"filters": {"end_time": {"is_null": False}}, "limit": None},
    "active between": {"filters": {"active_at_time": {"min": BEGIN + 2 * HOUR, "max": BEGIN + 4 * HOUR}}},
    "active in a moment": {"filters": {"active_at_time": {"min": BEGIN, "max": BEGIN}}},
    "active since": {"filters": {"active_at_time": {"min": BEGIN + 12 * HOUR}}, "limit": None},
    "active until": {"filters": {"active_at_time": {"max": BEGIN - 1}}},
    "assets by id": {"filters": {"asset_ids": ["plant", "mill", 17]}},
    "assets by external id": {"filters": {"asset_external_ids": ["plant/0/0/1", "nobody"]}},
    "assets both ways": {"filters": {"asset_ids": ["plant/0/1/0"], "asset_external_ids": ["mill/ø ⛵"]}},
    "trees by id": {"filters": {"root_asset_ids": ["plant"]}, "limit": None},
    "trees both ways": {"filters": {"root_asset_ids": [17], "root_asset_external_ids": ["mill", "nobody"]}},
    "subtrees by id": {"filters": {"asset_subtree_ids": ["plant/0"]}},
    "subtrees by external id": {"filters": {"asset_subtree_external_ids": ["plant/1/1", "mill/ø ⛵"]}},
    "subtrees both ways": {
        "filters": {"asset_subtree_ids": ["plant/2", 17], "asset_subtree_external_ids": ["mill", "nobody"]}
    },
    "data sets by id": {"filters": {"data_set_ids": ["sets/north", 17]}},
    "data sets both ways": {
        "filters": {"data_set_ids": ["sets/ø ⛵"], "data_set_external_ids": ["sets/south", "nobody"]}
    },
    "metadata": {"filters": {"metadata": {"shift": "day"}}},
    "two pairs of metadata": {"filters": {"metadata": {"crew": "1", "shift": "night"}}},
    "metadata with odd texts": {"filters": {"metadata": {"q": 'a"\\', "": "no key"}}},
    "a prefix": {"filters": {"external_id_prefix": "plant/event-0"}},
    "a prefix in upper case": {"filters": {"external_id_prefix": "Mill"}},
    "created until": {"filters": {"created_time": {"max": "plant/event-00"}}, "limit": None},
    "created since": {"filters": {"created_time": {"min": "nothing"}, "external_id_prefix": "mill/"}},
    "updated until": {"filters": {"last_updated_time": {"min": 1, "max": "plant/event-01"}}, "limit": None},
    "a limit": {"filters": {"last_updated_time": {"max": FOR_EVER}}, "limit": 8},
    "as many as is usual": {"filters": {}},
    "in partitions": {"filters": {}, "limit": None, "partitions": 5},
    "some in partitions": {"filters": {"asset_subtree_external_ids": ["plant"]}, "limit": -1, "partitions": 3},
    "all": {"filters": {}, "limit": None},
    "type, subtype and start": {
        "filters": {"type": "alarm", "subtype": "high", "start_time": {"min": BEGIN + HOUR, "max": BEGIN + DAY}}
    },
    "assets, source, metadata and activity": {
        "filters": {
            "asset_subtree_external_ids": ["plant"],
            "source": "SAP",
            "metadata": {"shift": "night"},
            "active_at_time": {"min": BEGIN + HOUR},
        }
    },
    "data set, prefix and no end": {
        "filters": {
            "data_set_external_ids": ["sets/north", "sets/south"],
            "external_id_prefix": "plant/",
            "end_time": {"is_null": True},
        }
    },
}

# Orders, as pairs of a field and a direction.
SORTS: dict[str, list[tuple[str, str]]] = {
    "start": [("start_time", "asc")],
    "start, the latest first": [("start_time", "desc")],
    "end": [("end_time", "asc")],
    "end, the latest first": [("end_time", "desc")],
    "creation": [("created_time", "asc")],
    "last update, the latest first": [("last_updated_time", "desc")],
}
# Those of today's API.
NEW_SORTS: dict[str, list[tuple[str, str]]] = {
    "type and start": [("type", "asc"), ("start_time", "desc")],
    "source, the last first, and external id": [("source", "desc"), ("external_id", "asc")],
    "a key of metadata": [("metadata.shift", "asc"), ("external_id", "desc")],
    "data set and description": [("data_set_id", "desc"), ("description", "asc")],
    "subtype": [("subtype", "desc")],
}

SEARCHES: dict[str, Row] = {
    "a description": {"description": "vibrates"},
    "a description, with a filter": {"description": "pump", "filters": {"type": "alarm", "end_time": {"min": BEGIN}}},
    "the beginning of a word": {"description": "repair", "filters": {"asset_subtree_external_ids": ["plant/0"]}},
    "a limit": {"description": "PUMP", "limit": 3},
    "nothing but a filter": {"filters": {"asset_ids": ["mill"]}},
    "nobody": {"description": "qqqqqqqqqqqq"},
}

# What values are counted of, with a filter.
COUNTED: dict[str, tuple[str, Row]] = {
    "types": ("type", {}),
    "types in a subtree": ("type", {"asset_subtree_external_ids": ["plant/0"]}),
    "subtypes": ("subtype", {"start_time": {"min": BEGIN}}),
    "data sets": ("data_set_id", {}),
    "types of nothing": ("type", {"source": "nobody"}),
}
# Those of today's API.
NEWLY_COUNTED: dict[str, tuple[str, Row]] = {
    "sources": ("source", {"external_id_prefix": "plant/"}),
    "descriptions": ("description", {}),
    "a key of metadata": ("metadata.shift", {}),
}
