"""How points are fetched: how many requests it takes, and that answers of all sorts of servers are read right."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import httpx
import numpy as np
import polars as pl
import pytest

from cdframe import CogniteAPIError, CogniteClient, CogniteConnectionError, CogniteNotFoundError
from cdframe.datapoints import engine as engine_module
from cdframe.protobuf import DatapointsPage
from tests.datapoints.wire import LIST, Body, Wire, without_cursors

BEGIN = 1_600_000_000_000
MANY = [f"many{n}" for n in range(250)]


@pytest.fixture(scope="module", autouse=True)
def store(client: CogniteClient) -> dict[str, np.ndarray]:
    """A dense series, a bursty one, texts, and 250 short ones."""
    rng = np.random.default_rng(7)
    times = {
        "dense": BEGIN + np.arange(20_000) * 1000,
        "bursty": BEGIN
        + np.unique(np.concatenate([rng.integers(0, 10**9, 100), 10**8 + rng.integers(0, 10**6, 9_000)])),
        "texts": BEGIN + np.arange(5_000) * 1000,
    } | {name: BEGIN + np.arange(n % 9) * 1000 for n, name in enumerate(MANY)}
    client.time_series.create([{"external_id": name, "is_string": name == "texts"} for name in times])
    client.datapoints.insert_multiple(
        [
            {"externalId": name, "datapoints": pl.DataFrame({"timestamp": at, "value": _values(name, at)})}
            for name, at in times.items()
            if len(at)
        ]
    )
    return times


def _values(name: str, times: np.ndarray) -> pl.Series:
    numbers = pl.Series((times % 9973).astype(float))
    return numbers.cast(pl.String) if name == "texts" else numbers


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests that are filled with 1,000 points, so that a little data takes many."""
    monkeypatch.setattr(engine_module, "MOST_RAW", 1_000)
    monkeypatch.setattr(engine_module, "MOST_AGGREGATES", 200)


def check(frame: pl.DataFrame, name: str, times: np.ndarray) -> None:
    assert frame["timestamp"].dt.epoch("ms").to_list() == times.tolist()
    assert frame["value"].to_list() == _values(name, times).to_list()


def requests(wire: Wire) -> int:
    return wire.calls.count(LIST)


# How many requests


def test_a_short_series_takes_one_request(wire: Wire) -> None:
    assert wire.api().retrieve(0, "now", external_id="many8").height == 8
    assert requests(wire) == 1


def test_short_series_share_requests(wire: Wire) -> None:
    frame = wire.api().retrieve(0, "now", external_id=MANY)
    assert frame.height == sum(n % 9 for n in range(250))
    assert requests(wire) == 3
    assert wire.items == 250


def test_limits_of_items_fill_a_request_and_no_more(wire: Wire) -> None:
    wire.api().retrieve(0, "now", external_id=MANY)
    for body in wire.asked:
        assert len(body["items"]) <= 100
        assert sum(item["limit"] for item in body["items"]) <= 100_000


@pytest.mark.parametrize("end", [BEGIN + 20_000_000, "now", BEGIN * 2])
def test_a_long_series_takes_hardly_more_requests_than_it_must(
    wire: Wire, small_pages: None, store: dict[str, np.ndarray], end: Any
) -> None:
    frame = wire.api(max_workers=4).retrieve(0, end, external_id="dense")
    check(frame, "dense", store["dense"])
    assert requests(wire) <= 20 * 1.3  # of 1,000 points each, with the counts


@pytest.mark.parametrize(
    ("workers", "end", "most"),
    [
        (1, BEGIN + 10**9, 15),  # counts tell where the burst is: 10 full requests, and few to find it
        (1, "now", 26),  # counts over years see one bucket with everything
        (4, "now", 40),  # the same, and workers that go by a guess until it is known better
    ],
)
def test_requests_follow_the_points_of_a_bursty_series(
    wire: Wire, small_pages: None, store: dict[str, np.ndarray], workers: int, end: Any, most: int
) -> None:
    check(wire.api(max_workers=workers).retrieve(BEGIN, end, external_id="bursty"), "bursty", store["bursty"])
    assert requests(wire) <= most


