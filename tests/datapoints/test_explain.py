"""Explaining tells of a read what it then takes, and fetches none of its points."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from benchmarks import data, replay
from benchmarks.replay.__main__ import make_store
from cdframe import CogniteClient, CogniteNotFoundError
from cdframe.frames import to_arrow
from tests.datapoints import replays
from tests.datapoints.replays import NotedStore

PLAN = {"windows": pa.int64(), "requests": pa.float64(), "expected_points": pa.int64()}
BURSTY = data.Block("bursts", 1, 500_000, data.BURSTY.step, kind="bursty")
STEADY = data.Block("steady", 1, 1_000_000, 1_000)
MANY = data.Block("many", 120, 10_000, data.MINUTE)
TEXTS = data.Block("texts", 1, 250_000, data.MINUTE, kind="texts")
YEARS = data.YEARS
HOURLY = {"aggregates": ["average", "count"], "granularity": "1h"}


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[replay.Server, NotedStore]]:
    with replays.serving(make_store([BURSTY, STEADY, MANY, TEXTS, YEARS])) as served:
        yield served


@pytest.fixture
def client(served: tuple[replay.Server, NotedStore]) -> Iterator[CogniteClient]:
    with CogniteClient(base_url=served[0].base_url, project="p", api_key="k") as client:
        yield client


def types(frame: Any) -> dict[str, pa.DataType]:
    schema = to_arrow(frame).schema
    return dict(zip(schema.names, schema.types, strict=True))


@pytest.mark.parametrize("kind", ["polars", "pandas", "pyarrow"])
def test_columns(client: CogniteClient, kind: Any) -> None:
    """Identities are as in the long frames of reads."""
    points = client.with_frame(kind).datapoints
    for identities in ({"external_id": STEADY.names}, {"id": [1]}, {"id": [2], "external_id": STEADY.names}):
        explained, read = points.explain(0, "now", **identities), points.retrieve(0, 1, **identities)
        assert type(explained) is type(read)
        told = {name: of for name, of in types(read).items() if name not in ("timestamp", "value")}
        assert types(explained) == told | PLAN
    none = points.explain(0, 1, external_id="nobody", ignore_unknown_ids=True)
    assert types(none) == types(points.explain(0, 1, external_id=STEADY.names))
    assert len(none) == 0


def test_rows_stand_in_the_order_asked_for_ids_first(client: CogniteClient) -> None:
    frame = client.datapoints.explain(0, "now", id=[3, 1], external_id=["texts-000000", "many-000007"])
    assert frame["id"].to_list() == [3, 1, None, None]
    assert frame["external_id"].cast(str).to_list() == [None, None, "texts-000000", "many-000007"]


@pytest.mark.parametrize("what", [{}, HOURLY, {"limit": 1_000}], ids=["points", "aggregates", "limit"])
def test_no_points_are_fetched(
    client: CogniteClient, served: tuple[replay.Server, NotedStore], noted: NotedStore, what: dict[str, Any]
) -> None:
    server, _ = served
    server.reset()
    client.datapoints.explain(0, "now", external_id=[*YEARS.names, *MANY.names, STEADY.names[0]], **what)
    assert noted.described
    assert noted.counts == noted.items
    assert all(item["aggregates"] == ["count"] for item in noted.items)
    assert len(noted.items) == 10 + 120 + 1
    assert server.requests == len(noted.asked) + len(noted.described) == 2 + 1


def test_expected_points_are_those_that_are_there(client: CogniteClient) -> None:
    names = [*BURSTY.names, *STEADY.names, *MANY.names, *TEXTS.names]
    frame = client.datapoints.explain(0, "now", external_id=names)
    assert frame["expected_points"].to_list() == [500_000, 1_000_000, *[10_000] * 120, None]


@pytest.mark.parametrize("block", [BURSTY, STEADY, MANY], ids=lambda block: block.name)
def test_expected_points_of_a_range(client: CogniteClient, block: data.Block) -> None:
    times = block.times(0)
    start, end = int(times[len(times) // 3]) + 1, int(times[len(times) // 2])
    inside = int(np.searchsorted(times, end) - np.searchsorted(times, start))
    frame = client.datapoints.explain(start, end, external_id=block.names[0])
    assert frame["expected_points"].item() == pytest.approx(inside, rel=0.02, abs=2)


@pytest.mark.parametrize(("block", "slack"), [(STEADY, 3), (BURSTY, 8), (MANY, 8)], ids=["steady", "bursty", "many"])
def test_requests_are_about_those_that_the_read_takes(
    client: CogniteClient, noted: NotedStore, block: data.Block, slack: int
) -> None:
    told = client.datapoints.explain(block.start, block.end, external_id=block.names)
    noted.forget()
    assert client.datapoints.retrieve(block.start, block.end, external_id=block.names).height == (
        block.series * block.points
    )
    least = block.series * block.points / 100_000
    assert least <= told["requests"].sum() <= 1.5 * least + 2
    assert abs(told["requests"].sum() - len(noted.asked)) <= slack
    assert (told["windows"] >= 1).all()


def test_short_series_share_requests(client: CogniteClient) -> None:
    end = int(MANY.times(0)[100])
    frame = client.datapoints.explain(MANY.start, end, external_id=MANY.names)
    assert frame["windows"].to_list() == [1] * 120
    assert frame["requests"].sum() == pytest.approx(2)  # 100 series a request


def test_limits(client: CogniteClient) -> None:
    names = [*STEADY.names, *MANY.names[:2], *TEXTS.names]
    frame = client.datapoints.explain(0, "now", external_id=names, limit=20_000)
    assert frame["expected_points"].to_list() == [20_000, 10_000, 10_000, None]
    assert client.datapoints.explain(0, "now", external_id=STEADY.names, limit=0)["expected_points"].to_list() == [0]


def test_aggregates(client: CogniteClient, noted: NotedStore) -> None:
    hours = 5 * 365 * 24
    frame = client.datapoints.explain(YEARS.start, YEARS.end, external_id=YEARS.names, **HOURLY)
    assert frame["expected_points"].to_list() == pytest.approx([hours] * 10, rel=0.01)
    noted.forget()
    client.datapoints.retrieve(YEARS.start, YEARS.end, external_id=YEARS.names, **HOURLY)
    assert frame["requests"].sum() == pytest.approx(len(noted.asked), abs=2)


def test_unknown_series(client: CogniteClient, noted: NotedStore) -> None:
    unknown = [f"unknown {number}" for number in range(1_200)]
    with pytest.raises(CogniteNotFoundError) as caught:
        client.datapoints.explain(0, "now", id=1_017, external_id=[*MANY.names, *unknown])
    assert caught.value.not_found == [{"id": 1_017}, *({"externalId": name} for name in unknown)]
    frame = client.datapoints.explain(0, "now", external_id=["no", *MANY.names], ignore_unknown_ids=True)
    assert frame["external_id"].cast(str).to_list() == MANY.names


@pytest.mark.parametrize(
    "wrong", [{"start": 5, "end": 5}, {"external_id": None}, {"aggregates": ["count"]}, {"external_id": ["a", "a"]}]
)
def test_bad_arguments_are_refused_before_anything_is_sent(client: CogniteClient, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        client.datapoints.explain(**{"start": 0, "end": "now", "external_id": "steady-000000", **wrong})
    assert client.stats.requests == 0
