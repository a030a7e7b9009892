"""The examples of the documented system, in the form that they have here: frames and dicts instead of objects."""

from __future__ import annotations

import polars as pl
import pytest

from cdframe import CogniteAPIError, CogniteClient


@pytest.fixture
def c(cdf_client: CogniteClient) -> CogniteClient:
    """A client of a few labels, assets, events, data sets and relationships that the examples name."""
    names = ("PUMP", "VERIFIED", "WELL LOG", "big_pump", "small_pump")
    cdf_client.labels.create([{"external_id": name, "name": name.title()} for name in names])
    cdf_client.assets.create([{"external_id": name, "name": f"some name {name}"} for name in ("1", "3", "abc", "def")])
    cdf_client.events.create([{"external_id": name, "type": "failure"} for name in ("1", "3", "abc", "def")])
    cdf_client.data_sets.create([{"external_id": name, "name": name} for name in ("1", "abc", "def")])
    ends = {"source_external_id": "1", "source_type": "asset", "target_external_id": "1", "target_type": "event"}
    cdf_client.relationships.create([{"external_id": name, **ends} for name in ("1", "a", "b", "abc", "def", "flow1")])
    return cdf_client


def test_an_asset_hierarchy(c: CogniteClient) -> None:
    root = {"name": "root", "external_id": "root"}
    child = {"name": "child", "external_id": "2", "parent_external_id": "root"}
    descendant = {"name": "descendant", "external_id": "9", "parent_external_id": "2"}
    assert c.assets.create_hierarchy([root, child, descendant])["name"].to_list() == ["root", "child", "descendant"]
    with pytest.raises(CogniteAPIError) as e:
        c.assets.create_hierarchy([root, child, descendant])
    assets_posted, maybe_posted, not_posted = e.value.successful, e.value.unknown, e.value.failed
    assert (assets_posted.height, maybe_posted.height, not_posted.height) == (0, 0, 3)


def test_assets(c: CogniteClient) -> None:
    res = c.assets.retrieve(external_id="1")
    assert c.assets.retrieve(id=res["id"][0]).equals(res)
    ids = c.assets.retrieve_multiple(external_ids=["abc", "def"], ignore_unknown_ids=True)["id"]
    assert c.assets.retrieve_multiple(ids=ids)["external_id"].to_list() == ["abc", "def"]
    assert c.assets.list(limit=5).height == 4
    assert [asset["name"] for asset in c.assets]
    for asset_list in c.assets(chunk_size=2500):
        assert asset_list.height == 4
    assert c.assets.list(labels={"contains_all": ["PUMP", "VERIFIED"]}).height == 0
    assert c.assets.aggregate(filter={"external_id_prefix": "prefix"})["count"].to_list() == [0]
    assert c.assets.search(name="some name").height == 4
    assert c.assets.search(filter={"name": "some name 1"}).height == 1
    assert c.assets.search(query="TAG 30 XV").height == 0
    assert c.assets.search(name="xyz", filter={"parent_ids": [123, 456], "source": "some source"}).height == 0
    assert c.assets.search(name="xyz", filter={"labels": {"contains_all": ["PUMP"]}}).height == 0
    assert c.assets.create([{"name": "asset1"}, {"name": "asset2"}]).height == 2
    assert c.assets.create({"name": "my_pump", "labels": [{"external_id": "PUMP"}]})["labels"].to_list() == [["PUMP"]]
    c.assets.delete(id=ids, external_id="3")
    assert c.assets.retrieve(external_id="3").is_empty()


def test_updates_of_assets(c: CogniteClient) -> None:
    [id] = c.assets.retrieve(external_id="1")["id"]
    changed = c.assets.update({"id": id, "description": "New description", "metadata.add": {"key": "value"}})
    assert changed.to_arrow()["metadata"].to_pylist() == [[("key", "value")]]
    assert c.assets.update({"id": id, "description": None}, null="clear")["description"].to_list() == [None]
    for removed in (
        c.assets.update({"id": id, "metadata": {}}),
        c.assets.update({"id": id, "metadata": None}, null="clear"),
    ):
        assert removed.to_arrow()["metadata"].to_pylist() == [[]]
    assert c.assets.update({"id": id, "labels.add": ["PUMP", "VERIFIED"]})["labels"].to_list() == [["PUMP", "VERIFIED"]]
    assert c.assets.update({"id": id, "labels.remove": "PUMP"})["labels"].to_list() == [["VERIFIED"]]
    assert c.assets.update({"id": id, "labels": "PUMP"})["labels"].to_list() == [["PUMP"]]


