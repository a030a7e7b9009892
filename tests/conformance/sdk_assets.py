"""Sections on assets: what there is."""

from typing import Any

from tests.conformance import scenario_of_assets as scenario
from tests.conformance.sdk_dialect import (
    IS_2,
    all_to_write,
    arguments_of,
    ask,
    client,
    dumped,
    filter_of,
    known,
    learn,
    names_of,
    section,
    seek,
)

FAMILY = "assets"
WITH_LABELS = {"labels": {"contains_all": ["PUMP"]}}
assets = client.assets


def shown_aggregates(asset: Any) -> Any:
    """What is known of an asset's aggregates, the path by external ids."""
    names = {row["id"]: name for name, row in known[FAMILY].items()}
    path = asset.aggregates.path
    return [
        asset.aggregates.child_count,
        asset.aggregates.depth,
        None if path is None else [names[step["id"]] for step in path],
    ]


def shown_values(found: Any) -> list[Any]:
    return [[item.dump()["values"], item.count] for item in found]


@section("create assets")
def _() -> Any:
    lonely, *others = all_to_write(FAMILY, [*scenario.LONELY, *scenario.mill()])
    return [dumped(asset) for asset in [assets.create(lonely), *assets.create(others)]]


learn(FAMILY, scenario.ROWS)


@section("create series of assets")
def _() -> Any:
    created = client.time_series.create(all_to_write("time_series", scenario.SERIES))
    return dumped(created)


ask(FAMILY, scenario.QUESTIONS)
seek(FAMILY, scenario.SEARCHES)


@section("retrieve assets")
def _() -> Any:
    one = assets.retrieve(external_id="plant/0")
    several = assets.retrieve_multiple(ids=[one.id], external_ids=["x" * 255, "mill/ø ⛵"])
    some = assets.retrieve_multiple(ids=[17], external_ids=["nobody", "Plant"], ignore_unknown_ids=True)
    none = assets.retrieve_multiple(external_ids=["nobody"], ignore_unknown_ids=True)
    nobody = assets.retrieve(external_id="nobody"), assets.retrieve(id=17)
    return [dumped(one), dumped(several), dumped(some), dumped(none), nobody]


@section("iterate over assets")
def _() -> Any:
    subtree = arguments_of(FAMILY, {"asset_subtree_external_ids": ["plant"]})
    chunks = [names_of(chunk) for chunk in assets(chunk_size=12, **subtree)]
    return {"chunks": chunks, "one by one": names_of(assets(limit=11, **subtree)), "all": names_of(assets())}


@section("filters as dicts")
def _() -> Any:
    """Dicts of filters may have the names of arguments."""
    chosen = {"external_id_prefix": "plant/0", "parent_external_ids": ["plant/0/1", "plant/0"]}
    counted = assets.aggregate(filter=chosen)[0].count if IS_2 else assets.aggregate_count(filter=chosen)
    return [counted, sorted(names_of(assets.search(filter=chosen)))]


@section("aggregated properties")
def _() -> Any:
    wanted = ["child_count", "path", "depth"]
    listed = assets.list(asset_subtree_external_ids=["plant"], aggregated_properties=wanted, limit=None)
    counted = assets.list(external_id_prefix="mill", aggregated_properties=["child_count"])
    return {
        "all": {asset.external_id: shown_aggregates(asset) for asset in listed},
        "counts": {asset.external_id: shown_aggregates(asset) for asset in counted},
        "not asked for": assets.retrieve(external_id="plant").aggregates,
    }


@section("objects of assets")
def _() -> Any:
    plant, area = assets.retrieve(external_id="plant"), assets.retrieve(external_id="plant/0")
    some = assets.retrieve_multiple(external_ids=["plant/0", "plant/0/0/0", "mill"])
    return {
        "parent": area.parent().external_id,
        "children": names_of(area.children()),
        "subtree": names_of(area.subtree()),
        "subtree, two levels": names_of(plant.subtree(depth=2)),
        "series": names_of(area.time_series()),
        "series, filtered": names_of(
            assets.retrieve(external_id="plant/0/0/0").time_series(data_set_external_ids=["sets/north"])
        ),
        "series of some": sorted(names_of(some.time_series())),
    }


@section("parent of a root")
def _() -> Any:
    try:
        client.assets.retrieve(external_id="plant").parent()
    except (ValueError, AssertionError) as error:
        return type(error).__name__
    return None


