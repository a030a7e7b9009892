"""Time series through the client, against a local CDF."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from cdframe import CogniteAPIError, CogniteClient, CogniteDuplicatedError, CogniteNotFoundError
from cdframe.frames import FRAME_KINDS, to_arrow
from cdframe.resources.time_series import SCHEMA
from cdframe.types import FrameKind


@pytest.fixture
def plant(cdf_client: CogniteClient) -> CogniteClient:
    """Twelve series: names, units, metadata and kinds of some variety."""
    cdf_client.time_series.create(
        [
            {
                "external_id": f"ts-{n:02}",
                "name": "even" if n % 2 == 0 else "odd",
                "unit": "bar" if n < 6 else "°C",
                "is_step": n % 3 == 0,
                "is_string": n == 11,
                "metadata": {"site": "A" if n < 4 else "B", "n": str(n)},
                "description": f"number {n}",
            }
            for n in range(12)
        ]
    )
    return cdf_client


def external_ids(frame: Any) -> list[str]:
    return sorted(to_arrow(frame).column("external_id").to_pylist())


@pytest.mark.parametrize("kind", FRAME_KINDS)
def test_what_is_created_from_a_frame_comes_back_with_all_columns(cdf_client: CogniteClient, kind: FrameKind) -> None:
    client = cdf_client.with_frame(kind)
    rows = pa.table(
        {
            "external_id": pa.array(["a", "b", None]),
            "name": pa.array(['å"\\\n', None, "c"]),
            "metadata": pa.array([[("k", "v"), ("ø", "")], [], None], pa.map_(pa.string(), pa.string())),
            "security_categories": pa.array([None, None, None], pa.list_(pa.int64())),
            "is_step": pa.array([True, None, False]),
        }
    )
    frame = {"polars": pl.DataFrame, "pandas": pa.Table.to_pandas, "pyarrow": lambda t: t}[kind](rows)
    created = to_arrow(client.time_series.create(frame))
    assert created.column_names == list(SCHEMA.names)
    read = to_arrow(client.time_series.retrieve_multiple(ids=created["id"]))
    assert read.equals(created)
    assert read["external_id"].to_pylist() == ["a", "b", None]
    assert read["name"].to_pylist() == ['å"\\\n', None, "c"]
    assert read["metadata"].to_pylist() == [[("k", "v"), ("ø", "")], [], []]
    assert read["is_step"].to_pylist() == [True, False, False]
    assert read["security_categories"].to_pylist() == [[], [], []]


def test_a_frame_that_was_read_can_be_written_to_another_project(plant: CogniteClient) -> None:
    read = plant.time_series.list(limit=None)
    with CogniteClient.local() as other:
        copied = other.time_series.create(read)
        server_set = ["id", "created_time", "last_updated_time"]
        assert copied.drop(server_set).equals(read.drop(server_set))


def test_retrieve(plant: CogniteClient) -> None:
    one = plant.time_series.retrieve(external_id="ts-03")
    assert one["name"].to_list() == ["odd"]
    assert plant.time_series.retrieve(id=one["id"][0]).equals(one)
    none = plant.time_series.retrieve(external_id="nowhere")
    assert none.is_empty()
    assert none.schema == one.schema


def test_retrieve_multiple_keeps_the_order_ids_first(plant: CogniteClient) -> None:
    ids = plant.time_series.retrieve_multiple(external_ids=["ts-02", "ts-01"])["id"]
    rows = plant.time_series.retrieve_multiple(ids=ids, external_ids=["ts-09", "ts-08"])
    assert rows["external_id"].to_list() == ["ts-02", "ts-01", "ts-09", "ts-08"]


def test_unknown_ones_are_named_all_or_left_out(plant: CogniteClient) -> None:
    with pytest.raises(CogniteNotFoundError) as failure:
        plant.time_series.retrieve_multiple(ids=[1, 2], external_ids=["ts-01", "x"])
    assert failure.value.not_found == [{"id": 1}, {"id": 2}, {"externalId": "x"}]
    known = plant.time_series.retrieve_multiple(ids=[1, 2], external_ids=["ts-01", "x"], ignore_unknown_ids=True)
    assert external_ids(known) == ["ts-01"]


def test_unknown_ones_of_several_requests_are_all_named(plant: CogniteClient) -> None:
    known = [f"ts-{n:02}" for n in range(12)]
    with counted(plant) as requests, pytest.raises(CogniteNotFoundError) as failure:
        plant.time_series.retrieve_multiple(ids=range(1, 2001), external_ids=[*known, "x"])
    assert len(requests) == 3
    assert failure.value.not_found == [*({"id": id} for id in range(1, 2001)), {"externalId": "x"}]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, range(12)),
        ({"name": "even"}, range(0, 12, 2)),
        ({"unit": "bar"}, range(6)),
        ({"is_step": True}, range(0, 12, 3)),
        ({"is_string": True}, [11]),
        ({"metadata": {"site": "A"}}, range(4)),
        ({"metadata": {"site": "A", "n": "2"}}, [2]),
        ({"external_id_prefix": "ts-1"}, [10, 11]),
        ({"external_id_prefix": "TS"}, []),
        ({"created_time": {"min": "1h-ago"}}, range(12)),
        ({"created_time": {"max": datetime(2020, 1, 1)}}, []),
        ({"last_updated_time": {"min": 0, "max": "1h-ahead"}}, range(12)),
        ({"asset_ids": [1]}, []),
        ({"asset_external_ids": ["a"]}, []),
        ({"root_asset_ids": [1]}, []),
        ({"asset_subtree_ids": [1], "asset_subtree_external_ids": ["a"]}, []),
        ({"data_set_ids": [1]}, []),
        ({"data_set_external_ids": "x"}, []),
        ({"name": "odd", "unit": "bar", "is_step": False}, [1, 5]),
    ],
)
def test_filters(plant: CogniteClient, filters: dict[str, Any], expected: Any) -> None:
    wanted = [f"ts-{n:02}" for n in expected]
    assert external_ids(plant.time_series.list(**filters, limit=None)) == wanted
    assert plant.time_series.aggregate(filter=filters)["count"].to_list() == [len(wanted)]
    assert external_ids(plant.time_series.search(filter=filters)) == wanted


@pytest.mark.parametrize("limit", [0, 1, 5, 12, 100, None, -1, float("inf")])
def test_limits(plant: CogniteClient, limit: Any) -> None:
    rows = plant.time_series.list(limit=limit)
    assert rows.height == (12 if limit in (None, -1) else min(limit, 12))
    assert rows.schema == plant.time_series.list().schema


def test_the_default_limit_is_25(cdf_client: CogniteClient) -> None:
    cdf_client.time_series.create([{"name": str(n)} for n in range(30)])
    assert cdf_client.time_series.list().height == 25


def test_more_than_a_page(cdf_client: CogniteClient) -> None:
    cdf_client.time_series.create(pl.DataFrame({"external_id": [f"x{n}" for n in range(2500)]}))
    everything = cdf_client.time_series.list(limit=None)
    assert everything.height == 2500
    assert everything["id"].is_sorted()
    assert cdf_client.time_series.list(limit=1500).equals(everything.head(1500))
    seen: list[tuple[int, int]] = []
    parts = cdf_client.time_series.list(partitions=7, limit=None, progress=lambda *step: seen.append(step))
    assert parts.equals(everything)
    assert seen[0] == (0, 7) and seen[-1] == (7, 7)
    assert cdf_client.time_series.retrieve_multiple(ids=everything["id"]).equals(everything)
    chunks = list(cdf_client.time_series(chunk_size=999))
    assert [chunk.height for chunk in chunks] == [999, 999, 502]
    assert pl.concat(chunks).equals(everything)
    cdf_client.time_series.delete(id=everything["id"])
    assert cdf_client.time_series.list(limit=None).is_empty()


def test_iteration_gives_dicts_and_fetches_as_asked(plant: CogniteClient) -> None:
    rows = list(plant.time_series)
    assert {row["external_id"] for row in rows} == {f"ts-{n:02}" for n in range(12)}
    assert rows[0]["metadata"].keys() == {"site", "n"}
    assert rows[0]["created_time"].tzinfo is not None
    assert list(plant.time_series()) == rows
    first = next(iter(plant.time_series(chunk_size=5)))
    assert first.height == 5


def test_search(plant: CogniteClient) -> None:
    assert external_ids(plant.time_series.search(name="even")) == [f"ts-{n:02}" for n in range(0, 12, 2)]
    assert external_ids(plant.time_series.search(description="number 7", limit=1)) == ["ts-07"]
    assert plant.time_series.search(query="odd", filter={"unit": "bar"}, limit=2).height == 2


def test_update_sets_adds_removes_and_clears(plant: CogniteClient) -> None:
    changed = plant.time_series.update(
        [
            {"external_id": "ts-00", "unit": "kPa", "metadata.add": {"new": "1"}, "metadata.remove": ["n"]},
            {"external_id": "ts-01", "unit": None, "metadata.add": None, "metadata.remove": None},
        ]
    )
    assert changed["unit"].to_list() == ["kPa", "bar"]
    assert [dict(entries) for entries in to_arrow(changed)["metadata"].to_pylist()] == [
        {"site": "A", "new": "1"},
        {"site": "A", "n": "1"},
    ]
    cleared = plant.time_series.update({"external_id": "ts-01", "unit": None, "description": "d"}, null="clear")
    assert cleared.select("unit", "description").row(0) == (None, "d")
    replaced = plant.time_series.update({"external_id": "ts-01", "metadata": {"only": "this"}})
    assert to_arrow(replaced)["metadata"].to_pylist() == [[("only", "this")]]


def test_a_full_update_of_what_was_read(plant: CogniteClient) -> None:
    read = plant.time_series.list(limit=None)
    renamed = read.with_columns(external_id=pl.col("external_id") + "-new", description=pl.lit("changed"))
    updated = plant.time_series.update(renamed)
    assert updated.drop("last_updated_time").equals(renamed.drop("last_updated_time"))


def test_partial_failure_names_every_row(cdf_client: CogniteClient) -> None:
    cdf_client.time_series.create({"external_id": "x1500"})
    rows = pl.DataFrame({"external_id": [f"x{n}" for n in range(2500)], "unit": ["bar"] * 2500})
    with pytest.raises(CogniteDuplicatedError) as failure:
        cdf_client.time_series.create(rows)
    error = failure.value
    assert error.duplicated == [{"externalId": "x1500"}]
    assert error.failed.equals(rows.slice(1000, 1000))
    assert error.unknown.is_empty()
    assert error.successful.equals(pl.concat([rows.slice(0, 1000), rows.slice(2000)]))
    assert cdf_client.time_series.aggregate()["count"].to_list() == [1501]


def test_partial_failure_of_deletes(plant: CogniteClient) -> None:
    with pytest.raises(CogniteNotFoundError) as failure:
        plant.time_series.delete(id=1, external_id=["ts-01", "x"])
    assert failure.value.not_found == [{"id": 1}, {"externalId": "x"}]
    assert failure.value.failed.rows() == [(1, None), (None, "ts-01"), (None, "x")]
    plant.time_series.delete(external_id=["ts-01", "x"], ignore_unknown_ids=True)
    assert plant.time_series.retrieve(external_id="ts-01").is_empty()


def test_nothing_given_asks_nothing(cdf_client: CogniteClient) -> None:
    with counted(cdf_client) as requests:
        assert cdf_client.time_series.create([]).is_empty()
        assert cdf_client.time_series.update(pl.DataFrame({"id": []}, schema={"id": pl.Int64})).is_empty()
        assert cdf_client.time_series.retrieve_multiple().is_empty()
        assert cdf_client.time_series.list(limit=0).is_empty()
        assert cdf_client.time_series.search("x", limit=0).is_empty()
        cdf_client.time_series.delete()
    assert not requests


class counted:  # noqa: N801  (reads as a verb)
    """Count the requests of a client."""

    def __init__(self, client: CogniteClient) -> None:
        self._hooks = client._session._connection.http.event_hooks

    def __enter__(self) -> list[httpx.Request]:
        self.requests: list[httpx.Request] = []
        self._hooks["request"].append(self.requests.append)
        return self.requests

    def __exit__(self, *_: object) -> None:
        self._hooks["request"].remove(self.requests.append)


@pytest.fixture
def pandas_client(cdf_client: CogniteClient) -> CogniteClient:
    return cdf_client.with_frame("pandas")


def test_pandas_frames_have_arrow_dtypes(pandas_client: CogniteClient) -> None:
    frame = pd.DataFrame({"external_id": ["a"], "metadata": [{"k": "v"}]})
    created = pandas_client.time_series.create(frame)
    assert all(isinstance(dtype, pd.ArrowDtype) for dtype in created.dtypes)
    assert created["created_time"].dtype.pyarrow_dtype == pa.timestamp("ms", "UTC")
    assert created["metadata"][0] == [("k", "v")]
    assert created["created_time"][0] > datetime(2024, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda c: c.retrieve(), ValueError, "Exactly one of id and external_id must be given, got neither"),
        (lambda c: c.retrieve(1, "a"), ValueError, "got both"),
        (lambda c: c.retrieve("1"), TypeError, "id must be an int, got str"),
        (lambda c: c.retrieve(external_id=1), TypeError, "external_id must be a text, got int"),
        (lambda c: c.retrieve(id=-1), ValueError, "id=-1 is not an id"),
        (lambda c: c.retrieve(id=2**53), ValueError, "is not an id"),
        (lambda c: c.retrieve(id=True), TypeError, "id must be an int, got bool"),
        (lambda c: c.retrieve_multiple(ids=["a"]), TypeError, "ids must be an int"),
        (lambda c: c.retrieve_multiple(external_ids=[None]), TypeError, "external_ids must be a text"),
        (lambda c: c.retrieve_multiple(ids=[1], ignore_unknown_ids=1), TypeError, "ignore_unknown_ids"),
        (lambda c: c.list(limit=-2), ValueError, "limit=-2"),
        (lambda c: c.list(limit=1.5), ValueError, "limit=1.5"),
        (lambda c: c.list(limit="10"), TypeError, "limit must be an int"),
        (lambda c: c.list(partitions=2), ValueError, "needs limit=None"),
        (lambda c: c.list(partitions=0, limit=None), ValueError, "partitions=0"),
        (lambda c: c.list(name=5), TypeError, "name must be a text"),
        (lambda c: c.list(is_step="yes"), TypeError, "is_step must be True or False"),
        (lambda c: c.list(asset_ids=["a"]), TypeError, "asset_ids must be an int"),
        (lambda c: c.list(metadata="x"), TypeError, "metadata must be a dict"),
        (lambda c: c.list(metadata={"a": 1}), TypeError, r"metadata\['a'\]=1"),
        (lambda c: c.list(created_time=5), ValueError, "created_time=5 must be a dict"),
        (lambda c: c.list(created_time={"from": 5}), ValueError, "created_time"),
        (lambda c: c.list(created_time={"min": "soon"}), ValueError, r"created_time\['min'\]='soon'"),
        (lambda c: c.aggregate({"nmae": "x"}), ValueError, "Unknown key 'nmae' in filter. Did you mean 'name'"),
        (lambda c: c.aggregate("x"), TypeError, "filter must be a dict"),
        (lambda c: c.search(name=5), TypeError, "name must be a text"),
        (lambda c: c.search("x", limit=1001), ValueError, "limit=1001"),
        (lambda c: c.create({"externalid": "x"}), ValueError, "Did you mean 'external_id'"),
        (lambda c: c.create({"asset_id": "x"}), ValueError, "'asset_id' of time series must be int64"),
        (lambda c: c.create(5), TypeError, "must be a frame"),
        (lambda c: c.update({"unit": "bar"}), ValueError, "neither 'id' nor 'external_id'"),
        (lambda c: c.update({"id": 1, "colour": "red"}), ValueError, "Unknown column 'colour'"),
        (lambda c: c.update({"id": 1}, null="drop"), ValueError, "null='drop' is not known"),
        (lambda c: c.delete(id="a"), TypeError, "id must be an int"),
        (lambda c: c(chunk_size=0), ValueError, "chunk_size=0"),
        (lambda c: c.create({"name": "a"}, progress="often"), ValueError, "progress='often'"),
    ],
)
def test_bad_input_is_refused_before_anything_is_sent(
    cdf_client: CogniteClient, call: Any, error: type[Exception], match: str
) -> None:
    with counted(cdf_client) as requests, pytest.raises(error, match=match):
        call(cdf_client.time_series)
    assert not requests


@pytest.mark.parametrize(
    ("row", "match"),
    [
        ({"external_id": "x" * 256}, "255"),
        ({"unit": "x" * 33}, "32"),
        ({"asset_id": 5}, "Asset ids not found"),
        ({"data_set_id": 5}, "Data set ids not found"),
        ({"metadata": {"k" * 129: "v"}}, "128"),
    ],
)
def test_what_the_server_refuses_says_why(cdf_client: CogniteClient, row: dict[str, Any], match: str) -> None:
    with pytest.raises(CogniteAPIError, match=match) as failure:
        cdf_client.time_series.create([{"external_id": "fine"}, row])
    assert failure.value.code == 400
    assert failure.value.x_request_id
    assert cdf_client.time_series.list().is_empty()
