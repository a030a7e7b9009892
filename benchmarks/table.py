"""The table of a run: medians with their spread, and what the peer takes for each unit that cdframe takes."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import Any, TypeAlias

from benchmarks.scenarios import SCENARIOS

Results: TypeAlias = dict[str, dict[str, list[dict[str, Any]]]]
"""Measurements by scenario and side."""

FIELDS = ("seconds", "cpu_seconds", "memory")
MIB = 2**20
HEAD = (
    "scenario",
    "cdframe: time",
    "client CPU",
    "peak",
    "cognite-sdk: time",
    "client CPU",
    "peak",
    "peer / cdframe: time, CPU, peak",
)


def markdown(results: Results) -> Iterator[str]:
    """The lines of the table."""
    yield f"| {' | '.join(HEAD)} |"
    yield "|---" + "|--:" * (len(HEAD) - 1) + "|"
    for scenario, sides in results.items():
        cells = [cell for runs in sides.values() for cell in _cells(runs)]
        ratios = [_median(sides["sdk"], field) / _median(sides["cdframe"], field) for field in FIELDS]
        yield f"| {' | '.join([SCENARIOS[scenario].title, *cells, ', '.join(f'{ratio:.2g}' for ratio in ratios)])} |"
    runs = min(len(taken) for sides in results.values() for taken in sides.values())
    yield ""
    yield (
        f"Medians of {runs} runs (least to most). The server is on the same machine, and its work is in the time but "
        "not in the client's CPU. Peak: memory during the call, beyond what the process held before."
    )


def _cells(runs: Sequence[Mapping[str, Any]]) -> list[str]:
    """Time, CPU time and memory of one side."""
    times = [run["seconds"] for run in runs]
    return [
        f"{median(times):.3f} s ({min(times):.3f} to {max(times):.3f})",
        f"{_median(runs, 'cpu_seconds'):.3f} s",
        f"{_median(runs, 'memory') / MIB:.0f} MiB",
    ]


def _median(runs: Sequence[Mapping[str, Any]], field: str) -> float:
    return median(float(run[field]) for run in runs)
