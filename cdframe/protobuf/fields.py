"""Fields of many messages at once, whatever their order and number: the path that takes every well-formed message.

Messages are spans of one buffer. Reading goes in rounds: round k reads the k-th field of every message that still
has one, so typical messages cost a handful of vector operations. What is left after many rounds (few messages of
very many fields) is read by pointer doubling: the field that would begin at each byte says where the next one
begins, and a chain of n steps through these pointers is followed in log2(n) steps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cdframe.protobuf.messages import FIXED32, FIXED64, LENGTH, VARINT, DecodeError, Flags, Ints, Octets, Words
from cdframe.protobuf.varints import PADDING, read_varints

ROUNDS = 64
_LONGEST = np.uint64(2**31 - 1)  # the longest message, string or sub-message that protobuf allows


@dataclass(slots=True)
class FieldTable:
    """Fields with the index of the message that owns them, in the order of the bytes within each message.

    `number` and `wire` make up the tag; `value` is the number of a varint; the bytes of all others are
    `start` to `stop`.
    """

    owner: Ints
    number: Ints
    wire: Ints
    value: Words
    start: Ints
    stop: Ints

    def take(self, rows: Ints) -> FieldTable:
        return FieldTable(
            self.owner[rows],
            self.number[rows],
            self.wire[rows],
            self.value[rows],
            self.start[rows],
            self.stop[rows],
        )


def padded(buffer: Octets) -> Octets:
    """A copy with the zero bytes behind it that reading whole words needs."""
    copy = np.empty(len(buffer) + PADDING, np.uint8)
    copy[: len(buffer)] = buffer
    copy[len(buffer) :] = 0
    return copy


def concatenated_ranges(starts: Ints, lengths: Ints) -> Ints:
    """start, start + 1, ... for each start in turn, as many as its length says."""
    before = np.cumsum(lengths) - lengths
    total = int(lengths.sum())
    return np.repeat(starts - before, lengths) + np.arange(total)


def follow(following: Ints, first: int) -> tuple[Ints, int]:
    """The indices on the way from `first`, and where it ended, by doubling.

    `following` points upward only; the way ends with the first pointer outside, n or n + 1.
    """
    n = len(following)
    jump = np.concatenate([following, [n, n + 1]])
    way = np.array([first], np.int64)
    while way[-1] < n:
        way = np.concatenate([way, jump[way]])
        jump = jump[jump]
    inside = int(np.searchsorted(way, n))
    return way[:inside], int(way[inside])


def read_one_field(buffer: Octets, owner: Ints, at: Ints, end: Ints) -> tuple[FieldTable, Flags]:
    """The field that begins at each position, and which of them are well formed and lie before their end."""
    tag, begin, good_tag = read_varints(buffer, at)
    number, wire = (tag >> np.uint64(3)).astype(np.int64), (tag & np.uint64(7)).astype(np.int64)
    good = (number > 0) & (begin - at <= 5) & (tag < np.uint64(2**32))
    if good_tag is not None:
        good &= good_tag
    value = np.zeros(len(at), np.uint64)
    start, stop = begin, begin.copy()
    kinds = np.bincount(wire, minlength=8)
    good &= (wire == VARINT) | (wire == FIXED64) | (wire == LENGTH) | (wire == FIXED32)
    if kinds[VARINT]:
        rows = np.flatnonzero(wire == VARINT)
        value[rows], stop[rows], fine = read_varints(buffer, np.minimum(begin[rows], end[rows]))
        if fine is not None:
            good[rows] &= fine
    if kinds[LENGTH]:
        rows = np.flatnonzero(wire == LENGTH)
        length, start[rows], fine = read_varints(buffer, np.minimum(begin[rows], end[rows]))
        good[rows] &= length <= _LONGEST
        stop[rows] = start[rows] + np.minimum(length, _LONGEST).astype(np.int64)
        if fine is not None:
            good[rows] &= fine
    if kinds[FIXED64]:
        stop[wire == FIXED64] += 8
    if kinds[FIXED32]:
        stop[wire == FIXED32] += 4
    good &= stop <= end
    return FieldTable(owner, number, wire, value, start, stop), good


def read_fields(buffer: Octets, starts: Ints, ends: Ints) -> FieldTable:
    """All fields of the messages at the given spans of a padded buffer; spans ascend and do not overlap."""
    tables: list[FieldTable] = []
    active = np.flatnonzero(starts < ends)
    at, end = starts[active], ends[active]
    while len(active):
        if len(tables) == ROUNDS:
            tables.append(_read_many_fields(buffer, active, at, end))
            break
        table, good = read_one_field(buffer, active, at, end)
        if not good.all():
            raise _malformed(at, int(np.argmin(good)), end)
        tables.append(table)
        more = np.flatnonzero(table.stop < end)
        active, at, end = active[more], table.stop[more], end[more]
    if len(tables) == 1:
        return tables[0]
    none_ints, none_words = [np.empty(0, np.int64)], [np.empty(0, np.uint64)]
    return FieldTable(
        np.concatenate(none_ints + [table.owner for table in tables]),
        np.concatenate(none_ints + [table.number for table in tables]),
        np.concatenate(none_ints + [table.wire for table in tables]),
        np.concatenate(none_words + [table.value for table in tables]),
        np.concatenate(none_ints + [table.start for table in tables]),
        np.concatenate(none_ints + [table.stop for table in tables]),
    )


def _read_many_fields(buffer: Octets, owners: Ints, starts: Ints, ends: Ints) -> FieldTable:
    """The same by pointer doubling: one chain that goes on in the next message where one ends."""
    lengths = ends - starts
    position = concatenated_ranges(starts, lengths)
    message = np.repeat(np.arange(len(starts)), lengths)
    total = len(position)
    table, good = read_one_field(buffer, message, position, ends[message])
    # Messages lie one behind the other in `position`, so the end of one is where the next begins.
    following = np.where(good, np.arange(total) + (table.stop - position), total + 1)
    way, outcome = follow(following, 0)
    if outcome != total:
        broken = int(way[-1])
        raise _malformed(position, broken, ends[message])
    table = table.take(way)
    table.owner = owners[table.owner]
    return table


def _malformed(at: Ints, index: int, end: Ints) -> DecodeError:
    return DecodeError(
        f"malformed protobuf: no whole field at byte {int(at[index])} of the datapoints, "
        f"whose message ends at byte {int(end[index])}"
    )
