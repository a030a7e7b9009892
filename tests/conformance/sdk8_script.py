"""Uses a CDF through the official Python SDKs 7.x and 8.x, in that SDK's environment, and writes down what it saw."""

import math
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from cognite.client import ClientConfig, CogniteClient, __version__, global_config
from cognite.client.credentials import OAuthClientCredentials, Token
from cognite.client.data_classes import (
    DatapointsQuery,
    StatusCode,
    TimeSeriesFilter,
    TimeSeriesUpdate,
    TimeSeriesWrite,
    filters,
)
from cognite.client.data_classes.time_series import TimeSeriesProperty

from tests.conformance import scenario
from tests.conformance.scenario import BEGIN, DAY, HOUR, MINUTE, error_seen, rows_of_columns

global_config.disable_pypi_version_check = True
global_config.max_retries = 0
given = scenario.arguments()
IS_7 = __version__.startswith("7.")


def connect(key: str, credentials: str) -> CogniteClient:
    if credentials == "token":
        provider = Token(key)
    else:
        provider = OAuthClientCredentials(
            token_url=f"{given['base_url']}/oauth2/token",
            client_id="admin",
            client_secret=key,
            scopes=["all"],
        )
    config = ClientConfig("conformance", given["project"], provider, base_url=given["base_url"])
    return CogniteClient(config)


client = connect(given["api_key"], given["credentials"])
series_api, points_api = client.time_series, client.time_series.data
report = scenario.Report()
section = report.section

SNAKE_CASE = {name: "".join("_" + c.lower() if c.isupper() else c for c in name) for name in scenario.AGGREGATES}
COLUMNS = {"value": "value", "statusCode": "status_code", "statusSymbol": "status_symbol", **SNAKE_CASE}


def names_of(found: Any) -> list[str]:
    return [series.external_id for series in found]


def dumped(found: Any) -> Any:
    return found.dump(camel_case=True)


def as_list(values: Any) -> list[Any]:
    if isinstance(values, np.ndarray):
        if np.issubdtype(values.dtype, np.datetime64):
            return values.astype("datetime64[ms]").astype("int64").tolist()
        return values.tolist()
    return list(values)


def type_of(datapoints: Any) -> str:
    """The kind of an answered series, which 7.x does not keep under its name."""
    return getattr(datapoints, "type", "string" if datapoints.is_string else "numeric")


def seen_points(datapoints: Any) -> dict[str, Any]:
    """One answered series (of lists or arrays) in the form of the HTTP API's JSON."""
    columns = {"timestamp": as_list(datapoints.timestamp)}
    for wire_name, name in COLUMNS.items():
        if getattr(datapoints, name) is not None:
            columns[wire_name] = as_list(getattr(datapoints, name))
    return {
        "id": datapoints.id,
        "externalId": datapoints.external_id,
        "isString": datapoints.is_string,
        "isStep": datapoints.is_step,
        "unit": datapoints.unit,
        "type": type_of(datapoints),
        "datapoints": rows_of_columns(columns, columns.values()),
    }


def milliseconds(time: Any) -> int:
    """A single point's time, which 7.x has as a number and 8.x as a datetime."""
    return time if isinstance(time, int) else round(time.timestamp() * 1000)


def seen_latest(latest: Any) -> list[dict[str, Any]]:
    if latest.timestamp is None:
        return []
    if isinstance(latest.timestamp, list):  # 7.x answers with the series' points, which are one or none
        return seen_points(latest)["datapoints"]
    return [{"timestamp": milliseconds(latest.timestamp), "value": latest.value}]


def seen_frame(frame: pd.DataFrame) -> dict[str, Any]:
    times = as_list(frame.index.tz_localize(None).to_numpy() if frame.index.tz else frame.index.to_numpy())
    names = ["timestamp"]
    for column in frame.columns:
        names.append(
            "|".join(map(str, column)) if isinstance(column, tuple) else str(getattr(column, "external_id", column))
        )
    values = [frame.iloc[:, number].astype(object).to_numpy(na_value=None) for number in range(frame.shape[1])]
    return {"columns": names, "rows": rows_of_columns(names, [times, *values])}


def options_of(question: dict[str, Any]) -> dict[str, Any]:
    return {
        "start": question["start"],
        "end": question["end"],
        "external_id": question["series"],
        "aggregates": [SNAKE_CASE[name] for name in question["aggregates"]] if "aggregates" in question else None,
        "granularity": question.get("granularity"),
        "limit": question.get("limit"),
        "include_outside_points": question.get("includeOutsidePoints", False),
    }


