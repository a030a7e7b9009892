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
LOAD_SECONDS = 1.0
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


def write_until_cut(base_url: str, name: str) -> tuple[Batches, Batches]:
    """Write to a series of this name until the server is gone.

    Returns the batches after all that was acknowledged, and those if the operation in flight was done as well.
    """
    batches: Batches = frozenset()
    with contextlib.closing(RawClient(base_url)) as raw:
        raw.post("/timeseries", {"items": [{"externalId": name}]})
        for operation in operations():
            kind, number = operation
            first = BEGIN + number * BATCH
            item: dict[str, object] = {"externalId": name}
            if kind == "insert":
                path = "/timeseries/data"
                item["datapoints"] = [{"timestamp": first + k, "value": number} for k in range(BATCH)]
            else:
                path = "/timeseries/data/delete"
                item |= {"inclusiveBegin": first, "exclusiveEnd": first + BATCH}
            try:
                raw.post(path, {"items": [item]})
            except httpx.TransportError:
                return batches, applied(batches, operation)
            batches = applied(batches, operation)
    raise AssertionError("unreachable: there is always one more operation")


def stored_batches(raw: RawClient, name: str) -> Batches:
    (item,) = raw.answer({"series": [name], "start": BEGIN, "end": BEGIN + DAY})
    points = [(point["timestamp"], point["value"]) for point in item["datapoints"]]
    batches = frozenset((t - BEGIN) // BATCH for t, _ in points)
    whole = [(BEGIN + number * BATCH + k, number) for number in sorted(batches) for k in range(BATCH)]
    assert points == whole, f"{name} holds a part of a batch"
    return batches


def test_acknowledged_writes_survive_a_kill(tmp_path: Path) -> None:
    folder, log = tmp_path / "data", tmp_path / "server.log"
    outcomes: dict[str, tuple[Batches, Batches]] = {}
    for round_number in range(ROUNDS):
        process, base_url = start(folder, log)
        with ThreadPoolExecutor(WRITERS) as pool:
            names = [f"round-{round_number}/writer-{number}" for number in range(WRITERS)]
            futures = {name: pool.submit(write_until_cut, base_url, name) for name in names}
            time.sleep(LOAD_SECONDS)
            process.kill()
            outcomes |= {name: future.result(timeout=30) for name, future in futures.items()}
        process.wait()
        with running(folder, log) as base_url, contextlib.closing(RawClient(base_url)) as raw:
            for name, (acknowledged, with_the_last) in outcomes.items():
                assert acknowledged, f"{name} had nothing acknowledged before the kill"
                found = stored_batches(raw, name)
                assert found in (acknowledged, with_the_last), name
                outcomes[name] = found, found


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
