"""Text to tree: the grammar of synthetic expressions.

    expr    = term { ("+" | "-") term }
    term    = factor { ("*" | "/") factor }
    factor  = [ "-" | "+" ] primary
    primary = number | name "(" [ expr { "," expr } ] ")" | map | series | "(" expr ")"
    map     = "map" "(" expr "," "[" [ string { "," string } ] "]" "," "[" [ signed { "," signed } ] "]" "," expr ")"
    series  = ("ts" | "TS") "{" key ("=" | ":") (string | signed) { "," ... } "}"

The parser descends recursively, one function a rule; `MOST_NESTED` keeps hostile texts off the end of the stack.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, TypeVar, get_args

from cdframe.local.datapoints.queries import check_granularity
from cdframe.local.errors import ApiError, bad_request, constraint
from cdframe.local.synthetic.functions import FUNCTIONS
from cdframe.local.synthetic.tree import (
    Aggregate,
    AggregateName,
    Call,
    Chain,
    Expression,
    Map,
    Node,
    Number,
    OnError,
    Reference,
)
from cdframe.local.time_series.tables import NAMING
from cdframe.local.validation import as_string, shown

MOST_CHARACTERS = 2000
MOST_NESTED = 100

AGGREGATES: Mapping[str, AggregateName] = {name.lower(): name for name in get_args(AggregateName)}
SERIES_KEYS = (
    "id", "externalId", "space", "aggregate", "granularity", "alignment", "targetUnit", "targetUnitSystem",
)  # fmt: skip
NAMES = (*FUNCTIONS, "map", "on_error")

_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", "'": "'", '"': '"'}
_INTEGER = re.compile(r"[0-9]+")
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?![\w.]))
    | (?P<name>[A-Za-z_]\w*)
    | (?P<string>'(?:[^'\\]|\\.)*' | "(?:[^"\\]|\\.)*")
    | (?P<mark>[-+*/(),\[\]{}=:])
    | (?P<end>\Z)
    )""",
    re.VERBOSE | re.DOTALL,
)

Kind: TypeAlias = Literal["number", "name", "string", "mark", "end"]
T = TypeVar("T")


def parse(expression: Any) -> Expression:
    """The tree of an expression, or 400 with what is wrong and where.

    Raises:
        ApiError: not a string, longer than 2000 characters, or not of the grammar: unknown names, a wrong number of
            arguments, keys of a series that do not go together. Also an expression that refers to no time series.
    """
    text = as_string(expression, "expression")
    if len(text) > MOST_CHARACTERS:
        raise constraint(f"expression size must be between 1 and {MOST_CHARACTERS}")
    return _Parser(text).expression()


@dataclass(frozen=True, slots=True)
class _Token:
    kind: Kind
    text: str
    position: int  # of its first character, counted from 1

    def __str__(self) -> str:
        return "the end" if self.kind == "end" else shown(self.text)


def _tokens(text: str) -> Iterable[_Token]:
    end = 0
    while True:
        match = _TOKEN.match(text, end)
        if match is None:
            begin = end + len(text[end:]) - len(text[end:].lstrip())
            raise _unreadable(text, begin)
        kind: Kind = match.lastgroup  # type: ignore[assignment]  # each alternative is a named group
        yield _Token(kind, match[kind], match.start(kind) + 1)
        if kind == "end":
            return
        end = match.end()


def _unreadable(text: str, begin: int) -> ApiError:
    if text[begin] in "'\"":
        return _error(f"the string has no closing {text[begin]}", begin + 1)
    if text[begin].isdigit() or text[begin] == ".":
        number = re.match(r"[\w.]+", text[begin:])
        return _error(f"{shown(number[0] if number else text[begin])} is not a number", begin + 1)
    return _error(f"unexpected character {shown(text[begin])}", begin + 1)


def _error(problem: str, position: int) -> ApiError:
    return bad_request(f"Invalid expression: {problem}, at character {position}")


