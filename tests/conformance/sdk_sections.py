"""Runs the sections of modules, in the environment of an official SDK."""

from importlib import import_module

from tests.conformance.sdk_dialect import given, report, section


def run(*names: str) -> None:
    """Run the sections of the modules, which run when they are imported, in this order, and write the report."""
    for name in names:

        @section(f"all of {name}")
        def _(name: str = name) -> None:
            import_module(f"tests.conformance.sdk_{name}")

    report.write(given["report"])
