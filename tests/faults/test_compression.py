"""Requests are compressed where it pays, and say what they hold either way."""

from __future__ import annotations

import gzip
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import polars as pl
import pytest

from cdframe import CogniteClient
from cdframe.protobuf import decode_insertion_request
from tests.faults.servers import raw_server, read_request

COUNT = 20_000
RANDOM = np.random.default_rng(1)
WALK = np.cumsum(RANDOM.normal(size=COUNT))


@contextmanager
def connected() -> Iterator[tuple[CogniteClient, list[bytes]]]:
    """A client of a server that takes everything, and the requests that it got."""

    def served(connection: socket.socket) -> None:
        if request := read_request(connection):
            seen.append(request)
            connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}")

    seen: list[bytes] = []
    with (
        raw_server(served) as url,
        CogniteClient(api_key="k", project="p", base_url=url, client_name="t") as client,
    ):
        yield client, seen


def insert(values: Any) -> Callable[[CogniteClient], None]:
    frame = pl.DataFrame({"timestamp": np.arange(COUNT) * 1000, "value": values})
    return lambda client: client.datapoints.insert(frame, external_id="a")


@pytest.mark.parametrize(
    ("values", "pays"),
    [
        (RANDOM.normal(size=COUNT), False),
        (WALK, False),
        (np.round(WALK, 2), True),
        (RANDOM.integers(0, 100, COUNT), True),
        (np.full(COUNT, 3.5), True),
        (RANDOM.choice(["RUNNING", "STOPPED", "ALARM"], COUNT), True),
        ([RANDOM.bytes(40).hex() for _ in range(COUNT)], False),
    ],
    ids=["random", "walk", "two decimals", "integers", "constant", "states", "random texts"],
)
def test_points_are_compressed_where_they_shrink_to_half(values: Any, pays: bool) -> None:
    with connected() as (client, seen):
        insert(values)(client)
        sent = client.stats.bytes_sent
    [request] = seen
    head, _, body = request.partition(b"\r\n\r\n")
    assert (b"content-encoding: gzip" in head.lower()) is pays
    assert sent == len(body)
    [item] = decode_insertion_request(gzip.decompress(body) if pays else body)
    assert item.timestamps.tolist() == (np.arange(COUNT) * 1000).tolist()
    assert pl.Series(item.values).to_list() == pl.Series(values).to_list()


def test_small_bodies_and_those_of_clients_that_want_none_go_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    with connected() as (client, seen):
        client.datapoints.insert([(1, 2)], external_id="a")
        client.post("/api/v1/projects/p/any", json={"a": "b" * 100})
    monkeypatch.setenv("COGNITE_DISABLE_GZIP", "1")
    with connected() as (client, more):
        insert(np.full(COUNT, 3.5))(client)
        client.post("/api/v1/projects/p/any", json={"a": "b" * 10_000})
    assert len(seen) == len(more) == 2
    assert not any(b"content-encoding" in request.lower() for request in seen + more)


def test_json_is_compressed() -> None:
    payload = {"a": [f"item {number}" for number in range(1000)]}
    with connected() as (client, seen):
        client.post("/api/v1/projects/p/any", json=payload)
    head, _, body = seen[0].partition(b"\r\n\r\n")
    assert b"content-encoding: gzip" in head.lower()
    assert json.loads(gzip.decompress(body)) == payload
