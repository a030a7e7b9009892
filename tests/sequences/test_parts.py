"""The parts in which a long sequence is read side by side."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdframe.sequences.reading import _edges


@pytest.mark.parametrize(("rows", "requests"), [(100_000, 16), (66_000, 10), (66_001, 11), (1_000_000, 166)])
def test_parts_are_whole_pages_where_there_are_enough(rows: int, requests: int) -> None:
    lengths = [high - low for low, high in pairwise(_edges(6000, rows, 6000, 10))]
    assert len(lengths) == 10
    assert sum(-(-length // 6000) for length in lengths) == requests
    assert max(lengths) <= -(-requests // 10) * 6000


def test_parts_are_equal_where_pages_are_few() -> None:
    assert _edges(5, 45, 30, 4) == [5, 15, 25, 35, 45]


@given(st.integers(0, 2**62), st.integers(1, 2**62), st.integers(1, 2**62), st.integers(2, 20))
def test_parts_are_all_of_it(start: int, length: int, span: int, parts: int) -> None:
    edges = _edges(start, start + length, span, parts)
    assert len(edges) == parts + 1
    assert (edges[0], edges[-1]) == (start, start + length)
    assert edges == sorted(edges)
