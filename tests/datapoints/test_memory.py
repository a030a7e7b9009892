"""Peak memory of reads, beyond what the process held before: little more than the frame itself."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import replay
from benchmarks.replay.__main__ import make_store
from benchmarks.scenarios import SCENARIOS

ROOT = Path(__file__).parent.parent.parent
MOST = {"dense": 1.5, "zeros": 1.5, "many": 1.7, "wide": 1.8}
"""Of the bytes of the frame. Polars makes its own column of the names of many series beside that of Arrow; and of wide
frames each page has times, which are the same, until it is taken in."""


@pytest.mark.parametrize("name", MOST)
def test_peak_memory_is_little_more_than_the_frame(name: str) -> None:
    """In a process of its own, measured as benchmarks are: as other tests leave memory behind."""
    scenario = SCENARIOS["replay"][name]
    with replay.running(make_store([scenario.block])) as server:
        command = [sys.executable, "-m", "benchmarks.cdframe_side", server.base_url, "p", "k", "replay", name, "0"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    measured = json.loads(done.stdout)
    assert measured["count"] == scenario.expected
    assert measured["memory"] <= MOST[name] * measured["result"]
