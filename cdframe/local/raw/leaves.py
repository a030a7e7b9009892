"""The leaves of a table: which keys they have, how much they hold, how they are cut. See `tables` for the layout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cdframe.local.conditions import Condition
from cdframe.local.database import Connection
from cdframe.local.identifiers import next_numbers
from cdframe.local.raw.selection import Selection
from cdframe.local.raw.tables import NUMBERS

MOST_ROWS, MOST_BYTES = 2000, 8 * 2**20  # of a leaf; DuckDB looks up to 2048 rows through an index
FULL_ROWS, FULL_BYTES = 1000, 4 * 2**20  # of the leaves that one is cut into

SIZE = "strlen(raw_rows.key) + strlen(raw_rows.content)"  # the bytes of a row

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Leaf:
    """What there is in a leaf, at most so many bytes."""

    number: int
    first: str
    rows: int
    bytes: int


class Leaves:
    """The leaves of a table, as a transaction sees them."""

    def __init__(self, connection: Connection, table: int) -> None:
        self._connection = connection
        self._table = table

    @staticmethod
    def begin(connection: Connection, tables: Sequence[int]) -> None:
        """Make the first leaves of new tables."""
        numbers = next_numbers(connection, NUMBERS, len(tables))
        none = dict.fromkeys(("count", "bytes", "newest"), pa.array([0] * len(tables)))
        connection.insert(
            "raw_leaves", pa.table({"table_id": tables, "leaf": numbers, "first": [""] * len(tables), **none})
        )

    def of_keys(self, keys: pa.Array) -> Ints:
        """The leaves that keys belong to, which are in order."""
        with self._connection.relation("incoming", pa.table({"key": keys})):
            leaves: Ints = self._connection.arrays(
                "SELECT leaf FROM incoming ASOF JOIN (SELECT leaf, first FROM raw_leaves WHERE table_id = ?) leaves "
                "ON incoming.key >= leaves.first ORDER BY incoming.key",
                [self._table],
            )["leaf"]
        return leaves

    def holding(self, selection: Selection) -> list[Leaf]:
        """The leaves that may hold rows selected."""
        until = Condition() if selection.stop is None else Condition("first < ?", [selection.stop])
        found = self._connection.tuples(
            "SELECT leaf, first, count, bytes FROM raw_leaves WHERE table_id = ? AND count > 0 AND newest > ? "
            "AND first >= (SELECT max(first) FROM raw_leaves WHERE table_id = ? AND first <= ?) "
            f"AND {until.sql} ORDER BY first",
            [self._table, selection.newer_than, self._table, selection.start, *until.parameters],
        )
        return [Leaf(*values) for values in found]

    def count(self, leaf: Ints, rows: int, size: Ints, newest: int) -> None:
        """Count rows that came into leaves (1), went (-1), or grew (0): the leaf and the size of each."""
        leaves, of_row = np.unique(leaf, return_inverse=True)
        sizes = np.zeros(len(leaves), np.int64)
        np.add.at(sizes, of_row, size)
        changes = {"leaf": leaves, "count": rows * np.bincount(of_row, minlength=len(leaves)), "bytes": sizes}
        with self._connection.relation("changes", pa.table(changes)):
            self._connection.execute(
                "UPDATE raw_leaves l SET count = l.count + c.count, bytes = l.bytes + c.bytes, "
                f"newest = greatest(l.newest, {newest}) FROM changes c WHERE l.leaf = c.leaf"
            )

    def drop_empty(self) -> None:
        """Give the keys of leaves without rows to those before them."""
        self._connection.execute(
            "DELETE FROM raw_leaves WHERE table_id = ? AND count = 0 AND first <> ''", [self._table]
        )

    def make_room(self, keys: pa.Array, size: Ints) -> Ints:
        """The leaves for rows that come, with keys in order: cut first, where they would hold too much."""
        leaves = self.of_keys(keys)
        start = np.flatnonzero(np.diff(leaves, prepend=-1))
        coming = {
            "leaf": leaves[start],
            "start": start,
            "rows": np.diff(start, append=len(leaves)),
            "size": np.add.reduceat(size, start),
        }
        with self._connection.relation("coming", pa.table(coming)):
            crowded = self._connection.tuples(
                "SELECT leaf, newest, start, rows FROM raw_leaves JOIN coming USING (leaf) "
                "WHERE count + rows > ? OR bytes + size > ?",
                [MOST_ROWS, MOST_BYTES],
            )
        for leaf, newest, begin, rows in crowded:
            part = slice(begin, begin + rows)
            leaves[part] = self._cut(leaf, newest, dict(zip(keys[part].to_pylist(), size[part].tolist(), strict=True)))
        return leaves

    def _cut(self, leaf: int, newest: int, coming: Mapping[str, int]) -> Ints:
        """Cut a leaf where it will be full, and count anew what it holds; gives the leaves for the rows that come."""
        there = dict(self._connection.tuples(f"SELECT key, {SIZE} FROM raw_rows WHERE leaf = ?", [leaf]))
        parts = _parts(sorted({**there, **coming}.items()))
        leaves = [leaf, *next_numbers(self._connection, NUMBERS, len(parts) - 1)]
        made = []
        for number, part in zip(leaves, parts, strict=True):
            moved = [there[key] for key in part if key in there]
            if number == leaf:
                self._connection.execute(
                    "UPDATE raw_leaves SET count = ?, bytes = ? WHERE leaf = ?", [len(moved), sum(moved), leaf]
                )
                continue
            if moved:  # no time is negative: with a plain test of the key DuckDB would not use the index on the leaf
                self._connection.execute(
                    "UPDATE raw_rows SET leaf = ? WHERE leaf = ? AND (key BETWEEN ? AND ? OR last_updated_time < 0)",
                    [number, leaf, part[0], part[-1]],
                )
            made.append((self._table, number, part[0], len(moved), sum(moved), newest))
        if made:
            names = ("table_id", "leaf", "first", "count", "bytes", "newest")
            self._connection.insert("raw_leaves", pa.table(dict(zip(names, zip(*made, strict=True), strict=True))))
        return np.repeat(leaves, [sum(key in coming for key in part) for part in parts])


def _parts(sizes: Sequence[tuple[str, int]]) -> list[list[str]]:
    """Divide keys, given with the sizes of their rows, into parts of equal numbers, smaller where rows are large."""
    share = len(sizes) / max(1, round(len(sizes) / FULL_ROWS))
    parts: list[list[str]] = [[]]
    total = 0
    for key, size in sizes:
        if parts[-1] and (len(parts[-1]) >= share or total + size > FULL_BYTES):
            parts.append([])
            total = 0
        parts[-1].append(key)
        total += size
    return parts
