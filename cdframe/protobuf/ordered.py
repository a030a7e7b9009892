"""Records whose fields come in the order of their numbers, each at most once, as every encoder writes them.

All records are read in step: first the timestamps of all, at whatever width, then the values of those that have one,
and so on. It takes a few vector operations a field, however many widths there are.

    0A 10  08 90 F7 C5 9F A9 33  11 00 00 00 00 00 00 F8 3F
    0A 07  08 F8 FE C5 9F A9 33                              no value: zero
           timestamp             value

A record that is not read to its end so (unknown fields, sub-messages, another order) is left to `fields`.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from cdframe.protobuf.messages import FIXED64, VARINT, Field, Flags, Ints, Message, Octets
from cdframe.protobuf.varints import read_varints, words_at_every_byte

BLOCK = 16_384  # records read at a time: what is known of them stays in the cache
_ONE_BYTE_TAGS = range(1, 16)
_LONGEST = np.uint64(2**31 - 1)  # the longest string that protobuf allows


class PutColumn(Protocol):
    """Takes values of a column in; strings as where they begin and end."""

    def __call__(self, name: str, rows: slice | Ints, values: NDArray[Any]) -> None:
        """Put values into rows."""


def read_in_order(buffer: Octets, starts: Ints, ends: Ints, message: Message, put: PutColumn) -> Ints:
    """Read records at the given spans of a padded buffer; return the rows that are not of this kind."""
    fields = [
        (number << 3 | field.wire, field)
        for number, field in sorted(message.items())
        if field.message is None and number in _ONE_BYTE_TAGS
    ]
    left = [np.empty(0, np.int64)]
    for first in range(0, len(starts), BLOCK):
        at, end = starts[first : first + BLOCK].copy(), ends[first : first + BLOCK]
        for tag, field in fields:
            _read_field(buffer, at, end, tag, field, first, put)
        left.append(np.flatnonzero(at != end) + first)
    return np.concatenate(left)


def _read_field(buffer: Octets, at: Ints, end: Ints, tag: int, field: Field, first: int, put: PutColumn) -> None:
    """Read a field of the records that have it where they are read to (`at`), and move these on."""
    here = buffer[at] == tag
    here &= at < end
    rows = np.flatnonzero(here)
    place = at[rows] + 1
    good: Flags | None
    if field.wire == FIXED64:
        behind, good = place + 8, None
        values: NDArray[Any] = words_at_every_byte(buffer)[np.minimum(place, len(buffer) - 8)].view("<f8")
    else:
        numbers, behind, good = read_varints(buffer, place)
        if field.wire == VARINT:
            values = numbers.view(np.int64)
        else:
            begin, behind = behind, behind + np.minimum(numbers, _LONGEST).astype(np.int64)
            values = np.stack([begin, behind], axis=1)
    fits = behind <= end[rows]
    if good is not None:
        fits &= good
    if not fits.all():
        rows, values, behind = rows[fits], values[fits], behind[fits]
    if len(rows) == len(at):
        put(field.column, slice(first, first + len(at)), values)
        at[:] = behind
    elif len(rows):
        put(field.column, rows + first, values)
        at[rows] = behind
