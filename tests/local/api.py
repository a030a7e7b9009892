"""A small client of the local CDF for these tests: HTTP semantics without a socket."""

from __future__ import annotations

import itertools
from typing import Any

import httpx

from cdframe.in_process import InProcessTransport
from cdframe.local import LocalCDF

PROTOBUF = "application/protobuf"


class Api:
    """Calls the API as one principal; every call says which status it expects."""

    _names = itertools.count()

    def __init__(self, engine: LocalCDF, key: str | None = None, **headers: str) -> None:
        self.engine = engine
        key = engine.process_api_key if key is None else key
        self.http = httpx.Client(
            transport=InProcessTransport(engine.app),
            base_url=f"http://local/api/v1/projects/{engine.project}",
            headers={**({"api-key": key} if key else {}), **headers},
        )

    def post(self, path: str, body: Any = None, status: int = 200, **headers: str) -> Any:
        content = {"content": body} if isinstance(body, bytes) else {"json": body}
        response = self.http.post(path, headers=headers, **content)
        return self._checked(response, status)

    def get(self, path: str, status: int = 200, **headers: str) -> Any:
        return self._checked(self.http.get(path, headers=headers), status)

    def host(self, method: str, path: str, status: int = 200, **options: Any) -> Any:
        """A call outside of the project."""
        return self._checked(self.http.request(method, f"http://local{path}", **options), status)

    def error(self, path: str, body: Any, status: int = 400, **headers: str) -> dict[str, Any]:
        """The error of a call, whose body is checked."""
        error: dict[str, Any] = self.post(path, body, status, **headers)["error"]
        assert error["code"] == status
        assert set(error) <= {"code", "message", "missing", "duplicated"}
        assert not ("missing" in error and "duplicated" in error)
        assert error.get("missing") != []
        assert error.get("duplicated") != []
        return error

    def create(self, *items: dict[str, Any]) -> list[dict[str, Any]]:
        """New time series."""
        created: list[dict[str, Any]] = self.post("/timeseries", {"items": list(items)}, 201)["items"]
        return created

    def new(self, **fields: Any) -> str:
        """A new time series; its external id."""
        name = f"series-{next(self._names)}"
        self.create({"externalId": name, **fields})
        return name

    def insert(self, name: str, points: dict[int, Any] | list[dict[str, Any]]) -> None:
        """Write points of one series, given as timestamp to value, or as the API has them."""
        if isinstance(points, dict):
            points = [{"timestamp": time, "value": value} for time, value in points.items()]
        assert self.post("/timeseries/data", {"items": [{"externalId": name, "datapoints": points}]}) == {}

    def read(self, name: str, **query: Any) -> dict[str, Any]:
        """The answer about one series."""
        body = {"items": [{"externalId": name, "start": -(10**13), "end": 10**13, **query}]}
        (item,) = self.post("/timeseries/data/list", body)["items"]
        assert item["externalId"] == name
        result: dict[str, Any] = item
        return result

    def points(self, name: str, **query: Any) -> list[tuple[int, Any]]:
        """Raw points of one series."""
        return [(p["timestamp"], p.get("value")) for p in self.read(name, **query)["datapoints"]]

    def _checked(self, response: httpx.Response, status: int) -> Any:
        assert response.status_code == status, response.text
        assert len(response.headers["x-request-id"]) == 36
        return response.json() if response.headers["content-type"] == "application/json" else response
