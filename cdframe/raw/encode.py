"""Rows as users have them into the objects of an insert: ``{"key":"k","columns":{...}}``."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pyarrow as pa

from cdframe.errors import nearest
from cdframe.frames import is_frame, is_pandas, to_arrow
from cdframe.identifiers import as_list
from cdframe.raw.column_names import KEY, LAST_UPDATED_TIME, json_name
from cdframe.raw.columns import check_names
from cdframe.types import IntoFrame

MOST_KEY = 1024
"""Characters of a key."""

_ROW_MEMBERS = {"key", "columns", "last_updated_time", "lastUpdatedTime"}
_PLAIN_NUMBERS = (pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64)


@dataclass(frozen=True, slots=True)
class EncodedRows:
    """Rows ready to be sent: the object of each, and how to show a range of them as a table."""

    objects: pl.Series
    rows: Callable[[int, int], pa.Table]


def encode_rows(row: IntoFrame, key: str | None, keep_nulls: bool, json_columns: Collection[str]) -> EncodedRows:
    """Encode a frame, ``{key: columns}``, or dicts.

    Raises:
        TypeError, ValueError: what cannot be rows; names the column and the row.
    """
    if isinstance(json_columns, str):
        raise TypeError(f"json_columns must be a list of names, got the text {json_columns!r}.")
    if is_frame(row):
        return _encode_frame(row, key, keep_nulls, list(json_columns))
    pairs = _pairs(row, key or KEY)
    keys = check_keys(pl.Series(KEY, [_as_key(given) for given, _ in pairs], pl.String), "row")
    texts = [_encode_dict(given, columns, keep_nulls, json_columns) for given, columns in pairs]
    columns = pl.Series("columns", texts, pl.String)
    table = pl.DataFrame([keys, columns]).to_arrow()
    return EncodedRows(_objects(keys, columns), table.slice)


def check_keys(keys: pl.Series, name: str) -> pl.Series:
    """Check that keys are there, once each, and not too long."""
    if keys.null_count():
        raise ValueError(f"{name} {keys.is_null().arg_max()} has no key.")
    length = keys.str.len_chars()
    wrong = keys.filter((length == 0) | (length > MOST_KEY))
    if len(wrong):
        raise ValueError(f"{name} has the key {wrong[0][:50]!r}: keys have 1 to {MOST_KEY} characters.")
    if keys.n_unique() < len(keys):
        repeated = keys.filter(keys.is_duplicated()).unique(maintain_order=True)
        raise ValueError(
            f"{name} has {len(repeated)} keys more than once, such as {repeated[0]!r}: which row counts would be left "
            "to chance, as requests are sent side by side."
        )
    return keys


def keys_of(key: Any) -> pl.Series:
    """Give keys, a single one or a list or column of them, as texts; ints as their decimals."""
    return check_keys(pl.Series(KEY, [_as_key(one) for one in as_list(key)], pl.String), "key")


def _as_key(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise TypeError(f"key must be a text, got {type(value).__name__} ({value!r}).")


def _objects(keys: pl.Series, columns: pl.Series) -> pl.Series:
    frame = pl.DataFrame([keys.alias("key"), columns.alias("columns")])
    key = pl.struct("key").struct.json_encode().str.head(-1)
    objects = pl.concat_str(key, pl.lit(',"columns":'), pl.col("columns"), pl.lit("}"))
    return frame.select(objects.alias("objects"))["objects"]


# Frames


def _encode_frame(row: Any, key: str | None, keep_nulls: bool, json_columns: Sequence[str]) -> EncodedRows:
    if isinstance(row, pl.LazyFrame):
        row = row.collect()
    if isinstance(row, pl.DataFrame):
        check_names(row.columns, "row")
    table = to_arrow(row, name="row", index=_index_of_keys(row, key))
    name = key or KEY
    if name not in table.column_names:
        raise ValueError(
            f"row has no column {name!r} for the keys.{nearest(name, table.column_names)} Hint: name one with key=."
        )
    unknown = [one for one in json_columns if one not in table.column_names]
    if unknown:
        raise ValueError(f"row has no column {unknown[0]!r} of json_columns.{nearest(unknown[0], table.column_names)}")
    frame = pl.DataFrame(table)
    frame.columns = table.column_names  # Polars would number columns whose name is empty
    keys = frame[name].alias("")
    if not isinstance(keys.dtype, (*_PLAIN_NUMBERS, pl.String, pl.Categorical, pl.Enum)):
        raise TypeError(f"Column {name!r} has the keys, which are texts (or ints), got {keys.dtype}.")
    keys = check_keys(keys.cast(pl.String), "row")
    written = [one for one in frame.columns if one not in (name, LAST_UPDATED_TIME)]
    columns = {one: frame[one].alias("") for one in written}  # without names, which may be patterns to Polars
    values = pl.DataFrame(
        {
            one: _checked_json(one, column) if one in json_columns else _as_json(one, column)
            for one, column in columns.items()
        }
    )
    raw = {one for one in written if one in json_columns or isinstance(frame.schema[one], pl.Decimal)}
    objects = _encode_columns(values, raw, keep_nulls) if written else pl.repeat("{}", len(keys), eager=True)
    return EncodedRows(_objects(keys, objects), table.slice)


def _index_of_keys(row: Any, key: str | None) -> str | None:
    """The name that the index of a pandas frame gets when it has the keys."""
    if not is_pandas(row):
        return None
    name = key or KEY
    labels = [str(label) for label in row.columns]
    return name if name not in labels and (key is None or row.index.name == key) else None


def _encode_columns(frame: pl.DataFrame, raw: Collection[str], keep_nulls: bool) -> pl.Series:
    """Write rows as objects; columns next to each other that have no nulls go through Polars' writer at once."""
    names = frame.columns
    frame.columns = [str(number) for number in range(frame.width)]  # no name of a user is a pattern to Polars then
    members: list[pl.Expr] = []
    together: list[pl.Expr] = []

    def end_run() -> None:
        if together:
            members.append(pl.struct(together).struct.json_encode().str.head(-1).str.slice(1))
            together.clear()

    for number, name in zip(frame.columns, names, strict=True):
        column, target = pl.col(number), json_name(name)
        if name not in raw and (keep_nulls or not frame[number].null_count()):
            together.append(column.alias(target))
            continue
        end_run()
        if name in raw:
            before = json.dumps(target, ensure_ascii=False) + ":"
            member = pl.concat_str(pl.lit(before), column.fill_null("null") if keep_nulls else column)
        else:
            member = pl.struct(column.alias(target)).struct.json_encode().str.head(-1).str.slice(1)
        members.append(pl.when(column.is_not_null() | keep_nulls).then(member))
    end_run()
    joined = pl.concat_str(members, separator=",", ignore_nulls=True)
    return frame.select(pl.concat_str(pl.lit("{"), joined, pl.lit("}")).alias("columns"))["columns"]


