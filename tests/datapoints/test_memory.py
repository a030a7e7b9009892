"""Peak memory of reads: at most one and a half of the frame, beyond what the process held before."""

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
MOST = 1.5
"""Of the bytes of the frame."""


@pytest.mark.parametrize("name", ["dense", "many", "zeros", "wide"])
def test_peak_memory_is_at_most_one_and_a_half_of_the_frame(name: str) -> None:
    """In a process of its own, measured as benchmarks are: as other tests leave memory behind."""
    scenario = SCENARIOS["replay"][name]
    with replay.running(make_store([scenario.block])) as server:
        command = [sys.executable, "-m", "benchmarks.cdframe_side", server.base_url, "p", "k", "replay", name, "0"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    measured = json.loads(done.stdout)
    assert measured["count"] == scenario.expected
    assert measured["memory"] <= MOST * measured["result"]
