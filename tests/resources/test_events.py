"""Events through the client, against a local CDF."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from cdframe import CogniteClient

HOUR = 3_600_000


@pytest.fixture
def events(cdf_client: CogniteClient) -> CogniteClient:
    """Twelve events, an hour apart, the last ones without start; some of two assets."""
    assets = cdf_client.assets.create([{"external_id": f"a{n}", "name": f"a{n}"} for n in range(2)])["id"].to_list()
    cdf_client.events.create(
        [
            {
                "external_id": f"e{n:02}",
                "start_time": None if n > 9 else (9 - n) * HOUR,
                "end_time": None if n % 3 == 0 else 20 * HOUR + n,
                "type": "Failure" if n % 2 else "repair",
                "subtype": None if n % 4 == 0 else "electrical",
                "asset_ids": [assets[:1], assets, None][n % 3],
            }
            for n in range(12)
        ]
    )
    return cdf_client


def names(frame: Any) -> list[str]:
    found: list[str] = frame["external_id"].to_list()
    return found


def test_lists_are_in_the_order_of_start_times(events: CogniteClient) -> None:
    listed = events.events.list()
    assert names(listed)[:10] == [f"e{n:02}" for n in range(9, -1, -1)]
    assert sorted(names(listed)[10:]) == ["e10", "e11"]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"start_time": {"min": 5 * HOUR, "max": datetime(1970, 1, 1, 7, tzinfo=UTC)}}, {2, 3, 4}),
        ({"end_time": {"is_null": True}}, {0, 3, 6, 9}),
        ({"end_time": {"isNull": False}, "type": "repair"}, {2, 4, 8, 10}),
        ({"end_time": {"max": 20 * HOUR + 4}}, {1, 2, 4}),
        ({"active_at_time": {"min": 0, "max": 2 * HOUR}}, {7, 8, 9}),
        ({"active_at_time": {"min": 20 * HOUR + 8}}, {0, 3, 6, 8, 9}),
        ({"type": "Failure", "subtype": "electrical"}, {1, 3, 5, 7, 9, 11}),
        ({"asset_external_ids": ["a1"]}, {1, 4, 7, 10}),
        ({"asset_subtree_external_ids": ["a0"], "type": "repair"}, {0, 4, 6, 10}),
        ({"root_asset_external_ids": "a0", "external_id_prefix": "e0"}, {0, 1, 3, 4, 6, 7, 9}),
    ],
)
def test_filters(events: CogniteClient, filters: dict[str, Any], expected: set[int]) -> None:
    assert {int(name[1:]) for name in names(events.events.list(**filters))} == expected
    assert events.events.aggregate(filter=filters)["count"].to_list() == [len(expected)]


def test_sort(events: CogniteClient) -> None:
    by_end = names(events.events.list(sort="endTime:desc", end_time={"is_null": False}))
    assert by_end == [f"e{n:02}" for n in (11, 10, 8, 7, 5, 4, 2, 1)]
    assert names(events.events.list(sort=["start_time"], limit=3)) == ["e09", "e08", "e07"]
    with pytest.raises(ValueError, match="sort='name' must be one of start_time"):
        events.events.list(sort="name")
    with pytest.raises(ValueError, match="partitions=2 and sort cannot be combined"):
        events.events.list(sort="start_time", partitions=2, limit=None)


def test_bad_filters(events: CogniteClient) -> None:
    with pytest.raises(ValueError, match="'is_null' cannot be combined"):
        events.events.list(end_time={"is_null": True, "min": 0})
    with pytest.raises(ValueError, match="start_time"):
        events.events.list(start_time={"from": 0})
    with pytest.raises(TypeError, match=r"Unknown argument 'typ'\. Did you mean 'type'"):
        events.events(typ="failure")


def test_unique_values(events: CogniteClient) -> None:
    types = events.events.aggregate_unique_values(fields=["type"])
    assert dict(types.rows()) == {"failure": 6, "repair": 6}
    subtypes = events.events.aggregate_unique_values(filter={"type": "repair"}, fields="subtype")
    assert subtypes.rows() == [("electrical", 3)]
    none = events.events.aggregate_unique_values(fields=["dataSetId"])
    assert none.schema == pl.Schema({"value": pl.Int64, "count": pl.Int64})
    assert none.height == 0
    for fields in (None, [], ["type", "subtype"], "typ"):
        with pytest.raises(ValueError, match="must be one of type, subtype, data_set_id"):
            events.events.aggregate_unique_values(fields=fields)


def test_a_long_list_is_read_in_partitions_and_keeps_its_order(cdf_client: CogniteClient) -> None:
    count = 6_000
    starts = [(n * 7919) % 1000 if n % 10 else None for n in range(count)]
    cdf_client.events.create(
        pl.DataFrame({"external_id": [f"e{n}" for n in range(count)], "start_time": starts}), progress=False
    )
    before = cdf_client.stats.requests
    listed = cdf_client.events.list(limit=None, progress=False)
    assert cdf_client.stats.requests - before > 4 + 10 - 1
    assert listed.height == count
    one_by_one = pl.concat(cdf_client.events(chunk_size=1000))
    assert listed.equals(one_by_one)
    in_parts = cdf_client.events.list(limit=None, partitions=3, progress=False)
    assert sorted(names(in_parts)) == sorted(names(listed))


def test_assets_are_added_and_removed(events: CogniteClient) -> None:
    ids = events.assets.list()["id"].to_list()
    row = {"external_id": "e02", "asset_ids.add": ids}
    assert sorted(events.events.update(row)["asset_ids"].to_list()[0]) == sorted(ids)
    removed = events.events.update({"external_id": "e02", "asset_ids.remove": ids[:1]})
    assert removed["asset_ids"].to_list() == [ids[1:]]
    assert events.events.update({"external_id": "e02", "asset_ids": []})["asset_ids"].to_list() == [None]
    with pytest.raises(ValueError, match=r"both 'asset_ids', which replaces, and 'asset_ids\.add'"):
        events.events.update({"external_id": "e02", "asset_ids": ids, "asset_ids.add": ids})


def test_bodies_stay_within_what_servers_take(cdf_client: CogniteClient) -> None:
    rows = [{"external_id": f"e{n}", "metadata": {"long": "x" * 120_000}} for n in range(600)]
    before = cdf_client.stats.requests
    created = cdf_client.events.create(rows, progress=False)
    assert created.height == 600
    assert cdf_client.stats.requests - before == 3
