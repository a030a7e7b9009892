"""The datapoint calls that the property tests make, and how they compare rows of aggregates."""

import itertools
import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from cdframe.local import LocalCDF
from tests.oracles.aggregates import Row
from tests.oracles.messages import read_list_response, write_insertion_request

JSON, PROTOBUF = "application/json", "application/protobuf"
EPSILON = 2.0**-52

Points = list[tuple[int, float]]


class Service:
    """The datapoint calls of the local CDF that these tests make, over HTTP semantics."""

    def __init__(self, http: httpx.Client) -> None:
        self.http = http
        self.names = (f"series-{number}" for number in itertools.count())

    def post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        if isinstance(body, bytes):
            return self.http.post(path, content=body, headers=headers)
        return self.http.post(path, json=body, headers=headers)

    def new_series(self, points: Points, **fields: Any) -> str:
        """Create a series that holds these points, written in their order in one request."""
        name = next(self.names)
        self.post("/timeseries", {"items": [{"externalId": name, **fields}]}).raise_for_status()
        datapoints = [{"timestamp": t, "value": v} for t, v in points]
        items = [{"externalId": name, "datapoints": datapoints}]
        if len(points) % 2:  # both ways in see random points
            body = write_insertion_request(items)
            self.post("/timeseries/data", body, **{"content-type": PROTOBUF}).raise_for_status()
        else:
            self.post("/timeseries/data", {"items": items}).raise_for_status()
        return name

    def delete(self, *names: str) -> None:
        items = [{"externalId": name} for name in names]
        self.post("/timeseries/delete", {"items": items}).raise_for_status()

    def read(self, *items: dict[str, Any], accept: str = JSON) -> list[dict[str, Any]]:
        response = self.post("/timeseries/data/list", {"items": items}, accept=accept)
        assert response.status_code == 200, response.text
        assert response.headers["content-type"].startswith(accept)
        answer = response.json() if accept == JSON else read_list_response(response.content)
        return answer["items"]

    def rows(self, name: str, **query: Any) -> list[Row]:
        return self.read({"externalId": name, **query})[0]["datapoints"]


@contextmanager
def service_of_a_new_engine() -> Iterator[Service]:
    """A local CDF in memory, over HTTP semantics without a socket."""
    with LocalCDF(project="properties") as engine:
        transport = httpx.WSGITransport(app=engine.app)
        base_url = "http://local/api/v1/projects/properties"
        headers = {"api-key": engine.process_api_key}
        with httpx.Client(transport=transport, base_url=base_url, headers=headers) as http:
            yield Service(http)


def assert_rows(found: list[Row], expected: list[Row], points: Points, rel: float = 1e-9) -> None:
    """Compare rows; beside the relative tolerance, rounding of the inputs themselves is allowed for."""
    assert [row["timestamp"] for row in found] == [row["timestamp"] for row in expected]
    largest = max((abs(v) for _, v in points), default=0.0)
    spread = max((v for _, v in points), default=0.0) - min((v for _, v in points), default=0.0)
    rounding = 64 * EPSILON * largest
    absolute = {
        "sum": rounding * len(points),
        "totalVariation": rounding * len(points),
        "continuousVariance": rounding * (spread + rounding),
        "discreteVariance": rounding * (spread + rounding),
    }
    for found_row, expected_row in zip(found, expected, strict=True):
        assert found_row.keys() == expected_row.keys(), expected_row["timestamp"]
        for name, value in expected_row.items():
            near = math.isclose(found_row[name], value, rel_tol=rel, abs_tol=absolute.get(name, rounding))
            assert near, (name, found_row, expected_row)
