"""Writes of rows: columns of a frame, or rows as they are documented, to requests."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from cdframe.frames import to_arrow
from cdframe.sequences.pages import MOST_ROWS, ROW_NUMBER
from cdframe.session import Session
from cdframe.writes import Write

INSERT = "/sequences/data"
DELETE = "/sequences/data/delete"
MOST_CELLS = 100_000
MOST_LETTERS = 256
LARGEST = 1e100


def rows_of_frame(data: Any, name: str) -> pl.DataFrame:
    """Check a frame of rows: `row_number` (in pandas the index), then a column for each of the sequence.

    Missing numbers (NaN) become nulls, which write "no value".

    Raises:
        ValueError: row numbers or values that sequences cannot hold; names the column.
    """
    table = to_arrow(data, name=name)
    if ROW_NUMBER not in table.column_names:
        table = to_arrow(data, name=name, index=ROW_NUMBER)
    if ROW_NUMBER not in table.column_names:
        raise ValueError(f"{name} has no column {ROW_NUMBER!r}. Accepted: one of row numbers (in pandas, the index).")
    frame = pl.DataFrame(table).select(ROW_NUMBER, pl.exclude(ROW_NUMBER))
    if frame.width < 2:
        raise ValueError(f"{name} has no columns beside {ROW_NUMBER!r}.")
    _check_numbers(frame[ROW_NUMBER], name)
    return frame.select(
        pl.col(ROW_NUMBER).cast(pl.Int64), *(_values(frame[column], name) for column in frame.columns[1:])
    )


def _check_numbers(numbers: pl.Series, name: str) -> None:
    if not numbers.dtype.is_integer() and numbers.dtype != pl.Null:
        raise ValueError(f"Row numbers of {name} must be integers, got {numbers.dtype}.")
    if numbers.null_count():
        raise ValueError(f"Row {numbers.is_null().arg_max()} of {name} has no row number.")
    least = numbers.min()
    if isinstance(least, int) and least < 0:
        raise ValueError(f"Row numbers of {name} must be 0 or more, got {least}.")
    repeated = numbers.is_duplicated()
    if repeated.any():
        raise ValueError(f"The row number {numbers.filter(repeated)[0]} is twice in {name}. Accepted: each once.")


def _values(column: pl.Series, name: str) -> pl.Series:
    """Check the values of a column, and give them as numbers or texts."""
    dtype = column.dtype
    if dtype.is_float():
        column = column.cast(pl.Float64).fill_nan(None)
        largest = column.abs().max()
        if isinstance(largest, float) and largest > LARGEST:
            raise ValueError(f"Column {column.name!r} of {name} has {largest}; numbers are at most {LARGEST:g}.")
        return column
    if dtype.is_integer():
        return column.cast(pl.Int64)
    if dtype in (pl.Categorical, pl.Enum, pl.String):
        column = column.cast(pl.String)
        letters = column.str.len_chars().max()
        if isinstance(letters, int) and letters > MOST_LETTERS:
            raise ValueError(
                f"Column {column.name!r} of {name} has a text of {letters} characters; at most {MOST_LETTERS}."
            )
        return column
    if dtype == pl.Null:
        return column.cast(pl.String)
    raise ValueError(f"Column {column.name!r} of {name} is {dtype}. Accepted: integers, floats and texts.")


def plan_inserts(session: Session, identity: Mapping[str, Any], rows: pl.DataFrame) -> list[Write[None]]:
    """Cut rows into requests, by rows and by cells."""
    most = max(1, min(MOST_ROWS, MOST_CELLS // (rows.width - 1)))
    parts = (rows.slice(at, most) for at in range(0, rows.height, most))
    return [Write(part.to_arrow, partial(_insert, session, identity, part)) for part in parts]


def _insert(session: Session, identity: Mapping[str, Any], rows: pl.DataFrame) -> None:
    names = rows.columns[1:]
    cells = [_json(pl.col(column), rows.schema[column]).alias(f"{n}") for n, column in enumerate(names)]
    texts = rows.select(
        pl.concat_str(
            pl.lit('{"rowNumber":'),
            pl.col(ROW_NUMBER).cast(pl.String),
            pl.lit(',"values":['),
            pl.concat_str(cells, separator=","),
            pl.lit("]}"),
        )
        .str.join(",")
        .cast(pl.Binary)
    ).item()
    head = json.dumps({**identity, "columns": names}, ensure_ascii=False)[:-1].encode()
    session.request("POST", INSERT, json=b"".join((b'{"items":[', head, b',"rows":[', texts, b"]}]}")))


def _json(column: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Write values as JSON."""
    if dtype.is_numeric():  # numbers are finite here
        return column.cast(pl.String).fill_null("null")
    # A struct of one field writes any value as JSON: {"v":<value>}.
    return pl.struct(column.alias("v")).struct.json_encode().str.strip_prefix('{"v":').str.strip_suffix("}")


