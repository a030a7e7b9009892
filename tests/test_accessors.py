"""`.cdf` on frames: the same on Polars and pandas, against a local CDF."""

from __future__ import annotations

import inspect
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import polars as pl
import pytest

from cdframe import CogniteAPIError, CogniteClient, CogniteDuplicateColumnsError, CogniteNotFoundError
from cdframe.accessors import CDFAccessor
from cdframe.frames import to_arrow
from cdframe.types import FrameKind

START = datetime(2024, 1, 1, tzinfo=UTC)
HOURS = [START + timedelta(hours=n) for n in range(6)]


@pytest.fixture(params=["polars", "pandas"])
def client(request: pytest.FixtureRequest, cdf_client: CogniteClient) -> CogniteClient:
    """A client of two numeric series with six hourly points, and one of strings, in both kinds of frames."""
    kind: FrameKind = request.param
    cdf_client.time_series.create(
        [
            {"external_id": "p", "unit": "bar", "metadata": {"site": "A", "line": "1"}},
            {"external_id": "q", "unit": "bar", "is_step": True, "metadata": {"site": "B"}},
            {"external_id": "s", "is_string": True},
        ]
    )
    values = {"timestamp": HOURS, "p": [1.0, 2, 3, 4, 5, 6], "q": [10.0, None, 30, None, 50, 60]}
    cdf_client.datapoints.insert_dataframe(pl.DataFrame(values), external_id_headers=True, dropna=True)
    cdf_client.datapoints.insert([(HOURS[0], "on"), (HOURS[3], "off")], external_id="s")
    return cdf_client.with_frame(kind)


def rows(frame: Any) -> list[dict[str, Any]]:
    table = to_arrow(frame, index="timestamp" if isinstance(getattr(frame, "index", None), pd.DatetimeIndex) else None)
    return table.to_pylist()


def read(client: CogniteClient, **kwargs: Any) -> Any:
    return client.datapoints.retrieve(0, "now", **kwargs)


def test_both_kinds_of_frames_have_the_same_accessor() -> None:
    assert isinstance(pl.DataFrame().cdf, CDFAccessor)
    assert isinstance(pl.LazyFrame().cdf, CDFAccessor)
    assert isinstance(pd.DataFrame().cdf, CDFAccessor)
    assert hasattr(pd.DataFrame({"x": ["anything"]}), "cdf")
    methods = {name for name, _ in inspect.getmembers(CDFAccessor, inspect.isfunction) if name[0] != "_"}
    assert methods == {
        "insert",
        "delete_range",
        "synthetic",
        "plot",
        "complete",
        "to_wide",
        "to_long",
        "datapoints",
        "latest",
        "first",
        "count",
        "create",
        "update",
        "delete",
        "expand",
        "dump",
        "children",
        "parent",
        "subtree",
        "events",
        "time_series",
        "assets",
        "path",
        "create_hierarchy",
        "edges",
        "sequences",
        "rows",
        "insert_rows",
        "create_sequence",
        "files",
        "upload",
        "tables",
        "insert_raw_rows",
    }


def test_results_are_of_the_kind_of_the_frame(client: CogniteClient) -> None:
    frame = client.time_series.list()
    for result in (
        frame.cdf.datapoints(start=0),
        frame.cdf.latest(),
        frame.cdf.first(),
        frame.cdf.expand(),
        frame.cdf.datapoints(start=0).cdf.to_wide(),
        frame.cdf.update("time_series"),
    ):
        assert type(result) is type(frame)


def test_insert_wide(client: CogniteClient) -> None:
    wide = client.datapoints.retrieve_dataframe(0, "now", None, None, external_id=["p", "q"])
    client.datapoints.delete_range(0, "now", external_id="p")
    client.datapoints.delete_range(0, "now", external_id="q")
    wide.cdf.insert()
    again = client.datapoints.retrieve_dataframe(0, "now", None, None, external_id=["p", "q"])
    assert rows(again) == rows(wide)


def test_insert_wide_with_integer_headers_of_pandas(cdf_client: CogniteClient) -> None:
    [number] = cdf_client.time_series.create({"external_id": "x"})["id"].to_list()
    frame = pd.DataFrame({number: [1.0, None]}, index=pd.DatetimeIndex(HOURS[:2]))
    frame.cdf.insert()
    assert read(cdf_client, id=number)["value"].to_list() == [1.0]
    with pytest.raises(ValueError, match=r"NaN|missing"):
        frame.cdf.insert(dropna=False)


def test_insert_long(client: CogniteClient) -> None:
    points = read(client, external_id=["p", "s"])
    before = rows(points)
    client.datapoints.delete_range(0, "now", external_id="p")
    client.datapoints.delete_range(0, "now", external_id="s")
    points.cdf.insert()
    assert rows(read(client, external_id=["p", "s"])) == before


