"""The types of columns: inferred from all their values, without loss, or as a schema says.

all values of a column are             it is
true, false                            bool
integers within int64                  int64
numbers                                double, where all are doubles exactly
strings                                text
anything else                          text that holds JSON
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

import polars as pl
import pyarrow as pa

from cdframe.errors import nearest
from cdframe.forms import frame_type
from cdframe.frames import from_arrow
from cdframe.raw.column_names import KEY, LAST_UPDATED_TIME
from cdframe.raw.pages import unquoted
from cdframe.types import Frame, FrameKind

RowSchema: TypeAlias = Mapping[str, Any] | pa.Schema | pl.Schema
"""Types by the names of columns: those of Polars, Arrow or Python."""

_MOST_INT64 = 2.0**63
_TEMPORAL = (pl.Datetime, pl.Date)
_NESTED = (pl.List, pl.Array, pl.Struct, pl.Map)
_EMPTY = pl.Schema({KEY: pl.String(), LAST_UPDATED_TIME: pl.Datetime("ms", "UTC")})


def check_schema(schema: RowSchema | None) -> dict[str, pl.DataType]:
    """Give the types of a schema as those of Polars.

    Raises:
        TypeError: not a mapping or schema, or something in it is no type.
        ValueError: a type for one of the two columns that are not JSON.
    """
    if schema is None:
        return {}
    if isinstance(schema, pa.Schema):
        schema = {field.name: field.type for field in schema}
    if not isinstance(schema, Mapping):
        raise TypeError(f"schema must be a dict, an Arrow or a Polars schema, got {type(schema).__name__}.")
    taken = [name for name in (KEY, LAST_UPDATED_TIME) if name in schema]
    if taken:
        raise ValueError(f"schema has a type for {taken[0]!r}, which has its own: leave it out.")
    return {name: _polars_type(name, data_type) for name, data_type in schema.items()}


def typed(texts: pl.DataFrame, schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """Give the columns of texts of JSON their types: those of the schema come first, then the others as inferred.

    Within, columns have no names: those of users may be patterns to Polars.

    Raises:
        ValueError: a value is not of the type that the schema says.
    """
    columns = {KEY: texts[KEY]}
    for name, data_type in schema.items():
        values = texts[name] if name in texts.columns else pl.Series(name, [None] * texts.height, pl.String)
        columns[name] = _converted(name, values.alias(""), data_type)
    known = {LAST_UPDATED_TIME, *columns}
    columns |= {name: _inferred(texts[name].alias("")) for name in texts.columns if name not in known}
    return pl.DataFrame({**columns, LAST_UPDATED_TIME: texts[LAST_UPDATED_TIME]})


def no_rows() -> pl.DataFrame:
    """Make a frame without rows."""
    return _EMPTY.to_frame()


def joined_pages(pages: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Join pages whose columns have the same types; they are in the order in which they first occur."""
    return pl.concat([no_rows(), *pages], how="diagonal")


def as_frame(rows: pl.DataFrame, kind: FrameKind) -> Frame:
    """Turn typed rows into a frame of the asked-for kind, where texts are such as all resources have.

    Raises:
        ValueError: a name that Arrow, and so pandas frames with Arrow dtypes, cannot have.
    """
    if kind == "polars":
        return rows
    check_names(rows.columns, "the table")
    table = rows.to_arrow()
    return from_arrow(table.cast(pa.schema([field.with_type(_plain(field.type)) for field in table.schema])), kind)


def check_names(names: Sequence[str], where: str) -> None:
    """Refuse names of columns that Arrow cannot have."""
    wrong = [name for name in names if "\0" in name]
    if wrong:
        raise ValueError(f"Column {wrong[0]!r} of {where} has a NUL in its name, which Arrow has no form for.")


