"""Records of fixed width, written at memory speed.

Records of one width are the rows of a matrix that begins as copies of one template; numbers are written into it
column by column. Records of a few widths (a zero is left out, a timestamp is early) are as many matrices, whose rows
are then scattered to their places.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cdframe.protobuf.messages import FIXED64, LENGTH, VARINT, Flags, Floats, Ints, Octets, Words
from cdframe.protobuf.varints import varint_octets, varint_widths

_NAN = np.array([np.nan], "<f8").tobytes()
_BASE = 11  # a varint has at most ten bytes, a double eight; none at all is a width as well


@dataclass(frozen=True, slots=True)
class VarintField:
    number: int
    values: Words
    present: Flags | None = None  # None: in every record
    wire: int = VARINT  # LENGTH: the length of something that stands elsewhere

    def widths(self) -> Ints:
        widths = varint_widths(self.values)
        return widths if self.present is None else widths * self.present


@dataclass(frozen=True, slots=True)
class DoubleField:
    number: int
    values: Floats | None  # None: NaN in every record
    present: Flags | None = None

    def widths(self) -> Ints | None:
        return None if self.present is None else self.present * np.int64(8)


FixedField = VarintField | DoubleField


def write_records(frame: int | None, fields: Sequence[FixedField], count: int, edges: Ints) -> tuple[Octets, Ints]:
    """Write `count` records; return as well where in the bytes the records with the numbers `edges` begin.

    `frame` is the number of the field that each record is, None for the content alone.
    """
    if not count:
        return np.empty(0, np.uint8), edges
    layouts, layout_of = _layouts(fields)
    if len(layouts) == 1:
        matrix = _matrix(frame, fields, layouts[0], slice(None), count)
        return matrix.reshape(-1), edges * matrix.shape[1]
    groups = [np.flatnonzero(layout_of == index) for index in range(len(layouts))]
    matrices = [_matrix(frame, fields, layout, rows, len(rows)) for layout, rows in zip(layouts, groups, strict=True)]
    begins = np.zeros(count + 1, np.int64)
    for rows, matrix in zip(groups, matrices, strict=True):
        begins[rows + 1] = matrix.shape[1]
    np.cumsum(begins, out=begins)
    octets = np.empty(int(begins[-1]), np.uint8)
    for rows, matrix in zip(groups, matrices, strict=True):
        width = matrix.shape[1]
        if width:
            places = np.ndarray((len(octets) - width + 1,), f"V{width}", buffer=octets.data, strides=(1,))
            places[begins[rows]] = _as_items(matrix)
    return octets, begins[edges]


def _layouts(fields: Sequence[FixedField]) -> tuple[list[tuple[int, ...]], Ints]:
    """The widths of the fields (0: left out) in each layout that occurs, and which records have which layout."""
    key = np.zeros(1, np.int64)
    choices: list[int | None] = []
    for field in fields:
        widths = field.widths()
        if widths is None:
            choices.append(8)
        elif (widths == widths[0]).all():
            choices.append(int(widths[0]))
        else:
            choices.append(None)
            key = key * _BASE + widths
    kinds = np.flatnonzero(np.bincount(key))
    layouts = []
    for digits in kinds.tolist():
        layout = []
        for choice in reversed(choices):
            if choice is None:
                digits, choice = divmod(digits, _BASE)
            layout.append(choice)
        layouts.append(tuple(reversed(layout)))
    return layouts, np.searchsorted(kinds, key)


def _matrix(
    frame: int | None, fields: Sequence[FixedField], layout: Sequence[int], rows: slice | Ints, count: int
) -> Octets:
    """Records of one layout as the rows of a matrix."""
    content, places = bytearray(), []
    for field, width in zip(fields, layout, strict=True):
        if width:
            wire = field.wire if isinstance(field, VarintField) else FIXED64
            content += tag(field.number, wire)
            places.append((field, len(content), width))
            content += _NAN if wire == FIXED64 else bytes(width)
    head = b"" if frame is None else tag(frame, LENGTH) + varint(len(content))
    template = np.frombuffer(head + content, np.uint8)
    matrix = np.empty((count, len(template)), np.uint8)
    matrix[:] = template
    for field, offset, width in places:
        cells = matrix[:, len(head) + offset : len(head) + offset + width]
        if isinstance(field, VarintField):
            octets = varint_octets(field.values[rows], width)
            cells.view(f"V{width}")[:, 0] = octets[:, :width].view(f"V{width}")[:, 0]
        elif field.values is not None:
            cells.view("<f8")[:, 0] = field.values[rows]
    return matrix


def _as_items(matrix: Octets) -> NDArray[np.void]:
    items: NDArray[np.void] = matrix.view(f"V{matrix.shape[1]}")[:, 0]
    return items


def tag(number: int, wire: int) -> bytes:
    return varint(number << 3 | wire)


def varint(value: int) -> bytes:
    """One unsigned number; negative ones are taken as two's complement of 64 bits."""
    value &= (1 << 64) - 1
    octets = bytearray()
    while value >= 0x80:
        octets.append(value & 0x7F | 0x80)
        value >>= 7
    octets.append(value)
    return bytes(octets)
