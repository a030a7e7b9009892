"""Filters of list, search and aggregate requests: each key is declared, and becomes a test in SQL."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cdframe.local.conditions import NOTHING, Condition, all_of, any_of
from cdframe.local.database import Connection
from cdframe.local.errors import bad_request
from cdframe.local.fields import EXTERNAL_ID, Integer, Kind, Labels, Metadata, Text, compact
from cdframe.local.properties import value_of_key
from cdframe.local.references import Relation
from cdframe.local.validation import as_integer, as_list, as_object, check_size, reject_unknown, shown

# A value of a request, its path, and where its references can be looked up -> the rows that pass
Test = Callable[[Any, str, Connection], Condition]

LEAST_INTEGER, MOST_INTEGER = -(2**63), 2**63 - 1


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a filter. Keys with the same `union` are alternatives to each other, all else must hold together."""

    test: Test
    union: str | None = None


def compile_filter(keys: Mapping[str, Key], value: Any, connection: Connection, where: str = "filter") -> Condition:
    """The rows that pass a filter; null and {} let all pass."""
    given = as_object(value if value is not None else {}, where)
    reject_unknown(given, keys, where, empty_passes=False)
    groups: dict[str, list[Condition]] = {}
    for name, wanted in given.items():
        if wanted is not None:
            test = keys[name].test(wanted, f"{where}.{name}", connection)
            groups.setdefault(keys[name].union or name, []).append(test)
    condition = Condition()
    for alternatives in groups.values():
        condition &= any_of(alternatives) if len(alternatives) > 1 else alternatives[0]
    return condition


def equal(column: str, kind: Kind) -> Test:
    """The column has exactly this value."""
    return lambda value, where, _: Condition(f"{column} = ?", [kind.check(value, where)])


def prefixed(column: str, most: int = 255) -> Test:
    """The text begins with this one."""
    kind = Text(most)
    return lambda value, where, _: Condition(f"starts_with({column}, ?)", [kind.check(value, where)])


def has_pairs(column: str) -> Test:
    """The map has all these pairs."""

    def test(value: Any, where: str, connection: Connection) -> Condition:
        condition = Condition()
        for key, text in Metadata().check(value, where).items():
            pair = Metadata.pair(key, text)
            if "\\u00" not in pair:
                condition &= Condition(f"contains({column}, ?)", [pair])
            else:  # control characters: DuckDB, which moved older metadata here, writes them in another way
                stored = value_of_key(column, key)
                condition &= Condition(f"{stored.sql} = ?", [*stored.parameters, text])
        return condition

    return test


def between(column: str) -> Test:
    """The number is within `min` and `max`, both included, each optional; fractions are cut off."""

    def test(value: Any, where: str, connection: Connection) -> Condition:
        limits = as_object(value, where)
        reject_unknown(limits, ("min", "max"), where, empty_passes=False)
        condition = Condition()
        for name, comparison in (("min", ">="), ("max", "<=")):
            if limits.get(name) is not None:
                limit = limits[name]
                if isinstance(limit, float) and math.isfinite(limit):
                    limit = math.trunc(limit)
                limit = min(max(as_integer(limit, f"{where}.{name}"), LEAST_INTEGER), MOST_INTEGER)
                condition &= Condition(f"{column} {comparison} ?", [limit])
        return condition

    return test


def refers_to_ids(relation: Relation, column: str, most: int = 100) -> Test:
    """The column refers to one of these ids."""

    def test(value: Any, where: str, connection: Connection) -> Condition:
        ids = _ids(value, where, most)
        return relation.referred(column, ids, [])

    return test


def refers_to_external_ids(relation: Relation, column: str, most: int = 100) -> Test:
    """The column refers to what has one of these external ids."""

    def test(value: Any, where: str, connection: Connection) -> Condition:
        values = as_list(value, where)
        check_size(values, where, 1, most)
        texts = [Text(255).check(text, f"{where}[{i}]") for i, text in enumerate(values)]
        return relation.referred(column, [], texts)

    return test


def refers_to(relation: Relation, column: str, *, least: int = 1, most: int = 100) -> Test:
    """The column refers to one of these `{"id"}` or `{"externalId"}`; an empty list, where allowed, tests nothing."""

    def test(value: Any, where: str, connection: Connection) -> Condition:
        references = _references(value, where, least, most)
        ids = [reference["id"] for reference in references if "id" in reference]
        external_ids = [reference["externalId"] for reference in references if "externalId" in reference]
        return relation.referred(column, ids, external_ids) if references else Condition()

    return test


def nothing_of(parse: Callable[[Any, str], Any]) -> Test:
    """A test that no row passes: what it asks about cannot exist here. Its value is checked all the same."""

    def test(value: Any, where: str, connection: Connection) -> Condition:
        parse(value, where)
        return NOTHING

    return test


def has_labels(column: str) -> Test:
    """The row has any, or all, of some labels."""

    def test(value: Any, where: str, connection: Connection) -> Condition:
        wanted = as_object(value, where)
        reject_unknown(wanted, ("containsAny", "containsAll"), where, empty_passes=False)
        condition = Condition()
        for name, labels in wanted.items():
            if labels is None:
                continue
            check_size(as_list(labels, f"{where}.{name}"), f"{where}.{name}", 1, Labels.most)
            tests = [
                Condition(f"contains({column}, ?)", [compact(label)])
                for label in Labels().check(labels, f"{where}.{name}")
            ]
            condition &= any_of(tests) if name == "containsAny" else all_of(tests)
        return condition

    return test


def id_list(value: Any, where: str) -> list[int]:
    """1 to 100 ids."""
    return _ids(value, where, 100)


def reference_list(value: Any, where: str) -> list[dict[str, Any]]:
    """1 to 100 references."""
    return _references(value, where, 1, 100)


def _ids(value: Any, where: str, most: int) -> list[int]:
    values = as_list(value, where)
    check_size(values, where, 1, most)
    any_id = Integer(LEAST_INTEGER, MOST_INTEGER)  # one that cannot exist matches nothing, as any unknown one
    return [any_id.check(number, f"{where}[{i}]") for i, number in enumerate(values)]


def _references(value: Any, where: str, least: int, most: int) -> list[dict[str, Any]]:
    values = as_list(value, where)
    check_size(values, where, least, most)
    references = []
    for i, item in enumerate(values):
        path = f"{where}[{i}]"
        given = {key: part for key, part in as_object(item, path).items() if part is not None}
        reject_unknown(given, ("id", "externalId"), path)
        if len(given) != 1:
            raise bad_request(f"{path} must have exactly one of id, externalId, but was {shown(item)}")
        if "id" in given:
            references.append({"id": Integer(LEAST_INTEGER, MOST_INTEGER).check(given["id"], f"{path}.id")})
        else:
            external_id = EXTERNAL_ID.kind.check(given["externalId"], f"{path}.externalId")
            references.append({"externalId": external_id})
    return references
