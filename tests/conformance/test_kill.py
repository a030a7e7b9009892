"""`cdframe serve` is killed under load and started again: what it acknowledged is there, nothing is there in part."""

import contextlib
import itertools
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from tests.conformance.raw import RawClient
from tests.conformance.scenario import BEGIN, DAY
from tests.conformance.server import command, running, start

WRITERS = 4
ROUNDS = 3
LEAST_ACKNOWLEDGED = 12  # operations of each writer, before the kill
LONGEST_LOAD = 30.0  # seconds
BATCH = 400  # points; batch number k holds the milliseconds from k * BATCH on, all of value k

Batches = frozenset[int]


def operations() -> Iterator[tuple[str, int]]:
    """Inserts of one batch after the other, now and then the deletion of an earlier one."""
    for number in itertools.count():
        yield "insert", number
        if number % 5 == 4:
            yield "delete", number - 3


def applied(batches: Batches, operation: tuple[str, int]) -> Batches:
    kind, number = operation
    return batches | {number} if kind == "insert" else batches - {number}


class Writer:
    """Writes to a series of its own until the server is gone."""

    def __init__(self, base_url: str, name: str) -> None:
        self.base_url = base_url
        self.name = name
        self.acknowledged: list[tuple[str, int]] = []
        self.in_flight: tuple[str, int] | None = None

    def run(self) -> None:
        with contextlib.closing(RawClient(self.base_url)) as raw:
            raw.post("/timeseries", {"items": [{"externalId": self.name}]})
            for operation in operations():
                self.in_flight = operation
                try:
                    self.send(raw, *operation)
                except httpx.TransportError:
                    return
                self.acknowledged.append(operation)

    def send(self, raw: RawClient, kind: str, number: int) -> None:
        first = BEGIN + number * BATCH
        item: dict[str, object] = {"externalId": self.name}
        if kind == "insert":
            item["datapoints"] = [{"timestamp": first + k, "value": number} for k in range(BATCH)]
            raw.post("/timeseries/data", {"items": [item]})
        else:
            item |= {"inclusiveBegin": first, "exclusiveEnd": first + BATCH}
            raw.post("/timeseries/data/delete", {"items": [item]})

    def outcomes(self) -> tuple[Batches, Batches]:
        """The batches after all that was acknowledged, and after the operation in flight as well."""
        batches: Batches = frozenset()
        for operation in self.acknowledged:
            batches = applied(batches, operation)
        return batches, applied(batches, self.in_flight) if self.in_flight else batches


def stored_batches(raw: RawClient, name: str) -> Batches:
    (item,) = raw.answer({"series": [name], "start": BEGIN, "end": BEGIN + DAY})
    points = [(point["timestamp"], point["value"]) for point in item["datapoints"]]
    batches = frozenset((t - BEGIN) // BATCH for t, _ in points)
    whole = [(BEGIN + number * BATCH + k, number) for number in sorted(batches) for k in range(BATCH)]
    assert points == whole, f"{name} holds a part of a batch"
    return batches


def test_acknowledged_writes_survive_a_kill(tmp_path: Path) -> None:
    folder, log = tmp_path / "data", tmp_path / "server.log"
    possible: dict[str, set[Batches]] = {}
    for round_number in range(ROUNDS):
        process, base_url = start(folder, log)
        writers = [Writer(base_url, f"round-{round_number}/writer-{number}") for number in range(WRITERS)]
        with ThreadPoolExecutor(WRITERS) as pool:
            running_writers = [pool.submit(writer.run) for writer in writers]
            deadline = time.monotonic() + LONGEST_LOAD
            while min(len(writer.acknowledged) for writer in writers) < LEAST_ACKNOWLEDGED:
                assert time.monotonic() < deadline, "the server acknowledges too little to be tested"
                time.sleep(0.01)
            process.kill()
            for future in running_writers:
                future.result(timeout=30)
        process.wait()
        possible |= {writer.name: set(writer.outcomes()) for writer in writers}
        with running(folder, log) as base_url, contextlib.closing(RawClient(base_url)) as raw:
            for name, outcomes in possible.items():
                found = stored_batches(raw, name)
                assert found in outcomes, name
                possible[name] = {found}


def test_a_second_server_of_a_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    process, _ = start(folder, tmp_path / "server.log")
    try:
        second = subprocess.run(command(folder), capture_output=True, text=True, timeout=30, check=False)
    finally:
        process.terminate()
        process.wait(timeout=30)
    assert second.returncode != 0
    assert str(folder) in second.stderr
    assert str(process.pid) in second.stderr
    assert "Traceback" not in second.stderr
