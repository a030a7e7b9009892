"""Rows in insert and delete requests, checked against the columns of their sequences."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from types import NoneType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cdframe.local.errors import bad_request, constraint
from cdframe.local.fields import Integer
from cdframe.local.identifiers import Identifier
from cdframe.local.sequences.columns import Column, choose, parse_names
from cdframe.local.sequences.rows import LARGEST_NUMBER, TYPES, Rows
from cdframe.local.sequences.tables import NAMING
from cdframe.local.validation import as_list, as_object, check_size, reject_unknown, request_items, shown

MOST_ITEMS, MOST_ROWS, MOST_VALUES = 1000, 10_000, 100_000
LARGEST_VALUE = 1e100
LONGEST_STRING = 256
ROW_NUMBER = Integer(0, LARGEST_NUMBER)

EXPECTED = {
    "DOUBLE": f"a number between -{LARGEST_VALUE:g} and {LARGEST_VALUE:g}",
    "LONG": "an integer between -2^63 and 2^63-1",
    "STRING": f"a string of at most {LONGEST_STRING} characters",
}
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
DIGITS = re.compile(r"[+-]?\d{1,30}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Incoming:
    """Rows for one sequence, as they came."""

    identifier: Identifier
    names: Sequence[str] | None  # of columns
    numbers: Sequence[int]
    values: Sequence[Sequence[Any]]  # of each row, in the order of the names
    where: str

    def rows(self, columns: Sequence[Column]) -> Rows:
        """The rows for a sequence that has these columns, or 400; 404 for names that it does not have."""
        chosen = choose(columns, self.names)
        if set(map(len, self.values)) != {len(chosen)}:
            i = next(i for i, values in enumerate(self.values) if len(values) != len(chosen))
            count = len(self.values[i])
            raise bad_request(f"{self.where}.rows[{i}].values has {count} values for {len(chosen)} columns")
        flat = list(chain.from_iterable(self.values))
        typed = {c.number: self._typed(c, flat[place :: len(chosen)]) for place, c in enumerate(chosen)}
        return Rows(np.array(self.numbers, np.int64), typed).in_order()

    def _typed(self, column: Column, values: list[Any]) -> pa.Array:
        """The values of a column: at once when all are plain, else one by one."""
        plain = PLAIN[column.kind](values)
        if plain is not None:
            return plain
        single = SINGLE[column.kind]
        typed = [None if value is None else single(value) for value in values]
        for i, (value, found) in enumerate(zip(values, typed, strict=True)):
            if found is None and value is not None:
                raise bad_request(
                    f"Expected {EXPECTED[column.kind]} for column {shown(column.external_id)}, which is {column.kind}, "
                    f"in row {self.numbers[i]}, {self.where}.rows[{i}], but was {shown(value)}"
                )
        return pa.array(typed, TYPES[column.kind])


def read_rows(body: Mapping[str, Any]) -> list[Incoming]:
    """The rows of an insert request."""
    reject_unknown(body, ("items",), "")
    incoming = [_read_item(item, f"items[{i}]") for i, item in enumerate(request_items(body, MOST_ITEMS))]
    count = sum(len(values) for one in incoming for values in one.values)
    if count > MOST_VALUES:
        raise constraint(f"values of all rows together must be at most {MOST_VALUES}, but were {count}")
    return incoming


def read_numbers(body: Mapping[str, Any]) -> list[tuple[Identifier, list[int]]]:
    """The numbers of the rows of a delete request."""
    reject_unknown(body, ("items",), "")
    found = []
    for i, item in enumerate(request_items(body, MOST_ITEMS)):
        where = f"items[{i}]"
        identifier = NAMING.parse(item, where, others=("rows",))
        numbers = request_items(item, MOST_ROWS, name="rows")
        found.append((identifier, [ROW_NUMBER.check(n, f"{where}.rows[{k}]") for k, n in enumerate(numbers)]))
    return found


def _read_item(item: Any, where: str) -> Incoming:
    identifier = NAMING.parse(item, where, others=("columns", "rows"))
    names = parse_names(item.get("columns"), f"{where}.columns")
    rows = as_list(item.get("rows"), f"{where}.rows")
    check_size(rows, f"{where}.rows", 1, MOST_ROWS)
    numbers, values = [], []
    for i, row in enumerate(rows):
        if not (type(row) is dict and len(row) == 2 and type(row.get("values")) is list):
            path = f"{where}.rows[{i}]"
            reject_unknown(as_object(row, path), ("rowNumber", "values"), path)
            as_list(row.get("values"), f"{path}.values")
        number = row.get("rowNumber")
        if type(number) is not int or not 0 <= number <= LARGEST_NUMBER:
            number = ROW_NUMBER.check(number, f"{where}.rows[{i}].rowNumber")
        numbers.append(number)
        values.append(row["values"])
    return Incoming(identifier, names, numbers, values, where)


def _plain_doubles(values: list[Any]) -> pa.Array | None:
    kinds = set(map(type, values))
    if not kinds <= {float, int, NoneType}:
        return None
    try:
        doubles = np.array(values, np.float64)
    except OverflowError:
        return None
    nulls = np.array([value is None for value in values]) if NoneType in kinds else None
    with np.errstate(invalid="ignore"):
        fits = np.abs(doubles) <= LARGEST_VALUE
    return pa.array(doubles, mask=nulls) if (fits if nulls is None else fits | nulls).all() else None


def _plain_longs(values: list[Any]) -> pa.Array | None:
    if not set(map(type, values)) <= {int, NoneType}:
        return None
    try:
        return pa.array(values, TYPES["LONG"])
    except (OverflowError, pa.ArrowInvalid):
        return None


def _plain_strings(values: list[Any]) -> pa.Array | None:
    if not set(map(type, values)) <= {str, NoneType}:
        return None
    try:
        strings = pa.array(values, TYPES["STRING"])
    except UnicodeEncodeError:  # half of a surrogate pair
        return None
    longest = pc.max(pc.utf8_length(strings)).as_py() or 0
    return strings if longest <= LONGEST_STRING else None


def _double(value: Any) -> float | None:
    if isinstance(value, bool) or (isinstance(value, str) and not NUMBER.fullmatch(value)):
        return None
    try:
        number = float(value)
    except (TypeError, OverflowError):
        return None
    return number if abs(number) <= LARGEST_VALUE else None


def _long(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, float) and not (math.isfinite(value) and value.is_integer()):
        return None
    if isinstance(value, str) and not DIGITS.fullmatch(value):
        return None
    number = int(value)
    return number if -(2**63) <= number < 2**63 else None


def _string(value: Any) -> str | None:
    if not isinstance(value, str) or len(value) > LONGEST_STRING:
        return None
    return value if value.encode("utf-8", "ignore").decode() == value else None  # not with half a surrogate pair


PLAIN = {"DOUBLE": _plain_doubles, "LONG": _plain_longs, "STRING": _plain_strings}
SINGLE = {"DOUBLE": _double, "LONG": _long, "STRING": _string}
