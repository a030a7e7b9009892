"""A check of what the store keeps: the only look behind the API that these tests take."""

from __future__ import annotations

import itertools

from tests.local.api import Api


def check_blocks(api: Api, kind: str) -> None:
    """What the blocks say of the points is true, and blocks of one series do not overlap."""
    with api.engine.database.read() as connection:
        told = connection.tuples(f"SELECT block, first, last, count, flagged FROM {kind}_blocks ORDER BY block")
        counted = connection.tuples(
            "SELECT block, min(timestamp), max(timestamp), count(*), count_if(status >= 1 << 30) "
            f"FROM {kind}_points GROUP BY block ORDER BY block"
        )
        runs = connection.tuples(f"SELECT series, first, last FROM {kind}_blocks ORDER BY series, first")
    assert told == counted
    for (series, _, last), (next_series, first, _) in itertools.pairwise(runs):
        assert series != next_series or last < first
