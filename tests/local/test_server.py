"""The local CDF over HTTP, in a process of its own: kept connections, limits, signals, sudden death."""

from __future__ import annotations

import gzip
import http.client
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from cdframe.local import LocalCDF, LocalCDFError, serve
from cdframe.protobuf import InsertionItem, decode_list_response, encode_insertion_request
from tests.local.api import PROTOBUF

KEY = "the-key-of-these-tests"
PROGRAM = """
import sys
from cdframe.local import LocalCDF, serve
with LocalCDF(sys.argv[1], api_key=sys.argv[2]) as engine:
    serve(engine, port=0, ready=lambda url: print(url, flush=True))
"""
PROJECT = "/api/v1/projects/local"


class Server:
    """A server process and a client of it."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-W", "error", "-c", PROGRAM, str(folder), KEY]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()
        if not self.url:
            raise AssertionError(self.end())
        limits = httpx.Limits(max_connections=100, max_keepalive_connections=100)
        self.http = httpx.Client(base_url=self.url + PROJECT, headers={"api-key": KEY}, limits=limits, timeout=60)

    def post(self, path: str, body: Any, **headers: str) -> Any:
        content = {"content": body} if isinstance(body, bytes) else {"json": body}
        response = self.http.post(path, headers=headers, **content)
        response.raise_for_status()
        return response.json() if response.headers["content-type"] == "application/json" else response.content

    def end(self, how: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """End it; its exit status and what it said."""
        if hasattr(self, "http"):
            self.http.close()
        self.process.send_signal(how)
        _, errors = self.process.communicate(timeout=30)
        return self.process.returncode, errors


@contextmanager
def running(folder: Path) -> Iterator[Server]:
    server = Server(folder)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.end(signal.SIGKILL)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("served")) as server:
        yield server
        assert server.end() == (0, "")


def test_bodies_over_a_socket(server: Server) -> None:
    assert server.post("/timeseries/list", gzip.compress(b"{}"), **{"content-encoding": "gzip"}) == {"items": []}

    def chunks() -> Iterator[bytes]:
        yield b'{"lim'
        yield b'it":1}'

    response = server.http.post("/timeseries/list", content=chunks())
    assert response.json() == {"items": []}
    assert response.headers["x-request-id"]
    response = server.http.post("/timeseries/list", content=b"{}", headers={"content-encoding": "gzip"})
    assert response.status_code == 400


def test_an_encoded_slash_stays_in_its_segment(server: Server) -> None:
    host, port = server.url.removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port))
    for path, status in ((f"{PROJECT}%2Ftimeseries", 401), (f"{PROJECT}/timeseries%2Flist", 404)):
        connection.request("GET", path, headers={"api-key": KEY})
        response = connection.getresponse()
        assert (response.status, json.loads(response.read())["error"]["code"]) == (status, status)
    connection.close()


def test_a_huge_body_is_refused_and_the_connection_lives_on(server: Server) -> None:
    response = server.http.post("/timeseries/list", content=b" " * (65 * 2**20))
    assert response.status_code == 413
    assert response.headers["x-request-id"]
    assert server.post("/timeseries/list", {}) == {"items": []}

    def endless() -> Iterator[bytes]:
        for _ in range(65):
            yield b" " * 2**20

    assert server.http.post("/timeseries/list", content=endless()).status_code == 413
    assert server.post("/timeseries/list", {}) == {"items": []}


def test_many_kept_connections_with_large_answers(server: Server) -> None:
    count = 100_000
    (series,) = server.post("/timeseries", {"items": [{}]})["items"]
    times = 1_500_000_000_000 + 1000 * np.arange(count)
    values = np.random.default_rng(1).normal(size=count)
    item = InsertionItem(id=series["id"], timestamps=times, values=values)
    server.post("/timeseries/data", encode_insertion_request([item]), **{"content-type": PROTOBUF})
    query = json.dumps({"items": [{"id": series["id"], "limit": count}]}).encode()
    host, port = server.url.removeprefix("http://").split(":")
    headers = {"api-key": KEY, "accept": PROTOBUF, "content-type": "application/json"}
    failures: list[BaseException] = []

    def read() -> None:
        try:
            connection = http.client.HTTPConnection(host, int(port), timeout=60)
            for _ in range(3):
                connection.request("POST", f"{PROJECT}/timeseries/data/list", query, headers)
                response = connection.getresponse()
                assert response.getheader("connection") != "close"
                (page,) = decode_list_response(response.read())
                assert np.array_equal(page.timestamps, times)
                assert np.array_equal(page.values, values)
            connection.close()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=read) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    server.post("/timeseries/delete", {"items": [{"id": series["id"]}]})


def test_what_is_no_http_at_all(server: Server) -> None:
    host, port = server.url.removeprefix("http://").split(":")
    for nonsense in (b"\x00\xff\r\n\r\n", b"GET\r\n\r\n", b"POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n"):
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(nonsense)
            assert b"400" in connection.recv(100)
    assert server.post("/timeseries/list", {}) == {"items": []}


def test_a_second_process_is_told_what_to_do(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        with pytest.raises(LocalCDFError, match=f"in use by process {server.process.pid}: stop that process"):
            LocalCDF(tmp_path)
        with pytest.raises(AssertionError, match=r"LocalCDFError.*in use by process"):
            Server(tmp_path)
        assert server.post("/timeseries/list", {}) == {"items": []}


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_it_cleanly(tmp_path: Path, how: signal.Signals) -> None:
    with running(tmp_path) as server:
        server.post("/timeseries", {"items": [{"externalId": "kept"}]})
        assert server.end(how) == (0, "")
    assert not (tmp_path / "cdf.duckdb.wal").exists()
    with running(tmp_path) as server:
        assert len(server.post("/timeseries/list", {})["items"]) == 1


def test_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    acknowledged: dict[str, list[int]] = {f"series-{i}": [] for i in range(4)}
    for round_number in range(3):
        with running(tmp_path) as server:
            if round_number == 0:
                server.post("/timeseries", {"items": [{"externalId": name} for name in acknowledged]})
            begun = threading.Event()

            def write(name: str, base: int, server: Server = server, begun: threading.Event = begun) -> None:
                for step in range(10_000):
                    times = base + 50 * step + np.arange(50)
                    item = InsertionItem(external_id=name, timestamps=times, values=times / 2)
                    try:
                        body = encode_insertion_request([item])
                        server.post("/timeseries/data", body, **{"content-type": PROTOBUF})
                    except (httpx.HTTPError, RuntimeError):  # killed, or its client closed
                        return
                    acknowledged[name] += times.tolist()
                    begun.set()

            base = 10_000_000 * (round_number + 1)
            threads = [threading.Thread(target=write, args=(name, base)) for name in acknowledged]
            for thread in threads:
                thread.start()
            assert begun.wait(30)
            time.sleep(0.5)
            server.process.kill()
            for thread in threads:
                thread.join()
            assert server.end(signal.SIGKILL)[0] == -signal.SIGKILL
    with running(tmp_path) as server:
        for name, times in acknowledged.items():
            assert len(times) > 50
            found: list[int] = []
            start = 0
            while True:
                item = {"externalId": name, "start": start, "end": 10**9, "limit": 100_000}
                (page,) = decode_list_response(server.post("/timeseries/data/list", {"items": [item]}, accept=PROTOBUF))
                assert np.array_equal(page.values, page.timestamps / 2)
                found += page.timestamps.tolist()
                if page.next_cursor is None:
                    break
                start = found[-1] + 1
            assert set(times) <= set(found)
            assert len(found) % 50 == 0  # each request is there whole or not at all


def test_serving_from_a_thread() -> None:
    urls: list[str] = []
    ready, stop = threading.Event(), threading.Event()

    def started(url: str) -> None:
        urls.append(url)
        ready.set()

    with LocalCDF() as engine:
        thread = threading.Thread(target=serve, args=(engine,), kwargs={"port": 0, "ready": started, "stop": stop})
        thread.start()
        try:
            assert ready.wait(10)
            response = httpx.get(f"{urls[0]}/login/status", headers={"api-key": engine.process_api_key})
            assert response.json()["data"]["loggedIn"]
            port = int(urls[0].rsplit(":", 1)[1])
            with pytest.raises(LocalCDFError, match=f"127.0.0.1:{port} is in use by another server: stop that one, or"):
                serve(engine, port=port)
        finally:
            stop.set()
            thread.join()
