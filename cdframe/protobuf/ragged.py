"""Columns of fields of any width: Arrow binary arrays with one element a record, joined row by row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cdframe.protobuf.matrices import tag
from cdframe.protobuf.messages import FIXED64, LENGTH, VARINT, Flags, Floats, Ints, Octets, Words
from cdframe.protobuf.varints import varint_octets, varint_widths


def varints(number: int, values: Words, present: Flags, *, wire: int = VARINT) -> pa.LargeBinaryArray:
    """A varint field where present, nothing elsewhere."""
    head = np.frombuffer(tag(number, wire), np.uint8)
    widths = varint_widths(values)
    widest = int(widths.max(initial=1))
    cells = np.empty((len(values), len(head) + widest), np.uint8)
    cells[:, : len(head)] = head
    cells[:, len(head) :] = varint_octets(values, widths)[:, :widest]
    lengths = (widths + len(head)) * present
    kept = np.arange(cells.shape[1]) < lengths[:, None]
    return _array(cells[kept], lengths)


def doubles(number: int, values: Floats, present: Flags) -> pa.LargeBinaryArray:
    """A double field where present, nothing elsewhere."""
    head = np.frombuffer(tag(number, FIXED64), np.uint8)
    chosen = values[present]
    cells = np.empty((len(chosen), len(head) + 8), np.uint8)
    cells[:, : len(head)] = head
    cells[:, len(head) :].view("<f8")[:, 0] = chosen
    return _array(cells.reshape(-1), present * np.int64(cells.shape[1]))


def delimited(number: int, contents: pa.LargeBinaryArray, present: Flags | None = None) -> pa.LargeBinaryArray:
    """A string or message field where present (None: everywhere), nothing elsewhere."""
    if present is None:
        present = np.ones(len(contents), np.bool_)
    elif not present.all():
        contents = pc.if_else(pa.array(present), contents, pa.scalar(b"", pa.large_binary()))
    return join([varints(number, lengths(contents).view(np.uint64), present, wire=LENGTH), contents])


def join(columns: Sequence[pa.LargeBinaryArray]) -> pa.LargeBinaryArray:
    if len(columns) == 1:
        return columns[0]
    return pc.binary_join_element_wise(*columns, pa.scalar(b"", pa.large_binary()))


def lengths(column: pa.LargeBinaryArray) -> Ints:
    widths: Ints = pc.binary_length(column).to_numpy()
    return widths


def from_octets(octets: Octets, begins: Ints) -> pa.LargeBinaryArray:
    """The stretches of bytes between one position and the next."""
    buffers = [None, pa.py_buffer(begins), pa.py_buffer(octets)]
    return pa.Array.from_buffers(pa.large_binary(), len(begins) - 1, buffers)


def cut(column: pa.LargeBinaryArray, edges: Ints) -> tuple[Octets, Ints]:
    """All bytes of a column, and where in them the elements with the numbers `edges` begin."""
    _, offsets, octets = column.buffers()
    begins = np.frombuffer(offsets, np.int64)[column.offset : column.offset + len(column) + 1]
    return np.frombuffer(octets, np.uint8)[begins[0] : begins[-1]], begins[edges] - begins[0]


def _array(octets: Octets, widths: Ints) -> pa.LargeBinaryArray:
    begins = np.zeros(len(widths) + 1, np.int64)
    np.cumsum(widths, out=begins[1:])
    return from_octets(octets, begins)