def documented_rows(rows: Any) -> list[tuple[int, list[Any]]]:
    """Read rows as they are documented: {number: values}, [(number, values)] or [{"rowNumber", "values"}].

    Raises:
        TypeError, ValueError: none of these, or numbers that are there twice.
    """
    if isinstance(rows, Mapping):
        pairs = list(rows.items())
    elif isinstance(rows, Sequence) and not isinstance(rows, (str, bytes)):
        pairs = [_pair(row, number) for number, row in enumerate(rows)]
    else:
        raise TypeError(
            "rows must be a frame, {row number: values}, a list of (row number, values), or a list of "
            f'{{"rowNumber": ..., "values": ...}}; got {type(rows).__name__}.'
        )
    numbers = pl.Series(ROW_NUMBER, [number for number, _ in pairs], dtype=None if pairs else pl.Int64)
    _check_numbers(numbers, "rows")
    return [(int(number), [_plain(value) for value in values]) for number, values in pairs]


def _pair(row: Any, number: int) -> tuple[Any, Any]:
    if isinstance(row, Mapping):
        named = {"rowNumber": row.get("rowNumber", row.get(ROW_NUMBER)), "values": row.get("values")}
        if None not in named.values():
            return named["rowNumber"], named["values"]
    elif isinstance(row, Sequence) and not isinstance(row, str) and len(row) == 2:
        return row[0], row[1]
    raise ValueError(
        f'rows[{number}] must be (row number, values) or {{"rowNumber": ..., "values": ...}}, got {row!r}.'
    )


def _plain(value: Any) -> Any:
    """Give NumPy scalars as Python's, and NaN as no value."""
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and math.isnan(value) else value


def plan_documented_inserts(
    session: Session, identity: Mapping[str, Any], rows: Sequence[tuple[int, list[Any]]], columns: Sequence[str] | None
) -> list[Write[None]]:
    """Cut rows as they are documented into requests; without `columns` they have all of the sequence, in its order.

    Raises:
        ValueError: rows of different lengths.
    """
    width = len(columns) if columns is not None else len(rows[0][1])
    for number, values in rows:
        if len(values) != width:
            raise ValueError(f"Row {number} has {len(values)} values, where there are {width} columns.")
    most = max(1, min(MOST_ROWS, MOST_CELLS // max(width, 1)))
    head = {**identity} if columns is None else {**identity, "columns": list(columns)}
    writes = []
    for at in range(0, len(rows), most):
        part = rows[at : at + most]
        items = [{**head, "rows": [{"rowNumber": number, "values": values} for number, values in part]}]
        writes.append(_write(session, INSERT, items, [number for number, _ in part]))
    return writes


def _write(session: Session, path: str, items: list[dict[str, Any]], numbers: list[int]) -> Write[None]:
    def send() -> None:
        session.request("POST", path, json={"items": items})

    return Write(pa.table({ROW_NUMBER: pa.array(numbers, pa.int64())}), send)


def plan_deletes(session: Session, identity: Mapping[str, Any], numbers: Sequence[int]) -> list[Write[None]]:
    """Cut row numbers into requests."""
    parts = [list(numbers[at : at + MOST_ROWS]) for at in range(0, len(numbers), MOST_ROWS)]
    return [_write(session, DELETE, [{**identity, "rows": part}], part) for part in parts]
