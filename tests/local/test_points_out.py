"""Points out: raw lists, cursors, points outside, latest; what is refused and how."""

from __future__ import annotations

import time
from typing import Any

import pytest

from cdframe.protobuf import DatapointsPage, decode_list_response
from tests.local.api import PROTOBUF, Api

LIST = "/timeseries/data/list"
LATEST = "/timeseries/data/latest"


@pytest.fixture(scope="module")
def name(api: Api) -> str:
    """A series with a point at 10, 20, ... 100, whose value is a tenth of its time."""
    name = api.new(isStep=True, unit="bar", unitExternalId="pressure:bar")
    api.insert(name, {time: time / 10 for time in range(10, 110, 10)})
    return name


def times(api: Api, name: str, **query: Any) -> list[int]:
    return [time for time, _ in api.points(name, **query)]


def pages(api: Api, *items: dict[str, Any], **body: Any) -> list[DatapointsPage]:
    response = api.post(LIST, {"items": list(items), **body}, accept=PROTOBUF)
    assert response.headers["content-type"] == PROTOBUF
    return decode_list_response(response.content)


def test_what_an_answer_tells_of_the_series(api: Api, name: str) -> None:
    answer = api.read(name, limit=1)
    id = api.post("/timeseries/byids", {"items": [{"externalId": name}]})["items"][0]["id"]
    assert answer.pop("nextCursor")
    assert answer == {
        "id": id,
        "externalId": name,
        "isString": False,
        "isStep": True,
        "type": "numeric",
        "unit": "bar",
        "unitExternalId": "pressure:bar",
        "datapoints": [{"timestamp": 10, "value": 1.0}],
    }
    (page,) = pages(api, {"externalId": name, "limit": 1, "start": 0})
    assert (page.id, page.external_id, page.is_step, page.is_string, page.type) == (id, name, True, False, "numeric")
    assert (page.unit, page.unit_external_id) == ("bar", "pressure:bar")
    assert page.next_cursor
    (text,) = api.create({"isString": True})
    (bare,) = api.post(LIST, {"items": [{"id": text["id"]}]})["items"]
    assert bare == {"id": text["id"], "isString": True, "isStep": False, "type": "string", "datapoints": []}
    (page,) = pages(api, {"id": text["id"]})
    assert page.is_string
    assert len(page.timestamps) == 0


def test_start_is_inside_and_end_is_not(api: Api, name: str) -> None:
    assert times(api, name, start=20, end=40) == [20, 30]
    assert times(api, name, start="21", end="41") == [30, 40]
    assert times(api, name, start=101) == []
    assert times(api, name, start=-(10**17), end=10**17) == list(range(10, 110, 10))
    assert times(api, name, start=4102444800000, end=4102444800001) == []


