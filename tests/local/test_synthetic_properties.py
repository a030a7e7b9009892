"""Synthetic expressions against a plain evaluator: one timestamp at a time, by the definition, over nested tuples.

Drawn series have few distinct time steps and values that floats hold exactly, so that both sides decide alike whether a
divisor is zero. Functions whose last digit depends on the library of the machine stand outermost only.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.local.synthetic_series import Series, as_dict, evaluated

NAMES = ("A", "B", "C", "S")  # two linear ones, a step one, a string one


class RowError(Exception):
    """The row is an error of this kind."""


class Undecided(Exception):
    """Too near a border for two computations to agree."""


@st.composite
def series(draw: st.DrawFn, values: st.SearchStrategy[Any], **kind: bool) -> Series:
    steps = draw(st.lists(st.sampled_from([1, 2, 4, 8, 64]), max_size=12))
    times = np.cumsum([draw(st.integers(-20, 60)), *steps]).tolist()[: len(steps)]
    return Series([(t, draw(values)) for t in times], **kind)


numbers = st.integers(-6, 6).map(float)
all_series = st.fixed_dictionaries(
    {
        "A": series(numbers),
        "B": series(numbers),
        "C": series(numbers, is_step=True),
        "S": series(st.sampled_from(["on", "off", "it's"]), is_step=True, is_string=True),
    }
)
literals = st.sampled_from([0.0, 1.0, 2.0, 0.5, 12.25, 1e60]).map(lambda v: ("number", v))
names = st.sampled_from(NAMES).map(lambda name: ("series", name))


def larger(node: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.tuples(st.sampled_from("+-*/"), node, node),
        st.tuples(st.just("negate"), node),
        st.tuples(st.just("abs"), node),
        st.tuples(st.sampled_from(["max", "min", "avg"]), st.lists(node, min_size=1, max_size=3)),
        st.tuples(st.just("round"), node, st.integers(-9, 9)),
        st.tuples(st.just("on_error"), node, node),
        st.tuples(st.just("map"), names, st.dictionaries(st.sampled_from(["on", "it's"]), numbers), node),
    )


exact = st.recursive(st.one_of(names, names, literals), larger, max_leaves=10)
trees = st.one_of(
    exact,
    st.tuples(st.sampled_from(["sin", "cos", "exp", "ln", "sqrt"]), exact),
    st.tuples(st.just("pow"), exact, exact),
    st.tuples(st.just("on_error"), st.tuples(st.sampled_from(["ln", "sqrt"]), exact), exact),
)


def text(tree: Any) -> str:
    match tree:
        case ("number", value):
            return repr(value).replace("+", "")
        case ("series", name):
            return f"ts{{externalId:'{name}'}}"
        case (("+" | "-" | "*" | "/") as operator, left, right):
            return f"({text(left)} {operator} {text(right)})"
        case ("negate", inner):
            return f"(-{text(inner)})"
        case (("max" | "min" | "avg") as name, arguments):
            return f"{name}({', '.join(map(text, arguments))})"
        case ("round", value, decimals):
            return f"round({text(value)},{decimals})"
        case ("map", value, table, default):
            strings = ", ".join(f'"{string}"' for string in table)
            values = ", ".join(f"{value:+g}" for value in table.values())
            return f"map({text(value)}, [{strings}], [{values}], {text(default)})"
        case (name, *arguments):
            return f"{name}({','.join(map(text, arguments))})"
    raise AssertionError(tree)


def used(tree: Any) -> set[str]:
    if isinstance(tree, tuple) and tree[0] == "series":
        return {tree[1]}
    parts = tree if isinstance(tree, tuple | list) else ()
    return set().union(*map(used, parts))


def value_at(one: Series, t: int) -> Any:
    """The value of a series at a timestamp; LookupError where it is not defined."""
    for point, value in one.points:
        if point == t:
            return value
    earlier = [p for p in one.points if p[0] < t]
    later = [p for p in one.points if p[0] > t]
    if not earlier or (not later and not one.is_step):
        raise LookupError
    if one.is_step:
        return earlier[-1][1]
    (t0, v0), (t1, v1) = earlier[-1], later[0]
    return v0 + (v1 - v0) * ((t - t0) / (t1 - t0))


def compute(tree: Any, at: dict[str, Any]) -> float:
    result = computed(tree, at)
    if not abs(result) <= 1e100:
        raise RowError("OVERFLOW")
    return result


def computed(tree: Any, at: dict[str, Any]) -> float:
    match tree:
        case ("number", value):
            return value
        case ("series", name):
            if isinstance(at[name], str):
                raise RowError("TYPE_ERROR")
            return at[name]
        case ("map", ("series", name), table, default):
            if not isinstance(at[name], str):
                raise RowError("TYPE_ERROR")
            return table[at[name]] if at[name] in table else compute(default, at)
        case ("on_error", value, default):
            try:
                return compute(value, at)
            except RowError:
                return compute(default, at)
        case (("max" | "min" | "avg") as name, arguments):
            values = [compute(argument, at) for argument in arguments]
            return {"max": max, "min": min, "avg": lambda vs: sum(vs) / len(vs)}[name](values)
        case ("round", value, decimals):
            return rounded(compute(value, at), decimals)
        case (name, *arguments):
            return apply(name, *[compute(argument, at) for argument in arguments])
    raise AssertionError(tree)


def rounded(value: float, decimals: int) -> float:
    unit = Fraction(10) ** -decimals
    shifted = abs(Fraction(value)) / unit
    distance = abs(shifted % 1 - Fraction(1, 2))
    if 0 < distance < Fraction(1, 10**6) or (distance == 0 and value * 1024 % 1):
        raise Undecided  # a tie only after, or only before, the product is rounded to a float
    return math.copysign(float(math.floor(shifted + Fraction(1, 2)) * unit), value)


def apply(name: str, x: float, y: float = 0.0) -> float:
    if (name == "/" and y == 0) or (name == "ln" and x <= 0) or (name == "sqrt" and x < 0):
        raise RowError("BAD_DOMAIN")
    if name == "pow" and ((x < 0 and y != int(y)) or (x == 0 and y < 0)):
        raise RowError("BAD_DOMAIN")
    if name in ("sin", "cos") and abs(x) > 1e6:
        raise Undecided  # of such an argument, too few digits are behind the point
    functions: dict[str, Any] = {
        "+": lambda: x + y,
        "-": lambda: x - y,
        "*": lambda: x * y,
        "/": lambda: x / y,
        "negate": lambda: -x,
        "abs": lambda: abs(x),
        "pow": lambda: math.pow(x, y),
        **{function: lambda f=function: getattr(math, f)(x) for function in ("sin", "cos", "exp", "sqrt")},
        "ln": lambda: math.log(x),
    }
    try:
        return functions[name]()
    except OverflowError:
        return math.inf


def expected_rows(tree: Any, data: dict[str, Series], start: int, end: int) -> dict[int, Any]:
    inputs = used(tree)
    timestamps = sorted({t for name in inputs for t, _ in data[name].points if start <= t < end})
    found: dict[int, Any] = {}
    for t in timestamps:
        try:
            found[t] = compute(tree, {name: value_at(data[name], t) for name in inputs})
        except LookupError:
            continue
        except RowError as error:
            found[t] = str(error)
        except Undecided:
            found[t] = Undecided
    return found


def assert_same(found: dict[int, Any], expected: dict[int, Any]) -> None:
    assert list(found) == list(expected)
    for t, value in expected.items():
        if isinstance(value, str):
            assert str(found[t]).startswith(f"Error {value}: "), (t, found[t])
        elif value is not Undecided:
            assert found[t] == pytest.approx(value, rel=1e-9, abs=1e-12), t


bounds = st.integers(-30, 260)


@settings(max_examples=300, deadline=None)
@given(trees, all_series, bounds, bounds)
def test_rows_are_those_of_the_definition(tree: Any, data: dict[str, Series], start: int, end: int) -> None:
    assume(used(tree))
    assert_same(as_dict(evaluated(text(tree), data, start, end)), expected_rows(tree, data, start, end))


@settings(max_examples=150, deadline=None)
@given(trees, all_series, bounds, st.integers(1, 5))
def test_pages_put_together_are_the_whole(tree: Any, data: dict[str, Series], start: int, size: int) -> None:
    assume(used(tree))
    end = 300
    whole = as_dict(evaluated(text(tree), data, start, end))
    pages: dict[int, Any] = {}
    while True:
        page = as_dict(evaluated(text(tree), data, start, end, size))
        assert all(t >= start for t in page)
        pages |= page
        if len(page) < size:
            break
        assert len(page) == size
        start = max(page) + 1
    assert list(pages.items()) == list(whole.items())
