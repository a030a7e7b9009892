"""What to insert, in whatever form it was given, as columns of each series.

tuples or dicts with an identifier      insert, insert_multiple
long frames: a row a point              insert, insert_multiple
wide frames: a column a series          insert_dataframe
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cdframe.datapoints.pages import Ints, Values
from cdframe.datapoints.values import in_frame, plain, read_points, times_of_column, values_of_column
from cdframe.errors import nearest
from cdframe.frames import is_frame, kind_of, to_arrow
from cdframe.identifiers import IDENTITIES, check_external_id, check_id
from cdframe.reshape import AGGREGATES


@dataclass(frozen=True, slots=True, eq=False)
class SeriesPoints:
    """Points for one series, checked; times in any order."""

    id: int | None
    external_id: str | None
    timestamps: Ints
    values: Values

    @property
    def key(self) -> int | str:
        """The identity; ids are ints, external ids texts."""
        return self.id if self.id is not None else self.external_id or ""


def points_of_one(datapoints: Any, id: Any, external_id: Any, now: int) -> list[SeriesPoints]:
    """Read the points for one series; of a frame without an identifier given, for the series that its rows name.

    Raises:
        TypeError, ValueError: points or identifiers that cannot be right; the message says where.
    """
    if id is not None and external_id is not None:
        raise ValueError("Exactly one of id and external_id must be given, got both.")
    if id is None and external_id is None:
        if not is_frame(datapoints):
            raise ValueError("Exactly one of id and external_id must be given, got neither.")
        return points_of_frame(datapoints)
    id = None if id is None else check_id(id)
    external_id = None if external_id is None else check_external_id(external_id)
    if is_frame(datapoints):
        return _points_for(to_arrow(datapoints, name="datapoints", index="timestamp"), id, external_id)
    return [SeriesPoints(id, external_id, *read_points(datapoints, "datapoints", now))]


def points_of_many(datapoints: Any, now: int) -> list[SeriesPoints]:
    """Read points for many series: a long frame, or a list of dicts with an identifier and `datapoints`."""
    if is_frame(datapoints):
        return points_of_frame(datapoints)
    if isinstance(datapoints, (str, bytes, Mapping)) or not isinstance(datapoints, Sequence):
        raise TypeError(
            "datapoints must be a long frame, or a list of dicts with 'id' or 'externalId' and 'datapoints'; "
            f"got {type(datapoints).__name__}."
        )
    if not datapoints:
        raise ValueError("No datapoints provided")
    return [one for number, item in enumerate(datapoints) for one in _points_of_item(item, number, now)]


def points_of_frame(frame: Any) -> list[SeriesPoints]:
    """Read a long frame: `id` and/or `external_id`, `timestamp`, `value` and/or `string_value`."""
    table = _one_time_column(to_arrow(frame, name="datapoints", index="timestamp"))
    identities = [name for name in IDENTITIES if name in table.column_names]
    if not identities:
        raise ValueError(
            f"A frame of points needs a column 'id' or 'external_id', got {', '.join(table.column_names)}. "
            "Hint: pass id or external_id, or use insert_dataframe for a column per series."
        )
    times, numbers, texts = _checked_columns(table)
    codes, keys = _series_codes(table)
    is_text = _kinds(table, numbers, texts, codes)
    order, bounds = _grouped(codes)
    series = []
    for begin, end in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        rows = slice(begin, end) if order is None else order[begin:end]
        first = begin if order is None else int(order[begin])
        key = keys[codes[first]]
        values = _pick(texts, rows) if is_text[codes[first]] else _pick(numbers, rows)
        id, external_id = (key, None) if isinstance(key, int) else (None, key)
        series.append(SeriesPoints(id, external_id, times[rows], values))
    return series


def points_of_wide(frame: Any, *, external_ids: bool, dropna: bool) -> list[SeriesPoints]:
    """Read a wide frame: times in the index (pandas) or the column `timestamp`, then a column for each series."""
    table = _with_times(frame)
    times = times_of_column(table.column("timestamp"), in_frame)
    series = []
    for name in table.column_names:
        if name == "timestamp":
            continue
        id, external_id = (None, name) if external_ids else (_id_of_header(name), None)
        column = plain(table.column(name), name)
        missing = _missing(column)
        if missing is None:
            series.append(SeriesPoints(id, external_id, times, values_of_column(column, in_frame, name)))
            continue
        if not dropna:
            row = int(np.flatnonzero(missing)[0])
            raise ValueError(
                f"The frame contains NaNs: {in_frame(row, name)} is missing. Hint: dropna=True skips them."
            )
        kept = np.flatnonzero(~missing)
        if len(kept):

            def place(row: int, column: str, kept: Ints = kept) -> str:
                return in_frame(int(kept[row]), column)

            values = values_of_column(column.filter(pa.array(~missing)), place, name)
            series.append(SeriesPoints(id, external_id, times[kept], values))
    return series


_ITEM_KEYS = {"id": "id", "externalId": "external_id", "external_id": "external_id"}


def _points_of_item(item: Any, number: int, now: int) -> list[SeriesPoints]:
    where = f"datapoints[{number}]"
    if not isinstance(item, Mapping):
        raise TypeError(f"{where} must be a dict, got {type(item).__name__}.")
    known = (*_ITEM_KEYS, "datapoints")
    for key in item:
        if key not in known:
            raise ValueError(
                f"{where} has the unknown key {key!r}.{nearest(str(key), known)} "
                "Accepted: 'id' or 'externalId', and 'datapoints'."
            )
    named = [key for key in _ITEM_KEYS if item.get(key) is not None]
    if len(named) != 1 or "datapoints" not in item:
        raise ValueError(f"{where} must have exactly one of 'id' and 'externalId', and 'datapoints'.")
    value = item[named[0]]
    id = check_id(value, f"{where}['id']") if named[0] == "id" else None
    external_id = None if named[0] == "id" else check_external_id(value, f"{where}[{named[0]!r}]")
    points = item["datapoints"]
    if is_frame(points):
        return _points_for(to_arrow(points, name=f"{where}['datapoints']", index="timestamp"), id, external_id)
    return [SeriesPoints(id, external_id, *read_points(points, f"{where}['datapoints']", now))]


def _points_for(table: pa.Table, id: int | None, external_id: str | None) -> list[SeriesPoints]:
    """Take all rows of a table as points of one series; its own identities, if it has any, must be one."""
    table = _one_time_column(table)
    times, numbers, texts = _checked_columns(table)
    codes, keys = _series_codes(table)
    if len(keys) > 1:
        raise ValueError(
            f"The frame has points of {len(keys)} series, which cannot all be inserted into "
            f"{id if external_id is None else external_id!r}. Hint: filter it, or leave the identifier out."
        )
    is_text = _kinds(table, numbers, texts, codes)
    values = texts if is_text[0] else numbers
    assert values is not None
    return [SeriesPoints(id, external_id, times, values)]


def _checked_columns(table: pa.Table) -> tuple[Ints, Values | None, Values | None]:
    """Give times, numbers and texts of a long table. Where numbers and texts have a column each, each has gaps."""
    if "timestamp" not in table.column_names:
        raise ValueError(f"A frame of points needs a column 'timestamp', got {', '.join(table.column_names)}.")
    names = [name for name in ("value", "string_value") if name in table.column_names]
    if not names:
        others = [name for name in AGGREGATES if name in table.column_names]
        hint = f" Hint: {', '.join(others)} are aggregates; points are raw values." if others else ""
        raise ValueError(f"A frame of points needs a column 'value', got {', '.join(table.column_names)}.{hint}")
    if not table.num_rows:
        raise ValueError("No datapoints provided")
    times = times_of_column(table.column("timestamp"), in_frame)
    columns = {name: plain(table.column(name), name) for name in names}
    valid = sum(column.is_valid().to_numpy().astype(np.int64) for column in columns.values())
    if not np.all(valid == 1):
        row = int(np.flatnonzero(valid != 1)[0])
        what = "the value is missing" if valid[row] == 0 else "there is a number and a text"
        raise ValueError(f"{in_frame(row, names[0])}: {what}.")
    found: dict[bool, Values] = {}
    for name, column in columns.items():
        is_text = pa.types.is_string(column.type)
        if is_text in found:
            raise TypeError("Columns 'value' and 'string_value' must hold numbers and texts, in this order.")
        found[is_text] = values_of_column(pc.fill_null(column, "" if is_text else 0.0), in_frame, name)
    return times, found.get(False), found.get(True)


def _series_codes(table: pa.Table) -> tuple[Ints, list[int | str]]:
    """Number the series of the rows, and give the identity of each number; a row's id counts before its external id."""
    codes = np.full(table.num_rows, -1, np.int64)
    keys: list[int | str] = []
    for name, kind in (("external_id", pa.string()), ("id", pa.int64())):
        if name not in table.column_names:
            continue
        column = table.column(name)
        try:
            encoded = pc.dictionary_encode(column.cast(kind)).combine_chunks()
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise TypeError(f"Column {name!r} must be {kind}, got {column.type}: {error}") from error
        has_key = encoded.is_valid().to_numpy(zero_copy_only=False)
        indices = pc.fill_null(encoded.indices, 0).to_numpy(zero_copy_only=False)
        codes = np.where(has_key, indices + len(keys), codes)
        keys += encoded.dictionary.to_pylist()
    if any(name in table.column_names for name in IDENTITIES) and (codes < 0).any():
        row = int(np.flatnonzero(codes < 0)[0])
        raise ValueError(f"Row {row} has neither an id nor an external_id.")
    used = np.flatnonzero(np.bincount(np.maximum(codes, 0), minlength=len(keys))) if keys else np.zeros(1, np.int64)
    numbers = np.zeros(max(1, len(keys)), np.int64)
    numbers[used] = np.arange(len(used))
    return numbers[np.maximum(codes, 0)], [keys[code] for code in used.tolist()] if keys else []


