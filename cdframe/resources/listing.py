"""A list under way: what to ask for next, and the pages that answers are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol, TypeVar

import polars as pl

from cdframe.exchanges import Exchange
from cdframe.json_rows import Rows, read_page
from cdframe.schemas import Schema

PAGE = 1000
"""The most rows in a page, and the most items in a request."""


class HasHeight(Protocol):
    """What has rows."""

    @property
    def height(self) -> int:
        """How many rows there are."""
        ...


AnyPage = TypeVar("AnyPage", bound=HasHeight)

BY_ID = ("id",)
"""The order of most lists."""

_ID_SPACE = 2**53
_FEW_PAGES = 4


class Listing:
    """The rows that match a filter, page by page: all of them, the first `limit`, or those of a `partition` (m/n).

    `more` are further members of the requests.

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
        more: Mapping[str, Any] | None = None,
    ) -> None:
        self._schema = schema
        self._page = page
        self._left = limit
        self.body: dict[str, Any] | None = {"filter": filter, "limit": self._next_limit, **(more or {})}
        if partition is not None:
            self.body["partition"] = partition
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


def leaves_much(page: pl.DataFrame, number: int, order: tuple[str, ...]) -> bool:
    """Whether a list leaves so much behind its page of this number that it is faster read in partitions from the start.

    Ids are spread over their space, and partitions are equal parts of it, so that the first page of a list in the order
    of ids tells. Where ids are spread unevenly, or a list in another order is not much longer than what is there, the
    guess is wrong, which costs requests or time, and nothing else.
    """
    if order != BY_ID:
        return bool(order) and number == _FEW_PAGES
    last = page["id"].max()
    return number == 1 and isinstance(last, int) and last < _ID_SPACE // _FEW_PAGES


def pages_by_cursor(
    fetch: Callable[[int, str | None], tuple[AnyPage, str | None]],
    most: int = PAGE,
    limit: int | None = None,
    cursor: str | None = None,
) -> Iterator[AnyPage]:
    """Give page after page, fetched as they are asked for, each with up to `most` rows, and up to `limit` in all.

    `fetch` is given the most rows of a page, and the cursor to it (None: it is the first one).
    """
    left = limit
    while left != 0:
        page, cursor = fetch(most if left is None else min(most, left), cursor)
        yield page
        left = None if left is None else left - page.height
        if cursor is None:
            return


def check_chunk_size(chunk_size: Any) -> int:
    """Check the number of rows of the frames that an iteration gives."""
    if isinstance(chunk_size, bool) or not isinstance(chunk_size, int) or chunk_size < 1:
        raise ValueError(f"chunk_size={chunk_size!r} must be a whole number, 1 or more.")
    return chunk_size


def rechunk(pages: Iterable[pl.DataFrame], size: int) -> Iterator[pl.DataFrame]:
    """Make pages frames of so many rows; the last one has what is left. New columns may come on the way."""
    held: list[pl.DataFrame] = []
    rows = 0
    for page in pages:
        held.append(page)
        rows += page.height
        while rows >= size:
            joined = pl.concat(held, how="diagonal", rechunk=True)
            yield joined.head(size)
            held, rows = [joined.slice(size)], rows - size
    if rows:
        yield pl.concat(held, how="diagonal", rechunk=True)
