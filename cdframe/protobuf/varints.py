"""Varints by the million: seven bits a byte, low bits first, the high bit says that another byte follows.

A varint of up to eight bytes is taken as one little-endian 64-bit word. The payload bits of its bytes are pushed
together (or apart, when writing) in three steps that double the width of the groups:

    0aaaaaaa 0bbbbbbb 0ccccccc 0ddddddd ...    8 groups of 7 bits
    00bbbbbb baaaaaaa 00dddddd dccccccc ...    4 groups of 14 bits
    0000dddd dddccccc ccbbbbbb baaaaaaa ...    2 groups of 28 bits

The few of nine or ten bytes (negative numbers are ten) get their last bits added.
"""

from __future__ import annotations

import numpy as np

from cdframe.protobuf.messages import Flags, Ints, Octets, Words

PADDING = 32  # bytes of zero behind a buffer, so that a word may be read at every position

_PAYLOAD = np.uint64(0x7F7F7F7F7F7F7F7F)
_CONTINUES = np.uint64(0x8080808080808080)
_STEPS = (
    (np.uint64(0x007F007F007F007F), np.uint64(0x7F007F007F007F00), np.uint64(1)),
    (np.uint64(0x00003FFF00003FFF), np.uint64(0x3FFF00003FFF0000), np.uint64(2)),
    (np.uint64(0x000000000FFFFFFF), np.uint64(0x0FFFFFFF00000000), np.uint64(4)),
)
_ONE = np.uint64(1)
_NINTH = np.uint64(0x80)


def words_at_every_byte(buffer: Octets) -> Words:
    """The overlapping little-endian words that begin at each byte of a padded buffer."""
    return np.ndarray((len(buffer) - 7,), "<u8", buffer=buffer.data, strides=(1,))


def squeeze(words: Words) -> Words:
    """Push the seven payload bits of each byte together, in place; the caller has cleared foreign bytes."""
    words &= _PAYLOAD
    for low, high, shift in _STEPS:
        upper = words & high
        upper >>= shift
        words &= low
        words |= upper
    return words


def spread(numbers: Words) -> Words:
    """The inverse of `squeeze` for the low 56 bits, with no continuation bits set."""
    words = numbers & np.uint64((1 << 56) - 1)
    for low, high, shift in reversed(_STEPS):
        upper = words << shift
        upper &= high
        words &= low
        words |= upper
    return words


def read_varints(buffer: Octets, at: Ints) -> tuple[Words, Ints, Flags | None]:
    """Numbers at positions in a padded buffer, the positions behind them, and which are well formed (None: all)."""
    first = buffer[at]
    if first.max(initial=0) < 0x80:  # tags and the lengths of short strings are single bytes
        return first.astype(np.uint64), at + 1, None
    words = words_at_every_byte(buffer)
    raw = words[at]
    width = _common_width(raw)
    if width:
        raw &= np.uint64((1 << 8 * width) - 1)
        return squeeze(raw), at + width, None
    stops = ~raw & _CONTINUES
    first_stop = stops & (~stops + _ONE)
    widths = (np.bitwise_count(first_stop - _ONE).astype(np.int64) + 1) >> 3
    payload = raw & (first_stop ^ (first_stop - _ONE))
    numbers = squeeze(payload)
    good: Flags | None = None
    long = np.flatnonzero(stops == 0)
    if len(long):
        tail = words[at[long] + 8]
        ninth, tenth = tail & np.uint64(0xFF), (tail >> np.uint64(8)) & np.uint64(0xFF)
        ends_at_nine = ninth < 0x80
        numbers[long] |= (ninth & np.uint64(0x7F)) << np.uint64(56)
        numbers[long] |= np.where(ends_at_nine, np.uint64(0), tenth << np.uint64(63))
        widths[long] = np.where(ends_at_nine, 9, 10)
        good = np.ones(len(at), np.bool_)
        good[long] = ends_at_nine | (tenth <= 1)
    return numbers, at + widths, good


def _common_width(words: Words) -> int:
    """The width of all varints that begin words, of up to seven bytes; 0 where they have several, or a larger one."""
    first, width = int(words[0]), 1
    while first >> (8 * width - 1) & 1:
        width += 1
    if width > 7:
        return 0
    ends = int(_CONTINUES) & ((1 << 8 * width) - 1)
    return width if bool(((words & np.uint64(ends)) == np.uint64(ends >> 8)).all()) else 0


def varint_widths(numbers: Words) -> Ints:
    """How many bytes each number takes."""
    if len(numbers) == 0:
        return np.empty(0, np.int64)
    narrowest, widest = (max(1, -(-int(edge).bit_length() // 7)) for edge in (numbers.min(), numbers.max()))
    widths = np.full(len(numbers), narrowest, np.int64)
    for width in range(narrowest, widest):
        widths += numbers >= np.uint64(1 << (7 * width))
    return widths


def varint_octets(numbers: Words, widths: Ints | int) -> Octets:
    """A row of ten bytes for each number; those behind its width have no meaning."""
    rows = np.empty((len(numbers), 10), np.uint8)
    continued = np.minimum(np.asarray(widths) - 1, 8).astype(np.uint64) << np.uint64(3)  # bits before the last byte
    words = spread(numbers)
    words |= np.where(continued < 64, (_ONE << (continued & np.uint64(63))) - _ONE, ~np.uint64(0)) & _CONTINUES
    rows[:, :8].view("<u8")[:, 0] = words
    rows[:, 8] = (numbers >> np.uint64(56)) & np.uint64(0x7F) | np.where(np.asarray(widths) > 9, _NINTH, np.uint64(0))
    rows[:, 9] = numbers >> np.uint64(63)
    return rows
