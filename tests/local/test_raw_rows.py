"""Raw rows: JSON kept as it is, times, pages, cursors, shapes, limits."""

from __future__ import annotations

import json
import random
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cdframe.local.raw import leaves, store
from tests.local.api import Api
from tests.local.raw import Table


@pytest.fixture
def table(api: Api) -> Table:
    return Table(api)


# What is kept


TEXTS = [
    "{}",
    '{"a":1,"b":1.0,"c":1.10,"d":-0,"e":-0.0,"f":1E5,"g":1e400}',
    '{"long":123456789012345678901234567890,"max":9223372036854775808,"digits":0.1234567890123456789}',
    '{"b":{"z":null,"a":[1,{"y":[]}]},"a":null,"":"","key":1,"columns":{}}',
    '{ "blanks" : [ 1 , 2 ] ,\n\t"more": "" }',
    r'{"escaped":"\u00e6\/\"\\\n","æ":"\ud83d\ude00","nul":"\u0000"}',
    json.dumps({"deep": json.loads("[" * 500 + "]" * 500)}),
]


@pytest.mark.parametrize("text", TEXTS)
def test_json_is_kept_as_it_was_sent(table: Table, text: str) -> None:
    table.insert_text("k", text)
    assert f'"columns":{text},' in table.text()
    assert table.api.http.get(f"{table.path}/rows/k").text == table.text()[len('{"items":[') : -2]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(), values, max_size=3),
    max_leaves=8,
)
rows = st.dictionaries(
    st.text(min_size=1, max_size=5), st.dictionaries(st.text(max_size=5), json_values, max_size=4), max_size=12
)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(first=rows, second=rows, gone=st.lists(st.text(min_size=1, max_size=2), max_size=5), limit=st.integers(1, 6))
def test_rows_are_what_the_last_writes_made_them(
    api: Api, first: dict[str, Any], second: dict[str, Any], gone: list[str], limit: int
) -> None:
    table = Table(api)
    table.insert({**first, "a": {}})
    table.insert({**second, "b": {"x": 1}})
    table.delete(*gone, "never there")
    expected = {**first, "a": {}, **second, "b": {"x": 1}}
    expected = {key: columns for key, columns in expected.items() if key not in gone}
    assert table.columns(limit=limit) == expected
    assert table.keys(limit=limit) == sorted(expected, key=str.encode)
    for key in list(expected)[:3]:
        if key not in (".", ".."):
            assert table.page(limit=10_000)["items"][sorted(expected).index(key)]["columns"] == expected[key]
    covered = [row for cursor in table.cursors(4) for row in table.listed(cursor=cursor, limit=limit)]
    assert covered == table.listed(limit=100)


def test_a_row_is_replaced_as_a_whole_and_the_last_of_a_key_counts(table: Table) -> None:
    table.insert({"k": {"a": 1, "b": 2}})
    table.insert(
        b'{"items":[{"key":"k","columns":{"c":1}},{"columns":{"x":1},"key":"l","lastUpdatedTime":5,"other":null},'
        b'{"key":"k","columns":{"c":2}},{"key":7,"columns":{}}]}'
    )
    assert table.columns() == {"7": {}, "k": {"c": 2}, "l": {"x": 1}}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b'"items"',
        b'{"items":null}',
        b'{"items":[]}',
        b'{"items":{}}',
        b'{"items":[1]}',
        b'{"items":[[]]}',
        b'{"items":[{}]}',
        b'{"items":[{"columns":{}}]}',
        b'{"items":[{"key":null,"columns":{}}]}',
        b'{"items":[{"key":"","columns":{}}]}',
        b'{"items":[{"key":1.5,"columns":{}}]}',
        b'{"items":[{"key":true,"columns":{}}]}',
        b'{"items":[{"key":"k"}]}',
        b'{"items":[{"key":"k","columns":null}]}',
        b'{"items":[{"key":"k","columns":[]}]}',
        b'{"items":[{"key":"k","columns":"{}"}]}',
        b'{"items":[{"key":"k","columns":{"a":NaN}}]}',
        b'{"items":[{"key":"k","columns":{"a":-Infinity}}]}',
        b'{"items":[{"key":"k","columns":{"a":1,"a":2}}]}',
        b'{"items":[{"key":"k","columns":{"a":{"b":1,"b":1}}}]}',
        rb'{"items":[{"key":"k","columns":{"a":"\ud800"}}]}',
        rb'{"items":[{"key":"\udfff","columns":{}}]}',
        b'{"items":[{"key":"k","columns":{"a":\xff}}]}',
        b'{"items":[{"key":"k","columns":{"a":"\xff"}}]}',
        b'{"items":[{"key":"k","columns":{"a":01}}]}',
        b'{"items":[{"key":"k","columns":{"a":1,}}]}',
        b'{"items":[{"key":"k","columns":{a:1}}]}',
        b'{"items":[{"key":"k","columns":{}},]}',
        b'{"items":[{"key":"k","columns":{}}',
        b'{"items":[{"key":"k","columns":{}}]',
        b'{"items":[{"key":"k","columns":{}',
        b'{"items":[{"key":"k","columns":{"a":',
        b'{"items":[{"key" "k","columns":{}}]}',
        b'{"items":[{"key":"k" "columns":{}}]}',
        b'{"items":[{"key":"k","columns":{}} {"key":"l","columns":{}}]}',
        b'{"items":[{"key":"k","columns":{}}]}}',
        b'{"items":[{"key":"k","columns":{}}],"more":1}',
        b'{"items":[{"key":"k","columns":{"a":' + b"9" * 5000 + b"}}]}",
        b'{"items":[{"key":"k","columns":{"a":' + b"[" * 5000 + b"]" * 5000 + b"}}]}",
        b'{"items":[{"key":"' + b"k" * 1025 + b'","columns":{}}]}',
    ],
)
def test_bodies_that_are_wrong(table: Table, body: bytes) -> None:
    table.insert({"k": {"a": "kept"}})
    assert table.insert(body, 400)["error"]["message"]
    assert table.columns() == {"k": {"a": "kept"}}


