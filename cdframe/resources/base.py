"""What all resource families share: retrieve, list, search, create, update and delete, once.

A family is a subclass that declares its `Resource` (path, schema, filters) and gives the methods their documented
signatures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any, ClassVar

import polars as pl
import pyarrow as pa

from cdframe.filters import Kind, build_filter
from cdframe.frames import from_arrow, to_arrow
from cdframe.identifiers import identifiers, one_identifier
from cdframe.json_rows import Member, items_body, read_page, write_members
from cdframe.progress import progress_callback
from cdframe.resources.updates import NullRule, check_null_rule, update_columns, update_objects
from cdframe.schemas import Schema, camel_case, conform
from cdframe.session import Session
from cdframe.types import Frame, FrameKind, IntoFrame, ProgressOption
from cdframe.writes import Write

PAGE = 1000
"""The most rows in a page, and the most items in a request."""


@dataclass(frozen=True)
class Resource:
    """What the base needs to know of a family."""

    path: str
    schema: Schema
    filters: Mapping[str, Kind]

    @property
    def name(self) -> str:
        """The family's name in messages."""
        return self.schema.resource


class API:
    """One family's calls, on a session, with answers in one kind of frame."""

    def __init__(self, session: Session, frame: FrameKind) -> None:
        self._session = session
        self._frame = frame


