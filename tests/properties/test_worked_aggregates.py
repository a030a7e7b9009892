"""The worked examples of the aggregates, by the local CDF and by the oracle of the random ones."""

import pytest

from tests.oracles.aggregates import AGGREGATES, UNIT_MS, Row, aggregate_rows
from tests.properties.service import Points, Service, assert_rows

MINUTE, HOUR, DAY = UNIT_MS["m"], UNIT_MS["h"], UNIT_MS["d"]
ALL = list(AGGREGATES)

WORKED: Points = [
    (10 * MINUTE, 2),
    (40 * MINUTE, 8),
    (80 * MINUTE, 4),
    (4 * HOUR, 10),
    (4 * HOUR + 30 * MINUTE, 6),
    (6 * HOUR + 15 * MINUTE, 1),
]
COLUMNS = ("average", "min", "max", "count", "sum", "interpolation", "stepInterpolation")
COLUMNS += ("continuousVariance", "discreteVariance", "totalVariation")
# hour of the row, then the columns; None where the key is absent
NON_STEP = [
    (0, 5.8, 2, 8, 2, 10, None, None, 2.893333, 9, 8),
    (1, 5, 4, 4, 1, 4, 6, 8, 0.333333, 0, 2),
    (2, None, None, None, None, None, None, 4, None, None, None),
    (4, 8, 6, 10, 2, 16, 10, 10, 1.333333, 4, 4),
    (5, None, None, None, None, None, None, 6, None, None, None),
    (6, 1, 1, 1, 1, 1, None, 6, 0, 0, 0),
]
STEP = [
    (0, 4.4, 2, 8, 2, 10, None, None, 8.64, 9, 6),
    (1, 8, 4, 4, 1, 4, 8, 8, 0, 0, 4),
    (2, None, None, None, None, None, 4, 4, None, None, None),
    (4, 10, 6, 10, 2, 16, 10, 10, 0, 4, 4),
    (5, None, None, None, None, None, 6, 6, None, None, None),
    (6, 1, 1, 1, 1, 1, 6, 6, 0, 0, 0),
]


def worked_rows(table: list[tuple[float | None, ...]]) -> list[Row]:
    rows = []
    for hour, *values in table:
        row = dict(zip(COLUMNS, values, strict=True))
        rows.append({"timestamp": hour * HOUR} | {name: v for name, v in row.items() if v is not None})
    return rows


@pytest.mark.parametrize("is_step", [False, True], ids=["non-step", "step"])
@pytest.mark.parametrize("shift", [0, -3650 * DAY, 19_000 * DAY])
def test_worked_example_of_all_aggregates(service: Service, is_step: bool, shift: int) -> None:
    points = [(t + shift, v) for t, v in WORKED]
    expected = worked_rows(STEP if is_step else NON_STEP)
    for row in expected:
        row["timestamp"] += shift
    name = service.new_series(points, isStep=is_step)
    query = {"start": shift, "end": shift + 7 * HOUR, "granularity": "1h", "aggregates": ALL}
    assert_rows(service.rows(name, **query), expected, points, rel=1e-6)
    assert_rows(aggregate_rows(points, is_step=is_step, **query), expected, points, rel=1e-6)


@pytest.mark.parametrize(
    ("start", "end", "granularity", "aggregates", "expected"),
    [
        (
            3 * HOUR + 15 * MINUTE,
            3 * HOUR + 20 * MINUTE,
            "1h",
            ["count", "stepInterpolation", "interpolation"],
            [{"timestamp": 3 * HOUR, "stepInterpolation": 4}],
        ),
        (
            30 * MINUTE,
            4 * HOUR + 10 * MINUTE,
            "2h",
            ["average", "count", "sum"],
            [
                {"timestamp": 0, "average": 5.571429, "count": 3, "sum": 14},
                {"timestamp": 4 * HOUR, "average": 8, "count": 2, "sum": 16},
            ],
        ),
        (
            30 * MINUTE + 5,
            4 * HOUR + 10 * MINUTE,
            "120m",
            ["average", "count", "sum"],
            [
                {"timestamp": 30 * MINUTE, "average": 6.2, "count": 2, "sum": 12},
                {"timestamp": 150 * MINUTE, "average": 8, "count": 1, "sum": 10},
            ],
        ),
    ],
    ids=["first bucket empty", "hours from the hour", "minutes from the minute"],
)
def test_worked_examples_of_rounding(
    service: Service, start: int, end: int, granularity: str, aggregates: list[str], expected: list[Row]
) -> None:
    name = service.new_series(WORKED)
    found = service.rows(name, start=start, end=end, granularity=granularity, aggregates=aggregates)
    assert_rows(found, expected, WORKED, rel=1e-6)


def test_worked_example_of_the_edge_of_one_hour(service: Service) -> None:
    points = [(hour * HOUR + 30 * MINUTE, value) for hour, value in ((2, 0.0), (3, 0.0), (4, 0.0), (5, 1.0))]
    name = service.new_series(points)
    found = service.rows(name, start=0, end=7 * HOUR, granularity="1h", aggregates=["average", "interpolation"])
    assert found == [
        {"timestamp": 2 * HOUR, "average": 0},
        {"timestamp": 3 * HOUR, "average": 0, "interpolation": 0},
        {"timestamp": 4 * HOUR, "average": 0.125, "interpolation": 0},
        {"timestamp": 5 * HOUR, "average": 0.75, "interpolation": 0.5},
    ]
