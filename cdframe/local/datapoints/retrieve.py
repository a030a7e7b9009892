"""Answers to queries for points: raw pages here, aggregate pages by `aggregation`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cdframe.local.conditions import Condition
from cdframe.local.database import Connection
from cdframe.local.datapoints.aggregation import aggregate_pages
from cdframe.local.datapoints.points import Kind, Points, concatenate
from cdframe.local.datapoints.queries import Query, StatusOptions, check_target_unit, make_cursor
from cdframe.local.datapoints.statuses import symbols
from cdframe.local.datapoints.store import Found, PointStore, Window
from cdframe.local.errors import bad_request
from cdframe.local.identifiers import Identifier, find
from cdframe.local.resources import Row
from cdframe.local.time_series.tables import NAMING
from cdframe.protobuf import DatapointsPage

COLUMNS = "id, external_id, is_string, is_step, unit, unit_external_id"


@dataclass(frozen=True, slots=True)
class Asked:
    """A query and the series that it is about."""

    query: Query
    series: Row

    @property
    def kind(self) -> Kind:
        """The kind of the series."""
        return kind_of(self.series)


def kind_of(series: Row) -> Kind:
    """The kind of a series' points."""
    return "string" if series["is_string"] else "numeric"


def find_series(
    connection: Connection, identifiers: Sequence[Identifier], condition: Condition, *, ignore_unknown: bool = False
) -> dict[Identifier, Row]:
    """The series that are named, with what answers tell of them; 400 when some are not there."""
    found = find(connection, "time_series", COLUMNS, identifiers, condition)
    if not ignore_unknown:
        NAMING.reject_missing(identifiers, found)
    return found


def retrieve(
    connection: Connection, queries: Sequence[Query], condition: Condition, *, ignore_unknown: bool
) -> list[DatapointsPage]:
    """A page for each query whose series is there, in order."""
    found = find_series(connection, [q.identifier for q in queries], condition, ignore_unknown=ignore_unknown)
    asked = [Asked(query, found[query.identifier]) for query in queries if query.identifier in found]
    for one in asked:
        _check(one)
    pages: dict[int, DatapointsPage] = {}
    for kind in ("numeric", "string"):
        raw = {i: one for i, one in enumerate(asked) if not one.query.aggregates and one.kind == kind}
        pages |= dict(zip(raw, _raw_pages(PointStore(connection, kind), list(raw.values())), strict=True))
    pages |= _aggregate_pages(connection, {i: one for i, one in enumerate(asked) if one.query.aggregates})
    return [pages[i] for i in range(len(asked))]


def _check(one: Asked) -> None:
    """What can only be told once the series is known."""
    query, series = one.query, one.series
    if query.cursor is not None and query.cursor[0] != series["id"]:
        raise bad_request(f"{query.where}.cursor is of another time series than {query.identifier.wire()}")
    check_target_unit(query.target_unit, series["unit_external_id"], query.where)
    if query.aggregates and series["is_string"]:
        raise bad_request(
            f"Aggregates are not supported for string time series - {query.where} is {query.identifier.wire()}"
        )


def _raw_pages(store: PointStore, asked: Sequence[Asked]) -> list[DatapointsPage]:
    windows = []
    for one in asked:
        query = one.query
        start = query.start if query.cursor is None else max(query.start, query.cursor[1])
        windows.append(
            Window(
                series=one.series["id"],
                start=start,
                end=max(query.end, start),
                limit=query.limit + 1,  # one more tells whether there is a next page
                before=query.outside,
                after=query.outside,
                bound=query.statuses.bound,
            )
        )
    return [_raw_page(one, found) for one, found in zip(asked, store.read(windows), strict=True)]


def _raw_page(one: Asked, found: Found) -> DatapointsPage:
    query = one.query
    inside = found.inside.slice(0, min(query.limit, len(found.inside)))
    page = page_of(one.series)
    if query.outside:
        fill(page, concatenate([found.before, inside, found.after], one.kind), query.statuses)
        return page
    if len(found.inside) > query.limit:
        page.next_cursor = make_cursor(one.series["id"], int(found.inside.timestamps[query.limit]))
    fill(page, inside, query.statuses)
    return page


def _aggregate_pages(connection: Connection, asked: Mapping[int, Asked]) -> dict[int, DatapointsPage]:
    queries = [(one.query, one.series["id"], one.series["is_step"]) for one in asked.values()]
    pages = {}
    for (i, one), (rows, cursor) in zip(
        asked.items(), aggregate_pages(PointStore(connection, "numeric"), queries), strict=True
    ):
        page = pages[i] = page_of(one.series)
        page.timestamps = rows.timestamps
        page.aggregates = rows.columns
        page.extremes = rows.extremes or None
        page.next_cursor = cursor
    return pages


def page_of(series: Row) -> DatapointsPage:
    """A page without points."""
    return DatapointsPage(
        id=series["id"],
        external_id=series["external_id"],
        is_string=series["is_string"],
        is_step=series["is_step"],
        unit=series["unit"],
        unit_external_id=series["unit_external_id"],
        type=kind_of(series),
    )


def fill(page: DatapointsPage, points: Points, statuses: StatusOptions) -> None:
    """Put raw points into a page."""
    page.timestamps = points.timestamps
    page.values = points.values
    nulls = points.missing()
    page.null_values = nulls if nulls.any() else None
    if statuses.include and points.status.any():
        page.status = points.status
        page.symbols = symbols(points.status)
