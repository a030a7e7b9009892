"""Pages of rows into frames of texts, and texts into types: against Python's own JSON, page by page."""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdframe import CogniteConnectionError
from cdframe.raw.column_names import column_name, json_name
from cdframe.raw.columns import as_frame, check_schema, typed
from cdframe.raw.pages import read_rows


def page_of(rows: list[tuple[str, str]], cursor: Any = None) -> bytes:
    """A page of keys and texts of columns."""
    items = ",".join(f'{{"key":{json.dumps(key)},"columns":{text},"lastUpdatedTime":5}}' for key, text in rows)
    return f'{{"items":[{items}],"nextCursor":{json.dumps(cursor)}}}'.encode()


def column(*values: str) -> pl.Series:
    """The column of rows with these texts of JSON; an empty text is no value at all."""
    rows = [(str(n), f'{{"a":{value}}}' if value else "{}") for n, value in enumerate(values)]
    frame = typed(read_rows(page_of(rows))[0], {})
    return frame["a"] if "a" in frame.columns else pl.Series("a", [None] * len(values), pl.String)


strings = st.text(st.characters(codec="utf-8"), max_size=6)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | strings
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(strings, inner, max_size=3),
    max_leaves=6,
)
homogeneous = [
    st.none(),
    st.none() | st.booleans(),
    st.none() | st.integers(-(2**63), 2**63 - 1),
    st.none() | st.floats(allow_nan=False, allow_infinity=False),
    st.none() | strings,
    st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False),
    st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    values,
]


