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


class Call:
    """One call: whether somebody still waits for it, and how to end what it waits for itself."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._abort: Callable[[], None] | None = None
        self.is_given_up = False

    def give_up(self) -> None:
        """Nobody waits any more: end what the call waits for."""
        with self._lock:
            self.is_given_up = True
            if self._abort is not None:
                self._abort()

    def waits(self, abort: Callable[[], None] | None) -> None:
        """The call begins to wait for something that `abort` ends, or with None it does no longer."""
        with self._lock:
            self._abort = abort
            if abort is not None and self.is_given_up:
                abort()


class Workers(ThreadPoolExecutor):
    """Threads that know which call they make, and whether anybody still waits for it.

    Never wait for one of their futures inside one of them.
    """

    def __init__(self, most: int) -> None:
        super().__init__(most, thread_name_prefix="cdframe")
        self._calls: WeakKeyDictionary[Future[Any], Call] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Make a call in one of the threads."""
        call = Call()

        def make() -> T:
            _current.call = call
            return fn(*args, **kwargs)

        future = super().submit(make)
        with self._lock:
            self._calls[future] = call
        return future

    def give_up(self, future: Future[Any]) -> None:
        """Drop a call that has not begun, and end one that is under way: nobody waits for it."""
        future.cancel()
        with self._lock:
            call = self._calls.get(future)
        if call is not None:
            call.give_up()


def current_call() -> Call:
    """The call that this thread makes; in threads of the user one that is never given up."""
    call: Call = getattr(_current, "call", None) or Call()
    return call


def nobody_waits() -> bool:
    """Whether the call that this thread makes was given up; never so in threads of the user."""
    return current_call().is_given_up
