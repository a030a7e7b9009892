"""The columns of sequences, changed by updates."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from cdframe import CogniteAPIError, CogniteClient, CogniteDuplicatedError, CogniteNotFoundError

COLUMNS = [
    {"external_id": "n", "value_type": "LONG", "name": "Number", "metadata": {"unit": "m"}},
    {"external_id": "x", "value_type": "DOUBLE"},
    {"external_id": "s", "value_type": "STRING", "description": "text"},
]


@pytest.fixture
def client(cdf_client: CogniteClient) -> CogniteClient:
    """A client of two sequences of three columns, the first with rows."""
    cdf_client.sequences.create([{"external_id": name, "columns": COLUMNS} for name in ("t", "u")])
    cdf_client.sequences.data.insert([(1, [1, 0.5, "a"]), (2, [2, None, "b"])], ["n", "x", "s"], external_id="t")
    return cdf_client


def columns(sequences: pl.DataFrame, row: int = 0) -> list[dict[str, Any]]:
    found = sequences.to_arrow()["columns"][row].as_py(maps_as_pydicts="strict")
    shown = ("external_id", "name", "description", "value_type", "metadata")
    return [{name: column[name] for name in shown if column[name]} for column in found]


def test_columns_come_change_and_go(client: CogniteClient) -> None:
    updated = client.sequences.update(
        {
            "external_id": "t",
            "columns.add": [{"external_id": "new", "valueType": "LONG", "metadata": {"a": "b"}}],
            "columns.remove": ["x"],
            "columns.modify": [
                {"external_id": "n", "update": {"external_id": "number", "metadata": {"unit": "km"}}},
                {"externalId": "s", "update": {"name": "Text"}},
            ],
        }
    )
    assert columns(updated) == [
        {"external_id": "number", "name": "Number", "value_type": "LONG", "metadata": {"unit": "km"}},
        {"external_id": "s", "name": "Text", "description": "text", "value_type": "STRING"},
        {"external_id": "new", "value_type": "LONG", "metadata": {"a": "b"}},
    ]
    rows = client.sequences.data.retrieve(0, None, external_id="t")
    assert rows.schema == {"row_number": pl.Int64, "number": pl.Int64, "s": pl.String, "new": pl.Int64}
    assert rows.rows() == [(1, 1, "a", None), (2, 2, "b", None)]


def test_what_was_read_and_a_frame_of_changes(client: CogniteClient) -> None:
    read = client.sequences.list()
    added = [[{"external_id": name, "value_type": "STRING"}] for name in ("one", "two")]
    updated = client.sequences.update(read.with_columns(pl.Series("columns.add", added), description=pl.lit("d")))
    assert updated["description"].to_list() == ["d", "d"]
    assert [columns(updated, row)[-1]["external_id"] for row in range(2)] == ["one", "two"]
    back = client.sequences.update(pl.DataFrame({"id": read["id"], "columns.remove": [["one"], ["two"]]}))
    assert [columns(back, row) for row in range(2)] == [COLUMNS, COLUMNS]
    nothing = client.sequences.update(read)
    assert [columns(nothing, row) for row in range(2)] == [COLUMNS, COLUMNS]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"columns.add": [{"external_id": "x"}]}, CogniteDuplicatedError),
        ({"columns.modify": [{"external_id": "x", "update": {"external_id": "n"}}]}, CogniteDuplicatedError),
        ({"columns.remove": ["y"]}, CogniteNotFoundError),
        ({"columns.modify": [{"external_id": "y", "update": {"name": "Y"}}]}, CogniteNotFoundError),
        ({"columns.remove": ["n", "x", "s"]}, CogniteAPIError),
    ],
)
def test_what_the_server_refuses_changes_nothing(
    client: CogniteClient, change: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        client.sequences.update({"external_id": "t", **change})
    assert columns(client.sequences.retrieve(external_id="t")) == COLUMNS


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"columns.ad": [{"external_id": "x"}]}, r"Did you mean 'columns.add'"),
        ({"columns.add": [{"external_id": "x", "valuetype": "LONG"}]}, "unknown field 'valuetype'.*'value_type'"),
        ({"columns.add": ["x"]}, "'columns.add' of sequences must be"),
        ({"columns.remove": [1]}, "'columns.remove' of sequences must be"),
        ({"columns.modify": [{"external_id": "x", "name": "Y"}]}, "unknown field 'name'. Known: external_id, update"),
        ({"columns.modify": [{"external_id": "x", "update": {"value_type": "LONG"}}]}, "unknown field 'value_type'"),
        ({"columns.modify": [{"external_id": "x", "update": "name"}]}, "'columns.modify' of sequences must be"),
    ],
)
def test_changes_that_are_none_are_named_before_anything_is_sent(
    client: CogniteClient, change: dict[str, Any], message: str
) -> None:
    before = client.stats.requests
    with pytest.raises(ValueError, match=message):
        client.sequences.update({"external_id": "t", **change})
    assert client.stats.requests == before
