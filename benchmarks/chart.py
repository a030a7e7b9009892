"""The chart of the README: how many times as fast as the official SDK, by scenario and server."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from benchmarks.results import Results, Row, factor
from benchmarks.scenarios import SERVERS

WIDTH = 8.6  # inches, of 100 pixels
ROW, GAP = 0.21, 0.4  # inches
TOP, BOTTOM, LEFT, RIGHT = 0.42, 0.3, 3.35, 0.1  # inches
TICKS = (0.5, 1, 2, 5, 10, 20, 50, 100, 200)

# Seen on white and on black pages alike.
TEXT, FAINT = "#79828d", "#8b949e"
FASTER, SLOWER = "#2c9c8f", "#d9822b"
TITLES = {
    "replay": "Prepared answers, at once",
    "slow": "Prepared answers, after 200 ms",
    "local": "The local CDF",
}


def draw(results: Results, path: Path) -> None:
    """Draw the chart into a file; its ending says how."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    groups = [(server, _sorted(results, server)) for server in SERVERS]
    groups = [(server, rows) for server, rows in groups if rows]
    height = sum(GAP + ROW * len(rows) for _, rows in groups)
    inches = TOP + height + BOTTOM
    ratios = [row.ratio("seconds") for _, rows in groups for row in rows]
    settings = {"svg.hashsalt": "cdframe", "font.family": "DejaVu Sans", "font.size": 8, "text.color": TEXT}
    with rc_context(settings):
        figure = Figure(figsize=(WIDTH, inches))
        FigureCanvasAgg(figure)
        axes = figure.add_axes(
            (LEFT / WIDTH, BOTTOM / inches, 1 - (LEFT + RIGHT) / WIDTH, height / inches),
        )
        axes.set_xscale("log")
        axes.set_xlim(min(0.75, *(0.9 * ratio for ratio in ratios)), 6 * max(ratios))
        axes.set_ylim(-height, 0)
        _dress(axes)
        at = 0.0
        for server, rows in groups:
            at -= GAP
            axes.text(-0.012, at + ROW * 0.25, TITLES[server], transform=_sideways(axes), ha="right", weight="bold")
            for row in rows:
                at -= ROW
                _bar(axes, row, at + ROW / 2)
        version = re.search(r"cognite-sdk (\d+\.\d+)", results.about["versions, sdk"])
        title = f"Times as fast as cognite-sdk {version[1] if version else ''}"
        baseline = 1 - 0.3 / inches
        words = figure.text(0.12 / WIDTH, baseline, title, size=11, weight="bold")
        axes.annotate(
            "log scale; beside the bars: seconds of cdframe, and of the SDK",
            xy=(1, 0),
            xycoords=words,
            xytext=(9, 0),
            textcoords="offset points",
            va="bottom",
            color=FAINT,
            annotation_clip=False,
        )
        figure.savefig(path, transparent=True, metadata={"Date": None} if path.suffix == ".svg" else None)


def _sorted(results: Results, server: str) -> list[Row]:
    rows = [row for row in results.rows if row.server == server]
    return sorted(rows, key=lambda row: row.ratio("seconds"), reverse=True)


def _bar(axes: Any, row: Row, at: float) -> None:
    ratio = row.ratio("seconds")
    color = FASTER if ratio >= 1 else SLOWER
    axes.barh(at, ratio - 1, left=1, height=ROW * 0.68, color=color, linewidth=0)
    axes.text(-0.012, at, row.scenario.title, transform=_sideways(axes), ha="right", va="center")
    ours, theirs = (_seconds(row.median(side, "seconds")) for side in ("cdframe", "sdk"))
    end = max(ratio, 1)
    number = axes.annotate(
        f"{factor(ratio)} ×",
        (end, at),
        xytext=(4, 0),
        textcoords="offset points",
        va="center",
        weight="bold",
        color=color,
    )
    axes.annotate(
        f"{ours}, SDK {theirs}",
        xy=(1, 0.5),
        xycoords=number,
        xytext=(5, 0),
        textcoords="offset points",
        va="center",
        size=7,
        color=FAINT,
    )


def _dress(axes: Any) -> None:
    """Leave little but grid lines and numbers."""
    from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

    low, high = axes.get_xlim()
    ticks = [tick for tick in TICKS if low <= tick <= high]
    axes.patch.set_alpha(0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FixedFormatter([f"{tick:g}" for tick in ticks]))
    axes.yaxis.set_major_locator(NullLocator())
    axes.tick_params(colors=TEXT, length=0)
    axes.grid(axis="x", color=FAINT, alpha=0.25, linewidth=0.7)
    axes.axvline(1, color=TEXT, linewidth=1)
    axes.set_axisbelow(True)


def _sideways(axes: Any) -> Any:
    """Across in parts of the axes, down in data."""
    return axes.get_yaxis_transform()


def _seconds(value: float) -> str:
    return f"{value:.2f} s" if value < 1 else f"{value:.1f} s"
