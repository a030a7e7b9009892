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

from cdframe.protobuf.column_memory import ColumnMemory
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
from cdframe.protobuf.ordered import Place, read_in_order
from cdframe.protobuf.records import RECORD_TAG, any_records, plain_records
from cdframe.protobuf.shapes import Shape, shape_of
from cdframe.protobuf.varints import PADDING, words_at_every_byte

ROWS = 32_768  # records of one shape that are read at a time: their columns stay in the cache
BLOCK = 2**19  # bytes of other records that are read at a time, for the same reason
WIDEST = 4096  # wider records are not taken as a matrix
LAST = 64  # records that are looked at first: one of another width displaces all that follow


class Columns:
    """Columns of `length` rows; what no record holds is zero or empty, as proto3 says.

    A column is made when its first value arrives. Columns of text hold where it stands in `octets`.
    """

    def __init__(self, length: int, octets: Octets, memory: ColumnMemory) -> None:
        self.length = length
        self._octets = octets
        self._memory = memory
        self._columns: dict[str, NDArray[Any]] = {}

    def put(self, name: str, rows: slice | Ints, values: NDArray[Any]) -> None:
        column = self._columns.get(name)
        if column is None:
            column = self._memory.zeros((self.length, *values.shape[1:]), values.dtype)
            self._columns[name] = column
        column[rows] = values

    def cut(self, length: int) -> None:
        """Leave out the rows behind the last record."""
        self.length = length
        self._columns = {name: column[:length] for name, column in self._columns.items()}

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
        buffers = [None, pa.py_buffer(offsets.data), pa.py_buffer(self._octets.data)]
        with_gaps = pa.Array.from_buffers(pa.large_binary(), 2 * self.length - 1, buffers)
        octets = with_gaps.take(pa.array(np.arange(0, 2 * self.length, 2)))
        try:
            return octets.cast(pa.large_string())
        except pa.ArrowInvalid as error:
            raise DecodeError(f"malformed protobuf: a text among the datapoints is not UTF-8: {error}") from error

    def __contains__(self, name: str) -> bool:
        return name in self._columns


def read_points(message: Message, lists: Sequence[Sequence[memoryview]], memory: ColumnMemory) -> tuple[Columns, Ints]:
    """The records of several lists, each given in one or more parts, and where in the columns each list begins.

    The positions have one entry more than there are lists.
    """
    edges = np.cumsum([0] + [sum(len(part) for part in parts) for parts in lists])
    parts = [part for parts in lists for part in parts if len(part)]
    octets = np.frombuffer(parts[0] if len(parts) == 1 else b"".join(parts), np.uint8)
    uniform = _uniform_shape(octets, message)
    if uniform is not None and not (edges % uniform.width).any():
        columns = _read_uniform(octets, uniform, memory)
        if columns is not None:
            return columns, edges // uniform.width
    columns = Columns(int(np.count_nonzero(octets == RECORD_TAG)), octets, memory)
    reader = _Reader(message, octets, edges, columns)
    while reader.position < len(octets):
        reader.read_block()
    columns.cut(reader.row)
    return columns, reader.rows


