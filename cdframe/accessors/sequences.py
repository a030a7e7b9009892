"""`.cdf` on frames of sequences and of their rows."""

from __future__ import annotations

from typing import Any

import polars as pl

from cdframe.accessors.base import FrameAccessor
from cdframe.client import CogniteClient
from cdframe.frames import to_arrow
from cdframe.identifiers import arguments_of
from cdframe.sequences.pages import ROW_NUMBER
from cdframe.sequences.writing import rows_of_frame
from cdframe.types import Frame, ProgressOption


class SequencesAccessor(FrameAccessor):
    """What frames of sequences, and of rows, can do."""

    def rows(
        self,
        start: int = 0,
        end: int | None = None,
        *,
        column_external_ids: Any = None,
        column_names: str | None = None,
        limit: float | None = None,
        client: CogniteClient | None = None,
    ) -> Frame:
        """Read the rows of the sequences; see `SequencesDataAPI.retrieve_dataframe`.

        Examples:
            >>> bills = client.sequences.create({"external_id": "bills", "columns": [{"external_id": "amount"}]})
            >>> client.sequences.data.insert([(1, [0.5])], ["amount"], external_id="bills")
            >>> bills.cdf.rows().rows()
            [(1, 0.5)]
        """
        ids, external_ids = arguments_of(self._table(), "rows")
        data = self._client(client).sequences.data
        return data.retrieve_dataframe(start, end, column_external_ids, external_ids, column_names, ids, limit)

    def insert_rows(
        self,
        id: int | None = None,
        external_id: str | None = None,
        *,
        client: CogniteClient | None = None,
        progress: ProgressOption = "auto",
    ) -> None:
        """Write the frame's rows into a sequence; see `SequencesDataAPI.insert_dataframe`.

        Examples:
            >>> bills = client.sequences.create({"external_id": "bills", "columns": [{"external_id": "amount"}]})
            >>> pl.DataFrame({"row_number": [1, 2], "amount": [0.5, None]}).cdf.insert_rows(external_id="bills")
        """
        self._client(client).sequences.data.insert_dataframe(
            self._data, id=id, external_id=external_id, progress=progress
        )

    def create_sequence(
        self,
        external_id: str | None = None,
        *,
        insert: bool = True,
        client: CogniteClient | None = None,
        progress: ProgressOption = "auto",
        **about: Any,
    ) -> Frame:
        """Create a sequence with the columns of the frame, and write its rows.

        Integers become `LONG`, floats `DOUBLE` and texts `STRING` columns.

        Args:
            external_id: of the sequence.
            insert: write the rows, too.
            client: the client to use.
            progress: "auto", True, False or a callback ``(done, total)``.
            about: what else `client.sequences.create` takes, such as `name` or `metadata`.

        Returns:
            A frame of the sequence.

        Raises:
            ValueError: row numbers or values that sequences cannot hold; before anything is sent.

        Examples:
            >>> rows = pl.DataFrame({"row_number": [1, 2], "user": ["a", None], "amount": [0.5, 2.0]})
            >>> sequence = rows.cdf.create_sequence("bills")
            >>> client.sequences.data.retrieve(0, None, external_id="bills").equals(rows)
            True
        """
        frame = rows_of_frame(self._data, "The frame")
        columns = [
            {"external_id": name, "value_type": _value_type(frame.schema[name])}
            for name in frame.columns
            if name != ROW_NUMBER
        ]
        sequences = self._client(client).sequences
        created = sequences.create({"external_id": external_id, "columns": columns, **about}, progress=progress)
        if insert and frame.height:
            [id] = to_arrow(created)["id"].to_pylist()
            sequences.data.insert_dataframe(frame, id=id, progress=progress)
        return created


def _value_type(dtype: pl.DataType) -> str:
    return "LONG" if dtype.is_integer() else "DOUBLE" if dtype.is_float() else "STRING"
