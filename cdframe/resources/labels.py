"""Labels: definitions of the tags that assets, files and relationships can carry."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from cdframe.resources.rows import IterableRowsAPI, Resource
from cdframe.schemas import TIMESTAMP, Column, Schema
from cdframe.types import Frame, IntoFrame, ProgressOption

SCHEMA = Schema(
    "labels",
    (
        Column("external_id", pa.string()),
        Column("name", pa.string()),
        Column("description", pa.string()),
        Column("data_set_id", pa.int64()),
        Column("created_time", TIMESTAMP, create=False),
    ),
)

RESOURCE = Resource(
    path="/labels",
    schema=SCHEMA,
    filters={
        "name": "text",
        "external_id_prefix": "text",
        "data_set_ids": "identifiers",
        "data_set_external_ids": "identifiers",
    },
)


class LabelsAPI(IterableRowsAPI):
    """`client.labels`: find, create and delete label definitions, known by their external ids.

    Frames have the columns `external_id`, `name`, `description` (texts), `data_set_id` (int64) and `created_time` (ms,
    UTC).

    Examples:
        >>> client.labels.create({"external_id": "PUMP", "name": "Pump"}).shape
        (1, 5)
        >>> [row["name"] for row in client.labels]
        ['Pump']
    """

    resource = RESOURCE

    def list(
        self,
        name: str | None = None,
        external_id_prefix: str | None = None,
        data_set_ids: Any = None,
        data_set_external_ids: Any = None,
        limit: float | None = 25,
    ) -> Frame:
        """List label definitions that match all given filters.

        Args:
            name: equal to.
            external_id_prefix: external ids that begin so (case-sensitive).
            data_set_ids, data_set_external_ids: in any of these data sets.
            limit: the most rows; None, -1 or inf for all.

        Raises:
            ValueError, TypeError: an argument that cannot be right.

        Examples:
            >>> client.labels.list(limit=5, name="Pump").height
            0
        """
        return self._list(self._chosen(locals()), limit)

    def create(self, label: IntoFrame, *, progress: ProgressOption = "auto") -> Frame:
        """Create label definitions from a frame, a dict (one) or a list of dicts; each has external id and name.

        Returns:
            A frame of what was created, in the order given.

        Raises:
            ValueError: an unknown column, or values of another type; before anything is sent.
            CogniteDuplicatedError: an external id exists already.
            CogniteAPIError: some requests failed; `successful`, `unknown` and `failed` hold the input rows.

        Examples:
            >>> client.labels.create([{"external_id": "PUMP", "name": "Pump"}])["external_id"].to_list()
            ['PUMP']
        """
        return self._create(label, progress)

    def delete(self, external_id: Any = None, *, progress: ProgressOption = "auto") -> None:
        """Delete label definitions by external ids (single, lists, arrays or columns).

        What carries such a label keeps it.

        Raises:
            CogniteNotFoundError: some do not exist; names all of them.
            CogniteAPIError: some requests failed; `successful`, `unknown` and `failed` hold the identifiers.

        Examples:
            >>> labels = client.labels.create([{"external_id": "PUMP", "name": "Pump"}])
            >>> client.labels.delete(external_id=["PUMP"])
        """
        self._delete(None, external_id, progress=progress)
