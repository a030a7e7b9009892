"""Inserting rows: all forms of input, what is refused, how requests are filled, and round trips of any data."""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cdframe import CogniteClient
from cdframe.frames import to_arrow
from cdframe.raw import rows as rows_module
from cdframe.raw.column_names import json_name
from tests.raw.conftest import new_table
from tests.resources.test_time_series import counted


def inserted(client: CogniteClient, row: Any, **options: Any) -> dict[str, Any]:
    """What the server has after an insert: the columns by keys."""
    table = new_table()
    client.raw.rows.insert("db", table, row, ensure_parent=True, **options)
    return stored(client, table)


def stored(client: CogniteClient, table: str) -> dict[str, Any]:
    path = f"/api/v1/projects/{client.project}/raw/dbs/db/tables/{quote(table, safe='')}/rows"
    found: dict[str, Any] = {}
    cursor = None
    while True:
        page = client.get(path, params={"limit": 10_000, "cursor": cursor}).json()
        found |= {row["key"]: row["columns"] for row in page["items"]}
        cursor = page.get("nextCursor")
        if cursor is None:
            return found


FORMS: list[Any] = [
    pl.DataFrame({"key": ["r1", "r2"], "a": [1, None], "b": ["x", "y"]}),
    pl.LazyFrame({"a": [1, None], "key": ["r1", "r2"], "b": ["x", "y"], "last_updated_time": [1, 2]}),
    pa.table({"key": ["r1", "r2"], "a": pa.array([1, None], pa.int8()), "b": ["x", "y"]}),
    pd.DataFrame({"key": ["r1", "r2"], "a": pd.array([1, None], "Int64"), "b": ["x", "y"]}),
    pd.DataFrame({"a": pd.array([1, None], "Int64"), "b": ["x", "y"]}, index=["r1", "r2"]),
    {"r1": {"a": 1, "b": "x"}, "r2": {"a": None, "b": "y"}},
    [{"key": "r1", "columns": {"a": 1, "b": "x"}}, {"key": "r2", "columns": {"b": "y"}, "last_updated_time": 5}],
    [{"key": "r1", "a": 1, "b": "x"}, {"key": "r2", "b": "y", "a": math.nan, "last_updated_time": 5}],
    ({"key": "r1", "a": np.int32(1), "b": "x"}, {"columns": {"b": "y", "a": math.inf}, "key": "r2"}),
]


@pytest.mark.parametrize("row", FORMS)
def test_forms_of_rows(client: CogniteClient, row: Any) -> None:
    expected: dict[str, Any] = {"r1": {"a": 1, "b": "x"}, "r2": {"b": "y"}}
    assert inserted(client, row) == expected
    if not (isinstance(row, list) and row[1].get("columns")):
        expected["r2"]["a"] = None
        assert inserted(client, row, keep_nulls=True) == expected


def test_a_single_row(client: CogniteClient) -> None:
    assert inserted(client, {"key": "r1", "columns": {"a": 1}}) == {"r1": {"a": 1}}
    assert inserted(client, {"r1": {}}) == {"r1": {}}
    assert inserted(client, {"key": {"a": 1}, "columns": {"b": 2}}) == {"key": {"a": 1}, "columns": {"b": 2}}


@pytest.mark.parametrize(
    ("row", "key", "expected"),
    [
        (pl.DataFrame({"id": ["r"], "key": ["data"]}), "id", {"r": {"key": "data"}}),
        (pl.DataFrame({"key": [7], "a": [1]}), None, {"7": {"a": 1}}),
        (pl.DataFrame({"key": pl.Series(["r"], dtype=pl.Categorical), "a": [1]}), None, {"r": {"a": 1}}),
        (pd.DataFrame({"a": [1.0, math.nan]}), None, {"0": {"a": 1.0}, "1": {}}),
        (pd.DataFrame({"a": [1]}, index=pd.Index(["r"], name="tag")), "tag", {"r": {"a": 1}}),
        (pd.DataFrame({"tag": ["r"], "a": [1]}), "tag", {"r": {"a": 1}}),
        (pd.DataFrame([[1, 2]], index=["r"]), None, {"r": {"0": 1, "1": 2}}),
        ([{"id": 5, "key": "data"}], "id", {"5": {"key": "data"}}),
        ({5: {"a": 1}}, None, {"5": {"a": 1}}),
    ],
)
def test_keys(client: CogniteClient, row: Any, key: str | None, expected: dict[str, Any]) -> None:
    assert inserted(client, row, key=key) == expected