class _Reader:
    """Reads the records of lists, a block of bytes after the other: what is known of a block stays in the cache.

    Attributes:
        position, row: how far it has come: bytes of the lists, and rows of the columns.
        rows: where in the columns each list begins; filled as its end is reached.
    """

    def __init__(self, message: Message, octets: Octets, edges: Ints, columns: Columns) -> None:
        self._message = message
        self._octets = octets
        self._edges = edges
        self._columns = columns
        self._size = BLOCK
        self.position = 0
        self.row = 0
        self.rows = np.zeros(len(edges), np.int64)

    def read_block(self) -> None:
        """Read the records that lie within the next block."""
        position, length = self.position, len(self._octets)
        stop = min(position + self._size, length)
        if stop + PADDING <= length:
            buffer, origin = self._octets, 0
        else:
            buffer, origin, stop = padded(self._octets[position:]), position, length
        first, last = position - origin, stop - origin
        found = plain_records(buffer, first, last, is_end=stop == length)
        if found is not None and not len(found[0]):
            self._size *= 2  # a record longer than a block
            return
        if found is None:  # something else stands among the records: the rest is read as any message
            buffer, origin = padded(self._octets[position:]), position
            starts, ends, after = any_records(buffer, 0, length - position)
        else:
            starts, ends = found
            after = ends
        place = Place(buffer, origin, self.row, self._columns.put)
        rest = read_in_order(place, starts, ends, self._message)
        if len(rest):
            _read_by_field(place, self._message, rest, starts[rest], ends[rest])
        self._reach(after + origin, ends + origin)
        self.position = int(after[-1]) + origin
        self.row += len(ends)

    def _reach(self, after: Ints, ends: Ints) -> None:
        """Note the rows of the lists that end in a block; DecodeError if a field runs across such an end."""
        low, high = np.searchsorted(self._edges, (self.position, after[-1]), side="right")
        edges = self._edges[low:high]
        if not np.array_equal(after[np.searchsorted(after, edges)], edges):
            raise DecodeError("malformed protobuf: a datapoint runs past the end of its list")
        self.rows[low:high] = self.row + np.searchsorted(ends, edges, side="right")


def _uniform_shape(octets: Octets, message: Message) -> Shape | None:
    """The shape that all records have if all are like the first; the shape includes tag and length of the record."""
    if len(octets) < 2 or octets[0] != RECORD_TAG:
        return None
    content = 2 if octets[1] < 0x80 else 3
    width = content + int(octets[1] & 0x7F) + (int(octets[2]) << 7 if content == 3 and len(octets) > 2 else 0)
    if not 8 <= width <= WIDEST or len(octets) % width or octets[content - 1] >= 0x80:
        return None
    return shape_of(octets[:width], message, content)


def _read_uniform(octets: Octets, shape: Shape, memory: ColumnMemory) -> Columns | None:
    """All records by one shape, None if one has another."""
    matrix = octets.reshape(-1, shape.width)
    if not shape.holds_for(matrix[-LAST:]).all():
        return None
    columns = Columns(len(matrix), octets, memory)
    for first in range(0, len(matrix), ROWS):
        rows = matrix[first : first + ROWS]
        if not shape.holds_for(rows).all():
            return None
        starts = np.arange(first, first + len(rows)) * shape.width
        _put_rows(columns, shape, rows, slice(first, first + len(rows)), starts)
    return columns


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


def _read_by_field(place: Place, message: Message, rows: Ints, starts: Ints, ends: Ints) -> None:
    """Read records, or sub-messages that belong to the given rows, whatever their fields."""
    table = read_fields(place.buffer, starts, ends)
    if len(rows) > 1 and (rows[1:] == rows[:-1]).any():
        # Sub-messages that occur twice are merged: of two values the later one counts, in whichever it stands.
        table = table.take(np.argsort(table.start, kind="stable"))
    for number, field in message.items():
        found = np.flatnonzero((table.number == number) & (table.wire == field.wire))
        if len(found) == 0:
            continue
        owners = rows[table.owner[found]]
        if field.message is not None:
            place.put(field.column, owners, np.ones(len(found), np.bool_))
            order = np.argsort(table.start[found], kind="stable")
            inner = found[order]
            _read_by_field(place, field.message, owners[order], table.start[inner], table.stop[inner])
        elif field.wire == VARINT:
            place.put(field.column, owners, table.value[found].view(np.int64))
        elif field.wire == FIXED64:
            place.put(field.column, owners, words_at_every_byte(place.buffer)[table.start[found]].view("<f8"))
        elif field.wire == LENGTH:
            place.put_spans(field.column, owners, table.start[found], table.stop[found])
