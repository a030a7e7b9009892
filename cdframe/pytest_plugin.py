"""A pytest fixture: a client of a local CDF that is new for each test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from cdframe import CogniteClient


@pytest.fixture
def cdf_client() -> Iterator[CogniteClient]:
    """A `cdframe.CogniteClient` of a new, empty local CDF in memory; closed after the test."""
    from cdframe import CogniteClient

    with CogniteClient.local() as client:
        yield client
