"""Sections on events."""

from typing import Any

from tests.conformance import scenario_of_events as scenario
from tests.conformance.sdk_dialect import (
    IS_2,
    all_to_write,
    arguments_of,
    ask,
    change,
    client,
    created_again,
    dumped,
    filter_of,
    known,
    learn,
    names_of,
    section,
    seek,
    to_write,
)
from tests.conformance.words import camel_case

FAMILY = "events"
events = client.events


def order(sort: list[tuple[str, str]]) -> Any:
    """An order in the SDK's own form: texts in 2.x, specifications later."""
    if IS_2:
        return [f"{camel_case(field)}:{direction}" for field, direction in sort]
    return [(field.split(".") if "." in field else field, direction) for field, direction in sort]


SORTS = scenario.SORTS if IS_2 else scenario.SORTS | scenario.NEW_SORTS


def values(field: str, chosen: Any) -> Any:
    if IS_2:
        wire_field = {"data_set_id": "dataSetId"}.get(field, field)
        return [[one.value, one.count] for one in events.aggregate_unique_values(filter=chosen, fields=[wire_field])]
    found = events.aggregate_unique_values(chosen, field.split("."))
    different = events.aggregate_cardinality_values(field.split("."), filter=chosen)
    return [[[one.dump()["values"][0], one.count] for one in found], different]


@section("create events")
def _() -> Any:
    one, *others = all_to_write(FAMILY, scenario.BY_SDK)
    return [dumped(event) for event in [events.create(one), *events.create(others)]]


learn(FAMILY, scenario.ROWS)
ask(FAMILY, scenario.QUESTIONS)
seek(FAMILY, scenario.SEARCHES)


@section("retrieve events")
def _() -> Any:
    one = events.retrieve(external_id="mill/moment")
    several = events.retrieve_multiple(ids=[one.id], external_ids=["nothing", "plant/event-07"])
    some = events.retrieve_multiple(ids=[17], external_ids=["nobody", "mill/long"], ignore_unknown_ids=True)
    none = events.retrieve_multiple(ids=[17], ignore_unknown_ids=True)
    nobody = events.retrieve(external_id="nobody"), events.retrieve(id=17)
    return [dumped(one), dumped(several), dumped(some), dumped(none), nobody]


@section("iterate over events")
def _() -> Any:
    plant = arguments_of(FAMILY, {"external_id_prefix": "plant/"})
    chunks = [names_of(chunk) for chunk in events(chunk_size=8, **plant)]
    return {"chunks": chunks, "one by one": names_of(events(limit=11, **plant)), "all": names_of(events())}


@section("sorted events")
def _() -> Any:
    return {
        "all": {name: names_of(events.list(sort=order(sort), limit=None)) for name, sort in SORTS.items()},
        "limited": names_of(events.list(sort=order([("end_time", "desc")]), limit=12)),
        "filtered": names_of(events.list(type="alarm", sort=order([("start_time", "desc")]))),
        "chunks": [
            names_of(chunk) for chunk in events(sort=order([("start_time", "asc")]), type="repair", chunk_size=2)
        ],
        "by a name alone": names_of(events.list(sort="start_time" if not IS_2 else ["startTime"], limit=None)),
    }


@section("values of events")
def _() -> Any:
    counted = scenario.COUNTED if IS_2 else scenario.COUNTED | scenario.NEWLY_COUNTED
    return {name: values(field, filter_of(FAMILY, filters)) for name, (field, filters) in counted.items()}


@section("events of assets")
def _() -> Any:
    assets = client.assets
    some = assets.retrieve_multiple(external_ids=["plant", "plant/0/0/1", "mill"])
    area = assets.retrieve(external_id="plant/1")
    return {
        "asset": sorted(names_of(area.events())),
        "asset, filtered": sorted(names_of(area.events(type="alarm", limit=None))),
        "a limit": len(assets.retrieve(external_id="plant").events(limit=2)),
        "some": sorted(names_of(some.events())),
        "many": sorted(names_of(assets.list(external_id_prefix="plant", limit=None).events())),
    }


if not IS_2:
    from cognite.client.data_classes import filters as is_filter
    from cognite.client.data_classes.events import EventProperty

    @section("advanced lists of events")
    def _() -> Any:
        chosen = {
            "not": is_filter.Not(is_filter.Equals(EventProperty.type, "alarm")),
            "exists": is_filter.Exists(EventProperty.end_time),
            "in": is_filter.In(EventProperty.subtype, ["low", "s" * 64]),
            "range": is_filter.Range(EventProperty.start_time, gt=scenario.BEGIN, lte=scenario.BEGIN + scenario.DAY),
            "prefix": is_filter.Prefix(EventProperty.metadata_key("shift"), "ni"),
            "contains any": is_filter.ContainsAny(
                EventProperty.asset_ids, [known["assets"][name]["id"] for name in ("plant", "mill")]
            ),
            "search": is_filter.Search(EventProperty.description, "VIBR"),
        }
        found = {name: sorted(names_of(events.list(advanced_filter=one, limit=None))) for name, one in chosen.items()}
        found["with a filter"] = sorted(names_of(events.list(advanced_filter=chosen["not"], source="SAP", limit=None)))
        found["counted"] = events.aggregate_count(advanced_filter=chosen["not"])
        return found


