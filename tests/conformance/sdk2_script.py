"""Uses a CDF through the official Python SDK 2.x, in that SDK's environment, and writes down what it saw."""

import warnings
from typing import Any

import pandas as pd

from tests.conformance import scenario, sdk2_removed  # noqa: F401  (before the SDK)

# isort: split
from cognite.client import CogniteClient
from cognite.client.data_classes import TimeSeries, TimeSeriesFilter, TimeSeriesUpdate

from tests.conformance.scenario import BEGIN, DAY, HOUR, MINUTE, error_seen, rows_of_columns

warnings.simplefilter("ignore")  # this client is of 2022 and deprecates what it is

given = scenario.arguments()
client = CogniteClient(
    api_key=given["api_key"],
    project=given["project"],
    base_url=given["base_url"],
    client_name="conformance",
    max_workers=4,
    disable_pypi_version_check=True,
)
series_api, points_api = client.time_series, client.datapoints
report = scenario.Report()
section = report.section

SNAKE_CASE = {name: "".join("_" + c.lower() if c.isupper() else c for c in name) for name in scenario.AGGREGATES}


def names_of(found: Any) -> list[str]:
    return [series.external_id for series in found]


def dumped(found: Any) -> Any:
    return found.dump(camel_case=True)


def seen_points(datapoints: Any) -> dict[str, Any]:
    """One answered series in the form of the HTTP API's JSON."""
    columns = {"timestamp": datapoints.timestamp}
    if datapoints.value is not None:
        columns["value"] = datapoints.value
    for wire_name, name in SNAKE_CASE.items():
        if getattr(datapoints, name) is not None:
            columns[wire_name] = getattr(datapoints, name)
    return {
        "id": datapoints.id,
        "externalId": datapoints.external_id,
        "isString": datapoints.is_string,
        "isStep": datapoints.is_step,
        "unit": datapoints.unit,
        "datapoints": rows_of_columns(columns, columns.values()),
    }


