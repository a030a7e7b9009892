"""Sections on hierarchies of assets, which are created by the SDK's own algorithm, and on lists of many pages."""

from typing import Any

from tests.conformance import scenario_of_hierarchies as scenario
from tests.conformance.scenario import error_seen
from tests.conformance.sdk_dialect import IS_2, all_to_write, client, count, names_of, section

FAMILY = "assets"
assets = client.assets
PARTS = {"asset_subtree_external_ids": ["big"]}
NAMES = sorted(row["external_id"] for row in scenario.hierarchy("big"))[1_000:3_500]


def failure(call: Any) -> dict[str, Any]:
    """How a hierarchy fails, and what was and was not written."""
    try:
        call()
    except Exception as error:
        seen: dict[str, Any] = {"class": type(error).__name__, "code": getattr(error, "code", None), "text": str(error)}
        for name in ("successful", "failed", "unknown"):
            seen[name] = sorted(names_of(getattr(error, name, ())))
        return seen
    return {"class": None}


def hang(rows: Any) -> Any:
    return assets.create_hierarchy(all_to_write(FAMILY, rows))


@section("create a hierarchy")
def _() -> Any:
    created = assets.create_hierarchy(all_to_write(FAMILY, scenario.hierarchy("big")))
    return [sorted(names_of(created)), count(FAMILY, PARTS)]


@section("lists of many pages")
def _() -> Any:
    return {
        "all": names_of(assets.list(**PARTS, limit=None)),
        "in partitions": names_of(assets.list(**PARTS, limit=None, partitions=6)),
        "with a limit": names_of(assets.list(**PARTS, limit=2_345)),
        "chunks": [len(chunk) for chunk in assets(**PARTS, chunk_size=800)],
        "one by one": names_of(assets(**PARTS, limit=1_700)),
        "at depth 2": names_of(assets.retrieve_subtree(external_id="big", depth=2)),
        "by names": names_of(assets.retrieve_multiple(external_ids=NAMES)),
    }


@section("delete a hierarchy")
def _() -> Any:
    assets.delete(external_id="big.3", recursive=True)
    left = count(FAMILY, PARTS)
    assets.delete(external_id="big", recursive=True)
    return [left, count(FAMILY, PARTS), count(FAMILY, {"external_id_prefix": "big"})]


@section("a hierarchy that fails in part")
def _() -> Any:
    error = failure(lambda: assets.create_hierarchy(all_to_write(FAMILY, [*scenario.GOOD, *scenario.BAD])))
    seen = {
        "error": error,
        "good": count(FAMILY, {"external_id_prefix": "good"}),
        "bad": count(FAMILY, {"external_id_prefix": "bad"}),
    }
    assets.delete(external_id="good", recursive=True)
    return seen


@section("hierarchies that cannot be")
def _() -> Any:
    rows = {
        "a name twice": [{"external_id": "a", "name": "n"}] * 2,
        "no name": [{"external_id": "a", "name": "n"}, {"name": "n"}],
        "both parents": [{"external_id": "a", "name": "n", "parent_id": 17, "parent_external_id": "plant"}],
        "a circle": [
            {"external_id": one, "name": "n", "parent_external_id": parent} for one, parent in ("ab", "bc", "ca")
        ],
    }
    return {name: error_seen(lambda given=given: hang(given))["class"] for name, given in rows.items()}


@section("a hierarchy below what exists")
def _() -> Any:
    from cognite.client.data_classes import assets as classes

    rows = [
        {"external_id": "new/a/b", "name": "n", "parent_external_id": "new/a"},
        {"external_id": "new/a", "name": "n", "parent_external_id": "plant/0/1/2"},
        {"external_id": "new/c", "name": "n", "parent_id": "plant/0/1/2"},
    ]
    given = all_to_write(FAMILY, rows)
    created = assets.create_hierarchy(given if IS_2 else classes.AssetHierarchy(given, ignore_orphans=True))
    seen = {asset.external_id: asset.parent_external_id for asset in created}
    seen_below = sorted(names_of(assets.retrieve_subtree(external_id="plant/0/1/2")))
    assets.delete(external_id=["new/a", "new/c"], recursive=True)
    return [seen, seen_below]


def shown() -> Any:
    found = sorted(assets.retrieve_subtree(external_id="old"), key=lambda asset: str(asset.external_id))
    return [
        [asset.external_id, asset.name, asset.description, asset.metadata, names_of(asset.labels or [])]
        for asset in found
    ]


if not IS_2:

    @section("a hierarchy that is there in part")
    def _() -> Any:
        old = [
            {"external_id": "old", "name": "old", "description": "kept", "metadata": {"a": "1"}, "labels": ["PUMP"]},
            {"external_id": "old.1", "name": "old", "parent_external_id": "old"},
        ]
        both = [
            {"external_id": "old", "name": "patched", "metadata": {"b": "2"}, "labels": ["VALVE"]},
            {"external_id": "old.1", "name": "patched", "parent_external_id": "old"},
            {"external_id": "old.1.1", "name": "new", "parent_external_id": "old.1"},
        ]
        assets.create_hierarchy(all_to_write(FAMILY, old))
        seen: dict[str, Any] = {"refused": failure(lambda: hang(both))}
        assets.delete(external_id=["old.1.1"], ignore_unknown_ids=True)
        assets.create_hierarchy(all_to_write(FAMILY, both), upsert=True)
        seen["patched"] = shown()
        assets.create_hierarchy(all_to_write(FAMILY, both), upsert=True, upsert_mode="replace")
        seen["replaced"] = shown()
        assets.delete(external_id="old", recursive=True)
        return seen
