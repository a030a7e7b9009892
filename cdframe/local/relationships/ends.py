"""The two ends of relationships: resources of other families, which need not exist."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from cdframe.local.access import Principal
from cdframe.local.assets.routes import ENDPOINTS as ASSETS
from cdframe.local.conditions import Condition
from cdframe.local.database import Connection
from cdframe.local.events.routes import ENDPOINTS as EVENTS
from cdframe.local.families.endpoints import Endpoints
from cdframe.local.fields import Choice, Text
from cdframe.local.files.routes import ENDPOINTS as FILES
from cdframe.local.sequences.routes import ENDPOINTS as SEQUENCES
from cdframe.local.time_series.routes import ENDPOINTS as TIME_SERIES
from cdframe.local.validation import as_list, as_object, check_size, reject_unknown

ENDS = ("source", "target")

TYPE = Choice(("asset", "timeSeries", "file", "event", "sequence"))

# The families that ends are fetched from, by their types.
FAMILIES: Mapping[str, Endpoints] = {
    "asset": ASSETS,
    "event": EVENTS,
    "file": FILES,
    "sequence": SEQUENCES,
    "timeSeries": TIME_SERIES,
}


def with_ends(connection: Connection, caller: Principal, relationships: Sequence[str]) -> list[str]:
    """Relationships as JSON, with those of their ends that exist and that the caller may read."""
    rows = [json.loads(relationship) for relationship in relationships]
    named = [{end: (row[f"{end}Type"], row[f"{end}ExternalId"]) for end in ENDS} for row in rows]
    found: dict[tuple[str, str], str] = {}
    for type, endpoints in FAMILIES.items():
        family = endpoints.family(connection, caller, caller.grant(endpoints.acl, "READ"), {})
        external_ids = {external_id for ends in named for of, external_id in ends.values() if of == type}
        found |= {(type, id): resource for id, resource in family.by_external_ids(list(external_ids)).items()}
    return [
        relationship[:-1] + "".join(f',"{end}":{found[name]}' for end, name in ends.items() if name in found) + "}"
        for relationship, ends in zip(relationships, named, strict=True)
    ]


def at_either_end(value: Any, where: str, connection: Connection) -> Condition:
    """The one resource of a list is the source or the target."""
    values = as_list(value, where)
    check_size(values, where, 1, 1)
    path = f"{where}[0]"
    resource = as_object(values[0], path)
    reject_unknown(resource, ("type", "externalId"), path)
    wanted = [
        TYPE.check(resource.get("type"), f"{path}.type"),
        Text(255).check(resource.get("externalId"), f"{path}.externalId"),
    ]
    tests = [f"({end}_type = ? AND {end}_external_id = ?)" for end in ENDS]
    return Condition(f"({' OR '.join(tests)})", [*wanted, *wanted])
