"""What the official SDKs and the raw HTTP API are both asked: series, their points, questions.

Scripts in foreign environments import this file too, so it needs nothing but the standard library.
"""

import json
import math
import sys
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
BEGIN = 1_600_000_000_000 // DAY * DAY

AGGREGATES = [
    "average",
    "max",
    "min",
    "count",
    "sum",
    "interpolation",
    "stepInterpolation",
    "continuousVariance",
    "discreteVariance",
    "totalVariation",
]

SERIES: list[dict[str, Any]] = [
    {
        "externalId": "tank/temperature",
        "name": "Tank temperature",
        "unit": "degC",
        "description": "Top of tank 7, °C",
        "metadata": {"site": "north", "tank": "7"},
    },
    {"externalId": "tank/valve", "name": "Tank valve", "isStep": True, "metadata": {"site": "north"}},
    {"externalId": "tank/state", "name": "Tank state", "isString": True, "metadata": {"site": "south"}},
    {"externalId": "pump/speed", "name": "Pump speed", "unit": "rpm"},
    {"externalId": "pump/empty", "name": "Pump without points", "unit": "bar"},
]
MANY = [{"externalId": f"many/{number:03d}", "isStep": number % 3 == 0} for number in range(150)]

SPEED_POINTS = 230_000  # more than two pages of raw points
STATES = ["", "on", "off", "blåbær ⛵", "x" * 255]


def temperature_points() -> list[tuple[int, float]]:
    """Irregular, with gaps of up to four hours, and a point on each full day."""
    points = {}
    time = BEGIN
    for number in range(600):
        points[time] = round(20 + 7 * math.sin(number / 9), 4)
        time += (4 * HOUR if number % 50 == 49 else 7 * MINUTE) + (number * 7919) % 1000
    for day in range(4):
        points[BEGIN + day * DAY] = float(-day)
    return sorted(points.items())


def valve_points() -> list[tuple[int, float]]:
    return [(BEGIN + number * 47 * MINUTE, float(number % 2)) for number in range(100)]


def state_points() -> list[tuple[int, str]]:
    return [(BEGIN + number * HOUR, STATES[number % len(STATES)]) for number in range(72)]


def speed_points() -> list[tuple[int, float]]:
    return [(BEGIN + number * SECOND, (number * 7919) % 100_000 / 8) for number in range(SPEED_POINTS)]


def many_points(number: int) -> list[tuple[int, float]]:
    return [(BEGIN + k * MINUTE + number, k * number / 4) for k in range(20 + number)]


POINTS: dict[str, Callable[[], list[tuple[int, Any]]]] = {
    "tank/temperature": temperature_points,
    "tank/valve": valve_points,
    "tank/state": state_points,
    "pump/speed": speed_points,
}

