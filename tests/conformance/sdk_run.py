"""One run of an official SDK's script, and what its sections are checked with."""

import json
import subprocess
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.conformance.environments import python_of
from tests.conformance.naive import Scenario, World
from tests.conformance.raw import RawClient
from tests.conformance.server import API_KEY, PROJECT
from tests.conformance.words import Row
from tests.conformance.world import RESOURCES, world_of

SCRIPT_TIMEOUT = 150
ROOT = Path(__file__).parents[2]


class SdkRun:
    """One run of a script: its report, and the server that it used."""

    def __init__(
        self,
        name: str,
        script: str,
        credentials: str,
        folder: Path,
        raw: RawClient,
        scenario: Scenario = RESOURCES,
    ) -> None:
        self.raw = raw
        self.scenario = scenario
        self.is_2021 = name == "sdk2"
        self.name = name
        report = folder / "report.json"
        given = {
            "base_url": raw.base_url,
            "project": PROJECT,
            "api_key": API_KEY,
            "credentials": credentials,
            "report": str(report),
        }
        words = [word for pair in given.items() for word in pair]
        command = [str(python_of(name)), "-m", f"tests.conformance.{script}", *words]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=SCRIPT_TIMEOUT, check=False)
        assert done.returncode == 0, done.stderr
        self.report: dict[str, Any] = json.loads(report.read_text())

    def seen(self, section: str) -> Any:
        found = self.report[section]
        assert "raised" not in found, found["raised"]
        return found["seen"]

    @cached_property
    def world(self) -> World:
        """The rows of the scenario, and what the server has added to them until now."""
        return world_of(self.raw, self.scenario)

    def stored(self, family: str, *names: str) -> list[Row]:
        """Rows of the scenario as HTTP shows them."""
        return [self.world.known[family][name] for name in names]


Check = Callable[[SdkRun, Any], None]


class Checks(dict[str, Check]):
    """Sections of a report, each with what it should have seen."""

    def of(self, section: str) -> Callable[[Check], Check]:
        def register(check: Check) -> Check:
            self[section] = check
            return check

        return register


def assert_same_rows(found: list[dict[str, Any]], expected: list[dict[str, Any]]) -> None:
    """Equality, with a short message for long answers."""
    differing = [(a, b) for a, b in zip(found, expected, strict=False) if a != b]
    assert differing[:3] == []
    assert len(found) == len(expected)


def without_zero_counts(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Client 8.x reads a missing count as 0; the service never sends a count of 0."""
    return [{name: v for name, v in row.items() if not (name == "count" and v == 0)} for row in rows]