def test_errors_say_where(table: Table) -> None:
    def message(body: bytes) -> str:
        text: str = table.insert(body, 400)["error"]["message"]
        return text

    assert "items[1].columns" in message(b'{"items":[{"key":"k","columns":{}},{"key":"l","columns":1}]}')
    assert "items[0].key size must be between 1 and 1024" in message(b'{"items":[{"key":"","columns":{}}]}')
    assert "NaN is not a JSON number" in message(b'{"items":[{"key":"k","columns":{"a":NaN}}]}')
    assert "has the name 'a' twice" in message(b'{"items":[{"key":"k","columns":{"a":1,"a":2}}]}')
    assert "expected ',' or '}' at character 34" in message(b'{"items":[{"key":"k","columns":{} 2}]}')
    assert "items size must be between 1 and 10000" in message(b'{"items":[]}')
    table.api.post(f"{table.path}/rows?ensureParent=true", b"key=k", 415, **{"content-type": "text/plain"})


def test_limits(table: Table) -> None:
    most, part = 5 * 2**20, 2_621_440
    table.insert({"😀" * 1024: {"a": "x" * part}})
    table.insert({"k": {"b" * part: 1}})
    table.insert({"k": {"a": "x" * (part + 1)}}, 400)
    table.insert({"k": {"a": ["x" * part]}}, 400)
    table.insert({"k": {"a" * (part + 1): 1}}, 400)
    table.insert_text("k", f'{{"a":"{"x" * part}","b":"{"y" * (most - part - 15)}"}}')
    table.insert({"k": {"a": "x" * part, "b": "y" * (most - part - 14)}}, 400)
    table.insert({"k": {str(n): "å" * 300_000 for n in range(9)}}, 400)
    table.insert({f"{n:05}": {} for n in range(10_000)})
    table.insert({f"{n:05}": {} for n in range(10_001)}, 400)
    table.api.error(f"{table.path}/rows/delete", {"items": [{"key": str(n)} for n in range(10_001)]})


@pytest.mark.parametrize("body", [{}, {"items": [{}]}, {"items": ["k"]}, {"items": [{"key": "k", "more": 1}]}])
def test_deletes_that_are_wrong(table: Table, body: Any) -> None:
    table.insert({"k": {}})
    table.api.error(f"{table.path}/rows/delete", body)
    assert table.keys() == ["k"]


def test_deletes(table: Table) -> None:
    table.insert({str(n): {} for n in range(10)})
    table.delete("3", "3", "x", "5")
    assert table.keys() == ["0", "1", "2", "4", "6", "7", "8", "9"]
    table.api.post(f"{table.path}/rows/delete", {"items": [{"key": 7}]})
    assert table.keys()[-1] == "9" and len(table.keys()) == 7


# Times


def test_times_move_only_when_the_content_is_new(table: Table) -> None:
    table.insert({"k": {"a": 1, "b": {"x": 1, "y": [1.50]}}, "l": {}})
    before = table.times()
    assert before["k"] == before["l"]
    for same in ('{"b":{"y":[1.5],"x":1},"a":1}', '{ "a": 1, "b": {"x":1, "y": [ 15e-1 ]} }'):
        table.insert_text("k", same)
        assert table.times() == before
        assert same in table.text()
    for number, new in enumerate(('{"a":1.0,"b":{"x":1,"y":[1.5]}}', '{"a":1.0,"b":{"x":1,"y":[1.5]},"c":null}', "{}")):
        table.insert_text("k", new)
        after = table.times()
        assert after["k"] > before["k"], number
        assert after["l"] == before["l"]
        before = after


