"""The sockets of a replay server: HTTP/1.1, one thread a connection, answers sent in parts without joining them."""

from __future__ import annotations

import gzip
import json
import re
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from benchmarks.data import ASSETS, EVENTS
from benchmarks.replay.listings import Answers, Listing
from benchmarks.replay.queries import Refusal
from benchmarks.replay.rows import PATHS, wire_rows
from benchmarks.replay.sequences import SequenceRows, cells_in
from benchmarks.replay.store import Part, Store
from benchmarks.replay.tables import values_in
from cdframe.protobuf import decode_insertion_request

JSON, PROTOBUF = "application/json", "application/protobuf"
MOST_PARTS = 1000  # of one sendmsg
CREATED: Mapping[str, Mapping[str, Any]] = {PATHS[block.family]: next(wire_rows(block)) for block in (ASSETS, EVENTS)}
"""What rows that are created look like, by the paths of their families."""
ROWS = re.compile(r"raw/dbs/[^/]+/tables/[^/]+/rows")
"""Where rows of raw tables are inserted, into any of them."""
CONTENTS = "files/contents"
"""Where links to contents lead to."""
PIECE = 65_536  # bytes at once where bandwidth is limited


@dataclass(slots=True)
class _Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes | bytearray

    @property
    def params(self) -> dict[str, str]:
        """The parameters behind the path."""
        return dict(parse_qsl(self.path.partition("?")[2]))

    @property
    def content(self) -> bytes:
        """The body as it was before it was compressed."""
        return gzip.decompress(self.body) if self.headers.get("content-encoding") == "gzip" else bytes(self.body)

    def json(self) -> Any:
        """The body, read as JSON."""
        try:
            return json.loads(self.content)
        except ValueError as error:
            raise Refusal(f"the body is not JSON: {error}") from error