def test_times_that_are_relative(api: Api) -> None:
    name = api.new()
    now = int(time.time() * 1000)
    day = 86_400_000
    api.insert(name, {now - 3 * day: 1, now - day: 2, now - 3_600_000: 3, now + 3_600_000: 4, -5: 5})
    everything = {"start": None, "end": None}
    assert [value for _, value in api.points(name, **everything)] == [1, 2, 3]  # from 1970 to now
    assert [value for _, value in api.points(name, start="2d-ago", end="now")] == [2, 3]
    assert [value for _, value in api.points(name, start="25h-ago", end="120m-ago")] == [2]
    assert [value for _, value in api.points(name, start="1w-ago", end="2d-ago")] == [1]
    assert [value for _, value in api.points(name, start="now", end="2h-ahead")] == [4]
    assert [value for _, value in api.points(name, start=-10, end=0)] == [5]


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ({"start": "yesterday"}, "items[0].start must be milliseconds"),
        ({"start": "1mo-ago"}, "items[0].start"),
        ({"start": "-1d-ago"}, "items[0].start"),
        ({"start": "1.5d-ago"}, "items[0].start"),
        ({"end": 1.5}, "items[0].end"),
        ({"end": True}, "items[0].end"),
        ({"start": 5, "end": 5}, "Invalid time range: start >= end"),
        ({"start": 6, "end": 5}, "Invalid time range: start >= end"),
        ({"limit": -1}, "items[0].limit must be between 0 and 100000"),
        ({"limit": 100_001}, "items[0].limit must be between 0 and 100000"),
        ({"limit": 10_001, "aggregates": ["count"], "granularity": "1d"}, "limit must be between 0 and 10000"),
        ({"limit": "5"}, "items[0].limit must be an integer"),
        ({"aggregates": ["count"]}, "aggregates without granularity"),
        ({"granularity": "1d"}, "granularity without aggregates"),
        ({"aggregates": ["median"], "granularity": "1d"}, "Could not recognize aggregation value: 'median'."),
        ({"aggregates": ["count", "count"], "granularity": "1d"}, "must not repeat"),
        ({"aggregates": "count", "granularity": "1d"}, "must be an array"),
        ({"aggregates": ["count"], "granularity": "1d", "includeOutsidePoints": True}, "includeOutsidePoints"),
        ({"aggregates": ["count"], "granularity": "1d", "timeZone": "Mars/Base"}, "timeZone"),
        ({"aggregates": ["count"], "granularity": "1d", "timeZone": "UTC+01:10"}, "timeZone"),
        ({"timeZone": "../etc/passwd"}, "timeZone"),
        ({"cursor": "x"}, "items[0].cursor 'x' is not a nextCursor"),
        ({"cursor": 5}, "items[0].cursor must be a string"),
        ({"cursor": "WzEsIDJd"}, "is of another time series"),
        ({"targetUnit": "a", "targetUnitSystem": "SI"}, "both targetUnit and targetUnitSystem"),
        ({"targetUnit": "pressure:pa"}, "has unitExternalId 'pressure:bar'"),
        ({"targetUnitSystem": "SI"}, "targetUnitSystem"),
        ({"fill": {"limit": 1}}, "fill is not supported"),
        ({"includeStatus": "yes"}, "items[0].includeStatus"),
        ({"startTime": 5}, "Unexpected field - items[0].startTime - did you mean start?"),
    ],
)
def test_lists_that_are_refused(api: Api, name: str, item: dict[str, Any], words: str) -> None:
    error = api.error(LIST, {"items": [{"externalId": name, **item}]}, 400, accept=PROTOBUF)
    assert words in error["message"]


@pytest.mark.parametrize(
    "text", ["30", "dd", "d30", "1", "0", "1.2d", "0s", "121s", "121m", "100001h", "1w", "", " 1d"]
)
def test_granularities_that_are_wrong(api: Api, name: str, text: str) -> None:
    body = {"items": [{"externalId": name}], "aggregates": ["count"], "granularity": text}
    assert "granularity must be such as" in api.error(LIST, body)["message"]


def test_numbers_of_items(api: Api) -> None:
    for path, most in ((LIST, 100), (LATEST, 100)):
        assert f"between 1 and {most}" in api.error(path, {"items": [{"id": 1}] * (most + 1)})["message"]
        api.error(path, {"items": []})
        api.error(path, {})


def test_unknown_series(api: Api, name: str) -> None:
    unknown = [{"id": 0}, {"externalId": "nope"}, {"instanceId": {"space": "s", "externalId": "e"}}]
    for path in (LIST, LATEST):
        body: dict[str, Any] = {"items": [unknown[0], {"externalId": name}, *unknown]}
        error = api.error(path, body)
        assert error["message"] == "Time series not found"
        assert error["missing"] == unknown
        (item,) = api.post(path, {**body, "ignoreUnknownIds": True})["items"]
        assert item["externalId"] == name
        assert api.post(path, {"items": unknown, "ignoreUnknownIds": True}) == {"items": []}


def test_a_series_may_be_asked_for_many_times(api: Api, name: str) -> None:
    id = api.read(name)["id"]
    items = [{"externalId": name, "start": 50, "limit": 1}, {"id": id, "end": 20}, {"externalId": name, "start": 90}]
    answers = api.post(LIST, {"items": items, "start": 0, "end": 1000})["items"]
    assert [[p["timestamp"] for p in answer["datapoints"]] for answer in answers] == [[50], [10], [90, 100]]


