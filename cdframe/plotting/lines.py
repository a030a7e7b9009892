"""From a table of data points to the lines of a plot: one for each series and aggregate, with its gaps.

Where a line breaks:

- Aggregates break where a bucket is missing. Buckets are as wide as the smallest distance between two of the series; up
  to one and a half times that is no gap, so that months and the days of a clock change hold together.
- Raw points break at a point that has no value, and where a series of numbers that otherwise comes at a steady pace
  leaves out a beat. A series that comes as it likes does not break at a pause.
- In a wide table series share their rows, so an empty cell mostly says that another series has a point there: it breaks
  the line only where no series has a value in that row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

Times: TypeAlias = npt.NDArray[np.int64]
Values: TypeAlias = npt.NDArray[Any]
"""float64 with NaN for nothing, or texts (object) with None for nothing."""

TEXT = "text"
"""What lines of texts have in place of a unit."""

RAW_COLUMNS = ("value", "string_value")
_BANDED = ("average", "min", "max")
_SLACK = 1.5
_STEADY_SHARE = 0.8


_AGGREGATE_UNITS = {
    **dict.fromkeys(("average", "min", "max", "sum", "interpolation", "step_interpolation", "total_variation"), "{}"),
    **dict.fromkeys(("continuous_variance", "discrete_variance"), "{}²"),
    **dict.fromkeys(("count", "count_good", "count_uncertain", "count_bad"), "points"),
    **dict.fromkeys(("duration_good", "duration_uncertain", "duration_bad"), "ms"),
}
"""The units of aggregates, made from the unit of the series."""


@dataclass(frozen=True, slots=True)
class SeriesInfo:
    """What a plot says of a series: its name (default: its identifier), unit, and whether it is a step series."""

    name: str | None = None
    unit: str | None = None
    is_step: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One line: points in order of time, with NaN (None among texts) where it breaks, and the band around it."""

    name: str | None
    aggregate: str | None
    unit: str | None
    is_step: bool
    times: npt.NDArray[np.datetime64]
    values: Values
    band: tuple[Values, Values] | None = None

    @property
    def label(self) -> str:
        """The line's name in a legend."""
        aggregate = self.aggregate.replace("_", " ") if self.aggregate else None
        if self.band is not None:
            aggregate = f"{aggregate}, min to max"
        return " ".join(part for part in (self.name, aggregate) if part) or "value"

    @property
    def is_text(self) -> bool:
        """Whether the values are texts."""
        return self.values.dtype == object

    def isolated(self) -> list[int]:
        """Number the points that no stroke leads to or from: a line alone would not show them."""
        here = np.concatenate([[False], _is_filled(self.values), [False]])
        alone = here[1:-1] & ~here[:-2] & ~here[2:]
        if self.is_step:  # a step is held until the next row, even where that one is empty
            alone[:-1] = False
        return np.flatnonzero(alone).tolist()


@dataclass(frozen=True, slots=True, eq=False)
class _Column:
    """The points of one series in one column, in order of time; `rows_filled` only in a wide table."""

    keys: tuple[str | int, ...]
    aggregate: str | None
    times: Times
    values: Values
    rows_filled: npt.NDArray[np.bool_] | None = None


def read_lines(table: pa.Table, series: Mapping[str | int, SeriesInfo] | None) -> list[Line]:
    """Make the lines of a long or wide table; `series` is looked up by external id, then by id.

    Raises:
        ValueError: the table has no times, no points, or a column that is neither numbers nor texts.
    """
    if "timestamp" not in table.column_names:
        raise ValueError(
            f"There is no column 'timestamp' to plot over; the columns are {_listed(table.column_names)}. Accepted: "
            "data points in long form (id or external_id, timestamp, value or aggregates) or wide form (timestamp, "
            "then a column for each series)."
        )
    table = table.sort_by("timestamp") if not _is_sorted(table) else table
    columns = list(_long_columns(table) if _is_long(table) else _wide_columns(table))
    by_series: dict[tuple[str | int, ...], list[_Column]] = {}
    for column in columns:
        if _is_filled(column.values).any():
            by_series.setdefault(column.keys, []).append(column)
    if not by_series:
        raise ValueError(
            "There are no data points to plot. Hint: ask for a range that has some, such as start='52w-ago' "
            "(retrieve_latest tells when the last point was)."
        )
    known = series or {}
    infos = [next((known[key] for key in keys if key in known), SeriesInfo()) for keys in by_series]
    given = [info.name for info in infos]
    lines: list[Line] = []
    for (keys, members), info in zip(by_series.items(), infos, strict=True):
        unique = info.name if given.count(info.name) == 1 else None
        lines += _series_lines(unique or (str(keys[0]) if keys else None), info, members)
    return lines


