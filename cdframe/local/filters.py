"""Filters of list, search and aggregate requests: each key is declared, and becomes a test in SQL."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cdframe.local.conditions import NOTHING, Condition, all_of, any_of
from cdframe.local.database import Connection
from cdframe.local.errors import bad_request
from cdframe.local.fields import Kind, Labels, Metadata, Text, compact
from cdframe.local.properties import value_of_key
from cdframe.local.references import (
    LEAST_INTEGER,
    MOST_INTEGER,
    Relation,
    parse_external_ids,
    parse_ids,
    parse_references,
)
from cdframe.local.validation import as_boolean, as_integer, as_list, as_object, check_size, reject_unknown

# A value of a request, its path, and where its references can be looked up -> the rows that pass
Test = Callable[[Any, str, Connection], Condition]


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
    return lambda value, where, _: relation.referred(column, parse_ids(value, where, most))


def refers_to_external_ids(relation: Relation, column: str, most: int = 100) -> Test:
    """The column refers to what has one of these external ids."""
    return lambda value, where, _: relation.referred(column, parse_external_ids(value, where, most))


def refers_to(relation: Relation, column: str, *, least: int = 1, most: int = 100) -> Test:
    """The column refers to one of these `{"id"}` or `{"externalId"}`; an empty list, where allowed, tests nothing."""

    def test(value: Any, where: str, connection: Connection) -> Condition:
        references = parse_references(value, where, most, least=least)
        return relation.referred(column, references) if value else Condition()

    return test


def is_null(column: str) -> Test:
    """The column is empty, or is not, as the value says."""

    def test(value: Any, where: str, connection: Connection) -> Condition:
        wanted = as_boolean(value, where, False)
        return Condition(f"{column} IS {'' if wanted else 'NOT '}NULL")

    return test


def not_supported(value: Any, where: str, connection: Connection) -> Condition:
    """A key that the API has, and that is refused here."""
    raise bad_request(f"{where} is not supported")


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
