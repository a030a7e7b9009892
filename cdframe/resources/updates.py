"""Update frames: from columns to the update objects of a request.

A frame of updates has an identity column (`id`, or `external_id`), then what to set. A null keeps the old value, or
with ``null="clear"`` clears it. Columns such as ``metadata.add``, ``metadata.remove``, ``labels.add`` add to and remove
from an object or an array, where the plain column replaces it. Objects that have external ids, such as the columns of
sequences, change only so: by ``columns.add``, ``columns.remove`` and ``columns.modify``. Columns that the server sets
are passed over, so that what was read can be changed and written back.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Literal, TypeAlias

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from cdframe.forms import wire_frame
from cdframe.json_rows import Member, join_members, wrap_members, write_members
from cdframe.schemas import TEXT_LIST, Column, Schema, camel_case, lists_of_structs, structs

NullRule: TypeAlias = Literal["keep", "clear"]

_CLEAR = {"set_null": '{"setNull":true}', "object": '{"set":{}}', "array": '{"set":[]}'}


def check_null_rule(null: str) -> None:
    """Raise ValueError for anything but ``"keep"`` and ``"clear"``."""
    if null not in ("keep", "clear"):
        raise ValueError(f"null={null!r} is not known. Accepted: 'keep' (a null keeps the old value), 'clear'.")


def update_columns(schema: Schema) -> dict[str, Column]:
    """Name all columns that a frame of updates may have, as they are declared for it."""
    parts = {part.name: part for column in schema.columns for part in _parts(column)}
    return {**schema.by_name, "id": Column("id", pa.int64()), **parts}


def _parts(column: Column) -> tuple[Column, ...]:
    """Declare the columns that change a part of each value of a column."""
    added, removed = (replace(column, name=f"{column.name}.{part}") for part in ("add", "remove"))
    match column.update:
        case "array":
            return added, removed
        case "object":
            return added, Column(removed.name, TEXT_LIST)
        case "members":
            changes = structs("update", *(replace(field, form="set") for field in column.fields if field.update))
            modified = lists_of_structs(f"{column.name}.modify", Column("external_id", pa.string()), changes)
            return added, Column(removed.name, TEXT_LIST, form="external_ids"), modified
    return ()


def update_objects(table: pa.Table, schema: Schema, null: NullRule) -> pl.Series:
    """Write each row as an update object, ``{"id": 1, "update": {"name": {"set": "a"}}}``.

    A row with an id is known by it, and its external id is set like any other column.

    Raises:
        ValueError: a row without identity, or one that both replaces a column and adds to or removes from it.
    """
    table = _with_identity(table, schema)
    identified = Column("external_id.identity", pa.string())
    frame = wire_frame(table, {**update_columns(schema), identified.name: identified})
    identity = write_members(frame, [Member("id", '"id":{}'), Member(identified.name, '"externalId":{}')])
    changes = []
    for column in schema.columns:
        if column.update is None:
            continue
        name = camel_case(column.name)
        if column.name in table.column_names and column.update != "members":
            clear = _CLEAR.get(column.update) if null == "clear" and column.name != "external_id" else None
            if_null = None if clear is None else f'"{name}":{clear}'
            sets = Member(column.name, f'"{name}":' + '{"set":{}}', if_null, json=column.form == "json")
            changes.append(write_members(frame, [sets]))
        parts = [part.name for part in _parts(column) if part.name in table.column_names]
        if parts:
            if column.update != "members":
                _reject_both(table, column.name, parts)
            members = [Member(part, f'"{part.removeprefix(f"{column.name}.")}":' + "{}") for part in parts]
            changes.append(wrap_members(f'"{name}":' + "{", write_members(frame, members), "}"))
    return "{" + identity + ',"update":{' + join_members(changes, table.num_rows) + "}}"


def _with_identity(table: pa.Table, schema: Schema) -> pa.Table:
    """Split `external_id` into what identifies a row (where it has no id) and what is set (where it has one)."""
    nothing = pa.nulls(table.num_rows, pa.string())
    ids = table.column("id") if "id" in table.column_names else pa.nulls(table.num_rows, pa.int64())
    texts = table.column("external_id") if "external_id" in table.column_names else nothing
    by_id = pc.is_valid(ids)
    named = pc.or_(by_id, pc.is_valid(texts))
    if table.num_rows and not pc.all(named).as_py():
        raise ValueError(
            f"Row {pc.index(named, False).as_py()} of the update frame of {schema.resource} has neither 'id' nor "
            "'external_id'. Accepted: a column of either, filled in every row."
        )
    others = table.drop_columns([name for name in ("id", "external_id") if name in table.column_names])
    identified = others.append_column("id", ids)
    identified = identified.append_column("external_id.identity", pc.if_else(by_id, None, texts))
    return identified.append_column("external_id", pc.if_else(by_id, texts, None))


def _reject_both(table: pa.Table, name: str, parts: Iterable[str]) -> None:
    if name not in table.column_names:
        return
    for part in parts:
        both = pc.and_(pc.is_valid(table.column(name)), pc.is_valid(table.column(part)))
        if table.num_rows and pc.any(both).as_py():
            raise ValueError(
                f"Row {pc.index(both, True).as_py()} of the update frame has both {name!r}, which replaces, and "
                f"{part!r}. Accepted: either."
            )
