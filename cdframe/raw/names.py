"""Databases and tables: lists of names, made and deleted by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import polars as pl
import pyarrow as pa

from cdframe.frames import from_polars
from cdframe.identifiers import as_list
from cdframe.json_rows import Member, Rows, cut, items_body, read_page, write_members
from cdframe.progress import progress_callback
from cdframe.raw.paths import DATABASES, ensuring_parent, tables_path
from cdframe.resources.listing import PAGE, check_chunk_size, pages_by_cursor, rechunk
from cdframe.resources.rows import API, check_flag, check_limit
from cdframe.schemas import TIMESTAMP, Column, Schema
from cdframe.types import Frame, ProgressOption
from cdframe.writes import Write

SCHEMA = Schema("databases", (Column("name", pa.string()), Column("created_time", TIMESTAMP)))
TABLE_SCHEMA = Schema("tables", (Column("db_name", pa.string()), *SCHEMA.columns))


class _NamesAPI(API):
    """What lists of names have in common. Tables are those of a database, whose name is in their frames."""

    schema = SCHEMA

    def _list_names(self, path: str, limit: float | None, db_name: str | None = None) -> Frame:
        return self._frame_of(self._pages(path, check_limit(limit), db_name))

    def _iterate(
        self, path: str, chunk_size: int | None, limit: float | None, db_name: str | None = None
    ) -> Iterator[Any]:
        pages = self._pages(path, check_limit(limit), db_name)
        if chunk_size is None:
            return (row for page in pages for row in page.iter_rows(named=True))
        return (self._frame_of([page]) for page in rechunk(pages, check_chunk_size(chunk_size)))

    def _pages(self, path: str, limit: int | None, db_name: str | None) -> Iterator[pl.DataFrame]:
        """Fetch page after page, as they are asked for."""

        def fetch(most: int, cursor: str | None) -> tuple[pl.DataFrame, str | None]:
            params = {"limit": most, "cursor": cursor}
            page, following = read_page(self._session.request("GET", path, params=params).content, SCHEMA)
            return _of_database(page.head(most), db_name), following

        return pages_by_cursor(fetch, limit=limit)

    def _send_names(
        self,
        path: str,
        name: Any,
        doing: str,
        progress: ProgressOption,
        params: Mapping[str, str] | None = None,
        more: Mapping[str, bool] | None = None,
    ) -> list[bytes]:
        """Send names, up to 1,000 in a request; gives the answers. `more` are further members of the requests."""
        names = [_check_name(one) for one in as_list(name)]
        table = pa.table({"name": pa.array(names, pa.string())})
        objects = "{" + write_members(pl.DataFrame(table), [Member("name", '"name":{}')]) + "}"

        def send(run: slice) -> bytes:
            body = items_body(objects[run], **(more or {}))
            return self._session.request("POST", path, json=body, params=params).content

        writes = [Write(table.slice(run.start, run.stop - run.start), partial(send, run)) for run in cut(objects, PAGE)]
        with progress_callback(progress, doing, "requests") as callback:
            return self._session.write(writes, self._frame, callback)

    def _created(self, answers: list[bytes], db_name: str | None = None) -> Frame:
        return self._frame_of(_of_database(read_page(answer, SCHEMA)[0], db_name) for answer in answers)

    def _frame_of(self, pages: Iterable[pl.DataFrame]) -> Frame:
        return from_polars(Rows(self.schema, pages).frame(), self.schema.arrow, self._frame)


class RawDatabasesAPI(_NamesAPI):
    """`client.raw.databases`: list, make and delete databases.

    Frames have the columns `name` (text) and `created_time` (ms, UTC).

    Examples:
        >>> client.raw.databases.create(["plant", "lab"]).shape
        (2, 2)
        >>> sorted(row["name"] for row in client.raw.databases)
        ['lab', 'plant']
        >>> for frame in client.raw.databases(chunk_size=2500):
        ...     print(frame.height)
        2
    """

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Iterate over all databases, as dicts; pages are fetched as they are needed."""
        return self()

    def __call__(self, chunk_size: int | None = None, *, limit: float | None = None) -> Iterator[Any]:
        """Iterate over databases: as dicts, or with `chunk_size` as frames of so many rows.

        Raises:
            ValueError, TypeError: an argument that cannot be right.
        """
        return self._iterate(DATABASES, chunk_size, limit)

    def list(self, limit: float | None = 25) -> Frame:
        """List databases.

        Args:
            limit: the most rows; None, -1 or inf for all.

        Raises:
            ValueError, TypeError: a limit that cannot be right.

        Examples:
            >>> client.raw.databases.list(limit=5).columns
            ['name', 'created_time']
        """
        return self._list_names(DATABASES, limit)

    def create(self, name: Any, *, progress: ProgressOption = "auto") -> Frame:
        """Make databases, a single one or a list.

        Args:
            name: names of 1 to 32 characters.
            progress: "auto", True, False or a callback ``(done, total)``.

        Returns:
            A frame of what was made, in the order given.

        Raises:
            CogniteDuplicatedError: some are there already; names them.
            CogniteAPIError: some requests failed; `successful`, `unknown` and `failed` hold the names.

        Examples:
            >>> client.raw.databases.create("plant")["name"].to_list()
            ['plant']
        """
        return self._created(self._send_names(DATABASES, name, "Making databases", progress))

    def delete(self, name: Any, recursive: bool = False, *, progress: ProgressOption = "auto") -> None:
        """Delete databases, a single one or a list.

        Args:
            name: the names.
            recursive: delete their tables as well; without it only empty databases can be deleted.
            progress: "auto", True, False or a callback ``(done, total)``.

        Raises:
            CogniteNotFoundError: some do not exist; names all of them.
            CogniteAPIError: some requests failed; `successful`, `unknown` and `failed` hold the names.

        Examples:
            >>> databases = client.raw.databases.create(["plant", "lab"])
            >>> client.raw.databases.delete(["plant", "lab"])
        """
        more = {"recursive": True} if check_flag("recursive", recursive) else None
        self._send_names(f"{DATABASES}/delete", name, "Deleting databases", progress, more=more)