def _is_sorted(table: pa.Table) -> bool:
    times = _milliseconds(table)
    return bool((times[1:] >= times[:-1]).all())


def _is_long(table: pa.Table) -> bool:
    names = set(table.column_names)
    return bool(names & {"id", "external_id"}) or names <= {"timestamp", *RAW_COLUMNS, *_AGGREGATE_UNITS}


def _long_columns(table: pa.Table) -> Iterator[_Column]:
    identifiers = [name for name in ("external_id", "id") if name in table.column_names]
    columns = [name for name in table.column_names if name in RAW_COLUMNS or name in _AGGREGATE_UNITS]
    if not columns:
        raise ValueError(
            f"There is no column of values to plot; the columns are {_listed(table.column_names)}. Accepted: 'value' "
            f"or aggregates such as 'average'."
        )
    for keys, part in _groups(table, identifiers):
        times = _milliseconds(part)
        for name in columns:
            aggregate = None if name in RAW_COLUMNS else name
            yield _Column(keys, aggregate, times, _values(part, name))


def _groups(table: pa.Table, identifiers: list[str]) -> Iterator[tuple[tuple[str | int, ...], pa.Table]]:
    if not identifiers:
        yield (), table
        return
    numbered = pl.from_arrow(table.select(identifiers))
    assert isinstance(numbered, pl.DataFrame)
    texts = [pl.col("external_id").cast(pl.String)] if "external_id" in identifiers else []
    groups = numbered.with_columns(texts).with_row_index("row").group_by(identifiers, maintain_order=True).agg("row")
    for *keys, rows in groups.iter_rows():
        yield tuple(key for key in keys if key is not None), table.take(pa.array(rows))


def _wide_columns(table: pa.Table) -> Iterator[_Column]:
    times = _milliseconds(table)
    errors = {f"{name}|error" for name in table.column_names}  # of synthetic queries: why there is no value
    names = [name for name in table.column_names if name != "timestamp" and name not in errors]
    values = {name: _values(table, name) for name in names}
    split = {name: _split_header(name) for name in names}
    raw = [_is_filled(values[name]) for name in names if split[name][1] is None]
    rows_filled = np.logical_or.reduce(raw) if raw else None
    for name in names:
        identifier, aggregate = split[name]
        number = (int(identifier),) if identifier.isascii() and identifier.isdigit() else ()
        yield _Column((identifier, *number), aggregate, times, values[name], rows_filled)


def _split_header(name: str) -> tuple[str, str | None]:
    """Split ``p1|stepInterpolation`` into the identifier and ``step_interpolation``; an identifier may have bars."""
    identifier, bar, end = name.rpartition("|")
    aggregate = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in end)
    return (identifier, aggregate) if bar and aggregate in _AGGREGATE_UNITS else (name, None)


def _series_lines(name: str | None, info: SeriesInfo, members: list[_Column]) -> Iterator[Line]:
    aggregates = {column.aggregate: column for column in members if column.aggregate}
    width = _bucket_width(list(aggregates.values()))
    banded = all(name in aggregates for name in _BANDED)
    for column in members:
        band = None
        if column.aggregate is None:
            times, values = _raw(column)
        elif banded and column.aggregate == _BANDED[0]:
            times, (values, lower, upper) = _buckets([aggregates[name] for name in _BANDED], width)
            band = (lower, upper)
        elif banded and column.aggregate in _BANDED:
            continue
        else:
            times, (values,) = _buckets([column], width)
        is_text = values.dtype == object
        yield Line(
            name=name,
            aggregate=column.aggregate,
            unit=TEXT if is_text else _unit(info.unit, column.aggregate),
            is_step=is_text or info.is_step or column.aggregate == "step_interpolation",
            times=times.astype("datetime64[ms]"),
            values=values,
            band=band,
        )


