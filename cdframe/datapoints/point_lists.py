"""Lists of points to insert as columns: in vectors where all are of one kind, else one by one.

A million tuples of int and float take a twentieth of a second, and hardly a list is not of one kind. What the vectors
cannot take is looked at point by point, which also finds the words for what is wrong.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any

import numpy as np
import pyarrow as pa

from cdframe.datapoints.pages import Ints
from cdframe.datapoints.stretches import Values
from cdframe.datapoints.values import Place, check_times, check_values, times_of_column
from cdframe.timestamps import MAX_MS, to_ms

_KEYS = ("timestamp", "value")
_NUMBERS = {int, float}
_MICROSECONDS = pa.timestamp("us", "UTC")


def read_points(points: Any, name: str, now: int) -> tuple[Ints, Values]:
    """Read a list of ``(time, value)`` tuples, or of dicts with ``timestamp`` and ``value``.

    Raises:
        ValueError, TypeError: there are none, keys are missing, or a time or value that cannot be stored.
    """
    if isinstance(points, (str, bytes, Mapping)) or not isinstance(points, Sequence):
        raise TypeError(f"{name} must be a list of (time, value) tuples, a list of dicts, or a frame.")
    if not points:
        raise ValueError("No datapoints provided")

    def place(row: int, column: str) -> str:
        return f"{name}[{row}] ({column})"

    times, values = _columns(points, name)
    checked = _times(times, now, place), _values(values, place)
    check_values(checked[1], place, "value")
    return checked


def _columns(points: Sequence[Any], name: str) -> tuple[list[Any], list[Any]]:
    kinds = set(map(type, points))
    if kinds == {dict}:
        try:
            return _split(points, *_KEYS)
        except KeyError:
            pass  # the loop below says where
    elif kinds <= {tuple, list} and set(map(len, points)) == {2}:
        return _split(points, 0, 1)
    if isinstance(points[0], Mapping):
        for row, point in enumerate(points):
            if not isinstance(point, Mapping):
                raise TypeError(f"{name}[{row}] must be a dict like the first point, got {type(point).__name__}.")
            for key in _KEYS:
                if key not in point:
                    raise ValueError(f"A datapoint is missing the '{key}' key: {name}[{row}]={dict(point)!r}.")
        return _split(points, *_KEYS)
    for row, point in enumerate(points):
        if isinstance(point, (str, bytes, Mapping)) or not isinstance(point, Sequence) or len(point) != 2:
            raise TypeError(f"{name}[{row}] must be a tuple (time, value), got {point!r}.")
    return _split(points, 0, 1)


def _split(points: Iterable[Any], time: int | str, value: int | str) -> tuple[list[Any], list[Any]]:
    return list(map(itemgetter(time), points)), list(map(itemgetter(value), points))


def _times(times: list[Any], now: int, place: Place) -> Ints:
    kinds = set(map(type, times))
    column: pa.Array | None = None
    try:
        if kinds <= _NUMBERS:
            column = pa.array(np.array(times, np.int64 if kinds == {int} else np.float64))
        elif all(issubclass(kind, datetime) for kind in kinds):
            column = pa.array(times, _MICROSECONDS)
    except (OverflowError, ValueError):
        pass  # a time beyond all, or NaT: what follows says where
    if column is not None:
        return times_of_column(pa.chunked_array([column]), place)
    found = np.empty(len(times), np.int64)
    for row, time in enumerate(times):
        try:
            found[row] = min(to_ms(time, now=now), MAX_MS + 1)
        except (ValueError, TypeError):
            to_ms(time, now=now, name=place(row, "timestamp"))
            raise
    return check_times(found, place)


def _values(values: list[Any], place: Place) -> Values:
    """Make an array of numbers or of texts, or say which value is neither or of another kind than the first."""
    kinds = set(map(type, values))
    try:
        if kinds <= _NUMBERS:
            return np.array(values, np.float64)
        if kinds == {str}:
            return pa.array(values, pa.large_string())
    except (OverflowError, UnicodeEncodeError):
        pass  # an int beyond all doubles, or half of a surrogate pair
    first_text = _check_kinds(values, place)
    if not first_text:
        return np.array([_double(value) for value in values])
    for row, value in enumerate(values):
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise ValueError(f"{place(row, 'value')}: the text cannot be written in UTF-8: {error}") from error
    return pa.array(map(str, values), pa.large_string())


def _check_kinds(values: list[Any], place: Place) -> bool:
    """Whether values are texts; they are all texts or all numbers."""
    first_text = isinstance(values[0], str)
    for row, value in enumerate(values):
        is_text = isinstance(value, str)
        is_number = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, (bool, np.bool_))
        if value is None:
            raise ValueError(f"{place(row, 'value')}: the value is missing.")
        if not is_text and not is_number:
            raise TypeError(f"{place(row, 'value')}: {value!r} is neither a number nor a text.")
        if first_text != is_text:
            kinds = ("a text", "a number") if is_text else ("a number", "a text")
            raise TypeError(
                f"{place(row, 'value')}: {value!r} is {kinds[0]}, the values before are not. A series holds "
                "numbers or texts, not both."
            )
    return first_text


def _double(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf  # refused with the infinities