def test_an_item_wins_over_the_top_level(api: Api, name: str) -> None:
    body: dict[str, Any] = {
        "start": 0,
        "end": 1000,
        "limit": 3,
        "aggregates": ["count"],
        "granularity": "1s",
        "items": [{"externalId": name}, {"externalId": name, "aggregates": [], "start": 50, "limit": None}],
    }
    aggregates, raw = api.post(LIST, body)["items"]
    assert aggregates["datapoints"] == [{"timestamp": 0, "count": 10}]
    assert [point["timestamp"] for point in raw["datapoints"]] == [50, 60, 70]
    assert b'"count":10}' in api.http.post(LIST, json=body).content  # an integer


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"start": 20, "end": 40}, [10, 20, 30, 40]),
        ({"start": 21, "end": 39}, [20, 30, 40]),
        ({"start": 21, "end": 29}, [20, 30]),
        ({"start": 5, "end": 10}, [10]),
        ({"start": 5, "end": 11}, [10, 20]),
        ({"start": 101, "end": 200}, [100]),
        ({"start": 20, "end": 60, "limit": 2}, [10, 20, 30, 60]),
        ({"start": 20, "end": 60, "limit": 0}, [10, 60]),
        ({"start": 0, "end": 5, "limit": 0}, [10]),
    ],
)
def test_points_outside(api: Api, name: str, query: dict[str, Any], expected: list[int]) -> None:
    answer = api.read(name, includeOutsidePoints=True, **query)
    assert [point["timestamp"] for point in answer["datapoints"]] == expected
    assert "nextCursor" not in answer


def test_points_outside_that_are_good_may_be_far_away(api: Api) -> None:
    name = api.new()
    bad = {"symbol": "Bad"}
    api.insert(name, {1: 1, 99: 2})
    for at in range(2, 99):
        api.insert(name, [{"timestamp": at, "value": at, "status": bad}])
    assert times(api, name, start=40, end=50, includeOutsidePoints=True) == [1, 99]
    found = times(api, name, start=40, end=42, includeOutsidePoints=True, ignoreBadDataPoints=False)
    assert found == [39, 40, 41, 42]
    assert times(api, name, start=2, limit=5) == [99]
    latest = api.post(LATEST, {"items": [{"externalId": name, "before": 99}]})["items"]
    assert latest[0]["datapoints"] == [{"timestamp": 1, "value": 1.0}]


def test_pages(api: Api, name: str) -> None:
    first = api.read(name, limit=4)
    assert [point["timestamp"] for point in first["datapoints"]] == [10, 20, 30, 40]
    cursor = first["nextCursor"]
    assert times(api, name, limit=3, cursor=cursor) == [50, 60, 70]
    assert times(api, name, limit=3, cursor=cursor, start=65) == [70, 80, 90]  # a start that has moved on
    assert times(api, name, limit=3, cursor=cursor, end=60) == [50]
    assert times(api, name, start=0, end=20, cursor=cursor) == []
    assert "nextCursor" not in api.read(name, limit=6, cursor=cursor)
    assert "nextCursor" in api.read(name, limit=5, cursor=cursor)
    assert "nextCursor" not in api.read(name, limit=4, end=41)
    assert "nextCursor" in api.read(name, limit=4, end=51)
    zero = api.read(name, limit=0)
    assert zero["datapoints"] == []
    assert times(api, name, limit=1, cursor=zero["nextCursor"]) == [10]
    other = api.new()
    assert "another time series" in api.error(LIST, {"items": [{"externalId": other, "cursor": cursor}]})["message"]
    id = first["id"]
    (page,) = pages(api, {"id": id, "start": 0, "limit": 2, "cursor": cursor})
    assert page.timestamps.tolist() == [50, 60]
    assert page.next_cursor


def test_limits_are_shared_out(api: Api) -> None:
    name = api.new()
    api.insert(name, {time: time for time in range(40_000)})
    item = {"externalId": name, "start": 0, "end": 10**9}
    found = pages(api, *[item] * 3, limit=100_000)
    assert [len(page.timestamps) for page in found] == [33_333] * 3
    assert all(page.next_cursor for page in found)
    found = pages(api, item, {**item, "limit": 10}, limit=99_991)
    assert [len(page.timestamps) for page in found] == [40_000, 10]  # 50000 and 10 are allowed
    aggregate = {**item, "aggregates": ["count"], "granularity": "1s", "limit": 10_000}
    found = pages(api, *[aggregate] * 2, {**item, "limit": 100_000})
    assert [len(page.timestamps) for page in found] == [40, 40, 40_000]


