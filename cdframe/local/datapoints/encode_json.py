"""Points as JSON, written column by column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from cdframe.local.http import json_bytes
from cdframe.protobuf import DatapointsPage

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
    fields = json_bytes({name: value for name, value in head.items() if value is not None})
    return fields[:-1] + b',"datapoints":[' + _rows(page).encode() + b"]}"


def _rows(page: DatapointsPage) -> str:
    if not len(page.timestamps):
        return ""
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
