"""`.cdf` on frames of raw databases and tables, and on frames that become raw rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from cdframe.accessors.sequences import SequencesAccessor
from cdframe.client import CogniteClient
from cdframe.types import Frame, ProgressOption


class RawAccessor(SequencesAccessor):
    """What frames of raw databases and tables can do, and any frame whose rows are to be raw rows.

    Sequences and raw tables both have rows: which is meant the columns of a frame tell.
    """

    def tables(self, limit: float | None = None, *, client: CogniteClient | None = None) -> Frame:
        """List the tables of the databases.

        Args:
            limit: the most tables of each database.
            client: the client to use.

        Examples:
            >>> tables = client.raw.tables.create("plant", ["pumps", "valves"], ensure_parent=True)
            >>> client.raw.databases.list().cdf.tables()["name"].to_list()
            ['pumps', 'valves']
        """
        chosen = self._client(client)
        return chosen.raw.tables._list_of_all(self._names("tables", ["name"])["name"].to_list(), limit)

    def rows(self, *which: Any, client: CogniteClient | None = None, **options: Any) -> Frame:
        """Fetch the rows of raw tables, or of sequences.

        Of raw tables: ``rows(key=None, limit=None, **options)``, all rows or those with a key, the most rows of each
        table, and further arguments of `client.raw.rows.list`. Of sequences: see `SequencesAccessor.rows`.

        Returns:
            Of raw tables: a frame with `db_name`, `table_name`, then the columns of all rows, with the types that all
            their values have.

        Examples:
            >>> client.raw.rows.insert("plant", "pumps", {"p1": {"flow": 1.5}}, ensure_parent=True)
            >>> client.raw.tables.list("plant").cdf.rows().select("table_name", "key", "flow").rows()
            [('pumps', 'p1', 1.5)]
        """
        if "db_name" not in self._table().column_names:
            return super().rows(*which, client=client, **options)
        names = self._names("rows", ["db_name", "name"])
        return self._client(client).raw.rows._of_tables(names.rows(), *which, **options)

    def insert_raw_rows(
        self,
        db_name: str,
        table_name: str,
        key: str | None = None,
        ensure_parent: bool = False,
        *,
        keep_nulls: bool = False,
        json_columns: Sequence[str] = (),
        client: CogniteClient | None = None,
        progress: ProgressOption = "auto",
    ) -> None:
        """Insert the rows into a raw table, where they replace those with the same keys; see `client.raw.rows.insert`.

        Examples:
            >>> frame = pl.DataFrame({"tag": ["p1", "p2"], "flow": [1.5, 2.5]})
            >>> frame.cdf.insert_raw_rows("plant", "pumps", key="tag", ensure_parent=True)
            >>> client.raw.rows.list("plant", "pumps")["flow"].to_list()
            [1.5, 2.5]
        """
        self._client(client).raw.rows.insert(
            db_name,
            table_name,
            self._data,
            ensure_parent,
            key=key,
            keep_nulls=keep_nulls,
            json_columns=json_columns,
            progress=progress,
        )

    def _names(self, method: str, columns: list[str]) -> pl.DataFrame:
        return self._columns(method, columns).unique(maintain_order=True)
