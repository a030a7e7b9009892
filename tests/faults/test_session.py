"""Retries, errors and credentials of the session, against servers that misbehave."""

from __future__ import annotations

import gzip
import json
import logging
import re
import socket
import threading
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import httpx
import pyarrow as pa
import pytest

from cdframe.config import resolve
from cdframe.errors import (
    CogniteAPIError,
    CogniteAPIKeyError,
    CogniteConnectionError,
    CogniteDuplicatedError,
    CogniteNotFoundError,
)
from cdframe.retries import backoff_s, is_repeatable, retry_after_s
from cdframe.session import Session
from cdframe.writes import Write
from tests.faults.servers import Answer, plain_session, raw_server, read_request, scripted

READ = "/timeseries/list"
CREATE = "/timeseries"


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_repeatable_call_is_repeated_after_statuses_of_the_forcelist(status: int) -> None:
    session, script = scripted(Answer(status), Answer(status), Answer(200, {"items": [1]}))
    assert session.request("POST", READ, json={}).json() == {"items": [1]}
    assert len(script.requests) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 500, 501])
def test_other_statuses_are_final(status: int) -> None:
    session, script = scripted(Answer(status))
    with pytest.raises(CogniteAPIError) as failure:
        session.request("POST", READ, json={})
    assert failure.value.code == status
    assert len(script.requests) == 1


def test_a_call_that_creates_is_repeated_after_429_only() -> None:
    session, script = scripted(Answer(429), Answer(503))
    with pytest.raises(CogniteAPIError) as failure:
        session.request("POST", CREATE, json={})
    assert failure.value.code == 503
    assert len(script.requests) == 2


@pytest.mark.parametrize(("max_retries", "attempts"), [(0, 1), (1, 1), (3, 3)])
def test_max_retries_bounds_the_attempts(max_retries: int, attempts: int) -> None:
    session, script = scripted(Answer(503), max_retries=max_retries)
    with pytest.raises(CogniteAPIError):
        session.request("POST", READ, json={})
    assert len(script.requests) == attempts


def test_a_header_of_the_server_marks_any_failure_as_repeatable() -> None:
    session, script = scripted(Answer(500, headers={"cdf-is-auto-retryable": "true"}), Answer())
    session.request("POST", CREATE, json={})
    assert len(script.requests) == 2


@pytest.mark.parametrize("error", [httpx.ReadTimeout("slow"), httpx.ReadError("cut"), httpx.RemoteProtocolError("cut")])
def test_a_lost_answer_is_asked_for_again_only_where_that_is_safe(error: Exception) -> None:
    session, script = scripted(error, Answer())
    session.request("POST", READ, json={})
    assert len(script.requests) == 2

    session, script = scripted(error, Answer())
    with pytest.raises(CogniteConnectionError) as failure:
        session.request("POST", CREATE, json={})
    assert failure.value.sent
    assert len(script.requests) == 1


def test_a_call_that_did_not_get_through_is_made_again_always() -> None:
    session, script = scripted(httpx.ConnectTimeout("slow"), Answer())
    session.request("POST", CREATE, json={})
    assert len(script.requests) == 2


def test_retry_after_is_waited_for_when_it_is_longer() -> None:
    session, _ = scripted(Answer(429, headers={"retry-after": "1"}), Answer())
    began = time.perf_counter()
    session.request("POST", READ, json={})
    assert time.perf_counter() - began >= 1


def test_backoff_grows_to_its_ceiling() -> None:
    session, _ = scripted(Answer(), max_retry_backoff=3)
    waits = [max(backoff_s(session.config, attempt) for _ in range(200)) for attempt in (1, 2, 8)]
    assert waits[0] <= 1 < waits[1] <= 2 < waits[2] <= 3


