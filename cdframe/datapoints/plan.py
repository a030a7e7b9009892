"""What is to be read: the arguments of a call, checked, as one immutable description for each series.

Everything that reads points (frames, and what will come beside them) begins with a `ReadPlan` and does not look at
arguments again. Times are milliseconds, all taken against one reading of the clock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cdframe.datapoints.grids import Grid, grid_of
from cdframe.errors import nearest
from cdframe.identifiers import as_list, check_external_id, check_id
from cdframe.reshape import AGGREGATES as AGGREGATE_COLUMNS
from cdframe.resources.rows import check_flag, check_limit
from cdframe.schemas import camel_case
from cdframe.timestamps import parse_granularity, to_ms
from cdframe.types import Timestamp

AGGREGATES = {camel_case(column): column for column in AGGREGATE_COLUMNS}
"""The aggregates by their names in CDF, with their columns in frames, in the order of frames."""


@dataclass(frozen=True, slots=True)
class DatapointsQuery:
    """What to read from some time series; a call of `client.datapoints.query` takes several.

    Attributes:
        start, end: the range, inclusive and exclusive: ms since 1970, ``"2w-ago"``, ``"now"``, or a datetime.
        id, external_id: one or a list of identifiers; dicts such as ``{"id": 1, "aggregates": ["min"]}`` ask for
            other aggregates of a series.
        limit: the most points of each series; None for all.
        aggregates: what to calculate, such as ``["average", "count"]``; None for raw points.
        granularity: the length of the periods to aggregate over, such as ``"1h"``.
        include_outside_points: also give the last point before the range and the first one after it (raw points).
        ignore_unknown_ids: pass over time series that do not exist.
    """

    start: Timestamp
    end: Timestamp
    id: Any = None
    external_id: Any = None
    limit: float | None = None
    aggregates: Sequence[str] | None = None
    granularity: str | None = None
    include_outside_points: bool | None = None
    ignore_unknown_ids: bool = False


@dataclass(frozen=True, slots=True)
class SeriesRead:
    """What to read of one series. No `aggregates` means raw points; no `limit`, all of them."""

    id: int | None
    external_id: str | None
    start: int
    end: int
    aggregates: tuple[str, ...] = ()
    granularity: str | None = None
    limit: int | None = None
    include_outside_points: bool = False
    ignore_unknown_ids: bool = False

    @property
    def identity(self) -> dict[str, int | str]:
        """The identity on the wire."""
        return {"id": self.id} if self.id is not None else {"externalId": self.external_id or ""}

    @property
    def name(self) -> str:
        """The name of the series in wide frames: its id or external id, as it was asked for."""
        return str(self.id) if self.id is not None else self.external_id or ""

    @property
    def grid(self) -> Grid:
        """Where rows can stand."""
        return grid_of(self.granularity if self.aggregates else None, self.start)


@dataclass(frozen=True, slots=True)
class ReadPlan:
    """The series of one call in the order of its frame: by id first, then by external id.

    Attributes:
        reads: the series.
        by_id, by_external_id: whether ids, or external ids, were given: the columns of identity.
        aggregates: all aggregates of the call and its items, in the order in which they first occur.
        has_raw: whether raw points were asked for.
    """

    reads: tuple[SeriesRead, ...]
    by_id: bool
    by_external_id: bool
    aggregates: tuple[str, ...]
    has_raw: bool
    granularity: str | None


def plan_query(query: DatapointsQuery | Mapping[str, Any], now: int) -> ReadPlan:
    """Check a query and describe what it reads.

    Raises:
        TypeError, ValueError: an argument that cannot be right.
    """
    query = _as_query(query)
    start, end = to_ms(query.start, now=now, name="start"), to_ms(query.end, now=now, name="end")
    limit = check_limit(query.limit)
    outside = check_flag("include_outside_points", query.include_outside_points or False)
    ignore = check_flag("ignore_unknown_ids", query.ignore_unknown_ids)
    default = check_aggregates(query.aggregates)
    if query.id is None and query.external_id is None:
        raise ValueError("No time series given. Hint: pass id or external_id.")
    items = [
        *(_item("id", value, default) for value in as_list(query.id)),
        *(_item("external_id", value, default) for value in as_list(query.external_id)),
    ]
    _check_distinct(items)
    asked = [*default, *(name for _, _, aggregates in items for name in aggregates)]
    _check_granularity(asked, query.granularity)
    raw = any(not aggregates for _, _, aggregates in items)
    if grid_of(None if raw else query.granularity, start).origin >= end:
        raise ValueError(f"end={query.end!r} must be after start={query.start!r} ({end} is not after {start} ms).")
    if outside and asked:
        raise ValueError("include_outside_points=True is for raw points only: leave aggregates out.")
    reads = tuple(
        SeriesRead(id, external_id, start, end, names, query.granularity if names else None, limit, outside, ignore)
        for id, external_id, names in items
    )
    return ReadPlan(
        reads,
        by_id=query.id is not None,
        by_external_id=query.external_id is not None,
        aggregates=tuple(dict.fromkeys(asked)),
        has_raw=any(not read.aggregates for read in reads) if reads else not default,
        granularity=query.granularity,
    )


def check_aggregates(aggregates: Any) -> tuple[str, ...]:
    """Check names of aggregates; None, "" and [] stand for raw points.

    Raises:
        TypeError, ValueError: not texts, or unknown.
    """
    names = [] if aggregates is None or aggregates == "" else as_list(aggregates)
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"aggregates must be texts, got {name!r} ({type(name).__name__}).")
        if name not in AGGREGATES:
            known = nearest(name, list(AGGREGATES))
            raise ValueError(f"The aggregate {name!r} is not known.{known} Known: {', '.join(AGGREGATES)}.")
    return tuple(dict.fromkeys(names))


_QUERY_KEYS = tuple(DatapointsQuery.__dataclass_fields__)
_ITEM_KEYS = {"id": ("id",), "external_id": ("externalId", "external_id")}


def _as_query(query: Any) -> DatapointsQuery:
    if isinstance(query, DatapointsQuery):
        return query
    if not isinstance(query, Mapping):
        raise TypeError(f"query must be a DatapointsQuery or a dict, got {type(query).__name__}.")
    for key in query:
        if key not in _QUERY_KEYS:
            raise ValueError(
                f"Unknown key {key!r} in a query.{nearest(str(key), _QUERY_KEYS)} Known keys: {', '.join(_QUERY_KEYS)}."
            )
    for key in ("start", "end"):
        if key not in query:
            raise ValueError(f"A query needs {key!r}.")
    return DatapointsQuery(**query)


def _item(argument: str, value: Any, default: tuple[str, ...]) -> tuple[int | None, str | None, tuple[str, ...]]:
    """Read an identifier, or a dict of an identifier and aggregates."""
    aggregates = default
    if isinstance(value, Mapping):
        names = _ITEM_KEYS[argument]
        for key in value:
            if key not in (*names, "aggregates"):
                raise ValueError(
                    f"Unknown key {key!r} in {argument}={dict(value)!r}. Known: {names[0]!r}, 'aggregates'."
                )
        given = [name for name in names if name in value]
        if len(given) != 1:
            raise ValueError(f"{argument}={dict(value)!r} must have {names[0]!r}.")
        if value.get("aggregates") is not None:
            aggregates = check_aggregates(value["aggregates"])
        value = value[given[0]]
    if argument == "id":
        return check_id(value), None, aggregates
    return None, check_external_id(value), aggregates


def _check_distinct(items: Sequence[tuple[int | None, str | None, tuple[str, ...]]]) -> None:
    seen = set()
    for id, external_id, _ in items:
        if (id, external_id) in seen:
            identifier = external_id if id is None else id
            raise ValueError(f"Time series identifier '{identifier}' is duplicated in query")
        seen.add((id, external_id))


def _check_granularity(aggregates: Sequence[str], granularity: str | None) -> None:
    if aggregates and granularity is None:
        raise ValueError("When specifying aggregates, granularity must also be provided.")
    if granularity is not None and not aggregates:
        raise ValueError("When specifying granularity, aggregates must also be provided.")
    if granularity is not None:
        parse_granularity(granularity)
