"""Lists of datapoints into columns.

The records of all lists of a body are read as one list (their bytes one behind the other), because many small
series are as common as one large one. Where all have one shape they are read as a matrix (see `shapes`), else field
after field in step (see `ordered`); what is in no such order is read whatever its fields (see `fields`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cdframe.protobuf.fields import padded, read_fields
from cdframe.protobuf.messages import (
    FIXED64,
    LENGTH,
    VARINT,
    DecodeError,
    Flags,
    Floats,
    Ints,
    Message,
    Octets,
)
from cdframe.protobuf.ordered import BLOCK, read_in_order
from cdframe.protobuf.records import RECORD_TAG, find_records
from cdframe.protobuf.shapes import Shape, shape_of

WIDEST = 4096  # wider records are not taken as a matrix
LAST = 64  # records that are looked at first: one of another width displaces all that follow


class Columns:
    """Columns of `length` rows; what no record holds is zero or empty, as proto3 says.

    A column is made when its first value arrives. Columns of text hold where it stands in `buffer`.
    """

    def __init__(self, length: int, buffer: Octets) -> None:
        self.length = length
        self.buffer = buffer
        self._columns: dict[str, NDArray[Any]] = {}

    def put(self, name: str, rows: slice | Ints, values: NDArray[Any]) -> None:
        column = self._columns.get(name)
        if column is None:
            column = np.zeros((self.length, *values.shape[1:]), values.dtype)
            self._columns[name] = column
        column[rows] = values

    def ints(self, name: str) -> Ints:
        return self._columns.get(name, np.zeros(self.length, np.int64))

    def doubles(self, name: str) -> Floats:
        return self._columns.get(name, np.zeros(self.length, np.float64))

    def flags(self, name: str) -> Flags:
        flags: Flags = self.ints(name) != 0
        return flags

    def texts(self, name: str) -> pa.LargeStringArray:
        """The strings of a column, copied out of the buffer by Arrow; DecodeError if one is not UTF-8."""
        spans: Ints = self._columns.get(name, np.zeros((self.length, 2), np.int64))
        if self.length == 0:
            return pa.array([], pa.large_string())
        # The bytes between two strings are a string as well, so that the offsets need not be gapless.
        filled = np.maximum.accumulate(spans[:, 1])
        offsets = np.stack([np.where(spans[:, 1] == 0, filled, spans[:, 0]), filled], axis=1)
        buffers = [None, pa.py_buffer(offsets.data), pa.py_buffer(self.buffer.data)]
        with_gaps = pa.Array.from_buffers(pa.large_binary(), 2 * self.length - 1, buffers)
        octets = with_gaps.take(pa.array(np.arange(0, 2 * self.length, 2)))
        try:
            return octets.cast(pa.large_string())
        except pa.ArrowInvalid as error:
            raise DecodeError(f"malformed protobuf: a text among the datapoints is not UTF-8: {error}") from error

    def __contains__(self, name: str) -> bool:
        return name in self._columns


def read_points(message: Message, lists: Sequence[Sequence[memoryview]]) -> tuple[Columns, Ints]:
    """The records of several lists, each given in one or more parts, and where in the columns each list begins.

    The positions have one entry more than there are lists.
    """
    edges = np.cumsum([0] + [sum(len(part) for part in parts) for parts in lists])
    length = int(edges[-1])
    parts = [part for parts in lists for part in parts if len(part)]
    octets = np.frombuffer(parts[0] if len(parts) == 1 else b"".join(parts), np.uint8)
    uniform = _uniform_shape(octets, message)
    if uniform is not None and not (edges % uniform.width).any():
        columns = _read_uniform(octets, uniform)
        if columns is not None:
            return columns, edges // uniform.width
    buffer = padded(octets)
    starts, ends = find_records(buffer, length, edges)
    columns = Columns(len(starts), buffer)
    rest = read_in_order(buffer, starts, ends, message, columns.put)
    if len(rest):
        _read_by_field(columns, message, rest, starts[rest], ends[rest])
    return columns, np.searchsorted(ends, edges, side="right")


def _uniform_shape(octets: Octets, message: Message) -> Shape | None:
    """The shape that all records have if all are like the first; the shape includes tag and length of the record."""
    if len(octets) < 2 or octets[0] != RECORD_TAG:
        return None
    content = 2 if octets[1] < 0x80 else 3
    width = content + int(octets[1] & 0x7F) + (int(octets[2]) << 7 if content == 3 and len(octets) > 2 else 0)
    if not 8 <= width <= WIDEST or len(octets) % width or octets[content - 1] >= 0x80:
        return None
    return shape_of(octets[:width], message, content)


def _read_uniform(octets: Octets, shape: Shape) -> Columns | None:
    """All records by one shape, None if one has another."""
    matrix = octets.reshape(-1, shape.width)
    if not shape.holds_for(matrix[-LAST:]).all():
        return None
    columns = Columns(len(matrix), octets)
    for first in range(0, len(matrix), BLOCK):
        rows = matrix[first : first + BLOCK]
        if not shape.holds_for(rows).all():
            return None
        starts = np.arange(first, first + len(rows)) * shape.width
        _put_rows(columns, shape, rows, slice(first, first + len(rows)), starts)
    return columns


def _gather(buffer: Octets, starts: Ints, width: int) -> Octets:
    """Stretches of one width as the rows of a matrix."""
    everywhere = np.ndarray((len(buffer) - width + 1,), f"V{width}", buffer=buffer.data, strides=(1,))
    return everywhere[starts].view(np.uint8).reshape(-1, width)


def _put_rows(columns: Columns, shape: Shape, records: Octets, rows: slice | Ints, starts: Ints) -> None:
    """Read the columns of a matrix of records, which stand at `starts` in the buffer."""
    for slot in shape.slots:
        if slot.wire == VARINT:
            columns.put(slot.column, rows, shape.numbers(records, slot))
        elif slot.wire == FIXED64:
            columns.put(slot.column, rows, shape.doubles(records, slot))
        else:
            begin = starts + slot.offset
            columns.put(slot.column, rows, np.stack([begin, begin + slot.width], axis=1))
    for name in shape.present:
        columns.put(name, rows, np.ones(len(records), np.bool_))


def _read_by_field(columns: Columns, message: Message, rows: Ints, starts: Ints, ends: Ints) -> None:
    """Read records, or sub-messages that belong to the given rows, whatever their fields."""
    table = read_fields(columns.buffer, starts, ends)
    if len(rows) > 1 and (rows[1:] == rows[:-1]).any():
        # Sub-messages that occur twice are merged: of two values the later one counts, in whichever it stands.
        table = table.take(np.argsort(table.start, kind="stable"))
    for number, field in message.items():
        found = np.flatnonzero((table.number == number) & (table.wire == field.wire))
        if len(found) == 0:
            continue
        owners = rows[table.owner[found]]
        if field.message is not None:
            columns.put(field.column, owners, np.ones(len(found), np.bool_))
            order = np.argsort(table.start[found], kind="stable")
            inner = found[order]
            _read_by_field(columns, field.message, owners[order], table.start[inner], table.stop[inner])
        elif field.wire == VARINT:
            columns.put(field.column, owners, table.value[found].view(np.int64))
        elif field.wire == FIXED64:
            columns.put(field.column, owners, _doubles(columns.buffer, table.start[found]))
        elif field.wire == LENGTH:
            spans = np.stack([table.start[found], table.stop[found]], axis=1)
            columns.put(field.column, owners, spans)


def _doubles(buffer: Octets, starts: Ints) -> Floats:
    return _gather(buffer, starts, 8).view("<f8")[:, 0]
