"""Writes in several requests: which rows were written, which may have been, which were not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from heapq import heappop, heappush
from traceback import clear_frames
from typing import Any, Generic, Literal, TypeVar

import pyarrow as pa

from cdframe.errors import (
    CogniteAPIError,
    CogniteConnectionError,
    CogniteDuplicatedError,
    CogniteNotFoundError,
    api_error,
)
from cdframe.frames import from_arrow
from cdframe.types import FrameKind

T = TypeVar("T")

Outcome = Literal["successful", "unknown", "failed"]


@dataclass(frozen=True, slots=True)
class Write(Generic[T]):
    """One request of a write: the input rows that it carries (or how to make them), and the call that sends them.

    It is sent when those writes are done, well or not, whose numbers are in `after`.
    """

    rows: pa.Table | Callable[[], pa.Table]
    send: Callable[[], T]
    after: Sequence[int] = ()

    def table(self) -> pa.Table:
        """The input rows, made where there was no need for them so far."""
        return self.rows if isinstance(self.rows, pa.Table) else self.rows()


class WriteQueue:
    """The numbers of the writes that can be sent, lowest first: those that come after others when these are done."""

    def __init__(self, writes: Sequence[Write[Any]]) -> None:
        self._waits_for = [len(write.after) for write in writes]
        self._followers: dict[int, list[int]] = {}
        for number, write in enumerate(writes):
            for earlier in write.after:
                self._followers.setdefault(earlier, []).append(number)
        self._ready = [number for number, count in enumerate(self._waits_for) if not count]

    def take(self, most: int) -> Iterator[int]:
        """Take some that can be sent."""
        for _ in range(min(most, len(self._ready))):
            yield heappop(self._ready)

    def done(self, number: int) -> None:
        """One is done."""
        for follower in self._followers.pop(number, ()):
            self._waits_for[follower] -= 1
            if not self._waits_for[follower]:
                heappush(self._ready, follower)


def collect_writes(writes: Sequence[Write[T]], futures: Sequence[Future[T]], frame: FrameKind) -> list[T]:
    """Give the results in order, or raise one error for all that failed; see `failure_of`.

    Raises:
        CogniteAPIError: with frames `successful`, `unknown` and `failed` of the input rows.
    """
    errors = [future.exception() for future in futures]
    if not any(errors):
        return [future.result() for future in futures]
    rows: dict[Outcome, list[pa.Table]] = {"successful": [], "unknown": [], "failed": []}
    for write, error in zip(writes, errors, strict=True):
        rows[outcome_of(error)].append(write.table())
    schema = pa.unify_schemas(
        [table.schema for tables in rows.values() for table in tables], promote_options="permissive"
    )
    tables = {
        outcome: pa.concat_tables(some, promote_options="permissive") if some else schema.empty_table()
        for outcome, some in rows.items()
    }
    raise failure_of([error for error in errors if error is not None], tables, frame)


def failure_of(errors: Sequence[BaseException], rows: Mapping[Outcome, pa.Table], frame: FrameKind) -> BaseException:
    """Make one error of all that requests of a write failed with, which has the input rows as frames.

    An error that is not an answer of the API comes first, as it is. Then one that names neither missing nor duplicated
    identifiers, the last such; it carries the identifiers of all. Else all missing ones make a not-found error, else
    all duplicated ones a duplicated error.
    """
    others = [error for error in errors if not isinstance(error, CogniteAPIError)]
    failure = others[0] if others else _merge([error for error in errors if isinstance(error, CogniteAPIError)])
    for outcome, table in rows.items():
        setattr(failure, outcome, from_arrow(table, frame))
    return failure


def outcome_of(error: BaseException | None) -> Outcome:
    """What became of the rows of a request that ended with this error, or without one."""
    if error is None:
        return "successful"
    if not isinstance(error, CogniteAPIError):
        return "failed"
    if isinstance(error, CogniteConnectionError):
        return "unknown" if error.sent else "failed"
    return "unknown" if error.unsure or (error.code or 0) >= 500 else "failed"


def let_go_of_bodies(error: BaseException | None) -> None:
    """Clear what the frames of an error hold: each request that fails would else keep its body until all are done."""
    while error is not None:
        clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__


def _merge(errors: Sequence[CogniteAPIError]) -> CogniteAPIError:
    special = (CogniteNotFoundError, CogniteDuplicatedError)
    others = [error for error in errors if not isinstance(error, special)]
    missing = _distinct(element for error in errors for element in error.missing)
    duplicated = _distinct(element for error in errors for element in error.duplicated)
    if others:
        last = others[-1]
        last.missing, last.duplicated = missing, duplicated
        return last
    not_found = [error for error in errors if isinstance(error, CogniteNotFoundError)]
    last = (not_found or errors)[-1]
    named = {"missing": missing} if not_found else {"duplicated": duplicated}
    return api_error(last.message, last.code, last.x_request_id, extra=last.extra, **named)


def _distinct(elements: Any) -> list[Any]:
    return list({repr(element): element for element in elements}.values())
