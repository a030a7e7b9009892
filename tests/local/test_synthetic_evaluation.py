"""The rows of synthetic expressions: timestamps, values, errors, pages."""

from __future__ import annotations

import math

import pytest

from tests.local.synthetic_series import MemoryReader, Series, as_dict, evaluated

A = Series([(15, 1.0), (30, 4.0), (45, 10.0), (60, 16.0)])
B = Series([(30, 2.0), (40, 0.0), (50, 6.0)])
B_STEP = Series(B.points, is_step=True)
S = Series([(30, "OPEN"), (50, "SHUT")], is_step=True, is_string=True)
ALL = {"A": A, "B": B, "C": B_STEP, "S": S}


def rows(expression: str, start: int = 0, end: int = 1000, limit: int = 10_000) -> dict[int, object]:
    """The rows of an expression in which capital letters stand for series."""
    for name in ALL:
        expression = expression.replace(f"<{name}>", f"ts{{externalId:'{name}'}}")
    return as_dict(evaluated(expression, ALL, start, end, limit))


DIVISION = "Error BAD_DOMAIN: Division by zero"


@pytest.mark.parametrize(
    ("expression", "window", "expected"),
    [
        ("<A>+<B>", (0, 1000), {30: 6, 40: 8, 45: 13, 50: 18}),
        ("<A>/<B>", (0, 1000), {30: 2, 40: DIVISION, 45: pytest.approx(10 / 3), 50: 2}),
        ("on_error(<A>/<B>,-1)", (0, 1000), {30: 2, 40: -1, 45: pytest.approx(10 / 3), 50: 2}),
        ("<A>+<C>", (0, 1000), {30: 6, 40: 8, 45: 10, 50: 18, 60: 22}),
        ("<A>+<B>", (35, 50), {40: 8, 45: 13}),
        ("map(<S>,['OPEN'],[1],-1)*<A>", (0, 1000), {30: 4, 45: 10, 50: -12, 60: -16}),
    ],
)
def test_worked_examples(expression: str, window: tuple[int, int], expected: dict[int, object]) -> None:
    assert rows(expression, *window) == expected


def test_a_step_input_has_no_end_and_a_linear_one_has() -> None:
    later = {**ALL, "L": Series([(0, 1.0), (500, 1.0), (900, 3.0)])}
    found = evaluated("ts{externalId:'L'}*ts{externalId:'C'}", later, 0, 1000)
    assert as_dict(found) == {30: pytest.approx(2), 40: 0, 50: pytest.approx(6), 500: 6, 900: 18}
    found = evaluated("ts{externalId:'L'}*ts{externalId:'B'}", later, 0, 1000)
    assert list(as_dict(found)) == [30, 40, 50]


def test_values_come_from_points_outside_the_window() -> None:
    assert rows("<A>+<B>", 41, 46) == {45: 13}
    assert rows("<B>+<C>+<A>", 42, 49) == {45: 13}
    assert rows("<A>", 31, 45) == {}


def test_numbers_alone_take_the_timestamps_of_the_series() -> None:
    assert rows("<C>*0+pi()") == {30: math.pi, 40: math.pi, 50: math.pi}


def test_empty_windows_have_no_rows() -> None:
    assert rows("<A>", 30, 30) == {}
    assert rows("<A>", 30, 20) == {}
    assert rows("<A>", 61, 100) == {}
    assert rows("<A>+<B>", 0, 30) == {}
    nothing = evaluated("ts{externalId:'A'}+ts{externalId:'E'}", {**ALL, "E": Series([])}, 0, 100)
    assert [len(part) for part in nothing] == [0, 0, 0]


