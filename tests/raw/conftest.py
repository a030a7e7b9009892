"""One local CDF for a module of tests, and tables of their own."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from cdframe import CogniteClient

_numbers = count()


@pytest.fixture(scope="module")
def client() -> Iterator[CogniteClient]:
    with CogniteClient.local() as client:
        yield client


@pytest.fixture
def name(client: CogniteClient) -> str:
    """The name of a table of the database ``db`` that is not there yet."""
    return new_table()


def new_table() -> str:
    return f"table {next(_numbers)}/ø"
