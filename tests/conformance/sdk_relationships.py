"""Sections on relationships."""

from typing import Any

from tests.conformance import scenario_of_relationships as scenario
from tests.conformance.scenario import error_seen
from tests.conformance.sdk_dialect import (
    IS_2,
    all_to_write,
    arguments_of,
    ask,
    change,
    client,
    created_again,
    dumped,
    learn,
    names_of,
    section,
    to_write,
)

FAMILY = "relationships"
relationships = client.relationships


def ends(found: Any) -> Any:
    return {
        "name": found.external_id,
        **{
            end: None if resource is None else [type(resource).__name__, dumped(resource)]
            for end, resource in (("source", found.source), ("target", found.target))
        },
    }


@section("create relationships")
def _() -> Any:
    one, *others = all_to_write(FAMILY, scenario.BY_SDK)
    created = [relationships.create(one), *relationships.create(others)]
    return [dumped(found) for found in [*created, *relationships.create(all_to_write(FAMILY, scenario.MANY))]]


learn(FAMILY, scenario.ROWS)
ask(FAMILY, scenario.QUESTIONS)


@section("retrieve relationships")
def _() -> Any:
    one = relationships.retrieve(external_id="plant/link-07")
    several = relationships.retrieve_multiple(external_ids=["many/007", "mill/ø ⛵", "Mill/link-03"])
    some = None
    if not IS_2:
        some = dumped(relationships.retrieve_multiple(["nobody", "many/001"], ignore_unknown_ids=True))
    return [dumped(one), dumped(several), some, relationships.retrieve(external_id="nobody")]


@section("iterate over relationships")
def _() -> Any:
    chosen = arguments_of(FAMILY, {"source_types": ["asset"], "target_types": ["event"]})
    return {
        "chunks": [names_of(chunk) for chunk in relationships(chunk_size=50, **chosen)],
        "one by one": names_of(relationships(limit=33, **chosen)),
        "all": names_of(relationships()),
    }


@section("too many sources for a limit")
def _() -> Any:
    return [
        error_seen(lambda: relationships.list(source_external_ids=scenario.SOURCES, limit=5))["class"],
        error_seen(lambda: list(relationships(source_external_ids=scenario.SOURCES)))["class"],
    ]


@section("related resources")
def _() -> Any:
    names = [row["external_id"] for row in scenario.BY_CDFRAME]
    one = relationships.retrieve(external_id="Mill/link-00", fetch_resources=True)
    several = relationships.retrieve_multiple(external_ids=names, fetch_resources=True)
    some = relationships.list(source_types=["event"], fetch_resources=True)
    return [[ends(found) for found in rows] for rows in ([one], several, some)]


@section("update relationships")
def _() -> Any:
    row = {
        "external_id": "changing",
        "source_external_id": "a",
        "source_type": "asset",
        "target_external_id": "b",
        "target_type": "event",
        "start_time": 1_000,
        "end_time": 2_000,
        "confidence": 0.25,
        "data_set_id": "sets/north",
        "labels": ["PUMP"],
    }
    relationships.create(to_write(FAMILY, row))
    seen = []
    for update in (
        change(FAMILY, external_id="changing").source_external_id.set("c").source_type.set("Sequence"),
        change(FAMILY, external_id="changing").target_external_id.set("d").target_type.set("TIMESERIES"),
        change(FAMILY, external_id="changing").start_time.set(None).confidence.set(None).data_set_id.set(None),
        change(FAMILY, external_id="changing").labels.add(["VALVE", "PUMP"]).end_time.set(3_000),
        change(FAMILY, external_id="changing").labels.remove("PUMP").end_time.set(None),
        change(FAMILY, external_id="changing").start_time.set(5).end_time.set(6).confidence.set(1),
    ):
        seen.append(dumped(relationships.update(update)))
    whole = relationships.retrieve(external_id="changing")
    whole.confidence, whole.target_external_id = 0.75, "whole"
    seen.append(dumped(relationships.update(whole)))
    several = [change(FAMILY, external_id="changing").confidence.set(0)]
    seen.append(dumped(relationships.update(several)[0]))
    relationships.delete(external_id="changing")
    return seen


@section("a relationship created again")
def _() -> Any:
    return created_again(FAMILY, "plant/link-05")


@section("delete relationships")
def _() -> Any:
    end = {"source_external_id": "short", "source_type": "file", "target_external_id": "t", "target_type": "file"}
    relationships.create(all_to_write(FAMILY, [{"external_id": f"short/{k}", **end} for k in range(4)]))
    relationships.delete(external_id="short/0")
    seen = [names_of(relationships.list(source_external_ids=["short"]))]
    relationships.delete(external_id=["short/2", "nobody"], ignore_unknown_ids=True)
    seen.append(names_of(relationships.list(source_external_ids=["short"])))
    relationships.delete(external_id=["short/3", "short/1"])
    return [*seen, names_of(relationships.list(source_external_ids=["short"]))]
