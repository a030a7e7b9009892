"""Fills a local CDF with what the scenarios read, and with the empty series that they write to.

`python seed.py BASE_URL PROJECT KEY`
"""

import sys

import numpy as np
import polars as pl
from scenarios import DENSE, LISTED, LONG_INSERT, MANY, ROUNDS, SHORT, SIDES, WIDE, WIDE_INSERT, YEAR, Block

import cdframe as cdf

READ = (DENSE, MANY, YEAR, WIDE, SHORT)
MOST_AT_ONCE = 500_000


def seed(base_url: str, project: str, key: str) -> None:
    """Create all series, and write the points of those that are read."""
    written = (LONG_INSERT, WIDE_INSERT)
    targets = [block.target(side, number) for block in written for side in SIDES for number in range(ROUNDS)]
    with cdf.CogniteClient(base_url=base_url, project=project, api_key=key) as client:
        for block in (*READ, *targets, LISTED):
            client.time_series.create(_definitions(block))
        for block in READ:
            for rows in np.array_split(np.arange(block.points), -(-block.points * block.series // MOST_AT_ONCE)):
                client.datapoints.insert_dataframe(wide_frame(block)[rows], external_id_headers=True, progress=False)


def _definitions(block: Block) -> pl.DataFrame:
    """Series as they are defined in plants: a name, a unit, a description, a few words of metadata."""
    names = pl.Series("external_id", block.names)
    words = [{"key": "source", "value": "benchmark"}, {"key": "block", "value": block.name}]
    return pl.DataFrame(
        {
            "external_id": names,
            "name": names,
            "unit": "bar",
            "description": "Discharge pressure, second stage",
            "metadata": pl.Series([words] * len(names)),
        }
    )


def wide_frame(block: Block) -> pl.DataFrame:
    """A column for each series of a block."""
    columns = {name: block.values(place) for place, name in enumerate(block.names)}
    return pl.DataFrame({"timestamp": block.times, **columns}).with_columns(pl.col("timestamp").cast(pl.Datetime("ms")))


if __name__ == "__main__":
    seed(*sys.argv[1:])
