"""Reads the points of many series: windows packed into requests, requests in parallel, pages back into their series.

One loop, in the thread of the caller, decides what is asked for next whenever a request has come back; the threads of
the session only fetch and decode. It goes through three stages for each series, and series need not be in the same one:

1. The first page of every series, up to 100 series a request, and where series end if that takes no further request.
   Most reads end here. Where it is known beforehand that all rows fit into one round of requests, these already ask
   for all of them.
2. Counts, for series that turn out to be long, tell where their points are. They travel as items of the next request.
3. Windows, cut so that requests are full, and so that all workers have some.

Whoever takes pages while others are still to come (a stream) sets a bound on the rows that may wait to be taken.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import httpx

from cdframe.datapoints.assemble import SeriesColumns, gather
from cdframe.datapoints.density import AtMost, Density, Uniform
from cdframe.datapoints.pages import Ints, Item, Page, PagesRequest
from cdframe.datapoints.plan import SeriesRead
from cdframe.datapoints.surveys import CountItem, EndItem, count_item, end_item
from cdframe.datapoints.windows import SeriesProgress, Window
from cdframe.errors import CogniteAPIError, CogniteNotFoundError, merge_not_found
from cdframe.protobuf import ColumnMemory
from cdframe.session import Session
from cdframe.waiting import wait_for

MOST_ITEMS = 100
"""The most series in a request."""
MOST_RAW = 100_000
"""The most raw points in an answer."""
MOST_AGGREGATES = 10_000
"""The most rows of aggregates in an answer."""

_COUNTS_A_REQUEST = 250
"""So many counts are asked for per request to come: they add less than a tenth to its answer."""
_COUNTS_PAY_FROM = 3
"""Counts are asked for when so many requests are to come."""
_DECODED_MEANWHILE = 4
"""So many answers may be decoded, or wait for that, while all workers wait for others."""
_LOOK_AHEAD = 20
"""After so many spans that do not fit into what room is left, a request is sent as it is."""
_WORTH_CUTTING = 4
"""A long span is cut to fill a request only where this part of the room is left."""

Progress = Callable[[int, int], None]
Group = tuple[bool, bool]
"""Requests hold reads that are alike in: aggregates or raw points, unknown ids ignored or not."""


def read_series(
    session: Session, reads: Iterable[SeriesRead], progress: Progress | None = None
) -> dict[SeriesRead, SeriesProgress]:
    """Read all rows of each read; reads that are equal are fetched once.

    Raises:
        CogniteNotFoundError: series do not exist and are not to be ignored; names all of them.
        CogniteAPIError: a request failed.
    """
    engine = Engine(session, reads)
    for _ in engine.rounds(progress):
        pass
    return engine.series


@dataclass(frozen=True, slots=True)
class _Request:
    """A request for windows, and for what helps to cut those to come."""

    pages: PagesRequest
    windows: list[Window]
    counts: Sequence[CountItem] = ()
    ends: Sequence[EndItem] = ()


def count_points(session: Session, reads: Sequence[SeriesRead]) -> dict[SeriesRead, Density]:
    """Tell where the rows of some reads of numbers are, by counts of their points."""
    batches = [list(batch) for batch in _batches([SeriesProgress(read) for read in reads])]
    items = [[count_item(series, MOST_AGGREGATES // len(batch)) for series in batch] for batch in batches]
    requests = [PagesRequest(batch, ignore_unknown_ids=True) for batch in items]
    answers = session.run([partial(request.fetch, session) for request in requests])
    return {
        item.series.read: item.histogram(page) or AtMost(0)
        for batch, request, answer in zip(items, requests, answers, strict=True)
        for item, page in zip(batch, request.decode(answer), strict=True)
    }


def plan_requests(
    session: Session, reads: Iterable[SeriesRead], densities: Mapping[SeriesRead, Density]
) -> Iterator[list[Window]]:
    """Cut reads into the windows of requests by known densities; of a read without one, a window that begins it."""
    engine = Engine(session, reads)
    engine.know(densities)
    while windows := engine.cut_windows():
        yield windows


class Engine:
    """The state of some reads.

    Attributes:
        series: the reads, each once, in their order.
    """

    def __init__(self, session: Session, reads: Iterable[SeriesRead], most_waiting: float = math.inf) -> None:
        """Begin some reads, of which at most so many rows may wait to be taken (beyond what the next series needs)."""
        self._session = session
        self._workers = session.config.max_workers
        self._most_waiting = most_waiting
        self._is_stream = math.isfinite(most_waiting)
        self.series = {read: SeriesProgress(read, place) for place, read in enumerate(dict.fromkeys(reads))}
        self._unfinished = deque(self.series.values())
        self._first: deque[list[SeriesProgress]] = deque()  # batches whose first page is to be fetched
        self._ready: list[SeriesProgress] = []  # with spans that can be cut, in the order of the plan
        self._cut: deque[list[Window]] = deque()  # windows that fill a request which is still to be made
        self._uncounted: list[SeriesProgress] = []
        self._waiting = 0  # rows in pages that nobody has taken
        self._memory = ColumnMemory()
        self._times: dict[tuple[int, int, int], Ints] = {}
        self._twins: dict[tuple[int, SeriesRead], SeriesProgress] = {}
        self._not_found: list[CogniteNotFoundError] = []
        groups: dict[Group, list[SeriesProgress]] = {}
        for series in self.series.values():
            groups.setdefault(_group(series), []).append(series)
        for group in groups.values():
            self._begin(group)

    def rounds(self, progress: Progress | None = None) -> Iterator[None]:
        """Keep all workers busy until everything has come; gives way to the caller whenever something has.

        Raises:
            CogniteNotFoundError: series do not exist and are not to be ignored; names all of them.
            CogniteAPIError: a request failed.
        """
        flying: dict[Future[httpx.Response], _Request] = {}
        decoding: dict[Future[list[Page | None]], _Request] = {}
        executor, decoders = self._session.executor, self._session.decoders
        most = self._workers + _DECODED_MEANWHILE
        done = 0
        try:
            while True:
                while len(flying) < self._workers and len(flying) + len(decoding) < most:
                    request = self._next()
                    if request is None:
                        break
                    flying[executor.submit(request.pages.fetch, self._session)] = request
                if not flying and not decoding:
                    break
                if progress is not None:
                    progress(done, done + len(flying) + len(decoding) + self._requests_to_come())
                under_way: list[Future[Any]] = [*flying, *decoding]
                finished = wait_for(under_way, FIRST_COMPLETED)
                for fetched in finished & flying.keys():
                    request = flying.pop(fetched)
                    try:
                        answer = fetched.result()
                    except CogniteAPIError as error:
                        done += 1
                        self._reject(request, error)
                    else:
                        decoding[decoders.submit(request.pages.decode, answer, self._memory)] = request
                for decoded in finished & decoding.keys():
                    done += 1
                    self._accept(decoding.pop(decoded), decoded.result())
                yield
        except BaseException:
            self._session.give_up([*flying, *decoding])
            raise
        if self._not_found:
            raise merge_not_found(self._not_found)
        if progress is not None:
            progress(done, done)

    def know(self, densities: Mapping[SeriesRead, Density]) -> None:
        """Cut windows by known densities, without first pages to learn from."""
        self._first.clear()
        for read, series in self.series.items():
            series.spans[0].density = densities.get(read, AtMost(0))
            self._make_ready(series)

    def take(self) -> list[SeriesColumns]:
        """Take what has come, as far as it is next in the order of the plan, and in time."""
        taken = []
        while self._unfinished:
            series = self._unfinished[0]
            self._waiting -= series.held
            part = gather(series)
            self._waiting += series.held
            if part.rows:
                taken.append(part)
            if not series.is_complete:
                break
            self._unfinished.popleft()
        return taken

    def cut_windows(self) -> list[Window]:
        """Fill a request with windows of the series that have some, in their order."""
        windows: list[Window] = []
        group: Group | None = None
        most, room, misfits = 0, 0, 0
        for series in self._ready[: 2 * MOST_ITEMS]:
            span = series.front()
            if span is None:
                if not series.spans:
                    self._ready.remove(series)
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
                    self._ready.remove(series)
            else:
                misfits += 1
            if room <= 0 or len(windows) == MOST_ITEMS or misfits > _LOOK_AHEAD:
                break
        _share_out(windows, room)
        return windows

    @property
    def _is_full(self) -> bool:
        """Whether as many rows wait to be taken as may."""
        return self._waiting >= self._most_waiting

    def _begin(self, group: list[SeriesProgress]) -> None:
        """Decide how the series of a group begin: with windows of a known size, or with a page to learn from."""
        most = _capacity(group[0])
        needs = [series.bound(series.origin, series.read.end) for series in group]
        limited = [series.read.limit is not None or series.read.aggregates for series in group]
        if all(limited) and sum(needs) <= self._workers * most:
            for series, need in zip(group, needs, strict=True):
                rate = Uniform(1 / series.grid.step)
                series.spans[0].density = rate if series.read.aggregates else AtMost(need)
                self._make_ready(series)
        else:
            self._first.extend(_batches(group))

    def _next(self) -> _Request | None:
        """What to ask for next; None when everything has been, or what comes may have to be waited for."""
        if self._cut:
            return _request(self._cut.popleft())
        if self._is_full:
            return self._next_of_first_series()
        if self._is_stream and not self._not_found and (request := self._windows()) is not None:
            return request  # what has begun is taken before what has not
        if self._first:
            return self._first_pages(self._first.popleft())
        return None if self._not_found else self._windows()

    def _next_of_first_series(self) -> _Request | None:
        """Ask for what the series whose rows are taken next still lacks, if nothing of it is on its way."""
        series = next((series for series in self._unfinished if not series.is_complete), None)
        if series is None or series.flying:
            return None
        batch = next((batch for batch in self._first if series in batch), None)
        if batch is not None:
            self._first.remove(batch)
            return self._first_pages(batch)
        return self._windows()

    def _first_pages(self, batch: list[SeriesProgress]) -> _Request:
        """Ask for the first page of some series, and where they end if that takes no further request."""
        room = _capacity(batch[0]) // len(batch)
        long = [series for series in batch if series.bound(series.origin, series.read.end) > room]
        ends = [end_item(series) for series in long] if len(batch) + len(long) <= MOST_ITEMS else []
        room = max(1, (_capacity(batch[0]) - len(ends)) // len(batch))
        return _request([series.cut(series.spans[0], room) for series in batch], ends=ends)

    def _windows(self) -> _Request | None:
        """Ask for windows, and in the same request for counts where they pay."""
        counted = self._series_to_count()
        # Until counts are there, some windows go by the density seen so far, so that workers are not idle.
        windows = self.cut_windows() if len(counted) <= self._workers else []
        if not counted:
            return _request(windows) if windows else None
        # Of aggregates an answer holds only so many, counts included; so these do not travel with others.
        alike = bool(windows) and _group(windows[0].series) == _group(counted[0]) and not windows[0].read.aggregates
        if windows and not (alike and len(windows) + len(counted) <= MOST_ITEMS):
            self._cut.append(windows)
            windows = []
        return _request(windows, self._count_items(counted))

    def _accept(self, request: _Request, answered: Sequence[Page | None]) -> None:
        self._session.tally.add(points_read=sum(len(page) for page in answered if page is not None))
        of_windows, of_counts = len(request.windows), len(request.windows) + len(request.counts)
        for end, page in zip(request.ends, answered[of_counts:], strict=True):
            end.accept(page)  # before windows, whose spans shall know it
        for window, page in zip(request.windows, answered[:of_windows], strict=True):
            self._accept_window(window, page)
        for count, page in zip(request.counts, answered[of_windows:of_counts], strict=True):
            count.accept(page)
            self._make_ready(count.series)

    def _accept_window(self, window: Window, page: Page | None) -> None:
        series = window.series
        if page is not None and not self._is_stream:
            page = self._with_shared_times(page)
            self._find_twin(series, page)
        held = series.held
        continues = series.accept(window, page)
        self._waiting += series.held - held
        if continues and not (series.counted or series.counting or series.is_string):
            self._uncounted.append(series)
        self._make_ready(series)

    def _find_twin(self, series: SeriesProgress, page: Page) -> None:
        """Let a series that was asked for by id and by external id be read once."""
        if series.exists is None:
            key = (page.id, replace(series.read, id=None, external_id=None))
            twin = self._twins.setdefault(key, series)
            series.twin = twin if twin is not series else None

    def _make_ready(self, series: SeriesProgress) -> None:
        """Let a series with spans be cut, if it is not waiting for that already."""
        if series.spans:
            at = bisect_left(self._ready, series.place, key=lambda one: one.place)
            if at == len(self._ready) or self._ready[at] is not series:
                self._ready.insert(at, series)

    def _with_shared_times(self, page: Page) -> Page:
        """Let pages of equal times, as series of one plant often have them, hold these times once."""
        if not len(page):
            return page
        key = (len(page), int(page.timestamps[0]), int(page.timestamps[-1]))
        known = self._times.setdefault(key, page.timestamps)
        if known is page.timestamps or not bool((known == page.timestamps).all()):
            return page
        return replace(page, timestamps=known)

    def _reject(self, request: _Request, error: CogniteAPIError) -> None:
        if isinstance(error, CogniteNotFoundError):
            self._not_found.append(error)
            return
        if not request.counts or error.code != 400:
            raise error
        for item in request.counts:  # what counts are for goes without them, too
            item.series.count_in(None)
            self._make_ready(item.series)
        if request.windows:
            self._cut.append(request.windows)

    def _series_to_count(self) -> list[SeriesProgress]:
        """Series that turned out to be long, where their counts are cheap against what is to come."""
        waiting = [series for series in dict.fromkeys(self._uncounted) if series.rows_to_come() >= _capacity(series)]
        candidates = [series for series in waiting if _group(series) == _group(waiting[0])][:MOST_ITEMS]
        chosen = set(candidates)
        self._uncounted = [series for series in waiting if series not in chosen]
        to_come = sum(series.rows_to_come() / _capacity(series) for series in candidates)
        return candidates if to_come >= _COUNTS_PAY_FROM else []

    def _count_items(self, candidates: Sequence[SeriesProgress]) -> list[CountItem]:
        if not candidates:
            return []
        to_come = sum(series.rows_to_come() / _capacity(series) for series in candidates)
        limit = int(min(MOST_AGGREGATES, max(_COUNTS_A_REQUEST, _COUNTS_A_REQUEST * to_come))) // len(candidates)
        for series in candidates:
            series.counting = True
            series.guesses = 2 * self._workers // len(candidates) if series.is_steady else 1
        return [count_item(series, max(1, limit)) for series in candidates]

    def _requests_to_come(self) -> int:
        """Guess for progress: nothing is made of densities that are only thought to go on, but the next request."""
        requests = sum(series.known_rows(_capacity(series)) / _capacity(series) for series in self._ready)
        return len(self._first) + math.ceil(requests)


def _request(windows: list[Window], counts: Sequence[CountItem] = (), ends: Sequence[EndItem] = ()) -> _Request:
    items: list[Item] = [*windows, *counts, *ends]
    return _Request(PagesRequest(items, items[0].read.ignore_unknown_ids), windows, counts, ends)


def _group(series: SeriesProgress) -> Group:
    return bool(series.read.aggregates), series.read.ignore_unknown_ids


def _capacity(series: SeriesProgress) -> int:
    return MOST_AGGREGATES if series.read.aggregates else MOST_RAW


def _batches(group: list[SeriesProgress]) -> Iterator[list[SeriesProgress]]:
    """Divide series evenly over as few requests as can hold them."""
    requests = -(-len(group) // MOST_ITEMS)
    for number in range(requests):
        yield group[number * len(group) // requests : (number + 1) * len(group) // requests]


def _share_out(windows: Sequence[Window], room: int) -> None:
    """Let windows have the room that is left, in proportion, so that fewer come back full."""
    asked = sum(window.limit for window in windows)
    if asked <= 0 or room <= 0:
        return
    for window in windows:
        more = room * window.limit // asked
        window.limit = int(min(window.limit + more, max(window.limit, window.series.bound(window.start, window.end))))
