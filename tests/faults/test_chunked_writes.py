"""Faults in the middle of chunked writes: every row is told once, as what became of it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable

import httpx
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdframe import CogniteAPIError, CogniteClient
from cdframe.config import resolve
from cdframe.local import LocalCDF
from cdframe.session import Session

COUNT, CHUNK = 4_500, 1_000

Fault = int | type[httpx.TransportError] | None

BEFORE = {400: "failed", 403: "failed", 500: "unknown", 502: "unknown", httpx.ConnectError: "failed"}
"""Faults instead of an answer, and what becomes of the rows; the local CDF gets nothing."""

AFTER = {httpx.ReadTimeout: "unknown", httpx.ReadError: "unknown", httpx.RemoteProtocolError: "unknown"}
"""Faults on the way back: the local CDF has done what was asked."""


class FaultyWire(httpx.BaseTransport):
    """Passes requests on to a local CDF, except those for which `fault_of` their first row has a fault."""

    def __init__(self, engine: LocalCDF, fault_of: Callable[[str], Fault]) -> None:
        self._inner = httpx.WSGITransport(app=engine.app)
        self._fault_of = fault_of
        self._lock = threading.Lock()
        self.sent: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        names = [item["externalId"] for item in json.loads(request.read())["items"]]
        with self._lock:
            self.sent += names
        fault = self._fault_of(names[0])
        if isinstance(fault, int):
            return httpx.Response(fault, json={"error": {"code": fault, "message": "as told"}})
        if fault in BEFORE:
            raise fault("as told", request=request)
        response = self._inner.handle_request(request)
        if fault is not None:
            raise fault("as told", request=request)
        return response


def client_of(engine: LocalCDF, wire: httpx.BaseTransport | None = None) -> CogniteClient:
    access = {"api_key": engine.process_api_key, "project": engine.project, "base_url": "http://local"}
    settings = {**access, "max_retries": 0, "max_workers": 3}
    client = CogniteClient.__new__(CogniteClient)
    client._begin(Session(resolve(settings, {}), wire or httpx.WSGITransport(app=engine.app)), "polars")
    return client


ROWS = {
    "assets": lambda n: {"external_id": f"x{n:05}", "name": "n"},
    "events": lambda n: {"external_id": f"x{n:05}", "type": "t"},
    "time_series": lambda n: {"external_id": f"x{n:05}", "unit": "bar"},
    "relationships": lambda n: {
        "external_id": f"x{n:05}",
        "source_external_id": "s",
        "source_type": "asset",
        "target_external_id": "t",
        "target_type": "event",
    },
}
CHANGES = {
    "assets": {"name": "new"},
    "events": {"type": "new"},
    "time_series": {"unit": "new"},
    "relationships": {"source_external_id": "new"},
}


@pytest.mark.parametrize("family", ROWS)
@pytest.mark.parametrize("method", ["create", "update", "delete"])
@given(faults=st.lists(st.sampled_from([None, None, *BEFORE, *AFTER]), min_size=5, max_size=5).filter(any))
@settings(max_examples=2, deadline=None)
def test_every_row_is_told_once(family: str, method: str, faults: list[Fault]) -> None:
    frame = pl.DataFrame([ROWS[family](n) for n in range(COUNT)])
    outcomes = [None if fault is None else (BEFORE | AFTER)[fault] for fault in faults]
    with LocalCDF() as engine:
        plain = client_of(engine)
        if method != "create":
            getattr(plain, family).create(frame, progress=False)
        wire = FaultyWire(engine, lambda name: faults[int(name[1:]) // CHUNK])
        client = client_of(engine, wire)
        api = getattr(client, family)
        calls = {
            "create": lambda: api.create(frame, progress=False),
            "update": lambda: api.update(
                frame.select("external_id").with_columns(pl.lit(v).alias(k) for k, v in CHANGES[family].items()),
                progress=False,
            ),
            "delete": lambda: api.delete(external_id=frame["external_id"], progress=False),
        }
        with pytest.raises(CogniteAPIError) as failure:
            calls[method]()
        assert sorted(wire.sent) == frame["external_id"].to_list()
        names = frame["external_id"].to_list()
        for outcome in ("successful", "unknown", "failed"):
            told = getattr(failure.value, outcome)["external_id"].to_list()
            assert told == [name for name in names if (outcomes[int(name[1:]) // CHUNK] or "successful") == outcome]
        done = {name for name in names if faults[int(name[1:]) // CHUNK] in (None, *AFTER)}
        assert _seen_done(plain, family, method) == done
        plain.close()
        client.close()


def _seen_done(client: CogniteClient, family: str, method: str) -> set[str]:
    """The rows that the local CDF has created, changed or deleted."""
    rows = getattr(client, family).list(limit=None, progress=False)
    if method == "update":
        ((column, value),) = CHANGES[family].items()
        rows = rows.filter(pl.col(column) == value)
    names = set(rows["external_id"].to_list())
    return {f"x{n:05}" for n in range(COUNT)} - names if method == "delete" else names


@pytest.mark.parametrize("status", [429, 503])
def test_what_is_refused_for_now_is_sent_again_as_far_as_that_is_safe(status: int) -> None:
    """429 means that nothing was done; 503 may mean anything, so that a create is not repeated."""
    with LocalCDF() as engine:
        first = {"left": 1}

        def fault_of(name: str) -> Fault:
            with lock:
                first["left"] -= 1
                return status if first["left"] == 0 else None

        lock = threading.Lock()
        wire = FaultyWire(engine, fault_of)
        access = {"api_key": engine.process_api_key, "project": engine.project, "base_url": "http://local"}
        session = Session(resolve({**access, "max_retry_backoff": 0.001, "max_retries": 3}, {}), wire)
        client = CogniteClient.__new__(CogniteClient)
        client._begin(session, "polars")
        frame = pl.DataFrame([ROWS["assets"](n) for n in range(2_000)])
        if status == 429:
            created = client.assets.create(frame, progress=False)
            assert created["external_id"].to_list() == frame["external_id"].to_list()
            assert len(wire.sent) == 3_000
        else:
            with pytest.raises(CogniteAPIError) as failure:
                client.assets.create(frame, progress=False)
            assert failure.value.unknown.height == failure.value.successful.height == 1_000
        client.close()
