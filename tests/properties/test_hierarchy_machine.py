"""Random creates, changes, moves and deletes of assets, events and labels, beside a model in plain Python."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import polars as pl
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, precondition, rule

from cdframe import CogniteAPIError, CogniteClient, CogniteDuplicatedError, CogniteNotFoundError

NAMES = [f"a{number}" for number in range(14)]
LABELS = ["PUMP", "VALVE", "OLD"]
KEYS = ["site", "line", "Æ"]

Row = dict[str, Any]


@contextmanager
def refusal() -> Iterator[None]:
    """Expect that a call is refused, as one that cannot be carried out."""
    with pytest.raises(CogniteAPIError) as refused:
        yield
    assert refused.value.code == 400


@dataclass
class Asset:
    """An asset of the model."""

    parent: str | None
    name: str
    metadata: dict[str, str] = field(default_factory=dict)
    labels: list[str] = field(default_factory=list)


class Hierarchy(RuleBasedStateMachine):
    """The client and the local CDF beside the model."""

    events = Bundle("events")

    def __init__(self) -> None:
        super().__init__()
        self.client = CogniteClient.local()
        self.assets: dict[str, Asset] = {}
        self.of_events: dict[str, set[str]] = {}
        self.labels = {"PUMP", "VALVE"}

    def teardown(self) -> None:
        self.client.close()

    @initialize()
    def define_labels(self) -> None:
        self.client.labels.create([{"external_id": name, "name": name.title()} for name in sorted(self.labels)])

    # The model

    def path(self, name: str) -> list[str]:
        above = self.assets[name].parent
        return [name] if above is None else [*self.path(above), name]

    def subtree(self, top: str) -> set[str]:
        return {name for name in self.assets if top in self.path(name)}

    def ids(self, names: Any) -> list[int]:
        wanted = sorted(names)
        found: list[int] = self.client.assets.retrieve_multiple(external_ids=wanted)["id"].to_list()
        return found

    # What is done

    @rule(data=st.data(), hierarchy=st.booleans())
    def create(self, data: st.DataObject, hierarchy: bool) -> None:
        free = [name for name in NAMES if name not in self.assets]
        if not free:
            return
        names = data.draw(st.lists(st.sampled_from(free), min_size=1, max_size=5, unique=True))
        rows = []
        for position, name in enumerate(names):
            parent = data.draw(st.sampled_from([None, *names[:position], *sorted(self.assets)]))
            metadata = data.draw(st.dictionaries(st.sampled_from(KEYS), st.text(max_size=2), max_size=2))
            labels = data.draw(st.lists(st.sampled_from(sorted(self.labels)), unique=True)) if self.labels else []
            rows.append((name, Asset(parent, name.upper(), metadata, labels)))
        wire = [
            {
                "external_id": name,
                "name": asset.name,
                "parent_external_id": asset.parent,
                "metadata": asset.metadata,
                "labels": asset.labels,
            }
            for name, asset in data.draw(st.permutations(rows))
        ]
        created = (self.client.assets.create_hierarchy if hierarchy else self.client.assets.create)(wire)
        assert created["external_id"].to_list() == [row["external_id"] for row in wire]
        self.assets |= dict(rows)

    @precondition(lambda self: self.assets)
    @rule(data=st.data())
    def create_what_exists(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.assets)))
        with pytest.raises(CogniteDuplicatedError) as refused:
            self.client.assets.create([{"external_id": "new", "name": "new"}, {"external_id": name, "name": "again"}])
        assert refused.value.duplicated == [{"externalId": name}]
        assert refused.value.failed["external_id"].to_list() == ["new", name]

    @precondition(lambda self: self.assets)
    @rule(data=st.data())
    def change(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.assets)))
        asset = self.assets[name]
        row: Row = {"external_id": name}
        match data.draw(st.sampled_from(["name", "replace", "add", "labels"])):
            case "name":
                asset.name = row["name"] = data.draw(st.text(st.characters(codec="utf-8"), min_size=1, max_size=3))
            case "replace":
                asset.metadata = row["metadata"] = data.draw(
                    st.dictionaries(st.sampled_from(KEYS), st.text(max_size=2), max_size=2)
                )
            case "add":
                row["metadata.add"] = {data.draw(st.sampled_from(KEYS)): "added"}
                row["metadata.remove"] = [data.draw(st.sampled_from(KEYS))]
                kept = {key: text for key, text in asset.metadata.items() if key not in row["metadata.remove"]}
                asset.metadata = kept | row["metadata.add"]
            case "labels":
                added = data.draw(st.lists(st.sampled_from(sorted(self.labels)), unique=True)) if self.labels else []
                removed = data.draw(st.lists(st.sampled_from(LABELS), unique=True))
                row |= {"labels.add": added, "labels.remove": removed}
                kept_labels = [label for label in asset.labels if label not in removed]
                asset.labels = kept_labels + [label for label in added if label not in kept_labels]
        changed = self.client.assets.update(row)
        assert changed["name"].to_list() == [asset.name]

    @precondition(lambda self: self.assets)
    @rule(data=st.data())
    def move(self, data: st.DataObject) -> None:
        name, parent = (data.draw(st.sampled_from(sorted(self.assets))) for _ in range(2))
        asset = self.assets[name]
        allowed = asset.parent == parent or (
            asset.parent is not None and parent not in self.subtree(name) and self.path(parent)[0] == self.path(name)[0]
        )
        with nullcontext() if allowed else refusal():
            self.client.assets.update({"external_id": name, "parent_external_id": parent})
            asset.parent = parent

    @precondition(lambda self: self.assets)
    @rule(data=st.data(), recursive=st.booleans())
    def delete(self, data: st.DataObject, recursive: bool) -> None:
        names = data.draw(st.lists(st.sampled_from(sorted(self.assets)), min_size=1, max_size=3, unique=True))
        gone = set().union(*(self.subtree(name) for name in names))
        with nullcontext() if recursive or gone == set(names) else refusal():
            self.client.assets.delete(external_id=[*names, "nobody"], recursive=recursive, ignore_unknown_ids=True)
            self.assets = {name: asset for name, asset in self.assets.items() if name not in gone}
            self.of_events = {name: assets - gone for name, assets in self.of_events.items()}

    @rule(target=events, data=st.data())
    def happen(self, data: st.DataObject) -> str:
        name = f"e{len(self.of_events)}"
        assets = data.draw(st.sets(st.sampled_from(sorted(self.assets)), max_size=3)) if self.assets else set()
        self.client.events.create({"external_id": name, "asset_ids": self.ids(assets) or None})
        self.of_events[name] = assets
        return name

    @precondition(lambda self: self.assets)
    @rule(event=events, data=st.data())
    def relate(self, event: str, data: st.DataObject) -> None:
        added = data.draw(st.sets(st.sampled_from(sorted(self.assets)), max_size=2))
        removed = data.draw(st.sets(st.sampled_from(sorted(self.assets)), max_size=2)) - added
        row = {"external_id": event, "asset_ids.add": self.ids(added), "asset_ids.remove": self.ids(removed)}
        self.client.events.update(row)
        self.of_events[event] = (self.of_events[event] - removed) | added

    @rule(name=st.sampled_from(LABELS))
    def define_or_drop_label(self, name: str) -> None:
        if name in self.labels:
            self.client.labels.delete(external_id=name)
        else:
            self.client.labels.create({"external_id": name, "name": name})
        self.labels ^= {name}

    @precondition(lambda self: self.assets)
    @rule(data=st.data())
    def attach_what_is_not_defined(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.assets)))
        with pytest.raises(CogniteNotFoundError) as refused:
            self.client.assets.update({"external_id": name, "labels.add": ["NEVER"]})
        assert refused.value.not_found == [{"externalId": "NEVER"}]

    # What is seen

    @invariant()
    def everything_is_as_in_the_model(self) -> None:
        frame = self.client.assets.list(limit=None, aggregated_properties=["child_count", "path", "depth"])
        names = dict(frame.select("id", "external_id").rows())
        seen = {row["external_id"]: row for row in frame.to_arrow().to_pylist(maps_as_pydicts="strict")}
        assert seen.keys() == self.assets.keys()
        for name, asset in self.assets.items():
            row, path = seen[name], self.path(name)
            assert row["parent_external_id"] == asset.parent
            assert (row["name"], row["metadata"], row["labels"] or []) == (asset.name, asset.metadata, asset.labels)
            assert names[row["root_id"]] == path[0]
            assert [names[step] for step in row["aggregates"]["path"]] == path
            assert row["aggregates"]["depth"] == len(path) - 1
            assert row["aggregates"]["child_count"] == sum(one.parent == name for one in self.assets.values())
        events = self.client.events.list(limit=None)
        related = {
            name: {names[id] for id in ids or []} for name, ids in events.select("external_id", "asset_ids").rows()
        }
        assert related == self.of_events

    @precondition(lambda self: self.assets)
    @rule(data=st.data())
    def look(self, data: st.DataObject) -> None:
        top = data.draw(st.sampled_from(sorted(self.assets)))
        depth = data.draw(st.sampled_from([None, 0, 1, 2]))
        below = self.subtree(top)
        near = {name for name in below if depth is None or len(self.path(name)) - len(self.path(top)) <= depth}
        found = self.client.assets.retrieve_subtree(external_id=top, depth=depth)
        assert sorted(found["external_id"]) == sorted(near)
        one = self.client.assets.retrieve(external_id=top)
        children = {name for name, asset in self.assets.items() if asset.parent == top}
        assert set(one.cdf.children()["external_id"]) == children
        assert one.cdf.path()["path"].to_list() == [[self.assets[name].name for name in self.path(top)]]
        events = self.client.events.list(asset_subtree_external_ids=[top], limit=None)
        assert set(events["external_id"]) == {name for name, assets in self.of_events.items() if assets & below}
        label = data.draw(st.sampled_from(LABELS))
        carrying = self.client.assets.list(labels=[label], asset_subtree_external_ids=[top], limit=None)
        assert set(carrying["external_id"]) == {name for name in below if label in self.assets[name].labels}
        parts = self.client.assets.list(limit=None, partitions=3)
        assert parts.equals(self.client.assets.list(limit=None))
        assert isinstance(parts, pl.DataFrame)


Hierarchy.TestCase.settings = settings(max_examples=10, stateful_step_count=20, deadline=None)
TestHierarchy = Hierarchy.TestCase
