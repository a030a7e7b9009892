"""Relationships that cdframe and the SDKs write, and what all are asked about them."""

from typing import Any

from tests.conformance.scenario import BEGIN, DAY, HOUR
from tests.conformance.scenario_of_assets import drop_unset
from tests.conformance.scenario_of_groups import FOR_EVER

Row = dict[str, Any]

# Ends that exist and ends that do not, with the name of their type as it is given, and as it is shown.
ENDS = (
    ("plant/0/0/0", "asset", "asset"),
    ("plant/event-01", "Event", "event"),
    ("plant/0/speed", "timeSeries", "timeSeries"),
    ("nobody", "SEQUENCE", "sequence"),
    ("plant", "ASSET", "asset"),
    ("nothing/here", "file", "file"),
    ("mill/stop", "event", "event"),
    ("nowhere/speed", "timeseries", "timeSeries"),
    ("gone", "asset", "asset"),
)


def link(number: int, prefix: str, labels: tuple[list[str] | None, ...]) -> Row:
    source, target = ENDS[number % len(ENDS)], ENDS[(number * 5 + 2) % len(ENDS)]
    row = {
        "external_id": f"{prefix}{number:02d}",
        "source_external_id": source[0],
        "source_type": source[1],
        "target_external_id": target[0],
        "target_type": target[1],
        "start_time": (None, BEGIN, BEGIN + number * HOUR)[number % 3],
        "end_time": (None, BEGIN + DAY, None, BEGIN + (number + 2) * HOUR)[number % 4],
        "confidence": (None, 0.0, 1.0, 0.5, 0.875)[number % 5],
        "data_set_id": (None, "sets/north", None, "sets/south")[number % 4],
        "labels": labels[number % len(labels)],
    }
    return drop_unset(row)


BY_CDFRAME = [link(number, "plant/link-", (None, ["PUMP"], ["VALVE", "PUMP"])) for number in range(20)]
BY_SDK = [
    *(link(number, "Mill/link-", (["pump"], None, ["rotating ⛵", "VALVE"])) for number in range(10)),
    {
        "external_id": "mill/ø ⛵",
        "source_external_id": "ø ⛵",
        "source_type": "Asset",
        "target_external_id": "x" * 255,
        "target_type": "asset",
        "start_time": 0,
        "end_time": 1,
    },
]
MANY = [
    {
        "external_id": f"many/{number:03d}",
        "source_external_id": f"source/{number % 60}",
        "source_type": "asset",
        "target_external_id": f"target/{number % 7}",
        "target_type": "event",
    }
    for number in range(120)
]
ROWS = [*BY_CDFRAME, *BY_SDK, *MANY]

# More sources and targets than one request takes; the few that exist are at both ends.
SOURCES = ["source/3", "source/7", *(f"absent/{number}" for number in range(1_400)), "source/59", "plant"]
TARGETS = ["target/3", *(f"absent/{number}" for number in range(1_100)), "target/6"]

QUESTIONS: dict[str, Row] = {
    "sources": {"filters": {"source_external_ids": ["plant/0/0/0", "plant", "nobody"]}},
    "a source of nobody": {"filters": {"source_external_ids": ["Plant"]}},
    "targets": {"filters": {"target_external_ids": ["nothing/here", "plant/event-01"]}},
    "types of sources": {"filters": {"source_types": ["asset", "timeSeries"]}},
    "types in other cases": {"filters": {"source_types": ["EVENT"], "target_types": ["timeseries", "Sequence"]}},
    "types of targets": {"filters": {"target_types": ["file"]}},
    "sources and their types": {"filters": {"source_external_ids": ["plant", "mill/stop"], "source_types": ["event"]}},
    "data sets by id": {"filters": {"data_set_ids": ["sets/north", 17]}},
    "data sets both ways": {"filters": {"data_set_ids": ["sets/north"], "data_set_external_ids": ["sets/south"]}},
    "started between": {"filters": {"start_time": {"min": BEGIN, "max": BEGIN + 5 * HOUR}}},
    "started until": {"filters": {"start_time": {"max": 0}}},
    "ended since": {"filters": {"end_time": {"min": BEGIN + DAY}}},
    "active between": {"filters": {"active_at_time": {"min": BEGIN + DAY, "max": BEGIN + 2 * DAY}}},
    "active since": {"filters": {"active_at_time": {"min": BEGIN + 5 * HOUR}}, "limit": None},
    "active until": {"filters": {"active_at_time": {"max": BEGIN}}, "limit": None},
    "active in a moment": {"filters": {"active_at_time": {"min": 1, "max": 1}}},
    "confidence between": {"filters": {"confidence": {"min": 0.5, "max": 0.875}}},
    "confidence since": {"filters": {"confidence": {"min": 0.51}}},
    "confidence until": {"filters": {"confidence": {"max": 0}}},
    "created until": {"filters": {"created_time": {"max": "plant/link-00"}}, "limit": None},
    "created since": {"filters": {"created_time": {"min": "many/000"}}, "limit": None},
    "updated between": {"filters": {"last_updated_time": {"min": "plant/link-00", "max": FOR_EVER}}, "limit": 40},
    "any of some labels": {"filters": {"labels": {"contains_any": ["VALVE", "pump", "nobody"]}}},
    "all of some labels": {"filters": {"labels": {"contains_all": ["PUMP", "VALVE"]}}},
    "in partitions": {"filters": {}, "limit": None, "partitions": 4},
    "some in partitions": {"filters": {"source_types": ["asset"]}, "limit": None, "partitions": 7},
    "all": {"filters": {}, "limit": None},
    "as many as 100": {"filters": {}, "limit": 100},
    "more sources than a request takes": {"filters": {"source_external_ids": SOURCES}, "limit": None},
    "more targets than a request takes": {"filters": {"target_external_ids": TARGETS}, "limit": -1},
    "more of both": {
        "filters": {"source_external_ids": SOURCES, "target_external_ids": TARGETS, "source_types": ["asset"]},
        "limit": None,
    },
    "types, labels, confidence and activity": {
        "filters": {
            "source_types": ["asset", "event"],
            "labels": {"contains_any": ["PUMP"]},
            "confidence": {"min": 0.25},
            "active_at_time": {"min": BEGIN + HOUR},
        }
    },
    "target, data set and times": {
        "filters": {
            "target_types": ["asset", "file", "event"],
            "data_set_external_ids": ["sets/south", "sets/north"],
            "start_time": {"min": BEGIN},
            "end_time": {"min": BEGIN + 4 * HOUR, "max": FOR_EVER},
            "created_time": {"min": 1},
        }
    },
}
