"""What to insert, in whatever form it was given, as sets of points in order, checked.

tuples or dicts with an identifier      insert, insert_multiple
long frames: a row a point              insert, insert_multiple
wide frames: a column a series          insert_dataframe
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cdframe.datapoints.pages import Ints
from cdframe.datapoints.point_lists import read_points
from cdframe.datapoints.stretches import (
    Flags,
    PointSet,
    References,
    Values,
    WideColumn,
    join,
    long_points,
    take,
    wide_points,
)
from cdframe.datapoints.values import check_values, contiguous, in_frame, plain, times_of_column, values_of_column
from cdframe.errors import nearest
from cdframe.frames import is_frame, kind_of, to_arrow
from cdframe.identifiers import IDENTITIES, MAX_ID, check_external_id, check_id
from cdframe.reshape import AGGREGATES


def points_of_one(datapoints: Any, id: Any, external_id: Any, now: int) -> list[PointSet]:
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
    key: int | str = check_external_id(external_id) if id is None else check_id(id)
    times, values = _points_for(datapoints, key, "datapoints", now)
    return [long_points(_references([key]), None, times, values)]


def points_of_many(datapoints: Any, now: int) -> list[PointSet]:
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
    kinds: dict[int | str, bool] = {}
    groups: dict[tuple[bool, bool], list[tuple[int | str, Ints, Values]]] = {}
    for number, item in enumerate(datapoints):
        key, times, values = _points_of_item(item, number, now)
        is_text = isinstance(values, pa.Array)
        if kinds.setdefault(key, is_text) != is_text:
            raise TypeError(
                f"datapoints[{number}]: the series {key!r} is given numbers and texts; a series holds one kind."
            )
        groups.setdefault((isinstance(key, int), is_text), []).append((key, times, values))
    sets: list[PointSet] = []
    for items in groups.values():
        codes = {key: code for code, key in enumerate(dict.fromkeys(key for key, _, _ in items))}
        of_items = np.array([codes[key] for key, _, _ in items])
        sets.append(
            long_points(
                _references(list(codes)),
                np.repeat(of_items, [len(times) for _, times, _ in items]),
                np.concatenate([times for _, times, _ in items]),
                join([values for _, _, values in items]),
            )
        )
    return sets


def points_of_frame(frame: Any) -> list[PointSet]:
    """Read a long frame: `id` and/or `external_id`, `timestamp`, `value` and/or `string_value`."""
    table = _one_time_column(to_arrow(frame, name="datapoints", index="timestamp"))
    if not any(name in table.column_names for name in IDENTITIES):
        raise ValueError(
            f"A frame of points needs a column 'id' or 'external_id', got {', '.join(table.column_names)}. "
            "Hint: pass id or external_id, or use insert_dataframe for a column per series."
        )
    times, kinds = _checked_columns(table)
    sets: list[PointSet] = []
    for of_identity, column in _identities(table):
        references: list[References] = []
        for of_kind, values in kinds:
            rows = _rows(of_identity, of_kind)
            if rows is None:
                sets.append(long_points(*_series(column), times, values))
            elif len(rows):
                sets.append(long_points(*_series(column.take(pa.array(rows)), rows), times[rows], take(values, rows)))
                references.append(sets[-1].references)
        if len(references) > 1:
            _check_one_kind(column, of_identity, references, kinds[0][0])
    return sets


def points_of_wide(frame: Any, *, ids: Collection[str] | None, dropna: bool) -> list[PointSet]:
    """Read a wide frame: times in the index (pandas) or the column `timestamp`, then a column for each series.

    Args:
        ids: the headers that are ids, the others are external ids; None: all are ids.
        dropna: pass over missing values.
    """
    table = _with_times(frame)
    times = times_of_column(table.column("timestamp"), in_frame)
    groups: dict[tuple[bool, bool], dict[int | str, WideColumn]] = {}
    seen: dict[int | str, str] = {}
    for name, column in zip(table.column_names, table.itercolumns(), strict=True):
        if name == "timestamp":
            continue
        by_id = ids is None or name in ids
        key = _id_of_header(name) if by_id else name
        if key in seen:
            raise ValueError(f"The columns {seen[key]!r} and {name!r} are of one series.")
        seen[key] = name
        points = _wide_column(plain(column, name), name, dropna=dropna)
        if points is not None:
            groups.setdefault((by_id, isinstance(points.values, pa.Array)), {})[key] = points
    return [wide_points(_references(list(columns)), times, list(columns.values())) for columns in groups.values()]


def _wide_column(column: pa.ChunkedArray, name: str, *, dropna: bool) -> WideColumn | None:
    """Check a column; None when nothing is in it."""
    values = contiguous(column)
    missing = column.is_null(nan_is_null=True).to_numpy() if column.null_count or _has_nan(values) else None
    if missing is not None and not dropna:
        row = int(np.flatnonzero(missing)[0])
        raise ValueError(f"The frame contains NaNs: {in_frame(row, name)} is missing. Hint: dropna=True skips them.")
    check_values(values, in_frame, name, missing)
    if not len(values) or (missing is not None and missing.all()):
        return None
    return WideColumn(values, None if missing is None else ~missing)


def _has_nan(values: Values) -> bool:
    return isinstance(values, np.ndarray) and len(values) > 0 and bool(np.isnan(values.max()))


_ITEM_KEYS = {"id": "id", "externalId": "external_id", "external_id": "external_id"}


def _points_of_item(item: Any, number: int, now: int) -> tuple[int | str, Ints, Values]:
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
    value, where_key = item[named[0]], f"{where}[{named[0]!r}]"
    identity: int | str = check_id(value, where_key) if named[0] == "id" else check_external_id(value, where_key)
    return identity, *_points_for(item["datapoints"], identity, f"{where}['datapoints']", now)


def _points_for(points: Any, key: int | str, name: str, now: int) -> tuple[Ints, Values]:
    """Read a list or a frame as points of one series; a frame's own identities, if it has any, must be one."""
    if not is_frame(points):
        return read_points(points, name, now)
    table = _one_time_column(to_arrow(points, name=name, index="timestamp"))
    times, kinds = _checked_columns(table)
    series = sum(len(_series(column)[0]) for _, column in _identities(table))
    if series > 1:
        raise ValueError(
            f"The frame has points of {series} series, which cannot all be inserted into {key!r}. "
            "Hint: filter it, or leave the identifier out."
        )
    if len(kinds) > 1:
        raise _mixed(int(np.flatnonzero(kinds[0][0] != kinds[0][0][0])[0]))
    return times, kinds[0][1]


