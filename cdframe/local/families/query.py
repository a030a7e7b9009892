"""Parameters of lists in the query string, which become the body that the same list takes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cdframe.local.errors import bad_request
from cdframe.local.validation import as_list, shown


@dataclass(frozen=True, slots=True)
class Parameter:
    """What a parameter means: a key of the filter, of which it is the value, or a part."""

    key: str
    text: bool = False  # the value is the text itself, not JSON
    part: str | None = None  # `min` or `max` of a range
    each: str | None = None  # `id` or `externalId`: the value is a list of these, and becomes one of references

    def add(self, filter: dict[str, Any], name: str, text: str) -> None:
        """Put the value into the filter, beside what other parameters put under the same key."""
        value = text if self.text else parse_parameter(name, text)
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


def parse_query(parameters: Mapping[str, Parameter], query: Mapping[str, str]) -> dict[str, Any]:
    """The body of a list request whose parameters are in the query string; empty ones say nothing."""
    given = {name: value for name, value in query.items() if value != ""}
    wanted: dict[str, Any] = {}
    for name, parameter in parameters.items():
        if name in given:
            parameter.add(wanted, name, given[name])
    body: dict[str, Any] = {"filter": wanted, "cursor": given.get("cursor"), "partition": given.get("partition")}
    if "limit" in given:
        body["limit"] = parse_parameter("limit", given["limit"])
    metadata = given.get("includeMetadata", "true").lower()
    if metadata not in ("true", "false"):
        raise bad_request(f"includeMetadata must be true or false, but was {shown(metadata)}")
    return {**body, "includeMetadata": metadata == "true"}


def parse_parameter(name: str, text: str) -> Any:
    """The value of a parameter that is JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise bad_request(f"{name} must be JSON, such as 100 or [1,2], but was {shown(text)}") from None
