"""One local CDF in memory for a module of tests, and a caller of it."""

from collections.abc import Iterator

import pytest

from cdframe.local import LocalCDF
from tests.local.api import Api


@pytest.fixture(scope="module")
def engine() -> Iterator[LocalCDF]:
    with LocalCDF(project="plant") as engine:
        yield engine


@pytest.fixture(scope="module")
def api(engine: LocalCDF) -> Api:
    return Api(engine)


@pytest.fixture
def fresh() -> Iterator[Api]:
    """A caller of a local CDF that is new for the test."""
    with LocalCDF() as engine:
        yield Api(engine)
