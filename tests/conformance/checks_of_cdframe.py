"""cdframe sees the values that the official SDKs and the HTTP API see."""

from typing import Any

import pyarrow as pa
import pytest

import cdframe
from tests.conformance import scenario
from tests.conformance.raw import RawClient
from tests.conformance.sdk_run import assert_same_rows
from tests.conformance.server import API_KEY, PROJECT

WIRE_NAMES = {
    "".join("_" + letter.lower() if letter.isupper() else letter for letter in name): name
    for name in scenario.AGGREGATES
}
WIRE_NAMES |= {"value": "value", "string_value": "value"}


def connect(base_url: str) -> cdframe.CogniteClient:
    return cdframe.CogniteClient(
        api_key=API_KEY, project=PROJECT, base_url=base_url, client_name="conformance", frame="pyarrow"
    )


def check_question(client: cdframe.CogniteClient, raw: RawClient, question: dict[str, Any]) -> None:
    frame = client.datapoints.retrieve(
        external_id=question["series"],
        start=question["start"],
        end=question["end"],
        aggregates=question.get("aggregates"),
        granularity=question.get("granularity"),
        limit=question.get("limit"),
        include_outside_points=question.get("includeOutsidePoints"),
    )
    found = rows_by_series(frame)
    for item in raw.known_answer(question):
        assert_same_rows(found.pop(item["externalId"], []), item["datapoints"])
    assert found == {}


def rows_by_series(frame: pa.Table) -> dict[str, list[dict[str, Any]]]:
    """A long frame as the rows of the HTTP API's JSON."""
    columns = {name: frame[name].to_pylist() for name in frame.column_names if name in WIRE_NAMES}
    times = frame["timestamp"].cast(pa.int64()).to_pylist()
    rows: dict[str, list[dict[str, Any]]] = {}
    for number, name in enumerate(frame["external_id"].to_pylist()):
        row = {"timestamp": times[number]}
        for column, values in columns.items():
            if not scenario.is_missing(values[number]):
                row[WIRE_NAMES[column]] = values[number]
        rows.setdefault(name, []).append(row)
    return rows


def check_everything(raw: RawClient, subtests: pytest.Subtests) -> None:
    """Ask cdframe all questions of the scenario."""
    with connect(raw.base_url) as client:
        for name, question in scenario.QUESTIONS.items():
            with subtests.test(f"cdframe: {name}"):
                check_question(client, raw, question)
        for name, question in scenario.SYNTHETIC.items():
            with subtests.test(f"cdframe: synthetic: {name}"):
                check_synthetic(client, raw, question)
        with subtests.test("cdframe: latest"):
            check_latest(client, raw)
        with subtests.test("cdframe: time series"):
            check_series(client, raw)


def check_series(client: cdframe.CogniteClient, raw: RawClient) -> None:
    stored = {series["id"]: series for series in raw.series()}
    frame = client.time_series.list(limit=None)
    assert frame["id"].to_pylist() == list(stored)
    for name, column in (
        ("externalId", "external_id"),
        ("name", "name"),
        ("unit", "unit"),
        ("description", "description"),
        ("isStep", "is_step"),
        ("isString", "is_string"),
    ):
        assert frame[column].to_pylist() == [series.get(name) for series in stored.values()]
    assert [dict(pairs) for pairs in frame["metadata"].to_pylist()] == [
        series["metadata"] for series in stored.values()
    ]


def check_latest(client: cdframe.CogniteClient, raw: RawClient) -> None:
    names = [fields["externalId"] for fields in scenario.SERIES]
    answer = raw.post("/timeseries/data/latest", {"items": [{"externalId": name} for name in names]})
    expected = {item["externalId"]: item["datapoints"] for item in answer["items"] if item["datapoints"]}
    assert rows_by_series(client.datapoints.retrieve_latest(external_id=names)) == expected


def check_synthetic(client: cdframe.CogniteClient, raw: RawClient, question: dict[str, Any]) -> None:
    frame = client.datapoints.synthetic.query(
        question["expression"],
        start=scenario.SYNTHETIC_START,
        end=scenario.SYNTHETIC_END,
        limit=question.get("limit"),
        include_errors=True,
    )
    names = ["timestamp", "value", "error"]
    columns = [frame["timestamp"].cast(pa.int64()).to_pylist(), *(column.to_pylist() for column in frame.columns[1:])]
    assert_same_rows(scenario.rows_of_columns(names, columns), raw.synthetic(question))