@section("token")
def _() -> Any:
    found = client.iam.token.inspect()
    return {
        "subject": found.subject,
        "projects": [project.url_name for project in found.projects],
        "acls": sorted({name for item in found.capabilities.dump() for name in item if name.endswith("Acl")}),
    }


@section("create")
def _() -> Any:
    snake = {"externalId": "external_id", "isString": "is_string", "isStep": "is_step"}
    objects = [
        TimeSeriesWrite(**{snake.get(key, key): value for key, value in fields.items()})
        for fields in scenario.SERIES + scenario.MANY
    ]
    one, several = series_api.create(objects[0]), series_api.create(objects[1:])
    return [dumped(one), *dumped(several)]


@section("insert")
def _() -> Any:
    points_api.insert(scenario.temperature_points(), external_id="tank/temperature")
    times, values = zip(*scenario.speed_points(), strict=True)
    frame = pd.DataFrame({"pump/speed": values}, index=pd.to_datetime(times, unit="ms"))
    points_api.insert_dataframe(frame)
    valve = [{"timestamp": datetime.fromtimestamp(t / 1000, tz=UTC), "value": v} for t, v in scenario.valve_points()]
    points_api.insert(valve, id=series_api.retrieve(external_id="tank/valve").id)
    many = [
        {"externalId": fields["externalId"], "datapoints": scenario.many_points(number)}
        for number, fields in enumerate(scenario.MANY)
    ]
    points_api.insert_multiple([{"externalId": "tank/state", "datapoints": scenario.state_points()}, *many])


for name, question in scenario.QUESTIONS.items():

    @section(f"question: {name}")
    def _(question: dict[str, Any] = question) -> Any:
        return [seen_points(datapoints) for datapoints in points_api.retrieve(**options_of(question))]

    @section(f"arrays: {name}")
    def _(question: dict[str, Any] = question) -> Any:
        return [seen_points(datapoints) for datapoints in points_api.retrieve_arrays(**options_of(question))]


@section("outside points with a limit")
def _() -> Any:
    found = points_api.retrieve(
        start=BEGIN + DAY, end=BEGIN + 2 * DAY, external_id="tank/valve", limit=4, include_outside_points=True
    )
    return seen_points(found)["datapoints"]


@section("a series asked several times")
def _() -> Any:
    valve = series_api.retrieve(external_id="tank/valve")
    found = points_api.retrieve(
        id=[valve.id, DatapointsQuery(id=valve.id, aggregates="count", granularity="12h", limit=1)],
        external_id=[
            "tank/valve",
            DatapointsQuery(external_id="tank/valve", start=BEGIN + HOUR, end=BEGIN + 3 * HOUR),
        ],
        start=BEGIN,
        end=BEGIN + DAY,
    )
    return [seen_points(datapoints)["datapoints"] for datapoints in found]


@section("ignored unknown series")
def _() -> Any:
    found = points_api.retrieve(
        start=BEGIN, end=BEGIN + HOUR, external_id=["nobody", "tank/valve"], ignore_unknown_ids=True
    )
    return [seen_points(datapoints) for datapoints in found]


@section("iterate over points")
def _() -> Any:
    query = DatapointsQuery(external_id="pump/speed", start=BEGIN, end=BEGIN + DAY)
    return [len(chunk) for chunk in points_api(query, chunk_size_datapoints=20_000)]


@section("latest")
def _() -> Any:
    names = ["tank/temperature", "tank/valve", "tank/state", "pump/empty"]
    now = points_api.retrieve_latest(external_id=names)
    before = points_api.retrieve_latest(external_id=names, before=BEGIN + DAY)
    return {
        "now": [seen_latest(latest) for latest in now],
        "before": [seen_latest(latest) for latest in before],
        "types": [[type_of(latest), latest.is_step] for latest in now],
    }


@section("frame")
def _() -> Any:
    frame = points_api.retrieve_dataframe(
        start=BEGIN,
        end=BEGIN + 2 * DAY,
        aggregates=["average", "interpolation", "count"],
        granularity="2h",
        external_id=["tank/temperature", "tank/valve"],
        **({} if IS_7 else {"include_unit": False}),
    )
    return seen_frame(frame)


@section("insert a frame")
def _() -> Any:
    index = pd.to_datetime([BEGIN, BEGIN + MINUTE, BEGIN + HOUR], unit="ms")
    series_api.create([TimeSeriesWrite(external_id="frame/a"), TimeSeriesWrite(external_id="frame/b")])
    frame = pd.DataFrame({"frame/a": [1.5, None, -2.0], "frame/b": [None, 0.25, 1e100]}, index=index)
    points_api.insert_dataframe(frame)
    found = points_api.retrieve(start=0, end="now", external_id=["frame/a", "frame/b"])
    return [seen_points(datapoints)["datapoints"] for datapoints in found]


