"""Assets through the client and `.cdf`, against a local CDF."""

from __future__ import annotations

import json
from typing import Any

import polars as pl
import pytest

from cdframe import CogniteAPIError, CogniteClient, CogniteNotFoundError
from cdframe.frames import to_arrow
from cdframe.resources import assets as module
from cdframe.types import FrameKind

ABOVE = {"plant": None, "a": "plant", "b": "plant", "a1": "a", "a2": "a", "b1": "b", "a1x": "a1", "other": None}


@pytest.fixture(params=["polars", "pandas"])
def client(request: pytest.FixtureRequest, cdf_client: CogniteClient) -> CogniteClient:
    """Two trees of assets, of four levels and of one."""
    kind: FrameKind = request.param
    cdf_client.assets.create_hierarchy(
        [
            {
                "external_id": name,
                "name": name.upper(),
                "parent_external_id": parent,
                "description": f"the asset {name}",
                "metadata": {"level": str(len(name))},
            }
            for name, parent in sorted(ABOVE.items())
        ]
    )
    return cdf_client.with_frame(kind)


def names(frame: Any) -> list[str]:
    found: list[str] = to_arrow(frame)["external_id"].to_pylist()
    return found


def pick(client: CogniteClient, *external_ids: str) -> Any:
    return client.assets.retrieve_multiple(external_ids=external_ids)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"parent_external_ids": ["a", "b"]}, {"a1", "a2", "b1"}),
        ({"root": True}, {"plant", "other"}),
        ({"root": False, "metadata": {"level": "1"}}, {"a", "b"}),
        ({"root_external_ids": "other"}, {"other"}),
        ({"asset_subtree_external_ids": ["a", "b1"]}, {"a", "a1", "a2", "a1x", "b1"}),
        ({"name": "A1"}, {"a1"}),
        ({"external_id_prefix": "a1"}, {"a1", "a1x"}),
        ({"asset_subtree_external_ids": ["nobody"]}, set()),
    ],
)
def test_filters(client: CogniteClient, filters: dict[str, Any], expected: set[str]) -> None:
    assert set(names(client.assets.list(**filters))) == expected


def test_filters_by_ids_are_those_by_external_ids(client: CogniteClient) -> None:
    ids = to_arrow(pick(client, "a", "b"))["id"].to_pylist()
    assert set(names(client.assets.list(parent_ids=ids))) == {"a1", "a2", "b1"}
    assert set(names(client.assets.list(asset_subtree_ids=ids[0]))) == {"a", "a1", "a2", "a1x"}
    assert names(client.assets.search(name="a1", filter={"parent_ids": ids})) == ["a1"]
    assert names(client.assets.search(filter={"asset_subtree_ids": [{"external_id": "b1"}]})) == ["b1"]


def test_aggregated_properties(client: CogniteClient) -> None:
    rows = to_arrow(client.assets.list(aggregated_properties=["child_count", "path", "depth"])).to_pylist()
    by_name = {row["external_id"]: row for row in rows}
    for name, row in by_name.items():
        path = [name]
        while (above := ABOVE[path[0]]) is not None:
            path.insert(0, above)
        assert row["aggregates"] == {
            "child_count": sum(parent == name for parent in ABOVE.values()),
            "depth": len(path) - 1,
            "path": [by_name[step]["id"] for step in path],
        }
    few = to_arrow(client.assets.list(aggregated_properties="depth", limit=1)).to_pylist()
    assert few[0]["aggregates"]["path"] is None
    assert to_arrow(client.assets.list())["aggregates"].null_count == len(ABOVE)
    with pytest.raises(ValueError, match=r"has 'depht'\. Did you mean 'depth'"):
        client.assets.list(aggregated_properties=["depht"])


def test_subtrees_level_by_level(client: CogniteClient) -> None:
    levels = [["plant"], ["a", "b"], ["a1", "a2", "b1"], ["a1x"]]
    for depth in (0, 1, 2, 3, 4, None):
        found = names(client.assets.retrieve_subtree(external_id="plant", depth=depth))
        wanted = levels[: None if depth is None else depth + 1]
        at = 0
        for level in wanted:
            assert sorted(found[at : at + len(level)]) == level
            at += len(level)
        assert at == len(found)
    assert names(client.assets.retrieve_subtree(external_id="nobody")) == []
    with pytest.raises(ValueError, match="depth=-1"):
        client.assets.retrieve_subtree(external_id="a", depth=-1)
    with pytest.raises(ValueError, match="Exactly one of id and external_id"):
        client.assets.retrieve_subtree()