@pytest.mark.parametrize(("is_string", "rows"), [(False, 1_500), (True, 1_500), (False, 2_900)])
def test_nothing_is_asked_for_behind_the_last_point(
    client: CogniteClient, wire: Wire, small_pages: None, is_string: bool, rows: int
) -> None:
    """A range that goes on for years costs no more than one that ends with the data."""
    name = f"ended{is_string}{rows}"
    client.time_series.create({"external_id": name, "is_string": is_string})
    client.datapoints.insert([(BEGIN + n * 1000, str(n) if is_string else n) for n in range(rows)], external_id=name)
    assert wire.api(max_workers=10).retrieve(0, BEGIN * 2, external_id=name).height == rows
    assert requests(wire) == -(-rows // 990)


def test_texts_have_no_counts_and_are_cut_all_the_same(
    wire: Wire, small_pages: None, store: dict[str, np.ndarray]
) -> None:
    check(wire.api(max_workers=2).retrieve(0, BEGIN * 2, external_id="texts"), "texts", store["texts"])
    assert not any("aggregates" in item for body in wire.asked for item in body["items"])
    assert requests(wire) <= 25


def test_no_window_begins_before_the_first_point(wire: Wire, small_pages: None) -> None:
    wire.api().retrieve(0, "now", external_id="dense")
    starts = [item["start"] for body in wire.asked for item in body["items"] if "aggregates" not in item]
    assert starts.count(0) == 1
    assert all(start >= BEGIN for start in starts if start)


def test_a_limit_is_not_read_beyond(wire: Wire, small_pages: None, store: dict[str, np.ndarray]) -> None:
    frame = wire.api(max_workers=4).retrieve(0, "now", external_id="dense", limit=3_500)
    check(frame, "dense", store["dense"][:3_500])
    assert requests(wire) <= 6


def test_aggregates_that_fit_into_one_round_are_asked_for_at_once(wire: Wire, small_pages: None) -> None:
    frame = wire.api(max_workers=10).retrieve(
        BEGIN, BEGIN + 20_000_000, external_id="dense", aggregates=["count"], granularity="20s"
    )
    assert frame["count"].sum() == 20_000
    assert requests(wire) == 5  # 1000 rows, 200 a request
    assert sum(item["limit"] for body in wire.asked for item in body["items"]) == 1_000


def test_equal_reads_are_fetched_once(wire: Wire) -> None:
    query = {"external_id": "many8", "start": BEGIN, "end": BEGIN + 10_000}
    wire.api().query([query, {**query}, {**query, "limit": 2}])
    assert wire.items == 2


def test_workers_are_all_busy(wire: Wire, small_pages: None) -> None:
    running, most, lock = 0, 0, threading.Lock()

    def slow(request: httpx.Request) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.02)
        with lock:
            running -= 1

    wire.answer = slow
    wire.api(max_workers=6).retrieve(0, "now", external_id="dense")
    assert most == 6


# Servers of all sorts


def test_a_server_without_cursors(wire: Wire, small_pages: None, store: dict[str, np.ndarray]) -> None:
    wire.changed_pages = without_cursors
    for name in ("dense", "bursty", "texts"):
        check(wire.api().retrieve(0, "now", external_id=name), name, store[name])
    frame = wire.api().retrieve(0, "now", external_id="dense", aggregates=["max"], granularity="10s")
    assert frame.height == 2_000


@pytest.mark.parametrize("most", [1, 7, 333])
def test_pages_that_are_short_but_have_a_cursor(
    wire: Wire, small_pages: None, store: dict[str, np.ndarray], most: int
) -> None:
    def cut(body: Body) -> None:
        for item in body["items"]:
            item["limit"] = min(item["limit"], most)

    wire.change = cut
    check(wire.api().retrieve(0, BEGIN + 500_000, external_id="dense"), "dense", store["dense"][:500])
    assert any("cursor" in item for body in wire.asked for item in body["items"])


def test_an_empty_page_that_is_not_the_end(wire: Wire, store: dict[str, np.ndarray]) -> None:
    first = threading.Event()

    def emptied(body: Body, pages: list[DatapointsPage]) -> list[DatapointsPage]:
        if not first.is_set():
            first.set()
            cursor = pages[0].next_cursor
            assert cursor is not None
            return [DatapointsPage(id=pages[0].id, external_id="dense", next_cursor=cursor), *pages[1:]]
        return pages

    wire.change = lambda body: body["items"][0].update(limit=10)
    wire.changed_pages = emptied
    frame = wire.api().retrieve(0, BEGIN + 100_000, external_id="dense")
    check(frame, "dense", store["dense"][10:100])  # the cursor led behind what the server kept back


