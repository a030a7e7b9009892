"""What lists, searches and aggregates find, by the definitions: the oracle of the scenario's questions.

It works on the scenario's own rows, and takes from the server only what no one else knows: ids, times and the order
in which rows came.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tests.conformance.scenario_of_files import boxes_of
from tests.conformance.words import IDENTIFIERS, IDS_OF, SET_BY_SERVER, Known, Row, as_list, camel_case

ARGUMENTS_OF_ASSETS = ("parent_ids", "parent_external_ids")
INFINITY = float("inf")


@dataclass(frozen=True)
class Scenario:
    """The rows of families, and the questions and searches that are asked about them, by their names."""

    rows: dict[str, list[Row]]
    questions: dict[str, dict[str, Row]]
    searches: dict[str, dict[str, Row]]


@dataclass
class World:
    """A scenario, and what the server has added to its rows."""

    scenario: Scenario
    known: Known

    @property
    def rows(self) -> dict[str, list[Row]]:
        return self.scenario.rows

    def names(self, family: str, filters: Row) -> list[str]:
        """The external ids of the rows that match, in the order of lists."""
        found = [row["external_id"] for row in self.rows[family] if self.matches(family, row, filters)]
        return sorted(found, key=lambda name: self.place(family, name))

    def place(self, family: str, name: str) -> tuple[Any, ...]:
        """What lists without a sort are in the order of; the position of a row in its request breaks ties."""
        row = self.known[family][name]
        if family == "events":
            return row.get("startTime") is None, row.get("startTime", 0), row["id"]
        if "id" in row:
            return (row["id"],)
        return row["createdTime"], [one["external_id"] for one in self.rows[family]].index(name)

    def time(self, family: str, name: str, of: Any) -> int:
        """A time of a range: that of the named row, or itself."""
        return self.known[family][of][camel_case(name)] if isinstance(of, str) else of

    def path(self, asset: str) -> list[str]:
        """The assets from the root to this one."""
        parents = {row["external_id"]: row.get("parent_external_id") for row in self.rows["assets"]}
        path = [asset]
        while (parent := parents[path[0]]) is not None:
            path.insert(0, parent)
        return path

    def children(self, asset: str) -> list[str]:
        return [row["external_id"] for row in self.rows["assets"] if row.get("parent_external_id") == asset]

    def matches(self, family: str, row: Row, filters: Row) -> bool:
        united: dict[str, list[Any]] = {}
        for name, value in filters.items():
            if name in IDENTIFIERS or name in IDS_OF or name in ("parent_external_ids", "asset_external_ids"):
                relation = name.removesuffix("_external_ids").removesuffix("_ids")
                united.setdefault(relation, []).extend(as_list(value))
            elif not self.passes(family, row, name, value):
                return False
        return all(self.relates(family, row, relation, names) for relation, names in united.items())

    def passes(self, family: str, row: Row, name: str, value: Any) -> bool:
        """Whether a row passes one filter that is not about its relation to other rows."""
        if name in ("external_id_prefix", "directory_prefix"):
            return str(row.get(name.removesuffix("_prefix"), "")).startswith(value)
        if name == "geo_location":
            return name in row and lies(row[name]["geometry"], value["relation"], value["shape"])
        if name == "root":
            return ("parent_external_id" not in row) == value
        if name == "write_protected":
            return row.get(name, False) == value
        if name == "metadata":
            return value.items() <= row.get("metadata", {}).items()
        if name == "labels":
            labels = set(row.get("labels", ()))
            any_of, all_of = value.get("contains_any"), value.get("contains_all", ())
            return (any_of is None or bool(labels & set(any_of))) and labels.issuperset(all_of)
        if name == "active_at_time":
            return active(row, value, ever=family == "relationships")
        if name in ("source_types", "target_types"):
            return row[name[:-1]].casefold() in [one.casefold() for one in value]
        if name in ("source_external_ids", "target_external_ids"):
            return row[name[:-1]] in value
        if isinstance(value, dict):
            if "is_null" in value:
                return (name not in row) == value["is_null"]
            if name in SET_BY_SERVER:
                limits = {end: self.time(family, name, of) for end, of in value.items()}
                time = self.known[family][row["external_id"]].get(camel_case(name))
                return time is not None and within(time, limits)
            return name in row and within(row[name], value)
        return row.get(name) == value

    def relates(self, family: str, row: Row, relation: str, names: list[Any]) -> bool:
        """Whether a row has a relation to any of the rows of these names; integers are ids of no row."""
        wanted = {name for name in names if isinstance(name, str)}
        if relation == "data_set":
            return row.get("data_set_id") in wanted
        if relation == "parent":
            return row.get("parent_external_id") in wanted
        assets = [row["external_id"]] if family == "assets" else row.get("asset_ids", as_list(row.get("asset_id", [])))
        if relation == "asset":
            return not wanted.isdisjoint(assets)
        if relation in ("root", "root_asset"):
            return any(self.path(asset)[0] in wanted for asset in assets)
        assert relation in ("asset_subtree",)
        return any(not wanted.isdisjoint(self.path(asset)) for asset in assets)

    def counts(self, family: str, field: str, filters: Row) -> list[tuple[Any, int]]:
        """The values of a field and how often they are there, the most frequent first.

        Texts in any case are equal, but not labels, which are external ids.
        """
        name, _, key = field.partition(".")
        values: list[Any] = []
        for row in self.rows[family]:
            value = row.get(name, {}).get(key) if key else row.get(name)
            if value is None or not self.matches(family, row, filters):
                continue
            for one in as_list(value):
                if name == "data_set_id":
                    values.append(self.known["data_sets"][one]["id"])
                else:
                    values.append(one if name == "labels" else one.casefold())
        return sorted(Counter(values).items(), key=lambda item: (-item[1], item[0]))

    def sorted_names(self, family: str, filters: Row, sort: list[tuple[str, str]]) -> list[str]:
        """The matching rows in an order of their own: unset values last, or first in descending order, then by id."""
        found = sorted(self.names(family, filters), key=lambda name: self.known[family][name]["id"])
        for field, direction in reversed(sort):
            name, _, key = field.partition(".")

            def value(external_id: str, name: str = name, key: str = key) -> tuple[bool, Any]:
                value = self.known[family][external_id].get(camel_case(name))
                if key and value is not None:
                    value = value.get(key)
                return value is None, 0 if value is None else value

            found.sort(key=value, reverse=direction == "desc")
        return found


def within(value: float, limits: Row) -> bool:
    return limits.get("min", -INFINITY) <= value <= limits.get("max", INFINITY)


def lies(geometry: Row, relation: str, shape: Row) -> bool:
    """Whether a geometry has the relation to a shape; both are made of boxes, of which boundaries are part."""
    ours, theirs = boxes_of(geometry), boxes_of(shape)
    meeting = [[a[0] <= b[2] and b[0] <= a[2] and a[1] <= b[3] and b[1] <= a[3] for b in theirs] for a in ours]
    inside = [[b[0] <= a[0] and b[1] <= a[1] and a[2] <= b[2] and a[3] <= b[3] for b in theirs] for a in ours]
    return {
        "INTERSECTS": any(any(row) for row in meeting),
        "DISJOINT": not any(any(row) for row in meeting),
        "WITHIN": all(any(row) for row in inside),
    }[relation.upper()]


def active(row: Row, limits: Row, ever: bool) -> bool:
    """Whether a row is active at a time of the range; one without start is so since ever, or never."""
    start = row.get("start_time", -INFINITY if ever else None)
    if start is None:
        return False
    return start <= limits.get("max", INFINITY) and row.get("end_time", INFINITY) >= limits.get("min", -INFINITY)


def searched(row: Row, search: Row) -> bool:
    """Whether a search finds a row: a word of each text given in a field, or of a query in name or description."""
    for field, text in search.items():
        fields = ("name", "description") if field == "query" else (field,)
        there = [word for name in fields for word in words(row.get(name, ""))]
        if not any(similar(wanted, word) for wanted in words(text) for word in there):
            return False
    return True


def words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", text).casefold())


def similar(wanted: str, word: str) -> bool:
    if word.startswith(wanted) or (len(wanted) >= 3 and wanted in word):
        return True
    allowed = 0 if len(wanted) < 4 else 1 if len(wanted) < 8 else 2
    return allowed > 0 and distance(wanted, word) <= allowed


def distance(a: str, b: str) -> int:
    """The least number of letters to put in, take out or change."""
    row: Iterable[int] = range(len(b) + 1)
    for i, letter in enumerate(a, 1):
        before = list(row)
        row = [i]
        for j, other in enumerate(b, 1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (letter != other)))
    return list(row)[-1]
