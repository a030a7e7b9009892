"""Filters: from plain values under the documented names to the JSON of a request."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias

from cdframe.errors import nearest
from cdframe.identifiers import as_list, check_external_id, check_id
from cdframe.schemas import camel_case
from cdframe.timestamps import now_ms, to_ms

Kind: TypeAlias = (
    Literal["text", "flag", "ids", "texts", "identifiers", "range", "range_or_null", "numbers", "metadata", "labels"]
    | Callable[[str, Any], Any]
)
"""What a filter takes.

That is a text, a bool, lists of ids or of texts, ids or external ids, a range of times (or whether there is none), a
range of numbers, key-value pairs, labels, or what a function of the filter's name and value makes the JSON of.
"""


def build_filter(fields: Mapping[str, Kind], given: Mapping[str, Any], name: str = "filter") -> dict[str, Any]:
    """Turn filter values (None: not given) into the JSON filter.

    Args:
        fields: the documented filter names and what each takes.
        given: values by name. ``<x>_ids`` and ``<x>_external_ids`` of kind ``identifiers`` become one list.
        name: the argument's name, for error messages.

    Raises:
        ValueError: an unknown name, or a value that cannot be.
        TypeError: a value of another type.
    """
    wire: dict[str, Any] = {}
    for key, value in given.items():
        if key not in fields:
            raise ValueError(
                f"Unknown key {key!r} in {name}.{nearest(key, list(fields))} Known keys: {', '.join(fields)}."
            )
        if value is None:
            continue
        kind = fields[key]
        if kind == "identifiers":
            target = camel_case(key.replace("_external_ids", "_ids"))
            wire.setdefault(target, []).extend(_identifiers(key, value))
        else:
            wire[camel_case(key)] = _value(key, kind, value)
    return wire


def _value(key: str, kind: Kind, value: Any) -> Any:
    if callable(kind):
        return kind(key, value)
    match kind:
        case "text":
            return check_external_id(value, key)
        case "flag":
            if not isinstance(value, bool):
                raise TypeError(f"{key} must be True or False, got {type(value).__name__}.")
            return value
        case "ids":
            return [check_id(item, key) for item in as_list(value)]
        case "texts":
            return [check_external_id(item, key) for item in as_list(value)]
        case "range":
            return _range(key, value)
        case "range_or_null":
            return _range_or_null(key, value)
        case "numbers":
            return _numbers(key, value)
        case "metadata":
            return _metadata(key, value)
        case "labels":
            return _labels(key, value)
        case _:
            raise AssertionError(kind)


def _identifiers(key: str, value: Any) -> list[dict[str, Any]]:
    by_text = key.endswith("_external_ids")
    found = []
    for item in as_list(value):
        if isinstance(item, Mapping):
            pairs = {("externalId" if k in ("external_id", "externalId") else k): v for k, v in item.items()}
            if len(pairs) != 1 or not {"id", "externalId"} & pairs.keys():
                raise ValueError(f"{key} holds {dict(item)!r}; accepted are {{'id': ...}} and {{'external_id': ...}}.")
            found.append(pairs)
        elif by_text:
            found.append({"externalId": check_external_id(item, key)})
        else:
            found.append({"id": check_id(item, key)})
    return found


def _range(key: str, value: Any) -> dict[str, int]:
    now = now_ms()
    return {side: to_ms(moment, now=now, name=f"{key}[{side!r}]") for side, moment in _sides(key, value).items()}


def _range_or_null(key: str, value: Any) -> dict[str, Any]:
    """A range of times, or ``{"is_null": True}``: rows that have no time there, or False: those that have one."""
    if not isinstance(value, Mapping) or not value.keys() & {"is_null", "isNull"}:
        return _range(key, value)
    if len(value) > 1:
        raise ValueError(f"{key}={dict(value)!r}: 'is_null' cannot be combined with others.")
    (flag,) = value.values()
    return {"isNull": _value(f"{key}['is_null']", "flag", flag)}


def _numbers(key: str, value: Any) -> dict[str, float]:
    sides = _sides(key, value)
    for side, number in sides.items():
        if isinstance(number, bool) or not isinstance(number, (int, float)) or not math.isfinite(number):
            raise TypeError(f"{key}[{side!r}] must be a finite number, got {number!r}.")
    return sides


def _sides(key: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping) or not value or not value.keys() <= {"min", "max"}:
        raise ValueError(f"{key}={value!r} must be a dict with 'min', 'max' or both.")
    return {side: limit for side, limit in value.items() if limit is not None}


def _labels(key: str, value: Any) -> dict[str, list[dict[str, str]]]:
    """Any of some labels (their external ids), or ``{"contains_any": ..., "contains_all": ...}``."""
    given = value if isinstance(value, Mapping) else {"contains_any": value}
    names = {"contains_any": "containsAny", "contains_all": "containsAll"}
    wire = {}
    for name, labels in given.items():
        target = names.get(name, name)
        if target not in names.values():
            raise ValueError(f"Unknown key {name!r} in {key}.{nearest(str(name), [*names])} Known: {', '.join(names)}.")
        if labels is not None:
            wire[target] = [_label(f"{key}[{name!r}]", label) for label in as_list(labels)]
    return wire


def _label(key: str, label: Any) -> dict[str, str]:
    if isinstance(label, Mapping):
        label = label.get("external_id", label.get("externalId"))
    return {"externalId": check_external_id(label, key)}


def _metadata(key: str, value: Any) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise TypeError(f"{key} must be a dict, got {type(value).__name__}.")
    for name, text in value.items():
        if not isinstance(name, str) or not isinstance(text, str):
            raise TypeError(f"{key}[{name!r}]={text!r}: keys and values of metadata are texts.")
    return dict(value)
