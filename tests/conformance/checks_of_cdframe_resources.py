"""cdframe lists, searches and counts the same resources as the SDKs and the HTTP API."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

import cdframe
from tests.conformance import scenario_of_events, scenario_of_hierarchies
from tests.conformance.checks_of_resources import check_names, check_search
from tests.conformance.naive import World
from tests.conformance.raw import RawClient
from tests.conformance.words import STRUCTS, Row, camel_case, resolved, wire_labels

LAST_RUNS = ("lastSuccess", "lastFailure", "lastSeen")
USUAL_LIMITS = {"relationships": 100}
COUNTED = ("data_sets", "assets", "events", "sequences", "files")


def check_families(client: cdframe.CogniteClient, world: World, subtests: pytest.Subtests) -> None:
    """What can be asked in all families: rows, lists and searches."""
    for family, questions in world.scenario.questions.items():
        with subtests.test(f"cdframe: rows of {family}"):
            check_rows(client, world, family)
        for name, question in questions.items():
            with subtests.test(f"cdframe: list {family}: {name}"):
                check_list(client, world, family, question)
    for family, searches in world.scenario.searches.items():
        for name, wanted in searches.items():
            with subtests.test(f"cdframe: search {family}: {name}"):
                options = {key: value for key, value in wanted.items() if key not in ("filters", "first")}
                filters = resolved(family, wanted.get("filters", {}), world.known)
                found = getattr(client, family).search(**options, filter=filters)
                check_search(world, family, name, names_of(found), 100)


def check_resources(client: cdframe.CogniteClient, raw: RawClient, world: World, subtests: pytest.Subtests) -> None:
    check_families(client, world, subtests)
    with subtests.test("cdframe: sorted events"):
        check_sorts(client, world)
    with subtests.test("cdframe: values of events"):
        check_values(client, world)
    with subtests.test("cdframe: places of assets"):
        check_places(client, world)
    with subtests.test("cdframe: resources of assets"):
        check_resources_of_assets(client, world)
    with subtests.test("cdframe: related resources"):
        check_related(client, raw)
    with subtests.test("cdframe: a hierarchy that fails in part"):
        check_failing_hierarchy(client)
    for family, error, call in refusals(client):
        with subtests.test(f"cdframe: errors of {family}: {error}"):
            check_refusal(error, call)


def names_of(frame: pa.Table) -> list[Any]:
    return list(frame["external_id"].to_pylist())


def wire_rows(frame: pa.Table) -> list[Row]:
    """The rows of a frame as the HTTP API shows them."""
    return [wire_row(row) for row in frame.to_pylist(maps_as_pydicts="strict")]


def wire_row(row: Row) -> Row:
    found = {camel_case(name): wire_time(value) for name, value in row.items() if value is not None}
    if "labels" in found:
        found["labels"] = wire_labels(found["labels"])
    for name in STRUCTS:
        if name in found:
            found[name] = [wire_row(one) for one in found[name]]
    if "geoLocation" in found:
        found["geoLocation"] = json.loads(found["geoLocation"])
    return {name: value for name, value in found.items() if value != [] or name == "path"}


def wire_time(value: Any) -> Any:
    return round(value.timestamp() * 1000) if isinstance(value, datetime) else value


def check_rows(client: cdframe.CogniteClient, world: World, family: str) -> None:
    names = [row["external_id"] for row in world.rows[family]]
    found = getattr(client, family).list(limit=None)
    rows = {row["externalId"]: row for row in wire_rows(found)}
    stored = {name: without_zeros(world.known[family][name]) for name in names}
    for name in names:
        assert rows[name] == stored[name]
    if family != "labels":
        again = getattr(client, family).retrieve_multiple(external_ids=names)
        assert wire_rows(again) == [stored[name] for name in names]


def without_zeros(row: Row) -> Row:
    """A row without the zeros that stand for no run of an extraction pipeline, of which frames have nulls."""
    return {name: value for name, value in row.items() if not (name in LAST_RUNS and value == 0)}


def check_list(client: cdframe.CogniteClient, world: World, family: str, question: Row) -> None:
    filters = resolved(family, question["filters"], world.known)
    others = {name: value for name, value in question.items() if name != "filters"}
    rows = getattr(client, family)
    check_names(world, family, question, names_of(rows.list(**filters, **others)), USUAL_LIMITS.get(family, 25))
    everything = world.names(family, question["filters"])
    if family in COUNTED:
        assert rows.aggregate(filter=filters)["count"].to_pylist() == [len(everything)]
    if len(question["filters"].get("source_external_ids", question["filters"].get("target_external_ids", ()))) < 1_000:
        chunks = [names_of(chunk) for chunk in rows(chunk_size=20, **filters)]
        assert [len(chunk) for chunk in chunks[:-1]] == [20] * (len(chunks) - 1)
        assert [name for chunk in chunks for name in chunk] == everything


def check_sorts(client: cdframe.CogniteClient, world: World) -> None:
    for sort in scenario_of_events.SORTS.values():
        found = client.events.list(sort=[f"{field}:{direction}" for field, direction in sort], limit=None)
        assert names_of(found) == world.sorted_names("events", {}, sort)


def check_values(client: cdframe.CogniteClient, world: World) -> None:
    for field, filters in scenario_of_events.COUNTED.values():
        frame = client.events.aggregate_unique_values(resolved("events", filters, world.known), [field])
        found = list(zip(frame["value"].to_pylist(), frame["count"].to_pylist(), strict=True))
        assert found == world.counts("events", field, filters)


def check_places(client: cdframe.CogniteClient, world: World) -> None:
    """Numbers of children, depths and paths, of lists and of subtrees."""
    ids = {name: row["id"] for name, row in world.known["assets"].items()}
    wanted = ["child_count", "path", "depth"]
    for found in (
        client.assets.list(root_external_ids=["plant", "mill"], aggregated_properties=wanted, limit=None),
        client.assets.list(asset_subtree_ids=[ids["plant"]], aggregated_properties=wanted, partitions=3, limit=None),
    ):
        assert len(found) > 20
        for name, aggregates in zip(names_of(found), found["aggregates"].to_pylist(), strict=True):
            path = world.path(name)
            assert aggregates == {
                "child_count": len(world.children(name)),
                "depth": len(path) - 1,
                "path": [ids[step] for step in path],
            }
    for depth in (0, 1, 2, None):
        names = names_of(client.assets.retrieve_subtree(external_id="plant", depth=depth))
        depths = [len(world.path(name)) - 1 for name in names]
        below = world.names("assets", {"asset_subtree_external_ids": ["plant"]})
        assert depths == sorted(depths)
        assert sorted(names) == sorted(one for one in below if depth is None or len(world.path(one)) - 1 <= depth)


def check_resources_of_assets(client: cdframe.CogniteClient, world: World) -> None:
    """What frames of assets give: their children, parents, events and time series."""
    names = ["plant/0", "plant/0/0/0", "mill"]
    some: Any = client.with_frame("polars").assets.retrieve_multiple(external_ids=names)
    assert isinstance(some, pl.DataFrame)
    children = [child for name in names for child in world.children(name)]
    assert sorted(some.cdf.children(client=client)["external_id"].to_list()) == sorted(children)
    assert some.cdf.parent(client=client)["external_id"].to_list() == ["plant", "plant/0/0"]
    events = world.names("events", {"asset_external_ids": names})
    assert sorted(some.cdf.events(client=client)["external_id"].to_list()) == sorted(events)
    series = ["mill/speed", "plant/0/0/0/power", "plant/0/0/0/speed", "plant/0/speed"]
    assert sorted(some.cdf.time_series(client=client)["external_id"].to_list()) == series


def check_related(client: cdframe.CogniteClient, raw: RawClient) -> None:
    found = client.relationships.list(limit=None, fetch_resources=True)
    stored = raw.rows("/relationships", fetchResources=True)
    ends = {row["externalId"]: [row.get(end) for end in ("source", "target")] for row in stored}
    assert sum(end is not None for both in ends.values() for end in both) > 20
    rows = found.to_pylist(maps_as_pydicts="strict")
    for row in rows:
        for end, expected in zip(("source", "target"), ends[row["external_id"]], strict=True):
            ids = None if row[end] is None else (row[end]["id"], row[end]["external_id"])
            assert ids == (None if expected is None else (expected["id"], expected["externalId"]))
    assert len(rows) == len(stored)


def check_failing_hierarchy(client: cdframe.CogniteClient) -> None:
    """Of the requests one is refused; what is told of them is what is there."""
    rows = scenario_of_hierarchies.ONE_BAD_LEAF
    with pytest.raises(cdframe.CogniteAPIError) as raised:
        client.assets.create_hierarchy(rows)
    there = names_of(client.assets.list(external_id_prefix="one-bad", limit=None))
    client.assets.delete(external_id="one-bad", recursive=True)
    error = raised.value
    assert (type(error), error.code, error.missing) == (cdframe.CogniteAPIError, 400, [])
    assert error.message.startswith("Invalid dataSetIds: 17")
    successful, failed = names_of(error.successful), names_of(error.failed)
    assert sorted(there) == sorted(successful)
    assert len(there) >= len(rows) - 1_000
    assert rows[-1]["external_id"] in failed
    assert sorted(successful + failed) == sorted(row["external_id"] for row in rows)
    assert len(error.unknown) == 0


Error = tuple[type[cdframe.CogniteAPIError], int, list[Row], str]
Refusal = tuple[str, Error, Callable[[], Any]]


def missing(message: str, *identifiers: Row) -> Error:
    return cdframe.CogniteNotFoundError, 400, list(identifiers), message


def duplicated(*identifiers: Row) -> Error:
    return cdframe.CogniteDuplicatedError, 409, list(identifiers), ""


def refused(message: str) -> Error:
    return cdframe.CogniteAPIError, 400, [], message


def refusals(client: cdframe.CogniteClient) -> Iterator[Refusal]:
    """What is refused, one of each kind: the family, how cdframe tells it, and the call."""
    assets, events, labels = client.assets, client.events, client.labels
    nobody = {"externalId": "nobody"}
    link = {"source_external_id": "s", "source_type": "asset", "target_external_id": "t", "target_type": "event"}
    constraint = "Request had 1 constraint violations."
    asset = {"external_id": "x", "name": "n"}
    yield "assets", duplicated({"externalId": "plant"}), lambda: assets.create({**asset, "external_id": "plant"})
    yield "assets", duplicated({"externalId": "x"}), lambda: assets.create([asset, asset])
    yield (
        "assets",
        missing("Reference to unknown parent with externalId nobody", nobody),
        lambda: assets.create({**asset, "parent_external_id": "nobody"}),
    )
    yield (
        "assets",
        missing("The given parent ids do not exist: 17", {"id": 17}),
        lambda: assets.create({**asset, "parent_id": 17}),
    )
    yield "assets", refused("Invalid dataSetIds: 17"), lambda: assets.create({**asset, "data_set_id": 17})
    yield "assets", missing("Label ids not found", nobody), lambda: assets.create({**asset, "labels": ["nobody"]})
    yield "assets", refused(constraint), lambda: assets.create({**asset, "name": "n" * 141})
    yield (
        "assets",
        refused("Asset must stay within same asset hierarchy root"),
        lambda: assets.update({"external_id": "plant/0", "parent_external_id": "mill"}),
    )
    yield (
        "assets",
        refused("Cannot delete assets with children unless recursive is set"),
        lambda: assets.delete(external_id="plant"),
    )
    yield "assets", missing("", {"id": 17}, nobody), lambda: assets.retrieve_multiple([17], ["plant", "nobody"])
    yield "events", duplicated({"externalId": "nothing"}), lambda: events.create({"external_id": "nothing"})
    yield (
        "events",
        missing("Asset ids not found", {"id": 17}),
        lambda: events.create({"external_id": "x", "asset_ids": [17]}),
    )
    yield "events", refused(""), lambda: events.create({"start_time": 2, "end_time": 1})
    yield "events", missing("Event id not found", {"id": 17}), lambda: events.delete(id=17)
    yield "labels", duplicated({"externalId": "PUMP"}), lambda: labels.create({"external_id": "PUMP", "name": "n"})
    yield "labels", missing("", nobody), lambda: labels.delete(external_id=["nobody", "PUMP"])
    yield "data_sets", refused(constraint), lambda: client.data_sets.create({"name": "n" * 51})
    yield (
        "relationships",
        duplicated({"externalId": "many/000"}),
        lambda: client.relationships.create({"external_id": "many/000", **link}),
    )
    yield (
        "relationships",
        refused(constraint),
        lambda: client.relationships.create({"external_id": "x", **link, "confidence": 1.5}),
    )
    yield "relationships", missing("", nobody), lambda: client.relationships.delete(external_id="nobody")


def check_refusal(expected: Error, call: Callable[[], Any]) -> None:
    kind, code, identifiers, message = expected
    with pytest.raises(cdframe.CogniteAPIError) as raised:
        call()
    error = raised.value
    assert (type(error), error.code) == (kind, code)
    assert sorted([*error.missing, *error.duplicated], key=str) == sorted(identifiers, key=str)
    assert error.message.startswith(message)
