"""A local CDF for each module of tests, with a client, and a wire to look at requests."""

from collections.abc import Iterator

import pytest

from cdframe import CogniteClient
from cdframe.local import LocalCDF
from tests.datapoints.wire import Wire


@pytest.fixture(scope="module")
def engine() -> Iterator[LocalCDF]:
    with LocalCDF() as engine:
        yield engine


@pytest.fixture(scope="module")
def client(engine: LocalCDF) -> Iterator[CogniteClient]:
    with CogniteClient._of_engine(engine, {}) as client:
        yield client


@pytest.fixture
def wire(engine: LocalCDF) -> Iterator[Wire]:
    wire = Wire(engine)
    yield wire
    wire.end_clients()