def test_insert_into_nothing(client: CogniteClient) -> None:
    frame = pl.DataFrame({"timestamp": HOURS[:1], "nowhere": [1.0], "p": [2.0]})
    with pytest.raises(CogniteNotFoundError) as failure:
        frame.cdf.insert()
    assert failure.value.not_found == [{"externalId": "nowhere"}]
    with pytest.raises(ValueError, match=r"needs a frame of data points.*got the columns a"):
        pl.DataFrame({"a": [1]}).cdf.insert()


def test_delete_range_of_points_deletes_their_own_range(client: CogniteClient) -> None:
    some = client.datapoints.retrieve(HOURS[1], HOURS[3], external_id="p")
    some.cdf.delete_range()
    assert [row["value"] for row in rows(read(client, external_id="p"))] == [1, 4, 5, 6]
    wide = client.datapoints.retrieve_dataframe(0, "now", None, None, external_id=["p", "q"])
    wide.cdf.delete_range(start=0, end="now")
    assert rows(read(client, external_id=["p", "q"])) == []


def test_delete_range_of_rows_with_ranges(client: CogniteClient) -> None:
    ranges = pl.DataFrame({"external_id": ["p", "q"], "start": HOURS[:1] * 2, "end": [HOURS[2], HOURS[5]]})
    ranges.cdf.delete_range()
    left = read(client, external_id=["p", "q"])
    assert [(row["external_id"], row["value"]) for row in rows(left)] == [
        ("p", 3),
        ("p", 4),
        ("p", 5),
        ("p", 6),
        ("q", 60),
    ]
    with pytest.raises(ValueError, match="delete_range needs"):
        pl.DataFrame({"external_id": ["p"]}).cdf.delete_range()


def test_synthetic(client: CogniteClient) -> None:
    points = read(client, external_id=["p", "q"])
    result = points.cdf.synthetic(["p + q", "a * 2"], variables={"a": "p"})
    assert [row["p + q"] for row in rows(result)] == [11, 12, 33, 34, 55, 66]
    assert [row["a * 2"] for row in rows(result)] == [2, 4, 6, 8, 10, 12]
    part = points.cdf.synthetic("p", start=HOURS[2], end=HOURS[4])
    assert [row["p"] for row in rows(part)] == [3, 4]
    wide = client.datapoints.retrieve_dataframe(0, "now", ["average"], "2h", external_id="p")
    assert [row["p"] for row in rows(wide.cdf.synthetic("p"))] == [1, 2, 3, 4, 5]
    series = client.time_series.list()
    assert len(rows(series.cdf.synthetic("p - q", start=0, end="now"))) == 6
    with pytest.raises(ValueError, match="start and end must be given"):
        series.cdf.synthetic("p - q")


def test_complete(client: CogniteClient) -> None:
    wide = client.datapoints.retrieve_dataframe(
        0, "now", ["count", "interpolation", "average"], "1h", external_id=["p", "q"]
    )
    filled = rows(wide.cdf.complete("fill"))
    # A step series has an interpolation in the empty hour behind its last point, too: the seventh row.
    assert [row["q|count"] for row in filled] == [1, 0, 1, 0, 1, 1, 0]
    assert [row["q|interpolation"] for row in filled] == [10, 10, 30, 30, 50, 60, 60]
    assert filled[1]["q|average"] is None
    with pytest.raises(ValueError, match="dropna"):
        wide.cdf.complete("fill,dropna")
    with pytest.raises(ValueError, match="needs a frame of data points"):
        client.time_series.list().cdf.complete()


def test_reshaping_there_and_back(client: CogniteClient) -> None:
    for options in ({}, {"aggregates": ["average", "stepInterpolation", "count"], "granularity": "1h"}):
        long = read(client, external_id=["p", "q"], **options)
        wide = long.cdf.to_wide()
        direct = client.datapoints.retrieve_dataframe(
            0, "now", options.get("aggregates"), options.get("granularity"), external_id=["p", "q"]
        )
        assert rows(wide) == rows(direct)
        assert rows(wide.cdf.to_long()) == rows(long)
        assert wide.cdf.to_wide() is wide
        assert long.cdf.to_long() is long
    averages = read(client, external_id=["p", "q"], aggregates=["average"], granularity="1h")
    assert set(rows(averages.cdf.to_wide(include_aggregate_name=False))[0]) == {"timestamp", "p", "q"}
    with pytest.raises(CogniteDuplicateColumnsError, match="'p'"):
        long.cdf.to_wide(include_aggregate_name=False)
    with pytest.raises(ValueError, match="to_wide needs"):
        client.time_series.list().cdf.to_wide()


