"""`.cdf` on frames of assets, and from time series to their assets."""

from __future__ import annotations

from typing import Any

import polars as pl

from cdframe.accessors.base import FrameAccessor
from cdframe.client import CogniteClient
from cdframe.identifiers import arguments_of
from cdframe.resources.base import ResourceAPI
from cdframe.types import Frame, ProgressOption


class AssetsAccessor(FrameAccessor):
    """What a frame of assets can do, for all of them at once in few requests."""

    def children(self, *, limit: float | None = None, client: CogniteClient | None = None, **filters: Any) -> Frame:
        """Fetch the assets directly below; their `parent_id` tells below which.

        Args:
            limit: the most rows.
            client: the client to use.
            filters: those of `client.assets.list`.

        Examples:
            >>> plant = client.assets.create({"external_id": "plant", "name": "Plant"})
            >>> pump = client.assets.create({"name": "Pump", "parent_external_id": "plant"})
            >>> plant.cdf.children()["name"].to_list()
            ['Pump']
        """
        return self._client(client).assets._children(*self._identities("children"), filters, limit)

    def parent(self, *, client: CogniteClient | None = None) -> Frame:
        """Fetch the assets directly above, each once; root assets have none.

        Examples:
            >>> plant = client.assets.create({"external_id": "plant", "name": "Plant"})
            >>> pump = client.assets.create({"name": "Pump", "parent_external_id": "plant"})
            >>> pump.cdf.parent()["name"].to_list()
            ['Plant']
        """
        return self._linked("parent", "parent_id", client)

    def subtree(self, depth: int | None = None, *, client: CogniteClient | None = None) -> Frame:
        """Fetch the assets and all below them, up to so many levels, upper levels first.

        Each asset is there once, with `path` and `depth` in `aggregates`.

        Examples:
            >>> plant = client.assets.create({"external_id": "plant", "name": "Plant"})
            >>> pump = client.assets.create({"name": "Pump", "parent_external_id": "plant"})
            >>> plant.cdf.subtree()["name"].to_list()
            ['Plant', 'Pump']
        """
        return self._client(client).assets._subtree(*self._identities("subtree"), depth)

    def events(self, *, limit: float | None = None, client: CogniteClient | None = None, **filters: Any) -> Frame:
        """Fetch the events of the assets, each once; their `asset_ids` tell of which.

        Args:
            limit: the most rows.
            client: the client to use.
            filters: those of `client.events.list`.

        Examples:
            >>> pump = client.assets.create({"name": "Pump"})
            >>> failure = client.events.create({"type": "failure", "asset_ids": pump["id"].to_list()})
            >>> pump.cdf.events(type="failure").height
            1
        """
        return self._related("events", filters, limit, client)

    def files(self, *, limit: float | None = None, client: CogniteClient | None = None, **filters: Any) -> Frame:
        """Fetch the files of the assets, each once; their `asset_ids` tell of which.

        Args:
            limit: the most rows.
            client: the client to use.
            filters: those of `client.files.list`.

        Examples:
            >>> pump = client.assets.create({"name": "Pump"})
            >>> manual = client.files.upload_bytes("...", "manual.txt", asset_ids=pump["id"].to_list())
            >>> pump.cdf.files()["name"].to_list()
            ['manual.txt']
        """
        return self._related("files", filters, limit, client)

    def sequences(self, *, limit: float | None = None, client: CogniteClient | None = None, **filters: Any) -> Frame:
        """Fetch the sequences of the assets; their `asset_id` tells of which.

        Args:
            limit: the most rows.
            client: the client to use.
            filters: those of `client.sequences.list`.

        Examples:
            >>> pump = client.assets.create({"name": "Pump"})
            >>> curve = {"external_id": "curve", "asset_id": pump["id"][0], "columns": [{"external_id": "flow"}]}
            >>> created = client.sequences.create(curve)
            >>> pump.cdf.sequences()["external_id"].to_list()
            ['curve']
        """
        return self._related("sequences", filters, limit, client)

    def time_series(self, *, limit: float | None = None, client: CogniteClient | None = None, **filters: Any) -> Frame:
        """Fetch the time series of the assets; their `asset_id` tells of which.

        Args:
            limit: the most rows.
            client: the client to use.
            filters: those of `client.time_series.list`.

        Examples:
            >>> pump = client.assets.create({"name": "Pump"})
            >>> flow = client.time_series.create({"external_id": "flow", "asset_id": pump["id"][0]})
            >>> pump.cdf.time_series()["external_id"].to_list()
            ['flow']
        """
        return self._related("time_series", filters, limit, client)

    def assets(self, *, client: CogniteClient | None = None) -> Frame:
        """Fetch the assets that time series (or other rows with `asset_id` or `asset_ids`) belong to, each once.

        Examples:
            >>> pump = client.assets.create({"name": "Pump"})
            >>> flow = client.time_series.create({"external_id": "flow", "asset_id": pump["id"][0]})
            >>> flow.cdf.assets()["name"].to_list()
            ['Pump']
        """
        return self._linked("assets", "asset_ids" if "asset_ids" in self._table().column_names else "asset_id", client)

    def path(self, *, client: CogniteClient | None = None) -> Frame:
        """Give the path of each asset: the names from its root asset down to its own.

        Returns:
            A frame with `id` (int64) and `path` (list of texts), a row for each asset of the frame in its order.

        Examples:
            >>> plant = client.assets.create({"external_id": "plant", "name": "Plant"})
            >>> pump = client.assets.create({"name": "Pump", "parent_external_id": "plant"})
            >>> pump.cdf.path()["path"].to_list()
            [['Plant', 'Pump']]
        """
        return self._client(client).assets._path(*self._identities("path"))

    def create_hierarchy(self, *, client: CogniteClient | None = None, progress: ProgressOption = "auto") -> Frame:
        """Create the rows as assets, parents before their children; see `AssetsAPI.create_hierarchy`.

        Examples:
            >>> rows = pl.DataFrame({"external_id": ["b", "a"], "name": ["B", "A"], "parent_external_id": ["a", None]})
            >>> rows.cdf.create_hierarchy()["name"].to_list()
            ['B', 'A']
        """
        return self._client(client).assets.create_hierarchy(self._table(), progress=progress)

    def _identities(self, method: str) -> tuple[list[int] | None, list[str] | None]:
        return arguments_of(self._table(), method, prefer="id")

    def _related(
        self, family: str, filters: dict[str, Any], limit: float | None, client: CogniteClient | None
    ) -> Frame:
        """Fetch the rows of a family that belong to the frame's assets."""
        chosen = self._client(client)
        assets = chosen.assets._ids(*self._identities(family))
        api: ResourceAPI = getattr(chosen, family)
        return api._list_for_assets(assets, filters, limit)

    def _linked(self, method: str, column: str, client: CogniteClient | None) -> Frame:
        """Fetch the assets whose ids a column holds."""
        ids = self._columns(method, [column])[column]
        ids = ids.explode(empty_as_null=False) if isinstance(ids.dtype, pl.List) else ids
        return self._client(client).assets.retrieve_multiple(
            ids.drop_nulls().unique(maintain_order=True), ignore_unknown_ids=True
        )
