"""Runs all scenarios, prints a table of them, and writes it with all measurements to `benchmarks/results/`.

One `cdframe serve` process, filled once, answers both sides. Each measurement is made in a process of its own; sides
take turns, and who begins changes with each round, so that what else the machine does falls on both.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.environment import describe
from benchmarks.scenarios import ROUNDS, SCENARIOS, SIDES
from benchmarks.table import Results, markdown
from tests.conformance import environments, server

HERE = Path(__file__).parent
TIMEOUT = 120


def main() -> None:
    """The command line: `python -m benchmarks [SCENARIO ...]`."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=f"of {', '.join(SCENARIOS)}; default: all")
    chosen = parser.parse_args().scenarios or list(SCENARIOS)
    if unknown := sorted(set(chosen) - set(SCENARIOS)):
        parser.error(f"unknown scenarios: {', '.join(unknown)}")
    pythons = {"cdframe": Path(sys.executable), "sdk": environments.python_of("sdk8")}
    about = describe(pythons)
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "server.log")
        with server.running(Path(folder, "data"), log) as base_url:
            results = _run(base_url, pythons, chosen)
    _check(results)
    table = "\n".join([*(f"- {name}: {value}" for name, value in about.items()), "", *markdown(results)])
    print(table)
    _write({"about": about, "results": results}, table)


def _run(base_url: str, pythons: dict[str, Path], chosen: list[str]) -> Results:
    address = [base_url, server.PROJECT, server.API_KEY]
    _say("filling the local CDF")
    subprocess.run([sys.executable, str(HERE / "seed.py"), *address], check=True)
    results: Results = {scenario: {side: [] for side in SIDES} for scenario in chosen}
    for number in range(ROUNDS):
        for scenario in chosen:
            for side in SIDES if number % 2 == 0 else reversed(SIDES):
                command = [str(pythons[side]), str(HERE / f"{side}_side.py"), *address, scenario, str(number)]
                done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=TIMEOUT, check=True)
                one = json.loads(done.stdout)
                results[scenario][side].append(one)
                _say(f"round {number + 1}/{ROUNDS}  {scenario:10}  {side:7}  {one['seconds']:.3f} s")
    return results


def _check(results: Results) -> None:
    """Both sides must have found the same, and as much as there is."""
    for scenario, sides in results.items():
        found = {side: sorted({(one["count"], one["total"]) for one in runs}) for side, runs in sides.items()}
        counts = {count for pairs in found.values() for count, _ in pairs}
        totals = [total for pairs in found.values() for _, total in pairs]
        tolerance = 1e-9 * max(abs(total) for total in totals)  # the order of a sum is free
        if counts != {SCENARIOS[scenario].expected} or max(totals) - min(totals) > tolerance:
            raise SystemExit(f"{scenario}: results differ (expected {SCENARIOS[scenario].expected}): {found}")


def _write(content: dict[str, Any], table: str) -> None:
    folder = HERE / "results"
    folder.mkdir(exist_ok=True)
    name = datetime.now(UTC).strftime("%Y-%m-%dT%H%M%SZ")
    (folder / f"{name}.json").write_text(json.dumps(content, indent=1))
    (folder / f"{name}.md").write_text(table + "\n")
    _say(f"written: {folder / name}.json and .md")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
