"""What requests about events looked like in 2021, as it is asked for today.

sort        `["startTime:desc"]` -> `[{"property": ["startTime"], "order": "desc"}]`
aggregate   `"fields": ["type"]` -> `"properties": [{"property": ["type"]}]`
"""

from __future__ import annotations

from typing import Any

from cdframe.local.errors import bad_request
from cdframe.local.families.family import Asked
from cdframe.local.validation import as_list, check_size, shown

FIELDS = ("type", "subtype", "dataSetId")


def as_today(asked: Asked) -> Asked:
    """The body of a request in today's form."""
    changed: dict[str, Any] = {}
    if isinstance(asked.get("sort"), list):
        changed["sort"] = [_sort_key(key) if isinstance(key, str) else key for key in asked["sort"]]
    if asked.get("fields") is not None:
        changed["properties"] = [{"property": _one_field(asked["fields"])}]
    return {**asked, **changed}


def _sort_key(text: str) -> dict[str, Any]:
    name, _, order = text.partition(":")
    return {"property": [name], "order": order or "asc"}


def _one_field(value: Any) -> list[str]:
    fields = as_list(value, "fields")
    check_size(fields, "fields", 1, 1)
    if fields[0] not in FIELDS:
        raise bad_request(f"fields[0] must be one of {', '.join(FIELDS)}, but was {shown(fields[0])}")
    return fields
