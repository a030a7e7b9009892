"""The calls that families have in common whose rows have ids, with their documented signatures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl
import pyarrow as pa

from cdframe.frames import from_arrow
from cdframe.identifiers import identifiers, one_identifier
from cdframe.resources.rows import IterableRowsAPI, check_flag, in_parts
from cdframe.resources.updates import NullRule
from cdframe.types import Frame, IntoFrame, ProgressOption


class IdentifiedAPI(IterableRowsAPI):
    """What families have in common whose rows are known by an id that the server gives, or by their external id."""

    def retrieve(self, id: int | None = None, external_id: str | None = None) -> Frame:
        """Fetch one row by id or by external id.

        Returns:
            A frame with one row, or with none when it does not exist.

        Raises:
            ValueError: neither or both are given.

        Examples:
            >>> client.time_series.retrieve(external_id="pressure")["unit"].to_list()
            ['bar']
            >>> client.assets.retrieve(external_id="nowhere").shape[0]
            0
        """
        return self._byids(one_identifier(id, external_id), ignore_unknown_ids=True)

    def retrieve_multiple(self, ids: Any = None, external_ids: Any = None, ignore_unknown_ids: bool = False) -> Frame:
        """Fetch rows by ids and external ids (lists, arrays or columns).

        Returns:
            A frame with a row for each, ids first, in the order given.

        Raises:
            CogniteNotFoundError: some do not exist and `ignore_unknown_ids` is False; names all of them.

        Examples:
            >>> client.time_series.retrieve_multiple(external_ids=["pressure", "temperature"])["unit"].to_list()
            ['bar', '°C']
        """
        wanted = identifiers(ids, external_ids, id_name="ids", external_id_name="external_ids")
        return self._byids(wanted, check_flag("ignore_unknown_ids", ignore_unknown_ids))

    def update(
        self,
        item: IntoFrame,
        *,
        null: NullRule = "keep",
        progress: ProgressOption = "auto",
    ) -> Frame:
        """Change rows from a frame, a dict (one) or a list of dicts.

        A row is known by its `id`, else by its `external_id`; the other columns are set. Columns of maps and lists
        replace; ``metadata.add`` (map), ``metadata.remove`` (list of keys), ``labels.add``, ``labels.remove`` and the
        like add and remove. Columns that the server sets are passed over.

        Args:
            item: the rows.
            null: "keep" keeps the old value where a row has a null, "clear" clears it.
            progress: "auto", True, False or a callback ``(done, total)``.

        Returns:
            A frame of the changed rows, in the order given.

        Raises:
            ValueError: an unknown column, a row without identity; before anything is sent.
            CogniteNotFoundError: some do not exist.
            CogniteAPIError: some requests failed; `successful`, `unknown` and `failed` hold the input rows.

        Examples:
            >>> client.time_series.update({"external_id": "pressure", "metadata.add": {"floor": "2"}})["unit"].to_list()
            ['bar']
        """
        return self._update(item, null, progress)


class ResourceAPI(IdentifiedAPI):
    """What families have in common whose rows can be counted, too, and belong to assets or data sets."""

    def aggregate(self, filter: Mapping[str, Any] | None = None) -> Frame:
        """Count the rows that match a filter.

        Args:
            filter: a dict of the filters of `list`, by the same names.

        Returns:
            A frame with one row and the column `count` (int64).

        Examples:
            >>> client.time_series.aggregate(filter={"unit": "bar"})["count"].to_list()
            [1]
        """
        payload = {"filter": self._filter(filter)}
        answer = self._session.request("POST", f"{self.resource.path}/aggregate", json=payload).json()
        counts = pa.array([item["count"] for item in answer["items"]], pa.int64())
        return from_arrow(pa.table({"count": counts}), self._frame)

    def _list_for_assets(self, assets: pl.Series, filters: Mapping[str, Any], limit: float | None) -> Frame:
        """Fetch the rows that belong to any of some assets, each once."""
        filter = self._filter(filters)
        parts = in_parts(assets, self.resource.most_asset_ids)
        return self._frame_of(self._list_each([{**filter, "assetIds": ids} for ids in parts], limit))
