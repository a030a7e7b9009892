"""Raw points of the local CDF are those of a plain dictionary, whatever is inserted, overwritten and deleted."""

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles.messages import write_insertion_request
from tests.properties.service import JSON, PROTOBUF, Service, service_of_a_new_engine

Model = dict[int, float]
TIMES = st.one_of(st.integers(-50, 50), st.integers(-30_000, 30_000), st.sampled_from([-1, 0, 1]))


@dataclass(frozen=True)
class Run:
    """Thousands of points in a few words, so that a failing example can be read."""

    first: int
    step: int
    count: int
    value: float
    backwards: bool

    def points(self) -> list[tuple[int, float]]:
        times = range(self.first, self.first + self.count * self.step, self.step)
        points = [(t, self.value if k % 7 else float(k)) for k, t in enumerate(times)]
        return points[::-1] if self.backwards else points


@dataclass(frozen=True)
class Few:
    """Points anywhere, often not in order."""

    given: list[tuple[int, float]]

    def points(self) -> list[tuple[int, float]]:
        return self.given


values = st.floats(-1e100, 1e100, allow_nan=False)
few = st.lists(st.tuples(TIMES, values), min_size=1, max_size=8).map(Few)
runs = st.builds(Run, TIMES, st.integers(1, 4), st.sampled_from([100, 4095, 4096, 4097, 9000]), values, st.booleans())
ranges = st.tuples(TIMES, st.integers(1, 40_000) | st.integers(1, 20)).map(lambda r: (r[0], r[0] + r[1]))
operations = st.lists(
    st.one_of(
        st.tuples(st.just("insert"), few),
        st.tuples(st.just("insert"), runs),
        st.tuples(st.just("delete"), ranges),
    ),
    min_size=1,
    max_size=12,
)
queries = st.fixed_dictionaries(
    {
        "start": TIMES,
        "length": st.integers(1, 60) | st.integers(1, 60_000),
        "limit": st.integers(0, 40) | st.just(100_000),
    },
    optional={"includeOutsidePoints": st.booleans()},
)


def expected_rows(model: Model, start: int, end: int, limit: int, outside: bool) -> list[dict[str, Any]]:
    times = sorted(model)
    inside = [t for t in times if start <= t < end][:limit]
    if outside:
        inside = [t for t in times if t < start][-1:] + inside + [t for t in times if t >= end][:1]
    return [{"timestamp": t, "value": model[t]} for t in inside]


def do(service: Service, name: str, model: Model, operation: str, given: Any) -> None:
    """Do an operation to the series and to its model."""
    if operation == "insert":
        points = given.points()
        items = [{"externalId": name, "datapoints": [{"timestamp": t, "value": v} for t, v in points]}]
        body = {"items": items} if len(points) % 2 else write_insertion_request(items)
        headers = {} if len(points) % 2 else {"content-type": PROTOBUF}
        service.post("/timeseries/data", body, **headers).raise_for_status()
        model.update(points)
    else:
        begin, end = given
        item = {"externalId": name, "inclusiveBegin": begin, "exclusiveEnd": end}
        service.post("/timeseries/data/delete", {"items": [item]}).raise_for_status()
        for time in [t for t in model if begin <= t < end]:
            del model[time]


def all_pages(service: Service, name: str, start: int, end: int, limit: int, accept: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        item = {"externalId": name, "start": start, "end": end, "limit": limit, **cursor}
        (page,) = service.read(item, accept=accept)
        rows += page["datapoints"]
        if "nextCursor" not in page:
            return rows
        assert len(page["datapoints"]) == limit
        cursor = {"cursor": page["nextCursor"]}


@settings(max_examples=40, deadline=None)
@given(done=operations, asked=st.lists(queries, min_size=1, max_size=4), accept=st.sampled_from([JSON, PROTOBUF]))
def test_points_are_those_of_a_dictionary(
    service: Service, done: list[tuple[str, Any]], asked: list[dict[str, Any]], accept: str
) -> None:
    name, model = service.new_series([]), Model()
    try:
        for operation, details in done:
            do(service, name, model, operation, details)
        items, expected = [], []
        for query in asked:
            length, query = query["length"], {k: v for k, v in query.items() if k != "length"}
            end = query["start"] + length
            items.append({"externalId": name, "end": end, **query})
            outside = query.get("includeOutsidePoints", False)
            expected.append(expected_rows(model, query["start"], end, query["limit"], outside))
        # one by one: together their limits may exceed what one request may answer
        for item, rows in zip(items, expected, strict=True):
            (answer,) = service.read(item, accept=accept)
            assert answer["datapoints"] == rows
            inside = [t for t in model if item["start"] <= t < item["end"]]
            more = len(inside) > item["limit"] and not item.get("includeOutsidePoints")
            assert ("nextCursor" in answer) == more
        times = sorted(model)
        middle = times[len(times) // 2] if times else 0
        paged = all_pages(service, name, middle, 10**6, max(1, len(times) // 5), accept)
        assert paged == expected_rows(model, middle, 10**6, len(model), outside=False)
        latest = service.post("/timeseries/data/latest", {"items": [{"externalId": name, "before": middle}]})
        before = expected_rows(model, middle, middle, 0, outside=True)[:1] if times and times[0] < middle else []
        assert latest.json()["items"][0]["datapoints"] == before
    finally:
        service.delete(name)


def test_many_small_insertions_in_any_order(service: Service) -> None:
    """Hundreds of insertions of a point or two, as a logger makes them, late ones among them."""
    name, model = service.new_series([]), Model()
    for number in range(300):
        time = number * 10 if number % 9 else (number * 7919) % 3000
        do(service, name, model, "insert", Few([(time, float(number)), (time + 5, -float(number))]))
        if number % 100 == 50:
            do(service, name, model, "delete", (number * 5, number * 5 + 100))
    assert service.rows(name, start=0, end=10_000, limit=1000) == expected_rows(model, 0, 10_000, 1000, False)


@pytest.mark.parametrize("first_piece", [1, 3, 60, 100])
@pytest.mark.parametrize("last_piece", [1, 6, 60, 100])
def test_points_of_a_block_that_lies_in_three_vectors(first_piece: int, last_piece: int) -> None:
    """DuckDB may hand out a vector's few rows later than the many of the next vector."""
    vector = 2048
    times = range(first_piece + vector + last_piece)
    with service_of_a_new_engine() as service:
        service.new_series([(t, 0.0) for t in range(vector - first_piece)])
        name = service.new_series([(t, float(t)) for t in times])
        expected = [{"timestamp": t, "value": float(t)} for t in times]
        assert service.rows(name, start=0, end=vector * 2, limit=10_000) == expected
        assert service.rows(name, start=2, end=1000, limit=10_000) == expected[2:1000]
