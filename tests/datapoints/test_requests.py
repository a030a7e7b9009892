"""How many requests reads take: exactly where that can be, else close to the least possible.

Series of the benchmarks, at a server that has their answers prepared. Least possible is what fills each answer with
100,000 points (10,000 rows of aggregates), or each request with 100 series.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from benchmarks import data, replay
from benchmarks.data import Block
from benchmarks.replay.__main__ import make_store
from cdframe import CogniteClient
from tests.datapoints import replays
from tests.datapoints.replays import NotedStore

BURSTS = tuple(
    Block(f"bursts-of-{points}", 1, points, data.BURSTY.step, kind="bursty") for points in (2_000_000, 5_000_000)
)
ZEROS = replace(data.ZEROS, points=1_000_000)
BLOCKS = (data.DENSE, data.MANY, data.SHORT, *BURSTS, ZEROS, data.TEXTS, data.YEARS)


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[replay.Server, NotedStore]]:
    """A server with the series of the benchmarks, and its notes."""
    with replays.serving(make_store(BLOCKS)) as served:
        yield served


@pytest.fixture
def client(served: tuple[replay.Server, NotedStore]) -> Iterator[CogniteClient]:
    server, _ = served
    with CogniteClient(base_url=server.base_url, project="p", api_key="k") as client:
        yield client


def strays(noted: NotedStore, block: Block, start: int) -> int:
    """How many windows lie before the first point or behind the last one; first pages begin where the read does."""
    times = block.times(0)
    asked = [item for item in noted.windows if item["start"] != start]
    return sum(item["end"] <= times[0] or item["start"] > times[-1] for item in asked)


def least(block: Block) -> int:
    """The least possible number of requests for all points of some series."""
    return max(-(-block.series * block.points // 100_000), -(-block.series // 100))


LATER = 4_102_444_800_000
"""2100: counts over all the time up to then are coarse."""
RANGES = [
    pytest.param(None, None, id="its own range"),
    pytest.param(0, "now", id="from 1970 until now"),
    pytest.param(-2_208_988_800_000, LATER, id="from 1900 to 2100"),
]


@pytest.mark.parametrize(("start", "end"), RANGES)
@pytest.mark.parametrize("block", [data.DENSE, ZEROS], ids=["dense", "zeros"])
def test_one_steady_series(client: CogniteClient, noted: NotedStore, block: Block, start: Any, end: Any) -> None:
    start = block.start if start is None else start
    frame = client.datapoints.retrieve(start, block.end if end is None else end, external_id=block.names[0])
    assert frame.height == block.points
    assert strays(noted, block, start) == 0
    assert len(noted.asked) == least(block) + 1
    assert len(noted.ends) == 1  # in the request for the first page
    assert len(noted.counts) == 1  # in the request for the second page


MOST = 1.15
"""The most requests that any of these reads takes, as a multiple of the least possible."""


@pytest.mark.parametrize(("start", "end"), RANGES)
@pytest.mark.parametrize("block", BURSTS, ids=lambda block: block.name)
def test_one_bursty_series(client: CogniteClient, noted: NotedStore, block: Block, start: Any, end: Any) -> None:
    start = block.start if start is None else start
    frame = client.datapoints.retrieve(start, block.end if end is None else end, external_id=block.names[0])
    assert frame.height == block.points
    assert len(noted.asked) <= MOST * least(block)
    assert strays(noted, block, start) <= 1


@pytest.mark.parametrize(("start", "end"), RANGES)
def test_one_series_of_texts(client: CogniteClient, noted: NotedStore, start: Any, end: Any) -> None:
    block = data.TEXTS
    start = block.start if start is None else start
    frame = client.datapoints.retrieve(start, block.end if end is None else end, external_id=block.names[0])
    assert frame.height == block.points
    assert not noted.counts
    assert len(noted.asked) == least(block) + 1
    assert strays(noted, block, start) == 0


@pytest.mark.parametrize(
    ("start", "end"),
    [pytest.param(data.MANY.start, data.MANY.end, id="their own range"), *RANGES[1:]],
)
def test_many_series(client: CogniteClient, noted: NotedStore, start: Any, end: Any) -> None:
    frame = client.datapoints.retrieve(start, end, external_id=data.MANY.names)
    assert frame.height == 5_000_000
    assert len(noted.asked) <= MOST * least(data.MANY)
    for body in noted.asked:
        assert len(body["items"]) <= 100
        assert sum(item["limit"] for item in body["items"] if "aggregates" not in item) <= 100_000
        assert sum(item["limit"] for item in body["items"] if "aggregates" in item) <= 10_000


def test_short_series_share_requests(client: CogniteClient, noted: NotedStore) -> None:
    frame = client.datapoints.retrieve(0, "now", external_id=data.SHORT.names)
    assert frame.height == 1_000_000
    assert len(noted.asked) == 100
    assert not noted.counts


def test_short_series_of_a_frame_share_requests(client: CogniteClient, noted: NotedStore) -> None:
    series = pl.DataFrame({"external_id": data.SHORT.names})
    assert series.cdf.datapoints(start=0, client=client).height == 1_000_000
    assert len(noted.asked) == 100


@pytest.mark.parametrize(("series", "requests"), [(1, 1), (100, 1), (101, 2), (250, 3)])
def test_some_short_series(client: CogniteClient, noted: NotedStore, series: int, requests: int) -> None:
    frame = client.datapoints.retrieve(0, "now", external_id=data.SHORT.names[:series])
    assert frame.height == series * 100
    assert len(noted.asked) == requests
    assert len(noted.windows) == series


def test_short_series_one_call_each_take_one_request_each(client: CogniteClient, noted: NotedStore) -> None:
    for name in data.SHORT.names[:20]:
        assert client.datapoints.retrieve(0, "now", external_id=name).height == 100
    assert len(noted.asked) == 20
    assert client.stats.requests == 20


@pytest.mark.parametrize("end", [data.YEARS.end, "now"])
@pytest.mark.parametrize("start", [data.YEARS.start, 0])
def test_aggregates(client: CogniteClient, noted: NotedStore, start: int, end: Any) -> None:
    what = {"aggregates": ["average", "max", "min", "count"], "granularity": "1h"}
    frame = client.datapoints.retrieve_dataframe(start, end, external_id=data.YEARS.names, **what)
    assert frame.shape == (5 * 365 * 24, 1 + 10 * 4)
    assert len(noted.asked) <= 46  # 438,000 rows, 10,000 an answer: 44
    for body in noted.asked:
        assert sum(item["limit"] for item in body["items"]) <= 10_000


@pytest.mark.parametrize(
    ("limit", "requests"), [(0, 1), (1, 1), (100_000, 1), (100_001, 2), (250_000, 3), (1_000_000, 11)]
)
def test_limits(client: CogniteClient, noted: NotedStore, limit: int, requests: int) -> None:
    frame = client.datapoints.retrieve(0, "now", external_id=data.DENSE.names, limit=limit)
    assert frame.height == limit
    assert len(noted.asked) <= requests


def test_a_limit_of_each_of_many_series(client: CogniteClient, noted: NotedStore) -> None:
    frame = client.datapoints.retrieve(0, "now", external_id=data.MANY.names, limit=100)
    assert frame.height == 50_000
    assert len(noted.asked) == 5


@pytest.mark.parametrize("workers", [1, 2, 30])
def test_more_workers_do_not_ask_for_more_of_a_steady_series(
    served: tuple[replay.Server, NotedStore], noted: NotedStore, workers: int
) -> None:
    with replays.reading(served[0], max_workers=workers) as points:
        assert points.retrieve(0, "now", external_id=data.DENSE.names).height == 5_000_000
    assert len(noted.asked) <= 51


def test_streams_ask_for_no_more_than_frames(client: CogniteClient, noted: NotedStore) -> None:
    stream = client.datapoints.stream(0, "now", external_id=data.DENSE.names, chunk_size=1_000_000)
    assert sum(frame.height for frame in stream) == 5_000_000
    assert len(noted.asked) <= 51
    assert len(noted.described) == 1
    assert strays(noted, data.DENSE, 0) == 0
