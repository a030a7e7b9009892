"""Raw points of the local CDF are those of a plain dictionary, whatever is inserted, overwritten and deleted."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles.messages import write_insertion_request
from tests.properties.service import JSON, PROTOBUF, Service

Model = dict[int, float]
TIMES = st.one_of(st.integers(-50, 50), st.integers(-30_000, 30_000), st.sampled_from([-1, 0, 1]))


@st.composite
def batches(draw: st.DrawFn) -> list[tuple[int, float]]:
    """Points of one insertion: a few anywhere, often not in order, or a run of thousands."""
    value = st.floats(-1e100, 1e100, allow_nan=False)
    if draw(st.integers(0, 3)):
        return draw(st.lists(st.tuples(TIMES, value), min_size=1, max_size=8))
    first, step = draw(TIMES), draw(st.integers(1, 4))
    count, offset = draw(st.sampled_from([100, 4095, 4096, 4097, 9000])), draw(value)
    points = [(first + k * step, offset if k % 7 else float(k)) for k in range(count)]
    return points[::-1] if draw(st.booleans()) else points


ranges = st.tuples(TIMES, st.integers(1, 40_000) | st.integers(1, 20)).map(lambda r: (r[0], r[0] + r[1]))
operations = st.lists(
    st.one_of(
        st.tuples(st.just("insert"), batches()),
        st.tuples(st.just("insert"), batches()),
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
        items = [{"externalId": name, "datapoints": [{"timestamp": t, "value": v} for t, v in given]}]
        body = {"items": items} if len(given) % 2 else write_insertion_request(items)
        headers = {} if len(given) % 2 else {"content-type": PROTOBUF}
        service.post("/timeseries/data", body, **headers).raise_for_status()
        model.update(given)
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


@settings(max_examples=60, deadline=None)
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
        do(service, name, model, "insert", [(time, float(number)), (time + 5, -float(number))])
        if number % 100 == 50:
            do(service, name, model, "delete", (number * 5, number * 5 + 100))
    assert service.rows(name, start=0, end=10_000, limit=1000) == expected_rows(model, 0, 10_000, 1000, False)
