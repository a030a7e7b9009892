"""The data of the benchmarks are what they are said to be, and the least numbers of requests are right."""

import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks import data
from benchmarks.contents import PIECE, count_and_checksum, write_files
from benchmarks.replay.__main__ import make_store
from benchmarks.scenarios import SCENARIOS

SMALL = [
    replace(block, series=min(block.series, 12), points=2000)
    for block in (data.DENSE, data.MANY, data.SHORT, data.ZEROS, data.WIDE)
]


@pytest.mark.parametrize("block", [*SMALL, replace(data.BURSTY, points=50_000)], ids=lambda block: block.name)
def test_times_ascend_within_the_range_that_is_read(block: data.Block) -> None:
    for number in (0, block.series - 1):
        times = block.times(number)
        assert len(times) == len(block.values(number)) == block.points
        assert (np.diff(times) > 0).all()
        assert block.start < times[0] and times[-1] < block.end


def test_bursts_hold_most_points_in_little_time() -> None:
    block = replace(data.BURSTY, points=200_000)
    counts, _ = np.histogram(block.times(0), bins=1000, range=(data.START, data.START + block.points * block.step))
    assert np.sort(counts)[-15:].sum() > 0.985 * block.points


def test_a_third_of_the_zeros_scenario_is_zero() -> None:
    block = replace(data.ZEROS, points=2000)
    assert np.count_nonzero(block.values(0) == 0) == pytest.approx(600, rel=0.2)


def test_series_have_times_of_their_own_unless_they_share_them() -> None:
    assert not np.array_equal(SMALL[1].times(0), SMALL[1].times(1))
    assert np.array_equal(SMALL[4].times(0), SMALL[4].times(1))


def test_a_store_has_the_series_of_its_blocks() -> None:
    store = make_store([*SMALL, replace(data.TEXTS, points=100)])
    body = {"items": [{"externalId": block.names[-1], "end": block.end} for block in SMALL]}
    answer = b"".join(store.retrieve(body))
    assert all(block.names[-1].encode() in answer for block in SMALL)


def test_the_least_numbers_of_requests() -> None:
    least = {name: scenario.least for name, scenario in SCENARIOS["replay"].items()}
    assert least == {
        "dense": 50,
        "many": 50,
        "short": 100,
        "bursty": 50,
        "zeros": 50,
        "texts": 10,
        "aggregates": 44,
        "limit": 10,
        "wide": 100,
        "latest": 100,
        "insert": 10,
        "insert_wide": 10,
        "list": 100,
        "list_10": 100,
        "assets": 100,
        "assets_10": 100,
        "events": 100,
        "events_10": 100,
        "create": 100,
        "hierarchy": 100,
        "create_events": 100,
        "raw": 10,
        "insert_raw": 20,
        "sequence": 17,
        "insert_sequence": 10,
        "download": 1011,
        "upload": 2000,
    }


def test_a_table_has_as_many_values_as_are_expected() -> None:
    for rows in (1, 4, 1003):
        block = replace(data.TABLE, series=rows)
        columns = data.table_columns(block).values()
        assert sum(value is not None for column in columns for value in column) == data.table_values(block)


@pytest.mark.parametrize("size", [0, 20, PIECE, 2 * PIECE + 3])
def test_files_have_their_size_and_differ(tmp_path: Path, size: int) -> None:
    block = replace(data.FILES, series=3, size=size)
    write_files(block, tmp_path)
    contents = [(tmp_path / name).read_bytes() for name in block.names]
    assert [len(content) for content in contents] == [size] * 3
    assert len(set(contents)) == (3 if size else 1)
    assert count_and_checksum(tmp_path) == (3, sum(map(zlib.crc32, contents)))
