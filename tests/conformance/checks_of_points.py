"""What the sections on datapoints should have seen."""

from typing import Any

from tests.conformance import scenario
from tests.conformance.raw import JSON, PROTOBUF
from tests.conformance.scenario import BEGIN, DAY, HOUR, MINUTE
from tests.conformance.sdk_run import Checks, SdkRun, assert_same_rows, without_zero_counts

CHECKS = Checks()


def check_question(sdk: SdkRun, seen: Any, question: dict[str, Any]) -> None:
    """The SDK's answer is that of the HTTP API, in JSON and in protobuf."""
    as_json = sdk.raw.known_answer(question, JSON)
    assert sdk.raw.known_answer(question, PROTOBUF) == as_json
    assert [item["externalId"] for item in seen] == [item["externalId"] for item in as_json]
    for found, expected in zip(seen, as_json, strict=True):
        assert_same_rows(without_zero_counts(found["datapoints"]), expected["datapoints"])
        for name in found.keys() - {"datapoints"}:
            assert found[name] in (expected.get(name), ""), name  # protobuf has no unset text


def check_written_points(sdk: SdkRun) -> None:
    for name, points in scenario.POINTS.items():
        question = {"series": [name], "start": BEGIN, "end": BEGIN + 365 * DAY}
        (item,) = sdk.raw.answer(question)
        written = [{"timestamp": t, "value": v} for t, v in points()]
        assert_same_rows(item["datapoints"], written)
    for number, fields in enumerate(scenario.MANY):
        question = {"series": [fields["externalId"]], "start": BEGIN, "end": BEGIN + DAY}
        (item,) = sdk.raw.answer(question)
        written = [{"timestamp": t, "value": v} for t, v in scenario.many_points(number)]
        assert_same_rows(item["datapoints"], written)


def rows_between(sdk: SdkRun, name: str, start: int, end: int, **options: Any) -> list[dict[str, Any]]:
    return sdk.raw.answer({"series": [name], "start": start, "end": end, **options})[0]["datapoints"]


@CHECKS.of("insert")
def insert(sdk: SdkRun, seen: Any) -> None:
    assert seen is None


@CHECKS.of("outside points with a limit")
def outside_points_with_a_limit(sdk: SdkRun, seen: Any) -> None:
    items = [{"externalId": "tank/valve", "start": BEGIN + DAY, "end": BEGIN + 2 * DAY, "limit": 4}]
    answer = sdk.raw.post("/timeseries/data/list", {"items": items, "includeOutsidePoints": True})
    rows = answer["items"][0]["datapoints"]
    assert len(rows) == 6
    assert seen == (rows[:4] if sdk.is_2021 else rows)  # client 2.x cuts the answer to its limit


@CHECKS.of("retrieve by id and aggregates of each item")
def retrieve_by_id_and_aggregates_of_each_item(sdk: SdkRun, seen: Any) -> None:
    window = {"start": BEGIN, "end": BEGIN + DAY, "granularity": "12h"}
    assert seen == [
        rows_between(sdk, "tank/valve", **window, aggregates=["count"]),
        rows_between(sdk, "tank/temperature", **window, aggregates=["max"]),
    ]


@CHECKS.of("a series asked several times")
def a_series_asked_several_times(sdk: SdkRun, seen: Any) -> None:
    day = rows_between(sdk, "tank/valve", BEGIN, BEGIN + DAY)
    counts = rows_between(sdk, "tank/valve", BEGIN, BEGIN + DAY, aggregates=["count"], granularity="12h")
    assert seen == [day, counts[:1], day, rows_between(sdk, "tank/valve", BEGIN + HOUR, BEGIN + 3 * HOUR)]


@CHECKS.of("ignored unknown series")
def ignored_unknown_series(sdk: SdkRun, seen: Any) -> None:
    assert [item["externalId"] for item in seen] == ["tank/valve"]
    assert seen[0]["datapoints"] == rows_between(sdk, "tank/valve", BEGIN, BEGIN + HOUR)


