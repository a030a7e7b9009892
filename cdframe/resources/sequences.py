"""Sequences: tables with typed columns, whose rows are read and written by `client.sequences.data`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from cdframe.resources.base import ResourceAPI
from cdframe.resources.listing import BY_ID
from cdframe.resources.rows import Resource
from cdframe.schemas import METADATA, TIMESTAMP, Column, Schema, lists_of_structs
from cdframe.sequences import SequencesDataAPI
from cdframe.session import Session
from cdframe.types import Frame, FrameKind, IntoFrame, ProgressOption

SCHEMA = Schema(
    "sequences",
    (
        Column("id", pa.int64(), create=False),
        Column("external_id", pa.string(), update="set_null"),
        Column("name", pa.string(), update="set_null"),
        Column("description", pa.string(), update="set_null"),
        Column("asset_id", pa.int64(), update="set_null"),
        Column("data_set_id", pa.int64(), update="set_null"),
        Column("metadata", METADATA, update="object"),
        lists_of_structs(
            "columns",
            Column("external_id", pa.string(), update="set"),
            Column("name", pa.string(), update="set_null"),
            Column("description", pa.string(), update="set_null"),
            Column("value_type", pa.string()),
            Column("metadata", METADATA, update="object"),
            Column("created_time", TIMESTAMP, create=False),
            Column("last_updated_time", TIMESTAMP, create=False),
            update="members",
        ),
        Column("created_time", TIMESTAMP, create=False),
        Column("last_updated_time", TIMESTAMP, create=False),
    ),
)

RESOURCE = Resource(
    path="/sequences",
    schema=SCHEMA,
    filters={
        "name": "text",
        "external_id_prefix": "text",
        "metadata": "metadata",
        "asset_ids": "ids",
        "root_asset_ids": "ids",
        "asset_subtree_ids": "identifiers",
        "asset_subtree_external_ids": "identifiers",
        "data_set_ids": "identifiers",
        "data_set_external_ids": "identifiers",
        "created_time": "range",
        "last_updated_time": "range",
    },
    order=BY_ID,
)


class SequencesAPI(ResourceAPI):
    """`client.sequences`: find, create, change and delete sequences; their rows are in `client.sequences.data`.

    Frames have the columns `id` (int64), `external_id`, `name`, `description` (texts), `asset_id`, `data_set_id`
    (int64), `metadata` (map of texts), `columns` (list of structs of `external_id`, `name`, `description`,
    `value_type`, `metadata`, `created_time` and `last_updated_time`), `created_time` and `last_updated_time` (ms, UTC).

    The value types of columns are `LONG`, `DOUBLE` and `STRING`. Updates may have `columns.add` (lists of columns),
    `columns.remove` (lists of external ids) and `columns.modify` (lists of ``{"external_id": ..., "update": {...}}``).

    Examples:
        >>> columns = [{"external_id": "user", "value_type": "STRING"}, {"external_id": "amount"}]
        >>> client.sequences.create({"external_id": "bills", "columns": columns}).shape
        (1, 10)
        >>> [row["columns"][1]["value_type"] for row in client.sequences]
        ['DOUBLE']
        >>> renamed = [{"external_id": "user", "update": {"external_id": "customer"}}]
        >>> changes = {"columns.modify": renamed, "columns.add": [{"external_id": "due", "value_type": "LONG"}]}
        >>> bills = client.sequences.update({"external_id": "bills", "columns.remove": ["amount"], **changes})
        >>> [column["external_id"] for column in bills["columns"][0]]
        ['customer', 'due']
    """

    resource = RESOURCE

    def __init__(self, session: Session, frame: FrameKind) -> None:
        super().__init__(session, frame)
        self.data = SequencesDataAPI(session, frame)

    def retrieve_multiple(  # type: ignore[override]  # documented without the third argument
        self, ids: Any = None, external_ids: Any = None, *, ignore_unknown_ids: bool = False
    ) -> Frame:
        """Fetch sequences by ids and external ids (lists, arrays or columns).

        Returns:
            A frame with a row for each, ids first, in the order given.

        Raises:
            CogniteNotFoundError: some do not exist and `ignore_unknown_ids` is False; names all of them.

        Examples:
            >>> client.sequences.retrieve_multiple(external_ids=["abc", "def"], ignore_unknown_ids=True).height
            0
        """
        return super().retrieve_multiple(ids, external_ids, ignore_unknown_ids)

    def list(
        self,
        name: str | None = None,
        external_id_prefix: str | None = None,
        metadata: Mapping[str, str] | None = None,
        asset_ids: Any = None,
        root_asset_ids: Any = None,
        asset_subtree_ids: Any = None,
        asset_subtree_external_ids: Any = None,
        data_set_ids: Any = None,
        data_set_external_ids: Any = None,
        created_time: Mapping[str, Any] | None = None,
        last_updated_time: Mapping[str, Any] | None = None,
        limit: float | None = 25,
        *,
        partitions: int | None = None,
        progress: ProgressOption = "auto",
    ) -> Frame:
        """List sequences that match all given filters, in the order of their ids.

        Args:
            name: equal to.
            external_id_prefix: external ids that begin so (case-sensitive).
            metadata: having all these key-value pairs.
            asset_ids: linked to any of these assets.
            root_asset_ids: linked to an asset under any of these root assets.
            asset_subtree_ids, asset_subtree_external_ids: linked to an asset in any of these subtrees.
            data_set_ids, data_set_external_ids: in any of these data sets.
            created_time, last_updated_time: ranges ``{"min": ..., "max": ...}``, both ends included; times as ms,
                texts such as ``"2w-ago"``, or datetimes.
            limit: the most rows; None, -1 or inf for all.
            partitions: fetch in so many parallel streams; needs ``limit=None``. Without it, a list of many pages is
                fetched in parallel, too, once its first page is there.
            progress: "auto", True, False or a callback ``(done, total)``, for what is fetched in parallel: its parts.

        Raises:
            ValueError, TypeError: an argument that cannot be right.

        Examples:
            >>> client.sequences.list(limit=5).height
            0
        """
        return self._list(self._chosen(locals()), limit, partitions, progress)

    def search(
        self,
        name: str | None = None,
        description: str | None = None,
        query: str | None = None,
        filter: Mapping[str, Any] | None = None,
        limit: int = 100,
    ) -> Frame:
        """Search for sequences, best matches first. Meant for people: for exact matches use `list`.

        Args:
            name: prefix and fuzzy search on the name.
            description: the same on the description.
            query: words, of which one at least must be found in name or description.
            filter: a dict of the filters of `list`, by the same names; these match exactly.
            limit: the most rows, up to 1000.

        Examples:
            >>> client.sequences.search(name="some name").height
            0
        """
        return self._search({"name": name, "description": description, "query": query}, filter, limit)

    def create(self, sequence: IntoFrame, *, progress: ProgressOption = "auto") -> Frame:
        """Create sequences from a frame, a dict (one) or a list of dicts.

        `columns` is a list of dicts with `external_id` (when left out, `column0`, `column1`, ...), `value_type`
        (``"DOUBLE"`` when left out), `name`, `description` and `metadata`; or the columns of another sequence.

        Returns:
            A frame of what was created, in the order given.

        Raises:
            ValueError: an unknown column, or values of another type; before anything is sent.
            CogniteDuplicatedError: an external id exists already.
            CogniteAPIError: some requests failed; `successful`, `unknown` and `failed` hold the input rows.

        Examples:
            >>> columns = [{"external_id": "user", "value_type": "STRING"}, {"external_id": "amount"}]
            >>> bills = client.sequences.create({"external_id": "bills", "columns": columns})
            >>> copy = client.sequences.create({"external_id": "copy", "columns": bills["columns"][0]})
            >>> [column["external_id"] for column in copy["columns"][0]]
            ['user', 'amount']
        """
        return self._create(sequence, progress)

    def delete(
        self,
        id: Any = None,
        external_id: Any = None,
        *,
        ignore_unknown_ids: bool = False,
        progress: ProgressOption = "auto",
    ) -> None:
        """Delete sequences, and their rows, by ids and external ids (single, lists, arrays or columns).

        Raises:
            CogniteNotFoundError: some do not exist and `ignore_unknown_ids` is False; names all of them.
            CogniteAPIError: some requests failed; `successful`, `unknown` and `failed` hold the identifiers.

        Examples:
            >>> client.sequences.delete(id=[1, 2, 3], external_id="3", ignore_unknown_ids=True)
        """
        self._delete(id, external_id, ignore_unknown_ids, progress)