def test_labels(c: CogniteClient) -> None:
    assert c.labels.list(limit=5, name="Pump")["external_id"].to_list() == ["PUMP"]
    assert [label["name"] for label in c.labels]
    for label_list in c.labels(chunk_size=2500):
        assert label_list.height == 5
    labels = [
        {"external_id": "ROTATING_EQUIPMENT", "name": "Rotating equipment"},
        {"external_id": "pump2", "name": "p"},
    ]
    assert c.labels.create(labels).height == 2
    c.labels.delete(external_id=["big_pump", "small_pump"])
    assert c.labels.list(limit=None).height == 5


def test_events(c: CogniteClient) -> None:
    event = c.events.retrieve(external_id="1")
    assert c.events.retrieve(id=event["id"][0]).equals(event)
    ids = c.events.retrieve_multiple(external_ids=["abc", "def"])["id"]
    assert c.events.retrieve_multiple(ids=ids).height == 2
    assert c.events.list(limit=5, start_time={"max": 1500000000}).height == 0
    assert [event["type"] for event in c.events]
    for event_list in c.events(chunk_size=2500):
        assert event_list.height == 4
    assert c.events.aggregate(filter={"type": "failure"})["count"].to_list() == [4]
    assert c.events.aggregate_unique_values(filter={"type": "failure"}, fields=["subtype"]).height == 0
    assert c.events.search(description="some description").height == 0
    assert c.events.create([{"start_time": 0, "end_time": 1}, {"start_time": 2, "end_time": 3}]).height == 2
    res = c.events.update(event.with_columns(description=pl.lit("New description")))
    assert res["description"].to_list() == ["New description"]
    row = {"id": event["id"][0], "description": "Newer", "metadata.add": {"key": "value"}}
    assert c.events.update(row)["description"].to_list() == ["Newer"]
    c.events.delete(id=ids, external_id="3")
    assert c.events.list(limit=None).height == 3


def test_data_sets(c: CogniteClient) -> None:
    data_set = c.data_sets.retrieve(external_id="1")
    assert c.data_sets.retrieve(id=data_set["id"][0]).equals(data_set)
    ids = c.data_sets.retrieve_multiple(external_ids=["abc", "def"], ignore_unknown_ids=True)["id"]
    assert c.data_sets.retrieve_multiple(ids=ids).height == 2
    assert c.data_sets.list(limit=5, write_protected=False).height == 3
    assert [data_set["name"] for data_set in c.data_sets]
    for data_set_list in c.data_sets(chunk_size=2500):
        assert data_set_list.height == 3
    assert c.data_sets.aggregate(filter={"write_protected": True})["count"].to_list() == [0]
    assert c.data_sets.create([{"name": "1st level"}, {"name": "2nd level"}]).height == 2
    res = c.data_sets.update(data_set.with_columns(description=pl.lit("New description")))
    assert res["description"].to_list() == ["New description"]
    row = {"id": data_set["id"][0], "description": "Newer", "metadata.remove": ["key"]}
    assert c.data_sets.update(row)["description"].to_list() == ["Newer"]


def test_relationships(c: CogniteClient) -> None:
    assert c.relationships.retrieve(external_id="1").height == 1
    assert c.relationships.retrieve_multiple(external_ids=["abc", "def"]).height == 2
    assert c.relationships.list(limit=5).height == 5
    assert [relationship["external_id"] for relationship in c.relationships]
    flow = {"source_external_id": "source_ext_id", "source_type": "asset", "confidence": 0.1}
    flow |= {"target_external_id": "target_ext_id", "target_type": "event", "data_set_id": c.data_sets.list()["id"][0]}
    res = c.relationships.create([{"external_id": "flow_1", **flow}, {"external_id": "flow_2", **flow}])
    assert res["confidence"].to_list() == [0.1, 0.1]
    rel = c.relationships.retrieve(external_id="flow1")
    assert c.relationships.update(rel.with_columns(confidence=0.75))["confidence"].to_list() == [0.75]
    row = {"external_id": "flow_1", "source_external_id": "alternate_source", "confidence": 0.97}
    assert c.relationships.update(row)["source_external_id"].to_list() == ["alternate_source"]
    cleared = c.relationships.update({"external_id": "flow_1", "confidence": None}, null="clear")
    assert cleared["confidence"].to_list() == [None]
    attached = c.relationships.update({"external_id": "flow_1", "labels.add": ["PUMP", "VERIFIED"]})
    assert attached["labels"].to_list() == [["PUMP", "VERIFIED"]]
    detached = c.relationships.update({"external_id": "flow_1", "labels.remove": "PUMP"})
    assert detached["labels"].to_list() == [["VERIFIED"]]
    c.relationships.delete(external_id=["a", "b"])
    assert c.relationships.retrieve("a").is_empty()
