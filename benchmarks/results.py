"""What has been measured: medians, ratios, whether sides agree, and how far targets are reached."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.scenarios import SCENARIOS, SERVERS, WORKERS, Scenario, Target

Run = Mapping[str, Any]
"""A measurement, as the process that made it printed it."""


@dataclass(frozen=True)
class Row:
    """All measurements of one scenario against one server, by side."""

    server: str
    name: str
    runs: Mapping[str, Sequence[Run]]

    @property
    def scenario(self) -> Scenario:
        """What was measured."""
        return SCENARIOS[self.server][self.name]

    @property
    def rounds(self) -> int:
        """How often each side was measured."""
        return min(len(runs) for runs in self.runs.values())

    def median(self, side: str, field: str) -> float:
        """The median of a field of the measurements of one side; NaN where it was not measured."""
        values = [run[field] for run in self.runs[side]]
        return math.nan if None in values else median(values)

    def spread(self, side: str) -> tuple[float, float]:
        """The least and the most seconds that one side took."""
        seconds = [run["seconds"] for run in self.runs[side]]
        return min(seconds), max(seconds)

    def ratio(self, field: str) -> float:
        """What the SDK takes for each unit that cdframe takes."""
        ours, theirs = self.median("cdframe", field), self.median("sdk", field)
        return theirs / ours if ours > 0 else math.inf

    def overhead(self, side: str) -> float:
        """Peak memory by the size of the result."""
        return self.median(side, "memory") / self.median(side, "result")

    @property
    def schedule(self) -> float:
        """The seconds that the least requests wait for answers when all workers are busy."""
        return math.ceil(self.scenario.least / WORKERS) * SERVERS[self.server].latency


@dataclass(frozen=True)
class Results:
    """A run of the benchmarks: what it was made with, its rows, and how times grow with size, in seconds."""

    about: Mapping[str, str]
    rows: Sequence[Row]
    growth: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def row(self, server: str, name: str) -> Row:
        """The row of a scenario."""
        [found] = [row for row in self.rows if (row.server, row.name) == (server, name)]
        return found

    def reached(self, row: Row, target: Target) -> float:
        """What a quantity with a target came to; NaN where it was not measured."""
        seconds = row.median("cdframe", "seconds")
        match target.quantity:
            case "speed-up":
                return row.ratio("seconds")
            case "of discard":
                return row.median("discard", "seconds") / seconds
            case "of schedule":
                return seconds / row.schedule
            case "peak":
                return row.overhead("cdframe")
            case "memory":
                return row.median("cdframe", "memory") / 1e6
            case "requests":
                return row.median("cdframe", "requests") / row.scenario.least
            case "rate of dense":
                dense = [other for other in self.rows if (other.server, other.name) == (row.server, "dense")]
                rates = [one.scenario.expected / one.median("cdframe", "seconds") for one in (row, *dense)]
                return rates[0] / rates[1] if dense else math.nan
        raise ValueError(f"{target.quantity!r} is not known")

    def share(self, row: Row, target: Target) -> float:
        """How far a target is reached: 1 and more is all the way."""
        reached = self.reached(row, target)
        return reached / target.bound if target.at_least else target.bound / reached

    def to_json(self) -> str:
        """The results as data."""
        rows = [
            {
                "server": row.server,
                "scenario": row.name,
                "title": row.scenario.title,
                "values": row.scenario.expected,
                "least_requests": row.scenario.least,
                "runs": row.runs,
            }
            for row in self.rows
        ]
        lines = ",\n".join(json.dumps(row) for row in rows)
        about, growth = (json.dumps(part, indent=1) for part in (self.about, self.growth))
        return f'{{"about": {about},\n"growth": {growth},\n"rows": [\n{lines}\n]}}\n'

    @classmethod
    def from_file(cls, path: Path) -> Results:
        """Read results back."""
        content = json.loads(path.read_text())
        rows = [Row(row["server"], row["scenario"], row["runs"]) for row in content["rows"]]
        return cls(content["about"], rows, content.get("growth", {}))


def factor(ratio: float) -> str:
    """A ratio to two digits."""
    return f"{ratio:.2f}" if ratio < 1 else f"{ratio:.1f}" if ratio < 10 else f"{ratio:.0f}"


def check(rows: Iterable[Row]) -> None:
    """All sides must have found the same, and as much as there is."""
    for row in rows:
        found = {side: {(run["count"], run["total"]) for run in row.runs[side]} for side in ("cdframe", "sdk")}
        counts = {count for pairs in found.values() for count, _ in pairs}
        totals = [total for pairs in found.values() for _, total in pairs]
        tolerance = 1e-9 * max(abs(total) for total in totals)  # the order of a sum is free
        if counts != {row.scenario.expected} or max(totals) - min(totals) > tolerance:
            raise SystemExit(
                f"{row.server} {row.name}: results differ (expected {row.scenario.expected} values): {found}"
            )
