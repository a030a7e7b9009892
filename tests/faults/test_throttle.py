"""A server that has too much to do is asked less, and slowly more again."""

from __future__ import annotations

import threading
import time
from typing import Any

import httpx
import pyarrow as pa
import pytest

from cdframe.errors import CogniteAPIError, CogniteConnectionError
from cdframe.throttle import Throttle
from cdframe.writes import Write
from tests.faults.servers import Answer, scripted

READ = "/timeseries/list"


def test_the_limit_halves_once_for_requests_that_were_under_way_together() -> None:
    throttle = Throttle(8)
    with throttle.slot() as first, throttle.slot() as second:
        pass
    throttle.report(429, first)
    throttle.report(503, second)
    assert throttle.limit == 4
    with throttle.slot() as third:
        pass
    throttle.report(429, third)
    assert throttle.limit == 2


def test_it_never_stops_and_comes_back_slowly() -> None:
    throttle = Throttle(4)
    for _ in range(9):
        with throttle.slot() as began_in:
            pass
        throttle.report(503, began_in)
    assert throttle.limit == 1
    limits = []
    for _ in range(12):
        throttle.report(200, 0)
        limits.append(throttle.limit)
    assert limits == sorted(limits)
    assert limits[-1] == 4


def test_other_failures_change_nothing() -> None:
    throttle = Throttle(4)
    for status in (400, 404, 500, 502, 504):
        throttle.report(status, 0)
    assert throttle.limit == 4


@pytest.mark.parametrize("limit", [1, 3])
def test_no_more_requests_than_the_limit_are_under_way_over_all_threads(limit: int) -> None:
    lock = threading.Lock()
    active, most = 0, 0

    def slow(_: object) -> Answer:
        nonlocal active, most
        with lock:
            active += 1
            most = max(most, active)
        time.sleep(0.01)
        with lock:
            active -= 1
        return Answer()

    session, script = scripted(slow, max_workers=limit)
    threads = [
        threading.Thread(target=lambda: [session.request("POST", READ, json={}) for _ in range(5)]) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(script.requests) == 30
    assert most == limit


def test_a_throttled_client_gets_everything_and_counts_it() -> None:
    answers = [Answer(429), Answer(429), Answer(200, {"items": [1]})]
    session, script = scripted(*answers)
    session.run([lambda: session.request("POST", READ, json={})] * 6)
    stats = session.tally.snapshot()
    assert stats.requests == len(script.requests) == 8
    assert stats.retries == 2
    assert stats.bytes_sent == 2 * 8
    assert stats.bytes_received > 0
    assert stats.waited > 0
    session.close()


@pytest.mark.parametrize("status", [429, 503])
def test_no_request_of_the_client_begins_before_the_server_wants_one(status: int) -> None:
    arrived: list[float] = []

    def answer(_: httpx.Request) -> Answer:
        arrived.append(time.monotonic())
        return Answer(status, headers={"retry-after": "1"}) if len(arrived) == 1 else Answer()

    session, _ = scripted(answer, max_retries=1)
    with pytest.raises(CogniteAPIError):
        session.request("POST", READ, json={})
    session.run([lambda: session.request("POST", READ, json={})] * 3)
    session.close()
    assert len(arrived) == 4
    assert min(arrived[1:]) - arrived[0] >= 1


def test_an_answer_that_asks_for_nothing_less_holds_nobody() -> None:
    throttle = Throttle(1)
    throttle.report(502, 0, retry_after=1000)
    with throttle.slot():
        pass


def test_who_waits_for_a_place_goes_on_when_there_is_no_reason_to_wait() -> None:
    throttle = Throttle(1)
    throttle.report(429, 0, retry_after=1000)
    given_up = threading.Event()
    ended = threading.Event()

    def wait() -> None:
        with throttle.slot(given_up.is_set):
            pass
        throttle.pause(1000, given_up.is_set)
        ended.set()

    thread = threading.Thread(target=wait)
    thread.start()
    given_up.set()
    throttle.wake()
    assert ended.wait(60)
    thread.join()


class Gate:
    """A server that reads requests and answers them when it is told to."""

    def __init__(self, *first: Answer) -> None:
        self.first = list(first)
        self.arrived = threading.Semaphore(0)
        self.opened = threading.Event()

    def __call__(self, _: httpx.Request) -> Answer:
        if self.first:
            return self.first.pop(0)
        self.arrived.release()
        assert self.opened.wait(60)
        return Answer()


def test_a_call_that_is_given_up_while_it_waits_for_its_turn_is_not_sent() -> None:
    gate = Gate(Answer(429))  # from now on one at a time
    session, script = scripted(gate, max_workers=2)
    calls = [session.executor.submit(session.request, "POST", READ, json={}) for _ in range(2)]
    assert gate.arrived.acquire(timeout=60)
    session.give_up(calls)
    gate.opened.set()
    outcomes = [call.exception(60) for call in calls]
    session.close()
    assert len(script.requests) == 2
    [error] = [outcome for outcome in outcomes if outcome is not None]
    assert isinstance(error, CogniteConnectionError) and not error.sent
    assert "was given up" in str(error)


def test_a_call_that_waits_for_its_turn_ends_when_the_client_closes() -> None:
    gate = Gate(Answer(429))
    session, script = scripted(gate, max_workers=2)
    errors: list[BaseException] = []

    def call() -> None:
        try:
            session.request("POST", READ, json={})
        except RuntimeError as error:
            errors.append(error)

    threads = [threading.Thread(target=call) for _ in range(2)]
    for thread in threads:
        thread.start()
    assert gate.arrived.acquire(timeout=60)
    session.close()
    gate.opened.set()
    for thread in threads:
        thread.join(60)
    assert [str(error) for error in errors] == ["This client is closed."]
    assert len(script.requests) == 2


def test_what_one_caller_gives_up_does_not_end_the_attempts_of_another() -> None:
    begun, failed = threading.Event(), threading.Event()

    def answer(request: httpx.Request) -> Answer:
        if request.url.path.endswith("/assets/list"):
            return Answer(400, {"error": {"code": 400, "message": "no"}})
        begun.set()
        assert failed.wait(60)
        return answers.pop(0)

    answers = [Answer(502), Answer(502), Answer(200, {"items": [1]})]
    session, _ = scripted(answer)
    results: list[Any] = []
    write = Write(pa.table({}), lambda: session.request("POST", READ, json={}).json())
    other = threading.Thread(target=lambda: results.extend(session.write([write], "pyarrow")))
    other.start()
    assert begun.wait(60)
    with pytest.raises(CogniteAPIError):
        session.run([lambda: session.request("POST", "/assets/list", json={})] * 2)
    failed.set()
    other.join(60)
    session.close()
    assert results == [{"items": [1]}]