class ResourceAPI(API):
    """The calls that families of rows with ids have in common."""

    resource: ClassVar[Resource]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Iterate over all rows, as dicts; pages are fetched as they are needed."""
        for page in self._pages({}, None):
            yield from page.to_pylist(maps_as_pydicts="strict")

    def _chunks(self, chunk_size: int | None, filter: dict[str, Any]) -> Iterator[Any]:
        """Iterate over rows (no `chunk_size`) or over frames of `chunk_size` rows, the last one of what is left."""
        if chunk_size is None:
            pages = self._pages(filter, None)
            return chain.from_iterable(page.to_pylist(maps_as_pydicts="strict") for page in pages)
        if isinstance(chunk_size, bool) or not isinstance(chunk_size, int) or chunk_size < 1:
            raise ValueError(f"chunk_size={chunk_size!r} must be a whole number, 1 or more.")
        tables = self._rechunk(self._pages(filter, None, min(chunk_size, PAGE)), chunk_size)
        return (from_arrow(table, self._frame) for table in tables)

    def _retrieve(self, id: int | None, external_id: str | None) -> Frame:
        return from_arrow(self._byids(one_identifier(id, external_id), ignore_unknown_ids=True), self._frame)

    def _retrieve_multiple(self, ids: Any, external_ids: Any, ignore_unknown_ids: bool) -> Frame:
        wanted = identifiers(ids, external_ids, id_name="ids", external_id_name="external_ids")
        return from_arrow(self._byids(wanted, check_flag("ignore_unknown_ids", ignore_unknown_ids)), self._frame)

    def _list(
        self,
        filter: dict[str, Any],
        limit: float | None,
        partitions: int | None = None,
        progress: ProgressOption = "auto",
    ) -> Frame:
        most = check_limit(limit)
        if partitions is None:
            return from_arrow(self._concat(self._pages(filter, most)), self._frame)
        if isinstance(partitions, bool) or not isinstance(partitions, int) or partitions < 1:
            raise ValueError(f"partitions={partitions!r} must be a whole number, 1 or more.")
        if most is not None:
            raise ValueError(f"partitions={partitions} needs limit=None (all rows), got limit={limit}.")

        def fetch(number: int) -> pa.Table:
            return self._concat(self._pages(filter, None, partition=f"{number}/{partitions}"))

        with progress_callback(progress, f"Listing {self.resource.name}", "partitions") as callback:
            parts = self._session.run([partial(fetch, n) for n in range(1, partitions + 1)], callback)
        return from_arrow(self._concat(parts), self._frame)

    def _search(self, search: Mapping[str, str | None], filter: Mapping[str, Any] | None, limit: float | None) -> Frame:
        most = check_limit(limit)
        if most == 0:
            return from_arrow(self.resource.schema.empty(), self._frame)
        if most is None or most > PAGE:
            raise ValueError(f"limit={limit!r}: a search gives 1 to {PAGE} rows.")
        for name, text in search.items():
            if text is not None and not isinstance(text, str):
                raise TypeError(f"{name} must be a text, got {type(text).__name__}.")
        payload: dict[str, Any] = {"limit": most, "filter": self._filter(filter)}
        if words := {name: text for name, text in search.items() if text is not None}:
            payload["search"] = words
        body = self._session.request("POST", f"{self.resource.path}/search", json=payload).content
        return from_arrow(read_page(body, self.resource.schema)[0], self._frame)

    def _aggregate(self, filter: Mapping[str, Any] | None) -> Frame:
        payload = {"filter": self._filter(filter)}
        answer = self._session.request("POST", f"{self.resource.path}/aggregate", json=payload).json()
        return from_arrow(
            pa.table({"count": pa.array([item["count"] for item in answer["items"]], pa.int64())}),
            self._frame,
        )

    def _create(self, data: IntoFrame, progress: ProgressOption) -> Frame:
        schema = self.resource.schema
        rows = to_arrow(data, name=schema.resource.replace(" ", "_"))
        conformed = conform(rows, {column.name: column.type for column in schema.columns}, schema.resource)
        members = [
            Member(column.name, f'"{camel_case(column.name)}":{{}}')
            for column in schema.columns
            if column.create and column.name in conformed.column_names
        ]
        objects = "{" + write_members(conformed, members) + "}"
        return self._write(self.resource.path, rows, objects, f"Creating {self.resource.name}", progress)

    def _update(self, data: IntoFrame, null: NullRule, progress: ProgressOption) -> Frame:
        schema = self.resource.schema
        check_null_rule(null)
        rows = to_arrow(data, name="item")
        conformed = conform(rows, update_columns(schema), schema.resource)
        objects = update_objects(conformed, schema, null)
        return self._write(f"{self.resource.path}/update", rows, objects, f"Updating {self.resource.name}", progress)

    def _delete(self, id: Any, external_id: Any, ignore_unknown_ids: bool, progress: ProgressOption) -> None:
        rows = identifiers(id, external_id)
        flag = check_flag("ignore_unknown_ids", ignore_unknown_ids)
        path = f"{self.resource.path}/delete"

        def send(body: bytes) -> None:
            self._session.request("POST", path, json=body)

        self._send_chunks(
            rows,
            _identifier_objects(rows),
            send,
            f"Deleting {self.resource.name}",
            progress,
            ignoreUnknownIds=flag,
        )

    def _filter(self, filter: Mapping[str, Any] | None) -> dict[str, Any]:
        if filter is not None and not isinstance(filter, Mapping):
            raise TypeError(f"filter must be a dict, got {type(filter).__name__}.")
        return build_filter(self.resource.filters, filter or {})

    def _byids(self, wanted: pa.Table, ignore_unknown_ids: bool) -> pa.Table:
        path = f"{self.resource.path}/byids"
        objects = _identifier_objects(wanted)

        def fetch(chunk: pl.Series) -> pa.Table:
            body = items_body(chunk, ignoreUnknownIds=ignore_unknown_ids)
            return read_page(self._session.request("POST", path, json=body).content, self.resource.schema)[0]

        starts = range(0, wanted.num_rows, PAGE)
        return self._concat(self._session.run([partial(fetch, objects.slice(at, PAGE)) for at in starts]))

    def _write(self, path: str, rows: pa.Table, objects: pl.Series, doing: str, progress: ProgressOption) -> Frame:
        def send(body: bytes) -> pa.Table:
            return read_page(self._session.request("POST", path, json=body).content, self.resource.schema)[0]

        return from_arrow(self._concat(self._send_chunks(rows, objects, send, doing, progress)), self._frame)

    def _send_chunks(
        self,
        rows: pa.Table,
        objects: pl.Series,
        send: Callable[[bytes], Any],
        doing: str,
        progress: ProgressOption,
        **more: bool,
    ) -> list[Any]:
        writes = [
            Write(rows.slice(at, PAGE), partial(_send_chunk, send, objects.slice(at, PAGE), more))
            for at in range(0, rows.num_rows, PAGE)
        ]
        with progress_callback(progress, doing, "requests") as callback:
            return self._session.write(writes, self._frame, callback)

    def _pages(
        self,
        filter: dict[str, Any],
        limit: int | None,
        page: int = PAGE,
        partition: str | None = None,
    ) -> Iterator[pa.Table]:
        """Fetch page after page until the end or until `limit` rows."""
        left = limit
        payload: dict[str, Any] = {"filter": filter}
        if partition is not None:
            payload["partition"] = partition
        while left is None or left > 0:
            payload["limit"] = page if left is None else min(page, left)
            body = self._session.request("POST", f"{self.resource.path}/list", json=payload).content
            table, cursor = read_page(body, self.resource.schema)
            if left is not None:
                table = table.slice(0, left)
                left -= table.num_rows
            yield table
            if cursor is None:
                return
            payload["cursor"] = cursor

    def _rechunk(self, pages: Iterator[pa.Table], size: int) -> Iterator[pa.Table]:
        held: list[pa.Table] = []
        rows = 0
        for page in pages:
            held.append(page)
            rows += page.num_rows
            while rows >= size:
                table = self._concat(held)
                yield table.slice(0, size)
                held, rows = [table.slice(size)], rows - size
        if rows:
            yield self._concat(held)

    def _concat(self, tables: Any) -> pa.Table:
        return pa.concat_tables([self.resource.schema.empty(), *tables]).combine_chunks()


def check_limit(limit: Any) -> int | None:
    """Turn a limit into a number of rows, or None for all (given as None, -1 or infinity).

    Raises:
        TypeError, ValueError: anything else.
    """
    if limit is None or limit == -1 or limit == float("inf"):
        return None
    if isinstance(limit, bool) or not isinstance(limit, (int, float)):
        raise TypeError(f"limit must be an int, None, -1 or inf, got {type(limit).__name__}.")
    if limit < 0 or limit != int(limit):
        raise ValueError(f"limit={limit!r} must be a whole number, 0 or more (None, -1 or inf: all).")
    return int(limit)


def check_flag(name: str, value: Any) -> bool:
    """Check that an argument is True or False."""
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be True or False, got {type(value).__name__}.")
    return value


def _identifier_objects(table: pa.Table) -> pl.Series:
    members = [Member("id", '"id":{}'), Member("external_id", '"externalId":{}')]
    return "{" + write_members(table, members) + "}"


def _send_chunk(send: Callable[[bytes], Any], objects: pl.Series, more: dict[str, bool]) -> Any:
    return send(items_body(objects, **more))
