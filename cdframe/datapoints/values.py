"""Columns of times and values to insert, checked in vectors: what CDF would refuse is found before it is sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cdframe.datapoints.pages import Floats, Ints
from cdframe.datapoints.stretches import Flags, Values
from cdframe.timestamps import MAX_MS, MIN_MS

MOST = 1e100
"""The largest number that a point can hold."""
MOST_BYTES = 1023
"""The longest text that a point can hold, in bytes of UTF-8."""

_NUMBER = pa.float64()
_TEXT = pa.large_string()
_UNITS_MS = {"s": (1, 1_000), "ms": (1, 1), "us": (1_000, 1), "ns": (1_000_000, 1)}
"""How many of a unit make a millisecond, and how many milliseconds make the unit."""

Place: TypeAlias = Callable[[int, str], str]
"""Says where a row and column are, for messages."""


def in_frame(row: int, column: str) -> str:
    """The place of a value in a frame."""
    return f"Row {row}, column {column!r}"


def times_of_column(column: pa.ChunkedArray, place: Place, name: str = "timestamp") -> Ints:
    """Read a column of times: timestamps of any unit (naive ones are UTC), or milliseconds."""
    kind = column.type
    if column.null_count:
        raise ValueError(f"{place(_first(column.is_null()), name)}: the time is missing.")
    if pa.types.is_date(kind):
        column = column.cast(pa.timestamp("ms"))
    elif pa.types.is_floating(kind):
        numbers = column.to_numpy()
        if not np.isfinite(numbers).all():
            row = int(np.flatnonzero(~np.isfinite(numbers))[0])
            raise ValueError(f"{place(row, name)}: {numbers[row]} is not a time.")
        return check_times(np.clip(np.trunc(numbers), MIN_MS - 1, MAX_MS + 1).astype(np.int64), place, name)
    elif not (pa.types.is_timestamp(kind) or pa.types.is_integer(kind) or pa.types.is_null(kind)):
        raise TypeError(f"Column {name!r} must hold times (timestamps, or ms since 1970), got {kind}.")
    finer, coarser = _UNITS_MS[column.type.unit] if pa.types.is_timestamp(column.type) else (1, 1)
    times = _to_int64(column, place, name)
    if coarser > 1:
        times = np.clip(times, MIN_MS // coarser - 1, MAX_MS // coarser + 1) * coarser
    return check_times(times // finer if finer > 1 else times, place, name)


def _to_int64(column: pa.ChunkedArray, place: Place, name: str) -> Ints:
    try:
        times: Ints = column.cast(pa.int64()).to_numpy()
    except pa.ArrowInvalid:  # unsigned numbers beyond all times
        row = _first(pc.greater(column, pa.scalar(MAX_MS, column.type)))
        raise _out_of_range(column[row].as_py(), place(row, name)) from None
    return times


def values_of_column(column: pa.ChunkedArray, place: Place, name: str = "value") -> Values:
    """Read a column of numbers or texts; nothing may be missing in it."""
    column = plain(column, name)
    if column.null_count:
        raise ValueError(f"{place(_first(column.is_null()), name)}: the value is missing.")
    values: Values = contiguous(column)
    check_values(values, place, name)
    return values


def plain(column: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    """Cast numbers to double and texts to large_string, dictionaries decoded; refuse all else."""
    kind = column.type
    if kind in (_NUMBER, _TEXT):
        return column
    if pa.types.is_dictionary(kind):
        return plain(column.cast(kind.value_type), name)
    if pa.types.is_string(kind) or pa.types.is_string_view(kind):
        return column.cast(_TEXT)
    if pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind) or pa.types.is_null(kind):
        return column.cast(_NUMBER, safe=False)
    raise TypeError(f"Column {name!r} must hold numbers or texts, got {kind}.")


def contiguous(column: pa.ChunkedArray) -> Values:
    """A plain column as one array. Where a number is missing, the array has any number."""
    array = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    if array.type == _TEXT:
        return array
    if array.null_count:
        array = pa.Array.from_buffers(_NUMBER, len(array), [None, array.buffers()[1]], offset=array.offset)
    numbers: Floats = array.to_numpy()
    return numbers


def check_times(times: Ints, place: Place, name: str = "timestamp") -> Ints:
    """Refuse times before 1900 and after 2099."""
    if len(times) and (times.min() < MIN_MS or times.max() > MAX_MS):
        row = int(np.flatnonzero((times < MIN_MS) | (times > MAX_MS))[0])
        raise _out_of_range(int(times[row]), place(row, name))
    return times


def _out_of_range(time: int, where: str) -> ValueError:
    return ValueError(f"{where}: the time {time} ms is outside 1900-01-01..2099-12-31 ({MIN_MS}..{MAX_MS} ms).")


def check_values(values: Values, place: Place, name: str, missing: Flags | None = None) -> None:
    """Refuse numbers that are not finite or too large, and texts that are too long; pass over missing ones."""
    if isinstance(values, pa.Array):
        lengths = pc.binary_length(values)
        if len(values) and (pc.max(lengths).as_py() or 0) > MOST_BYTES:
            row = _first(pc.greater(lengths, MOST_BYTES))
            raise ValueError(
                f"{place(row, name)}: the text has {lengths[row]} bytes (UTF-8); a point holds at most {MOST_BYTES}."
            )
        return
    if not len(values) or (values.min() >= -MOST and values.max() <= MOST):  # false for NaN, too
        return
    fits = np.abs(values) <= MOST
    if missing is not None:
        fits |= missing
    if fits.all():
        return
    row = int(np.flatnonzero(~fits)[0])
    number = float(values[row])
    if np.isnan(number):
        raise ValueError(f"{place(row, name)}: the value is NaN (missing).")
    what = "contains Infinity" if np.isinf(number) else f"the value {number!r} is too large"
    raise ValueError(f"{place(row, name)}: {what}. A point holds numbers from {-MOST:g} to {MOST:g}.")


def _first(mask: pa.ChunkedArray | pa.Array) -> int:
    return int(pc.index(mask, True).as_py())