def _checked_columns(table: pa.Table) -> tuple[Ints, list[tuple[Any, Values]]]:
    """Give the times of a long table, and its values by kind: which rows are numbers or texts (None: all), and these.

    Where both kinds occur, numbers and texts have a column each, which has gaps.
    """
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
    if len(names) == 1:
        return times, [(None, values_of_column(table.column(names[0]), in_frame, names[0]))]
    numbers, texts = (plain(table.column(name), name) for name in names)
    if pa.types.is_floating(texts.type) and texts.null_count == len(texts):
        texts = pa.chunked_array([pa.nulls(len(texts), pa.large_string())])
    if not pa.types.is_floating(numbers.type) or pa.types.is_floating(texts.type):
        raise TypeError("Columns 'value' and 'string_value' must hold numbers and texts, in this order.")
    is_number, is_text = numbers.is_valid().to_numpy(), texts.is_valid().to_numpy()
    if (is_number == is_text).any():
        row = int(np.flatnonzero(is_number == is_text)[0])
        what = "there is a number and a text" if is_text[row] else "the value is missing"
        raise ValueError(f"{in_frame(row, 'value')}: {what}.")
    kinds = []
    for name, column, flags in (("value", numbers, is_number), ("string_value", texts, is_text)):
        if flags.any():
            values = contiguous(column)
            check_values(values, in_frame, name, ~flags)
            kinds.append((None if flags.all() else flags, values))
    return times, kinds


