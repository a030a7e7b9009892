"""Filters of list, search and aggregate requests: each key is declared, and becomes a test in SQL."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cdframe.local.conditions import NOTHING, Condition, all_of, any_of, one_of
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
from cdframe.local.validation import as_boolean, as_integer, as_list, as_object, check_size, reject_unknown, shown

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


def equals_any(column: str, kind: Kind, *, most: int) -> Test:
    """The column has one of these values."""

    def test(value: Any, where: str, connection: Connection) -> Condition:
        values = as_list(value, where)
        check_size(values, where, 1, most)
        return one_of(column, [kind.check(one, f"{where}[{i}]") for i, one in enumerate(values)])

    return test


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


def whole_number(value: Any, where: str) -> int:
    """A limit of integers; a fraction is cut off."""
    if isinstance(value, float) and math.isfinite(value):
        value = math.trunc(value)
    return min(max(as_integer(value, where), LEAST_INTEGER), MOST_INTEGER)


def between(column: str, limit: Callable[[Any, str], float] = whole_number) -> Test:
    """The number is within `min` and `max`, both included, each optional."""

    def test(value: Any, where: str, connection: Connection) -> Condition:
        least, most = _limits(value, where, limit)
        above = Condition() if least is None else Condition(f"{column} >= ?", [least])
        return above if most is None else above & Condition(f"{column} <= ?", [most])

    return test


def between_or_unset(column: str) -> Test:
    """The number is within `min` and `max`; or it is unset, or is not, as `isNull` says."""
    within, unset = between(column), is_null(column)

    def test(value: Any, where: str, connection: Connection) -> Condition:
        given = {name: part for name, part in as_object(value, where).items() if part is not None}
        if "isNull" not in given:
            return within(given, where, connection)
        if len(given) > 1:
            raise bad_request(f"{where} must have either isNull, or min and max, but was {shown(value)}")
        return unset(given["isNull"], f"{where}.isNull", connection)

    return test


def active_at(start: str, end: str) -> Test:
    """The time from `start` to `end` has a moment in common with that from `min` to `max`, all ends included.

    Without `min` or `max` the latter has no beginning or end. A row whose start or end is null is never active.
    """

    def test(value: Any, where: str, connection: Connection) -> Condition:
        least, most = _limits(value, where, whole_number)
        limits = [MOST_INTEGER if most is None else most, LEAST_INTEGER if least is None else least]
        return Condition(f"({start} <= ? AND {end} >= ?)", limits)

    return test


def since_ever(column: str) -> str:
    """A time that is before all others when it is unset."""
    return f"coalesce({column}, {LEAST_INTEGER})"


def for_ever(column: str) -> str:
    """A time that is after all others when it is unset."""
    return f"coalesce({column}, {MOST_INTEGER})"


def refers_to_ids(relation: Relation, column: str, most: int = 100) -> Test:
    """The column refers to one of these ids."""
    return lambda value, where, _: relation.referred(column, parse_ids(value, where, most))


def refers_to_external_ids(relation: Relation, column: str, most: int = 100) -> Test:
    """The column refers to what has one of these external ids."""
    return lambda value, where, _: relation.referred(column, parse_external_ids(value, where, most))


def refers_to(relation: Relation, column: str, *, least: int = 1, most: int = 100, bare_ids: bool = False) -> Test:
    """The column refers to one of these `{"id"}` or `{"externalId"}`; an empty list, where allowed, tests nothing."""

    def test(value: Any, where: str, connection: Connection) -> Condition:
        references = parse_references(value, where, most, least=least, bare_ids=bare_ids)
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


def _limits(value: Any, where: str, limit: Callable[[Any, str], float]) -> tuple[float | None, float | None]:
    """`min` and `max` where they are given."""
    given = as_object(value, where)
    reject_unknown(given, ("min", "max"), where, empty_passes=False)
    least, most = (
        None if given.get(name) is None else limit(given[name], f"{where}.{name}") for name in ("min", "max")
    )
    return least, most