def _as_json(name: str, column: pl.Series) -> pl.Series:
    """Turn a column into one that Polars writes as the JSON that is meant."""
    data_type = column.dtype
    if isinstance(data_type, (pl.Float32, pl.Float64)):
        return pl.select(pl.when(column.is_finite()).then(column)).to_series()
    if isinstance(data_type, (pl.Categorical, pl.Enum, pl.Decimal)):
        return column.cast(pl.String)
    if isinstance(data_type, pl.Date):
        return column.dt.strftime("%Y-%m-%d")
    if isinstance(data_type, pl.Datetime):
        return _as_iso(column, data_type)
    if isinstance(data_type, pl.Null):
        return column.cast(pl.String)
    if isinstance(data_type, (pl.Binary, pl.Duration, pl.Time, pl.Object)):
        raise TypeError(f"Column {name!r} is {data_type}, which JSON has no form for: cast it to ints or texts.")
    return column


def _as_iso(column: pl.Series, data_type: pl.Datetime) -> pl.Series:
    if data_type.time_zone is None:
        return column.dt.strftime("%Y-%m-%dT%H:%M:%S%.f")
    return column.dt.convert_time_zone("UTC").dt.strftime("%Y-%m-%dT%H:%M:%S%.fZ")


def _checked_json(name: str, column: pl.Series) -> pl.Series:
    """Check that texts hold JSON; each different one once."""
    if not isinstance(column.dtype, (pl.String, pl.Categorical, pl.Null)):
        raise TypeError(f"Column {name!r} of json_columns must have texts that hold JSON, got {column.dtype}.")
    column = column.cast(pl.String)
    for text in column.unique(maintain_order=True).drop_nulls():
        _parse_json(text, f"Column {name!r}, row {column.index_of(text)}")
    return column


