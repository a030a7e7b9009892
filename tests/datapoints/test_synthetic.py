"""What frames synthetic queries give, against the local CDF (whose own tests say what expressions mean)."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import polars as pl
import pytest

from cdframe import CogniteAPIError, CogniteClient
from cdframe.datapoints import synthetic as synthetic_module
from tests.datapoints.wire import Wire

PATH = "/timeseries/synthetic/query"
A, B = "ts{externalId:'a'}", "TS{externalId='b'}"


@pytest.fixture(scope="module", autouse=True)
def series(client: CogniteClient) -> pl.DataFrame:
    """The series of the contract's example."""
    created = client.time_series.create([{"external_id": "a"}, {"external_id": "b"}, {"external_id": "long"}])
    client.datapoints.insert([(15_000, 1), (30_000, 4), (45_000, 10), (60_000, 16)], external_id="a")
    client.datapoints.insert([(30_000, 2), (40_000, 0), (50_000, 6)], external_id="b")
    client.datapoints.insert(
        pl.DataFrame({"timestamp": np.arange(25_000) * 10, "value": np.arange(25_000.0)}), external_id="long"
    )
    return created


def rows(frame: pl.DataFrame, column: str) -> list[tuple[int, Any]]:
    return [
        (time // 1000, value)
        for time, value in zip(frame["timestamp"].dt.epoch("ms"), frame[column], strict=True)
        if value is not None
    ]


def test_one_expression(client: CogniteClient) -> None:
    frame = client.datapoints.synthetic.query(f"{A} + {B}", 0, 100_000)
    assert frame.schema == {"timestamp": pl.Datetime("ms", "UTC"), f"{A} + {B}": pl.Float64}
    assert rows(frame, f"{A} + {B}") == [(30, 6), (40, 8), (45, 13), (50, 18)]


def test_several_expressions_are_joined(client: CogniteClient, wire: Wire) -> None:
    frame = wire.api().synthetic.query([A, "b * 2"], 0, 100_000, variables={"b": "b"})
    assert frame.columns == ["timestamp", A, "b * 2"]
    assert rows(frame, A) == [(15, 1), (30, 4), (45, 10), (60, 16)]
    assert rows(frame, "b * 2") == [(30, 4), (40, 0), (50, 12)]
    assert frame.height == 6
    assert wire.calls == [PATH] * 2


def test_variables_of_all_forms(client: CogniteClient, series: pl.DataFrame) -> None:
    row = series.filter(external_id="b")
    for b in ("b", row["id"][0], {"externalId": "b"}, {"external_id": "b"}, row):
        frame = client.datapoints.synthetic.query("x + y", 0, 100_000, variables={"x": "a", "y": b})
        assert rows(frame, "x + y")[0] == (30, 6)


def test_sympy(client: CogniteClient) -> None:
    import sympy

    x, y = sympy.symbols("x y")
    frame = client.datapoints.synthetic.query(x / y + 1, 0, 100_000, variables={x: "a", "y": "b"})
    [name] = frame.columns[1:]
    assert rows(frame, name) == [(30, 3), (45, pytest.approx(13 / 3)), (50, 3)]


def test_errors_of_rows(client: CogniteClient) -> None:
    query = client.datapoints.synthetic.query
    arguments: dict[str, Any] = {"start": 0, "end": 100_000, "variables": {"A": "a", "B": "b"}}
    frame = query("A / B", **arguments)
    assert frame.columns == ["timestamp", "A / B"]
    assert frame.height == 4
    shown = query(["A / B", "A"], include_errors=True, **arguments)
    assert shown.columns == ["timestamp", "A / B", "A / B|error", "A", "A|error"]
    [(second, message)] = rows(shown, "A / B|error")
    assert second == 40
    assert "Division by zero" in message
    assert shown["A|error"].null_count() == shown.height


def test_aggregates_of_variables(client: CogniteClient) -> None:
    frame = client.datapoints.synthetic.query(
        "A", 0, 100_000, variables={"A": "a"}, aggregate="average", granularity="30s"
    )
    assert [second for second, _ in rows(frame, "A")] == [0, 30, 60]


@pytest.mark.parametrize("limit", [None, -1, 0, 3, 10_000, 10_001, 25_000, 30_000])
def test_long_results_are_paged(client: CogniteClient, limit: Any) -> None:
    frame = client.datapoints.synthetic.query("ts{externalId:'long'}", 0, "now", limit=limit)
    most = 25_000 if limit in (None, -1) else min(25_000, limit)
    assert frame["ts{externalId:'long'}"].to_list() == list(range(most))


def test_pages_of_a_result(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(synthetic_module, "MOST_ROWS", 2)
    seen: list[dict[str, Any]] = []

    def note(request: Any) -> None:
        seen.extend(json.loads(request.read())["items"])

    wire.answer = note
    frame = wire.api().synthetic.query("A + B", 0, 100_000, variables={"A": "a", "B": "b"}, limit=3)
    assert rows(frame, "A + B") == [(30, 6), (40, 8), (45, 13)]
    assert [(item["start"], item["limit"]) for item in seen] == [(0, 2), (40_001, 1)]


@pytest.mark.parametrize("kind", ["polars", "pandas", "pyarrow"])
def test_kinds_of_frames(client: CogniteClient, kind: Any) -> None:
    frame = client.with_frame(kind).datapoints.synthetic.query("A", 0, 100_000, variables={"A": "a"})
    assert len(frame) == 4


def test_what_cdf_cannot_calculate(client: CogniteClient) -> None:
    with pytest.raises(CogniteAPIError) as caught:
        client.datapoints.synthetic.query("ts{externalId:'not there'}", 0, 100_000)
    assert caught.value.missing == [{"externalId": "not there"}]
    with pytest.raises(CogniteAPIError):
        client.datapoints.synthetic.query("round(ts{externalId:'a'})", 0, 100_000)
