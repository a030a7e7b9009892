"""Hierarchies of assets that are created at once: what is refused, what is sent when, what is told after failures."""

from __future__ import annotations

import json
import random
import threading
from typing import Any

import httpx
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdframe import CogniteAPIError, CogniteHierarchyError
from cdframe.config import resolve
from cdframe.resources.assets import SCHEMA, AssetsAPI
from cdframe.resources.hierarchy import HierarchyWrite
from cdframe.resources.hierarchy_plan import NONE, plan_hierarchy
from cdframe.session import Session
from tests.faults.servers import scripted

Row = dict[str, Any]


@st.composite
def forests(draw: st.DrawFn, most_rows: int = 40) -> list[Row]:
    """Rows of assets in any order; each has another row, an asset outside, or nothing above it."""
    count = draw(st.integers(1, most_rows))
    shuffled = draw(st.permutations(range(count)))
    rows = []
    for number in range(count):
        above = draw(st.integers(-2, number - 1)) if number else -1
        parent = {-2: "outside", -1: None}.get(above, f"a{above}")
        rows.append({"external_id": f"a{number}", "name": f"name {number}", "parent_external_id": parent})
    return [rows[place] for place in shuffled]


def frame_of(rows: list[Row]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=dict.fromkeys(("external_id", "name", "parent_external_id"), pl.String))


@given(forests(), st.integers(1, 20))
@settings(deadline=None)
def test_a_plan_has_every_row_once_and_parents_first(rows: list[Row], most: int) -> None:
    plan = plan_hierarchy(frame_of(rows).to_arrow(), most)
    places = {row["external_id"]: number for number, row in enumerate(rows)}
    assert plan.parents.tolist() == [places.get(row["parent_external_id"], NONE) for row in rows]
    request_of: dict[int, int] = {}
    for number, (request, after) in enumerate(zip(plan.requests, plan.after, strict=True)):
        assert 1 <= len(request) <= most
        assert all(earlier < number for earlier in after)
        needed = set()
        for row in request.tolist():
            assert row not in request_of
            parent = int(plan.parents[row])
            if parent != NONE:
                needed.add(request_of[parent])  # there already: parents come before their children
            request_of[row] = number
        assert needed - {number} == set(after)
    assert len(request_of) == len(rows)


@pytest.mark.parametrize(
    ("parents", "rounds"),
    [
        ([None] * 3000, 1),
        ([None] + [0] * 2999, 2),
        ([None] + [(n - 1) // 8 for n in range(1, 3000)], 2),
        ([None] + [n - 1 for n in range(1, 3000)], 3),
    ],
    ids=["roots", "star", "tree of eight", "chain"],
)
def test_requests_are_as_few_and_as_parallel_as_the_tree_allows(parents: list[int | None], rounds: int) -> None:
    rows = [
        {"external_id": f"a{n}", "parent_external_id": None if parent is None else f"a{parent}"}
        for n, parent in enumerate(parents)
    ]
    plan = plan_hierarchy(pl.DataFrame(rows, infer_schema_length=None).to_arrow())
    assert len(plan.requests) <= 4
    level: list[int] = []
    for after in plan.after:
        level.append(1 + max((level[earlier] for earlier in after), default=0))
    assert max(level) == rounds


def test_trees_go_out_each_for_itself() -> None:
    """So that what is refused in one takes none of the others along."""
    rows = [
        {"external_id": f"{tree}-{n}", "parent_external_id": None if n == 0 else f"{tree}-{(n - 1) // 3}"}
        for tree, size in enumerate((1000, 1002, 2500))
        for n in range(size)
    ]
    plan = plan_hierarchy(pl.DataFrame(rows, infer_schema_length=None).to_arrow())
    assert len(plan.requests) <= 7
    assert len(plan.requests[0]) < 1000
    for request, after in zip(plan.requests, plan.after, strict=True):
        trees = {rows[row]["external_id"].partition("-")[0] for row in request.tolist()}
        assert len(trees) == 1 or after, "what goes first is of one tree"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"name": "a"}], "no column external_id"),
        ([{"external_id": "a"}, {"external_id": None}], "Row 1 of assets has no external_id"),
        ([{"external_id": "a"}, {"external_id": "b"}, {"external_id": "a"}], "'a' is in rows 0, 2"),
        (
            [{"external_id": "a"}, {"external_id": "b", "parent_external_id": "a", "parent_id": 1}],
            r"Row 1 of assets \('b'\) has both parent_id and parent_external_id",
        ),
        ([{"external_id": "a", "parent_external_id": "a"}], "'a' below itself"),
        (
            [
                {"external_id": "x", "parent_external_id": "b"},
                {"external_id": "a", "parent_external_id": "b"},
                {"external_id": "b", "parent_external_id": "a"},
            ],
            "'[ab]' below '[ab]' below '[ab]'",
        ),
        (
            [{"external_id": f"a{n}", "parent_external_id": f"a{(n + 1) % 100}"} for n in range(100)],
            r"'a\d+' below 'a\d+' below 'a\d+' below 'a\d+' below 'a\d+' below \.\.\.",
        ),
    ],
)
def test_what_is_no_hierarchy_is_refused_before_anything_is_sent(rows: list[Row], message: str) -> None:
    session, script = scripted(httpx.ConnectError("nothing must be sent"))
    for kind in (CogniteHierarchyError, ValueError, AssertionError):
        with pytest.raises(kind, match=message):
            AssetsAPI(session, "polars").create_hierarchy(rows)
    assert script.requests == []
    session.close()


