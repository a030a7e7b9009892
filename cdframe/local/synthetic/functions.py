"""What operators and functions do to columns of numbers, and how a row of them fails.

A row fails with one of the faults below. A fault stays with its row through everything that is computed from it,
the fault of the first argument before that of the second; `on_error` is the only way out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]
Faults: TypeAlias = NDArray[np.uint8]

LARGEST = 1e100  # no value, and no result on the way to it, is further from 0


class Fault(IntEnum):
    """Why a row has no value; `NONE` when it has."""

    NONE = 0
    OVERFLOW = 1
    NOT_A_NUMBER = 2
    NOT_A_STRING = 3
    DIVISION = 4
    LOGARITHM = 5
    ROOT = 6
    POWER_OF_NEGATIVE = 7
    POWER_OF_ZERO = 8
    DECIMALS = 9

    @property
    def text(self) -> str | None:
        """The fault as the API words it."""
        return _TEXTS[self]


_TEXTS: Mapping[Fault, str | None] = {
    Fault.NONE: None,
    Fault.OVERFLOW: "Error OVERFLOW: Result is not within -1e100 to 1e100",
    Fault.NOT_A_NUMBER: "Error TYPE_ERROR: A string where a number is needed; map() makes numbers of strings",
    Fault.NOT_A_STRING: "Error TYPE_ERROR: A number where map() needs a string time series",
    Fault.DIVISION: "Error BAD_DOMAIN: Division by zero",
    Fault.LOGARITHM: "Error BAD_DOMAIN: ln() of a number that is not positive",
    Fault.ROOT: "Error BAD_DOMAIN: sqrt() of a negative number",
    Fault.POWER_OF_NEGATIVE: "Error BAD_DOMAIN: pow() of a negative number with an exponent that is not an integer",
    Fault.POWER_OF_ZERO: "Error BAD_DOMAIN: pow() of zero with a negative exponent",
    Fault.DECIMALS: "Error BAD_DOMAIN: round() with decimals that are not an integer within -9 to 9",
}
FAULT_TEXTS = np.array([fault.text for fault in Fault], dtype=object)
"""The texts by number of fault, None first."""


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """A number for each row, NaN where the row has a fault."""

    values: Floats
    faults: Faults

    @classmethod
    def checked(cls, values: Floats, faults: Faults) -> Column:
        """The column with an overflow wherever a row without fault is too large or not a number."""
        overflow = (faults == Fault.NONE) & ~(np.abs(values) <= LARGEST)
        faults = np.where(overflow, Fault.OVERFLOW, faults).astype(np.uint8)
        return cls(np.where(faults == Fault.NONE, values, np.nan), faults)

    @classmethod
    def constant(cls, value: float, rows: int) -> Column:
        """One number in every row."""
        return cls.checked(np.full(rows, value), np.zeros(rows, np.uint8))

    @classmethod
    def failed(cls, fault: Fault, rows: int) -> Column:
        """One fault in every row."""
        return cls(np.full(rows, np.nan), np.full(rows, fault, np.uint8))

    def otherwise(self, other: Column, where: Flags) -> Column:
        """This column, with the rows of another one where flagged."""
        return Column(np.where(where, other.values, self.values), np.where(where, other.faults, self.faults))


@dataclass(frozen=True, slots=True)
class Function:
    """How many arguments a function takes (`most` None: any number), what it computes, and where it cannot.

    `outside` gives, for the same arguments, the rows that are outside the function's domain, each with its fault.
    """

    least: int
    most: int | None
    compute: Callable[..., Floats]
    outside: Callable[..., Sequence[tuple[Flags, Fault]]] = lambda *_: ()

    def __call__(self, arguments: Sequence[Column], rows: int) -> Column:
        """Apply it row by row."""
        values = [argument.values for argument in arguments]
        faults = np.zeros(rows, np.uint8)
        for argument in arguments:
            faults = np.where(faults == Fault.NONE, argument.faults, faults)
        with np.errstate(all="ignore"):  # rows outside the domain are told apart below
            result = np.broadcast_to(self.compute(*values), rows)
            for flags, fault in self.outside(*values):
                faults[(faults == Fault.NONE) & flags] = fault
        return Column.checked(result, faults)


def _mean(*values: Floats) -> Floats:
    # The sum of as many arguments as a text can hold is far from the end of float64, and is not a result on the way.
    total: Floats = np.sum(values, axis=0) / len(values)
    return total


def _round(value: Floats, decimals: Floats) -> Floats:
    """Round half away from zero."""
    scale = np.power(10.0, np.abs(decimals))
    scaled = np.abs(np.where(decimals < 0, value / scale, value * scale))
    whole = np.floor(scaled)
    whole += scaled - whole >= 0.5
    rounded = np.copysign(np.where(decimals < 0, whole * scale, whole / scale), value)
    return np.where((decimals >= 0) & (scaled >= 2.0**52), value, rounded)  # so large that it has no more decimals


def _outside_power(base: Floats, exponent: Floats) -> Sequence[tuple[Flags, Fault]]:
    return (
        ((base < 0) & (exponent != np.floor(exponent)), Fault.POWER_OF_NEGATIVE),
        ((base == 0) & (exponent < 0), Fault.POWER_OF_ZERO),
    )


def _outside_round(_: Floats, decimals: Floats) -> Sequence[tuple[Flags, Fault]]:
    return (((np.abs(decimals) >= 10) | (decimals != np.floor(decimals)), Fault.DECIMALS),)


OPERATORS: Mapping[str, Function] = {
    "+": Function(2, 2, np.add),
    "-": Function(2, 2, np.subtract),
    "*": Function(2, 2, np.multiply),
    "/": Function(2, 2, np.divide, lambda _, divisor: ((divisor == 0, Fault.DIVISION),)),
    "negate": Function(1, 1, np.negative),
}

FUNCTIONS: Mapping[str, Function] = {
    "sin": Function(1, 1, np.sin),
    "cos": Function(1, 1, np.cos),
    "exp": Function(1, 1, np.exp),
    "abs": Function(1, 1, np.abs),
    "ln": Function(1, 1, np.log, lambda x: ((x <= 0, Fault.LOGARITHM),)),
    "sqrt": Function(1, 1, np.sqrt, lambda x: ((x < 0, Fault.ROOT),)),
    "pow": Function(2, 2, np.power, _outside_power),
    "round": Function(2, 2, _round, _outside_round),
    "max": Function(1, None, lambda *values: np.max(values, axis=0)),
    "min": Function(1, None, lambda *values: np.min(values, axis=0)),
    "avg": Function(1, None, _mean),
    "pi": Function(0, 0, lambda: np.array(math.pi)),
}
