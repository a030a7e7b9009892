"""What all families of rows share, once: list, search, create, update, delete, and what is fetched by identity.

A family is a subclass that declares its `Resource` (path, schema, filters, limits) and gives the methods their
documented signatures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import polars as pl
import pyarrow as pa

from cdframe.conform import conform
from cdframe.errors import CogniteNotFoundError, merge_not_found, nearest
from cdframe.exchanges import Exchange, hold
from cdframe.filters import Kind, build_filter
from cdframe.forms import wire_frame
from cdframe.frames import from_polars, to_arrow
from cdframe.identifiers import identifiers
from cdframe.json_rows import Member, Rows, cut, identifier_objects, items_bodies, items_body, read_page, write_members
from cdframe.progress import progress_callback
from cdframe.resources.listing import BY_ID, PAGE, Listing, check_chunk_size, leaves_much, rechunk
from cdframe.resources.updates import NullRule, check_null_rule, update_columns, update_objects
from cdframe.schemas import Schema, camel_case
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
        order: the columns that lists are in the order of, nulls last, where whole lists may be read in partitions.
        most_created: the most rows that a request creates.
        most_asset_ids: the most assets whose rows a list can be filtered by.
        in_turn: whether requests that create go out one after the other, as the order of rows has a meaning.
    """

    path: str
    schema: Schema
    filters: Mapping[str, Kind]
    order: tuple[str, ...] = ()
    most_created: int = PAGE
    most_asset_ids: int = 100
    in_turn: bool = False

    @property
    def name(self) -> str:
        """The family's name in messages."""
        return self.schema.resource


class API:
    """One family's calls, on a session, with answers in one kind of frame."""

    def __init__(self, session: Session, frame: FrameKind) -> None:
        self._session = session
        self._frame = frame


