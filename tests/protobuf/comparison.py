"""What the codec made of a body, compared with what the google runtime made of it."""

import struct
from collections.abc import Iterable
from typing import Any

from cdframe.protobuf import DatapointsPage, InsertionItem

DOUBLES = (
    *("average", "max", "min", "count", "sum", "interpolation", "stepInterpolation", "continuousVariance"),
    *("discreteVariance", "totalVariation", "countGood", "countUncertain", "countBad"),
    *("durationGood", "durationUncertain", "durationBad"),
)


def bits(values: Iterable[float]) -> list[bytes]:
    """Doubles so that they can be compared: -0.0 is not 0.0, and a NaN is equal to a NaN."""
    return [b"nan" if value != value else struct.pack("<d", value) for value in values]


def assert_same_page(page: DatapointsPage, message: Any) -> None:
    assert page.id == message.id
    for ours, theirs in (
        (page.external_id, message.externalId),
        (page.unit, message.unit),
        (page.unit_external_id, message.unitExternalId),
        (page.next_cursor, message.nextCursor),
    ):
        assert (ours or "") == theirs
    assert page.is_string == message.isString
    assert page.is_step == message.isStep
    if message.type in (1, 2):
        assert page.type == ("numeric", "string")[message.type - 1]
    assert_same_instance(page.instance_id, message)
    if message.WhichOneof("datapointType") == "aggregateDatapoints":
        assert_same_aggregates(page, message.aggregateDatapoints.datapoints)
    else:
        assert page.aggregates is None
        assert_same_points(page, message)


def assert_same_insertion(item: InsertionItem, message: Any) -> None:
    reference = message.WhichOneof("timeSeriesReference")
    assert item.id == (message.id if reference == "id" else None)
    assert item.external_id == (message.externalId if reference == "externalId" else None)
    assert_same_instance(item.instance_id, message)
    assert_same_points(item, message)


def assert_same_instance(ours: tuple[str, str] | None, message: Any) -> None:
    theirs = message.instanceId
    assert ours == ((theirs.space, theirs.externalId) if message.HasField("instanceId") else None)


def assert_same_points(page: DatapointsPage | InsertionItem, message: Any) -> None:
    kind = message.WhichOneof("datapointType")
    points = getattr(message, kind).datapoints if kind else []
    assert page.timestamps.tolist() == [point.timestamp for point in points]
    nulls = [point.nullValue for point in points]
    if kind == "stringDatapoints":
        expected = [None if null else point.value for null, point in zip(nulls, points, strict=True)]
        assert page.values.to_pylist() == expected
    else:
        expected = [float("nan") if null else point.value for null, point in zip(nulls, points, strict=True)]
        assert bits(page.values.tolist() if page.values is not None else []) == bits(expected)
    assert (page.null_values.tolist() if page.null_values is not None else [False] * len(points)) == nulls
    codes = [point.status.code for point in points]
    assert (page.status.tolist() if page.status is not None else [0] * len(points)) == codes
    symbols = [point.status.symbol or None for point in points]
    assert (page.symbols.to_pylist() if page.symbols is not None else [None] * len(points)) == symbols


def assert_same_aggregates(page: DatapointsPage, points: Any) -> None:
    assert page.timestamps.tolist() == [point.timestamp for point in points]
    missing = [float("nan")] * len(points)
    for name in DOUBLES:
        ours = page.aggregates[name].tolist() if name in page.aggregates else missing
        assert bits(ours) == bits(getattr(point, name) for point in points)
    for name in ("maxDatapoint", "minDatapoint"):
        expected = [
            (extreme.timestamp, extreme.value)
            if point.HasField(name)
            and not (extreme := getattr(point, name)).nullValue
            and extreme.value == extreme.value
            else None
            for point in points
        ]
        times, values = (page.extremes or {}).get(name, ([0] * len(points), missing))
        ours = [None if value != value else (time, value) for time, value in zip(times, values, strict=True)]
        assert ours == expected
