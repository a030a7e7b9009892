"""Data points between long form (a row a point) and wide form (a row a moment, a column a series)."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import polars as pl
import pyarrow as pa

from cdframe.errors import CogniteDuplicateColumnsError
from cdframe.identifiers import IDENTITIES
from cdframe.schemas import TIMESTAMP, camel_case

RAW = ("value", "string_value")
AGGREGATES = (
    "average",
    "max",
    "min",
    "count",
    "sum",
    "interpolation",
    "step_interpolation",
    "continuous_variance",
    "discrete_variance",
    "total_variation",
)
"""The aggregates, in the order in which frames have them."""

_SNAKE = {camel_case(name): name for name in AGGREGATES}


def is_long(table: pa.Table) -> bool:
    """Whether a table is one of data points in long form."""
    return "timestamp" in table.column_names and any(name in table.column_names for name in IDENTITIES)


def is_wide(table: pa.Table) -> bool:
    """Whether a table is one of data points in wide form: its first column is the time."""
    first = table.schema.field(0) if table.num_columns else None
    return first is not None and first.name == "timestamp" and not is_long(table)


def split_name(name: str) -> tuple[str, str | None]:
    """Split the name of a wide column into identifier and aggregate (snake_case; None for raw points)."""
    identifier, bar, aggregate = name.rpartition("|")
    if bar and aggregate in _SNAKE:
        return identifier, _SNAKE[aggregate]
    return name, None


def long_to_wide(table: pa.Table, *, include_aggregate_name: bool = True) -> pa.Table:
    """Turn long form into wide form: `timestamp`, then a column for each series and aggregate.

    A series is named by its external id, or by its id where it has none. Of several points of one series at one moment
    the last counts.

    Raises:
        CogniteDuplicateColumnsError: without aggregate names two columns would have one name.
    """
    frame = pl.DataFrame(table)
    names = [pl.col(name).cast(pl.String) for name in ("external_id", "id") if name in frame.columns]
    keys = frame.select(pl.coalesce(names).alias("name"))["name"]
    numbers = keys.rank("dense").cast(pl.Int64).to_numpy() if len(keys) else np.empty(0, np.int64)
    times = table.column("timestamp").cast(TIMESTAMP).cast(pa.int64()).to_numpy()
    moments, rows_of_points = np.unique(times, return_inverse=True)
    values = [name for name in table.column_names if name in RAW or name in AGGREGATES]

    columns: dict[str, pa.ChunkedArray | pa.Array] = {"timestamp": pa.array(moments).cast(TIMESTAMP)}
    repeated = []
    order = np.argsort(numbers, kind="stable")
    starts = np.flatnonzero(np.diff(numbers[order], prepend=-1))
    for points in sorted(np.split(order, starts[1:]) if len(order) else [], key=lambda points: int(points[0])):
        identifier = keys[int(points[0])]
        source = np.full(len(moments), -1)
        source[rows_of_points[points]] = points
        indices = pa.array(source, mask=source < 0)
        for value in values:
            column = table.column(value).take(indices)
            if column.null_count == len(column):
                continue
            name = identifier if value in RAW else f"{identifier}|{camel_case(value)}"
            name = name if include_aggregate_name else identifier
            if name in columns:
                repeated.append(name)
            columns[name] = column
    if repeated:
        raise CogniteDuplicateColumnsError(repeated)
    return pa.table(columns)


def wide_to_long(table: pa.Table, ids: Collection[str] = ()) -> pa.Table:
    """Turn wide form into long form; columns named in `ids` are known by their id, the others by external id.

    Cells without a value give no row.
    """
    series: dict[str, dict[str, pa.ChunkedArray]] = {}
    for name in table.column_names[1:]:
        identifier, aggregate = split_name(name)
        column = table.column(name)
        text = pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
        series.setdefault(identifier, {})[aggregate or ("string_value" if text else "value")] = column
    present = {value for columns in series.values() for value in columns}
    values = [name for name in (*RAW, *AGGREGATES) if name in present]
    parts = []
    for identifier, columns in series.items():
        part = pl.DataFrame({"timestamp": pl.Series(values=table.column(0).cast(TIMESTAMP))})
        part = part.with_columns(pl.Series(name, column) for name, column in columns.items())
        part = part.filter(pl.any_horizontal(pl.col(list(columns)).is_not_null()))
        identity = (
            pl.lit(int(identifier), pl.Int64).alias("id")
            if identifier in ids
            else pl.lit(identifier, pl.String).alias("external_id")
        )
        parts.append(part.select(identity, pl.all()))
    if not parts:
        return pa.table({"external_id": pa.array([], pa.string()), "timestamp": pa.array([], TIMESTAMP)})
    joined = pl.concat(parts, how="diagonal")
    identities = [name for name in IDENTITIES if name in joined.columns]
    if values == ["string_value"]:
        joined, values = joined.rename({"string_value": "value"}), ["value"]
    result = joined.select(*identities, "timestamp", *values)
    if "external_id" in identities:
        result = result.with_columns(pl.col("external_id").cast(pl.Categorical))
    return result.to_arrow()