def test_aggregates_of_strings(api: Api, name: str) -> None:
    text = api.new(isString=True)
    body = {"items": [{"externalId": name}, {"externalId": text}], "aggregates": ["count"], "granularity": "1d"}
    assert "Aggregates are not supported for string time series" in api.error(LIST, body)["message"]


def test_aggregates_in_both_forms(api: Api, name: str) -> None:
    aggregates = ["average", "count", "interpolation", "maxDatapoint"]
    query = {"start": 0, "end": 1000, "aggregates": aggregates, "granularity": "1s"}
    (row,) = api.read(name, **query)["datapoints"]
    assert row["timestamp"] == 0
    assert (row["count"], row["maxDatapoint"]) == (10, {"timestamp": 100, "value": 10.0})
    assert "interpolation" not in row
    (page,) = pages(api, {"externalId": name, **query})
    assert page.values is None
    assert page.aggregates is not None
    assert page.extremes is not None
    assert page.aggregates["average"].tolist() == [row["average"]]
    assert "interpolation" not in page.aggregates  # NaN in all rows
    assert page.extremes["maxDatapoint"][0].tolist() == [100]


def test_ranges_of_aggregates_that_are_empty(api: Api, name: str) -> None:
    body = {"items": [{"externalId": name, "start": 5000, "end": 4000}], "aggregates": ["count"], "granularity": "1s"}
    assert "Invalid time range" in api.error(LIST, body)["message"]
    body["items"] = [{"externalId": name, "start": 50, "end": 50}]  # rounded down to 0
    assert api.post(LIST, body)["items"][0]["datapoints"] == [{"timestamp": 0, "count": 10}]


def test_long_series_are_aggregated_in_parts(api: Api) -> None:
    name = api.new()
    for part in range(3):
        api.insert(name, {1000 * time: time % 7 for time in range(part * 100_000, (part + 1) * 100_000)})
    query = {"aggregates": ["sum", "count", "average", "stepInterpolation"], "granularity": "1m", "start": 0}
    rows = api.read(name, **query, limit=10_000)["datapoints"]
    assert len(rows) == 5001
    assert rows.pop() == {"timestamp": 300_000_000, "stepInterpolation": 299_999 % 7}  # empty, but follows points
    assert sum(row["count"] for row in rows) == 300_000
    assert sum(row["sum"] for row in rows) == sum(time % 7 for time in range(300_000))
    whole = api.read(name, aggregates=["sum", "count"], granularity="100d", start=0, end=1)["datapoints"]
    assert [(row["count"], row["sum"]) for row in whole] == [(300_000, sum(row["sum"] for row in rows))]
    paged: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = api.read(name, **query, limit=999, cursor=cursor)
        paged += page["datapoints"]
        cursor = page.get("nextCursor")
        if cursor is None:
            break
    assert paged[:-1] == rows


def test_latest(api: Api, name: str) -> None:
    def latest(**item: Any) -> list[int]:
        (answer,) = api.post(LATEST, {"items": [{"externalId": name, **item}]})["items"]
        return [point["timestamp"] for point in answer["datapoints"]]

    assert latest() == latest(before="now") == latest(before=10**15) == [100]
    assert latest(before=100) == [90]
    assert latest(before="101") == [100]
    assert latest(before=10) == latest(before=0) == []
    assert latest(targetUnit="pressure:bar") == [100]
    empty, text = api.new(), api.new(isString=True)
    api.insert(text, {1: "x", 2: "y"})
    api.insert(empty, {int(time.time() * 1000) + 10**7: 1})  # only in the future
    asked = [name, text, empty, name]
    answers = api.post(LATEST, {"items": [{"externalId": one} for one in asked]})["items"]
    assert [answer["externalId"] for answer in answers] == asked
    assert [answer["datapoints"] for answer in answers[:3]] == [
        [{"timestamp": 100, "value": 10.0}],
        [{"timestamp": 2, "value": "y"}],
        [],
    ]
    assert {"isStep", "isString", "type", "id"} <= set(answers[2])
    for item in ({"before": "x"}, {"before": 1.5}, {"limit": 1}, {"targetUnit": "other"}):
        api.error(LATEST, {"items": [{"externalId": name, **item}]})


