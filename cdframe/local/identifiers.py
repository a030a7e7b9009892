"""References to resources in requests: parsed, checked for repeats, found; new ids drawn."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cdframe.local.conditions import Condition, one_of
from cdframe.local.database import Connection
from cdframe.local.errors import ApiError, bad_request
from cdframe.local.fields import EXTERNAL_ID, MAX_ID, Integer
from cdframe.local.validation import as_object, as_string, check_size, reject_unknown


@dataclass(frozen=True, slots=True)
class Identifier:
    """A reference as it was written: `key` is id, externalId or instanceId."""

    key: str
    value: int | str | tuple[str, str]

    def wire(self) -> dict[str, Any]:
        """The reference as an error body shows it."""
        if isinstance(self.value, tuple):
            return {self.key: {"space": self.value[0], "externalId": self.value[1]}}
        return {self.key: self.value}


@dataclass(frozen=True, slots=True)
class Naming:
    """How a family is referred to, and what it answers when a reference is wrong.

    In messages about references that are missing or repeated {} stands for these.
    """

    missing: str
    repeated: str
    missing_external_ids: str | None = None  # instead of `missing` when all that are missing were external ids
    repeated_external_ids: str | None = None  # likewise
    repeated_status: int = 409
    conflicting: str = "Conflicting references: an id and an externalId are of one resource"
    conflicting_keys: Sequence[str] = ("id",)  # what of such a resource the error shows
    taken: str = "externalId is in use already"
    twice: str | None = None  # about an externalId that two items have; without it they are named
    least_id: int = 1
    keys: Sequence[str] = ("id", "externalId")  # the forms of a reference; instanceId is {"space", "externalId"}

    def parse(self, item: Any, where: str, *, others: Collection[str] = ()) -> Identifier:
        """The reference in an item; `others` are the further keys that the item may have."""
        values = as_object(item, where)
        reject_unknown(values, (*self.keys, *others), where)
        given = [key for key in self.keys if values.get(key) is not None]
        if len(given) != 1:
            found = " and ".join(given) or "none"
            raise bad_request(f"{where} must have exactly one of {', '.join(self.keys)}, but has {found}")
        key = given[0]
        value, path = values[key], f"{where}.{key}"
        if key == "id":
            return Identifier(key, Integer(self.least_id).check(value, path))
        if key == "externalId":
            return Identifier(key, EXTERNAL_ID.kind.check(value, path))
        instance = as_object(value, path)
        reject_unknown(instance, ("space", "externalId"), path)
        parts = [as_string(instance.get(part), f"{path}.{part}") for part in ("space", "externalId")]
        for part, name in zip(parts, ("space", "externalId"), strict=True):
            check_size(part, f"{path}.{name}", 1, 255)
        return Identifier(key, (parts[0], parts[1]))

    def reject_repeats(self, identifiers: Sequence[Identifier]) -> None:
        """Refuse a reference that is there twice."""
        if len(set(identifiers)) == len(identifiers):
            return
        seen: set[Identifier] = set()
        repeats = dict.fromkeys(i for i in identifiers if i in seen or seen.add(i))  # type: ignore[func-returns-value]
        message = _about(repeats, self.repeated, self.repeated_external_ids)
        raise ApiError(self.repeated_status, message, duplicated=[i.wire() for i in repeats])

    def reject_missing(self, identifiers: Iterable[Identifier], found: Collection[Identifier]) -> None:
        """Refuse references to what is not there, naming all of them."""
        missing = dict.fromkeys(i for i in identifiers if i not in found)
        if missing:
            message = _about(missing, self.missing, self.missing_external_ids)
            raise ApiError(400, message, missing=[i.wire() for i in missing])

    def reject_conflicts(self, found: Mapping[Identifier, Mapping[str, Any]]) -> None:
        """Refuse an id and an externalId that are of one resource."""
        seen: set[int] = set()
        conflicts = []
        for row in found.values():
            if row["id"] in seen:
                both = {"id": row["id"], "externalId": row["external_id"]}
                conflicts.append({key: both[key] for key in self.conflicting_keys})
            seen.add(row["id"])
        if conflicts:
            raise ApiError(409, self.conflicting, duplicated=conflicts)


def _about(identifiers: Collection[Identifier], message: str, of_external_ids: str | None) -> str:
    """The message about these references."""
    named = all(identifier.key == "externalId" for identifier in identifiers)
    text = of_external_ids if named and of_external_ids is not None else message
    return text.format(", ".join(str(identifier.value) for identifier in identifiers))


def find(
    connection: Connection,
    table: str,
    columns: str,
    identifiers: Iterable[Identifier],
    condition: Condition,
) -> dict[Identifier, dict[str, Any]]:
    """The rows that the identifiers refer to and that the condition covers, in the order of the identifiers.

    `columns` must have id and external_id among them.
    """
    wanted = list(dict.fromkeys(identifiers))
    rows = []
    for key, column in (("id", "id"), ("externalId", "external_id")):
        values = [identifier.value for identifier in wanted if identifier.key == key]
        if values:
            test = one_of(column, values) & condition
            rows += connection.rows(f"SELECT {columns} FROM {table} WHERE {test.sql}", test.parameters)
    by_id = {row["id"]: row for row in rows}
    by_external_id = {row["external_id"]: row for row in rows}
    found = {}
    for identifier in wanted:
        source = {"id": by_id, "externalId": by_external_id}.get(identifier.key, {})
        row = source.get(identifier.value)
        if row is not None:
            found[identifier] = row
    return found


def new_ids(connection: Connection, table: str, count: int) -> list[int]:
    """Random ids, uniform over the id space, that the table does not hold."""
    ids: dict[int, None] = {}
    while len(ids) < count:
        drawn = {secrets.randbelow(MAX_ID) + 1 for _ in range(count - len(ids))}
        test = one_of("id", list(drawn))
        taken = connection.tuples(f"SELECT id FROM {table} WHERE {test.sql}", test.parameters)
        ids |= dict.fromkeys(drawn - {row[0] for row in taken})
    return list(ids)


def next_numbers(connection: Connection, sequence: str, count: int) -> list[int]:
    """The next numbers of a sequence, for rows that no internal id names."""
    return [row[0] for row in connection.tuples(f"SELECT nextval('{sequence}') FROM range({count})")]
