"""What `retrieve`, `query` and `retrieve_latest` give, against the local CDF."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

from cdframe import CogniteClient, CogniteNotFoundError, DatapointsQuery
from cdframe.frames import to_arrow

HOUR = 3_600_000
MS = pa.timestamp("ms", "UTC")
NAMES = pa.dictionary(pa.int32(), pa.string())


@pytest.fixture(scope="module", autouse=True)
def ids(client: CogniteClient) -> dict[str, int]:
    """Three series: a few numbers, texts, and none at all."""
    created = client.time_series.create(
        [
            {"external_id": "numbers"},
            {"external_id": "texts", "is_string": True},
            {"external_id": "empty"},
            {"external_id": "steps", "is_step": True},
        ]
    )
    client.datapoints.insert([(HOUR * n, float(n)) for n in range(1, 7)], external_id="numbers")
    client.datapoints.insert([(HOUR, "on"), (2 * HOUR, "öff"), (3 * HOUR, "")], external_id="texts")
    client.datapoints.insert([(HOUR, 1), (3 * HOUR, 5)], external_id="steps")
    return dict(zip(created["external_id"], created["id"], strict=True))


def table(frame: Any) -> pa.Table:
    return to_arrow(frame)


def types(frame: Any) -> dict[str, pa.DataType]:
    schema = pa.table(frame).schema if isinstance(frame, pa.Table) else frame
    return dict(zip(schema.names, schema.types, strict=True))


def hours(frame: pl.DataFrame) -> list[int]:
    return [value // HOUR for value in frame["timestamp"].dt.epoch("ms")]


def test_one_series_by_external_id(client: CogniteClient) -> None:
    frame = client.with_frame("pyarrow").datapoints.retrieve(0, 10 * HOUR, external_id="numbers")
    assert types(frame) == {"external_id": NAMES, "timestamp": MS, "value": pa.float64()}
    assert frame["value"].to_pylist() == [1, 2, 3, 4, 5, 6]
    assert frame["external_id"].to_pylist() == ["numbers"] * 6


def test_one_series_by_id(client: CogniteClient, ids: dict[str, int]) -> None:
    frame = client.with_frame("pyarrow").datapoints.retrieve(0, 10 * HOUR, id=ids["numbers"])
    assert types(frame) == {"id": pa.int64(), "timestamp": MS, "value": pa.float64()}


def test_start_is_inclusive_and_end_exclusive(client: CogniteClient) -> None:
    frame = client.datapoints.retrieve(2 * HOUR, 5 * HOUR, external_id="numbers")
    assert hours(frame) == [2, 3, 4]


def test_series_come_in_order_ids_first(client: CogniteClient, ids: dict[str, int]) -> None:
    frame = client.datapoints.retrieve(
        0, 10 * HOUR, id=[ids["steps"], ids["numbers"]], external_id=["numbers", "empty"], limit=1
    )
    assert frame["id"].to_list() == [ids["steps"], ids["numbers"], None]
    assert frame["external_id"].to_list() == [None, None, "numbers"]
    assert frame.columns == ["id", "external_id", "timestamp", "value"]


def test_texts(client: CogniteClient) -> None:
    frame = client.with_frame("pyarrow").datapoints.retrieve(0, 10 * HOUR, external_id="texts")
    assert types(frame)["value"] == pa.string()
    assert frame["value"].to_pylist() == ["on", "öff", ""]


def test_numbers_and_texts_together(client: CogniteClient) -> None:
    frame = client.datapoints.retrieve(HOUR, 2 * HOUR, external_id=["texts", "numbers"])
    assert frame["value"].to_list() == [None, 1.0]
    assert frame["string_value"].to_list() == ["on", None]


@pytest.mark.parametrize("kind", ["polars", "pandas", "pyarrow"])
def test_no_points_give_all_columns(client: CogniteClient, kind: Any) -> None:
    api = client.with_frame(kind).datapoints
    full, empty = api.retrieve(0, "now", external_id="numbers"), api.retrieve(0, "now", external_id="empty")
    assert len(empty) == 0
    assert table(full).schema.equals(table(empty).schema)
    texts = api.retrieve(0, HOUR, external_id="texts")
    assert len(texts) == 0
    assert table(texts).schema.equals(table(api.retrieve(0, "now", external_id="texts")).schema)


def test_aggregates_in_their_order(client: CogniteClient) -> None:
    frame = client.with_frame("pyarrow").datapoints.retrieve(
        HOUR, 7 * HOUR, external_id="numbers", aggregates=["stepInterpolation", "count", "average"], granularity="2h"
    )
    assert types(frame) == {
        "external_id": NAMES,
        "timestamp": MS,
        "average": pa.float64(),
        "count": pa.int64(),
        "step_interpolation": pa.float64(),
    }
    assert frame["count"].to_pylist() == [2, 2, 2]
    assert frame["step_interpolation"].to_pylist() == [1, 3, 5]


def test_aggregates_of_items(client: CogniteClient, ids: dict[str, int]) -> None:
    frame = client.datapoints.retrieve(
        HOUR,
        3 * HOUR,
        id={"id": ids["numbers"], "aggregates": ["max"]},
        external_id=[{"externalId": "numbers", "aggregates": ["count"]}, "steps"],
        aggregates=["min"],
        granularity="1h",
    )
    assert frame.select("max", "min", "count").rows() == [
        (1, None, None),
        (2, None, None),
        (None, None, 1),
        (None, None, 1),
        (None, 1, None),
    ]


def test_an_item_may_ask_for_raw_points(client: CogniteClient, ids: dict[str, int]) -> None:
    frame = client.datapoints.retrieve(
        HOUR,
        2 * HOUR,
        id={"id": ids["numbers"], "aggregates": []},
        external_id="numbers",
        aggregates=["count"],
        granularity="1h",
    )
    assert frame.select("value", "count").rows() == [(1.0, None), (None, 1)]


@pytest.mark.parametrize("limit", [None, -1, float("inf"), 0, 1, 3, 6, 7])
def test_limits(client: CogniteClient, limit: Any) -> None:
    frame = client.datapoints.retrieve(0, "now", external_id="numbers", limit=limit)
    most = 6 if limit in (None, -1, float("inf")) else min(6, limit)
    assert hours(frame) == list(range(1, most + 1))


@pytest.mark.parametrize(
    ("limit", "expected"), [(None, [1, 2, 3, 4, 5]), (3, [1, 2, 3]), (2, [1, 2]), (1, [1]), (4, [1, 2, 3, 4]), (0, [])]
)
def test_outside_points_count_towards_the_limit(client: CogniteClient, limit: Any, expected: list[int]) -> None:
    frame = client.datapoints.retrieve(
        2 * HOUR, 5 * HOUR, external_id="numbers", include_outside_points=True, limit=limit
    )
    assert hours(frame) == expected


def test_outside_points_of_an_empty_range(client: CogniteClient) -> None:
    frame = client.datapoints.retrieve(
        2 * HOUR + 1, 2 * HOUR + 2, external_id=["numbers", "texts", "empty"], include_outside_points=True
    )
    assert hours(frame) == [2, 3, 2, 3]


def test_times_of_all_forms(client: CogniteClient) -> None:
    start = datetime(1970, 1, 1, 2)
    aware = datetime(1970, 1, 1, 5, tzinfo=UTC)
    for begin, end in [
        (start, aware),
        (float(2 * HOUR), pl.Series([aware]).item()),
        (start.replace(tzinfo=UTC), (aware - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)),
    ]:
        assert hours(client.datapoints.retrieve(begin, end, external_id="numbers")) == [2, 3, 4]
    assert client.datapoints.retrieve("52w-ago", "1h-ahead", external_id="numbers").height == 0


def test_unknown_series(client: CogniteClient, ids: dict[str, int]) -> None:
    with pytest.raises(CogniteNotFoundError) as caught:
        client.datapoints.retrieve(0, "now", id=[ids["numbers"], 17], external_id=["no", "numbers", "neither"])
    assert caught.value.code == 400
    assert {str(one) for one in caught.value.not_found} == {
        "{'id': 17}",
        "{'externalId': 'no'}",
        "{'externalId': 'neither'}",
    }


def test_unknown_series_are_passed_over(client: CogniteClient) -> None:
    frame = client.datapoints.retrieve(
        0, "now", id=17, external_id=["no", "numbers", "neither"], ignore_unknown_ids=True, limit=1
    )
    assert frame["external_id"].to_list() == ["numbers"]
    single = client.datapoints.retrieve(0, "now", external_id="no", ignore_unknown_ids=True)
    assert single.columns == ["external_id", "timestamp", "value"]
    assert single.height == 0


def test_empty_lists_give_empty_frames(client: CogniteClient) -> None:
    assert client.datapoints.retrieve(0, "now", id=[]).columns == ["id", "timestamp", "value"]
    assert client.datapoints.retrieve(0, "now", id=[], aggregates=["max"], granularity="1h").columns == [
        "id",
        "timestamp",
        "max",
    ]
    assert client.datapoints.retrieve_dataframe(0, "now", None, None, external_id=[]).columns == ["timestamp"]


def test_identifiers_from_columns(client: CogniteClient) -> None:
    series = client.time_series.list(is_string=False)
    by_column = client.datapoints.retrieve(0, "now", external_id=series["external_id"])
    by_array = client.datapoints.retrieve(0, "now", id=series["id"].to_numpy())
    assert by_column.height == by_array.height == 8


def test_query(client: CogniteClient) -> None:
    queries = [
        DatapointsQuery(external_id=["numbers", "texts"], start=0, end=3 * HOUR),
        DatapointsQuery(external_id="numbers", start=0, end=3 * HOUR, aggregates=["count"], granularity="1d"),
        {"external_id": ["no"], "start": 0, "end": "now", "ignore_unknown_ids": True},
    ]
    first, second, third = client.datapoints.query(queries)
    assert first.height == 4
    assert second["count"].to_list() == [6]  # a bucket counts all of its points
    assert third.height == 0
    assert client.datapoints.query(queries[0]).equals(first)
    assert client.datapoints.query([]) == []


def test_queries_that_are_alike_share_their_points(client: CogniteClient) -> None:
    query = DatapointsQuery(external_id="numbers", start=0, end="now")
    one, two = client.datapoints.query([query, query])
    assert one.height == 6
    assert one.equals(two)


@pytest.mark.parametrize("kind", ["polars", "pandas", "pyarrow"])
def test_latest(client: CogniteClient, ids: dict[str, int], kind: Any) -> None:
    latest = client.with_frame(kind).datapoints.retrieve_latest
    frame = table(latest(id=ids["steps"], external_id=["texts", "empty", "numbers"]))
    assert frame.column_names == ["id", "external_id", "timestamp", "value", "string_value"]
    assert frame["value"].to_pylist() == [5, None, 6]
    assert frame["string_value"].to_pylist() == [None, "", None]
    assert frame["external_id"].to_pylist() == [None, "texts", "numbers"]
    raw = client.with_frame(kind).datapoints.retrieve(0, "now", external_id="numbers")
    assert table(latest(external_id="numbers")).schema.equals(table(raw).schema)
    assert table(latest(external_id="empty")).schema.equals(table(raw).schema)
    texts = client.with_frame(kind).datapoints.retrieve(0, "now", external_id="texts")
    assert table(latest(external_id="texts")).schema.equals(table(texts).schema)


def test_latest_before(client: CogniteClient) -> None:
    frame = client.datapoints.retrieve_latest(external_id="numbers", before=3 * HOUR)
    assert hours(frame) == [2]
    assert client.datapoints.retrieve_latest(external_id="numbers", before=HOUR).height == 0


def test_latest_of_unknown_series(client: CogniteClient) -> None:
    with pytest.raises(CogniteNotFoundError):
        client.datapoints.retrieve_latest(external_id=["numbers", "no"])
    frame = client.datapoints.retrieve_latest(external_id=["no", "numbers"], ignore_unknown_ids=True)
    assert frame["external_id"].to_list() == ["numbers"]


def test_latest_keeps_every_digit(client: CogniteClient) -> None:
    client.time_series.create({"external_id": "digits"})
    for value in (0.1 + 0.2, 1e-300, -1.2345678901234567e99, 5e-324, 0.0, -7.0):
        client.datapoints.insert([(1, value)], external_id="digits")
        assert client.datapoints.retrieve_latest(external_id="digits")["value"].to_list() == [value]