@pytest.mark.parametrize(
    ("value", "least", "most"),
    [
        ("7", 7.0, 7.0),
        (" 7 ", 7.0, 7.0),
        ("Fri, 31 Dec 2999 23:59:59 GMT", 1e9, 1e11),
        ("Fri, 31 Dec 1999 23:59:59 GMT", 0.0, 0.0),
        ("soon", 0.0, 0.0),
        ("-1", 0.0, 0.0),
        ("", 0.0, 0.0),
        ("\u00b2", 0.0, 0.0),
    ],
)
def test_both_forms_of_retry_after_are_read(value: str, least: float, most: float) -> None:
    response = httpx.Response(429, headers=[(b"retry-after", value.encode("latin-1"))])
    assert least <= retry_after_s(response) <= most
    assert retry_after_s(httpx.Response(429)) == 0.0


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/anything", True),
        ("PUT", "/anything", True),
        ("DELETE", "/anything", False),
        ("POST", "/timeseries/byids", True),
        ("POST", "/timeseries/data", True),
        ("POST", "/timeseries/data/list", True),
        ("POST", "/timeseries/data/delete", True),
        ("POST", "/timeseries/synthetic/query", True),
        ("POST", "/timeseries", False),
        ("POST", "/timeseries/update", False),
        ("POST", "/timeseries/delete", False),
        ("POST", "/assets/aggregate", True),
    ],
)
def test_which_calls_may_be_repeated(method: str, path: str, expected: bool) -> None:
    assert is_repeatable(method, path) is expected


def test_a_refused_connection_fails_at_once_with_a_hint() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    session = plain_session(f"http://127.0.0.1:{port}")
    began = time.perf_counter()
    with pytest.raises(CogniteConnectionError, match=r"Nothing was sent. Hint: check base_url") as failure:
        session.request("POST", READ, json={})
    assert not failure.value.sent
    assert time.perf_counter() - began < 5
    session.close()


def test_a_connection_that_is_cut_in_the_middle_of_an_answer() -> None:
    def cut(connection: socket.socket) -> None:
        if read_request(connection):
            connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 999\r\n\r\n{")

    with raw_server(cut) as url:
        session = plain_session(url, max_retries=2, max_retry_backoff=0.01)
        with pytest.raises(CogniteConnectionError, match="after 2 attempts"):
            session.request("POST", READ, json={})
        session.close()


def test_a_server_that_never_answers_times_out() -> None:
    ended = threading.Event()

    def hang(connection: socket.socket) -> None:
        read_request(connection)
        ended.wait(10)

    with raw_server(hang) as url:
        session = plain_session(url, timeout=0.2, max_retries=1)
        with pytest.raises(CogniteConnectionError, match="timed out"):
            session.request("POST", READ, json={})
        ended.set()
        session.close()


@pytest.mark.parametrize(
    "answer",
    [
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 3\r\n\r\nabc",
        b"HTTP/1.1 abc OK\r\n\r\n",
    ],
)
def test_an_answer_that_is_not_http_is_a_connection_error(answer: bytes) -> None:
    def answer_nonsense(connection: socket.socket) -> None:
        if read_request(connection):
            connection.sendall(answer)

    with raw_server(answer_nonsense) as url:
        session = plain_session(url, max_retries=1)
        with pytest.raises(CogniteConnectionError):
            session.request("POST", READ, json={})
        session.close()


def test_redirects_are_not_followed() -> None:
    session, script = scripted(Answer(302, headers={"location": "http://elsewhere/"}))
    with pytest.raises(CogniteAPIError) as failure:
        session.request("POST", READ, json={})
    assert failure.value.code == 302
    assert len(script.requests) == 1


def test_errors_carry_the_request_id() -> None:
    session, _ = scripted(Answer(400, {"error": {"code": 400, "message": "m"}}, {"X-Request-Id": "r-7"}))
    with pytest.raises(CogniteAPIError, match="X-Request-ID: r-7"):
        session.request("POST", READ, json={})


def test_headers_and_gzip_of_requests() -> None:
    def served(connection: socket.socket) -> None:
        seen.append(read_request(connection))
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}")

    seen: list[bytes] = []
    payload = {"items": [{"externalId": "a" * 2000}]}
    with raw_server(served) as url:
        session = plain_session(url, client_name="my app", headers={"x-mine": "1"})
        session.request("POST", READ, json=payload)
        session.request("POST", READ, json={})
        session.close()
    head, _, body = seen[0].partition(b"\r\n\r\n")
    assert json.loads(gzip.decompress(body)) == payload
    for line in (b"content-encoding: gzip", b"api-key: secret-key", b"x-cdp-app: my app", b"x-mine: 1"):
        assert line in head.lower()
    assert b"x-cdp-sdk: cdframe:" in head.lower()
    assert b"/api/v1/projects/p/timeseries/list" in head
    assert b"content-encoding" not in seen[1].lower()


def test_the_project_is_one_path_segment() -> None:
    session, script = scripted(Answer(), project="a/b c")
    session.request("POST", READ, json={})
    assert script.requests[0].url.raw_path == b"/api/v1/projects/a%2Fb%20c/timeseries/list"


