"""`client.datapoints`: read, write and delete data points."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa

from cdframe.datapoints.assemble import (
    SeriesColumns,
    WideColumn,
    check_names,
    gather_all,
    long_table,
    wide_columns,
    wide_table,
)
from cdframe.datapoints.complete import check_complete, check_droppable, complete_columns
from cdframe.datapoints.deletion import plan_deletes, range_row
from cdframe.datapoints.engine import read_series
from cdframe.datapoints.explain import explain
from cdframe.datapoints.insertion import plan_writes
from cdframe.datapoints.latest import read_latest
from cdframe.datapoints.plan import DatapointsQuery, ReadPlan, plan_query
from cdframe.datapoints.points import points_of_many, points_of_one
from cdframe.datapoints.streams import DEFAULT_CHUNK, DatapointsStream, check_chunk_size
from cdframe.datapoints.stretches import PointSet
from cdframe.datapoints.synthetic import SyntheticDatapointsAPI
from cdframe.datapoints.wide_frames import points_of_wide
from cdframe.frames import from_arrow
from cdframe.progress import progress_callback
from cdframe.resources.rows import API, check_flag
from cdframe.session import Session
from cdframe.timestamps import now_ms, to_ms
from cdframe.types import Frame, FrameKind, IntoFrame, ProgressOption, Timestamp


class DatapointsAPI(API):
    """`client.datapoints`: read, write and delete data points.

    Long frames have the columns `id` (int64) and/or `external_id` (dictionary-encoded text), as the series were asked
    for, `timestamp` (ms, UTC), and `value` (double; text for series of texts, and `string_value` where both kinds come
    together) or a column for each aggregate (`count` int64, the others double). Series are in the order asked for, ids
    first; times ascend.

    Attributes:
        synthetic: calculations over time series.
    """

    def __init__(self, session: Session, frame: FrameKind) -> None:
        super().__init__(session, frame)
        self.synthetic = SyntheticDatapointsAPI(session, frame)

    def retrieve(
        self,
        start: Timestamp,
        end: Timestamp,
        id: Any = None,
        external_id: Any = None,
        aggregates: Sequence[str] | None = None,
        granularity: str | None = None,
        include_outside_points: bool | None = None,
        limit: float | None = None,
        ignore_unknown_ids: bool = False,
        *,
        progress: ProgressOption = "auto",
    ) -> Frame:
        """Read the data points of one or many time series.

        Args:
            start, end: the range, inclusive and exclusive: ms since 1970, ``"2w-ago"``, ``"now"``, or a datetime (naive
                means UTC).
            id, external_id: one or a list of identifiers. Dicts such as ``{"id": 1, "aggregates": ["min"]}`` and
                ``{"externalId": "a", "aggregates": ["max"]}`` ask for other aggregates of a series.
            aggregates: what to calculate: average, max, min, count, sum, interpolation, stepInterpolation,
                continuousVariance, discreteVariance, totalVariation; None for raw points.
            granularity: the length of the periods to aggregate over, such as ``"15m"``, ``"1h"`` or ``"1d"``.
            include_outside_points: also give the last point before the range and the first one after it (raw points
                only); `limit` counts them.
            limit: the most points of each series; None for all.
            ignore_unknown_ids: pass over time series that do not exist.
            progress: "auto", True, False or a callback ``(done, total)``.

        Returns:
            A long frame. Without points it has no rows, and all columns.

        Raises:
            ValueError, TypeError: an argument that cannot be right; nothing has been sent.
            CogniteNotFoundError: time series do not exist; names all of them.

        Examples:
            >>> client.datapoints.retrieve(start="2w-ago", end="now", external_id="pressure").columns
            ['external_id', 'timestamp', 'value']
            >>> client.datapoints.retrieve(
            ...     start=0, end="now", external_id=["pressure"], aggregates=["average"], granularity="1d"
            ... ).columns
            ['external_id', 'timestamp', 'average']
        """
        plan = plan_query(
            DatapointsQuery(
                start,
                end,
                id,
                external_id,
                limit,
                aggregates,
                granularity,
                include_outside_points,
                ignore_unknown_ids,
            ),
            now_ms(),
        )
        [parts] = self._read([plan], progress)
        return from_arrow(long_table(plan, parts), self._frame)

    def stream(
        self,
        start: Timestamp,
        end: Timestamp,
        id: Any = None,
        external_id: Any = None,
        aggregates: Sequence[str] | None = None,
        granularity: str | None = None,
        include_outside_points: bool | None = None,
        limit: float | None = None,
        ignore_unknown_ids: bool = False,
        *,
        chunk_size: int = DEFAULT_CHUNK,
    ) -> DatapointsStream:
        """Read data points in bounded memory, as frames of `chunk_size` rows.

        The rows are those of `retrieve`, in the same order, and all frames have the same columns. Points are fetched
        as frames are taken, a little ahead of them.

        Args:
            start, end, id, external_id, aggregates, granularity, include_outside_points, limit, ignore_unknown_ids: as
                of `retrieve`.
            chunk_size: the rows of a frame; the last one has what is left.

        Returns:
            A stream to iterate over. Its `to_batches` gives a `pyarrow.RecordBatchReader`, and it can be given to
            whatever takes an Arrow C stream. Without points there are no frames.

        Raises:
            ValueError, TypeError: an argument that cannot be right; nothing has been sent.
            CogniteNotFoundError: time series do not exist; raised when reading begins, names all of them.

        Examples:
            >>> stream = client.datapoints.stream(start=0, end="now", external_id="pressure", chunk_size=2)
            >>> [frame.height for frame in stream]
            [2, 1]
        """
        query = DatapointsQuery(
            start, end, id, external_id, limit, aggregates, granularity, include_outside_points, ignore_unknown_ids
        )
        plan = plan_query(query, now_ms())
        return DatapointsStream(self._session, self._frame, plan, check_chunk_size(chunk_size))

    def explain(
        self,
        start: Timestamp,
        end: Timestamp,
        id: Any = None,
        external_id: Any = None,
        aggregates: Sequence[str] | None = None,
        granularity: str | None = None,
        include_outside_points: bool | None = None,
        limit: float | None = None,
        ignore_unknown_ids: bool = False,
    ) -> Frame:
        """Tell how a read would be made, without reading the points: by counts, which may lag behind the data.

        Args:
            start, end, id, external_id, aggregates, granularity, include_outside_points, limit, ignore_unknown_ids: as
                of `retrieve`.

        Returns:
            A frame with a row for each series: `id` and/or `external_id`, `windows` (int64: the parts in which it is
            asked for), `requests` (double: how many it takes; of one that several series share, each has its part,
            so the sum is that of the read) and `expected_points` (int64; null for series of texts, which have no
            counts).

        Raises:
            ValueError, TypeError: an argument that cannot be right; nothing has been sent.
            CogniteNotFoundError: time series do not exist; names all of them.

        Examples:
            >>> plan = client.datapoints.explain(start=0, end="now", external_id=["pressure", "temperature"])
            >>> plan["expected_points"].to_list(), plan["requests"].sum()
            ([3, 3], 1.0)
        """
        query = DatapointsQuery(
            start, end, id, external_id, limit, aggregates, granularity, include_outside_points, ignore_unknown_ids
        )
        return from_arrow(explain(self._session, plan_query(query, now_ms())), self._frame)

    def retrieve_dataframe(
        self,
        start: Timestamp,
        end: Timestamp,
        aggregates: Sequence[str] | None,
        granularity: str | None,
        id: Any = None,
        external_id: Any = None,
        limit: float | None = None,
        include_aggregate_name: bool = True,
        complete: str | None = None,
        ignore_unknown_ids: bool = False,
        *,
        progress: ProgressOption = "auto",
    ) -> Frame:
        """Read data points into a wide frame: a row for each moment, a column for each series and aggregate.

        Args:
            start, end: the range, inclusive and exclusive.
            aggregates: what to calculate; None (with granularity None) for raw points.
            granularity: the length of the periods to aggregate over.
            id, external_id: one or a list of identifiers, or dicts with `aggregates` of their own.
            limit: the most points of each series; None for all.
            include_aggregate_name: name columns ``identifier|aggregate`` rather than ``identifier``.
            complete: "fill" makes the time axis regular and fills sum, count and totalVariation with 0, interpolation
                linearly and stepInterpolation with the value before; "fill,dropna" then drops rows that still lack a
                value, and is for these five aggregates only.
            ignore_unknown_ids: pass over time series that do not exist.
            progress: "auto", True, False or a callback ``(done, total)``.

        Returns:
            A wide frame: `timestamp` (pandas: the index), then the columns, those of ids first.

        Raises:
            ValueError, TypeError: an argument that cannot be right; nothing has been sent.
            CogniteDuplicateColumnsError: two columns would have one name.
            CogniteNotFoundError: time series do not exist; names all of them.

        Examples:
            >>> client.datapoints.retrieve_dataframe(
            ...     start=0, end="now", external_id="pressure", aggregates=["average", "count"], granularity="1d"
            ... ).columns
            ['timestamp', 'pressure|average', 'pressure|count']
        """
        check_flag("include_aggregate_name", include_aggregate_name)
        query = DatapointsQuery(start, end, id, external_id, limit, aggregates, granularity, None, ignore_unknown_ids)
        plan = self._plan_wide(query, complete, include_aggregate_name=include_aggregate_name)
        table, columns = self._read_wide(plan, complete, progress)
        if not include_aggregate_name:
            table = table.rename_columns(["timestamp", *(column.series for column in columns)])
        return from_arrow(table, self._frame, index="timestamp")

    def retrieve_dataframe_dict(
        self,
        start: Timestamp,
        end: Timestamp,
        aggregates: Sequence[str],
        granularity: str,
        id: Any = None,
        external_id: Any = None,
        limit: float | None = None,
        ignore_unknown_ids: bool = False,
        complete: str | None = None,
        *,
        progress: ProgressOption = "auto",
    ) -> dict[str, Frame]:
        """Read aggregates into a wide frame for each of them.

        Args:
            start, end, aggregates, granularity, id, external_id, limit, ignore_unknown_ids, complete, progress: as of
                `retrieve_dataframe`.

        Returns:
            A dict of aggregate: wide frame, whose columns are named by identifiers.

        Examples:
            >>> frames = client.datapoints.retrieve_dataframe_dict(
            ...     start=0, end="now", external_id="pressure", aggregates=["average", "count"], granularity="1d"
            ... )
            >>> list(frames), frames["count"].columns
            (['average', 'count'], ['timestamp', 'pressure'])
        """
        query = DatapointsQuery(start, end, id, external_id, limit, aggregates, granularity, None, ignore_unknown_ids)
        plan = self._plan_wide(query, complete)
        table, columns = self._read_wide(plan, complete, progress)
        frames = {}
        for aggregate in plan.aggregates:
            chosen = [place for place, column in enumerate(columns, 1) if column.aggregate == aggregate]
            part = table.select([0, *chosen]) if chosen else table.select([0]).slice(0, 0)
            names = ["timestamp", *(columns[place - 1].series for place in chosen)]
            frames[aggregate] = from_arrow(part.rename_columns(names), self._frame, index="timestamp")
        return frames

    def query(
        self,
        query: DatapointsQuery | Mapping[str, Any] | Sequence[DatapointsQuery | Mapping[str, Any]],
        *,
        progress: ProgressOption = "auto",
    ) -> Frame | list[Frame]:
        """Read data points by one or several queries, each with its own range, aggregates and limit.

        All queries are read together; what several of them ask for alike is fetched once.

        Args:
            query: a `DatapointsQuery` (or a dict of its attributes), or a list of them.
            progress: "auto", True, False or a callback ``(done, total)``.

        Returns:
            A long frame; for a list of queries, a list of them.

        Examples:
            >>> frames = client.datapoints.query([
            ...     DatapointsQuery(external_id="pressure", start="2d-ago", end="now"),
            ...     DatapointsQuery(
            ...         external_id="temperature", start=0, end="now", aggregates=["average"], granularity="1d"
            ...     ),
            ... ])
            >>> [frame.columns[-1] for frame in frames]
            ['value', 'average']
        """
        now = now_ms()
        if isinstance(query, (DatapointsQuery, Mapping)):
            return self._query([plan_query(query, now)], progress)[0]
        if isinstance(query, (str, bytes)) or not isinstance(query, Sequence):
            raise TypeError(f"query must be a DatapointsQuery or a list of them, got {type(query).__name__}.")
        return self._query([plan_query(one, now) for one in query], progress)

    def retrieve_latest(
        self,
        id: Any = None,
        external_id: Any = None,
        before: Timestamp | None = None,
        ignore_unknown_ids: bool = False,
    ) -> Frame:
        """Read the latest data point of one or many time series.

        Args:
            id, external_id: one or a list of identifiers.
            before: the latest point before this time; by default before now.
            ignore_unknown_ids: pass over time series that do not exist.

        Returns:
            A long frame with a row for each series that has such a point.

        Raises:
            CogniteNotFoundError: time series do not exist.

        Examples:
            >>> client.datapoints.retrieve_latest(external_id=["pressure", "temperature"]).height
            2
        """
        if id is None and external_id is None:
            raise ValueError("No time series given. Hint: pass id or external_id.")
        check_flag("ignore_unknown_ids", ignore_unknown_ids)
        limit = None if before is None else to_ms(before, now=now_ms(), name="before")
        return from_arrow(read_latest(self._session, id, external_id, limit, ignore_unknown_ids), self._frame)

    def insert(
        self,
        datapoints: IntoFrame | Sequence[tuple[Timestamp, float | str]],
        id: int | None = None,
        external_id: str | None = None,
        *,
        progress: ProgressOption = "auto",
    ) -> None:
        """Write data points into a time series; points at the same time are replaced.

        Args:
            datapoints: a list of ``(time, value)`` tuples, a list of dicts with `timestamp` and `value`, or a long
                frame. A frame that names its series is written to them when no identifier is given.
            id, external_id: the time series.
            progress: "auto", True, False or a callback ``(done, total)``.

        Raises:
            ValueError, TypeError: times or values that CDF cannot hold, with the first bad row; nothing has been sent.
            CogniteNotFoundError: the time series does not exist.
            CogniteAPIError: a request failed; `successful`, `unknown` and `failed` hold the points.

        Examples:
            >>> from datetime import datetime
            >>> points = [(datetime(2018, 1, 1), 1000), (datetime(2018, 1, 2), 2000)]
            >>> client.datapoints.insert(points, external_id="pressure")
        """
        self._insert(points_of_one(datapoints, id, external_id, now_ms()), progress)

    def insert_multiple(
        self, datapoints: IntoFrame | Sequence[Mapping[str, Any]], *, progress: ProgressOption = "auto"
    ) -> None:
        """Write data points into many time series.

        Args:
            datapoints: a list of dicts with `id` or `externalId`, and `datapoints` as of `insert`; or a long frame.
                Requests are filled with up to 100,000 points of up to 10,000 series, and sent in parallel.
            progress: "auto", True, False or a callback ``(done, total)``.

        Raises:
            ValueError, TypeError: times or values that CDF cannot hold, with the first bad row; nothing has been sent.
            CogniteNotFoundError: time series do not exist.
            CogniteAPIError: some requests failed; `successful`, `unknown` and `failed` hold the points.

        Examples:
            >>> client.datapoints.insert_multiple([
            ...     {"externalId": "pressure", "datapoints": [(150000000000, 1.5)]},
            ...     {"externalId": "temperature", "datapoints": [{"timestamp": 150000000000, "value": 21}]},
            ... ])
        """
        self._insert(points_of_many(datapoints, now_ms()), progress)

    def insert_dataframe(
        self,
        dataframe: IntoFrame,
        external_id_headers: bool = False,
        dropna: bool = False,
        *,
        progress: ProgressOption = "auto",
    ) -> None:
        """Write a wide frame: the time in the index (pandas) or the column `timestamp`, then a column for each series.

        Args:
            dataframe: the frame.
            external_id_headers: whether columns are named by external ids, and not by ids.
            dropna: pass over missing values (null, NaN), column by column.
            progress: "auto", True, False or a callback ``(done, total)``.

        Raises:
            ValueError, TypeError: times or values that CDF cannot hold, missing values without `dropna`, headers that
                are not ids; nothing has been sent.
            CogniteNotFoundError: time series do not exist.
            CogniteAPIError: some requests failed; `successful`, `unknown` and `failed` hold the points, in long form.

        Examples:
            >>> frame = client.datapoints.retrieve_dataframe(0, "now", None, None, external_id="pressure")
            >>> client.datapoints.insert_dataframe(frame, external_id_headers=True)
        """
        check_flag("external_id_headers", external_id_headers)
        check_flag("dropna", dropna)
        self._insert_wide(dataframe, () if external_id_headers else None, dropna, progress)

    def delete_range(
        self, start: Timestamp, end: Timestamp, id: int | None = None, external_id: str | None = None
    ) -> None:
        """Delete the data points of a time series from `start` (inclusive) to `end` (exclusive).

        Raises:
            ValueError, TypeError: an end that is not after the start, not exactly one identifier.
            CogniteNotFoundError: the time series does not exist.

        Examples:
            >>> client.datapoints.delete_range(start="1w-ago", end="now", external_id="pressure")
        """
        now = now_ms()
        row = range_row(id, external_id, start, end, now)
        self._session.write(plan_deletes(self._session, [row], now), self._frame)

    def delete_ranges(self, ranges: IntoFrame | Sequence[Mapping[str, Any]]) -> None:
        """Delete ranges of data points of many time series.

        Args:
            ranges: a list of dicts, or a frame, of `id` or `externalId` (`external_id`), `start` (inclusive) and `end`
                (exclusive).

        Raises:
            ValueError, TypeError: a range that cannot be right; nothing has been sent.
            CogniteNotFoundError: time series do not exist.
            CogniteAPIError: some requests failed; `successful`, `unknown` and `failed` hold the ranges.

        Examples:
            >>> client.datapoints.delete_ranges([
            ...     {"externalId": "pressure", "start": "2d-ago", "end": "now"},
            ...     {"externalId": "temperature", "start": "2d-ago", "end": "now"},
            ... ])
        """
        self._session.write(plan_deletes(self._session, ranges, now_ms()), self._frame)

    def _query(self, plans: Sequence[ReadPlan], progress: ProgressOption) -> list[Frame]:
        parts = self._read(plans, progress)
        tables = [long_table(plan, of_plan) for plan, of_plan in zip(plans, parts, strict=True)]
        return [from_arrow(table, self._frame) for table in tables]

    def _read(self, plans: Sequence[ReadPlan], progress: ProgressOption) -> list[list[SeriesColumns]]:
        """Fetch all series of some plans at once; of each plan those that exist, in order."""
        reads = [read for plan in plans for read in plan.reads]
        with progress_callback(progress, "Reading data points", "requests") as callback:
            fetched = read_series(self._session, reads, callback)
        columns = gather_all(fetched)
        if len(plans) == 1:
            return [[columns[read] for read in plans[0].reads if read in columns]]
        # Tables use columns up, and several of them may want the same.
        return [
            [replace(columns[read], columns=dict(columns[read].columns)) for read in plan.reads if read in columns]
            for plan in plans
        ]

    def _plan_wide(
        self, query: DatapointsQuery, complete: str | None, *, include_aggregate_name: bool = True
    ) -> ReadPlan:
        plan = plan_query(query, now_ms())
        fill, dropna = check_complete(complete)
        if fill and (plan.has_raw or plan.granularity is None):
            raise ValueError(f"complete={complete!r} is for aggregates: raw points have no regular distance.")
        if dropna:
            check_droppable(plan.aggregates)
        columns = [WideColumn(read.name, name) for read in plan.reads for name in read.aggregates or [None]]
        check_names([column.name(include_aggregate_name=include_aggregate_name) for column in columns])
        return plan

    def _read_wide(
        self, plan: ReadPlan, complete: str | None, progress: ProgressOption
    ) -> tuple[pa.Table, list[WideColumn]]:
        [parts] = self._read([plan], progress)
        columns = wide_columns(parts)
        table = wide_table(parts)
        if complete is not None and plan.granularity is not None:
            table = complete_columns(table, columns, complete, plan.granularity)
        return table, columns

    def _insert_wide(
        self, dataframe: IntoFrame, ids: Collection[str] | None, dropna: bool, progress: ProgressOption
    ) -> None:
        """Write a wide frame, of whose headers some are ids (None: all) and the others external ids."""
        self._insert(points_of_wide(dataframe, ids=ids, dropna=dropna), progress)

    def _insert(self, points: Sequence[PointSet], progress: ProgressOption) -> None:
        writes = plan_writes(self._session, points)
        with progress_callback(progress, "Inserting data points", "requests") as callback:
            self._session.write(writes, self._frame, callback)
