"""One measurement, in a process of its own: the time and the memory of one call, and what its result holds.

`python {side}.py BASE_URL PROJECT KEY SCENARIO ROUND` prints a `Measurement` as JSON.
"""

import json
import re
import resource
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

STATUS = Path("/proc/self/status")


@dataclass(frozen=True)
class Task:
    """What one side does in one scenario; only `run` is measured.

    Attributes:
        run: the call. It is given what `prepare` made.
        check: the number of values in the result, and their sum.
    """

    run: Callable[[Any], Any]
    check: Callable[[Any], tuple[int, float]]
    prepare: Callable[[], Any] = lambda: None


@dataclass(frozen=True)
class Measurement:
    """One measured call."""

    seconds: float
    cpu_seconds: float
    memory: int  # bytes: the peak during the call, beyond what the process held before
    count: int
    total: float


def measure(task: Task) -> Measurement:
    """Run a task once."""
    given = task.prepare()
    held = _restart_peak()
    begin, cpu_begin = time.perf_counter(), time.process_time()
    result = task.run(given)
    seconds, cpu_seconds = time.perf_counter() - begin, time.process_time() - cpu_begin
    memory = _peak() - held
    count, total = task.check(result)
    return Measurement(seconds, cpu_seconds, memory, int(count), float(total))


def arguments() -> tuple[str, str, str, str, int]:
    """Base URL, project, key, scenario and round of this process."""
    base_url, project, key, scenario, number = sys.argv[1:]
    return base_url, project, key, scenario, int(number)


def report(tasks: Mapping[str, Task], scenario: str) -> None:
    """Run the task of a scenario once and print what was measured."""
    print(json.dumps(asdict(measure(tasks[scenario]))))


def _restart_peak() -> int:
    """The memory that the process holds now, in bytes, where the peak begins anew."""
    with suppress(OSError):  # Linux only: elsewhere the peak is that since the start of the process
        Path("/proc/self/clear_refs").write_text("5")
        return _status("VmRSS")
    return _peak()


def _peak() -> int:
    if STATUS.exists():  # as a child of a larger process, ru_maxrss begins with that one's
        return _status("VmHWM")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _status(field: str) -> int:
    found = re.search(rf"^{field}:\s+(\d+) kB", STATUS.read_text(), re.MULTILINE)
    assert found is not None, f"{STATUS} has no {field}"
    return int(found.group(1)) * 1024
