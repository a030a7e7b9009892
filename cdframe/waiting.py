"""Waits that Ctrl-C ends.

Polars handles the signal, too, and does it so that a wait for a lock goes on after it: Python then hears of the signal
when the wait ends. So no wait of the thread of the user is a long one; it is a series of short ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ALL_COMPLETED, FIRST_COMPLETED, FIRST_EXCEPTION, Future, wait
from typing import TypeVar

T = TypeVar("T")

A_MOMENT = 0.2
"""The longest wait at once, in seconds."""


def wait_for(
    futures: Iterable[Future[T]], until: str = ALL_COMPLETED, meanwhile: Callable[[], None] | None = None
) -> set[Future[T]]:
    """Wait for calls as `concurrent.futures.wait` does, and give those that are done.

    `meanwhile` is called now and then.
    """
    waited_for = list(futures)
    while True:
        if meanwhile is not None:
            meanwhile()
        done, rest = wait(waited_for, timeout=A_MOMENT, return_when=until)
        if not rest or (done and until == FIRST_COMPLETED) or (until == FIRST_EXCEPTION and any(map(_failed, done))):
            return done


def _failed(future: Future[T]) -> bool:
    return not future.cancelled() and future.exception() is not None
