"""What is an expression, what is none, and what the answer says about it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdframe.local.errors import ApiError
from cdframe.local.identifiers import Identifier
from cdframe.local.synthetic.grammar import parse
from cdframe.local.synthetic.tree import Aggregate, Call, Chain, Expression, Map, Number, OnError, Reference

A = Reference(Identifier("externalId", "a"))
ID_1 = Reference(Identifier("id", 1))


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("ts{id:1}", ID_1),
        ("TS{id=1}", ID_1),
        ("Ts \n{ id : 1 }", ID_1),
        ("ts{externalId:'a'}", A),
        ('ts{externalId="a"}', A),
        (r"ts{externalId:'it\'s a \\ \"b\" \n'}", Reference(Identifier("externalId", 'it\'s a \\ "b" \n'))),
        ('ts{externalId:"it\'s + 1}"}', Reference(Identifier("externalId", "it's + 1}"))),
        ("ts{space:'s', externalId:'a'}", Reference(Identifier("instanceId", ("s", "a")))),
        ("ts{id:1,aggregate:'AVERAGE',granularity:'1h'}", Reference(ID_1.identifier, Aggregate("average", "1h"))),
        (
            "ts{granularity='10m', alignment=-5, aggregate='stepinterpolation', id=1, targetUnit='temperature:deg_c'}",
            Reference(ID_1.identifier, Aggregate("stepInterpolation", "10m", -5), "temperature:deg_c"),
        ),
        (
            "ts{id:1,aggregate:'interpolation',granularity:'day'}",
            Reference(ID_1.identifier, Aggregate("interpolation", "1d")),
        ),
        ("ts{id:1,targetUnitSystem:'SI'}", Reference(ID_1.identifier, target_unit_system="SI")),
    ],
)
def test_references(text: str, reference: Reference) -> None:
    assert parse(text) == Expression(reference, (reference,))


@pytest.mark.parametrize(
    ("text", "root"),
    [
        ("1+2*ts{id:1}", Chain(Number(1), (("+", Chain(Number(2), (("*", ID_1),))),))),
        ("(1+2)*ts{id:1}", Chain(Chain(Number(1), (("+", Number(2)),)), (("*", ID_1),))),
        ("1-2-ts{id:1}", Chain(Number(1), (("-", Number(2)), ("-", ID_1)))),
        ("1/2*ts{id:1}", Chain(Number(1), (("/", Number(2)), ("*", ID_1)))),
        ("ts{id:1}+-1*2", Chain(ID_1, (("+", Chain(Call("negate", (Number(1),)), (("*", Number(2)),))),))),
        ("-ts{id:1}", Call("negate", (ID_1,))),
        ("+ts{id:1}", ID_1),
        ("max(ts{id:1})", Call("max", (ID_1,))),
        ("max(1,.5,1.0E5,1e-3,ts{id:1})", Call("max", (Number(1), Number(0.5), Number(1e5), Number(1e-3), ID_1))),
        ("ts{id:1} * pi ( )", Chain(ID_1, (("*", Call("pi", ())),))),
        ("round(ts{id:1}, -2)", Call("round", (ID_1, Call("negate", (Number(2),))))),
        ("on_error(ts{id:1}, 3)", OnError(ID_1, Number(3))),
        (
            "map(ts{id:1}, ['OPEN', \"it's\"], [+1, -2.5], 0)",
            Map(ID_1, ("OPEN", "it's"), (1, -2.5), Number(0)),
        ),
        ("map(ts{id:1}, [], [], 0)", Map(ID_1, (), (), Number(0))),
    ],
)
def test_trees(text: str, root: object) -> None:
    assert parse(text).root == root


def test_references_are_in_order_with_repeats() -> None:
    assert parse("ts{id:1} + ts{externalId:'a'} * ts{id:1}").references == (ID_1, A, ID_1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "expected a number, a function, a time series or (, but found the end"),
        ("1 +", "found the end, at character 4"),
        ("1 + 2", "no time series"),
        ("ts{id:1} ts{id:2}", "expected an operator, but found 'ts', at character 10"),
        ("ts{id:1} 2", "expected an operator, but found '2'"),
        ("ts{id:1} + * 2", "found '*'"),
        ("--ts{id:1}", "found '-'"),
        ("(ts{id:1}", "expected an operator or ), but found the end"),
        ("ts{id:1})", "expected an operator, but found ')'"),
        ("max(ts{id:1}", "expected , or ), but found the end"),
        ("max(ts{id:1},)", "found ')'"),
        ("ts{id:1} ^ 2", "unexpected character '^', at character 10"),
        ("ts{id:1} + 1.5.2", "'1.5.2' is not a number"),
        ("ts{id:1} + 2a", "'2a' is not a number"),
        ("ts{id:1} + 1e", "'1e' is not a number"),
        ("ts{externalId:'a", "has no closing '"),
        (r"ts{externalId:'a\q'}", r"unknown escape"),
        ("sine(ts{id:1})", "unknown function 'sine' - did you mean sin?"),
        ("SIN(ts{id:1})", "did you mean sin?"),
        ("A + ts{id:1}", "unknown function 'A' - known are sin, cos"),
        ("pi + ts{id:1}", "expected (, but found '+'"),
        ("sin()+ts{id:1}", "sin() takes 1 argument, but has 0"),
        ("pow(ts{id:1})", "pow() takes 2 arguments, but has 1"),
        ("pi(1)+ts{id:1}", "pi() takes 0 arguments, but has 1"),
        ("avg()+ts{id:1}", "avg() takes at least 1 argument, but has 0"),
        ("on_error(ts{id:1})", "on_error() takes 2 arguments, but has 1"),
        ("round(ts{id:1}, 10)", "an integer within -9 to 9, at character 1"),
        ("round(ts{id:1}, -10)", "an integer within -9 to 9"),
        ("round(ts{id:1}, 1.5)", "an integer within -9 to 9"),
        ("map(ts{id:1}, ['a'], [1, 2], 0)", "1 strings, but 2 numbers"),
        ("map(ts{id:1}, [1], [1], 0)", "expected a string in quotes, but found '1'"),
        ("map(ts{id:1}, ['a'], ['b'], 0)", "expected a number"),
        ("map(ts{id:1}, ['a'], [1])", "expected ,"),
        ("ts{}", "exactly one of id, externalId, instanceId, but has none"),
        ("ts{id:1,externalId:'a'}", "has id and externalId"),
        ("ts{space:'s'}", "externalId"),
        ("ts{id:1,id:2}", "the key id is there twice"),
        ("ts{id:'1'}", "expected an integer, but found"),
        ("ts{id:1.5}", "expected an integer, but found '1.5'"),
        ("ts{id:99999999999999999}", "id must be between"),
        ("ts{externalId:1}", "expected a string in quotes"),
        ("ts{external_id:'a'}", "unknown key 'external_id' - did you mean externalId?"),
        ("ts{id:1,aggregate:'average'}", "aggregate without granularity"),
        ("ts{id:1,granularity:'1h'}", "granularity without aggregate"),
        ("ts{id:1,aggregate:'sum',granularity:'1h'}", "none of average, interpolation, stepInterpolation"),
        ("ts{id:1,aggregate:'average',granularity:'1w'}", "granularity of ts{...} at character 1 must be such as"),
        ("ts{id:1,alignment:5}", "alignment without aggregate"),
        ("ts{id:1,targetUnit:'a',targetUnitSystem:'SI'}", "both targetUnit and targetUnitSystem"),
        ("ts{id:1}+" + "1" * 2000, "size must be between 1 and 2000"),
    ],
)
def test_what_is_wrong_is_said(text: str, said: str) -> None:
    with pytest.raises(ApiError) as caught:
        parse(text)
    assert caught.value.status == 400
    assert said in caught.value.message


@pytest.mark.parametrize("expression", [None, 1, ["ts{id:1}"], "ts{externalId:'\ud800'}"])
def test_an_expression_is_a_string(expression: object) -> None:
    with pytest.raises(ApiError, match="expression"):
        parse(expression)


@pytest.mark.parametrize("opening", ["(", "sin(", "-(", "1*(", "on_error(", "max(1,"])
def test_deep_nesting_is_refused_and_does_not_end_the_process(opening: str) -> None:
    deep = 90 * opening + "ts{id:1}" + 90 * (",1)" if opening == "on_error(" else ")")
    assert len(parse(deep).references) == 1
    with pytest.raises(ApiError, match="100 levels of nesting"):
        parse(150 * opening + "ts{id:1}" + 150 * ")")
    with pytest.raises(ApiError):
        parse((opening * 2000)[:2000])


def test_long_chains_are_not_deep() -> None:
    root = parse("ts{id:1}" + "+1" * 990).root
    assert isinstance(root, Chain)
    assert len(root.rest) == 990


pieces = st.one_of(
    st.sampled_from(
        ["ts{", "TS{", "id:", "id=", "externalId:", "aggregate:", "granularity:", "ts{id:1}", "ts{externalId:'a'}", "}"]
    ),
    st.sampled_from(
        [
            "sin(",
            "pi()",
            "map(",
            "on_error(",
            "round(",
            "max(",
            "(",
            ")",
            "[",
            "]",
            ",",
            "+",
            "-",
            "*",
            "/",
            "'a'",
            '"b"',
        ]
    ),
    st.sampled_from(["1", ".5", "1e-3", "1e999", "'", '"', "\\", "\x00", "é", "٣", "_", " "]),
)


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(max_size=40), st.lists(pieces, max_size=25).map("".join)))
def test_any_text_is_an_expression_or_a_bad_request(text: str) -> None:
    try:
        expression = parse(text)
    except ApiError:
        return
    assert expression.references
