"""Expressions of synthetic time series: what users write, turned into what the API reads.

    text with ts{...}    "ts{id:123} + TS{externalId:'abc'}"           as it is
    text with variables  "A + B", variables={"A": "abc", "B": 123}     whole words become ts{...}
    sympy                sin(a) / 2, variables={"a": "abc"}            written out, symbols become ts{...}

Text is only ever read, never evaluated. sympy is not imported here: an expression of it cannot come from a program that
has not imported it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from numbers import Integral
from typing import Any

from cdframe.frames import to_arrow
from cdframe.identifiers import check_external_id, check_id
from cdframe.timestamps import parse_granularity

FUNCTIONS = ("abs", "avg", "cos", "exp", "ln", "map", "max", "min", "on_error", "pi", "pow", "round", "sin", "sqrt")
"""The functions that the API has."""

_STRING = r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\""""
_SERIES = rf"""\b[tT][sS]\s*\{{(?:{_STRING}|[^}}'"])*\}}"""
_NUMBER = r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\b"
_MARK = re.compile(rf"{_STRING}|{_SERIES}|(?P<mark>[()\[\]{{}}'\"])", re.DOTALL)
_NAME = re.compile(rf"{_STRING}|{_SERIES}|{_NUMBER}|(?P<name>\b\w+)(?=\s*(?P<following>.?))", re.DOTALL)
_CLOSING = {"(": ")", "[": "]", "{": "}"}


def is_sympy(value: object) -> bool:
    """Whether `value` is a sympy expression; costs no import of sympy."""
    sympy = sys.modules.get("sympy")
    return sympy is not None and isinstance(value, sympy.Basic)


def to_expression(
    expression: Any,
    variables: Mapping[Any, Any] | None = None,
    aggregate: str | None = None,
    granularity: str | None = None,
) -> tuple[str, str]:
    """Turn one expression into the text that the API reads, and a short text to name the result by.

    Args:
        expression: text in the API's syntax or with names of variables, or a sympy expression.
        variables: what names (or sympy symbols) stand for: an external id, an id, or a time series as a dict or a
            frame of one row, of which the external id counts. Names inside quotes and ``ts{...}`` are left alone.
        aggregate: the aggregate to take of the variables.
        granularity: its granularity.

    Returns:
        The text for the API, and the same before variables were replaced.

    Raises:
        TypeError: the expression is neither a text nor of sympy, or a variable of another type.
        ValueError: what cannot be an expression: brackets and quotes that do not match, functions that do not exist,
            names that are not variables, sympy classes without counterpart; a time series without external id;
            aggregate without granularity or the reverse.

    Examples:
        >>> to_expression("A + 1", {"A": "pump/speed"}, "average", "1h")
        ("ts{externalId:'pump/speed',aggregate:'average',granularity:'1h'} + 1", 'A + 1')
    """
    options = _aggregate_options(aggregate, granularity)
    if is_sympy(expression):
        if not variables:
            raise ValueError(
                "sympy expressions are only supported in combination with the `variables` parameter, which says what "
                "time series each symbol stands for."
            )
        return _Writer(_series_texts(variables, options)).write(expression), _Writer(None).write(expression)
    if not isinstance(expression, str):
        raise TypeError(f"expressions must be texts or sympy expressions, got {type(expression).__name__}.")
    series = _series_texts(variables or {}, options)
    wire = _replace_names(expression, series)
    _check(wire, expression, series)
    return wire, expression


def _aggregate_options(aggregate: str | None, granularity: str | None) -> str:
    if (aggregate is None) != (granularity is None):
        given, missing = ("aggregate", "granularity") if granularity is None else ("granularity", "aggregate")
        raise ValueError(f"When specifying {given}, {missing} must also be provided.")
    if aggregate is None or granularity is None:
        return ""
    if not isinstance(aggregate, str):
        raise TypeError(f"aggregate must be a text such as 'average', got {type(aggregate).__name__}.")
    parse_granularity(granularity)
    on_wire = re.sub(r"_(\w)", lambda match: match[1].upper(), aggregate)
    return f",aggregate:{_quoted(on_wire)},granularity:{_quoted(granularity)}"


def _series_texts(variables: Mapping[Any, Any], options: str) -> dict[str, str]:
    """The text that stands for each variable on the wire."""
    if not isinstance(variables, Mapping):
        raise TypeError(f"variables must map names to time series, got {type(variables).__name__}.")
    return {_name(key): f"ts{{{_reference(value, _name(key))}{options}}}" for key, value in variables.items()}


def _name(key: Any) -> str:
    name = str(key) if is_sympy(key) else key
    if not isinstance(name, str):
        raise TypeError(f"variables has the name {key!r}; names must be texts or sympy symbols.")
    return name


def _reference(value: Any, name: str) -> str:
    where = f"variables[{name!r}]"
    if isinstance(value, Integral):
        return f"id:{check_id(value, where)}"
    if isinstance(value, Mapping) and "externalId" in value:
        value = value["externalId"]
    elif not isinstance(value, str):
        value = _external_id_of(value, where)
    if value is None:
        raise ValueError(f"{where} is a time series without external id. Hint: give its id instead.")
    return f"externalId:{_quoted(check_external_id(value, where))}"


