"""Synthetic queries: expressions over time series, as requests and answers have them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from cdframe.local.conditions import Condition
from cdframe.local.database import Connection
from cdframe.local.datapoints.queries import check_target_unit, check_time_zone, parse_target_unit, time_range_error
from cdframe.local.datapoints.reader import SeriesReader
from cdframe.local.datapoints.retrieve import find_series
from cdframe.local.datapoints.times import clamp, parse_time
from cdframe.local.errors import constraint
from cdframe.local.synthetic.evaluation import Rows, evaluate
from cdframe.local.synthetic.grammar import parse as parse_expression
from cdframe.local.synthetic.tree import Expression
from cdframe.local.validation import as_integer, as_object, reject_unknown, request_items, shown

MOST_ITEMS, MOST_ROWS, MOST_REFERENCES = 10, 10_000, 100
DEFAULT_LIMIT = 100
KEYS = ("expression", "start", "end", "limit", "timeZone")


@dataclass(frozen=True, slots=True)
class SyntheticQuery:
    """One item of a request."""

    where: str
    expression: Expression
    start: int
    end: int
    limit: int
    time_zone: str


def parse(body: Mapping[str, Any], now: int) -> list[SyntheticQuery]:
    """The items of a request."""
    reject_unknown(body, ("items",), "")
    items = request_items(body, MOST_ITEMS)
    queries = [_parse_item(as_object(item, f"items[{i}]"), now, f"items[{i}]") for i, item in enumerate(items)]
    total = sum(query.limit for query in queries)
    if total > MOST_ROWS:
        raise constraint(f"limit of all items together must be at most {MOST_ROWS}, but was {total}")
    references = sum(len(query.expression.references) for query in queries)
    if references > MOST_REFERENCES:
        raise constraint(f"expressions must have at most {MOST_REFERENCES} references to series, but had {references}")
    return queries


def _parse_item(item: Mapping[str, Any], now: int, where: str) -> SyntheticQuery:
    reject_unknown(item, KEYS, where)
    start = parse_time(item["start"], now, f"{where}.start") if item.get("start") is not None else 0
    end = parse_time(item["end"], now, f"{where}.end") if item.get("end") is not None else now
    if start > end:
        raise time_range_error(where, start, end)
    limit = as_integer(item["limit"], f"{where}.limit") if item.get("limit") is not None else DEFAULT_LIMIT
    if not 1 <= limit <= MOST_ROWS:
        raise constraint(f"{where}.limit must be between 1 and {MOST_ROWS}, but was {shown(limit)}")
    time_zone = check_time_zone(item.get("timeZone"), f"{where}.timeZone")
    return SyntheticQuery(where, parse_expression(item.get("expression")), clamp(start), clamp(end), limit, time_zone)


def answer_queries(connection: Connection, queries: Sequence[SyntheticQuery], condition: Condition) -> bytes:
    """The body of the answer."""
    references = [reference for query in queries for reference in query.expression.references]
    found = find_series(connection, [reference.identifier for reference in references], condition)
    for query in queries:
        for reference in query.expression.references:
            units = {"targetUnit": reference.target_unit, "targetUnitSystem": reference.target_unit_system}
            unit = found[reference.identifier]["unit_external_id"]
            check_target_unit(parse_target_unit(units, f"{query.where}.expression"), unit, f"{query.where}.expression")
    reader = SeriesReader(connection, found.values())
    ids = {identifier: row["id"] for identifier, row in found.items()}
    items = [
        _item(evaluate(query.expression, reader, ids, query.start, query.end, query.limit, time_zone=query.time_zone))
        for query in queries
    ]
    return b'{"items":[' + b",".join(items) + b"]}"


def _item(rows: Rows) -> bytes:
    """The rows of one expression: each has a value or an error."""
    text = ""
    if len(rows.timestamps):
        errors = [error and json.dumps(error) for error in rows.errors.tolist()]
        frame = pl.DataFrame(
            {"timestamp": rows.timestamps, "value": rows.values, "error": pl.Series(errors, dtype=pl.String)}
        )
        outcome = pl.coalesce(
            pl.concat_str(pl.lit(',"error":'), pl.col("error")),
            pl.concat_str(pl.lit(',"value":'), pl.col("value").cast(pl.String)),
        )
        row = pl.concat_str(pl.lit('{"timestamp":'), pl.col("timestamp").cast(pl.String), outcome, pl.lit("}"))
        text = frame.select(row.str.join(",")).item()
    return b'{"isString":false,"type":"numeric","datapoints":[' + text.encode() + b"]}"