def test_a_cursor_that_leads_nowhere_is_an_error(wire: Wire) -> None:
    again = DatapointsPage(id=1, external_id="dense", next_cursor="again")
    wire.changed_pages = lambda body, pages: [again, *pages[1:]]
    wire.change = lambda body: body["items"][0].pop("cursor", None)
    with pytest.raises(CogniteConnectionError, match="leads nowhere"):
        wire.api().retrieve(0, "now", external_id="dense")


def test_more_points_than_the_limit(wire: Wire, small_pages: None, store: dict[str, np.ndarray]) -> None:
    def more(body: Body) -> None:
        for item in body["items"]:
            item["limit"] += 50

    wire.change = more
    check(wire.api().retrieve(0, "now", external_id="dense"), "dense", store["dense"])
    check(wire.api().retrieve(0, "now", external_id="dense", limit=30), "dense", store["dense"][:30])


def test_points_beyond_the_range_are_left_out(wire: Wire, small_pages: None, store: dict[str, np.ndarray]) -> None:
    def wider(body: Body) -> None:
        for item in body["items"]:
            item["start"] -= 5_000
            item["end"] += 5_000

    wire.change = wider
    frame = wire.api().retrieve(BEGIN + 10_000, BEGIN + 5_000_000, external_id="dense")
    check(frame, "dense", store["dense"][10:5_000])


def test_counts_that_lag_do_not_lose_points(wire: Wire, small_pages: None, store: dict[str, np.ndarray]) -> None:
    def lagging(body: Body, pages: list[DatapointsPage]) -> list[DatapointsPage]:
        for page in pages:
            if page.aggregates is not None:
                kept = len(page.timestamps) // 4
                page.timestamps = page.timestamps[:kept]
                page.aggregates = {name: column[:kept] for name, column in page.aggregates.items()}
        return pages

    wire.changed_pages = lagging
    check(wire.api().retrieve(0, "now", external_id="dense"), "dense", store["dense"])
    assert any("aggregates" in item for body in wire.asked for item in body["items"])


def test_counts_that_are_missing_do_not_lose_points(
    wire: Wire, small_pages: None, store: dict[str, np.ndarray]
) -> None:
    def none(body: Body, pages: list[DatapointsPage]) -> list[DatapointsPage]:
        for page in pages:
            if page.aggregates is not None:
                page.timestamps = page.timestamps[:0]
                page.aggregates = {name: column[:0] for name, column in page.aggregates.items()}
        return pages

    wire.changed_pages = none
    for name in ("dense", "bursty"):
        wire.asked.clear()
        check(wire.api().retrieve(0, "now", external_id=name), name, store[name])
        assert sum("aggregates" in item for body in wire.asked for item in body["items"]) == 1


def test_counts_that_fail_are_done_without(wire: Wire, small_pages: None, store: dict[str, np.ndarray]) -> None:
    """They share a request with points: it fails as a whole, and the points are asked for again."""
    failed: list[Body] = []

    def no_counts(request: httpx.Request) -> httpx.Response | None:
        if b"count" not in request.read():
            return None
        failed.append(json.loads(request.content))
        return httpx.Response(400, json={"error": {"code": 400, "message": "no counts here"}})

    wire.answer = no_counts
    check(wire.api().retrieve(0, "now", external_id="dense"), "dense", store["dense"])
    windows = [item for body in failed for item in body["items"] if "aggregates" not in item]
    assert len(failed) == 1
    assert windows
    asked = [item for body in wire.asked for item in body["items"]]
    assert all(asked.count(window) == 1 for window in windows)


