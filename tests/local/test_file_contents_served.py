"""Contents of files over sockets: cut, stalled, refused and killed on the way; never held in memory."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.local.test_server import PROJECT, Server, running

MIB = 2**20


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    with running(folder) as server:
        yield server
        assert server.end() == (0, "")


def new(server: Server) -> tuple[int, str]:
    """A new file: its id, and the path to upload to."""
    row = server.post("/files", {"name": "n"})
    return row["id"], path_of(row["uploadUrl"])


def path_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def link(server: Server, file: int) -> str:
    return path_of(server.post("/files/downloadlink", {"items": [{"id": file}]})["items"][0]["downloadUrl"])


def connect(server: Server) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=30)


def put(server: Server, path: str, body: Any, **headers: str) -> tuple[int, bytes]:
    connection = connect(server)
    connection.request("PUT", path, body, headers, encode_chunked="transfer-encoding" in headers)
    response = connection.getresponse()
    result = response.status, response.read()
    connection.close()
    return result


def content(server: Server, file: int) -> bytes:
    connection = connect(server)
    connection.request("GET", link(server, file))
    response = connection.getresponse()
    result = response.read()
    assert (response.status, int(response.headers["content-length"])) == (200, len(result))
    connection.close()
    return result


def memory(server: Server) -> int:
    """The most memory that the server ever had."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) * 1024


def settled(check: Callable[[], bool]) -> bool:
    """Whether something comes true, as the server goes on after a connection has ended."""
    end = time.monotonic() + 10
    while not check():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


@pytest.mark.skipif(sys.platform != "linux", reason="reads the memory of the server from /proc")
def test_contents_are_never_in_memory(server: Server) -> None:
    file, path = new(server)
    piece = os.urandom(MIB)
    size = 80 * MIB
    put(server, path, b"first")
    content(server, file)
    before = memory(server)
    assert put(server, path, (piece for _ in range(80)), **{"content-length": str(size)}) == (200, b"{}")
    assert put(server, path, (piece for _ in range(80)), **{"transfer-encoding": "chunked"}) == (200, b"{}")
    one_chunk = b"%x\r\n" % size
    body = (part for part in (one_chunk, *[piece] * 80, b"\r\n0\r\n\r\n"))
    connection = connect(server)
    connection.request("PUT", path, body, {"transfer-encoding": "chunked"})
    assert connection.getresponse().status == 200
    connection.close()
    assert content(server, file) == piece * 80
    assert memory(server) - before < 10 * MIB


@pytest.mark.parametrize("pieces", [[], [b"a"], [b"a" * 70_000, b"b", b"c" * 65_536]])
def test_chunks_of_all_sizes(server: Server, pieces: list[bytes]) -> None:
    file, path = new(server)
    assert put(server, path, iter(pieces), **{"transfer-encoding": "chunked"}) == (200, b"{}")
    assert content(server, file) == b"".join(pieces)


def test_chunks_with_extensions_and_trailers(server: Server) -> None:
    file, path = new(server)
    body = b'3;a="b"\r\nabc\r\n0A ; x\r\n0123456789\r\n000\r\nTrailer: x\r\nMore: y\r\n\r\n'
    connection = connect(server)
    for _ in range(2):  # on one connection: nothing of the first is left for the second
        connection.request("PUT", path, iter([body]), {"transfer-encoding": "chunked"}, encode_chunked=False)
        response = connection.getresponse()
        assert (response.status, response.read()) == (200, b"{}")
    connection.close()
    assert content(server, file) == b"abc0123456789"


HEAD = "PUT {path} HTTP/1.1\r\nHost: x\r\n{framing}\r\n"
CHUNKED = "Transfer-Encoding: chunked\r\n"


@pytest.mark.parametrize(
    ("framing", "body"),
    [
        ("Content-Length: 100\r\n", b""),
        ("Content-Length: 100\r\n", b"x" * 99),
        ("Content-Length: 3000000\r\n", b"x" * 2_000_000),
        (CHUNKED, b""),
        (CHUNKED, b"5"),
        (CHUNKED, b"5\r\n"),
        (CHUNKED, b"5\r\nabc"),
        (CHUNKED, b"5\r\nabcde"),
        (CHUNKED, b"5\r\nabcde\r\n"),
        (CHUNKED, b"5\r\nabcdefg\r\n0\r\n\r\n"),
        (CHUNKED, b"5\r\nabcde\r\n0\r\n"),
        (CHUNKED, b"x\r\nabcde\r\n0\r\n\r\n"),
        (CHUNKED, b"-5\r\nabcde\r\n0\r\n\r\n"),
        (CHUNKED, b"\r\nabcde\r\n0\r\n\r\n"),
        (CHUNKED, b"1" * 5000 + b"\r\n"),
    ],
)
def test_uploads_that_are_cut(server: Server, folder: Path, framing: str, body: bytes) -> None:
    file, path = new(server)
    assert put(server, path, b"before")[0] == 200
    row = server.http.get(f"/files/{file}").json()
    blobs = sorted(os.listdir(folder / "blobs"))
    with socket.create_connection((connect(server).host, connect(server).port), timeout=10) as connection:
        connection.sendall(HEAD.format(path=path, framing=framing).encode() + body)
        connection.shutdown(socket.SHUT_WR)
        answer = connection.recv(1000)
    assert answer.startswith(b"HTTP/1.1 400")
    assert content(server, file) == b"before"
    assert server.http.get(f"/files/{file}").json() == row
    assert sorted(os.listdir(folder / "blobs")) == blobs
    assert os.listdir(folder / "blobs" / "incoming") == []


