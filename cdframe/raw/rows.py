"""`client.raw.rows`: rows of tables, which are any JSON under a key, as frames."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias, TypeVar

import numpy as np
import polars as pl
import pyarrow as pa

from cdframe.errors import CogniteAPIError
from cdframe.json_rows import Member, cut, items_body, write_members
from cdframe.progress import progress_callback
from cdframe.raw.columns import RowSchema, as_frame, check_schema, joined_pages, typed
from cdframe.raw.encode import encode_rows, keys_of
from cdframe.raw.pages import read_rows
from cdframe.raw.paths import ensuring_parent, segment, table_path
from cdframe.raw.plain import Page, PageReader, typed_rows
from cdframe.resources.listing import check_chunk_size, pages_by_cursor, rechunk
from cdframe.resources.rows import API, check_flag, check_limit
from cdframe.timestamps import now_ms, to_ms
from cdframe.types import Frame, IntoFrame, ProgressOption, Timestamp
from cdframe.writes import Write

PAGE = 10_000
"""The most rows in a page."""
MOST_INSERTED, MOST_DELETED = 5_000, 1_000
"""The most rows in a request."""

AnyPage = TypeVar("AnyPage", pl.DataFrame, Page)
Read: TypeAlias = Callable[[bytes], tuple[AnyPage, str | None]]
"""Reads a page of rows, and the next cursor."""

_NAMES = ("db_name", "table_name")


@dataclass(frozen=True, slots=True)
class _Reading:
    """What of a table to read: the parameters of its requests, and the types of its columns."""

    path: str
    shape: Mapping[str, str]
    times: Mapping[str, int]
    schema: Mapping[str, pl.DataType]


class RawRowsAPI(API):
    """`client.raw.rows`: read, insert and delete rows of tables.

    Frames have the column `key` (text), the columns of the JSON objects, and `last_updated_time` (ms, UTC). The type of
    a column is that of all its values: bool, int64, double, or text; a column of other JSON (lists, objects, values of
    several kinds, integers beyond int64) is text that holds JSON. Rows without a value have a null there. JSON columns
    named `key` or `last_updated_time` are `columns.key` and `columns.last_updated_time` in frames.

    Examples:
        >>> client.raw.rows.insert("db", "t", {"r1": {"a": 1}, "r2": {"a": 2.5, "b": [1]}}, ensure_parent=True)
        >>> client.raw.rows.list("db", "t").select("key", "a", "b").rows()
        [('r1', 1.0, None), ('r2', 2.5, '[1]')]
        >>> [row["key"] for row in client.raw.rows("db", "t", columns=["a"])]
        ['r1', 'r2']
        >>> for frame in client.raw.rows("db", "t", chunk_size=2500, columns=[]):
        ...     print(frame.columns)
        ['key', 'last_updated_time']
    """

    def __call__(
        self,
        db_name: str,
        table_name: str,
        chunk_size: int | None = None,
        min_last_updated_time: Timestamp | None = None,
        max_last_updated_time: Timestamp | None = None,
        columns: Sequence[str] | None = None,
        limit: float | None = None,
        *,
        schema: RowSchema | None = None,
    ) -> Iterator[Any]:
        """Iterate over rows: as dicts, or with `chunk_size` as frames of so many rows; pages are fetched as asked for.

        Types are those of the values in each frame, so that another frame may have others: where that matters, give a
        `schema`. The other arguments are those of `list`.

        Raises:
            ValueError, TypeError: an argument that cannot be right.
            CogniteNotFoundError: there is no such table.
        """
        reading = _reading(db_name, table_name, min_last_updated_time, max_last_updated_time, columns, schema)
        pages = self._pages(reading, check_limit(limit), read_rows)
        if chunk_size is not None:
            return (self._typed([texts], reading) for texts in rechunk(pages, check_chunk_size(chunk_size)))
        return (row for texts in pages for row in typed(texts, reading.schema).iter_rows(named=True))

    def retrieve(self, db_name: str, table_name: str, key: str, *, schema: RowSchema | None = None) -> Frame:
        """Fetch one row by its key.

        Returns:
            A frame with one row, or with none when there is no such key.

        Raises:
            CogniteNotFoundError: there is no such table.
            ValueError, TypeError: an argument that cannot be right.

        Examples:
            >>> client.raw.rows.insert("db", "t", {"r1": {"a": 1}}, ensure_parent=True)
            >>> client.raw.rows.retrieve("db", "t", "r1")["a"].to_list()
            [1]
            >>> client.raw.rows.retrieve("db", "t", "r2").height
            0
        """
        reading = _reading(db_name, table_name, schema=schema)
        return self._typed(self._row(reading, key), reading)

    def list(
        self,
        db_name: str,
        table_name: str,
        min_last_updated_time: Timestamp | None = None,
        max_last_updated_time: Timestamp | None = None,
        columns: Sequence[str] | None = None,
        limit: float | None = 25,
        *,
        schema: RowSchema | None = None,
        progress: ProgressOption = "auto",
    ) -> Frame:
        """List rows of a table; all of them are fetched in parallel.

        Args:
            db_name, table_name: the table.
            min_last_updated_time: rows last updated after this time (ms since 1970, "2w-ago", a datetime).
            max_last_updated_time: rows last updated at this time or before.
            columns: names of columns; [] for keys only, None for all.
            limit: the most rows; None, -1 or inf for all.
            schema: types of columns (of Polars, Arrow or Python) by their names, or an Arrow or Polars schema, instead
                of those that the values have. Its columns come first, also where no row has any. Times are read from
                ms since 1970 and from ISO 8601 texts, lists and structs from JSON, and `str` takes all values as texts.
            progress: "auto", True, False or a callback ``(done, total)``.

        Raises:
            CogniteNotFoundError: there is no such table.
            ValueError: values that are not of the type that `schema` says.
            ValueError, TypeError: an argument that cannot be right.

        Examples:
            >>> rows = {"r1": {"a": 1, "at": "2024-01-01T12:00:00Z"}, "r2": {"a": "x", "b": True}}
            >>> client.raw.rows.insert("db", "t", rows, ensure_parent=True)
            >>> client.raw.rows.list("db", "t", columns=["a", "b"], limit=None).select("key", "a", "b").rows()
            [('r1', '1', None), ('r2', '"x"', True)]
            >>> client.raw.rows.list("db", "t", schema={"at": pl.Datetime("ms", "UTC"), "a": str})["a"].to_list()
            ['1', 'x']
        """
        reading = _reading(db_name, table_name, min_last_updated_time, max_last_updated_time, columns, schema)
        most = check_limit(limit)
        if reading.schema:
            return self._typed(self._fetch(reading, most, progress, read_rows), reading)
        return as_frame(typed_rows(self._fetch(reading, most, progress, PageReader())), self._frame)

    def insert(
        self,
        db_name: str,
        table_name: str,
        row: IntoFrame,
        ensure_parent: bool = False,
        *,
        key: str | None = None,
        keep_nulls: bool = False,
        json_columns: Sequence[str] = (),
        progress: ProgressOption = "auto",
    ) -> None:
        """Insert rows, which replace those with the same keys.

        Args:
            db_name, table_name: the table.
            row: a frame, ``{key: columns}``, or dicts: ``{"key": ..., "columns": {...}}``, or with the key among the
                columns. Of a pandas frame without a column for the keys, the index has them.
            ensure_parent: make the database and the table if they are not there.
            key: the column with the keys, by default `key`; ints are keys as their decimals.
            keep_nulls: write nulls (and NaN, and infinities, which JSON has no form for) as nulls. They are left out
                otherwise.
            json_columns: columns of texts that hold JSON, to be written as that.
            progress: "auto", True, False or a callback ``(done, total)``.

        Lists, structs and maps are written as JSON, times as ISO 8601 texts. A column `last_updated_time` is passed
        over.

        Raises:
            ValueError, TypeError: a key that is missing or there twice, values that JSON has no form for, or another
                argument that cannot be right; nothing has been sent.
            CogniteNotFoundError: there is no such table.
            CogniteAPIError: some requests failed; `successful`, `unknown` and `failed` hold the rows.

        Examples:
            >>> frame = pl.DataFrame({"key": ["r1", "r2"], "a": [1, None], "b": [[1, 2], []]})
            >>> client.raw.rows.insert("db", "t", frame, ensure_parent=True)
            >>> client.raw.rows.list("db", "t").select("key", "a", "b").rows()
            [('r1', 1, '[1,2]'), ('r2', None, '[]')]
        """
        path, params = f"{table_path(db_name, table_name)}/rows", ensuring_parent(ensure_parent)
        encoded = encode_rows(row, key, check_flag("keep_nulls", keep_nulls), json_columns)
        self._send(path, encoded.objects, encoded.rows, MOST_INSERTED, "Inserting rows", progress, params)

    def delete(self, db_name: str, table_name: str, key: Any, *, progress: ProgressOption = "auto") -> None:
        """Delete rows by their keys, a single one, a list, an array or a column.

        Keys that are not there are passed over.

        Raises:
            CogniteNotFoundError: there is no such table.
            CogniteAPIError: some requests failed; `successful`, `unknown` and `failed` hold the keys.

        Examples:
            >>> client.raw.rows.insert("db", "t", {"r1": {"a": 1}, "r2": {"a": 2}}, ensure_parent=True)
            >>> client.raw.rows.delete("db", "t", ["r1", "r3"])
            >>> client.raw.rows.list("db", "t")["key"].to_list()
            ['r2']
        """
        keys = keys_of(key).to_frame()
        objects = "{" + write_members(keys, [Member("key", '"key":{}')]) + "}"
        path = f"{table_path(db_name, table_name)}/rows/delete"
        self._send(path, objects, keys.to_arrow().slice, MOST_DELETED, "Deleting rows", progress)

    def _send(
        self,
        path: str,
        objects: pl.Series,
        rows: Callable[[int, int], pa.Table],
        most: int,
        doing: str,
        progress: ProgressOption,
        params: Mapping[str, str] | None = None,
    ) -> None:
        """Send the texts of objects, `most` in a request; `rows` gives a range of the rows that they are of."""

        def send(run: slice) -> None:
            self._session.request("POST", path, json=items_body(objects[run]), params=params)

        writes = [
            Write(partial(rows, run.start, run.stop - run.start), partial(send, run)) for run in cut(objects, most)
        ]
        with progress_callback(progress, doing, "requests") as callback:
            self._session.write(writes, self._frame, callback)

    def _of_tables(
        self,
        tables: Sequence[tuple[str, str]],
        key: str | None = None,
        limit: float | None = None,
        schema: RowSchema | None = None,
        progress: ProgressOption = "auto",
        **options: Any,
    ) -> Frame:
        """Fetch the rows of tables, or those with a key, with the names of their databases and tables."""
        most = check_limit(limit)
        found = []
        for db_name, table_name in tables:
            reading = _reading(db_name, table_name, schema=schema, **options)
            found.append(
                self._row(reading, key) if key is not None else self._fetch(reading, most, progress, read_rows)
            )
        heights = [sum(page.height for page in pages) for pages in found]
        names = pl.DataFrame(tables, schema=dict.fromkeys(_NAMES, pl.String), orient="row")
        names = names[np.repeat(np.arange(len(tables)), heights)]
        rows = typed(joined_pages([page for pages in found for page in pages]), check_schema(schema))
        rows = rows.rename({name: f"columns.{name}" for name in _NAMES if name in rows.columns})
        return as_frame(names.hstack(rows), self._frame)

    def _row(self, reading: _Reading, key: str) -> Sequence[pl.DataFrame]:
        """Fetch the text of one row, if it is there."""
        try:
            row = self._session.request("GET", f"{reading.path}/rows/{segment(key, 'key')}").content
        except CogniteAPIError as error:
            if error.code != 404 or error.missing:
                raise
            return []
        return [read_rows(b'{"items":[' + row + b"]}")[0]]

    def _fetch(
        self, reading: _Reading, limit: int | None, progress: ProgressOption, read: Read[AnyPage]
    ) -> Sequence[AnyPage]:
        """Fetch pages of rows; those of all rows in parts side by side."""
        if limit is not None or self._session.config.max_workers == 1:
            return tuple(self._pages(reading, limit, read))
        params = {**reading.times, "numberOfCursors": self._session.config.max_workers}
        cursors = self._session.request("GET", f"{reading.path}/cursors", params=params).json()["items"]
        decoders = self._session.decoders  # a few threads: what it takes to read a page is ten times its size

        def part(cursor: str) -> Sequence[AnyPage]:
            return tuple(self._pages(reading, None, lambda body: decoders.submit(read, body).result(), cursor))

        with progress_callback(progress, "Listing rows", "parts") as callback:
            parts = self._session.run([partial(part, cursor) for cursor in cursors], callback)
        return [page for part in parts for page in part]

    def _pages(
        self, reading: _Reading, limit: int | None, read: Read[AnyPage], cursor: str | None = None
    ) -> Iterator[AnyPage]:
        """Fetch page after page, as they are asked for."""

        def fetch(most: int, cursor: str | None) -> tuple[AnyPage, str | None]:
            which = reading.times if cursor is None else {"cursor": cursor}  # a cursor has its times
            params = {**reading.shape, **which, "limit": most}
            page, following = read(self._session.request("GET", f"{reading.path}/rows", params=params).content)
            return page.head(most), following

        return pages_by_cursor(fetch, PAGE, limit, cursor)

    def _typed(self, pages: Sequence[pl.DataFrame], reading: _Reading) -> Frame:
        return as_frame(typed(joined_pages(pages), reading.schema), self._frame)


def _reading(
    db_name: str,
    table_name: str,
    min_last_updated_time: Timestamp | None = None,
    max_last_updated_time: Timestamp | None = None,
    columns: Sequence[str] | None = None,
    schema: RowSchema | None = None,
) -> _Reading:
    now = now_ms()
    given = {"min_last_updated_time": min_last_updated_time, "max_last_updated_time": max_last_updated_time}
    moments = {name: to_ms(time, now=now, name=name) for name, time in given.items() if time is not None}
    wire = {"min_last_updated_time": "minLastUpdatedTime", "max_last_updated_time": "maxLastUpdatedTime"}
    return _Reading(
        path=table_path(db_name, table_name),
        shape=_shape(columns),
        times={wire[name]: time for name, time in moments.items()},
        schema=check_schema(schema),
    )


def _shape(columns: Any) -> dict[str, str]:
    """Give the parameter that names columns; a comma stands for none of them."""
    if columns is None:
        return {}
    if isinstance(columns, str):
        raise ValueError(f"columns must be a list of names, got the text {columns!r}. Hint: columns=[{columns!r}].")
    names = [*columns]
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"columns must be a list of texts; it holds {name!r}.")
        if not name or "," in name:
            raise ValueError(f"columns holds {name!r}: names that are empty or have commas cannot be asked for.")
    return {"columns": ",".join(names) or ","}