def _unknown(kind: str, name: str, known: Iterable[str], position: int) -> ApiError:
    by_lower = {candidate.lower(): candidate for candidate in known}
    near = difflib.get_close_matches(name.lower(), by_lower, 1)
    hint = f"did you mean {by_lower[near[0]]}?" if near else f"known are {', '.join(by_lower.values())}"
    return _error(f"unknown {kind} {shown(name)} - {hint}", position)


class _Parser:
    """The state of one parse: the tokens, how far it is, and how deep."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._next = 0
        self._nested = 0
        self._references: list[Reference] = []

    def expression(self) -> Expression:
        root = self._sum()
        if self._token.kind != "end":
            raise self._expected("an operator")
        if not self._references:
            raise bad_request("Invalid expression: it refers to no time series")
        return Expression(root, tuple(self._references))

    @property
    def _token(self) -> _Token:
        return self._tokens[self._next]

    def _take(self) -> _Token:
        token = self._token
        self._next += token.kind != "end"
        return token

    def _has(self, *marks: str) -> bool:
        return self._token.kind == "mark" and self._token.text in marks

    def _skip(self, mark: str) -> bool:
        found = self._has(mark)
        self._next += found
        return found

    def _require(self, *marks: str) -> None:
        if not self._has(*marks):
            raise self._expected(" or ".join(marks))
        self._next += 1

    def _expected(self, what: str) -> ApiError:
        return _error(f"expected {what}, but found {self._token}", self._token.position)

    def _list(self, closing: str, element: Callable[[], T]) -> tuple[T, ...]:
        """Elements up to a closing mark, which is taken too."""
        found: list[T] = []
        if not self._skip(closing):
            found.append(element())
            while self._skip(","):
                found.append(element())
            if not self._skip(closing):
                raise self._expected(f", or {closing}")
        return tuple(found)

    def _sum(self) -> Node:
        self._nested += 1
        if self._nested > MOST_NESTED:
            raise _error(f"more than {MOST_NESTED} levels of nesting", self._token.position)
        node = self._chain(("+", "-"), self._product)
        self._nested -= 1
        return node

    def _product(self) -> Node:
        return self._chain(("*", "/"), self._factor)

    def _chain(self, operators: tuple[str, ...], operand: Callable[[], Node]) -> Node:
        first = operand()
        rest = []
        while self._has(*operators):
            rest.append((self._take().text, operand()))
        return Chain(first, tuple(rest)) if rest else first

    def _factor(self) -> Node:
        if self._skip("-"):
            return Call("negate", (self._primary(),))
        self._skip("+")
        return self._primary()

    def _primary(self) -> Node:
        token = self._token
        if token.kind == "number":
            return Number(float(self._take().text))
        if self._skip("("):
            inner = self._sum()
            if not self._skip(")"):
                raise self._expected("an operator or )")
            return inner
        if token.kind != "name":
            raise self._expected("a number, a function, a time series or (")
        self._take()
        if token.text.lower() == "ts":
            return self._reference(token)
        if token.text not in NAMES:
            raise _unknown("function", token.text, (*NAMES, "ts"), token.position)
        self._require("(")
        return self._map() if token.text == "map" else self._call(token)

    def _call(self, name: _Token) -> Node:
        arguments = self._list(")", self._sum)
        least, most = (2, 2) if name.text == "on_error" else (FUNCTIONS[name.text].least, FUNCTIONS[name.text].most)
        if len(arguments) < least or (most is not None and len(arguments) > most):
            wanted = f"{'at least ' * (most is None)}{least} argument{'s' * (least != 1)}"
            raise _error(f"{name.text}() takes {wanted}, but has {len(arguments)}", name.position)
        if name.text == "on_error":
            return OnError(*arguments)
        if name.text == "round":
            self._check_decimals(arguments[1], name)
        return Call(name.text, arguments)

    @staticmethod
    def _check_decimals(decimals: Node, name: _Token) -> None:
        """Decimals that are written as a number are checked now, others row by row."""
        literal = decimals.arguments[0] if isinstance(decimals, Call) and decimals.function == "negate" else decimals
        if isinstance(literal, Number) and not (literal.value < 10 and literal.value.is_integer()):
            raise _error("the decimals of round() must be an integer within -9 to 9", name.position)

    def _map(self) -> Node:
        value = self._sum()
        self._require(",")
        begin = self._token.position
        self._require("[")
        strings = self._list("]", self._string)
        self._require(",")
        self._require("[")
        numbers = self._list("]", self._signed_number)
        if len(strings) != len(numbers):
            raise _error(f"map() has {len(strings)} strings, but {len(numbers)} numbers for them", begin)
        self._require(",")
        default = self._sum()
        self._require(")")
        return Map(value, strings, numbers, default)

    def _string(self) -> str:
        token = self._token
        if token.kind != "string":
            raise self._expected("a string in quotes")
        self._take()

        def unescaped(match: re.Match[str]) -> str:
            if match[1] not in _ESCAPED:
                raise _error(f"unknown escape {shown(match[0])} in a string", token.position)
            return _ESCAPED[match[1]]

        return re.sub(r"\\(.)", unescaped, token.text[1:-1], flags=re.DOTALL)

    def _signed_text(self, what: str) -> str:
        sign = self._take().text if self._has("-", "+") else ""
        if self._token.kind != "number":
            raise self._expected(what)
        return sign + self._take().text

    def _signed_number(self) -> float:
        return float(self._signed_text("a number"))

    def _signed_integer(self) -> int:
        token = self._token
        text = self._signed_text("an integer")
        if not _INTEGER.fullmatch(text.lstrip("+-")) or len(text) > 20:
            raise _error(f"expected an integer, but found {shown(text)}", token.position)
        return int(text)

    def _reference(self, ts: _Token) -> Reference:
        self._require("{")
        values: dict[str, str | int] = {}

        def pair() -> None:
            key = self._token
            if key.kind != "name":
                raise self._expected(f"a key ({', '.join(SERIES_KEYS)})")
            if key.text not in SERIES_KEYS:
                raise _unknown("key", key.text, SERIES_KEYS, key.position)
            if key.text in values:
                raise _error(f"the key {key.text} is there twice", key.position)
            self._take()
            self._require("=", ":")
            values[key.text] = self._signed_integer() if key.text in ("id", "alignment") else self._string()

        self._list("}", pair)
        reference = _reference_of(values, ts.position)
        self._references.append(reference)
        return reference


def _reference_of(values: Mapping[str, Any], position: int) -> Reference:
    where = f"ts{{...}} at character {position}"
    item: dict[str, Any] = {key: values[key] for key in ("id", "externalId") if key in values}
    if "space" in values:
        item["instanceId"] = {"space": values["space"], "externalId": item.pop("externalId", None)}
    identifier = NAMING.parse(item, where)
    if "targetUnit" in values and "targetUnitSystem" in values:
        raise bad_request(f"{where} has both targetUnit and targetUnitSystem")
    return Reference(identifier, _aggregate_of(values, where), values.get("targetUnit"), values.get("targetUnitSystem"))


def _aggregate_of(values: Mapping[str, Any], where: str) -> Aggregate | None:
    if ("aggregate" in values) != ("granularity" in values):
        given, missing = ("aggregate", "granularity") if "aggregate" in values else ("granularity", "aggregate")
        raise bad_request(f"{where} has {given} without {missing}")
    if "aggregate" not in values:
        if "alignment" in values:
            raise bad_request(f"{where} has alignment without aggregate")
        return None
    name = AGGREGATES.get(values["aggregate"].lower())
    if name is None:
        known = ", ".join(AGGREGATES.values())
        raise bad_request(f"{where} has the aggregate {shown(values['aggregate'])}, which is none of {known}")
    granularity = check_granularity(values["granularity"], f"granularity of {where}")
    return Aggregate(name, granularity, values.get("alignment", 0))
