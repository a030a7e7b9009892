"""Points in and out against a plain dict, with blocks so small that few points make, cut and merge many."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdframe.local import LocalCDF
from cdframe.local.datapoints import store
from tests.local.api import Api
from tests.local.blocks import check_blocks

TIMES = st.integers(0, 60)
STATUSES = st.sampled_from(["Good", "Good", "Good", "Uncertain", "Bad"])
POINTS = st.lists(st.tuples(TIMES, st.integers(0, 9), STATUSES), max_size=25)
RUNS = st.builds(
    lambda first, count, step: [(first + i * step, i, "Good") for i in range(count)],
    TIMES,
    st.integers(1, 20),
    st.integers(1, 3),
)
WRITES = st.one_of(
    st.tuples(st.just("insert"), st.integers(0, 2), st.one_of(POINTS, RUNS)),
    st.tuples(st.just("delete"), st.integers(0, 2), st.tuples(TIMES, st.integers(1, 30))),
)


@dataclass
class Query:
    """A query, and what it gives by definition."""

    start: int
    length: int
    limit: int
    outside: bool
    ignore_bad: bool
    uncertain_is_bad: bool
    points: dict[int, tuple[Any, str]] = field(default_factory=dict)

    def expected(self, points: dict[int, tuple[Any, str]]) -> tuple[list[int], bool]:
        end = self.start + self.length
        gone = set()
        if self.ignore_bad:
            gone = {"Bad", "Uncertain"} if self.uncertain_is_bad else {"Bad"}
        there = sorted(time for time, (_, status) in points.items() if status not in gone)
        inside = [time for time in there if self.start <= time < end]
        more = len(inside) > self.limit and not self.outside
        found = inside[: self.limit]
        if self.outside:
            found = [t for t in there if t < self.start][-1:] + found + [t for t in there if t >= end][:1]
        return found, more

    def body(self) -> dict[str, Any]:
        return {
            "start": self.start,
            "end": self.start + self.length,
            "limit": self.limit,
            "includeOutsidePoints": self.outside,
            "ignoreBadDataPoints": self.ignore_bad,
            "treatUncertainAsBad": self.uncertain_is_bad,
        }


QUERIES = st.lists(
    st.builds(Query, TIMES, st.integers(1, 70), st.integers(0, 30), st.booleans(), st.booleans(), st.booleans()),
    min_size=3,
    max_size=8,
)


@pytest.fixture(scope="module")
def small() -> Iterator[Api]:
    with pytest.MonkeyPatch.context() as patch, LocalCDF() as engine:
        patch.setattr(store, "BLOCK", 8)
        patch.setattr(store, "FANOUT", 2)
        patch.setattr(store, "TIERS", ((0, 2), (2, 4)))
        yield Api(engine)


@settings(max_examples=60, deadline=None)
@given(writes=st.lists(WRITES, max_size=12), queries=QUERIES, strings=st.booleans())
def test_points_are_those_that_were_written(
    small: Api, writes: list[tuple[str, int, Any]], queries: list[Query], strings: bool
) -> None:
    names = [small.new(isString=strings) for _ in range(3)]
    models: list[dict[int, tuple[Any, str]]] = [{}, {}, {}]
    for kind, which, what in writes:
        name, model = names[which], models[which]
        if kind == "insert":
            points = [(time, str(value) if strings else float(value), status) for time, value, status in what]
            small.insert(
                name,
                [
                    {"timestamp": time, "value": value, **({} if status == "Good" else {"status": {"symbol": status}})}
                    for time, value, status in points
                ],
            )
            model.update({time: (value, status) for time, value, status in points})
        else:
            begin, length = what
            item = {"externalId": name, "inclusiveBegin": begin, "exclusiveEnd": begin + length}
            small.post("/timeseries/data/delete", {"items": [item]})
            for time in range(begin, begin + length):
                model.pop(time, None)
    items = [{"externalId": names[i % 3], **query.body()} for i, query in enumerate(queries)]
    answers = small.post("/timeseries/data/list", {"items": items})["items"]
    for i, (query, answer) in enumerate(zip(queries, answers, strict=True)):
        model = models[i % 3]
        times, more = query.expected(model)
        assert [(p["timestamp"], p["value"]) for p in answer["datapoints"]] == [(t, model[t][0]) for t in times]
        assert ("nextCursor" in answer) == more
    check_blocks(small, "string" if strings else "numeric")
    small.post("/timeseries/delete", {"items": [{"externalId": name} for name in names]})