def test_an_error_that_counts_are_not_to_blame_for_is_raised(wire: Wire, small_pages: None) -> None:
    def refuse(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(400, json={"error": {"code": 400, "message": "no more"}}) if wire.asked else None

    wire.answer = refuse
    with pytest.raises(CogniteAPIError, match="no more"):
        wire.api().retrieve(0, "now", external_id="dense")


def test_one_series_is_finished_and_another_is_not(wire: Wire, small_pages: None, store: dict[str, np.ndarray]) -> None:
    names = ["many8", "dense", "many0", "texts", "many5"]
    frame = wire.api().retrieve(0, "now", external_id=names)
    for name in names:
        part = frame.filter(pl.col("external_id") == name)
        assert part["timestamp"].dt.epoch("ms").to_list() == store[name].tolist()
    asked = [item["externalId"] for item in wire.windows]
    assert [asked.count(name) for name in ("many8", "many0", "many5")] == [1, 1, 1]


@pytest.mark.parametrize("cursors", [True, False])
def test_a_full_page_may_be_the_last_one(client: CogniteClient, wire: Wire, small_pages: None, cursors: bool) -> None:
    name = f"a full page {cursors}"
    client.time_series.create({"external_id": name})
    client.datapoints.insert([(BEGIN + n * 1000, n) for n in range(1_000)], external_id=name)
    wire.changed_pages = None if cursors else without_cursors
    assert wire.api().retrieve(0, "now", external_id=name)["value"].to_list() == list(range(1_000))
    assert requests(wire) <= 2  # no cursor is no proof of an end


# One series asked for twice


def ids_of(client: CogniteClient, name: str) -> int:
    return client.time_series.retrieve(external_id=name)["id"].item()


@pytest.mark.parametrize("name", ["dense", "texts"])
def test_a_series_by_id_and_by_external_id_is_read_once(
    client: CogniteClient, wire: Wire, small_pages: None, store: dict[str, np.ndarray], name: str
) -> None:
    id = ids_of(client, name)
    frame = wire.api().retrieve(0, BEGIN * 2, id=id, external_id=name)
    check(frame.filter(pl.col("id") == id), name, store[name])
    check(frame.filter(pl.col("external_id") == name), name, store[name])
    assert frame.height == 2 * len(store[name])
    by_id = sum("id" in item for item in wire.windows)
    assert min(by_id, len(wire.windows) - by_id) == 1  # one of the two has a first page only


def test_a_series_by_id_and_by_external_id_in_a_wide_frame(
    client: CogniteClient, wire: Wire, small_pages: None, store: dict[str, np.ndarray]
) -> None:
    id = ids_of(client, "dense")
    frame = wire.api().retrieve_dataframe(0, "now", None, None, id=id, external_id=["dense", "many8"])
    assert frame.columns == ["timestamp", str(id), "dense", "many8"]
    assert frame["dense"].to_list() == frame[str(id)].to_list() == _values("dense", store["dense"]).to_list()
    assert len([item for item in wire.windows if item.get("externalId") == "dense"]) == 1


def test_a_series_by_id_and_by_external_id_in_queries(
    client: CogniteClient, wire: Wire, small_pages: None, store: dict[str, np.ndarray]
) -> None:
    span = {"start": 0, "end": BEGIN * 2}
    first, second, third, limited = wire.api().query(
        [
            {"id": ids_of(client, "dense"), **span},
            {"external_id": "dense", **span},
            {"external_id": ["many8", "dense"], **span},
            {"external_id": "dense", **span, "limit": 3},
        ]
    )
    check(first, "dense", store["dense"])
    check(second, "dense", store["dense"])
    check(third.filter(pl.col("external_id") == "dense"), "dense", store["dense"])
    check(limited, "dense", store["dense"][:3])
    items = [item for item in wire.windows if item.get("externalId") == "dense"]
    assert len(items) == 2  # the first page, and that of the read with a limit


# While series change


def test_a_series_that_is_deleted_meanwhile(client: CogniteClient, wire: Wire, small_pages: None) -> None:
    client.time_series.create({"external_id": "doomed"})
    points = [(BEGIN + n * 1000, n) for n in range(10_000)]
    client.datapoints.insert(points, external_id="doomed")

    def delete_after_first(request: httpx.Request) -> None:
        if len(wire.asked) == 1:
            client.time_series.delete(external_id="doomed", ignore_unknown_ids=True)

    wire.answer = delete_after_first
    frame = wire.api(max_workers=1).retrieve(0, "now", external_id="doomed", ignore_unknown_ids=True)
    assert frame["value"].to_list() == list(range(999))  # of 1,000 in a request, one is the last point of all
    client.time_series.create({"external_id": "doomed"})
    client.datapoints.insert(points, external_id="doomed")
    wire.asked.clear()
    with pytest.raises(CogniteNotFoundError):
        wire.api(max_workers=1).retrieve(0, "now", external_id="doomed")


def test_points_that_are_written_meanwhile(client: CogniteClient, wire: Wire, small_pages: None) -> None:
    client.time_series.create({"external_id": "growing"})
    client.datapoints.insert([(BEGIN + n * 1000, n) for n in range(5_000)], external_id="growing")

    def write(request: httpx.Request) -> None:
        at = BEGIN + 500 + len(wire.asked) * 700_000
        client.datapoints.insert([(at, -1)], external_id="growing")

    wire.answer = write
    frame = wire.api().retrieve(0, BEGIN * 2, external_id="growing").filter(pl.col("value") >= 0)
    assert frame["value"].to_list() == list(range(5_000))


def test_all_unknown_series_are_named_over_many_requests(wire: Wire) -> None:
    unknown = [f"unknown{n}" for n in range(150)]
    with pytest.raises(CogniteNotFoundError) as caught:
        wire.api().retrieve(0, "now", external_id=[*MANY, *unknown])
    assert {one["externalId"] for one in caught.value.not_found} == set(unknown)
    assert caught.value.code == 400
    assert caught.value.x_request_id


def test_all_unknown_series_are_named_for_the_latest_points_too(wire: Wire) -> None:
    unknown = [f"unknown{n}" for n in range(150)]
    with pytest.raises(CogniteNotFoundError) as caught:
        wire.api().retrieve_latest(external_id=[*MANY, *unknown])
    assert {one["externalId"] for one in caught.value.not_found} == set(unknown)
    assert len(wire.calls) == 4


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (httpx.Response(500, json={"error": {"code": 500, "message": "broken"}}), CogniteAPIError),
        (httpx.Response(200, content=b"\x0a\xff", headers={"content-type": "text/html"}), CogniteConnectionError),
        (httpx.Response(200, content=b""), CogniteConnectionError),
    ],
)
def test_answers_that_cannot_be_read(wire: Wire, response: httpx.Response, error: type[Exception]) -> None:
    wire.answer = lambda request: response
    with pytest.raises(error):
        wire.api().retrieve(0, "now", external_id="dense")


