"""`client.datapoints.synthetic`: calculations over time series, done by CDF."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import polars as pl
import pyarrow as pa

from cdframe.datapoints.assemble import merge_times, spread
from cdframe.datapoints.expressions import is_sympy, to_expression
from cdframe.errors import CogniteConnectionError
from cdframe.frames import from_arrow
from cdframe.identifiers import as_list
from cdframe.progress import progress_callback
from cdframe.resources.rows import API, check_flag, check_limit
from cdframe.schemas import TIMESTAMP
from cdframe.session import Session
from cdframe.timestamps import now_ms, to_ms
from cdframe.types import Frame, ProgressOption, Timestamp

PATH = "/timeseries/synthetic/query"
MOST_ROWS = 10_000

_POINT = {"timestamp": pl.Int64, "value": pl.Float64, "error": pl.String}
_ANSWER = {"items": pl.List(pl.Struct({"datapoints": pl.List(pl.Struct(_POINT))}))}


class SyntheticDatapointsAPI(API):
    """`client.datapoints.synthetic`: calculations over time series, done by CDF."""

    def query(
        self,
        expressions: Any,
        start: Timestamp,
        end: Timestamp,
        limit: float | None = None,
        variables: Mapping[Any, Any] | None = None,
        aggregate: str | None = None,
        granularity: str | None = None,
        *,
        include_errors: bool = False,
        progress: ProgressOption = "auto",
    ) -> Frame:
        """Calculate expressions over a range of time.

        Args:
            expressions: one or a list of texts such as ``"ts{externalId:'a'} + 1"`` or (with `variables`) ``"A + 1"``,
                or of sympy expressions.
            start, end: the range, inclusive and exclusive.
            limit: the most rows for each expression; None for all.
            variables: what names or sympy symbols stand for: external ids, ids, or time series (a dict, or a frame of
                one row).
            aggregate, granularity: take this aggregate of the variables.
            include_errors: add a column ``<expression>|error`` of texts behind each: why a row has no value.
            progress: "auto", True, False or a callback ``(done, total)``.

        Returns:
            A wide frame: `timestamp` (pandas: the index), then a column for each expression, named by its short text.

        Raises:
            ValueError, TypeError: an expression or argument that cannot be right; nothing has been sent.
            CogniteAPIError: CDF cannot calculate an expression.

        Examples:
            >>> client.datapoints.synthetic.query(
            ...     "A / B", start=0, end="now", variables={"A": "pressure", "B": "temperature"}
            ... ).columns
            ['timestamp', 'A / B']
        """
        now = now_ms()
        begin, stop = to_ms(start, now=now, name="start"), to_ms(end, now=now, name="end")
        if begin >= stop:
            raise ValueError(f"end={end!r} must be after start={start!r}.")
        most = check_limit(limit)
        check_flag("include_errors", include_errors)
        given = [expressions] if is_sympy(expressions) else as_list(expressions)
        if not given:
            raise ValueError("No expressions given.")
        written = [to_expression(expression, variables, aggregate, granularity) for expression in given]
        names = [name for _, name in written]
        repeated = next((name for name in names if names.count(name) > 1), None)
        if repeated is not None:
            raise ValueError(f"The expression {repeated!r} is given twice; columns are named by expressions.")
        calls = [partial(_fetch, self._session, wire, begin, stop, most) for wire, _ in written]
        with progress_callback(progress, "Calculating", "expressions") as callback:
            results = self._session.run(calls, callback)
        return from_arrow(_wide(names, results, include_errors), self._frame, index="timestamp")


@dataclass(frozen=True, slots=True, eq=False)
class _Result:
    timestamps: Any
    values: pa.Array
    errors: pa.Array


def _fetch(session: Session, expression: str, start: int, end: int, limit: int | None) -> _Result:
    """Read all rows of one expression, page after page."""
    pages = [pl.DataFrame(schema=_POINT)]
    left = limit
    while start < end and (left is None or left > 0):
        most = MOST_ROWS if left is None else min(MOST_ROWS, left)
        item = {"expression": expression, "start": start, "end": end, "limit": most}
        page = _read(session.request("POST", PATH, json={"items": [item]}).content)
        pages.append(page)
        if page.height < most:
            break
        start = int(page["timestamp"][-1]) + 1
        left = None if left is None else left - page.height
    rows = pl.concat(pages)
    return _Result(rows["timestamp"].to_numpy(), rows["value"].to_arrow(), rows["error"].to_arrow().cast(pa.string()))


def _read(body: bytes) -> pl.DataFrame:
    try:
        points = pl.read_json(body, schema=_ANSWER)["items"].explode(empty_as_null=False).struct.field("datapoints")
        return points.explode(empty_as_null=False).struct.unnest()
    except pl.exceptions.PolarsError as error:
        raise CogniteConnectionError(f"The server's answer to POST {PATH} cannot be read: {error}") from error


def _wide(names: list[str], results: list[_Result], include_errors: bool) -> pa.Table:
    moments, places = merge_times([result.timestamps for result in results])
    table = {"timestamp": pa.array(moments).view(TIMESTAMP)}
    for name, result, place in zip(names, results, places, strict=True):
        table[name] = spread(result.values, place, len(moments))
        if include_errors:
            table[f"{name}|error"] = spread(result.errors, place, len(moments))
    return pa.table(table)
