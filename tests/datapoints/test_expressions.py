"""Expressions as users write them, and the text that the API gets."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
import sympy
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cdframe.datapoints.expressions import is_sympy, to_expression
from cdframe.local.identifiers import Identifier
from cdframe.local.synthetic.grammar import parse

a, b, c = sympy.symbols("a b c")
SERIES = {"a": "x/1", b: 7, "c": {"external_id": "x/3"}}


def wire(expression: object, variables: object = None, **options: str) -> str:
    return to_expression(expression, variables, **options)[0]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "TS{id:123} + TS{externalId:'abc'}",
        'ts { externalId = "it\'s )(" } * pi ( ) - 1.5e-3',
        "map(ts{id:1}, ['a(b', \"A\", 'it\\'s'], [1, -2, +3.5], on_error(sin(ts{id:1}), .5))",
        "ts{id:1} ^ 2",  # left to the server, like all that may be possible one day
        "1.",
    ],
)
def test_text_of_the_api_is_left_as_it_is(text: str) -> None:
    assert to_expression(text) == (text, text)


def test_variables_are_whole_words_outside_of_quotes_and_references() -> None:
    text = "A+AB * sin(A)/max(B, A_1) + map(ts{externalId:'A'}, ['A', \"B\"], [1, 2], A)"
    variables = {"A": "B", "AB": "A", "B": "x AB", "A_1": 5}
    assert to_expression(text, variables) == (
        "ts{externalId:'B'}+ts{externalId:'A'} * sin(ts{externalId:'B'})/max(ts{externalId:'x AB'}, ts{id:5}) "
        "+ map(ts{externalId:'A'}, ['A', \"B\"], [1, 2], ts{externalId:'B'})",
        text,
    )


def test_names_of_functions_can_be_variables() -> None:
    assert wire("sin(sin) + ts * ts{id:1} + pi()", {"sin": 1, "ts": 2, "pi": 3}) == (
        "sin(ts{id:1}) + ts{id:2} * ts{id:1} + pi()"
    )


def test_names_need_not_be_identifiers() -> None:
    assert wire("21PT1019 + 21PT1019.pv - å", {"21PT1019": 1, "21PT1019.pv": 2, "å": 3}) == (
        "ts{id:1} + ts{id:2} - ts{id:3}"
    )


@pytest.mark.parametrize(
    ("value", "reference"),
    [
        ("x", "externalId:'x'"),
        (5, "id:5"),
        (np.int64(5), "id:5"),
        ({"external_id": "x", "id": 5, "is_step": None}, "externalId:'x'"),
        ({"externalId": "x", "id": 5}, "externalId:'x'"),
        (pl.DataFrame({"id": [5], "external_id": ["x"]}), "externalId:'x'"),
        (pa.table({"id": [5], "external_id": ["x"]}), "externalId:'x'"),
    ],
)
def test_what_a_variable_stands_for(value: object, reference: str) -> None:
    assert wire("A", {"A": value}) == f"ts{{{reference}}}"


def test_aggregates_are_taken_of_variables_only() -> None:
    assert wire("A + ts{id:1}", {"A": "x"}, aggregate="interpolation", granularity="1m") == (
        "ts{externalId:'x',aggregate:'interpolation',granularity:'1m'} + ts{id:1}"
    )
    assert wire("A", {"A": 1}, aggregate="step_interpolation", granularity="2d") == (
        "ts{id:1,aggregate:'stepInterpolation',granularity:'2d'}"
    )


@settings(max_examples=100, deadline=None)
@given(st.text(st.sampled_from("aA'\"\\{}()[], +ts:é\n"), min_size=1, max_size=30), st.data())
def test_any_external_id_arrives(external_id: str, data: st.DataObject) -> None:
    other = data.draw(st.text(min_size=1, max_size=10).filter(lambda s: s.isprintable()))
    text = wire("A + max(a, A)", {"A": external_id, "a": other})
    found = [reference.identifier for reference in parse(text).references]
    assert found == [Identifier("externalId", value) for value in (external_id, other, external_id)]


@pytest.mark.parametrize(
    ("expression", "variables", "said"),
    [
        ("", None, "empty"),
        (" \n", None, "empty"),
        ("(A", {"A": 1}, r"'\(' without '\)'"),
        ("A)", {"A": 1}, r"'\)' without its opening"),
        ("map(A,['a')", {"A": 1}, r"'\)' without its opening"),
        ("ts{id:1", None, r"'{' without '}'"),
        ("ts{externalId:'a}", None, "quote ' that is not closed"),
        ("sine(A)", {"A": 1}, "unknown function 'sine'. Hint: did you mean 'sin'?"),
        ("SQRT(A)", {"A": 1}, "did you mean 'sqrt'?"),
        ("tan(A)", {"A": 1}, "unknown function 'tan'"),
        ("2pi()*A", {"A": 1}, "unknown function '2pi'. Hint: did you mean 'pi'?"),
        ("pi*A", {"A": 1}, r"'pi' without \(\)"),
        ("A+B", None, "name 'A', which is not a variable. Hint: say with `variables`"),
        ("A+Tempp", {"A": 1, "Temp": 2}, "name 'Tempp'.*did you mean 'Temp'?"),
        ("A", {"A": {"id": 5, "external_id": None}}, r"variables\['A'\] is a time series without external id"),
        ("A", {"A": {"id": 5}}, "without external id"),
        ("A", {"A": pl.DataFrame({"external_id": ["x", "y"]})}, "has 2 time series"),
        ("A", {"A": -1}, "not an id"),
        ("A", {"A ": 1}, "'A ', which is not a word"),
        ("A", {"": 1}, "not a word"),
        ("1e5", {"1e5": 1}, "not numbers|are not numbers"),
        (sympy.sin(a), None, "only supported in combination with the `variables` parameter"),
        (sympy.sin(a), {}, "only supported in combination with the `variables` parameter"),
        (sympy.sin(a), {"b": 1}, "symbol 'a' is not among the variables"),
        (sympy.tan(a), {"a": 1}, "Unsupported sympy class tan"),
        (sympy.Max(a, 1), {"a": 1}, "Unsupported sympy class Max"),
        (sympy.I * a, {"a": 1}, "Unsupported sympy class ImaginaryUnit"),
        (sympy.oo, {"a": 1}, "Unsupported sympy class Infinity"),
        (sympy.nan, {"a": 1}, "Unsupported sympy class NaN"),
        (sympy.Eq(a, 1), {"a": 1}, "Unsupported sympy class Equality"),
        (sympy.Float("1e400") * a, {"a": 1}, "too large"),
    ],
)
def test_what_is_wrong_is_said(expression: object, variables: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        wire(expression, variables)


@pytest.mark.parametrize(
    ("expression", "variables"),
    [(1, None), (None, None), (b"A", None), ("A", {"A": True}), ("A", {"A": 1.5}), ("A", {1: "x"}), ("A", ["A"])],
)
def test_wrong_types_are_type_errors(expression: object, variables: object) -> None:
    with pytest.raises(TypeError):
        wire(expression, variables)


@pytest.mark.parametrize("options", [{"aggregate": "average"}, {"granularity": "1h"}])
def test_aggregate_and_granularity_go_together(options: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="must also be provided"):
        wire("A", {"A": 1}, **options)


def test_granularities_are_checked() -> None:
    with pytest.raises(ValueError, match="granularity='1x'"):
        wire("A", {"A": 1}, aggregate="average", granularity="1x")


@pytest.mark.parametrize(
    ("expression", "short"),
    [
        (a + b, "(a+b)"),
        (a * b, "(a*b)"),
        (1 / a, "(1/a)"),
        (a / b, "(a*(1/b))"),
        (a**b, "pow(a,b)"),
        (a**-2, "pow(a,-2)"),
        (sympy.sqrt(a), "sqrt(a)"),
        (sympy.sin(a) + sympy.cos(a), None),
        (sympy.log(a), "ln(a)"),
        (sympy.exp(a), "exp(a)"),
        (sympy.Abs(a), "abs(a)"),
        (sympy.Rational(1, 3), "(1/3)"),
        (sympy.Rational(-1, 3) * a, "((-1/3)*a)"),
        (sympy.Integer(-5), "-5"),
        (a - 1, "(-1+a)"),
        (sympy.Float(1e-20), "1e-20"),
        (sympy.Float(1e20), "1e20"),
        (sympy.pi, "3.14159265358979"),
        (sympy.E, "2.71828182845905"),
        (sympy.sin(a + sympy.Abs(b)) ** 2 / (1 + sympy.exp(-c)), None),
    ],
)
def test_sympy_is_written_out(expression: sympy.Expr, short: str | None) -> None:
    text, name = to_expression(expression, SERIES)
    assert short is None or name == short
    assert to_expression(name, SERIES)[0] == text
    parse(f"{text}+ts{{id:1}}")


numbers = st.one_of(st.integers(-3, 3), st.floats(-100, 100).map(sympy.Float), st.just(sympy.Rational(2, 7)))
trees = st.recursive(
    st.one_of(st.sampled_from([a, b, c, sympy.pi, sympy.E]), numbers.map(sympy.sympify)),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda pair: pair[0] + pair[1]),
        st.tuples(inner, inner).map(lambda pair: pair[0] * pair[1]),
        st.tuples(inner, st.integers(-3, 3)).map(lambda pair: pair[0] ** pair[1]),
        inner.map(lambda x: sympy.sqrt(x**2 + 1)),
        st.sampled_from([sympy.sin, sympy.cos, sympy.Abs]).flatmap(lambda f: inner.map(f)),
    ),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(trees)
def test_written_expressions_mean_the_same(tree: sympy.Expr) -> None:
    assume(not tree.has(sympy.zoo, sympy.nan, sympy.oo))
    assume(all(abs(number) < 1e6 for number in tree.atoms(sympy.Number)))  # or sin() has no digits left
    name = to_expression(tree, SERIES)[1]
    back = sympy.parse_expr(name, {"a": a, "b": b, "c": c, "pow": sympy.Pow, "abs": sympy.Abs, "ln": sympy.log})
    point = {a: 0.37, b: 1.21, c: -0.83}
    expected = complex(tree.subs(point).evalf())
    assert complex(back.subs(point).evalf()) == pytest.approx(expected, rel=1e-8, abs=1e-8)


def test_sympy_is_recognised() -> None:
    assert is_sympy(a)
    assert is_sympy(sympy.Integer(1))
    assert not any(map(is_sympy, ("a", 1, 1.5, None, np.float64(1))))


def test_sympy_is_not_imported_for_text() -> None:
    code = (
        "import sys\nfrom cdframe.datapoints.expressions import is_sympy, to_expression\n"
        "is_sympy('A'), to_expression('A', {'A': 1})\n"
        "assert not {'sympy', 'pandas'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