def _kinds(table: pa.Table, numbers: Values | None, texts: Values | None, codes: Ints) -> list[bool]:
    """Tell of each series whether its values are texts; none may have both kinds."""
    series = int(codes.max()) + 1
    if numbers is None or texts is None:
        return [numbers is None] * series
    is_text = table.column("string_value").is_valid().to_numpy()
    text_rows = np.bincount(codes, is_text, series)
    rows = np.bincount(codes, minlength=series)
    mixed = np.flatnonzero((text_rows > 0) & (text_rows < rows))
    if len(mixed):
        of_series = np.flatnonzero(codes == mixed[0])
        row = int(of_series[is_text[of_series] != is_text[of_series[0]]][0])
        raise TypeError(f"Row {row}: the series has numbers and texts; a series holds one kind.")
    return [bool(count) for count in text_rows]


def _grouped(codes: Ints) -> tuple[Ints | None, Ints]:
    """Bring rows of a series together: the order of rows (None: they are), and where each series begins and ends."""
    edges = np.flatnonzero(codes[1:] != codes[:-1]) + 1
    order = None
    if len(edges) > int(codes.max()):
        order = np.argsort(codes, kind="stable")
        grouped = codes[order]
        edges = np.flatnonzero(grouped[1:] != grouped[:-1]) + 1
    return order, np.concatenate([[0], edges, [len(codes)]])


