"""Assertions in the modules that check a report are explained like those in tests."""

from pathlib import Path

import pytest

pytest.register_assert_rewrite(
    *(
        f"tests.conformance.{path.stem}"
        for path in Path(__file__).parent.glob("*.py")
        if path.stem.startswith("checks_of_") or path.stem in ("raw", "sdk_run")
    )
)
