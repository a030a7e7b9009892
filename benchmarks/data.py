"""The series that the scenarios read and write: the same for all sides and servers.

All sides import this module, from environments that have NumPy in common and little else.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
START = 1_546_300_800_000
"""2019-01-01 in milliseconds: where all series begin; that they end in the past matters to latest points."""
BURSTS = (0.13, 0.34, 0.35, 0.71, 0.94)
"""Where in the range of a bursty series its bursts begin; together they take a hundredth of it."""

Kind = Literal["steady", "bursty", "zeros", "texts"]
Family = Literal["time_series", "assets", "events", "raw", "sequences", "files"]
CHILDREN = 8
"""How many assets are below each in a tree."""
LABEL = "PUMP"
"""What all assets carry."""
DATABASE = "benchmark"
"""Where all raw tables are."""


@dataclass(frozen=True)
class Block:
    """So many series with so many points each, `step` milliseconds apart; or so many rows of another family.

    Attributes:
        shared: whether the points of all series have the same times.
        kind: "bursty": 99 % of the points lie in 1 % of the time; "zeros": 30 % of the values are 0; "texts": strings.
        family: what the rows are.
        is_tree: whether assets lie below each other, eight below each.
        size: the bytes of each file.
    """

    name: str
    series: int
    points: int
    step: int
    shared: bool = False
    kind: Kind = "steady"
    family: Family = "time_series"
    is_tree: bool = False
    size: int = 0

    @property
    def names(self) -> list[str]:
        """The external ids of the series, or of the rows."""
        return [f"{self.name}-{number:06}" for number in range(self.series)]

    @property
    def start(self) -> int:
        """Just before the first point of all."""
        return START - MINUTE

    @property
    def end(self) -> int:
        """Behind the last point of all, as now is behind what has just been measured."""
        return START + self.points * self.step + HOUR

    def times(self, number: int) -> NDArray[np.int64]:
        """When one series has points. Series that do not share their times are measured each at its own moments."""
        steady = START + self.step * np.arange(self.points)
        if self.kind == "bursty":
            return self._bursty_times()
        if self.shared or self.series == 1:
            return steady
        return steady + np.random.default_rng([1, number]).integers(0, self.step // 2, self.points)

    def values(self, number: int) -> NDArray[np.float64]:
        """The values of one series: a noisy wave, as sensors have it; none can be guessed or left out."""
        random = np.random.default_rng([2, number])
        values = 20 + 5 * np.sin(np.arange(self.points) / 500) + random.normal(size=self.points)
        if self.kind == "zeros":
            values[random.random(self.points) < 0.3] = 0.0
        return values

    def texts(self) -> list[str]:
        """The values of a series of strings."""
        states = ("running", "stopped", "starting: waiting for lube oil pressure", "tripped by vibration", "")
        random = np.random.default_rng(3)
        return [f"{states[k % 5]} {k}" for k in random.integers(0, 5000, self.points).tolist()]

    def target(self, side: str, number: int) -> "Block":
        """The same block under a name of its own, for one side to write to in one round."""
        return replace(self, name=f"{self.name}-{side}-{number}")

    def _bursty_times(self) -> NDArray[np.int64]:
        length = self.points * self.step
        few = self.points // 100
        burst = (self.points - few) // len(BURSTS)
        ranges = [(0.0, 1.0, self.points - burst * len(BURSTS))]
        ranges += [(begin, 0.01 / len(BURSTS), burst) for begin in BURSTS]
        parts = [
            (length * (begin + share * np.arange(count) / count)).astype(np.int64) for begin, share, count in ranges
        ]
        parts[0] |= 1  # odd times between the bursts, even ones within: none is there twice
        return START + np.sort(np.concatenate([parts[0], *(part & ~1 for part in parts[1:])]))


DENSE = Block("dense", 1, 5_000_000, SECOND)
MANY = Block("many", 500, 10_000, MINUTE)
SHORT = Block("short", 10_000, 100, HOUR)
BURSTY = Block("bursty", 1, 5_000_000, 30 * SECOND, kind="bursty")
ZEROS = Block("zeros", 1, 5_000_000, SECOND, kind="zeros")
TEXTS = Block("texts", 1, 1_000_000, MINUTE, kind="texts")
YEARS = Block("years", 10, 5 * 365 * 24 * 12, 5 * MINUTE, shared=True)
WIDE = Block("wide", 1_000, 10_000, MINUTE, shared=True)
LONG_INSERT = Block("insert", 1, 1_000_000, SECOND)
WIDE_INSERT = Block("insert-wide", 1_000, 1_000, MINUTE, shared=True)
LISTED = Block("listed", 100_000, 0, 0)
ASSETS = Block("assets", 100_000, 0, 0, family="assets", is_tree=True)
EVENTS = Block("events", 100_000, 0, 0, family="events")
NEW_ASSETS = Block("new-assets", 100_000, 0, 0, family="assets")
NEW_TREE = Block("new-tree", 100_000, 0, 0, family="assets", is_tree=True)
NEW_EVENTS = Block("new-events", 100_000, 0, 0, family="events")
TABLE = Block("table", 100_000, 0, 0, family="raw")
NEW_TABLE = replace(TABLE, name="new-table")
ONE_IN_TABLE = replace(TABLE, name="one-in-table", series=1)
SEQUENCE = Block("sequence", 100_000, 0, 0, family="sequences")
NEW_SEQUENCE = replace(SEQUENCE, name="new-sequence")
ONE_IN_SEQUENCE = replace(SEQUENCE, name="one-in-sequence", series=1)
FILES = Block("files", 1_000, 0, 0, family="files", size=20_000)
NEW_FILES = replace(FILES, name="new-files")
LARGE_FILE = Block("large-file", 1, 0, 0, family="files", size=10**9)
NEW_LARGE_FILE = replace(LARGE_FILE, name="new-large-file")

LOCAL_DENSE = replace(DENSE, points=2_000_000)
LOCAL_YEAR = replace(YEARS, name="year", points=365 * 24 * 12)
LOCAL_SHORT = replace(SHORT, series=1_000)
LOCAL_LISTED = replace(LISTED, series=20_000)
LOCAL_ASSETS, LOCAL_EVENTS = replace(ASSETS, series=20_000), replace(EVENTS, series=20_000)
LOCAL_NEW_ASSETS, LOCAL_NEW_TREE = replace(NEW_ASSETS, series=20_000), replace(NEW_TREE, series=20_000)


def definitions(block: Block) -> Iterator[dict[str, Any]]:
    """The rows of a block, as they are defined in plants, under the names that columns have."""
    names = block.names
    for number, name in enumerate(names):
        parent = names[(number - 1) // CHILDREN] if block.is_tree and number else None
        yield {
            "external_id": name,
            **_DEFINED[block.family](block, number),
            **({"parent_external_id": parent} if parent else {}),
        }


def table_columns(block: Block) -> dict[str, list[Any]]:
    """The columns of a raw table, as they come out of systems of plants: texts, numbers, and what not all rows have."""
    random, count = np.random.default_rng(4), block.series
    numbers = range(count)
    states = ("open", "released", "waiting for parts", "closed – accepted")
    hours = np.round(random.exponential(8, count), 1).tolist()
    return {
        "order": [f"{number * 7919:08}" for number in numbers],
        "equipment": [f"23-PT-{number:06}" for number in random.integers(0, 5000, count).tolist()],
        "description": ["Replace the seal of the pump, discharge of the second stage"] * count,
        "status": [states[number] for number in random.integers(0, 4, count).tolist()],
        "priority": random.integers(1, 6, count).tolist(),
        "cost": np.round(random.exponential(2500, count), 2).tolist(),
        "closed": (random.random(count) < 0.5).tolist(),
        "hours": [None if number % 5 == 0 else hours[number] for number in numbers],
        "note": ['Found "as is"' if number % 4 == 0 else None for number in numbers],
    }


def table_values(block: Block) -> int:
    """How many values a raw table has."""
    return 7 * block.series + (block.series - -(-block.series // 5)) + -(-block.series // 4)


SEQUENCE_TYPES = {
    "run": "LONG",
    "depth": "DOUBLE",
    "inclination": "DOUBLE",
    "azimuth": "DOUBLE",
    "pressure": "DOUBLE",
    "revolutions": "LONG",
    "samples": "LONG",
    "formation": "STRING",
    "tool": "STRING",
    "remark": "STRING",
}
"""The columns of sequences, and the types of their values."""


def sequence_columns(block: Block) -> dict[str, NDArray[Any] | list[str]]:
    """The values of the columns of a sequence, all of which it has."""
    random, count = np.random.default_rng(5), block.series
    depths = np.arange(count) * 0.1
    formations, tools = ("Draupne", "Heather", "Hugin", "Sleipner"), random.integers(0, 500, count).tolist()
    return {
        "run": np.arange(count) // 5000,
        "depth": depths,
        "inclination": 45 + 40 * np.sin(depths / 900) + random.normal(size=count) / 50,
        "azimuth": np.round(random.uniform(0, 360, count), 2),
        "pressure": 200 + depths / 10 + random.normal(size=count),
        "revolutions": random.integers(0, 180, count),
        "samples": random.integers(0, 2**40, count),
        "formation": [formations[number * 4 // count] for number in range(count)],
        "tool": [f"tool {number}" for number in tools],
        "remark": ["connection" if number % 300 == 0 else "" for number in range(count)],
    }


def _series(block: Block, number: int) -> dict[str, Any]:
    return {
        "name": f"{block.name}-{number:06}",
        "unit": "bar",
        "description": "Discharge pressure, second stage",
        "metadata": {"source": "benchmark", "block": block.name},
    }


def _asset(block: Block, number: int) -> dict[str, Any]:
    return {
        "name": f"23-PT-{number:06}",
        "description": "Pressure transmitter, discharge of the second stage",
        "source": "SAP",
        "metadata": {"site": "north", "manufacturer": "Acme", "serial": f"{number * 7919 % 1_000_003:07}"},
        "labels": [LABEL],
    }


def _event(block: Block, number: int) -> dict[str, Any]:
    start = START + number * 7919 % 100_003 * MINUTE
    return {
        "start_time": start,
        "end_time": start + HOUR,
        "type": "work order",
        "subtype": "corrective",
        "description": "Replace the seal of the pump",
        "source": "SAP",
        "metadata": {"status": "closed", "priority": str(number % 5), "order": f"{number:08}"},
    }


_DEFINED = {"time_series": _series, "assets": _asset, "events": _event}
