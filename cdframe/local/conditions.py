"""Tests of rows in SQL, with their parameters, put together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_
from typing import Any


@dataclass(frozen=True, slots=True)
class Condition:
    """A test of rows in SQL, with its parameters; the text can stand beside AND as it is."""

    sql: str = "TRUE"
    parameters: Sequence[Any] = ()

    def __and__(self, other: Condition) -> Condition:
        if self.sql == "TRUE":
            return other
        if other.sql == "TRUE":
            return self
        return Condition(f"({self.sql} AND {other.sql})", [*self.parameters, *other.parameters])


NOTHING = Condition("FALSE")


def any_of(conditions: Iterable[Condition]) -> Condition:
    """The rows that at least one condition holds for."""
    given = list(conditions)
    return Condition(
        f"({' OR '.join(f'({condition.sql})' for condition in given) or 'FALSE'})",
        [parameter for condition in given for parameter in condition.parameters],
    )


def all_of(conditions: Iterable[Condition]) -> Condition:
    """The rows that all conditions hold for."""
    return reduce(and_, conditions, Condition())


MOST_LOOKED_UP = 2048  # DuckDB finds no more rows than that through an index


def one_of(expression: str, values: Sequence[Any]) -> Condition:
    """The rows whose value is one of these, which are texts or integers.

    Few are spelt out one by one, because only so DuckDB looks them up in an index.
    """
    if not values:
        return NOTHING
    if len(values) <= MOST_LOOKED_UP:
        return Condition(f"{expression} IN ({', '.join('?' * len(values))})", values)
    kind = "VARCHAR" if isinstance(values[0], str) else "BIGINT"
    return Condition(f"{expression} IN (SELECT unnest(?::{kind}[]))", [values])
