"""Parameters of lists in the query string, which become the body that the same list takes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from cdframe.local.errors import bad_request
from cdframe.local.validation import as_list, check_size, shown


@dataclass(frozen=True, slots=True)
class Parameter:
    """What a parameter means: a key of the filter, of which it is the value, or a part."""

    key: str
    text: bool = False  # the value is the text itself, not JSON
    part: str | None = None  # `min` or `max` of a range
    each: str | None = None  # `id` or `externalId`: the value is a list of these, and becomes one of references
    most: int | None = None  # elements of a list, when the filter itself takes more

    def add(self, filter: dict[str, Any], name: str, text: str) -> None:
        """Put the value into the filter, beside what other parameters put under the same key."""
        value = text if self.text else parse_parameter(name, text)
        if self.most is not None:
            check_size(as_list(value, name), name, 1, self.most)
        if self.part is not None:
            filter.setdefault(self.key, {})[self.part] = value
        elif self.each is not None:
            filter.setdefault(self.key, []).extend({self.each: one} for one in as_list(value, name))
        else:
            filter[self.key] = value


def text(key: str) -> Parameter:
    """The value is a text."""
    return Parameter(key, text=True)


def bounds(*keys: str) -> dict[str, Parameter]:
    """minCreatedTime and maxCreatedTime for createdTime, and likewise for other ranges."""
    return {f"{part}{key[0].upper()}{key[1:]}": Parameter(key, part=part) for key in keys for part in ("min", "max")}


def parse_query(
    parameters: Mapping[str, Parameter], query: MultiDict[str, str], *, sortable: bool = False
) -> dict[str, Any]:
    """The body of a list request whose parameters are in the query string; empty ones say nothing.

    When it is `sortable`, `sort` is a JSON array, or there once for each key.
    """
    given = {name: value for name, value in query.items() if value != ""}
    wanted: dict[str, Any] = {}
    for name, parameter in parameters.items():
        if name in given:
            parameter.add(wanted, name, given[name])
    body: dict[str, Any] = {"filter": wanted, "cursor": given.get("cursor"), "partition": given.get("partition")}
    keys = [key for key in query.getlist("sort") if key != ""]
    if sortable and keys:
        body["sort"] = parse_parameter("sort", keys[0]) if keys[0].startswith("[") else keys
    if "limit" in given:
        body["limit"] = parse_parameter("limit", given["limit"])
    return {**body, "includeMetadata": parse_flag("includeMetadata", given, default=True)}


def parse_flag(name: str, query: Mapping[str, str], *, default: bool) -> bool:
    """A parameter that is true or false, however it is capitalised."""
    text = (query.get(name) or str(default)).lower()
    if text not in ("true", "false"):
        raise bad_request(f"{name} must be true or false, but was {shown(text)}")
    return text == "true"


def parse_parameter(name: str, text: str) -> Any:
    """The value of a parameter that is JSON, or True or False as Python writes them."""
    try:
        return json.loads(text.lower() if text in ("True", "False") else text)
    except (ValueError, RecursionError):
        raise bad_request(f"{name} must be JSON, such as 100 or [1,2], but was {shown(text)}") from None
