"""Wide frames of points to insert: times in the index (pandas) or the column `timestamp`, then a column a series."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import pyarrow as pa

from cdframe.datapoints.long_frames import point_table
from cdframe.datapoints.stretches import PointSet, Values, WideColumn, references_of, wide_points
from cdframe.datapoints.values import check_values, contiguous, in_frame, plain, times_of_column
from cdframe.frames import kind_of
from cdframe.identifiers import check_id


def points_of_wide(frame: Any, *, ids: Collection[str] | None, dropna: bool) -> list[PointSet]:
    """Read a wide frame: times in the index (pandas) or the column `timestamp`, then a column for each series.

    Args:
        ids: the headers that are ids, the others are external ids; None: all are ids.
        dropna: pass over missing values.
    """
    table = _with_times(frame)
    times = times_of_column(table.column("timestamp"), in_frame)
    groups: dict[tuple[bool, bool], dict[int | str, WideColumn]] = {}
    seen: dict[int | str, str] = {}
    for name, column in zip(table.column_names, table.itercolumns(), strict=True):
        if name == "timestamp":
            continue
        by_id = ids is None or name in ids
        key = _id_of_header(name) if by_id else name
        if key in seen:
            raise ValueError(f"The columns {seen[key]!r} and {name!r} are of one series.")
        seen[key] = name
        points = _wide_column(plain(column, name), name, dropna=dropna)
        if points is not None:
            groups.setdefault((by_id, isinstance(points.values, pa.Array)), {})[key] = points
    return [wide_points(references_of(list(columns)), times, list(columns.values())) for columns in groups.values()]


def _wide_column(column: pa.ChunkedArray, name: str, *, dropna: bool) -> WideColumn | None:
    """Check a column; None when nothing is in it."""
    values = contiguous(column)
    missing = column.is_null(nan_is_null=True).to_numpy() if column.null_count or _has_nan(values) else None
    if missing is not None and not dropna:
        row = int(np.flatnonzero(missing)[0])
        raise ValueError(f"The frame contains NaNs: {in_frame(row, name)} is missing. Hint: dropna=True skips them.")
    check_values(values, in_frame, name, missing)
    if not len(values) or (missing is not None and missing.all()):
        return None
    return WideColumn(values, None if missing is None else ~missing)


def _has_nan(values: Values) -> bool:
    return isinstance(values, np.ndarray) and len(values) > 0 and bool(np.isnan(values.max()))


def _with_times(frame: Any) -> pa.Table:
    """Give a wide table whose column `timestamp` holds the times."""
    table = point_table(frame, "dataframe")
    if kind_of(frame) == "pandas":
        if not pa.types.is_timestamp(table.column("timestamp").type):
            raise TypeError("dataframe must have a DatetimeIndex, or a column 'timestamp' of times.")
    elif "timestamp" not in table.column_names:
        first = table.schema.field(0) if table.num_columns else None
        if first is None or not pa.types.is_timestamp(first.type):
            raise ValueError(f"dataframe needs a column 'timestamp', got {', '.join(table.column_names) or 'none'}.")
        table = table.rename_columns(["timestamp", *table.column_names[1:]])
    return table


def _id_of_header(name: str) -> int:
    if not (name.isascii() and name.isdigit()):
        raise ValueError(
            f"The column {name!r} is not an id. Hint: external_id_headers=True for columns named by external ids."
        )
    return check_id(int(name), f"column {name!r}")