@section("update events")
def _() -> Any:
    assets = {name: known["assets"][name]["id"] for name in ("plant", "mill", "Plant")}
    row = {
        "external_id": "changing",
        "start_time": 1_000,
        "end_time": 2_000,
        "type": "t",
        "subtype": "s",
        "description": "d",
        "source": "x",
        "metadata": {"a": "1", "b": "2"},
        "asset_ids": ["plant"],
        "data_set_id": "sets/north",
    }
    created = events.create(to_write(FAMILY, row))
    seen = []
    for update in (
        change(FAMILY, external_id="changing").type.set("new").subtype.set(None).description.set(""),
        change(FAMILY, id=created.id).start_time.set(1_500).end_time.set(None).source.set(None),
        change(FAMILY, id=created.id)
        .metadata.add({"b": "3", "c": "4"})
        .asset_ids.add([assets["plant"], assets["mill"]]),
        change(FAMILY, id=created.id)
        .metadata.remove(["a", "absent"])
        .asset_ids.remove([assets["plant"], assets["Plant"]]),
        change(FAMILY, id=created.id).metadata.set({"only": "this"}).asset_ids.set([assets["Plant"], assets["mill"]]),
        change(FAMILY, id=created.id).metadata.set(None).asset_ids.set([]).data_set_id.set(None),
        change(FAMILY, id=created.id).external_id.set("changed").end_time.set(1_500),
    ):
        seen.append(dumped(events.update(update)))
    whole = events.retrieve(external_id="changed")
    whole.description, whole.metadata, whole.asset_ids = "whole", {"new": "pair"}, [assets["plant"]]
    seen.append(dumped(events.update(whole)))
    seen.append(dumped(events.update([change(FAMILY, id=created.id).type.set("last")])[0]))
    if not IS_2:
        replacing = {"external_id": "changed", "type": "only", "asset_ids": ["mill"]}
        seen.append(dumped(events.update(to_write(FAMILY, replacing), mode="replace")))
        both = [{"external_id": "changed", "type": "upserted"}, {"external_id": "upserted", "type": "new"}]
        seen.append([[one.external_id, one.type] for one in events.upsert(all_to_write(FAMILY, both))])
        events.delete(external_id="upserted")
    before = events.retrieve(id=created.id)
    same = events.update(change(FAMILY, id=created.id).type.set(before.type))
    seen.append(same.last_updated_time == before.last_updated_time)
    events.delete(id=created.id)
    return seen


@section("an event created again")
def _() -> Any:
    return created_again(FAMILY, "plant/event-02")


@section("events without names")
def _() -> Any:
    created = events.create(all_to_write(FAMILY, [{}, {"type": "unnamed"}]))
    found = events.list(type="unnamed")
    seen = [[one.external_id for one in created], [one.id for one in found] == [created[1].id], created[0].metadata]
    events.delete(id=[one.id for one in created])
    return [*seen, len(events.list(type="unnamed"))]


@section("delete events")
def _() -> Any:
    created = events.create(all_to_write(FAMILY, [{"external_id": f"short/{k}"} for k in range(4)]))
    events.delete(id=created[0].id, external_id="short/1")
    seen = [sorted(names_of(events.list(external_id_prefix="short/")))]
    events.delete(external_id=["short/2", "nobody"], id=[17], ignore_unknown_ids=True)
    seen.append(sorted(names_of(events.list(external_id_prefix="short/"))))
    events.delete(external_id="short/3")
    return [*seen, names_of(events.list(external_id_prefix="short/"))]


@section("many events")
def _() -> Any:
    rows = [{"external_id": f"many/{number:04d}", "start_time": number // 3 * 1_000} for number in range(2_500)]
    created = events.create(all_to_write(FAMILY, rows))
    many = {"external_id_prefix": "many/"}
    seen = {
        "created": names_of(created),
        "sorted": names_of(events.list(**many, sort=order([("start_time", "desc")]), limit=None)),
        "in partitions": sorted(names_of(events.list(**many, limit=None, partitions=8))),
        "a limit": names_of(events.list(**many, limit=1_234)),
        "by ids": names_of(events.retrieve_multiple(ids=[one.id for one in created][:1_500])),
        "active": len(events.list(**many, active_at_time={"max": 5_000}, limit=None)),
    }
    events.delete(id=[one.id for one in created])
    seen["left"] = len(events.list(**many))
    return seen
