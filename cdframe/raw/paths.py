"""The paths of databases, tables and rows, whose names may hold anything."""

from __future__ import annotations

from urllib.parse import quote

from cdframe.resources.rows import check_flag

DATABASES = "/raw/dbs"


def tables_path(db_name: str) -> str:
    """Give the path of the tables of a database."""
    return f"{DATABASES}/{segment(db_name, 'db_name')}/tables"


def table_path(db_name: str, table_name: str) -> str:
    """Give the path of a table."""
    return f"{tables_path(db_name)}/{segment(table_name, 'table_name')}"


def segment(name: str, argument: str) -> str:
    """Encode a name as one segment of a path.

    Raises:
        TypeError: not a text.
        ValueError: empty, or what URLs have another meaning for.
    """
    if not isinstance(name, str):
        raise TypeError(f"{argument} must be a text, got {type(name).__name__}.")
    if name in ("", ".", ".."):
        raise ValueError(f"{argument}={name!r} cannot stand in a URL.")
    return quote(name, safe="")


def ensuring_parent(ensure_parent: bool) -> dict[str, str] | None:
    """Give the parameter that has databases and tables made where they are not there."""
    return {"ensureParent": "true"} if check_flag("ensure_parent", ensure_parent) else None
