"""A replay server with the data of the benchmarks, as a program: prints its base URL and serves until it is ended."""

import argparse
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count

from benchmarks.data import (
    ASSETS,
    BURSTY,
    DENSE,
    EVENTS,
    FILES,
    HOUR,
    LISTED,
    MANY,
    ONE_IN_SEQUENCE,
    ONE_IN_TABLE,
    SEQUENCE,
    SHORT,
    TABLE,
    TEXTS,
    WIDE,
    YEARS,
    ZEROS,
    Block,
)
from benchmarks.replay import Points, Series, Store, aggregate_rows, raw_points, running, split_points
from benchmarks.replay.rows import PATHS, wire_rows
from benchmarks.replay.sequences import SequenceRows
from benchmarks.replay.tables import table_path, table_rows

BLOCKS = (DENSE, MANY, SHORT, BURSTY, ZEROS, TEXTS, YEARS, WIDE)
ROWS = (LISTED, ASSETS, EVENTS)
ALL = (*BLOCKS, *ROWS, TABLE, SEQUENCE, FILES)
DIFFERENT = 10
"""Of series that share their times, so many are different: others repeat them, to save memory."""


def main() -> None:
    """The command line: `python -m benchmarks.replay [BLOCK ...]`."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.replay", description=__doc__)
    names = ", ".join(block.name for block in ALL)
    parser.add_argument("blocks", nargs="*", metavar="BLOCK", help=f"data to have, of {names}; default: all")
    parser.add_argument("--latency", type=float, default=0.0, metavar="SECONDS", help="wait before each answer")
    parser.add_argument("--bandwidth", type=float, metavar="BYTES", help="most bytes a second, of all connections")
    parser.add_argument("--port", type=int, default=0, help="default: any that is free")
    options = parser.parse_args()
    store = make_store([block for block in ALL if not options.blocks or block.name in options.blocks])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with running(store, latency=options.latency, bandwidth=options.bandwidth, port=options.port) as server:
        print(server.base_url, flush=True)
        signal.pause()


def make_store(blocks: Sequence[Block]) -> Store:
    """Prepare the data of some blocks."""
    ids = count(1)
    series = [one for block in blocks if block.points for one in _series(block, ids)]
    wanted = {block.family: block for block in blocks if not block.points}
    rows = {
        # Clients look at one row to warm up, of whatever family.
        block.family: wire_rows(wanted.get(block.family, replace(block, series=1)), next(ids))
        for block in ROWS
    }
    tables = {table_path(block): table_rows(block) for block in (ONE_IN_TABLE, *blocks) if block.family == "raw"}
    some = [block for block in (ONE_IN_SEQUENCE, *blocks) if block.family == "sequences"]
    sequences = {block.name: SequenceRows(block) for block in some}
    files = tuple(block for block in blocks if block.family == "files")
    return Store(series, {PATHS[family]: some for family, some in rows.items()}, tables, sequences, files)


def _series(block: Block, ids: Iterator[int]) -> Iterator[Series]:
    if block == YEARS:
        times, values = block.times(0), block.values(0)
        rows = aggregate_rows(times, values, HOUR)
        points = [raw_points(times, values)] * block.series
        yield from (Series(next(ids), name, points[0], unit="bar", rows=rows) for name in block.names)
        return
    is_string = block.kind == "texts"
    points = [raw_points(block.times(0), block.texts())] if is_string else _points(block)
    for number, name in enumerate(block.names):
        yield Series(next(ids), name, points[number % len(points)], is_string, None if is_string else "bar")


def _points(block: Block) -> list[Points]:
    numbers = range(min(block.series, DIFFERENT) if block.shared else block.series)
    return split_points([block.times(number) for number in numbers], [block.values(number) for number in numbers])


if __name__ == "__main__":
    main()
