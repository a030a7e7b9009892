"""Sections on data sets."""

from typing import Any

from tests.conformance import scenario_of_groups as scenario
from tests.conformance.scenario import error_seen
from tests.conformance.sdk_dialect import (
    IS_2,
    all_dumped,
    all_to_write,
    ask,
    change,
    client,
    dumped,
    learn,
    names_of,
    section,
)

FAMILY = "data_sets"


@section("create data_sets")
def _() -> Any:
    one, *others = all_to_write(FAMILY, scenario.DATA_SETS_BY_SDK)
    created = [client.data_sets.create(one), *client.data_sets.create(others)]
    return all_dumped(created + list(client.data_sets.create(all_to_write(FAMILY, scenario.MANY_DATA_SETS))))


learn(FAMILY, scenario.DATA_SETS)
ask(FAMILY, scenario.DATA_SET_QUESTIONS)


@section("retrieve data_sets")
def _() -> Any:
    one = client.data_sets.retrieve(external_id="sets/north")
    several = client.data_sets.retrieve_multiple(ids=[one.id], external_ids=["sets/ø ⛵", "many/07"])
    some = client.data_sets.retrieve_multiple(external_ids=["nobody", "sets/copy"], ignore_unknown_ids=True)
    nobody = client.data_sets.retrieve(external_id="nobody"), client.data_sets.retrieve(id=17)
    return [all_dumped([one]), all_dumped(several), all_dumped(some), nobody]


@section("iterate over data_sets")
def _() -> Any:
    chunks = [names_of(chunk) for chunk in client.data_sets(chunk_size=10, external_id_prefix="many/")]
    one_by_one = names_of(client.data_sets(external_id_prefix="many/", limit=13))
    return {"chunks": chunks, "one by one": one_by_one, "all": names_of(client.data_sets())}


@section("update data_sets")
def _() -> Any:
    """The rows of this section stay, as data sets cannot be deleted; no question of the scenario is about them."""
    row = {"external_id": "changing", "name": "n", "description": "d", "metadata": {"a": "1", "b": "2"}}
    created, _ = client.data_sets.create(all_to_write(FAMILY, [row, {"external_id": "nameless"}]))
    seen = []
    for update in (
        change(FAMILY, external_id="changing").name.set("new").description.set(None),
        change(FAMILY, id=created.id).metadata.add({"b": "3", "c": "4"}),
        change(FAMILY, id=created.id).metadata.remove(["a", "absent"]).write_protected.set(True),
        change(FAMILY, id=created.id).metadata.set({"only": "this"}).external_id.set("changed"),
        change(FAMILY, id=created.id).metadata.set(None).name.set(None).write_protected.set(False),
    ):
        seen.append(dumped(client.data_sets.update(update)))
    whole = client.data_sets.retrieve(external_id="changed")
    whole.description, whole.metadata, whole.write_protected = "whole", {"new": "pair"}, True
    seen.append(dumped(client.data_sets.update(whole)))
    several = [change(FAMILY, id=created.id).name.set("last"), change(FAMILY, external_id="nameless").name.set("x")]
    seen.extend(all_dumped(client.data_sets.update(several)))
    if not IS_2:
        replacing = all_to_write(FAMILY, [{"external_id": "changed", "name": "only"}])[0]
        seen.append(dumped(client.data_sets.update(replacing, mode="replace")))
    client.data_sets.update(change(FAMILY, external_id="changed").write_protected.set(False))
    return seen


@section("no deletion of data_sets")
def _() -> Any:
    path = f"/api/v1/projects/{client.config.project}/datasets/delete"
    return [hasattr(client.data_sets, "delete"), error_seen(lambda: client.post(path, json={"items": [{"id": 17}]}))]
