"""Bodies of the datapoints protocol into pages and insertions."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cdframe.protobuf.column_memory import ColumnMemory
from cdframe.protobuf.messages import (
    AGGREGATE_DATAPOINT,
    AGGREGATES,
    EXTREMES,
    LENGTH,
    NUMERIC_DATAPOINT,
    STRING_DATAPOINT,
    DatapointsPage,
    DecodeError,
    Flags,
    Floats,
    InsertionItem,
    Ints,
    Message,
)
from cdframe.protobuf.point_reader import Columns, read_points
from cdframe.protobuf.scan import ScannedField, scan_fields, scan_text, signed

Body = bytes | bytearray | memoryview

NUMERIC, STRING, AGGREGATE = 3, 4, 5  # the fields of an item that hold its datapoints
_Item = TypeVar("_Item", DatapointsPage, InsertionItem)
_NAMED_TYPES: dict[int, Literal["numeric", "string"]] = {1: "numeric", 2: "string"}


@dataclass(slots=True)
class _Points:
    """The datapoints of one item: which of the alternatives it has, and the parts in which they came."""

    kind: int | None = None
    parts: list[memoryview] = field(default_factory=list)
    replaced: list[_Points] = field(default_factory=list)

    def add(self, kind: int, part: memoryview) -> None:
        """Alternatives exclude each other: another one replaces what came before, the same one adds to it."""
        if kind != self.kind:
            if self.kind is not None:
                self.replaced.append(_Points(self.kind, self.parts))
            self.kind, self.parts = kind, []
        self.parts.append(part)


def decode_list_response(
    body: Body, *, aggregates: Collection[str] | None = None, memory: ColumnMemory | None = None
) -> list[DatapointsPage]:
    """Read the pages of a DataPointListResponse.

    Of aggregates only those named are decoded, with None all that have a value in some row. Answers of one read may
    share the `memory` of their columns.
    """
    memory = memory or ColumnMemory()
    message = _aggregate_message(aggregates)
    view = memoryview(body).cast("B")
    pages, points = [], []
    for item in _scan_items(view):
        page, datapoints = _scan_page(view, item)
        pages.append(page)
        points.append(datapoints)
    filled = _with_replaced(pages, points, DatapointsPage)
    _fill_raw(filled, points, memory)
    chosen = [index for index, datapoints in enumerate(points) if datapoints.kind == AGGREGATE]
    if chosen:
        columns, edges = read_points(message, [points[index].parts for index in chosen], memory)
        aggregate_pages = [filled[index] for index in chosen]
        _fill_aggregates(aggregate_pages, message, columns, edges, keep_empty=aggregates is not None)
    return pages


def decode_insertion_request(body: Body) -> list[InsertionItem]:
    """Read the items of a DataPointInsertionRequest."""
    view = memoryview(body).cast("B")
    items, points = [], []
    for found in _scan_items(view):
        item, datapoints = _scan_insertion(view, found)
        items.append(item)
        points.append(datapoints)
    _fill_raw(_with_replaced(items, points, InsertionItem), points, ColumnMemory())
    return items


def _with_replaced(items: list[_Item], points: list[_Points], make: Callable[[], _Item]) -> list[_Item]:
    """The items, and one more for all datapoints that others replaced: unused, they still must be well formed."""
    replaced = [old for datapoints in points for old in datapoints.replaced]
    points += replaced
    return items + [make() for _ in replaced]


def _aggregate_message(names: Collection[str] | None) -> Message:
    if names is None:
        return AGGREGATE_DATAPOINT
    numbers = AGGREGATES | EXTREMES
    unknown = sorted(set(names) - set(numbers))
    if unknown:
        raise ValueError(f"aggregates: {unknown[0]!r} is unknown; accepted are {', '.join(numbers)}")
    chosen = [1, *sorted(numbers[name] for name in set(names))]
    return {number: AGGREGATE_DATAPOINT[number] for number in chosen}


def _scan_items(body: memoryview) -> Iterable[ScannedField]:
    return (found for found in scan_fields(body, 0, len(body)) if found.number == 1 and found.wire == LENGTH)


def _scan_page(body: memoryview, item: ScannedField) -> tuple[DatapointsPage, _Points]:
    page, points = DatapointsPage(), _Points()
    type_number = 0
    for found in scan_fields(body, item.start, item.stop):
        match found.number, found.wire:
            case 1, 0:
                page.id = signed(found.value)
            case 2, 2:
                page.external_id = scan_text(body, found) or None
            case ((3 | 4 | 5), 2):
                points.add(found.number, body[found.start : found.stop])
            case 6, 0:
                page.is_string = found.value != 0
            case 7, 0:
                page.is_step = found.value != 0
            case 8, 2:
                page.unit = scan_text(body, found) or None
            case 9, 2:
                page.next_cursor = scan_text(body, found) or None
            case 10, 2:
                page.unit_external_id = scan_text(body, found) or None
            case 11, 2:
                page.instance_id = _scan_instance_id(body, found, page.instance_id)
            case 12, 0:
                type_number = found.value
            case ((13 | 15), 2):
                raise _state_datapoints(found)
    if points.kind is None:
        points.kind = STRING if page.is_string or type_number == 2 else NUMERIC
    page.type = _NAMED_TYPES.get(type_number, "string" if page.is_string else "numeric")
    return page, points


def _scan_insertion(body: memoryview, item: ScannedField) -> tuple[InsertionItem, _Points]:
    insertion, points = InsertionItem(), _Points()
    for found in scan_fields(body, item.start, item.stop):
        match found.number, found.wire:
            case 1, 0:  # the references exclude each other: the last one counts
                insertion.id = signed(found.value)
                insertion.external_id = insertion.instance_id = None
            case 2, 2:
                insertion.external_id = scan_text(body, found)
                insertion.id = insertion.instance_id = None
            case 5, 2:
                insertion.instance_id = _scan_instance_id(body, found, insertion.instance_id)
                insertion.id = insertion.external_id = None
            case ((3 | 4), 2):
                points.add(found.number, body[found.start : found.stop])
            case 6, 2:
                raise _state_datapoints(found)
    if points.kind is None:
        points.kind = NUMERIC
    return insertion, points


def _scan_instance_id(body: memoryview, message: ScannedField, known: tuple[str, str] | None) -> tuple[str, str]:
    space, external_id = known or ("", "")
    for found in scan_fields(body, message.start, message.stop):
        match found.number, found.wire:
            case 1, 2:
                space = scan_text(body, found)
            case 2, 2:
                external_id = scan_text(body, found)
    return space, external_id


def _state_datapoints(found: ScannedField) -> DecodeError:
    return DecodeError(
        f"datapoints of a state time series (field {found.number} at byte {found.begin}) are not supported; "
        "numeric, string and aggregate ones are"
    )


def _fill_raw(
    pages: Sequence[DatapointsPage] | Sequence[InsertionItem], points: list[_Points], memory: ColumnMemory
) -> None:
    """Read the raw datapoints of all numeric pages at once, and of all string pages."""
    for kind, message in ((NUMERIC, NUMERIC_DATAPOINT), (STRING, STRING_DATAPOINT)):
        chosen = [index for index, datapoints in enumerate(points) if datapoints.kind == kind]
        if not chosen:
            continue
        columns, edges = read_points(message, [points[index].parts for index in chosen], memory)
        timestamps = columns.ints("timestamp")
        status = columns.ints("status.code") if "status.code" in columns else None
        symbols = _symbols(columns) if "status.symbol" in columns else None
        nulls = columns.flags("nullValue") if "nullValue" in columns else None
        values = _strings(columns, nulls) if kind == STRING else _numbers(columns, "", nulls)
        for index, begin, end in zip(chosen, edges.tolist(), edges[1:].tolist(), strict=False):
            page, rows = pages[index], slice(begin, end)
            page.timestamps, page.values = timestamps[rows], values[rows]
            if status is not None and status[rows].any():
                page.status = status[rows]
            if nulls is not None and nulls[rows].any():
                page.null_values = nulls[rows]
            if symbols is not None and symbols[rows].null_count < end - begin:
                page.symbols = symbols[rows]


def _numbers(columns: Columns, prefix: str, missing: Flags | None) -> Floats:
    values = columns.doubles(f"{prefix}value")
    if missing is not None:
        values[missing] = np.nan
    return values


def _strings(columns: Columns, missing: Flags | None) -> pa.LargeStringArray:
    values = columns.texts("value")
    return values if missing is None else pc.if_else(pa.array(missing), None, values)


def _symbols(columns: Columns) -> pa.LargeStringArray:
    symbols = columns.texts("status.symbol")
    return pc.if_else(pc.equal(symbols, ""), None, symbols)


def _fill_aggregates(
    pages: list[DatapointsPage], message: Message, columns: Columns, edges: Ints, *, keep_empty: bool
) -> None:
    """Cut the columns of aggregates up; unless `keep_empty`, leave out of a page what has no value in it."""
    timestamps = columns.ints("timestamp")
    names = [name for name, number in AGGREGATES.items() if number in message]
    aggregates = {name: columns.doubles(name) for name in names}
    extremes = {name: _extreme(columns, name) for name, number in EXTREMES.items() if number in message}
    for page, begin, end in zip(pages, edges.tolist(), edges[1:].tolist(), strict=False):
        rows = slice(begin, end)
        page.timestamps = timestamps[rows]
        page.aggregates = {
            name: column[rows] for name, column in aggregates.items() if keep_empty or not np.isnan(column[rows]).all()
        }
        page.extremes = {
            name: (times[rows], values[rows])
            for name, (times, values) in extremes.items()
            if keep_empty or not np.isnan(values[rows]).all()
        } or None


def _extreme(columns: Columns, name: str) -> tuple[Ints, Floats]:
    """The timestamps and values of maxDatapoint or minDatapoint; the value of an absent one is NaN."""
    if f"{name}.status.symbol" in columns:
        columns.texts(f"{name}.status.symbol")  # not used, but like any text it must be UTF-8
    missing = ~columns.flags(name) | columns.flags(f"{name}.nullValue")
    return columns.ints(f"{name}.timestamp"), _numbers(columns, f"{name}.", missing)
