"""The hierarchy under random creates, moves, renames and deletions, compared with parents that Python keeps."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from cdframe.local import LocalCDF
from tests.local.api import Api

PATH = "/assets"
AGGREGATES = ["childCount", "depth", "path"]


class Hierarchy(RuleBasedStateMachine):
    """The model knows only the parent of each asset, by external ids."""

    def __init__(self) -> None:
        super().__init__()
        self.engine = LocalCDF()
        self.api = Api(self.engine)
        self.parents: dict[str, str | None] = {}
        self.ids: dict[str, int] = {}
        self.made = 0

    def teardown(self) -> None:
        self.engine.close()

    def path(self, name: str) -> list[str]:
        steps = [name]
        while (above := self.parents[steps[0]]) is not None:
            steps.insert(0, above)
        return steps

    def below(self, name: str) -> set[str]:
        return {one for one in self.parents if name in self.path(one)}

    def draw(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from(sorted(self.parents)))

    @initialize()
    def first(self) -> None:
        self.add({"a": None, "b": "a"}, [])

    def add(self, parents: dict[str, str | None], by_id: list[str]) -> None:
        items: list[dict[str, Any]] = []
        for name, parent in parents.items():
            key, value = ("parentId", self.ids[str(parent)]) if name in by_id else ("parentExternalId", parent)
            items.append({"name": name, "externalId": name, key: value})
        created = self.api.post(PATH, {"items": items}, 201)["items"]
        self.parents |= parents
        self.ids |= {row["externalId"]: row["id"] for row in created}

    @rule(data=st.data(), count=st.integers(1, 6))
    def create(self, data: st.DataObject, count: int) -> None:
        new = [f"n{self.made + i}" for i in range(count)]
        self.made += count
        stored = sorted(self.parents)
        parents: dict[str, str | None] = {}
        for i, name in enumerate(new):
            parents[name] = data.draw(st.sampled_from([None, *stored, *new[:i]]))
        by_id = [name for name, parent in parents.items() if parent in stored and data.draw(st.booleans())]
        shuffled = data.draw(st.permutations(new))
        self.add({name: parents[name] for name in shuffled}, by_id)

    @rule(data=st.data(), count=st.integers(1, 4))
    def move(self, data: st.DataObject, count: int) -> None:
        if not self.parents:
            return
        moves = {}
        for _ in range(count):
            name = self.draw(data)
            within = sorted(one for one in self.parents if self.path(one)[0] == self.path(name)[0])
            moves[name] = data.draw(st.sampled_from(within))
        wanted = self.parents | moves
        legal = all(self.parents[name] is not None for name in moves) and all(
            _ends(wanted, name) for name in self.parents
        )
        items = [
            {"externalId": name, "update": {"parentExternalId": {"set": parent}}} for name, parent in moves.items()
        ]
        self.api.post(f"{PATH}/update", {"items": items}, 200 if legal else 400)
        if legal:
            self.parents = wanted

    @rule(data=st.data())
    def rename(self, data: st.DataObject) -> None:
        if not self.parents:
            return
        name, new = self.draw(data), f"r{self.made}"
        self.made += 1
        update = {"externalId": {"set": new}}
        self.api.post(f"{PATH}/update", {"items": [{"id": self.ids[name], "update": update}]})
        self.ids[new] = self.ids.pop(name)
        self.parents = {
            new if one == name else one: new if parent == name else parent for one, parent in self.parents.items()
        }

    @rule(data=st.data(), recursive=st.booleans(), count=st.integers(1, 3))
    def delete(self, data: st.DataObject, recursive: bool, count: int) -> None:
        if not self.parents:
            return
        listed = {self.draw(data) for _ in range(count)}
        gone = set().union(*(self.below(name) for name in listed))
        legal = recursive or gone == listed
        items = [{"id": self.ids[name]} for name in sorted(listed)]
        self.api.post(f"{PATH}/delete", {"items": items, "recursive": recursive}, 200 if legal else 400)
        if legal:
            for name in gone:
                del self.parents[name], self.ids[name]

    @invariant()
    def agrees(self) -> None:
        rows = self.api.post(f"{PATH}/list", {"limit": 1000, "aggregatedProperties": AGGREGATES})["items"]
        names = {row["id"]: row["externalId"] for row in rows}
        assert names == {id: name for name, id in self.ids.items()}
        for row in rows:
            name = row["externalId"]
            path = self.path(name)
            assert row.get("parentExternalId") == self.parents[name]
            assert row.get("parentId") == self.ids.get(self.parents[name] or "")
            assert row["rootId"] == self.ids[path[0]]
            children = sum(parent == name for parent in self.parents.values())
            steps = [{"id": self.ids[one]} for one in path]
            assert row["aggregates"] == {"childCount": children, "depth": len(path) - 1, "path": steps}

    @rule(data=st.data(), count=st.integers(1, 3))
    def subtrees(self, data: st.DataObject, count: int) -> None:
        if not self.parents:
            return
        tops = {self.draw(data) for _ in range(count)}
        references = [{"id": self.ids[name]} for name in tops]
        found = self.api.post(f"{PATH}/list", {"filter": {"assetSubtreeIds": references}, "limit": 1000})["items"]
        assert {row["externalId"] for row in found} == set().union(*(self.below(name) for name in tops))


def _ends(parents: dict[str, str | None], name: str) -> bool:
    """Whether the way up from an asset has an end."""
    at: str | None = name
    for _ in range(len(parents) + 1):
        if at is None:
            return True
        at = parents[at]
    return False


TestHierarchy = Hierarchy.TestCase
TestHierarchy.settings = settings(
    max_examples=15, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
)


def test_a_deep_chain_and_a_wide_tree(fresh: Api) -> None:
    def chain(start: int, count: int) -> list[dict[str, Any]]:
        return [
            {"name": "n", "externalId": f"c{i}", "parentExternalId": f"c{i - 1}" if i else None}
            for i in range(start, start + count)
        ]

    for start in (0, 1000):
        fresh.post(PATH, {"items": chain(start, 1000)[::-1]}, 201)
    wide = fresh.post(PATH, {"items": [{"name": "n", "parentExternalId": "c0"}] * 1000}, 201)["items"]
    fresh.create({"externalId": "series", "assetId": wide[-1]["id"]})
    body = {"items": [{"externalId": "c1999"}, {"externalId": "c0"}], "aggregatedProperties": AGGREGATES}
    bottom, top = (row["aggregates"] for row in fresh.post(f"{PATH}/byids", body)["items"])
    assert (bottom["depth"], len(bottom["path"]), top["childCount"]) == (1999, 2000, 1001)
    update = {"parentExternalId": {"set": "c0"}}
    fresh.post(f"{PATH}/update", {"items": [{"externalId": "c1500", "update": update}]})
    bottom = fresh.post(f"{PATH}/byids", body)["items"][0]["aggregates"]
    assert bottom["depth"] == 500
    fresh.post(f"{PATH}/delete", {"items": [{"externalId": "c1"}], "recursive": True})
    assert fresh.post(f"{PATH}/aggregate") == {"items": [{"count": 1 + 1000 + 500}]}
    for _ in range(2):
        fresh.post(PATH, {"items": [{"name": "n", "parentExternalId": "c0"}] * 1000}, 201)
    fresh.post(f"{PATH}/delete", {"items": [{"externalId": "c0"}], "recursive": True})
    assert fresh.post(f"{PATH}/aggregate") == {"items": [{"count": 0}]}
    assert "assetId" not in fresh.get("/timeseries")["items"][0]