@CHECKS.of("iterate over points")
def iterate_over_points(sdk: SdkRun, seen: Any) -> None:
    whole, rest = divmod(DAY // scenario.SECOND, 20_000)
    assert seen == [20_000] * whole + [rest]


@CHECKS.of("latest")
def latest(sdk: SdkRun, seen: Any) -> None:
    names = ["tank/temperature", "tank/valve", "tank/state", "pump/empty"]
    for key, options in (("now", {}), ("before", {"before": BEGIN + DAY})):
        items = [{"externalId": name, **options} for name in names]
        answer = sdk.raw.post("/timeseries/data/latest", {"items": items})["items"]
        assert seen[key] == [item["datapoints"] for item in answer]
    assert seen["now"][0] == [dict(zip(("timestamp", "value"), scenario.temperature_points()[-1], strict=True))]
    assert seen["before"][3] == []
    if not sdk.is_2021:
        assert seen["types"] == [["numeric", False], ["numeric", True], ["string", False], ["numeric", False]]


@CHECKS.of("frame")
def frame(sdk: SdkRun, seen: Any) -> None:
    aggregates = ["average", "interpolation", "count"]
    rows: dict[int, dict[str, Any]] = {}
    for name in ("tank/temperature", "tank/valve"):
        for row in rows_between(sdk, name, BEGIN, BEGIN + 2 * DAY, aggregates=aggregates, granularity="2h"):
            joined = rows.setdefault(row["timestamp"], {"timestamp": row.pop("timestamp")})
            joined |= {f"{name}|{aggregate}": value for aggregate, value in row.items()}
    found = [{name: v for name, v in row.items() if not (name.endswith("|count") and v == 0)} for row in seen["rows"]]
    assert found == [rows[time] for time in sorted(rows)]


@CHECKS.of("insert a frame")
def insert_a_frame(sdk: SdkRun, seen: Any) -> None:
    assert seen == [
        [{"timestamp": BEGIN, "value": 1.5}, {"timestamp": BEGIN + HOUR, "value": -2.0}],
        [{"timestamp": BEGIN + MINUTE, "value": 0.25}, {"timestamp": BEGIN + HOUR, "value": 1e100}],
    ]


@CHECKS.of("arrays in and out")
def arrays_in_and_out(sdk: SdkRun, seen: Any) -> None:
    assert seen is True


@CHECKS.of("before 1970")
def before_1970(sdk: SdkRun, seen: Any) -> None:
    raw, days = seen
    times = [-2_208_988_800_000, -1, 0, 4_102_444_799_999]
    assert raw == [{"timestamp": t, "value": float(n)} for n, t in enumerate(times, start=1)]
    assert days == [
        {"timestamp": -DAY, "sum": 2.0},
        {"timestamp": 0, "sum": 3.0, "interpolation": 3.0},
    ]


@CHECKS.of("statuses")
def statuses(sdk: SdkRun, seen: Any) -> None:
    assert seen["default"] == [[0, 1.0], [5, 6.0]]
    assert seen["uncertain"] == [[0, 1.0], [1, 2.0], [5, 6.0]]
    assert [time for time, _ in seen["all"]] == [0, 1, 2, 3, 4, 5]
    assert [value for _, value in seen["all"]][:4] == [1.0, 2.0, 3.0, None]
    assert str(seen["all"][4][1]) == "nan"
    assert seen["symbols"] == ["Good", "Uncertain", "Bad", "Bad", "Bad", "Good"]
    assert seen["counts"] == [[2], [1], [3], [2]]


@CHECKS.of("local time")
def local_time(sdk: SdkRun, seen: Any) -> None:
    items = [{"externalId": "tank/temperature", "aggregates": ["count", "average"], "granularity": "1d"}]
    body = {"items": items, "start": BEGIN, "end": BEGIN + 3 * DAY, "timeZone": "Asia/Kolkata"}
    rows = sdk.raw.post("/timeseries/data/list", body)["items"][0]["datapoints"]
    assert seen == rows
    assert rows[0]["timestamp"] == BEGIN - 5 * HOUR - 30 * MINUTE


@CHECKS.of("calendar months")
def calendar_months(sdk: SdkRun, seen: Any) -> None:
    month = 1_598_918_400_000  # 2020-09-01
    values = [v for _, v in scenario.speed_points()]
    lowest = min(values)
    assert seen == {
        "timestamp": [month],
        "count": [scenario.SPEED_POINTS],
        "lowest": [BEGIN + values.index(lowest) * scenario.SECOND, lowest],
    }


@CHECKS.of("overwrite")
def overwrite(sdk: SdkRun, seen: Any) -> None:
    assert seen == [{"timestamp": BEGIN + k, "value": v} for k, v in enumerate([1, 3.5, 5])]


@CHECKS.of("delete ranges")
def delete_ranges(sdk: SdkRun, seen: Any) -> None:
    assert seen == [[0, 1, 4, 5, 7, 8], [9]]


@CHECKS.of("synthetic")
def synthetic(sdk: SdkRun, seen: Any) -> None:
    for name, question in scenario.SYNTHETIC.items():
        rows = sdk.raw.synthetic(question)
        assert rows, name
        assert_same_rows(seen[name], rows)
    assert {row.get("value", row.get("error")) for row in seen["strings"]} == {-1, 0, 1}
    assert any("BAD_DOMAIN" in row.get("error", "") for row in seen["errors"])


@CHECKS.of("synthetic with variables")
def synthetic_with_variables(sdk: SdkRun, seen: Any) -> None:
    a, b = (
        f"ts{{externalId:'{name}',aggregate:'average',granularity:'6h'}}" for name in ("tank/temperature", "tank/valve")
    )
    window = {"start": BEGIN, "end": BEGIN + DAY, "limit": 1000}
    items = [{"expression": expression, **window} for expression in (f"{a} + 1", f"{a} * {b}")]
    answer = sdk.raw.post("/timeseries/synthetic/query", {"items": items})["items"]
    assert seen == [item["datapoints"] for item in answer]
    assert seen[1]