def test_times_of_writes_to_a_table_are_strictly_increasing(table: Table) -> None:
    for n in range(30):
        table.insert({f"{n:02}": {"n": n}, "same": {}, "all": {"n": n}})
    times = table.times()
    of_writes = [times[f"{n:02}"] for n in range(30)]
    assert all(earlier < later for earlier, later in pairwise(of_writes))
    assert times["same"] == of_writes[0]
    assert times["all"] == of_writes[-1]
    seen: list[str] = []
    last = 0
    for _ in range(5):
        new = table.listed(minLastUpdatedTime=last)
        seen += [row["key"] for row in new]
        last = max([last, *(row["lastUpdatedTime"] for row in new)])
    assert sorted(seen) == sorted(times)


def test_the_minimum_is_exclusive_and_the_maximum_inclusive(table: Table) -> None:
    for n in range(5):
        table.insert({str(n): {}})
    time = table.times()
    assert table.keys(minLastUpdatedTime=time["1"]) == ["2", "3", "4"]
    assert table.keys(maxLastUpdatedTime=time["1"]) == ["0", "1"]
    assert table.keys(minLastUpdatedTime=time["1"], maxLastUpdatedTime=time["3"]) == ["2", "3"]
    assert table.keys(minLastUpdatedTime=-5) == list("01234")
    assert table.keys(maxLastUpdatedTime=-5) == []
    assert table.keys(minLastUpdatedTime=2**62) == []
    for wrong in ("x", "1.5", str(2**64)):
        table.api.get(f"{table.path}/rows?minLastUpdatedTime={wrong}", 400)


# Pages and cursors


@pytest.fixture(scope="module")
def large(api: Api) -> Table:
    """Rows enough for many leaves, in no order, some of them late."""
    table, keys = Table(api), [f"{n:05}" for n in range(15_000)]
    random.Random(5).shuffle(keys)
    table.insert({key: {"n": int(key), "text": key * 3} for key in keys[:8000]})
    table.insert({key: {"n": int(key), "text": key * 3} for key in keys[8000:14_900]})
    table.insert({key: {"n": int(key), "late": True} for key in keys[14_900:]})
    return table


@pytest.mark.parametrize("limit", [700, 4999, 10_000])
def test_pages_are_in_the_order_of_keys(large: Table, limit: int) -> None:
    assert large.keys(limit=limit) == [f"{n:05}" for n in range(15_000)]


@pytest.mark.parametrize("count", [1, 2, 7, 10, 100, 10_000])
def test_cursors_cover_each_row_once(large: Table, count: int) -> None:
    cursors = large.cursors(count)
    assert len(set(cursors)) == count or count > 7
    found = [large.keys(cursor=cursor, limit=2000) for cursor in (cursors if count < 1000 else set(cursors))]
    assert sorted(key for part in found for key in part) == [f"{n:05}" for n in range(15_000)]
    if count <= 10:
        assert max(map(len, found)) < 15_000 / count + 2 * leaves.MOST_ROWS


def test_cursors_carry_their_times(large: Table) -> None:
    last = max(large.times().values())
    late = large.keys(minLastUpdatedTime=last - 1, limit=30)
    assert len(late) == 100
    for cursor in large.cursors(3, minLastUpdatedTime=last - 1):
        assert large.listed(cursor=cursor, limit=30) == large.listed(
            cursor=cursor, limit=100, minLastUpdatedTime=0, maxLastUpdatedTime=0
        )
    found = [key for cursor in large.cursors(3, minLastUpdatedTime=last - 1) for key in large.keys(cursor=cursor)]
    assert found == late
    assert not any(large.keys(cursor=cursor) for cursor in large.cursors(5, maxLastUpdatedTime=0))
    page = large.page(minLastUpdatedTime=last - 1, limit=60, columns=",")
    rest = large.page(cursor=page["nextCursor"], limit=60)
    assert [row["key"] for row in page["items"] + rest["items"]] == late
    assert "nextCursor" not in rest
    assert rest["items"][0]["columns"].keys() == {"n", "late"}


def test_cursors_of_another_table_or_none(large: Table, table: Table) -> None:
    table.insert({"k": {}, "l": {}})
    cursor = table.page(limit=1)["nextCursor"]
    assert table.keys(cursor=cursor) == ["l"]
    for wrong in (large.page(limit=1)["nextCursor"], "x", "e30", cursor[:-2], cursor + "AAAA"):
        assert "cursor" in table.api.get(f"{table.path}/rows?cursor={wrong}", 400)["error"]["message"]
    for count in ("0", "10001", "x"):
        table.api.get(f"{table.path}/cursors?numberOfCursors={count}", 400)
    for limit in ("0", "10001"):
        table.api.get(f"{table.path}/rows?limit={limit}", 400)
    assert len(table.api.get(f"{table.path}/cursors")["items"]) == 10


