"""Columns of datapoints into the bytes of their lists.

Plain numbers and aggregates have records of one width or few and are written as matrices. What has no common width
(strings, statuses, extremes) is put together from ragged columns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from cdframe.protobuf import ragged
from cdframe.protobuf.matrices import DoubleField, FixedField, VarintField, write_records
from cdframe.protobuf.messages import AGGREGATES, EXTREMES, LENGTH, Flags, Floats, Ints, Octets

_RECORD = 1  # the field of a list that each of its records is


@dataclass(frozen=True, slots=True)
class RawColumns:
    """Raw datapoints; `values` are doubles or strings."""

    timestamps: Ints
    values: Floats | pa.LargeStringArray
    status: Ints | None = None
    symbols: pa.LargeStringArray | None = None
    nulls: Flags | None = None


@dataclass(frozen=True, slots=True)
class AggregateColumns:
    """Aggregates and extremes by name; what is not there is written as having no value."""

    timestamps: Ints
    aggregates: Mapping[str, Floats]
    extremes: Mapping[str, tuple[Ints, Floats]]


def write_raw(points: RawColumns, edges: Ints, *, response: bool) -> tuple[Octets, Ints]:
    """Write a list of raw datapoints; return as well where in it the records with the numbers `edges` begin.

    In a response zeros are written like other values, which keeps records at one width, and a status only where
    its code is not 0. In a request zeros are left out, as proto3 has it.
    """
    count = len(points.timestamps)
    times, values = points.timestamps.view(np.uint64), points.values
    with_time = np.full(count, response) | (times != 0)
    with_value = np.ones(count, np.bool_) if points.nulls is None else ~points.nulls
    is_plain = points.status is None and points.symbols is None and points.nulls is None
    if isinstance(values, np.ndarray):
        if not response:
            with_value &= values.view(np.uint64) != 0
        if is_plain:
            fields: list[FixedField] = [VarintField(1, times, with_time), DoubleField(2, values, with_value)]
            return write_records(_RECORD, fields, count, edges)
        value = ragged.doubles(2, values, with_value)
    else:
        texts = values.fill_null("").cast(pa.large_binary())
        with_value &= ragged.lengths(texts) > 0
        if is_plain:
            return _write_texts(VarintField(1, times, with_time), texts, with_value, edges)
        value = ragged.delimited(2, texts, with_value)
    content = [ragged.varints(1, times, with_time), value]
    if points.status is not None or points.symbols is not None:
        content.append(_statuses(points, response))
    if points.nulls is not None:
        content.append(ragged.varints(4, points.nulls.astype(np.uint64), points.nulls))
    return ragged.cut(ragged.delimited(_RECORD, ragged.join(content)), edges)


def _write_texts(time: VarintField, texts: pa.LargeBinaryArray, with_text: Flags, edges: Ints) -> tuple[Octets, Ints]:
    """Write records of a time and a text: what stands before the texts has few widths, and is written as matrices."""
    lengths = ragged.lengths(texts).view(np.uint64)
    length = VarintField(2, lengths, with_text, LENGTH)
    content = [field.widths() + (field.widths() > 0) for field in (time, length)]  # a tag is one byte
    whole = VarintField(_RECORD, sum(content, lengths.view(np.int64)).view(np.uint64), None, LENGTH)
    heads = write_records(None, [whole, time, length], len(texts), np.arange(len(texts) + 1))
    return ragged.cut(ragged.join([ragged.from_octets(*heads), texts]), edges)


def write_aggregates(points: AggregateColumns, edges: Ints) -> tuple[Octets, Ints]:
    """Write a list of aggregates; return as well where in it the records with the numbers `edges` begin.

    All doubles are written, NaN where there is no value, because one left out would read as zero.
    """
    count = len(points.timestamps)
    fields: list[FixedField] = [VarintField(1, points.timestamps.view(np.uint64))]
    fields += [DoubleField(number, points.aggregates.get(name)) for name, number in AGGREGATES.items()]
    if not points.extremes:
        return write_records(_RECORD, fields, count, edges)
    content = [ragged.from_octets(*write_records(None, fields, count, np.arange(count + 1)))]
    for name, (times, values) in sorted(points.extremes.items(), key=lambda extreme: EXTREMES[extreme[0]]):
        everywhere = np.ones(count, np.bool_)
        point = ragged.join(
            [ragged.varints(1, times.view(np.uint64), everywhere), ragged.doubles(2, values, everywhere)]
        )
        content.append(ragged.delimited(EXTREMES[name], point, ~np.isnan(values)))
    return ragged.cut(ragged.delimited(_RECORD, ragged.join(content)), edges)


def _statuses(points: RawColumns, response: bool) -> pa.LargeBinaryArray:
    count = len(points.timestamps)
    codes = np.zeros(count, np.int64) if points.status is None else points.status
    present = codes != 0
    parts = [ragged.varints(1, codes.view(np.uint64), present)]
    if points.symbols is not None:
        symbols = points.symbols.fill_null("").cast(pa.large_binary())
        with_symbol = ragged.lengths(symbols) > 0
        if response:
            with_symbol &= present
        present = present | with_symbol
        parts.append(ragged.delimited(2, symbols, with_symbol))
    return ragged.delimited(3, ragged.join(parts), present)
