"""Trees of thousands of assets, which are created as hierarchies."""

from typing import Any

Row = dict[str, Any]

SIZE = 5_000
FANS = (7, 30, 25)  # how many children assets have, level by level, until all are there


def hierarchy(prefix: str) -> list[Row]:
    """One tree of 5,000 assets, some children before their parents."""
    rows: list[Row] = [{"external_id": prefix, "name": "top"}]
    level = [prefix]
    for fan in FANS:
        below = []
        for parent in level:
            for number in range(fan):
                name = f"{parent}.{number}"
                rows.append({"external_id": name, "name": f"n{number}", "parent_external_id": parent})
                below.append(name)
        level = below
    return [*rows[1:SIZE:2], *rows[0:SIZE:2]]


# Two trees of which each fills a request, so that they are created apart: all of the first, nothing of the second,
# whose top is refused, nor the leaves that are left for a later request.
GOOD: list[Row] = [
    {"external_id": "good", "name": "top"},
    *({"external_id": f"good.{number}", "name": "leaf", "parent_external_id": "good"} for number in range(999)),
]
BAD: list[Row] = [
    {"external_id": "bad", "name": "top", "data_set_id": 17},
    *({"external_id": f"bad.{number}", "name": "leaf", "parent_external_id": "bad"} for number in range(1_001)),
]

# A tree of several requests, of which one has a leaf that is refused.
ONE_BAD_LEAF: list[Row] = [
    {"external_id": "one-bad", "name": "top", "data_set_id": None},
    *({"external_id": f"one-bad.{n}", "name": "leaf", "parent_external_id": "one-bad"} for n in range(2_400)),
    {"external_id": "one-bad.x", "name": "leaf", "parent_external_id": "one-bad", "data_set_id": 17},
]


def depth(name: str) -> int:
    return name.count(".")


def below(name: str, rows: list[Row]) -> list[str]:
    """The asset and all below it."""
    names = [row["external_id"] for row in rows]
    return [one for one in names if one == name or one.startswith(f"{name}.")]