def test_points_out_of_order_are_an_error(wire: Wire) -> None:
    def backwards(body: Body, pages: list[DatapointsPage]) -> list[DatapointsPage]:
        pages[0].timestamps = pages[0].timestamps[::-1].copy()
        return pages

    wire.changed_pages = backwards
    with pytest.raises(CogniteConnectionError, match="ascending"):
        wire.api().retrieve(0, "now", external_id="dense")


def test_another_series_than_asked_for_is_an_error(wire: Wire) -> None:
    wire.changed_pages = lambda body, pages: [DatapointsPage(id=1, external_id="other")]
    with pytest.raises(CogniteConnectionError, match="dense"):
        wire.api().retrieve(0, "now", external_id="dense")


def test_an_error_stops_the_read(wire: Wire, small_pages: None) -> None:
    def broken_later(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(500, json={"error": "broken"}) if len(wire.asked) >= 3 else None

    wire.answer = broken_later
    with pytest.raises(CogniteAPIError, match="broken"):
        wire.api(max_workers=2).retrieve(0, "now", external_id="dense")
    assert requests(wire) <= 6


def test_an_interrupted_read_ends_at_once(wire: Wire, small_pages: None, monkeypatch: pytest.MonkeyPatch) -> None:
    before = set(threading.enumerate())
    api = wire.api(max_workers=3)
    real = engine_module.wait_for

    def interrupted(*arguments: Any, **options: Any) -> Any:
        result = real(*arguments, **options)
        if len(wire.asked) > 4:
            raise KeyboardInterrupt
        return result

    monkeypatch.setattr(engine_module, "wait_for", interrupted)
    with pytest.raises(KeyboardInterrupt):
        api.retrieve(0, "now", external_id="dense")
    wire.end_clients()
    assert set(threading.enumerate()) <= before
    assert requests(wire) <= 10


def test_progress(wire: Wire, small_pages: None) -> None:
    seen: list[tuple[int, int]] = []
    wire.api().retrieve(0, "now", external_id="dense", progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (requests(wire), requests(wire))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert all(done <= total for done, total in seen)