def test_pages_stay_together_while_rows_come_and_go(table: Table) -> None:
    table.insert({f"{n:03}": {} for n in range(0, 200, 2)})
    first = table.page(limit=50)
    table.delete("098", "100", "150")
    table.insert({"001": {}, "0985": {}, "101": {}})
    second = table.keys(cursor=first["nextCursor"], limit=1000)
    assert second == ["0985", "101", *(f"{n:03}" for n in range(102, 200, 2) if n != 150)]


def test_long_rows_make_pages_short(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MOST_PAGE_BYTES", 100_000)
    monkeypatch.setattr(leaves, "MOST_BYTES", 40_000)
    monkeypatch.setattr(leaves, "FULL_BYTES", 20_000)
    table.insert({f"{n:03}": {"a": "x" * (n * 300)} for n in range(100)})
    sizes, found, cursor = [], [], None
    while True:
        page = table.page(limit=1000, **({"cursor": cursor} if cursor else {}))
        found += [row["key"] for row in page["items"]]
        sizes.append(sum(len(row["columns"]["a"]) for row in page["items"]))
        cursor = page.get("nextCursor")
        if cursor is None:
            break
    assert found == [f"{n:03}" for n in range(100)]
    assert len(sizes) > 7
    assert max(sizes) < 250_000


# Leaves


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    steps=st.lists(
        st.tuples(st.booleans(), st.lists(st.integers(0, 400), min_size=1, max_size=120), st.integers(0, 2)),
        min_size=1,
        max_size=8,
    )
)
def test_leaves_are_cut_and_taken_away_without_a_trace(api: Api, steps: list[tuple[bool, list[int], int]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(leaves, "MOST_ROWS", 20)
        patch.setattr(leaves, "FULL_ROWS", 8)
        table, model = Table(api), {}
        table.insert({"start": {}})
        model["start"] = {}
        for is_write, numbers, value in steps:
            keys = [f"{n:03}" for n in numbers]
            if is_write:
                model |= {key: {"v": value} for key in keys}
                table.insert({key: {"v": value} for key in keys})
            else:
                model = {key: columns for key, columns in model.items() if key not in keys}
                table.delete(*keys)
            assert table.columns(limit=7) == model
            assert table.keys(limit=50) == sorted(model)
            covered = [row for cursor in table.cursors(3) for row in table.keys(cursor=cursor)]
            assert covered == sorted(model)
        with api.engine.database.read() as connection:
            sql = """
                SELECT l.count, count(r.key), l.bytes >= coalesce(sum(strlen(r.key) + strlen(content)), 0),
                    bool_and(l.newest >= last_updated_time), bool_and(r.key >= l.first)
                FROM raw_leaves l LEFT JOIN raw_rows r USING (leaf) GROUP BY ALL
            """
            for count, rows_there, *is_so in connection.tuples(
                sql.replace("GROUP BY ALL", "GROUP BY l.leaf, l.count, l.bytes")
            ):
                assert count == rows_there
                assert all(one is not False for one in is_so)


# Shapes


def test_columns_are_chosen(table: Table) -> None:
    table.insert_text("k", '{"a":1,"b":{"x":[1.0]},"c":null,"a/b~c":12345678901234567890123,"æ \\"":"ü"}')
    table.insert({"l": {"b": 2}, "m": {}})
    assert table.columns(columns="b,a") == {"k": {"b": {"x": [1.0]}, "a": 1}, "l": {"b": 2}, "m": {}}
    assert '"columns":{"b":{"x":[1.0]},"a":1}' in table.text(columns="b,a,b,none")
    assert '"columns":{"a/b~c":12345678901234567890123,"æ \\"":"ü"}' in table.text(columns='a/b~c,æ "')
    assert table.columns(columns=",") == {"k": {}, "l": {}, "m": {}}
    assert table.columns(columns="") == table.columns()
    assert table.columns(columns="none") == {"k": {}, "l": {}, "m": {}}


def test_nulls_are_filtered_at_the_top(table: Table) -> None:
    text = '{"a":null,"b":{"x":null},"c":[null],"d":"null","e":1.0,"f":null,"g\\"":2}'
    table.insert_text("k", text)
    table.insert_text("l", '{"a":null}')
    filtered = {"b": {"x": None}, "c": [None], "d": "null", "e": 1.0, 'g"': 2}
    assert table.columns(filterNullFields="true") == {"k": filtered, "l": {}}
    assert table.columns(filterNullFields="True", columns="a,b,d") == {"k": {"b": {"x": None}, "d": "null"}, "l": {}}
    assert table.columns(filterNullFields="false")["l"] == {"a": None}
    assert '"e":1.0' in table.text(filterNullFields="true")
    table.api.get(f"{table.path}/rows?filterNullFields=1", 400)
