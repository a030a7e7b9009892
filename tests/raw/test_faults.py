"""Servers that fail in the middle of writes and reads: what is told of every row, and what ends at once."""

from __future__ import annotations

import json
from typing import Any

import httpx
import polars as pl
import pytest

from cdframe import CogniteAPIError, CogniteConnectionError, CogniteNotFoundError
from cdframe.raw import RawAPI
from tests.faults.servers import Answer, scripted

OUTCOMES = [200, 400, 200, 500, "timeout", 200, "refused", 503]
"""What becomes of each request of a write, by its number."""


def failing(number: int) -> Any:
    outcome = OUTCOMES[number]
    if outcome == "timeout":
        return httpx.ReadTimeout("too slow")
    if outcome == "refused":
        return httpx.ConnectError("refused")
    body = {} if outcome == 200 else {"error": {"code": outcome, "message": f"request {number}"}}
    return Answer(int(outcome), body)


def number_of(request: httpx.Request, most: int) -> int:
    return int(json.loads(request.content)["items"][0]["key"]) // most


@pytest.mark.parametrize("form", ["frame", "dicts"])
def test_every_row_of_an_insert_is_accounted_for(form: str) -> None:
    session, script = scripted(lambda request: failing(number_of(request, 5000)), max_retries=1)
    keys = [f"{n:05}" for n in range(37_500)]
    frame = pl.DataFrame({"key": keys, "n": range(37_500)})
    row: Any = frame if form == "frame" else {key: {"n": n} for n, key in enumerate(keys)}
    with pytest.raises(CogniteAPIError) as failure:
        RawAPI(session, "polars").rows.insert("db", "t", row)
    assert len(script.requests) == 8
    error = failure.value
    expected = {200: "successful", 400: "failed", "refused": "failed"}
    for outcome in ("successful", "unknown", "failed"):
        numbers = [n for n, what in enumerate(OUTCOMES) if expected.get(what, "unknown") == outcome]
        rows = getattr(error, outcome)
        assert rows["key"].to_list() == [key for n in numbers for key in keys[n * 5000 : n * 5000 + 5000]]
        if form == "frame":
            assert rows.columns == ["key", "n"]
        else:
            assert rows.columns == ["key", "columns"]
            assert rows["columns"].to_list() == [json.dumps({"n": int(key)}) for key in rows["key"]]


def test_every_key_of_a_delete_is_accounted_for() -> None:
    session, _ = scripted(lambda request: failing(number_of(request, 1000)), max_retries=1)
    keys = [f"{n:04}" for n in range(7500)]
    with pytest.raises(CogniteAPIError) as failure:
        RawAPI(session, "polars").rows.delete("db", "t", keys)
    error = failure.value
    assert error.successful["key"].to_list() == keys[:1000] + keys[2000:3000] + keys[5000:6000]
    assert error.failed["key"].to_list() == keys[1000:2000] + keys[6000:7000]
    assert error.unknown["key"].to_list() == keys[3000:5000] + keys[7000:]


def test_inserts_are_repeated_only_when_nothing_can_have_been_written() -> None:
    session, script = scripted(Answer(429), Answer(429), Answer(200, {}))
    RawAPI(session, "polars").rows.insert("db", "t", {"k": {}})
    assert len(script.requests) == 3
    session, script = scripted(Answer(503), Answer(200, {}))
    with pytest.raises(CogniteAPIError) as failure:
        RawAPI(session, "polars").rows.insert("db", "t", {"k": {}})
    assert len(script.requests) == 1
    assert failure.value.unknown["key"].to_list() == ["k"]


def test_a_missing_table_is_one_error_for_all_rows() -> None:
    missing = {"error": {"code": 404, "message": "Following tables not found: t", "missing": [{"name": "t"}]}}
    session, _ = scripted(Answer(404, missing))
    with pytest.raises(CogniteNotFoundError) as failure:
        RawAPI(session, "polars").rows.insert("db", "t", pl.DataFrame({"key": [str(n) for n in range(12_000)]}))
    assert failure.value.not_found == [{"name": "t"}]
    assert failure.value.failed.height == 12_000


def answered(page: bytes | int) -> Any:
    """A server of five cursors, whose third one is answered so."""

    def answer(request: httpx.Request) -> Answer:
        if request.url.path.endswith("/cursors"):
            return Answer(200, {"items": [str(n) for n in range(5)]})
        if request.url.params["cursor"] == "3":
            return Answer(200, page) if isinstance(page, bytes) else Answer(page)
        item = {"key": request.url.params["cursor"], "columns": {"n": 1}, "lastUpdatedTime": 5}
        return Answer(200, {"items": [item]})

    return answer


def test_reads_are_repeated_and_an_error_ends_them() -> None:
    session, script = scripted(answered(503), max_retries=3)
    with pytest.raises(CogniteAPIError) as failure:
        RawAPI(session, "polars").rows.list("db", "t", limit=None)
    assert failure.value.code == 503
    assert sum(request.url.params.get("cursor") == "3" for request in script.requests) == 3
    session, _ = scripted(answered(b"<html>"))
    with pytest.raises(CogniteConnectionError, match="not a page of rows"):
        RawAPI(session, "polars").rows.list("db", "t", limit=None)


def test_short_pages_are_read_to_the_end() -> None:
    def answer(request: httpx.Request) -> Answer:
        number = int(request.url.params.get("cursor", 0))
        items = [{"key": str(number), "columns": {}, "lastUpdatedTime": 5}] if number % 2 else []
        return Answer(200, {"items": items, **({"nextCursor": str(number + 1)} if number < 9 else {})})

    session, script = scripted(answer)
    api = RawAPI(session, "polars").rows
    assert api.list("db", "t", limit=100)["key"].to_list() == ["1", "3", "5", "7", "9"]
    assert [request.url.params["limit"] for request in script.requests] == [
        *["100"] * 2,
        *["99"] * 2,
        *["98"] * 2,
        *["97"] * 2,
        *["96"] * 2,
    ]
    assert [row["key"] for row in api("db", "t", limit=2)] == ["1", "3"]
