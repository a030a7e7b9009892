"""Plain pages are read as any others are, only sooner; and what is not plain is left to the others."""

from __future__ import annotations

import json
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from cdframe.raw import plain
from cdframe.raw.columns import typed
from cdframe.raw.pages import read_rows
from cdframe.raw.plain import PageReader, PlainPage, read_plain_rows, typed_rows
from tests.raw.test_pages import page_of, tables

plain_kinds = [
    st.none(),
    st.none() | st.booleans(),
    st.none() | st.integers(-(2**63), 2**63 - 1),
    st.none() | st.floats(-1e15, 1e15),
    st.none() | st.text(st.characters(codec="utf-8", exclude_characters="[{\0"), max_size=6),
    st.none() | st.sampled_from(["2024-01-01", "2024-01-01T00:00:00Z", "2024-01-01 00:00:00.5"]),
    st.integers(-9, 9) | st.floats(-9, 9),
]


@st.composite
def plain_tables(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Rows whose columns are of one kind each, or of both kinds of numbers."""
    names = draw(st.lists(st.sampled_from(["a", "b", "key", "^.*$", "é", "", "c"]), unique=True, max_size=5))
    kinds = {name: draw(st.sampled_from(plain_kinds)) for name in names}
    return draw(st.lists(st.fixed_dictionaries({}, optional=kinds), max_size=12))


@settings(max_examples=300, deadline=None)
@given(
    rows=plain_tables() | tables(),
    cuts=st.lists(st.integers(0, 12), max_size=3).map(sorted),
    ascii_only=st.booleans(),
    separators=st.sampled_from([(",", ":"), (", ", ": ")]),
)
def test_rows_are_the_same(rows: list[dict[str, Any]], cuts: list[int], ascii_only: bool, separators: Any) -> None:
    texts = [
        (f"{number}", json.dumps(columns, ensure_ascii=ascii_only, separators=separators))
        for number, columns in enumerate(rows)
    ]
    expected = typed(read_rows(page_of(texts))[0], {})
    read = PageReader()
    bounds = zip([0, *cuts], [*cuts, len(texts)], strict=True)
    pages = [read(page_of(texts[begin:end]))[0] for begin, end in bounds]
    assert_frame_equal(typed_rows(pages), expected)
    assert sum(page.height for page in pages) == len(rows)


@settings(max_examples=100, deadline=None)
@given(plain_tables())
def test_plain_pages_are_read_at_once(rows: list[dict[str, Any]]) -> None:
    body = page_of([(str(number), json.dumps(columns)) for number, columns in enumerate(rows)], cursor="next")
    found = read_plain_rows(body)
    assert found is not None
    page, cursor = found
    assert cursor == "next"
    assert_frame_equal(typed_rows([page]), typed(read_rows(body)[0], {}))
    assert page.texts().equals(read_rows(body)[0])
    if rows:
        assert isinstance(page.head(len(rows)), PlainPage)
        assert_frame_equal(typed_rows([page.head(1)]), typed(read_rows(body)[0].head(1), {}))


@pytest.mark.parametrize(
    "columns",
    [
        '{"a":[1]}',
        '{"a":{"b":1}},"x":{"y":{}',
        '{"a":"["}',
        '{"a":1,"a":2}',
        '{"a":9223372036854775808}',
        '{"a":1e400}',
        '{"a":"\\ud800"}',
        '{"a\\u0000b":1}',
        '{"a":1},"columns":5',
        "[]",
        '{"a":' * 15_000 + "1" + "}" * 15_000,
        '{"a":{"x":"}},{"},"key":' * 15_000 + "1" + "}" * 15_000,
    ],
    ids=range(12),
)
def test_what_is_not_plain_is_refused(columns: str) -> None:
    assert read_plain_rows(page_of([("k", columns), ("l", "{}")])) is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[",
        b'{"items":[null]}',
        b'{"items":[{"key":"k","lastUpdatedTime":5}]}',
        b'{"items":[{"key":null,"columns":{},"lastUpdatedTime":5}]}',
        b'{"items":[{"key":"k","columns":{"a":"\xff"},"lastUpdatedTime":5}]}',
        b'{"items":[{"key":"k","columns":{"\xff":1},"lastUpdatedTime":5}]}',
        b'{"items":[{"key":"k","columns":{},"lastUpdatedTime":5}]}{"items":[]}',
        b'{"items":[]}\n{"items":[]}',
    ],
)
def test_what_is_not_a_page_is_refused(body: bytes) -> None:
    assert read_plain_rows(body) is None


@pytest.mark.parametrize("held", [0, plain.HELD])
def test_types_of_pages_are_brought_together(monkeypatch: pytest.MonkeyPatch, held: int) -> None:
    monkeypatch.setattr(plain, "HELD", held)

    def read(*columns: str) -> pl.Series:
        reader = PageReader()
        pages = [reader(page_of([("k", f'{{"a":{text}}}' if text else "{}")]))[0] for text in columns]
        assert all(isinstance(page, PlainPage) for page in pages)
        return typed_rows(pages)["a"]

    for columns, data_type, values in [
        (("1", "2.5", ""), pl.Float64(), [1.0, 2.5, None]),
        (("9007199254740993", "2.50"), pl.String(), ["9007199254740993", "2.50"]),
        (("true", "1"), pl.String(), ["true", "1"]),
        (("1.50", '"x\\u0041"'), pl.String(), ["1.50", '"x\\u0041"']),
        (('"2024-01-01"', '"x"'), pl.String(), ["2024-01-01", "x"]),
        (("null", "1"), pl.Int64(), [None, 1]),
        (("null", "null"), pl.String(), [None, None]),
    ]:
        found = read(*columns)
        assert (found.dtype, found.to_list()) == (data_type, values)


def test_names_are_no_patterns() -> None:
    read = PageReader()
    pages = [read(page_of([("k", f'{{"^.*$":{value},"*":1}}')]))[0] for value in ("null", "false")]
    assert typed_rows(pages)["^.*$"].to_list() == [None, False]


def test_no_page_is_tried_again_after_one_that_is_not_plain() -> None:
    reader = PageReader()
    flat, nested = page_of([("k", '{"a":1}')]), page_of([("k", '{"a":[1]}')])
    assert [isinstance(reader(body)[0], PlainPage) for body in (flat, nested, flat)] == [True, False, False]
