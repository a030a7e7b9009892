"""A local CDF whose requests a test can count, change and answer otherwise."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import httpx

from cdframe.config import resolve
from cdframe.datapoints import DatapointsAPI
from cdframe.local import LocalCDF
from cdframe.protobuf import DatapointsPage, decode_list_response, encode_list_response
from cdframe.session import Session
from cdframe.types import FrameKind

LIST = "/timeseries/data/list"
INSERT = "/timeseries/data"

Body = dict[str, Any]


class Wire(httpx.BaseTransport):
    """Passes requests on to a local CDF, and notes them.

    Attributes:
        asked: the JSON bodies of requests for points, in order of arrival.
        calls: the paths of all requests.
        change: changes the body of a request for points before it is passed on.
        changed_pages: changes the pages of an answer; gets the body of the request, too.
        answer: answers a request instead of the local CDF, when it gives a response.
    """

    def __init__(self, engine: LocalCDF) -> None:
        self._engine = engine
        self._inner = httpx.WSGITransport(app=engine.app)
        self._lock = threading.Lock()
        self._sessions: list[Session] = []
        self.asked: list[Body] = []
        self.calls: list[str] = []
        self.change: Callable[[Body], None] | None = None
        self.changed_pages: Callable[[Body, list[DatapointsPage]], list[DatapointsPage]] | None = None
        self.answer: Callable[[httpx.Request], httpx.Response | None] | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        content = request.read()
        path = request.url.path.removeprefix(f"/api/v1/projects/{self._engine.project}")
        with self._lock:
            self.calls.append(path)
        if self.answer is not None and (answered := self.answer(request)) is not None:
            return answered
        if path != LIST:
            return self._pass_on(request, content)
        body = json.loads(content)
        with self._lock:
            self.asked.append(json.loads(content))
        if self.change is not None:
            self.change(body)
        response = self._pass_on(request, json.dumps(body).encode())
        if self.changed_pages is None or response.status_code != 200:
            return response
        pages = self.changed_pages(body, decode_list_response(response.read()))
        return httpx.Response(
            200, content=encode_list_response(pages), headers={"content-type": "application/protobuf"}
        )

    def _pass_on(self, request: httpx.Request, content: bytes) -> httpx.Response:
        headers = {k: v for k, v in request.headers.items() if k != "content-length"}
        return self._inner.handle_request(httpx.Request(request.method, request.url, headers=headers, content=content))

    def deliver(self, request: httpx.Request) -> httpx.Response:
        """Pass a request on to the local CDF, whatever is answered then."""
        return self._pass_on(request, request.read())

    @property
    def items(self) -> int:
        """How many items all requests for points had together."""
        return sum(len(body["items"]) for body in self.asked)

    @property
    def windows(self) -> list[dict[str, Any]]:
        """Those of them that ask for points to read, and not for counts or where a series ends."""
        return [item for body in self.asked for item in body["items"] if "aggregates" not in item and not is_end(item)]

    def api(self, frame: FrameKind = "polars", **arguments: Any) -> DatapointsAPI:
        """The datapoints calls of a client on this wire."""
        access = {
            "api_key": self._engine.process_api_key,
            "project": self._engine.project,
            "base_url": "http://local-cdf",
        }
        session = Session(resolve({"max_retries": 0, **arguments, **access}), self)
        self._sessions.append(session)
        return DatapointsAPI(session, frame)

    def end_clients(self) -> None:
        """End the threads of all clients on this wire."""
        for session in self._sessions:
            session.close()


def is_end(item: dict[str, Any]) -> bool:
    """Whether an item asks for the last point of a series: for what lies outside of next to no range."""
    return bool(item.get("includeOutsidePoints")) and item["start"] == item["end"] - 1


def without_cursors(_: Body, pages: list[DatapointsPage]) -> list[DatapointsPage]:
    """Answer as servers did before there were cursors."""
    for page in pages:
        page.next_cursor = None
    return pages
