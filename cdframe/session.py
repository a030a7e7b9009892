"""One client's conversation with CDF: requests with credentials, gzip and retries, and many of them in parallel.

Each stage has one duty: `request` makes the call and turns a bad answer into an exception, `_attempts` repeats it as
the rules allow and no faster than the server can, `_send` sends once. `run` and `write` do many at a time on the
threads of this client.
"""

from __future__ import annotations

import json as jsonlib
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, FIRST_EXCEPTION, Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import quote

import httpx

from cdframe._version import __version__
from cdframe.compression import JSON, compressed
from cdframe.config import ClientConfig
from cdframe.connections import Connection
from cdframe.credentials import Credentials, credentials_from
from cdframe.engines import EngineHold
from cdframe.errors import CogniteAPIKeyError, CogniteConnectionError, error_from_answer
from cdframe.retries import NEVER_SENT, backoff_s, is_repeatable, retry_after_s, retry_error, retry_status
from cdframe.stats import Tally
from cdframe.throttle import Throttle
from cdframe.types import FrameKind
from cdframe.waiting import wait_for
from cdframe.workers import Workers, nobody_waits
from cdframe.writes import Write, WriteQueue, collect_writes, let_go_of_bodies

T = TypeVar("T")

logger = logging.getLogger("cdframe")

PIECE = 2**20
"""The bytes of a file that are held at once."""

_LOGGED_HEADERS = ("accept", "content-type", "content-encoding", "x-cdp-app", "cdf-version")


