"""The rows of sequences in blocks: read, written, deleted. See `tables` for the layout."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from cdframe.local.database import Connection
from cdframe.local.sequences.blocks import Blocks
from cdframe.local.sequences.cells import LISTS, Layout, from_lists, to_lists
from cdframe.local.sequences.rows import LARGEST_NUMBER, Ints, Rows, concatenate, runs

Types = Mapping[int, pa.DataType]  # of columns, by their numbers

CELLS_AT_ONCE = 4_000_000  # how many are held to be written

_LISTS = ", ".join(LISTS)
_NO_BLOCKS = Blocks(*[np.empty(0, np.int64)] * 5)


@dataclass(frozen=True, slots=True)
class Span:
    """Row numbers from one to another, both included."""

    first: int = 0
    last: int = LARGEST_NUMBER


@dataclass(frozen=True, slots=True)
class Insertion:
    """Rows to write to a sequence; `live` are the numbers of all columns that it has."""

    sequence: int
    live: Collection[int]
    rows: Rows


class RowStore:
    """The rows of sequences, as a transaction sees them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    # Reading

    def read(self, sequence: int, span: Span, wanted: Types, limit: int) -> Rows:
        """The first rows within a span, with the columns that are wanted."""
        # Before each block there are surely all rows of the blocks before it, or one of the block that the span cuts.
        blocks = self._connection.rows(
            f"""SELECT block, {_LISTS} FROM (
                SELECT *, coalesce(sum(CASE WHEN first >= ? THEN count ELSE 1 END) OVER (
                    ORDER BY first ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS sure
                FROM sequence_blocks WHERE sequence = ? AND last >= ? AND first <= ?)
                WHERE sure < ?""",
            [span.first, sequence, span.first, span.last, limit],
        )
        return self._rows(blocks, wanted, span, limit)

    def latest(self, sequence: int, span: Span, wanted: Types) -> Rows:
        """The last row within a span, or none."""
        blocks = self._connection.rows(
            f"""SELECT block, {_LISTS} FROM sequence_blocks WHERE sequence = ? AND first <= ?
                ORDER BY first DESC LIMIT 1""",
            [sequence, span.last],
        )
        rows = self._rows(blocks, wanted, span)
        return rows.slice(max(len(rows) - 1, 0), len(rows))

    def _rows(
        self, blocks: Sequence[Mapping[str, Any]], wanted: Types, span: Span | None = None, limit: int | None = None
    ) -> Rows:
        """The rows of blocks of one sequence; of those within a span the first."""
        lists = [name for name, kind in LISTS.items() if kind in wanted.values()]
        table = self._connection.table(
            f"SELECT {', '.join(['block', 'row_number', *lists])} FROM sequence_rows "
            "WHERE block IN (SELECT unnest(?::BIGINT[]))",
            [[block["block"] for block in blocks]],
        )
        numbers = table["row_number"].to_numpy()
        if not np.all(numbers[1:] > numbers[:-1]):  # a scan hands out row groups in any order
            table = table.take(pa.array(np.argsort(numbers)))
            numbers = table["row_number"].to_numpy()
        if span is not None:
            begin, end = np.searchsorted(numbers, span.first), np.searchsorted(numbers, span.last, "right")
            table = table.slice(int(begin), max(int(end - begin), 0))
        table = table if limit is None else table.slice(0, limit)
        return concatenate([*_by_layout(table, blocks, wanted)], wanted)

    # Writing

    def insert(self, insertions: Sequence[Insertion]) -> None:
        """Write rows, each over the one of its number. A sequence is there once."""
        blocks = self._blocks([insertion.sequence for insertion in insertions])
        writer = _Writer(self._connection)
        for insertion in insertions:
            of_sequence = blocks.get(insertion.sequence, _NO_BLOCKS)
            for merge in of_sequence.merges(insertion.rows, CELLS_AT_ONCE):
                rows = merge.rows.over(self._stored(merge.blocks, insertion.live))
                writer.replace(insertion.sequence, merge.blocks, rows, merge.cuts(rows))
        writer.flush()

    def _blocks(self, sequences: Sequence[int]) -> dict[int, Blocks]:
        columns = self._connection.arrays(
            """SELECT sequence, block, first, last, count, len(doubles) + len(longs) + len(strings) AS width
               FROM sequence_blocks WHERE sequence IN (SELECT unnest(?::BIGINT[]))""",
            [list(sequences)],
        )
        order = np.lexsort((columns["first"], columns["sequence"]))
        by_sequence = columns["sequence"][order]
        return {
            int(by_sequence[start]): Blocks(
                *(columns[name][order[start:stop]] for name in ("block", "first", "last", "count", "width"))
            )
            for start, stop in runs(by_sequence)
        }

    def _stored(self, numbers: Ints, live: Collection[int]) -> Rows:
        """All rows of blocks, with the columns that still are."""
        if not len(numbers):
            return Rows(numbers, {})
        blocks = self._connection.rows(
            f"SELECT block, {_LISTS} FROM sequence_blocks WHERE block IN (SELECT unnest(?::BIGINT[]))",
            [numbers.tolist()],
        )
        kept = {number: LISTS[name] for block in blocks for name in LISTS for number in block[name] if number in live}
        return self._rows(blocks, kept)

    # Deleting

    def delete(self, rows: Sequence[tuple[int, Sequence[int]]]) -> None:
        """Delete the rows of sequences that have these numbers."""
        doomed = pa.table(
            {
                "sequence": np.repeat([sequence for sequence, _ in rows], [len(numbers) for _, numbers in rows]),
                "row_number": pa.array([number for _, numbers in rows for number in numbers], pa.int64()),
            }
        )
        within = """doomed JOIN sequence_blocks b
            ON b.sequence = doomed.sequence AND doomed.row_number BETWEEN b.first AND b.last"""
        with self._connection.relation("doomed", doomed):
            touched = [block for (block,) in self._connection.tuples(f"SELECT DISTINCT block FROM {within}")]
            self._connection.execute(
                f"""DELETE FROM sequence_rows r USING (SELECT block, doomed.row_number FROM {within}) AS gone
                    WHERE r.block = gone.block AND r.row_number = gone.row_number"""
            )
        left = self._connection.table(
            """SELECT block, min(row_number) AS first, max(row_number) AS last, count(*) AS count
               FROM sequence_rows WHERE block IN (SELECT unnest(?::BIGINT[])) GROUP BY block""",
            [touched],
        )
        with self._connection.relation("remaining", left):
            self._connection.execute(
                """UPDATE sequence_blocks b SET first = r.first, last = r.last, count = r.count
                   FROM remaining r WHERE b.block = r.block"""
            )
        _drop_blocks(self._connection, sorted({*touched} - {*left["block"].to_pylist()}))

    def drop(self, sequences: Sequence[int]) -> None:
        """Delete all rows of sequences."""
        blocks = "FROM sequence_blocks WHERE sequence IN (SELECT unnest(?::BIGINT[]))"
        self._connection.execute(f"DELETE FROM sequence_rows WHERE block IN (SELECT block {blocks})", [list(sequences)])
        self._connection.execute(f"DELETE {blocks}", [list(sequences)])


