"""The rows of one table: written, deleted, read. See `tables` for the layout."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cdframe.local.conditions import Condition
from cdframe.local.database import Connection
from cdframe.local.raw.leaves import SIZE, Leaves
from cdframe.local.raw.selection import EVERYTHING, Selection, Shape

MOST_PAGE_BYTES = 32 * 2**20  # a page that would be longer has fewer rows than were asked for
MOST_LOOKED_UP = 32  # leaves that are read one by one; more are faster found by a scan


class RowStore:
    """The rows of a table, as a transaction sees them."""

    def __init__(self, connection: Connection, table: int) -> None:
        self._connection = connection
        self._table = table
        self._leaves = Leaves(connection, table)

    @staticmethod
    def drop(connection: Connection, condition: Condition) -> None:
        """Delete all rows of tables; the condition is one of their `table_id`."""
        for table in ("raw_rows", "raw_leaves"):
            connection.execute(f"DELETE FROM {table} WHERE {condition.sql}", condition.parameters)

    # Writing

    def write(self, rows: pa.Table, now: int) -> bool:
        """Store rows, which replace those with the same keys; whether the content of any is new.

        They are in the order of their keys. One whose content is equal but written in another way keeps its time.
        """
        keys = rows["key"].combine_chunks()
        size = pc.add(pc.binary_length(keys), pc.binary_length(rows["content"])).to_numpy().astype(np.int64)
        placed = rows.append_column("leaf", pa.array(self._leaves.make_room(keys, size)))
        with self._connection.relation("placed", placed):
            insert = (
                "INSERT INTO raw_rows (table_id, leaf, key, content, digest, last_updated_time) "
                f"SELECT {self._table}, leaf, key, content, digest, {now} FROM placed ON CONFLICT (table_id, key) DO"
            )
            new = self._connection.arrays(f"{insert} NOTHING RETURNING leaf, {SIZE} AS size")
            self._leaves.count(new["leaf"], 1, new["size"], now)
            if len(new["leaf"]) == placed.num_rows:
                return True
            # The leaf is set as well so that DuckDB deletes and appends. Changed in place, rows here and there would
            # have it write all of the table again at the next checkpoint.
            changed = self._connection.arrays(
                f"{insert} UPDATE SET leaf = excluded.leaf, content = excluded.content, digest = excluded.digest, "
                "last_updated_time = CASE WHEN raw_rows.digest = excluded.digest THEN raw_rows.last_updated_time "
                "ELSE excluded.last_updated_time END WHERE raw_rows.content <> excluded.content "
                f"RETURNING leaf, {SIZE} AS size, last_updated_time = {now} AS is_new"
            )
            self._leaves.count(changed["leaf"], 0, changed["size"], now)
        return len(new["leaf"]) > 0 or bool(changed["is_new"].any())

    def delete(self, keys: Sequence[str]) -> None:
        """Delete the rows with these keys, which are in order; what is not there is passed over."""
        column = pa.array(keys, pa.string())
        placed = pa.table({"key": column, "leaf": self._leaves.of_keys(column)})
        with self._connection.relation("placed", placed):
            deleted = self._connection.arrays(
                "DELETE FROM raw_rows USING placed WHERE raw_rows.leaf = placed.leaf AND raw_rows.key = placed.key "
                f"RETURNING raw_rows.leaf AS leaf, {SIZE} AS size"
            )
        self._leaves.count(deleted["leaf"], -1, -deleted["size"], 0)
        self._leaves.drop_empty()

    # Reading

    def row(self, key: str) -> str | None:
        """The JSON of the row with a key."""
        leaf = self._leaves.of_keys(pa.array([key]))
        found = self._read(leaf.tolist(), Selection(start=key, stop=key + "\0"), EVERYTHING, 1)
        return found[0][1] if found else None

    def page(self, selection: Selection, shape: Shape, limit: int) -> tuple[list[str], Selection | None]:
        """The JSON of the first rows selected, and what is left of the selection if there is more."""
        rows: list[tuple[str, str]] = []
        size = 0
        more = False
        for leaves in self._batches(selection, limit):
            found = self._read(leaves, selection, shape, limit + 1 - len(rows))
            rows += found
            size += sum(len(row) for _, row in found)
            more = len(rows) > limit or (size > MOST_PAGE_BYTES and len(rows) > 1)
            if more:  # the last row is one too many: it tells that there are more
                rows.pop()
                break
        return [row for _, row in rows], selection.after(rows[-1][0]) if more else None

    def parts(self, selection: Selection, count: int) -> list[Selection]:
        """Divide a selection into parts of about the same number of rows; there may be none in some."""
        leaves = self._leaves.holding(selection)
        ends = np.cumsum([leaf.rows for leaf in leaves])
        cuts = np.searchsorted(ends, ends[-1] * np.arange(1, count) / count, side="right") if leaves else ()
        bounds = [max(selection.start, leaves[cut].first) for cut in cuts] or [selection.start] * (count - 1)
        starts, stops = [selection.start, *bounds], [*bounds, selection.stop]
        return [selection.between(start, stop) for start, stop in zip(starts, stops, strict=True)]

    def _batches(self, selection: Selection, limit: int) -> Iterator[list[int]]:
        """Leaves to read at once: enough for a page, or else more and more."""
        batch: list[int] = []
        rows, size, enough = 0, 0, limit + 1
        for number, leaf in enumerate(self._leaves.holding(selection)):
            batch.append(leaf.number)
            rows += leaf.rows if number else 0  # of the first one, some may be before the selection
            size += leaf.bytes
            if rows >= enough or size > MOST_PAGE_BYTES:
                yield batch
                batch, enough, size = [], 2 * enough, 0
        if batch:
            yield batch

    def _read(self, leaves: Sequence[int], selection: Selection, shape: Shape, limit: int) -> list[tuple[str, str]]:
        """The first rows of leaves that are selected, in order: their keys and their JSON."""
        # A plain test of another column beside that of the leaf would have DuckDB scan instead of using its index.
        times = selection.times("last_updated_time + 0")
        rows = f"SELECT key, content, last_updated_time FROM raw_rows WHERE {times} AND leaf"
        if len(leaves) <= MOST_LOOKED_UP:
            source = " UNION ALL ".join(f"{rows} = {leaf}" for leaf in leaves)
        else:
            source = f"{rows} IN ({', '.join(map(str, leaves))})"
        content, keys = shape.content, selection.keys
        return self._connection.tuples(
            f"""WITH found AS MATERIALIZED ({source})
            SELECT key, '{{"key":' || to_json(key) || ',"columns":' || {content.sql}
            || ',"lastUpdatedTime":' || last_updated_time || '}}'
            FROM found WHERE {keys.sql} ORDER BY key LIMIT {limit}""",
            [*content.parameters, *keys.parameters],
        )
