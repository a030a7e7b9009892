"""Requests for points and their answers: items on the wire, pages as columns.

An answer has a page for each item of the request, in its order; items whose series does not exist have none, when
unknown ones are to be passed over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeAlias

import httpx
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cdframe.datapoints.plan import SeriesRead
from cdframe.errors import CogniteConnectionError
from cdframe.protobuf import ColumnMemory, DatapointsPage, DecodeError, decode_list_response
from cdframe.session import Session

Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]
Values: TypeAlias = Floats | pa.StringArray

PATH = "/timeseries/data/list"
PROTOBUF = "application/protobuf"


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """Rows of one series, in ascending order of time.

    Attributes:
        id: the id of the series.
        timestamps: when, in ms.
        columns: `value`, or aggregates by their names in CDF (NaN: missing).
        cursor: where to go on, when the server says that there is more.
    """

    id: int
    timestamps: Ints
    columns: Mapping[str, Values]
    is_string: bool
    is_step: bool
    cursor: str | None

    def __len__(self) -> int:
        return len(self.timestamps)

    def between(self, start: int, end: int) -> Page:
        """The rows in [start, end)."""
        times = self.timestamps
        if not len(times) or (times[0] >= start and times[-1] < end):
            return self
        low, high = np.searchsorted(times, np.array([start, end])).tolist()
        return self._rows(low, high)

    def head(self, rows: int) -> Page:
        """The first so many rows."""
        return self if rows >= len(self) else self._rows(0, max(0, rows))

    def _rows(self, low: int, high: int) -> Page:
        columns = {name: column[low:high] for name, column in self.columns.items()}
        return replace(self, timestamps=self.timestamps[low:high], columns=columns)


class Item(Protocol):
    """One item of a request."""

    @property
    def read(self) -> SeriesRead:
        """What it is a part of."""

    def wire(self) -> dict[str, Any]:
        """Its form on the wire."""


@dataclass(frozen=True, slots=True)
class PagesRequest:
    """A request for the pages of some items; unknown series may be passed over.

    Fetching waits for the server and decoding computes, so they are two steps, for threads of two sorts.
    """

    items: Sequence[Item]
    ignore_unknown_ids: bool

    def fetch(self, session: Session) -> httpx.Response:
        """Make the request.

        Raises:
            CogniteNotFoundError: series do not exist, and are not to be ignored.
        """
        payload = {"items": [item.wire() for item in self.items], "ignoreUnknownIds": self.ignore_unknown_ids}
        return session.request("POST", PATH, json=payload, accept=PROTOBUF)

    def decode(self, response: httpx.Response, memory: ColumnMemory | None = None) -> list[Page | None]:
        """Give the page of each item, in the memory of a read; None for a series that does not exist.

        Raises:
            CogniteConnectionError: an answer that is not what was asked for.
        """
        wanted = sorted({name for item in self.items for name in item.read.aggregates})
        try:
            answered = decode_list_response(response.content, aggregates=wanted, memory=memory)
        except DecodeError as error:
            content_type = response.headers.get("content-type")
            raise CogniteConnectionError(
                f"The server's answer to POST {PATH} is not {PROTOBUF} (its content-type is {content_type!r}): {error}"
            ) from error
        pages: list[Page | None] = []
        rest = iter(answered)
        page = next(rest, None)
        for item in self.items:
            if page is not None and _is_of(page, item.read):
                pages.append(_columns_of(page, item.read))
                page = next(rest, None)
            elif self.ignore_unknown_ids:
                pages.append(None)
            else:
                raise _mismatch(f"it lacks the series {item.read.identity}")
        if page is not None:
            raise _mismatch(f"it has the series {page.external_id or page.id!r} out of order, or unasked for")
        return pages


def _is_of(page: DatapointsPage, read: SeriesRead) -> bool:
    return page.id == read.id if read.id is not None else page.external_id == read.external_id


def _columns_of(page: DatapointsPage, read: SeriesRead) -> Page:
    """Take what the read asked for. The arrays of an answer's pages are parts of the same, one behind the other."""
    timestamps = page.timestamps
    if not bool(np.all(timestamps[1:] > timestamps[:-1])):
        raise _mismatch(f"points of {read.identity} are not in ascending order of time")
    is_string = page.is_string or page.type == "string"
    columns: dict[str, Values] = {}
    if read.aggregates:
        found = page.aggregates or {}
        for name in read.aggregates:
            column = found.get(name)
            columns[name] = np.full(len(timestamps), np.nan) if column is None else column
    elif is_string:
        texts = page.values if isinstance(page.values, pa.Array) else pa.nulls(len(timestamps), pa.large_string())
        columns["value"] = texts.cast(pa.string())
    else:
        numbers = page.values if isinstance(page.values, np.ndarray) else np.full(len(timestamps), np.nan)
        columns["value"] = numbers
    return Page(page.id, timestamps, columns, is_string, page.is_step, page.next_cursor)


def _mismatch(what: str) -> CogniteConnectionError:
    return CogniteConnectionError(f"The server's answer to POST {PATH} is not what was asked for: {what}.")
