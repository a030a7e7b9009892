"""Frames of users made to fit the declared columns, without loss, or refused with the name of what does not fit."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from cdframe.errors import nearest
from cdframe.schemas import Column, snake_case


def conform(table: pa.Table, columns: Mapping[str, Column], what: str) -> pa.Table:
    """Cast the columns of `table` as declared in `columns`, which has all that it may have; the server's are left out.

    Raises:
        ValueError: an unknown column, or values that the declared type does not hold; names the column.
    """
    conformed = {}
    for name in table.column_names:
        if name not in columns:
            raise ValueError(
                f"Unknown column {name!r} in a frame of {what}.{nearest(name, list(columns))} "
                f"Known columns: {', '.join(columns)}."
            )
        if not columns[name].is_set_by_server:
            conformed[name] = cast_column(table.column(name), columns[name], name, what)
    return pa.table(conformed) if conformed else table.select([])


def cast_column(column: pa.ChunkedArray, to: Column, name: str, what: str) -> pa.ChunkedArray:
    """Cast one column without loss; raise ValueError that names it when its values do not fit."""
    if column.type == to.type and to.form != "json":
        return column
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if not _may_fit(column.type, to):
        raise ValueError(f"Column {name!r} of {what} must be {to.type}, got {column.type}.")
    try:
        return _cast(column, to)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, TypeError, ValueError) as error:
        raise ValueError(f"Column {name!r} of {what} must be {to.type}: {error}") from error


def _may_fit(given: pa.DataType, to: Column) -> bool:
    """Whether the values are of the right kind, whatever they are."""
    if pa.types.is_null(given) or to.form == "json" or _has_objects(given, to):
        return True
    if pa.types.is_map(to.type):
        return _is_list(given) or bool(pa.types.is_map(given) or pa.types.is_struct(given))
    if to.fields:
        kinds = (pa.types.is_struct, pa.types.is_map, pa.types.is_null)
        return any(is_kind(given.value_type if _is_list(given) else given) for is_kind in kinds)
    given, wanted = (kind.value_type if _is_list(kind) else kind for kind in (given, to.type))
    return bool(pa.types.is_null(given)) or _kind_of_values(given) == _kind_of_values(wanted)


def _cast(column: pa.ChunkedArray, to: Column) -> pa.ChunkedArray:
    given, wanted = column.type, to.type
    if pa.types.is_null(given):
        return column.cast(wanted)
    if to.form == "json":
        return _to_json(column)
    if _has_objects(given, to):
        return _of_objects(column, to)
    if _is_list(wanted) and not _is_list(given):
        column = _in_lists(column)
    if to.fields:
        return _to_structs(column, to)
    if pa.types.is_map(wanted):
        return _to_map(column, wanted)
    if pa.types.is_timestamp(wanted) and pa.types.is_timestamp(given):
        return _to_timestamp(column, wanted)
    return column.cast(wanted)


def _has_objects(given: pa.DataType, to: Column) -> bool:
    """Whether ids or external ids come as the objects that the wire has for them."""
    return to.form in ("ids", "external_ids") and _is_list(given) and bool(pa.types.is_struct(given.value_type))


def _kind_of_values(given: pa.DataType) -> str:
    """Tell texts, bools and all others apart, between which Arrow would cast."""
    if pa.types.is_string(given) or pa.types.is_large_string(given) or pa.types.is_string_view(given):
        return "text"
    return "bool" if pa.types.is_boolean(given) else "other"


def _is_list(given: pa.DataType) -> bool:
    return bool(pa.types.is_list(given) or pa.types.is_large_list(given))


def _in_lists(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Make lists of one of single values."""
    return pa.chunked_array([pa.array([None if value is None else [value] for value in column.to_pylist()])])


def _of_objects(column: pa.ChunkedArray, to: Column) -> pa.ChunkedArray:
    """Read lists of ``{"id"}`` or ``{"external_id"}`` objects, which may have further members."""
    names = ("id",) if to.form == "ids" else ("external_id", "externalId")
    rows = [
        None if row is None else [next((one[name] for name in names if one.get(name) is not None), None) for one in row]
        for row in column.to_pylist()
    ]
    if any(value is None for row in rows if row is not None for value in row):
        raise pa.ArrowInvalid(f"an object in it has no {names[0]!r}")
    return pa.chunked_array([pa.array(rows, to.type)])


def _to_structs(column: pa.ChunkedArray, to: Column) -> pa.ChunkedArray:
    """Read structs under the names of frames or of the wire; fields that are not there are null."""
    rows = [_read_structs(row, to.fields) for row in column.to_pylist(maps_as_pydicts="strict")]
    return pa.chunked_array([pa.array(rows, to.type)])


