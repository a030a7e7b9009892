"""A local CDF with time series of chosen ids, whose lists are noted and come in small pages."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from cdframe.local import LocalCDF
from cdframe.resources.time_series import TimeSeriesAPI
from cdframe.types import FrameKind
from tests.datapoints.wire import Wire

LIST = "/timeseries/list"
ID_SPACE = 2**53

Body = dict[str, Any]


class Plant:
    """Time series behind a wire.

    Attributes:
        created: the rows that were created, by id.
        asked: the bodies of requests for lists, in order of arrival.
        page: the most rows in a page, whatever is asked for; servers may give fewer than that.
        before: is called before a request for a list is answered, and may answer it.
    """

    def __init__(self, engine: LocalCDF, ids: Iterable[int], page: int = 1000) -> None:
        self._lock = threading.Lock()
        self.wire = Wire(engine)
        self.wire.answer = self._answer
        self.created: dict[int, dict[str, Any]] = {}
        self.asked: list[Body] = []
        self.page = page
        self.before: Callable[[Body], httpx.Response | None] = lambda body: None
        self.add(ids)

    def api(self, frame: FrameKind = "polars", **arguments: Any) -> TimeSeriesAPI:
        """The calls of a client of this plant."""
        return TimeSeriesAPI(self.wire.api(**arguments)._session, frame)

    def add(self, ids: Iterable[int]) -> None:
        """Create time series with such ids."""
        given = sorted(ids)
        left = iter(given)
        rows = [{"name": "even" if n % 2 == 0 else "odd", "metadata": {"n": str(n)}} for n in range(len(given))]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(secrets, "randbelow", lambda _: next(left) - 1)
            created = self.api("pyarrow").create(rows, progress=False)
        self.created |= {row["id"]: row for row in created.to_pylist()}

    def _answer(self, request: httpx.Request) -> httpx.Response | None:
        if not request.url.path.endswith(LIST):
            return None
        body = json.loads(request.read())
        with self._lock:
            self.asked.append(dict(body))
        answered = self.before(body)
        if answered is not None:
            return answered
        body["limit"] = min(body["limit"], self.page)
        headers = {key: value for key, value in request.headers.items() if key != "content-length"}
        return self.wire.deliver(
            httpx.Request(request.method, request.url, headers=headers, content=json.dumps(body).encode())
        )


@contextmanager
def plant_with(ids: Iterable[int], page: int = 1000) -> Iterator[Plant]:
    """A plant in a local CDF of its own."""
    with LocalCDF() as engine:
        plant = Plant(engine, ids, page)
        try:
            yield plant
        finally:
            plant.wire.end_clients()
