"""The official Python SDKs work against `cdframe serve` unchanged, and see what the HTTP API and cdframe see.

Each SDK runs in an environment of its own, where a script uses it and writes down what it saw, section by section.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance import checks_of_points, checks_of_series, scenario
from tests.conformance.checks_of_cdframe import check_everything
from tests.conformance.checks_of_points import check_question, check_written_points
from tests.conformance.raw import RawClient
from tests.conformance.sdk_run import SdkRun
from tests.conformance.server import running

CHECKS = checks_of_series.CHECKS | checks_of_points.CHECKS


@pytest.fixture(
    params=[("sdk2", "api key"), ("sdk7", "token"), ("sdk8", "token"), ("sdk8", "client credentials")],
    ids=["2.x with an api key", "7.x with a token", "8.x with a token", "8.x with client credentials"],
)
def sdk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SdkRun]:
    name, credentials = request.param
    with (
        running(tmp_path / "data", tmp_path / "server.log") as base_url,
        contextlib.closing(RawClient(base_url)) as raw,
    ):
        script = "sdk2_script" if name == "sdk2" else "sdk8_script"
        yield SdkRun(name, script, credentials, tmp_path, raw)


def test_official_sdk(sdk: SdkRun, subtests: pytest.Subtests) -> None:
    for section in sdk.report:
        with subtests.test(section):
            kind, _, question = section.partition(": ")
            if question:
                check_question(sdk, sdk.seen(section), scenario.QUESTIONS[question])
            else:
                CHECKS[kind](sdk, sdk.seen(section))
    with subtests.test("what was written is there"):
        check_written_points(sdk)
    check_everything(sdk.raw, subtests)
