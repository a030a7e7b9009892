"""Sections on assets: what changes. Each takes away in the end what it has made."""

from typing import Any

from tests.conformance.scenario import error_seen
from tests.conformance.scenario_of_assets import POINT
from tests.conformance.sdk_dialect import (
    IS_2,
    all_to_write,
    arguments_of,
    change,
    client,
    created_again,
    dumped,
    geo_location,
    known,
    names_of,
    section,
    to_write,
)

FAMILY = "assets"
assets = client.assets

TREE = [
    {"external_id": "top", "name": "top"},
    *({"external_id": f"top/{a}", "name": a, "parent_external_id": "top"} for a in "abc"),
    *({"external_id": f"top/a/{k}", "name": k, "parent_external_id": "top/a"} for k in "xyz"),
    {"external_id": "top/a/x/1", "name": "1", "parent_external_id": "top/a/x"},
    {"external_id": "other", "name": "other"},
]


def make_tree() -> dict[str, Any]:
    return {asset.external_id: asset for asset in assets.create(all_to_write(FAMILY, TREE))}


def places() -> dict[str, Any]:
    """Where each asset of the tree is."""
    wanted = ["child_count", "path", "depth"]
    found = assets.list(asset_subtree_external_ids=["top", "other"], aggregated_properties=wanted, limit=None)
    names = {asset.id: asset.external_id for asset in found}
    return {
        asset.external_id: {
            "path": [names[step["id"]] for step in asset.aggregates.path],
            "depth": asset.aggregates.depth,
            "children": asset.aggregates.child_count,
            "root": names[asset.root_id],
            "parent": names.get(asset.parent_id),
        }
        for asset in found
    }


def labels_of(asset: Any) -> list[str]:
    return [label.external_id for label in asset.labels or []]


def left() -> list[str]:
    return sorted(names_of(assets.list(external_id_prefix="top", limit=None)))


@section("update assets")
def _() -> Any:
    row = {
        "external_id": "changing",
        "name": "n",
        "description": "d",
        "source": "s",
        "metadata": {"a": "1", "b": "2"},
        "labels": ["PUMP"],
        "data_set_id": "sets/north",
    }
    created = assets.create(to_write(FAMILY, row))
    seen = []
    for update in (
        change(FAMILY, external_id="changing").name.set("new").description.set(None).source.set(""),
        change(FAMILY, id=created.id).metadata.add({"b": "3", "c": "4"}),
        change(FAMILY, id=created.id).metadata.remove(["a", "absent"]).data_set_id.set(None),
        change(FAMILY, id=created.id).metadata.set({"only": "this"}).external_id.set("changed"),
        change(FAMILY, id=created.id).metadata.set(None).external_id.set(None),
        change(FAMILY, id=created.id).external_id.set("changed").geo_location.set(geo_location(POINT)),
        change(FAMILY, id=created.id).geo_location.set(None).data_set_id.set(known["data_sets"]["sets/south"]["id"]),
    ):
        seen.append(dumped(assets.update(update)))
    whole = assets.retrieve(external_id="changed")
    whole.description, whole.metadata, whole.source = "whole", {"new": "pair"}, None
    seen.append(dumped(assets.update(whole)))
    several = assets.update([change(FAMILY, external_id="changed").name.set("1st")])
    seen.append([asset.name for asset in several])
    if not IS_2:
        replacing = {"external_id": "changed", "name": "only", "metadata": {"k": "v"}}
        seen.append(dumped(assets.update(to_write(FAMILY, replacing), mode="replace")))
        adding = {"external_id": "changed", "name": "only", "metadata": {"l": "w"}, "labels": ["VALVE"]}
        seen.append(dumped(assets.update(to_write(FAMILY, adding), mode="patch")))
        both = [{"external_id": "changed", "name": "upserted"}, {"external_id": "upserted", "name": "new"}]
        seen.append([[one.external_id, one.name] for one in assets.upsert(all_to_write(FAMILY, both))])
        assets.delete(external_id="upserted")
    seen.append(dumped(assets.update(change(FAMILY, id=created.id))))  # changes nothing
    assets.delete(id=created.id)
    return seen


@section("an asset created again")
def _() -> Any:
    return created_again(FAMILY, "plant/1/0/1")


@section("labels of assets")
def _() -> Any:
    assets.create(to_write(FAMILY, {"external_id": "labelled", "name": "n", "labels": ["PUMP", "VALVE"]}))
    client.labels.create(all_to_write("labels", [{"external_id": "passing", "name": "Passing"}]))
    seen = []
    for update in (
        change(FAMILY, external_id="labelled").labels.add("passing"),
        change(FAMILY, external_id="labelled").labels.add(["state/draft", "PUMP"]),
        change(FAMILY, external_id="labelled").labels.remove(["VALVE", "state/verified"]),
        change(FAMILY, external_id="labelled").labels.set(["passing", "pump"]),
    ):
        seen.append(labels_of(assets.update(update)))
    client.labels.delete(external_id="passing")
    seen.append(labels_of(assets.retrieve(external_id="labelled")))
    seen.append(labels_of(assets.update(change(FAMILY, external_id="labelled").name.set("still"))))
    found = names_of(assets.list(**arguments_of(FAMILY, {"labels": {"contains_any": ["passing"]}})))
    refused = error_seen(
        lambda: assets.create(to_write(FAMILY, {"external_id": "late", "name": "n", "labels": ["passing"]}))
    )
    set_again = error_seen(lambda: assets.update(change(FAMILY, external_id="labelled").labels.set(["passing"])))
    seen.append(labels_of(assets.update(change(FAMILY, external_id="labelled").labels.remove("passing"))))
    seen.append(labels_of(assets.update(change(FAMILY, external_id="labelled").labels.set([]))))
    assets.delete(external_id="labelled")
    return {"labels": seen, "found": found, "refused": refused, "set again": set_again}


