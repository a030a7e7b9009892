"""Streams give the rows of `retrieve`, in frames of one size and one schema, in bounded memory."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks import data, replay
from benchmarks.replay import Store
from benchmarks.replay.__main__ import make_store
from cdframe import CogniteClient, CogniteNotFoundError
from cdframe.datapoints import DatapointsAPI
from cdframe.frames import to_arrow
from tests.datapoints import replays
from tests.datapoints.replays import NotedStore
from tests.datapoints.rows import rows_of

ROOT = Path(__file__).parent.parent.parent
KINDS = ["polars", "pandas", "pyarrow"]
SECOND = 1000
HOURLY = {"aggregates": ["count", "average"], "granularity": "1h"}
END = 10**10

SETS: dict[str, dict[str, Any]] = {
    "numbers": {"external_id": ["numbers", "more numbers"]},
    "texts": {"external_id": ["texts"]},
    "numbers and texts": {"external_id": ["texts", "numbers", "empty"]},
    "ids": {"id": [3, 1]},
    "ids and external ids": {"id": [2], "external_id": ["numbers", "texts"]},
    "one series twice": {"id": 1, "external_id": "numbers"},
    "aggregates": {"external_id": ["numbers", "more numbers"], **HOURLY},
    "aggregates of some": {"external_id": ["numbers", {"externalId": "more numbers", "aggregates": []}], **HOURLY},
    "nothing": {"external_id": "empty"},
    "no text": {"external_id": "no text"},
    "outside points": {
        "external_id": ["numbers", "texts"],
        "start": 90_500,
        "end": 200_500,
        "include_outside_points": True,
    },
    "limits": {"external_id": ["numbers", "texts", "more numbers"], "limit": 70},
}


@pytest.fixture(scope="module")
def series() -> list[replay.Series]:
    times = np.arange(1, 251) * SECOND
    values = np.where(np.arange(250) % 3 == 0, 0.0, np.arange(250) / 7)
    few = np.array([-5, 0, 7, 2**41])
    hourly = replay.aggregate_rows(times, values, data.HOUR)
    made = [
        replays.numbers(1, "numbers", times, values),
        replays.texts(2, "texts", times[:120], ["", "a", "æø"] * 40),
        replays.numbers(3, "more numbers", few, np.array([1.0, 0.0, -0.5, 1e99])),
        replays.numbers(4, "empty", times[:0]),
        replays.texts(5, "no text", times[:0]),
    ]
    made[0].rows = hourly
    made[2].rows = replay.aggregate_rows(few, np.array([1.0, 0.0, -0.5, 1e99]), data.HOUR)
    return made


@pytest.fixture(scope="module")
def served(series: list[replay.Series]) -> Iterator[tuple[replay.Server, NotedStore]]:
    with replays.serving(Store(series)) as served:
        yield served


@pytest.fixture
def client(served: tuple[replay.Server, NotedStore]) -> Iterator[CogniteClient]:
    with CogniteClient(base_url=served[0].base_url, project="p", api_key="k", max_workers=3) as client:
        yield client


@pytest.mark.parametrize("chunk_size", [9, 125, 100_000])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("what", SETS.values(), ids=SETS.keys())
def test_frames_together_are_what_retrieve_gives(
    client: CogniteClient, kind: Any, what: dict[str, Any], chunk_size: int
) -> None:
    what = {"start": 0, "end": END, **what}
    points = client.with_frame(kind).datapoints
    whole = points.retrieve(**what)
    frames = list(points.stream(**what, chunk_size=chunk_size))
    assert [len(frame) for frame in frames] == [
        min(chunk_size, len(whole) - at) for at in range(0, len(whole), chunk_size)
    ]
    schema = to_arrow(whole).schema
    for frame in frames:
        assert type(frame) is type(whole)
        assert to_arrow(frame).schema.equals(schema)
    assert [row for frame in frames for row in rows_of(frame)] == rows_of(whole)


@pytest.mark.parametrize("what", SETS.values(), ids=SETS.keys())
def test_batches_and_arrow_streams_have_the_same_rows(client: CogniteClient, what: dict[str, Any]) -> None:
    what = {"start": 0, "end": END, **what}
    whole = client.with_frame("pyarrow").datapoints.retrieve(**what)
    stream = client.datapoints.stream(**what, chunk_size=60)
    batches = stream.to_batches()
    assert isinstance(batches, pa.RecordBatchReader)
    assert batches.schema.equals(whole.schema)
    read = list(batches)
    assert all(0 < batch.num_rows <= 60 for batch in read)
    assert pa.Table.from_batches(read, batches.schema).equals(whole)
    assert pa.table(stream).equals(whole)  # each iteration reads anew
    assert pl.DataFrame(stream).equals(client.datapoints.retrieve(**what))


def test_a_stream_can_be_read_again(client: CogniteClient) -> None:
    stream = client.datapoints.stream(0, END, external_id="numbers", chunk_size=100)
    first, second = list(stream), list(stream)
    assert [frame.height for frame in first] == [100, 100, 50]
    assert pl.concat(first).equals(pl.concat(second))


# What is wrong


@pytest.mark.parametrize(
    ("chunk_size", "error"),
    [(0, ValueError), (-1, ValueError), (1.5, TypeError), ("9", TypeError), (True, TypeError), (None, TypeError)],
)
def test_a_bad_chunk_size_is_refused_before_anything_is_sent(
    client: CogniteClient, noted: NotedStore, chunk_size: Any, error: type[Exception]
) -> None:
    with pytest.raises(error, match="chunk_size"):
        client.datapoints.stream(0, "now", external_id="numbers", chunk_size=chunk_size)
    assert client.stats.requests == 0


@pytest.mark.parametrize(
    "wrong", [{"start": 5, "end": 5}, {"external_id": None}, {"aggregates": ["count"]}, {"external_id": ["a", "a"]}]
)
def test_bad_arguments_are_refused_before_anything_is_sent(client: CogniteClient, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        client.datapoints.stream(**{"start": 0, "end": "now", "external_id": "numbers", **wrong})
    assert client.stats.requests == 0


def test_unknown_series_are_all_named(client: CogniteClient, noted: NotedStore) -> None:
    unknown = [f"unknown {number}" for number in range(1_500)]
    stream = client.datapoints.stream(0, "now", id=[1, 17, 18], external_id=["numbers", *unknown])
    with pytest.raises(CogniteNotFoundError) as caught:
        next(iter(stream))
    assert caught.value.not_found == [{"id": 17}, {"id": 18}, *({"externalId": name} for name in unknown)]
    assert not noted.asked


@pytest.mark.parametrize("kind", KINDS)
def test_unknown_series_are_passed_over(client: CogniteClient, kind: Any) -> None:
    points = client.with_frame(kind).datapoints
    what = {"start": 0, "end": END, "external_id": ["no", "numbers", "neither", "texts"], "ignore_unknown_ids": True}
    whole = points.retrieve(**what)
    frames = list(points.stream(**what, chunk_size=100))
    assert [row for frame in frames for row in rows_of(frame)] == rows_of(whole)
    assert len(whole) == 250 + 120
    assert list(points.stream(**{**what, "external_id": ["no", "neither"]})) == []


# Who reads slowly


@pytest.fixture(scope="module")
def dense() -> Store:
    return Store([replays.numbers(1, "dense", np.arange(20_000_000) * 1000, np.arange(20_000_000) % 97 + 1.5)])


@pytest.fixture(scope="module")
def many() -> Store:
    return make_store([data.MANY])


def test_whoever_reads_slowly_is_not_flooded(dense: Store) -> None:
    workers = 3
    with replays.serving(dense) as (server, noted), replays.reading(server, max_workers=workers) as points:
        taken = 0
        for frame in points.stream(0, "now", external_id="dense", chunk_size=100_000):
            taken += frame.height
            time.sleep(0.02)
            # What has been taken, what is held for the next frame, as many more as may wait, and those under way.
            assert len(noted.asked) <= taken / 100_000 + 1 + 2 * workers + workers
            if taken >= 2_000_000:
                break
    assert len(noted.asked) >= 20


@pytest.mark.parametrize("workers", [1, 3, 10])
def test_a_slow_reader_of_many_series_is_not_flooded(many: Store, workers: int) -> None:
    with replays.serving(many) as (server, noted):
        session = replays.session(server, max_workers=workers)
        stream = DatapointsAPI(session, "polars").stream(
            data.MANY.start, data.MANY.end, external_id=data.MANY.names, chunk_size=100_000
        )
        taken = 0
        for frame in stream:
            taken += frame.height
            # As many as may wait, those under way when so many did, a request for what is next, and first pages.
            assert session.tally.snapshot().points_read - taken <= (2 * workers + 5) * 100_000
        session.close()
    assert taken == 5_000_000
    assert len(noted.asked) <= 1.15 * 50  # 50 are the least possible


def until(body: replays.Body, end: int) -> None:
    """Let a request see no point behind a time."""
    for item in body["items"]:
        last = min(item["end"], end)
        item.update(end=last, start=min(item["start"], last - 1))


def test_memory_does_not_grow_with_the_points(dense: Store, tmp_path: Path) -> None:
    """Ten million points more, 160 MiB of them, take no more memory, to some megabytes that allocators keep."""
    peaks = []
    for points in (10_000_000, 20_000_000):
        with replays.serving(dense) as (server, noted):
            noted.change = lambda body, end=points * 1000: until(body, end)
            file = tmp_path / f"{points}.parquet"
            command = [sys.executable, "-m", "tests.datapoints.streamed_to_parquet", server.base_url, str(file)]
            told = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)
        assert told["rows"] == points
        written = pq.read_metadata(file)
        assert written.num_rows == points
        peaks.append(told["peak"] / 2**20)
    assert peaks[1] <= peaks[0] + 40
    assert max(peaks) < 300


def test_many_short_series_of_a_frame() -> None:
    names = data.SHORT.names
    series = pl.DataFrame({"external_id": names})
    with (
        replays.serving(make_store([data.SHORT])) as (server, noted),
        CogniteClient(base_url=server.base_url, project="p", api_key="k") as client,
    ):
        frames = list(series.cdf.datapoints(start=0, chunk_size=64_000, client=client))
    assert [frame.height for frame in frames] == [64_000] * 15 + [40_000]
    runs = pl.concat(frames)["external_id"].cast(pl.String).rle()
    assert runs.struct.field("value").to_list() == names
    assert runs.struct.field("len").unique().to_list() == [100]
    assert len(noted.asked) == 100
    assert len(noted.described) == 10
