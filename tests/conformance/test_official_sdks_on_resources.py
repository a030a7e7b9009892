"""The official Python SDKs and cdframe write and read assets, events, labels, data sets and relationships alike.

cdframe writes its share of a scenario, an SDK the rest, through `cdframe serve`; then the SDK, cdframe and the HTTP API
are asked the same, and each must find what the scenario's own rows say.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance import (
    checks_of_assets,
    checks_of_changes,
    checks_of_errors,
    checks_of_events,
    checks_of_groups,
    checks_of_hierarchies,
    checks_of_relationships,
)
from tests.conformance.checks_of_cdframe import connect
from tests.conformance.checks_of_cdframe_resources import check_resources
from tests.conformance.checks_of_resources import (
    check_all_raw_questions,
    check_of_families,
    check_rows,
    sections_of_families,
)
from tests.conformance.raw import RawClient
from tests.conformance.sdk_run import SdkRun
from tests.conformance.server import running
from tests.conformance.writes_of_cdframe import write_resources

CHECKS = (
    checks_of_groups.CHECKS
    | checks_of_assets.CHECKS
    | checks_of_changes.CHECKS
    | checks_of_hierarchies.CHECKS
    | checks_of_events.CHECKS
    | checks_of_relationships.CHECKS
    | checks_of_errors.CHECKS
)
# What 2.x cannot be asked.
ONLY_LATER = {
    "sorted assets",
    "advanced lists of assets",
    "values of assets",
    "advanced lists of events",
    "a hierarchy that is there in part",
}


@pytest.fixture(params=["sdk2", "sdk7", "sdk8"], ids=["2.x", "7.x", "8.x"])
def sdk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SdkRun]:
    with (
        running(tmp_path / "data", tmp_path / "server.log") as base_url,
        contextlib.closing(RawClient(base_url)) as raw,
    ):
        with connect(base_url) as client:
            write_resources(client)
        yield SdkRun(request.param, "sdk_of_resources", "token", tmp_path, raw)


def test_official_sdk_on_resources(sdk: SdkRun, subtests: pytest.Subtests) -> None:
    with subtests.test("all sections are there"):
        assert CHECKS.keys() - sdk.report.keys() == (ONLY_LATER if sdk.is_2021 else set())
        assert sections_of_families(sdk) - sdk.report.keys() == set()
    check_rows(sdk.world, subtests)
    for section in sdk.report:
        with subtests.test(section):
            seen = sdk.seen(section)
            if not check_of_families(sdk, section, seen):
                CHECKS[section](sdk, seen)
    check_all_raw_questions(sdk.raw, sdk.world, subtests)
    with connect(sdk.raw.base_url) as client:
        check_resources(client, sdk.raw, sdk.world, subtests)
