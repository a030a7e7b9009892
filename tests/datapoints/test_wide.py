"""Wide frames: their columns, their time axis, and `complete`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdframe import CogniteClient, CogniteDuplicateColumnsError
from cdframe.datapoints.assemble import merge_times
from cdframe.datapoints.complete import complete
from cdframe.schemas import TIMESTAMP

HOUR = 3_600_000
ALL = [
    "average",
    "max",
    "min",
    "count",
    "sum",
    "interpolation",
    "stepInterpolation",
    "continuousVariance",
    "discreteVariance",
    "totalVariation",
]


@pytest.fixture(scope="module", autouse=True)
def ids(client: CogniteClient) -> dict[str, int]:
    created = client.time_series.create(
        [{"external_id": "a"}, {"external_id": "b", "is_step": True}, {"external_id": "t", "is_string": True}]
    )
    client.datapoints.insert([(HOUR, 1), (2 * HOUR, 2), (4 * HOUR, 4)], external_id="a")
    client.datapoints.insert([(2 * HOUR, 7), (6 * HOUR, 9)], external_id="b")
    client.datapoints.insert([(3 * HOUR, "x")], external_id="t")
    return dict(zip(created["external_id"], created["id"], strict=True))


def hours(frame: pl.DataFrame) -> list[int]:
    return [value // HOUR for value in frame["timestamp"].dt.epoch("ms")]


def test_raw_points(client: CogniteClient, ids: dict[str, int]) -> None:
    frame = client.datapoints.retrieve_dataframe(0, "now", None, None, id=ids["b"], external_id=["t", "a"])
    assert frame.columns == ["timestamp", str(ids["b"]), "t", "a"]
    assert hours(frame) == [1, 2, 3, 4, 6]
    assert frame["a"].to_list() == [1, 2, None, 4, None]
    assert frame["t"].to_list() == [None, None, "x", None, None]
    assert frame[str(ids["b"])].to_list() == [None, 7, None, None, 9]


def test_pandas_has_an_index_of_times(client: CogniteClient) -> None:
    frame = client.with_frame("pandas").datapoints.retrieve_dataframe(
        0, "now", ["count", "max"], "1h", external_id=["a"]
    )
    assert isinstance(frame.index, pd.DatetimeIndex)
    assert frame.index.name == "timestamp"
    assert str(frame.index.tz) == "UTC"
    assert list(frame.columns) == ["a|max", "a|count"]
    assert str(frame.dtypes["a|count"]) == "int64[pyarrow]"


def test_aggregates_stand_in_their_order(client: CogniteClient) -> None:
    frame = client.datapoints.retrieve_dataframe(0, 8 * HOUR, ALL[::-1], "1h", external_id=["a", "b"])
    assert frame.columns == ["timestamp", *(f"{series}|{name}" for series in "ab" for name in ALL)]
    assert [frame.schema[f"a|{name}"] for name in ALL] == [pl.Int64 if name == "count" else pl.Float64 for name in ALL]


def test_aggregates_of_items(client: CogniteClient, ids: dict[str, int]) -> None:
    frame = client.datapoints.retrieve_dataframe(
        0, "now", ["max"], "1h", id={"id": ids["a"], "aggregates": ["min", "count"]}, external_id="b"
    )
    assert frame.columns == ["timestamp", f"{ids['a']}|min", f"{ids['a']}|count", "b|max"]


def test_without_aggregate_names(client: CogniteClient) -> None:
    read = client.datapoints.retrieve_dataframe
    frame = read(0, "now", ["max"], "1h", external_id=["a", "b"], include_aggregate_name=False)
    assert frame.columns == ["timestamp", "a", "b"]
    with pytest.raises(CogniteDuplicateColumnsError, match="'a'"):
        read(0, "now", ["max", "min"], "1h", external_id="a", include_aggregate_name=False)


def test_an_id_and_an_external_id_of_one_name(client: CogniteClient, ids: dict[str, int]) -> None:
    with pytest.raises(CogniteDuplicateColumnsError):
        client.datapoints.retrieve_dataframe(0, "now", None, None, id=ids["a"], external_id=str(ids["a"]))


def test_series_without_points_have_a_column(client: CogniteClient) -> None:
    frame = client.datapoints.retrieve_dataframe(
        5 * HOUR, 7 * HOUR, None, None, external_id=["a", "b", "no"], ignore_unknown_ids=True
    )
    assert frame.columns == ["timestamp", "a", "b"]
    assert frame.rows()[0][1:] == (None, 9)


def test_limit_counts_for_each_series(client: CogniteClient) -> None:
    assert hours(client.datapoints.retrieve_dataframe(0, "now", None, None, external_id=["a", "b"], limit=1)) == [1, 2]


def test_a_dict_of_frames(client: CogniteClient, ids: dict[str, int]) -> None:
    frames = client.datapoints.retrieve_dataframe_dict(
        0, 8 * HOUR, ["max", "count"], "1h", id={"id": ids["a"], "aggregates": ["min"]}, external_id="b"
    )
    assert list(frames) == ["max", "count", "min"]
    assert frames["max"].columns == ["timestamp", "b"]
    assert frames["min"].columns == ["timestamp", str(ids["a"])]
    assert hours(frames["count"]) == [1, 2, 4, 6]
    unused = client.datapoints.retrieve_dataframe_dict(
        0, 8 * HOUR, ["max"], "1h", external_id={"externalId": "b", "aggregates": ["min"]}
    )
    assert unused["max"].columns == ["timestamp"]
    assert unused["max"].height == 0


def test_fill(client: CogniteClient) -> None:
    frame = client.datapoints.retrieve_dataframe(
        0, 8 * HOUR, ["count", "interpolation", "max"], "1h", external_id=["a", "b"], complete="fill"
    )
    assert hours(frame) == [1, 2, 3, 4, 5, 6, 7]
    assert frame["a|count"].to_list() == [1, 1, 0, 1, 0, 0, 0]
    assert frame["a|interpolation"].to_list() == [1, 2, 3, 4, None, None, None]
    assert frame["b|interpolation"].to_list() == [None, 7, 7, 7, 7, 9, 9]  # a step series
    assert frame["a|max"].to_list() == [1, 2, None, 4, None, None, None]


def test_fill_and_drop(client: CogniteClient) -> None:
    frame = client.datapoints.retrieve_dataframe(
        0,
        8 * HOUR,
        ["interpolation"],
        "1h",
        external_id=["a", "b"],
        complete="fill, dropna",
        include_aggregate_name=False,
    )
    assert frame.columns == ["timestamp", "a", "b"]
    assert hours(frame) == [2, 3, 4]
    assert frame.null_count().sum_horizontal().item() == 0
    frames = client.datapoints.retrieve_dataframe_dict(
        0, 8 * HOUR, ["interpolation", "count"], "1h", external_id=["a", "b"], complete="fill,dropna"
    )
    assert [frame.height for frame in frames.values()] == [3, 3]


@pytest.mark.parametrize("words", ["", "dropna", " , "])
def test_words_that_do_nothing(client: CogniteClient, words: str) -> None:
    frame = client.datapoints.retrieve_dataframe(0, 8 * HOUR, ["max"], "1h", external_id="a", complete=words)
    assert hours(frame) == [1, 2, 4]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"aggregates": ["count"], "complete": "full"}, ValueError, "'full'"),
        ({"aggregates": ["count"], "complete": True}, TypeError, "complete must be a text"),
        (
            {"aggregates": ["average", "count"], "complete": "fill,dropna"},
            ValueError,
            r"\['average'\] is not supported",
        ),
        (
            {"aggregates": None, "granularity": None, "complete": "fill"},
            ValueError,
            "complete='fill' is for aggregates",
        ),
        ({"aggregates": ["count"], "include_aggregate_name": 1}, TypeError, "include_aggregate_name must be True"),
    ],
)
def test_bad_arguments(client: CogniteClient, arguments: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        client.datapoints.retrieve_dataframe(
            **{"start": 0, "end": "now", "granularity": "1h", "external_id": "a", **arguments}
        )


# The example of the contract


def example(**columns: list[Any]) -> pa.Table:
    times = pa.array([10_000, 20_000, 40_000, 50_000]).cast(TIMESTAMP)
    return pa.table({"timestamp": times} | {name: pa.array(values) for name, values in columns.items()})


def columns_of(table: pa.Table) -> dict[str, list[Any]]:
    return {name: table.column(name).to_pylist() for name in table.column_names[1:]}


EXAMPLE = {
    "7|interpolation": [4.0, None, 10.0, None],
    "v|count": [None, 3, None, 1],
    "v|stepInterpolation": [None, 2.0, None, 8.0],
}


def test_the_example_filled() -> None:
    table = complete(example(**{"7|average": [5.0, None, 9.0, None], **EXAMPLE}), "fill", "10s")
    assert columns_of(table) == {
        "7|average": [5, None, None, 9, None],
        "7|interpolation": [4, 6, 8, 10, None],
        "v|count": [0, 3, 0, 0, 1],
        "v|stepInterpolation": [None, 2, 2, 2, 8],
    }


def test_the_example_filled_and_dropped() -> None:
    for granularity in ("10s", None):
        table = complete(example(**EXAMPLE), "fill,dropna", granularity)
        assert table["timestamp"].cast(pa.int64()).to_pylist() == [20_000, 30_000, 40_000]
        assert columns_of(table) == {
            "7|interpolation": [6, 8, 10],
            "v|count": [3, 0, 0],
            "v|stepInterpolation": [2, 2, 2],
        }


def test_rows_off_the_grid_vanish() -> None:
    table = complete(example(**EXAMPLE), "fill", "20s")
    assert table["timestamp"].cast(pa.int64()).to_pylist() == [10_000, 30_000, 50_000]
    assert columns_of(table) == {
        "7|interpolation": [4, None, None],
        "v|count": [0, 0, 1],
        "v|stepInterpolation": [None, None, 8],
    }


def test_short_frames_stay_as_they_are() -> None:
    table = example(**EXAMPLE).slice(0, 1)
    assert complete(table, "fill,dropna", "10s").equals(table)


def test_columns_that_are_not_aggregates_are_refused() -> None:
    with pytest.raises(ValueError, match="'raw'"):
        complete(example(raw=[1, 2, 3, 4]), "fill")


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(0, 30), unique=True).map(sorted), max_size=6))
def test_times_merge_into_one_axis(times: list[list[int]]) -> None:
    axis, places = merge_times([np.array(one, np.int64) for one in times])
    assert axis.tolist() == sorted({time for one in times for time in one})
    for one, place in zip(times, places, strict=True):
        assert (axis if place is None else axis[place]).tolist() == one


@settings(deadline=None)
@given(
    values=st.lists(st.none() | st.integers(-9, 9), min_size=2, max_size=12),
    off=st.sets(st.integers(1, 10)),
    is_step=st.booleans(),
)
def test_fill_agrees_with_pandas(values: list[int | None], off: set[int], is_step: bool) -> None:
    kept = [n for n in range(len(values)) if n in (0, len(values) - 1) or n not in off]
    frame = pd.Series(values, index=range(len(values)), dtype=float)[kept].reindex(range(len(values)))
    table = pa.table(
        {
            "timestamp": pa.array([n * 1000 for n in kept]).cast(TIMESTAMP),
            **{
                f"x|{name}": pa.array([values[n] for n in kept], pa.float64())
                for name in ("interpolation", "sum", "max")
            },
        }
    )
    filled = complete(table, "fill", "1s", step_series={"x"} if is_step else ())
    linear = frame.ffill() if is_step else frame.interpolate(limit_area="inside")
    for name, expected in {"interpolation": linear, "sum": frame.fillna(0), "max": frame}.items():
        got = pd.Series(filled[f"x|{name}"].to_pylist(), dtype=float)
        pd.testing.assert_series_equal(got, expected, check_names=False, check_index_type=False)