@pytest.mark.parametrize(
    ("expression", "at_30"),
    [
        ("1+2*<A>-3", 6),
        ("-<A>*2", -8),
        ("<A>+-1*3", 1),
        ("12/<A>/3", 1),
        ("sin(<A>)", math.sin(4)),
        ("cos(<A>)", math.cos(4)),
        ("exp(<A>)", math.exp(4)),
        ("ln(<A>)", math.log(4)),
        ("sqrt(<A>)", 2),
        ("abs(-<A>)", 4),
        ("pow(<A>,-0.5)", 0.5),
        ("pow(0*<A>,0)", 1),
        ("pow(-<A>,3)", -64),
        ("max(<A>,<B>,3)", 4),
        ("min(<A>,<B>,3)", 2),
        ("avg(<A>,<B>,3)", 3),
        ("avg(<A>)", 4),
        ("avg(<A>*0+9e99,9e99)", 9e99),
        ("round(<A>/8,0)", 1),
        ("round(-<A>/8,0)", -1),
        ("round(<A>*0+1.25,1)", 1.3),
        ("round(<A>*0+449.5,-2)", 400),
        ("round(<A>*0-450,-2)", -500),
        ("round(<A>*0+12345678901234567890,9)", 12345678901234567890.0),
        ("round(<A>*0+0.49999999999999994,0)", 0),
        ("round(<A>,<B>)", 4),
        ("on_error(<A>,1/0)", 4),
        ("on_error(1/(<A>-4),on_error(ln(-1),7))", 7),
        ("map(<S>,['OPEN','OPEN'],[1,2],3)", 1),
        ("map(<S>,['OPEN'],[1],1/0)", 1),
        ("map(<S>,[],[],-<A>)", -4),
        ("map(<S>,['open'],[1],5)", 5),
        ("on_error(<S>,5)", 5),
        ("on_error(<S>+<A>,5)", 5),
    ],
)
def test_values(expression: str, at_30: float) -> None:
    assert rows(expression)[30] == pytest.approx(at_30, rel=1e-15, abs=0)


@pytest.mark.parametrize(
    ("expression", "at_30"),
    [
        ("1/(<A>-4)", DIVISION),
        ("(<A>-4)/(<A>-4)", DIVISION),
        ("ln(<A>-4)", "BAD_DOMAIN"),
        ("ln(-<A>)", "BAD_DOMAIN"),
        ("sqrt(-<A>)", "BAD_DOMAIN"),
        ("pow(-<A>,0.5)", "BAD_DOMAIN"),
        ("pow(<A>-4,-1)", "BAD_DOMAIN"),
        ("round(<A>,<A>*10)", "BAD_DOMAIN"),
        ("round(<A>,<A>/8)", "BAD_DOMAIN"),
        ("exp(1000*<A>)", "OVERFLOW"),
        ("<A>*1e100", "OVERFLOW"),
        ("<A>+1e999", "OVERFLOW"),
        ("0*(<A>*1e100)", "OVERFLOW"),
        ("pow(<A>,1000)", "OVERFLOW"),
        ("map(<S>,['OPEN'],[1e101],0)", "OVERFLOW"),
        ("<S>", "TYPE_ERROR"),
        ("<S>+1", "TYPE_ERROR"),
        ("max(<A>,<S>)", "TYPE_ERROR"),
        ("map(<A>,['4'],[1],0)", "TYPE_ERROR"),
        ("map(<A>+1,[],[],0)", "TYPE_ERROR"),
        ("map(1/(<A>-4),[],[],0)", DIVISION),
        ("map(<S>,[],[],1/0*<A>)", DIVISION),
        ("ln(-<A>)+1e999", "BAD_DOMAIN"),
        ("1e999*<A>+ln(-1)", "OVERFLOW"),
        ("max(1,1/0*<A>)", DIVISION),
        ("on_error(1/0,ln(-<A>))", "BAD_DOMAIN"),
    ],
)
def test_errors(expression: str, at_30: str) -> None:
    found = rows(expression)[30]
    assert isinstance(found, str)
    assert found == at_30 or found.startswith(f"Error {at_30}: ")


def test_errors_are_rows_and_count() -> None:
    found = evaluated("ts{externalId:'A'}/ts{externalId:'B'}", ALL, 0, 1000, 2)
    assert as_dict(found) == {30: 2, 40: DIVISION}
    assert math.isnan(found.values[1])
    assert list(found.errors) == [None, DIVISION]


def test_deep_and_long_expressions_are_computed() -> None:
    assert rows(99 * "(" + "<A>" + 99 * ")")[30] == 4
    assert rows("<A>" + "+1" * 900)[30] == 904
    assert rows(90 * "on_error(" + "<A>" + 90 * ",0)")[30] == 4


def test_a_page_reads_no_more_points_of_a_series_than_it_has_rows() -> None:
    dense = Series([(t, float(t)) for t in range(50_000)])
    sparse = Series([(t, 1.0) for t in range(0, 60_000, 1000)])
    reader = MemoryReader([dense, sparse])
    found = evaluated("ts{externalId:'D'}*ts{externalId:'P'}", {"D": dense, "P": sparse}, 10, 10**9, 100, reader=reader)
    assert as_dict(found) == {t: t for t in range(10, 110)}
    assert reader.points_read <= 200
