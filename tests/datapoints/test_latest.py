"""The latest points of many series: requests, order, identities."""

from __future__ import annotations

import json

import httpx
import pytest

from cdframe import CogniteClient, CogniteConnectionError, CogniteNotFoundError
from cdframe.frames import to_arrow
from tests.datapoints.wire import Wire

LATEST = "/timeseries/data/latest"
NAMES = [f'latest-{n:03}-"\\,{{}}\u2028å😀\n' for n in range(250)]
"""Every third has no point, every fifth is of strings."""


@pytest.fixture(scope="module")
def ids(client: CogniteClient) -> dict[str, int]:
    """The ids of the series, by name."""
    rows = [{"external_id": name, "is_string": n % 5 == 0} for n, name in enumerate(NAMES)]
    created = client.time_series.create(rows)
    points = [
        {
            "externalId": name,
            "datapoints": [(n, f"text {name}" if n % 5 == 0 else n + 0.1), (1, "" if n % 5 == 0 else 0)],
        }
        for n, name in enumerate(NAMES)
        if n % 3 and n > 1
    ]
    client.datapoints.insert_multiple(points)
    return dict(zip(created["external_id"], created["id"], strict=True))


def expected(name: str) -> list[tuple[int, float | str]]:
    n = NAMES.index(name)
    return [(n, f"text {name}" if n % 5 == 0 else n + 0.1)] if n % 3 and n > 1 else []


def test_series_come_in_the_order_asked_for_as_often_as_asked_for(client: CogniteClient, ids: dict[str, int]) -> None:
    wire_names = [*NAMES[::-1], NAMES[7], NAMES[10], NAMES[7]]
    by_id = [NAMES[20], NAMES[7], NAMES[3]]
    frame = client.datapoints.retrieve_latest(id=[ids[name] for name in by_id], external_id=wire_names)
    rows = to_arrow(frame)
    table = rows.set_column(
        rows.schema.get_field_index("timestamp"), "timestamp", rows["timestamp"].cast("int64")
    ).to_pylist()
    found = [(row["id"], row["external_id"], row["timestamp"], row["value"], row["string_value"]) for row in table]
    wanted = [(ids[name], None, name) for name in by_id] + [(None, name, name) for name in wire_names]
    assert found == [
        (id, name, time, None if isinstance(value, str) else value, value if isinstance(value, str) else None)
        for id, name, series in wanted
        for time, value in expected(series)
    ]


def test_requests_are_full(wire: Wire, ids: dict[str, int]) -> None:
    wire.api().retrieve_latest(external_id=NAMES)
    assert wire.calls == [LATEST] * 3
    wire.calls.clear()
    wire.api().retrieve_latest(id=list(ids.values())[:100])
    assert wire.calls == [LATEST]
    wire.calls.clear()
    assert wire.api().retrieve_latest(external_id=[]).height == 0
    assert wire.calls == []


def test_bodies_say_what_is_asked_for(wire: Wire, ids: dict[str, int]) -> None:
    bodies = []
    wire.answer = lambda request: bodies.append(json.loads(request.read()))  # type: ignore[func-returns-value]
    wire.api().retrieve_latest(id=ids[NAMES[4]], external_id=NAMES[:2], before=5, ignore_unknown_ids=True)
    items = [{"id": ids[NAMES[4]]}, {"externalId": NAMES[0]}, {"externalId": NAMES[1]}]
    assert bodies == [{"items": [{**item, "before": 5} for item in items], "ignoreUnknownIds": True}]


def test_unknown_series_of_all_requests_are_named_or_left_out(client: CogniteClient, ids: dict[str, int]) -> None:
    wanted = [*NAMES[:150], "not-1", *NAMES[150:], "not-2"]
    with pytest.raises(CogniteNotFoundError) as failure:
        client.datapoints.retrieve_latest(external_id=wanted)
    assert failure.value.not_found == [{"externalId": "not-1"}, {"externalId": "not-2"}]
    known = client.datapoints.retrieve_latest(external_id=wanted, ignore_unknown_ids=True)
    all_known = client.datapoints.retrieve_latest(external_id=NAMES)
    assert known["external_id"].to_list() == all_known["external_id"].to_list()
    assert known["value"].equals(all_known["value"])


def test_an_answer_that_cannot_be_read_is_an_error(wire: Wire, ids: dict[str, int]) -> None:
    wire.answer = lambda request: httpx.Response(200, content=b"<html>")
    with pytest.raises(CogniteConnectionError, match="cannot be read"):
        wire.api().retrieve_latest(external_id=NAMES)
