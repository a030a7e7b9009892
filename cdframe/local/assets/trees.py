"""Subtrees and whole trees of assets in filters and scopes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cdframe.local.conditions import Condition, any_of, one_of
from cdframe.local.database import Connection
from cdframe.local.errors import bad_request
from cdframe.local.filters import Test
from cdframe.local.references import ASSETS, References, parse_references

MOST_IN_SUBTREES = 100_000


def below(connection: Connection, tops: Condition) -> Condition:
    """The assets that this holds for, and all assets below them."""
    places = connection.tuples(
        f"SELECT len(path), list(id) FROM assets WHERE {tops.sql} GROUP BY len(path)", tops.parameters
    )
    return any_of(one_of(f"path[{place}]", ids) for place, ids in places)


def in_subtrees(column: str | None = None) -> Test:
    """The asset, or the one that a column refers to, is in the subtrees of some `{"id"}` or `{"externalId"}`."""

    def test(value: Any, where: str, connection: Connection) -> Condition:
        assets = below(connection, parse_references(value, where, 100).rows)
        some = f"SELECT 1 FROM assets WHERE {assets.sql} LIMIT {MOST_IN_SUBTREES + 1}"
        if connection.value(f"SELECT count(*) FROM ({some})", assets.parameters) > MOST_IN_SUBTREES:
            raise bad_request(f"{where} must have at most {MOST_IN_SUBTREES} assets in its subtrees, but has more")
        return assets if column is None else ASSETS.among(column, assets)

    return test


def in_trees(column: str, parse: Callable[[Any, str], References]) -> Test:
    """The asset that a column refers to is in the trees of some roots."""
    return lambda value, where, _: ASSETS.among(column, ASSETS.referred("root_id", parse(value, where)))


def tree_scope(column: str) -> Callable[[Sequence[int]], Condition]:
    """The scope of the trees of some roots, for rows whose column refers to an asset."""
    return lambda ids: ASSETS.among(column, one_of("root_id", ids))
