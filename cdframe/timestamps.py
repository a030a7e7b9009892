"""Times and granularities as users write them, in milliseconds since 1970-01-01 UTC."""

from __future__ import annotations

import math
import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

MIN_MS = -2_208_988_800_000
"""1900-01-01: the first moment a data point can have."""
MAX_MS = 4_102_444_799_999
"""2099-12-31T23:59:59.999: the last moment a data point can have."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNIT_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_RELATIVE = re.compile(r"(\d+)([smhdw])-(ago|ahead)")
_GRANULARITY = re.compile(r"(\d+)?(?:(s)(?:econds?)?|(mo)(?:nths?)?|(m)(?:inutes?)?|(h)(?:ours?)?|(d)(?:ays?)?)")
_GRANULARITY_MOST = {"s": 120, "m": 120, "h": 100_000, "d": 100_000, "mo": 100_000}


def now_ms() -> int:
    """Give the present moment in milliseconds since 1970-01-01 UTC."""
    return time.time_ns() // 1_000_000


def to_ms(value: Any, *, now: int, name: str = "timestamp") -> int:
    """Turn a moment into milliseconds since 1970-01-01 UTC.

    Args:
        value: milliseconds (int or float, truncated), ``"now"``, ``"<n>(s|m|h|d|w)-ago"`` or ``-ahead``, a datetime
            (naive means UTC), `pandas.Timestamp` or `numpy.datetime64`.
        now: the moment that relative times refer to, in ms. Take it once for a call.
        name: the argument's name, for the error message.

    Raises:
        TypeError: the value is of another type.
        ValueError: a text of another form, not a time (NaT, NaN), or a moment before 1900.
    """
    ms = _ms(value, now, name)
    if ms < MIN_MS:
        raise ValueError(f"{name}={value!r} is before 1900-01-01, where time in CDF begins ({MIN_MS} ms).")
    return ms


def _ms(value: Any, now: int, name: str) -> int:
    if isinstance(value, np.datetime64):
        if np.isnat(value):
            raise ValueError(f"{name} is NaT (not a time).")
        return int(value.astype("datetime64[ms]").astype(np.int64))
    if isinstance(value, str):
        if value == "now":
            return now
        if match := _RELATIVE.fullmatch(value):
            distance = int(match[1]) * _UNIT_MS[match[2]]
            return now - distance if match[3] == "ago" else now + distance
        raise ValueError(
            f"{name}={value!r} is not a time. Accepted texts: 'now', '<n><unit>-ago' and '<n><unit>-ahead' "
            "with a unit of s, m, h, d or w, for example '2w-ago'."
        )
    if isinstance(value, datetime):
        if value != value:
            raise ValueError(f"{name} is NaT (not a time).")
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        return (aware - _EPOCH) // timedelta(milliseconds=1)
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(
            f"{name} must be an int or float (ms since 1970), a text such as '2w-ago', or a datetime; "
            f"got {type(value).__name__}."
        )
    if not math.isfinite(value):
        raise ValueError(f"{name}={value!r} is not a time.")
    return int(value)


def timestamp_to_ms(timestamp: int | float | str | datetime) -> int:
    """Turn a moment into milliseconds since 1970-01-01 UTC; relative texts refer to the present.

    See `to_ms` for what is accepted. Documented as `cognite.client.utils.timestamp_to_ms`.

    Examples:
        >>> from datetime import datetime
        >>> timestamp_to_ms(datetime(2018, 1, 1))
        1514764800000
    """
    return to_ms(timestamp, now=now_ms())


def ms_to_datetime(ms: int | float) -> datetime:
    """Turn milliseconds since 1970-01-01 UTC into a datetime with the time zone UTC.

    Documented as `cognite.client.utils.ms_to_datetime`.

    Raises:
        TypeError: `ms` is not a number.
        ValueError: `ms` is outside 1900-01-01..2099-12-31.

    Examples:
        >>> ms_to_datetime(1514764800000)
        datetime.datetime(2018, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)
    """
    if isinstance(ms, bool) or not isinstance(ms, (int, float, np.integer, np.floating)):
        raise TypeError(f"ms must be an int or float, got {type(ms).__name__}.")
    if not MIN_MS <= ms <= MAX_MS:
        raise ValueError(f"ms={ms!r} is outside 1900-01-01..2099-12-31 ({MIN_MS}..{MAX_MS}).")
    return _EPOCH + timedelta(milliseconds=float(ms) if isinstance(ms, float) else int(ms))


def parse_granularity(granularity: str) -> tuple[int, str]:
    """Split a granularity such as ``"10m"`` into its number and its unit (``s``, ``m``, ``h``, ``d`` or ``mo``).

    Raises:
        TypeError: not a text.
        ValueError: another form, or a number out of range for the unit.
    """
    if not isinstance(granularity, str):
        raise TypeError(f"granularity must be a text such as '10m', got {type(granularity).__name__}.")
    match = _GRANULARITY.fullmatch(granularity)
    if match is None:
        raise ValueError(
            f"granularity={granularity!r} is not valid. Accepted: a number and a unit, '<n>s', '<n>m', '<n>h', "
            "'<n>d' or '<n>mo', for example '15m'."
        )
    number = int(match[1] or 1)
    unit = next(group for group in match.groups()[1:] if group)
    if not 1 <= number <= _GRANULARITY_MOST[unit]:
        raise ValueError(
            f"granularity={granularity!r} is not valid. Its number must be 1 to {_GRANULARITY_MOST[unit]} "
            f"for the unit {unit!r}."
        )
    return number, unit


def granularity_to_ms(granularity: str) -> int:
    """Give the length of a granularity in milliseconds.

    Raises:
        ValueError: not a granularity, or one of calendar months, which have no fixed length.
    """
    number, unit = parse_granularity(granularity)
    if unit == "mo":
        raise ValueError(f"granularity={granularity!r} has no fixed length: calendar months differ.")
    return number * _UNIT_MS[unit]
