"""What all resource families share: retrieve, list, search, create, update and delete, once.

A family is a subclass that declares its `Resource` (path, schema, filters) and gives the methods their documented
signatures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice
from typing import Any, ClassVar

import polars as pl
import pyarrow as pa

from cdframe.errors import CogniteNotFoundError, merge_not_found
from cdframe.exchanges import Exchange, hold
from cdframe.filters import Kind, build_filter
from cdframe.frames import from_arrow, from_polars, to_arrow
from cdframe.identifiers import identifiers, one_identifier
from cdframe.json_rows import Member, Rows, identifier_objects, items_bodies, items_body, read_page, write_members
from cdframe.progress import progress_callback
from cdframe.resources.listing import PAGE, Listing, spans_little
from cdframe.resources.updates import NullRule, check_null_rule, update_columns, update_objects
from cdframe.schemas import Schema, camel_case, conform
from cdframe.session import Session
from cdframe.types import Frame, FrameKind, IntoFrame, ProgressOption
from cdframe.writes import Write

MOST_PARTITIONS = 10
"""The most parts that all servers take."""


@dataclass(frozen=True)
class Resource:
    """What the base needs to know of a family.

    Attributes:
        path: relative to the project.
        schema: of its frames.
        filters: what lists can be filtered by.
        by_id: whether lists are in the order of ids: partitions, one behind the other, are then the list.
    """

    path: str
    schema: Schema
    filters: Mapping[str, Kind]
    by_id: bool = False

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
        return self._rows({})

    def _chunks(self, chunk_size: int | None, filter: dict[str, Any]) -> Iterator[Any]:
        """Iterate over rows (no `chunk_size`) or over frames of `chunk_size` rows, the last one of what is left."""
        if chunk_size is None:
            return self._rows(filter)
        if isinstance(chunk_size, bool) or not isinstance(chunk_size, int) or chunk_size < 1:
            raise ValueError(f"chunk_size={chunk_size!r} must be a whole number, 1 or more.")
        pages = self._pages(Listing(self.resource.schema, filter, page=min(chunk_size, PAGE)))
        return map(self._frame_of, self._rechunk(pages, chunk_size))

    def _rows(self, filter: dict[str, Any]) -> Iterator[dict[str, Any]]:
        for page in self._pages(Listing(self.resource.schema, filter)):
            table = from_polars(page, self.resource.schema.arrow, "pyarrow")
            yield from table.to_pylist(maps_as_pydicts="strict")

    def _retrieve(self, id: int | None, external_id: str | None) -> Frame:
        return self._byids(one_identifier(id, external_id), ignore_unknown_ids=True)

    def _retrieve_multiple(self, ids: Any, external_ids: Any, ignore_unknown_ids: bool) -> Frame:
        wanted = identifiers(ids, external_ids, id_name="ids", external_id_name="external_ids")
        return self._byids(wanted, check_flag("ignore_unknown_ids", ignore_unknown_ids))

    def _list(
        self,
        filter: dict[str, Any],
        limit: float | None,
        partitions: int | None = None,
        progress: ProgressOption = "auto",
    ) -> Frame:
        """Fetch rows; all of them in `partitions`, or as is best: in one request if it brings all, else in parallel."""
        most = check_limit(limit)
        if partitions is not None:
            if isinstance(partitions, bool) or not isinstance(partitions, int) or partitions < 1:
                raise ValueError(f"partitions={partitions!r} must be a whole number, 1 or more.")
            if most is not None:
                raise ValueError(f"partitions={partitions} needs limit=None (all rows), got limit={limit}.")
            return self._list_in_partitions(filter, partitions, progress)
        listing = Listing(self.resource.schema, filter, limit=most)
        pages = self._pages(listing)
        first = list(islice(pages, 1))  # none for limit=0
        parallel = min(MOST_PARTITIONS, self._session.config.max_workers)
        if most is None and listing.body and self.resource.by_id and parallel > 1 and spans_little(first[0]):
            return self._list_in_partitions(filter, parallel, progress)
        return self._joined(chain(first, pages))

    def _list_in_partitions(self, filter: dict[str, Any], count: int, progress: ProgressOption) -> Frame:
        schema = self.resource.schema
        listings = [Listing(schema, filter, partition=f"{number}/{count}") for number in range(1, count + 1)]
        with progress_callback(progress, f"Listing {self.resource.name}", "partitions") as callback:
            parts = hold(
                self._session, f"{self.resource.path}/list", [listing.exchange() for listing in listings], callback
            )
        return self._joined(parts)

    def _search(self, search: Mapping[str, str | None], filter: Mapping[str, Any] | None, limit: float | None) -> Frame:
        most = check_limit(limit)
        if most == 0:
            return self._joined([])
        if most is None or most > PAGE:
            raise ValueError(f"limit={limit!r}: a search gives 1 to {PAGE} rows.")
        for name, text in search.items():
            if text is not None and not isinstance(text, str):
                raise TypeError(f"{name} must be a text, got {type(text).__name__}.")
        payload: dict[str, Any] = {"limit": most, "filter": self._filter(filter)}
        if words := {name: text for name, text in search.items() if text is not None}:
            payload["search"] = words
        body = self._session.request("POST", f"{self.resource.path}/search", json=payload).content
        return self._joined([self._read(body)])

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
            identifier_objects(rows),
            send,
            f"Deleting {self.resource.name}",
            progress,
            ignoreUnknownIds=flag,
        )

    def _filter(self, filter: Mapping[str, Any] | None) -> dict[str, Any]:
        if filter is not None and not isinstance(filter, Mapping):
            raise TypeError(f"filter must be a dict, got {type(filter).__name__}.")
        return build_filter(self.resource.filters, filter or {})

    def _byids(self, wanted: pa.Table, ignore_unknown_ids: bool) -> Frame:
        def exchange(body: bytes) -> Exchange[pl.DataFrame | CogniteNotFoundError]:
            try:
                return self._read((yield body))
            except CogniteNotFoundError as error:
                return error

        bodies = items_bodies(identifier_objects(wanted), PAGE, ignoreUnknownIds=ignore_unknown_ids)
        found = hold(self._session, f"{self.resource.path}/byids", [exchange(body) for body in bodies])
        if errors := [one for one in found if isinstance(one, CogniteNotFoundError)]:
            raise merge_not_found(errors)
        return self._joined(one for one in found if isinstance(one, pl.DataFrame))

    def _write(self, path: str, rows: pa.Table, objects: pl.Series, doing: str, progress: ProgressOption) -> Frame:
        def send(body: bytes) -> pl.DataFrame:
            return self._read(self._session.request("POST", path, json=body).content)

        return self._joined(self._send_chunks(rows, objects, send, doing, progress))

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

    def _pages(self, listing: Listing) -> Iterator[pl.DataFrame]:
        """Fetch page after page, as they are asked for."""
        while listing.body is not None:
            answer = self._session.request("POST", f"{self.resource.path}/list", json=listing.body).content
            yield listing.read(answer)

    def _read(self, answer: bytes) -> pl.DataFrame:
        return read_page(answer, self.resource.schema)[0]

    def _rechunk(self, pages: Iterator[pl.DataFrame], size: int) -> Iterator[pl.DataFrame]:
        held: list[pl.DataFrame] = []
        rows = 0
        for page in pages:
            held.append(page)
            rows += page.height
            while rows >= size:
                joined = pl.concat(held, rechunk=True)
                yield joined.head(size)
                held, rows = [joined.slice(size)], rows - size
        if rows:
            yield pl.concat(held, rechunk=True)

    def _joined(self, pages: Iterable[pl.DataFrame]) -> Frame:
        return self._frame_of(Rows(self.resource.schema, pages).frame())

    def _frame_of(self, rows: pl.DataFrame) -> Frame:
        return from_polars(rows, self.resource.schema.arrow, self._frame)


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


def _send_chunk(send: Callable[[bytes], Any], objects: pl.Series, more: dict[str, bool]) -> Any:
    return send(items_body(objects, **more))
