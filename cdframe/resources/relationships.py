"""Relationships: links from one resource to another, known by their own external ids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

import polars as pl
import pyarrow as pa

from cdframe.errors import nearest
from cdframe.frames import to_arrow
from cdframe.identifiers import as_list, check_external_id, identifiers, one_identifier
from cdframe.resources import assets, events, files, sequences, time_series
from cdframe.resources.rows import IterableRowsAPI, Resource, check_flag, check_limit, in_parts
from cdframe.resources.updates import NullRule
from cdframe.schemas import TEXT_LIST, TIMESTAMP, Column, Schema, structs
from cdframe.types import Frame, IntoFrame, ProgressOption

TYPES = ("asset", "timeSeries", "file", "event", "sequence")
"""What can be related, as the API names it."""

_NAMES = {name.casefold(): name for name in TYPES} | {"time_series": "timeSeries", "filemetadata": "file"}

_RELATED = (assets.SCHEMA, events.SCHEMA, time_series.SCHEMA, files.SCHEMA, sequences.SCHEMA)


def related(name: str) -> Column:
    """A column of whole resources, which has the fields of all families that can be related."""
    fields = {column.name: column for schema in reversed(_RELATED) for column in schema.columns}
    names = dict.fromkeys(name for schema in _RELATED for name in schema.names)
    return structs(name, *(fields[field] for field in names), create=False)


def type_name(value: Any, name: str) -> str:
    """Give a type as the API names it, from its name in any case, such as ``"Asset"`` or ``"FileMetadata"``.

    Raises:
        TypeError: not a text.
        ValueError: not a type that can be related.
    """
    found = _NAMES.get(check_external_id(value, name).casefold())
    if found is None:
        raise ValueError(f"{name}={value!r} cannot be related.{nearest(value, TYPES)} Accepted: {', '.join(TYPES)}.")
    return found


def _types(name: str, value: Any) -> list[str]:
    return [type_name(item, name) for item in as_list(value)]


SCHEMA = Schema(
    "relationships",
    (
        Column("external_id", pa.string()),
        Column("source_external_id", pa.string(), update="set"),
        Column("source_type", pa.string(), update="set"),
        related("source"),
        Column("target_external_id", pa.string(), update="set"),
        Column("target_type", pa.string(), update="set"),
        related("target"),
        Column("start_time", TIMESTAMP, update="set_null"),
        Column("end_time", TIMESTAMP, update="set_null"),
        Column("confidence", pa.float64(), update="set_null"),
        Column("data_set_id", pa.int64(), update="set_null"),
        Column("labels", TEXT_LIST, update="array", form="external_ids"),
        Column("created_time", TIMESTAMP, create=False),
        Column("last_updated_time", TIMESTAMP, create=False),
    ),
)

RESOURCE = Resource(
    path="/relationships",
    schema=SCHEMA,
    filters={
        "source_external_ids": "texts",
        "source_types": _types,
        "target_external_ids": "texts",
        "target_types": _types,
        "data_set_ids": "identifiers",
        "data_set_external_ids": "identifiers",
        "start_time": "range",
        "end_time": "range",
        "confidence": "numbers",
        "last_updated_time": "range",
        "created_time": "range",
        "active_at_time": "range",
        "labels": "labels",
    },
)

MOST_ENDS = 1000
"""The most sources, and the most targets, that a list can be filtered by."""


class RelationshipsAPI(IterableRowsAPI):
    """`client.relationships`: find, create, change and delete relationships.

    Frames have the columns `external_id`, `source_external_id`, `source_type` (texts), `source` (struct, filled with
    ``fetch_resources=True``), `target_external_id`, `target_type` (texts), `target` (struct), `start_time`, `end_time`
    (ms, UTC), `confidence` (float64), `data_set_id` (int64), `labels` (list of external ids), `created_time` and
    `last_updated_time` (ms, UTC).

    Types are `asset`, `timeSeries`, `file`, `event` and `sequence`, given in any case; ``"FileMetadata"`` is a file.

    Examples:
        >>> flow = {"external_id": "flow_1", "source_external_id": "a", "source_type": "asset"}
        >>> flow |= {"target_external_id": "e", "target_type": "event", "confidence": 0.1}
        >>> client.relationships.create(flow).shape
        (1, 14)
        >>> [row["confidence"] for row in client.relationships]
        [0.1]
    """

    resource = RESOURCE

    def __call__(self, chunk_size: int | None = None, **filters: Any) -> Iterator[Any]:
        """Iterate over all relationships; see `IterableRowsAPI.__call__`.

        Raises:
            ValueError: more sources or targets than one list can be filtered by.
        """
        for name in ("source_external_ids", "target_external_ids"):
            if len(as_list(filters.get(name))) > MOST_ENDS:
                raise ValueError(f"{name} has more than {MOST_ENDS}, which iteration does not take. Hint: use list.")
        return super().__call__(chunk_size, **filters)

    def retrieve(self, external_id: str, fetch_resources: bool = False) -> Frame:
        """Fetch one relationship by its external id.

        Args:
            external_id: of the relationship.
            fetch_resources: fetch what it relates, too, into `source` and `target`.

        Returns:
            A frame with one row, or with none when it does not exist.

        Examples:
            >>> client.relationships.retrieve("nowhere").height
            0
        """
        fetch = check_flag("fetch_resources", fetch_resources)
        return self._byids(one_identifier(None, external_id), ignore_unknown_ids=True, fetchResources=fetch)

    def retrieve_multiple(
        self, external_ids: Any, fetch_resources: bool = False, *, ignore_unknown_ids: bool = False
    ) -> Frame:
        """Fetch relationships by external ids (a list, an array or a column).

        Args:
            external_ids: of the relationships.
            fetch_resources: fetch what they relate, too, into `source` and `target`.
            ignore_unknown_ids: pass over what does not exist.

        Returns:
            A frame with a row for each, in the order given.

        Raises:
            CogniteNotFoundError: some do not exist and `ignore_unknown_ids` is False; names all of them.

        Examples:
            >>> client.relationships.retrieve_multiple(["abc", "def"], ignore_unknown_ids=True).height
            0
        """
        return self._byids(
            identifiers(None, external_ids, external_id_name="external_ids"),
            check_flag("ignore_unknown_ids", ignore_unknown_ids),
            fetchResources=check_flag("fetch_resources", fetch_resources),
        )

    def list(
        self,
        source_external_ids: Any = None,
        source_types: Any = None,
        target_external_ids: Any = None,
        target_types: Any = None,
        data_set_ids: Any = None,
        data_set_external_ids: Any = None,
        start_time: Mapping[str, Any] | None = None,
        end_time: Mapping[str, Any] | None = None,
        confidence: Mapping[str, float] | None = None,
        last_updated_time: Mapping[str, Any] | None = None,
        created_time: Mapping[str, Any] | None = None,
        active_at_time: Mapping[str, Any] | None = None,
        labels: Any = None,
        limit: float | None = 100,
        partitions: int | None = None,
        fetch_resources: bool = False,
        *,
        progress: ProgressOption = "auto",
    ) -> Frame:
        """List relationships that match all given filters.

        Args:
            source_external_ids, target_external_ids: from, or to, any of these; more than 1,000 need ``limit=None``.
            source_types, target_types: from, or to, resources of any of these types.
            data_set_ids, data_set_external_ids: in any of these data sets.
            start_time, end_time, created_time, last_updated_time: ranges ``{"min": ..., "max": ...}``, both ends
                included; times as ms, texts such as ``"2w-ago"``, or datetimes.
            confidence: such a range of numbers.
            active_at_time: a range of times that the relationship's own, from start to end, overlaps; one without start
                or end has been, or will be, there for ever.
            labels: carrying any of these labels (external ids), or a dict of `contains_any` and `contains_all`.
            limit: the most rows; None, -1 or inf for all.
            partitions: fetch in so many parallel streams; needs ``limit=None``.
            fetch_resources: fetch what they relate, too, into `source` and `target`.
            progress: "auto", True, False or a callback ``(done, total)``, for what is fetched in parallel: its parts.

        Raises:
            ValueError, TypeError: an argument that cannot be right.

        Examples:
            >>> client.relationships.list(limit=5, source_types="Asset").height
            0
        """
        filter = self._chosen(locals())
        more = {"fetchResources": check_flag("fetch_resources", fetch_resources)}
        sources, targets = _parts(filter, "sourceExternalIds"), _parts(filter, "targetExternalIds")
        if len(sources) == len(targets) == 1:
            return self._list(filter, limit, partitions, progress, more)
        if check_limit(limit) is not None:
            raise ValueError(f"More than {MOST_ENDS} source_external_ids or target_external_ids need limit=None.")
        filters = [{**filter, **source, **target} for source, target in product(sources, targets)]
        return self._frame_of(self._list_each(filters, limit, more))

    def create(self, relationship: IntoFrame, *, progress: ProgressOption = "auto") -> Frame:
        """Create relationships from a frame, a dict (one) or a list of dicts.

        What is related need not exist.

        Returns:
            A frame of what was created, in the order given.

        Raises:
            ValueError: an unknown column or type, or values of another kind; before anything is sent.
            CogniteDuplicatedError: an external id exists already.
            CogniteAPIError: some requests failed; `successful`, `unknown` and `failed` hold the input rows.

        Examples:
            >>> flow = {"external_id": "flow_1", "source_external_id": "a", "source_type": "asset"}
            >>> flow |= {"target_external_id": "e", "target_type": "event"}
            >>> client.relationships.create([flow, flow | {"external_id": "flow_2"}]).height
            2
        """
        return self._create(_with_type_names(relationship, "relationship"), progress)

    def update(self, item: IntoFrame, *, null: NullRule = "keep", progress: ProgressOption = "auto") -> Frame:
        """Change relationships, known by their `external_id`, from a frame, a dict (one) or a list of dicts.

        The other columns are set; `labels` replaces, ``labels.add`` and ``labels.remove`` add and remove.

        Args:
            item: the rows.
            null: "keep" keeps the old value where a row has a null, "clear" clears it.
            progress: "auto", True, False or a callback ``(done, total)``.

        Returns:
            A frame of the changed relationships, in the order given.

        Raises:
            ValueError: an unknown column or type, a row without external id; before anything is sent.
            CogniteNotFoundError: some do not exist.
            CogniteAPIError: some requests failed; `successful`, `unknown` and `failed` hold the input rows.

        Examples:
            >>> flow = {"external_id": "flow_1", "source_external_id": "a", "source_type": "asset"}
            >>> created = client.relationships.create(flow | {"target_external_id": "e", "target_type": "event"})
            >>> client.relationships.update({"external_id": "flow_1", "confidence": 0.75})["confidence"].to_list()
            [0.75]
        """
        return self._update(_with_type_names(item, "item"), null, progress)

    def delete(self, external_id: Any, ignore_unknown_ids: bool = False, *, progress: ProgressOption = "auto") -> None:
        """Delete relationships by external ids (single, lists, arrays or columns).

        Raises:
            CogniteNotFoundError: some do not exist and `ignore_unknown_ids` is False; names all of them.
            CogniteAPIError: some requests failed; `successful`, `unknown` and `failed` hold the identifiers.

        Examples:
            >>> client.relationships.delete(external_id=["a", "b"], ignore_unknown_ids=True)
        """
        self._delete(None, external_id, ignore_unknown_ids, progress)


def edges(table: pa.Table) -> pa.Table:
    """Turn relationships into an edge list: `source` and `target`, then what else is known of each edge."""
    names = {"source_external_id": "source", "target_external_id": "target"}
    for name in names:
        if name not in table.column_names:
            raise ValueError(f"edges needs a frame of relationships: there is no column {name!r}.")
    others = [name for name in table.column_names if name not in (*names, "source", "target")]
    return table.select([*names, *others]).rename_columns([*names.values(), *others])


def _with_type_names(data: IntoFrame, name: str) -> pa.Table:
    """Give the rows with types as the API names them."""
    table = to_arrow(data, name=name)
    frame = pl.DataFrame(table)
    for column in ("source_type", "target_type"):
        if column in frame.columns and frame.schema[column] != pl.Null:
            given = frame[column].unique().drop_nulls().to_list()
            named = frame[column].replace_strict(given, [type_name(value, column) for value in given], default=None)
            table = table.set_column(table.schema.get_field_index(column), column, named.cast(pl.String).to_arrow())
    return table


def _parts(filter: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """Cut the external ids in a filter into what a list can be filtered by; an empty part if none."""
    ids = pl.Series(filter.get(key), dtype=pl.String)
    return [{key: part} for part in in_parts(ids, MOST_ENDS)] or [{}]
