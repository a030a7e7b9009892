"""Writing points: all forms of input, what is refused, how requests are filled, and what errors tell."""

from __future__ import annotations

import json
import socket
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from itertools import count
from typing import Any

import httpx
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cdframe import CogniteAPIError, CogniteClient, CogniteNotFoundError
from cdframe.config import resolve
from cdframe.datapoints import DatapointsAPI
from cdframe.datapoints.point_lists import read_points
from cdframe.frames import to_arrow
from cdframe.protobuf import decode_insertion_request
from cdframe.session import Session
from cdframe.timestamps import to_ms
from tests.datapoints.wire import INSERT, Wire
from tests.faults.servers import raw_server, read_request

NAMES = count()
KINDS = ["polars", "pandas", "pyarrow"]
HOUR = 3_600_000
BEGIN = 1_600_000_000_000


@pytest.fixture
def name(client: CogniteClient) -> str:
    return new(client)


def new(client: CogniteClient, **more: Any) -> str:
    name = f"insert{next(NAMES)}"
    client.time_series.create({"external_id": name, **more})
    return name


def read(client: CogniteClient, name: str) -> list[tuple[int, Any]]:
    frame = client.datapoints.retrieve(-2_208_988_800_000, 4_102_444_800_000, external_id=name)
    return list(zip(frame["timestamp"].dt.epoch("ms"), frame["value"], strict=True))


# Forms of input


@pytest.mark.parametrize(
    "points",
    [
        [(HOUR, 1), (2 * HOUR, 2.5)],
        [[HOUR, 1], [2 * HOUR, 2.5]],
        [{"timestamp": HOUR, "value": 1}, {"timestamp": 2 * HOUR, "value": 2.5}],
        [(datetime(1970, 1, 1, 1), 1), (datetime(1970, 1, 1, 2, tzinfo=UTC), 2.5)],
        [(datetime(1970, 1, 1, 3, tzinfo=timezone(timedelta(hours=2))), 1), (pd.Timestamp(2 * HOUR, unit="ms"), 2.5)],
        [(np.datetime64(HOUR, "ms"), np.int32(1)), (np.datetime64(2 * HOUR * 1000, "us"), np.float32(2.5))],
        [(HOUR + 0.9, 1.0), (2.0 * HOUR, 2.5)],
        ((2 * HOUR, 2.5), (HOUR, 0), (HOUR, 1)),
        pl.DataFrame({"timestamp": [HOUR, 2 * HOUR], "value": [1.0, 2.5]}),
        pl.LazyFrame({"timestamp": [datetime(1970, 1, 1, 1), datetime(1970, 1, 1, 2)], "value": [1.0, 2.5]}),
        pd.DataFrame({"value": [1, 2.5]}, index=pd.DatetimeIndex([HOUR * 10**6, 2 * HOUR * 10**6], tz="UTC")),
        pd.DataFrame({"timestamp": pd.to_datetime([HOUR, 2 * HOUR], unit="ms"), "value": [1, 2.5]}),
        pa.table(
            {"timestamp": pa.array([HOUR, 2 * HOUR], pa.timestamp("ms")), "value": pa.array([1, 2.5], pa.float32())}
        ),
    ],
)
def test_forms_of_points(client: CogniteClient, name: str, points: Any) -> None:
    client.datapoints.insert(points, external_id=name)
    assert read(client, name) == [(HOUR, 1.0), (2 * HOUR, 2.5)]


@pytest.mark.parametrize(
    "values", [["a", ""], pl.Series(["a", ""], dtype=pl.Categorical), pa.array(["a", ""], pa.large_string())]
)
def test_texts(client: CogniteClient, values: Any) -> None:
    name = new(client, is_string=True)
    client.datapoints.insert(pa.table({"timestamp": [1, 2], "value": values}), external_id=name)
    assert read(client, name) == [(1, "a"), (2, "")]


def test_by_id(client: CogniteClient, name: str) -> None:
    id = client.time_series.retrieve(external_id=name)["id"][0]
    client.datapoints.insert([(1, 2)], id=id)
    client.datapoints.insert_multiple([{"id": id, "datapoints": [(2, 3)]}])
    client.datapoints.insert_dataframe(pl.DataFrame({"timestamp": [3], str(id): [4]}))
    client.datapoints.insert_dataframe(pd.DataFrame({id: [5]}, index=pd.DatetimeIndex([4_000_000])))
    assert read(client, name) == [(1, 2), (2, 3), (3, 4), (4, 5)]


