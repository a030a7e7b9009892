"""What is measured, and on which data: the same for both sides, so that what they find can be compared.

Both sides import this module by its own name, from environments that have NumPy in common and little else.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

START = 1_704_067_200_000
"""2024-01-01 in milliseconds: where all series begin."""
END = START + 400 * 86_400_000
"""Behind the last point of all series."""
AGGREGATES = ["average", "max", "count"]
ROUNDS = 3
SIDES = ("cdframe", "sdk")


@dataclass(frozen=True)
class Block:
    """So many series with so many points each, `step` milliseconds apart."""

    name: str
    series: int
    points: int
    step: int

    @property
    def names(self) -> list[str]:
        """The external ids of the series."""
        return [f"{self.name}-{number:05}" for number in range(self.series)]

    @property
    def times(self) -> NDArray[np.int64]:
        """The times that all series of the block have points at."""
        return START + self.step * np.arange(self.points)

    def values(self, number: int) -> NDArray[np.float64]:
        """The points of one series: a noisy wave, as sensors have it; no value can be guessed or left out."""
        wave = 20 + 5 * np.sin(np.arange(self.points) / 500)
        return wave + np.random.default_rng(number).normal(size=self.points)

    def target(self, side: str, number: int) -> "Block":
        """The same block under a name of its own, for one side to write to in one round."""
        return Block(f"{self.name}-{side}-{number}", self.series, self.points, self.step)


DENSE = Block("dense", 1, 2_000_000, 1_000)
MANY = Block("many", 200, 5_000, 60_000)
YEAR = Block("year", 10, 105_120, 300_000)
WIDE = Block("wide", 100, 2_000, 60_000)
SHORT = Block("short", 1_000, 10, 60_000)
LONG_INSERT = Block("insert", 1, 500_000, 1_000)
WIDE_INSERT = Block("insert-wide", 100, 2_000, 60_000)
LISTED = Block("listed", 20_000, 0, 0)


@dataclass(frozen=True)
class Scenario:
    """One row of the table. `expected` is the number of values, or of rows of a list, that both sides must find."""

    title: str
    expected: int


SCENARIOS = {
    "dense": Scenario("1 series x 2,000,000 raw points, out", 2_000_000),
    "many": Scenario("200 series x 5,000 raw points, out", 1_000_000),
    "aggregates": Scenario("10 series x 1 year, hourly x 3 aggregates, out", 10 * 365 * 24 * 3),
    "wide_out": Scenario("wide frame, 100 columns x 2,000 rows, out", 200_000),
    "latest": Scenario("latest points of 1,000 series", 1_000),
    "list": Scenario("20,000 time series to a frame", 20_000),
    "insert": Scenario("1 series x 500,000 points from a frame, in", 500_000),
    "wide_in": Scenario("wide frame, 100 columns x 2,000 rows, in", 200_000),
}