def test_names_that_are_patterns_elsewhere(client: CogniteClient, name: str) -> None:
    names = ["*", "^a.*$", "", "a", 'b"', "{}", "\\"]
    for values in ([1.5, None], [True, False], ["x", None], [[1], None], [Decimal("1.5"), None]):
        frame = pl.DataFrame({"key": ["r", "s"], **dict.fromkeys(names, pl.Series(values))})
        client.raw.rows.insert("db", name, frame, ensure_parent=True)
        read = client.raw.rows.list("db", name)
        assert read.columns == [*frame.columns, "last_updated_time"]
        assert len({tuple(read[name]) for name in names}) == 1
        assert isinstance(values[0], Decimal) or inserted(client, frame.to_dicts()) == stored(client, name)


def test_types_of_columns(client: CogniteClient) -> None:
    noon = datetime(2024, 1, 1, 12, 0, 0, 123456)
    oslo = noon.replace(tzinfo=timezone(timedelta(hours=1)))
    frame = pl.DataFrame(
        {
            "key": ["r"],
            "u64": pl.Series([2**64 - 1], dtype=pl.UInt64),
            "f32": pl.Series([0.1], dtype=pl.Float32),
            "big": [1e300],
            "text": ['"\\\n\u0001é😀'],
            "flag": [False],
            "decimal": [Decimal("1.10")],
            "naive": [noon],
            "aware": pl.Series([oslo]).dt.convert_time_zone("Europe/Oslo"),
            "whole": pl.Series([datetime(2024, 1, 1)], dtype=pl.Datetime("ms", "UTC")),
            "day": [date(2024, 1, 2)],
            "kind": pl.Series(["x"], dtype=pl.Enum(["x"])),
            "list": [[1, None, 3]],
            "struct": [{"x": [1.5], "y": None, "z": {"w": "é"}}],
            "nothing": [None],
            'na"me': [1],
        }
    )
    columns = inserted(client, frame)["r"]
    assert columns.pop("f32") == pytest.approx(0.1)
    assert columns == {
        "u64": 2**64 - 1,
        "big": 1e300,
        "text": '"\\\n\u0001é😀',
        "flag": False,
        "decimal": 1.1,
        "naive": "2024-01-01T12:00:00.123456",
        "aware": "2024-01-01T11:00:00.123456Z",
        "whole": "2024-01-01T00:00:00Z",
        "day": "2024-01-02",
        "kind": "x",
        "list": [1, None, 3],
        "struct": {"x": [1.5], "y": None, "z": {"w": "é"}},
        'na"me': 1,
    }
    assert list(columns) == [name for name in frame.columns if name not in ("key", "f32", "nothing")]
    maps = pa.table({"key": ["r"], "m": pa.array([[("a", 1), ("b", None)]], pa.map_(pa.string(), pa.int64()))})
    assert inserted(client, maps) == {"r": {"m": {"a": 1, "b": None}}}
    values = {"at": oslo, "day": date(2024, 1, 2), "n": np.float64(1.5), "many": np.arange(2), "nan": {"x": [math.nan]}}
    assert inserted(client, {"r": values}) == {
        "r": {
            "at": "2024-01-01T11:00:00.123456Z",
            "day": "2024-01-02",
            "n": 1.5,
            "many": [0, 1],
            "nan": {"x": [None]},
        }
    }


def test_times_come_back_by_a_schema(client: CogniteClient) -> None:
    table = new_table()
    moments = [datetime(2024, 1, 1, 12, 0, 0, 123456, UTC), None]
    frame = pl.DataFrame({"key": ["a", "b"], "at": moments, "day": [None, date(2024, 1, 1)]})
    client.raw.rows.insert("db", table, frame, ensure_parent=True)
    schema = {"at": pl.Datetime("us", "UTC"), "day": pl.Date}
    assert client.raw.rows.list("db", table, schema=schema).drop("last_updated_time").equals(frame)


def test_columns_of_json(client: CogniteClient) -> None:
    texts = ['{"b": 1.10, "a": [null]}', None, "5", '"x"']
    table = new_table()
    frame = pl.DataFrame({"key": list("abcd"), "j": texts, "n": [1, 2, 3, 4]})
    client.raw.rows.insert("db", table, frame, ensure_parent=True, json_columns=["j"])
    read = client.raw.rows.list("db", table)
    assert read["j"].to_list() == texts
    assert read.select("key", "j", "n").equals(frame)
    expected = {"a": {"j": {"a": [None], "b": 1.1}}, "b": {}, "c": {"j": 5}, "d": {"j": "x"}}
    assert inserted(client, frame.drop("n"), json_columns=["j"]) == expected
    assert inserted(client, frame.drop("n"), json_columns=["j"], keep_nulls=True)["b"] == {"j": None}
    as_dict = {key: {"j": text} for key, text in zip("abcd", texts, strict=True)}
    assert inserted(client, as_dict, json_columns=["j"]) == expected


