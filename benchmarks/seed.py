"""Fills a local CDF with what the scenarios read, and with the empty series that they write to.

`python -m benchmarks.seed BASE_URL PROJECT KEY ROUNDS`
"""

import sys

import numpy as np
import polars as pl

import cdframe as cdf
from benchmarks.data import DATABASE, LABEL, ONE_IN_TABLE, Block, definitions, table_columns
from benchmarks.scenarios import SCENARIOS, SIDES, WRITES

MOST_AT_ONCE = 500_000


def seed(base_url: str, project: str, key: str, rounds: int) -> None:
    """Create all series, and write the points of those that are read."""
    scenarios = SCENARIOS["local"].values()
    read = dict.fromkeys(one.block for one in scenarios if one.action not in WRITES)
    written = dict.fromkeys(one.block for one in scenarios if one.action == "insert")
    targets = [block.target(side, number) for block in written for side in SIDES[:2] for number in range(rounds)]
    with cdf.CogniteClient(base_url=base_url, project=project, api_key=key) as client:
        client.labels.create({"external_id": LABEL, "name": LABEL})
        for block in (ONE_IN_TABLE, *(one for one in read if one.family == "raw")):
            rows = pl.DataFrame({"key": block.names, **table_columns(block)})
            client.raw.rows.insert(DATABASE, block.name, rows, ensure_parent=True, progress=False)
        for block in (*(one for one in read if one.family != "raw"), *targets):
            create = client.assets.create_hierarchy if block.is_tree else getattr(client, block.family).create
            create(list(definitions(block)), progress=False)
        for block in read:
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