def _identities(table: pa.Table) -> list[tuple[Any, pa.ChunkedArray]]:
    """The columns that name the series of a long table, and for which rows; the id of a row counts first."""
    columns = [_reference_column(table.column(name), name) for name in IDENTITIES if name in table.column_names]
    if not columns:
        return []
    has = [column.is_valid().to_numpy() for column in columns]
    named = np.any(has, axis=0)
    if not named.all():
        raise ValueError(f"Row {int(np.argmin(named))} has neither an id nor an external_id.")
    found = []
    for column, flags, earlier in zip(columns, has, (None, has[0]), strict=False):
        flags = flags if earlier is None else ~earlier
        if flags.any():
            found.append((None if flags.all() else flags, column))
    return found


def _reference_column(column: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    if name == "external_id" and pa.types.is_dictionary(column.type):
        # A dictionary may itself hold a null, which does not count as one until it is decoded.
        nulls = any(chunk.dictionary.null_count for chunk in column.chunks)
        return column.cast(pa.large_string()) if nulls else column
    kind = pa.int64() if name == "id" else pa.large_string()
    try:
        return column.cast(kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise TypeError(f"Column {name!r} must be {kind}, got {column.type}: {error}") from error


def _series(column: pa.ChunkedArray, rows: Ints | None = None) -> tuple[References, Ints]:
    """The series that a column names, and for each of its rows (those of a frame, if not all) which one it is."""
    if pa.types.is_dictionary(column.type):
        coded = column.unify_dictionaries().combine_chunks()
        names = coded.dictionary.cast(pa.large_string())
        if len(names.unique()) == len(names):
            used = coded.indices.dictionary_encode()
            return names.take(used.dictionary), used.indices.to_numpy()
        column = column.cast(pa.large_string())
    encoded = column.combine_chunks().dictionary_encode()
    codes, references = encoded.indices.to_numpy(), encoded.dictionary
    if references.type != pa.int64():
        return references, codes
    ids: Ints = references.to_numpy()
    wrong = np.flatnonzero((ids < 0) | (ids > MAX_ID))
    if len(wrong):
        row = int(np.argmax(codes == wrong[0]))
        row = row if rows is None else int(rows[row])
        raise ValueError(f"{in_frame(row, 'id')}: {ids[wrong[0]]} is not an id: ids are 1 to {MAX_ID}.")
    return ids, codes


def _references(keys: Sequence[int | str]) -> References:
    """Keys of one kind as a column."""
    return np.array(keys, np.int64) if isinstance(keys[0], int) else pa.array(keys, pa.large_string())


def _rows(*flags: Flags | None) -> Ints | None:
    """The rows where all flags are set; None: all rows."""
    given = [one for one in flags if one is not None]
    return np.flatnonzero(np.logical_and.reduce(given)) if given else None


def _check_one_kind(
    column: pa.ChunkedArray, of_identity: Flags | None, references: Sequence[References], is_number: Flags
) -> None:
    """Refuse a series that is among those of numbers and those of texts."""
    numbers, texts = (pa.array(one) for one in references)
    both = numbers.filter(pc.is_in(numbers, texts))
    if len(both):
        if pa.types.is_dictionary(column.type):
            column = column.cast(pa.large_string())
        same = pc.fill_null(pc.equal(column, both[0]), False).to_numpy()
        rows = _rows(same, of_identity)
        assert rows is not None
        raise _mixed(int(rows[is_number[rows] != is_number[rows[0]]][0]))


def _mixed(row: int) -> TypeError:
    return TypeError(f"Row {row}: the series has numbers and texts; a series holds one kind.")


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
