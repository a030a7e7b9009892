"""The HTTP API asked directly: what the official SDKs and cdframe are compared with."""

import json
from typing import Any

import httpx

from tests.conformance import scenario
from tests.conformance.server import API_KEY, PROJECT
from tests.oracles.messages import read_list_response

JSON, PROTOBUF = "application/json", "application/protobuf"
MAX_ITEMS = 100
LARGEST_SYNTHETIC = 10_000  # rows


class RawClient:
    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.http = httpx.Client(
            base_url=f"{base_url}/api/v1/projects/{PROJECT}", headers={"api-key": API_KEY}, timeout=60
        )
        self._known: dict[str, list[dict[str, Any]]] = {}

    def close(self) -> None:
        self.http.close()

    def post(self, path: str, body: Any, accept: str = JSON) -> Any:
        response = self.http.post(path, json=body, headers={"accept": accept})
        assert response.status_code in (200, 201), (path, response.text)
        return response.json() if accept == JSON else read_list_response(response.content)

    def get(self, path: str, **query: Any) -> Any:
        response = self.http.get(path, params=query)
        assert response.status_code == 200, (path, response.text)
        return response.json()

    def series(self, **query: Any) -> list[dict[str, Any]]:
        """All time series of a list query."""
        return self.rows("/timeseries", **query)

    def rows(self, path: str, **query: Any) -> list[dict[str, Any]]:
        """All rows of a list query, page by page."""
        found, cursor = [], None
        while True:
            page = self.post(f"{path}/list", {"limit": 1000, **query, "cursor": cursor})
            found += page["items"]
            cursor = page.get("nextCursor")
            if cursor is None:
                return found

    def byids(self, path: str, names: list[str], **options: Any) -> list[dict[str, Any]]:
        """The rows of these external ids, in that order."""
        return self.post(f"{path}/byids", {"items": [{"externalId": name} for name in names], **options})["items"]

    def known_answer(self, question: dict[str, Any], accept: str = JSON) -> list[dict[str, Any]]:
        """The answer to a question whose points no longer change; do not change the answer either."""
        key = json.dumps([question, accept])
        if key not in self._known:
            self._known[key] = self.answer(question, accept)
        return self._known[key]

    def answer(self, question: dict[str, Any], accept: str = JSON) -> list[dict[str, Any]]:
        """The full answer to a question of the scenario, page by page, the items in the order of its series."""
        options = {name: value for name, value in question.items() if name != "series"}
        names = question["series"]
        answered: list[dict[str, Any]] = []
        for first in range(0, len(names), MAX_ITEMS):
            items = [{"externalId": name} for name in names[first : first + MAX_ITEMS]]
            answered += self._all_pages(items, options, accept)
        return answered

    def _all_pages(self, items: list[dict[str, Any]], options: dict[str, Any], accept: str) -> list[dict[str, Any]]:
        largest = 10_000 if "aggregates" in options else 100_000
        wanted = options.pop("limit", None)
        whole: dict[int, dict[str, Any]] = {}
        pending = dict(enumerate(items))
        while pending:
            limit = largest // len(pending)
            if wanted is not None:  # such questions name one series
                limit = min(limit, wanted - sum(len(item["datapoints"]) for item in whole.values()))
            body = {"items": list(pending.values()), **options, "limit": limit}
            page = self.post("/timeseries/data/list", body, accept)["items"]
            more = {}
            for number, item in zip(pending, page, strict=True):
                cursor = item.pop("nextCursor", None)
                if number in whole:
                    whole[number]["datapoints"] += item["datapoints"]
                else:
                    whole[number] = item
                if cursor is not None and (wanted is None or len(whole[number]["datapoints"]) < wanted):
                    more[number] = {**pending[number], "cursor": cursor}
            pending = more
        return [whole[number] for number in sorted(whole)]

    def synthetic(self, question: dict[str, Any]) -> list[dict[str, Any]]:
        """The rows of a synthetic question of the scenario, page by page."""
        start, limit = scenario.SYNTHETIC_START, question.get("limit", 10**9)
        rows: list[dict[str, Any]] = []
        while True:
            size = min(limit - len(rows), LARGEST_SYNTHETIC)
            item = {"expression": question["expression"], "end": scenario.SYNTHETIC_END}
            body = {"items": [{**item, "start": start, "limit": size}]}
            page = self.post("/timeseries/synthetic/query", body)["items"][0]["datapoints"]
            rows += page
            if len(page) < size or len(rows) == limit:
                return rows
            start = page[-1]["timestamp"] + 1
