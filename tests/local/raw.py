"""What tests of raw do: rows in, rows out, page by page."""

from __future__ import annotations

import itertools
import json
from typing import Any
from urllib.parse import quote

from tests.local.api import Api

_names = itertools.count()


class Table:
    """A table of its own, which is made with its database at the first insert."""

    def __init__(self, api: Api, database: str | None = None, name: str = "t") -> None:
        self.api = api
        self.database = f"db-{next(_names)}" if database is None else database
        self.path = f"/raw/dbs/{quote(self.database, safe='')}/tables/{quote(name, safe='')}"

    def insert(self, rows: dict[str, Any] | bytes, status: int = 200) -> Any:
        """Write rows, given as key to columns, or as a body."""
        body: Any = rows
        if not isinstance(rows, bytes):
            body = {"items": [{"key": key, "columns": columns} for key, columns in rows.items()]}
        return self.api.post(f"{self.path}/rows?ensureParent=true", body, status)

    def insert_text(self, key: str, columns: str) -> None:
        """Write a row whose columns are this JSON."""
        self.insert(f'{{"items":[{{"key":{json.dumps(key)},"columns":{columns}}}]}}'.encode())

    def delete(self, *keys: str) -> None:
        """Delete rows."""
        assert self.api.post(f"{self.path}/rows/delete", {"items": [{"key": key} for key in keys]}) == {}

    def page(self, **query: Any) -> dict[str, Any]:
        """One page."""
        result: dict[str, Any] = self.api.get(f"{self.path}/rows" + _query(query))
        return result

    def text(self, **query: Any) -> str:
        """One page as it stands on the wire."""
        response = self.api.http.get(f"{self.path}/rows" + _query(query))
        assert response.status_code == 200, response.text
        return response.text

    def listed(self, **query: Any) -> list[dict[str, Any]]:
        """All rows, page by page; each page but the last is full."""
        found: list[dict[str, Any]] = []
        cursor = query.pop("cursor", None)
        while True:
            page = self.page(**query, **({"cursor": cursor} if cursor else {}))
            found += page["items"]
            cursor = page.get("nextCursor")
            if cursor is None:
                return found
            assert len(page["items"]) == query.get("limit", 25)

    def keys(self, **query: Any) -> list[str]:
        """The keys of all rows."""
        return [row["key"] for row in self.listed(**query)]

    def columns(self, **query: Any) -> dict[str, Any]:
        """The columns of all rows by their keys."""
        return {row["key"]: row["columns"] for row in self.listed(**query)}

    def times(self) -> dict[str, int]:
        """The times of all rows by their keys."""
        return {row["key"]: row["lastUpdatedTime"] for row in self.listed(limit=10_000)}

    def cursors(self, count: int, **query: Any) -> list[str]:
        """Cursors that cover the table."""
        found: list[str] = self.api.get(f"{self.path}/cursors" + _query({"numberOfCursors": count, **query}))["items"]
        assert len(found) == count
        return found


def _query(parameters: dict[str, Any]) -> str:
    return "?" + "&".join(f"{name}={quote(str(value), safe='')}" for name, value in parameters.items())
