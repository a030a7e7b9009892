"""Rows as tables keep them: the values of a row in a list for each type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from cdframe.local.sequences.rows import TYPES, Rows

LISTS: Mapping[str, pa.DataType] = {"doubles": TYPES["DOUBLE"], "longs": TYPES["LONG"], "strings": TYPES["STRING"]}


@dataclass(frozen=True, slots=True)
class Layout:
    """The numbers of the columns of a block, by the lists that have their values."""

    doubles: tuple[int, ...]
    longs: tuple[int, ...]
    strings: tuple[int, ...]

    @classmethod
    def of(cls, rows: Rows) -> Layout:
        """A layout for rows."""
        numbers = {
            name: [n for n, values in rows.columns.items() if values.type == kind] for name, kind in LISTS.items()
        }
        return cls(**{name: tuple(sorted(of_kind)) for name, of_kind in numbers.items()})

    @classmethod
    def stored(cls, block: Mapping[str, Any]) -> Layout:
        """The layout of a row of the table of blocks."""
        return cls(**{name: tuple(block[name]) for name in LISTS})

    def numbers(self, name: str) -> Sequence[int]:
        """The columns whose values are in a list."""
        numbers: Sequence[int] = getattr(self, name)
        return numbers

    @property
    def width(self) -> int:
        """How many columns there are."""
        return sum(len(self.numbers(name)) for name in LISTS)


def to_lists(rows: Rows, layout: Layout) -> dict[str, pa.Array]:
    """The lists of rows, by their names."""
    return {
        name: _joined([rows.columns[n] for n in layout.numbers(name)], len(rows), kind) for name, kind in LISTS.items()
    }


def from_lists(table: pa.Table, layout: Layout, wanted: Iterable[int]) -> dict[int, pa.Array]:
    """The values of those wanted columns that a layout has, from a table of lists."""
    wanted = set(wanted)
    columns: dict[int, pa.Array] = {}
    for name in LISTS:
        numbers = layout.numbers(name)
        if wanted.isdisjoint(numbers):
            continue
        values = table.column(name).combine_chunks().flatten()
        for place, number in enumerate(numbers):
            if number in wanted:
                columns[number] = values.take(pa.array(np.arange(place, len(values), len(numbers))))
    return columns


def _joined(columns: Sequence[pa.Array], count: int, kind: pa.DataType) -> pa.Array:
    """One list for each row: its values of columns."""
    ends = pa.array(np.arange(count + 1, dtype=np.int32) * len(columns))
    if not columns:
        return pa.ListArray.from_arrays(ends, pa.array([], kind))
    by_row = np.arange(count * len(columns)).reshape(len(columns), count).T.ravel()
    return pa.ListArray.from_arrays(ends, pa.concat_arrays(columns).take(pa.array(by_row)))
