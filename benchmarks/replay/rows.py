"""The rows of blocks as answers have them: with ids and times, under the names of the wire."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks.data import CHILDREN, START, Block, definitions

PATHS = {"time_series": "timeseries", "assets": "assets", "events": "events"}
"""The paths of families."""


def wire_rows(block: Block, first: int = 1) -> Iterator[dict[str, Any]]:
    """The rows of a block; their ids begin with `first`."""
    for number, row in enumerate(definitions(block)):
        named = {_camel_case(name): value for name, value in row.items()}
        yield {
            "id": first + number,
            **named,
            **_SET_BY_SERVERS[block.family](number, first, named),
            "createdTime": START,
            "lastUpdatedTime": START,
        }


def _series(number: int, first: int, row: dict[str, Any]) -> dict[str, Any]:
    return {"isString": False, "isStep": False, "type": "numeric"}


def _asset(number: int, first: int, row: dict[str, Any]) -> dict[str, Any]:
    labels = [{"externalId": name} for name in row["labels"]]
    parent = {"parentId": first + (number - 1) // CHILDREN} if "parentExternalId" in row else {}
    return {"labels": labels, "rootId": first, **parent}


def _event(number: int, first: int, row: dict[str, Any]) -> dict[str, Any]:
    return {"assetIds": [number % 1000 + 1]}


_SET_BY_SERVERS = {"time_series": _series, "assets": _asset, "events": _event}


def _camel_case(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(word.capitalize() for word in tail)
