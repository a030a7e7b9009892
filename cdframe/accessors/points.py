"""`.cdf` on frames of data points."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cdframe import plotting
from cdframe.accessors.time_series import TimeSeriesAccessor
from cdframe.client import CogniteClient, current_client
from cdframe.datapoints.complete import complete as complete_wide
from cdframe.errors import CogniteMissingClientError
from cdframe.frames import is_pandas
from cdframe.identifiers import arguments_of
from cdframe.ranges import extent, own_ranges, ranges_of_points
from cdframe.reshape import is_long, is_wide, long_to_wide, split_name, wide_to_long
from cdframe.types import Frame, ProgressOption, Timestamp

_DATAPOINTS_OPTIONS = ("start", "end", "aggregates", "granularity", "limit")


class PointsAccessor(TimeSeriesAccessor):
    """What a frame of data points can do."""

    def insert(
        self,
        external_id_headers: bool | None = None,
        dropna: bool = True,
        *,
        client: CogniteClient | None = None,
        progress: ProgressOption = "auto",
    ) -> None:
        """Write data points: a wide frame (a column a series) or a long one (a row a point).

        Args:
            external_id_headers: whether headers of a wide frame are external ids (True) or ids (False); by default
                ints are ids and texts are external ids.
            dropna: pass over missing values; with False they are an error.
            client: the client to use.
            progress: "auto", True, False or a callback ``(done, total)``.

        Raises:
            ValueError: values or times that CDF cannot hold; nothing has been sent.
            CogniteAPIError: some requests failed; `successful`, `unknown` and `failed` hold the points.

        Examples:
            >>> frame = client.datapoints.retrieve(0, "now", external_id="pressure")
            >>> frame.with_columns(pl.col("timestamp") + pl.duration(days=1)).cdf.insert()
        """
        datapoints = self._client(client).datapoints
        table = self._table()
        if is_long(table):
            values = [name for name in ("value", "string_value") if name in table.column_names]
            if dropna and values:
                filled = [table.column(name).is_null(nan_is_null=True) for name in values]
                table = table.filter(pc.invert(reduce(pc.and_, filled)))
            datapoints.insert_multiple(table, progress=progress)
            return
        self._require_wide(table, "insert")
        ids = self._id_headers(table) if external_id_headers is None else () if external_id_headers else None
        datapoints._insert_wide(table, ids, dropna, progress)

    def delete_range(
        self,
        start: Timestamp | None = None,
        end: Timestamp | None = None,
        *,
        client: CogniteClient | None = None,
    ) -> None:
        """Delete points: of each series of a frame of data points, or of rows with an identity, `start` and `end`.

        Args:
            start, end: the range, inclusive and exclusive. By default each series' own first to last point, or the
                row's own columns.
            client: the client to use.

        Examples:
            >>> client.datapoints.retrieve(0, "now", external_id="pressure").cdf.delete_range()
        """
        table = self._table()
        if "start" in table.column_names and "end" in table.column_names and "timestamp" not in table.column_names:
            ranges = own_ranges(table)
        else:
            ranges = ranges_of_points(wide_to_long(table, self._id_headers(table)) if is_wide(table) else table)
        for given in ranges:
            given["start"] = given["start"] if start is None else start
            given["end"] = given["end"] if end is None else end
        if ranges:
            self._client(client).datapoints.delete_ranges(ranges)

    def synthetic(
        self,
        expressions: Any,
        variables: Mapping[str, Any] | None = None,
        start: Timestamp | None = None,
        end: Timestamp | None = None,
        aggregate: str | None = None,
        granularity: str | None = None,
        *,
        limit: int | None = None,
        include_errors: bool = False,
        client: CogniteClient | None = None,
        progress: ProgressOption = "auto",
    ) -> Frame:
        """Calculate expressions over the frame's series, which are variables by their external ids.

        Args:
            expressions: a text, a sympy expression, or a list of these.
            variables: further names, such as ``{"a": "a long external id"}``.
            start, end: the range; by default that of the frame's points.
            aggregate, granularity: read the variables as this aggregate.
            limit: the most rows for each expression.
            include_errors: add columns ``<expression>|error``.

        Returns:
            A wide frame: `timestamp`, then a column for each expression.

        Examples:
            >>> points = client.datapoints.retrieve(0, "now", external_id=["pressure", "temperature"])
            >>> points.cdf.synthetic("pressure / temperature").columns
            ['timestamp', 'pressure / temperature']
        """
        table = self._table()
        names = {name: name for name in self._external_ids(table)}
        if start is None or end is None:
            if "timestamp" not in table.column_names or not table.num_rows:
                raise ValueError("start and end must be given: the frame has no points whose range could be taken.")
            first, last = extent(table)
            start = first if start is None else start
            end = last + 1 if end is None else end
        return self._client(client).datapoints.synthetic.query(
            expressions,
            start,
            end,
            limit,
            {**names, **(variables or {})},
            aggregate,
            granularity,
            include_errors=include_errors,
            progress=progress,
        )

    def plot(self, *, client: CogniteClient | None = None, time_zone: str = "UTC", **options: Any) -> Any:
        """Plot data points; on a frame of time series, fetch them first.

        Units, names and kinds (step, string) are those of the time series, when a client is there to ask.

        Args:
            client: the client to use.
            time_zone: the zone of the time axis, such as ``"Europe/Oslo"``, or ``"local"``.
            options: `start`, `end`, `aggregates`, `granularity` for a frame of time series (the last day by default);
                all others go on to matplotlib.

        Returns:
            The `matplotlib.axes.Axes`.

        Raises:
            CogniteImportError: matplotlib is not installed.
            ValueError: there are no points.

        Examples:
            >>> axes = client.datapoints.retrieve(0, "now", external_id="pressure").cdf.plot()
            >>> axes.get_ylabel()
            'bar'
        """
        table = self._table()
        if "timestamp" not in table.column_names:
            asked = {key: options.pop(key) for key in _DATAPOINTS_OPTIONS if key in options}
            table = type(self)(self.datapoints(client=client, **asked))._table()
        return plotting.plot(table, series=self._series_information(table, client), time_zone=time_zone, **options)

    def complete(
        self,
        complete: str = "fill",
        granularity: str | None = None,
        *,
        client: CogniteClient | None = None,
    ) -> Frame:
        """Complete a wide frame of aggregates: ``"fill"``, or ``"fill,dropna"``.

        "fill" makes the time axis regular and fills what can be: sum, count and totalVariation with 0, interpolation
        linearly, stepInterpolation (and interpolation of step series) with the value before. "fill,dropna" then drops
        rows that still lack a value.

        Args:
            complete: what to do.
            granularity: the distance of rows; by default the smallest one in the frame.
            client: the client that is asked which series are step series, where the frame has interpolations.

        Examples:
            >>> frame = client.datapoints.retrieve_dataframe(0, "now", ["count"], "1h", external_id="pressure")
            >>> frame.cdf.complete("fill").null_count().row(0)
            (0, 0)
        """
        table = self._table()
        self._require_wide(table, "complete")
        information = self._series_information(table, client)
        step = {str(name) for name, series in information.items() if series.is_step}
        return self._give(complete_wide(table, complete, granularity, step_series=step), index=True)

    def to_wide(self, include_aggregate_name: bool = True) -> Frame:
        """Give data points in wide form: time, then a column for each series and aggregate.

        Raises:
            CogniteDuplicateColumnsError: without aggregate names two columns would have one name.

        Examples:
            >>> client.datapoints.retrieve(0, "now", external_id="pressure").cdf.to_wide().columns
            ['timestamp', 'pressure']
        """
        table = self._table()
        if is_wide(table):
            return self._data
        if not is_long(table):
            raise ValueError("to_wide needs a frame of data points: 'timestamp' and 'id' or 'external_id'.")
        return self._give(long_to_wide(table, include_aggregate_name=include_aggregate_name), index=True)

    def to_long(self) -> Frame:
        """Give data points in long form: a row for each series and moment.

        Examples:
            >>> wide = client.datapoints.retrieve_dataframe(0, "now", None, None, external_id="pressure")
            >>> wide.cdf.to_long().columns
            ['external_id', 'timestamp', 'value']
        """
        table = self._table()
        if is_long(table):
            return self._data
        self._require_wide(table, "to_long")
        return self._give(wide_to_long(table, self._id_headers(table)))

    def _require_wide(self, table: pa.Table, method: str) -> None:
        if not is_wide(table):
            raise ValueError(
                f"{method} needs a frame of data points: a first column 'timestamp' (in pandas: an index of times), "
                f"then a column for each series; got the columns {', '.join(table.column_names) or '(none)'}."
            )

    def _id_headers(self, table: pa.Table) -> set[str]:
        """Name the columns whose headers are ids: ints, which only pandas has."""
        if not is_pandas(self._data):
            return set()
        return {str(label) for label in self._data.columns if not isinstance(label, str)}

    def _external_ids(self, table: pa.Table) -> list[str]:
        if is_wide(table):
            by_id = self._id_headers(table)
            return list(dict.fromkeys(split_name(name)[0] for name in table.column_names[1:] if name not in by_id))
        if "external_id" in table.column_names:
            return arguments_of(table.select(["external_id"]).drop_null(), "synthetic")[1] or []
        return []

    def _series_information(
        self, table: pa.Table, client: CogniteClient | None
    ) -> dict[str | int, plotting.SeriesInfo]:
        """Ask for unit and kind of the series of a frame, known by external id or by id; empty without a client."""
        if is_wide(table):
            by_id = self._id_headers(table)
            names = [split_name(name)[0] for name in table.column_names[1:]]
            ids = [int(name) for name in dict.fromkeys(names) if name in by_id]
            external_ids = [name for name in dict.fromkeys(names) if name not in by_id]
        else:
            found = arguments_of(table, "plot")
            ids, external_ids = found[0] or [], found[1] or []
        try:
            chosen = current_client(client).with_frame("pyarrow")
        except CogniteMissingClientError:
            return {}
        rows = chosen.time_series.retrieve_multiple(ids, external_ids, ignore_unknown_ids=True).to_pylist()
        information: dict[str | int, plotting.SeriesInfo] = {}
        for row in rows:
            series = plotting.SeriesInfo(name=row["name"], unit=row["unit"], is_step=bool(row["is_step"]))
            information[row["id"]] = series
            if row["external_id"] is not None:
                information[row["external_id"]] = series
        return information
