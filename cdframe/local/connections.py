"""Connections of the server: bodies of requests of any size, read piece by piece.

The server's own reader of chunks holds a chunk at a time, and a client may send all that it has as one. And it reads
what is left of a body, once a request is answered, at once; here little is read so, and a connection on which much is
left is closed, after a while in which the client can send it in vain and see the answer.
"""

from __future__ import annotations

import io
import re
import time
from contextlib import suppress
from typing import IO, TYPE_CHECKING

from cheroot.server import HTTPConnection, HTTPRequest, KnownLengthRFile
from werkzeug.exceptions import ClientDisconnected

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

PIECE = 2**16
LONGEST_LINE = 4096  # of what stands between chunks
SIZE = re.compile(rb"[0-9A-Fa-f]{1,15}")
LITTLE = 2**20  # what is read of a body that nobody wanted
LINGERING, PAUSE = 30, 5  # seconds: how long, and how long without a byte


class _Chunks(io.RawIOBase):
    """A body in chunks, without what stands between them."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self._left = 0  # of the chunk
        self._ended = False
        self._wrong = ""  # why the rest cannot be read

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Some bytes; none once the body has ended."""
        if not self._wrong and not self._left and not self._ended:
            self._begin_chunk()
        target = memoryview(buffer)
        piece = self._source.read(min(len(target), self._left)) if self._left else b""
        target[: len(piece)] = piece
        if self._left and not piece:
            self._wrong = "it ends in the middle of a chunk"
        self._left -= len(piece)
        if piece and not self._left and self._line():
            self._wrong = "it has a chunk that is longer than it says"
        if self._wrong:
            self._left = 0
            raise ClientDisconnected(f"The request body is not whole: {self._wrong}")
        return len(piece)

    def _begin_chunk(self) -> None:
        size = self._line().partition(b";")[0].strip()
        if not SIZE.fullmatch(size):
            self._wrong = self._wrong or "it has a chunk of no size"
            return
        self._left = int(size, 16)
        if not self._left:
            self._ended = True
            while self._line():  # trailers
                pass

    def _line(self) -> bytes:
        line = self._source.readline(LONGEST_LINE)
        if not line.endswith(b"\n"):
            self._wrong = "it ends, or is not in chunks, where a chunk should begin or end"
        return line.rstrip(b"\r\n")


class Request(HTTPRequest):
    """A request with a body of any size."""

    _has_rest = False  # whether the answer was given before the body was read

    def read_request_headers(self) -> bool:
        """Refuse lengths that are no numbers; the server takes negative ones."""
        if not super().read_request_headers():  # type: ignore[no-untyped-call]
            return False
        if not self.inheaders.get(b"Content-Length", b"0").isdigit():
            self.simple_response("400 Bad Request", "Malformed Content-Length header.")
            return False
        return True

    def respond(self) -> None:
        """Let the application answer."""
        source = self.conn.rfile
        if self.chunked_read:
            self.rfile = io.BufferedReader(_Chunks(source), PIECE)
        else:
            self.rfile = KnownLengthRFile(source, int(self.inheaders.get(b"Content-Length", 0)))
        self.server.gateway(self).respond()
        if self.ready:
            self.ensure_headers_sent()
        if self.chunked_write:
            self.conn.wfile.write(b"0\r\n\r\n")
        if self._has_rest:
            self._linger()

    def send_headers(self) -> None:
        """Close the connection after this answer if much is left on it that belongs to the request."""
        self._has_rest = getattr(self.rfile, "remaining", 0) > LITTLE or not self._reads_rest()
        self.close_connection = self.close_connection or self._has_rest
        super().send_headers()

    def _reads_rest(self) -> bool:
        left = LITTLE
        try:
            while left > 0 and (piece := self.rfile.read(PIECE)):
                left -= len(piece)
        except (OSError, ClientDisconnected):
            return False
        return left > 0

    def _linger(self) -> None:
        """Read what the client still sends: it may look for the answer only when all is sent."""
        end = time.monotonic() + LINGERING
        self.conn.socket.settimeout(PAUSE)
        rest = self.conn.rfile if self.chunked_read else self.rfile
        with suppress(OSError):
            while time.monotonic() < end and rest.read(PIECE):
                pass


class Connection(HTTPConnection):
    """A connection whose requests have bodies of any size."""

    RequestHandlerClass = Request
