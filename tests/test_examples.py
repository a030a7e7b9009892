"""The examples in docstrings run, each against a local CDF with two series of three points."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

import cdframe
from cdframe import CogniteClient


def examples() -> list[doctest.DocTest]:
    finder = doctest.DocTestFinder(exclude_empty=True)
    found = []
    for module in pkgutil.walk_packages(cdframe.__path__, "cdframe."):
        loaded = importlib.import_module(module.name)
        found += [test for test in finder.find(loaded, module.name) if test.examples]
    return found


def seed(client: CogniteClient) -> None:
    client.time_series.create(
        [{"external_id": "pressure", "name": "pressure", "unit": "bar"}, {"external_id": "temperature", "unit": "°C"}]
    )
    moments = [datetime(2024, 1, 1, hour, tzinfo=UTC) for hour in range(3)]
    frame = pl.DataFrame({"timestamp": moments, "pressure": [1.0, 2.0, 4.0], "temperature": [20.0, 21.0, 19.5]})
    client.datapoints.insert_dataframe(frame, external_id_headers=True)


@pytest.mark.parametrize("example", examples(), ids=lambda test: test.name)
def test_example(example: doctest.DocTest, cdf_client: CogniteClient, tmp_path: Any, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    seed(cdf_client)
    example.globs.update(client=cdf_client, cdf=cdframe, pl=pl)
    report: list[str] = []
    result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example, out=report.append, clear_globs=True)
    assert result.failed == 0, "".join(report)