def _unit(unit: str | None, aggregate: str | None) -> str | None:
    pattern = "{}" if aggregate is None else _AGGREGATE_UNITS[aggregate]
    if "{}" not in pattern:
        return pattern
    is_compound = unit is not None and set(unit) & set(" */^·")
    return pattern.format(f"({unit})" if is_compound and pattern != "{}" else unit) if unit else None


def _raw(column: _Column) -> tuple[Times, Values]:
    filled = _is_filled(column.values)
    is_wide = column.rows_filled is not None
    rows = np.flatnonzero(filled)
    times = column.times[rows]
    # A break stands where nobody has a value, or where a steady series should have had one.
    nobody = np.flatnonzero(~(filled if column.rows_filled is None else column.rows_filled))
    following = np.searchsorted(nobody, rows)
    is_broken = np.diff(following) > 0
    at = np.zeros(len(is_broken), np.int64)
    at[is_broken] = column.times[nobody[following[:-1][is_broken]]]
    spacings = np.diff(times)
    if len(spacings) and column.values.dtype != object:
        pace = int(np.median(spacings))
        if np.mean(np.abs(spacings - pace) <= (_SLACK - 1) * pace) >= _STEADY_SHARE:
            is_missed = (spacings > _SLACK * pace) & ~is_broken
            if is_wide:  # where there was a row that it could have filled
                is_missed &= np.diff(rows) > 1
            at[is_missed] = times[:-1][is_missed] + pace
            is_broken |= is_missed
    return _broken(times, column.values[rows], np.flatnonzero(is_broken), at[is_broken])


def _bucket_width(columns: list[_Column]) -> int | None:
    """Find the smallest distance between two buckets, or None where there are not two."""
    if not columns:
        return None
    times = np.unique(np.concatenate([column.times[_is_filled(column.values)] for column in columns]))
    return int(np.diff(times).min()) if len(times) > 1 else None


def _buckets(columns: list[_Column], width: int | None) -> tuple[Times, list[Values]]:
    """Take the buckets in which the first column has a value, of all columns; a break follows the last one of a run."""
    rows = np.flatnonzero(_is_filled(columns[0].values))
    times = columns[0].times[rows]
    if width is None:
        return times, [column.values[rows] for column in columns]
    before = np.flatnonzero(np.diff(times) > _SLACK * width)
    broken = [_broken(times, column.values[rows], before, times[before] + width) for column in columns]
    return broken[0][0], [values for _, values in broken]


def _broken(times: Times, values: Values, before: npt.NDArray[np.intp], at: Times) -> tuple[Times, Values]:
    """Insert an empty value after each of the points numbered `before`, at the times `at`."""
    nothing: Any = None if values.dtype == object else np.nan
    return np.insert(times, before + 1, at), np.insert(values, before + 1, nothing)


def _is_filled(values: Values) -> npt.NDArray[np.bool_]:
    empty: npt.NDArray[np.bool_] = values == None if values.dtype == object else np.isnan(values)  # noqa: E711
    return ~empty


def _milliseconds(table: pa.Table) -> Times:
    column = table.column("timestamp")
    if column.null_count:
        raise ValueError(f"The column 'timestamp' has {column.null_count} empty cells. Accepted: a time in every row.")
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("ms", tz=column.type.tz), safe=False).cast(pa.int64())
    elif not pa.types.is_integer(column.type):
        raise ValueError(f"The column 'timestamp' must hold times or milliseconds, got {column.type}.")
    times: Times = column.cast(pa.int64()).to_numpy()
    return times


def _values(table: pa.Table, name: str) -> Values:
    column = table.column(name)
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        texts: Values = column.to_numpy().astype(object)
        return texts
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.int8())
    number = pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or pa.types.is_decimal(column.type)
    if not number and not pa.types.is_null(column.type):
        raise ValueError(f"The column {name!r} cannot be plotted: it holds {column.type}. Accepted: numbers or texts.")
    numbers: Values = pc.fill_null(column.cast(pa.float64(), safe=False), float("nan")).to_numpy()
    return numbers


def _listed(names: list[str], most: int = 8) -> str:
    shown = ", ".join(map(repr, names[:most]))
    return shown + (f" and {len(names) - most} more" if len(names) > most else "") if names else "none"
