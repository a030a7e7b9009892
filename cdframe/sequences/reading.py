"""Reads of rows: several sequences side by side, and a long one in several ranges at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import polars as pl

from cdframe.errors import CogniteAPIError
from cdframe.exchanges import hold
from cdframe.sequences.pages import ROW_NUMBER, Page, RowListing, read_page
from cdframe.session import Session

LIST = "/sequences/data/list"
LATEST = "/sequences/data/latest"

HEADERS: dict[str, Callable[[Page, str], str]] = {
    "externalId": lambda page, column: page.external_id or str(page.id),
    "id": lambda page, column: str(page.id),
    "columnExternalId": lambda page, column: column,
    "id|columnExternalId": lambda page, column: f"{page.id}|{column}",
    "externalId|columnExternalId": lambda page, column: f"{page.external_id or page.id}|{column}",
}
"""What the headers of columns may be."""


@dataclass(frozen=True, slots=True)
class Range:
    """What is read of each sequence: row numbers from `start` to before `end` (None: to the last), and its columns."""

    start: int
    end: int | None
    columns: Sequence[str] | None = None
    limit: int | None = None

    def listing(self, identity: dict[str, Any]) -> RowListing:
        """The listing of these rows of one sequence."""
        return RowListing(identity, self.start, self.end, self.columns, self.limit)


def read_sequences(session: Session, identities: Sequence[dict[str, Any]], wanted: Range) -> list[Page]:
    """Read rows of sequences; gives for each one page with all of them."""
    if len(identities) == 1:
        return [_read_one(session, identities[0], wanted)]
    found = hold(session, LIST, [wanted.listing(identity).exchange() for identity in identities])
    return [_joined(pages) for pages in found]


def _read_one(session: Session, identity: dict[str, Any], wanted: Range) -> Page:
    """Read one sequence: what its first page leaves, in as many ranges as there are workers."""
    listing = wanted.listing(identity)
    first = listing.read(_post(session, LIST, listing.body))
    if listing.body is None:
        return first
    start = first.rows[ROW_NUMBER][-1] + 1
    end = None
    if wanted.limit is None and session.config.max_workers > 1:
        end = wanted.end if wanted.end is not None else _end_of(session, identity)
    if end is None or end - start < session.config.max_workers:
        (rest,) = hold(session, LIST, [listing.exchange()])
    else:
        edges = _edges(start, end, start - wanted.start, session.config.max_workers)
        ranges = [Range(low, high, wanted.columns) for low, high in pairwise(edges)]
        found = hold(session, LIST, [one.listing(identity).exchange() for one in ranges])
        rest = [page for pages in found for page in pages]
    return _joined([first, *rest])


def _edges(start: int, end: int, span: int, parts: int) -> list[int]:
    """Cut row numbers into parts of about equal length: of whole pages, where there are enough.

    `span` is how far one page reaches; where it is about the same for all, no part ends with a short page.
    """
    pages = -((start - end) // span)
    if pages < parts:
        return [start + (end - start) * part // parts for part in range(parts + 1)]
    return [*(start + pages * part // parts * span for part in range(parts)), end]


def _end_of(session: Session, identity: dict[str, Any]) -> int | None:
    """The number behind the last row; None where the server does not tell."""
    try:
        latest = read_page(_post(session, LATEST, identity))
    except CogniteAPIError as error:
        if error.code != 404:
            raise
        return None
    return latest.rows[ROW_NUMBER][-1] + 1 if latest.rows.height else None


def _post(session: Session, path: str, body: Any) -> bytes:
    return session.request("POST", path, json=body).content


def _joined(pages: Sequence[Page]) -> Page:
    rows = pl.concat([page.rows for page in pages], rechunk=True) if len(pages) > 1 else pages[0].rows
    return Page(pages[0].id, pages[0].external_id, rows, None)


def side_by_side(sequences: Sequence[Page], column_names: str) -> pl.DataFrame:
    """Put rows of the same number side by side, with a null where a sequence has none.

    Raises:
        ValueError: `column_names` is not known, or gives two columns of one name.
    """
    if column_names not in HEADERS:
        raise ValueError(f"column_names={column_names!r} is not known. Accepted: {', '.join(map(repr, HEADERS))}.")
    header = HEADERS[column_names]
    named = [
        page.rows.rename({column: header(page, column) for column in page.rows.columns[1:]})
        if _distinct(headers := [header(page, column) for column in page.rows.columns[1:]])
        else _refuse(headers, column_names)
        for page in sequences
    ]
    headers = [column for rows in named for column in rows.columns[1:]]
    if not _distinct([ROW_NUMBER, *headers]):
        _refuse([ROW_NUMBER, *headers], column_names)
    if len(named) == 1:
        return named[0]
    numbers = pl.concat([rows.select(ROW_NUMBER) for rows in named]).unique().sort(ROW_NUMBER)
    for rows in named:
        numbers = numbers.join(rows, on=ROW_NUMBER, how="left", maintain_order="left")
    return numbers


def _distinct(names: Sequence[str]) -> bool:
    return len(set(names)) == len(names)


def _refuse(names: Sequence[str], column_names: str) -> pl.DataFrame:
    twice = sorted({name for name in names if names.count(name) > 1})
    raise ValueError(
        f"column_names={column_names!r} would give several columns of one name: {', '.join(map(repr, twice))}. "
        "Hint: 'externalId|columnExternalId' tells columns of several sequences apart."
    )
