"""Filters: from plain values under the documented names to the JSON of a request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from cdframe.errors import nearest
from cdframe.identifiers import as_list, check_external_id, check_id
from cdframe.schemas import camel_case
from cdframe.timestamps import now_ms, to_ms

Kind = Literal["text", "flag", "ids", "texts", "identifiers", "range", "metadata"]
"""What a filter takes: a text, a bool, lists of ids or of texts, ids or external ids, a time range, key-value pairs."""


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
        case "metadata":
            return _metadata(key, value)
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
    if not isinstance(value, Mapping) or not value or not value.keys() <= {"min", "max"}:
        raise ValueError(f"{key}={value!r} must be a dict with 'min', 'max' or both.")
    now = now_ms()
    return {
        side: to_ms(moment, now=now, name=f"{key}[{side!r}]") for side, moment in value.items() if moment is not None
    }


def _metadata(key: str, value: Any) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise TypeError(f"{key} must be a dict, got {type(value).__name__}.")
    for name, text in value.items():
        if not isinstance(name, str) or not isinstance(text, str):
            raise TypeError(f"{key}[{name!r}]={text!r}: keys and values of metadata are texts.")
    return dict(value)
