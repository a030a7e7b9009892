"""Exchanges with the server: requests side by side in the threads of a client, answers read in the thread that waits.

    exchange:  request ──> answer, read ──> next request ──> ... ──> what has been read

Answers in JSON are read here, not where they were fetched: a page of 1,000 rows takes Polars 1.5 ms, no more than it
takes to fetch one, and every thread that has ever read one keeps 5 MB for it. An exchange asks further when its answer
is read, so that there are never more than a few answers.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future
from functools import partial
from typing import Any, TypeAlias, TypeVar

from cdframe.session import Session
from cdframe.waiting import wait_for

T = TypeVar("T")

Body: TypeAlias = dict[str, Any] | bytes
Exchange: TypeAlias = Generator[Body, bytes, T]
"""Yields the body of a request and is sent the answer to it, or thrown its error; returns what it has read."""


def hold(
    session: Session,
    path: str,
    exchanges: Sequence[Exchange[T]],
    progress: Callable[[int, int], None] | None = None,
) -> list[T]:
    """Hold exchanges by POST of a path, some at once; what they return, in order.

    The first error that an exchange does not deal with stops all of them, and is raised.
    """
    if len(exchanges) == 1 and progress is None:
        return [_hold_here(session, path, exchanges[0])]
    results: dict[int, T] = {}
    waiting = deque(range(len(exchanges)))
    most = 2 * session.config.max_workers  # half of them wait for a worker: none waits for this thread
    flying: dict[Future[bytes], int] = {}
    report = progress or (lambda done, total: None)
    report(0, len(exchanges))

    def go_on(number: int, resume: Callable[[], Body]) -> None:
        try:
            body = resume()
        except StopIteration as end:
            results[number] = end.value
            report(len(results), len(exchanges))
        else:
            flying[session.executor.submit(partial(_post, session, path, body))] = number

    try:
        while waiting or flying:
            while waiting and len(flying) < most:
                number = waiting.popleft()
                go_on(number, partial(next, exchanges[number]))
            done = wait_for(flying, FIRST_COMPLETED)
            while done:
                future = done.pop()
                number = flying.pop(future)
                error = future.exception()
                if error is None:
                    go_on(number, partial(exchanges[number].send, future.result()))
                else:
                    go_on(number, partial(exchanges[number].throw, error))
    except BaseException:
        session.give_up(flying)
        raise
    return [results[number] for number in range(len(exchanges))]


def _hold_here(session: Session, path: str, exchange: Exchange[T]) -> T:
    """Hold one exchange in this thread."""
    try:
        body = next(exchange)
        while True:
            try:
                answer = _post(session, path, body)
            except Exception as error:
                body = exchange.throw(error)
            else:
                body = exchange.send(answer)
    except StopIteration as end:
        result: T = end.value
        return result


def _post(session: Session, path: str, body: Body) -> bytes:
    return session.request("POST", path, json=body).content
