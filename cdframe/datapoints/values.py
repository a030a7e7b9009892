"""Times and values to insert, checked in vectors: what CDF would refuse is found before anything is sent."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cdframe.datapoints.pages import Floats, Ints, Values
from cdframe.timestamps import MAX_MS, MIN_MS, to_ms

MOST = 1e100
"""The largest number that a point can hold."""
MOST_BYTES = 1023
"""The longest text that a point can hold, in bytes of UTF-8."""

Place: TypeAlias = Callable[[int, str], str]
"""Says where a row and column are, for messages."""


def in_frame(row: int, column: str) -> str:
    """The place of a value in a frame."""
    return f"Row {row}, column {column!r}"


def in_list(name: str) -> Place:
    """Places of values in a list of points."""
    return lambda row, column: f"{name}[{row}] ({column})"


def read_points(points: Any, name: str, now: int) -> tuple[Ints, Values]:
    """Read a list of ``(time, value)`` tuples, or of dicts with ``timestamp`` and ``value``.

    Raises:
        ValueError, TypeError: there are none, keys are missing, or a time or value that cannot be stored.
    """
    if isinstance(points, (str, bytes, Mapping)) or not isinstance(points, Sequence):
        raise TypeError(f"{name} must be a list of (time, value) tuples, a list of dicts, or a frame.")
    if not points:
        raise ValueError("No datapoints provided")
    place = in_list(name)
    times, values = _columns(points, name)
    return _times_of_list(times, now, place), check_values(_values_of_list(values, place), place, "value")


def _columns(points: Sequence[Any], name: str) -> tuple[list[Any], list[Any]]:
    if isinstance(points[0], Mapping):
        for row, point in enumerate(points):
            if not isinstance(point, Mapping):
                raise TypeError(f"{name}[{row}] must be a dict like the first point, got {type(point).__name__}.")
            for key in ("timestamp", "value"):
                if key not in point:
                    raise ValueError(f"A datapoint is missing the '{key}' key: {name}[{row}]={dict(point)!r}.")
        return [point["timestamp"] for point in points], [point["value"] for point in points]
    for row, point in enumerate(points):
        if isinstance(point, (str, bytes, Mapping)) or not isinstance(point, Sequence) or len(point) != 2:
            raise TypeError(f"{name}[{row}] must be a tuple (time, value), got {point!r}.")
    return [point[0] for point in points], [point[1] for point in points]


def _times_of_list(times: list[Any], now: int, place: Place) -> Ints:
    if all(type(time) is int for time in times):
        try:
            return check_times(np.array(times, np.int64), place)
        except OverflowError:
            pass  # the loop below says where
    for row, time in enumerate(times):
        to_ms(time, now=now, name=place(row, "timestamp"))
    return check_times(
        np.array([min(to_ms(time, now=now), MAX_MS + 1) for time in times], np.int64),
        place,
    )


def _values_of_list(values: list[Any], place: Place) -> pa.Array:
    """Make an array of numbers or of texts, or say which value is neither or of another kind than the first."""
    first_text = None
    for row, value in enumerate(values):
        is_text = isinstance(value, str)
        is_number = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, (bool, np.bool_))
        if value is None:
            raise ValueError(f"{place(row, 'value')}: the value is missing.")
        if not is_text and not is_number:
            raise TypeError(f"{place(row, 'value')}: {value!r} is neither a number nor a text.")
        if first_text is None:
            first_text = is_text
        elif first_text != is_text:
            kinds = ("a text", "a number") if is_text else ("a number", "a text")
            raise TypeError(
                f"{place(row, 'value')}: {value!r} is {kinds[0]}, the values before are not. A series holds "
                "numbers or texts, not both."
            )
    try:
        return pa.array(values, pa.string()) if first_text else pa.array([_double(value) for value in values])
    except (pa.ArrowInvalid, UnicodeEncodeError) as error:
        raise ValueError(f"{place(0, 'value')} and following: {error}") from error


def _double(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf  # an int beyond all doubles, refused with the infinities


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
    if pa.types.is_timestamp(column.type):
        column = pc.floor_temporal(column, unit="millisecond").cast(pa.timestamp("ms", column.type.tz), safe=False)
    return check_times(column.cast(pa.int64()).to_numpy(), place, name)


def values_of_column(column: pa.ChunkedArray, place: Place, name: str = "value") -> Values:
    """Read a column of numbers or texts; nothing may be missing in it."""
    column = plain(column, name)
    if column.null_count:
        raise ValueError(f"{place(_first(column.is_null()), name)}: the value is missing.")
    return check_values(column.combine_chunks(), place, name)


def plain(column: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    """Cast numbers to double and texts to string, dictionaries decoded; refuse all else."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return column.cast(pa.string())
    if pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind) or pa.types.is_null(kind):
        return column.cast(pa.float64(), safe=False)
    raise TypeError(f"Column {name!r} must hold numbers or texts, got {kind}.")


def check_times(times: Ints, place: Place, name: str = "timestamp") -> Ints:
    """Refuse times before 1900 and after 2099."""
    bad = (times < MIN_MS) | (times > MAX_MS)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise ValueError(
            f"{place(row, name)}: the time {times[row]} ms is outside 1900-01-01..2099-12-31 ({MIN_MS}..{MAX_MS} ms)."
        )
    return times


def check_values(array: pa.Array, place: Place, name: str) -> Values:
    """Refuse numbers that are not finite or too large, and texts that are too long."""
    if pa.types.is_string(array.type):
        lengths = pc.binary_length(array)
        if len(array) and pc.max(lengths).as_py() > MOST_BYTES:
            row = _first(pc.greater(lengths, MOST_BYTES))
            raise ValueError(
                f"{place(row, name)}: the text has {lengths[row]} bytes (UTF-8); a point holds at most {MOST_BYTES}."
            )
        return array
    numbers: Floats = array.to_numpy(zero_copy_only=False)
    fits = np.abs(numbers) <= MOST  # false for NaN, too
    if not fits.all():
        row = int(np.flatnonzero(~fits)[0])
        number = numbers[row]
        if np.isnan(number):
            raise ValueError(f"{place(row, name)}: the value is NaN (missing).")
        what = "contains Infinity" if np.isinf(number) else f"the value {float(number)!r} is too large"
        raise ValueError(f"{place(row, name)}: {what}. A point holds numbers from {-MOST:g} to {MOST:g}.")
    return numbers


def _first(mask: pa.ChunkedArray | pa.Array) -> int:
    return int(pc.index(mask, True).as_py())
