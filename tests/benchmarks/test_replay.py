"""The replay server answers as the local CDF does, counts what it is asked, and waits as told."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import data, replay
from benchmarks.contents import count_and_checksum, write_files
from benchmarks.replay import AggregateRows, Series, Store, raw_points, split_points
from benchmarks.replay.rows import PATHS, wire_rows
from benchmarks.replay.sequences import SequenceRows
from benchmarks.replay.tables import table_path, table_rows
from cdframe import CogniteClient
from cdframe.errors import CogniteAPIError, CogniteNotFoundError
from cdframe.local import LocalCDF
from tests.oracles.messages import read_list_response, write_insertion_request

SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000
AGGREGATES = ("average", "max", "min", "count")
PATH = "/api/v1/projects/p/timeseries/data/list"
RANDOM = np.random.default_rng(7)


def some_values(count: int) -> Any:
    """Noise, zeros of both signs, and very large numbers."""
    values = RANDOM.normal(size=count)
    values[::5], values[2::9], values[3::17] = 0.0, -0.0, 1e99
    return values


DENSE = -500_000 + np.cumsum(RANDOM.integers(1, 900, 3000))
POINTS: dict[str, tuple[Any, Any]] = {
    "dense": (np.where(DENSE == 0, 1, DENSE), some_values(3000)),  # a time below the width of others, and negative ones
    "at zero": (np.array([-1, 0, 1, 128, 2**41]), np.array([1.0, 2.0, 0.0, 4.0, 5.0])),
    "sparse": (np.cumsum(RANDOM.integers(MINUTE, 5 * HOUR, 60)), some_values(60)),
    "empty": (np.empty(0, np.int64), np.empty(0)),
    "texts": (np.arange(0, 300_000, 1000), ["", "a", "æ" * 40, "b" * 200, "running"] * 60),
}
HOURLY = "sparse"


@dataclass
class Both:
    """A local CDF and a replay server with the same series."""

    local: CogniteClient
    wire: httpx.Client
    engine: LocalCDF
    server: replay.Server

    def answers(self, body: dict[str, Any]) -> tuple[httpx.Response, httpx.Response]:
        headers = {"accept": "application/protobuf", "api-key": self.engine.process_api_key}
        path = PATH.replace("/p/", f"/{self.engine.project}/")
        return self.wire.post(path, json=body, headers=headers), httpx.post(
            self.server.base_url + PATH, json=body, headers=headers
        )


@pytest.fixture(scope="module")
def both() -> Iterator[Both]:
    with CogniteClient.local() as client:
        names = list(POINTS)
        client.time_series.create(
            pl.DataFrame({"external_id": names, "is_string": [n == "texts" for n in names], "unit": "bar"})
        )
        for name, (times, values) in POINTS.items():
            if len(times):
                client.datapoints.insert(pl.DataFrame({"timestamp": times, "value": values}), external_id=name)
        hourly = client.datapoints.retrieve(0, 2**40, external_id=HOURLY, aggregates=AGGREGATES, granularity="1h")
        columns = {name: hourly[name].cast(pl.Float64).to_numpy() for name in AGGREGATES}
        rows = AggregateRows(HOUR, hourly["timestamp"].cast(pl.Int64).to_numpy(), columns)
        ids = client.time_series.retrieve_multiple(external_ids=names)["id"].to_list()
        store = Store(
            Series(id, name, raw_points(*POINTS[name]), name == "texts", "bar", rows if name == HOURLY else None)
            for id, name in zip(ids, names, strict=True)
        )
        engine = client._session.engine.engine
        with (
            httpx.Client(transport=httpx.WSGITransport(app=engine.app), base_url="http://local") as wire,
            replay.running(store) as server,
        ):
            yield Both(client, wire, engine, server)


times = st.one_of(
    st.integers(-600_000, 1_000_000),
    st.integers(-3 * HOUR, 200 * HOUR),
    st.sampled_from([-1, 0, 1, 129, 2**41, 2**41 + 1, int(DENSE[0]), int(DENSE[-1]), int(DENSE[-1]) + 1]),
)
raw = st.fixed_dictionaries({}, optional={"includeOutsidePoints": st.booleans(), "aggregates": st.just([])})
granularities = st.sampled_from(["1s", "7s", "m", "90m", "2h", "1d", "100000h", "hour"])
counts = granularities.map(lambda granularity: {"aggregates": ["count"], "granularity": granularity})
hourly = st.builds(
    lambda names: {"aggregates": names, "granularity": "1h"},
    st.lists(st.sampled_from(AGGREGATES), min_size=1, unique=True),
)
spans = st.one_of(
    st.just({}),
    st.tuples(times, times).map(lambda pair: {"start": min(pair), "end": max(pair)}),
    st.tuples(times, st.integers(1, 100_000)).map(lambda pair: {"start": pair[0], "end": sum(pair)}),
)
numbers = st.integers(0, 30) | st.sampled_from([100, 3000, 10_000])
limits = st.just({}) | numbers.map(lambda limit: {"limit": limit})


def merged(*parts: dict[str, Any]) -> dict[str, Any]:
    return {key: value for part in parts for key, value in part.items()}


def item(name: str, kinds: Any) -> Any:
    return st.builds(merged, st.just({"externalId": name}), spans, limits, kinds)


items = st.one_of(
    *(item(name, raw | counts) for name in ("dense", "at zero", "empty")),
    item(HOURLY, raw | counts | hourly),
    item("texts", raw),
    item("nobody", raw),
)
bodies = st.builds(
    merged,
    st.lists(items, min_size=1, max_size=4).map(lambda items: {"items": items}),
    st.tuples(st.just(-600_000), times).map(lambda pair: {"start": min(pair), "end": max(pair) + 1}),
    limits,
    st.booleans().map(lambda ignore: {"ignoreUnknownIds": ignore}),
    st.sampled_from([{}] * 9 + [{"aggregates": ["count"], "granularity": "1m"}]),
)


def comparable(response: httpx.Response) -> Any:
    """What must be the same: all but the words of errors and of cursors."""
    if response.status_code != 200:
        return response.status_code, response.json()["error"].get("missing")
    read = read_list_response(response.content)["items"]
    return [{**one, "nextCursor": "nextCursor" in one} for one in read]


@settings(deadline=None, max_examples=80)
@given(bodies)
def test_it_answers_as_the_local_cdf_does(both: Both, body: dict[str, Any]) -> None:
    first, second = both.answers(body)
    assert comparable(first) == comparable(second)
    if first.status_code != 200:
        return
    cursors = [[one.get("nextCursor") for one in read_list_response(r.content)["items"]] for r in (first, second)]
    known = [one for one in body["items"] if one["externalId"] != "nobody"]
    following = [
        {**body, "items": [{**one, "cursor": cursor} for one, cursor in zip(known, given, strict=True) if cursor]}
        for given in cursors
    ]
    if following[0]["items"]:
        assert comparable(both.answers(following[0])[0]) == comparable(both.answers(following[1])[1])


@settings(deadline=None, max_examples=20)
@given(times, times, st.none() | st.integers(0, 4000), st.booleans())
def test_the_client_reads_the_same_from_both(
    both: Both, start: int, end: int, limit: int | None, outside: bool
) -> None:
    query = {"start": min(start, end), "end": max(start, end) + 1, "limit": limit, "include_outside_points": outside}
    with CogniteClient(base_url=both.server.base_url, project="p", api_key="k") as client:
        for names in (["dense", "sparse", "empty"], ["texts"]):
            expected = both.local.datapoints.retrieve(external_id=names, **query)
            assert client.datapoints.retrieve(external_id=names, **query).equals(expected)
        latest = both.local.datapoints.retrieve_latest(external_id=["sparse", "texts", "empty"])
        assert client.datapoints.retrieve_latest(external_id=["sparse", "texts", "empty"]).equals(latest)


def test_unknown_series_are_all_named(both: Both) -> None:
    with CogniteClient(base_url=both.server.base_url, project="p", api_key="k") as client:
        with pytest.raises(CogniteNotFoundError) as raised:
            client.datapoints.retrieve(0, 1, external_id=["x", "dense", "y"])
        assert raised.value.missing == [{"externalId": "x"}, {"externalId": "y"}]
        with pytest.raises(CogniteNotFoundError):
            client.datapoints.retrieve_latest(external_id=["x", "dense"])
        with pytest.raises(CogniteAPIError, match="string"):
            client.datapoints.retrieve(0, 1, external_id="texts", aggregates=["count"], granularity="1d")


def test_requests_are_counted() -> None:
    points = raw_points(np.arange(250_000), np.ones(250_000))
    with replay.running(Store([Series(1, "a", points)])) as server:
        with CogniteClient(base_url=server.base_url, project="p", api_key="k") as client:
            assert len(client.datapoints.retrieve(0, 250_000, external_id="a")) == 250_000
        assert server.requests == 3
        assert server.items == 4  # three windows, and where the series ends
        assert server.bytes > 250_000 * 13
        told = httpx.get(f"{server.base_url}/replay/stats").json()
        assert told == {**server.stats, "cpu_seconds": told["cpu_seconds"]}
        httpx.post(f"{server.base_url}/replay/reset")
        assert server.stats == {"requests": 0, "bytes": 0, "items": 0}


def test_insertions_are_discarded_and_can_be_counted() -> None:
    written = pl.DataFrame({"timestamp": np.arange(1000), "a": np.ones(1000), "b": np.full(1000, 2.0)})
    with replay.running(Store()) as server:
        with CogniteClient(base_url=server.base_url, project="p", api_key="k") as client:
            client.datapoints.insert_dataframe(
                written.cast({"timestamp": pl.Datetime("ms")}), external_id_headers=True, progress=False
            )
        in_json = {"items": [{"externalId": "c", "datapoints": [{"timestamp": 1, "value": 5}]}]}
        in_protobuf = write_insertion_request(in_json["items"])
        address = f"{server.base_url}/api/v1/projects/p/timeseries/data"
        assert httpx.post(address, json=in_json).json() == {}
        assert httpx.post(address, content=in_protobuf, headers={"content-type": "application/protobuf"}).json() == {}
        assert httpx.get(f"{server.base_url}/replay/written").json() == {"count": 2002, "total": 3010.0}


@pytest.mark.parametrize("partitions", [None, 3, 10])
def test_lists_come_in_pages_and_partitions(partitions: int | None) -> None:
    listed = [{"id": id, "externalId": f"s{id}", "metadata": {"a": "b"}} for id in range(1, 2502)]
    with replay.running(Store(listed={"timeseries": listed})) as server:
        with CogniteClient(base_url=server.base_url, project="p", api_key="k") as client:
            found = client.time_series.list(limit=None, partitions=partitions)
            assert sorted(found["id"].to_list()) == list(range(1, 2502))
            assert len(client.time_series.list(limit=3)) == 3
        assert server.requests == (1 + 10 if partitions is None else partitions) + 1


def test_without_cursors_there_are_none() -> None:
    series = [Series(1, "a", raw_points(np.arange(10), np.ones(10)))]
    for cursors in (True, False):
        with replay.running(Store(series, cursors=cursors)) as server:
            body = {"items": [{"id": 1, "end": 10, "limit": 3}]}
            answer = httpx.post(server.base_url + PATH, json=body, headers={"accept": "application/protobuf"})
            [item] = read_list_response(answer.content)["items"]
            assert ("nextCursor" in item) == cursors


def test_latency_and_bandwidth_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr("benchmarks.replay.server.time.sleep", waits.append)
    series = [Series(1, "a", raw_points(np.arange(10_000), np.ones(10_000)))]
    body = {"items": [{"id": 1, "end": 10_000, "limit": 10_000}]}
    for options, longest in (({"latency": 20.0}, 20.0), ({"bandwidth": 1000.0}, 140.0)):
        waits.clear()
        with replay.running(Store(series), **options) as server:
            answer = httpx.post(server.base_url + PATH, json=body, headers={"accept": "application/protobuf"})
        assert len(read_list_response(answer.content)["items"][0]["datapoints"]) == 10_000
        assert max(waits) == pytest.approx(longest, rel=0.1)


def test_points_prepared_together_are_those_prepared_alone() -> None:
    parts = [(POINTS[name][0], POINTS[name][1]) for name in ("dense", "at zero", "sparse")]
    together = split_points([times for times, _ in parts], [values for _, values in parts])
    for points, (times, values) in zip(together, parts, strict=True):
        alone = raw_points(times, values)
        assert points.last == alone.last
        for low, high in ((0, len(times)), (1, 2), (2, 5), (0, 0)):
            assert bytes(points.between(low, high)) == bytes(alone.between(low, high))


def test_what_is_not_replayed_is_refused(both: Both) -> None:
    headers = {"accept": "application/protobuf"}
    refused = [
        {"items": [{"externalId": "dense", "aggregates": ["sum"], "granularity": "1s"}]},
        {"items": [{"externalId": "dense", "aggregates": ["count"], "granularity": "1mo"}]},
        {"items": [{"externalId": "dense", "start": "1d-ago"}]},
    ]
    for body in refused:
        answer = httpx.post(both.server.base_url + PATH, content=json.dumps(body), headers=headers)
        assert answer.status_code == 400 and answer.json()["error"]["message"]
    assert httpx.post(both.server.base_url + PATH, json={"items": []}, headers={}).status_code == 406
    assert httpx.get(both.server.base_url + "/api/v1/projects/p/assets").status_code == 404


@pytest.mark.parametrize(
    "block", [replace(data.ASSETS, series=2501), replace(data.EVENTS, series=2501)], ids=lambda b: b.family
)
def test_rows_of_other_families_are_listed_as_the_local_cdf_does(block: data.Block) -> None:
    with CogniteClient.local() as local:
        local.labels.create({"external_id": data.LABEL, "name": data.LABEL})
        create = local.assets.create_hierarchy if block.is_tree else local.events.create
        create(list(data.definitions(block)), progress=False)
        expected = getattr(local, block.family).list(limit=None, progress=False).sort("external_id")
    store = Store(listed={PATHS[block.family]: wire_rows(block)})
    with replay.running(store) as server, CogniteClient(base_url=server.base_url, project="p", api_key="k") as client:
        api = getattr(client, block.family)
        found = api.list(limit=None, progress=False).sort("external_id")
        assert len(api.list(limit=3)) == 3
        assert api.list(limit=None, partitions=3).height == 2501
    of_servers = ["id", "parent_id", "root_id", "asset_ids", "created_time", "last_updated_time"]
    assert found.drop(of_servers, strict=False).equals(expected.drop(of_servers, strict=False))


def test_rows_that_are_created_are_answered_and_counted() -> None:
    tree = replace(data.NEW_TREE, series=2500)
    with replay.running(Store()) as server, CogniteClient(base_url=server.base_url, project="p", api_key="k") as client:
        created = client.assets.create_hierarchy(list(data.definitions(tree)), progress=False)
        assert created["external_id"].to_list() == tree.names
        assert created["id"].n_unique() == 2500
        events = replace(data.NEW_EVENTS, series=1200)
        assert client.events.create(list(data.definitions(events)), progress=False).height == 1200
        rows = httpx.get(f"{server.base_url}/replay/created").json()
        assert rows == {
            "assets": {"count": 2500, "total": 2500 * 2499 // 2},
            "events": {"count": 1200, "total": 1200 * 1199 // 2},
        }


TABLE = replace(data.TABLE, series=2501)


def test_raw_tables_are_read_as_of_the_local_cdf() -> None:
    written = pl.DataFrame({"key": TABLE.names, **data.table_columns(TABLE)})
    store = Store(tables={table_path(TABLE): table_rows(TABLE)})
    address = (data.DATABASE, TABLE.name)
    with (
        CogniteClient.local() as local,
        replay.running(store) as server,
        CogniteClient(base_url=server.base_url, project="p", api_key="k") as client,
    ):
        local.raw.rows.insert(*address, written, ensure_parent=True, progress=False)
        for limit in (None, 1, 2000, 25_000):
            expected, found = (
                one.raw.rows.list(*address, limit=limit, progress=False).drop("last_updated_time")
                for one in (local, client)
            )
            assert found.sort("key").equals(expected.sort("key"))
        pages = [frame.height for frame in client.raw.rows(*address, chunk_size=1000)]
        assert pages == [1000, 1000, 501]


@pytest.mark.parametrize("count", [1, 7, 3000])
def test_cursors_of_a_raw_table_lead_to_all_of_its_rows(count: int) -> None:
    with replay.running(Store(tables={table_path(TABLE): table_rows(TABLE)})) as server, httpx.Client() as http:
        address = f"{server.base_url}/api/v1/projects/p/{table_path(TABLE)}"
        cursors = http.get(f"{address}/cursors", params={"numberOfCursors": count}).json()["items"]
        assert len(cursors) == count
        keys = []
        for cursor in cursors[:1000]:
            while cursor:
                page = http.get(f"{address}/rows", params={"cursor": cursor, "limit": 700}).json()
                keys += [row["key"] for row in page["items"]]
                cursor = page.get("nextCursor")
        assert keys == TABLE.names[: len(keys)] and len(keys) == (833 if count == 3000 else 2501)
        for refused in ("limit=10001", "columns=a", "cursor=x", "minLastUpdatedTime=1"):
            assert http.get(f"{address}/rows?{refused}").status_code == 400
        assert http.get(f"{address}x/rows").status_code == 404


def test_rows_of_raw_tables_are_accepted_and_counted() -> None:
    columns = data.table_columns(TABLE)
    written = pl.DataFrame({"key": TABLE.names, **columns})
    values = [value for column in columns.values() for value in column if value is not None]
    with replay.running(Store()) as server, CogniteClient(base_url=server.base_url, project="p", api_key="k") as client:
        client.raw.rows.insert("any", "table", written, ensure_parent=True, progress=False)
        told = httpx.get(f"{server.base_url}/replay/written").json()
        assert told["count"] == len(values) == data.table_values(TABLE)
        assert told["total"] == pytest.approx(sum(len(one) if isinstance(one, str) else one for one in values))


SEQUENCE = replace(data.SEQUENCE, series=20_501)


def test_sequences_are_read_as_of_the_local_cdf() -> None:
    columns = data.sequence_columns(SEQUENCE)
    written = pl.DataFrame({"row_number": range(SEQUENCE.series), **columns})
    definition = [{"external_id": name, "value_type": kind} for name, kind in data.SEQUENCE_TYPES.items()]
    address = {"external_id": SEQUENCE.name}
    with (
        CogniteClient.local() as local,
        replay.running(Store(sequences={SEQUENCE.name: SequenceRows(SEQUENCE)})) as server,
        CogniteClient(base_url=server.base_url, project="p", api_key="k") as client,
    ):
        local.sequences.create({**address, "columns": definition})
        local.sequences.data.insert_dataframe(written, **address, progress=False)
        for start, end, limit in (
            (0, None, None),
            (5, 17_000, None),
            (300, None, 7000),
            (20_501, None, None),
            (9, 9, 1),
        ):
            expected, found = (
                one.sequences.data.retrieve(start, end, limit=limit, **address) for one in (local, client)
            )
            assert found.equals(expected)
        server.reset()
        client.sequences.data.retrieve(0, None, **address)
        assert server.requests == 1 + 1 + 10  # the first page, where the sequence ends, and a page for each worker
        with pytest.raises(CogniteNotFoundError):
            client.sequences.data.retrieve(0, None, external_id="nobody")
        with pytest.raises(CogniteAPIError, match="columns"):
            client.sequences.data.retrieve(0, None, "run", **address)


def test_rows_of_sequences_are_accepted_and_counted() -> None:
    columns = data.sequence_columns(SEQUENCE)
    written = pl.DataFrame({"row_number": range(SEQUENCE.series), **columns})
    with replay.running(Store()) as server, CogniteClient(base_url=server.base_url, project="p", api_key="k") as client:
        client.sequences.data.insert_dataframe(written, external_id="any", progress=False)
        told = httpx.get(f"{server.base_url}/replay/written").json()
    cells = written.drop("row_number").with_columns(pl.col(pl.String).str.len_chars())
    assert told["count"] == cells.height * cells.width
    assert told["total"] == pytest.approx(cells.sum().sum_horizontal().item())


FILES = replace(data.FILES, series=12)


def test_files_are_fetched_and_sent(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("written", "fetched")]
    for folder in folders:
        folder.mkdir()
    write_files(FILES, folders[0])
    expected = count_and_checksum(folders[0])
    with replay.running(Store(files=(FILES,))) as server:
        with CogniteClient(base_url=server.base_url, project="p", api_key="k") as client:
            client.files.download(folders[1], external_id=FILES.names, progress=False)
            assert count_and_checksum(folders[1]) == expected
            assert server.requests == 1 + 1 + 12
            uploaded = client.files.upload(folders[0], directory="/d", progress=False)
            assert sorted(uploaded["name"]) == FILES.names
            assert uploaded["id"].n_unique() == 12
            with pytest.raises(CogniteNotFoundError):
                client.files.download(folders[1], external_id=["nobody"], progress=False)
        told = httpx.get(f"{server.base_url}/replay/written").json()
        assert (told["count"], told["total"]) == expected


def test_files_are_sent_in_parts() -> None:
    with replay.running(Store()) as server:
        address = f"{server.base_url}/api/v1/projects/p/files"
        entry = httpx.post(f"{address}/initmultipartupload?parts=2&overwrite=false", json={"name": "a"}).json()
        assert entry["name"] == "a" and not entry["uploaded"]
        for link in entry["uploadUrls"]:
            assert httpx.put(link, content=b"part").is_success
        done = {"id": entry["id"], "uploadId": entry["uploadId"]}
        assert httpx.post(f"{address}/completemultipartupload", json=done).json() == {}
        assert httpx.get(f"{server.base_url}/replay/written").json()["count"] == 2
