"""Where the records of a list of datapoints begin and end.

A list is a message with one repeated field, number 1: each record is the byte 0x0A, its length, its bytes.

    0A 10 08 ......   0A 10 08 ......   0A 07 08 ...

Every byte 0x0A may begin a record. If each of them leads exactly to the next one, these are the records. A 0x0A
inside a record breaks that order; then the runs between breaks are the nodes of a short chain that pointer doubling
follows. A list that holds anything else is read as a message like any other.
"""

from __future__ import annotations

import numpy as np

from cdframe.protobuf.fields import concatenated_ranges, follow, read_fields
from cdframe.protobuf.messages import LENGTH, DecodeError, Ints, Octets
from cdframe.protobuf.varints import read_varints

RECORD_TAG = 0x0A
TIMESTAMP_TAG = 0x08
BLOCK = 2**17  # bytes searched at a time: what is found in them stays in the cache


def find_records(buffer: Octets, length: int, edges: Ints) -> tuple[Ints, Ints]:
    """Starts and ends of the records in the first `length` bytes of a padded buffer.

    The bytes are those of several lists, one behind the other: `edges` are the positions where lists end. A field
    that runs across an edge is a DecodeError.
    """
    found = _find_plain_records(buffer, length)
    if found is None:
        table = read_fields(buffer, np.zeros(1, np.int64), np.array([length]))
        after_field = table.stop
        records = np.flatnonzero((table.number == 1) & (table.wire == LENGTH))
        starts, ends = table.start[records], table.stop[records]
    else:
        starts, ends = found
        after_field = ends
    inner = edges[(edges > 0) & (edges < length)]
    if len(inner):
        place = np.searchsorted(after_field, inner)
        if not np.array_equal(after_field[np.minimum(place, len(after_field) - 1)], inner):
            raise DecodeError("malformed protobuf: a datapoint runs past the end of its list")
    return starts, ends


def _find_plain_records(buffer: Octets, length: int) -> tuple[Ints, Ints] | None:
    """The records of lists that hold nothing else, None if there is anything else."""
    # Nearly all records begin with a timestamp. Of the other bytes 0x0A hardly any looks as if it did.
    parts = [_begins(buffer, at, min(at + BLOCK, length)) for at in range(0, length, BLOCK)]
    likely = np.concatenate(parts) if parts else np.empty(0, np.int64)
    return _chain(buffer, length, likely) or _chain(buffer, length, np.flatnonzero(buffer[:length] == RECORD_TAG))


def _begins(buffer: Octets, first: int, last: int) -> Ints:
    """Where in a part of the buffer records with a timestamp may begin."""
    begins: Ints = np.flatnonzero(buffer[first:last] == RECORD_TAG)
    begins += first
    like = buffer[2:][begins] == TIMESTAMP_TAG
    longer = np.flatnonzero(buffer[1:][begins] >= 0x80)
    if len(longer):
        like[longer] = buffer[3:][begins[longer]] == TIMESTAMP_TAG
    likely: Ints = begins[like]
    return likely


def _chain(buffer: Octets, length: int, begins: Ints) -> tuple[Ints, Ints] | None:
    """The records among the places where some may begin, None if they do not lead from one to the next to the end."""
    if len(begins) == 0 or begins[0] != 0:
        return None
    lengths = buffer[1:][begins].astype(np.int64)
    starts = begins + 2
    long = np.flatnonzero(lengths >= 0x80)
    if len(long):
        numbers, behind, good = read_varints(buffer, begins[long] + 1)
        beyond = (numbers > length) | (behind - begins[long] > 6)
        if good is not None:
            beyond |= ~good
        lengths[long] = np.where(beyond, length + 1, numbers.astype(np.int64))
        starts[long] = behind
    ends = starts + lengths
    breaks = np.flatnonzero(ends[:-1] != begins[1:])
    if len(breaks) == 0:
        return (starts, ends) if ends[-1] == length else None
    last = np.append(breaks, len(begins) - 1)  # of each run
    entry = np.searchsorted(begins, ends[last])  # the record that the run leads to
    leads_on = begins[np.minimum(entry, len(begins) - 1)] == ends[last]
    following = np.where(leads_on, np.searchsorted(last, entry), len(last) + 1)
    following[ends[last] == length] = len(last)
    runs, outcome = follow(following, 0)
    if outcome != len(last):
        return None
    behind = last[runs] + 1
    resumed = np.append(entry[runs[:-1]], len(begins))
    on_the_way = np.ones(len(begins), np.bool_)
    on_the_way[concatenated_ranges(behind, resumed - behind)] = False
    return starts[on_the_way], ends[on_the_way]
