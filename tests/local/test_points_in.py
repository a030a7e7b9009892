"""Points in: insert and delete, what is refused and how."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from cdframe.local.datapoints import store
from cdframe.protobuf import InsertionItem, decode_list_response, encode_insertion_request
from tests.local.api import PROTOBUF, Api
from tests.local.blocks import check_blocks

DATA = "/timeseries/data"
FIRST, LAST = -2_208_988_800_000, 4_102_444_799_999
UNCERTAIN, BAD = 1 << 30, 1 << 31


def send(api: Api, *items: InsertionItem, status: int = 200) -> Any:
    answer = api.post(DATA, encode_insertion_request(items), status, **{"content-type": PROTOBUF})
    return answer["error"] if status >= 400 else answer


def item(name: str, times: list[int], values: Any, **columns: Any) -> InsertionItem:
    if values and isinstance(values[0], str | None):
        values = pa.array(values, pa.large_string())
    else:
        values = np.array(values, np.float64)
    return InsertionItem(external_id=name, timestamps=np.array(times, np.int64), values=values, **columns)


def test_points_are_sorted_and_the_last_of_a_time_wins(api: Api) -> None:
    name = api.new()
    points = [(5, 1), (3, 2.5), (5, 3), (FIRST, -1e100), (LAST, 1e100), (4.0, 7)]
    api.insert(name, [{"timestamp": time, "value": value} for time, value in points])
    assert api.points(name) == [(FIRST, -1e100), (3, 2.5), (4, 7.0), (5, 3.0), (LAST, 1e100)]
    api.insert(name, {4: 8, 6: 9})
    send(api, item(name, [7, 3, 3], [1.0, 2.0, 3.0]))
    assert api.points(name, start=0, end=10) == [(3, 3.0), (4, 8.0), (5, 3.0), (6, 9.0), (7, 1.0)]


def test_strings(api: Api) -> None:
    name = api.new(isString=True)
    texts = ["", 'a"b\\c\n\u0001', "é" * 511 + "x", "\U0001f600", "NaN", "null"]
    api.insert(name, dict(enumerate(texts)))
    assert api.points(name) == list(enumerate(texts))
    send(api, item(name, [9, 8], ["x", "y"]))
    assert api.points(name, start=8) == [(8, "y"), (9, "x")]


def test_numbers_keep_their_bits(api: Api) -> None:
    name = api.new()
    values = [0.1, -0.0, 5e-324, 1 / 3, 2**53 + 1.0, 123456789.123456789, 1e16, 1e22, -1e-7]
    api.insert(name, dict(enumerate(values)))
    assert [value.hex() for _, value in api.points(name)] == [value.hex() for value in values]


def test_several_series_in_one_request(api: Api) -> None:
    number, text, untouched = api.new(), api.new(isString=True), api.new()
    api.post(
        DATA,
        {
            "items": [
                {"externalId": number, "datapoints": [{"timestamp": 1, "value": 1}]},
                {"externalId": text, "datapoints": [{"timestamp": 1, "value": "1"}]},
                {"externalId": untouched, "datapoints": []},
            ]
        },
    )
    assert (api.points(number), api.points(text), api.points(untouched)) == ([(1, 1.0)], [(1, "1")], [])


@pytest.mark.parametrize(
    ("point", "words"),
    [
        ({"value": 1}, "datapoints[1].timestamp must be an integer"),
        ({"timestamp": None, "value": 1}, "datapoints[1].timestamp must be an integer"),
        ({"timestamp": "5", "value": 1}, "datapoints[1].timestamp must be an integer"),
        ({"timestamp": True, "value": 1}, "datapoints[1].timestamp must be an integer"),
        ({"timestamp": 5.5, "value": 1}, "datapoints[1].timestamp must be an integer"),
        ({"timestamp": FIRST - 1, "value": 1}, "datapoints[1].timestamp must be between"),
        ({"timestamp": LAST + 1, "value": 1}, "datapoints[1].timestamp must be between"),
        ({"timestamp": 10**30, "value": 1}, "datapoints[1].timestamp must be between"),
        ({"timestamp": 5}, "datapoints[1].value is required"),
        ({"timestamp": 5, "value": None}, "datapoints[1].value is required"),
        ({"timestamp": 5, "value": True}, "Expected numeric value for items[0].datapoints[1]"),
        ({"timestamp": 5, "value": "1"}, "Expected numeric value for items[0].datapoints[1]"),
        ({"timestamp": 5, "value": "NaN"}, "Expected numeric value for items[0].datapoints[1]"),
        ({"timestamp": 5, "value": [1]}, "Expected numeric value for items[0].datapoints[1]"),
        ({"timestamp": 5, "value": 1.0001e100}, "datapoints[1].value must be between"),
        ({"timestamp": 5, "value": 10**400}, "datapoints[1].value must be between"),
        ({"timestamp": 5, "value": 1, "quality": 5}, "Unexpected field - items[0].datapoints[1].quality"),
        ([5, 1], "items[0].datapoints[1] must be an object"),
        (None, "items[0].datapoints[1] must be an object"),
        ({"timestamp": 5, "value": 1, "status": 0}, "status must be an object"),
        ({"timestamp": 5, "value": 1, "status": {"code": 1}}, "Invalid status code 1"),
        ({"timestamp": 5, "value": 1, "status": {"code": 3 << 30}}, "Invalid status code"),
        ({"timestamp": 5, "value": 1, "status": {"code": 1 << 32}}, "Invalid status code"),
        ({"timestamp": 5, "value": 1, "status": {"code": -1}}, "Invalid status code"),
        ({"timestamp": 5, "value": 1, "status": {"symbol": "Fine"}}, "Invalid status code symbol 'Fine'"),
        ({"timestamp": 5, "value": 1, "status": {"symbol": "Bad", "code": 0}}, "Invalid status code symbol 'Bad'"),
        ({"timestamp": 5, "value": 1, "status": {"cod": 0, "code": 0, "x": 5}}, "Unexpected field"),
        ({"timestamp": 5, "status": {"symbol": "Uncertain"}}, "datapoints[1].value is required"),
    ],
)
def test_points_that_are_refused(api: Api, point: Any, words: str) -> None:
    name, other = api.new(), api.new()
    good = {"timestamp": 1, "value": 1}
    body = {
        "items": [
            {"externalId": name, "datapoints": [good, point]},
            {"externalId": other, "datapoints": [good]},
        ]
    }
    assert words in api.error(DATA, body)["message"]
    assert api.points(name) == api.points(other) == []


def test_wrong_types_are_never_converted(api: Api) -> None:
    number, text = api.new(), api.new(isString=True)
    for points in ([{"timestamp": 1, "value": "x"}], [{"timestamp": 1, "value": "x"}, {"timestamp": 2, "value": 1}]):
        error = api.error(DATA, {"items": [{"externalId": number, "datapoints": points}]})
        assert error["message"].startswith("Expected numeric value")
    for value in (1, 1.5, True, {"a": 1}):
        points = [{"timestamp": 1, "value": value}]
        error = api.error(DATA, {"items": [{"externalId": text, "datapoints": points}]})
        assert error["message"].startswith("Expected string value")
    assert send(api, item(number, [1], ["x"]), status=400)["message"].startswith("Expected numeric value")
    assert send(api, item(text, [1], [1.0]), status=400)["message"].startswith("Expected string value")
    error = api.error(DATA, {"items": [{"externalId": text, "datapoints": [{"timestamp": 1, "value": "é" * 512}]}]})
    assert "at most 1023 bytes" in error["message"]
    assert "1023 bytes" in send(api, item(text, [1], ["é" * 512]), status=400)["message"]
    body = b'{"items":[{"externalId":"%s","datapoints":[{"timestamp":1,"value":"\\ud800"}]}]}' % text.encode()
    assert "surrogate" in api.error(DATA, body)["message"]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1.1e100])
def test_protobuf_values_that_are_refused(api: Api, value: float) -> None:
    name = api.new()
    assert "value must be between" in send(api, item(name, [1, 2], [1.0, value]), status=400)["message"]
    assert "[1].timestamp" in send(api, item(name, [1, LAST + 1], [1.0, 2.0]), status=400)["message"]
    assert "Invalid status code 1 " in send(api, item(name, [1], [1.0], status=np.array([1])), status=400)["message"]
    assert api.points(name) == []


def test_protobuf_that_is_malformed(api: Api) -> None:
    assert "DataPointInsertionRequest" in api.error(DATA, b"\x0a\x05ab", 400, **{"content-type": PROTOBUF})["message"]
    assert "items size" in api.error(DATA, b"", 400, **{"content-type": PROTOBUF})["message"]
    nameless = b"\x0a\x00"
    assert "exactly one of" in api.error(DATA, nameless, 400, **{"content-type": PROTOBUF})["message"]


def test_limits_of_a_request(api: Api) -> None:
    name = api.new()
    times = list(range(100_001))
    error = send(api, item(name, times, [1.0] * 100_001), status=400)
    assert "at most 100000" in error["message"]
    points = [{"timestamp": time, "value": 1} for time in times]
    assert "at most 100000" in api.error(DATA, {"items": [{"externalId": name, "datapoints": points}]})["message"]
    many = [{"externalId": f"x{i}", "datapoints": []} for i in range(10_001)]
    assert "items size must be between 1 and 10000" in api.error(DATA, {"items": many})["message"]
    assert len(api.error(DATA, {"items": many[:-1]})["missing"]) == 10_000
    send(api, item(name, times[:-1], [1.0] * 100_000))
    assert len(api.points(name, limit=100_000)) == 100_000


def test_references_by_protobuf(api: Api) -> None:
    name = api.new()
    unknown = InsertionItem(id=5, timestamps=np.array([1]), values=np.array([1.0]))
    instance = InsertionItem(instance_id=("s", "e"), timestamps=np.array([1]), values=np.array([1.0]))
    error = send(api, item(name, [1], [1.0]), unknown, instance, status=400)
    assert error["missing"] == [{"id": 5}, {"instanceId": {"space": "s", "externalId": "e"}}]
    assert send(api, item(name, [1], [1.0]), item(name, [2], [1.0]), status=422)["duplicated"] == [{"externalId": name}]
    assert api.points(name) == []


def test_statuses(api: Api) -> None:
    name = api.new()
    api.insert(
        name,
        [
            {"timestamp": 1, "value": 1, "status": {"code": 0}},
            {"timestamp": 2, "value": 2, "status": {"symbol": "Uncertain"}},
            {"timestamp": 3, "value": "-Infinity", "status": {"symbol": "Bad"}},
            {"timestamp": 4, "value": None, "status": {"code": BAD, "symbol": "Bad"}},
            {"timestamp": 5, "status": {"code": BAD + (5 << 16)}},
            {"timestamp": 6, "value": "NaN", "status": {"code": BAD, "symbol": "BadNoCommunication"}},
            {"timestamp": 7, "value": 7e200, "status": {"symbol": "Bad"}},
            {"timestamp": 8, "value": 8, "status": {"code": 0x0400}},
        ],
    )

    def times(**options: Any) -> list[int]:
        return [time for time, _ in api.points(name, **options)]

    assert times() == [1, 8]
    assert times(treatUncertainAsBad=False) == [1, 2, 8]
    assert times(ignoreBadDataPoints=False) == list(range(1, 9))
    shown = api.read(name, ignoreBadDataPoints=False, includeStatus=True)["datapoints"]
    item = {"externalId": name, "start": 0, "ignoreBadDataPoints": False, "includeStatus": True}
    (page,) = decode_list_response(api.post("/timeseries/data/list", {"items": [item]}, accept=PROTOBUF).content)
    assert page.symbols is not None
    assert page.symbols.to_pylist()[:4] == [None, "Uncertain", "Bad", "Bad"]
    assert shown == [
        {"timestamp": 1, "value": 1.0},
        {"timestamp": 2, "value": 2.0, "status": {"code": UNCERTAIN, "symbol": "Uncertain"}},
        {"timestamp": 3, "value": "-Infinity", "status": {"code": BAD, "symbol": "Bad"}},
        {"timestamp": 4, "status": {"code": BAD, "symbol": "Bad"}},
        {"timestamp": 5, "status": {"code": BAD + (5 << 16), "symbol": "Bad"}},
        {"timestamp": 6, "value": "NaN", "status": {"code": BAD, "symbol": "Bad"}},
        {"timestamp": 7, "value": 7e200, "status": {"code": BAD, "symbol": "Bad"}},
        {"timestamp": 8, "value": 8.0, "status": {"code": 0x0400, "symbol": "Good"}},
    ]
    api.insert(name, shown)  # what was read can be written
    assert api.read(name, ignoreBadDataPoints=False, includeStatus=True)["datapoints"] == shown
    text = api.new(isString=True)
    points = [
        {"timestamp": 1, "value": "NaN", "status": {"symbol": "Bad"}},
        {"timestamp": 2, "status": {"symbol": "Bad"}},
    ]
    api.insert(text, points)
    assert api.points(text, ignoreBadDataPoints=False) == [(1, "NaN"), (2, None)]


def test_statuses_by_protobuf(api: Api) -> None:
    name, text = api.new(), api.new(isString=True)
    status, nulls = np.array([0, UNCERTAIN, BAD, BAD]), np.array([False, False, False, True])
    send(
        api,
        item(name, [1, 2, 3, 4], [1.0, 2.0, math.inf, 0.0], status=status, null_values=nulls),
        item(text, [1, 2, 3, 4], ["a", "b", "", None], status=status, null_values=nulls),
    )
    symbols = pa.array(["", "Uncertain", "Bad"], pa.large_string())
    send(api, item(name, [5, 6, 7], [5.0, 6.0, 7.0], symbols=symbols))
    values = [(1, 1.0), (2, 2.0), (3, "Infinity"), (4, None), (5, 5.0), (6, 6.0), (7, 7.0)]
    assert api.points(name, ignoreBadDataPoints=False) == values
    assert api.points(name) == [(1, 1.0), (5, 5.0)]
    assert api.points(text, ignoreBadDataPoints=False) == [(1, "a"), (2, "b"), (3, ""), (4, None)]
    nulls = np.array([True])
    assert "value is required" in send(api, item(name, [1], [1.0], null_values=nulls), status=400)["message"]
    symbols = pa.array(["Fine"], pa.large_string())
    assert "'Fine'" in send(api, item(name, [1], [1.0], symbols=symbols), status=400)["message"]


def deleted(api: Api, name: str, *ranges: tuple[int, int | None]) -> list[int]:
    items = []
    for begin, end in ranges:
        items.append({"externalId": name, "inclusiveBegin": begin, **({} if end is None else {"exclusiveEnd": end})})
    assert api.post("/timeseries/data/delete", {"items": items}) == {}
    return [time for time, _ in api.points(name)]


def test_delete_ranges(api: Api) -> None:
    for name in (api.new(), api.new(isString=True)):
        (series,) = api.post("/timeseries/byids", {"items": [{"externalId": name}]})["items"]
        api.insert(name, dict.fromkeys(range(10), "x" if series["isString"] else 1.5))
        assert deleted(api, name, (2, 4)) == [0, 1, 4, 5, 6, 7, 8, 9]
        assert deleted(api, name, (5, None), (5, None), (100, 200)) == [0, 1, 4, 6, 7, 8, 9]
        assert deleted(api, name, (-(10**15), 1), (8, 10**15), (7, 9)) == [1, 4, 6]
        api.insert(name, {5: "y" if series["isString"] else 2.5})
        assert deleted(api, name, (20, 30)) == [1, 4, 5, 6]
        assert deleted(api, name, (0, 100)) == []


@pytest.mark.parametrize(
    "rest",
    [
        {},
        {"inclusiveBegin": None},
        {"inclusiveBegin": "5"},
        {"inclusiveBegin": 5.5},
        {"inclusiveBegin": 5, "exclusiveEnd": 5},
        {"inclusiveBegin": 5, "exclusiveEnd": 4},
        {"inclusiveBegin": 5, "exclusiveEnd": "now"},
        {"inclusiveBegin": 5, "end": 7},
    ],
)
def test_delete_refuses(api: Api, rest: dict[str, Any]) -> None:
    name = api.new()
    api.insert(name, {1: 1, 5: 5})
    items = [{"externalId": name, "inclusiveBegin": 1}, {"externalId": name, **rest}]
    api.error("/timeseries/data/delete", {"items": items})
    items = [{"externalId": name, "inclusiveBegin": 1}, {"id": 0, "inclusiveBegin": 1}, {"id": 0, "inclusiveBegin": 2}]
    assert api.error("/timeseries/data/delete", {"items": items})["missing"] == [{"id": 0}]
    assert len(api.points(name)) == 2


def test_points_do_not_touch_the_series(api: Api) -> None:
    name = api.new()
    before = api.post("/timeseries/byids", {"items": [{"externalId": name}]})
    api.insert(name, {1: 1})
    assert api.post("/timeseries/byids", {"items": [{"externalId": name}]}) == before


def test_small_writes_are_merged(fresh: Api) -> None:
    name, other = fresh.new(), fresh.new()
    for time in range(300):
        fresh.insert(name, {time: time})
        if time % 10 == 0:
            fresh.insert(other, {-time: time})  # and backwards
    with fresh.engine.database.read() as connection:
        blocks = connection.tuples("SELECT count(*) FROM numeric_blocks GROUP BY series ORDER BY ALL")
    assert max(count for (count,) in blocks) <= 3 * store.FANOUT
    assert [time for time, _ in fresh.points(name, limit=1000)] == list(range(300))
    assert [time for time, _ in fresh.points(other, limit=1000)] == list(range(-290, 10, 10))
    check_blocks(fresh, "numeric")