class Session:
    """The requests of one client and of its `with_frame` twins."""

    def __init__(
        self,
        config: ClientConfig,
        transport: httpx.BaseTransport | None = None,
        engine: EngineHold | None = None,
    ) -> None:
        """Make a session; with a `transport` its requests go there, and with an `engine` it ends that when it ends."""
        if config.debug:
            _log_to_stderr()
        self.config = config
        self.engine = engine
        self._in_process = transport is not None
        self._credentials: Credentials = credentials_from(config)
        self._connection = Connection(config, transport)
        self._executor: Workers | None = None
        self._decoders: ThreadPoolExecutor | None = None
        self._throttle = Throttle(config.max_workers)
        self.tally = Tally()
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._base_path = ""
        try:
            self.project = config.project or self._project_of_credentials()
        except BaseException:
            self.close()
            raise
        self._base_path = f"/api/v1/projects/{quote(self.project, safe='')}"

    @property
    def executor(self) -> Workers:
        """The threads of this client: `max_workers` of them, shared by all its calls.

        Never wait for one of their futures inside one of them.
        """
        with self._lock:
            self._check_open()
            if self._executor is None:
                self._executor = Workers(self.config.max_workers)
            return self._executor

    @property
    def decoders(self) -> ThreadPoolExecutor:
        """The threads that decode what the others fetch: as many as there are cores."""
        with self._lock:
            self._check_open()
            if self._decoders is None:
                self._decoders = ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="cdframe-decoder")
            return self._decoders

    def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        content: bytes | None = None,
        content_type: str = JSON,
        accept: str = JSON,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        host: bool = False,
    ) -> httpx.Response:
        """Make a call and return its 2xx answer, read to its end.

        Args:
            method: the HTTP method.
            path: relative to the project, such as ``/timeseries/list``; with `host`, to the server.
            json: a JSON body, as an object or as bytes that are sent as they are.
            content: a body of another `content_type`.

        Raises:
            CogniteAPIError: any other answer, when all attempts that the rules allow are used up.
            CogniteConnectionError: no answer.
        """
        self._check_open()
        if json is not None:
            content = json if isinstance(json, bytes) else jsonlib.dumps(json, allow_nan=False).encode()
        sent_headers = self._headers(content, content_type, accept)
        if content is not None and not self.config.disable_gzip and not self._in_process:
            smaller = compressed(content, content_type)
            if smaller is not None:
                content = smaller
                sent_headers["content-encoding"] = "gzip"
        sent_headers.update(self.config.headers)
        sent_headers.update(headers or {})
        relative = path.removeprefix(self._base_path) if host else path
        request = self._connection.http.build_request(
            method,
            self.config.base_url + (path if host else self._base_path + path),
            params=None if not params else {key: value for key, value in params.items() if value is not None},
            content=content,
            headers=sent_headers,
            timeout=httpx.Timeout(timeout or self.config.timeout, pool=None),
        )
        return self._attempts(request, is_repeatable(method, relative))

    @contextmanager
    def transfer(
        self,
        method: str,
        url: str,
        *,
        content: Iterable[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Iterator[httpx.Response]:
        """Make one attempt to move content to or from a link that needs no credential; gives the answer, not yet read.

        Raises:
            httpx.RequestError: no answer.
        """
        self._check_open()
        sent_headers = {"user-agent": f"cdframe/{__version__}", "accept-encoding": "identity", **(headers or {})}
        request = self._connection.http.build_request(
            method,
            url,
            content=content,
            headers=sent_headers,
            timeout=httpx.Timeout(self.config.file_transfer_timeout, pool=None),
            extensions={"piece": PIECE},
        )
        self.tally.add(requests=1)
        response = self._connection.http.send(request, stream=True)
        try:
            yield response
        finally:
            response.close()

    def run(self, calls: Sequence[Callable[[], T]], progress: Callable[[int, int], None] | None = None) -> list[T]:
        """Make calls in parallel; results in order. The first error stops what has not begun, and is raised."""
        if len(calls) == 1 and progress is None:
            return [calls[0]()]
        futures = [self.executor.submit(call) for call in calls]
        try:
            _watch(futures, progress, FIRST_EXCEPTION)
            failed = next((f for f in futures if f.done() and not f.cancelled() and f.exception()), None)
            if failed is not None:
                failed.result()
            return [future.result() for future in futures]
        except BaseException:
            self.give_up(futures)
            raise

    def write(
        self,
        writes: Sequence[Write[T]],
        frame: FrameKind,
        progress: Callable[[int, int], None] | None = None,
    ) -> list[T]:
        """Make all writes in parallel, whatever becomes of the others; results in order.

        Raises:
            CogniteAPIError: a write failed; holds the rows of all writes as `successful`, `unknown` and `failed`.
        """
        return collect_writes(writes, self.make_writes(writes, progress), frame)

    def make_writes(
        self,
        writes: Sequence[Write[T]],
        progress: Callable[[int, int], None] | None = None,
        meanwhile: Callable[[], None] | None = None,
    ) -> list[Future[T]]:
        """Make all writes in parallel, each as soon as those are done that it comes after; gives all, in order.

        `meanwhile` is called now and then while they are made.
        """
        executor, ahead = self.executor, 2 * self.config.max_workers
        queue = WriteQueue(writes)
        futures: dict[int, Future[T]] = {}
        flying: dict[Future[T], int] = {}
        report = progress or (lambda done, total: None)
        report(0, len(writes))
        try:
            while len(futures) < len(writes) or flying:
                # Few wait their turn: calls of other threads come between, and what is given up was not begun.
                for number in queue.take(ahead - len(flying)):
                    self._check_open()
                    futures[number] = executor.submit(writes[number].send)
                    flying[futures[number]] = number
                for future in wait_for(flying, FIRST_COMPLETED, meanwhile):
                    if future.cancelled():
                        self._check_open()
                    let_go_of_bodies(future.exception())
                    queue.done(flying.pop(future))
                    report(len(futures) - len(flying), len(writes))
        except BaseException as error:
            self.give_up(flying)
            done = sum(future.done() and not future.cancelled() for future in futures.values())
            unsent = len(writes) - len(futures) + sum(future.cancelled() for future in futures.values())
            error.add_note(
                f"This ended a write in {len(writes)} requests: {done} were answered, {unsent} not sent, and what "
                f"became of {len(writes) - done - unsent} is not known."
            )
            raise
        return [futures[number] for number in range(len(writes))]

    def give_up(self, futures: Iterable[Future[Any]]) -> None:
        """Drop calls that have not begun, and let none that is under way be repeated: the user does not wait for it."""
        if self._executor is not None:
            for future in futures:
                self._executor.give_up(future)
            self._throttle.wake()

    def close(self) -> None:
        """End the threads and let go of the connections; further calls raise."""
        with self._lock:
            self._closed.set()
            self._throttle.wake()
            executor, self._executor = self._executor, None
            decoders, self._decoders = self._decoders, None
        if executor is not None:
            executor.shutdown(wait=True, cancel_futures=True)
        if decoders is not None:
            decoders.shutdown(wait=True, cancel_futures=True)
        self._connection.close()
        if self.engine is not None:
            self.engine.close()

    def _headers(self, content: bytes | None, content_type: str, accept: str) -> dict[str, str]:
        headers = {
            "accept": accept,
            "accept-encoding": "gzip, deflate",
            "user-agent": f"cdframe/{__version__}",
            "x-cdp-sdk": f"cdframe:{__version__}",
            "x-cdp-app": self.config.client_name,
            "cdf-version": self.config.api_subversion,
        }
        if content is not None:
            headers["content-type"] = content_type
        return headers

    def _attempts(self, request: httpx.Request, repeatable: bool) -> httpx.Response:
        attempts = 0
        reached = False  # whether the server has got anything of this call
        unsure = False  # whether it may have done what was asked, in an attempt that gave no such answer
        while True:
            response: httpx.Response | None = None
            asked_to_wait = 0.0
            try:
                with self._throttle.slot(self._is_given_up) as began_in:
                    if self._is_given_up():
                        self._check_open()
                        raise CogniteConnectionError(f"{_name(request)} was given up.", sent=unsure)
                    attempts += 1
                    self.tally.add(requests=1, retries=int(attempts > 1))
                    response = self._send(request, attempts)
                asked_to_wait = retry_after_s(response)
                self._throttle.report(response.status_code, began_in, asked_to_wait)
            except httpx.RequestError as error:
                lost = not isinstance(error, NEVER_SENT)
                reached, unsure = reached or lost, unsure or lost
                error.request = httpx.Request(request.method, request.url)  # neither credentials nor body stay alive
                again = isinstance(error, httpx.TransportError) and retry_error(error, repeatable)
                if not again or self._was_last(attempts):
                    raise _connection_error(request, error, attempts, reached, unsure) from error
            else:
                if response.is_success:
                    return response
                if not retry_status(self.config, response, repeatable) or self._was_last(attempts):
                    failure = error_from_answer(
                        response.status_code, response.content, response.headers.get("x-request-id")
                    )
                    failure.unsure = unsure
                    raise failure
                reached, unsure = True, unsure or response.status_code >= 500
            began = time.monotonic()
            self._throttle.pause(max(backoff_s(self.config, attempts), asked_to_wait), self._is_given_up)
            self.tally.add(waited=time.monotonic() - began)

    def _was_last(self, attempts: int) -> bool:
        return attempts >= self.config.max_retries or self._is_given_up()

    def rest(self, attempts: int, asked_for: float = 0.0) -> None:
        """Wait before a transfer is attempted again, after so many attempts."""
        self._throttle.pause(max(backoff_s(self.config, attempts), asked_for), self._is_given_up)

    def _is_given_up(self) -> bool:
        return self._closed.is_set() or nobody_waits()

    def _send(self, request: httpx.Request, attempt: int) -> httpx.Response:
        request.headers.update(self._credentials.headers())
        began = time.perf_counter()
        response = self._connection.http.send(request)
        # httpx ties an answer and its stream to each other, which would keep bodies until the garbage collector comes.
        response.stream = httpx.ByteStream(b"")
        self.tally.add(bytes_sent=len(request.content), bytes_received=len(response.content))
        if logger.isEnabledFor(logging.DEBUG):
            shown = {name: request.headers[name] for name in _LOGGED_HEADERS if name in request.headers}
            logger.debug(
                "%s %s -> %s in %.0f ms, attempt %d, x-request-id %s, headers %s, %d bytes out, %d bytes in",
                request.method,
                request.url.copy_with(query=None),
                response.status_code,
                (time.perf_counter() - began) * 1000,
                attempt,
                response.headers.get("x-request-id"),
                shown,
                len(request.content),
                len(response.content),
            )
        return response

    def _project_of_credentials(self) -> str:
        status = self.request("GET", "/login/status", host=True).json().get("data", {})
        if not status.get("loggedIn") or not status.get("project"):
            raise CogniteAPIKeyError(
                f"{self.config.base_url} does not accept the credentials (invalid API key or token), so the project "
                "cannot be asked for. Hint: check the key, or give project= (COGNITE_PROJECT)."
            )
        return str(status["project"])

    def _check_open(self) -> None:
        if self._closed.is_set():
            raise RuntimeError("This client is closed.")


def _watch(futures: Sequence[Future[Any]], progress: Callable[[int, int], None] | None, until: str) -> None:
    """Wait for calls, all of them or up to the first error, and tell how far they are."""
    if progress is None:
        wait_for(futures, until)
        return
    progress(0, len(futures))
    flying = set(futures)
    while flying:
        for future in wait_for(flying, FIRST_COMPLETED):
            flying.remove(future)
            progress(len(futures) - len(flying), len(futures))
            if until == FIRST_EXCEPTION and future.exception() is not None:
                return


def _connection_error(
    request: httpx.Request, error: Exception, attempts: int, reached: bool, unsure: bool
) -> CogniteConnectionError:
    times = "" if attempts == 1 else f" after {attempts} attempts"
    if isinstance(error, httpx.DecodingError):
        message = f"{_name(request)}: the answer cannot be decoded: {error}"
    elif isinstance(error, httpx.TimeoutException):
        message = f"{_name(request)} timed out{times} ({type(error).__name__})."
    else:
        message = f"{_name(request)} got no answer{times}: {error or type(error).__name__}."
    if not reached:
        message += " Nothing was sent. Hint: check base_url (COGNITE_BASE_URL)."
    return CogniteConnectionError(message, sent=unsure)


def _name(request: httpx.Request) -> str:
    return f"{request.method} {request.url.copy_with(query=None)}"


def _log_to_stderr() -> None:
    logger.setLevel(logging.DEBUG)
    if not logger.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
        logger.addHandler(handler)
