"""Routes of raw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from werkzeug.wrappers import Response

from cdframe.local.application import Route
from cdframe.local.database import Connection
from cdframe.local.errors import ApiError, bad_request, constraint
from cdframe.local.families.endpoints import answer_objects
from cdframe.local.families.query import parse_flag
from cdframe.local.http import JSON, Call, answer, encoded_answer
from cdframe.local.raw.incoming import read_keys, read_rows
from cdframe.local.raw.rules import MOST_OF_DATABASE, MOST_OF_TABLE, Catalog, Named, check_name, write_rows
from cdframe.local.raw.selection import LATEST, Selection, Shape, name_cursor, name_of_cursor
from cdframe.local.raw.store import RowStore
from cdframe.local.validation import as_boolean, as_object, reject_unknown, request_items, shown

ACL = "rawAcl"
DATABASES = "/raw/dbs"
TABLES = f"{DATABASES}/<db>/tables"
ROWS = f"{TABLES}/<table>/rows"
CURSORS = f"{TABLES}/<table>/cursors"

DEFAULT_LIMIT = 25
MOST_NAMES = 1000
MOST_ROWS = 10_000
DEFAULT_CURSORS, MOST_CURSORS = 10, 10_000


def list_databases(call: Call) -> Response:
    """The names of databases."""
    limit, after = _integer(call, "limit", DEFAULT_LIMIT, 1, MOST_NAMES), _after(call, "")
    with call.engine.database.read() as connection:
        found = Catalog(connection, call.grant).databases(after, limit + 1)
    return _answer_page(found, limit, "")


def create_databases(call: Call) -> Response:
    """Make databases."""
    names = _names(call, MOST_OF_DATABASE)
    with call.engine.database.write() as connection:
        created = _catalog(call, connection).create_databases(names)
    return answer({"items": _shown(created)}, 201)


def delete_databases(call: Call) -> Response:
    """Delete databases."""
    names = _names(call, MOST_OF_DATABASE, others=("recursive",))
    recursive = as_boolean(call.body.get("recursive"), "recursive", False)
    with call.engine.database.write() as connection:
        _catalog(call, connection).delete_databases(names, recursive=recursive)
    return answer({})


def list_tables(call: Call) -> Response:
    """The names of the tables of a database."""
    database = call.path["db"]
    limit, after = _integer(call, "limit", DEFAULT_LIMIT, 1, MOST_NAMES), _after(call, database)
    with call.engine.database.read() as connection:
        found = Catalog(connection, call.grant).tables(database, after, limit + 1)
    return _answer_page(found, limit, database)


def create_tables(call: Call) -> Response:
    """Make tables."""
    names, ensure_parent = _names(call, MOST_OF_TABLE), parse_flag("ensureParent", call.request.args, default=False)
    with call.engine.database.write() as connection:
        created = _catalog(call, connection).create_tables(call.path["db"], names, ensure_parent=ensure_parent)
    return answer({"items": _shown(created)}, 201)


def delete_tables(call: Call) -> Response:
    """Delete tables with their rows."""
    names = _names(call, MOST_OF_TABLE)
    with call.engine.database.write() as connection:
        _catalog(call, connection).delete_tables(call.path["db"], names)
    return answer({})


def insert_rows(call: Call) -> Response:
    """Store rows."""
    ensure_parent = parse_flag("ensureParent", call.request.args, default=False)
    rows = read_rows(call.json_content)
    with call.engine.database.write() as connection:
        catalog = _catalog(call, connection)
        find = catalog.ensured_table if ensure_parent else catalog.table
        write_rows(connection, find(call.path["db"], call.path["table"]), rows, call.engine.clock.now())
    return answer({})


def delete_rows(call: Call) -> Response:
    """Delete rows."""
    keys = read_keys(call.body)
    with call.engine.database.write() as connection:
        RowStore(connection, _table(call, connection)).delete(keys)
    return answer({})


def get_row(call: Call) -> Response:
    """The row with a key."""
    key = call.path["key"]
    with call.engine.database.read() as connection:
        found = RowStore(connection, _table(call, connection)).row(key)
    if found is None:
        raise ApiError(404, f"Following rows not found: {key}")
    return encoded_answer(found.encode(), JSON)


def list_rows(call: Call) -> Response:
    """A page of rows."""
    limit = _integer(call, "limit", DEFAULT_LIMIT, 1, MOST_ROWS)
    shape = Shape(
        _columns(call.request.args.get("columns", "")), parse_flag("filterNullFields", call.request.args, default=False)
    )
    cursor = call.request.args.get("cursor")
    selection = Selection() if cursor else _times(call)
    with call.engine.database.read() as connection:
        table = _table(call, connection)
        if cursor:
            selection = Selection.of_cursor(cursor, table)
        rows, rest = RowStore(connection, table).page(selection, shape, limit)
    return answer_objects(rows, rest.cursor(table) if rest is not None else None)


def list_cursors(call: Call) -> Response:
    """Cursors that together cover all rows."""
    count = _integer(call, "numberOfCursors", DEFAULT_CURSORS, 1, MOST_CURSORS)
    selection = _times(call)
    with call.engine.database.read() as connection:
        table = _table(call, connection)
        parts = RowStore(connection, table).parts(selection, count)
    return answer({"items": [part.cursor(table) for part in parts]})


def _catalog(call: Call, connection: Connection) -> Catalog:
    return Catalog(connection, call.grant, call.engine.clock.now())


def _table(call: Call, connection: Connection) -> int:
    return Catalog(connection, call.grant).table(call.path["db"], call.path["table"])


def _names(call: Call, most: int, others: Sequence[str] = ()) -> list[str]:
    reject_unknown(call.body, ("items", *others), "")
    names = []
    for i, item in enumerate(request_items(call.body, MOST_NAMES)):
        values = as_object(item, f"items[{i}]")
        reject_unknown(values, ("name", "createdTime"), f"items[{i}]")
        names.append(check_name(values.get("name"), f"items[{i}].name", most))
    return names


def _columns(text: str) -> list[str] | None:
    """The names of columns in a parameter: `,` stands for none, nothing at all for all."""
    if not text:
        return None
    return list(dict.fromkeys(name for name in text.split(",") if name))


def _times(call: Call) -> Selection:
    newer_than = _integer(call, "minLastUpdatedTime", -1, -LATEST, LATEST)
    return Selection(
        newer_than=max(newer_than, -1), until=_integer(call, "maxLastUpdatedTime", LATEST, -LATEST, LATEST)
    )


def _integer(call: Call, name: str, default: int, least: int, most: int) -> int:
    text = call.request.args.get(name, "").strip()
    if not text:
        return default
    try:
        number = int(text)
    except ValueError:
        raise bad_request(f"{name} must be an integer, but was {shown(text)}") from None
    if not least <= number <= most:
        raise constraint(f"{name} must be between {least} and {most}, but was {shown(number)}")
    return number


def _after(call: Call, owner: str) -> str:
    cursor = call.request.args.get("cursor")
    return name_of_cursor(cursor, owner) if cursor else ""


def _answer_page(found: Sequence[Named], limit: int, owner: str) -> Response:
    content: dict[str, Any] = {"items": _shown(found[:limit])}
    if len(found) > limit:
        content["nextCursor"] = name_cursor(found[limit - 1][0], owner)
    return answer(content)


def _shown(found: Sequence[Named]) -> list[dict[str, Any]]:
    return [{"name": name, "createdTime": created} for name, created in found]


ROUTES = (
    Route("GET", DATABASES, list_databases, ACL, "LIST"),
    Route("POST", DATABASES, create_databases, ACL, "WRITE"),
    Route("POST", f"{DATABASES}/delete", delete_databases, ACL, "WRITE"),
    Route("GET", TABLES, list_tables, ACL, "LIST"),
    Route("POST", TABLES, create_tables, ACL, "WRITE"),
    Route("POST", f"{TABLES}/delete", delete_tables, ACL, "WRITE"),
    Route("GET", ROWS, list_rows, ACL, "READ"),
    Route("POST", ROWS, insert_rows, ACL, "WRITE"),
    Route("GET", f"{ROWS}/<key>", get_row, ACL, "READ"),
    Route("POST", f"{ROWS}/delete", delete_rows, ACL, "WRITE"),
    Route("GET", CURSORS, list_cursors, ACL, "READ"),
)
