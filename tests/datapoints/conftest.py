"""A local CDF for each module of tests, with a client, and a wire to look at requests; notes of a replay server."""

from collections.abc import Iterator

import pytest

from benchmarks import replay
from cdframe import CogniteClient
from cdframe.local import LocalCDF
from tests.datapoints.replays import NotedStore
from tests.datapoints.wire import Wire


@pytest.fixture(scope="module")
def client() -> Iterator[CogniteClient]:
    with CogniteClient.local() as client:
        yield client


@pytest.fixture(scope="module")
def engine(client: CogniteClient) -> LocalCDF:
    """The local CDF that the client talks to."""
    hold = client._session.engine
    assert hold is not None
    return hold.engine


@pytest.fixture
def wire(engine: LocalCDF) -> Iterator[Wire]:
    wire = Wire(engine)
    yield wire
    wire.end_clients()


@pytest.fixture
def noted(served: tuple[replay.Server, NotedStore]) -> NotedStore:
    """Notes of what one test asks of the replay server that its module has as `served`."""
    served[1].forget()
    return served[1]