def test_latest_with_statuses(api: Api) -> None:
    name = api.new()
    statuses = ["Good", "Uncertain", "Bad"]
    api.insert(name, [{"timestamp": i, "value": i, "status": {"symbol": s}} for i, s in enumerate(statuses)])

    def latest(**options: Any) -> Any:
        return api.post(LATEST, {"items": [{"externalId": name, **options}]})["items"][0]["datapoints"][0]

    assert latest() == {"timestamp": 0, "value": 0.0}
    assert latest(treatUncertainAsBad=False) == {"timestamp": 1, "value": 1.0}
    assert latest(ignoreBadDataPoints=False) == {"timestamp": 2, "value": 2.0}
    shown = latest(ignoreBadDataPoints=False, includeStatus=True)
    assert shown["status"] == {"code": 1 << 31, "symbol": "Bad"}


def test_synthetic_queries(api: Api, name: str) -> None:
    path = "/timeseries/synthetic/query"
    expression = f"10 / (ts{{externalId:'{name}'}} - 3)"
    first, second = api.post(
        path, {"items": [{"expression": expression, "limit": 4}, {"expression": expression, "start": 50, "end": "60"}]}
    )["items"]
    assert first["isString"] is False
    assert [point["timestamp"] for point in first["datapoints"]] == [10, 20, 30, 40]
    assert first["datapoints"][0] == {"timestamp": 10, "value": -5.0}
    assert set(first["datapoints"][2]) == {"timestamp", "error"}
    assert [point["timestamp"] for point in second["datapoints"]] == [50]
    good = {"expression": expression}
    for items in (
        [],
        [good] * 11,
        [{}],
        [{"expression": "1+"}],
        [{**good, "limit": 0}],
        [{**good, "limit": 10_001}],
        [{**good, "limit": 5001}, {**good, "limit": 5000}],
        [{**good, "start": 5, "end": 4}],
        [{**good, "timeZone": "Nowhere"}],
        [{**good, "granularity": "1d"}],
        [{"expression": "+".join([f"ts{{externalId:'{name}'}}"] * 51)}] * 2,
        [{"expression": f"ts{{externalId:'{name}', targetUnit:'other'}}"}],
    ):
        api.error(path, {"items": items})
    error = api.error(path, {"items": [{"expression": "ts{id:0} + ts{externalId:'nope'}"}]})
    assert error["message"] == "Time series not found"
    assert error["missing"] == [{"id": 0}, {"externalId": "nope"}]


def test_short_pages_and_long_ones_are_written_alike(api: Api) -> None:
    special = ["NaN", "Infinity", "-Infinity"]
    points: list[dict[str, Any]] = [{"timestamp": i, "value": (-1) ** i * 10.0 ** (20 - i)} for i in range(40)]
    points[3] |= {"status": {"symbol": "Uncertain"}}
    points[4] = {"timestamp": 4, "status": {"symbol": "Bad"}}
    for i, value in enumerate(special, 5):
        points[i] = {"timestamp": i, "value": value, "status": {"symbol": "Bad"}}
    numbers = api.new()
    api.insert(numbers, points)
    texts = api.new(isString=True)
    written = ["", '"', "\\", "\n\x01", "\u2028", "\U0001f600", "\u00e6"]
    api.insert(texts, {i: written[i % len(written)] for i in range(40)})
    raw = {"includeStatus": True, "ignoreBadDataPoints": False, "treatUncertainAsBad": False}
    aggregates = {"aggregates": ["average", "count", "countBad", "maxDatapoint"], "granularity": "1s"}
    api.insert(numbers, {1000 * i: i / 3 for i in range(1, 40)})
    for name, query in ((numbers, raw), (texts, raw), (numbers, aggregates)):
        long = api.read(name, start=0, end=40_000 if "aggregates" in query else 40, limit=100, **query)["datapoints"]
        assert len(long) == 40
        short: list[dict[str, Any]] = []
        for point in long:
            end = point["timestamp"] + (1000 if "aggregates" in query else 1)
            short += api.read(name, start=point["timestamp"], end=end, limit=100, **query)["datapoints"]
        assert short == long
