"""Reads the points of many series: windows packed into requests, requests in parallel, pages back into their series.

One loop, in the thread of the caller, decides what is asked for next whenever a request has come back; the threads of
the session only fetch and decode. It goes through three stages for each series, and series need not be in the same one:

1. The first page of every series, up to 100 series a request. Most reads end here. Where it is known beforehand that
   all rows fit into one round of requests, these already ask for all of them.
2. Counts, for series that turn out to be long: one cheap request tells where their points are.
3. Windows, cut so that requests are full, and so that all workers have some.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from cdframe.datapoints.density import AtMost, Histogram, Uniform, counting_granularity, histogram
from cdframe.datapoints.pages import Ints, Page, fetch_pages, merge_not_found
from cdframe.datapoints.plan import SeriesRead
from cdframe.datapoints.windows import SeriesProgress, Window
from cdframe.errors import CogniteAPIError, CogniteNotFoundError
from cdframe.session import Session
from cdframe.timestamps import granularity_to_ms

MOST_ITEMS = 100
"""The most series in a request."""
MOST_RAW = 100_000
"""The most raw points in an answer."""
MOST_AGGREGATES = 10_000
"""The most rows of aggregates in an answer."""

_COUNT_PAYS_FROM = 10
"""Counts are asked for when so many requests for points are to come for each request for counts."""
_LOOK_AHEAD = 20
"""After so many spans that do not fit into what room is left, a request is sent as it is."""
_WORTH_CUTTING = 4
"""A long span is cut to fill a request only where this part of the room is left."""

Progress = Callable[[int, int], None]
Group = tuple[bool, bool]
"""Requests hold reads that are alike in: aggregates or raw points, unknown ids ignored or not."""


@dataclass(frozen=True, slots=True)
class _Request:
    send: Callable[[], Any]
    accept: Callable[[Any], None]
    reject: Callable[[CogniteAPIError], None]


@dataclass(frozen=True, slots=True)
class _CountItem:
    """Asks for the counts of what is left of a series."""

    series: SeriesProgress
    read: SeriesRead
    limit: int

    def wire(self) -> dict[str, Any]:
        """Its form on the wire."""
        read = self.read
        return {
            **read.identity,
            "start": read.start,
            "end": read.end,
            "limit": self.limit,
            "aggregates": list(read.aggregates),
            "granularity": read.granularity,
        }


def read_series(
    session: Session, reads: Iterable[SeriesRead], progress: Progress | None = None
) -> dict[SeriesRead, SeriesProgress]:
    """Read all rows of each read; reads that are equal are fetched once.

    Raises:
        CogniteNotFoundError: series do not exist and are not to be ignored; names all of them.
        CogniteAPIError: a request failed.
    """
    return _Engine(session, reads).run(progress)


class _Engine:
    def __init__(self, session: Session, reads: Iterable[SeriesRead]) -> None:
        self._session = session
        self._workers = session.config.max_workers
        self._series = {read: SeriesProgress(read) for read in dict.fromkeys(reads)}
        self._first: deque[list[SeriesProgress]] = deque()  # batches whose first page is to be fetched
        self._ready: dict[SeriesProgress, None] = {}  # with spans that can be cut
        self._uncounted: list[SeriesProgress] = []
        self._times: dict[tuple[int, int, int], Ints] = {}
        self._not_found: list[CogniteNotFoundError] = []
        groups: dict[Group, list[SeriesProgress]] = {}
        for series in self._series.values():
            groups.setdefault(_group(series), []).append(series)
        for group in groups.values():
            self._begin(group)

    def run(self, progress: Progress | None) -> dict[SeriesRead, SeriesProgress]:
        """Keep all workers busy until everything has come."""
        flying: dict[Future[Any], _Request] = {}
        executor = self._session.executor
        done = 0
        try:
            while True:
                while len(flying) < self._workers and (request := self._next()) is not None:
                    flying[executor.submit(request.send)] = request
                if not flying:
                    break
                if progress is not None:
                    progress(done, done + len(flying) + self._requests_to_come())
                for future in wait(flying, return_when=FIRST_COMPLETED).done:
                    request = flying.pop(future)
                    done += 1
                    try:
                        answer = future.result()
                    except CogniteAPIError as error:
                        request.reject(error)
                    else:
                        request.accept(answer)
        except BaseException:
            self._session.give_up(flying)
            raise
        if self._not_found:
            raise merge_not_found(self._not_found)
        if progress is not None:
            progress(done, done)
        return self._series

    def _begin(self, group: list[SeriesProgress]) -> None:
        """Decide how the series of a group begin: with windows of a known size, or with a page to learn from."""
        most = _capacity(group[0])
        needs = [series.bound(series.origin, series.read.end) for series in group]
        limited = [series.read.limit is not None or series.read.aggregates for series in group]
        if all(limited) and sum(needs) <= self._workers * most:
            for series, need in zip(group, needs, strict=True):
                rate = Uniform(1 / series.grid.step)
                series.spans[0].density = rate if series.read.aggregates else AtMost(need)
                self._ready[series] = None
        else:
            self._first.extend(_batches(group))

    def _next(self) -> _Request | None:
        if self._first:
            return self._first_pages(self._first.popleft())
        if self._not_found:
            return None
        return self._counts() or self._windows()

    def _first_pages(self, batch: list[SeriesProgress]) -> _Request:
        room = _capacity(batch[0]) // len(batch)
        windows = [series.cut(series.spans[0], room) for series in batch]
        return self._pages_request(windows)

    def _windows(self) -> _Request | None:
        """Fill a request with windows of the series that have some, in their order."""
        windows: list[Window] = []
        group: Group | None = None
        most, room, misfits = 0, 0, 0
        for series in list(self._ready) if len(self._ready) <= MOST_ITEMS else _first_of(self._ready):
            span = series.front()
            if span is None:
                if not series.spans:
                    del self._ready[series]
                continue
            if group is None:
                group = _group(series)
                most = room = _capacity(series)
            if _group(series) != group:
                continue
            need = series.need(span)
            if need <= room or not windows or (need > most and room >= most // _WORTH_CUTTING):
                windows.append(series.cut(span, min(room, max(1, math.ceil(need)))))
                room -= windows[-1].limit
                if not series.spans:
                    del self._ready[series]
            else:
                misfits += 1
            if room <= 0 or len(windows) == MOST_ITEMS or misfits > _LOOK_AHEAD:
                break
        if not windows:
            return None
        _share_out(windows, room)
        return self._pages_request(windows)

    def _pages_request(self, windows: list[Window]) -> _Request:
        ignore = windows[0].read.ignore_unknown_ids
        return _Request(
            partial(fetch_pages, self._session, windows, ignore_unknown_ids=ignore),
            partial(self._accept_pages, windows),
            self._reject_pages,
        )

    def _accept_pages(self, windows: Sequence[Window], pages: Sequence[Page | None]) -> None:
        for window, page in zip(windows, pages, strict=True):
            series = window.series
            if page is not None:
                page = self._with_shared_times(page)
            if series.accept(window, page) and not (series.counted or series.counting or series.is_string):
                self._uncounted.append(series)
            if series.spans:
                self._ready[series] = None

    def _with_shared_times(self, page: Page) -> Page:
        """Let pages of equal times, as series of one plant often have them, hold these times once."""
        if not len(page):
            return page
        key = (len(page), int(page.timestamps[0]), int(page.timestamps[-1]))
        known = self._times.setdefault(key, page.timestamps)
        return replace(page, timestamps=known) if np.array_equal(known, page.timestamps) else page

    def _reject_pages(self, error: CogniteAPIError) -> None:
        if not isinstance(error, CogniteNotFoundError):
            raise error
        self._not_found.append(error)

    def _counts(self) -> _Request | None:
        """Ask for the counts of series that turned out to be long, where that is cheap against what is to come."""
        waiting = [series for series in dict.fromkeys(self._uncounted) if series.spans]
        candidates, self._uncounted = waiting[:MOST_ITEMS], waiting[MOST_ITEMS:]
        if not candidates:
            return None
        to_come = sum(series.rows_to_come() / _capacity(series) for series in candidates)
        if to_come < _COUNT_PAYS_FROM:
            return None
        limit = MOST_AGGREGATES // len(candidates)
        items = [_count_item(series, limit) for series in candidates]
        for series in candidates:
            # Until counts are there, some windows go by the density seen so far, so that workers are not idle.
            series.counting, series.guesses = True, self._workers // len(candidates)
        return _Request(
            partial(fetch_pages, self._session, items, ignore_unknown_ids=True),
            partial(self._accept_counts, items),
            lambda _: self._accept_counts(items, [None] * len(items)),
        )

    def _accept_counts(self, items: Sequence[_CountItem], pages: Sequence[Page | None]) -> None:
        for item, page in zip(items, pages, strict=True):
            item.series.count_in(_histogram(item, page))
            if item.series.spans:
                self._ready[item.series] = None

    def _requests_to_come(self) -> int:
        """Guess for progress: nothing is made of densities that are only thought to go on, but the next request."""
        requests = sum(series.known_rows(_capacity(series)) / _capacity(series) for series in self._ready)
        return len(self._first) + math.ceil(requests)


def _group(series: SeriesProgress) -> Group:
    return bool(series.read.aggregates), series.read.ignore_unknown_ids


def _capacity(series: SeriesProgress) -> int:
    return MOST_AGGREGATES if series.read.aggregates else MOST_RAW


def _batches(group: list[SeriesProgress]) -> Iterator[list[SeriesProgress]]:
    """Divide series evenly over as few requests as can hold them."""
    requests = -(-len(group) // MOST_ITEMS)
    for number in range(requests):
        yield group[number * len(group) // requests : (number + 1) * len(group) // requests]


def _first_of(ready: dict[SeriesProgress, None]) -> list[SeriesProgress]:
    """As many series as one request may have to look at."""
    return [series for series, _ in zip(ready, range(2 * MOST_ITEMS), strict=False)]


def _share_out(windows: Sequence[Window], room: int) -> None:
    """Let windows have the room that is left, in proportion, so that fewer come back full."""
    asked = sum(window.limit for window in windows)
    if asked <= 0 or room <= 0:
        return
    for window in windows:
        more = room * window.limit // asked
        window.limit = int(min(window.limit + more, max(window.limit, window.series.bound(window.start, window.end))))


def _count_item(series: SeriesProgress, limit: int) -> _CountItem:
    start, end = series.spans[0].start, series.read.end
    read = replace(
        series.read,
        start=start,
        end=end,
        aggregates=("count",),
        granularity=counting_granularity(start, end, limit),
        limit=None,
        include_outside_points=False,
    )
    return _CountItem(series, read, limit)


def _histogram(item: _CountItem, page: Page | None) -> Histogram | None:
    if page is None or not len(page) or item.read.granularity is None:
        return None
    counts = page.columns["count"]
    assert isinstance(counts, np.ndarray)
    counts = np.nan_to_num(counts)
    # The first bucket begins at a whole unit of time: what it counts before the span has come already.
    counts[0] = max(0.0, counts[0] - item.series.rows_between(int(page.timestamps[0]), item.read.start))
    seen = item.series.spans[0].density if item.series.spans else None
    return histogram(
        page.timestamps,
        counts,
        granularity_to_ms(item.read.granularity),
        start=item.read.start,
        rate=seen.rate if isinstance(seen, Uniform) else 0.0,
        step=item.series.grid.step,
    )