def _external_id_of(series: Any, where: str) -> Any:
    table = to_arrow(series, name=where)
    if table.num_rows != 1:
        raise ValueError(f"{where} has {table.num_rows} time series; a variable stands for exactly one.")
    return table["external_id"][0].as_py() if "external_id" in table.column_names else None


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _replace_names(text: str, series: Mapping[str, str]) -> str:
    """Replace all names in one pass, so that what stands for one is not searched for others."""
    for name in series:
        if not re.fullmatch(r"\w(?:.*\w)?", name, re.DOTALL) or re.fullmatch(_NUMBER, name):
            raise ValueError(
                f"variables has the name {name!r}, which is not a word. Names begin and end with a letter, a digit "
                "or _, and are not numbers."
            )
    if not series:
        return text
    names = "|".join(re.escape(name) for name in sorted(series, key=len, reverse=True))
    # What a bracket follows is a function or ts{...}, never a variable.
    pattern = re.compile(rf"{_STRING}|{_SERIES}|(?P<variable>\b(?:{names})\b(?!\s*[({{]))", re.DOTALL)
    return pattern.sub(lambda match: series[match["variable"]] if match["variable"] else match[0], text)


def _check(wire: str, expression: str, series: Mapping[str, str]) -> None:
    """Refuse what no version of the API could read; what is left to the server is left as it is."""
    if not wire.strip():
        raise ValueError("An expression is empty.")
    opened: list[str] = []
    for match in _MARK.finditer(wire):
        if match["mark"]:
            _check_mark(match["mark"], opened, expression)
    if opened:
        raise ValueError(f"The expression {expression!r} has {opened[-1]!r} without {_CLOSING[opened[-1]]!r}.")
    for match in _NAME.finditer(wire):
        if match["name"]:
            _check_name(match["name"], match["following"], expression, series)


def _check_mark(mark: str, opened: list[str], expression: str) -> None:
    if mark in _CLOSING:
        opened.append(mark)
    elif mark in "'\"":
        raise ValueError(f"The expression {expression!r} has a quote {mark} that is not closed.")
    elif not opened or _CLOSING[opened.pop()] != mark:
        raise ValueError(f"The expression {expression!r} has {mark!r} without its opening bracket.")


def _check_name(name: str, following: str, expression: str, series: Mapping[str, str]) -> None:
    if following == "(":
        if name not in FUNCTIONS:
            hint = _hint(name, FUNCTIONS)
            raise ValueError(f"The expression {expression!r} has the unknown function {name!r}. {hint}")
    elif name in FUNCTIONS:
        raise ValueError(f"The expression {expression!r} has {name!r} without (): it is a function.")
    elif name.lower() != "ts":
        hint = _hint(name, list(series)) if series else "Hint: say with `variables` what it stands for."
        raise ValueError(f"The expression {expression!r} has the name {name!r}, which is not a variable. {hint}")


def _hint(name: str, known: Sequence[str]) -> str:
    nearest = get_close_matches(name.lower(), known, 1) or get_close_matches(name, known, 1)
    return f"Hint: did you mean {nearest[0]!r}?" if nearest else f"Known are {', '.join(known)}."


class _Writer:
    """Writes sympy expressions out; symbols as the series that they stand for, or (None) by their names."""

    def __init__(self, series: Mapping[str, str] | None) -> None:
        self._series = series

    def write(self, expression: Any) -> str:
        """Write one expression, and what is in it."""
        import sympy

        if isinstance(expression, sympy.Symbol):
            return self._symbol(str(expression))
        if isinstance(expression, sympy.NumberSymbol):
            return str(expression.evalf(15))
        if isinstance(expression, sympy.Number):
            return _number(expression)
        if isinstance(expression, sympy.Pow):
            return self._power(*expression.args)
        written: Mapping[Any, Callable[[list[str]], str]] = {
            sympy.Add: lambda arguments: f"({'+'.join(arguments)})",
            sympy.Mul: lambda arguments: f"({'*'.join(arguments)})",
            **{kind: _call(name) for kind, name in _functions(sympy).items()},
        }
        if expression.func not in written:
            kinds = ", ".join(sorted(kind.__name__ for kind in (*written, sympy.Pow)))
            raise ValueError(
                f"Unsupported sympy class {expression.func.__name__} in {str(expression)!r}. "
                f"Supported are numbers, symbols, sqrt and {kinds}."
            )
        return written[expression.func]([self.write(argument) for argument in expression.args])

    def _symbol(self, name: str) -> str:
        if self._series is None:
            return name
        if name not in self._series:
            raise ValueError(f"The symbol {name!r} is not among the variables. {_hint(name, list(self._series))}")
        return self._series[name]

    def _power(self, base: Any, exponent: Any) -> str:
        if exponent == -1:
            return f"(1/{self.write(base)})"
        if exponent.is_Rational and exponent.q == 2 and exponent.p == 1:
            return f"sqrt({self.write(base)})"
        return f"pow({self.write(base)},{self.write(exponent)})"


def _functions(sympy: Any) -> Mapping[Any, str]:
    return {sympy.sin: "sin", sympy.cos: "cos", sympy.exp: "exp", sympy.log: "ln", sympy.Abs: "abs"}


def _call(name: str) -> Callable[[list[str]], str]:
    return lambda arguments: f"{name}({','.join(arguments)})"


def _number(number: Any) -> str:
    if not number.is_finite:
        raise ValueError(f"Unsupported sympy class {type(number).__name__}: the API has no number {number}.")
    if number.is_Integer:
        return str(number)
    if number.is_Rational:
        return f"({number.p}/{number.q})"
    text = repr(float(number))
    if text in ("inf", "-inf"):
        raise ValueError(f"The number {number} is too large: the API computes within -1e100 to 1e100.")
    return text.replace("e+", "e")