def test_what_was_read_goes_to_another_series(client: CogniteClient, name: str) -> None:
    other = new(client)
    client.datapoints.insert([(1, 2), (3, 4)], external_id=name)
    for kind in KINDS:
        client.datapoints.delete_range(0, 10, external_id=other)
        points = client.with_frame(kind).datapoints.retrieve(0, "now", external_id=name)  # type: ignore[arg-type]
        client.datapoints.insert(points, external_id=other)
        assert read(client, other) == [(1, 2), (3, 4)]


def test_many_series(client: CogniteClient) -> None:
    names = [new(client) for _ in range(3)]
    client.datapoints.insert_multiple(
        [
            {"externalId": names[0], "datapoints": [(1, 1)]},
            {"externalId": names[1], "datapoints": [{"timestamp": 1, "value": 2}]},
            {"externalId": names[0], "datapoints": [(2, 3), (1, 4)]},
            {"externalId": names[2], "datapoints": pl.DataFrame({"timestamp": [5], "value": [6.0]})},
        ]
    )
    assert [read(client, name) for name in names] == [[(1, 4), (2, 3)], [(1, 2)], [(5, 6)]]


def test_wide_frames(client: CogniteClient) -> None:
    a, b = new(client), new(client, is_string=True)
    frame = pd.DataFrame({a: [1.0, np.nan], b: [None, "x"]}, index=pd.DatetimeIndex([1_000_000, 2_000_000]))
    with pytest.raises(ValueError, match=rf"contains NaNs: Row 1, column '{a}'.*dropna=True"):
        client.datapoints.insert_dataframe(frame, external_id_headers=True)
    client.datapoints.insert_dataframe(frame, external_id_headers=True, dropna=True)
    assert read(client, a) == [(1, 1.0)]
    assert read(client, b) == [(2, "x")]
    client.datapoints.insert_dataframe(
        pl.DataFrame({"timestamp": [7], a: [None]}), external_id_headers=True, dropna=True
    )
    assert read(client, a) == [(1, 1.0)]


@pytest.mark.parametrize("kind", KINDS)
def test_write_then_read_gives_the_same_frame(client: CogniteClient, kind: Any) -> None:
    names = [new(client), new(client, is_string=True), new(client)]
    api = client.with_frame(kind).datapoints
    client.datapoints.insert([(-5, 0), (7, -1e100), (9, 1e-300)], external_id=names[0])
    client.datapoints.insert([(-5, "ü"), (8, "")], external_id=names[1])
    long = api.retrieve(-10, 10, external_id=names)
    client.datapoints.delete_ranges([{"externalId": name, "start": -10, "end": 10} for name in names])
    assert len(api.retrieve(-10, 10, external_id=names)) == 0
    api.insert_multiple(long)
    again = api.retrieve(-10, 10, external_id=names)
    assert to_arrow(again).equals(to_arrow(long))
    assert type(again) is type(long)
    wide = api.retrieve_dataframe(-10, 10, None, None, external_id=names)
    api.insert_dataframe(wide, external_id_headers=True, dropna=True)
    assert to_arrow(api.retrieve_dataframe(-10, 10, None, None, external_id=names)).equals(to_arrow(wide))


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    points=st.lists(
        st.tuples(
            st.integers(0, 3),
            st.integers(-2_208_988_800_000, 4_102_444_799_999) | st.integers(0, 5),
            st.floats(-1e100, 1e100),
        ),
        min_size=1,
        max_size=30,
    ),
    kind=st.sampled_from(KINDS),
)
def test_the_later_of_two_points_counts(client: CogniteClient, points: list[tuple[int, int, float]], kind: Any) -> None:
    names = [new(client) for _ in range(4)]
    frame = pl.DataFrame(
        {
            "external_id": [names[series] for series, _, _ in points],
            "timestamp": pl.Series([time for _, time, _ in points], dtype=pl.Int64).cast(pl.Datetime("ms", "UTC")),
            "value": [value for _, _, value in points],
        }
    )
    client.datapoints.insert({"polars": frame, "pandas": frame.to_pandas(), "pyarrow": frame.to_arrow()}[kind])
    for number, name in enumerate(names):
        expected = {time: value for series, time, value in points if series == number}
        assert read(client, name) == sorted(expected.items())


