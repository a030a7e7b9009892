"""One series on its way in: what has come, what is being fetched, and what is left to be cut into windows.

    start                                                          end
    |### page ###|### page ###|... window ...|     |... window ...|     |
                                              span                  span

A window is a part of the range that an item of a request asks for. Its page may come back full, or with a cursor: what
is behind the last row becomes a span again, now with the density that was just seen. When a page is complete, the span
behind it learns of its density. A read is complete when no spans and no windows are left.
"""

from __future__ import annotations

import math
from bisect import insort
from dataclasses import dataclass, field, replace
from typing import Any

from cdframe.datapoints.density import AtMost, Density, Histogram, Uniform, density_of, filling, margin
from cdframe.datapoints.grids import Grid
from cdframe.datapoints.pages import Page
from cdframe.datapoints.plan import SeriesRead
from cdframe.errors import CogniteConnectionError

_CARRIED = frozenset({"interpolation", "stepInterpolation"})
"""Aggregates that the first bucket of a request may have although it is empty. A window inside a read begins one
bucket early, and that bucket is dropped: so a result does not depend on where it was cut."""

_DROUGHT = 0.25
"""What is left of an expected rate after a window in which nothing was found."""


@dataclass(slots=True, eq=False)
class Span:
    """A part of the range that no request has asked for yet."""

    start: int
    end: int
    density: Density | None
    cursor: str | None = None
    learned_at: float = -math.inf  # of the window that the density was seen in


@dataclass(slots=True, eq=False)
class Window:
    """A part of the range as an item of a request."""

    series: SeriesProgress
    start: int
    end: int
    limit: int
    expected: float
    cursor: str | None = None

    @property
    def read(self) -> SeriesRead:
        """What it is a part of."""
        return self.series.read

    def wire(self) -> dict[str, Any]:
        """Its form on the wire."""
        series, read = self.series, self.read
        item: dict[str, Any] = {**read.identity, "end": self.end, "limit": self.limit}
        if self.start == series.origin:
            item["start"] = read.start
            if read.include_outside_points and self.cursor is None:
                item["includeOutsidePoints"] = True
        else:
            item["start"] = series.grid.shift(self.start, -series.lead(self.start))
        if read.aggregates:
            item["aggregates"], item["granularity"] = list(read.aggregates), read.granularity
        if self.cursor is not None:
            item["cursor"] = self.cursor
        return item


