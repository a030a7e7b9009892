"""What a synthetic expression is, once parsed: an immutable tree.

A chain such as ``a - b + c`` is one node, so that a tree is no deeper than its text is nested.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from cdframe.local.identifiers import Identifier

AggregateName: TypeAlias = Literal["average", "interpolation", "stepInterpolation"]


@dataclass(frozen=True, slots=True)
class Number:
    """A literal."""

    value: float


@dataclass(frozen=True, slots=True)
class Aggregate:
    """An aggregate on the grid ``alignment + k * granularity``."""

    name: AggregateName
    granularity: str  # in its short form, such as 10m
    alignment: int = 0  # ms


@dataclass(frozen=True, slots=True)
class Reference:
    """A time series as it is, or an aggregate of it."""

    identifier: Identifier
    aggregate: Aggregate | None = None
    target_unit: str | None = None
    target_unit_system: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A function, or the unary minus ``negate``, of its arguments."""

    function: str
    arguments: Sequence[Node]


@dataclass(frozen=True, slots=True)
class Chain:
    """Operators of one precedence, from left to right."""

    first: Node
    rest: Sequence[tuple[str, Node]]


@dataclass(frozen=True, slots=True)
class OnError:
    """The value, or the default where the value is an error."""

    value: Node
    default: Node


@dataclass(frozen=True, slots=True)
class Map:
    """The number that a string stands for, or the default where it stands for none."""

    value: Node
    strings: Sequence[str]
    numbers: Sequence[float]
    default: Node


Node: TypeAlias = Number | Reference | Call | Chain | OnError | Map


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression; `references` has every series reference in the order of the text, repeats included."""

    root: Node
    references: Sequence[Reference]
