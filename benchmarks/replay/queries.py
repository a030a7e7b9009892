"""Requests for points, parsed: what each item asks for once the top level has filled in."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MOST_ITEMS = 100
MOST_RAW, MOST_AGGREGATES = 100_000, 10_000
DEFAULT_LIMIT = 100

UNITS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
GRANULARITY = re.compile(r"(\d*)(s|seconds?|m|minutes?|h|hours?|d|days?)", re.ASCII)
SHARED = ("start", "end", "limit", "aggregates", "granularity", "includeOutsidePoints")


class Refusal(Exception):
    """An answer with an error body."""

    def __init__(self, message: str, *, status: int = 400, missing: Sequence[Mapping[str, Any]] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"code": status, "message": message} | ({"missing": list(missing)} if missing else {})}


@dataclass(slots=True)
class Query:
    """One item of a request: raw points, or aggregates in buckets of `step` times `unit` ms."""

    identity: tuple[str, Any]
    start: int
    end: int
    limit: int
    aggregates: frozenset[str]
    unit: int
    step: int
    outside: bool
    cursor: str | None

    @property
    def origin(self) -> int:
        """Where the first bucket begins."""
        return self.start // self.unit * self.unit

    @property
    def width(self) -> int:
        """The length of a bucket in ms."""
        return self.unit * self.step

    @property
    def buckets(self) -> int:
        """How many buckets there are up to the end."""
        return -((self.origin - self.end) // self.width)


def parse_queries(body: Mapping[str, Any]) -> list[Query]:
    """The items of a request, with limits that together stay within those of the request."""
    items = items_of(body)
    top = {key: body[key] for key in SHARED if body.get(key) is not None}
    now = int(time.time() * 1000)
    queries = [_query(item, top, now) for item in items]
    for raw, most in ((True, MOST_RAW), (False, MOST_AGGREGATES)):
        alike = [query for query in queries if (not query.aggregates) == raw]
        if sum(query.limit for query in alike) > most:
            share = most // len(alike)
            for query in alike:
                query.limit = min(query.limit, share)
    return queries


def items_of(body: Mapping[str, Any], most: int = MOST_ITEMS) -> list[dict[str, Any]]:
    """The items of a request about series."""
    items = body.get("items")
    if not isinstance(items, list) or not 1 <= len(items) <= most:
        raise Refusal(f"items must be a list of 1 to {most}")
    return items


def identity_of(item: Mapping[str, Any]) -> tuple[str, Any]:
    """The one reference to a series in an item."""
    given = [(key, item[key]) for key in ("id", "externalId") if item.get(key) is not None]
    if len(given) != 1:
        raise Refusal("an item must have exactly one of id and externalId")
    return given[0]


def _query(item: Mapping[str, Any], top: Mapping[str, Any], now: int) -> Query:
    given = {**top, **{key: value for key, value in item.items() if value is not None}}
    aggregates = frozenset(given.get("aggregates") or ())
    granularity = item.get("granularity") if item.get("aggregates") == [] else given.get("granularity")
    if bool(aggregates) != (granularity is not None):
        raise Refusal("aggregates and granularity need each other")
    step, unit = parse_granularity(granularity) if aggregates else (1, 1)
    most = MOST_AGGREGATES if aggregates else MOST_RAW
    limit = given.get("limit", DEFAULT_LIMIT)
    if not isinstance(limit, int) or not 0 <= limit <= most:
        raise Refusal(f"limit must be between 0 and {most}, but was {limit}")
    outside = bool(given.get("includeOutsidePoints"))
    if outside and aggregates:
        raise Refusal("includeOutsidePoints is for raw points")
    if given.get("timeZone") not in (None, "UTC"):
        raise Refusal("time zones other than UTC are not replayed")
    query = Query(
        identity=identity_of(item),
        start=parse_time(given.get("start", 0), now),
        end=parse_time(given.get("end", now), now),
        limit=limit,
        aggregates=aggregates,
        unit=unit,
        step=step,
        outside=outside,
        cursor=given.get("cursor") or None,
    )
    if query.buckets <= 0:
        raise Refusal(f"Invalid time range: start >= end - start is {query.start} and end {query.end}")
    return query


def parse_granularity(text: Any) -> tuple[int, int]:
    """The number of units, and the unit in ms."""
    found = GRANULARITY.fullmatch(text) if isinstance(text, str) else None
    step = int(found[1] or 1) if found else 0
    if found is None or not 1 <= step <= (120 if found[2][0] in "sm" else 100_000):
        raise Refusal(f"granularity {text!r} is not replayed: only such as 10s, 30m, 2h or 7d are")
    return step, UNITS[found[2][0]]


def parse_time(value: Any, now: int) -> int:
    """A time in ms; `now` is the only word known."""
    if value == "now":
        return now
    if isinstance(value, bool) or not isinstance(value, int):
        raise Refusal(f"{value!r} is not a time in ms since 1970, nor now")
    return value
