"""Requests to a WSGI application in this process: bodies go both ways piece by piece, as over a socket."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import httpx

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class InProcessTransport(httpx.BaseTransport):
    """Calls an application, in the thread that makes the request."""

    def __init__(self, application: Application) -> None:
        self._application = application

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Make a call; the body of the answer is made as it is read."""
        status = 0
        headers: list[tuple[str, str]] = []

        def start_response(text: str, given: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], None]:
            nonlocal status, headers
            if exc_info is not None:
                raise exc_info[1]
            status, headers = int(text.partition(" ")[0]), given
            return lambda _: None

        answer = _Answer(self._application(_environ(request), start_response))
        return httpx.Response(status, headers=headers, stream=answer)


def _environ(request: httpx.Request) -> dict[str, Any]:
    """What the application is told of a request."""
    assert isinstance(request.stream, httpx.SyncByteStream)
    environ = {
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": request.url.scheme,
        "wsgi.input": io.BufferedReader(_Pieces(iter(request.stream))),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "REQUEST_METHOD": request.method,
        "REQUEST_URI": request.url.raw_path.decode("ascii"),
        "SCRIPT_NAME": "",
        "PATH_INFO": request.url.path.encode().decode("latin-1"),
        "QUERY_STRING": request.url.query.decode("ascii"),
        "SERVER_NAME": request.url.host,
        "SERVER_PORT": str(request.url.port or {"http": 80, "https": 443}[request.url.scheme]),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
    }
    for name, value in request.headers.items():
        key = name.upper().replace("-", "_")
        environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = value
    return environ


class _Pieces(io.RawIOBase):
    """The body of a request, as it comes."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._left = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._left = memoryview(piece)
        count = min(len(buffer), len(self._left))
        buffer[:count] = self._left[:count]
        self._left = self._left[count:]
        return count


class _Answer(httpx.SyncByteStream):
    """The body of an answer. An application may say its status only when its first piece is asked for."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._close: Callable[[], None] | None = getattr(pieces, "close", None)
        self._pieces = iter(pieces)
        try:
            self._first = next(self._pieces, b"")
        except BaseException:
            self.close()
            raise

    def __iter__(self) -> Iterator[bytes]:
        if self._first:
            yield self._first
        yield from self._pieces

    def close(self) -> None:
        """Let the application know that the answer is no longer read."""
        if self._close is not None:
            self._close()
