"""Time series: the definitions of series, whose points are read and written by `client.datapoints`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from cdframe.resources.base import ResourceAPI
from cdframe.resources.listing import BY_ID
from cdframe.resources.rows import Resource
from cdframe.schemas import ID_LIST, METADATA, TIMESTAMP, Column, Schema
from cdframe.types import Frame, IntoFrame, ProgressOption

SCHEMA = Schema(
    "time series",
    (
        Column("id", pa.int64(), create=False),
        Column("external_id", pa.string(), update="set_null"),
        Column("name", pa.string(), update="set_null"),
        Column("is_string", pa.bool_()),
        Column("metadata", METADATA, update="object"),
        Column("unit", pa.string(), update="set_null"),
        Column("unit_external_id", pa.string(), update="set_null"),
        Column("asset_id", pa.int64(), update="set_null"),
        Column("is_step", pa.bool_(), update="set"),
        Column("description", pa.string(), update="set_null"),
        Column("security_categories", ID_LIST, update="array"),
        Column("data_set_id", pa.int64(), update="set_null"),
        Column("created_time", TIMESTAMP, create=False),
        Column("last_updated_time", TIMESTAMP, create=False),
        Column("legacy_name", pa.string()),
    ),
)

RESOURCE = Resource(
    path="/timeseries",
    schema=SCHEMA,
    filters={
        "name": "text",
        "unit": "text",
        "is_string": "flag",
        "is_step": "flag",
        "asset_ids": "ids",
        "asset_external_ids": "texts",
        "root_asset_ids": "ids",
        "asset_subtree_ids": "identifiers",
        "asset_subtree_external_ids": "identifiers",
        "data_set_ids": "identifiers",
        "data_set_external_ids": "identifiers",
        "metadata": "metadata",
        "external_id_prefix": "text",
        "created_time": "range",
        "last_updated_time": "range",
    },
    order=BY_ID,
)


class TimeSeriesAPI(ResourceAPI):
    """`client.time_series`: find, create, change and delete time series.

    Frames have the columns `id` (int64), `external_id`, `name` (texts), `is_string` (bool), `metadata` (map of texts),
    `unit`, `unit_external_id` (texts), `asset_id` (int64), `is_step` (bool), `description` (text),
    `security_categories` (list of int64), `data_set_id` (int64), `created_time`, `last_updated_time` (ms, UTC) and
    `legacy_name` (text).

    Examples:
        >>> sorted(row["external_id"] for row in client.time_series)
        ['pressure', 'temperature']
        >>> for frame in client.time_series(chunk_size=2500):
        ...     print(frame.shape)
        (2, 15)
    """

    resource = RESOURCE

    def list(
        self,
        name: str | None = None,
        unit: str | None = None,
        is_string: bool | None = None,
        is_step: bool | None = None,
        asset_ids: Any = None,
        asset_external_ids: Any = None,
        root_asset_ids: Any = None,
        asset_subtree_ids: Any = None,
        asset_subtree_external_ids: Any = None,
        data_set_ids: Any = None,
        data_set_external_ids: Any = None,
        metadata: Mapping[str, str] | None = None,
        external_id_prefix: str | None = None,
        created_time: Mapping[str, Any] | None = None,
        last_updated_time: Mapping[str, Any] | None = None,
        partitions: int | None = None,
        limit: float | None = 25,
        include_metadata: bool = True,
        *,
        progress: ProgressOption = "auto",
    ) -> Frame:
        """List time series that match all given filters, in the order of their ids.

        Args:
            name, unit: equal to.
            is_string, is_step: of this kind.
            asset_ids, asset_external_ids: linked to any of these assets.
            root_asset_ids: linked to an asset under any of these root assets.
            asset_subtree_ids, asset_subtree_external_ids: linked to an asset in any of these subtrees.
            data_set_ids, data_set_external_ids: in any of these data sets.
            metadata: having all these key-value pairs.
            external_id_prefix: external ids that begin so (case-sensitive).
            created_time, last_updated_time: ranges ``{"min": ..., "max": ...}``, both ends included; times as ms,
                texts such as ``"2w-ago"``, or datetimes.
            partitions: fetch in so many parallel streams; needs ``limit=None``. Without it, a list of many pages is
                fetched in parallel, too, once its first page is there.
            limit: the most rows; None, -1 or inf for all.
            include_metadata: has no effect; kept for callers of old.
            progress: "auto", True, False or a callback ``(done, total)``, for what is fetched in parallel: its parts.

        Raises:
            ValueError, TypeError: an argument that cannot be right.

        Examples:
            >>> client.time_series.list(unit="bar", limit=None)["external_id"].to_list()
            ['pressure']
        """
        filter = self._chosen(locals())
        return self._list(filter, limit, partitions, progress)

    def search(
        self,
        name: str | None = None,
        description: str | None = None,
        query: str | None = None,
        filter: Mapping[str, Any] | None = None,
        limit: int = 100,
    ) -> Frame:
        """Search for time series, best matches first. Meant for people: for exact matches use `list`.

        Args:
            name: prefix and fuzzy search on the name.
            description: the same on the description.
            query: words, of which one at least must be found in name or description.
            filter: a dict of the filters of `list`, by the same names; these match exactly.
            limit: the most rows, up to 1000.

        Examples:
            >>> client.time_series.search(name="press")["external_id"].to_list()
            ['pressure']
        """
        return self._search({"name": name, "description": description, "query": query}, filter, limit)

    def create(self, time_series: IntoFrame, *, progress: ProgressOption = "auto") -> Frame:
        """Create time series from a frame, a dict (one) or a list of dicts.

        Columns that the server sets (`id`, `created_time`, `last_updated_time`) are passed over.

        Returns:
            A frame of what was created, in the order given.

        Raises:
            ValueError: an unknown column, or values of another type; before anything is sent.
            CogniteDuplicatedError: an external id exists already.
            CogniteAPIError: some requests failed; `successful`, `unknown` and `failed` hold the input rows.

        Examples:
            >>> client.time_series.create({"external_id": "flow", "unit": "m3/h"})["unit"].to_list()
            ['m3/h']
        """
        return self._create(time_series, progress)

    def delete(
        self,
        id: Any = None,
        external_id: Any = None,
        ignore_unknown_ids: bool = False,
        *,
        progress: ProgressOption = "auto",
    ) -> None:
        """Delete time series, and their data points, by ids and external ids (single, lists, arrays or columns).

        Raises:
            CogniteNotFoundError: some do not exist and `ignore_unknown_ids` is False; names all of them.
            CogniteAPIError: some requests failed; `successful`, `unknown` and `failed` hold the identifiers.

        Examples:
            >>> client.time_series.delete(external_id=["pressure", "old"], ignore_unknown_ids=True)
        """
        self._delete(id, external_id, ignore_unknown_ids, progress)
