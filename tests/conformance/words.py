"""From the words of the Python clients, in which rows and filters of the scenario are written, to those of HTTP.

The scenario names rows by external ids also where ids are called for, and by them the times of ranges that the server
has set: `{"parent_ids": ["plant"], "created_time": {"max": "plant"}}`. Integers stand for themselves.
"""

from typing import Any

FAMILIES = ("data_sets", "labels", "assets", "events", "relationships", "files", "sequences")
PATHS = {family: "/" + family.replace("_", "") for family in FAMILIES} | {"extraction_pipelines": "/extpipes"}

# The family that an argument's ids belong to.
IDS_OF = {
    "data_set_id": "data_sets",
    "data_set_ids": "data_sets",
    "parent_id": "assets",
    "parent_ids": "assets",
    "root_ids": "assets",
    "asset_id": "assets",
    "asset_ids": "assets",
    "asset_subtree_ids": "assets",
    "root_asset_ids": "assets",
}
# Arguments that HTTP has as lists of {"id"} or {"externalId"}, under the name of the first kind.
IDENTIFIERS = {
    f"{name}_{kind}": (f"{name}_ids", wire_kind)
    for name in ("data_set", "root", "asset_subtree", "root_asset")
    for kind, wire_kind in (("ids", "id"), ("external_ids", "externalId"))
}
SET_BY_SERVER = ("created_time", "last_updated_time", "uploaded_time")

# Fields that are lists of objects, by their names in HTTP.
STRUCTS = ("columns", "rawTables", "contacts")

Row = dict[str, Any]
# family -> external id -> the row as HTTP shows it
Known = dict[str, dict[str, Row]]


def camel_case(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.title() for word in others)


def snake_case(name: str) -> str:
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in name)


def as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def resolved(family: str, fields: Row, known: Known) -> Row:
    """The fields of a row, or filters, of a family with the ids and times that external ids stand for."""

    def identity(of: str, value: Any) -> Any:
        if isinstance(value, list):
            return [identity(of, one) for one in value]
        return known[of][value]["id"] if isinstance(value, str) else value

    found = dict(fields)
    for name, value in fields.items():
        if name in IDS_OF:
            found[name] = identity(IDS_OF[name], value)
        elif name in SET_BY_SERVER:
            found[name] = {
                end: known[family][time][camel_case(name)] if isinstance(time, str) else time
                for end, time in value.items()
            }
    return found


def wire_row(row: Row) -> Row:
    """A resolved row as HTTP has it."""
    found = {camel_case(name): value for name, value in row.items()}
    if "labels" in found:
        found["labels"] = wire_labels(found["labels"])
    for name in STRUCTS:
        if name in found:
            found[name] = [wire_row(one) for one in found[name]]
    return found


def wire_labels(labels: list[str]) -> list[Row]:
    return [{"externalId": label} for label in labels]


def wire_filter(filters: Row) -> Row:
    """Resolved filters as HTTP has them."""
    found: Row = {}
    for name, value in filters.items():
        if name in IDENTIFIERS:
            wire_name, kind = IDENTIFIERS[name]
            found.setdefault(camel_case(wire_name), []).extend({kind: one} for one in as_list(value))
        elif name == "labels":
            found[name] = {camel_case(kind): wire_labels(labels) for kind, labels in value.items()}
        elif isinstance(value, dict) and name != "metadata":
            found[camel_case(name)] = {camel_case(end): one for end, one in value.items()}
        else:
            found[camel_case(name)] = value
    return found
