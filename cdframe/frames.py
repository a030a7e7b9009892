"""Frames of any library in, frames of the asked-for library out: the one conversion point.

Inside, cdframe speaks `pyarrow.Table`; answers in JSON, which Polars reads, stay Polars frames. The way in is the Arrow
C stream that Polars, pyarrow, DuckDB and others export; pandas frames come in by way of pyarrow, with their index as a
column where the index is the key. Libraries that the user has not imported are not imported for the question whether
something is one of their frames.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from cdframe.errors import CogniteImportError
from cdframe.types import Frame, FrameKind

if TYPE_CHECKING:
    import pandas as pd

_MATRIX_KINDS = (np.dtype(np.float64), np.dtype(np.int64))
FRAME_KINDS: tuple[FrameKind, ...] = get_args(FrameKind)


def check_kind(kind: FrameKind) -> FrameKind:
    """Return `kind` when it names a kind of frame that can be made here, else raise."""
    if kind not in FRAME_KINDS:
        raise ValueError(f"frame={kind!r} is not known. Accepted: {', '.join(map(repr, FRAME_KINDS))}.")
    if kind == "pandas":
        import_pandas()
    return kind


def import_pandas() -> Any:
    """Import pandas, or say how to install it."""
    try:
        import pandas
    except ImportError as error:
        raise CogniteImportError("pandas") from error
    return pandas


def is_pandas(data: object) -> bool:
    """Whether `data` is a pandas DataFrame; costs no import of pandas."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(data, pandas.DataFrame)


def kind_of(data: object) -> FrameKind | None:
    """Name the kind of frame that `data` is, or None for other things."""
    if isinstance(data, (pl.DataFrame, pl.LazyFrame)):
        return "polars"
    if isinstance(data, (pa.Table, pa.RecordBatch)):
        return "pyarrow"
    return "pandas" if is_pandas(data) else None


def is_frame(data: object) -> bool:
    """Whether `data` is a frame of any library (not a dict or a list of dicts)."""
    return kind_of(data) is not None or hasattr(data, "__arrow_c_stream__")


def to_arrow(data: Any, *, name: str = "data", index: str | None = None) -> pa.Table:
    """Turn a frame, a dict (one row) or a list of dicts into a `pyarrow.Table`.

    Args:
        data: anything that exports an Arrow C stream, a pandas or Polars frame, a dict, or a list of dicts.
        name: the argument's name, for error messages.
        index: when given, a pandas index becomes the first column, of this name.

    Raises:
        TypeError: `data` is none of these, or a column holds what Arrow has no type for.
    """
    if isinstance(data, pa.Table):
        return data
    if isinstance(data, pl.LazyFrame):
        data = data.collect()
    if isinstance(data, pl.DataFrame):
        return data.to_arrow()
    if is_pandas(data):
        return _from_pandas(data, name, index)
    if hasattr(data, "__arrow_c_stream__"):
        return pa.table(data)
    if isinstance(data, Mapping):
        return _from_rows([data], name)
    if isinstance(data, Sequence) and not isinstance(data, (str, bytes)):
        return _from_rows(data, name)
    raise TypeError(
        f"{name} must be a frame (Polars, pandas, pyarrow or another with __arrow_c_stream__), a dict or a list of "
        f"dicts; got {type(data).__name__}."
    )


def from_arrow(table: pa.Table, kind: FrameKind, *, index: str | None = None) -> Frame:
    """Turn a table into a frame of the asked-for kind; `index` names the column that pandas has as its index.

    pandas columns have Arrow dtypes (dictionary-encoded ones are categoricals); an index of times is a
    `DatetimeIndex` in UTC.
    """
    if kind == "pyarrow":
        return table
    if kind == "polars":
        return _to_polars(table)
    return _to_pandas(table, index)


def from_polars(frame: pl.DataFrame, schema: pa.Schema, kind: FrameKind) -> Frame:
    """Turn a Polars frame into one of the asked-for kind; `schema` tells what its columns are in Arrow."""
    return frame if kind == "polars" else from_arrow(frame.to_arrow().cast(schema), kind)


