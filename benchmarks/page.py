"""Results as text: tables for the terminal, the page `docs/benchmarks.md`, and the paragraph of the README.

`python -m benchmarks.page` writes the page, the chart and the paragraph again from `docs/benchmarks.json`.
"""

import math
import re
from collections.abc import Iterator
from pathlib import Path

from benchmarks import growth
from benchmarks.chart import draw
from benchmarks.results import Results, Row, factor
from benchmarks.scenarios import READ_TARGETS, ROUNDS, SERVERS, Target

ROOT = Path(__file__).parent.parent
DATA, PAGE, CHART = (ROOT / "docs" / f"benchmarks.{kind}" for kind in ("json", "md", "svg"))
README = ROOT / "README.md"
PARAGRAPH = re.compile(r"(?<=<!-- begin: from docs/benchmarks\.json -->\n).*?(?=<!-- end -->)", re.DOTALL)

MIB = 2**20
HEAD = (
    "scenario",
    "times as fast",
    "cdframe: time (least to most)",
    "CPU",
    "peak",
    "peak / result",
    "requests (least possible)",
    "SDK: time (least to most)",
    "CPU",
    "peak",
    "peak / result",
    "requests",
)
EXPLANATION = """\
Two of the servers replay: all points and rows are encoded beforehand, an answer is a slice of them, and next to nothing
is added to what the client costs. They keep the rules of CDF, cursors, limits and unknown series included, and tests
hold them to the answers of the local CDF. The third server is the local CDF itself.

Each measurement is made in a process of its own, after a few small calls that load what a process needs; sides take
turns, and who begins changes with each round. Numbers are medians. Time is wall time; client and server share the cores
of one machine. CPU is that of the client alone. Peak is the memory during the call, beyond what the process held
before; the result is the frame, or the arrays, that the call gives. Where results are small, peaks tell what a call
costs at all: threads, connections, code that is loaded late.

The SDK is asked by its fastest call: NumPy arrays for long reads, pandas frames for wide ones, lists and rows; cdframe
gives Polars frames. Both sides must find the same number of values with the same sum, and files with the same
checksums. What cdframe downloads is on the disk when the call ends; what the SDK uploads goes in parts, side by side.
Series have times of their own, but for those of wide frames; of those ten are different, which the others repeat."""

GROWTH = """\
Assets in trees, eight below each, with metadata and a label. The client is measured against prepared answers, the local
CDF in the process of the client and kept in a folder; both share the cores. The last column is how much longer the
largest size took than the smallest, by how much longer n log n is: below 1, a step grows slower than that."""


def tables(results: Results) -> Iterator[str]:
    """The lines of a table for each server, and of one of targets."""
    for name, server in SERVERS.items():
        rows = [row for row in results.rows if row.server == name]
        if rows:
            yield from (f"### {server.title}", "", f"| {' | '.join(HEAD)} |", "|---" + "|--:" * (len(HEAD) - 1) + "|")
            yield from (f"| {' | '.join(_cells(row))} |" for row in rows)
            yield ""
            yield from (line for row in rows if "discard" in row.runs for line in (_floor(row), ""))
    yield from _targets(results)


def page(results: Results) -> str:
    """The page of benchmarks."""
    server_rounds = {row.rounds for row in results.rows}
    rounds = f"{min(server_rounds)} to {max(server_rounds)}" if len(server_rounds) > 1 else f"{min(server_rounds)}"
    lines = [
        "# Benchmarks",
        "",
        "cdframe and the official Python SDK, on the same data, against the same server, in one run of",
        "",
        "```console",
        "$ make bench",
        "```",
        "",
        "which makes the environment that it needs, takes about half an hour, and writes this page, its",
        "[data](benchmarks.json), the chart and the numbers in the README. A choice of scenarios only prints:",
        "",
        "```console",
        "$ python -m benchmarks dense zeros --server replay --rounds 3",
        "```",
        "",
        "![How many times as fast as the official SDK](benchmarks.svg)",
        "",
        "## What was measured",
        "",
        *EXPLANATION.splitlines(),
        "",
        f"Rounds: {rounds}. Made with:",
        "",
        *(f"- {name}: {value}" for name, value in results.about.items()),
        "",
        "## Results",
        "",
        *tables(results),
        *_losses(results),
        *_growth(results),
    ]
    return "\n".join(lines).rstrip() + "\n"