@pytest.mark.parametrize(
    ("row", "options", "error", "match"),
    [
        (pl.DataFrame({"key": ["r"], "a\0": [1]}), {}, ValueError, r"Column 'a\\x00' of row has a NUL in its name"),
        (5, {}, TypeError, "row must be a frame, a dict or a list of dicts, got int"),
        ("x", {}, TypeError, "row must be a frame"),
        ([5], {}, TypeError, r"row\[0\] must be a dict, got int"),
        ({"r": 5}, {}, TypeError, r"row\['r'\] must be a dict of columns, got int"),
        ([{"a": 1}], {}, ValueError, r"row\[0\] has no 'key' for the key; it has 'a'"),
        ([{"key": "r", "columns": {}}, {"key": None, "a": 1}], {}, ValueError, r"row\[1\] has no 'key'"),
        ({1.5: {}}, {}, TypeError, "key must be a text, got float"),
        ({"r": {"a": object()}}, {}, TypeError, "row 'r' holds what JSON has no form for"),
        ({"r": {"a": {1, 2}}}, {}, TypeError, "row 'r' holds"),
        ({"": {}}, {}, ValueError, "row has the key ''"),
        ({"x" * 1025: {}}, {}, ValueError, "1 to 1024 characters"),
        ([{"key": "r"}, {"key": "s"}, {"key": "r"}], {}, ValueError, "1 keys more than once, such as 'r'"),
        (pl.DataFrame({"key": ["r", "s", "r"]}), {}, ValueError, "more than once, such as 'r'"),
        (pl.DataFrame({"key": ["r", None]}), {}, ValueError, "row 1 has no key"),
        (pl.DataFrame({"key": ["r", ""]}), {}, ValueError, "row has the key ''"),
        (pl.DataFrame({"key": [1.5]}), {}, TypeError, "Column 'key' has the keys.*got Float64"),
        (
            pl.DataFrame({"Key": ["r"]}),
            {},
            ValueError,
            "row has no column 'key' for the keys. Did you mean 'Key'.*key=",
        ),
        (pl.DataFrame({"key": ["r"]}), {"key": "id"}, ValueError, "no column 'id'"),
        (pl.DataFrame({"key": ["r"], "a": [b"x"]}), {}, TypeError, "Column 'a' is Binary"),
        (pl.DataFrame({"key": ["r"], "a": [timedelta(1)]}), {}, TypeError, "Column 'a' is Duration"),
        (pl.DataFrame({"key": ["r"], "a": ["{"]}), {"json_columns": ["a"]}, ValueError, "Column 'a', row 0 .*JSON"),
        (pl.DataFrame({"key": ["r"], "a": ["NaN"]}), {"json_columns": ["a"]}, ValueError, "NaN is no JSON number"),
        (pl.DataFrame({"key": ["r"], "a": [1]}), {"json_columns": ["a"]}, TypeError, "must have texts that hold JSON"),
        (pl.DataFrame({"key": ["r"], "a": [1]}), {"json_columns": ["b"]}, ValueError, "no column 'b' of json_columns"),
        (pl.DataFrame({"key": ["r"]}), {"json_columns": "a"}, TypeError, "json_columns must be a list of names"),
        ({"r": {"a": "{"}}, {"json_columns": ["a"]}, ValueError, "Column 'a' of row 'r'.*does not hold JSON"),
        ({"r": {}}, {"keep_nulls": 1}, TypeError, "keep_nulls must be True or False"),
        ({"r": {}}, {"ensure_parent": 1}, TypeError, "ensure_parent must be True or False"),
    ],
)
def test_wrong_rows_fail_before_anything_is_sent(
    client: CogniteClient, row: Any, options: dict[str, Any], error: type[Exception], match: str
) -> None:
    with counted(client) as requests, pytest.raises(error, match=match):
        client.raw.rows.insert("db", "t", row, **options)
    assert not requests


def test_nothing_to_insert_asks_nothing(client: CogniteClient) -> None:
    with counted(client) as requests:
        for nothing in ({}, [], pl.DataFrame({"key": []}, schema={"key": pl.String})):
            client.raw.rows.insert("db", "t", nothing)
    assert not requests


