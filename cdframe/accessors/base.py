"""What all accessors need: the frame as a table, its kind, and the client."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
import pyarrow as pa

from cdframe.client import CogniteClient, current_client
from cdframe.frames import from_arrow, is_pandas, kind_of, to_arrow
from cdframe.types import Frame, FrameKind


class FrameAccessor:
    """A frame, and nothing else."""

    def __init__(self, frame: Any) -> None:
        self._data = frame

    @property
    def _kind(self) -> FrameKind:
        return kind_of(self._data) or "pyarrow"

    def _table(self) -> pa.Table:
        return to_arrow(self._data, name="The frame", index="timestamp" if self._has_time_index() else None)

    def _has_time_index(self) -> bool:
        if not is_pandas(self._data):
            return False
        index = self._data.index
        arrow_type = getattr(index.dtype, "pyarrow_dtype", pa.null())
        return bool(index.inferred_type == "datetime64" or pa.types.is_timestamp(arrow_type))

    def _columns(self, method: str, names: Sequence[str]) -> pl.DataFrame:
        """The columns that a method needs."""
        table = self._table()
        for name in names:
            if name not in table.column_names:
                raise ValueError(f"{method} needs a column {name!r}; got {', '.join(table.column_names)}.")
        return pl.DataFrame(table.select(names))

    def _give(self, table: pa.Table, *, index: bool = False) -> Frame:
        return from_arrow(table, self._kind, index="timestamp" if index else None)

    def _client(self, client: CogniteClient | None) -> CogniteClient:
        return current_client(client).with_frame(self._kind)
