"""The chart of the README: how many times as fast as the official SDK, by scenario."""

from pathlib import Path

from benchmarks.results import Results


def draw(results: Results, path: Path) -> None:
    """Draw the chart into a file; its ending says how."""
