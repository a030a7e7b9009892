"""How many requests of one client are under way at once: fewer when the server asks for it, slowly more again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cdframe.waiting import A_MOMENT

ASKS_FOR_LESS = frozenset({429, 503})
"""Statuses by which a server says that it has too much to do."""


def _never() -> bool:
    return False


class Throttle:
    """A limit on parallel requests, shared by all threads that use one client.

    It begins at `most`. An answer that asks for less halves it, but never below one request, and only once for all the
    requests that were under way together; each round of good answers raises it by one again. When the answer says how
    long to wait, no request of the client begins before.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._limit = float(most)
        self._active = 0
        self._round = 0  # grows with each halving: answers to requests of earlier rounds do not halve again
        self._closed_until = 0.0
        self._changed = threading.Condition()

    @property
    def limit(self) -> int:
        """How many requests may be under way now."""
        return int(self._limit)

    @contextmanager
    def slot(self, unless: Callable[[], bool] = _never) -> Iterator[int]:
        """Wait for a place among the requests under way; gives the round to say with `report`.

        Args:
            unless: whether to go on without a place; it is asked again after `wake`.
        """
        with self._changed:
            while not unless():
                closed_for = self._closed_until - time.monotonic()
                if closed_for <= 0 and self._active < self.limit:
                    break
                self._changed.wait(min(closed_for, A_MOMENT) if closed_for > 0 else A_MOMENT)
            self._active += 1
            current = self._round
        try:
            yield current
        finally:
            with self._changed:
                self._active -= 1
                self._changed.notify_all()

    def report(self, status: int, began_in: int, retry_after: float = 0.0) -> None:
        """Learn from an answer to a request that began in a round, and that asked to wait for some seconds."""
        with self._changed:
            if status in ASKS_FOR_LESS:
                self._closed_until = max(self._closed_until, time.monotonic() + retry_after)
                if began_in == self._round:
                    self._limit = max(1.0, self._limit / 2)
                    self._round += 1
            elif status < 400 and self._limit < self._most:
                self._limit = min(float(self._most), self._limit + 1 / self._limit)
                self._changed.notify_all()

    def pause(self, seconds: float, unless: Callable[[], bool] = _never) -> None:
        """Wait, unless there is a reason not to."""
        end = time.monotonic() + seconds
        with self._changed:
            while not unless() and (rest := end - time.monotonic()) > 0:
                self._changed.wait(min(rest, A_MOMENT))

    def wake(self) -> None:
        """Let all who wait ask again whether they still should."""
        with self._changed:
            self._changed.notify_all()
