"""Rows of sequences through the client, against a local CDF."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdframe import CogniteAPIError, CogniteClient, CogniteNotFoundError
from cdframe.frames import FRAME_KINDS, to_arrow
from cdframe.types import FrameKind

COLUMNS = [
    {"external_id": "n", "value_type": "LONG"},
    {"external_id": "x", "value_type": "DOUBLE"},
    {"external_id": "s", "value_type": "STRING"},
]


@pytest.fixture
def table(cdf_client: CogniteClient) -> CogniteClient:
    """A sequence of three columns."""
    cdf_client.sequences.create({"external_id": "t", "columns": COLUMNS})
    return cdf_client


def read(client: CogniteClient, **options: Any) -> Any:
    return client.sequences.data.retrieve(**{"start": 0, "end": None, "external_id": "t", **options})


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
ROWS = st.dictionaries(
    st.integers(0, 2**63 - 1),
    st.tuples(
        st.none() | st.integers(-(2**63), 2**63 - 1),
        st.none() | st.floats(-1e100, 1e100),
        st.none() | TEXTS,
    ),
    max_size=30,
)


@given(rows=ROWS, page=st.sampled_from([1, 2, 7, 10_000]), workers=st.sampled_from([1, 3]))
@settings(deadline=None, max_examples=30)
def test_typed_rows_come_back_equal(rows: dict[int, tuple[Any, ...]], page: int, workers: int) -> None:
    with CogniteClient.local(max_workers=workers) as client, pytest.MonkeyPatch.context() as patch:
        patch.setattr("cdframe.sequences.pages.MOST_ROWS", page)
        patch.setattr("cdframe.sequences.writing.MOST_ROWS", page)
        client.sequences.create({"external_id": "t", "columns": COLUMNS})
        schema = {"row_number": pl.Int64, "n": pl.Int64, "x": pl.Float64, "s": pl.String}
        frame = pl.DataFrame([(number, *values) for number, values in rows.items()], schema=schema, orient="row")
        frame.cdf.insert_rows(external_id="t")
        found = read(client)
        assert found.schema == pl.Schema(schema)
        assert found.rows() == frame.sort("row_number").rows()


@pytest.mark.parametrize("kind", FRAME_KINDS)
def test_frames_of_every_kind(table: CogniteClient, kind: FrameKind) -> None:
    client = table.with_frame(kind)
    columns = {"row_number": [1, 3], "n": [1, None], "x": [None, 0.5], "s": ["a", None]}
    given_frame = {
        "polars": lambda: pl.DataFrame(columns),
        "pandas": lambda: pd.DataFrame(columns).set_index("row_number").convert_dtypes(dtype_backend="pyarrow"),
        "pyarrow": lambda: pa.table(columns),
    }[kind]()
    client.sequences.data.insert_dataframe(given_frame, external_id="t")
    found = read(client)
    if kind == "pandas":
        assert found.index.name == "row_number"
        assert found.index.to_list() == [1, 3]
    assert to_arrow(found, index="row_number").to_pylist() == [
        {"row_number": 1, "n": 1, "x": None, "s": "a"},
        {"row_number": 3, "n": None, "x": 0.5, "s": None},
    ]


def test_rows_as_they_are_documented(table: CogniteClient) -> None:
    data = table.sequences.data
    data.insert([(1, ["pi", 3.14]), (2, ["e", np.float64(2.72)])], ["s", "x"], external_id="t")
    data.insert(
        [{"rowNumber": 123, "values": ["str", 3]}, {"rowNumber": 456, "values": ["bar", 42]}],
        ["s", "n"],
        external_id="t",
    )
    data.insert({7: [1, float("nan"), None]}, None, external_id="t")
    rows = read(table)
    assert rows.rows() == [
        (1, None, 3.14, "pi"),
        (2, None, 2.72, "e"),
        (7, 1, None, None),
        (123, 3, None, "str"),
        (456, 42, None, "bar"),
    ]
    data.insert([], ["s"], external_id="t")
    for bad, message in (
        ([(1, ["a"]), (1, ["b"])], "row number 1 is twice"),
        ([(-1, ["a"])], "must be 0 or more"),
        ([(1, ["a", 2])], "Row 1 has 2 values, where there are 1 columns"),
        ([1], r"rows\[0\] must be"),
    ):
        with pytest.raises(ValueError, match=message):
            data.insert(bad, ["s"], external_id="t")
    with pytest.raises(TypeError, match="rows must be a frame"):
        data.insert(5, ["s"], external_id="t")


def test_copy_from_one_sequence_to_another(table: CogniteClient) -> None:
    data = table.sequences.data
    data.insert({n: [n, n / 2, f"{n}"] for n in range(10)}, None, external_id="t")
    definition = table.sequences.retrieve(external_id="t")["columns"][0]
    table.sequences.create({"external_id": "copy", "columns": definition})
    data.insert(rows=read(table), column_external_ids=None, external_id="copy")
    assert read(table, external_id="copy").equals(read(table))
    data.insert(rows=read(table), column_external_ids=["s"], external_id="copy")
    with pytest.raises(ValueError, match="'q', which is not a column"):
        data.insert(rows=read(table), column_external_ids=["q"], external_id="copy")


def test_ranges_columns_and_limits(table: CogniteClient) -> None:
    table.sequences.data.insert({n * 10: [n, None, None] for n in range(10)}, None, external_id="t")
    assert read(table, start=15, end=50)["row_number"].to_list() == [20, 30, 40]
    assert read(table, end=-1).height == 10
    assert read(table, limit=3)["row_number"].to_list() == [0, 10, 20]
    assert read(table, limit=0).height == 0
    assert read(table, column_external_ids=["s", "n"]).columns == ["row_number", "s", "n"]
    assert read(table, start=50, end=50).height == 0
    with pytest.raises(CogniteAPIError, match="Can't find column 'q'"):
        read(table, column_external_ids="q")
    with pytest.raises(CogniteNotFoundError):
        read(table, external_id="nobody")
    with pytest.raises(ValueError, match="start=-1 must be 0 or more"):
        read(table, start=-1)
    with pytest.raises(ValueError, match="One of id and external_id"):
        table.sequences.data.retrieve(0, None)


def test_several_sequences_side_by_side(table: CogniteClient) -> None:
    table.sequences.create([{"external_id": "u", "columns": COLUMNS[:1]}, {"columns": [{"external_id": "y"}]}])
    [unnamed] = table.sequences.list().filter(pl.col("external_id").is_null())["id"]
    data = table.sequences.data
    data.insert({1: [1, 0.5, "a"], 2: [2, 1.5, "b"]}, None, external_id="t")
    data.insert({2: [20], 4: [40]}, None, external_id="u")
    data.insert({4: [0.25]}, None, id=unnamed)
    wide = data.retrieve_dataframe(0, None, external_id=["t", "u"], id=unnamed)
    assert wide.columns == ["row_number", f"{unnamed}|y", "t|n", "t|x", "t|s", "u|n"]
    assert wide.rows() == [
        (1, None, 1, 0.5, "a", None),
        (2, None, 2, 1.5, "b", 20),
        (4, 0.25, None, None, None, 40),
    ]
    ids = table.sequences.retrieve_multiple(external_ids=["t", "u"])["id"].to_list()
    by_id = data.retrieve_dataframe(0, None, external_id=["t", "u"], column_names="id|columnExternalId")
    assert by_id.columns[1:] == [f"{ids[0]}|n", f"{ids[0]}|x", f"{ids[0]}|s", f"{ids[1]}|n"]
    assert data.retrieve_dataframe(0, None, external_id="u", column_names="externalId").columns == ["row_number", "u"]
    with pytest.raises(ValueError, match="several columns of one name: 'n'"):
        data.retrieve_dataframe(0, None, external_id=["t", "u"], column_names="columnExternalId")
    with pytest.raises(ValueError, match="column_names='name' is not known"):
        data.retrieve_dataframe(0, None, external_id="t", column_names="name")
    both = table.sequences.retrieve_multiple(external_ids=["t", "u"]).cdf.rows(end=3)
    assert both["row_number"].to_list() == [1, 2]


def test_a_long_sequence_is_read_in_ranges(table: CogniteClient) -> None:
    count = 60_000
    frame = pl.DataFrame({"row_number": pl.int_range(count, eager=True) * 3, "n": pl.int_range(count, eager=True)})
    frame.cdf.insert_rows(external_id="t", progress=False)
    before = table.stats.requests
    assert read(table, column_external_ids="n").equals(frame)
    assert table.stats.requests - before > 6
    assert read(table, column_external_ids="n", limit=25_000).equals(frame.head(25_000))
    assert read(table, column_external_ids="n", start=30_000, end=150_000).equals(frame.slice(10_000, 40_000))


def test_delete(table: CogniteClient) -> None:
    data = table.sequences.data
    data.insert({n: [n, None, None] for n in range(30)}, None, external_id="t")
    data.delete(rows=[1, 2, 42], external_id="t")
    assert read(table).height == 28
    data.delete_range(10, 20, external_id="t")
    assert read(table)["row_number"].to_list() == [0, *range(3, 10), *range(20, 30)]
    data.delete_range(0, None, external_id="t")
    assert read(table).height == 0
    data.delete([], external_id="t")
    with pytest.raises(TypeError, match="rows must be a row number"):
        data.delete(["a"], external_id="t")


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"n": [1]}, "no column 'row_number'"),
        ({"row_number": [1]}, "no columns beside"),
        ({"row_number": [1, 1], "n": [1, 2]}, "The row number 1 is twice"),
        ({"row_number": [1, None], "n": [1, 2]}, "Row 1 of dataframe has no row number"),
        ({"row_number": [1.5], "n": [1]}, "must be integers, got Float64"),
        ({"row_number": [-1], "n": [1]}, "must be 0 or more, got -1"),
        ({"row_number": [1], "x": [float("inf")]}, "'x' of dataframe has inf"),
        ({"row_number": [1], "x": [1e101]}, "at most 1e"),
        ({"row_number": [1], "s": ["x" * 257]}, "text of 257 characters"),
        ({"row_number": [1], "b": [True]}, "'b' of dataframe is Boolean. Accepted: integers, floats and texts"),
    ],
)
def test_what_sequences_cannot_hold_is_refused_before_anything_is_sent(
    table: CogniteClient, columns: dict[str, list[Any]], message: str
) -> None:
    before = table.stats.requests
    with pytest.raises(ValueError, match=message):
        table.sequences.data.insert_dataframe(pl.DataFrame(columns), external_id="t")
    assert table.stats.requests == before


def test_a_sequence_from_a_frame(cdf_client: CogniteClient) -> None:
    frame = pl.DataFrame({"row_number": [1, 2], "a": [1, None], "b": [0.5, None], "c": ["x", "y"]})
    created = frame.cdf.create_sequence("made", name="Made", metadata={"k": "v"})
    [columns] = created["columns"].to_list()
    assert [(column["external_id"], column["value_type"]) for column in columns] == [
        *(("a", "LONG"), ("b", "DOUBLE"), ("c", "STRING"))
    ]
    assert cdf_client.sequences.data.retrieve(0, None, external_id="made").equals(frame)
    empty = frame.cdf.create_sequence("without rows", insert=False)
    assert empty.cdf.rows().height == 0


def test_definitions(cdf_client: CogniteClient) -> None:
    cdf_client.sequences.create(
        {
            "external_id": "t",
            "name": "n",
            "columns": [
                {"valueType": "STRING", "externalId": "user", "description": "some description"},
                {"value_type": "double", "metadata": {"k": "v"}},
            ],
        }
    )
    [row] = cdf_client.sequences.list(name="n").to_dicts()
    assert [column["external_id"] for column in row["columns"]] == ["user", "column1"]
    assert [column["value_type"] for column in row["columns"]] == ["STRING", "DOUBLE"]
    assert [column["description"] for column in row["columns"]] == ["some description", None]
    changed = cdf_client.sequences.update({"external_id": "t", "description": "d", "metadata.add": {"key": "value"}})
    assert changed["description"].to_list() == ["d"]
    whole = cdf_client.sequences.update(changed.with_columns(name=pl.lit("m")))
    assert whole["name"].to_list() == ["m"]
    with pytest.raises(ValueError, match=r"unknown field 'valeu_type'\. Did you mean 'value_type'"):
        cdf_client.sequences.create({"columns": [{"valeu_type": "LONG"}]})
    assert cdf_client.sequences.search(name="m").height == 1
    assert cdf_client.sequences.aggregate()["count"].to_list() == [1]
    cdf_client.sequences.delete(external_id="t")
    assert cdf_client.sequences.list().is_empty()
