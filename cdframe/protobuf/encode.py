"""Pages and insertions into bodies of the datapoints protocol."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cdframe.protobuf import ragged
from cdframe.protobuf.matrices import tag, varint
from cdframe.protobuf.messages import (
    AGGREGATES,
    EXTREMES,
    LENGTH,
    VARINT,
    DatapointsPage,
    Floats,
    InsertionItem,
    Ints,
    Octets,
)
from cdframe.protobuf.point_writer import AggregateColumns, RawColumns, write_aggregates, write_raw

Kind = Literal["numeric", "string", "aggregate"]

_POINTS_FIELD: dict[Kind, int] = {"numeric": 3, "string": 4, "aggregate": 5}
_TYPE_NUMBERS = {"numeric": 1, "string": 2}


def encode_list_response(pages: Sequence[DatapointsPage]) -> bytes:
    """Write the body of an answer with the given pages."""
    kinds = [_kind_of_page(page) for page in pages]
    lists = _write_lists(pages, kinds, response=True)
    heads = [_varint_field(1, page.id) + _text_field(2, page.external_id) for page in pages]
    tails = [
        _varint_field(6, page.is_string)
        + _varint_field(7, page.is_step)
        + _text_field(8, page.unit)
        + _text_field(9, page.next_cursor)
        + _text_field(10, page.unit_external_id)
        + _instance_field(11, page.instance_id)
        + _varint_field(12, _TYPE_NUMBERS[page.type])
        for page in pages
    ]
    return _assemble(heads, kinds, lists, tails)


def encode_insertion_columns(
    references: Ints | pa.LargeStringArray, edges: Ints, timestamps: Ints, values: Floats | pa.LargeStringArray
) -> bytes:
    """Write the body of an insertion of plain points into many series, of one kind.

    Bodies can be put one behind the other: together they are the insertion of all their items.

    Args:
        references: the ids of the series, or their external ids.
        edges: where in the columns the points of each series begin, and where the last one's end.
        timestamps, values: the points, series by series; texts for series of strings.
    """
    octets, places = write_raw(RawColumns(timestamps, values), edges, response=False)
    lengths = np.diff(places)
    everywhere = np.ones(len(lengths), np.bool_)
    if isinstance(references, np.ndarray):
        names = ragged.varints(1, references.view(np.uint64), everywhere)
    else:
        names = ragged.delimited(2, references.cast(pa.large_binary()))
    field = _POINTS_FIELD["numeric" if isinstance(values, np.ndarray) else "string"]
    heads = ragged.join([names, ragged.varints(field, lengths.view(np.uint64), everywhere, wire=LENGTH)])
    whole = (ragged.lengths(heads) + lengths).view(np.uint64)
    frames = ragged.varints(1, whole, everywhere, wire=LENGTH)
    items = ragged.join([frames, heads, ragged.from_octets(octets, places)])
    return ragged.cut(items, np.empty(0, np.int64))[0].tobytes()


def encode_insertion_request(items: Sequence[InsertionItem]) -> bytes:
    """Write the body of an insertion of the given items; each names its series by exactly one reference."""
    kinds: list[Kind] = [
        "string" if isinstance(item.values, (pa.Array, pa.ChunkedArray)) else "numeric" for item in items
    ]
    lists = _write_lists(items, kinds, response=False)
    heads, tails = [], []
    for index, item in enumerate(items):
        references = (item.id, item.external_id, item.instance_id)
        if sum(reference is not None for reference in references) != 1:
            raise ValueError(
                f"item {index} has id {item.id!r}, external_id {item.external_id!r} and instance_id "
                f"{item.instance_id!r}; exactly one of them names its series"
            )
        heads.append(
            (b"" if item.id is None else tag(1, VARINT) + varint(item.id))
            + (b"" if item.external_id is None else _delimited(2, item.external_id.encode()))
        )
        tails.append(_instance_field(5, item.instance_id))
    return _assemble(heads, kinds, lists, tails)


def _kind_of_page(page: DatapointsPage) -> Kind:
    if page.aggregates is not None:
        return "aggregate"
    return "string" if page.is_string or page.type == "string" else "numeric"


def _assemble(heads: list[bytes], kinds: list[Kind], lists: list[Octets], tails: list[bytes]) -> bytes:
    parts: list[bytes | memoryview] = []
    for head, kind, points, tail in zip(heads, kinds, lists, tails, strict=True):
        before = head + tag(_POINTS_FIELD[kind], LENGTH) + varint(len(points))
        parts += [tag(1, LENGTH) + varint(len(before) + len(points) + len(tail)) + before, points.data, tail]
    return b"".join(parts)


def _write_lists(items: Sequence[Any], kinds: list[Kind], *, response: bool) -> list[Octets]:
    """The bytes of the datapoints of each item; those of one kind are written together."""
    lists = [np.empty(0, np.uint8) for _ in items]
    for kind in _POINTS_FIELD:
        chosen = [index for index, item in enumerate(items) if kinds[index] == kind and len(item.timestamps) > 0]
        if not chosen:
            continue
        group = [items[index] for index in chosen]
        edges = np.cumsum([0, *(len(item.timestamps) for item in group)])
        if kind == "aggregate":
            octets, places = write_aggregates(_aggregate_columns(group), edges)
        else:
            octets, places = write_raw(_raw_columns(group, kind), edges, response=response)
        for index, begin, end in zip(chosen, places.tolist(), places[1:].tolist(), strict=False):
            lists[index] = octets[begin:end]
    return lists


def _raw_columns(items: Sequence[Any], kind: Kind) -> RawColumns:
    values = [item.values for item in items]
    for item in items:
        if item.values is None and item.null_values is None:
            raise ValueError(f"{_name(item)} has {len(item.timestamps)} timestamps and no values")
    return RawColumns(
        timestamps=_concatenated([item.timestamps for item in items], items, np.int64, 0),
        values=_strings(values, items) if kind == "string" else _concatenated(values, items, np.float64, np.nan),
        status=_optional([item.status for item in items], items, np.int64),
        symbols=_optional_strings([item.symbols for item in items], items),
        nulls=_optional([item.null_values for item in items], items, np.bool_),
    )


def _aggregate_columns(pages: Sequence[Any]) -> AggregateColumns:
    names = dict.fromkeys(name for page in pages for name in page.aggregates)
    extreme_names = dict.fromkeys(name for page in pages for name in page.extremes or ())
    for given, known in ((names, AGGREGATES), (extreme_names, EXTREMES)):
        for name in given:
            if name not in known:
                raise ValueError(f"aggregate {name!r} of a page is unknown here; accepted are {', '.join(known)}")
    extremes = {}
    for name in extreme_names:
        points = [(page.extremes or {}).get(name, (None, None)) for page in pages]
        extremes[name] = (
            _concatenated([times for times, _ in points], pages, np.int64, 0),
            _concatenated([values for _, values in points], pages, np.float64, np.nan),
        )
    return AggregateColumns(
        timestamps=_concatenated([page.timestamps for page in pages], pages, np.int64, 0),
        aggregates={
            name: _concatenated([page.aggregates.get(name) for page in pages], pages, np.float64, np.nan)
            for name in names
        },
        extremes=extremes,
    )


def _concatenated(columns: list[Any], items: Sequence[Any], dtype: type[np.generic], fill: float) -> NDArray[Any]:
    """One column of all items; an item without it has `fill` in every row."""
    parts = []
    for column, item in zip(columns, items, strict=True):
        count = len(item.timestamps)
        part = np.full(count, fill, dtype) if column is None else np.ascontiguousarray(column, dtype)
        if part.shape != (count,):
            raise ValueError(f"{_name(item)} has {count} timestamps, but a column of shape {part.shape}")
        parts.append(part)
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _optional(columns: list[Any], items: Sequence[Any], dtype: type[np.generic]) -> NDArray[Any] | None:
    if all(column is None for column in columns):
        return None
    return _concatenated(columns, items, dtype, 0)


def _strings(columns: list[Any], items: Sequence[Any]) -> pa.LargeStringArray:
    """One column of strings of all items; an item without it has nulls."""
    chunks = []
    for column, item in zip(columns, items, strict=True):
        count = len(item.timestamps)
        if column is None:
            chunks.append(pa.nulls(count, pa.large_string()))
            continue
        if len(column) != count:
            raise ValueError(f"{_name(item)} has {count} timestamps, but {len(column)} strings")
        parts = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
        chunks += [part.cast(pa.large_string()) for part in parts]
    return pa.concat_arrays(chunks)


def _optional_strings(columns: list[Any], items: Sequence[Any]) -> pa.LargeStringArray | None:
    return None if all(column is None for column in columns) else _strings(columns, items)


def _name(item: DatapointsPage | InsertionItem) -> str:
    return f"the series {item.external_id or item.instance_id or item.id!r}"


def _varint_field(number: int, value: int) -> bytes:
    return tag(number, VARINT) + varint(value) if value else b""


def _text_field(number: int, text: str | None) -> bytes:
    return _delimited(number, text.encode()) if text else b""


def _instance_field(number: int, instance_id: tuple[str, str] | None) -> bytes:
    if instance_id is None:
        return b""
    space, external_id = instance_id
    return _delimited(number, _text_field(1, space) + _text_field(2, external_id))


def _delimited(number: int, content: bytes) -> bytes:
    return tag(number, LENGTH) + varint(len(content)) + content
