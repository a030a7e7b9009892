"""Assets: the hierarchy of equipment that all other data belong to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl
import pyarrow as pa

from cdframe.errors import CogniteAPIError, nearest
from cdframe.frames import from_arrow, to_arrow
from cdframe.identifiers import as_list, identifiers, one_identifier
from cdframe.resources.base import ResourceAPI
from cdframe.resources.hierarchy import HierarchyWrite
from cdframe.resources.listing import BY_ID
from cdframe.resources.rows import Resource, check_flag, in_parts
from cdframe.schemas import ID_LIST, METADATA, TEXT_LIST, TIMESTAMP, Column, Schema, camel_case, snake_case, structs
from cdframe.types import Frame, IntoFrame, ProgressOption

SCHEMA = Schema(
    "assets",
    (
        Column("id", pa.int64(), create=False),
        Column("external_id", pa.string(), update="set_null"),
        Column("name", pa.string(), update="set"),
        Column("parent_id", pa.int64(), update="set"),
        Column("parent_external_id", pa.string(), update="set"),
        Column("description", pa.string(), update="set_null"),
        Column("data_set_id", pa.int64(), update="set_null"),
        Column("metadata", METADATA, update="object"),
        Column("source", pa.string(), update="set_null"),
        Column("labels", TEXT_LIST, update="array", form="external_ids"),
        Column("geo_location", pa.string(), update="set_null", form="json"),
        Column("root_id", pa.int64(), create=False),
        structs(
            "aggregates",
            Column("child_count", pa.int64()),
            Column("depth", pa.int64()),
            Column("path", ID_LIST, form="ids"),
            create=False,
        ),
        Column("created_time", TIMESTAMP, create=False),
        Column("last_updated_time", TIMESTAMP, create=False),
    ),
)

RESOURCE = Resource(
    path="/assets",
    schema=SCHEMA,
    filters={
        "name": "text",
        "parent_ids": "ids",
        "parent_external_ids": "texts",
        "root_ids": "identifiers",
        "root_external_ids": "identifiers",
        "asset_subtree_ids": "identifiers",
        "asset_subtree_external_ids": "identifiers",
        "data_set_ids": "identifiers",
        "data_set_external_ids": "identifiers",
        "labels": "labels",
        "metadata": "metadata",
        "source": "text",
        "created_time": "range",
        "last_updated_time": "range",
        "root": "flag",
        "external_id_prefix": "text",
    },
    order=BY_ID,
)

MOST_PARENTS = 100
"""The most parents, or tops of subtrees, that a list can be filtered by."""

_AGGREGATED = ("child_count", "path", "depth")
_PLACE = {"aggregatedProperties": ["path", "depth"]}
_PATHS = pa.schema([("id", pa.int64()), ("path", TEXT_LIST)])


class AssetsAPI(ResourceAPI):
    """`client.assets`: find, create, change and delete assets.

    Frames have the columns `id` (int64), `external_id`, `name` (texts), `parent_id` (int64), `parent_external_id`,
    `description` (texts), `data_set_id` (int64), `metadata` (map of texts), `source` (text), `labels` (list of external
    ids), `geo_location` (text of GeoJSON), `root_id` (int64), `aggregates` (struct of `child_count`, `depth` and
    `path`, a list of ids; what was not asked for is null), `created_time` and `last_updated_time` (ms, UTC).

    Examples:
        >>> client.assets.create({"external_id": "plant", "name": "Plant"}).shape
        (1, 15)
        >>> [row["name"] for row in client.assets]
        ['Plant']
        >>> for frame in client.assets(chunk_size=2500, root=True):
        ...     print(frame.shape)
        (1, 15)
    """

    resource = RESOURCE

    def retrieve_subtree(
        self, id: int | None = None, external_id: str | None = None, depth: int | None = None
    ) -> Frame:
        """Fetch an asset and all below it, level by level; with `path` and `depth` in `aggregates`.

        Args:
            id, external_id: the asset at the top; one of them.
            depth: levels below the top: 0 is the top alone, None all.

        Returns:
            A frame of the assets, the top first; without rows when it does not exist.

        Raises:
            ValueError: neither or both are given, or `depth` is below 0.

        Examples:
            >>> rows = [{"external_id": "plant", "name": "Plant"}]
            >>> rows += [{"external_id": f"pump-{n}", "name": "Pump", "parent_external_id": "plant"} for n in range(2)]
            >>> created = client.assets.create_hierarchy(rows)
            >>> sorted(client.assets.retrieve_subtree(external_id="plant", depth=1)["external_id"])
            ['plant', 'pump-0', 'pump-1']
        """
        one_identifier(id, external_id)
        return self._subtree(id, external_id, depth)

    def list(
        self,
        name: str | None = None,
        parent_ids: Any = None,
        parent_external_ids: Any = None,
        root_ids: Any = None,
        root_external_ids: Any = None,
        asset_subtree_ids: Any = None,
        asset_subtree_external_ids: Any = None,
        data_set_ids: Any = None,
        data_set_external_ids: Any = None,
        labels: Any = None,
        metadata: Mapping[str, str] | None = None,
        source: str | None = None,
        created_time: Mapping[str, Any] | None = None,
        last_updated_time: Mapping[str, Any] | None = None,
        root: bool | None = None,
        external_id_prefix: str | None = None,
        aggregated_properties: Any = None,
        partitions: int | None = None,
        limit: float | None = 25,
        *,
        progress: ProgressOption = "auto",
    ) -> Frame:
        """List assets that match all given filters, in the order of their ids.

        Args:
            name, source: equal to.
            parent_ids, parent_external_ids: directly below any of these assets.
            root_ids, root_external_ids: in the tree of any of these root assets.
            asset_subtree_ids, asset_subtree_external_ids: any of these assets, or below one.
            data_set_ids, data_set_external_ids: in any of these data sets.
            labels: carrying any of these labels (external ids), or a dict of `contains_any` and `contains_all`.
            metadata: having all these key-value pairs.
            created_time, last_updated_time: ranges ``{"min": ..., "max": ...}``, both ends included; times as ms,
                texts such as ``"2w-ago"``, or datetimes.
            root: root assets only (True), or all others (False).
            external_id_prefix: external ids that begin so (case-sensitive).
            aggregated_properties: which of `child_count`, `path` and `depth` to fetch into `aggregates`.
            partitions: fetch in so many parallel streams; needs ``limit=None``. Without it, a list of many pages is
                fetched in parallel, too, once its first page is there.
            limit: the most rows; None, -1 or inf for all.
            progress: "auto", True, False or a callback ``(done, total)``, for what is fetched in parallel: its parts.

        Raises:
            ValueError, TypeError: an argument that cannot be right.

        Examples:
            >>> labels = client.labels.create([{"external_id": name, "name": name} for name in ("PUMP", "VERIFIED")])
            >>> asset = client.assets.create({"name": "pump", "labels": ["PUMP", "VERIFIED"]})
            >>> client.assets.list(labels={"contains_all": ["PUMP", "VERIFIED"]})["name"].to_list()
            ['pump']
        """
        filter = self._chosen(locals())
        return self._list(filter, limit, partitions, progress, _aggregated(aggregated_properties))

    def search(
        self,
        name: str | None = None,
        description: str | None = None,
        query: str | None = None,
        filter: Mapping[str, Any] | None = None,
        limit: int = 100,
    ) -> Frame:
        """Search for assets, best matches first. Meant for people: for exact matches use `list`.

        Args:
            name: prefix and fuzzy search on the name.
            description: the same on the description.
            query: words, of which one at least must be found in name or description.
            filter: a dict of the filters of `list`, by the same names; these match exactly.
            limit: the most rows, up to 1000.

        Examples:
            >>> asset = client.assets.create({"name": "23-ESDV-92501A"})
            >>> client.assets.search(name="ESDV")["name"].to_list()
            ['23-ESDV-92501A']
        """
        return self._search({"name": name, "description": description, "query": query}, filter, limit)

    def create(self, asset: IntoFrame, *, progress: ProgressOption = "auto") -> Frame:
        """Create assets from a frame, a dict (one) or a list of dicts.

        A parent must exist, or be among the same 1,000 rows; `create_hierarchy` has no such limit. Columns that the
        server sets (`id`, `root_id`, `aggregates`, `created_time`, `last_updated_time`) are passed over.

        Returns:
            A frame of what was created, in the order given.

        Raises:
            ValueError: an unknown column, or values of another type; before anything is sent.
            CogniteDuplicatedError: an external id exists already.
            CogniteNotFoundError: a parent or a label does not exist.
            CogniteAPIError: some requests failed; `successful`, `unknown` and `failed` hold the input rows.

        Examples:
            >>> client.assets.create([{"name": "asset1"}, {"name": "asset2"}])["name"].to_list()
            ['asset1', 'asset2']
        """
        return self._create(asset, progress)

    def create_hierarchy(self, assets: IntoFrame, *, progress: ProgressOption = "auto") -> Frame:
        """Create assets from a frame or a list of dicts of any size, in any order, parents before their children.

        Every row has an `external_id`; `parent_external_id` names another row, or an asset that exists. Requests go out
        in parallel, as far as the tree allows.

        Returns:
            A frame of what was created, in the order given.

        Raises:
            CogniteHierarchyError: an external id is missing or given twice, a row has both kinds of parent, or
                assets are below each other; before anything is sent.
            CogniteAPIError: some requests failed; `successful`, `unknown` and `failed` hold the input rows in their
                order. What is below assets that may not exist was not sent, and is in `failed`.

        Examples:
            >>> rows = [
            ...     {"external_id": "2", "name": "child", "parent_external_id": "1"},
            ...     {"external_id": "3", "name": "descendant", "parent_external_id": "2"},
            ...     {"external_id": "1", "name": "root"},
            ... ]
            >>> client.assets.create_hierarchy(rows)["name"].to_list()
            ['child', 'descendant', 'root']
        """
        rows = to_arrow(assets, name="assets")
        write = HierarchyWrite(self._session, self.resource.path, SCHEMA, rows, self._objects(rows))
        return write.make(self._frame, progress)

    def delete(
        self,
        id: Any = None,
        external_id: Any = None,
        recursive: bool = False,
        ignore_unknown_ids: bool = False,
        *,
        progress: ProgressOption = "auto",
    ) -> None:
        """Delete assets by ids and external ids (single, lists, arrays or columns).

        Args:
            id, external_id: of the assets.
            recursive: delete all below them, too; else an asset with children is deleted only together with them.
            ignore_unknown_ids: pass over what does not exist.
            progress: "auto", True, False or a callback ``(done, total)``.

        Raises:
            CogniteNotFoundError: some do not exist and `ignore_unknown_ids` is False; names all of them.
            CogniteAPIError: some requests failed; `successful`, `unknown` and `failed` hold the identifiers.

        Examples:
            >>> client.assets.delete(id=[1, 2, 3], external_id="3", recursive=True, ignore_unknown_ids=True)
        """
        self._delete(id, external_id, ignore_unknown_ids, progress, recursive=check_flag("recursive", recursive))

    # For whole frames of assets

    def _ids(self, ids: Any, external_ids: Any) -> pl.Series:
        """Give the ids of assets of which some are known by their external ids."""
        if not external_ids:
            return pl.Series("id", ids or [], pl.Int64)
        return self._rows_byids(identifiers(ids, external_ids), ignore_unknown_ids=False)["id"]

    def _children(self, ids: Any, external_ids: Any, filters: Mapping[str, Any], limit: float | None) -> Frame:
        return self._frame_of(self._below(self._ids(ids, external_ids), self._filter(filters), limit))

    def _below(
        self,
        parents: pl.Series,
        filter: dict[str, Any],
        limit: float | None,
        more: Mapping[str, Any] | None = None,
    ) -> pl.DataFrame:
        """Fetch the assets directly below some."""
        filters = [{**filter, "parentIds": ids} for ids in in_parts(parents, MOST_PARENTS)]
        return self._list_each(filters, limit, more)

    def _subtree(self, ids: Any, external_ids: Any, depth: int | None) -> Frame:
        """Fetch assets and all below them, each once, those of a level before those of the next."""
        if depth is not None and (isinstance(depth, bool) or not isinstance(depth, int) or depth < 0):
            raise ValueError(f"depth={depth!r} must be a whole number, 0 or more, or None for all levels.")
        found = self._rows_byids(identifiers(ids, external_ids), ignore_unknown_ids=True, **_PLACE)
        if depth is None and found.height:
            whole = self._whole_subtrees(found["id"])
            if whole is not None:
                return self._frame_of(whole)
        level = found
        while level.height and (depth is None or depth > 0):
            below = self._below(level["id"], {}, None, _PLACE)
            level = below.join(found, on="id", how="anti", maintain_order="left")
            found = pl.concat([found, level])
            depth = None if depth is None else depth - 1
        return self._frame_of(found)

    def _whole_subtrees(self, tops: pl.Series) -> pl.DataFrame | None:
        """Fetch whole subtrees at once; None where that is more than servers give for one filter."""
        filters = [{"assetSubtreeIds": [{"id": id} for id in ids]} for ids in in_parts(tops, MOST_PARENTS)]
        try:
            rows = self._list_each(filters, None, _PLACE)
        except CogniteAPIError as error:
            if error.code != 400:
                raise
            return None
        return rows.sort(pl.col("aggregates").struct.field("depth"), "id")

    def _path(self, ids: Any, external_ids: Any) -> Frame:
        """Give the names on the path to each asset, from its root on."""
        wanted = identifiers(ids, external_ids)
        assets = self._rows_byids(wanted, ignore_unknown_ids=False, aggregatedProperties=["path"])
        steps = assets.select("id", step=pl.col("aggregates").struct.field("path")).explode("step")
        above = steps.select(id="step").unique().join(assets, on="id", how="anti")["id"]
        others = self._rows_byids(identifiers(above, None), ignore_unknown_ids=True)
        names = pl.concat([assets, others]).select("name", step="id")
        named = steps.join(names, on="step", how="left", maintain_order="left")
        paths = named.group_by("id", maintain_order=True).agg(path=pl.col("name"))
        return from_arrow(paths.to_arrow().cast(_PATHS), self._frame)


def _aggregated(names: Any) -> dict[str, Any] | None:
    """Check which aggregates are asked for, and name them as the wire does."""
    if names is None:
        return None
    wanted = [snake_case(str(name)) for name in as_list(names)]
    for name in wanted:
        if name not in _AGGREGATED:
            raise ValueError(
                f"aggregated_properties has {name!r}.{nearest(name, _AGGREGATED)} Accepted: {', '.join(_AGGREGATED)}."
            )
    return {"aggregatedProperties": [camel_case(name) for name in wanted]}