def test_points_of_time_series(client: CogniteClient) -> None:
    bars = client.time_series.list(unit="bar")
    points = bars.cdf.datapoints(start=0, aggregates=["max"], granularity="1d")
    assert sorted((row["external_id"], row["max"]) for row in rows(points)) == [("p", 6), ("q", 60)]
    assert rows(bars.cdf.datapoints()) == []
    assert sorted((row["external_id"], row["value"]) for row in rows(bars.cdf.latest())) == [("p", 6), ("q", 60)]
    assert sorted(row["value"] for row in rows(bars.cdf.latest(before=HOURS[2]))) == [2, 10]
    assert sorted((row["external_id"], row["value"]) for row in rows(bars.cdf.first())) == [("p", 1), ("q", 10)]
    assert sorted((row["external_id"], row["count"]) for row in rows(bars.cdf.count())) == [("p", 6), ("q", 4)]


def test_series_without_external_id_and_without_points(cdf_client: CogniteClient) -> None:
    made = cdf_client.time_series.create([{"external_id": "a"}, {"name": "no external id"}])
    [by_id] = made.filter(pl.col("external_id").is_null())["id"]
    cdf_client.datapoints.insert([(0, 1.0)], id=by_id)
    assert made.cdf.count().rows() == [(None, "a", 0), (by_id, None, 1)]
    assert made.cdf.first().select("id", "value").rows() == [(by_id, 1.0)]


def test_strings_are_not_counted(client: CogniteClient) -> None:
    with pytest.raises(CogniteAPIError, match="string time series"):
        client.time_series.list(is_string=True).cdf.count()


def test_create_update_delete(client: CogniteClient) -> None:
    frame = pd.DataFrame({"external_id": ["new"], "unit": ["m"]})
    created = frame.cdf.create("time_series")
    assert isinstance(created, pd.DataFrame)
    changed = pl.DataFrame({"external_id": ["new"], "unit": [None]}, schema_overrides={"unit": pl.String})
    assert changed.cdf.update("time_series")["unit"].to_list() == ["m"]
    assert changed.cdf.update("time_series", null="clear")["unit"].to_list() == [None]
    changed.lazy().cdf.delete("time_series")
    assert len(client.time_series.retrieve(external_id="new")) == 0
    changed.cdf.delete("time_series", ignore_unknown_ids=True)
    with pytest.raises(ValueError, match=r"resource='timeseries' is not known. Did you mean 'time_series'"):
        changed.cdf.create("timeseries")
    with pytest.raises(ValueError, match="delete needs a column"):
        pl.DataFrame({"a": [1]}).cdf.delete("time_series")


def test_expand(client: CogniteClient) -> None:
    frame = client.time_series.list(unit="bar").cdf.expand("metadata")
    expanded = {row["external_id"]: (row["metadata.site"], row["metadata.line"]) for row in rows(frame)}
    assert expanded == {"p": ("A", "1"), "q": ("B", None)}
    assert "metadata" not in frame.columns
    with pytest.raises(ValueError, match=r"no column 'metdata' to expand. Did you mean 'metadata'"):
        client.time_series.list().cdf.expand("metdata")
    with pytest.raises(ValueError, match="only maps and structs"):
        client.time_series.list().cdf.expand("unit")


def test_dump(client: CogniteClient) -> None:
    [dumped] = client.time_series.retrieve(external_id="p").cdf.dump(camel_case=True)
    assert dumped["externalId"] == "p"
    assert dumped["metadata"] == {"site": "A", "line": "1"}
    assert isinstance(dumped["createdTime"], int)
    assert "name" not in dumped
    raw = client.get(f"/api/v1/projects/{client.project}/timeseries").json()["items"]
    [served] = [item for item in raw if item.get("externalId") == "p"]
    assert dumped == {key: value for key, value in served.items() if key != "type"}


def test_plot_asks_for_units_and_kinds(client: CogniteClient) -> None:
    axes = read(client, external_id="p").cdf.plot()
    assert "bar" in axes.get_ylabel()
    from_series = client.time_series.list(unit="bar").cdf.plot(start=0, aggregates=["max"], granularity="1h")
    assert from_series.get_legend() is not None
    import matplotlib.pyplot as plt

    plt.close("all")


def test_a_client_can_be_named(client: CogniteClient) -> None:
    with CogniteClient.local() as other:
        points = read(client, external_id="p")
        other.time_series.create({"external_id": "p"})
        points.cdf.insert(client=other)
        assert len(read(other, external_id="p")) == 6
