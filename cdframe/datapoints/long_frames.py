"""Long frames of points to insert: `id` and/or `external_id`, `timestamp`, `value` and/or `string_value`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cdframe.datapoints.pages import Ints
from cdframe.datapoints.stretches import Flags, PointSet, References, Values, long_points, take
from cdframe.datapoints.values import check_values, contiguous, in_frame, plain, times_of_column, values_of_column
from cdframe.frames import to_arrow
from cdframe.identifiers import IDENTITIES, MAX_ID
from cdframe.reshape import AGGREGATES


def points_of_frame(frame: Any) -> list[PointSet]:
    """Read a long frame: `id` and/or `external_id`, `timestamp`, `value` and/or `string_value`."""
    table = point_table(frame, "datapoints")
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


def values_of_frame(frame: Any, key: int | str, name: str) -> tuple[Ints, Values]:
    """Read a long frame as points of one series; its own identities, if it has any, must be one."""
    table = point_table(frame, name)
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


def point_table(frame: Any, name: str) -> pa.Table:
    """Give a frame of points as a table; the index of a pandas frame is its column `timestamp`, unless it has one."""
    table = to_arrow(frame, name=name, index="timestamp")
    return table.remove_column(0) if table.column_names.count("timestamp") > 1 else table


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
