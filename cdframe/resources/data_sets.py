"""Data sets: groups of data that belong together, which other resources are members of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from cdframe.resources.base import ResourceAPI
from cdframe.resources.rows import Resource
from cdframe.schemas import METADATA, TIMESTAMP, Column, Schema
from cdframe.types import Frame, IntoFrame, ProgressOption

SCHEMA = Schema(
    "data sets",
    (
        Column("id", pa.int64(), create=False),
        Column("external_id", pa.string(), update="set_null"),
        Column("name", pa.string(), update="set_null"),
        Column("description", pa.string(), update="set_null"),
        Column("metadata", METADATA, update="object"),
        Column("write_protected", pa.bool_(), update="set"),
        Column("created_time", TIMESTAMP, create=False),
        Column("last_updated_time", TIMESTAMP, create=False),
    ),
)

RESOURCE = Resource(
    path="/datasets",
    schema=SCHEMA,
    filters={
        "metadata": "metadata",
        "created_time": "range",
        "last_updated_time": "range",
        "external_id_prefix": "text",
        "write_protected": "flag",
    },
    most_created=10,
)


class DataSetsAPI(ResourceAPI):
    """`client.data_sets`: find, create and change data sets. They cannot be deleted.

    Frames have the columns `id` (int64), `external_id`, `name`, `description` (texts), `metadata` (map of texts),
    `write_protected` (bool), `created_time` and `last_updated_time` (ms, UTC).

    Examples:
        >>> client.data_sets.create({"external_id": "maintenance", "name": "Maintenance"}).shape
        (1, 8)
        >>> [row["name"] for row in client.data_sets]
        ['Maintenance']
    """

    resource = RESOURCE

    def list(
        self,
        metadata: Mapping[str, str] | None = None,
        created_time: Mapping[str, Any] | None = None,
        last_updated_time: Mapping[str, Any] | None = None,
        external_id_prefix: str | None = None,
        write_protected: bool | None = None,
        limit: float | None = 25,
    ) -> Frame:
        """List data sets that match all given filters, in the order of their ids.

        Args:
            metadata: having all these key-value pairs.
            created_time, last_updated_time: ranges ``{"min": ..., "max": ...}``, both ends included; times as ms,
                texts such as ``"2w-ago"``, or datetimes.
            external_id_prefix: external ids that begin so (case-sensitive).
            write_protected: write-protected or not.
            limit: the most rows; None, -1 or inf for all.

        Raises:
            ValueError, TypeError: an argument that cannot be right.

        Examples:
            >>> client.data_sets.list(limit=5, write_protected=False).height
            0
        """
        return self._list(self._chosen(locals()), limit)

    def create(self, data_set: IntoFrame, *, progress: ProgressOption = "auto") -> Frame:
        """Create data sets from a frame, a dict (one) or a list of dicts; a request takes ten of them.

        Columns that the server sets (`id`, `created_time`, `last_updated_time`) are passed over.

        Returns:
            A frame of what was created, in the order given.

        Raises:
            ValueError: an unknown column, or values of another type; before anything is sent.
            CogniteDuplicatedError: an external id exists already.
            CogniteAPIError: some requests failed; `successful`, `unknown` and `failed` hold the input rows.

        Examples:
            >>> client.data_sets.create([{"name": "1st level"}, {"name": "2nd level"}])["name"].to_list()
            ['1st level', '2nd level']
        """
        return self._create(data_set, progress)