class RowsAPI(API):
    """What families of rows have in common, whatever their rows are known by."""

    resource: ClassVar[Resource]

    def _list(
        self,
        filter: dict[str, Any],
        limit: float | None,
        partitions: int | None = None,
        progress: ProgressOption = "auto",
        more: Mapping[str, Any] | None = None,
    ) -> Frame:
        return self._frame_of(self._list_rows(filter, limit, partitions, progress, more))

    def _list_rows(
        self,
        filter: dict[str, Any],
        limit: float | None = None,
        partitions: int | None = None,
        progress: ProgressOption = "auto",
        more: Mapping[str, Any] | None = None,
    ) -> pl.DataFrame:
        """Fetch rows; all of them in `partitions`, or as is best: in one request if it brings all, else in parallel.

        `more` are further members of the requests. With a sort of its own a list is never read in partitions.
        """
        most = check_limit(limit)
        is_sorted = more is not None and "sort" in more
        if partitions is not None:
            if isinstance(partitions, bool) or not isinstance(partitions, int) or partitions < 1:
                raise ValueError(f"partitions={partitions!r} must be a whole number, 1 or more.")
            if most is not None:
                raise ValueError(f"partitions={partitions} needs limit=None (all rows), got limit={limit}.")
            if is_sorted:
                raise ValueError(f"partitions={partitions} and sort cannot be combined: give one of them.")
            return self._list_in_partitions(filter, partitions, progress, more)
        order = () if most is not None or is_sorted else self.resource.order
        parallel = min(MOST_PARTITIONS, self._session.config.max_workers)
        listing = Listing(self.resource.schema, filter, limit=most, more=more)
        rows = Rows(self.resource.schema)
        for number, page in enumerate(self._pages(listing), 1):
            rows.add(page)
            if listing.body and parallel > 1 and leaves_much(page, number, order):
                everything = self._list_in_partitions(filter, parallel, progress, more)
                return everything if order == BY_ID else everything.sort(order, nulls_last=True)
        return rows.frame()

    def _list_each(
        self, filters: Sequence[dict[str, Any]], limit: float | None, more: Mapping[str, Any] | None = None
    ) -> pl.DataFrame:
        """Fetch the rows that match any of several filters, each row once; side by side."""
        if len(filters) == 1:
            return self._list_rows(filters[0], limit, progress=False, more=more)
        most = check_limit(limit)
        listings = [Listing(self.resource.schema, filter, limit=most, more=more) for filter in filters]
        parts = hold(self._session, f"{self.resource.path}/list", [listing.exchange() for listing in listings])
        identity = self.resource.schema.names[0]
        rows = Rows(self.resource.schema, parts).frame()
        return rows.unique(identity, keep="first", maintain_order=True).head(rows.height if most is None else most)

    def _list_in_partitions(
        self, filter: dict[str, Any], count: int, progress: ProgressOption, more: Mapping[str, Any] | None
    ) -> pl.DataFrame:
        schema = self.resource.schema
        listings = [Listing(schema, filter, partition=f"{number}/{count}", more=more) for number in range(1, count + 1)]
        with progress_callback(progress, f"Listing {self.resource.name}", "partitions") as callback:
            parts = hold(
                self._session, f"{self.resource.path}/list", [listing.exchange() for listing in listings], callback
            )
        return Rows(schema, parts).frame()

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

    def _create(self, data: IntoFrame, progress: ProgressOption) -> Frame:
        rows = to_arrow(data, name=self.resource.name.replace(" ", "_"))
        doing = f"Creating {self.resource.name}"
        most, in_turn = self.resource.most_created, self.resource.in_turn
        return self._write(self.resource.path, rows, self._objects(rows), doing, progress, most, in_turn)

    def _objects(self, rows: pa.Table) -> pl.Series:
        """Write each row as the object that creates it."""
        schema = self.resource.schema
        conformed = wire_frame(conform(rows, schema.by_name, schema.resource), schema.by_name)
        members = [
            Member(column.name, f'"{camel_case(column.name)}":{{}}', json=column.form == "json")
            for column in schema.columns
            if column.create and column.name in conformed.columns
        ]
        return "{" + write_members(conformed, members) + "}" if members else pl.repeat("{}", len(rows), eager=True)

    def _update(self, data: IntoFrame, null: NullRule, progress: ProgressOption) -> Frame:
        schema = self.resource.schema
        check_null_rule(null)
        rows = to_arrow(data, name="item")
        conformed = conform(rows, update_columns(schema), schema.resource)
        objects = update_objects(conformed, schema, null)
        return self._write(f"{self.resource.path}/update", rows, objects, f"Updating {self.resource.name}", progress)

    def _delete(
        self,
        id: Any,
        external_id: Any,
        ignore_unknown_ids: bool = False,
        progress: ProgressOption = "auto",
        **more: bool,
    ) -> None:
        """Delete by ids and external ids; `more` are further members of the requests."""
        rows = identifiers(id, external_id)
        if check_flag("ignore_unknown_ids", ignore_unknown_ids):
            more["ignoreUnknownIds"] = True
        path = f"{self.resource.path}/delete"

        def send(body: bytes) -> None:
            self._session.request("POST", path, json=body)

        self._send_chunks(rows, identifier_objects(rows), send, f"Deleting {self.resource.name}", progress, more=more)

    def _chosen(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Build the filter from the arguments of a call, which have the names of the filters."""
        return build_filter(self.resource.filters, {name: arguments[name] for name in self.resource.filters})

    def _filter(self, filter: Mapping[str, Any] | None) -> dict[str, Any]:
        if filter is not None and not isinstance(filter, Mapping):
            raise TypeError(f"filter must be a dict, got {type(filter).__name__}.")
        return build_filter(self.resource.filters, filter or {})

    def _byids(self, wanted: pa.Table, ignore_unknown_ids: bool, **more: Any) -> Frame:
        return self._frame_of(self._rows_byids(wanted, ignore_unknown_ids, **more))

    def _rows_byids(self, wanted: pa.Table, ignore_unknown_ids: bool, **more: Any) -> pl.DataFrame:
        def exchange(body: bytes) -> Exchange[pl.DataFrame | CogniteNotFoundError]:
            try:
                return self._read((yield body))
            except CogniteNotFoundError as error:
                return error

        if ignore_unknown_ids:
            more["ignoreUnknownIds"] = True
        bodies = items_bodies(identifier_objects(wanted), PAGE, **more)
        found = hold(self._session, f"{self.resource.path}/byids", [exchange(body) for body in bodies])
        if errors := [one for one in found if isinstance(one, CogniteNotFoundError)]:
            raise merge_not_found(errors)
        return Rows(self.resource.schema, (one for one in found if isinstance(one, pl.DataFrame))).frame()

    def _write(
        self,
        path: str,
        rows: pa.Table,
        objects: pl.Series,
        doing: str,
        progress: ProgressOption,
        most: int = PAGE,
        in_turn: bool = False,
    ) -> Frame:
        def send(body: bytes) -> pl.DataFrame:
            return self._read(self._session.request("POST", path, json=body).content)

        return self._joined(self._send_chunks(rows, objects, send, doing, progress, most, in_turn))

    def _send_chunks(
        self,
        rows: pa.Table,
        objects: pl.Series,
        send: Callable[[bytes], Any],
        doing: str,
        progress: ProgressOption,
        most: int = PAGE,
        in_turn: bool = False,
        more: Mapping[str, bool] | None = None,
    ) -> list[Any]:
        writes = [
            Write(
                rows.slice(run.start, run.stop - run.start),
                partial(_send_chunk, send, objects[run], more or {}),
                after=range(number)[-1:] if in_turn else (),
            )
            for number, run in enumerate(cut(objects, most))
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

    def _joined(self, pages: Iterable[pl.DataFrame]) -> Frame:
        return self._frame_of(Rows(self.resource.schema, pages).frame())

    def _frame_of(self, rows: pl.DataFrame) -> Frame:
        return from_polars(rows, self.resource.schema.arrow, self._frame)


class IterableRowsAPI(RowsAPI):
    """Families whose rows can be listed as a whole."""

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Iterate over all rows, as dicts; pages are fetched as they are needed."""
        return self._rows({})

    def __call__(self, chunk_size: int | None = None, **filters: Any) -> Iterator[Any]:
        """Iterate over all rows: as dicts, or with `chunk_size` as frames of so many rows.

        Pages are fetched as they are asked for.

        Args:
            chunk_size: the rows of a frame; the last one has what is left.
            filters: those of `list`, by the same names.

        Raises:
            ValueError: `chunk_size` is below 1.
            TypeError: a filter is not known.
        """
        for name in filters:
            if name not in self.resource.filters:
                known = ["chunk_size", *self.resource.filters]
                raise TypeError(f"Unknown argument {name!r}.{nearest(name, known)} Accepted: {', '.join(known)}.")
        filter = self._filter(filters)
        if chunk_size is None:
            return self._rows(filter)
        page = min(check_chunk_size(chunk_size), PAGE)
        return map(self._frame_of, rechunk(self._pages(Listing(self.resource.schema, filter, page=page)), chunk_size))

    def _rows(self, filter: dict[str, Any]) -> Iterator[dict[str, Any]]:
        for page in self._pages(Listing(self.resource.schema, filter)):
            table = from_polars(page, self.resource.schema.arrow, "pyarrow")
            yield from table.to_pylist(maps_as_pydicts="strict")


def in_parts(values: pl.Series, most: int) -> list[list[Any]]:
    """Cut values into lists of so many, each value once."""
    distinct = values.unique(maintain_order=True)
    return [distinct[at : at + most].to_list() for at in range(0, len(distinct), most)]


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


def _send_chunk(send: Callable[[bytes], Any], objects: pl.Series, more: Mapping[str, bool]) -> Any:
    return send(items_body(objects, **more))
