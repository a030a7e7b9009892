"""Contents on their way: attempts, where to go on after a break, and how many bytes have gone."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import BinaryIO

import httpx

from cdframe.errors import CogniteConnectionError, error_from_answer
from cdframe.files.contents import Content
from cdframe.retries import retry_after_s, retry_error, retry_status
from cdframe.session import PIECE, Session
from cdframe.workers import nobody_waits


class Gauge:
    """Bytes of all transfers of one call: how many have gone, and how many there are as far as is known."""

    def __init__(self, callback: Callable[[int, int], None] | None) -> None:
        self._callback = callback
        self._lock = threading.Lock()
        self._done = 0
        self._total = 0

    def add(self, done: int = 0, total: int = 0) -> None:
        """Some bytes have gone, or have become known; fewer than none when a transfer begins again."""
        with self._lock:
            self._done += done
            self._total += total

    def show(self) -> None:
        """Tell how far it is; in the thread of the user."""
        if self._callback is not None:
            self._callback(self._done, max(self._total, self._done))


def upload(session: Session, url: str, content: Content, mime_type: str | None, gauge: Gauge) -> None:
    """Send a content to an upload link.

    Raises:
        CogniteAPIError: the server refused it.
        CogniteConnectionError: it did not get through.
    """
    headers = {"content-type": mime_type} if mime_type else {}
    if content.size is not None:
        headers["content-length"] = str(content.size)
        gauge.add(total=content.size)
    attempts = 0
    while True:
        attempts += 1
        counted = _Counted(content.pieces(), gauge)
        may_repeat = content.is_repeatable and attempts < session.config.max_retries and not nobody_waits()
        try:
            with session.transfer("PUT", url, content=counted, headers=headers) as response:
                response.read()
        except httpx.RequestError as error:
            if not (may_repeat and isinstance(error, httpx.TransportError) and retry_error(error, repeatable=True)):
                raise _lost("The upload", error, sent=True) from error
            session.rest(attempts)
        else:
            if response.is_success:
                session.tally.add(bytes_sent=counted.gone)
                return
            if not (may_repeat and retry_status(session.config, response, repeatable=True)):
                raise error_from_answer(response.status_code, response.content, response.headers.get("x-request-id"))
            session.rest(attempts, retry_after_s(response))
        gauge.add(done=-counted.gone)


class _Counted:
    """Pieces that are counted as they go."""

    def __init__(self, pieces: Iterator[bytes], gauge: Gauge) -> None:
        self._pieces = pieces
        self._gauge = gauge
        self.gone = 0

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            if nobody_waits():
                raise httpx.WriteError("The upload was given up.")
            yield piece
            self.gone += len(piece)
            self._gauge.add(done=len(piece))


def download(session: Session, url: str, another: Callable[[], str], file: BinaryIO, gauge: Gauge) -> None:
    """Fetch a content from a download link into an empty file.

    After a break the server is asked for the rest, if it tells a version (ETag) by which it knows whether the content
    is still the same; else for all of it again. A link that is refused may have expired: it is replaced by `another`.

    Raises:
        CogniteAPIError: the server refused it.
        CogniteConnectionError: it did not come whole.
    """
    fetch = _Download(session, file, gauge)
    attempts, renewed = 0, False
    while True:
        attempts += 1
        may_repeat = attempts < session.config.max_retries and not nobody_waits()
        try:
            response = fetch.attempt(url)
        except httpx.RequestError as error:
            if not (may_repeat and isinstance(error, httpx.TransportError) and retry_error(error, repeatable=True)):
                raise _lost("The download", error, sent=False) from error
            session.rest(attempts)
            continue
        if response is None:
            return
        if response.status_code == 403 and not renewed:
            url, renewed = another(), True
        elif may_repeat and retry_status(session.config, response, repeatable=True):
            session.rest(attempts, retry_after_s(response))
        else:
            raise error_from_answer(response.status_code, response.content, response.headers.get("x-request-id"))


class _Download:
    """One content that is fetched, in as many attempts as it takes."""

    def __init__(self, session: Session, file: BinaryIO, gauge: Gauge) -> None:
        self._session = session
        self._file = file
        self._gauge = gauge
        self._received = 0
        self._expected: int | None = None
        self._version: str | None = None

    def attempt(self, url: str) -> httpx.Response | None:
        """Fetch what is not there yet; gives the answer where the server refuses it."""
        headers = {}
        if self._received and self._version:
            headers = {"range": f"bytes={self._received}-", "if-range": self._version}
        with self._session.transfer("GET", url, headers=headers) as response:
            if not response.is_success:
                response.read()
                return response
            if response.status_code != 206 or not self._continues(response):
                self._begin(response)
            for piece in response.iter_raw(PIECE):
                if nobody_waits():
                    raise httpx.ReadError("The download was given up.")
                self._file.write(piece)
                self._received += len(piece)
                self._gauge.add(done=len(piece))
        if self._expected is not None and self._received != self._expected:
            raise httpx.ReadError(f"{self._received} bytes came of {self._expected}")
        self._session.tally.add(bytes_received=self._received)
        return None

    def _continues(self, response: httpx.Response) -> bool:
        told = response.headers.get("content-range", "")
        return bool(told.startswith(f"bytes {self._received}-"))

    def _begin(self, response: httpx.Response) -> None:
        """Take the content from its beginning."""
        if response.status_code == 206:
            raise httpx.RemoteProtocolError(f"Unexpected Content-Range: {response.headers.get('content-range')!r}")
        self._file.seek(0)
        self._file.truncate()
        self._gauge.add(done=-self._received, total=-(self._expected or 0))
        length = response.headers.get("content-length")
        self._received, self._expected = 0, None if length is None else int(length)
        version = response.headers.get("etag")
        self._version = None if version is None or version.startswith("W/") else version
        self._gauge.add(total=self._expected or 0)


def _lost(what: str, error: httpx.RequestError, *, sent: bool) -> CogniteConnectionError:
    return CogniteConnectionError(f"{what} was not completed: {error or type(error).__name__}.", sent=sent)
