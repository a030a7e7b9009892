"""Databases and tables through the client."""

from __future__ import annotations

from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from cdframe import CogniteAPIError, CogniteClient, CogniteDuplicatedError, CogniteNotFoundError
from cdframe.frames import FRAME_KINDS, to_arrow
from cdframe.raw.names import SCHEMA, TABLE_SCHEMA
from tests.resources.test_time_series import counted


@pytest.mark.parametrize("kind", FRAME_KINDS)
def test_frames_have_one_schema(cdf_client: CogniteClient, kind: Any) -> None:
    raw = cdf_client.with_frame(kind).raw
    for frame in (raw.databases.list(), raw.databases.create(["b", "a"]), raw.databases.create([])):
        assert to_arrow(frame).cast(SCHEMA.arrow).schema.equals(to_arrow(frame).schema) or kind == "polars"
    for frame in (raw.tables.list("a"), raw.tables.create("a", "t"), raw.tables.create("a", [])):
        assert to_arrow(frame).cast(TABLE_SCHEMA.arrow).schema.equals(to_arrow(frame).schema) or kind == "polars"
    assert to_arrow(raw.databases.list())["name"].to_pylist() == ["a", "b"]
    assert to_arrow(raw.tables.list("a")).select(["db_name", "name"]).to_pylist() == [{"db_name": "a", "name": "t"}]


@pytest.mark.parametrize("names", ["a/b", ["a/b"], ("a/b",), pl.Series(["a/b"]), pa.array(["a/b"]), pd.Series(["a/b"])])
def test_names_may_come_alone_in_lists_and_in_columns(cdf_client: CogniteClient, names: Any) -> None:
    raw = cdf_client.raw
    assert raw.databases.create(names)["name"].to_list() == ["a/b"]
    assert raw.tables.create("a/b", names)["db_name"].to_list() == ["a/b"]
    raw.tables.delete("a/b", names)
    raw.databases.delete(names)
    assert raw.databases.list().is_empty()


def test_lists_iterations_and_limits(cdf_client: CogniteClient) -> None:
    raw = cdf_client.raw
    names = [f"{n:04}" for n in range(2300)]
    with counted(cdf_client) as requests:
        made = raw.databases.create(names)
        raw.tables.create("0000", names)
    assert len(requests) == 6
    assert made["name"].to_list() == names
    for listed, iterate in ((raw.databases.list, raw.databases), (raw.tables.list, raw.tables)):
        owner: tuple[str, ...] = () if iterate is raw.databases else ("0000",)
        assert listed(*owner)["name"].to_list() == names[:25]
        for limit in (None, -1, float("inf"), 2300, 5000):
            assert listed(*owner, limit=limit)["name"].to_list() == names
        assert listed(*owner, limit=1700)["name"].to_list() == names[:1700]
        with counted(cdf_client) as requests:
            assert listed(*owner, limit=0).is_empty()
        assert not requests
        chunks = list(iterate(*owner, chunk_size=900))
        assert [chunk.height for chunk in chunks] == [900, 900, 500]
        assert pl.concat(chunks).equals(listed(*owner, limit=None))
        rows = list(iterate(*owner, limit=1001))
        assert [row["name"] for row in rows] == names[:1001]
        assert rows[0]["created_time"].tzinfo is not None
    with counted(cdf_client) as requests:
        first = next(iter(raw.databases))
        assert first["name"] == "0000"
    assert len(requests) == 1


def test_what_is_there_and_what_is_not(cdf_client: CogniteClient) -> None:
    raw = cdf_client.raw
    raw.databases.create(["a", "b"])
    with pytest.raises(CogniteDuplicatedError) as twice:
        raw.databases.create(["c", "a"])
    assert twice.value.duplicated == [{"name": "a"}]
    assert twice.value.failed["name"].to_list() == ["c", "a"]
    for call in (
        lambda: raw.databases.delete(["a", "no"]),
        lambda: raw.tables.list("no"),
        lambda: list(raw.tables("no")),
        lambda: raw.tables.create("no", "t"),
        lambda: raw.tables.delete("no", "t"),
    ):
        with pytest.raises(CogniteNotFoundError) as missing:
            call()
        assert missing.value.not_found == [{"name": "no"}]
    with pytest.raises(CogniteNotFoundError, match="Following tables not found: x"):
        raw.tables.delete("a", ["x"])
    raw.tables.create("made", "t", ensure_parent=True)
    with pytest.raises(CogniteAPIError, match="recursive"):
        raw.databases.delete("made")
    raw.databases.delete(["made", "a"], recursive=True)
    assert raw.databases.list()["name"].to_list() == ["b"]


def test_partial_failure_names_every_row(cdf_client: CogniteClient) -> None:
    names = [f"{n:04}" for n in range(2500)]
    cdf_client.raw.databases.create("1500")
    with pytest.raises(CogniteDuplicatedError) as failure:
        cdf_client.raw.databases.create(names)
    error = failure.value
    assert error.failed["name"].to_list() == names[1000:2000]
    assert error.successful["name"].to_list() == names[:1000] + names[2000:]


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda raw: raw.databases.create(5), TypeError, "name must be a text"),
        (lambda raw: raw.databases.create(["a", None]), TypeError, "name must be a text"),
        (lambda raw: raw.databases.create(""), ValueError, "name must not be empty"),
        (lambda raw: raw.databases.delete("a", recursive=1), TypeError, "recursive must be True or False"),
        (lambda raw: raw.databases.list(limit=-3), ValueError, "limit=-3"),
        (lambda raw: raw.databases(chunk_size=0), ValueError, "chunk_size=0"),
        (lambda raw: raw.tables.list(5), TypeError, "db_name must be a text, got int"),
        (lambda raw: raw.tables.list(".."), ValueError, r"db_name='\.\.' cannot stand in a URL"),
        (lambda raw: raw.tables.create("a", "t", ensure_parent="yes"), TypeError, "ensure_parent"),
    ],
)
def test_wrong_arguments_fail_before_anything_is_sent(
    cdf_client: CogniteClient, call: Any, error: type[Exception], match: str
) -> None:
    with counted(cdf_client) as requests, pytest.raises(error, match=match):
        call(cdf_client.raw)
    assert not requests
