"""Rows of a sequence in memory, column by column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Ints = npt.NDArray[np.int64]

LARGEST_NUMBER = 2**63 - 1

TYPES: Mapping[str, pa.DataType] = {"DOUBLE": pa.float64(), "LONG": pa.int64(), "STRING": pa.string()}


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows in order of their numbers; `columns` has the values of columns by the numbers of these."""

    numbers: Ints
    columns: Mapping[int, pa.Array]

    def __len__(self) -> int:
        return len(self.numbers)

    def slice(self, begin: int, end: int) -> Rows:
        """The rows from one place to another."""
        columns = {number: values.slice(begin, end - begin) for number, values in self.columns.items()}
        return Rows(self.numbers[begin:end], columns)

    def in_order(self) -> Rows:
        """These rows, given in any order, in order of their numbers; of those with one number the last."""
        if np.all(self.numbers[1:] > self.numbers[:-1]):
            return self
        order = np.argsort(self.numbers, kind="stable")
        numbers = self.numbers[order]
        kept = order[np.append(numbers[1:] != numbers[:-1], True)]
        places = pa.array(kept)
        return Rows(self.numbers[kept], {number: values.take(places) for number, values in self.columns.items()})

    def over(self, stored: Rows) -> Rows:
        """Stored rows once these were written: their values replace those of the same row and column."""
        if not len(stored):
            return self
        numbers, places = np.unique(np.concatenate([self.numbers, stored.numbers]), return_inverse=True)
        mine, theirs = np.full((2, len(numbers)), -1)
        mine[places[: len(self)]] = np.arange(len(self))
        theirs[places[len(self) :]] = np.arange(len(stored))
        columns = {}
        either = np.where(mine >= 0, mine, np.where(theirs >= 0, theirs + len(self), -1))
        for column in {**stored.columns, **self.columns}:
            if column not in self.columns:
                columns[column] = _taken(stored.columns[column], theirs)
            elif column not in stored.columns:
                columns[column] = _taken(self.columns[column], mine)
            else:
                columns[column] = _taken(pa.concat_arrays([self.columns[column], stored.columns[column]]), either)
        return Rows(numbers, columns)


def concatenate(parts: Sequence[Rows], types: Mapping[int, pa.DataType]) -> Rows:
    """Rows one after the other; columns that some do not have are null there."""
    columns = {
        number: pa.concat_arrays(
            [pa.array([], kind), *(part.columns.get(number, pa.nulls(len(part), kind)) for part in parts)]
        )
        for number, kind in types.items()
    }
    return Rows(np.concatenate([np.empty(0, np.int64), *(part.numbers for part in parts)]), columns)


def runs(values: Ints) -> list[tuple[int, int]]:
    """Where equal values that follow each other begin and end."""
    starts = np.flatnonzero(np.diff(values, prepend=values[:1] - 1))
    return list(pairwise([*starts.tolist(), len(values)]))


def _taken(values: pa.Array, places: Ints) -> pa.Array:
    """The values at places, null at -1."""
    return values.take(pa.array(places, mask=places < 0))
