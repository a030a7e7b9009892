"""`.cdf` on frames of time series."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

import polars as pl

from cdframe.accessors.base import FrameAccessor
from cdframe.client import CogniteClient
from cdframe.datapoints.streams import DatapointsStream
from cdframe.identifiers import arguments_of, as_arguments, identities_of
from cdframe.timestamps import MIN_MS
from cdframe.types import Frame, ProgressOption, Timestamp


class TimeSeriesAccessor(FrameAccessor):
    """What a frame of time series can do."""

    @overload
    def datapoints(
        self,
        start: Timestamp = ...,
        end: Timestamp = ...,
        aggregates: Sequence[str] | None = ...,
        granularity: str | None = ...,
        include_outside_points: bool | None = ...,
        limit: int | None = ...,
        *,
        chunk_size: None = ...,
        client: CogniteClient | None = ...,
        progress: ProgressOption = ...,
    ) -> Frame: ...

    @overload
    def datapoints(
        self,
        start: Timestamp = ...,
        end: Timestamp = ...,
        aggregates: Sequence[str] | None = ...,
        granularity: str | None = ...,
        include_outside_points: bool | None = ...,
        limit: int | None = ...,
        *,
        chunk_size: int,
        client: CogniteClient | None = ...,
        progress: ProgressOption = ...,
    ) -> DatapointsStream: ...

    def datapoints(
        self,
        start: Timestamp = "1d-ago",
        end: Timestamp = "now",
        aggregates: Sequence[str] | None = None,
        granularity: str | None = None,
        include_outside_points: bool | None = None,
        limit: int | None = None,
        *,
        chunk_size: int | None = None,
        client: CogniteClient | None = None,
        progress: ProgressOption = "auto",
    ) -> Frame | DatapointsStream:
        """Read the data points of a frame of time series, by default of the last day, in long form.

        Series are known by their external id, or by id where they have none. With `chunk_size` the points come in
        bounded memory, as a stream of frames of so many rows (see `DatapointsAPI.stream`).

        Examples:
            >>> client.time_series.list().cdf.datapoints(start=0).columns
            ['external_id', 'timestamp', 'value']
            >>> [frame.height for frame in client.time_series.list().cdf.datapoints(start=0, chunk_size=4)]
            [4, 2]
        """
        ids, external_ids = arguments_of(self._table(), "datapoints")
        datapoints = self._client(client).datapoints
        what = (start, end, ids, external_ids, aggregates, granularity, include_outside_points, limit)
        if chunk_size is not None:
            return datapoints.stream(*what, chunk_size=chunk_size)
        return datapoints.retrieve(*what, progress=progress)

    def latest(self, before: Timestamp | None = None, *, client: CogniteClient | None = None) -> Frame:
        """Read the latest point of each time series (before a time), in long form; none for a series without points.

        Examples:
            >>> client.time_series.list().cdf.latest().height
            2
        """
        ids, external_ids = arguments_of(self._table(), "latest")
        return self._client(client).datapoints.retrieve_latest(ids, external_ids, before)

    def first(self, *, client: CogniteClient | None = None) -> Frame:
        """Read the first point of each time series, in long form; none for a series without points.

        Examples:
            >>> client.time_series.list().cdf.first().height
            2
        """
        ids, external_ids = arguments_of(self._table(), "first")
        return self._client(client).datapoints.retrieve(MIN_MS, "now", ids, external_ids, limit=1)

    def count(self, *, client: CogniteClient | None = None) -> Frame:
        """Count the points of each time series (numeric ones), by their aggregates, which may lag in CDF.

        Returns:
            A frame with the identity of each series and `count` (int64).

        Raises:
            CogniteAPIError: a series is one of strings.

        Examples:
            >>> client.time_series.list().cdf.count()["count"].to_list()
            [3, 3]
        """
        series = identities_of(self._table(), "count")
        api = self._client(client).with_frame("polars").datapoints
        rows = api.retrieve(MIN_MS, "now", *as_arguments(series), ["count"], "100d")
        names = series.columns
        counts = rows.with_columns(pl.col(name).cast(series.schema[name]) for name in names)
        counts = counts.group_by(names).agg(pl.col("count").sum())
        joined = series.join(counts, on=names, how="left", nulls_equal=True, maintain_order="left")
        return self._give(joined.with_columns(pl.col("count").fill_null(0)).to_arrow())