@given(forests(most_rows=12), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=50)
def test_every_circle_is_found(rows: list[Row], chance: random.Random) -> None:
    above = {row["external_id"]: row["parent_external_id"] for row in rows}
    top = chance.choice(rows)
    below = [name for name in above if top["external_id"] in _path(name, above)]
    top["parent_external_id"] = chance.choice(below)
    with pytest.raises(CogniteHierarchyError, match="below"):
        plan_hierarchy(frame_of(rows).to_arrow())


def _path(name: str | None, above: dict[str, str | None]) -> list[str]:
    """The names from one up to the top, itself included."""
    path = []
    while name is not None and name in above:
        path.append(name)
        name = above[name]
    return path


class Server(httpx.BaseTransport):
    """Creates assets as CDF does, below parents that exist or come along, and fails as told for some names."""

    def __init__(self, failures: dict[str, int | type[Exception]]) -> None:
        self.failures = failures
        self.created = {"outside"}
        self.outcomes: dict[str, str] = {}
        self.lock = threading.Lock()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        items = json.loads(request.read())["items"]
        names = [item["externalId"] for item in items]
        with self.lock:
            assert not self.outcomes.keys() & set(names), "sent twice"
            failure = next((self.failures[name] for name in names if name in self.failures), None)
            outcome = (
                "successful" if failure is None else "failed" if failure in (400, httpx.ConnectError) else "unknown"
            )
            self.outcomes |= dict.fromkeys(names, outcome)
            if isinstance(failure, int):
                return httpx.Response(failure, json={"error": {"code": failure, "message": "no"}})
            if failure is not None:
                raise failure("no", request=request)
            for item in items:
                assert item.get("parentExternalId", "outside") in self.created | set(names), "sent before its parent"
            self.created |= set(names)
        times = {"rootId": 1, "createdTime": 0, "lastUpdatedTime": 0, "metadata": {}}
        return httpx.Response(201, json={"items": [{"id": int(n["externalId"][1:]) + 1, **n, **times} for n in items]})


def create(rows: list[Row], most: int, server: Server) -> Any:
    settings = {"api_key": "k", "project": "p", "base_url": "http://server", "max_retries": 0}
    session = Session(resolve(settings, {}), server)
    table = frame_of(rows).to_arrow()
    try:
        objects = AssetsAPI(session, "polars")._objects(table)
        return HierarchyWrite(session, "/assets", SCHEMA, table, objects, most).make("polars", progress=False)
    finally:
        session.close()


FAILURES = st.sampled_from([400, 500, httpx.ReadTimeout, httpx.ReadError, httpx.ConnectError])


@given(forests(), st.integers(1, 6), st.data())
@settings(deadline=None)
def test_after_failures_every_row_is_told_once_and_other_branches_were_sent(
    rows: list[Row], most: int, data: st.DataObject
) -> None:
    names = [row["external_id"] for row in rows]
    server = Server(data.draw(st.dictionaries(st.sampled_from(names), FAILURES, max_size=4)))
    if not server.failures:
        created = create(rows, most, server)
        assert created["external_id"].to_list() == names
        assert created["id"].to_list() == [int(name[1:]) + 1 for name in names]
        return
    with pytest.raises(CogniteAPIError) as failure:
        create(rows, most, server)
    for outcome in ("successful", "unknown", "failed"):
        told = getattr(failure.value, outcome)
        assert told["external_id"].to_list() == [
            name for name in names if server.outcomes.get(name, "failed") == outcome
        ], "in the order of the input"
    for row in rows:
        parent = row["parent_external_id"]
        above_exists = parent in (None, "outside") or server.outcomes.get(parent) == "successful"
        if above_exists:
            assert row["external_id"] in server.outcomes, "not sent, though all above it exists"
    assert {name for name, outcome in server.outcomes.items() if outcome == "successful"} <= server.created


def test_what_is_below_a_failure_is_failed_and_what_is_beside_it_goes_on() -> None:
    """The documented example: 0 and 01 go well, 02 is refused, 03 may have been created."""
    above = {"1": None, "2": "1", "3": "1", "4": "1", "31": "3", "311": "31", "41": "4"}
    rows = [
        {"external_id": f"a{name}", "name": name, "parent_external_id": parent and f"a{parent}"}
        for name, parent in above.items()
    ]
    server = Server({"a3": 400, "a4": 500})
    with pytest.raises(CogniteAPIError) as failure:
        create(rows, 1, server)
    told = {name: getattr(failure.value, name)["name"].to_list() for name in ("successful", "unknown", "failed")}
    assert told == {"successful": ["1", "2"], "unknown": ["4"], "failed": ["3", "31", "311", "41"]}
    assert "a41" not in server.outcomes


def test_nothing_to_create_is_an_empty_frame() -> None:
    session, script = scripted(httpx.ConnectError("nothing must be sent"))
    frame = AssetsAPI(session, "pyarrow").create_hierarchy(frame_of([]))
    assert frame.schema == SCHEMA.arrow
    assert frame.num_rows == 0
    assert script.requests == []
    session.close()
