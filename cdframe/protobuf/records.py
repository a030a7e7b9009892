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
from cdframe.protobuf.messages import LENGTH, Flags, Ints, Octets
from cdframe.protobuf.varints import read_varints

RECORD_TAG = 0x0A
TIMESTAMP_TAG = 0x08


def plain_records(buffer: Octets, first: int, stop: int, *, is_end: bool) -> tuple[Ints, Ints] | None:
    """Starts and ends of the records that lie within [first, stop) of a padded buffer, where nothing else stands.

    None if something else does, or if the list ends at `stop` (`is_end`) and its last record does not.
    """
    begins: Ints = np.flatnonzero(buffer[first:stop] == RECORD_TAG)
    begins += first
    # Nearly all records begin with a timestamp. Of the other bytes 0x0A hardly any looks as if it did.
    like = buffer[2:][begins] == TIMESTAMP_TAG
    longer = np.flatnonzero(buffer[1:][begins] >= 0x80)
    if len(longer):
        like[longer] = buffer[3:][begins[longer]] == TIMESTAMP_TAG
    return _chain(buffer, first, stop, begins[like], is_end) or _chain(buffer, first, stop, begins, is_end)


def any_records(buffer: Octets, first: int, stop: int) -> tuple[Ints, Ints, Ints]:
    """Starts and ends of the records among the fields of a list, and the ends of all fields."""
    table = read_fields(buffer, np.array([first]), np.array([stop]))
    records = np.flatnonzero((table.number == 1) & (table.wire == LENGTH))
    return table.start[records], table.stop[records], table.stop


def _chain(buffer: Octets, first: int, stop: int, begins: Ints, is_end: bool) -> tuple[Ints, Ints] | None:
    """The records among the places where some may begin, None if they do not lead from one to the next to the stop."""
    if len(begins) == 0 or begins[0] != first:
        return None
    lengths = buffer[1:][begins].astype(np.int64)
    starts = begins + 2
    long = np.flatnonzero(lengths >= 0x80)
    if len(long):
        numbers, behind, good = read_varints(buffer, begins[long] + 1)
        beyond = (numbers > len(buffer)) | (behind - begins[long] > 6)
        if good is not None:
            beyond |= ~good
        lengths[long] = np.where(beyond, len(buffer) + 1, numbers.astype(np.int64))
        starts[long] = behind
    ends = starts + lengths
    breaks = np.flatnonzero(ends[:-1] != begins[1:])
    last = np.append(breaks, len(begins) - 1)  # of each run
    arrived: Flags = ends[last] == stop if is_end else ends[last] >= stop
    if len(breaks):
        entry = np.searchsorted(begins, ends[last])  # the record that the run leads to
        leads_on = begins[np.minimum(entry, len(begins) - 1)] == ends[last]
        following = np.where(leads_on, np.searchsorted(last, entry), len(last) + 1)
        following[arrived] = len(last)
        runs, outcome = follow(following, 0)
        if outcome != len(last):
            return None
        behind = last[runs] + 1
        resumed = np.append(entry[runs[:-1]], len(begins))
        on_the_way = np.ones(len(begins), np.bool_)
        on_the_way[concatenated_ranges(behind, resumed - behind)] = False
        starts, ends = starts[on_the_way], ends[on_the_way]
    elif not arrived[-1]:
        return None
    within = len(ends) - int(ends[-1] > stop)
    return starts[:within], ends[:within]
