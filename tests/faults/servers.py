"""Servers that misbehave as told: scripted answers, and sockets that are cut."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from cdframe.config import resolve
from cdframe.session import Session

CERTIFICATE = Path(__file__).parent.parent / "data" / "self_signed.pem"
"""A certificate of localhost and 127.0.0.1 that nobody else has signed, and its key; good until 2120."""


@dataclass
class Answer:
    """One answer of a scripted server."""

    status: int = 200
    body: Any = field(default_factory=lambda: {"items": []})
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Script(httpx.BaseTransport):
    """A transport that gives the scripted answers, or raises the scripted errors, one after the other.

    The last one is repeated. A function is called with the request and gives what to do.
    """

    steps: list[Any]
    requests: list[httpx.Request] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        with self.lock:
            step = self.steps[min(len(self.requests), len(self.steps) - 1)]
            self.requests.append(request)
        if callable(step) and not isinstance(step, type):
            step = step(request)
        if isinstance(step, Exception):
            raise step
        body = step.body if isinstance(step.body, bytes) else json.dumps(step.body).encode()
        return httpx.Response(step.status, headers=step.headers, content=body)


def scripted(*steps: Any, **settings: Any) -> tuple[Session, Script]:
    """Make a session whose server follows a script; waits between attempts are short."""
    script = Script(list(steps))
    config = resolve(
        {
            "api_key": "secret-key",
            "project": "p",
            "base_url": "http://scripted",
            "max_retry_backoff": 0.001,
            "max_retries": 4,
            "max_workers": 4,
            **settings,
        },
        {},
    )
    return Session(config, script), script


def plain_session(url: str, **settings: Any) -> Session:
    """Make a session with a server."""
    return Session(resolve({"api_key": "secret-key", "project": "p", "base_url": url, **settings}, {}))


@contextmanager
def raw_server(handle: Callable[[socket.socket], None], scheme: str = "http") -> Iterator[str]:
    """Listen on a loopback port and give each connection to `handle`; yields the base url."""
    listener = socket.create_server(("127.0.0.1", 0))
    stopped = threading.Event()

    def accept() -> None:
        while not stopped.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                handle(connection)

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield f"{scheme}://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        stopped.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def tls(handle: Callable[[socket.socket], None]) -> Callable[[socket.socket], None]:
    """Give connections to `handle` when they are encrypted; those whose other end does not want that are left."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)

    def encrypted(connection: socket.socket) -> None:
        try:
            inner = context.wrap_socket(connection, server_side=True)
        except OSError:
            return
        with inner:
            handle(inner)

    return encrypted


def read_request(connection: socket.socket) -> bytes:
    """Read the head of a request, and its body as far as the head tells its length."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65536)
        if not part:
            return data
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    lengths: Iterable[bytes] = (line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    length = next((int(line.split(b":")[1]) for line in lengths), 0)
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body
