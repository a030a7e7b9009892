"""What is the same for all families: rows are as they were written, lists and searches find what they should."""

from typing import Any

import pytest

from tests.conformance.naive import World, searched
from tests.conformance.raw import RawClient
from tests.conformance.scenario_of_pipelines import told_by_runs
from tests.conformance.sdk_run import SdkRun
from tests.conformance.words import PATHS, Row, resolved, wire_filter, wire_row

USUAL_LIMIT, MOST_SOURCES = 25, 1_000
UNORDERED = ("events", "relationships")  # families whose partitions are not parts of their order


def check_rows(world: World, subtests: pytest.Subtests) -> None:
    """What is stored is what the scenario says, and nothing else, but what the server adds."""
    for family, rows in world.rows.items():
        with subtests.test(f"rows of {family}"):
            for row in rows:
                stored = dict(world.known[family][row["external_id"]])
                assert without_added(family, stored) == expected_row(world, family, row)


def without_added(family: str, stored: Row, has_id: bool = True) -> Row:
    """A row without its identity and times, which are as they can be."""
    created = stored.pop("createdTime")
    assert created > 1_600_000_000_000
    if family != "labels":
        assert stored.pop("lastUpdatedTime") >= created
    if has_id and family not in ("labels", "relationships"):
        assert 1 <= stored.pop("id") < 2**53
    if family == "files":
        assert (stored.pop("uploadedTime", 0) >= created) == stored["uploaded"]
    if family == "sequences":
        stored["columns"] = [
            without_added("columns of sequences", dict(column), has_id=False) for column in stored["columns"]
        ]
    return stored


def expected_row(world: World, family: str, row: Row) -> Row:
    """A row of the scenario as HTTP shows it."""
    found = wire_row(resolved(family, row, world.known))
    if family == "extraction_pipelines":
        found |= told_by_runs(row["external_id"])
    if family in ("assets", "data_sets"):
        found.setdefault("metadata", {})
    if family == "data_sets":
        found.setdefault("writeProtected", False)
    if family == "assets":
        root, *_ = path = world.path(row["external_id"])
        found["rootId"] = world.known[family][root]["id"]
        if len(path) > 1:
            found["parentId"] = world.known[family][path[-2]]["id"]
    for end in ("sourceType", "targetType"):
        if end in found:
            found[end] = {"timeseries": "timeSeries"}.get(found[end].casefold(), found[end].casefold())
    return found


def expected_names(world: World, family: str, question: Row, usual_limit: int) -> list[str]:
    names = world.names(family, question["filters"])
    limit = question.get("limit", usual_limit)
    return names if limit in (None, -1) else names[:limit]


def is_in_order(family: str, question: Row) -> bool:
    """Whether an answer has the order of a list: not when it is put together of partitions, or of several lists."""
    filters = question["filters"]
    several = any(len(filters.get(name, ())) > MOST_SOURCES for name in ("source_external_ids", "target_external_ids"))
    return not several and (family not in UNORDERED or "partitions" not in question)


def check_question(sdk: SdkRun, world: World, family: str, question: Row, seen: Any) -> None:
    """The SDK's list is what the definitions say, and so is its count."""
    usual_limit = 100 if family == "relationships" and sdk.is_2021 else USUAL_LIMIT
    check_names(world, family, question, seen["names"], usual_limit)
    if seen["count"] is not None:
        assert seen["count"] == len(world.names(family, question["filters"]))


def check_names(world: World, family: str, question: Row, found: list[str], usual_limit: int) -> None:
    expected = expected_names(world, family, question, usual_limit)
    if is_in_order(family, question):
        assert found == expected
    else:
        assert sorted(found) == sorted(expected)


def check_raw_question(raw: RawClient, world: World, family: str, question: Row) -> None:
    """HTTP's list is what the definitions say; partitions are disjoint."""
    filters = wire_filter(resolved(family, question["filters"], world.known))
    if any(len(filters.get(name, ())) > MOST_SOURCES for name in ("sourceExternalIds", "targetExternalIds")):
        return  # which one request cannot ask
    parts = question.get("partitions", 1)
    found: list[str] = []
    for number in range(1, parts + 1):
        query: Row = {"filter": filters}
        if parts > 1:
            query["partition"] = f"{number}/{parts}"
        found += [row["externalId"] for row in raw.rows(PATHS[family], **query)]
    whole = {**question, "limit": None}
    check_names(world, family, whole, found, USUAL_LIMIT)


def check_all_raw_questions(raw: RawClient, world: World, subtests: pytest.Subtests) -> None:
    for family, questions in world.scenario.questions.items():
        for name, question in questions.items():
            with subtests.test(f"HTTP: list {family}: {name}"):
                check_raw_question(raw, world, family, question)


def check_search(world: World, family: str, name: str, found: list[str], usual_limit: int) -> None:
    """A search finds what the definitions say, in any order."""
    wanted = world.scenario.searches[family][name]
    texts = {key: value for key, value in wanted.items() if key not in ("filters", "first", "limit")}
    passing = world.names(family, wanted.get("filters", {}))
    rows = {row["external_id"]: row for row in world.rows[family]}
    expected = [one for one in passing if searched(rows[one], texts)]
    assert len(found) == len(set(found)) == min(len(expected), wanted.get("limit", usual_limit))
    assert set(found) <= set(expected)
    if "first" in wanted:
        assert found[0] == wanted["first"]


def sections_of_families(sdk: SdkRun) -> set[str]:
    """The sections that all families have, with those of their questions that the SDK can ask."""
    asked = {
        f"list {family}: {name}"
        for family, questions in sdk.scenario.questions.items()
        for name, question in questions.items()
        if sdk.is_2021 or not any(name.startswith("root_") for name in question["filters"])
    }
    sought = {f"search {family}: {name}" for family, searches in sdk.scenario.searches.items() for name in searches}
    return asked | sought | {f"rows of {family}" for family in sdk.scenario.rows}


def check_of_families(sdk: SdkRun, section: str, seen: Any) -> bool:
    """Check a section of those that all families have; whether it is one."""
    kind, _, name = section.partition(": ")
    if kind.startswith("list ") and name:
        family = kind.removeprefix("list ")
        check_question(sdk, sdk.world, family, sdk.scenario.questions[family][name], seen)
    elif kind.startswith("search ") and name:
        check_search(sdk.world, kind.removeprefix("search "), name, seen, 100 if sdk.is_2021 else 25)
    elif kind.startswith("rows of ") and kind.removeprefix("rows of ") in sdk.scenario.rows:
        assert seen == sdk.world.known[kind.removeprefix("rows of ")]
    else:
        return kind.startswith("all of ")
    return True