@dataclass(slots=True)
class _Answer:
    parts: Sequence[Part]
    content_type: str = JSON
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def size(self) -> int:
        return sum(len(part) for part in self.parts)

    @property
    def head(self) -> bytes:
        """What stands before the body."""
        told = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        return (
            f"HTTP/1.1 {self.status} {'OK' if self.status < 300 else 'Refused'}\r\n{told}"
            f"Content-Type: {self.content_type}\r\nContent-Length: {self.size}\r\n\r\n"
        ).encode()


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with a request: another status instead of the answer, or a cut in the middle of it.

    Attributes:
        status: the status to answer with.
        headers: what to say with it.
        cut: the share of the answer after which the connection is cut.
    """

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: float | None = None


@dataclass
class Server:
    """A replay server that is listening.

    Attributes:
        latency: seconds before each answer.
        bandwidth: bytes per second that all connections share; None: as many as the machine can.
        fault: asked before each answer, with the path of the request, what goes wrong with it; may take its time.
        requests, bytes, items: what has been asked since the last reset: requests, bytes of their answers, and series
            asked for (as often as they were asked for).
    """

    store: Store
    latency: float = 0.0
    bandwidth: float | None = None
    port: int = 0
    fault: Callable[[str], Fault | None] | None = None
    requests: int = 0
    bytes: int = 0
    items: int = 0
    _inserted: list[_Request] = field(default_factory=list)
    _connections: set[socket.socket] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _line_free_at: float = 0.0
    _cpu_at_reset: float = 0.0

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=128)
        self.port = self._listener.getsockname()[1]
        self._answers = {path: Answers(row) for path, row in CREATED.items()}
        self._routes: dict[tuple[str, str], Callable[[_Request], _Answer]] = {
            ("POST", "timeseries/data/list"): self._retrieve,
            ("POST", "timeseries/byids"): lambda request: _Answer(self.store.byids(request.json())),
            ("POST", "timeseries/data/latest"): lambda request: _Answer(self.store.latest(request.json())),
            ("POST", "timeseries/data"): self._insert,
            ("POST", "sequences/data/list"): self._of_sequence(SequenceRows.page),
            ("POST", "sequences/data/latest"): self._of_sequence(SequenceRows.latest),
            ("POST", "sequences/data"): self._insert,
            ("POST", "files"): self._enter,
            ("POST", "files/initmultipartupload"): self._enter,
            ("POST", "files/completemultipartupload"): lambda request: _Answer([b"{}"]),
            ("POST", "files/byids"): lambda request: _Answer([self.store.contents.byids(request.json())]),
            ("POST", "files/downloadlink"): self._link,
            **{("POST", f"{path}/list"): self._list(listing) for path, listing in self.store.listings.items()},
            **{("POST", path): self._create(answers) for path, answers in self._answers.items()},
            **{("GET", f"{path}/cursors"): self._get(table.cursors) for path, table in self.store.tables.items()},
            **{("GET", f"{path}/rows"): self._get(table.page) for path, table in self.store.tables.items()},
        }
        self._named_routes: dict[tuple[str, str], Callable[[_Request], _Answer]] = {
            ("POST", "raw"): self._insert,
            ("PUT", CONTENTS): self._insert,
            ("GET", CONTENTS): lambda request: _Answer([self.store.contents.content(request.path.rpartition("/")[2])]),
        }
        threading.Thread(target=self._accept, name="replay", daemon=True).start()

    @property
    def base_url(self) -> str:
        """Where clients find the server."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def stats(self) -> dict[str, int]:
        """What has been asked since the last reset."""
        return {"requests": self.requests, "bytes": self.bytes, "items": self.items}

    @property
    def cpu_seconds(self) -> float:
        """The CPU time of the process since the last reset."""
        return time.process_time() - self._cpu_at_reset

    def written(self) -> dict[str, float]:
        """The values of all insertions since a reset: how many, and their sum, of texts that of their lengths."""
        count, total = 0, 0.0
        for request in self._inserted:
            for value in _values_in(request):
                count += 1
                total += len(value) if isinstance(value, str) else value
        return {"count": count, "total": total}

    def created(self) -> dict[str, dict[str, int]]:
        """The rows that have been created since the last reset, by the paths of their families."""
        return {path: {"count": one.count, "total": one.total} for path, one in self._answers.items()}

    def reset(self) -> None:
        """Count from zero again."""
        with self._lock:
            self.requests = self.bytes = self.items = 0
            self._inserted.clear()
            for answers in self._answers.values():
                answers.reset()
            self._cpu_at_reset = time.process_time()

    def close(self) -> None:
        """Stop listening and cut all connections."""
        for one in (self._listener, *self._connections):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        self._connections.add(connection)
        try:
            for request in _requests(connection):
                _, _, path = request.path.partition("/replay/")
                if path:
                    self._send(connection, self._control(request.method, path))
                    continue
                fault = None if self.fault is None else self.fault(request.path)
                if fault is not None and fault.status is not None:
                    answer = _Answer([b'{"error":{"code":%d,"message":"told to fail"}}' % fault.status], JSON)
                    answer.status, answer.headers = fault.status, fault.headers
                else:
                    answer = self._answer(request)
                with self._lock:
                    self.requests += 1
                    self.bytes += answer.size
                if self.latency:
                    time.sleep(self.latency)
                if fault is not None and fault.cut is not None:
                    _send_all(connection, [_beginning(answer, fault.cut)])
                    return
                self._send(connection, answer, self.bandwidth)
        except OSError:
            pass  # the client has gone
        finally:
            self._connections.discard(connection)
            connection.close()

    def _answer(self, request: _Request) -> _Answer:
        _, _, path = request.path.partition("?")[0].partition("/projects/")
        path = path.partition("/")[2]
        route = self._routes.get((request.method, path))
        if route is None:
            named = path.rpartition("/")[0] if path.startswith(CONTENTS) else "raw" if ROWS.fullmatch(path) else ""
            route = self._named_routes.get((request.method, named))
        try:
            if route is None:
                raise Refusal(f"{request.method} {request.path} is not replayed", status=404)
            return route(request)
        except Refusal as refusal:
            return _Answer([json.dumps(refusal.body).encode()], status=refusal.status)

    def _control(self, method: str, path: str) -> _Answer:
        if (method, path) == ("POST", "reset"):
            self.reset()
            return _Answer([b"{}"])
        views = {
            "stats": lambda: {**self.stats, "cpu_seconds": self.cpu_seconds},
            "written": self.written,
            "created": self.created,
        }
        if method != "GET" or path not in views:
            return _Answer([b"{}"], status=404)
        return _Answer([json.dumps(views[path]()).encode()])

    def _retrieve(self, request: _Request) -> _Answer:
        body = request.json()
        if request.headers.get("accept") != PROTOBUF:
            raise Refusal(f"points are replayed as {PROTOBUF} only", status=406)
        parts = self.store.retrieve(body)
        with self._lock:
            self.items += len(body["items"])
        return _Answer(parts, PROTOBUF)

    def _insert(self, request: _Request) -> _Answer:
        self._inserted.append(request)
        return _Answer([b"{}"])

    def _list(self, listing: Listing) -> Callable[[_Request], _Answer]:
        return lambda request: _Answer(listing.page(request.json()))

    def _enter(self, request: _Request) -> _Answer:
        parts = request.params.get("parts")
        many = None if parts is None else int(parts)
        body = self.store.contents.enter(request.json(), self._contents_address(request), many)
        return _Answer([body], status=201)

    def _link(self, request: _Request) -> _Answer:
        return _Answer([self.store.contents.links(request.json(), self._contents_address(request))])

    def _contents_address(self, request: _Request) -> str:
        return f"{self.base_url}{request.path.partition('/files')[0]}/{CONTENTS}"

    def _of_sequence(self, answer: Callable[[SequenceRows, Any], Sequence[Part]]) -> Callable[[_Request], _Answer]:
        def of_sequence(request: _Request) -> _Answer:
            body = request.json()
            return _Answer(answer(self.store.sequence(body), body))

        return of_sequence

    def _get(self, answer: Callable[[Mapping[str, str]], Sequence[Part]]) -> Callable[[_Request], _Answer]:
        return lambda request: _Answer(answer(request.params))

    def _create(self, answers: Answers) -> Callable[[_Request], _Answer]:
        def create(request: _Request) -> _Answer:
            content = request.content
            with self._lock:
                return _Answer(answers.created(content), status=201)

        return create

    def _send(self, connection: socket.socket, answer: _Answer, bandwidth: float | None = None) -> None:
        parts: list[Part] = [answer.head, *answer.parts]
        if bandwidth is None:
            _send_all(connection, parts)
            return
        for part in parts:
            for at in range(0, len(part), PIECE):
                piece = part[at : at + PIECE]
                self._wait_for_line(len(piece) / bandwidth)
                _send_all(connection, [piece])

    def _wait_for_line(self, seconds: float) -> None:
        """Take the line for so long, behind all who have taken it before."""
        with self._lock:
            now = time.monotonic()
            self._line_free_at = max(self._line_free_at, now) + seconds
            wait = self._line_free_at - now
        time.sleep(wait)


