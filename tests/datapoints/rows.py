"""Frames of all kinds as rows of plain Python values."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from cdframe.frames import to_arrow


def rows_of(frame: Any, index: str | None = None) -> list[tuple[Any, ...]]:
    """The rows, with times in ms and names as texts; `index` names the index of a pandas frame that is a column."""
    return list(zip(*(plain(column).to_pylist() for column in to_arrow(frame, index=index).columns), strict=True))


def plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column with times in ms and names as texts."""
    if pa.types.is_timestamp(column.type):
        return column.cast(pa.int64())
    return column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column