def test_a_subtree_that_is_too_large_for_one_filter_is_read_by_levels(
    client: CogniteClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = names(client.assets.retrieve_subtree(external_id="plant"))
    refused = []

    def refuse(*_: Any, **__: Any) -> Any:
        refused.append(1)
        raise CogniteAPIError("over 100000 assets", 400)

    monkeypatch.setattr(module, "MOST_PARENTS", 2)
    assert sorted(names(client.assets.retrieve_subtree(external_id="plant"))) == sorted(whole)
    api = client.assets
    listed = api._list_each
    monkeypatch.setattr(
        api,
        "_list_each",
        lambda filters, *rest: refuse() if "assetSubtreeIds" in filters[0] else listed(filters, *rest),
    )
    assert sorted(names(api.retrieve_subtree(external_id="plant"))) == sorted(whole)
    assert refused


def test_labels_and_places(client: CogniteClient) -> None:
    client.labels.create([{"external_id": name, "name": name} for name in ("PUMP", "VERIFIED")])
    place = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [1.5, 2]}, "properties": {}}
    update = client.assets.update
    row = {"external_id": "a", "labels.add": ["PUMP", "VERIFIED"], "geo_location": json.dumps(place)}
    changed = to_arrow(update(row)).to_pylist()[0]
    assert changed["labels"] == ["PUMP", "VERIFIED"]
    assert json.loads(changed["geo_location"]) == place
    again = to_arrow(update({"external_id": "b", "geo_location": place, "labels": "PUMP"})).to_pylist()[0]
    assert json.loads(again["geo_location"]) == place | {"properties": {}}
    assert names(client.assets.list(labels=["VERIFIED"])) == ["a"]
    assert set(names(client.assets.list(labels={"contains_any": ["PUMP", "VERIFIED"]}))) == {"a", "b"}
    assert names(client.assets.search(filter={"labels": {"contains_all": ["PUMP", "VERIFIED"]}})) == ["a"]
    assert to_arrow(update({"external_id": "a", "labels.remove": "PUMP"}))["labels"].to_pylist() == [["VERIFIED"]]
    with pytest.raises(CogniteNotFoundError) as unknown:
        update({"external_id": "a", "labels.add": "NEW"})
    assert unknown.value.not_found == [{"externalId": "NEW"}]
    with pytest.raises(ValueError, match="geo_location"):
        update({"external_id": "a", "geo_location": "{not json"})
    with pytest.raises(ValueError, match=r"Unknown key 'contains' in labels\. Did you mean"):
        client.assets.list(labels={"contains": ["PUMP"]})


def test_moves_and_deletes(client: CogniteClient) -> None:
    client.assets.update({"external_id": "a1", "parent_external_id": "b"})
    assert set(names(client.assets.list(asset_subtree_external_ids=["b"]))) == {"b", "b1", "a1", "a1x"}
    with pytest.raises(CogniteAPIError, match="hierarchy root"):
        client.assets.update({"external_id": "b", "parent_external_id": "other"})
    with pytest.raises(CogniteAPIError, match="children"):
        client.assets.delete(external_id="b")
    client.assets.delete(external_id=["b", "nobody"], recursive=True, ignore_unknown_ids=True)
    assert set(names(client.assets.list())) == {"plant", "a", "a2", "other"}


def test_a_hierarchy_of_many_requests(cdf_client: CogniteClient) -> None:
    count = 5_000
    rows = pl.DataFrame(
        {
            "external_id": [f"n{n}" for n in range(count)],
            "name": [f"name {n}" for n in range(count)],
            "parent_external_id": [None, *(f"n{(n - 1) // 5}" for n in range(1, count))],
        }
    ).sample(fraction=1, shuffle=True, seed=1)
    created = rows.cdf.create_hierarchy(progress=False)
    assert created["external_id"].to_list() == rows["external_id"].to_list()
    assert created["parent_external_id"].to_list() == rows["parent_external_id"].to_list()
    assert created["root_id"].n_unique() == 1
    tree = cdf_client.assets.retrieve_subtree(external_id="n0")
    assert sorted(names(tree)) == sorted(rows["external_id"])
    assert tree["aggregates"].struct.field("depth").is_sorted()
    with pytest.raises(CogniteAPIError) as failure:
        rows.cdf.create_hierarchy(progress=False)
    assert failure.value.failed.equals(rows)


def test_what_is_below_what_exists_already(cdf_client: CogniteClient) -> None:
    cdf_client.assets.create({"external_id": "top", "name": "top"})
    rows = [{"external_id": "y", "name": "y", "parent_external_id": "x"}]
    rows.append({"external_id": "x", "name": "x", "parent_external_id": "top"})
    assert cdf_client.assets.create_hierarchy(rows)["name"].to_list() == ["y", "x"]
    with pytest.raises(CogniteNotFoundError) as failure:
        cdf_client.assets.create_hierarchy([{"external_id": "z", "name": "z", "parent_external_id": "nowhere"}])
    assert failure.value.not_found == [{"externalId": "nowhere"}]


# `.cdf` on frames of assets


