"""Pages into tables: long (a row for each point) and wide (a row for each moment), every column made once.

The arrays of large pages become chunks of the columns as they are; only small ones are copied, to join them. So hardly
more than the table itself is held at any time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cdframe.datapoints.pages import Ints, Values
from cdframe.datapoints.plan import AGGREGATES, ReadPlan, SeriesRead
from cdframe.datapoints.windows import SeriesProgress
from cdframe.errors import CogniteDuplicateColumnsError
from cdframe.schemas import TIMESTAMP

_MOST_CHUNKS = 1024
"""Arrays are joined until a column has at most about so many chunks."""
_LARGE = 65_536
"""Arrays of so many rows are always chunks of their own."""


@dataclass(slots=True, eq=False)
class SeriesColumns:
    """All rows of one series: its pages' arrays by column (`timestamp`, `value`, aggregates), in order of time."""

    read: SeriesRead
    is_string: bool
    is_step: bool
    rows: int
    columns: dict[str, list[Ints | Values]]

    @property
    def aggregates(self) -> list[str | None]:
        """The aggregates in the order of frames; for raw points the one None."""
        return [name for name in AGGREGATES if name in self.read.aggregates] or [None]

    def type_of(self, name: str) -> pa.DataType:
        """The type of a column."""
        if self.read.aggregates:
            return aggregate_type(name)
        return pa.string() if self.is_string else pa.float64()

    def take(self, name: str, of_type: pa.DataType) -> list[Ints | Values]:
        """Give the arrays of a column and let go of them; nulls where the series has no such column."""
        chunks = self.columns.pop(name, None)
        return [pa.nulls(self.rows, of_type)] if chunks is None else chunks


def gather(series: SeriesProgress) -> SeriesColumns:
    """Take the pages that are ready out of a read."""
    pages = series.take_pages()
    names = series.read.aggregates or ("value",)
    columns: dict[str, list[Ints | Values]] = {name: [page.columns[name] for page in pages] for name in names}
    columns["timestamp"] = [page.timestamps for page in pages]
    return SeriesColumns(series.read, series.is_string, series.is_step, sum(map(len, pages)), columns)


@dataclass(frozen=True, slots=True)
class Kinds:
    """Which kinds of raw values a long table has columns for."""

    numbers: bool
    texts: bool

    def columns(self) -> dict[str, bool]:
        """The columns of raw values, and whether they hold texts."""
        columns = {"value": False} if self.numbers else {}
        if self.texts:
            columns["string_value" if columns else "value"] = True
        return columns


def kinds_of(plan: ReadPlan, texts: Sequence[bool]) -> Kinds:
    """The kinds of a plan, by whether each of its series of raw points has texts: numbers where there is none."""
    return Kinds(numbers=plan.has_raw and not (texts and all(texts)), texts=any(texts))


def gather_all(fetched: Mapping[SeriesRead, SeriesProgress]) -> dict[SeriesRead, SeriesColumns]:
    """Take all pages out of finished reads, of those whose series exist; what was read once for two goes to both."""
    columns = {read: gather(series) for read, series in fetched.items() if series.exists and series.twin is None}
    for read, series in fetched.items():
        if series.twin is not None:
            once = columns[series.twin.read]
            columns[read] = replace(once, read=read, columns=dict(once.columns))
    return columns


class LongTables:
    """Makes long tables of one plan, all with the same columns."""

    def __init__(self, plan: ReadPlan, kinds: Kinds) -> None:
        self._plan = plan
        self._kinds = kinds
        self._identities = Identities(plan)

    def table(self, parts: Sequence[SeriesColumns]) -> pa.Table:
        """Make the table of some parts of series, in this order; the parts are used up."""
        identities = self._identities.columns([part.read for part in parts], [part.rows for part in parts])
        table: dict[str, pa.Array | pa.ChunkedArray] = {}
        table["timestamp"] = _column(parts, "timestamp", TIMESTAMP)
        for name, texts in self._kinds.columns().items():
            table[name] = _raw_column(parts, texts=texts)
        for name, column in AGGREGATES.items():
            if name in self._plan.aggregates:
                table[column] = _column(parts, name, aggregate_type(name))
        return pa.table(identities | table)


def long_table(plan: ReadPlan, parts: Sequence[SeriesColumns]) -> pa.Table:
    """Make the long table of all series that exist, in the order of the plan; the parts are used up."""
    kinds = kinds_of(plan, [part.is_string for part in parts if not part.read.aggregates])
    return LongTables(plan, kinds).table(parts)