def _pick(values: Values | None, rows: slice | Ints) -> Values:
    assert values is not None
    if isinstance(values, np.ndarray) or isinstance(rows, slice):
        return values[rows]
    return values.take(pa.array(rows))


def _with_times(frame: Any) -> pa.Table:
    """Give a wide table whose column `timestamp` holds the times."""
    table = to_arrow(frame, name="dataframe", index="timestamp")
    if kind_of(frame) == "pandas":
        table = _one_time_column(table)
        if not pa.types.is_timestamp(table.column("timestamp").type):
            raise TypeError("dataframe must have a DatetimeIndex, or a column 'timestamp' of times.")
    elif "timestamp" not in table.column_names:
        first = table.schema.field(0) if table.num_columns else None
        if first is None or not pa.types.is_timestamp(first.type):
            raise ValueError(f"dataframe needs a column 'timestamp', got {', '.join(table.column_names) or 'none'}.")
        table = table.rename_columns(["timestamp", *table.column_names[1:]])
    return table


def _one_time_column(table: pa.Table) -> pa.Table:
    """Drop the index of a pandas frame that came as a second column `timestamp`."""
    return table.remove_column(0) if table.column_names.count("timestamp") > 1 else table


def _id_of_header(name: str) -> int:
    if not (name.isascii() and name.isdigit()):
        raise ValueError(
            f"The column {name!r} is not an id. Hint: external_id_headers=True for columns named by external ids."
        )
    return check_id(int(name), f"column {name!r}")


def _missing(column: pa.ChunkedArray) -> Any:
    """Tell which values are missing (null or NaN); None when none is."""
    mask = column.is_null(nan_is_null=True) if column.type == pa.float64() else column.is_null()
    return mask.to_numpy() if pc.any(mask).as_py() else None
