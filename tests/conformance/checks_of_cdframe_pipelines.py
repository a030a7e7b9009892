"""cdframe and the HTTP API see the runs of extraction pipelines that cdframe and an SDK told."""

from typing import Any

import pyarrow as pa
import pytest

import cdframe
from tests.conformance import scenario_of_pipelines as scenario
from tests.conformance.checks_of_pipelines import summary
from tests.conformance.raw import RawClient
from tests.conformance.server import PROJECT


def check_pipelines(client: cdframe.CogniteClient, raw: RawClient, subtests: pytest.Subtests) -> None:
    with subtests.test("HTTP: extraction pipelines where they were in 2021"):
        body = {"limit": 1000}
        earlier = f"{raw.base_url}/api/playground/projects/{PROJECT}/extpipes/list"
        assert raw.http.post(earlier, json=body).json() == raw.post("/extpipes/list", body)
    for name in (*scenario.RUNS, "sdk/least"):
        with subtests.test(f"HTTP: runs of {name}"):
            found = raw.rows("/extpipes/runs", filter={"externalId": name})
            runs = [[run["status"], run.get("message"), run["createdTime"]] for run in found]
            assert runs == summary(scenario.asked(name, {"limit": None}))
            assert {run["externalId"] for run in found} <= {name}
        for key, question in scenario.RUN_QUESTIONS.items():
            with subtests.test(f"cdframe: runs of {name}: {key}"):
                frame = client.extraction_pipeline_runs.list(name, **question)
                assert rows_of(frame) == summary(scenario.asked(name, question))
    with subtests.test("cdframe: configurations of extraction pipelines"):
        config = client.extraction_pipelines.config.retrieve("plant/pipeline-03")
        assert config["config"].to_pylist() == ["host: cdframe\n"]


def rows_of(frame: pa.Table) -> list[list[Any]]:
    columns = [frame["status"], frame["message"], frame["created_time"].cast(pa.int64())]
    return [list(row) for row in zip(*(column.to_pylist() for column in columns), strict=True)]