def test_children_and_parents(client: CogniteClient) -> None:
    assert set(names(pick(client, "a", "b", "other").cdf.children())) == {"a1", "a2", "b1"}
    assert names(pick(client, "a", "b").cdf.children(name="A2")) == ["a2"]
    assert len(names(pick(client, "a", "b").cdf.children(limit=2))) == 2
    assert set(names(pick(client, "a1", "a2", "b1", "plant").cdf.parent())) == {"a", "b"}
    assert names(pick(client, "plant").cdf.parent()) == []
    below = to_arrow(pick(client, "a", "b").cdf.children()).to_pylist()
    parents = {row["id"]: row["external_id"] for row in to_arrow(pick(client, "a", "b")).to_pylist()}
    assert {row["external_id"]: parents[row["parent_id"]] for row in below} == {"a1": "a", "a2": "a", "b1": "b"}


def test_subtrees_of_a_frame(client: CogniteClient) -> None:
    assert set(names(pick(client, "a1", "b").cdf.subtree())) == {"a1", "a1x", "b", "b1"}
    assert sorted(names(pick(client, "a", "a1").cdf.subtree(depth=1))) == ["a", "a1", "a1x", "a2"]
    assert sorted(names(pick(client, "plant", "a").cdf.subtree())) == ["a", "a1", "a1x", "a2", "b", "b1", "plant"]


def test_frames_of_external_ids_alone_will_do(client: CogniteClient) -> None:
    frame = pick(client, "a", "b")[["external_id"]]
    assert set(names(frame.cdf.children())) == {"a1", "a2", "b1"}
    assert set(names(frame.cdf.subtree(depth=0))) == {"a", "b"}
    assert to_arrow(frame.cdf.path())["path"].to_pylist() == [["PLANT", "A"], ["PLANT", "B"]]


def test_paths(client: CogniteClient) -> None:
    frame = pick(client, "a1x", "plant", "b1")
    paths = frame.cdf.path()
    assert type(paths) is type(frame)
    table = to_arrow(paths)
    assert table["id"].to_pylist() == to_arrow(frame)["id"].to_pylist()
    assert table["path"].to_pylist() == [["PLANT", "A", "A1", "A1X"], ["PLANT"], ["PLANT", "B", "B1"]]


def test_what_belongs_to_assets(client: CogniteClient) -> None:
    ids = dict(zip(ABOVE, to_arrow(pick(client, *ABOVE))["id"].to_pylist(), strict=True))
    client.events.create(
        [
            {"external_id": "e1", "asset_ids": [ids["a"], ids["b"]], "type": "failure"},
            {"external_id": "e2", "asset_ids": [ids["b"]], "type": "repair"},
            {"external_id": "e3", "asset_ids": [ids["other"]], "type": "failure"},
        ]
    )
    client.time_series.create(
        [{"external_id": f"t-{name}", "asset_id": ids[name], "unit": "bar"} for name in ("a", "b", "other")]
    )
    pair = pick(client, "a", "b")
    assert sorted(names(pair.cdf.events())) == ["e1", "e2"]
    assert names(pair.cdf.events(type="repair")) == ["e2"]
    assert len(names(pair.cdf.events(limit=1))) == 1
    series = pair.cdf.time_series(unit="bar")
    assert sorted(names(series)) == ["t-a", "t-b"]
    assert sorted(names(series.cdf.assets())) == ["a", "b"]
    assert sorted(names(client.events.list().cdf.assets())) == ["a", "b", "other"]
    client.files.upload_bytes("...", "manual.txt", external_id="f1", asset_ids=[ids["a"], ids["b"]])
    client.files.upload_bytes("...", "drawing.svg", external_id="f2", asset_ids=[ids["b"]], mime_type="image/svg+xml")
    assert sorted(names(pair.cdf.files())) == ["f1", "f2"]
    assert names(pair.cdf.files(mime_type="image/svg+xml")) == ["f2"]
    assert sorted(names(client.files.list().cdf.assets())) == ["a", "b"]
    columns = [{"external_id": "flow", "value_type": "DOUBLE"}]
    client.sequences.create([{"external_id": f"s-{name}", "asset_id": ids[name], "columns": columns} for name in ids])
    assert sorted(names(pair.cdf.sequences())) == ["s-a", "s-b"]
    with pytest.raises(ValueError, match="Unknown key 'tpye'"):
        pair.cdf.events(tpye="failure")
    with pytest.raises(ValueError, match="assets needs a column 'asset_id'"):
        pair.cdf.assets()


def test_frames_of_many_assets_take_few_requests(cdf_client: CogniteClient) -> None:
    rows = pl.DataFrame({"external_id": [f"n{n}" for n in range(1500)], "name": "n"})
    assets = cdf_client.assets.create(rows, progress=False)
    cdf_client.events.create(
        pl.DataFrame({"external_id": assets["external_id"], "asset_ids": assets.select(pl.concat_list("id"))["id"]}),
        progress=False,
    )
    before = cdf_client.stats.requests
    events = assets.cdf.events()
    assert sorted(names(events)) == sorted(rows["external_id"])
    assert cdf_client.stats.requests - before <= 2
    before = cdf_client.stats.requests
    assert assets.cdf.children().height == 0
    assert cdf_client.stats.requests - before == 15
    before = cdf_client.stats.requests
    assert assets.cdf.path().height == 1500
    assert cdf_client.stats.requests - before == 2
