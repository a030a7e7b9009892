"""What holds for all families of resources: frames in, frames out, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

from cdframe import CogniteAPIError, CogniteClient, CogniteDuplicatedError, CogniteNotFoundError
from cdframe.frames import FRAME_KINDS, to_arrow
from cdframe.resources.rows import Resource
from cdframe.types import FrameKind

Row = dict[str, Any]

TIME = datetime(2024, 2, 29, 12, 30, 15, 250_000, tzinfo=UTC)


@dataclass
class Family:
    """A family, rows of it by number, and what may be changed."""

    name: str
    row: Callable[[int], Row]
    clears: str
    has_ids: bool = True

    def api(self, client: CogniteClient) -> Any:
        return getattr(client, self.name)

    def resource(self, client: CogniteClient) -> Resource:
        resource: Resource = self.api(client).resource
        return resource


def asset(n: int) -> Row:
    place = '{"type": "Feature", "geometry": {"type": "Point", "coordinates": [10.5, 59]}}'
    return {
        "external_id": f"x{n:04}",
        "name": f'å"\\\n {n}',
        "description": "" if n % 2 else "half \ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
        "metadata": {"n": str(n), "ø": ""},
        "source": "test",
        "labels": ["PUMP", "VERIFIED"] if n % 3 else [],
        "geo_location": place if n % 5 == 0 else None,
    }


def event(n: int) -> Row:
    return {
        "external_id": f"x{n:04}",
        "start_time": TIME,
        "end_time": None if n % 2 else TIME,
        "type": "failure",
        "subtype": None,
        "description": f"number {n}",
        "metadata": {"n": str(n)} if n % 3 else None,
        "source": "test",
    }


def data_set(n: int) -> Row:
    row = {"external_id": f"x{n:04}", "name": f"set {n}", "description": "d", "metadata": {"n": str(n)}}
    return {**row, "write_protected": n % 2 == 0}


def label(n: int) -> Row:
    return {"external_id": f"x{n:04}", "name": f"label {n}", "description": None if n % 2 else "d"}


def relationship(n: int) -> Row:
    return {
        "external_id": f"x{n:04}",
        "source_external_id": f"a{n}",
        "source_type": "asset",
        "target_external_id": f"b{n}",
        "target_type": "timeSeries",
        "start_time": TIME if n % 2 else None,
        "end_time": None,
        "confidence": n / 10_000,
        "labels": ["PUMP"] if n % 3 else [],
    }


def sequence(n: int) -> Row:
    return {
        "external_id": f"x{n:04}",
        "name": f"sequence {n}",
        "description": "d",
        "metadata": {"n": str(n)},
        "columns": [{"external_id": "a", "value_type": "LONG"}, {"external_id": "b", "value_type": "STRING"}],
    }


FAMILIES = [
    Family("assets", asset, "description"),
    Family("events", event, "description"),
    Family("data_sets", data_set, "description"),
    Family("labels", label, "", has_ids=False),
    Family("relationships", relationship, "confidence", has_ids=False),
    Family("sequences", sequence, "description"),
]


@pytest.fixture(params=FAMILIES, ids=lambda family: family.name)
def family(request: pytest.FixtureRequest, cdf_client: CogniteClient) -> Family:
    cdf_client.labels.create([{"external_id": name, "name": name} for name in ("PUMP", "VERIFIED")])
    chosen: Family = request.param
    return chosen


def read_again(client: CogniteClient, family: Family, created: Any) -> Any:
    """Fetch what was created by another call."""
    names = to_arrow(created)["external_id"]
    if family.name == "labels":
        return client.labels.list(external_id_prefix="x", limit=None)
    return family.api(client).retrieve_multiple(external_ids=names)


@pytest.mark.parametrize("kind", FRAME_KINDS)
def test_what_is_created_comes_back_with_all_columns(
    cdf_client: CogniteClient, family: Family, kind: FrameKind
) -> None:
    client = cdf_client.with_frame(kind)
    rows = [family.row(n) for n in range(7)]
    created = family.api(client).create(rows)
    table = to_arrow(created)
    schema = family.resource(client).schema
    assert table.schema.names == list(schema.names)
    if kind == "pyarrow":
        assert table.schema == schema.arrow
    seen = table.to_pylist(maps_as_pydicts="strict")
    for row, one in zip(rows, seen, strict=True):
        for name, value in row.items():
            if name == "labels":
                assert (one[name] or []) == value
            elif name == "columns":
                assert [{key: column[key] for key in value[0]} for column in one[name]] == value
            else:
                assert one[name] == value, name
    assert to_arrow(read_again(client, family, created)).equals(table)


def test_a_frame_that_was_read_can_be_written_to_another_project(cdf_client: CogniteClient, family: Family) -> None:
    created = family.api(cdf_client).create([family.row(n) for n in range(7)])
    server_set = ["id", "root_id", "created_time", "last_updated_time", "columns"]  # columns have times of their own
    with CogniteClient.local() as other:
        if family.name != "labels":
            other.labels.create(cdf_client.labels.list())
        copied = family.api(other).create(created)
    assert copied.drop(server_set, strict=False).equals(created.drop(server_set, strict=False))


def test_many_rows_are_created_in_several_requests_in_order(cdf_client: CogniteClient, family: Family) -> None:
    most = family.resource(cdf_client).most_created
    rows = [family.row(n) for n in range(2 * most + 1)]
    before = cdf_client.stats.requests
    created = family.api(cdf_client).create(rows, progress=False)
    assert cdf_client.stats.requests - before == 3
    assert created["external_id"].to_list() == [row["external_id"] for row in rows]
    everything = family.api(cdf_client).list(limit=None)
    mine = everything.filter(pl.col("external_id").str.starts_with("x")) if family.name == "labels" else everything
    assert sorted(mine["external_id"]) == sorted(created["external_id"])


def test_lists_and_iterations_give_the_same_rows(cdf_client: CogniteClient, family: Family) -> None:
    api = family.api(cdf_client)
    api.create([family.row(n) for n in range(30)])
    everything = api.list(limit=None)
    assert api.list(limit=7).equals(everything.head(7))
    assert api.list(limit=0).equals(everything.head(0))
    for everyone in (-1, float("inf")):
        assert api.list(limit=everyone).equals(everything)
    frames = list(api(chunk_size=8))
    assert [frame.height for frame in frames[:-1]] == [8] * (len(frames) - 1)
    assert pl.concat(frames).equals(everything)
    assert [row["external_id"] for row in api] == everything["external_id"].to_list()


def test_what_is_not_there(cdf_client: CogniteClient, family: Family) -> None:
    if family.name == "labels":
        with pytest.raises(CogniteNotFoundError) as missing:
            cdf_client.labels.delete(external_id=["PUMP", "nobody"])
        assert missing.value.not_found == [{"externalId": "nobody"}]
        assert cdf_client.labels.list().height == 2
        return
    api = family.api(cdf_client)
    none = api.retrieve(external_id="nobody")
    assert (none.height, tuple(none.columns)) == (0, family.resource(cdf_client).schema.names)
    with pytest.raises(CogniteNotFoundError) as missing:
        api.retrieve_multiple(external_ids=["nobody", "none"])
    assert missing.value.not_found == [{"externalId": "nobody"}, {"externalId": "none"}]
    assert api.retrieve_multiple(external_ids=["nobody"], ignore_unknown_ids=True).height == 0
    with pytest.raises(CogniteNotFoundError):
        api.update({"external_id": "nobody", family.clears: 0.5 if family.clears == "confidence" else "x"})
    if family.name != "data_sets":
        api.delete(external_id=["nobody"], ignore_unknown_ids=True)


def test_what_is_there_already(cdf_client: CogniteClient, family: Family) -> None:
    api = family.api(cdf_client)
    api.create(family.row(1))
    with pytest.raises(CogniteDuplicatedError) as duplicated:
        api.create([family.row(2), family.row(1)])
    assert duplicated.value.duplicated == [{"externalId": "x0001"}]
    assert duplicated.value.failed["external_id"].to_list() == ["x0002", "x0001"]
    assert duplicated.value.successful.height == duplicated.value.unknown.height == 0


def test_nothing_is_sent_for_nothing(cdf_client: CogniteClient, family: Family) -> None:
    api = family.api(cdf_client)
    empty = family.resource(cdf_client).schema.empty()
    before = cdf_client.stats.requests
    assert api.create([]).height == api.create(empty).height == 0
    if family.name != "labels":
        assert api.retrieve_multiple(external_ids=[]).height == 0
        assert api.update(empty).height == 0
    if family.name != "data_sets":
        api.delete(external_id=[])
    assert cdf_client.stats.requests == before


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"extrenal_id": "a"}, "Unknown column 'extrenal_id'.*Did you mean 'external_id'"),
        ({"external_id": 5}, "'external_id' of .* must be string, got int64"),
        ({"external_id": "a", "data_set_id": "b", "write_protected": "b"}, "must be (int64|bool), got string|Unknown"),
    ],
)
def test_bad_columns_are_named_before_anything_is_sent(
    cdf_client: CogniteClient, family: Family, row: Row, message: str
) -> None:
    before = cdf_client.stats.requests
    with pytest.raises(ValueError, match=message):
        family.api(cdf_client).create(row)
    assert cdf_client.stats.requests == before


def test_a_null_keeps_or_clears(cdf_client: CogniteClient, family: Family) -> None:
    if family.name == "labels":
        pytest.skip("labels cannot be changed")
    api = family.api(cdf_client)
    row = family.row(1) | ({"description": "d"} if family.clears == "description" else {})
    created = api.create(row)
    name = family.clears
    kept = api.update(
        pa.table({"external_id": ["x0001"], name: pa.nulls(1, created.to_arrow().schema.field(name).type)})
    )
    assert kept[name].to_list() == created[name].to_list()
    cleared = api.update(created.with_columns(pl.lit(None, created.schema[name]).alias(name)), null="clear")
    assert cleared[name].to_list() == [None]
    assert cleared["external_id"].to_list() == ["x0001"]
    with pytest.raises(ValueError, match="'keep'"):
        api.update(created, null="drop")


def test_update_by_id_renames(cdf_client: CogniteClient, family: Family) -> None:
    if not family.has_ids:
        pytest.skip("known by external ids alone")
    api = family.api(cdf_client)
    created = api.create(family.row(1))
    renamed = api.update(created.select("id").with_columns(external_id=pl.lit("new")))
    assert renamed["external_id"].to_list() == ["new"]
    assert api.retrieve(id=created["id"][0])["external_id"].to_list() == ["new"]
    assert api.retrieve(external_id="x0001").height == 0


def test_counts(cdf_client: CogniteClient, family: Family) -> None:
    if not family.has_ids:
        pytest.skip("not counted")
    api = family.api(cdf_client)
    api.create([family.row(n) for n in range(5)])
    assert api.aggregate().equals(pl.DataFrame({"count": [5]}))
    assert api.aggregate(filter={"external_id_prefix": "x000"})["count"].to_list() == [5]
    assert api.aggregate(filter={"metadata": {"n": "1"}})["count"].to_list() == [1]
    with pytest.raises(ValueError, match="Unknown key 'external_id_perfix' in filter"):
        api.aggregate(filter={"external_id_perfix": "x"})


def test_delete_tells_what_is_gone(cdf_client: CogniteClient, family: Family) -> None:
    if family.name == "data_sets":
        assert not hasattr(cdf_client.data_sets, "delete")
        return
    api = family.api(cdf_client)
    created = api.create([family.row(n) for n in range(5)])
    api.delete(external_id=created["external_id"].head(2))
    left = [name for name in api.list(limit=None)["external_id"].to_list() if name.startswith("x")]
    assert sorted(left) == ["x0002", "x0003", "x0004"]
    with pytest.raises(CogniteAPIError) as failure:
        api.delete(external_id=["x0002", "x0000"])
    assert failure.value.failed["external_id"].to_list() == ["x0002", "x0000"]
    created.tail(3).cdf.delete(family.name)
    assert [name for name in api.list(limit=None)["external_id"].to_list() if name.startswith("x")] == []
