"""Uses a CDF's resources through an official Python SDK, in that SDK's environment, and writes down what it saw."""

from tests.conformance.sdk_sections import run

if __name__ == "__main__":
    # Each builds on the rows of those before it.
    run("data_sets", "labels", "assets", "hierarchies", "events", "relationships", "changes_of_assets", "errors")
