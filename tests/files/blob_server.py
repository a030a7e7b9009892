"""A server of one file whose transfers go wrong as told; over real sockets."""

from __future__ import annotations

import gzip
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cdframe.resources.files import FilesAPI
from cdframe.session import Session
from tests.faults.servers import plain_session


@dataclass
class Blob:
    """The file, and what happens to its transfers, one after the other; then all goes well.

    Attributes:
        faults: a status, or how many bytes go before the connection is cut.
        tells_versions: whether downloads have an ETag, and may be gone on with.
        too_long: whether downloads are said to be longer than they are.
        calls: what was asked, with the Range where there was one.
    """

    content: bytes = b""
    faults: list[int | tuple[str, int]] = field(default_factory=list)
    tells_versions: bool = True
    too_long: bool = False
    calls: list[str] = field(default_factory=list)
    received: bytes | None = None
    parts: dict[int, bytes] = field(default_factory=dict)

    @property
    def version(self) -> str:
        return f'"{hashlib.sha256(self.content).hexdigest()[:12]}"'


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    blob: Blob
    lock = threading.Lock()

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        base = f"http://{self.headers['host']}"
        entry = {
            "id": 1,
            "name": "f",
            "uploaded": self.blob.received is not None,
            "createdTime": 0,
            "lastUpdatedTime": 0,
        }
        path, _, query = self.path.rpartition("/")[2].partition("?")
        self.blob.calls.append(path)
        if path == "completemultipartupload":
            assert json.loads(gzip.decompress(body) if body[:1] != b"{" else body) == {"id": 1, "uploadId": "u"}
            self.blob.received = b"".join(self.blob.parts[part] for part in sorted(self.blob.parts))
        count = int(query.removeprefix("parts=")) if path == "initmultipartupload" else 0
        answers = {
            "files": {**entry, "uploadUrl": f"{base}/up"},
            "initmultipartupload": {
                **entry,
                "uploadId": "u",
                "uploadUrls": [f"{base}/up?{part}" for part in range(count)],
            },
            "completemultipartupload": {},
            "byids": {"items": [entry]},
            "downloadlink": {"items": [{"id": 1, "downloadUrl": f"{base}/down?{len(self.blob.calls)}"}]},
        }
        self._answer(200, json.dumps(answers[path]).encode())

    def do_PUT(self) -> None:
        fault = self.blob.faults.pop(0) if self.blob.faults else None
        self.blob.calls.append("PUT")
        if isinstance(fault, tuple):
            self.rfile.read(fault[1])
            self.close_connection = True
            self.connection.close()
            return
        if self.headers.get("transfer-encoding") == "chunked":
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers["content-length"]))
        if fault is not None:
            self._answer(fault, b'{"error": {"code": 0, "message": "as told"}}')
            return
        _, _, part = self.path.partition("?")
        if part:
            self.blob.parts[int(part)] = body
        else:
            self.blob.received = body
        self._answer(200, b"{}")

    def do_GET(self) -> None:
        fault = self.blob.faults.pop(0) if self.blob.faults else None
        asked = self.headers.get("range")
        self.blob.calls.append("GET" if asked is None else f"GET {asked}")
        if isinstance(fault, int):
            self._answer(fault, b"expired" if fault == 403 else b"as told")
            return
        content, start, status = self.blob.content, 0, 200
        if asked is not None and self.headers.get("if-range") == self.blob.version:
            start, status = int(asked.removeprefix("bytes=").removesuffix("-")), 206
        headers = {"etag": self.blob.version} if self.blob.tells_versions else {}
        if status == 206:
            headers["content-range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        body = content[start:]
        self._answer(status, body, headers, cut=fault[1] if fault is not None else None)
        if fault is not None and fault[0] == "change":
            self.blob.content = bytes(reversed(content))

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None, cut: int | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        short = self.blob.too_long and self.command == "GET"
        self.send_header("content-length", str(len(body) + short))
        self.end_headers()
        self.wfile.write(body if cut is None else body[:cut])
        if cut is not None or short:
            self.wfile.flush()
            self.close_connection = True
            self.connection.close()


@contextmanager
def serving(blob: Blob, **settings: Any) -> Iterator[FilesAPI]:
    """Serve a blob; gives the calls of a client."""
    handler = type("Handler", (_Handler,), {"blob": blob})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    session: Session = plain_session(
        f"http://127.0.0.1:{server.server_port}", **{"max_retry_backoff": 0.001, "max_retries": 4, **settings}
    )
    try:
        yield FilesAPI(session, "polars")
    finally:
        session.close()
        server.shutdown()
        server.server_close()
        thread.join(5)