def _from_pandas(frame: pd.DataFrame, name: str, index: str | None) -> pa.Table:
    labels = [str(label) for label in frame.columns]
    repeated = sorted(label for label, count in Counter(labels).items() if count > 1)
    if repeated:
        raise ValueError(f"{name} has several columns of one name: {', '.join(map(repr, repeated))}.")
    try:
        block = _numbers_of_one_kind(frame)
        if block is None:
            table = pa.Table.from_pandas(frame.set_axis(labels, axis="columns"), preserve_index=False)
        else:
            table = pa.table([pa.array(column, from_pandas=True) for column in block.T], names=labels)
        if index is not None:
            table = table.add_column(0, index, pa.array(frame.index, from_pandas=True))
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        raise TypeError(f"{name} has a column that mixes types: {'; '.join(map(str, error.args))}") from error
    return table.replace_schema_metadata(None)


def _numbers_of_one_kind(frame: pd.DataFrame) -> NDArray[Any] | None:
    """Give a frame that is a matrix as such, when it has columns by the hundred and few rows.

    pyarrow spends 0.1 ms on each column of a pandas frame, and threads only on those that are long.
    """
    kinds = set(frame.dtypes) if frame.shape[1] > frame.shape[0] // 100 else ()
    if len(kinds) != 1 or next(iter(kinds)) not in _MATRIX_KINDS:
        return None
    return frame.to_numpy()


def _from_rows(rows: Sequence[Any], name: str) -> pa.Table:
    for number, row in enumerate(rows):
        if not isinstance(row, Mapping):
            raise TypeError(f"{name}[{number}] must be a dict, got {type(row).__name__}.")
    columns = list(dict.fromkeys(key for row in rows for key in row))
    for column in columns:
        if not isinstance(column, str):
            raise TypeError(f"{name} has the key {column!r}; keys must be texts.")
    try:
        return pa.table({column: _array([_plain(row.get(column)) for row in rows]) for column in columns})
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError) as error:
        raise TypeError(f"{name} has a column that mixes types: {error}") from error


def _plain(value: Any) -> Any:
    """Give the cell of a frame that is a series itself, as a list is in Polars, as a list."""
    return value.to_list() if isinstance(value, pl.Series) else value


def _array(values: list[Any]) -> pa.Array:
    """Infer an array; dicts of free keys (metadata) become maps, as declared schemas have them."""
    filled = [value for value in values if value is not None]
    are_dicts = bool(filled) and all(isinstance(value, Mapping) for value in filled)
    if are_dicts and all(type(text) is str for value in filled for text in value.values()):
        return pa.array(values, pa.map_(pa.string(), pa.string()))
    return pa.array(values)


def _to_polars(table: pa.Table) -> pl.DataFrame:
    """Chunks stay as they are; a column of names that says the same in all rows, as of one series, is held once."""
    same = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        if len(column) and pa.types.is_dictionary(column.type) and not column.null_count:
            names = {text for chunk in column.chunks for text in chunk.dictionary.slice(0, 2).to_pylist()}
            if len(names) == 1:
                same[name] = pl.lit(names.pop(), pl.Categorical).alias(name)
    if len(same) == table.num_columns:
        same = {}
    frame = pl.DataFrame(pl.from_arrow(table.drop_columns(list(same)), rechunk=False))
    return frame.select(same.get(name, pl.col(name)) for name in table.column_names)


def _to_pandas(table: pa.Table, index: str | None) -> pd.DataFrame:
    pandas = import_pandas()

    def arrow_dtype(data_type: pa.DataType) -> Any:
        return None if pa.types.is_dictionary(data_type) else pandas.ArrowDtype(data_type)

    columns = table if index is None else table.drop_columns([index])
    frame: pd.DataFrame = columns.to_pandas(types_mapper=arrow_dtype)
    if index is not None:
        keys = table.column(index)
        if pa.types.is_timestamp(keys.type):
            milliseconds = keys.cast(pa.int64()).to_numpy().view("datetime64[ms]")
            frame.index = pandas.DatetimeIndex(milliseconds, tz="UTC", name=index)
        else:
            frame.index = pandas.Index(keys.to_numpy(), name=index)
    return frame
