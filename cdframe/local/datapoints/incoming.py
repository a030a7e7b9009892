"""Points in insert requests, from JSON or protobuf, checked against the kind of their series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cdframe.local.datapoints.points import BAD, EARLIEST, END_OF_TIME, Floats, Ints, Kind, Points
from cdframe.local.datapoints.statuses import check_agreement, check_codes, code_of_symbol, parse_status
from cdframe.local.errors import bad_request, constraint
from cdframe.local.fields import EXTERNAL_ID
from cdframe.local.identifiers import Identifier
from cdframe.local.time_series.tables import NAMING
from cdframe.local.validation import as_integer, as_list, as_object, reject_unknown, request_items, shown
from cdframe.protobuf import DecodeError, InsertionItem, decode_insertion_request

MOST_ITEMS, MOST_POINTS = 10_000, 100_000
LARGEST_VALUE = 1e100
LONGEST_STRING = 1023  # bytes
KEYS = ("timestamp", "value", "status")
SPECIAL = {"NaN": np.nan, "Infinity": np.inf, "-Infinity": -np.inf}  # JSON has no such numbers


@dataclass(frozen=True, slots=True)
class Incoming:
    """The points for one series. `values` is a column of one kind, or plain values that were of several."""

    identifier: Identifier
    timestamps: Ints
    values: Floats | pa.LargeStringArray | list[Any]
    status: Ints | None
    where: str

    def points(self, kind: Kind) -> Points:
        """The points for a series of this kind, in order of time, or 400."""
        status = np.zeros(len(self.timestamps), np.int64) if self.status is None else self.status
        make = self._numbers if kind == "numeric" else self._strings
        return make(status).in_order()

    def _numbers(self, status: Ints) -> Points:
        nulls = None
        if isinstance(self.values, list):
            numbers, nulls = self._plain_numbers(self.values, status)
        elif isinstance(self.values, np.ndarray):
            numbers = self.values
        elif len(self.values):
            raise bad_request(f"Expected numeric value for {self._first()}, which is a numeric time series")
        else:
            numbers = np.empty(0)
        with np.errstate(invalid="ignore"):
            wrong = ~(np.abs(numbers) <= LARGEST_VALUE) & (status < BAD)
        if wrong.any():
            i = int(np.argmax(wrong))
            limits = f"between -{LARGEST_VALUE:g} and {LARGEST_VALUE:g}, unless its status is bad"
            raise constraint(f"{self._at(i)}.value must be {limits}, but was {numbers[i]}")
        return Points(self.timestamps, numbers, status, nulls)

    def _plain_numbers(self, values: Sequence[Any], status: Ints) -> tuple[Floats, np.ndarray]:
        numbers = np.empty(len(values))
        for i, value in enumerate(values):
            if value is None:
                numbers[i] = np.nan
            elif isinstance(value, str) and value in SPECIAL and status[i] >= BAD:
                numbers[i] = SPECIAL[value]
            elif isinstance(value, int | float) and not isinstance(value, bool):
                try:
                    numbers[i] = value
                except OverflowError:
                    numbers[i] = np.inf
            else:
                raise bad_request(f"Expected numeric value for {self._at(i)}, but was {shown(value)}")
        return numbers, np.array([value is None for value in values], np.bool_)

    def _strings(self, status: Ints) -> Points:
        texts = self.values
        if isinstance(texts, np.ndarray) and len(texts):
            raise bad_request(f"Expected string value for {self._first()}, which is a time series of strings")
        if not isinstance(texts, pa.LargeStringArray):
            for i, value in enumerate(texts):
                if value is not None and not isinstance(value, str):
                    raise bad_request(f"Expected string value for {self._at(i)}, but was {shown(value)}")
            texts = _text_array(list(texts), self.where)
        longest = pc.max(pc.binary_length(texts)).as_py() or 0
        if longest > LONGEST_STRING:
            raise constraint(f"{self.where}.datapoints.value must be at most {LONGEST_STRING} bytes, but was {longest}")
        return Points(self.timestamps, texts, status)

    def _at(self, i: int) -> str:
        return f"{self.where}.datapoints[{i}]"

    def _first(self) -> str:
        return f"{self._at(0)} of {self.identifier.wire()}"


def read_json(body: Mapping[str, Any]) -> list[Incoming]:
    """The points of a JSON request."""
    reject_unknown(body, ("items",), "")
    items = request_items(body, MOST_ITEMS)
    identifiers, lists = [], []
    for i, item in enumerate(items):
        where = f"items[{i}]"
        identifiers.append(NAMING.parse(item, where, others=("datapoints",)))
        points = item.get("datapoints")
        lists.append(as_list(points if points is not None else [], f"{where}.datapoints"))
    _check_count(sum(map(len, lists)))
    return [
        _read_points(identifier, points, f"items[{i}]")
        for i, (identifier, points) in enumerate(zip(identifiers, lists, strict=True))
    ]


def _read_points(identifier: Identifier, points: list[Any], where: str) -> Incoming:
    """Points of plain numbers or plain strings become columns at once, all others one by one."""
    try:
        times = [point["timestamp"] for point in points]
        values = [point["value"] for point in points]
        plain = set(map(len, points)) <= {2} and set(map(type, times)) <= {int}
    except (KeyError, TypeError, IndexError):
        plain = False
    if plain:
        kinds = set(map(type, values))
        try:
            timestamps = np.array(times, np.int64)
            if kinds <= {int, float}:
                column: Floats | pa.LargeStringArray = np.array(values, np.float64)
            elif kinds == {str}:
                column = _text_array(values, where)
            else:
                plain = False
        except OverflowError:
            plain = False
    if not plain:
        return _read_each(identifier, points, where)
    _check_times(timestamps, where)
    return Incoming(identifier, timestamps, column, None, where)


def _read_each(identifier: Identifier, points: list[Any], where: str) -> Incoming:
    times, values, statuses = [], [], []
    for i, item in enumerate(points):
        path = f"{where}.datapoints[{i}]"
        point = as_object(item, path)
        reject_unknown(point, KEYS, path, empty_passes=False)
        time = as_integer(point.get("timestamp"), f"{path}.timestamp")
        if not EARLIEST <= time < END_OF_TIME:
            raise _time_out_of_range(path, time)
        status = parse_status(point.get("status"), f"{path}.status")
        value = point.get("value")
        if value is None and status < BAD:
            raise bad_request(f"{path}.value is required, unless the status is bad")
        times.append(time)
        values.append(value)
        statuses.append(status)
    return Incoming(identifier, np.array(times, np.int64), values, np.array(statuses, np.int64), where)


def read_protobuf(content: bytes) -> list[Incoming]:
    """The points of a protobuf request."""
    try:
        items = decode_insertion_request(content)
    except DecodeError as error:
        raise bad_request(f"The request body is not a valid DataPointInsertionRequest: {error}") from error
    if not 1 <= len(items) <= MOST_ITEMS:
        raise constraint(f"items size must be between 1 and {MOST_ITEMS}")
    _check_count(sum(len(item.timestamps) for item in items))
    return [_read_item(item, f"items[{i}]") for i, item in enumerate(items)]


def _read_item(item: InsertionItem, where: str) -> Incoming:
    if item.id is not None:
        identifier = NAMING.parse({"id": item.id}, where)
    elif item.external_id is not None:
        identifier = Identifier("externalId", EXTERNAL_ID.kind.check(item.external_id, f"{where}.externalId"))
    elif item.instance_id is not None:
        identifier = Identifier("instanceId", item.instance_id)
    else:
        raise bad_request(f"{where} must have exactly one of {', '.join(NAMING.keys)}, but has none")
    timestamps = np.asarray(item.timestamps, np.int64)
    _check_times(timestamps, where)
    status = None if item.status is None else np.asarray(item.status, np.int64)
    if item.symbols is not None:
        status = _with_symbols(status, item.symbols, where)
    if status is not None:
        check_codes(status, f"{where}.datapoints")
    if item.null_values is not None and item.null_values.any():
        good = item.null_values & (status < BAD if status is not None else True)
        if good.any():
            i = int(np.argmax(good))
            raise bad_request(f"{where}.datapoints[{i}].value is required, unless the status is bad")
        if item.values is not None:
            return Incoming(identifier, timestamps, _with_nulls(item.values, item.null_values), status, where)
    values = item.values if item.values is not None else np.empty(0)
    return Incoming(identifier, timestamps, values, status, where)


def _with_nulls(values: Floats | pa.LargeStringArray, nulls: np.ndarray) -> list[Any]:
    """Plain values with None where there is none: such points are few."""
    plain = values.tolist() if isinstance(values, np.ndarray) else values.to_pylist()
    return [None if null else value for value, null in zip(plain, nulls.tolist(), strict=True)]


def _with_symbols(status: Ints | None, symbols: pa.LargeStringArray, where: str) -> Ints:
    """Status codes, where those that are not given come from their symbols."""
    codes = np.zeros(len(symbols), np.int64) if status is None else status.copy()
    names = pc.fill_null(symbols, "").to_numpy(zero_copy_only=False)
    pairs = set(zip(codes.tolist(), names.tolist(), strict=True))
    for code, name in pairs:
        if not name:
            continue
        if code == 0:
            codes[(codes == 0) & (names == name)] = code_of_symbol(name, f"{where}.datapoints")
        elif 0 <= code < 3 << 30:
            check_agreement(code, name, f"{where}.datapoints")
    return codes


def _text_array(values: list[Any], where: str) -> pa.LargeStringArray:
    try:
        return pa.array(values, pa.large_string())
    except UnicodeEncodeError:
        raise bad_request(
            f"{where}.datapoints has a value with half of a surrogate pair, which is not a character"
        ) from None


def _check_count(count: int) -> None:
    if count > MOST_POINTS:
        raise constraint(f"datapoints of all items together must be at most {MOST_POINTS}, but were {count}")


def _check_times(timestamps: Ints, where: str) -> None:
    wrong = (timestamps < EARLIEST) | (timestamps >= END_OF_TIME)
    if wrong.any():
        i = int(np.argmax(wrong))
        raise _time_out_of_range(f"{where}.datapoints[{i}]", int(timestamps[i]))


def _time_out_of_range(path: str, time: int) -> Exception:
    return constraint(f"{path}.timestamp must be between {EARLIEST} and {END_OF_TIME - 1}, but was {shown(time)}")