def test_debug_logging_has_no_secrets(caplog: pytest.LogCaptureFixture) -> None:
    session, _ = scripted(Answer(400, {"error": "no"}), headers={"x-mine": "third-secret"})
    with caplog.at_level(logging.DEBUG, "cdframe"), pytest.raises(CogniteAPIError) as failure:
        session.request("POST", READ, json={}, headers={"authorization": "Bearer other-secret"}, params={"q": "x"})
    assert "POST http://scripted/api/v1/projects/p/timeseries/list -> 400" in caplog.text
    assert "secret" not in caplog.text
    assert "secret" not in str(failure.value)


def test_a_closed_session_says_so() -> None:
    session, _ = scripted(Answer())
    session.close()
    with pytest.raises(RuntimeError, match="closed"):
        session.request("POST", READ, json={})


def test_closing_ends_a_wait_between_attempts() -> None:
    session, _ = scripted(Answer(503, headers={"retry-after": "60"}))
    timer = threading.Timer(0.2, session.close)
    timer.start()
    with pytest.raises(RuntimeError, match="closed"):
        session.request("POST", READ, json={})
    timer.join()


def test_the_first_error_of_parallel_reads_stops_what_has_not_begun() -> None:
    session, script = scripted(slowly(Answer(400, {"error": "no"})), max_workers=1)
    with pytest.raises(CogniteAPIError):
        session.run([lambda: session.request("POST", READ, json={})] * 200)
    session.close()
    assert len(script.requests) < 200


def slowly(answer: Answer) -> Callable[[httpx.Request], Answer]:
    """Answer after a while, so that the caller's thread has its turn before the next request."""

    def step(_: httpx.Request) -> Answer:
        time.sleep(0.02)
        return answer

    return step


def write(session: Session, rows: list[dict[str, Any]]) -> list[Any]:
    def send(row: dict[str, Any]) -> Any:
        return session.request("POST", CREATE, json=row).json()

    tables = [pa.Table.from_pylist([row]) for row in rows]
    return session.write(
        [Write(table, lambda row=row: send(row)) for table, row in zip(tables, rows, strict=True)], "pyarrow"
    )


def by_row(outcomes: dict[str, Any]) -> Any:
    def step(request: httpx.Request) -> Any:
        return outcomes[json.loads(request.content)["external_id"]]

    return step


OK = Answer(201, {"items": []})
MISSING = Answer(400, {"error": {"code": 400, "message": "m", "missing": [{"id": 1}]}})
DUPLICATED = Answer(409, {"error": {"code": 409, "message": "d", "duplicated": [{"externalId": "x"}]}})


@pytest.mark.parametrize(
    ("outcomes", "kind", "lists"),
    [
        ({"a": OK, "b": Answer(400)}, CogniteAPIError, ("a", "", "b")),
        ({"a": OK, "b": Answer(500), "c": Answer(400)}, CogniteAPIError, ("a", "b", "c")),
        ({"a": OK, "b": httpx.ReadTimeout("slow")}, CogniteConnectionError, ("a", "b", "")),
        ({"a": OK, "b": httpx.ConnectTimeout("slow")}, CogniteConnectionError, ("a", "", "b")),
        ({"a": OK, "b": MISSING, "c": DUPLICATED}, CogniteNotFoundError, ("a", "", "bc")),
        ({"a": OK, "b": DUPLICATED}, CogniteDuplicatedError, ("a", "", "b")),
        ({"a": MISSING, "b": Answer(500)}, CogniteAPIError, ("", "b", "a")),
        ({"a": Answer(200, b"<html>"), "b": OK}, json.JSONDecodeError, None),
    ],
)
def test_every_row_of_a_write_is_accounted_for(
    outcomes: dict[str, Any], kind: type[Exception], lists: tuple[str, str, str] | None
) -> None:
    session, script = scripted(by_row(outcomes))
    with pytest.raises(kind) as failure:
        write(session, [{"external_id": name} for name in outcomes])
    assert type(failure.value) is kind
    if lists is not None:
        assert isinstance(failure.value, CogniteAPIError)
        seen = (failure.value.successful, failure.value.unknown, failure.value.failed)
        assert tuple("".join(frame["external_id"].to_pylist()) for frame in seen) == lists
    assert {json.loads(request.content)["external_id"] for request in script.requests} == set(outcomes)
    session.close()


