"""`complete=`: wide frames of aggregates with a regular time axis, and with values where they can be told.

| "fill"                                           | does                                                        |
|--------------------------------------------------|-------------------------------------------------------------|
| time axis                                        | from the first row on, a granularity apart, to the last row |
| sum, totalVariation, count                       | 0 where missing                                             |
| interpolation                                    | linear between neighbours; missing at the ends              |
| stepInterpolation, interpolation of step series  | the value before; missing at the beginning                  |
| the others                                       | stay as they are                                            |

"fill,dropna" then drops rows where anything is missing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cdframe.datapoints.assemble import WideColumn, spread
from cdframe.datapoints.grids import moments
from cdframe.datapoints.pages import Ints
from cdframe.reshape import split_name
from cdframe.schemas import TIMESTAMP, camel_case

_ZERO = frozenset({"sum", "totalVariation", "count"})
_COMPLETABLE = ("sum", "count", "totalVariation", "interpolation", "stepInterpolation")


def check_complete(complete: str | None) -> tuple[bool, bool]:
    """Read the argument: whether to fill, and whether to drop rows then.

    Raises:
        ValueError: other words than fill and dropna.
    """
    if complete is None:
        return False, False
    if not isinstance(complete, str):
        raise TypeError(f"complete must be a text such as 'fill', got {type(complete).__name__}.")
    words = {word.strip() for word in complete.split(",")}
    unknown = words - {"fill", "dropna", ""}
    if unknown:
        raise ValueError(f"complete={complete!r} has {min(unknown)!r}. Accepted: 'fill', 'fill,dropna', ''.")
    return "fill" in words, "fill" in words and "dropna" in words


def check_droppable(aggregates: Iterable[str]) -> None:
    """Raise ValueError for aggregates whose missing values cannot be filled, so that dropping would lose rows."""
    others = [name for name in dict.fromkeys(aggregates) if name not in _COMPLETABLE]
    if others:
        raise ValueError(
            f"The aggregate(s) {others} is not supported for dataframe completion with dropna, "
            f"only {list(_COMPLETABLE)} are"
        )


def complete(
    table: pa.Table,
    complete: str | None,
    granularity: str | None = None,
    *,
    step_series: Collection[str] = (),
) -> pa.Table:
    """Complete a wide table, whose columns are `timestamp` and then ``identifier|aggregate``.

    Args:
        table: the table, ascending in time.
        complete: "fill", "fill,dropna" or nothing.
        granularity: the distance of rows; by default the smallest that occurs.
        step_series: the identifiers of step series.

    Raises:
        ValueError: unknown words, columns that are not aggregates, or that dropna cannot be used with.
    """
    columns = []
    if check_complete(complete)[0]:
        for name in table.column_names[1:]:
            series, aggregate = split_name(name)
            if aggregate is None:
                raise ValueError(f"complete is for frames of aggregates: no aggregate in the column name {name!r}.")
            columns.append(WideColumn(series, camel_case(aggregate), series in step_series))
    return complete_columns(table, columns, complete, granularity)


def complete_columns(
    table: pa.Table, columns: Sequence[WideColumn], complete: str | None, granularity: str | None
) -> pa.Table:
    """Complete a wide table, of which it is known what the columns behind `timestamp` hold.

    Raises:
        ValueError: unknown words, or aggregates that dropna cannot be used with.
    """
    fill, dropna = check_complete(complete)
    if dropna:
        check_droppable(column.aggregate or "raw points" for column in columns)
    if not fill or table.num_rows < 2:
        return table
    table = _regular(table, granularity)
    filled = [
        _fill(array.combine_chunks(), column.aggregate, column.is_step)
        for array, column in zip(table.columns[1:], columns, strict=True)
    ]
    completed = pa.table([table.column(0), *filled], names=table.column_names)
    return completed.drop_null() if dropna else completed


def _regular(table: pa.Table, granularity: str | None) -> pa.Table:
    """Put the rows on a regular axis; those that are not on it are left out."""
    times: Ints = table.column(0).cast(TIMESTAMP).cast(pa.int64()).to_numpy()
    first, last = int(times[0]), int(times[-1])
    if granularity is None:
        step = int(np.diff(times).min())
        axis: Ints = np.arange(first, last + 1, step, dtype=np.int64)
    else:
        axis = moments(granularity, first, last)
    if np.array_equal(axis, times):
        return table
    place = np.searchsorted(axis, times)
    place[place == len(axis)] = 0
    on_axis = axis[place] == times
    kept = table.filter(pa.array(on_axis))
    columns = [spread(kept.column(name).combine_chunks(), place[on_axis], len(axis)) for name in table.column_names[1:]]
    return pa.table([pa.array(axis).view(TIMESTAMP), *columns], names=table.column_names)


def _fill(column: pa.Array, aggregate: str | None, is_step: bool) -> pa.Array:
    if aggregate in _ZERO:
        return pc.fill_null(column, pa.scalar(0, column.type))
    if aggregate == "stepInterpolation" or (aggregate == "interpolation" and is_step):
        return pc.fill_null_forward(column)
    if aggregate == "interpolation":
        return _interpolate(column)
    return column


def _interpolate(column: pa.Array) -> pa.Array:
    """Draw lines between known values, by position; nothing before the first and after the last."""
    known = np.flatnonzero(column.is_valid().to_numpy(zero_copy_only=False))
    if len(known) == 0 or column.null_count == 0:
        return column
    places = np.arange(len(column))
    values = column.cast(pa.float64()).drop_null().to_numpy()
    outside = (places < known[0]) | (places > known[-1])
    return pa.array(np.interp(places, known, values), mask=outside)
