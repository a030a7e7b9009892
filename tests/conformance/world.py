"""The world that the scenario's rows make, with what the server has added to them."""

from tests.conformance import scenario_of_assets, scenario_of_events, scenario_of_groups, scenario_of_relationships
from tests.conformance.naive import World
from tests.conformance.raw import RawClient
from tests.conformance.words import PATHS, Known, Row

ROWS: dict[str, list[Row]] = {
    "data_sets": scenario_of_groups.DATA_SETS,
    "labels": scenario_of_groups.LABELS,
    "assets": scenario_of_assets.ROWS,
    "events": scenario_of_events.ROWS,
    "relationships": scenario_of_relationships.ROWS,
}
QUESTIONS: dict[str, dict[str, Row]] = {
    "data_sets": scenario_of_groups.DATA_SET_QUESTIONS,
    "labels": scenario_of_groups.LABEL_QUESTIONS,
    "assets": scenario_of_assets.QUESTIONS,
    "events": scenario_of_events.QUESTIONS,
    "relationships": scenario_of_relationships.QUESTIONS,
}
SEARCHES: dict[str, dict[str, Row]] = {
    "assets": scenario_of_assets.SEARCHES,
    "events": scenario_of_events.SEARCHES,
}


def world_of(raw: RawClient) -> World:
    known: Known = {}
    for family, rows in ROWS.items():
        names = [row["external_id"] for row in rows]
        known[family] = dict(zip(names, raw.byids(PATHS[family], names), strict=True))
    return World(ROWS, known)
