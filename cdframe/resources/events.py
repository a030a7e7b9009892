"""Events: what happened to assets at some time, such as failures and work orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from cdframe.errors import nearest
from cdframe.frames import from_arrow
from cdframe.identifiers import as_list
from cdframe.resources.base import ResourceAPI
from cdframe.resources.rows import Resource
from cdframe.schemas import ID_LIST, METADATA, TIMESTAMP, Column, Schema, camel_case, snake_case
from cdframe.types import Frame, IntoFrame, ProgressOption

SCHEMA = Schema(
    "events",
    (
        Column("id", pa.int64(), create=False),
        Column("external_id", pa.string(), update="set_null"),
        Column("data_set_id", pa.int64(), update="set_null"),
        Column("start_time", TIMESTAMP, update="set_null"),
        Column("end_time", TIMESTAMP, update="set_null"),
        Column("type", pa.string(), update="set_null"),
        Column("subtype", pa.string(), update="set_null"),
        Column("description", pa.string(), update="set_null"),
        Column("metadata", METADATA, update="object"),
        Column("asset_ids", ID_LIST, update="array"),
        Column("source", pa.string(), update="set_null"),
        Column("created_time", TIMESTAMP, create=False),
        Column("last_updated_time", TIMESTAMP, create=False),
    ),
)

RESOURCE = Resource(
    path="/events",
    schema=SCHEMA,
    filters={
        "start_time": "range",
        "end_time": "range_or_null",
        "active_at_time": "range",
        "type": "text",
        "subtype": "text",
        "metadata": "metadata",
        "asset_ids": "ids",
        "asset_external_ids": "texts",
        "root_asset_ids": "identifiers",
        "root_asset_external_ids": "identifiers",
        "asset_subtree_ids": "identifiers",
        "asset_subtree_external_ids": "identifiers",
        "data_set_ids": "identifiers",
        "data_set_external_ids": "identifiers",
        "source": "text",
        "created_time": "range",
        "last_updated_time": "range",
        "external_id_prefix": "text",
    },
    order=("start_time", "id"),
    most_asset_ids=5000,
)

_SORTED = ("start_time", "end_time", "created_time", "last_updated_time")
_FIELDS = {"type": pa.string(), "subtype": pa.string(), "data_set_id": pa.int64()}


class EventsAPI(ResourceAPI):
    """`client.events`: find, create, change and delete events.

    Frames have the columns `id` (int64), `external_id` (text), `data_set_id` (int64), `start_time`, `end_time` (ms,
    UTC), `type`, `subtype`, `description` (texts), `metadata` (map of texts), `asset_ids` (list of int64), `source`
    (text), `created_time` and `last_updated_time` (ms, UTC).

    Examples:
        >>> client.events.create({"type": "failure", "start_time": 1704067200000}).shape
        (1, 13)
        >>> [row["type"] for row in client.events]
        ['failure']
        >>> for frame in client.events(chunk_size=2500, type="failure"):
        ...     print(frame.shape)
        (1, 13)
    """

    resource = RESOURCE

    def list(
        self,
        start_time: Mapping[str, Any] | None = None,
        end_time: Mapping[str, Any] | None = None,
        active_at_time: Mapping[str, Any] | None = None,
        type: str | None = None,
        subtype: str | None = None,
        metadata: Mapping[str, str] | None = None,
        asset_ids: Any = None,
        asset_external_ids: Any = None,
        root_asset_ids: Any = None,
        root_asset_external_ids: Any = None,
        asset_subtree_ids: Any = None,
        asset_subtree_external_ids: Any = None,
        data_set_ids: Any = None,
        data_set_external_ids: Any = None,
        source: str | None = None,
        created_time: Mapping[str, Any] | None = None,
        last_updated_time: Mapping[str, Any] | None = None,
        external_id_prefix: str | None = None,
        sort: str | Sequence[str] | None = None,
        partitions: int | None = None,
        limit: float | None = 25,
        *,
        progress: ProgressOption = "auto",
    ) -> Frame:
        """List events that match all given filters, by default in the order of their start times.

        Args:
            start_time, created_time, last_updated_time: ranges ``{"min": ..., "max": ...}``, both ends included; times
                as ms, texts such as ``"2w-ago"``, or datetimes.
            end_time: such a range, ``{"is_null": True}`` (no end) or ``{"is_null": False}`` (any).
            active_at_time: a range that the event's own, from start to end, overlaps; one without start is never
                active, one without end is so from its start on.
            type, subtype, source: equal to.
            metadata: having all these key-value pairs.
            asset_ids, asset_external_ids: of any of these assets.
            root_asset_ids, root_asset_external_ids: of an asset under any of these root assets.
            asset_subtree_ids, asset_subtree_external_ids: of an asset in any of these subtrees.
            data_set_ids, data_set_external_ids: in any of these data sets.
            external_id_prefix: external ids that begin so (case-sensitive).
            sort: by `start_time`, `end_time`, `created_time` or `last_updated_time`, with ``":desc"`` behind it for
                the latest first, such as ``"start_time:desc"``.
            partitions: fetch in so many parallel streams; needs ``limit=None`` and no `sort`. Without it, a list of
                many pages is fetched in parallel, too, once its first pages are there.
            limit: the most rows; None, -1 or inf for all.
            progress: "auto", True, False or a callback ``(done, total)``, for what is fetched in parallel: its parts.

        Raises:
            ValueError, TypeError: an argument that cannot be right.

        Examples:
            >>> client.events.list(limit=5, start_time={"max": 1500000000}).height
            0
        """
        filter = self._chosen(locals())
        return self._list(filter, limit, partitions, progress, None if sort is None else {"sort": _sort(sort)})

    def aggregate_unique_values(
        self, filter: Mapping[str, Any] | None = None, fields: str | Sequence[str] | None = None
    ) -> Frame:
        """Count the events for each value of one field.

        Args:
            filter: a dict of the filters of `list`, by the same names.
            fields: `type`, `subtype` or `data_set_id`.

        Returns:
            A frame with `value` (text in lower case; int64 for `data_set_id`) and `count` (int64), most frequent first.

        Raises:
            ValueError: `fields` does not name one of these.

        Examples:
            >>> events = client.events.create([{"type": "failure"}, {"type": "failure"}, {"type": "repair"}])
            >>> client.events.aggregate_unique_values(fields=["type"])["count"].to_list()
            [2, 1]
        """
        names = [snake_case(str(name)) for name in as_list(fields)]
        if len(names) != 1 or names[0] not in _FIELDS:
            hint = nearest(str(names[0]), list(_FIELDS)) if names else ""
            raise ValueError(f"fields={fields!r} must be one of {', '.join(_FIELDS)}.{hint}")
        properties = [{"property": [camel_case(names[0])]}]
        payload = {"aggregate": "uniqueValues", "properties": properties, "filter": self._filter(filter)}
        items = self._session.request("POST", "/events/aggregate", json=payload).json()["items"]
        values = pa.array([item["values"][0] for item in items], _FIELDS[names[0]])
        counts = pa.array([item["count"] for item in items], pa.int64())
        return from_arrow(pa.table({"value": values, "count": counts}), self._frame)

    def search(
        self, description: str | None = None, filter: Mapping[str, Any] | None = None, limit: int = 100
    ) -> Frame:
        """Search for events, best matches first. Meant for people: for exact matches use `list`.

        Args:
            description: prefix and fuzzy search on the description.
            filter: a dict of the filters of `list`, by the same names; these match exactly.
            limit: the most rows, up to 1000.

        Examples:
            >>> failure = client.events.create({"description": "The pump is broken"})
            >>> client.events.search(description="pump")["description"].to_list()
            ['The pump is broken']
        """
        return self._search({"description": description}, filter, limit)

    def create(self, event: IntoFrame, *, progress: ProgressOption = "auto") -> Frame:
        """Create events from a frame, a dict (one) or a list of dicts.

        Columns that the server sets (`id`, `created_time`, `last_updated_time`) are passed over.

        Returns:
            A frame of what was created, in the order given.

        Raises:
            ValueError: an unknown column, or values of another type; before anything is sent.
            CogniteDuplicatedError: an external id exists already.
            CogniteAPIError: some requests failed; `successful`, `unknown` and `failed` hold the input rows.

        Examples:
            >>> client.events.create([{"start_time": 0, "end_time": 1}, {"start_time": 2, "end_time": 3}]).height
            2
        """
        return self._create(event, progress)

    def delete(
        self,
        id: Any = None,
        external_id: Any = None,
        ignore_unknown_ids: bool = False,
        *,
        progress: ProgressOption = "auto",
    ) -> None:
        """Delete events by ids and external ids (single, lists, arrays or columns).

        Raises:
            CogniteNotFoundError: some do not exist and `ignore_unknown_ids` is False; names all of them.
            CogniteAPIError: some requests failed; `successful`, `unknown` and `failed` hold the identifiers.

        Examples:
            >>> client.events.delete(id=[1, 2, 3], external_id="3", ignore_unknown_ids=True)
        """
        self._delete(id, external_id, ignore_unknown_ids, progress)


def _sort(sort: str | Sequence[str]) -> list[str]:
    """Check what to sort by, and name it as the wire does."""
    keys = []
    for key in as_list(sort):
        name, _, direction = str(key).partition(":")
        if snake_case(name) not in _SORTED or direction not in ("", "asc", "desc"):
            raise ValueError(
                f"sort={key!r} must be one of {', '.join(_SORTED)}, with ':asc' or ':desc' behind it or without."
            )
        keys.append(f"{camel_case(snake_case(name))}:{direction or 'asc'}")
    return keys
