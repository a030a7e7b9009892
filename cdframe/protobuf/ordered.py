"""Records whose fields come in the order of their numbers, each at most once, as every encoder writes them.

All records are read in step: first the timestamps of all, at whatever width, then the values of those that have one,
and so on. It takes a few vector operations a field, however many widths there are.

    0A 10  08 90 F7 C5 9F A9 33  11 00 00 00 00 00 00 F8 3F
    0A 07  08 F8 FE C5 9F A9 33                              no value: zero
           timestamp             value

A record that is not read to its end so (unknown fields, sub-messages, another order) is left to `fields`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cdframe.protobuf.messages import FIXED64, LENGTH, Field, Flags, Ints, Message, Octets, Words
from cdframe.protobuf.varints import read_varints, words_at_every_byte

_ONE_BYTE_TAGS = range(1, 16)
_LONGEST = np.uint64(2**31 - 1)  # the longest string that protobuf allows

PutColumn: TypeAlias = Callable[[str, slice | Ints, NDArray[Any]], None]


@dataclass(frozen=True, slots=True)
class Place:
    """Where records are read from, and to.

    Attributes:
        buffer: their bytes, padded; `origin` is where in the lists it begins.
        row: the row of the first record.
        put_column: takes values of a column in.
    """

    buffer: Octets
    origin: int
    row: int
    put_column: PutColumn

    def put(self, name: str, rows: slice | Ints, values: NDArray[Any]) -> None:
        """Put values into rows, which are counted from the first record on."""
        moved = slice(rows.start + self.row, rows.stop + self.row) if isinstance(rows, slice) else rows + self.row
        self.put_column(name, moved, values)

    def put_spans(self, name: str, rows: slice | Ints, begins: Ints, ends: Ints) -> None:
        """Put in where strings begin and end."""
        spans = np.stack([begins, ends], axis=1)
        spans += self.origin
        self.put(name, rows, spans)


def read_in_order(place: Place, starts: Ints, ends: Ints, message: Message) -> Ints:
    """Read records at the given spans; return the numbers of those that are not of this kind."""
    at = starts.copy()
    for number, field in sorted(message.items()):
        if field.message is None and number in _ONE_BYTE_TAGS:
            _read_field(place, at, ends, number << 3 | field.wire, field)
    return np.flatnonzero(at != ends)


def _read_field(place: Place, at: Ints, end: Ints, tag: int, field: Field) -> None:
    """Read a field of the records that have it where they are read to (`at`), and move these on."""
    buffer = place.buffer
    here = buffer[at] == tag
    here &= at < end
    chosen = np.flatnonzero(here)
    begin = at[chosen] + 1
    good: Flags | None = None
    numbers: Words | None = None
    if field.wire == FIXED64:
        behind = begin + 8
    else:
        numbers, behind, good = read_varints(buffer, begin)
    if field.wire == LENGTH and numbers is not None:
        begin, behind = behind, behind + np.minimum(numbers, _LONGEST).astype(np.int64)
    fits = behind <= end[chosen]
    if good is not None:
        fits &= good
    if not fits.all():
        chosen, begin, behind = chosen[fits], begin[fits], behind[fits]
        numbers = None if numbers is None else numbers[fits]
    if not len(chosen):
        return
    rows = slice(0, len(at)) if len(chosen) == len(at) else chosen
    if field.wire == LENGTH:
        place.put_spans(field.column, rows, begin, behind)
    elif numbers is None:
        place.put(field.column, rows, words_at_every_byte(buffer)[begin].view("<f8"))
    else:
        place.put(field.column, rows, numbers.view(np.int64))
    at[rows] = behind
