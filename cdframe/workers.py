"""The threads of a client. Calls that they make can be given up while they are under way."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

P = ParamSpec("P")
T = TypeVar("T")

_current = threading.local()


class Workers(ThreadPoolExecutor):
    """Threads that know which call they make, and whether anybody still waits for it.

    Never wait for one of their futures inside one of them.
    """

    def __init__(self, most: int) -> None:
        super().__init__(most, thread_name_prefix="cdframe")
        self._given_up: WeakKeyDictionary[Future[Any], threading.Event] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Make a call in one of the threads."""
        given_up = threading.Event()

        def call() -> T:
            _current.given_up = given_up
            return fn(*args, **kwargs)

        future = super().submit(call)
        with self._lock:
            self._given_up[future] = given_up
        return future

    def give_up(self, future: Future[Any]) -> None:
        """Drop a call that has not begun, and tell one that is under way that nobody waits for it."""
        future.cancel()
        with self._lock:
            given_up = self._given_up.get(future)
        if given_up is not None:
            given_up.set()


def nobody_waits() -> bool:
    """Whether the call that this thread makes was given up; never so in threads of the user."""
    given_up: threading.Event | None = getattr(_current, "given_up", None)
    return given_up is not None and given_up.is_set()
