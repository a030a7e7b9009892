"""Sections on label definitions."""

from typing import Any

from tests.conformance import scenario_of_groups as scenario
from tests.conformance.sdk_dialect import IS_2, all_to_write, ask, client, dumped, learn, names_of, section

FAMILY = "labels"


@section("create labels")
def _() -> Any:
    one, *others = all_to_write(FAMILY, scenario.LABELS_BY_SDK)
    return [dumped(label) for label in [client.labels.create(one), *client.labels.create(others)]]


learn(FAMILY, scenario.LABELS)
ask(FAMILY, scenario.LABEL_QUESTIONS)


@section("retrieve labels")
def _() -> Any:
    if IS_2:
        return None
    one = client.labels.retrieve("state/verified")
    several = client.labels.retrieve(["rotating ⛵", "PUMP"])
    some = client.labels.retrieve(["nobody", "pump"], ignore_unknown_ids=True)
    return [dumped(one), dumped(several), dumped(some), client.labels.retrieve("nobody", ignore_unknown_ids=True)]


@section("iterate over labels")
def _() -> Any:
    chunks = [names_of(chunk) for chunk in client.labels(chunk_size=15, external_id_prefix="many/")]
    return {"chunks": chunks, "one by one": names_of(client.labels(name="Label 2")), "all": names_of(client.labels())}


@section("delete labels")
def _() -> Any:
    client.labels.create(all_to_write(FAMILY, [{"external_id": f"short/{k}", "name": "Short"} for k in range(3)]))
    client.labels.delete(external_id="short/0")
    left = names_of(client.labels.list(external_id_prefix="short/"))
    client.labels.delete(external_id=["short/2", "short/1"])
    again = client.labels.create(all_to_write(FAMILY, [{"external_id": "short/0", "name": "Again"}]))
    client.labels.delete(external_id="short/0")
    return [left, again[0].name, names_of(client.labels.list(external_id_prefix="short/"))]
