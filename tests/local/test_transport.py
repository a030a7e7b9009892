"""What holds for every request: bodies, codings, errors, request ids, paths."""

from __future__ import annotations

import gzip
import io
import logging
import zlib
from typing import Any

import httpx
import pytest

from cdframe.local.http import LARGEST_BODY
from tests.local.api import Api

LIST = b'{"limit":1}'


def test_every_answer_has_a_request_id_of_its_own(api: Api) -> None:
    answers = [api.http.post("/timeseries/list", content=LIST), api.http.get("/nowhere"), api.http.get("/timeseries")]
    assert len({answer.headers["x-request-id"] for answer in answers}) == 3
    assert {answer.headers["content-type"] for answer in answers} == {"application/json"}


@pytest.mark.parametrize("prefix", ["/api/v1", "/api/playground"])
def test_both_base_paths(api: Api, prefix: str) -> None:
    assert api.host("POST", f"{prefix}/projects/plant/timeseries/list", json={})["items"] == []


def test_trailing_slashes_are_ignored(api: Api) -> None:
    assert "items" in api.post("/timeseries/list/", {})


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/nowhere"), ("DELETE", "/timeseries"), ("GET", "/timeseries/1/2")]
)
def test_unknown_routes(api: Api, method: str, path: str) -> None:
    response = api.http.request(method, path)
    assert response.status_code == 404
    assert method in response.json()["error"]["message"]


def test_encoded_segments_are_decoded_once(api: Api) -> None:
    response = api.http.get("http://local/api/v1/projects/pl%61nt/timeseries")
    assert response.status_code == 200
    assert api.http.get("http://local/api/v1/projects/pl%2561nt/timeseries").status_code == 401


@pytest.mark.parametrize(
    "body", [b"", b"{}", b'{"limit":null,"cursor":null,"filter":null}', b'{"other":null,"more":[]}']
)
def test_empty_bodies_and_nulls_mean_nothing_was_said(api: Api, body: bytes) -> None:
    assert api.post("/timeseries/list", body, 200, **{"content-type": "application/json"})["items"] == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "not valid JSON"),
        (b"[1]", "must be an object"),
        (b'{"limit":NaN}', "NaN"),
        (b'{"limit":-Infinity}', "Infinity"),
        (b"\xff\xfe{}", "not valid JSON"),
        (b'{"filter":' + b"[" * 100_000, "nested too deeply"),
        (b'{"limit":' + b"9" * 5000 + b"}", "not valid JSON"),
        (b'{"filtr":{"name":"x"}}', "did you mean filter?"),
        (b'{"filter":{"nmae":"x"}}', "Unexpected field - filter.nmae - did you mean name?"),
        (b'{"limit":true}', "limit must be an integer"),
        (b'{"limit":1.5}', "limit must be an integer"),
        (b'{"limit":0}', "limit must be between 1 and 1000"),
        (b'{"limit":1001}', "limit must be between 1 and 1000"),
        (b'{"filter":{"name":"\\ud800"}}', "surrogate"),
    ],
)
def test_bodies_that_are_wrong(api: Api, body: bytes, words: str) -> None:
    assert words in api.error("/timeseries/list", body, 400)["message"]


def test_bodies_in_chunks(api: Api) -> None:
    response = api.http.post("/timeseries/list", content=iter([b'{"lim', b'it":0}']))
    assert "limit must be" in response.json()["error"]["message"]


def test_gzip_requests(api: Api) -> None:
    packed = gzip.compress(LIST[:5]) + gzip.compress(LIST[5:])  # a gzip file may have several members
    assert api.post("/timeseries/list", packed, **{"content-encoding": "gzip"})["items"] == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"not gzip at all", "not valid gzip"),
        (gzip.compress(LIST, mtime=0)[:-9], "ends in the middle"),
        (gzip.compress(LIST, mtime=0) + b"junk", "not valid gzip"),
        (zlib.compress(LIST), "not valid gzip"),
    ],
)
def test_gzip_that_is_broken(api: Api, body: bytes, words: str) -> None:
    assert words in api.error("/timeseries/list", body, 400, **{"content-encoding": "gzip"})["message"]


def test_other_codings_and_types(api: Api) -> None:
    assert "gzip" in api.error("/timeseries/list", LIST, 415, **{"content-encoding": "br"})["message"]
    error = api.error("/timeseries/list", LIST, 415, **{"content-type": "text/plain"})
    assert "application/json" in error["message"]


def test_a_small_body_that_unpacks_to_a_huge_one(api: Api) -> None:
    buffer = io.BytesIO()
    with gzip.open(buffer, "wb", compresslevel=9) as file:
        for _ in range(65):
            file.write(b" " * 2**20)
    packed = buffer.getvalue()
    assert len(packed) < 100_000
    assert str(LARGEST_BODY) in api.error("/timeseries/list", packed, 413, **{"content-encoding": "gzip"})["message"]


def test_a_huge_body(api: Api) -> None:
    assert "at most" in api.error("/timeseries/list", b" " * (LARGEST_BODY + 1), 413)["message"]
    assert api.post("/timeseries/list", b" " * (LARGEST_BODY - len(LIST)) + LIST)["items"] == []


def test_answers_are_compressed_only_for_the_network(api: Api) -> None:
    api.create(*({"name": "x" * 200} for _ in range(50)))
    near = api.http.get("/timeseries")
    assert "content-encoding" not in near.headers
    transport = httpx.WSGITransport(app=api.engine.app, remote_addr="192.0.2.7")
    with httpx.Client(transport=transport, base_url=api.http.base_url, headers=api.http.headers) as http:
        far = http.get("/timeseries")
        assert far.headers["content-encoding"] == "gzip"
        assert far.json() == near.json()
        assert "content-encoding" not in http.get("/timeseries?limit=1").headers
        assert "content-encoding" not in http.get("/timeseries", headers={"accept-encoding": "identity"}).headers


def test_an_unexpected_error_is_logged_and_answered(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> int:
        raise RuntimeError("a disk full of secrets")

    monkeypatch.setattr(api.engine.clock, "now", fail)
    with caplog.at_level(logging.ERROR, "cdframe.local"):
        response = api.http.post("/timeseries/data/list", json={"items": [{"id": 1}]})
    assert response.status_code == 500
    assert response.json()["error"]["code"] == 500
    assert "secrets" not in response.text
    assert "a disk full of secrets" in caplog.text
    assert response.headers["x-request-id"] in caplog.text


def test_a_query_string_is_read_as_parameters(api: Api) -> None:
    (series,) = api.create({"externalId": "by-query", "metadata": {"a": "b"}})
    one: dict[str, Any] = api.get("/timeseries?externalIdPrefix=by-q&includeMetadata=False&cursor=&limit=5000&new=1")
    assert one["items"] == [{key: value for key, value in series.items() if key != "metadata"}]
    assert api.get("/timeseries?assetIds=[1,2]")["items"] == []
    for query in (
        "limit=0",
        "limit=x",
        "assetIds=1",
        "assetIds=[]",
        "partition=0/2",
        "includeMetadata=maybe",
        "cursor=x",
    ):
        api.get(f"/timeseries?{query}", 400)
