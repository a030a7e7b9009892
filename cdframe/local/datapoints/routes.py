"""Routes of data points."""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Response

from cdframe.local.application import Route
from cdframe.local.datapoints import latest as latest_points
from cdframe.local.datapoints import synthetic_query
from cdframe.local.datapoints.encode_json import encode_json
from cdframe.local.datapoints.incoming import MOST_ITEMS, read_json, read_protobuf
from cdframe.local.datapoints.queries import parse_queries
from cdframe.local.datapoints.retrieve import find_series, kind_of, retrieve
from cdframe.local.datapoints.store import PointStore
from cdframe.local.datapoints.times import clamp
from cdframe.local.errors import bad_request
from cdframe.local.http import JSON, PROTOBUF, Call, answer, encoded_answer
from cdframe.local.time_series.family import TimeSeries
from cdframe.local.time_series.tables import NAMING
from cdframe.local.validation import as_boolean, as_integer, reject_unknown, request_items
from cdframe.protobuf import encode_list_response

ACL = "timeSeriesAcl"


def insert(call: Call) -> Response:
    """Write points, in JSON or protobuf."""
    incoming = read_protobuf(call.content) if call.content_type == PROTOBUF else read_json(call.body)
    identifiers = [one.identifier for one in incoming]
    NAMING.reject_repeats(identifiers)
    condition = TimeSeries.visible(call.caller, call.grant)
    with call.engine.database.write() as connection:
        found = find_series(connection, identifiers, condition)
        NAMING.reject_conflicts(found)
        kinds = [kind_of(found[identifier]) for identifier in identifiers]
        ids = [found[identifier]["id"] for identifier in identifiers]
        points = [one.points(kind) for one, kind in zip(incoming, kinds, strict=True)]
        for kind in sorted(set(kinds)):
            of_kind = [(id, p) for id, p, k in zip(ids, points, kinds, strict=True) if k == kind]
            PointStore(connection, kind).insert(of_kind)
    return answer({})


def delete(call: Call) -> Response:
    """Delete the points of ranges."""
    reject_unknown(call.body, ("items",), "")
    identifiers, ranges = [], []
    for i, item in enumerate(request_items(call.body, MOST_ITEMS)):
        where = f"items[{i}]"
        identifiers.append(NAMING.parse(item, where, others=("inclusiveBegin", "exclusiveEnd")))
        begin = as_integer(item.get("inclusiveBegin"), f"{where}.inclusiveBegin")
        end = item.get("exclusiveEnd")
        end = begin + 1 if end is None else as_integer(end, f"{where}.exclusiveEnd")
        if end <= begin:
            raise bad_request(f"{where}.exclusiveEnd must be greater than inclusiveBegin {begin}, but was {end}")
        ranges.append((clamp(begin), clamp(end)))
    condition = TimeSeries.visible(call.caller, call.grant)
    with call.engine.database.write() as connection:
        found = find_series(connection, identifiers, condition)
        by_kind: dict[Any, list[tuple[int, int, int]]] = {}
        for identifier, (begin, end) in zip(identifiers, ranges, strict=True):
            series = found[identifier]
            by_kind.setdefault(kind_of(series), []).append((series["id"], begin, end))
        for kind, of_kind in by_kind.items():
            PointStore(connection, kind).delete(of_kind)
    return answer({})


def list_points(call: Call) -> Response:
    """Raw points or aggregates, in JSON or protobuf."""
    queries = parse_queries(call.body, call.engine.clock.now())
    ignore_unknown = as_boolean(call.body.get("ignoreUnknownIds"), "ignoreUnknownIds", False)
    condition = TimeSeries.visible(call.caller, call.grant)
    with call.engine.database.read() as connection:
        pages = retrieve(connection, queries, condition, ignore_unknown=ignore_unknown)
    if call.accepts(PROTOBUF):
        return encoded_answer(encode_list_response(pages), PROTOBUF)
    return encoded_answer(encode_json(pages), JSON)


def latest(call: Call) -> Response:
    """The last point of each series before a time."""
    queries = latest_points.parse(call.body, call.engine.clock.now())
    ignore_unknown = as_boolean(call.body.get("ignoreUnknownIds"), "ignoreUnknownIds", False)
    condition = TimeSeries.visible(call.caller, call.grant)
    with call.engine.database.read() as connection:
        pages = latest_points.retrieve(connection, queries, condition, ignore_unknown=ignore_unknown)
    return encoded_answer(encode_json(pages), JSON)


def query_synthetic(call: Call) -> Response:
    """The rows of expressions over time series."""
    queries = synthetic_query.parse(call.body, call.engine.clock.now())
    condition = TimeSeries.visible(call.caller, call.grant)
    with call.engine.database.read() as connection:
        return encoded_answer(synthetic_query.answer_queries(connection, queries, condition), JSON)


ROUTES = (
    Route("POST", "/timeseries/data", insert, ACL, "WRITE"),
    Route("POST", "/timeseries/data/delete", delete, ACL, "WRITE"),
    Route("POST", "/timeseries/data/list", list_points, ACL, "READ"),
    Route("POST", "/timeseries/data/latest", latest, ACL, "READ"),
    Route("POST", "/timeseries/synthetic/query", query_synthetic, ACL, "READ"),
)