class _Writer:
    """Rows that become blocks, in few statements."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._replaced: list[int] = []
        self._written: list[tuple[int, Rows, Ints]] = []  # sequence, rows, places at which blocks begin
        self._cells = 0

    def replace(self, sequence: int, blocks: Ints, rows: Rows, cuts: Ints) -> None:
        """Put rows, cut into blocks, in the place of blocks."""
        self._replaced += blocks.tolist()
        self._written.append((sequence, rows, cuts))
        self._cells += len(rows) * len(rows.columns)
        if self._cells > CELLS_AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Write what is left."""
        _drop_blocks(self._connection, self._replaced)
        number = (self._connection.value("SELECT max(block) FROM sequence_blocks") or 0) + 1
        of_rows, of_blocks = [], []
        for sequence, rows, cuts in self._written:
            layout = Layout.of(rows)
            counts = np.diff(cuts, append=len(rows))
            numbers = number + np.arange(len(cuts))
            number += len(cuts)
            of_rows.append(
                pa.table({"block": np.repeat(numbers, counts), "row_number": rows.numbers, **to_lists(rows, layout)})
            )
            of_blocks.append(
                pa.table(
                    {
                        "sequence": np.full(len(cuts), sequence),
                        "block": numbers,
                        "first": rows.numbers[cuts],
                        "last": rows.numbers[cuts + counts - 1],
                        "count": counts,
                        **{name: pa.array([layout.numbers(name)] * len(cuts), pa.list_(pa.int64())) for name in LISTS},
                    }
                )
            )
        if self._written:
            self._connection.insert("sequence_rows", pa.concat_tables(of_rows))
            self._connection.insert("sequence_blocks", pa.concat_tables(of_blocks))
        self._replaced, self._written, self._cells = [], [], 0


def _drop_blocks(connection: Connection, numbers: Sequence[int]) -> None:
    if numbers:
        for table in ("sequence_rows", "sequence_blocks"):
            connection.execute(f"DELETE FROM {table} WHERE block IN (SELECT unnest(?::BIGINT[]))", [list(numbers)])


def _by_layout(table: pa.Table, blocks: Sequence[Mapping[str, Any]], wanted: Types) -> Iterator[Rows]:
    """The rows of a table of lists, those together that have one layout and follow each other."""
    layouts = [Layout.stored(block) for block in blocks]
    kinds = list(dict.fromkeys(layouts))
    numbers = np.array([block["block"] for block in blocks], np.int64)
    order = np.argsort(numbers)
    kind_of_block = np.array([kinds.index(layout) for layout in layouts], np.int64)[order]
    kind = kind_of_block[np.searchsorted(numbers[order], table["block"].to_numpy())]
    for start, stop in runs(kind):
        part = table.slice(start, stop - start)
        yield Rows(part["row_number"].to_numpy(), from_lists(part, kinds[int(kind[start])], wanted))