def _parse_json(text: Any, where: str) -> Any:
    def refuse(name: str) -> Any:
        raise ValueError(f"{name} is no JSON number")

    try:
        return json.loads(text, parse_constant=refuse)
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"{where} of json_columns does not hold JSON: {error}; it is {text!r:.100}.") from error


# Dicts


def _pairs(row: Any, key: str) -> list[tuple[Any, Mapping[str, Any]]]:
    """Give the key and the columns of each row."""
    if isinstance(row, Mapping):
        if _is_row(row):
            return [(row["key"], row["columns"])]
        for given, columns in row.items():
            if not isinstance(columns, Mapping):
                raise TypeError(
                    f"row[{given!r}] must be a dict of columns, got {type(columns).__name__}. Accepted: "
                    "{key: columns}, {'key': ..., 'columns': {...}}, a list of such, or a frame."
                )
        return list(row.items())
    if isinstance(row, Sequence) and not isinstance(row, (str, bytes)):
        return [_pair(one, key, number) for number, one in enumerate(row)]
    raise TypeError(f"row must be a frame, a dict or a list of dicts, got {type(row).__name__}.")


def _pair(row: Any, key: str, number: int) -> tuple[Any, Mapping[str, Any]]:
    if not isinstance(row, Mapping):
        raise TypeError(f"row[{number}] must be a dict, got {type(row).__name__}.")
    if _is_row(row):
        return row["key"], row["columns"]
    if row.get(key) is None:
        raise ValueError(f"row[{number}] has no {key!r} for the key; it has {', '.join(map(repr, row)) or 'nothing'}.")
    columns = {json_name(str(name)): value for name, value in row.items() if name not in (key, LAST_UPDATED_TIME)}
    return row[key], columns


def _is_row(row: Mapping[Any, Any]) -> bool:
    has_key = "key" in row and not isinstance(row["key"], Mapping)
    return has_key and isinstance(row.get("columns"), Mapping) and row.keys() <= _ROW_MEMBERS


def _encode_dict(key: Any, columns: Mapping[str, Any], keep_nulls: bool, json_columns: Collection[str]) -> str:
    values = {}
    for name, value in columns.items():
        if name in json_columns and value is not None:
            value = _parse_json(value, f"Column {name!r} of row {key!r}")
        if value is not None or keep_nulls:
            values[name] = value
    try:
        try:
            return json.dumps(values, ensure_ascii=False, allow_nan=False, default=_default)
        except ValueError:  # NaN and infinities, which are nulls
            cleaned = _without_nan(values)
            kept = {name: value for name, value in cleaned.items() if value is not None or keep_nulls}
            return json.dumps(kept, ensure_ascii=False, allow_nan=False, default=_default)
    except (TypeError, ValueError, RecursionError) as error:
        raise TypeError(f"row {key!r} holds what JSON has no form for: {error}.") from error


def _without_nan(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {name: _without_nan(part) for name, part in value.items()}
    return [_without_nan(part) for part in value] if isinstance(value, (list, tuple)) else value


def _default(value: Any) -> Any:
    """Give what `json` has no form for as something that it has one for."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if hasattr(value, "tolist"):  # NumPy's scalars and arrays
        return value.tolist()
    raise TypeError(f"{value!r:.100} is of type {type(value).__name__}")
