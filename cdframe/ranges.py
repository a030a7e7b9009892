"""The time ranges that frames speak of: those of their points, and those in their columns."""

from __future__ import annotations

from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from cdframe.identifiers import IDENTITIES
from cdframe.reshape import is_long
from cdframe.schemas import TIMESTAMP


def extent(table: pa.Table) -> tuple[int, int]:
    """Give the first and the last moment of a frame of data points, in ms."""
    times = pc.min_max(table.column("timestamp").cast(TIMESTAMP).cast(pa.int64()))
    return times["min"].as_py(), times["max"].as_py()


def own_ranges(table: pa.Table) -> list[dict[str, Any]]:
    """Give rows of identity, `start` and `end` as dicts with one identity: the id, or else the external id."""
    ranges = []
    for row in table.to_pylist():
        by_id = row.get("id") is not None
        identity = {"id": row["id"]} if by_id else {"externalId": row.get("external_id")}
        ranges.append({**identity, "start": row["start"], "end": row["end"]})
    return ranges


def ranges_of_points(table: pa.Table) -> list[dict[str, Any]]:
    """Give each series of a long frame with the range from its first to its last point, which is included.

    Raises:
        ValueError: not a frame of data points.
    """
    if not is_long(table):
        raise ValueError(
            "delete_range needs a frame of data points, or the columns 'id' or 'external_id', 'start' and 'end'; "
            f"got {', '.join(table.column_names)}."
        )
    names = [name for name in IDENTITIES if name in table.column_names]
    times = pl.col("timestamp").dt.epoch("ms")
    ranges = pl.DataFrame(table).group_by(names, maintain_order=True).agg(start=times.min(), end=times.max() + 1)
    return own_ranges(ranges.to_arrow())
