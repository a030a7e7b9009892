"""One local CDF in memory for the property tests of a module."""

from collections.abc import Iterator

import pytest

from tests.properties.service import Service, service_of_a_new_engine


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with service_of_a_new_engine() as service:
        yield service
