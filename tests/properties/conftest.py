"""One local CDF in memory for the property tests of a module."""

from collections.abc import Iterator

import httpx
import pytest

from cdframe.local import LocalCDF
from tests.properties.service import Service


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with LocalCDF(project="aggregates") as engine:
        transport = httpx.WSGITransport(app=engine.app)
        base_url = "http://local/api/v1/projects/aggregates"
        headers = {"api-key": engine.process_api_key}
        with httpx.Client(transport=transport, base_url=base_url, headers=headers) as http:
            yield Service(http)
