"""Runs the scenarios and prints tables of them; a run of all of them writes `docs/benchmarks.*`.

Each measurement is made in a process of its own; sides take turns, and who begins changes with each round, so that what
else the machine does falls on all of them.
"""

import argparse
import json
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks import growth, page, servers
from benchmarks.environment import describe
from benchmarks.results import Results, Row, check
from benchmarks.scenarios import ROUNDS, SCENARIOS
from tests.conformance import environments

ROOT = Path(__file__).parent.parent
TIMEOUT = 300


def main() -> None:
    """The command line: `python -m benchmarks [SCENARIO ...]`."""
    names = list(dict.fromkeys(name for scenarios in SCENARIOS.values() for name in scenarios))
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=f"of {', '.join(names)}; default: all")
    parser.add_argument("--server", choices=SCENARIOS, help="only against this server")
    parser.add_argument("--rounds", type=int, default=ROUNDS, metavar="N", help=f"default: {ROUNDS}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all measurements into this file, too")
    options = parser.parse_args()
    if unknown := sorted(set(options.scenarios) - set(names)):
        parser.error(f"unknown scenarios: {', '.join(unknown)}")
    chosen = {
        server: [name for name in scenarios if not options.scenarios or name in options.scenarios]
        for server, scenarios in SCENARIOS.items()
        if options.server in (None, server)
    }
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))  # servers are to end with it
    ours, sdk = Path(sys.executable), environments.python_of("sdk8")
    pythons = {"cdframe": ours, "sdk": sdk, "discard": ours}
    about = describe({"cdframe": ours, "sdk": sdk})
    rows = [row for server, some in chosen.items() if some for row in _run(server, some, options.rounds, pythons)]
    check(rows)
    everything = not (options.scenarios or options.server or options.rounds < ROUNDS)
    results = Results(about, rows, growth.run() if everything else {})
    print("\n".join([*(f"- {name}: {value}" for name, value in about.items()), "", *page.tables(results)]))
    if options.json:
        options.json.write_text(results.to_json())
    if not everything:
        _say("Only a run of everything, without options, is written to docs.")
    else:
        page.write(results)
        written = (page.DATA, page.PAGE, page.CHART, page.README)
        _say(f"written: {', '.join(str(path.relative_to(ROOT)) for path in written)}")


def _run(server: str, names: list[str], rounds: int, pythons: dict[str, Path]) -> list[Row]:
    """Measure some scenarios against one server."""
    scenarios = {name: SCENARIOS[server][name] for name in names}
    runs: dict[str, dict[str, list[dict[str, object]]]] = {
        name: {side: [] for side in one.sides} for name, one in scenarios.items()
    }
    _say(f"starting {server}")
    with (
        tempfile.TemporaryDirectory() as folder,
        servers.running(server, scenarios.values(), rounds, Path(folder)) as address,
    ):
        for number in range(rounds):
            for name, scenario in scenarios.items():
                for place in range(len(scenario.sides)):
                    side = scenario.sides[(place + number) % len(scenario.sides)]
                    words = [*address, server, name, str(number)]
                    command = [str(pythons[side]), "-m", f"benchmarks.{side}_side", *words]
                    done = subprocess.run(
                        command, cwd=ROOT, stdout=subprocess.PIPE, text=True, timeout=TIMEOUT, check=True
                    )
                    one = json.loads(done.stdout)
                    runs[name][side].append(one)
                    _say(f"{server}  round {number + 1}/{rounds}  {name:12}  {side:7}  {one['seconds']:.3f} s")
    return [Row(server, name, of_sides) for name, of_sides in runs.items()]


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
