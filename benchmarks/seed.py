"""Fills a local CDF with what the scenarios read, and with the empty series that they write to.

`python -m benchmarks.seed BASE_URL PROJECT KEY ROUNDS`
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl

import cdframe as cdf
from benchmarks.contents import write_files
from benchmarks.data import (
    DATABASE,
    LABEL,
    ONE_IN_SEQUENCE,
    ONE_IN_TABLE,
    SEQUENCE_TYPES,
    Block,
    definitions,
    sequence_columns,
    table_columns,
)
from benchmarks.scenarios import SCENARIOS, SIDES, WRITES

MOST_AT_ONCE = 500_000


def seed(base_url: str, project: str, key: str, rounds: int) -> None:
    """Create all that is read, and what is written to."""
    scenarios = SCENARIOS["local"].values()
    read = dict.fromkeys(one.block for one in scenarios if one.action not in WRITES)
    written = dict.fromkeys(one.block for one in scenarios if one.action in ("insert", "insert_sequence"))
    targets = [block.target(side, number) for block in written for side in SIDES[:2] for number in range(rounds)]
    with cdf.CogniteClient(base_url=base_url, project=project, api_key=key) as client:
        client.labels.create({"external_id": LABEL, "name": LABEL})
        for block in (ONE_IN_TABLE, ONE_IN_SEQUENCE, *read, *targets):
            _create(client, block)
        for block in (ONE_IN_TABLE, ONE_IN_SEQUENCE, *read):
            _fill(client, block)


def _create(client: cdf.CogniteClient, block: Block) -> None:
    if block.family == "sequences":
        columns = [{"external_id": name, "value_type": kind} for name, kind in SEQUENCE_TYPES.items()]
        client.sequences.create({"external_id": block.name, "columns": columns})
    elif block.family == "files":
        with TemporaryDirectory() as folder:
            write_files(block, Path(folder))
            for name in block.names:
                client.files.upload(Path(folder) / name, external_id=name, progress=False)
    elif block.family != "raw":
        create = client.assets.create_hierarchy if block.is_tree else getattr(client, block.family).create
        create(list(definitions(block)), progress=False)


def _fill(client: cdf.CogniteClient, block: Block) -> None:
    """Write rows and points."""
    if block.family == "raw":
        rows = pl.DataFrame({"key": block.names, **table_columns(block)})
        client.raw.rows.insert(DATABASE, block.name, rows, ensure_parent=True, progress=False)
    elif block.family == "sequences":
        rows = pl.DataFrame({"row_number": range(block.series), **sequence_columns(block)})
        client.sequences.data.insert_dataframe(rows, external_id=block.name, progress=False)
    at_once = max(1, MOST_AT_ONCE // max(1, block.points))
    for first in range(0, block.series if block.points else 0, at_once):
        numbers = range(first, min(first + at_once, block.series))
        client.datapoints.insert_multiple(_points(block, numbers), progress=False)


def _points(block: Block, numbers: range) -> pl.DataFrame:
    """The points of some series as a long frame."""
    return pl.DataFrame(
        {
            "external_id": np.repeat([block.names[number] for number in numbers], block.points),
            "timestamp": np.concatenate([block.times(number) for number in numbers]),
            "value": np.concatenate([block.values(number) for number in numbers]),
        }
    )


if __name__ == "__main__":
    *address, rounds = sys.argv[1:]
    seed(*address, int(rounds))
