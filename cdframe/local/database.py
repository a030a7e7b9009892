"""The database of a local CDF: one writer at a time, snapshots for readers, migrations."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from cdframe.local.conditions import one_of
from cdframe.local.errors import LocalCDFError, no_room

Arrays = Mapping[str, Any]  # NumPy arrays by the names of their columns

# A checkpoint holds up the commit that it comes with. At this size, a million points, that is a fifth of a second, and
# a start after a crash has no more than that to replay; larger ones are rarer, but hold up for seconds.
CHECKPOINT = "32MB"

# In an interactive session DuckDB would draw a progress bar for what takes longer. Each connection has to be told.
QUIET = "SET enable_progress_bar = false"


def create_table(table: str, /, **columns: str) -> str:
    """The statement for a table whose rows are read one by one; columns by their names, with their types.

    None is compressed: a thousand rows that stand apart are read five times as fast then.
    """
    compression = " USING COMPRESSION uncompressed"
    return f"CREATE TABLE {table} ({', '.join(f'{column} {kind}{compression}' for column, kind in columns.items())})"


class Connection:
    """A transaction on the database: SQL in, columns or rows out."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._cursor = cursor

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        """Run a statement."""
        self._cursor.execute(sql, parameters)

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """The rows of a query, each a dict of its columns."""
        self._cursor.execute(sql, parameters)
        names = [column[0] for column in self._cursor.description or ()]
        return [dict(zip(names, values, strict=True)) for values in self._cursor.fetchall()]

    def tuples(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        self._cursor.execute(sql, parameters)
        return self._cursor.fetchall()

    def value(self, sql: str, parameters: Sequence[Any] = ()) -> Any:
        """The one value of a query."""
        self._cursor.execute(sql, parameters)
        rows = self._cursor.fetchall()  # to the end: a half-read result blocks the connection
        return rows[0][0] if rows else None

    def arrays(self, sql: str, parameters: Sequence[Any] = ()) -> Arrays:
        """The columns of a query as NumPy arrays; masked where they hold nulls."""
        self._cursor.execute(sql, parameters)
        return self._cursor.fetchnumpy()

    def table(self, sql: str, parameters: Sequence[Any] = ()) -> pa.Table:
        """The result of a query as an Arrow table."""
        return self._cursor.sql(sql, params=parameters).to_arrow_table()

    @contextmanager
    def relation(self, name: str, table: pa.Table) -> Iterator[None]:
        """Give an Arrow table a name that the SQL within can use."""
        self._cursor.register(name, table)
        try:
            yield
        finally:
            self._cursor.unregister(name)

    def update(self, table: str, rows: pa.Table) -> None:
        """Change the rows of a table that have the ids of these rows: all columns that these rows have.

        DuckDB changes a row in place only when no column is among them that has an index, or is a list.
        """
        ids = rows.column("id").to_pylist()
        test = one_of(f"{table}.id", ids)
        assignments = ", ".join(f"{column} = changed.{column}" for column in rows.column_names if column != "id")
        with self.relation("changed", rows):
            self._cursor.execute(
                f"UPDATE {table} SET {assignments} FROM changed WHERE {table}.id = changed.id AND {test.sql}",
                test.parameters,
            )

    def insert(self, table: str, rows: pa.Table) -> None:
        """Append rows to a table, whose columns have the same names."""
        with self.relation("incoming", rows):
            self._cursor.execute(f"INSERT INTO {table} BY NAME SELECT * FROM incoming")


class Database:
    """A DuckDB database in a file, or in memory."""

    def __init__(self, file: Path | None, migrations: Sequence[Sequence[str]]) -> None:
        """Open it, and bring its tables to the newest form; each migration is a list of statements."""
        settings: dict[str, str | bool | int | float | list[str]] = {
            "checkpoint_threshold": CHECKPOINT,
            "autoinstall_known_extensions": False,
        }
        try:
            self._root = duckdb.connect(str(file) if file else ":memory:", config=settings)
        except duckdb.Error as error:
            raise LocalCDFError(f"{file} cannot be opened as a database: {error}") from error
        self._root.execute(QUIET)
        self._writer = threading.Lock()
        self._idle: list[duckdb.DuckDBPyConnection] = []
        try:
            self._migrate(migrations, str(file))
        except BaseException:
            self._root.close()
            raise

    def _migrate(self, migrations: Sequence[Sequence[str]], name: str) -> None:
        with self.write() as connection:
            tables = {row[0] for row in connection.tuples("SELECT table_name FROM duckdb_tables()")}
            if tables and "cdframe_format" not in tables:
                raise LocalCDFError(
                    f"{name} is not the database of a local CDF: it holds the table {min(tables)}; "
                    "name a new or empty folder"
                )
            if not tables:
                connection.execute("CREATE TABLE cdframe_format (version INTEGER NOT NULL)")
                connection.execute("INSERT INTO cdframe_format VALUES (0)")
            version: int = connection.value("SELECT version FROM cdframe_format")
            if version > len(migrations):
                raise LocalCDFError(
                    f"{name} has format {version}, and this version of cdframe knows formats up to "
                    f"{len(migrations)}: open it with a newer cdframe"
                )
            for statement in (s for migration in migrations[version:] for s in migration):
                connection.execute(statement)
            if version < len(migrations):
                connection.execute("UPDATE cdframe_format SET version = ?", [len(migrations)])

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A snapshot: what is written meanwhile is not seen."""
        with self._cursor() as cursor:
            cursor.execute("BEGIN TRANSACTION")
            try:
                yield Connection(cursor)
            finally:
                cursor.execute("ROLLBACK")

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """The one writer: all that is written within is kept together, or none of it when an error leaves."""
        with self._writer, _room_on_the_disk(), self._cursor() as cursor:
            cursor.execute("BEGIN TRANSACTION")
            try:
                yield Connection(cursor)
            except BaseException:
                cursor.execute("ROLLBACK")
                raise
            cursor.execute("COMMIT")

    @contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection of its own: one that is idle, or a new one. One that an error passed through is not kept."""
        try:
            cursor = self._idle.pop()
        except IndexError:
            cursor = self._root.cursor()
            cursor.execute(QUIET)
        try:
            yield cursor
        except BaseException:
            cursor.close()
            raise
        self._idle.append(cursor)

    def close(self) -> None:
        """Write everything to the file, and close it."""
        with self._writer:
            while self._idle:
                self._idle.pop().close()
            self._root.execute("FORCE CHECKPOINT")
            self._root.close()


@contextmanager
def _room_on_the_disk() -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        if os.strerror(errno.ENOSPC) in str(error):
            raise no_room() from error
        raise