@section("moves of assets")
def _() -> Any:
    tree = make_tree()
    seen: dict[str, Any] = {"at first": places()}
    assets.update(change(FAMILY, external_id="top/a/x").parent_external_id.set("top/b"))
    assets.update(change(FAMILY, external_id="top/c").parent_id.set(tree["top/a/y"].id))
    seen["then"] = places()
    assets.update(change(FAMILY, external_id="top/b").external_id.set("top/B"))
    moved = assets.retrieve(external_id="top/a/x")
    seen["renamed parent"] = [moved.parent_external_id, moved.parent_id == tree["top/b"].id]
    assets.update(change(FAMILY, external_id="top/B").external_id.set(None))
    seen["parent without external id"] = [
        assets.retrieve(external_id="top/a/x").parent_external_id,
        names_of(assets.list(parent_ids=[tree["top/b"].id])),
    ]
    whole = assets.retrieve(external_id="top/a/x")
    whole.name = "unmoved"
    seen["whole object"] = assets.update(whole).parent_id == tree["top/b"].id
    assets.delete(id=[tree["top"].id, tree["other"].id], recursive=True)
    return seen


@section("refused moves of assets")
def _() -> Any:
    tree = make_tree()
    moves = {
        "root below another": change(FAMILY, external_id="top").parent_external_id.set("other"),
        "another tree": change(FAMILY, external_id="top/a").parent_id.set(tree["other"].id),
        "below itself": change(FAMILY, external_id="top/a").parent_external_id.set("top/a"),
        "below its descendant": change(FAMILY, external_id="top/a").parent_external_id.set("top/a/x/1"),
        "below nobody": change(FAMILY, external_id="top/a").parent_external_id.set("nobody"),
        "below nobody's id": change(FAMILY, external_id="top/a").parent_id.set(17),
    }
    seen = {name: error_seen(lambda move=move: assets.update(move)) for name, move in moves.items()}
    unmoved = [change(FAMILY, external_id="top/b").name.set("changed"), moves["another tree"]]
    error_seen(lambda: assets.update(unmoved))
    after = [places(), assets.retrieve(external_id="top/b").name]
    assets.delete(external_id=["top", "other"], recursive=True)
    return {"errors": seen, "after": after}


@section("delete assets")
def _() -> Any:
    tree = make_tree()
    seen: dict[str, Any] = {
        "with children": error_seen(lambda: assets.delete(external_id="top/a")),
        "with some children": error_seen(lambda: assets.delete(external_id=["top/a", "top/a/x", "top/a/y", "top/a/z"])),
    }
    seen["nothing deleted"] = left()
    assets.delete(external_id=["top/a/x", "top/a/x/1"])
    seen["parent and child"] = left()
    assets.delete(id=tree["top/a"].id, external_id=["top/a/y", "nobody"], recursive=True, ignore_unknown_ids=True)
    seen["recursive, with unknown"] = left()
    seen["unknown"] = error_seen(lambda: assets.delete(id=17, external_id=["top", "nobody"], recursive=True))
    seen["nothing deleted again"] = left()
    assets.delete(external_id=["top", "other"], recursive=True)
    seen["all"] = left()
    created = assets.create(all_to_write(FAMILY, TREE[:1]))
    seen["a name is free again"] = names_of(created)
    assets.delete(id=created[0].id)
    return seen


@section("what belonged to a deleted asset")
def _() -> Any:
    make_tree()
    learnt = {asset.external_id: asset.id for asset in assets.list(external_id_prefix="top", limit=None)}
    series = client.time_series.create(
        all_to_write("time_series", [{"external_id": "top/series", "asset_id": learnt["top/a/x"]}])
    )[0]
    rows = [{"external_id": "top/event", "asset_ids": [learnt["top/a/x"], learnt["top/b"], learnt["top/a"]]}]
    event = client.events.create(all_to_write("events", rows))[0]
    assets.delete(external_id="top/a", recursive=True)
    series_after, event_after = client.time_series.retrieve(id=series.id), client.events.retrieve(id=event.id)
    seen = {
        "series": [series.asset_id == learnt["top/a/x"], series_after.asset_id],
        "series untouched": series.last_updated_time == series_after.last_updated_time,
        "event": event_after.asset_ids == [learnt["top/b"]],
        "event untouched": event.last_updated_time == event_after.last_updated_time,
    }
    assets.delete(external_id=["top", "other"], recursive=True)
    seen["event of nothing"] = client.events.retrieve(id=event.id).asset_ids
    client.time_series.delete(id=series.id)
    client.events.delete(id=event.id)
    return seen
