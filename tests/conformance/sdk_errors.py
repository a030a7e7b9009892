"""Sections on what is refused, and how the SDK shows it."""

from collections.abc import Callable
from typing import Any

from tests.conformance.scenario import error_seen
from tests.conformance.sdk_dialect import IS_2, all_to_write, api, change, client, filter_of, known, section

Calls = dict[str, Callable[[], Any]]
LINK = {"source_external_id": "s", "source_type": "asset", "target_external_id": "t", "target_type": "event"}


def create(family: str, *rows: dict[str, Any]) -> Callable[[], Any]:
    return lambda: api(family).create(all_to_write(family, rows))


def update(family: str, *updates: Any) -> Callable[[], Any]:
    return lambda: api(family).update(list(updates))


def id_of(family: str, name: str) -> int:
    return int(known[family][name]["id"])


def by_name_and_id(family: str) -> Calls:
    """What is refused in every family whose rows have ids and external ids."""
    rows = api(family)
    one, another = list(known[family])[:2]
    named: dict[str, Any] = {"name": "n"} if family == "assets" else {}
    calls = {
        "name taken": create(family, {"external_id": "free", **named}, {"external_id": one, **named}),
        "names taken": create(family, {"external_id": another, **named}, {"external_id": one, **named}),
        "name twice": create(family, *[{"external_id": "twice", **named}] * 2),
        "name too long": create(family, {"external_id": "x" * 256, **named}),
        "name empty": create(family, {"external_id": "", **named}),
        "unknown in byids": lambda: rows.retrieve_multiple(ids=[17, 18], external_ids=["nobody", one]),
        "twice in byids": lambda: rows.retrieve_multiple(external_ids=[one, one]),
        "unknown in update": update(
            family,
            change(family, id=17).external_id.set("x"),
            change(family, external_id=one).external_id.set("y"),
            change(family, external_id="nobody").external_id.set("z"),
        ),
        "twice in update": update(
            family, *[change(family, id=id_of(family, one)).external_id.set(name) for name in "xy"]
        ),
        "name taken in update": update(family, change(family, external_id=one).external_id.set(another)),
        "no data set": create(family, {"external_id": "x", "data_set_id": 17, **named}),
        "metadata key too long": create(family, {"external_id": "x", "metadata": {"k" * 129: "v"}, **named}),
        "too many pairs": create(
            family, {"external_id": "x", "metadata": {str(number): "" for number in range(257)}, **named}
        ),
    }
    if family == "data_sets":
        del calls["no data set"]
    else:
        calls |= {
            "unknown in delete": lambda: rows.delete(id=17, external_id=["nobody", one]),
            "twice in delete": lambda: rows.delete(external_id=[one, one]),
            "once by id, once by name in delete": lambda: rows.delete(id=id_of(family, one), external_id=one),
            "no data set in update": update(family, change(family, external_id=one).data_set_id.set(18)),
            "too many in search": lambda: rows.search(filter=filter_of(family, {}), limit=1_001),
        }
    return calls


def of_assets() -> Calls:
    family = "assets"
    return {
        "no parents": create(
            family,
            {"external_id": "x", "name": "n", "parent_external_id": "nobody"},
            {"external_id": "y", "name": "n", "parent_external_id": "no one"},
        ),
        "no parents by id": create(
            family,
            {"external_id": "x", "name": "n", "parent_id": 17},
            {"external_id": "y", "name": "n", "parent_id": 18},
        ),
        "two parents": create(
            family, {"external_id": "x", "name": "n", "parent_id": "plant", "parent_external_id": "mill"}
        ),
        "a circle": create(
            family,
            {"external_id": "x", "name": "n", "parent_external_id": "y"},
            {"external_id": "y", "name": "n", "parent_external_id": "x"},
        ),
        "no labels": create(family, {"external_id": "x", "name": "n", "labels": ["nobody", "PUMP", "no one"]}),
        "no label in update": update(family, change(family, external_id="plant").labels.add("nobody")),
        "too many labels": create(
            family, {"external_id": "x", "name": "n", "labels": [f"many/{number:02d}" for number in range(11)]}
        ),
        "a label twice": create(family, {"external_id": "x", "name": "n", "labels": ["PUMP", "PUMP"]}),
        "title too long": create(family, {"external_id": "x", "name": "n" * 141}),
        "title empty": create(family, {"external_id": "x", "name": ""}),
        "description too long": create(family, {"external_id": "x", "name": "n", "description": "d" * 501}),
        "source too long": create(family, {"external_id": "x", "name": "n", "source": "s" * 129}),
        "metadata too large": create(family, {"external_id": "x", "name": "n", "metadata": {"k": "v" * 10_240}}),
        "title cleared": update(family, change(family, external_id="plant").name.set(None)),
        "too many parents in a filter": lambda: client.assets.list(parent_ids=list(range(1, 102))),
        "an aggregate that is not": lambda: client.assets.list(aggregated_properties=["child_weight"]),
    }


