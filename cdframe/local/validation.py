"""Checks of request bodies: objects, known fields, list sizes."""

from __future__ import annotations

import difflib
import math
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from cdframe.local.errors import ApiError, bad_request, constraint

EMPTY: tuple[Any, ...] = (None, "", [], {})


def shown(value: Any) -> str:
    """A value as an error message names it: JSON-like and never long."""
    text = {True: "true", False: "false", None: "null"}.get(value) if isinstance(value, bool | None) else None
    text = text or repr(value)
    return text if len(text) <= 100 else text[:97] + "..."


def as_object(value: Any, where: str) -> dict[str, Any]:
    """The value as a JSON object, or 400."""
    if not isinstance(value, dict):
        raise bad_request(f"{where} must be an object, but was {shown(value)}")
    return value


def as_list(value: Any, where: str) -> list[Any]:
    """The value as a JSON array, or 400."""
    if not isinstance(value, list):
        raise bad_request(f"{where} must be an array, but was {shown(value)}")
    return value


def as_boolean(value: Any, where: str, default: bool) -> bool:
    """An optional boolean; null is its default."""
    if value is None:
        return default
    if not isinstance(value, bool):
        raise bad_request(f"{where} must be true or false, but was {shown(value)}")
    return value


def as_integer(value: Any, where: str) -> int:
    """An integer, or a float that is one; never a boolean."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise bad_request(f"{where} must be an integer, but was {shown(value)}")
    return value


def as_number(value: Any, where: str) -> float:
    """A number, with or without a fraction; one that is larger than any other is infinite."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise bad_request(f"{where} must be a number, but was {shown(value)}")
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def as_string(value: Any, where: str) -> str:
    """A string that UTF-8 can hold; a JSON text may smuggle in half a surrogate pair."""
    if not isinstance(value, str):
        raise bad_request(f"{where} must be a string, but was {shown(value)}")
    if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
        raise bad_request(f"{where} holds half of a surrogate pair, which is not a character")
    return value


def request_items(body: Mapping[str, Any], largest: int, *, name: str = "items") -> list[Any]:
    """The list of items of a request, whose size is within the limits of its route."""
    items = body.get(name)
    if items is None:
        raise constraint(f"{name} must not be null")
    items = as_list(items, name)
    check_size(items, name, 1, largest)
    return items


def check_size(values: Collection[Any], where: str, least: int, most: int) -> None:
    """The number of elements (characters of a string) is within its limits, or 400."""
    if not least <= len(values) <= most:
        raise constraint(f"{where} size must be between {least} and {most}")


def reject_unknown(values: Mapping[str, Any], known: Collection[str], where: str, *, empty_passes: bool = True) -> None:
    """Refuse keys that nobody will read: a request that is half understood is not carried out.

    A null always passes, as clients send nulls for whatever they do not set; other empty values do where
    `empty_passes`.
    """
    for key in values:
        if key in known or (values[key] in EMPTY if empty_passes else values[key] is None):
            continue
        path = f"{where}.{key}" if where else key
        raise unexpected_field(path, key, known)


def unexpected_field(path: str, key: str, known: Iterable[str]) -> ApiError:
    """The error for a field that does not exist, with the nearest one that does."""
    nearest = difflib.get_close_matches(key.casefold(), [name.casefold() for name in known], 1)
    hint = next((name for name in known if nearest and name.casefold() == nearest[0]), None)
    return bad_request(f"Unexpected field - {path}" + (f" - did you mean {hint}?" if hint else ""))
