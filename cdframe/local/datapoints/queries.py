"""Requests for points, parsed: what each item asks for once the top level has filled in."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cdframe.local.datapoints.points import ANY_STATUS, BAD, UNCERTAIN
from cdframe.local.datapoints.times import clamp, parse_time
from cdframe.local.errors import ApiError, bad_request, constraint
from cdframe.local.identifiers import Identifier
from cdframe.local.time_series.tables import NAMING
from cdframe.local.validation import as_boolean, as_integer, as_list, as_string, reject_unknown, request_items, shown

MOST_ITEMS = 100
MOST_RAW, MOST_AGGREGATES = 100_000, 10_000
DEFAULT_LIMIT = 100

AGGREGATES = (
    *("average", "max", "min", "count", "sum", "interpolation", "stepInterpolation"),
    *("continuousVariance", "discreteVariance", "totalVariation"),
    *("countGood", "countUncertain", "countBad", "durationGood", "durationUncertain", "durationBad"),
    *("maxDatapoint", "minDatapoint"),
)
SHARED = ("start", "end", "limit", "aggregates", "granularity", "includeOutsidePoints", "timeZone")
STATUS_OPTIONS = ("includeStatus", "ignoreBadDataPoints", "treatUncertainAsBad")
UNIT_OPTIONS = ("targetUnit", "targetUnitSystem")
ITEM_KEYS = (*SHARED, *STATUS_OPTIONS, *UNIT_OPTIONS, "cursor", "fill")
REQUEST_KEYS = ("items", "ignoreUnknownIds", *SHARED, *STATUS_OPTIONS)

GRANULARITY = re.compile(
    r"(\d{1,9})?(s|second|seconds|m|minute|minutes|h|hour|hours|d|day|days|mo|month|months)", re.ASCII
)
OFFSET = re.compile(r"UTC([+-])(\d{2})(?::(\d{2}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class StatusOptions:
    """Which points exist for a query, and whether their statuses are shown."""

    include: bool = False
    ignore_bad: bool = True
    uncertain_is_bad: bool = True

    @property
    def bound(self) -> int:
        """The status code from which on points are not there."""
        if not self.ignore_bad:
            return ANY_STATUS
        return self.good_bound

    @property
    def good_bound(self) -> int:
        """The status code from which on points are not good."""
        return UNCERTAIN if self.uncertain_is_bad else BAD

    @classmethod
    def parse(cls, values: Mapping[str, Any], where: str) -> StatusOptions:
        """The options of an item or request."""
        return cls(
            include=as_boolean(values.get("includeStatus"), f"{where}includeStatus", False),
            ignore_bad=as_boolean(values.get("ignoreBadDataPoints"), f"{where}ignoreBadDataPoints", True),
            uncertain_is_bad=as_boolean(values.get("treatUncertainAsBad"), f"{where}treatUncertainAsBad", True),
        )


@dataclass(frozen=True, slots=True)
class Query:
    """One item of a request for points."""

    where: str
    identifier: Identifier
    start: int
    end: int
    limit: int
    aggregates: Sequence[str]  # none: raw points
    granularity: str
    time_zone: str
    outside: bool
    cursor: tuple[int, int] | None  # series, position
    statuses: StatusOptions
    target_unit: str | None


def parse_queries(body: Mapping[str, Any], now: int) -> list[Query]:
    """The items of a request, with limits that together stay within those of the request."""
    reject_unknown(body, REQUEST_KEYS, "")
    queries = [_parse_query(item, body, now, f"items[{i}]") for i, item in enumerate(request_items(body, MOST_ITEMS))]
    for raw, most in ((True, MOST_RAW), (False, MOST_AGGREGATES)):
        alike = [query for query in queries if (not query.aggregates) == raw]
        if sum(query.limit for query in alike) > most:
            share = most // len(alike)
            queries = [
                replace(query, limit=min(query.limit, share)) if (not query.aggregates) == raw else query
                for query in queries
            ]
    return queries


def _parse_query(item: Any, body: Mapping[str, Any], now: int, where: str) -> Query:
    identifier = NAMING.parse(item, where, others=ITEM_KEYS)
    if item.get("fill") is not None:
        raise bad_request(f"{where}.fill is not supported")
    given = {key: body[key] for key in (*SHARED, *STATUS_OPTIONS) if body.get(key) is not None}
    given |= {key: value for key, value in item.items() if value is not None}
    aggregates = parse_aggregates(given.get("aggregates"), where)
    granularity = given.get("granularity")
    if item.get("aggregates") == []:  # a raw query among aggregates: it takes no granularity from the top level
        granularity = item.get("granularity")
    if aggregates and granularity is None:
        raise bad_request(f"{where} has aggregates without granularity")
    if granularity is not None and not aggregates:
        raise bad_request(f"{where} has granularity without aggregates")
    outside = as_boolean(given.get("includeOutsidePoints"), f"{where}.includeOutsidePoints", False)
    if outside and aggregates:
        raise bad_request(f"{where}.includeOutsidePoints is for raw points, and this item asks for aggregates")
    start = parse_time(given["start"], now, f"{where}.start") if "start" in given else 0
    end = parse_time(given["end"], now, f"{where}.end") if "end" in given else now
    if start >= end and not aggregates:
        raise time_range_error(where, start, end)
    return Query(
        where=where,
        identifier=identifier,
        start=clamp(start),
        end=clamp(end),
        limit=_parse_limit(given.get("limit"), where, MOST_AGGREGATES if aggregates else MOST_RAW),
        aggregates=aggregates,
        granularity=check_granularity(granularity, f"{where}.granularity") if aggregates else "",
        time_zone=check_time_zone(given.get("timeZone"), f"{where}.timeZone"),
        outside=outside,
        cursor=open_cursor(given["cursor"], f"{where}.cursor") if given.get("cursor") else None,
        statuses=StatusOptions.parse(given, f"{where}."),
        target_unit=parse_target_unit(given, where),
    )


def time_range_error(where: str, start: int, end: int) -> ApiError:
    """The error for a range that holds no time."""
    return bad_request(f"Invalid time range: start >= end - {where} has start {start} and end {end}")


def parse_aggregates(value: Any, where: str) -> tuple[str, ...]:
    """The names of aggregates, each once."""
    names = as_list(value if value is not None else [], f"{where}.aggregates")
    for name in names:
        if name not in AGGREGATES:
            raise bad_request(f"Could not recognize aggregation value: '{shown(name).strip(chr(39))}'.")
    if len(set(names)) < len(names):
        raise bad_request(f"{where}.aggregates must not repeat a name, but was {shown(names)}")
    return tuple(names)


def check_granularity(value: Any, where: str) -> str:
    """The granularity in its short form, such as 10m or 1mo."""
    text = as_string(value, where)
    found = GRANULARITY.fullmatch(text)
    if found:
        unit = "mo" if found[2].startswith("mo") else found[2][0]
        number = int(found[1] or 1)
        if 1 <= number <= (120 if unit in "sm" else 100_000):
            return f"{number}{unit}"
    raise bad_request(
        f"{where} must be such as 10s, 30m, 2h, 7d or 1mo, up to 120 seconds or minutes and 100000 of the others, "
        f"but was {shown(value)}"
    )


def check_time_zone(value: Any, where: str) -> str:
    """The name of a time zone, or UTC with an offset in quarters of an hour."""
    if value is None:
        return "UTC"
    name = as_string(value, where)
    if found := OFFSET.fullmatch(name):
        hours, minutes = int(found[2]), int(found[3] or 0)
        if hours <= 18 and minutes in (0, 15, 30, 45):
            return name
    else:
        try:
            ZoneInfo(name)
            return name
        except (ZoneInfoNotFoundError, ValueError, OSError):
            pass
    raise bad_request(f"{where} must be such as Europe/Oslo, UTC or UTC+05:30, but was {shown(value)}")


def parse_target_unit(values: Mapping[str, Any], where: str) -> str | None:
    """The unit that values are to be in."""
    if values.get("targetUnit") is not None and values.get("targetUnitSystem") is not None:
        raise bad_request(f"{where} has both targetUnit and targetUnitSystem: give one of them")
    if values.get("targetUnitSystem") is not None:
        raise bad_request(
            f"{where}.targetUnitSystem cannot be converted to: there is no catalogue of units here, "
            f"so {shown(values['targetUnitSystem'])} is not known"
        )
    unit = values.get("targetUnit")
    return None if unit is None else as_string(unit, f"{where}.targetUnit")


def check_target_unit(target: str | None, unit: str | None, where: str) -> None:
    """Only the unit that the series has already can be asked for."""
    if target is not None and target != unit:
        has = f"has unitExternalId {shown(unit)}" if unit is not None else "has no unitExternalId"
        raise bad_request(f"{where}.targetUnit {shown(target)} cannot be converted to: the time series {has}")


def make_cursor(series: int, position: int) -> str:
    """A cursor: where the rest of a series begins."""
    return base64.urlsafe_b64encode(json.dumps([series, position]).encode()).decode().rstrip("=")


def open_cursor(value: Any, where: str) -> tuple[int, int]:
    """The series and the position of a cursor."""
    text = as_string(value, where)
    try:
        content = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
        series, position = content
        if isinstance(series, int) and isinstance(position, int):
            return series, clamp(position)
    except (ValueError, TypeError, RecursionError):
        pass
    raise bad_request(f"{where} {shown(value)} is not a nextCursor of this engine")


def _parse_limit(value: Any, where: str, most: int) -> int:
    if value is None:
        return DEFAULT_LIMIT
    limit = as_integer(value, f"{where}.limit")
    if not 0 <= limit <= most:
        raise constraint(f"{where}.limit must be between 0 and {most}, but was {shown(limit)}")
    return limit