@contextmanager
def running(store: Store, *, latency: float = 0.0, bandwidth: float | None = None, port: int = 0) -> Iterator[Server]:
    """A replay server in this process, closed when the block is left."""
    server = Server(store, latency, bandwidth, port)
    try:
        yield server
    finally:
        server.close()


def _values_in(request: _Request) -> Iterator[Any]:
    """The values that an insertion writes; of the content of a file its checksum."""
    if request.headers.get("content-type") == PROTOBUF:
        for item in decode_insertion_request(request.content):
            yield from () if item.values is None else item.values
    elif CONTENTS in request.path:
        yield zlib.crc32(request.body)
    elif "/raw/" in request.path:
        yield from values_in(request.json())
    elif "/sequences/" in request.path:
        yield from cells_in(request.json())
    else:
        yield from (point["value"] for item in request.json()["items"] for point in item["datapoints"])


def _requests(connection: socket.socket) -> Iterator[_Request]:
    """The requests of a connection until the client closes it."""
    held = b""
    while True:
        while (end := held.find(b"\r\n\r\n")) < 0:
            more = connection.recv(65_536)
            if not more:
                return
            held += more
        first, *lines = held[:end].decode("latin-1").split("\r\n")
        method, path, _ = first.split(" ")
        pairs = (line.partition(":") for line in lines)
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        body, held = held[end + 4 :], b""
        length = int(headers.get("content-length", 0))
        if len(body) < length:
            body = _rest(connection, body, length)
        elif len(body) > length:
            body, held = body[:length], body[length:]
        yield _Request(method, path, headers, body)


def _rest(connection: socket.socket, begun: bytes, length: int) -> bytearray:
    """A body of which some bytes have come."""
    body = bytearray(length)
    body[: len(begun)] = begun
    view, at = memoryview(body), len(begun)
    while at < length:
        count = connection.recv_into(view[at:])
        if not count:
            raise ConnectionError("the client has gone")
        at += count
    return body


def _beginning(answer: _Answer, share: float) -> bytes:
    """The first part of an answer, never all of it."""
    whole = b"".join([answer.head, *answer.parts])
    return whole[: int(share * (len(whole) - 1))]


def _send_all(connection: socket.socket, parts: Sequence[Part]) -> None:
    views = [memoryview(part) for part in parts if len(part)]
    at = 0
    while at < len(views):
        sent = connection.sendmsg(views[at : at + MOST_PARTS])
        while at < len(views) and sent >= len(views[at]):
            sent -= len(views[at])
            at += 1
        if sent:
            views[at] = views[at][sent:]
