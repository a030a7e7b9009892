"""Routes of time series."""

from __future__ import annotations

import json
from typing import Any

from werkzeug.wrappers import Response

from cdframe.local.application import Route
from cdframe.local.errors import bad_request
from cdframe.local.http import Call, answer
from cdframe.local.paging import fetch_page, parse_limit, parse_page
from cdframe.local.summaries import KEYS as SUMMARY_KEYS
from cdframe.local.summaries import summarise
from cdframe.local.time_series import rules
from cdframe.local.time_series.tables import NAMING, PROPERTIES, TIME_SERIES
from cdframe.local.validation import (
    as_boolean,
    as_object,
    as_string,
    reject_unknown,
    request_items,
    shown,
)

MOST = 1000
ACL = "timeSeriesAcl"
LIST_KEYS = ("filter", "advancedFilter", "limit", "cursor", "partition", "sort")


def create(call: Call) -> Response:
    """Store new series."""
    reject_unknown(call.body, ("items",), "")
    items = request_items(call.body, MOST)
    rows = [TIME_SERIES.parse(item, f"items[{i}]") for i, item in enumerate(items)]
    with call.engine.database.write() as connection:
        created = rules.create(connection, rows, call.caller, call.grant, call.engine.clock.now())
    return answer({"items": [rules.show(row) for row in created]}, 201)


def list_by_query(call: Call) -> Response:
    """List with the parameters in the query string."""
    query = {name: value for name, value in call.request.args.items() if value != ""}
    wanted: dict[str, Any] = {}
    if "externalIdPrefix" in query:
        wanted["externalIdPrefix"] = query["externalIdPrefix"]
    for name in ("assetIds", "rootAssetIds"):
        if name in query:
            wanted[name] = _json_parameter(name, query[name])
    body: dict[str, Any] = {"filter": wanted, "cursor": query.get("cursor"), "partition": query.get("partition")}
    if "limit" in query:
        body["limit"] = _json_parameter("limit", query["limit"])
    metadata = query.get("includeMetadata", "true").lower()
    if metadata not in ("true", "false"):
        raise bad_request(f"includeMetadata must be true or false, but was {shown(metadata)}")
    return _page(call, body, clamp=True, metadata=metadata == "true")


def list_by_body(call: Call) -> Response:
    """List with filters."""
    reject_unknown(call.body, LIST_KEYS, "")
    return _page(call, call.body)


def _page(call: Call, body: dict[str, Any], *, clamp: bool = False, metadata: bool = True) -> Response:
    page = parse_page(body, TIME_SERIES.table, PROPERTIES, clamp=clamp)
    condition = rules.selection(body, call.caller, call.grant)
    with call.engine.database.read() as connection:
        rows, cursor = fetch_page(connection, TIME_SERIES, condition, page)
    content: dict[str, Any] = {"items": [rules.show(row, metadata=metadata) for row in rows]}
    if cursor is not None:
        content["nextCursor"] = cursor
    return answer(content)


def by_ids(call: Call) -> Response:
    """The series that are named."""
    reject_unknown(call.body, ("items", "ignoreUnknownIds"), "")
    identifiers = [NAMING.parse(item, f"items[{i}]") for i, item in enumerate(request_items(call.body, MOST))]
    ignore_unknown = as_boolean(call.body.get("ignoreUnknownIds"), "ignoreUnknownIds", False)
    condition = rules.visible(call.caller, call.grant)
    with call.engine.database.read() as connection:
        rows = rules.by_ids(connection, identifiers, condition, ignore_unknown=ignore_unknown)
    return answer({"items": [rules.show(row) for row in rows]})


def search(call: Call) -> Response:
    """The series whose texts match best."""
    reject_unknown(call.body, ("filter", "advancedFilter", "search", "limit"), "")
    texts = as_object(call.body.get("search") or {}, "search")
    reject_unknown(texts, ("name", "description", "query"), "search")
    wanted = {name: as_string(text, f"search.{name}") for name, text in texts.items() if text not in (None, "")}
    limit = parse_limit(call.body.get("limit"))
    condition = rules.selection(call.body, call.caller, call.grant)
    with call.engine.database.read() as connection:
        rows = rules.search(connection, wanted, condition, limit)
    return answer({"items": [rules.show(row) for row in rows]})


def aggregate(call: Call) -> Response:
    """How many series there are, and what values their properties have."""
    reject_unknown(call.body, SUMMARY_KEYS, "")
    condition = rules.selection(call.body, call.caller, call.grant)
    with call.engine.database.read() as connection:
        items = summarise(connection, TIME_SERIES.table, PROPERTIES, call.body, condition)
    return answer({"items": items})


def update(call: Call) -> Response:
    """Change series."""
    reject_unknown(call.body, ("items",), "")
    changes = []
    for i, item in enumerate(request_items(call.body, MOST)):
        identifier = NAMING.parse(item, f"items[{i}]", others=("update",))
        changes.append((identifier, as_object(item.get("update") or {}, f"items[{i}].update")))
    with call.engine.database.write() as connection:
        rows = rules.update(connection, changes, call.caller, call.grant, call.engine.clock.now())
    return answer({"items": [rules.show(row) for row in rows]})


def delete(call: Call) -> Response:
    """Delete series with their points."""
    reject_unknown(call.body, ("items", "ignoreUnknownIds"), "")
    identifiers = [NAMING.parse(item, f"items[{i}]") for i, item in enumerate(request_items(call.body, MOST))]
    ignore_unknown = as_boolean(call.body.get("ignoreUnknownIds"), "ignoreUnknownIds", False)
    condition = rules.visible(call.caller, call.grant)
    with call.engine.database.write() as connection:
        rules.delete(connection, identifiers, condition, ignore_unknown=ignore_unknown)
    return answer({})


def _json_parameter(name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise bad_request(f"{name} must be JSON, such as 100 or [1,2], but was {shown(text)}") from None


ROUTES = (
    Route("POST", "/timeseries", create, ACL, "WRITE"),
    Route("GET", "/timeseries", list_by_query, ACL, "READ"),
    Route("POST", "/timeseries/list", list_by_body, ACL, "READ"),
    Route("POST", "/timeseries/byids", by_ids, ACL, "READ"),
    Route("POST", "/timeseries/search", search, ACL, "READ"),
    Route("POST", "/timeseries/aggregate", aggregate, ACL, "READ"),
    Route("POST", "/timeseries/update", update, ACL, "WRITE"),
    Route("POST", "/timeseries/delete", delete, ACL, "WRITE"),
)