def test_uploads_whose_clients_vanish(server: Server, folder: Path) -> None:
    file, path = new(server)
    put(server, path, b"before")
    incoming = folder / "blobs" / "incoming"
    with socket.create_connection((connect(server).host, connect(server).port), timeout=10) as connection:
        connection.sendall(HEAD.format(path=path, framing="Content-Length: 9999999\r\n").encode() + bytes(2 * MIB))
        assert settled(lambda: len(os.listdir(incoming)) == 1)
        assert content(server, file) == b"before"
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # a reset, not an end
    assert settled(lambda: os.listdir(incoming) == [])
    assert content(server, file) == b"before"


def test_downloads_whose_clients_vanish(server: Server, folder: Path) -> None:
    file, path = new(server)
    put(server, path, bytes(30 * MIB))
    before = len(os.listdir(folder / "blobs"))
    connection = connect(server)
    connection.request("GET", link(server, file))
    connection.getresponse().read(1000)
    put(server, path, b"after")
    assert len(os.listdir(folder / "blobs")) == before + 1  # what is being read is there
    connection.close()
    assert settled(lambda: len(os.listdir(folder / "blobs")) == before)
    assert content(server, file) == b"after"


@pytest.mark.parametrize("chunked", [False, True])
def test_a_refusal_is_seen_by_who_sends_a_lot(server: Server, chunked: bool) -> None:
    path = f"{PROJECT}/files/content?link=wrong"
    headers = {"transfer-encoding": "chunked"} if chunked else {"content-length": str(40 * MIB)}
    status, body = put(server, path, (bytes(MIB) for _ in range(40)), **headers)
    assert (status, b"no such upload link" in body) == (403, True)
    assert server.post("/files/list", {})["items"]


def test_a_small_refused_body_leaves_the_connection_usable(server: Server) -> None:
    _, path = new(server)
    connection = connect(server)
    for target, headers, status in (
        (f"{PROJECT}/files/content?link=wrong", {}, 403),
        (f"{PROJECT}/files/content?link=wrong", {"transfer-encoding": "chunked"}, 403),
        (path, {}, 200),
    ):
        body: Any = b"x" * 100_000
        connection.request("PUT", target, iter([body]) if headers else body, headers, encode_chunked=bool(headers))
        response = connection.getresponse()
        assert (response.status, response.getheader("connection")) == (status, None)
        response.read()
    connection.close()


@pytest.mark.parametrize("length", ["-1", "-5", "+5", "5.0", "0x5", "x"])
def test_lengths_that_are_none(server: Server, length: str) -> None:
    file, path = new(server)
    with socket.create_connection((connect(server).host, connect(server).port), timeout=10) as connection:
        connection.sendall(HEAD.format(path=path, framing=f"Content-Length: {length}\r\n").encode() + b"hello")
        assert connection.recv(1000).startswith(b"HTTP/1.1 400")
    assert not server.http.get(f"/files/{file}").json()["uploaded"]


def test_an_upload_without_a_body(server: Server) -> None:
    file, path = new(server)
    with socket.create_connection((connect(server).host, connect(server).port), timeout=10) as connection:
        connection.sendall(HEAD.format(path=path, framing="Expect: 100-continue\r\n").encode())
        connection.settimeout(10)
        answer = b""
        while b"{}" not in answer:
            answer += connection.recv(1000)
    assert b" 200 OK" in answer
    assert content(server, file) == b""


def test_ranges_and_heads_on_one_connection(server: Server) -> None:
    file, path = new(server)
    put(server, path, bytes(range(200)))
    connection = connect(server)
    target = link(server, file)
    for method, wanted, status, expected in (
        ("GET", "bytes=10-19", 206, bytes(range(10, 20))),
        ("HEAD", "", 200, b""),
        ("GET", "bytes=200-", 416, None),
        ("GET", "bytes=-3", 206, bytes([197, 198, 199])),
    ):
        connection.request(method, target, headers={"range": wanted} if wanted else {})
        response = connection.getresponse()
        body = response.read()
        assert (response.status, expected is None or body == expected) == (status, True)
    connection.close()


def test_a_server_that_is_killed_in_an_upload(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        file, path = new(server)
        put(server, path, b"before")
        connection = socket.create_connection((connect(server).host, connect(server).port), timeout=10)
        connection.sendall(HEAD.format(path=path, framing="Content-Length: 9999999\r\n").encode() + bytes(2 * MIB))
        incoming = tmp_path / "blobs" / "incoming"
        assert settled(lambda: len(os.listdir(incoming)) == 1)
        server.end(signal.SIGKILL)
        connection.close()
        assert len(os.listdir(incoming)) == 1
    with running(tmp_path) as server:
        assert os.listdir(incoming) == []
        assert content(server, file) == b"before"
        assert put(server, path, b"after")[0] == 200  # links outlive the process
        assert content(server, file) == b"after"


def test_many_uploads_of_one_file(server: Server, folder: Path) -> None:
    file, path = new(server)
    before = len(os.listdir(folder / "blobs"))
    bodies = [bytes([i]) * MIB for i in range(12)]
    results: list[tuple[int, bytes]] = []
    threads = [threading.Thread(target=lambda b=body: results.append(put(server, path, b))) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [(200, b"{}")] * 12
    assert content(server, file) in bodies
    assert settled(lambda: len(os.listdir(folder / "blobs")) == before + 1)