def _read_structs(value: Any, fields: Sequence[Column]) -> Any:
    if isinstance(value, list):
        return [_read_structs(one, fields) for one in value]
    if not isinstance(value, dict):
        return value
    known = {field.name: field for field in fields}
    named = {snake_case(name): part for name, part in value.items() if part is not None}
    if unknown := next((name for name in named if name not in known), None):
        raise pa.ArrowInvalid(f"unknown field {unknown!r}.{nearest(unknown, list(known))} Known: {', '.join(known)}")
    for name, part in named.items():
        if known[name].fields:
            named[name] = _read_structs(part, known[name].fields)
        elif pa.types.is_map(known[name].type) and isinstance(part, dict):
            named[name] = list(_without_nulls(part).items())
    return named


def _to_json(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Check texts of JSON, and write anything else as such."""
    if _kind_of_values(column.type) == "text":
        for text in column.unique().to_pylist():
            if text is not None:
                json.loads(text)
        return column.cast(pa.string())
    rows = column.to_pylist(maps_as_pydicts="strict")
    texts = [None if row is None else json.dumps(_without_nulls(row), ensure_ascii=False) for row in rows]
    return pa.chunked_array([pa.array(texts, pa.string())])


def _without_nulls(value: Any) -> Any:
    """Leave out members that are null: in a frame, structs have the members of all rows."""
    if isinstance(value, dict):
        return {name: _without_nulls(part) for name, part in value.items() if part is not None}
    return [_without_nulls(part) for part in value] if isinstance(value, list) else value


def _to_timestamp(column: pa.ChunkedArray, to: pa.DataType) -> pa.ChunkedArray:
    if column.type.tz is None:
        column = column.cast(pa.timestamp(column.type.unit, tz="UTC"))
    return column.cast(to, safe=False)


def _to_map(column: pa.ChunkedArray, to: pa.DataType) -> pa.ChunkedArray:
    """Read maps in all the forms that frames have for them.

    These are maps, lists of pairs, and structs, where a field that is null in a row is absent from it.
    """
    if pa.types.is_map(column.type):
        return column.cast(to)
    if pa.types.is_struct(column.type):
        return pa.chunked_array([_map_of_struct(chunk) for chunk in column.chunks], to)
    pairs = [None if row is None else _pairs(row) for row in column.to_pylist()]
    return pa.chunked_array([pa.array(pairs, to)])


def _map_of_struct(structs: pa.StructArray) -> pa.MapArray:
    """Put the fields of structs beside each other, row by row."""
    names = [field.name for field in structs.type]
    fields = [structs.field(name) for name in names]
    for name, field in zip(names, fields, strict=True):
        if not _is_text(field.type) and field.null_count < len(field):
            value = next(value for value in field.to_pylist() if value is not None)
            raise pa.ArrowInvalid(f"the value of {name!r} is {value!r}, not a text")
    if not fields:
        return pa.array([{} if one.is_valid else None for one in structs], pa.map_(pa.string(), pa.string()))
    by_field = np.arange(len(fields) * len(structs)).reshape(len(fields), -1)
    values = pa.concat_arrays([field.cast(pa.string()) for field in fields]).take(pa.array(by_field.T.ravel()))
    keys = pa.array(names, pa.string()).take(pa.array(np.tile(np.arange(len(names)), len(structs))))
    there = np.asarray(values.is_valid()) & np.repeat(np.asarray(structs.is_valid()), len(names))
    counts = there.reshape(-1, len(names)).sum(axis=1)
    nulls = np.append(~np.asarray(structs.is_valid()), False)
    offsets = pa.array(np.append(0, np.cumsum(counts)), pa.int32(), mask=nulls if nulls.any() else None)
    return pa.MapArray.from_arrays(offsets, keys.filter(pa.array(there)), values.filter(pa.array(there)))


def _pairs(row: Sequence[Any]) -> list[tuple[str, str]]:
    """Read a list of (key, value), or of {key, value} as structs have them."""
    pairs = [(one["key"], one["value"]) if isinstance(one, dict) else (one[0], one[1]) for one in row]
    for key, value in pairs:
        if value is not None and not isinstance(value, str):
            raise pa.ArrowInvalid(f"the value of {key!r} is {value!r}, not a text")
    return [(key, value) for key, value in pairs if value is not None]


def _is_text(given: pa.DataType) -> bool:
    return _kind_of_values(given) == "text"