@section("series of assets")
def _() -> Any:
    series = client.time_series
    found = {
        "asset": series.list(asset_ids=[known[FAMILY]["plant/0"]["id"]]),
        "assets by external id": series.list(asset_external_ids=["plant/0/0/0", "mill", "nobody"]),
        "subtree": series.list(asset_subtree_external_ids=["plant"]),
        "subtree by id": series.list(asset_subtree_ids=[known[FAMILY]["mill"]["id"], 17]),
        "data sets": series.list(data_set_external_ids=["sets/north", "sets/south"]),
        "subtree and data set": series.list(
            asset_subtree_external_ids=["plant"], data_set_ids=[known["data_sets"]["sets/south"]["id"]]
        ),
    }
    return {name: sorted(names_of(rows)) for name, rows in found.items()}


@section("subtrees of assets")
def _() -> Any:
    subtrees = {f"depth {depth}": assets.retrieve_subtree(external_id="plant", depth=depth) for depth in range(5)}
    subtrees["all"] = assets.retrieve_subtree(id=known[FAMILY]["plant"]["id"])
    subtrees["a leaf"] = assets.retrieve_subtree(external_id="mill/saw-1")
    subtrees["nobody"] = assets.retrieve_subtree(external_id="nobody")
    return {name: names_of(found) for name, found in subtrees.items()}


if not IS_2:
    from cognite.client.data_classes import filters as is_filter
    from cognite.client.data_classes.assets import AssetProperty, SortableAssetProperty

    @section("sorted assets")
    def _() -> Any:
        key = SortableAssetProperty.metadata_key("number")
        sorts: list[Any] = [
            ("name", "desc"),
            SortableAssetProperty.source,
            [(SortableAssetProperty.description, "desc", "last"), ("external_id", "asc")],
            [(SortableAssetProperty.data_set_id, "asc", "first"), ("external_id", "desc")],
            [(key, "asc"), (SortableAssetProperty.created_time, "desc")],
        ]
        return [names_of(assets.list(external_id_prefix="plant", sort=sort, limit=None)) for sort in sorts]

    @section("advanced lists of assets")
    def _() -> Any:
        plant = is_filter.Prefix(AssetProperty.external_id, "plant/")
        chosen = {
            "not": is_filter.And(plant, is_filter.Not(is_filter.Equals(AssetProperty.source, "SAP"))),
            "exists": is_filter.And(plant, is_filter.Exists(AssetProperty.description)),
            "in": is_filter.In(AssetProperty.metadata_key("site"), ["south", "mill"]),
            "or": is_filter.Or(
                is_filter.Equals(AssetProperty.name, "Mill"), is_filter.Equals(AssetProperty.name, "Line")
            ),
            "contains any": is_filter.ContainsAny(AssetProperty.labels, ["pump", "state/draft"]),
            "contains all": is_filter.ContainsAll(AssetProperty.labels, ["VALVE", "pump"]),
            "range": is_filter.Range(AssetProperty.metadata_key("number"), gte="15", lt="3"),
            "search": is_filter.Search(AssetProperty.description, "STEEL"),
            "parent": is_filter.Equals(AssetProperty.parent_id, known[FAMILY]["plant/2/1"]["id"]),
        }
        found = {name: sorted(names_of(assets.list(advanced_filter=one, limit=None))) for name, one in chosen.items()}
        found["with a filter"] = sorted(
            names_of(assets.list(advanced_filter=chosen["not"], labels=arguments_of(FAMILY, WITH_LABELS)["labels"]))
        )
        found["sorted"] = names_of(assets.list(advanced_filter=chosen["or"], sort=("external_id", "desc"), limit=5))
        found["counted"] = assets.aggregate_count(advanced_filter=chosen["not"])
        return found

    @section("values of assets")
    def _() -> Any:
        plant = filter_of(FAMILY, {"external_id_prefix": "plant/"})
        found: dict[str, Any] = {
            name: shown_values(assets.aggregate_unique_values(AssetProperty[name], filter=plant))
            for name in ("name", "source", "data_set_id", "parent_id", "root_id")
        }
        found["labels"] = shown_values(assets.aggregate_unique_values(AssetProperty.labels))
        number = AssetProperty.metadata_key("site")
        found["metadata.site"] = shown_values(assets.aggregate_unique_values(number))
        found["cardinality"] = {
            name: assets.aggregate_cardinality_values(AssetProperty[name], filter=plant)
            for name in ("name", "source", "data_set_id")
        }
        found["properties"] = sorted(
            item.value["property"][1] for item in assets.aggregate_unique_properties("metadata", filter=plant)
        )
        found["property count"] = assets.aggregate_cardinality_properties("metadata", filter=plant)
        found["with a source"] = assets.aggregate_count(AssetProperty.source, filter=plant)
        return found
