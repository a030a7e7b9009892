"""Whoever interrupts a read, or leaves a stream, gets control back at once, and nothing goes on behind his back."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from benchmarks import replay
from benchmarks.replay import Fault, Store
from cdframe import CogniteAPIError, CogniteClient, CogniteConnectionError
from cdframe.datapoints import engine as engine_module
from tests.datapoints import replays
from tests.datapoints.replays import NotedStore
from tests.datapoints.wire import is_end

ROOT = Path(__file__).parent.parent.parent
SECONDS = 10.0
"""What a test waits at most; a read that is not interrupted takes longer."""


@pytest.fixture(scope="module")
def store() -> Store:
    return Store(
        [replays.numbers(1, "dense", np.arange(3_000_000) * 1000), replays.numbers(2, "few", np.arange(5) * 1000)]
    )


@pytest.fixture
def served(store: Store) -> Iterator[tuple[replay.Server, NotedStore]]:
    with replays.serving(store) as served:
        yield served


@pytest.fixture
def client(served: tuple[replay.Server, NotedStore]) -> Iterator[CogniteClient]:
    with CogniteClient(base_url=served[0].base_url, project="p", api_key="k", max_workers=4) as client:
        yield client


def threads_of_clients() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("cdframe")]


def settled(server: replay.Server) -> int:
    """How many requests a server has answered when no more come."""
    seen = -1
    while seen != server.requests:
        seen = server.requests
        time.sleep(0.1)
    return seen


def wait_until(condition: Any) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("how", ["retrieve", "stream"])
def test_an_interrupt_of_the_user_ends_a_program(served: tuple[replay.Server, NotedStore], how: str) -> None:
    server, noted = served
    server.latency = 60.0  # whoever waits for an answer waits for long
    command = [sys.executable, "-m", "tests.datapoints.interrupted_read", server.base_url, how]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "reading\n"
            wait_until(lambda: noted.asked or noted.described)
            process.send_signal(signal.SIGINT)
            said, _ = process.communicate(timeout=SECONDS)
        finally:
            process.kill()
    assert said == "interrupted ['MainThread']\n"
    assert process.returncode == 0


def test_an_interrupted_read_leaves_the_client_usable(
    served: tuple[replay.Server, NotedStore], client: CogniteClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, noted = served
    real = engine_module.wait_for

    def interrupted(*arguments: Any, **options: Any) -> Any:
        if len(noted.asked) > 5:
            raise KeyboardInterrupt
        return real(*arguments, **options)

    server.latency = 0.05
    with monkeypatch.context() as patch:
        patch.setattr(engine_module, "wait_for", interrupted)
        with pytest.raises(KeyboardInterrupt):
            client.datapoints.retrieve(0, "now", external_id="dense")
    assert settled(server) < 30
    assert client.datapoints.retrieve(0, "now", external_id="few").height == 5
    client.close()
    assert not threads_of_clients()


def test_a_stream_that_is_left_ends_its_read(served: tuple[replay.Server, NotedStore], client: CogniteClient) -> None:
    server, _ = served
    for frame in client.datapoints.stream(0, "now", external_id="dense", chunk_size=1_000):
        assert frame.height == 1_000
        break
    asked = settled(server)
    assert asked < 1 + 1 + 4 * 3
    time.sleep(0.2)
    assert server.requests == asked
    assert client.datapoints.retrieve(0, "now", external_id="few").height == 5
    assert client.datapoints.retrieve(0, "now", external_id="dense").height == 3_000_000
    client.close()
    assert not threads_of_clients()


def test_batches_that_are_left_end_their_read(served: tuple[replay.Server, NotedStore], client: CogniteClient) -> None:
    server, _ = served
    with client.datapoints.stream(0, "now", external_id="dense", chunk_size=1_000).to_batches() as batches:
        assert batches.read_next_batch().num_rows == 1_000
    del batches
    asked = settled(server)
    assert asked < 1 + 1 + 4 * 3
    client.close()
    assert not threads_of_clients()


def test_a_stream_that_is_never_begun_asks_for_nothing(
    served: tuple[replay.Server, NotedStore], client: CogniteClient
) -> None:
    stream = client.datapoints.stream(0, "now", external_id="dense")
    iter(stream)
    assert served[0].requests == 0
    del stream


def test_leaving_a_stream_does_not_wait_for_the_server(
    served: tuple[replay.Server, NotedStore], client: CogniteClient
) -> None:
    released = threading.Event()

    def hang_behind_200_000_points(body: replays.Body) -> None:
        if any(item["start"] >= 200_000_000 and not is_end(item) for item in body["items"]):
            released.wait(60)

    served[1].change = hang_behind_200_000_points
    frames = iter(client.datapoints.stream(0, "now", external_id="dense", chunk_size=100_000))
    for _ in range(2):
        assert next(frames).height == 100_000
    frames.close()
    began = time.monotonic()
    client.close()
    assert time.monotonic() - began < SECONDS
    assert not threads_of_clients()
    released.set()


def test_an_error_in_the_middle_of_a_stream_reaches_the_reader(
    served: tuple[replay.Server, NotedStore], client: CogniteClient
) -> None:
    server, noted = served
    server.fault = lambda path: Fault(500) if len(noted.asked) >= 8 else None
    frames: list[pl.DataFrame] = []
    stream = client.datapoints.stream(0, "now", external_id="dense", chunk_size=10_000)
    with pytest.raises(CogniteAPIError, match="told to fail") as caught:
        frames.extend(stream)
    assert caught.value.code == 500
    assert 0 < len(frames) < 300
    server.fault = None
    assert client.datapoints.retrieve(0, "now", external_id="few").height == 5


def test_an_error_in_the_middle_of_batches_reaches_the_reader(
    served: tuple[replay.Server, NotedStore], client: CogniteClient
) -> None:
    server, noted = served
    server.fault = lambda path: Fault(500) if len(noted.asked) >= 8 else None
    batches = client.datapoints.stream(0, "now", external_id="dense", chunk_size=10_000).to_batches()
    with pytest.raises(CogniteAPIError, match="told to fail"):
        batches.read_all()


def test_closing_the_client_ends_a_stream(served: tuple[replay.Server, NotedStore], client: CogniteClient) -> None:
    frames = iter(client.datapoints.stream(0, "now", external_id="dense", chunk_size=1_000))
    next(frames)
    client.close()
    with pytest.raises((RuntimeError, CogniteConnectionError)):
        list(frames)
    assert not threads_of_clients()
