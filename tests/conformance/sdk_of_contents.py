"""Uses a CDF's contents of many kinds through an official Python SDK, in its environment; writes down what it saw."""

from tests.conformance import scenario_of_assets, scenario_of_groups
from tests.conformance.sdk_dialect import learn
from tests.conformance.sdk_sections import run

if __name__ == "__main__":
    learn("data_sets", scenario_of_groups.DATA_SETS_BY_CDFRAME)
    learn("labels", scenario_of_groups.LABELS_BY_CDFRAME)
    learn("assets", scenario_of_assets.BY_CDFRAME)
    run("raw", "sequences", "files", "pipelines", "links")
