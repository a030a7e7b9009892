"""Records that share a shape, decoded at memory speed.

Two records have the same shape if their fields stand at the same places: same tags, same lengths, varints of the
same width. Of most pages all records do. The shape is taken from one record; that the others have it is checked
word by word under a mask (tags and lengths in full, of varints only the bits that say where they end):

    bytes   0A 10 08 90 F7 C5 9F A9 33 11 00 00 00 00 00 00 F8 3F
    mask    FF FF FF 80 80 80 80 80 80 FF 00 00 00 00 00 00 00 00

After that a column is a strided view of the matrix of records.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cdframe.protobuf.messages import VARINT, Field, Flags, Floats, Ints, Message, Octets, Words
from cdframe.protobuf.scan import ScannedField, scan_fields
from cdframe.protobuf.varints import squeeze


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a column stands in each record of the shape."""

    column: str
    wire: int
    offset: int
    width: int


@dataclass(frozen=True, slots=True)
class Shape:
    """The places of all fields in a record of `width` bytes, and what must be equal for a record to have them."""

    width: int
    slots: tuple[Slot, ...]
    present: tuple[str, ...]  # columns of sub-messages
    checks: tuple[tuple[int, np.uint64, np.uint64], ...]  # offset of a word, mask, expected

    def holds_for(self, rows: Octets) -> Flags:
        """Which rows of a matrix of records have this shape; rows of less than eight bytes are filled up with any."""
        holds: Flags | None = None
        for offset, mask, expected in self.checks:
            word = _words(rows, offset)
            word &= mask
            same = word == expected
            holds = same if holds is None else holds & same
        return np.ones(len(rows), np.bool_) if holds is None else holds

    def numbers(self, rows: Octets, slot: Slot) -> Ints:
        """The column of a varint."""
        offset = min(slot.offset, max(self.width - 8, 0))
        words = _words(rows, offset)
        words >>= np.uint64(8 * (slot.offset - offset))
        if slot.width < 8:
            words &= np.uint64((1 << 8 * slot.width) - 1)
        squeeze(words)
        if slot.width > 8:
            tail = rows[:, slot.offset + 8 : slot.offset + slot.width].astype(np.uint64)
            words |= (tail[:, 0] & np.uint64(0x7F)) << np.uint64(56)
            if slot.width > 9:
                words |= tail[:, 1] << np.uint64(63)
        return words.view(np.int64)

    def doubles(self, rows: Octets, slot: Slot) -> Floats:
        """The column of a double, as a view."""
        column: Floats = rows[:, slot.offset : slot.offset + 8].view("<f8")[:, 0]
        return column


def shape_of(record: Octets, message: Message, prefix: int = 0) -> Shape | None:
    """The shape of one record, None if a field occurs twice; `prefix` is what stands before its first field."""
    body = record.data
    width = len(record)
    expected, mask = bytearray(max(width, 8)), bytearray(max(width, 8))
    mask[:prefix] = b"\xff" * prefix
    expected[:prefix] = body[:prefix]
    slots: list[Slot] = []
    present: list[str] = []
    for field, found in _walk(body, prefix, width, message):
        head, varint = slice(found.begin, found.start), slice(found.start, found.stop)
        mask[head] = b"\xff" * (found.start - found.begin)
        expected[head] = body[head]
        if found.wire == VARINT:
            ends = bytes(byte & 0x80 for byte in body[varint])
            mask[varint], expected[varint] = b"\x80" * len(ends), ends
            if len(ends) == 10:  # its last byte holds one bit; no other may be set
                mask[found.stop - 1] = 0xFE
        if field is None:
            continue
        if field.message is not None:
            present.append(field.column)
        else:
            slots.append(Slot(field.column, found.wire, found.start, found.stop - found.start))
    columns = [slot.column for slot in slots] + present
    if len(set(columns)) < len(columns):
        return None
    words = [offset for offset in range(0, width, 8) if any(mask[offset : offset + 8])]
    checks = []
    for offset in (min(word, max(width - 8, 0)) for word in words):
        place = slice(offset, offset + 8)
        numbers = int.from_bytes(mask[place], "little"), int.from_bytes(expected[place], "little")
        checks.append((offset, np.uint64(numbers[0]), np.uint64(numbers[1])))
    return Shape(width, tuple(slots), tuple(present), tuple(checks))


def _walk(body: memoryview, start: int, end: int, message: Message) -> Iterator[tuple[Field | None, ScannedField]]:
    """The fields of a record and of its sub-messages, with their meaning; None for unknown ones."""
    for found in scan_fields(body, start, end):
        field = message.get(found.number)
        if field is not None and field.wire != found.wire:
            field = None
        yield field, found
        if field is not None and field.message is not None:
            yield from _walk(body, found.start, found.stop, field.message)


def _words(rows: Octets, offset: int) -> Words:
    """A copy of the words at one offset of each row."""
    return rows[:, offset : offset + 8].view("<u8")[:, 0].astype(np.uint64)