@section("arrays in and out")
def _() -> Any:
    series_api.create(TimeSeriesWrite(external_id="copied"))
    arrays = points_api.retrieve_arrays(external_id="tank/temperature", start=BEGIN, end=BEGIN + 30 * DAY)
    points_api.insert(arrays, external_id="copied")
    copied = points_api.retrieve_arrays(external_id="copied", start=0, end="now")
    return bool((arrays.value == copied.value).all() and (arrays.timestamp == copied.timestamp).all())


@section("before 1970")
def _() -> Any:
    series_api.create(TimeSeriesWrite(external_id="early"))
    points = [(-2_208_988_800_000, 1.0), (-1, 2.0), (0, 3.0), (4_102_444_799_999, 4.0)]
    points_api.insert(points, external_id="early")
    found = points_api.retrieve(external_id="early", start=-2_208_988_800_000, end=4_102_444_800_000)
    days = points_api.retrieve(
        external_id="early", start=-DAY, end=DAY, aggregates=["sum", "interpolation"], granularity="1d"
    )
    return [seen_points(found)["datapoints"], seen_points(days)["datapoints"]]


@section("statuses")
def _() -> Any:
    series_api.create(TimeSeriesWrite(external_id="statuses"))
    points_api.insert(
        [
            {"timestamp": BEGIN, "value": 1.0, "status": {"code": StatusCode.Good}},
            {"timestamp": BEGIN + 1, "value": 2.0, "status": {"symbol": "Uncertain"}},
            {"timestamp": BEGIN + 2, "value": 3.0, "status": {"code": StatusCode.Bad, "symbol": "Bad"}},
            {"timestamp": BEGIN + 3, "value": None, "status": {"symbol": "Bad"}},
            {"timestamp": BEGIN + 4, "value": math.nan, "status": {"symbol": "Bad"}},
            {"timestamp": BEGIN + 5, "value": 6.0},
        ],
        external_id="statuses",
    )
    window = {"external_id": "statuses", "start": BEGIN, "end": BEGIN + 10}
    rows = {
        "default": points_api.retrieve(**window),
        "uncertain": points_api.retrieve(**window, treat_uncertain_as_bad=False),
        "all": points_api.retrieve(**window, include_status=True, ignore_bad_datapoints=False),
        "counts": points_api.retrieve(
            **window,
            aggregates=["count_good", "count_uncertain", "count_bad", "count"],
            granularity="1s",
            ignore_bad_datapoints=False,
        ),
    }
    counts = rows.pop("counts")
    seen = {
        name: [[t - BEGIN, v] for t, v in zip(found.timestamp, found.value, strict=True)]
        for name, found in rows.items()
    }
    seen["symbols"] = rows["all"].status_symbol
    seen["counts"] = [counts.count_good, counts.count_uncertain, counts.count_bad, counts.count]
    return seen


@section("local time")
def _() -> Any:
    found = points_api.retrieve(
        external_id="tank/temperature",
        start=BEGIN,
        end=BEGIN + 3 * DAY,
        aggregates=["count", "average"],
        granularity="1d",
        timezone=ZoneInfo("Asia/Kolkata"),
    )
    return seen_points(found)["datapoints"]


@section("calendar months")
def _() -> Any:
    found = points_api.retrieve(
        external_id="pump/speed",
        start=BEGIN,
        end=BEGIN + 3 * DAY,
        aggregates=["count", "min_datapoint"],
        granularity="1month",
    )
    lowest = found.min_datapoint[0]
    return {"timestamp": found.timestamp, "count": found.count, "lowest": [lowest.timestamp, lowest.value]}


@section("overwrite")
def _() -> Any:
    series_api.create(TimeSeriesWrite(external_id="overwritten"))
    points_api.insert([(BEGIN, 1), (BEGIN + 1, 2)], external_id="overwritten")
    points_api.insert([(BEGIN + 2, 5), (BEGIN + 1, 3.5)], external_id="overwritten")
    return seen_points(points_api.retrieve(start=0, end="now", external_id="overwritten"))["datapoints"]


