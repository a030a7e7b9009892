"""The documented operations exist, with the documented parameter names, order and defaults."""

from __future__ import annotations

import csv
import inspect
from pathlib import Path

import pytest

from cdframe import CogniteClient

OPERATIONS = list(
    csv.DictReader((Path(__file__).parent / "data" / "operations.tsv").read_text().splitlines(), delimiter="\t")
)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation["path"])
def test_signature(operation: dict[str, str], cdf_client: CogniteClient) -> None:
    target: object = cdf_client
    for name in operation["path"].split("."):
        target = getattr(target, name)
    assert callable(target)
    parameters = list(inspect.signature(target).parameters.values())
    documented = [text.partition("=")[::2] for text in filter(None, (operation["parameters"] or "").split(", "))]
    positional = [p for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    further = [p for p in parameters if p.kind is p.KEYWORD_ONLY]
    shown = [(p.name, "" if p.default is p.empty else repr(p.default)) for p in positional]
    assert shown == documented
    filters = [p for p in parameters if p.kind is p.VAR_KEYWORD and operation["path"].endswith("__call__")]
    assert len(positional) + len(further) + len(filters) == len(parameters)
    assert all(p.default is not p.empty for p in further)


def test_constructor() -> None:
    documented = [
        "api_key",
        "api_subversion",
        "project",
        "client_name",
        "base_url",
        "max_workers",
        "headers",
        "timeout",
        "file_transfer_timeout",
        "proxies",
        "token",
        "token_url",
        "token_client_id",
        "token_client_secret",
        "token_scopes",
        "token_custom_args",
        "disable_pypi_version_check",
        "debug",
    ]
    parameters = inspect.signature(CogniteClient).parameters
    assert list(parameters)[: len(documented)] == documented
    assert [p.default for p in parameters.values()][: len(documented)] == [None] * 17 + [False]
    assert {p.kind for p in list(parameters.values())[len(documented) :]} == {inspect.Parameter.KEYWORD_ONLY}
