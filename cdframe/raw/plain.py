"""Pages of plain rows: values are numbers, texts, true and false, and each column has one kind of them.

Most tables are such. Arrow reads their types at once, in half the time of `pages`, and refuses what is not plain: such
pages are left to `pages`. Types depend on all pages. So a page keeps its body, for when columns turn out to have
several kinds of values, and their texts are needed as they stood in the JSON; compressed, where there are many.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.json  # makes pa.json
from numpy.typing import NDArray

from cdframe.raw.column_names import KEY, LAST_UPDATED_TIME, column_name
from cdframe.raw.columns import joined_pages, typed
from cdframe.raw.pages import read_rows

CODEC = "lz4"
HELD = 64 * 2**20
"""The bytes of bodies that are kept as they are."""
MOST_EXACT = 2.0**53
"""Doubles below have all integers; what stood in the JSON as one from here on is not told from the nearest double."""
MOST_OPENED = 20
"""The most braces between the beginnings of two rows, where two are needed and the others are in texts.

Arrow reads what is nested by calls within calls, without a bound: depths of ten thousand end the process.
"""

_ROW = {"key": pa.string(), "lastUpdatedTime": pa.int64()}
_TYPES = {pa.int64(): pl.Int64(), pa.float64(): pl.Float64(), pa.bool_(): pl.Boolean(), pa.string(): pl.String()}
_NUMBERS = {pl.Int64(), pl.Float64()}


@dataclass(frozen=True, slots=True)
class PlainPage:
    """A page of plain rows: typed, where columns without a value have the type Null; and its body."""

    frame: pl.DataFrame
    _body: bytes = field(repr=False)
    _packed_size: int | None = None

    def packed(self) -> PlainPage:
        """The same page with less memory."""
        return PlainPage(self.frame, pa.compress(self._body, CODEC, asbytes=True), len(self._body))

    @property
    def height(self) -> int:
        """How many rows there are."""
        return self.frame.height

    def head(self, most: int) -> Page:
        """The first rows; fewer than all are given as texts."""
        return self if most >= self.height else self.texts().head(most)

    def texts(self) -> pl.DataFrame:
        """The texts of its values in the JSON."""
        size = self._packed_size
        return read_rows(self._body if size is None else pa.decompress(self._body, size, CODEC, asbytes=True))[0]


Page: TypeAlias = PlainPage | pl.DataFrame
"""A page of plain rows, or the texts of one of any rows."""


def read_plain_rows(body: bytes) -> tuple[PlainPage, str | None] | None:
    """Read a page of plain rows, and the next cursor; None where it is not such a page."""
    if not _is_flat(body):
        return None
    try:
        items, cursor = _read(body, {})
        objects = items.field("columns")
        columns = dict(zip([field.name for field in objects.type], objects.flatten(), strict=True))
        times = [name for name, column in columns.items() if pa.types.is_timestamp(column.type)]
        if times:  # texts that look like times: Arrow would not tell one spelling from another
            again = _read(body, dict.fromkeys(times, pa.string()), only=True)[0].field("columns")
            columns |= {name: again.field(name) for name in times}
        key, time = items.field("key"), items.field("lastUpdatedTime")
    except (pa.ArrowException, KeyError, ValueError):
        return None
    if (
        objects.null_count
        or key.null_count
        or time.null_count
        or not all(_is_plain(column) for column in columns.values())
    ):
        return None
    frame = {
        KEY: pl.Series(key, dtype=pl.String),
        LAST_UPDATED_TIME: pl.Series(time, dtype=pl.Int64).cast(pl.Datetime("ms", "UTC")),
        **{column_name(name): pl.Series(one, dtype=_TYPES.get(one.type, pl.Null())) for name, one in columns.items()},
    }
    return PlainPage(pl.DataFrame(frame), body), cursor or None


class PageReader:
    """Reads the pages of a table as plain ones, until one is not."""

    def __init__(self) -> None:
        self._are_plain = True
        self._held = 0

    def __call__(self, body: bytes) -> tuple[Page, str | None]:
        """Read a page, and the next cursor.

        Raises:
            CogniteConnectionError: the body is not a page of rows.
        """
        if self._are_plain:
            found = read_plain_rows(body)
            if found is not None:
                page, cursor = found
                self._held += len(body)
                return page if self._held <= HELD else page.packed(), cursor
            self._are_plain = False
        return read_rows(body)


def typed_rows(pages: Sequence[Page]) -> pl.DataFrame:
    """Join pages and give their columns types, which are those of all values."""
    plain = [page for page in pages if isinstance(page, PlainPage)]
    rows = _joined(plain) if len(plain) == len(pages) else None
    return typed(joined_pages([_texts(page) for page in pages]), {}) if rows is None else rows


def _texts(page: Page) -> pl.DataFrame:
    return page.texts() if isinstance(page, PlainPage) else page


def _joined(pages: Sequence[PlainPage]) -> pl.DataFrame | None:
    """Join pages; None where a column has values of several kinds."""
    kinds: dict[str, set[pl.DataType]] = {}
    for page in pages:
        for name, data_type in page.frame.schema.items():
            kinds.setdefault(name, set()).update({data_type} - {pl.Null()})
    types: dict[str, pl.DataType] = {}
    for name, found in kinds.items():
        if len(found) > 1 and not (found == _NUMBERS and all(_fits_doubles(page.frame, name) for page in pages)):
            return None
        types[name] = pl.Float64() if len(found) > 1 else next(iter(found), pl.String())
    frames = [pl.DataFrame({one.name: one.cast(types[one.name]) for one in page.frame.get_columns()}) for page in pages]
    columns = {one.name: one for one in joined_pages(frames).get_columns()}
    columns[LAST_UPDATED_TIME] = columns.pop(LAST_UPDATED_TIME)
    return pl.DataFrame(columns)


def _is_flat(body: bytes) -> bool:
    """Whether there is nothing deep in a page of rows, whatever its texts hold.

    The only array is that of the rows. Then `,{"k` begins a row, as no text can have it: its quote would end it.
    """
    data = np.frombuffer(body, np.uint8)
    if body.count(b"[") != 1 or _may_have_nul(body, data):
        return False
    braces = np.flatnonzero(data == ord("{"))
    begins = np.ones(len(braces), np.bool_)
    for offset, byte in ((-1, ","), (1, '"'), (2, "k")):
        begins &= data.take(braces + offset, mode="clip") == ord(byte)
    rows = np.flatnonzero(begins)
    return bool(np.diff(rows, prepend=0, append=len(braces)).max() <= MOST_OPENED)


def _may_have_nul(body: bytes, data: NDArray[np.uint8]) -> bool:
    """Whether a text may have the character NUL, with which Arrow would end it."""
    escapes = np.flatnonzero(data == ord("\\"))
    return bool((data.take(escapes + 1, mode="clip") == ord("u")).any()) and b"\\u0000" in body


def _read(body: bytes, columns: dict[str, pa.DataType], only: bool = False) -> tuple[pa.StructArray, str | None]:
    """Read the rows and the cursor; of `columns` types are known, others are inferred, or with `only` passed over."""
    row = {**_ROW, "columns": pa.struct(columns)}
    schema = pa.schema({"items": pa.list_(pa.struct(row)), "nextCursor": pa.string()})
    options = pa.json.ParseOptions(
        explicit_schema=schema, newlines_in_values=False, unexpected_field_behavior="ignore" if only else "infer"
    )
    reading = pa.json.ReadOptions(use_threads=False, block_size=len(body) + 1)
    # The C library keeps what one page leaves for the next one; Arrow's own pool gives it back, which costs a quarter.
    page = pa.json.read_json(pa.BufferReader(body), reading, options, memory_pool=pa.system_memory_pool())
    if page.num_rows != 1 or page["items"].null_count:
        raise ValueError("it has no 'items'")
    page.validate(full=True)  # of UTF-8
    return page["items"].chunk(0).values, page["nextCursor"][0].as_py()


def _is_plain(column: pa.Array) -> bool:
    if pa.types.is_float64(column.type):
        return not (pl.Series(column).abs() >= MOST_EXACT).any()
    return column.type in _TYPES or pa.types.is_null(column.type)


def _fits_doubles(frame: pl.DataFrame, name: str) -> bool:
    """Whether doubles have the integers of a column exactly."""
    ints = frame[name] if name in frame.columns else pl.Series([], dtype=pl.Null)
    if ints.dtype != pl.Int64:
        return True
    again = ints.cast(pl.Float64).cast(pl.Int64, strict=False)
    return again.null_count() == ints.null_count() and bool((again == ints).all())