@section("delete ranges")
def _() -> Any:
    names = ["ranges/a", "ranges/b"]
    series_api.create([TimeSeriesWrite(external_id=name) for name in names])
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
    options: list[dict[str, Any]] = [
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
    return [names_of(series_api.list(**chosen)) for chosen in options]


@section("advanced list")
def _() -> Any:
    is_filter = filters
    tank = is_filter.Prefix(TimeSeriesProperty.external_id, "tank/")
    chosen = [
        is_filter.And(tank, is_filter.Not(is_filter.Equals(TimeSeriesProperty.is_step, True))),
        is_filter.And(tank, is_filter.Exists(TimeSeriesProperty.unit)),
        is_filter.In(TimeSeriesProperty.metadata_key("site"), ["south"]),
        is_filter.Or(
            is_filter.Equals(TimeSeriesProperty.unit, "rpm"), is_filter.Equals(TimeSeriesProperty.unit, "bar")
        ),
        is_filter.Search(TimeSeriesProperty.name, "valve"),
    ]
    found = [sorted(names_of(series_api.list(advanced_filter=one, limit=None))) for one in chosen]
    by_name = names_of(series_api.list(advanced_filter=tank, sort=(TimeSeriesProperty.name, "desc"), limit=None))
    return [*found, by_name]


@section("iterate")
def _() -> Any:
    chunks = [names_of(chunk) for chunk in series_api(chunk_size=40, external_id_prefix="many/")]
    one_by_one = [series.external_id for series in series_api()]
    return {"chunks": chunks, "one by one": one_by_one}


@section("search")
def _() -> Any:
    found = series_api.search(name="tank", filter=TimeSeriesFilter(is_string=False))
    by_description = series_api.search(description="top of")
    by_query = series_api.search(query="pump speed", limit=1)
    return [names_of(found), names_of(by_description), names_of(by_query)]


@section("aggregate series")
def _() -> Any:
    everything = series_api.aggregate_count()
    filtered = series_api.aggregate_count(filter=TimeSeriesFilter(external_id_prefix="many/"))
    return [everything > 150, filtered]


@section("aggregate values")
def _() -> Any:
    tank = TimeSeriesFilter(external_id_prefix="tank/")
    metadata = ["metadata"]
    return {
        "values": series_api.aggregate_unique_values(["metadata", "site"], filter=tank).dump(),
        "value count": series_api.aggregate_cardinality_values(["metadata", "site"], filter=tank),
        "property count": series_api.aggregate_cardinality_properties(metadata, filter=tank),
        "properties": [
            item.value["property"][1] for item in series_api.aggregate_unique_properties(metadata, filter=tank)
        ],
    }


@section("update")
def _() -> Any:
    created = series_api.create(
        TimeSeriesWrite(external_id="changing", name="n", unit="u", description="d", metadata={"a": "1", "b": "2"})
    )
    seen = []
    for change in (
        TimeSeriesUpdate(external_id="changing").name.set("new name").unit.set(None),
        TimeSeriesUpdate(id=created.id).metadata.add({"b": "3", "c": "4"}),
        TimeSeriesUpdate(id=created.id).metadata.remove(["a"]),
        TimeSeriesUpdate(id=created.id).metadata.set({"only": "this"}).description.set(""),
        TimeSeriesUpdate(external_id="changing").external_id.set("changed"),
        TimeSeriesWrite(external_id="changed", name="whole", unit="m", is_step=True),
    ):
        seen.append(dumped(series_api.update(change)))
    whole = series_api.retrieve(external_id="changed")
    whole.description, whole.metadata = "by id", {}
    seen.append(dumped(series_api.update(whole)))
    seen.append(dumped(series_api.update(TimeSeriesWrite(external_id="changed", name="only"), mode="replace")))
    upserted = series_api.upsert([TimeSeriesWrite("changed", name="upserted"), TimeSeriesWrite("upserted")])
    seen.append([[series.external_id, series.name] for series in upserted])
    return seen


@section("delete series")
def _() -> Any:
    created = series_api.create([TimeSeriesWrite(external_id=f"short-lived-{k}") for k in range(3)])
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
        "first": [milliseconds(first.timestamp), first.value],
        "latest": [milliseconds(latest.timestamp), latest.value],
    }


@section("errors")
def _() -> Any:
    valve = series_api.retrieve(external_id="tank/valve")
    window = {"start": BEGIN, "end": BEGIN + DAY}
    aggregates = {"aggregates": ["average"], "granularity": "1h"}
    return {
        "create twice": error_seen(lambda: series_api.create(TimeSeriesWrite(external_id="tank/valve"))),
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
        "bad key": error_seen(lambda: connect("wrong", given["credentials"]).time_series.list()),
    }


report.write(given["report"])
