"""Starts the servers that both sides ask, each as a process of its own, with its data."""

import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.scenarios import SERVERS, WRITES, Scenario
from tests.conformance import server

ROOT = Path(__file__).parent.parent

Address = tuple[str, str, str]
"""Base URL, project and key."""


@contextmanager
def running(name: str, scenarios: Iterable[Scenario], rounds: int, folder: Path) -> Iterator[Address]:
    """The address of a server that has what some scenarios read; it is ended when the block is left."""
    if name == "local":
        with server.running(folder / "data", folder / "server.log") as base_url:
            address = (base_url, server.PROJECT, server.API_KEY)
            subprocess.run([sys.executable, "-m", "benchmarks.seed", *address, str(rounds)], cwd=ROOT, check=True)
            yield address
        return
    blocks = sorted({one.block.name for one in scenarios if one.action not in WRITES}) or ["listed"]
    command = [sys.executable, "-m", "benchmarks.replay", "--latency", str(SERVERS[name].latency), *blocks]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            base_url = process.stdout.readline().strip()
            if not base_url:
                raise SystemExit(f"{' '.join(command)} printed no base URL")
            yield base_url, "benchmark", "key"
        finally:
            process.terminate()
