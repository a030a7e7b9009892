"""Rows as JSON: the native reader and writer against the standard library's."""

from __future__ import annotations

import json
from itertools import accumulate, pairwise
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdframe.conform import conform
from cdframe.errors import CogniteConnectionError
from cdframe.frames import from_polars
from cdframe.json_rows import Member, Rows, items_body, read_page, write_members
from cdframe.resources.time_series import SCHEMA
from cdframe.resources.updates import update_objects
from cdframe.schemas import Column, Schema, camel_case

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
ITEMS = st.lists(
    st.fixed_dictionaries(
        {"id": st.integers(1, 2**53 - 1)},
        optional={
            "externalId": TEXT,
            "isStep": st.booleans(),
            "metadata": st.dictionaries(TEXT, TEXT, max_size=3),
            "assetId": st.none() | st.sampled_from([-(2**63), 2**63 - 1]) | st.integers(-(2**63), 2**63 - 1),
            "securityCategories": st.lists(st.integers(1, 2**53 - 1), max_size=3),
            "createdTime": st.integers(0, 4 * 10**12),
            "description": st.none()
            | st.sampled_from(['"', "\\", '\\"},{"id":1', "\u2028", "\0", "\U0010ffff"])
            | TEXT,
            "added by a newer server": st.none()
            | st.lists(st.dictionaries(TEXT, st.floats(allow_nan=False, allow_infinity=False))),
        },
    ),
    max_size=4,
)


def rows_of(frame: pl.DataFrame) -> list[dict[str, Any]]:
    table = from_polars(frame, SCHEMA.arrow, "pyarrow")
    assert table.schema == SCHEMA.arrow
    for name in ("created_time", "last_updated_time"):
        place = table.schema.get_field_index(name)
        table = table.set_column(place, name, table.column(name).cast(pa.int64()))
    return table.to_pylist(maps_as_pydicts="strict")


def rows_by_json(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: item.get(camel_case(name)) for name in SCHEMA.names} for item in items]


@given(ITEMS, st.none() | TEXT)
@settings(deadline=None)
def test_pages_are_read_like_json_reads_them(items: list[dict[str, Any]], cursor: str | None) -> None:
    frame, read_cursor = read_page(json.dumps({"items": items, "nextCursor": cursor}).encode(), SCHEMA)
    assert read_cursor == (cursor or None)
    assert rows_of(frame) == rows_by_json(items)


@given(st.lists(ITEMS, max_size=9))
@settings(deadline=None)
def test_pages_are_joined_in_order(pages: list[list[dict[str, Any]]]) -> None:
    rows = Rows(SCHEMA)
    for items in pages:
        rows.add(read_page(json.dumps({"items": items}, ensure_ascii=False).encode(), SCHEMA)[0])
    frame = rows.frame()
    assert frame.schema == pl.DataFrame(SCHEMA.empty()).schema
    assert frame.n_chunks() == 1
    assert rows_of(frame) == rows_by_json([item for items in pages for item in items])


@given(st.lists(st.integers(0, 9_000), max_size=30))
@settings(deadline=None)
def test_rows_are_in_few_chunks_and_in_order(heights: list[int]) -> None:
    ends = list(accumulate(heights, initial=0))
    pages = [pl.DataFrame({"id": pl.int_range(a, b, eager=True)}) for a, b in pairwise(ends)]
    frame = Rows(Schema("ids", (Column("id", pa.int64()),)), pages).frame()
    assert frame["id"].to_list() == list(range(ends[-1]))
    assert frame.n_chunks() <= 1 + ends[-1] / 4_000


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b"<html>", b'{"items":5}', b'{"items":[{"id":"x"}]}', b'{"items":[{"id":1}', b"\xff"]
)
def test_a_body_that_is_no_page_is_an_error_that_shows_it(body: bytes) -> None:
    with pytest.raises(CogniteConnectionError, match="not a page of time series"):
        read_page(body, SCHEMA)


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "external_id": st.none() | TEXT,
                "is_step": st.none() | st.booleans(),
                "asset_id": st.none() | st.integers(1, 99),
            }
        ),
        min_size=1,
        max_size=4,
    )
)
@settings(deadline=None)
def test_objects_are_written_without_nulls(rows: list[dict[str, Any]]) -> None:
    schema = pa.schema({"external_id": pa.string(), "is_step": pa.bool_(), "asset_id": pa.int64()})
    members = [Member(name, f'"{camel_case(name)}":{{}}') for name in schema.names]
    objects = "{" + write_members(pl.DataFrame(pa.Table.from_pylist(rows, schema)), members) + "}"
    written = json.loads(items_body(objects, flag=True))
    assert written == {
        "items": [{camel_case(name): value for name, value in row.items() if value is not None} for row in rows],
        "flag": True,
    }


