"""Pages of rows: what is asked for, and the columns that answers become.

The values of a row are of several types, and stand in one array. They are read as the texts that they are written as,
numbers too, and each column is then parsed by its own type: that is exact, and makes no object of a value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from cdframe.errors import CogniteConnectionError
from cdframe.exchanges import Exchange

MOST_ROWS = 10_000
"""The most rows in a page, in an insertion, and of row numbers in a deletion."""

ROW_NUMBER = "row_number"
TYPES = {"LONG": pl.Int64(), "DOUBLE": pl.Float64(), "STRING": pl.String()}

_PAGE: dict[str, Any] = {
    "id": pl.Int64(),
    "externalId": pl.String(),
    "columns": pl.List(pl.Struct({"externalId": pl.String(), "valueType": pl.String()})),
    "rows": pl.List(pl.Struct({"rowNumber": pl.Int64(), "values": pl.List(pl.String())})),
    "nextCursor": pl.String(),
}


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of one sequence: `row_number`, then the columns, in the order of rows; and the cursor of the next page."""

    id: int
    external_id: str | None
    rows: pl.DataFrame
    cursor: str | None


def read_page(body: bytes) -> Page:
    """Read an answer.

    Raises:
        CogniteConnectionError: it is not a page of rows.
    """
    try:
        page = pl.read_json(body, schema=_PAGE)
        names = [column["externalId"] for column in page["columns"][0]]
        types = [TYPES[column["valueType"].upper()] for column in page["columns"][0]]
        rows = page["rows"][0].struct.unnest()
        columns = [pl.col("values").list.get(n).cast(type).alias(f"{n}") for n, type in enumerate(types)]
        read = rows.select(pl.col("rowNumber").alias(ROW_NUMBER), *columns)
    except (pl.exceptions.PolarsError, KeyError, TypeError, AttributeError) as error:
        raise CogniteConnectionError(
            f"The server's answer is not a page of sequence rows: {error}. It begins with {body[:100]!r}."
        ) from error
    read.columns = [ROW_NUMBER, *names]
    return Page(page["id"][0], page["externalId"][0], read, page["nextCursor"][0] or None)


class RowListing:
    """The rows of one sequence from `start` to `end`, page by page: all of them, or the first `limit`."""

    def __init__(
        self,
        identity: dict[str, Any],
        start: int,
        end: int | None,
        columns: Sequence[str] | None = None,
        limit: int | None = None,
    ) -> None:
        self._left = limit
        self.body: dict[str, Any] | None = {**identity, "start": start, "end": end, "limit": self._next_limit}
        if columns is not None:
            self.body["columns"] = list(columns)

    def read(self, answer: bytes) -> Page:
        """Read the page that was asked for, and see what to ask next."""
        page = read_page(answer)
        if self._left is not None:
            page = Page(page.id, page.external_id, page.rows.head(self._left), page.cursor)
            self._left -= page.rows.height
        if page.cursor is None or self._left == 0:
            self.body = None
        elif self.body is not None:
            self.body = {**self.body, "limit": self._next_limit, "cursor": page.cursor}
        return page

    def exchange(self) -> Exchange[list[Page]]:
        """Ask for all pages, one after the other; there is at least one."""
        pages = []
        while self.body is not None:
            pages.append(self.read((yield self.body)))
        return pages

    @property
    def _next_limit(self) -> int:
        return MOST_ROWS if self._left is None else max(1, min(MOST_ROWS, self._left))