# Questions in the words of the HTTP API. Bounds of aggregates lie on full units: the 2.x client rounds them.
QUESTIONS: dict[str, dict[str, Any]] = {
    "all raw points": {"series": ["tank/temperature"], "start": BEGIN, "end": BEGIN + 30 * DAY},
    "a raw window": {"series": ["tank/temperature"], "start": BEGIN + DAY, "end": BEGIN + DAY + 5 * HOUR + 1},
    "a raw window with a limit": {
        "series": ["tank/temperature"],
        "start": BEGIN + 5,
        "end": BEGIN + DAY,
        "limit": 17,
    },
    "more raw points than a page": {"series": ["pump/speed"], "start": BEGIN, "end": BEGIN + 30 * DAY},
    "a limit beyond a page": {
        "series": ["pump/speed"],
        "start": BEGIN,
        "end": BEGIN + 30 * DAY,
        "limit": 150_001,
    },
    "points outside": {
        "series": ["tank/temperature", "tank/valve", "tank/state"],
        "start": BEGIN + DAY - 3,
        "end": BEGIN + DAY + 20 * MINUTE,
        "includeOutsidePoints": True,
    },
    "nothing outside": {
        "series": ["tank/valve", "pump/empty"],
        "start": BEGIN - DAY,
        "end": BEGIN + 365 * DAY,
        "includeOutsidePoints": True,
    },
    "strings": {"series": ["tank/state"], "start": BEGIN, "end": BEGIN + 30 * DAY},
    "no points": {"series": ["pump/empty"], "start": BEGIN, "end": BEGIN + 30 * DAY},
    "numbers and strings": {
        "series": ["tank/valve", "tank/state", "pump/empty", "tank/temperature"],
        "start": BEGIN,
        "end": BEGIN + 2 * DAY,
    },
    "hourly aggregates": {
        "series": ["tank/temperature"],
        "start": BEGIN - DAY,
        "end": BEGIN + 6 * DAY,
        "aggregates": AGGREGATES,
        "granularity": "1h",
    },
    "aggregates of a step series": {
        "series": ["tank/valve"],
        "start": BEGIN,
        "end": BEGIN + 5 * DAY,
        "aggregates": AGGREGATES,
        "granularity": "30m",
    },
    "daily aggregates of both": {
        "series": ["tank/temperature", "tank/valve", "pump/empty"],
        "start": BEGIN,
        "end": BEGIN + 20 * DAY,
        "aggregates": ["average", "count", "stepInterpolation"],
        "granularity": "1d",
    },
    "more aggregates than a page": {
        "series": ["pump/speed"],
        "start": BEGIN,
        "end": BEGIN + 3 * DAY,
        "aggregates": ["average", "max", "count"],
        "granularity": "10s",
    },
    "aggregates with a limit": {
        "series": ["pump/speed"],
        "start": BEGIN,
        "end": BEGIN + 3 * DAY,
        "aggregates": ["totalVariation", "continuousVariance"],
        "granularity": "2m",
        "limit": 33,
    },
    "a window beyond the points": {
        "series": ["tank/temperature"],
        "start": BEGIN + 100 * DAY,
        "end": BEGIN + 101 * DAY,
        "aggregates": ["count", "stepInterpolation"],
        "granularity": "6h",
    },
    "many series": {
        "series": [series["externalId"] for series in MANY],
        "start": BEGIN,
        "end": BEGIN + DAY,
    },
    "aggregates of many series": {
        "series": [series["externalId"] for series in MANY],
        "start": BEGIN,
        "end": BEGIN + DAY,
        "aggregates": ["sum", "interpolation"],
        "granularity": "15m",
    },
}

SYNTHETIC: dict[str, dict[str, Any]] = {
    "sum": {"expression": "ts{externalId:'tank/temperature'} + TS{externalId='tank/valve'}"},
    "aggregates": {
        "expression": "2 * ts{externalId:'pump/speed', aggregate:'average', granularity:'10m'} / 3 - pi()",
    },
    "functions": {"expression": "round(max(sin(ts{externalId:'tank/valve'}), 0.5), 3)"},
    "errors": {"expression": "1 / ts{externalId:'tank/valve'}"},
    "strings": {"expression": "map(ts{externalId:'tank/state'}, ['on', 'off'], [1, 0], -1)"},
    "a limit": {"expression": "ts{externalId:'pump/speed'}", "limit": 12},
    "more than a page": {"expression": "ts{externalId:'pump/speed'} * 2", "limit": 12_345},
}
SYNTHETIC_START, SYNTHETIC_END = BEGIN, BEGIN + 2 * DAY


class Report:
    """What a script saw, one entry a section; a section that raises is noted and the next one goes on."""

    def __init__(self) -> None:
        self.sections: dict[str, Any] = {}

    def section(self, name: str) -> Callable[[Callable[[], Any]], None]:
        def run(ask: Callable[[], Any]) -> None:
            try:
                self.sections[name] = {"seen": ask()}
            except Exception:
                self.sections[name] = {"raised": traceback.format_exc()}

        return run

    def write(self, path: str) -> None:
        Path(path).write_text(json.dumps(self.sections, default=str))


def error_seen(call: Callable[[], Any]) -> dict[str, Any]:
    """The class and the parts of the exception that a call raises."""
    try:
        answer = call()
    except Exception as error:
        return {
            "class": type(error).__name__,
            "code": getattr(error, "code", None),
            "message": getattr(error, "message", None) or str(error),
            "missing": getattr(error, "missing", None) or getattr(error, "not_found", None),
            "duplicated": getattr(error, "duplicated", None),
        }
    return {"class": None, "answer": repr(answer)}


def rows_of_columns(names: Iterable[str], columns: Iterable[Iterable[Any]]) -> list[dict[str, Any]]:
    """Rows without the values that are missing (None or NaN)."""
    names = list(names)
    return [
        {name: value for name, value in zip(names, row, strict=True) if not is_missing(value)}
        for row in zip(*columns, strict=True)
    ]


def is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def arguments() -> dict[str, str]:
    """The script's arguments: pairs of a name and a value."""
    return dict(zip(sys.argv[1::2], sys.argv[2::2], strict=True))
