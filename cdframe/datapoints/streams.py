"""Reads that are larger than memory: frames of so many rows, one after the other.

    engine ── pages ──> rows next in order ──> tables of chunk_size rows ──> frames, or record batches

Rows come as in the long frame that `retrieve` gives: series in the order asked for, times ascending within. The engine
fetches ahead by as many rows as its workers bring in one round, and goes on when the reader has taken some: whoever
reads slowly is not flooded.
"""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from cdframe.datapoints.assemble import LongTables, kinds_of
from cdframe.datapoints.engine import MOST_AGGREGATES, MOST_RAW, Engine
from cdframe.datapoints.plan import ReadPlan
from cdframe.datapoints.series_kinds import find_kinds
from cdframe.frames import from_arrow
from cdframe.session import Session
from cdframe.types import Frame, FrameKind

DEFAULT_CHUNK = 100_000
"""Rows in a frame, when nothing else is said."""


class DatapointsStream:
    """Data points as a series of frames; each iteration reads them anew.

    Iterating gives frames of `chunk_size` rows, the last one of what is left. `to_batches` gives the same as a
    `pyarrow.RecordBatchReader`, and the stream itself can be given to whatever takes an Arrow C stream (Polars,
    pyarrow, DuckDB). Leaving an iteration early ends the read.
    """

    def __init__(self, session: Session, frame: FrameKind, plan: ReadPlan, chunk_size: int) -> None:
        self._session = session
        self._frame = frame
        self._plan = plan
        self._chunk_size = chunk_size

    def __iter__(self) -> Iterator[Frame]:
        for table in self._chunks(self._tables()):
            yield from_arrow(table, self._frame)

    def to_batches(self) -> pa.RecordBatchReader:
        """Give the points as record batches of at most `chunk_size` rows, read as they are asked for.

        Examples:
            >>> import pyarrow.parquet as pq
            >>> stream = client.datapoints.stream(start=0, end="now", external_id=["pressure", "temperature"])
            >>> batches = stream.to_batches()
            >>> with pq.ParquetWriter("points.parquet", batches.schema) as file:
            ...     for batch in batches:
            ...         file.write_batch(batch)
        """
        tables = self._tables()
        batches = (batch for table in self._chunks(tables) for batch in table.to_batches())
        return pa.RecordBatchReader.from_batches(tables.table([]).schema, batches)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Export the points as an Arrow C stream."""
        return self.to_batches().__arrow_c_stream__(requested_schema)

    def _tables(self) -> LongTables:
        """Find out what columns there are."""
        texts = find_kinds(self._session, self._plan.reads)
        return LongTables(self._plan, kinds_of(self._plan, [texts[read] for read in texts if not read.aggregates]))

    def _chunks(self, tables: LongTables) -> Iterator[pa.Table]:
        """Cut what comes into tables of the chunk size."""
        held: list[pa.Table] = []
        rows = 0
        for table in self._arriving(tables):
            held.append(table)
            rows += table.num_rows
            while rows >= self._chunk_size:
                joined = pa.concat_tables(held)
                yield joined.slice(0, self._chunk_size)
                held, rows = [joined.slice(self._chunk_size)], rows - self._chunk_size
        if rows:
            yield pa.concat_tables(held)

    def _arriving(self, tables: LongTables) -> Iterator[pa.Table]:
        """Read, and give what is next in order whenever something is."""
        most = MOST_RAW if self._plan.has_raw else MOST_AGGREGATES
        engine = Engine(self._session, self._plan.reads, self._session.config.max_workers * most)
        for _ in engine.rounds():
            if parts := engine.take():
                yield tables.table(parts)


def check_chunk_size(chunk_size: int) -> int:
    """Check the argument: a whole number of rows, one at least.

    Raises:
        TypeError, ValueError: it is not.
    """
    if isinstance(chunk_size, bool) or not isinstance(chunk_size, int):
        raise TypeError(f"chunk_size must be a whole number of rows, got {chunk_size!r}.")
    if chunk_size < 1:
        raise ValueError(f"chunk_size={chunk_size} must be at least 1.")
    return chunk_size