class RawTablesAPI(_NamesAPI):
    """`client.raw.tables`: list, make and delete the tables of a database.

    Frames have the columns `db_name`, `name` (texts) and `created_time` (ms, UTC).

    Examples:
        >>> database = client.raw.databases.create("plant")
        >>> client.raw.tables.create("plant", ["pumps", "valves"]).shape
        (2, 3)
        >>> [row["name"] for row in client.raw.tables("plant")]
        ['pumps', 'valves']
    """

    schema = TABLE_SCHEMA

    def __call__(self, db_name: str, chunk_size: int | None = None, limit: float | None = None) -> Iterator[Any]:
        """Iterate over the tables of a database: as dicts, or with `chunk_size` as frames of so many rows.

        Raises:
            ValueError, TypeError: an argument that cannot be right.
            CogniteNotFoundError: there is no such database.
        """
        return self._iterate(tables_path(db_name), chunk_size, limit, db_name)

    def list(self, db_name: str, limit: float | None = 25) -> Frame:
        """List the tables of a database.

        Args:
            db_name: the database.
            limit: the most rows; None, -1 or inf for all.

        Raises:
            CogniteNotFoundError: there is no such database.
            ValueError, TypeError: an argument that cannot be right.

        Examples:
            >>> database = client.raw.databases.create("plant")
            >>> client.raw.tables.list("plant", limit=5).shape
            (0, 3)
        """
        return self._list_names(tables_path(db_name), limit, db_name)

    def _list_of_all(self, databases: Sequence[str], limit: float | None) -> Frame:
        """List the tables of several databases, up to so many of each."""
        most = check_limit(limit)
        return self._frame_of(page for name in databases for page in self._pages(tables_path(name), most, name))

    def create(
        self, db_name: str, name: Any, *, ensure_parent: bool = False, progress: ProgressOption = "auto"
    ) -> Frame:
        """Make tables, a single one or a list.

        Args:
            db_name: the database.
            name: names of 1 to 64 characters.
            ensure_parent: make the database if it is not there.
            progress: "auto", True, False or a callback ``(done, total)``.

        Returns:
            A frame of what was made, in the order given.

        Raises:
            CogniteNotFoundError: there is no such database.
            CogniteDuplicatedError: some are there already; names them.
            CogniteAPIError: some requests failed; `successful`, `unknown` and `failed` hold the names.

        Examples:
            >>> client.raw.tables.create("plant", "pumps", ensure_parent=True)["name"].to_list()
            ['pumps']
        """
        params = ensuring_parent(ensure_parent)
        answers = self._send_names(tables_path(db_name), name, "Making tables", progress, params)
        return self._created(answers, db_name)

    def delete(self, db_name: str, name: Any, *, progress: ProgressOption = "auto") -> None:
        """Delete tables with all their rows, a single one or a list.

        Raises:
            CogniteNotFoundError: some do not exist, or the database does not; names all of them.
            CogniteAPIError: some requests failed; `successful`, `unknown` and `failed` hold the names.

        Examples:
            >>> database = client.raw.databases.create("plant")
            >>> tables = client.raw.tables.create("plant", ["pumps", "valves"])
            >>> client.raw.tables.delete("plant", ["pumps", "valves"])
        """
        self._send_names(f"{tables_path(db_name)}/delete", name, "Deleting tables", progress)


def _of_database(page: pl.DataFrame, db_name: str | None) -> pl.DataFrame:
    return page if db_name is None else page.select(pl.lit(db_name).alias("db_name"), pl.all())


def _check_name(name: Any) -> str:
    if not isinstance(name, str):
        raise TypeError(f"name must be a text or a list of texts, got {type(name).__name__}.")
    if not name:
        raise ValueError("name must not be empty.")
    return name