@dataclass(frozen=True, slots=True)
class WideColumn:
    """A column of a wide table, by what it holds."""

    series: str
    aggregate: str | None
    is_step: bool = False

    def name(self, *, include_aggregate_name: bool = True) -> str:
        """Its name: the identifier, and the aggregate behind a bar."""
        shown = include_aggregate_name and self.aggregate is not None
        return f"{self.series}|{self.aggregate}" if shown else self.series


def encode_names(codes: pa.Array, names: Sequence[str] | pa.Array) -> pa.DictionaryArray:
    """Make a column of external ids from their numbers.

    All names asked for are in the dictionary, whether they have rows or not: pandas takes the type of a category from
    its names, and a frame without rows shall have the types of others.
    """
    return pa.DictionaryArray.from_arrays(codes.cast(pa.int32()), pa.array(names, pa.string()))


def wide_columns(parts: Sequence[SeriesColumns]) -> list[WideColumn]:
    """Name the columns of the wide table of some series, behind `timestamp`."""
    return [WideColumn(part.read.name, aggregate, part.is_step) for part in parts for aggregate in part.aggregates]


def wide_table(parts: Sequence[SeriesColumns]) -> pa.Table:
    """Make the wide table of some series: all their moments, then the columns of `wide_columns`.

    Raises:
        CogniteDuplicateColumnsError: two columns would have one name.
    """
    names = [column.name() for column in wide_columns(parts)]
    check_names(names)
    moments, places = merge_times(_joined(part.take("timestamp", pa.int64())) for part in parts)
    columns: list[pa.Array | pa.ChunkedArray] = [pa.array(moments).view(TIMESTAMP)]
    for part, place in zip(parts, places, strict=True):
        for name in (aggregate or "value" for aggregate in part.aggregates):
            columns.append(spread(_column([part], name, part.type_of(name)), place, len(moments)))
    return pa.table(columns, names=["timestamp", *names])


def merge_times(times: Iterable[Ints]) -> tuple[Ints, list[Ints | None]]:
    """Merge ascending times into one axis; for each, the rows that it takes there (None: all of them)."""
    distinct: list[Ints] = []
    known: dict[tuple[int, int, int], list[int]] = {}
    kinds: list[int] = []
    for one in times:
        key = (len(one), int(one[0]), int(one[-1])) if len(one) else (0, 0, 0)
        alike = known.setdefault(key, [])
        found = next((kind for kind in alike if np.array_equal(distinct[kind], one)), None)
        if found is None:
            found = len(distinct)
            alike.append(found)
            distinct.append(one)
        kinds.append(found)
    if not distinct:
        return np.empty(0, np.int64), []
    axis = distinct[0] if len(distinct) == 1 else np.unique(np.concatenate(distinct))
    places = [None if len(one) == len(axis) else np.searchsorted(axis, one) for one in distinct]
    return axis, [places[kind] for kind in kinds]


def spread(column: pa.Array | pa.ChunkedArray, place: Ints | None, rows: int) -> pa.Array | pa.ChunkedArray:
    """Put the values of a column into rows of a longer one, with nulls in the others."""
    if place is None:
        return column
    source = np.full(rows, -1)
    source[place] = np.arange(len(column))
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return whole.take(pa.array(source, mask=source < 0))


def check_names(names: Sequence[str]) -> None:
    """Raise CogniteDuplicateColumnsError when a name occurs twice."""
    seen: set[str] = {"timestamp"}
    repeated = [name for name in names if name in seen or seen.add(name)]  # type: ignore[func-returns-value]
    if repeated:
        raise CogniteDuplicateColumnsError(list(dict.fromkeys(repeated)))


def aggregate_type(name: str) -> pa.DataType:
    """The type of an aggregate's column."""
    return pa.int64() if name == "count" else pa.float64()


class Identities:
    """Makes the columns that say which series a row is of, as it was asked for."""

    def __init__(self, plan: ReadPlan) -> None:
        names = [read.external_id for read in plan.reads if read.external_id is not None]
        self._plan = plan
        self._names = pa.array(names, pa.string())
        self._codes: dict[str | None, int] = {name: code for code, name in enumerate(names)}

    def columns(self, reads: Sequence[SeriesRead], rows: Sequence[int]) -> dict[str, pa.Array]:
        """The columns of so many rows of each series."""
        columns = {}
        if self._plan.by_id:
            columns["id"] = _repeat([read.id for read in reads], rows, np.int64)
        if self._plan.by_external_id:
            indices = _repeat([self._codes.get(read.external_id) for read in reads], rows, np.int32)
            columns["external_id"] = encode_names(indices, self._names)
        return columns


