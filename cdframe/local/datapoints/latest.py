"""The last point of a series before a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cdframe.local.conditions import Condition
from cdframe.local.database import Connection
from cdframe.local.datapoints.queries import (
    STATUS_OPTIONS,
    UNIT_OPTIONS,
    StatusOptions,
    check_target_unit,
    parse_target_unit,
)
from cdframe.local.datapoints.retrieve import fill, find_series, kind_of, page_of
from cdframe.local.datapoints.store import PointStore, Window
from cdframe.local.datapoints.times import clamp, parse_time
from cdframe.local.identifiers import Identifier
from cdframe.local.time_series.tables import NAMING
from cdframe.local.validation import reject_unknown, request_items
from cdframe.protobuf import DatapointsPage

MOST_ITEMS = 100


@dataclass(frozen=True, slots=True)
class LatestQuery:
    """One item of a request for latest points."""

    where: str
    identifier: Identifier
    before: int
    statuses: StatusOptions
    target_unit: str | None


def parse(body: Mapping[str, Any], now: int) -> list[LatestQuery]:
    """The items of a request."""
    reject_unknown(body, ("items", "ignoreUnknownIds", "before", *STATUS_OPTIONS), "")
    queries = []
    for i, item in enumerate(request_items(body, MOST_ITEMS)):
        where = f"items[{i}]"
        identifier = NAMING.parse(item, where, others=("before", *STATUS_OPTIONS, *UNIT_OPTIONS))
        given = {key: body[key] for key in ("before", *STATUS_OPTIONS) if body.get(key) is not None}
        given |= {key: value for key, value in item.items() if value is not None}
        before = parse_time(given["before"], now, f"{where}.before") if "before" in given else now
        statuses = StatusOptions.parse(given, f"{where}.")
        queries.append(LatestQuery(where, identifier, clamp(before), statuses, parse_target_unit(given, where)))
    return queries


def retrieve(
    connection: Connection, queries: Sequence[LatestQuery], condition: Condition, *, ignore_unknown: bool
) -> list[DatapointsPage]:
    """A page with one point, or none, for each query whose series is there."""
    found = find_series(connection, [q.identifier for q in queries], condition, ignore_unknown=ignore_unknown)
    asked = [(query, found[query.identifier]) for query in queries if query.identifier in found]
    for query, series in asked:
        check_target_unit(query.target_unit, series["unit_external_id"], query.where)
    pages = [page_of(series) for _, series in asked]
    for kind in ("numeric", "string"):
        of_kind = [i for i, (_, series) in enumerate(asked) if kind_of(series) == kind]
        windows = [
            Window(
                asked[i][1]["id"],
                asked[i][0].before,
                asked[i][0].before,
                0,
                before=True,
                bound=asked[i][0].statuses.bound,
            )
            for i in of_kind
        ]
        for i, one in zip(of_kind, PointStore(connection, kind).read(windows), strict=True):
            fill(pages[i], one.before, asked[i][0].statuses)
    return pages
