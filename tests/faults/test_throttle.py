"""A server that has too much to do is asked less, and slowly more again."""

from __future__ import annotations

import threading
import time

import pytest

from cdframe.throttle import Throttle
from tests.faults.servers import Answer, scripted


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
        threading.Thread(target=lambda: [session.request("POST", "/timeseries/list", json={}) for _ in range(5)])
        for _ in range(6)
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
    session.run([lambda: session.request("POST", "/timeseries/list", json={})] * 6)
    stats = session.tally.snapshot()
    assert stats.requests == len(script.requests) == 8
    assert stats.retries == 2
    assert stats.bytes_sent == 2 * 8
    assert stats.bytes_received > 0
    assert stats.waited > 0
    session.close()