@dataclass(slots=True, eq=False)
class SeriesProgress:
    """The state of one read; `place` is its place in the order of the plan."""

    read: SeriesRead
    place: int = 0
    exists: bool | None = None
    is_string: bool = False
    is_step: bool = False
    counting: bool = False
    counted: bool = False
    guesses: int = 0  # windows that may still be cut before counts are there
    rows_until: int | None = None  # where its rows end, as far as it is known
    pages: list[tuple[float, Page]] = field(default_factory=list)
    held: int = 0  # rows of these pages
    given: int = 0  # rows of pages that were taken out
    last: float = -math.inf  # the time of the last of them
    twin: SeriesProgress | None = None  # the same series under another identity, which reads the rest for both
    spans: list[Span] = field(default_factory=list)
    flying: list[Window] = field(default_factory=list)
    grid: Grid = field(init=False)
    origin: int = field(init=False)
    carries: bool = field(init=False)

    def __post_init__(self) -> None:
        self.grid = self.read.grid
        self.origin = self.grid.origin
        self.carries = not _CARRIED.isdisjoint(self.read.aggregates)
        self.spans = [Span(self.origin, self.read.end, None)]

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left to be asked for or to come."""
        return not self.spans and not self.flying

    @property
    def is_steady(self) -> bool:
        """Whether rows are likely to go on at the pace seen: a burst may end any moment."""
        density = self.spans[0].density if self.spans else None
        return not isinstance(density, Uniform) or density.is_steady

    def lead(self, start: int) -> int:
        """How many buckets before its start a window asks for."""
        return int(self.carries and start != self.origin)

    def bound(self, start: int, end: int) -> float:
        """The most rows that an item for [start, end) can have, by its times and the limit of the read."""
        most: float = self.grid.count(start, end)
        if self.read.limit is not None:
            most = min(most, max(0, self.read.limit - self._rows_before(start)))
        return most + self.lead(start)

    def front(self) -> Span | None:
        """The span to cut next; None when there is none, when what is being fetched may do, or until counts come."""
        if not self.spans or (self.counting and self.guesses <= 0):
            return None
        span = self.spans[0]
        if self.read.limit is not None and 0 < self.read.limit <= self._rows_before(span.start, expected=True):
            return None
        return span

    def need(self, span: Span) -> float:
        """What limit a request for the whole span should have, to be enough with good certainty."""
        expected = self._expected(span)
        more = margin(expected, span.density.dispersion) if span.density is not None else 0.0
        return min(expected + more, self.bound(span.start, span.end))

    def cut(self, span: Span, room: int) -> Window:
        """Take from the front of a span what fits into so many rows, for a request."""
        expected = self._expected(span)
        end = span.end
        if span.density is not None and self.need(span) > room:
            share = expected / max(1, math.ceil(expected / filling(room, span.density.dispersion)))
            end = self.grid.ceil(span.density.reach(span.start, share, end))
            # So many moments cannot have more rows than fit.
            end = min(span.end, max(end, self.grid.shift(span.start, room - self.lead(span.start))))
            expected = min(span.density.expected(span.start, end), self.grid.count(span.start, end), expected)
        limit = int(min(room, self.bound(span.start, end)))
        window = Window(self, span.start, end, limit, min(expected, limit), span.cursor)
        if end >= span.end:
            self.spans.remove(span)
        else:
            span.start, span.cursor = end, None
        self.flying.append(window)
        self.guesses -= self.counting
        return window

    def accept(self, window: Window, page: Page | None) -> bool:
        """Take the page of a window in; whether it came back full, so that a new span was made."""
        if window not in self.flying:
            return False  # the limit was reached meanwhile
        self.flying.remove(window)
        if page is None:
            self._vanish()
            return False
        self.exists, self.is_string, self.is_step = True, page.is_string, page.is_step
        if self.twin is not None:
            self.spans, self.flying = [], []
            return False
        inside = page.between(window.start, window.end)
        if window.start == self.origin and self.read.include_outside_points:
            self._keep(-math.inf, page.between(-(2**62), self.origin))
            self._keep(math.inf, page.between(self.read.end, 2**62))
        self._keep(window.start, inside)
        answered = len(inside) if window.start == self.origin else len(page)
        is_full = page.cursor is not None or (answered >= window.limit > 0)
        continued = is_full and self._continue(window, inside, page.cursor)
        if not is_full:
            self._learn(window, len(inside))
        self._stop_at_limit()
        return continued

    def count_in(self, histogram: Histogram | None) -> None:
        """Plan what is left by counts, or (None) without them."""
        self.counting, self.counted = False, True
        for span in self.spans if histogram is not None else ():
            span.density = histogram

    def take_pages(self) -> list[Page]:
        """Take out the pages that nothing can come before any more, in order of time and up to the limit.

        Of a complete read these are all that are left. No page overlaps another.
        """
        ready, self.pages = self.pages, []
        if not self.is_complete:
            open_from = min([span.start for span in self.spans] + [window.start for window in self.flying])
            self.pages = [pair for pair in ready if pair[0] >= open_from]
            ready = [pair for pair in ready if pair[0] < open_from]
        self.held = sum(len(page) for _, page in self.pages)
        pages: list[Page] = []
        for _, page in sorted(ready, key=lambda pair: pair[0]):
            fresh = page if page.timestamps[0] > self.last else page.between(int(self.last) + 1, 2**62)
            if self.read.limit is not None:
                fresh = fresh.head(self.read.limit - self.given)
            if len(fresh):
                pages.append(fresh)
                self.given += len(fresh)
                self.last = float(fresh.timestamps[-1])
        return pages

    def rows_between(self, start: int, end: int) -> int:
        """How many rows of [start, end) have come."""
        return sum(len(page.between(start, end)) for _, page in self.pages)

    def rows_to_come(self) -> float:
        """How many rows are expected of what has not been asked for."""
        return sum(self._expected(span) for span in self.spans)

    def known_rows(self, most: int) -> float:
        """The same, with at most so many rows for a span whose rows nobody has counted."""
        return sum(
            expected if isinstance(span.density, Histogram) else min(most, expected)
            for span in self.spans
            for expected in [self._expected(span)]
        )

    def _expected(self, span: Span) -> float:
        density = span.density or AtMost(0 if self.read.limit is None else self.read.limit)
        expected = min(density.expected(span.start, span.end), self.grid.count(span.start, span.end))
        if self.read.limit is not None:
            expected = min(expected, max(0, self.read.limit - self._rows_before(span.start, expected=True)))
        return expected

    def _rows_before(self, moment: int, *, expected: bool = False) -> float:
        rows: float = self.given + sum(len(page) for start, page in self.pages if start < moment)
        if expected:
            rows += sum(window.expected for window in self.flying if window.start < moment)
        return rows

    def _keep(self, start: float, page: Page) -> None:
        if len(page):
            self.pages.append((start, page))
            self.held += len(page)

    def _continue(self, window: Window, inside: Page, cursor: str | None) -> bool:
        """Make a span of what is behind a full page, if there is anything."""
        rows = len(inside)
        start = self.grid.shift(int(inside.timestamps[-1]), 1) if rows else window.start
        if start >= window.end:
            return False
        if not rows and (cursor is None or cursor == window.cursor):
            raise CogniteConnectionError(
                f"The server's answer for {self.read.identity} says that there is more, but leads nowhere: no point in "
                f"[{window.start}, {window.end}) ms came, and no new cursor."
            )
        if rows > 1:
            density = density_of(inside.timestamps)
        else:
            density = Uniform(max(1, rows) / (start - window.start or window.end - window.start))
        if self.rows_until is not None:
            density = replace(density, until=self.rows_until)
        insort(self.spans, Span(start, window.end, density, cursor, window.start), key=lambda span: span.start)
        return True

    def _learn(self, window: Window, rows: int) -> None:
        """Let the next span know the density of a window that is complete, if it is the latest one to tell."""
        span = next((span for span in self.spans if span.start >= window.end), None) if self.spans else None
        if span is None or span.learned_at > window.start or not isinstance(span.density, Uniform):
            return
        seen = rows / (window.end - window.start)
        span.density = replace(span.density, rate=seen or span.density.rate * _DROUGHT)
        span.learned_at = window.start

    def _stop_at_limit(self) -> None:
        """Drop what lies behind the last row of the limit, once all rows before are there."""
        if self.read.limit is None:
            return
        open_from = min([span.start for span in self.spans] + [window.start for window in self.flying], default=None)
        if open_from is not None and self._rows_before(open_from) >= self.read.limit:
            self.spans, self.flying = [], []

    def _vanish(self) -> None:
        """Of a series that does not exist, or does no longer, nothing more can come."""
        self.exists = bool(self.exists)
        self.spans = []
