"""A replay server whose requests a test can look at, and clients of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from benchmarks import replay
from benchmarks.replay import Series, Store, raw_points
from benchmarks.replay.store import Part
from cdframe.config import resolve
from cdframe.datapoints import DatapointsAPI
from cdframe.session import Session
from cdframe.types import FrameKind
from tests.datapoints.wire import is_end

Body = dict[str, Any]


class NotedStore:
    """A store that notes what it is asked.

    Attributes:
        asked: the bodies of requests for points, in order of arrival.
        described: those of requests for what series are.
        change: changes the body of a request for points before it is answered.
    """

    def __init__(self, store: Store, change: Callable[[Body], None] | None = None) -> None:
        self._store = store
        self.asked: list[Body] = []
        self.described: list[Body] = []
        self.change = change
        self._lock = threading.Lock()

    def retrieve(self, body: Body) -> list[Part]:
        """The answer to a request for points."""
        with self._lock:
            self.asked.append(body)
        if self.change is not None:
            body = {**body, "items": [dict(item) for item in body["items"]]}
            self.change(body)
        return self._store.retrieve(body)

    def byids(self, body: Body) -> list[Part]:
        """The answer to a request for what series are."""
        with self._lock:
            self.described.append(body)
        return self._store.byids(body)

    @property
    def items(self) -> list[Body]:
        """What was asked for, item by item."""
        return [item for body in self.asked for item in body["items"]]

    @property
    def windows(self) -> list[Body]:
        """What was asked for of raw points to read, item by item."""
        return [item for item in self.items if "aggregates" not in item and not is_end(item)]

    @property
    def ends(self) -> list[Body]:
        """Where it was asked for the last point of a series, item by item."""
        return [item for item in self.items if is_end(item)]

    @property
    def counts(self) -> list[Body]:
        """What was asked for of aggregates, item by item."""
        return [item for item in self.items if "aggregates" in item]

    def forget(self) -> None:
        """Begin the notes anew."""
        self.asked.clear()
        self.described.clear()


def numbers(id: int, name: str, times: np.ndarray, values: np.ndarray | None = None) -> Series:
    """A series of numbers; of sevenths of their places, when nothing else is said."""
    return Series(id, name, raw_points(times, np.arange(len(times)) / 7 if values is None else values))


def texts(id: int, name: str, times: np.ndarray, values: list[str] | None = None) -> Series:
    """A series of texts; of their places, when nothing else is said."""
    made = [f"{place}" for place in range(len(times))] if values is None else values
    return Series(id, name, raw_points(times, made), is_string=True)


@contextmanager
def serving(store: Store, **options: Any) -> Iterator[tuple[replay.Server, NotedStore]]:
    """A server of a store, and the notes of what it is asked."""
    with replay.running(store, **options) as server:
        noted = NotedStore(store)
        server.store = noted
        yield server, noted


def session(server: replay.Server, **settings: Any) -> Session:
    """A session with a server, that does not wait long between attempts."""
    access = {"base_url": server.base_url, "project": "p", "api_key": "k", "max_retry_backoff": 0.001}
    return Session(resolve({**access, **settings}, {}))


@contextmanager
def reading(server: replay.Server, frame: FrameKind = "polars", **settings: Any) -> Iterator[DatapointsAPI]:
    """The datapoints calls of a client of a server, closed when the block is left."""
    made = session(server, **settings)
    try:
        yield DatapointsAPI(made, frame)
    finally:
        made.close()
