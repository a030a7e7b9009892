"""Uses a CDF's resources through an official Python SDK, in that SDK's environment, and writes down what it saw."""

from importlib import import_module

from tests.conformance.sdk_dialect import given, report, section

# Each runs its sections when it is imported, and builds on the rows of those before it.
SECTIONS = (
    "data_sets",
    "labels",
    "assets",
    "hierarchies",
    "events",
    "relationships",
    "changes_of_assets",
    "errors",
)

if __name__ == "__main__":
    for name in SECTIONS:

        @section(f"all of {name}")
        def _(name: str = name) -> None:
            import_module(f"tests.conformance.sdk_{name}")

    report.write(given["report"])