def test_an_interrupted_write_says_how_far_it_came_and_leaves_no_thread() -> None:
    before = set(threading.enumerate())
    session, script = scripted(slowly(OK), max_workers=1)

    def interrupt(done: int, total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    writes = [Write(pa.table({}), lambda: session.request("POST", CREATE, json={})) for _ in range(50)]
    with pytest.raises(KeyboardInterrupt) as interruption:
        session.write(writes, "pyarrow", interrupt)
    [note] = interruption.value.__notes__
    told = re.fullmatch(
        r"This ended a write in 50 requests: (\d+) were answered, (\d+) not sent, "
        r"and what became of (\d+) is not known.",
        note,
    )
    assert told is not None
    answered, unsent, unknown = map(int, told.groups())
    session.close()
    assert answered <= len(script.requests) <= answered + unknown
    assert answered + unsent + unknown == 50
    assert unsent >= 45
    assert set(threading.enumerate()) <= before


def test_calls_of_others_come_between_the_requests_of_a_long_write() -> None:
    def answer(_: httpx.Request) -> Answer:
        if len(script.requests) == 3:
            reads.append(session.executor.submit(session.request, "POST", READ, json={}))
        return OK

    reads: list[Any] = []
    session, script = scripted(answer, max_workers=1)
    session.write([Write(pa.table({}), lambda: session.request("POST", CREATE, json={})) for _ in range(50)], "pyarrow")
    reads[0].result(60)
    session.close()
    paths = [request.url.path for request in script.requests]
    assert len(paths) == 51
    assert paths.index(f"/api/v1/projects/p{READ}") <= 3 + 2


class Refusing(httpx.BaseTransport):
    """A server that takes nothing, and keeps nothing."""

    def __init__(self, failure: int | Exception) -> None:
        self.failure = failure

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        if isinstance(self.failure, Exception):
            raise type(self.failure)("no", request=request)
        return httpx.Response(self.failure)


@pytest.mark.parametrize("failure", [400, 503, httpx.ReadError("cut")])
def test_requests_that_fail_do_not_keep_their_bodies(failure: int | Exception) -> None:
    size, count = 1_000_000, 40
    config = resolve({"api_key": "k", "project": "p", "base_url": "http://no", "max_retries": 1, "max_workers": 2}, {})
    session = Session(config, Refusing(failure))

    def send() -> None:
        session.request("POST", CREATE, content=bytes(size), content_type="application/protobuf")

    tracemalloc.start()
    try:
        with pytest.raises(CogniteAPIError) as caught:
            session.write([Write(pa.table({"row": [1]}), send) for _ in range(count)], "pyarrow")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        session.close()
    assert len(caught.value.failed) + len(caught.value.unknown) == count
    assert peak < count * size / 2


def test_an_error_that_is_no_answer_has_the_rows_too() -> None:
    session, _ = scripted(by_row({"a": OK, "b": Answer(200, b"<html>"), "c": Answer(500)}))
    with pytest.raises(json.JSONDecodeError) as failure:
        write(session, [{"external_id": name} for name in "abc"])
    seen = [getattr(failure.value, name)["external_id"].to_pylist() for name in ("successful", "unknown", "failed")]
    assert seen == [["a"], ["c"], ["b"]]
    session.close()


def test_nobody_waits_for_attempts_of_an_interrupted_call() -> None:
    session, script = scripted(Answer(503, headers={"retry-after": "60"}))

    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    began = time.perf_counter()
    with pytest.raises(KeyboardInterrupt):
        session.run([lambda: session.request("POST", READ, json={})], interrupt)
    session.close()
    assert time.perf_counter() - began < 5
    assert len(script.requests) <= 2


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{", b"HTTP/1.1 20"])
def test_giving_up_ends_what_waits_for_a_server(answer: bytes) -> None:
    """In the head of an answer, in its body, or before it: the connection is cut, and its thread is free."""
    begun, done = threading.Event(), threading.Event()

    def hang(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(answer)
        begun.set()
        done.wait(60)

    with raw_server(hang) as base_url:
        session = plain_session(base_url, timeout=60)
        future = session.executor.submit(session.request, "GET", "/assets")
        assert begun.wait(5)
        session.give_up([future])
        with pytest.raises(CogniteConnectionError):
            future.result(timeout=10)
        done.set()
        session.close()


def test_missing_and_duplicated_of_all_requests_are_merged() -> None:
    other = Answer(400, {"error": {"code": 400, "message": "m", "missing": [{"id": 1}, {"id": 2}]}})
    session, _ = scripted(by_row({"a": MISSING, "b": other, "c": DUPLICATED}))
    with pytest.raises(CogniteNotFoundError) as failure:
        write(session, [{"external_id": name} for name in "abc"])
    assert sorted(element["id"] for element in failure.value.not_found) == [1, 2]
    session.close()


def token_answer(**members: Any) -> dict[str, Any]:
    return {"access_token": "t", "token_type": "Bearer", "expires_in": 3600, **members}


class TokenServer:
    """A token endpoint over a socket; counts what it is asked."""

    def __init__(self, status: int, body: bytes) -> None:
        self.seen: list[bytes] = []
        self._answer = b"HTTP/1.1 %d X\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % (status, len(body)) + body

    def __call__(self, connection: socket.socket) -> None:
        self.seen.append(read_request(connection))
        connection.sendall(self._answer)


def client_credentials(url: str, **more: Any) -> dict[str, Any]:
    return {
        "api_key": None,
        "token_url": f"{url}/token",
        "token_client_id": "me",
        "token_client_secret": "hidden-secret",
        **more,
    }


def test_a_token_is_fetched_once_and_used() -> None:
    server = TokenServer(200, json.dumps(token_answer()).encode())
    with raw_server(server) as url:
        session, script = scripted(
            Answer(), **client_credentials(url, token_scopes=["a", "b"], token_custom_args={"audience": "x"})
        )
        for _ in range(3):
            session.request("POST", READ, json={})
    assert len(server.seen) == 1
    assert b"grant_type=client_credentials" in server.seen[0]
    assert b"scope=a+b" in server.seen[0]
    assert b"audience=x" in server.seen[0]
    assert script.requests[-1].headers["authorization"] == "Bearer t"


def test_a_token_that_ends_within_30_s_is_fetched_again_by_one_thread() -> None:
    server = TokenServer(200, json.dumps(token_answer(expires_in=31)).encode())
    with raw_server(server) as url:
        session, _ = scripted(Answer(), **client_credentials(url))
        session.request("POST", READ, json={})
        assert len(server.seen) == 1
        time.sleep(1.1)
        session.request("POST", READ, json={})
        assert len(server.seen) == 2
        session.close()


@pytest.mark.parametrize(
    ("status", "body", "match"),
    [
        (401, b'{"error":"invalid_client","error_description":"wrong"}', "invalid_client, 401, wrong"),
        (500, b"<html>", "500"),
        (200, b"{}", "no access_token"),
        (200, b'{"access_token":"t"}', "expires_in"),
        (200, b"[]", "no access_token"),
    ],
)
def test_a_token_that_cannot_be_had(status: int, body: bytes, match: str) -> None:
    with raw_server(TokenServer(status, body)) as url:
        with pytest.raises(CogniteAPIKeyError, match=f"Error generating access token.*{match}") as failure:
            scripted(Answer(), **client_credentials(url))
        assert "hidden-secret" not in str(failure.value)


def test_credentials_that_are_missing_or_incomplete_are_named() -> None:
    with pytest.raises(CogniteAPIKeyError, match="No credentials"):
        scripted(Answer(), api_key=None)
    with pytest.raises(CogniteAPIKeyError, match="token_client_secret"):
        scripted(Answer(), api_key=None, token_url="http://x/t", token_client_id="me")


def test_a_token_goes_before_an_api_key_and_a_function_is_called_each_time() -> None:
    tokens = iter(["t1", "t2", "t3"])
    session, script = scripted(Answer(), token=lambda: next(tokens))
    session.request("POST", READ, json={})
    session.request("POST", READ, json={})
    assert [request.headers["authorization"] for request in script.requests] == ["Bearer t1", "Bearer t2"]
    assert "api-key" not in script.requests[0].headers


def test_a_token_function_must_give_a_text() -> None:
    session, script = scripted(Answer(), token=lambda: None)
    with pytest.raises(CogniteAPIKeyError, match="must return a text, got NoneType"):
        session.request("POST", READ, json={})
    assert not script.requests


def test_the_project_comes_from_the_credentials() -> None:
    status = {"data": {"user": "u", "loggedIn": True, "project": "theirs", "projectId": 1}}
    session, script = scripted(Answer(200, status), project=None)
    assert session.project == "theirs"
    assert script.requests[0].url.path == "/login/status"


def test_credentials_that_are_refused_say_so() -> None:
    status = {"data": {"user": "", "loggedIn": False, "project": "", "projectId": -1}}
    with pytest.raises(CogniteAPIKeyError, match="does not accept the credentials"):
        scripted(Answer(200, status), project=None)
