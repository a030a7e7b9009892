"""Properties of resources, as today's filters, sorts and aggregates name them: `["name"]`, `["metadata", "key"]`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from cdframe.local.conditions import Condition
from cdframe.local.errors import bad_request
from cdframe.local.validation import as_list, as_string, shown

PropertyKind = Literal["text", "number", "boolean", "texts", "numbers", "map"]
LISTS = ("texts", "numbers")

Properties = Mapping[str, tuple[PropertyKind, str]]  # by their names, with the SQL of their values


@dataclass(frozen=True, slots=True)
class Property:
    """A property that was named: its kind, and the SQL of its value."""

    kind: PropertyKind
    value: Condition  # an expression and its parameters, not a test
    key: str | None = None  # of a map, which has the SQL `map`
    map: str = ""


def find_property(known: Properties, value: Any, where: str) -> Property:
    """The property that a path names, or 400 with those that there are."""
    path = [as_string(part, f"{where}[{i}]") for i, part in enumerate(as_list(value, where))]
    kind, expression = known.get(path[0], (None, "")) if path else (None, "")
    if kind == "map" and len(path) == 2:
        return Property("text", value_of_key(expression, path[1]), path[1], expression)
    if kind is None or kind == "map" or len(path) != 1:
        names = ", ".join(f"[{name}, key]" if k == "map" else f"[{name}]" for name, (k, _) in known.items())
        raise bad_request(f"{where} must be one of {names}, but was {shown(value)}")
    return Property(kind, Condition(expression))


def value_of_key(expression: str, key: str) -> Condition:
    """The expression of one value of a map, which is stored as JSON."""
    pointer = "/" + key.replace("~", "~0").replace("/", "~1")
    return Condition(f"json_extract_string({expression}, ?)", [pointer])
