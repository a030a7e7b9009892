"""Blocks of rows: which of them new rows go into, and where they are cut."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cdframe.local.sequences.rows import Ints, Rows, runs

MOST_ROWS = 4096  # of a block: two DuckDB vectors
MOST_CELLS = 16_384  # of a block: what is written again for one cell that changes
SMALL = 8  # a block with less than such a part of the rows that it may have takes in what is written beside it


@dataclass(frozen=True, slots=True)
class Merge:
    """New rows, and the blocks that they are to be written together with."""

    rows: Rows
    blocks: Ints  # numbers of blocks
    firsts: Ints  # the numbers of the rows that blocks are to begin with

    def cuts(self, merged: Rows) -> Ints:
        """The places in the rows of all of them at which blocks begin."""
        starts = np.searchsorted(merged.numbers, self.firsts)
        counts = np.diff(starts, append=len(merged))
        parts = -(-counts // most_rows(len(merged.columns)))
        part = np.arange(parts.sum()) - np.repeat(np.cumsum(parts) - parts, parts)
        cuts: Ints = np.repeat(starts, parts) + part * np.repeat(counts, parts) // np.repeat(parts, parts)
        return cuts


@dataclass(frozen=True, slots=True)
class Blocks:
    """The blocks of one sequence, in order: what there is."""

    block: Ints
    first: Ints
    last: Ints
    count: Ints
    width: Ints

    def merges(self, rows: Rows, most_cells: int) -> Iterator[Merge]:
        """What new rows are to be written together with, a part of them at a time."""
        homes = self._homes(rows.numbers)
        starts = np.array([start for start, _ in runs(homes)])
        place, taken = homes[starts] // 2, homes[starts] % 2 == 1
        firsts, cells = rows.numbers[starts], np.zeros(len(starts), np.int64)
        firsts[taken] = np.minimum(firsts[taken], self.first[place[taken]])
        cells[taken] = (self.count * self.width)[place[taken]]
        for begin, end in runs(np.cumsum(cells) // most_cells):
            stop = starts[end] if end < len(starts) else len(rows)
            blocks = self.block[place[begin:end][taken[begin:end]]]
            yield Merge(rows.slice(int(starts[begin]), int(stop)), blocks, firsts[begin:end])

    def _homes(self, numbers: Ints) -> Ints:
        """Where rows go: 2 p + 1 is into the block at place p, 2 p into a new one before that.

        A row that no block has around it goes into the one beside it that is small, if there is one.
        """
        count = len(self.block)
        if not count:
            return np.zeros(len(numbers), np.int64)
        small = self.count < most_rows(self.width) // SMALL
        behind = np.searchsorted(self.first, numbers, "right")
        before, after = np.maximum(behind - 1, 0), np.minimum(behind, count - 1)
        into_before = (behind > 0) & ((numbers <= self.last[before]) | small[before])
        into_after = (behind < count) & small[after]
        return np.where(into_before, 2 * before + 1, np.where(into_after, 2 * after + 1, 2 * behind))


def most_rows(width: Ints | int) -> Ints:
    """How many rows blocks of so many columns may have."""
    most: Ints = np.minimum(MOST_ROWS, np.maximum(MOST_CELLS // np.maximum(width, 1), SMALL))
    return most