@st.composite
def tables(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Rows of columns, most of which are of one kind each."""
    special = st.sampled_from(["key", "columns.key", "*", "^.*$", ""])
    names = draw(st.lists(strings | special, unique=True, max_size=5))
    kinds = {name: draw(st.sampled_from(homogeneous)) for name in names}
    row = st.fixed_dictionaries({}, optional=kinds)
    return draw(st.lists(row, max_size=12))


def expected_column(present: list[Any]) -> pl.DataType:
    """The type of values, by the rules said in Python."""
    kinds = {type(value) for value in present if value is not None}
    if kinds == {bool}:
        return pl.Boolean()
    if kinds == {int} and all(-(2**63) <= value < 2**63 for value in present if value is not None):
        return pl.Int64()
    if kinds == {float}:
        return pl.Float64()
    numbers = [value for value in present if value is not None]
    if kinds == {int, float} and all(
        -(2**63) <= value < 2**63 and int(float(value)) == value for value in numbers if isinstance(value, int)
    ):
        return pl.Float64()
    return pl.String()


@settings(max_examples=150, deadline=None)
@given(
    rows=tables(),
    separators=st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", " :\t")]),
    ascii_only=st.booleans(),
    order=st.permutations(["key", "columns", "lastUpdatedTime", "future"]),
    indent=st.sampled_from([None, None, 1]),
)
def test_rows_are_what_json_says(
    rows: list[dict[str, Any]], separators: Any, ascii_only: bool, order: list[str], indent: int | None
) -> None:
    objects = []
    for number, columns in enumerate(rows):
        whole = {"key": f'k"{number}\\', "columns": columns, "lastUpdatedTime": number, "future": {"columns": {"z": 1}}}
        objects.append({name: whole[name] for name in order})
    answer = {"more": [{"x": {"y": {}}}], "items": objects, "nextCursor": None}
    body = json.dumps(answer, separators=separators, ensure_ascii=ascii_only, indent=indent).encode("utf-8")
    texts, cursor = read_rows(body)
    assert cursor is None
    frame = typed(texts, {})
    assert frame["key"].to_list() == [row["key"] for row in objects]
    assert frame["last_updated_time"].dt.epoch("ms").to_list() == list(range(len(rows)))
    names = list(dict.fromkeys(name for row in rows for name in row))
    assert frame.columns == ["key", *map(column_name, names), "last_updated_time"] if rows else frame.width == 2
    for name in names:
        given_values = [row.get(name) for row in rows]
        read = frame[column_name(name)]
        assert read.dtype == expected_column(given_values)
        kinds = {type(value) for value in given_values if value is not None}
        if read.dtype == pl.String and kinds != {str}:
            read = pl.Series([None if text is None else json.loads(text) for text in read], dtype=pl.Object)
        assert repr(list(read)) == repr(
            [float(v) if read.dtype == pl.Float64 and v is not None else v for v in given_values]
        )


@settings(max_examples=60, deadline=None)
@given(rows=tables(), cut=st.integers(0, 12))
def test_types_do_not_depend_on_pages(rows: list[dict[str, Any]], cut: int) -> None:
    texts = [(str(number), json.dumps(columns)) for number, columns in enumerate(rows)]
    whole = typed(read_rows(page_of(texts))[0], {})
    parts = [read_rows(page_of(part))[0] for part in (texts[:cut], texts[cut:])]
    assert typed(pl.concat(parts, how="diagonal"), {}).equals(whole)


def test_kinds_of_columns() -> None:
    for values, data_type, expected in [
        (["1", "", "-5"], pl.Int64(), [1, None, -5]),
        (["true", "null", "false"], pl.Boolean(), [True, None, False]),
        (["1", "2.5", "1e3"], pl.Float64(), [1.0, 2.5, 1000.0]),
        (["1.0", "2.0"], pl.Float64(), [1.0, 2.0]),
        (["9223372036854775807", "-9223372036854775808"], pl.Int64(), [2**63 - 1, -(2**63)]),
        (["9223372036854775808", "1"], pl.String(), ["9223372036854775808", "1"]),
        (["1E20", "1"], pl.Float64(), [1e20, 1.0]),
        (["100000000000000000000", "1.5"], pl.String(), ["100000000000000000000", "1.5"]),
        (["9007199254740993", "1.5"], pl.String(), ["9007199254740993", "1.5"]),
        (["9007199254740992", "1.5"], pl.Float64(), [2.0**53, 1.5]),
        (["9223372036854775807", "1.5"], pl.String(), ["9223372036854775807", "1.5"]),
        (["1e400", "1.5"], pl.String(), ["1e400", "1.5"]),
        (["1e-400", "1.50"], pl.Float64(), [0.0, 1.5]),
        (['"a"', "null", r'"\u00e6\n\"\\"', r'"\\"'], pl.String(), ["a", None, 'æ\n"\\', "\\"]),
        (['"1"', "1", "true"], pl.String(), ['"1"', "1", "true"]),
        (["true", "1"], pl.String(), ["true", "1"]),
        (["[1, 2.0]", "{}", '"x"'], pl.String(), ["[1, 2.0]", "{}", '"x"']),
        (['{"b":1.10,"a":null}', ""], pl.String(), ['{"b":1.10,"a":null}', None]),
        (["null", ""], pl.String(), [None, None]),
        (["", ""], pl.String(), [None, None]),
        (['""', '"\\""'], pl.String(), ["", '"']),
    ]:
        read = column(*values)
        assert (read.dtype, read.to_list()) == (data_type, expected)
    assert math.copysign(1, column("-0.0")[0]) == -1


def test_what_is_in_texts_is_not_structure() -> None:
    text = r'{"a{\"b\":[1],":"}]{[\\","key":{"columns":{"x":1}},"last_updated_time":"\\\\","é,\"":[{"key":"]"}]}'
    frame = typed(read_rows(page_of([('k":{}[],\\', text), ("l", "{}")], cursor='"},{'))[0], {})
    assert read_rows(page_of([], cursor='"},{'))[1] == '"},{'
    assert frame["key"].to_list() == ['k":{}[],\\', "l"]
    assert frame.columns[1:-1] == ['a{"b":[1],', "columns.key", "columns.last_updated_time", 'é,"']
    assert frame.row(0)[1:-1] == ("}]{[\\", '{"columns":{"x":1}}', "\\\\", '[{"key":"]"}]')


def test_of_two_members_of_one_name_the_last_counts() -> None:
    frame = typed(read_rows(page_of([("k", r'{"a":1,"b":2,"\u0061":3}')]))[0], {})
    assert frame.columns == ["key", "a", "b", "last_updated_time"]
    assert frame.row(0)[1:-1] == (3, 2)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>a, b: c</body></html>",
        b"null",
        b"[]",
        b"{}",
        b'{"error":{"code":500}}',
        b'{"items":[{"key":"k","columns":{"a":1},"lastUpdatedTime":5}',
        b'{"items":[{"key":"k","columns":{"a":1},"lastUpdatedTime":5}]',
        b'{"items":[{"key":"k","columns":{"a":},"lastUpdatedTime":5}]}',
        b'{"items":[{"columns":{"a":1},"lastUpdatedTime":5}]}',
        b'{"items":[{"key":"k","lastUpdatedTime":5}]}',
        b'{"items":[{"key":"k","columns":{}}]}',
        b'{"items":[{"key":"k","columns":{},"lastUpdatedTime":5},{"key":"l","columns":{}}]}',
        b'{"items":[{"key":null,"columns":{},"lastUpdatedTime":5}]}',
        b'{"items":[{"key":"k","columns":{},"lastUpdatedTime":"x"}]}',
        b'{"items":[{"key":"k","columns":{"a":"\xff"},"lastUpdatedTime":5}]}',
        b'{"items":[{"key":"k","columns":{5:1},"lastUpdatedTime":5}]}',
        b'}{"items":[]',
    ],
)
def test_what_is_not_a_page(body: bytes) -> None:
    with pytest.raises(CogniteConnectionError, match="not a page of rows"):
        read_rows(body)


def test_names_of_columns_there_and_back() -> None:
    for name in ("key", "last_updated_time", "columns.key", "columns.columns.key", "a", "columns.a", "", "keys"):
        assert json_name(column_name(name)) == name
        assert column_name(name) not in ("key", "last_updated_time")
    assert column_name("key") == "columns.key"


# Schemas


def converted(data_type: Any, *texts: str) -> list[Any]:
    rows = [(str(n), f'{{"a":{text}}}' if text else "{}") for n, text in enumerate(texts)]
    schema = check_schema({"a": data_type})
    frame = typed(read_rows(page_of(rows))[0], schema)
    assert frame.schema["a"] == schema["a"]
    return frame["a"].to_list()


def test_a_schema_wins() -> None:
    noon = datetime(2024, 1, 1, 12)
    assert converted(float, "1", "2.5", "", '"3"') == [1.0, 2.5, None, 3.0]
    assert converted(str, "1", '"x"', "null", "[1, 2]", "true") == ["1", "x", None, "[1, 2]", "true"]
    assert converted(int, "1", '"2"') == [1, 2]
    assert converted(pl.UInt8, "255") == [255]
    assert converted(pa.int32(), "-7") == [-7]
    assert converted(bool, "true", '"false"', "") == [True, False, None]
    assert converted(pl.List(pl.Int64), "[1,2]", "[]", "") == [[1, 2], [], None]
    assert converted(pa.struct([("x", pa.float64())]), '{"x":1}', "{}") == [{"x": 1.0}, {"x": None}]
    assert converted(pl.Decimal(10, 2), "1.10", "2") == [Decimal("1.10"), Decimal("2.00")]
    assert converted(pl.Categorical, '"b"', '"a"', '"b"') == ["b", "a", "b"]
    assert converted(date, '"2024-01-01"') == [date(2024, 1, 1)]
    utc = pl.Datetime("ms", "UTC")
    texts = ["1704110400000", '"2024-01-01T12:00:00Z"', '"2024-01-01T14:00:00.000+02:00"', '"2024-01-01T12:00:00"', ""]
    assert converted(utc, *texts) == [noon.replace(tzinfo=UTC)] * 4 + [None]
    assert converted(pl.Datetime("us"), *texts) == [noon] * 4 + [None]
    assert converted(pl.Datetime("ns"), '"2024-01-01T12:00:00.123456789"')[0].microsecond == 123456
    assert converted(utc, '"2024-01-01"') == [datetime(2024, 1, 1, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("data_type", "text"),
    [
        (int, "1.5"),
        (int, '"x"'),
        (bool, "1"),
        (float, "[1]"),
        (pl.UInt8, "256"),
        (pl.Datetime, '"soon"'),
        (date, "true"),
    ],
)
def test_what_does_not_fit_a_schema_is_named(data_type: Any, text: str) -> None:
    with pytest.raises(ValueError, match=r"Column 'a' cannot be read as .*it holds "):
        converted(data_type, "null", text)


def test_the_columns_of_a_schema_come_first() -> None:
    schema = check_schema(pa.schema([("z", pa.int64()), ("b", pa.float64())]))
    texts = read_rows(page_of([("k", '{"a":1,"b":2}')]))[0]
    frame = typed(texts, schema)
    assert frame.columns == ["key", "z", "b", "a", "last_updated_time"]
    assert frame.row(0)[1:-1] == (None, 2.0, 1)
    assert as_frame(frame, "pyarrow").schema.field("key").type == pa.string()
    assert check_schema(pl.Schema({"a": pl.Int8()})) == {"a": pl.Int8()}


@pytest.mark.parametrize(
    ("schema", "error", "match"),
    [
        ("a", TypeError, "schema must be a dict"),
        ({"a": "int64"}, TypeError, r"schema\['a'\]='int64'"),
        ({"a": 5}, TypeError, r"schema\['a'\]=5"),
        ({1: int}, TypeError, "schema has the key 1"),
        ({"key": str}, ValueError, "schema has a type for 'key'"),
        ({"last_updated_time": int}, ValueError, "'last_updated_time'"),
    ],
)
def test_schemas_that_are_wrong(schema: Any, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        check_schema(schema)
