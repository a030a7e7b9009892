"""What can be done with databases and tables; access and consistency included, HTTP not."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa

from cdframe.local.access import Grant
from cdframe.local.conditions import Condition, one_of
from cdframe.local.database import Connection
from cdframe.local.errors import ApiError, bad_request, forbidden
from cdframe.local.identifiers import next_numbers
from cdframe.local.raw.leaves import Leaves
from cdframe.local.raw.store import RowStore
from cdframe.local.raw.tables import NUMBERS
from cdframe.local.validation import as_string, check_size, shown

MOST_OF_DATABASE, MOST_OF_TABLE = 32, 64  # characters of a name

Named = tuple[str, int]  # a database or a table: its name, and when it was created


def check_name(value: Any, where: str, most: int) -> str:
    """A name of a database or a table."""
    name = as_string(value, where)
    check_size(name, where, 1, most)
    if any(unicodedata.category(character) == "Cc" for character in name):
        raise bad_request(f"{where} must not have control characters, but was {shown(name)}")
    return name


class Catalog:
    """The databases and their tables, as one caller sees them within one transaction."""

    def __init__(self, connection: Connection, grant: Grant, now: int = 0) -> None:
        """`grant` is what the caller may do of what the request needs, `now` the time of what is created."""
        self._connection = connection
        self._grant = grant
        self._now = now

    # Databases

    def databases(self, after: str, limit: int) -> list[Named]:
        """Databases in the order of their names, from behind one on."""
        covered = Condition() if self._grant.everything else one_of("name", sorted(self._grant.tables))
        return self._named("raw_databases", covered, after, limit)

    def create_databases(self, names: Sequence[str]) -> list[Named]:
        """Make databases."""
        for name in names:
            self._require_database(name)
        _reject_repeats("database", names)
        _reject_taken("Databases", self._databases(names))
        self._insert("raw_databases", names)
        return [(name, self._now) for name in names]

    def delete_databases(self, names: Sequence[str], *, recursive: bool) -> None:
        """Delete databases; those that have tables only with all of them."""
        for name in names:
            self._require_database(name)
        found = self._databases(names)
        _reject_missing("databases", names, found)
        databases = one_of("database_id", list(found.values()))
        tables = self._connection.tuples(
            f"SELECT id, name FROM raw_tables WHERE {databases.sql} ORDER BY name", databases.parameters
        )
        if tables and not recursive:
            raise bad_request(
                f"Only empty databases can be deleted, and the table {shown(tables[0][1])} is in one of these; "
                "send recursive: true to delete tables as well"
            )
        self._drop_tables([id for id, _ in tables])
        self._delete("raw_databases", list(found.values()))

    # Tables

    def tables(self, database: str, after: str, limit: int) -> list[Named]:
        """Tables of a database in the order of their names, from behind one on."""
        covered = Condition()
        if not self._grant.everything:
            if database not in self._grant.tables:
                raise forbidden()
            names = self._grant.tables[database]
            covered = Condition() if names is None else one_of("name", sorted(names))
        owner = Condition("database_id = ?", [self._database(database)])
        return self._named("raw_tables", owner & covered, after, limit)

    def create_tables(self, database: str, names: Sequence[str], *, ensure_parent: bool) -> list[Named]:
        """Make tables."""
        for name in names:
            self._require_table(database, name)
        _reject_repeats("table", names)
        owner = self._ensured_database(database) if ensure_parent else self._database(database)
        _reject_taken("Tables", self._tables(owner, names))
        self._insert_tables(owner, names)
        return [(name, self._now) for name in names]

    def delete_tables(self, database: str, names: Sequence[str]) -> None:
        """Delete tables with all their rows."""
        for name in names:
            self._require_table(database, name)
        found = self._tables(self._database(database), names)
        _reject_missing("tables", names, found)
        self._drop_tables(list(found.values()))

    def table(self, database: str, name: str) -> int:
        """The number of a table."""
        self._require_table(database, name)
        found = self._tables(self._database(database), [name])
        _reject_missing("tables", [name], found)
        return found[name]

    def ensured_table(self, database: str, name: str) -> int:
        """The number of a table, which is made if it is not there, and so is its database."""
        self._require_table(database, name)
        owner = self._ensured_database(database)
        found = self._tables(owner, [name])
        return found[name] if found else self._insert_tables(owner, [check_name(name, "table", MOST_OF_TABLE)])[0]

    # What is there

    def _database(self, name: str) -> int:
        found = self._databases([name])
        _reject_missing("databases", [name], found)
        return found[name]

    def _ensured_database(self, name: str) -> int:
        found = self._databases([name])
        return found[name] if found else self._insert("raw_databases", [check_name(name, "db", MOST_OF_DATABASE)])[0]

    def _databases(self, names: Iterable[str]) -> dict[str, int]:
        return self._numbers("raw_databases", Condition(), names)

    def _tables(self, owner: int, names: Iterable[str]) -> dict[str, int]:
        return self._numbers("raw_tables", Condition("database_id = ?", [owner]), names)

    def _numbers(self, table: str, condition: Condition, names: Iterable[str]) -> dict[str, int]:
        condition &= one_of("name", list(dict.fromkeys(names)))
        return dict(
            self._connection.tuples(f"SELECT name, id FROM {table} WHERE {condition.sql}", condition.parameters)
        )

    def _named(self, table: str, condition: Condition, after: str, limit: int) -> list[Named]:
        condition &= Condition("name > ?", [after])
        sql = f"SELECT name, created_time FROM {table} WHERE {condition.sql} ORDER BY name LIMIT {limit}"
        return self._connection.tuples(sql, condition.parameters)

    # What the caller may

    def _require_database(self, name: str) -> None:
        """Refuse a database that is not covered as a whole."""
        if not self._grant.everything and self._grant.tables.get(name, ()) is not None:
            raise forbidden()

    def _require_table(self, database: str, name: str) -> None:
        if not self._grant.everything:
            covered = self._grant.tables.get(database, ())
            if covered is not None and name not in covered:
                raise forbidden()

    # Changes

    def _insert(self, table: str, names: Sequence[str], **more: int) -> list[int]:
        numbers = next_numbers(self._connection, NUMBERS, len(names))
        rows = [
            {"id": number, "name": name, "created_time": self._now, **more}
            for number, name in zip(numbers, names, strict=True)
        ]
        self._connection.insert(table, pa.Table.from_pylist(rows))
        return numbers

    def _insert_tables(self, owner: int, names: Sequence[str]) -> list[int]:
        numbers = self._insert("raw_tables", names, database_id=owner, last_write=0)
        Leaves.begin(self._connection, numbers)
        return numbers

    def _drop_tables(self, ids: Sequence[int]) -> None:
        RowStore.drop(self._connection, one_of("table_id", ids))
        self._delete("raw_tables", ids)

    def _delete(self, table: str, ids: Sequence[int]) -> None:
        test = one_of("id", ids)
        self._connection.execute(f"DELETE FROM {table} WHERE {test.sql}", test.parameters)


def write_rows(connection: Connection, table: int, rows: pa.Table, now: int) -> None:
    """Store rows of a table, at a time that is later than that of all writes before."""
    last_write = connection.value("SELECT last_write FROM raw_tables WHERE id = ?", [table])
    time = max(now, last_write + 1)
    if RowStore(connection, table).write(rows, time):
        connection.execute("UPDATE raw_tables SET last_write = ? WHERE id = ?", [time, table])


def _reject_repeats(what: str, names: Sequence[str]) -> None:
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise ApiError(409, f"Each {what} must be there once", duplicated=_references(repeated))


def _reject_taken(what: str, taken: Iterable[str]) -> None:
    names = sorted(taken)
    if names:
        raise ApiError(409, f"{what} already created: {', '.join(names)}", duplicated=_references(names))


def _reject_missing(what: str, names: Iterable[str], found: Iterable[str]) -> None:
    there = set(found)
    missing = [name for name in names if name not in there]
    if missing:
        raise ApiError(404, f"Following {what} not found: {', '.join(missing)}", missing=_references(missing))


def _references(names: Iterable[str]) -> list[dict[str, str]]:
    return [{"name": name} for name in names]
