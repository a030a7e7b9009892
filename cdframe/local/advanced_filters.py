"""The filter language of today's API: `and`, `or`, `not` over tests of single properties."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from cdframe.local.conditions import Condition, all_of, any_of
from cdframe.local.errors import bad_request, constraint
from cdframe.local.properties import LISTS, Properties, Property, PropertyKind, find_property
from cdframe.local.search import fold
from cdframe.local.validation import as_list, as_object, as_string, check_size, reject_unknown, shown

DEEPEST = 10
MOST_CLAUSES = 100
MOST_VALUES = 100


def compile_advanced_filter(known: Properties, value: Any, where: str = "advancedFilter") -> Condition:
    """The rows that pass; null lets all pass."""
    if value is None or value == {}:
        return Condition()
    return _Compiler(known).clause(value, where, 1)


class _Compiler:
    def __init__(self, known: Properties) -> None:
        self._known = known
        self._clauses = 0

    def clause(self, value: Any, where: str, depth: int) -> Condition:
        """One clause: an operator and what it is applied to."""
        given = as_object(value, where)
        if len(given) != 1 or next(iter(given)) not in (*LEAVES, "and", "or", "not"):
            accepted = ", ".join(("and", "or", "not", *LEAVES))
            raise bad_request(f"{where} must have exactly one of {accepted}, but was {shown(value)}")
        self._clauses += 1
        if depth > DEEPEST or self._clauses > MOST_CLAUSES:
            raise constraint(f"{where} must be at most {DEEPEST} deep and have at most {MOST_CLAUSES} clauses")
        ((operator, operand),) = given.items()
        path = f"{where}.{operator}"
        if operator == "not":
            inner = self.clause(operand, path, depth + 1)
            return Condition(f"NOT coalesce({inner.sql}, FALSE)", inner.parameters)
        if operator in ("and", "or"):
            values = as_list(operand, path)
            check_size(values, path, 1, MOST_CLAUSES)
            clauses = [self.clause(item, f"{path}[{i}]", depth + 1) for i, item in enumerate(values)]
            if operator == "or":
                return any_of(clauses)
            condition = Condition()
            for clause in clauses:
                condition &= clause
            return condition
        leaf = as_object(operand, path)
        parameters, test = LEAVES[operator]
        reject_unknown(leaf, ("property", *parameters), path)
        return test(find_property(self._known, leaf.get("property"), f"{path}.property"), leaf, path)


def _equals(named: Property, leaf: Mapping[str, Any], where: str) -> Condition:
    return _compare(named, "=", leaf.get("value"), f"{where}.value")


def _in(named: Property, leaf: Mapping[str, Any], where: str) -> Condition:
    values = _values(leaf, where)
    return any_of(_compare(named, "=", value, f"{where}.values[{i}]") for i, value in enumerate(values))


def _range(named: Property, leaf: Mapping[str, Any], where: str) -> Condition:
    condition, comparisons = Condition(), {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
    given = {name: leaf[name] for name in comparisons if leaf.get(name) is not None}
    if not given:
        raise bad_request(f"{where} must have one of {', '.join(comparisons)}")
    for name, value in given.items():
        condition &= _compare(named, comparisons[name], value, f"{where}.{name}")
    return condition


def _prefix(named: Property, leaf: Mapping[str, Any], where: str) -> Condition:
    if named.kind != "text":
        raise bad_request(f"{where} takes a text property")
    text = as_string(leaf.get("value"), f"{where}.value")
    return Condition(f"starts_with({named.value.sql}, ?)", [*named.value.parameters, text])


def _exists(named: Property, leaf: Mapping[str, Any], where: str) -> Condition:
    if named.kind in LISTS:
        return Condition(f"len({named.value.sql}) > 0")
    return Condition(f"{named.value.sql} IS NOT NULL", named.value.parameters)


def _contains(
    combine: Callable[[Iterable[Condition]], Condition],
) -> Callable[[Property, Mapping[str, Any], str], Condition]:
    def test(named: Property, leaf: Mapping[str, Any], where: str) -> Condition:
        values = _values(leaf, where)
        if named.kind not in LISTS:
            raise bad_request(f"{where} takes a list property, such as labels or securityCategories")
        kind: PropertyKind = "text" if named.kind == "texts" else "number"
        elements = [_checked(kind, _element(value), f"{where}.values[{i}]") for i, value in enumerate(values)]
        # One by one: DuckDB's list_has_any and list_has_all take ten times as long.
        return combine(Condition(f"list_contains({named.value.sql}, ?)", [element]) for element in elements)

    return test


def _search(named: Property, leaf: Mapping[str, Any], where: str) -> Condition:
    if named.kind != "text":
        raise bad_request(f"{where} takes a text property")
    text = as_string(leaf.get("value"), f"{where}.value")
    expression = f"contains(lower(nfc_normalize({named.value.sql})), ?)"
    return Condition(expression, [*named.value.parameters, fold(text)])


def _compare(named: Property, comparison: str, value: Any, where: str) -> Condition:
    if named.kind in LISTS:
        raise bad_request(f"{where}: a list property takes exists, containsAny, containsAll")
    checked = _checked(named.kind, value, where)
    return Condition(f"{named.value.sql} {comparison} ?", [*named.value.parameters, checked])


def _checked(kind: PropertyKind, value: Any, where: str) -> Any:
    if kind == "text":
        return as_string(value, where)
    number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**63
    if (kind == "boolean" and not isinstance(value, bool)) or (kind == "number" and not number):
        raise bad_request(f"{where} must be a {kind}, but was {shown(value)}")
    return value


def _element(value: Any) -> Any:
    """An element of a list; labels may be given as they are shown."""
    return value["externalId"] if isinstance(value, dict) and list(value) == ["externalId"] else value


def _values(leaf: Mapping[str, Any], where: str) -> list[Any]:
    values = as_list(leaf.get("values"), f"{where}.values")
    check_size(values, f"{where}.values", 1, MOST_VALUES)
    return values


LEAVES: Mapping[str, tuple[tuple[str, ...], Callable[[Property, Mapping[str, Any], str], Condition]]] = {
    "equals": (("value",), _equals),
    "in": (("values",), _in),
    "range": (("gt", "gte", "lt", "lte"), _range),
    "prefix": (("value",), _prefix),
    "exists": ((), _exists),
    "containsAny": (("values",), _contains(any_of)),
    "containsAll": (("values",), _contains(all_of)),
    "search": (("value",), _search),
}