def paragraph(results: Results) -> str:
    """The sentences of the README that have numbers in them."""
    dense, many = results.row("replay", "dense"), results.row("slow", "many")
    insert, listed = results.row("replay", "insert"), results.row("replay", "list")
    version = re.search(r"cognite-sdk ([\d.]+)", results.about["versions, sdk"])
    text = (
        f"5 million points of one series are in a frame after {dense.median('cdframe', 'seconds'):.2f} s, "
        f"{_times(dense)} as fast as with cognite-sdk {version[1] if version else ''} "
        f"({dense.median('sdk', 'seconds'):.1f} s); 500 series of a server 200 ms away come {_times(many)} as fast, "
        f"a million points are written {_times(insert)} as fast, and 100,000 time series listed {_times(listed)}. "
        f"Medians of {dense.rounds} runs on a machine of {results.about['cores']} cores, which client and server share."
    )
    return "\n".join(_wrapped(text)) + "\n"


def write(results: Results) -> None:
    """Write data, page, chart and paragraph."""
    DATA.write_text(results.to_json())
    PAGE.write_text(page(results))
    draw(results, CHART)
    README.write_text(PARAGRAPH.sub(lambda _: paragraph(results), README.read_text()))


def _cells(row: Row) -> Iterator[str]:
    yield row.scenario.title + (f" ({_times_run(row)})" if row.rounds < ROUNDS else "")
    yield f"**{factor(row.ratio('seconds'))}**"
    for side in ("cdframe", "sdk"):
        least, most = row.spread(side)
        yield f"{row.median(side, 'seconds'):.3f} s ({least:.3f} to {most:.3f})"
        yield f"{row.median(side, 'cpu_seconds'):.3f} s"
        yield f"{row.median(side, 'memory') / MIB:.0f} MiB"
        yield _number(row.overhead(side), ".1f")
        requests = _number(row.median(side, "requests"), ".0f")
        yield requests if side == "sdk" or requests == "–" else f"{requests} ({row.scenario.least})"


def _floor(row: Row) -> str:
    """What the server and the transport alone take."""
    return (
        f"“{row.scenario.title}” by a loop over the same pages, one after the other, that throws all bytes away: "
        f"{row.median('discard', 'seconds'):.3f} s, of which the server takes "
        f"{row.median('discard', 'server_cpu_seconds'):.3f} s of CPU."
    )


def _targets(results: Results) -> Iterator[str]:
    """A table of how far targets are reached: those of speed by scenario, and the two that all reads have."""
    heads = ("speed", *(target.text for target in READ_TARGETS))
    yield from (
        "### Targets",
        "",
        f"| scenario | server | {' | '.join(heads)} |",
        "|---|---" + "|---" * len(heads) + "|",
    )
    for row in results.rows:
        speed = [f"{target.text}: {_reached(results, row, target)}" for target in row.scenario.targets]
        common = [target for target in READ_TARGETS if target in row.scenario.all_targets]
        cells = ["; ".join(speed), *(_reached(results, row, target) for target in common)]
        cells += ["–"] * (len(heads) - len(cells))
        yield f"| {row.scenario.title} | {row.server} | {' | '.join(cell or '–' for cell in cells)} |"
    yield ""


def _reached(results: Results, row: Row, target: Target) -> str:
    reached, share = results.reached(row, target), results.share(row, target)
    if math.isnan(reached):
        return "–"
    number = f"{reached:.2f}" if reached < 10 else f"{reached:.0f}"
    return f"{number}, met" if share >= 1 else f"**{number}**, {share:.0%} of the way"


def _losses(results: Results) -> Iterator[str]:
    yield from ("## Where cdframe loses", "")
    words = {"seconds": "time", "cpu_seconds": "CPU", "memory": "peak memory"}
    for row in results.rows:
        lost = [
            f"{words[field]} {factor(1 / row.ratio(field))} × that of the SDK"
            for field in words
            if row.ratio(field) < 1
        ]
        if lost:
            yield f"- {row.scenario.title} ({row.server}): {', '.join(lost)}"
    yield ""


def _growth(results: Results) -> Iterator[str]:
    if results.growth:
        yield from ("## How times grow", "", *GROWTH.splitlines(), "", *growth.table(results.growth), "")


def _times(row: Row) -> str:
    return f"{factor(row.ratio('seconds'))} times"


def _times_run(row: Row) -> str:
    return "1 round" if row.rounds == 1 else f"{row.rounds} rounds"


def _number(value: float, form: str) -> str:
    return "–" if math.isnan(value) else f"{value:{form}}"


def _wrapped(text: str, width: int = 120) -> Iterator[str]:
    line = ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > width:
            yield line
            line = word
        else:
            line = f"{line} {word}".lstrip()
    yield line


if __name__ == "__main__":
    write(Results.from_file(DATA))
