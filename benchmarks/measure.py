"""One measurement, in a process of its own: what one call took, and what its result holds.

`python -m benchmarks.{side}_side BASE_URL PROJECT KEY SERVER SCENARIO ROUND` prints a `Measurement` as JSON.
"""

import json
import re
import resource
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.scenarios import SCENARIOS, Scenario

STATUS = Path("/proc/self/status")


@dataclass(frozen=True)
class Task:
    """What one side does in one scenario; only `run` is measured.

    Attributes:
        run: the call. It is given what `prepare` made.
        check: the number of values in the result, and their sum.
        size: the bytes that the result holds; None where that cannot be told.
    """

    run: Callable[[Any], Any]
    check: Callable[[Any], tuple[int, float]]
    prepare: Callable[[], Any] = lambda: None
    size: Callable[[Any], int | None] = lambda result: None


@dataclass(frozen=True)
class Measurement:
    """One measured call."""

    seconds: float
    cpu_seconds: float
    memory: int  # bytes: the peak during the call, beyond what the process held before
    result: int | None  # bytes
    requests: int | None  # None: the server does not count them, nor what it costs
    server_cpu_seconds: float | None
    count: int
    total: float


@dataclass(frozen=True)
class Job:
    """What the process was started for."""

    base_url: str
    project: str
    key: str
    server: str
    scenario: Scenario
    number: int

    @classmethod
    def of_process(cls) -> "Job":
        """Read the command line."""
        base_url, project, key, server, name, number = sys.argv[1:]
        return cls(base_url, project, key, server, SCENARIOS[server][name], int(number))

    @property
    def replayed(self) -> bool:
        """Whether the server is a replay server, which counts requests and keeps no points."""
        return self.server != "local"

    def control(self, what: str, method: str = "GET") -> dict[str, Any]:
        """Ask a replay server for its counts, or to count from zero again."""
        request = urllib.request.Request(f"{self.base_url}/replay/{what}", method=method)
        with urllib.request.urlopen(request) as answer:
            found: dict[str, Any] = json.load(answer)
            return found

    def written(self) -> tuple[int, float]:
        """The number and the sum of the values that a replay server was sent."""
        found = self.control("written")
        return found["count"], found["total"]

    def created(self, family: str) -> tuple[int, int]:
        """The number of rows that a replay server was sent, and the sum of the numbers in their names."""
        found = self.control("created")[family]
        return found["count"], found["total"]


def report(job: Job, task: Task) -> None:
    """Run a task once and print what was measured."""
    given = task.prepare()
    if job.replayed:
        job.control("reset", "POST")
    held = restart_peak()
    begin, cpu_begin = time.perf_counter(), time.process_time()
    result = task.run(given)
    seconds, cpu_seconds = time.perf_counter() - begin, time.process_time() - cpu_begin
    memory = peak() - held
    stats = job.control("stats") if job.replayed else {}
    count, total = task.check(result)
    measurement = Measurement(
        seconds=seconds,
        cpu_seconds=cpu_seconds,
        memory=memory,
        result=task.size(result),
        requests=stats.get("requests"),
        server_cpu_seconds=stats.get("cpu_seconds"),
        count=int(count),
        total=float(total),
    )
    print(json.dumps(asdict(measurement)))


def restart_peak() -> int:
    """The memory that the process holds now, in bytes, where the peak begins anew."""
    with suppress(OSError):  # Linux only: elsewhere the peak is that since the start of the process
        Path("/proc/self/clear_refs").write_text("5")
        return _status("VmRSS")
    return peak()


def peak() -> int:
    """The most memory that the process held since its start, or since the peak began anew, in bytes."""
    if STATUS.exists():  # as a child of a larger process, ru_maxrss begins with that one's
        return _status("VmHWM")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _status(field: str) -> int:
    found = re.search(rf"^{field}:\s+(\d+) kB", STATUS.read_text(), re.MULTILINE)
    assert found is not None, f"{STATUS} has no {field}"
    return int(found.group(1)) * 1024
