"""Points as JSON: short pages row by row, long ones column by column."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from cdframe.local.http import json_bytes
from cdframe.protobuf import DatapointsPage

# Up to here a dict for each point is cheaper than a frame for the page, which takes a quarter of a millisecond.
SHORT = 32

COUNTS = ("count", "countGood", "countUncertain", "countBad", "durationGood", "durationUncertain", "durationBad")


def encode_json(pages: Sequence[DatapointsPage]) -> bytes:
    """The body of an answer with points."""
    return b'{"items":[' + b",".join(_page(page) for page in pages) + b"]}"


def _page(page: DatapointsPage) -> bytes:
    head = {
        "id": page.id,
        "externalId": page.external_id,
        "isString": page.is_string,
        "isStep": page.is_step,
        "type": page.type,
        "unit": page.unit,
        "unitExternalId": page.unit_external_id,
        "nextCursor": page.next_cursor,
    }
    head = {name: value for name, value in head.items() if value is not None}
    if len(page.timestamps) <= SHORT:
        return json_bytes({**head, "datapoints": _short(page)})
    fields = json_bytes(head)
    return fields[:-1] + b',"datapoints":[' + _rows(page).encode() + b"]}"


def _short(page: DatapointsPage) -> list[dict[str, Any]]:
    """The points of a short page as Python values."""
    rows: list[dict[str, Any]] = [{"timestamp": time} for time in page.timestamps.tolist()]
    if page.values is not None:
        nulls = [False] * len(rows) if page.null_values is None else page.null_values.tolist()
        for row, value, null in zip(rows, page.values.tolist(), nulls, strict=True):
            if value is not None and not null:
                row["value"] = value if isinstance(value, str) or math.isfinite(value) else _special(value)
    for name, values in (page.aggregates or {}).items():
        for row, value in zip(rows, values.tolist(), strict=True):
            if not math.isnan(value):
                row[name] = int(value) if name in COUNTS else value
    for name, (times, values) in (page.extremes or {}).items():
        for row, time, value in zip(rows, times.tolist(), values.tolist(), strict=True):
            if not math.isnan(value):
                row[name] = {"timestamp": time, "value": value}
    if page.status is not None and page.symbols is not None:
        for row, code, symbol in zip(rows, page.status.tolist(), page.symbols.to_pylist(), strict=True):
            if code:
                row["status"] = {"code": code, "symbol": symbol}
    return rows


def _special(value: float) -> str:
    """What JSON has no number for."""
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _rows(page: DatapointsPage) -> str:
    columns: dict[str, Any] = {"timestamp": page.timestamps}
    parts = [pl.lit('{"timestamp":'), _text("timestamp")]
    if page.values is not None:
        columns["value"] = page.values
        parts += _numeric_value(page) if isinstance(page.values, np.ndarray) else [_string_value()]
        if page.null_values is not None:
            columns["null"] = page.null_values
    for name, values in (page.aggregates or {}).items():
        columns[name] = values
        number = pl.col(name).cast(pl.Int64, strict=False) if name in COUNTS else pl.col(name)
        parts.append(_present(pl.col(name).is_not_nan(), f',"{name}":', number.cast(pl.String)))
    for name, (times, values) in (page.extremes or {}).items():
        columns |= {f"{name}.timestamp": times, f"{name}.value": values}
        point = pl.concat_str(
            pl.lit('{"timestamp":'),
            _text(f"{name}.timestamp"),
            pl.lit(',"value":'),
            _text(f"{name}.value"),
            pl.lit("}"),
        )
        parts.append(_present(pl.col(f"{name}.value").is_not_nan(), f',"{name}":', point))
    if page.status is not None:
        columns["status"] = page.status
        columns["symbol"] = page.symbols
        parts.append(
            pl.when(pl.col("status") == 0)
            .then(pl.lit(""))
            .otherwise(
                pl.concat_str(
                    pl.lit(',"status":{"code":'), _text("status"), pl.lit(',"symbol":"'), pl.col("symbol"), pl.lit('"}')
                )
            )
        )
    frame = pl.DataFrame(columns)
    text: str = frame.select(pl.concat_str(*parts, pl.lit("}")).str.join(",")).item()
    return text


def _text(name: str) -> pl.Expr:
    return pl.col(name).cast(pl.String)


def _present(condition: pl.Expr, prefix: str, value: pl.Expr) -> pl.Expr:
    """A key and its value, or nothing."""
    return pl.when(condition).then(pl.concat_str(pl.lit(prefix), value)).otherwise(pl.lit(""))


def _numeric_value(page: DatapointsPage) -> list[pl.Expr]:
    """The value of a numeric point; JSON has no numbers for what a bad one may hold."""
    value = pl.col("value")
    finite = pl.concat_str(pl.lit(',"value":'), _text("value"))
    if page.null_values is None and np.isfinite(np.asarray(page.values)).all():
        return [finite]
    signed = pl.when(value > 0).then(pl.lit("Infinity")).otherwise(pl.lit("-Infinity"))
    special = pl.when(value.is_nan()).then(pl.lit("NaN")).otherwise(signed)
    written = (
        pl.when(value.is_finite()).then(finite).otherwise(pl.concat_str(pl.lit(',"value":"'), special, pl.lit('"')))
    )
    return [pl.when(pl.col("null")).then(pl.lit("")).otherwise(written)] if page.null_values is not None else [written]


def _string_value() -> pl.Expr:
    member = pl.struct("value").struct.json_encode()  # {"value":"..."} with what JSON wants escaped
    written = pl.concat_str(pl.lit(","), member.str.strip_prefix("{").str.head(-1))
    return pl.when(pl.col("value").is_null()).then(pl.lit("")).otherwise(written)
