"""The columns of sequences: how they are defined, stored, shown and changed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cdframe.local.errors import ApiError, bad_request, constraint
from cdframe.local.fields import EXTERNAL_ID, TIMES, Choice, Field, Json, Metadata, Text, compact
from cdframe.local.resources import Resource, Row
from cdframe.local.updates import apply_update
from cdframe.local.validation import as_list, as_object, check_size, reject_unknown, shown

MOST, MOST_STRINGS = 400, 200

COLUMN = Resource(
    table="sequences",  # a sequence has its columns in its own row
    fields=(
        replace(EXTERNAL_ID, required=True),
        Field("name", Text(255)),
        Field("description", Text(1000)),
        Field("valueType", Choice(("STRING", "DOUBLE", "LONG")), default="DOUBLE", updatable=False),
        Field("metadata", Metadata(total=10_000)),
        *TIMES,
    ),
)


@dataclass(frozen=True, slots=True)
class Columns(Json):
    """The columns of a sequence, in their order, as rows of `COLUMN`; times are set when they are stored."""

    def check(self, value: Any, where: str) -> list[Row]:
        return _checked(_define(value, where), where)

    def store(self, value: list[Row] | None) -> str | None:
        return None if value is None else compact([_as_shown(column) for column in value])

    def load(self, stored: str | None) -> list[Row]:
        return [
            {field.column: column.get(field.name) for field in COLUMN.fields} for column in json.loads(stored or "[]")
        ]


@dataclass(frozen=True, slots=True)
class Column:
    """A column as rows need it."""

    number: int
    external_id: str
    name: str | None
    kind: str  # STRING, DOUBLE or LONG

    def shown(self) -> dict[str, Any]:
        """The column as answers with rows have it."""
        name = {} if self.name is None else {"name": self.name}
        return {"externalId": self.external_id, **name, "valueType": self.kind}


def stored_columns(row: Row) -> list[Column]:
    """The columns of a sequence, given its row of the table."""
    return [
        Column(number, column["externalId"], column.get("name"), column["valueType"])
        for number, column in zip(row["column_numbers"], json.loads(row["columns"]), strict=True)
    ]


def parse_names(value: Any, where: str) -> list[str] | None:
    """External ids of columns, each once; none are named by null."""
    if value is None:
        return None
    names = as_list(value, where)
    check_size(names, where, 1, MOST)
    checked: list[str] = [EXTERNAL_ID.kind.check(name, f"{where}[{i}]") for i, name in enumerate(names)]
    if len(set(checked)) < len(checked):
        raise bad_request(f"{where} must not name a column twice")
    return checked


def choose(columns: Sequence[Column], names: Sequence[str] | None) -> Sequence[Column]:
    """The columns that are named, or all, or 404."""
    if names is None:
        return columns
    by_name = {column.external_id: column for column in columns}
    unknown = [name for name in names if name not in by_name]
    if unknown:
        raise ApiError(404, f"Can't find column {', '.join(map(repr, unknown))}")
    return [by_name[name] for name in names]


def change_columns(row: Row, change: Any, where: str, now: int) -> None:
    """Change the columns of a sequence: remove, then modify, then add. New ones have no number yet."""
    given = as_object(change, where)
    reject_unknown(given, ("set", "add", "remove", "modify"), where)
    if given.get("set") is not None:
        if len([name for name in given if given[name] is not None]) > 1 or not _same(row["columns"], given["set"]):
            raise bad_request(f"{where}.set cannot change columns: give add, remove or modify")
        return
    removed = [_name(item) for item in as_list(given.get("remove") or [], f"{where}.remove")]
    modified = [
        as_object(item, f"{where}.modify[{i}]")
        for i, item in enumerate(as_list(given.get("modify") or [], f"{where}.modify"))
    ]
    for i, item in enumerate(modified):
        reject_unknown(item, ("externalId", "update"), f"{where}.modify[{i}]")
    named = [*removed, *map(_name, modified)]
    _reject_repeats(named, "Columns are removed or modified twice")
    known = {column["external_id"] for column in row["columns"]}
    missing = [name for name in named if name not in known]
    if missing:
        text = f"Columns not found: {', '.join(map(shown, missing))}"
        raise ApiError(400, text, missing=[{"externalId": name} for name in missing])
    updates = {_name(item): (item.get("update") or {}, f"{where}.modify[{i}]") for i, item in enumerate(modified)}
    columns, numbers = [], []
    for column, number in zip(row["columns"], row["column_numbers"], strict=True):
        name = column["external_id"]
        if name in removed:
            continue
        if name in updates:
            update, path = updates[name]
            column = {**apply_update(COLUMN, column, update, f"{path}.update"), "last_updated_time": now}
        columns.append(column)
        numbers.append(number)
    added = _define(given.get("add") or [], f"{where}.add")
    row["columns"] = _checked([*columns, *added], where)
    row["column_numbers"] = [*numbers, *[None] * len(added)]


def _define(value: Any, where: str) -> list[Row]:
    """The columns that are defined; those without an external id are called by their places."""
    columns = []
    for i, item in enumerate(as_list(value, where)):
        given = {name: part for name, part in as_object(item, f"{where}[{i}]").items() if part is not None}
        columns.append(COLUMN.parse({"externalId": f"column{i}", **given}, f"{where}[{i}]"))
    return columns


def _checked(columns: list[Row], where: str) -> list[Row]:
    check_size(columns, where, 1, MOST)
    strings = sum(column["value_type"] == "STRING" for column in columns)
    if strings > MOST_STRINGS:
        raise constraint(f"{where} must have at most {MOST_STRINGS} columns of strings, but has {strings}")
    _reject_repeats([column["external_id"] for column in columns], "Duplicate column external ids")
    return columns


def _reject_repeats(names: Sequence[str], message: str) -> None:
    repeated = {name: None for name in names if names.count(name) > 1} if len(set(names)) < len(names) else {}
    if repeated:
        text = f"{message}: {', '.join(map(str, repeated))}"
        raise ApiError(409, text, duplicated=[{"externalId": name} for name in repeated])


def _name(item: Any) -> str:
    """The column that is meant: `{"externalId"}`, or just that."""
    name: str = EXTERNAL_ID.kind.check(
        item.get("externalId") if isinstance(item, dict) else item, "the externalId of a column"
    )
    return name


def _same(columns: Iterable[Row], definition: Any) -> bool:
    """Whether a definition is that of these columns, which 2021 clients send back with whole objects."""
    wanted = [(column["external_id"], column["value_type"]) for column in _define(definition, "columns")]
    return wanted == [(column["external_id"], column["value_type"]) for column in columns]


def _as_shown(column: Row) -> dict[str, Any]:
    values = {field.name: column.get(field.column) for field in COLUMN.fields}
    return {name: value for name, value in values.items() if value is not None}