def _raw_column(parts: Sequence[SeriesColumns], *, texts: bool) -> pa.ChunkedArray:
    """The raw values of one kind; series of the other kind, and of aggregates, have nulls."""
    of_type = pa.string() if texts else pa.float64()
    chunks: list[Ints | Values] = []
    for part in parts:
        belongs = not part.read.aggregates and part.is_string == texts
        chunks += part.take("value", of_type) if belongs else [pa.nulls(part.rows, of_type)]
    return _chunked(chunks, of_type)


def _column(parts: Sequence[SeriesColumns], name: str, of_type: pa.DataType) -> pa.ChunkedArray:
    return _chunked([chunk for part in parts for chunk in part.take(name, of_type)], of_type)


def _chunked(chunks: Sequence[Ints | Values], of_type: pa.DataType) -> pa.ChunkedArray:
    """Make a column of arrays: large ones as they are, runs of small ones joined."""
    large = min(_LARGE, sum(map(len, chunks)) // _MOST_CHUNKS)
    runs: list[list[Ints | Values]] = []
    rows = large
    for chunk in _whole(chunks):
        if rows >= large or len(chunk) >= large or type(chunk) is not type(runs[-1][0]):
            runs.append([])
            rows = 0
        runs[-1].append(chunk)
        rows += len(chunk)
    return pa.chunked_array([_to_arrow(_joined(run), of_type) for run in runs], of_type)


def _whole(chunks: Iterable[Ints | Values]) -> Iterator[Ints | Values]:
    """Put together what lies side by side in memory, as the pages of one answer do, without copying it."""
    last: NDArray[Any] | None = None
    owner: NDArray[Any] | None = None
    first = behind = 0  # addresses of what has been put together
    for chunk in chunks:
        if not len(chunk):
            continue
        address = chunk.__array_interface__["data"][0] if isinstance(chunk, np.ndarray) else 0
        if last is not None and address == behind and owner is not None and chunk.base is owner:
            behind += chunk.nbytes
            continue
        if last is not None:
            yield _between(last, first, behind)
        if isinstance(chunk, np.ndarray):
            owner = chunk.base if isinstance(chunk.base, np.ndarray) else None
            last, first, behind = chunk, address, address + chunk.nbytes
        else:
            last = None
            yield chunk
    if last is not None:
        yield _between(last, first, behind)


def _between(part: NDArray[Any], first: int, behind: int) -> NDArray[Any]:
    """What lies between two addresses of the array that a part belongs to."""
    if part.base is None or behind - first == part.nbytes:
        return part
    octets = part.base.view(np.uint8)
    start = octets.__array_interface__["data"][0]
    return octets[first - start : behind - start].view(part.dtype)


def _joined(chunks: Sequence[Ints | Values]) -> Any:
    """The one array of some of one kind."""
    if not chunks:
        return np.empty(0, np.int64)
    if len(chunks) == 1:
        return chunks[0]
    return np.concatenate(chunks) if isinstance(chunks[0], np.ndarray) else pa.concat_arrays(chunks)


def _to_arrow(chunk: Ints | Values, of_type: pa.DataType) -> pa.Array:
    if not isinstance(chunk, np.ndarray):
        return chunk
    if of_type == TIMESTAMP:
        return pa.array(chunk).view(TIMESTAMP)
    missing = np.isnan(chunk) if chunk.dtype == np.float64 else np.zeros(0, np.bool_)
    if of_type == pa.int64() and chunk.dtype == np.float64:
        chunk = np.where(missing, 0, chunk).astype(np.int64)
    return pa.array(chunk, of_type, mask=missing) if missing.any() else pa.array(chunk, of_type)


def _repeat(values: Sequence[int | None], rows: Sequence[int], dtype: type[np.int64 | np.int32]) -> pa.Array:
    """Give each number for so many rows."""
    numbers = np.array([0 if value is None else value for value in values], dtype)
    missing = np.array([value is None for value in values], np.bool_)
    # Zeros that nobody has written take no memory.
    repeated = np.repeat(numbers, rows) if numbers.any() else np.zeros(sum(rows), dtype)
    return pa.array(repeated, mask=np.repeat(missing, rows) if missing.any() else None)
