"""Assertions in the modules that check a report are explained like those in tests."""

import pytest

pytest.register_assert_rewrite(
    "tests.conformance.checks_of_cdframe",
    "tests.conformance.checks_of_points",
    "tests.conformance.checks_of_series",
    "tests.conformance.raw",
    "tests.conformance.sdk_run",
)
