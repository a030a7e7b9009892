"""Reading rows through the client: limits, cursors, columns, times, frames, accessors."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from cdframe import CogniteClient, CogniteNotFoundError, engines
from cdframe.frames import FRAME_KINDS, to_arrow
from tests.raw.conftest import new_table
from tests.resources.test_time_series import counted


@pytest.fixture(scope="module")
def large(client: CogniteClient) -> str:
    """A table of 25,000 rows; the last ones have other columns."""
    table = new_table()
    frame = pl.DataFrame({"key": [f"{n:05}" for n in range(25_000)], "n": range(25_000), "text": ["é,\"'"] * 25_000})
    client.raw.rows.insert("db", table, frame, ensure_parent=True)
    client.raw.rows.insert("db", table, {f"{n:05}": {"n": n + 0.5, "late": [n]} for n in range(24_990, 25_000)})
    return table


def test_all_rows_are_read_by_cursors_in_parallel(client: CogniteClient, large: str) -> None:
    with counted(client) as requests:
        frame = client.raw.rows.list("db", large, limit=None)
    paths = [(request.url.path.rpartition("/")[2], request.url.params) for request in requests]
    assert paths[0][0] == "cursors"
    assert paths[0][1]["numberOfCursors"] == "10"
    assert len(paths) == 11
    assert all(path == "rows" and set(params) == {"cursor", "limit"} for path, params in paths[1:])
    assert frame.schema == {
        "key": pl.String,
        "n": pl.Float64,
        "text": pl.String,
        "late": pl.String,
        "last_updated_time": pl.Datetime("ms", "UTC"),
    }
    assert frame["key"].to_list() == [f"{n:05}" for n in range(25_000)]
    assert frame["n"].to_list() == [*range(24_990), *(n + 0.5 for n in range(24_990, 25_000))]
    assert frame["late"].drop_nulls().to_list() == [f"[{n}]" for n in range(24_990, 25_000)]


@pytest.mark.parametrize("limit", [-1, float("inf"), 25_000, 10**9])
def test_pages_and_cursors_give_the_same(client: CogniteClient, large: str, limit: Any) -> None:
    assert client.raw.rows.list("db", large, limit=limit).equals(client.raw.rows.list("db", large, limit=None))


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_workers_do_not_matter(client: CogniteClient, large: str, workers: int) -> None:
    hold = client._session.engine
    assert hold is not None
    with CogniteClient._of_engine(engines.find(hold.key), {"max_workers": workers, "frame": "polars"}) as other:
        assert other.raw.rows.list("db", large, limit=None).equals(client.raw.rows.list("db", large, limit=None))


def test_limits(client: CogniteClient, large: str) -> None:
    assert client.raw.rows.list("db", large).height == 25
    with counted(client) as requests:
        some = client.raw.rows.list("db", large, limit=20_001)
    assert [request.url.params["limit"] for request in requests] == ["10000", "10000", "1"]
    assert some["key"].to_list() == [f"{n:05}" for n in range(20_001)]
    assert some.schema["n"] == pl.Int64
    with counted(client) as requests:
        assert client.raw.rows.list("db", large, limit=0).columns == ["key", "last_updated_time"]
    assert not requests


def test_columns(client: CogniteClient, large: str) -> None:
    assert client.raw.rows.list("db", large, columns=["text", "n"]).columns == ["key", "text", "n", "last_updated_time"]
    keys = client.raw.rows.list("db", large, columns=[], limit=None)
    assert keys.columns == ["key", "last_updated_time"]
    assert keys.height == 25_000
    with counted(client) as requests:
        client.raw.rows.list("db", large, columns=[])
    assert requests[0].url.params["columns"] == ","
    assert client.raw.rows.list("db", large, columns=pl.Series(["none"])).columns == ["key", "last_updated_time"]


def test_times(client: CogniteClient, large: str) -> None:
    rows = client.raw.rows
    last = rows.retrieve("db", large, "24999")["last_updated_time"][0]
    assert rows.list("db", large, min_last_updated_time=last, limit=None).is_empty()
    ms = int(last.timestamp() * 1000)
    for limit in (None, 50):
        late = rows.list("db", large, min_last_updated_time=ms - 1, limit=limit)
        assert late["key"].to_list() == [f"{n:05}" for n in range(24_990, 25_000)]
        assert rows.list("db", large, max_last_updated_time=datetime(2020, 1, 1), limit=limit).is_empty()
    assert rows.list("db", large, "1h-ago", "now", limit=None).height == 25_000
    assert rows.list("db", large, "1h-ahead").is_empty()
    assert len(list(rows("db", large, min_last_updated_time=ms - 1, max_last_updated_time="now"))) == 10


def test_iteration(client: CogniteClient, large: str) -> None:
    with counted(client) as requests:
        rows = client.raw.rows(db_name="db", table_name=large, columns=["n"])
        assert not requests
        first = next(rows)
    assert len(requests) == 1
    assert {name: first[name] for name in ("key", "n")} == {"key": "00000", "n": 0}
    assert first["last_updated_time"].tzinfo is not None
    chunks = list(client.raw.rows("db", large, chunk_size=7_000, columns=["n"]))
    assert [chunk.height for chunk in chunks] == [7000, 7000, 7000, 4000]
    assert [chunk.schema["n"] for chunk in chunks] == [pl.Int64] * 3 + [pl.Float64]
    same = client.raw.rows("db", large, chunk_size=7_000, columns=["n"], schema={"n": float})
    assert pl.concat(same).equals(client.raw.rows.list("db", large, columns=["n"], limit=None))
    assert [chunk.height for chunk in client.raw.rows("db", large, chunk_size=30, limit=50)] == [30, 20]


def test_retrieve(client: CogniteClient, name: str) -> None:
    keys = ["a b", "a/b", "a%2Fb", "?a=b#c", "æ😀", "a\\\"'"]
    client.raw.rows.insert("db", name, {key: {"k": key} for key in keys}, ensure_parent=True)
    for key in keys:
        assert client.raw.rows.retrieve("db", name, key).row(0)[:2] == (key, key)
    assert client.raw.rows.retrieve("db", name, "no").columns == ["key", "last_updated_time"]
    assert client.raw.rows.retrieve("db", name, "no", schema={"x": int}).schema["x"] == pl.Int64
    for database, table in (("db", "no"), ("no", "no")):
        with pytest.raises(CogniteNotFoundError) as missing:
            client.raw.rows.retrieve(database, table, "k")
        assert missing.value.not_found == [{"name": "no"}]


def test_tables_that_are_not_there(client: CogniteClient, name: str) -> None:
    for call in (
        lambda: client.raw.rows.list("db", "no"),
        lambda: client.raw.rows.list("db", "no", limit=None),
        lambda: next(client.raw.rows("db", "no")),
        lambda: client.raw.rows.insert("db", "no", {"k": {}}),
        lambda: client.raw.rows.delete("db", "no", "k"),
    ):
        with pytest.raises(CogniteNotFoundError) as missing:
            call()
        assert missing.value.not_found == [{"name": "no"}]
    client.raw.tables.create("db", name, ensure_parent=True)
    assert client.raw.rows.list("db", name, limit=None).columns == ["key", "last_updated_time"]
    assert list(client.raw.rows("db", name)) == []
    assert list(client.raw.rows("db", name, chunk_size=5)) == []


@pytest.mark.parametrize("kind", FRAME_KINDS)
def test_kinds_of_frames(client: CogniteClient, name: str, kind: Any) -> None:
    rows = client.with_frame(kind).raw.rows
    rows.insert("db", name, {"a": {"i": 1, "f": 1.5, "b": True, "s": "x", "o": {"y": 1}}, "b": {}}, ensure_parent=True)
    table = to_arrow(rows.list("db", name))
    types = {
        "key": pa.string(),
        "i": pa.int64(),
        "f": pa.float64(),
        "b": pa.bool_(),
        "s": pa.string(),
        "o": pa.string(),
    }
    schema = pa.schema({**types, "last_updated_time": pa.timestamp("ms", "UTC")})
    assert table.cast(schema).schema.equals(table.schema) or kind == "polars"
    frame = rows.list("db", name, schema={"d": pl.Datetime("ms", "UTC"), "o": pa.struct({"y": pa.int64()})})
    assert to_arrow(frame).column_names == ["key", "d", "o", "i", "f", "b", "s", "last_updated_time"]
    if kind == "pandas":
        assert all(isinstance(dtype, pd.ArrowDtype) for dtype in frame.dtypes)
    assert to_arrow(frame)["o"].to_pylist() == [{"y": 1}, None]


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda rows: rows.list("db", "t", columns="abc"), ValueError, r"columns must be a list of names.*\['abc'\]"),
        (lambda rows: rows.list("db", "t", columns=["a", 1]), TypeError, "columns must be a list of texts"),
        (lambda rows: rows.list("db", "t", columns=["a,b"]), ValueError, "holds 'a,b'"),
        (lambda rows: rows.list("db", "t", columns=[""]), ValueError, "empty"),
        (lambda rows: rows.list("db", "t", "soon"), ValueError, "min_last_updated_time='soon'"),
        (lambda rows: rows.list("db", "t", max_last_updated_time=[]), TypeError, "max_last_updated_time must be"),
        (lambda rows: rows.list("db", "t", limit=1.5), ValueError, "limit=1.5"),
        (lambda rows: rows.list("db", "t", schema={"a": "x"}), TypeError, "schema"),
        (lambda rows: rows.list("db", None), TypeError, "table_name must be a text"),
        (lambda rows: rows.list("", "t"), ValueError, "db_name='' cannot"),
        (lambda rows: rows.retrieve("db", "t", 5), TypeError, "key must be a text"),
        (lambda rows: rows.retrieve("db", "t", "."), ValueError, r"key='\.' cannot stand in a URL"),
        (lambda rows: rows("db", "t", chunk_size=True), ValueError, "chunk_size=True"),
        (lambda rows: rows.delete("db", "t", 1.5), TypeError, "key must be a text"),
        (lambda rows: rows.delete("db", "t", ["a", "a"]), ValueError, "more than once"),
    ],
)
def test_wrong_arguments_fail_before_anything_is_sent(
    client: CogniteClient, call: Any, error: type[Exception], match: str
) -> None:
    with counted(client) as requests, pytest.raises(error, match=match):
        call(client.raw.rows)
    assert not requests


def test_delete(client: CogniteClient, name: str) -> None:
    rows = client.raw.rows
    rows.insert("db", name, pl.DataFrame({"key": [f"{n:04}" for n in range(3000)]}), ensure_parent=True)
    with counted(client) as requests:
        rows.delete("db", name, [f"{n:04}" for n in range(0, 5000, 2)])
    assert len(requests) == 3
    rows.delete("db", name, "0001")
    rows.delete("db", name, rows.list("db", name, limit=10)["key"])
    rows.delete("db", name, [])
    assert rows.list("db", name, limit=None)["key"].to_list() == [f"{n:04}" for n in range(23, 3000, 2)]


# Accessors


@pytest.mark.parametrize("kind", ["polars", "pandas"])
def test_accessors(cdf_client: CogniteClient, kind: Any) -> None:
    raw = cdf_client.with_frame(kind).raw
    raw.rows.insert("a", "t", {"k": {"x": 1}, "l": {"x": 2, "db_name": "mine"}}, ensure_parent=True)
    raw.rows.insert("a", "u", {"k": {"x": 1.5, "y": True}}, ensure_parent=True)
    raw.tables.create("b", ["t", "empty"], ensure_parent=True)
    tables = raw.databases.list().cdf.tables()
    assert type(tables) is type(raw.databases.list())
    names = [("a", "t"), ("a", "u"), ("b", "empty"), ("b", "t")]
    assert list(zip(tables["db_name"], tables["name"], strict=True)) == names
    assert len(raw.databases.list().cdf.tables(limit=1)) == 2
    rows = to_arrow(tables.cdf.rows())
    assert rows.column_names == ["db_name", "table_name", "key", "x", "columns.db_name", "y", "last_updated_time"]
    assert [tuple(row.values())[:6] for row in rows.to_pylist()] == [
        ("a", "t", "k", 1.0, None, None),
        ("a", "t", "l", 2.0, "mine", None),
        ("a", "u", "k", 1.5, None, True),
    ]
    assert len(tables.cdf.rows("l")) == 1
    assert len(tables.cdf.rows(limit=1)) == 2
    assert to_arrow(tables.cdf.rows(columns=["y"], schema={"x": int})).column_names[3:-1] == ["x", "y"]
    assert len(tables.head(0).cdf.rows()) == 0
    frame = pl.DataFrame({"tag": ["p"], "v": [None]}) if kind == "polars" else pd.DataFrame({"v": [None]}, index=["p"])
    frame.cdf.insert_raw_rows("b", "t", key="tag" if kind == "polars" else None, keep_nulls=True)
    assert to_arrow(raw.rows.list("b", "t")).column_names == ["key", "v", "last_updated_time"]
    with pytest.raises(ValueError, match="rows needs a column 'id' or 'external_id'; got name"):
        raw.databases.list().cdf.rows()
    with pytest.raises(ValueError, match="rows needs a column 'name'; got db_name"):
        pl.DataFrame({"db_name": ["a"]}).cdf.rows()
    with pytest.raises(ValueError, match="tables needs a column 'name'"):
        pl.DataFrame({"a": [1]}).cdf.tables()


def test_columns_with_names_that_frames_have(client: CogniteClient, name: str) -> None:
    columns = {"key": 1, "last_updated_time": 2, "columns.key": 3, "": 4}
    client.raw.rows.insert("db", name, {"k": columns}, ensure_parent=True)
    read = client.raw.rows.list("db", name)
    names = ["columns.key", "columns.last_updated_time", "columns.columns.key", ""]
    assert read.columns == ["key", *names, "last_updated_time"]
    other = new_table()
    client.raw.rows.insert("db", other, read, ensure_parent=True)
    assert client.raw.rows.list("db", other).drop("last_updated_time").equals(read.drop("last_updated_time"))
    assert client.raw.rows.retrieve("db", other, "k")["last_updated_time"][0] > datetime(2024, 1, 1, tzinfo=UTC)


def test_names_that_arrow_cannot_have(client: CogniteClient, name: str) -> None:
    client.raw.rows.insert("db", name, {"k": {"a\0": 1}}, ensure_parent=True)
    assert client.raw.rows.list("db", name)["a\0"].to_list() == [1]
    with pytest.raises(ValueError, match=r"Column 'a\\x00' of the table has a NUL"):
        client.with_frame("pandas").raw.rows.list("db", name)
