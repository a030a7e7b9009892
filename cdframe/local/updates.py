"""The update grammar: what `set`, `setNull`, `add` and `remove` make of a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cdframe.local.errors import bad_request
from cdframe.local.fields import Field
from cdframe.local.resources import Resource, Row
from cdframe.local.validation import as_boolean, as_list, as_object, as_string, reject_unknown, unexpected_field

CLEARED: Mapping[str, Any] = {"map": {}, "list": []}  # what null makes of a field, by how it is changed; null of others


def apply_update(resource: Resource, row: Row, update: Any, where: str) -> Row:
    """The row after an update; limits hold for the result."""
    changes = as_object(update, where)
    changed = dict(row)
    updatable = [field.name for field in resource.by_name.values() if field.updatable]
    for name, change in changes.items():
        path = f"{where}.{name}"
        field = resource.by_name.get(name)
        if field is None:
            if change is None:
                continue
            raise unexpected_field(path, name, updatable)
        if change is None:
            continue
        if not field.updatable:
            raise bad_request(f"{path} cannot be updated, only {', '.join(updatable)} can")
        changed[field.column] = _changed(field, row[field.column], as_object(change, path), path)
    return changed


def references_in(field: Field, update: Any) -> Sequence[Any]:
    """What an update, which was applied already, makes a field refer to: the references that it sets or adds."""
    change = update.get(field.name) or {}
    given = change.get("set") if change.get("set") is not None else change.get("add")
    return field.kind.references(given)


def _changed(field: Field, old: Any, change: dict[str, Any], where: str) -> Any:
    collection = field.kind.changes in ("map", "list")
    operations = ("set", "setNull", "add", "remove") if collection else ("set", "setNull")
    reject_unknown(change, operations, where, empty_passes=False)
    clears = as_boolean(change.get("setNull"), f"{where}.setNull", False)
    sets = "set" in change
    edits = change.get("add") is not None or change.get("remove") is not None
    if sets and change["set"] is not None and (clears or edits):
        raise bad_request(f"{where} has set together with another operation: give one of {', '.join(operations)}")
    if clears and edits:
        raise bad_request(f"{where} has setNull together with add or remove: give one of them")
    if sets and change["set"] is not None:
        return field.kind.check(change["set"], f"{where}.set")
    if edits:
        return field.kind.check(_edited(field, old, change, where), where)
    if clears or sets:  # {"set": null} is setNull
        if field.required or (field.default is not None and not collection):
            raise bad_request(f"{where} cannot be null: give it a value with set")
        return CLEARED.get(field.kind.changes)
    return old


def _edited(field: Field, old: Any, change: dict[str, Any], where: str) -> Any:
    """Remove, then add: an element in both is there afterwards."""
    added, removed = change.get("add"), change.get("remove")
    if field.kind.changes == "map":
        keys = {as_string(key, f"{where}.remove") for key in as_list(removed or [], f"{where}.remove")}
        kept = {key: value for key, value in (old or {}).items() if key not in keys}
        return kept | field.kind.check(added or {}, f"{where}.add")
    kind = field.kind
    absent = set(kind.references(kind.check(removed or [], f"{where}.remove")))
    present = {key: value for key, value in zip(kind.references(old), old or (), strict=True) if key not in absent}
    new = kind.check(added or [], f"{where}.add")
    return [*(present | dict(zip(kind.references(new), new, strict=True))).values()]