def seen_frame(frame: pd.DataFrame) -> dict[str, Any]:
    times = [time.value // 1_000_000 for time in frame.index]
    names = ["timestamp", *map(str, frame.columns)]
    return {
        "columns": names,
        "rows": rows_of_columns(names, [times, *(frame[c].tolist() for c in frame.columns)]),
    }


@section("login")
def _() -> Any:
    status = client.login.status()
    return {"project": status.project, "loggedIn": status.logged_in, "user": status.user}


@section("project from the key")
def _() -> Any:
    found = CogniteClient(
        api_key=given["api_key"],
        base_url=given["base_url"],
        client_name="conformance",
        disable_pypi_version_check=True,
    )
    return found.config.project


@section("create")
def _() -> Any:
    snake = {"externalId": "external_id", "isString": "is_string", "isStep": "is_step"}
    objects = [
        TimeSeries(**{snake.get(key, key): value for key, value in fields.items()})
        for fields in scenario.SERIES + scenario.MANY
    ]
    one, several = series_api.create(objects[0]), series_api.create(objects[1:])
    return [dumped(one), *dumped(several)]


@section("insert")
def _() -> Any:
    for name in ("tank/temperature", "pump/speed"):
        points_api.insert(scenario.POINTS[name](), external_id=name)
    valve = [{"timestamp": t, "value": v} for t, v in scenario.valve_points()]
    points_api.insert(valve, id=series_api.retrieve(external_id="tank/valve").id)
    many = [
        {"externalId": fields["externalId"], "datapoints": scenario.many_points(number)}
        for number, fields in enumerate(scenario.MANY)
    ]
    points_api.insert_multiple([{"externalId": "tank/state", "datapoints": scenario.state_points()}, *many])


for name, question in scenario.QUESTIONS.items():

    @section(f"question: {name}")
    def _(question: dict[str, Any] = question) -> Any:
        options = {
            "start": question["start"],
            "end": question["end"],
            "external_id": question["series"],
            "aggregates": question.get("aggregates"),
            "granularity": question.get("granularity"),
            "limit": question.get("limit"),
            "include_outside_points": question.get("includeOutsidePoints"),
        }
        found = points_api.retrieve(**options)
        return [seen_points(datapoints) for datapoints in found]


@section("outside points with a limit")
def _() -> Any:
    window = {"start": BEGIN + DAY, "end": BEGIN + 2 * DAY}
    found = points_api.retrieve(**window, external_id="tank/valve", limit=4, include_outside_points=True)
    return seen_points(found)["datapoints"]


@section("retrieve by id and aggregates of each item")
def _() -> Any:
    valve = series_api.retrieve(external_id="tank/valve")
    found = points_api.retrieve(
        start=BEGIN,
        end=BEGIN + DAY,
        id={"id": valve.id, "aggregates": ["count"]},
        external_id=[{"externalId": "tank/temperature", "aggregates": ["max"]}],
        granularity="12h",
    )
    return [seen_points(datapoints)["datapoints"] for datapoints in found]


@section("ignored unknown series")
def _() -> Any:
    found = points_api.retrieve(
        start=BEGIN, end=BEGIN + HOUR, external_id=["nobody", "tank/valve"], ignore_unknown_ids=True
    )
    return [seen_points(datapoints) for datapoints in found]


@section("latest")
def _() -> Any:
    names = ["tank/temperature", "tank/valve", "tank/state", "pump/empty"]
    now = points_api.retrieve_latest(external_id=names)
    before = points_api.retrieve_latest(external_id=names, before=BEGIN + DAY)
    return {
        "now": [seen_points(datapoints)["datapoints"] for datapoints in now],
        "before": [seen_points(datapoints)["datapoints"] for datapoints in before],
    }


@section("frame")
def _() -> Any:
    frame = points_api.retrieve_dataframe(
        start=BEGIN,
        end=BEGIN + 2 * DAY,
        aggregates=["average", "interpolation", "count"],
        granularity="2h",
        external_id=["tank/temperature", "tank/valve"],
    )
    return seen_frame(frame)


@section("insert a frame")
def _() -> Any:
    index = pd.to_datetime([BEGIN, BEGIN + MINUTE, BEGIN + HOUR], unit="ms")
    series_api.create([TimeSeries(external_id="frame/a"), TimeSeries(external_id="frame/b")])
    frame = pd.DataFrame({"frame/a": [1.5, None, -2.0], "frame/b": [None, 0.25, 1e100]}, index=index)
    points_api.insert_dataframe(frame, external_id_headers=True, dropna=True)
    found = points_api.retrieve(start=0, end="now", external_id=["frame/a", "frame/b"])
    return [seen_points(datapoints)["datapoints"] for datapoints in found]


@section("overwrite")
def _() -> Any:
    series_api.create(TimeSeries(external_id="overwritten"))
    points_api.insert([(BEGIN, 1), (BEGIN + 1, 2)], external_id="overwritten")
    points_api.insert([(BEGIN + 2, 5), (BEGIN + 1, 3.5)], external_id="overwritten")
    return seen_points(points_api.retrieve(start=0, end="now", external_id="overwritten"))["datapoints"]


@section("delete ranges")
def _() -> Any:
    names = ["ranges/a", "ranges/b"]
    series_api.create([TimeSeries(external_id=name) for name in names])
    points = [(BEGIN + k, k) for k in range(10)]
    points_api.insert_multiple([{"externalId": name, "datapoints": points} for name in names])
    points_api.delete_range(start=BEGIN + 2, end=BEGIN + 4, external_id="ranges/a")
    points_api.delete_ranges(
        [
            {"externalId": "ranges/a", "start": BEGIN + 6, "end": BEGIN + 7},
            {"externalId": "ranges/a", "start": BEGIN + 9, "end": BEGIN + 100},
            {"externalId": "ranges/b", "start": 0, "end": BEGIN + 9},
        ]
    )
    found = points_api.retrieve(start=0, end="now", external_id=names)
    return [[time - BEGIN for time in datapoints.timestamp] for datapoints in found]


@section("synthetic")
def _() -> Any:
    answers = {}
    for name, question in scenario.SYNTHETIC.items():
        found = points_api.synthetic.query(
            question["expression"],
            start=scenario.SYNTHETIC_START,
            end=scenario.SYNTHETIC_END,
            limit=question.get("limit"),
        )
        answers[name] = rows_of_columns(["timestamp", "value", "error"], [found.timestamp, found.value, found.error])
    return answers


@section("synthetic with variables")
def _() -> Any:
    found = points_api.synthetic.query(
        ["A + 1", "A * B"],
        start=BEGIN,
        end=BEGIN + DAY,
        variables={"A": "tank/temperature", "B": series_api.retrieve(external_id="tank/valve")},
        aggregate="average",
        granularity="6h",
    )
    return [rows_of_columns(["timestamp", "value"], [one.timestamp, one.value]) for one in found]


@section("retrieve series")
def _() -> Any:
    one = series_api.retrieve(external_id="tank/state")
    several = series_api.retrieve_multiple(ids=[one.id], external_ids=["pump/speed", "tank/valve"])
    some = series_api.retrieve_multiple(external_ids=["nobody", "pump/speed"], ignore_unknown_ids=True)
    nobody = series_api.retrieve(external_id="nobody"), series_api.retrieve(id=1)
    return [dumped(one), dumped(several), dumped(some), nobody]


@section("list")
def _() -> Any:
    filters: list[dict[str, Any]] = [
        {"name": "Tank valve"},
        {"unit": "rpm"},
        {"is_string": True},
        {"is_step": True, "external_id_prefix": "tank/"},
        {"metadata": {"site": "north"}},
        {"metadata": {"site": "north", "tank": "7"}},
        {"external_id_prefix": "pump/"},
        {"asset_ids": [12345]},
        {"created_time": {"min": 0, "max": 1}},
        {"created_time": {"min": 1}, "external_id_prefix": "tank/"},
        {"last_updated_time": {"max": 4_102_444_800_000}, "external_id_prefix": "many/", "limit": 7},
        {"limit": None},
        {"external_id_prefix": "many/", "limit": None, "partitions": 4},
        {"external_id_prefix": "many/"},
    ]
    return [names_of(series_api.list(**options)) for options in filters]


@section("iterate")
def _() -> Any:
    chunks = [names_of(chunk) for chunk in series_api(chunk_size=40, external_id_prefix="many/")]
    one_by_one = [series.external_id for series in series_api]
    return {"chunks": chunks, "one by one": one_by_one}


@section("search")
def _() -> Any:
    found = series_api.search(name="tank", filter=TimeSeriesFilter(is_string=False))
    by_description = series_api.search(description="top of")
    by_query = series_api.search(query="pump speed", limit=1)
    return [names_of(found), names_of(by_description), names_of(by_query)]


@section("aggregate series")
def _() -> Any:
    everything = series_api.aggregate()
    filtered = series_api.aggregate(filter=TimeSeriesFilter(external_id_prefix="many/"))
    return [everything[0].count > 150, filtered[0].count]


@section("update")
def _() -> Any:
    created = series_api.create(
        TimeSeries(external_id="changing", name="n", unit="u", description="d", metadata={"a": "1", "b": "2"})
    )
    seen = []
    for change in (
        TimeSeriesUpdate(external_id="changing").name.set("new name").unit.set(None),
        TimeSeriesUpdate(id=created.id).metadata.add({"b": "3", "c": "4"}),
        TimeSeriesUpdate(id=created.id).metadata.remove(["a"]),
        TimeSeriesUpdate(id=created.id).metadata.set({"only": "this"}).description.set(""),
        TimeSeriesUpdate(external_id="changing").external_id.set("changed"),
        TimeSeries(external_id="changed", name="whole", unit="m", is_step=True),
        [TimeSeries(id=created.id, external_id="changed", description="by id", metadata={})],
    ):
        answer = series_api.update(change)
        seen.append(dumped(answer[0] if isinstance(change, list) else answer))
    return seen


@section("delete series")
def _() -> Any:
    created = series_api.create([TimeSeries(external_id=f"short-lived-{k}") for k in range(3)])
    points_api.insert([(BEGIN, 1)], id=created[0].id)
    series_api.delete(id=created[0].id, external_id="short-lived-1")
    series_api.delete(external_id=["short-lived-2", "nobody"], ignore_unknown_ids=True)
    return names_of(series_api.list(external_id_prefix="short-lived", limit=None))


@section("objects")
def _() -> Any:
    temperature = series_api.retrieve(external_id="tank/temperature")
    first, latest = temperature.first(), temperature.latest()
    return {
        "count": temperature.count(),
        "first": [first.timestamp, first.value],
        "latest": [latest.timestamp, latest.value],
    }


@section("errors")
def _() -> Any:
    valve = series_api.retrieve(external_id="tank/valve")
    window = {"start": BEGIN, "end": BEGIN + DAY}
    aggregates = {"aggregates": ["average"], "granularity": "1h"}
    return {
        "create twice": error_seen(lambda: series_api.create(TimeSeries(external_id="tank/valve"))),
        "unknown in byids": error_seen(lambda: series_api.retrieve_multiple(ids=[1], external_ids=["nobody"])),
        "unknown in update": error_seen(lambda: series_api.update(TimeSeriesUpdate(id=1).name.set("x"))),
        "unknown in delete": error_seen(lambda: series_api.delete(external_id=["nobody", "tank/valve"])),
        "unknown in retrieve": error_seen(lambda: points_api.retrieve(**window, external_id=["nobody"])),
        "unknown in latest": error_seen(lambda: points_api.retrieve_latest(external_id="nobody")),
        "unknown in insert": error_seen(lambda: points_api.insert([(BEGIN, 1)], external_id="nobody")),
        "unknown in delete range": error_seen(lambda: points_api.delete_range(0, 10, external_id="nobody")),
        "unknown in synthetic": error_seen(
            lambda: points_api.synthetic.query("ts{externalId:'nobody'}", start=0, end=1)
        ),
        "taken in update": error_seen(
            lambda: series_api.update(TimeSeriesUpdate(id=valve.id).external_id.set("tank/state"))
        ),
        "string into numbers": error_seen(lambda: points_api.insert([(BEGIN, "x")], external_id="tank/valve")),
        "number into strings": error_seen(lambda: points_api.insert([(BEGIN, 1)], external_id="tank/state")),
        "aggregates of strings": error_seen(
            lambda: points_api.retrieve(**window, external_id="tank/state", **aggregates)
        ),
        "bad expression": error_seen(lambda: points_api.synthetic.query("1 +", start=0, end=1)),
        "bad key": error_seen(
            lambda: CogniteClient(
                api_key="wrong",
                project=given["project"],
                base_url=given["base_url"],
                client_name="conformance",
                disable_pypi_version_check=True,
            ).time_series.list()
        ),
    }


report.write(given["report"])