def updates(rows: list[dict[str, Any]], null: Any = "keep") -> list[dict[str, Any]]:
    types = {
        **{column.name: column.type for column in SCHEMA.columns},
        "metadata.add": pa.map_(pa.string(), pa.string()),
        "metadata.remove": pa.list_(pa.string()),
        "security_categories.add": pa.list_(pa.int64()),
        "security_categories.remove": pa.list_(pa.int64()),
    }
    names = list(dict.fromkeys(name for row in rows for name in row))
    table = pa.Table.from_pylist(rows, pa.schema({name: types[name] for name in names}))
    return [json.loads(text) for text in update_objects(table, SCHEMA, null)]


def test_a_row_is_known_by_its_id_and_then_its_external_id_is_set() -> None:
    assert updates([{"id": 1, "external_id": "a", "unit": "bar"}, {"id": None, "external_id": "b", "unit": None}]) == [
        {"id": 1, "update": {"externalId": {"set": "a"}, "unit": {"set": "bar"}}},
        {"externalId": "b", "update": {}},
    ]


def test_nulls_clear_when_asked_to_except_what_cannot_be_null() -> None:
    row = {"id": 1, "external_id": None, "unit": None, "metadata": None, "security_categories": None, "is_step": None}
    assert updates([row], "clear") == [
        {
            "id": 1,
            "update": {
                "unit": {"setNull": True},
                "metadata": {"set": {}},
                "securityCategories": {"set": []},
            },
        }
    ]


def test_add_and_remove() -> None:
    assert updates(
        [
            {"id": 1, "metadata.add": [("a", "1")], "metadata.remove": ["b"], "security_categories.add": None},
            {"id": 2, "metadata.add": None, "metadata.remove": None, "security_categories.add": [5]},
        ]
    ) == [
        {"id": 1, "update": {"metadata": {"add": {"a": "1"}, "remove": ["b"]}}},
        {"id": 2, "update": {"securityCategories": {"add": [5]}}},
    ]


def test_columns_that_cannot_be_changed_are_passed_over() -> None:
    assert updates([{"id": 1, "is_string": True, "legacy_name": "x", "created_time": 5, "name": "n"}]) == [
        {"id": 1, "update": {"name": {"set": "n"}}}
    ]


@pytest.mark.parametrize(
    ("row", "match"),
    [
        ({"unit": "bar"}, "Row 0 .* neither 'id' nor"),
        ({"id": None, "external_id": None}, "Row 0 .* neither"),
        ({"id": 1, "metadata": [("a", "b")], "metadata.add": [("a", "b")]}, "Row 0 .* both 'metadata'"),
    ],
)
def test_rows_that_say_too_little_or_too_much(row: dict[str, Any], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        updates([row])


@pytest.mark.parametrize(
    ("column", "values", "match"),
    [
        ("extrenal_id", ["a"], "Did you mean 'external_id'"),
        ("externalId", ["a"], "Did you mean 'external_id'"),
        ("external_id", [5], "'external_id' of time series must be string, got int64"),
        ("asset_id", ["a"], "'asset_id' of time series must be int64, got string"),
        ("asset_id", [1.5], "'asset_id' of time series must be int64"),
        ("is_step", [1], "'is_step' of time series must be bool"),
        ("metadata", ["x"], "'metadata'"),
        ("metadata", [{"a": 1}], "'a' is 1, not a text"),
        ("security_categories", [["x"]], "'security_categories'"),
    ],
)
def test_columns_that_do_not_fit_are_named(column: str, values: list[Any], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        conform(pa.table({column: values}), SCHEMA.by_name, SCHEMA.resource)


@given(
    st.lists(
        st.none() | st.fixed_dictionaries({"a": st.none() | TEXT, "": st.none() | TEXT}, optional={"c": TEXT}),
        max_size=5,
    ),
    st.integers(0, 2),
)
@settings(deadline=None)
def test_structs_are_read_as_maps(rows: list[dict[str, str | None] | None], skipped: int) -> None:
    """A field that is null in a row is absent from it, also where the column begins within an array."""
    structs = pa.array(rows, pa.struct({"a": pa.string(), "": pa.string(), "c": pa.string()}))
    column = pa.chunked_array([structs.slice(skipped), structs], structs.type)
    conformed = conform(pa.table({"metadata": column}), SCHEMA.by_name, SCHEMA.resource)
    expected = [
        None if row is None else [(name, row[name]) for name in ("a", "", "c") if row.get(name) is not None]
        for row in [*rows[skipped:], *rows]
    ]
    assert conformed["metadata"].to_pylist() == expected
