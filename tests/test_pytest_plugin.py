"""The fixture `cdf_client`, in a test suite of its own."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

SUITE = """
import pytest

clients = []

@pytest.mark.parametrize("number", range(2))
def test_each_has_a_cdf_of_its_own(cdf_client, number):
    assert len(cdf_client.time_series.list()) == 0
    cdf_client.time_series.create({"external_id": "p1"})
    cdf_client.datapoints.insert([(1000, 1.5)], external_id="p1")
    assert cdf_client.datapoints.retrieve(0, "now", external_id="p1")["value"].to_list() == [1.5]
    clients.append(cdf_client)

def test_accessors_use_it(cdf_client):
    import polars as pl
    pl.DataFrame({"external_id": ["p1"]}).cdf.create("time_series")
    assert len(cdf_client.time_series.list()) == 1

def test_it_is_closed_afterwards():
    assert len(clients) == 2
    for client in clients:
        with pytest.raises(RuntimeError, match="closed"):
            client.time_series.list()
"""


def test_the_fixture_gives_a_fresh_client_to_each_test(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(SUITE)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-W", "error")
    result.assert_outcomes(passed=4)


def test_the_fixture_is_described(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest_subprocess("--fixtures", "-p", "no:cacheprovider")
    result.stdout.fnmatch_lines(["cdf_client*", "*new, empty local CDF in memory*"])


def test_a_suite_that_does_not_use_it_does_not_pay_for_it(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_lean():\n    import sys\n    assert 'duckdb' not in sys.modules\n")
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)