def _inferred(texts: pl.Series) -> pl.Series:
    is_string = texts.str.starts_with('"')
    if is_string.all():
        return unquoted(texts)
    if is_string.any():
        return texts
    is_true = texts == "true"
    if (is_true | (texts == "false")).all():
        return is_true
    ints = texts.cast(pl.Int64, strict=False)
    if ints.null_count() == texts.null_count():
        return ints
    doubles = texts.cast(pl.Float64, strict=False)
    return doubles if _are_exact(texts, ints, doubles) else texts


def _are_exact(texts: pl.Series, ints: pl.Series, doubles: pl.Series) -> bool:
    """Whether all values are numbers, and doubles have those that are integers exactly."""
    if doubles.null_count() > texts.null_count() or doubles.is_infinite().any():
        return False
    is_large = doubles.abs() >= _MOST_INT64
    if is_large.any() and not texts.filter(is_large).str.contains("[.eE]").all():
        return False
    again = ints.cast(pl.Float64).cast(pl.Int64, strict=False)
    return again.null_count() == ints.null_count() and bool((again == ints).all())


def _converted(name: str, texts: pl.Series, data_type: pl.DataType) -> pl.Series:
    try:
        converted = _as_type(texts, data_type)
    except pl.exceptions.PolarsError as error:
        raise ValueError(f"Column {name!r} cannot be read as {data_type}: {error}") from error
    lost = texts.filter(converted.is_null() & texts.is_not_null())
    if len(lost):
        raise ValueError(
            f"Column {name!r} cannot be read as {data_type}: it holds {lost[0][:100]}. "
            "Hint: leave it out of schema, or give it the type str."
        )
    return converted


def _as_type(texts: pl.Series, data_type: pl.DataType) -> pl.Series:
    if isinstance(data_type, _NESTED):
        return texts.str.json_decode(data_type)
    plain = unquoted(texts)
    if isinstance(data_type, pl.Boolean):
        is_true = plain == "true"
        return is_true.zip_with((is_true | (plain == "false")).fill_null(True), pl.Series([None], dtype=pl.Boolean))
    if isinstance(data_type, _TEMPORAL):
        return _as_time(plain, data_type)
    return plain.cast(data_type, strict=False)


def _as_time(plain: pl.Series, data_type: pl.DataType) -> pl.Series:
    """Read milliseconds since 1970, and ISO 8601 texts (UTC where they do not say)."""
    unit: Literal["ns", "us"] = "ns" if getattr(data_type, "time_unit", "") == "ns" else "us"
    times = plain.cast(pl.Int64, strict=False).cast(pl.Datetime("ms")).dt.cast_time_unit(unit)
    for pattern in ("%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d"):
        if times.null_count() == plain.null_count():
            break
        read = plain.str.to_datetime(pattern, time_unit=unit, strict=False, exact=True)
        times = times.fill_null(read.dt.replace_time_zone(None))
    zone = getattr(data_type, "time_zone", None)
    return (
        times.dt.replace_time_zone("UTC").dt.convert_time_zone(zone).cast(data_type) if zone else times.cast(data_type)
    )


def _polars_type(name: str, data_type: Any) -> pl.DataType:
    if not isinstance(name, str):
        raise TypeError(f"schema has the key {name!r}; keys are names of columns.")
    try:
        if isinstance(data_type, pa.DataType):
            return frame_type(data_type)
        is_class = isinstance(data_type, type) and issubclass(data_type, pl.DataType)
        return pl.Schema({name: data_type() if is_class else data_type})[name]
    except (TypeError, ValueError, pl.exceptions.PolarsError, pa.ArrowException) as error:
        raise TypeError(
            f"schema[{name!r}]={data_type!r} is not a type of Polars, Arrow or Python.{nearest(str(data_type), _TYPES)}"
        ) from error


_TYPES = ("int", "float", "bool", "str")


def _plain(data_type: pa.DataType) -> pa.DataType:
    return pa.string() if pa.types.is_large_string(data_type) or pa.types.is_string_view(data_type) else data_type