# How requests are filled


@pytest.mark.parametrize(
    ("series", "points", "requests"),
    [(1000, 1, 1), (10_000, 10, 1), (10_001, 1, 2), (1000, 100, 1), (1000, 101, 2), (7, 100_000, 7), (3, 33_334, 2)],
)
@pytest.mark.parametrize("form", ["long", "interleaved", "wide", "items"])
def test_requests_are_filled_across_series(series: int, points: int, requests: int, form: str) -> None:
    names = [f"s{number}" for number in range(series)]
    times = np.arange(points)
    with taking_everything() as (api, bodies):
        if form == "wide":
            frame = pl.DataFrame({"timestamp": times, **dict.fromkeys(names, times / 2)})
            api.insert_dataframe(frame, external_id_headers=True)
        elif form == "items":
            frame = pl.DataFrame({"timestamp": times, "value": times / 2})
            api.insert_multiple([{"externalId": name, "datapoints": frame} for name in names])
        else:
            frame = pl.DataFrame({"external_id": names}).join(
                pl.DataFrame({"timestamp": times, "value": times / 2}), how="cross"
            )
            api.insert_multiple(frame if form == "long" else frame.sort("timestamp", maintain_order=True))
        assert api._session.tally.snapshot().points_written == series * points
    assert len(bodies) == requests
    items = [item for body in bodies for item in decode_insertion_request(body)]
    assert sum(len(item.timestamps) for item in items) == series * points
    assert {item.external_id for item in items} == set(names)


def test_long_texts_fill_a_request_sooner(client: CogniteClient, wire: Wire) -> None:
    name = new(client, is_string=True)
    texts = [f"{number:06}" + "x" * 1017 for number in range(40_000)]
    wire.api().insert(pl.DataFrame({"timestamp": range(40_000), "value": texts}), external_id=name)
    assert wire.calls == [INSERT] * 3  # of 16 MiB of text
    assert client.datapoints.retrieve(0, 50_000, external_id=name)["value"].to_list() == texts


@contextmanager
def taking_everything() -> Iterator[tuple[DatapointsAPI, list[bytes]]]:
    """The calls of a client whose server takes everything, and the bodies that it got."""

    def take(request: httpx.Request) -> httpx.Response:
        bodies.append(request.read())
        return httpx.Response(200, json={})

    bodies: list[bytes] = []
    config = resolve({"api_key": "k", "project": "p", "base_url": "http://any", "max_workers": 2})
    session = Session(config, httpx.MockTransport(take))
    yield DatapointsAPI(session, "polars"), bodies
    session.close()


def test_an_insertion_takes_little_memory() -> None:
    count = 3_000_000
    frame = pl.DataFrame({"timestamp": np.arange(count), "value": np.arange(count) / 2})
    with taking_everything() as (api, bodies):
        api.insert(frame[:1000], external_id="a")
        tracemalloc.start()
        try:
            api.insert(frame, external_id="a")
            kept, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert len(bodies) == 1 + 30
    assert peak - kept < 16 * count / 4  # a quarter of the frame; the server of this test keeps what it got


def test_a_long_series_is_divided(client: CogniteClient, wire: Wire, name: str) -> None:
    times = np.arange(250_001)
    times[200_000:] = np.arange(50_001)  # overwrites the first ones
    wire.api().insert(pl.DataFrame({"timestamp": times, "value": np.arange(250_001.0)}), external_id=name)
    assert len(wire.calls) == 2  # 200,000 points are left
    frame = client.datapoints.retrieve(0, 300_000, external_id=name)
    assert frame["value"].to_list() == [*range(200_000, 250_001), *range(50_001, 200_000)]


# What is refused


