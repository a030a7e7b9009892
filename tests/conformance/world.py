"""The worlds that the scenarios' rows make, with what the server has added to them."""

from tests.conformance import (
    scenario_of_assets,
    scenario_of_events,
    scenario_of_files,
    scenario_of_groups,
    scenario_of_pipelines,
    scenario_of_relationships,
    scenario_of_sequences,
)
from tests.conformance.naive import Scenario, World
from tests.conformance.raw import RawClient
from tests.conformance.words import PATHS, Known

RESOURCES = Scenario(
    rows={
        "data_sets": scenario_of_groups.DATA_SETS,
        "labels": scenario_of_groups.LABELS,
        "assets": scenario_of_assets.ROWS,
        "events": scenario_of_events.ROWS,
        "relationships": scenario_of_relationships.ROWS,
    },
    questions={
        "data_sets": scenario_of_groups.DATA_SET_QUESTIONS,
        "labels": scenario_of_groups.LABEL_QUESTIONS,
        "assets": scenario_of_assets.QUESTIONS,
        "events": scenario_of_events.QUESTIONS,
        "relationships": scenario_of_relationships.QUESTIONS,
    },
    searches={"assets": scenario_of_assets.SEARCHES, "events": scenario_of_events.SEARCHES},
)
CONTENTS = Scenario(
    rows={
        "data_sets": scenario_of_groups.DATA_SETS_BY_CDFRAME,
        "labels": scenario_of_groups.LABELS_BY_CDFRAME,
        "assets": scenario_of_assets.BY_CDFRAME,
        "sequences": scenario_of_sequences.ROWS,
        "files": scenario_of_files.ROWS,
        "extraction_pipelines": scenario_of_pipelines.ROWS,
    },
    questions={
        "sequences": scenario_of_sequences.QUESTIONS,
        "files": scenario_of_files.QUESTIONS,
        "extraction_pipelines": scenario_of_pipelines.QUESTIONS,
    },
    searches={"sequences": scenario_of_sequences.SEARCHES, "files": scenario_of_files.SEARCHES},
)


def world_of(raw: RawClient, scenario: Scenario) -> World:
    known: Known = {}
    for family, rows in scenario.rows.items():
        names = [row["external_id"] for row in rows]
        known[family] = dict(zip(names, raw.byids(PATHS[family], names), strict=True))
    return World(scenario, known)
