"""Times in requests: milliseconds, `now`, `2d-ago`, `1h-ahead`."""

from __future__ import annotations

import re
from typing import Any

from cdframe.local.datapoints.points import EARLIEST, END_OF_TIME
from cdframe.local.errors import bad_request
from cdframe.local.validation import shown

UNITS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 7 * 86_400_000}
RELATIVE = re.compile(r"(\d{1,15})([smhdw])-(ago|ahead)", re.ASCII)
ABSOLUTE = re.compile(r"-?\d{1,18}", re.ASCII)


def parse_time(value: Any, now: int, where: str) -> int:
    """The time as milliseconds since 1970; `now` is the same for all times of a request."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str):
        if value == "now":
            return now
        if ABSOLUTE.fullmatch(value):
            return int(value)
        if found := RELATIVE.fullmatch(value):
            span = int(found[1]) * UNITS[found[2]]
            return now - span if found[3] == "ago" else now + span
    raise bad_request(
        f"{where} must be milliseconds since 1970, now, or such as 2d-ago or 1h-ahead (s, m, h, d, w), "
        f"but was {shown(value)}"
    )


def clamp(time: int) -> int:
    """The time within the span that points can have."""
    return min(max(time, EARLIEST), END_OF_TIME)
