"""The official Python SDKs and cdframe write and read files, sequences, raw tables and extraction pipelines alike.

cdframe writes its share of a scenario, an SDK the rest, through `cdframe serve`; then the SDK, cdframe and the HTTP API
are asked the same, and each must find what the scenario's own rows say.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance import checks_of_files, checks_of_pipelines, checks_of_raw, checks_of_sequences
from tests.conformance.checks_of_cdframe import connect
from tests.conformance.checks_of_cdframe_files import check_files
from tests.conformance.checks_of_cdframe_pipelines import check_pipelines
from tests.conformance.checks_of_cdframe_raw import check_raw
from tests.conformance.checks_of_cdframe_refusals import check_refusals
from tests.conformance.checks_of_cdframe_resources import check_families
from tests.conformance.checks_of_cdframe_sequences import check_sequences
from tests.conformance.checks_of_resources import (
    check_all_raw_questions,
    check_of_families,
    check_rows,
    sections_of_families,
)
from tests.conformance.raw import RawClient
from tests.conformance.sdk_run import SdkRun
from tests.conformance.server import running
from tests.conformance.world import CONTENTS
from tests.conformance.writes_of_cdframe import write_contents

CHECKS = checks_of_raw.CHECKS | checks_of_sequences.CHECKS | checks_of_files.CHECKS | checks_of_pipelines.CHECKS
# What 2.x cannot be asked.
ONLY_LATER = {
    "last rows of sequences",
    "advanced lists of sequences",
    "contents in parts",
    "notifications of extraction pipelines",
    "iterate over extraction pipelines",
    "configurations of extraction pipelines",
}


@pytest.fixture(params=["sdk2", "sdk7", "sdk8"], ids=["2.x", "7.x", "8.x"])
def sdk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SdkRun]:
    with (
        running(tmp_path / "data", tmp_path / "server.log") as base_url,
        contextlib.closing(RawClient(base_url)) as raw,
    ):
        with connect(base_url) as client:
            write_contents(client)
        yield SdkRun(request.param, "sdk_of_contents", "token", tmp_path, raw, CONTENTS)


def test_official_sdk_on_contents(sdk: SdkRun, tmp_path: Path, subtests: pytest.Subtests) -> None:
    with subtests.test("all sections are there"):
        assert CHECKS.keys() - sdk.report.keys() == (ONLY_LATER if sdk.is_2021 else set())
        assert sections_of_families(sdk) - sdk.report.keys() == set()
    (tmp_path / "downloads").mkdir()
    check_rows(sdk.world, subtests)
    for section in sdk.report:
        with subtests.test(section):
            seen = sdk.seen(section)
            if not check_of_families(sdk, section, seen):
                CHECKS[section](sdk, seen)
    check_all_raw_questions(sdk.raw, sdk.world, subtests)
    with connect(sdk.raw.base_url) as client:
        check_families(client, sdk.world, subtests)
        check_raw(client, sdk.raw, subtests)
        check_sequences(client, sdk.raw, subtests)
        check_pipelines(client, sdk.raw, subtests)
        check_refusals(client, subtests)
        check_files(client, sdk.raw, tmp_path / "downloads", subtests)
