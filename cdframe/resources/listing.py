"""A list under way: what to ask for next, and the pages that answers are."""

from __future__ import annotations

from typing import Any

import polars as pl

from cdframe.exchanges import Exchange
from cdframe.json_rows import Rows, read_page
from cdframe.schemas import Schema

PAGE = 1000
"""The most rows in a page, and the most items in a request."""

_ID_SPACE = 2**53
_FEW_PAGES = 4


class Listing:
    """The rows that match a filter, page by page: all of them, the first `limit`, or those of a `partition` (m/n).

    Attributes:
        body: the request for the next page; None at the end.
    """

    def __init__(
        self,
        schema: Schema,
        filter: dict[str, Any],
        *,
        limit: int | None = None,
        page: int = PAGE,
        partition: str | None = None,
    ) -> None:
        self._schema = schema
        self._page = page
        self._left = limit
        more = {} if partition is None else {"partition": partition}
        self.body: dict[str, Any] | None = {"filter": filter, "limit": self._next_limit, **more}
        if limit == 0:
            self.body = None

    def read(self, answer: bytes) -> pl.DataFrame:
        """Read the page that was asked for."""
        rows, cursor = read_page(answer, self._schema)
        if self._left is not None:
            rows = rows.head(self._left)
            self._left -= rows.height
        if cursor is None or self._left == 0:
            self.body = None
        elif self.body is not None:
            self.body = {**self.body, "limit": self._next_limit, "cursor": cursor}
        return rows

    def exchange(self) -> Exchange[pl.DataFrame]:
        """Ask for all pages, one after the other."""
        rows = Rows(self._schema)
        while self.body is not None:
            rows.add(self.read((yield self.body)))
        return rows.frame()

    @property
    def _next_limit(self) -> int:
        return self._page if self._left is None else min(self._page, self._left)


def spans_little(first: pl.DataFrame) -> bool:
    """Whether the first page of a list in the order of ids leaves so much that it is faster read in partitions.

    Ids are spread over their space, and partitions are equal parts of it. Where ids are spread unevenly the guess is
    wrong, which costs requests or time, and nothing else.
    """
    last = first["id"].max()
    return isinstance(last, int) and last < _ID_SPACE // _FEW_PAGES