def test_requests_are_filled_by_rows_and_by_bytes(client: CogniteClient, name: str) -> None:
    frame = pl.DataFrame({"key": [f"{n:05}" for n in range(12_000)], "n": range(12_000)})
    seen: list[tuple[int, int]] = []
    with counted(client) as requests:
        client.raw.rows.insert("db", name, frame, True, progress=lambda *step: seen.append(step))
    assert sorted(len(json.loads(request.content)["items"]) for request in requests) == [2000, 5000, 5000]
    assert all(request.url.params["ensureParent"] == "true" for request in requests)
    assert seen[0] == (0, 3) and seen[-1] == (3, 3)
    assert client.raw.rows.list("db", name, limit=None)["n"].to_list() == list(range(12_000))
    with counted(client) as requests:
        client.raw.rows.insert("db", name, {str(n): {"text": "x" * 2_000_000} for n in range(20)})
    assert len(requests) == 2
    assert max(len(request.content) for request in requests) < 2**25 + 1000


# Whatever data there are


texts = st.text(st.characters(codec="utf-8"), max_size=6)
SCALARS = [
    (st.booleans(), pl.Boolean()),
    (st.integers(-(2**63), 2**63 - 1), pl.Int64()),
    (st.floats(allow_nan=False, allow_infinity=False), pl.Float64()),
    (texts, pl.String()),
]


@st.composite
def frames(draw: st.DrawFn) -> pl.DataFrame:
    height = draw(st.integers(0, 8))
    keys = draw(st.lists(texts.filter(bool), min_size=height, max_size=height, unique=True))
    columns = {"key": pl.Series(keys, dtype=pl.String)}
    for name in draw(st.lists(texts.filter(lambda name: "\0" not in name), unique=True, max_size=5)):
        values, data_type = draw(st.sampled_from(SCALARS))
        column = draw(st.lists(st.none() | values, min_size=height, max_size=height))
        if name not in columns and any(value is not None for value in column) and name != "last_updated_time":
            columns[name] = pl.Series(column, dtype=data_type)
    return pl.DataFrame(columns)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(frame=frames(), kind=st.sampled_from(["polars", "pandas", "pyarrow"]), keep_nulls=st.booleans())
def test_typed_frames_come_back(client: CogniteClient, frame: pl.DataFrame, kind: Any, keep_nulls: bool) -> None:
    table = new_table()
    given_frame = {"polars": lambda f: f, "pandas": lambda f: f.to_pandas(use_pyarrow_extension_array=True)}.get(
        kind, pl.DataFrame.to_arrow
    )(frame)
    client.raw.rows.insert("db", table, given_frame, ensure_parent=True, keep_nulls=keep_nulls)
    if not frame.height:
        return
    read = client.raw.rows.list("db", table, limit=None)
    expected = frame.sort("key")
    for name in frame.columns:
        assert read[name].equals(expected[name])
    if kind != "polars":
        same = client.with_frame(kind).raw.rows.list("db", table)
        assert to_arrow(same).cast(to_arrow(read).schema).equals(to_arrow(read))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
names = texts.filter(lambda name: "\0" not in name)
json_rows = st.dictionaries(texts.filter(bool), st.dictionaries(names, json_values, max_size=4), max_size=9)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=json_rows, page=st.integers(1, 5), insert_size=st.integers(1, 5))
def test_json_rows_come_back_whatever_the_pages(
    client: CogniteClient, rows: dict[str, Any], page: int, insert_size: int
) -> None:
    table = new_table()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rows_module, "MOST_INSERTED", insert_size)
        client.raw.rows.insert("db", table, {"first": {}} | rows, ensure_parent=True, keep_nulls=True)
        assert stored(client, table) == {"first": {}} | rows
        read = client.raw.rows.list("db", table, limit=None)
        patch.setattr(rows_module, "PAGE", page)
        assert client.raw.rows.list("db", table, limit=None).equals(read)
        assert client.raw.rows.list("db", table, limit=10**6).equals(read)
    other = new_table()
    is_json = [name for name in read.columns[1:-1] if read.schema[name] == pl.String and not is_text(rows, name)]
    client.raw.rows.insert("db", other, read, ensure_parent=True, json_columns=is_json)
    again = client.raw.rows.list("db", other, limit=None)
    for name in read.columns[:-1]:
        values = read[name]
        assert (name not in again.columns and values.null_count() == read.height) or again[name].equals(values)


def is_text(rows: dict[str, Any], name: str) -> bool:
    """Whether all values of a column are texts."""
    values = [columns.get(json_name(name)) for columns in rows.values()]
    return all(isinstance(value, str) for value in values if value is not None)