@pytest.mark.parametrize(
    ("points", "error", "message"),
    [
        ([], ValueError, "No datapoints provided"),
        (pl.DataFrame({"timestamp": [], "value": []}), ValueError, "No datapoints provided"),
        ([{"timestamp": 1}], ValueError, "missing the 'value' key"),
        ([{"timestamp": 1, "value": 1}, {"value": 1}], ValueError, r"missing the 'timestamp' key: datapoints\[1\]"),
        ([(1, 1), (2,)], TypeError, r"datapoints\[1\] must be a tuple"),
        ([(1, 1), {"timestamp": 1, "value": 1}], TypeError, r"datapoints\[1\]"),
        ([(1, 1), (2, float("nan"))], ValueError, r"datapoints\[1\].*NaN"),
        ([(1, float("inf"))], ValueError, r"datapoints\[0\].*Infinity"),
        ([(1, 1), (2, 1.1e100)], ValueError, r"datapoints\[1\].*too large"),
        ([(1, 10**400)], ValueError, "Infinity"),
        ([(1, 1), (2, None)], ValueError, r"datapoints\[1\].*missing"),
        ([(1, 1), (2, "x")], TypeError, r"datapoints\[1\].*'x' is a text"),
        ([(1, "x"), (2, 1)], TypeError, r"datapoints\[1\].*1 is a number"),
        ([(1, True)], TypeError, "neither a number nor a text"),
        ([(1, b"x")], TypeError, "neither a number nor a text"),
        ([(1, "é" * 512)], ValueError, "1024 bytes.*at most 1023"),
        ([(1, 1), (-2_208_988_800_001, 1)], ValueError, r"datapoints\[1\].*outside 1900-01-01"),
        ([(4_102_444_800_000, 1)], ValueError, "outside 1900-01-01..2099-12-31"),
        ([(10**30, 1)], ValueError, "outside 1900-01-01..2099-12-31"),
        ([(None, 1)], TypeError, r"datapoints\[0\] \(timestamp\)"),
        ([("yesterday", 1)], ValueError, "not a time"),
        ("1,2", TypeError, "must be a list"),
        ({"timestamp": 1, "value": 2}, TypeError, "must be a list"),
        (pl.DataFrame({"value": [1]}), ValueError, "needs a column 'timestamp'"),
        (pl.DataFrame({"timestamp": [1], "average": [1]}), ValueError, "average are aggregates"),
        (pl.DataFrame({"timestamp": [1, None], "value": [1, 2]}), ValueError, "Row 1, column 'timestamp'.*missing"),
        (pl.DataFrame({"timestamp": [1, 2], "value": [1, None]}), ValueError, "Row 1, column 'value'.*missing"),
        (pl.DataFrame({"timestamp": [1, 2], "value": [1.0, float("nan")]}), ValueError, "Row 1, column 'value'.*NaN"),
        (pl.DataFrame({"timestamp": [1, 2], "value": [1.0, -np.inf]}), ValueError, "Row 1.*Infinity"),
        (pl.DataFrame({"timestamp": [1, 2**50], "value": [1, 2]}), ValueError, "Row 1, column 'timestamp'.*outside"),
        (pl.DataFrame({"timestamp": [1.0, float("nan")], "value": [1, 2]}), ValueError, "Row 1.*not a time"),
        (pl.DataFrame({"timestamp": ["1"], "value": [1]}), TypeError, "'timestamp' must hold times"),
        (pl.DataFrame({"timestamp": [1], "value": [True]}), TypeError, "'value' must hold numbers or texts"),
        (
            pl.DataFrame({"external_id": ["a", "b"], "timestamp": [1, 1], "value": [1, 2]}),
            ValueError,
            "points of 2 series",
        ),
    ],
)
def test_bad_points(wire: Wire, points: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        wire.api().insert(points, external_id="any")
    assert not wire.calls


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({}, ValueError, "got neither"),
        ({"id": 1, "external_id": "a"}, ValueError, "got both"),
        ({"id": "a"}, TypeError, "id must be an int"),
        ({"external_id": 1}, TypeError, "external_id must be a text"),
        ({"id": -1}, ValueError, "not an id"),
    ],
)
def test_bad_identifiers(wire: Wire, arguments: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        wire.api().insert([(1, 1)], **arguments)
    assert not wire.calls


@pytest.mark.parametrize(
    ("points", "error", "message"),
    [
        ([], ValueError, "No datapoints provided"),
        ([{"id": 1, "datapoints": []}], ValueError, "No datapoints provided"),
        ([{"datapoints": [(1, 1)]}], ValueError, r"datapoints\[0\] must have exactly one"),
        ([{"id": 1, "externalId": "a", "datapoints": [(1, 1)]}], ValueError, "exactly one"),
        ([{"id": 1}], ValueError, "'datapoints'"),
        ([{"id": 1, "datapoint": [(1, 1)]}], ValueError, "unknown key 'datapoint'. Did you mean 'datapoints'"),
        ([{"externalId": 1, "datapoints": [(1, 1)]}], TypeError, r"datapoints\[0\]\['externalId'\] must be a text"),
        ([{"id": 1, "datapoints": [(1, np.nan)]}], ValueError, r"datapoints\[0\]\['datapoints'\]\[0\]"),
        ([{"id": 1, "datapoints": [(1, 1)]}, {"id": 1, "datapoints": [(1, "x")]}], TypeError, "numbers and texts"),
        ([1], TypeError, r"datapoints\[0\] must be a dict"),
        ({"id": 1}, TypeError, "must be a long frame, or a list"),
        (pl.DataFrame({"timestamp": [1], "value": [1]}), ValueError, "needs a column 'id' or 'external_id'"),
        (
            pl.DataFrame({"id": [1, None], "timestamp": [1, 2], "value": [1, 2]}),
            ValueError,
            "Row 1 has neither an id nor an external_id",
        ),
        (
            pa.table(
                {
                    "external_id": pa.DictionaryArray.from_arrays(pa.array([0, 1]), pa.array(["a", None])),
                    "timestamp": [1, 2],
                    "value": [1, 2],
                }
            ),
            ValueError,
            "Row 1 has neither an id nor an external_id",
        ),
        (
            pl.DataFrame({"id": [1, 1], "timestamp": [1, 2], "value": [1, None], "string_value": [None, "x"]}),
            TypeError,
            "Row 1: the series has numbers and texts",
        ),
        (
            pl.DataFrame({"id": [1], "timestamp": [1], "value": [1], "string_value": ["x"]}),
            ValueError,
            "Row 0.*a number and a text",
        ),
    ],
)
def test_bad_points_of_many(wire: Wire, points: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        wire.api().insert_multiple(points)
    assert not wire.calls


@pytest.mark.parametrize(
    ("frame", "error", "message"),
    [
        (pl.DataFrame({"timestamp": [1, 2], "7": [1.0, None]}), ValueError, "contains NaNs: Row 1, column '7'"),
        (pl.DataFrame({"timestamp": [1, 2], "7": [1.0, float("nan")]}), ValueError, "contains NaNs"),
        (pl.DataFrame({"timestamp": [1, 2], "7": [1.0, np.inf]}), ValueError, "Row 1, column '7': contains Infinity"),
        (pl.DataFrame({"timestamp": [1], "a": [1.0]}), ValueError, "'a' is not an id.*external_id_headers=True"),
        (pl.DataFrame({"time": [1], "7": [1.0]}), ValueError, "needs a column 'timestamp'"),
        (pd.DataFrame({7: [1.0]}), TypeError, "must have a DatetimeIndex"),
        (pl.DataFrame({"timestamp": [1], "7": [[1]]}), TypeError, "'7' must hold numbers or texts"),
        (7, TypeError, "must be a frame"),
    ],
)
def test_bad_wide_frames(wire: Wire, frame: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        wire.api().insert_dataframe(frame)
    assert not wire.calls


@pytest.mark.parametrize(
    ("unit", "factor", "shift"), [("ns", 1_000_000, 999_999), ("us", 1000, 999), ("ms", 1, 0), ("s", 0.001, 0)]
)
def test_times_of_all_units_are_rounded_down(
    client: CogniteClient, name: str, unit: str, factor: Any, shift: int
) -> None:
    times = [-2_208_988_800_000, -1000, 0, 1000, 4_102_444_799_000]
    column = pa.array([int(time * factor) + shift for time in times], pa.int64()).cast(pa.timestamp(unit))
    client.datapoints.insert(pa.table({"timestamp": column, "value": range(5)}), external_id=name)
    assert [time for time, _ in read(client, name)] == times


@pytest.mark.parametrize(
    "column",
    [
        pa.array([1, 2**64 - 1], pa.uint64()),
        pa.array([1, 2**62], pa.int64()),
        pa.array([1, 2**62], pa.timestamp("s")),
        pa.array([1, -(2**62)], pa.timestamp("s")),
        pa.array([1, 2**62], pa.timestamp("us")),
        pa.array([1.0, 1e300]),
        pa.array([0, 47_483], pa.date32()),
    ],
)
def test_times_beyond_all_are_refused(wire: Wire, column: Any) -> None:
    with pytest.raises(ValueError, match=r"Row 1, column 'timestamp'.*outside 1900-01-01"):
        wire.api().insert(pa.table({"timestamp": column, "value": [1, 2]}), external_id="any")
    assert not wire.calls


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.tuples(
            st.one_of(
                st.integers(-3_000_000_000_000, 5_000_000_000_000),
                st.floats(-3e12, 5e12),
                st.datetimes(datetime(1899, 12, 1), datetime(2100, 2, 1)),
                st.datetimes(datetime(1899, 12, 1), datetime(2100, 2, 1), timezones=st.timezones()),
                st.datetimes(datetime(1950, 1, 1), datetime(2030, 1, 1)).map(pd.Timestamp),
                st.just(pd.NaT),
                st.just("now"),
                st.none(),
            ),
            st.one_of(st.integers(-9, 9), st.integers(), st.floats(), st.text(max_size=3), st.booleans(), st.none()),
        ),
        min_size=1,
        max_size=4,
    ).flatmap(lambda points: st.sampled_from([points, [points[0]] * 3]))
)
def test_a_list_is_read_as_its_points_one_by_one(points: list[tuple[Any, Any]]) -> None:
    now = 1_700_000_000_000
    expected = [naive_point(time, value, now) for time, value in points]
    if None in expected or len({isinstance(value, str) for _, value in points}) > 1:
        with pytest.raises((ValueError, TypeError)):
            read_points(points, "datapoints", now)
        return
    times, values = read_points(points, "datapoints", now)
    assert list(zip(times.tolist(), pa.array(values).to_pylist(), strict=True)) == expected
    as_dicts = [{"timestamp": time, "value": value} for time, value in points]
    assert read_points(as_dicts, "datapoints", now)[0].tolist() == times.tolist()


def naive_point(time: Any, value: Any, now: int) -> tuple[int, float | str] | None:
    """A point as it is to be stored, None if it cannot be."""
    try:
        ms = to_ms(time, now=now)
    except (ValueError, TypeError):
        return None
    if not -2_208_988_800_000 <= ms <= 4_102_444_799_999 or isinstance(value, bool) or value is None:
        return None
    if isinstance(value, str):
        return ms, value
    return (ms, float(value)) if -1e100 <= value <= 1e100 else None


def test_ids_in_frames_are_checked(wire: Wire) -> None:
    frame = pl.DataFrame({"id": [1, 1, -3], "timestamp": [1, 2, 3], "value": [1, 2, 3]})
    with pytest.raises(ValueError, match="Row 2, column 'id': -3 is not an id"):
        wire.api().insert_multiple(frame)
    mixed = frame.with_columns(external_id=pl.Series(["a", None, None]), id=pl.Series([None, 1, 2**53]))
    with pytest.raises(ValueError, match=f"Row 2, column 'id': {2**53} is not an id"):
        wire.api().insert_multiple(mixed)
    assert not wire.calls


def test_columns_of_one_series_are_refused(wire: Wire) -> None:
    with pytest.raises(ValueError, match="The columns '7' and '07' are of one series"):
        wire.api().insert_dataframe(pl.DataFrame({"timestamp": [1], "7": [1.0], "07": ["x"]}))


def test_infinity_is_refused_with_dropna_too(wire: Wire) -> None:
    frame = pl.DataFrame({"timestamp": [1, 2, 3], "7": [1.0, None, -np.inf]})
    with pytest.raises(ValueError, match="Row 2, column '7': contains Infinity"):
        wire.api().insert_dataframe(frame, dropna=True)


# What errors tell


def test_a_series_of_the_other_kind(client: CogniteClient, name: str) -> None:
    with pytest.raises(CogniteAPIError, match="numeric value") as caught:
        client.datapoints.insert([(1, "x")], external_id=name)
    assert caught.value.failed["value"].to_list() == ["x"]


def test_unknown_series(client: CogniteClient, name: str) -> None:
    points = [{"externalId": one, "datapoints": [(1, 1)]} for one in (name, "not there", "nor there")]
    with pytest.raises(CogniteNotFoundError) as caught:
        client.datapoints.insert_multiple(points)
    assert sorted(one["externalId"] for one in caught.value.not_found) == ["nor there", "not there"]
    assert caught.value.failed["external_id"].to_list() == [name, "not there", "nor there"]
    assert len(caught.value.successful) == len(caught.value.unknown) == 0
    assert read(client, name) == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_row_has_an_outcome_and_can_be_inserted_again(client: CogniteClient, wire: Wire, kind: Any) -> None:
    names = [new(client) for _ in range(4)]
    times = np.arange(100_000)
    bad = {names[1]: httpx.Response(503), names[2]: httpx.Response(400, json={"error": {"code": 400, "message": "no"}})}

    def answer(request: httpx.Request) -> httpx.Response | None:
        return next((response for name, response in bad.items() if name.encode() in request.read()), None)

    wire.answer = answer
    frame = pl.DataFrame({"timestamp": times} | dict.fromkeys(names, times + 0.5))
    api = wire.api(kind)
    with pytest.raises(CogniteAPIError) as caught:
        api.insert_dataframe(frame, external_id_headers=True)
    error = caught.value
    shown = {
        outcome: set(to_arrow(getattr(error, outcome))["external_id"].cast(pa.string()).to_pylist())
        for outcome in ("successful", "unknown", "failed")
    }
    assert shown == {"successful": {names[0], names[3]}, "unknown": {names[1]}, "failed": {names[2]}}
    assert len(error.successful) + len(error.unknown) + len(error.failed) == 400_000
    assert read(client, names[2]) == []
    wire.answer = None
    api.insert_multiple(error.failed)
    api.insert_multiple(error.unknown)
    for name in names:
        frame = client.datapoints.retrieve(0, 200_000, external_id=name)
        assert frame["value"].to_list() == (times + 0.5).tolist()


def test_rows_of_a_failed_insertion_have_one_layout_whatever_their_requests_held(
    client: CogniteClient, wire: Wire
) -> None:
    numbers, texts = new(client), new(client, is_string=True)
    id = client.time_series.retrieve(external_id=texts)["id"][0]
    wire.answer = lambda request: httpx.Response(403)
    with pytest.raises(CogniteAPIError) as caught:
        wire.api().insert_multiple(
            [
                {"externalId": numbers, "datapoints": pl.DataFrame({"timestamp": range(100_000), "value": 0.5})},
                {"id": id, "datapoints": [(1, "x")]},
            ]
        )
    assert len(wire.calls) == 2
    failed = caught.value.failed
    assert failed.columns == ["id", "external_id", "timestamp", "value", "string_value"]
    assert failed.row(-1) == (id, None, datetime(1970, 1, 1, microsecond=1000, tzinfo=UTC), None, "x")
    wire.answer = None
    wire.api().insert_multiple(failed)
    assert read(client, texts) == [(1, "x")]
    assert len(read(client, numbers)) == 100_000


def test_an_accessor_accounts_for_ids_and_external_ids_together() -> None:
    def refuse(connection: socket.socket) -> None:
        if request := read_request(connection):
            seen.append(request)
            connection.sendall(b"HTTP/1.1 403 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")

    seen: list[bytes] = []
    frame = pd.DataFrame({"a": [1.0, 2.0], 7: [3.0, np.nan]}, index=pd.DatetimeIndex([10**6, 2 * 10**6]))
    with raw_server(refuse) as url, CogniteClient(api_key="k", project="p", base_url=url) as remote:
        with pytest.raises(CogniteAPIError) as caught:
            frame.cdf.insert(client=remote)
        assert len(seen) == 1
    failed = pl.DataFrame(to_arrow(caught.value.failed)).with_columns(pl.col("external_id").cast(pl.String))
    assert failed.select("id", "external_id", "value").rows() == [(None, "a", 1.0), (None, "a", 2.0), (7, None, 3.0)]


def test_an_accessor_drops_what_is_missing_in_long_frames_too(client: CogniteClient, name: str) -> None:
    frame = pl.DataFrame({"external_id": [name] * 3, "timestamp": [1, 2, 3], "value": [1.0, float("nan"), None]})
    frame.cdf.insert(client=client)
    assert read(client, name) == [(1, 1.0)]
    with pytest.raises(ValueError, match="Row 2, column 'value': the value is missing"):
        frame.cdf.insert(client=client, dropna=False)


def test_a_lost_answer_is_asked_for_again(client: CogniteClient, wire: Wire, name: str) -> None:
    lost = iter([True])

    def lose(request: httpx.Request) -> None:
        if next(lost, False):
            raise httpx.ReadError("cut")

    wire.answer = lose
    wire.api(max_retries=3, max_retry_backoff=0.01).insert([(1, 1)], external_id=name)
    assert read(client, name) == [(1, 1)]
    assert len(wire.calls) == 2


def test_deletes(client: CogniteClient, name: str, wire: Wire) -> None:
    client.datapoints.insert([(n, n) for n in range(10)], external_id=name)
    id = client.time_series.retrieve(external_id=name)["id"][0]
    client.datapoints.delete_range(2, 4, external_id=name)
    client.datapoints.delete_range(5, 6, id=id)
    client.datapoints.delete_ranges([{"externalId": name, "start": 0, "end": 1}, {"id": id, "start": 9, "end": "now"}])
    client.datapoints.delete_ranges(pl.DataFrame({"external_id": [name], "start": [7], "end": [8]}))
    client.datapoints.delete_ranges([])
    assert [time for time, _ in read(client, name)] == [1, 4, 6, 8]
    wire.api().delete_ranges([{"externalId": name, "start": n, "end": n + 1} for n in range(10_001)])
    assert len(wire.calls) == 2


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"start": 2, "end": 2, "id": 1}, ValueError, "end must be larger than start"),
        ({"start": "now", "end": "1d-ago", "id": 1}, ValueError, "end must be larger than start"),
        ({"start": 1, "end": 2}, ValueError, "got neither"),
        ({"start": 1, "end": 2, "id": 1, "external_id": "a"}, ValueError, "got both"),
        ({"start": "x", "end": 2, "id": 1}, ValueError, "start='x' is not a time"),
        ({"start": 1, "end": None, "id": 1}, TypeError, "end must be"),
    ],
)
def test_bad_deletes(wire: Wire, arguments: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        wire.api().delete_range(**arguments)
    assert not wire.calls


@pytest.mark.parametrize(
    ("ranges", "error", "message"),
    [
        ([{"id": 1, "start": 1, "end": 2}, {"id": 1, "start": 1}], ValueError, r"ranges\[1\] needs 'end'"),
        ([{"id": 1, "begin": 1, "end": 2}], ValueError, "unknown key 'begin'"),
        ([{"start": 1, "end": 2}], ValueError, r"ranges\[0\].*neither"),
        ([{"id": 1, "start": 2, "end": 1}], ValueError, r"ranges\[0\].*larger than start"),
        ([7], TypeError, r"ranges\[0\] must be a dict"),
        ({"id": 1, "start": 1, "end": 2}, TypeError, "ranges must be a list"),
    ],
)
def test_bad_ranges(wire: Wire, ranges: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        wire.api().delete_ranges(ranges)
    assert not wire.calls


def test_ranges_that_failed_can_be_deleted_again(client: CogniteClient, wire: Wire, name: str) -> None:
    wire.answer = lambda request: httpx.Response(400, content=json.dumps({"error": {"code": 400, "message": "no"}}))
    api = wire.api()
    with pytest.raises(CogniteAPIError) as caught:
        api.delete_range(1, 3, external_id=name)
    wire.answer = None
    api.delete_ranges(caught.value.failed)
