"""The series that the scenarios read and write: the same for all sides and servers.

All sides import this module, from environments that have NumPy in common and little else.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
START = 1_546_300_800_000
"""2019-01-01 in milliseconds: where all series begin; that they end in the past matters to latest points."""
BURSTS = (0.13, 0.34, 0.35, 0.71, 0.94)
"""Where in the range of a bursty series its bursts begin; together they take a hundredth of it."""

Kind = Literal["steady", "bursty", "zeros", "texts"]


@dataclass(frozen=True)
class Block:
    """So many series with so many points each, `step` milliseconds apart.

    Attributes:
        shared: whether the points of all series have the same times.
        kind: "bursty": 99 % of the points lie in 1 % of the time; "zeros": 30 % of the values are 0; "texts": strings.
    """

    name: str
    series: int
    points: int
    step: int
    shared: bool = False
    kind: Kind = "steady"

    @property
    def names(self) -> list[str]:
        """The external ids of the series."""
        return [f"{self.name}-{number:05}" for number in range(self.series)]

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

LOCAL_DENSE = replace(DENSE, points=2_000_000)
LOCAL_YEAR = replace(YEARS, name="year", points=365 * 24 * 12)
LOCAL_SHORT = replace(SHORT, series=1_000)
LOCAL_LISTED = replace(LISTED, series=20_000)


def definition(block: Block, name: str) -> dict[str, object]:
    """A series as it is defined in plants: a name, a unit, a description, a few words of metadata."""
    return {
        "name": name,
        "unit": "bar",
        "description": "Discharge pressure, second stage",
        "metadata": {"source": "benchmark", "block": block.name},
    }