def of_events() -> Calls:
    family = "events"
    return {
        "no assets": create(
            family, {"external_id": "x", "asset_ids": [17, "plant"]}, {"external_id": "y", "asset_ids": [18]}
        ),
        "no asset in update": update(family, change(family, external_id="nothing").asset_ids.add([17])),
        "an asset twice": create(family, {"external_id": "x", "asset_ids": ["plant", "plant"]}),
        "end before start": create(family, {"external_id": "x", "start_time": 2, "end_time": 1}),
        "end before start in update": update(family, change(family, external_id="mill/moment").end_time.set(1)),
        "a time before 1970": create(family, {"external_id": "x", "start_time": -1}),
        "type too long": create(family, {"external_id": "x", "type": "t" * 65}),
        "description too long": create(family, {"external_id": "x", "description": "d" * 501}),
        "metadata too large": create(
            family, {"external_id": "x", "metadata": {str(number): "v" * 100_000 for number in range(2)}}
        ),
        "a sort that is not": lambda: client.events.list(sort=["colour:asc"] if IS_2 else ("colour", "asc")),
        "a value that is not counted": lambda: (
            client.events.aggregate_unique_values(fields=["colour"])
            if IS_2
            else client.events.aggregate_unique_values(property="colour")
        ),
        "a range of ends and none": lambda: client.events.list(end_time=both_ends()),
    }


def both_ends() -> Any:
    from cognite.client.data_classes.events import EndTimeFilter

    return EndTimeFilter(min=1, is_null=True)


def of_labels() -> Calls:
    family = "labels"
    return {
        "name taken": create(family, {"external_id": "x", "name": "n"}, {"external_id": "PUMP", "name": "n"}),
        "name twice": create(family, *[{"external_id": "twice", "name": "n"}] * 2),
        "no data set": create(family, {"external_id": "x", "name": "n", "data_set_id": 17}),
        "title too long": create(family, {"external_id": "x", "name": "n" * 141}),
        "not a label": lambda: client.labels.create({"external_id": "x", "name": "n"}),
        "unknown in delete": lambda: client.labels.delete(external_id=["nobody", "PUMP", "no one"]),
        "twice in delete": lambda: client.labels.delete(external_id=["PUMP", "PUMP"]),
    }


def of_data_sets() -> Calls:
    family = "data_sets"
    return {
        "title too long": create(family, {"external_id": "x", "name": "n" * 51}),
        "description empty": create(family, {"external_id": "x", "description": ""}),
        "some of many refused": create(
            family, *({"external_id": f"refused/{number:02d}", "name": "n" * number * 4} for number in range(1, 15))
        ),
    }


def of_relationships() -> Calls:
    family = "relationships"
    rows = client.relationships
    calls = {
        "name taken": create(family, {"external_id": "x", **LINK}, {"external_id": "many/000", **LINK}),
        "name twice": create(family, *[{"external_id": "twice", **LINK}] * 2),
        "not a type": create(family, {"external_id": "x", **LINK, "source_type": "planet"}),
        "confidence too high": create(family, {"external_id": "x", **LINK, "confidence": 1.01}),
        "confidence too low in update": update(family, change(family, external_id="many/000").confidence.set(-0.5)),
        "end at start": create(family, {"external_id": "x", **LINK, "start_time": 1, "end_time": 1}),
        "end before start in update": update(family, change(family, external_id="mill/ø ⛵").start_time.set(1)),
        "no labels": create(family, {"external_id": "x", **LINK, "labels": ["nobody", "PUMP"]}),
        "no label in update": update(family, change(family, external_id="many/000").labels.add(["no one"])),
        "no data set": create(family, {"external_id": "x", **LINK, "data_set_id": 17}),
        "unknown in byids": lambda: rows.retrieve_multiple(external_ids=["nobody", "many/000", "no one"]),
        "twice in byids": lambda: rows.retrieve_multiple(external_ids=["many/000", "many/000"]),
        "unknown in update": update(family, change(family, external_id="nobody").confidence.set(1)),
        "twice in update": update(family, *[change(family, external_id="many/000").confidence.set(1)] * 2),
        "unknown in delete": lambda: rows.delete(external_id=["nobody", "many/000"]),
        "twice in delete": lambda: rows.delete(external_id=["many/000", "many/000"]),
    }
    if IS_2:
        calls["a type of old"] = create(family, {"external_id": "x", **LINK, "target_type": "geospatial"})
    return calls


FAMILIES: dict[str, Callable[[], Calls]] = {
    "assets": lambda: by_name_and_id("assets") | of_assets(),
    "events": lambda: by_name_and_id("events") | of_events(),
    "labels": of_labels,
    "data_sets": lambda: by_name_and_id("data_sets") | of_data_sets(),
    "relationships": of_relationships,
}

for family, calls_of in FAMILIES.items():

    @section(f"errors of {family}")
    def _(calls_of: Callable[[], Calls] = calls_of) -> Any:
        return {name: error_seen(call) for name, call in calls_of().items()}


@section("what of many is written")
def _() -> Any:
    """Of three requests the second is refused."""
    rows = [{"external_id": f"written/{number:04d}", "name": "n"} for number in range(2_100)]
    rows[1_500]["data_set_id"] = 17
    seen: dict[str, Any] = {}
    try:
        client.assets.create(all_to_write("assets", rows))
    except Exception as error:
        seen = {"class": type(error).__name__, "code": getattr(error, "code", None)}
        for name in ("successful", "failed", "unknown"):
            seen[name] = sorted(row.external_id for row in getattr(error, name))
    found = client.assets.list(external_id_prefix="written/", limit=None)
    seen["there"] = sorted(asset.external_id for asset in found)
    client.assets.delete(id=[asset.id for asset in found])
    return seen
