"""Pages of rows in JSON into frames of the texts of their values, without a Python object per value.

    {"items":[{"key":"k1","columns":{"a":1,"b":[2]},"lastUpdatedTime":5},...],"nextCursor":"..."}
    1        2{                     4                                                          level

Quotes, and the braces, brackets, colons and commas outside of texts, are found by vectors, and so is how deep each
stands. The value of a member is then what lies between a colon and the next comma or brace of its level; Arrow cuts it
out. No value is read here, and nothing is guessed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from cdframe.errors import CogniteConnectionError
from cdframe.raw.column_names import KEY, LAST_UPDATED_TIME, column_name

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Bytes = NDArray[np.uint8]

QUOTE, COLON, BACKSLASH = ord('"'), ord(":"), ord("\\")
NULL = ord("n")  # what only null begins with
BLANK = ord(" ")  # and what is below is not part of values either
PAGE, ITEMS, ROW, COLUMNS = 1, 2, 3, 4  # levels: how many objects and arrays are around


IS_STRUCTURE = bytes(byte in b'"{}[]:,' for byte in range(256))  # for bytes.translate
STEPS = np.zeros(256, np.int8)  # what brackets do to the level
STEPS[[*b"{["]], STEPS[[*b"}]"]] = 1, -1


def read_rows(body: bytes) -> tuple[pl.DataFrame, str | None]:
    """Read a page of rows: `key`, `last_updated_time`, then the texts of the JSON in all columns; and the next cursor.

    The columns are in the order in which they first occur; a value that is null or not there is a null.

    Raises:
        CogniteConnectionError: the body is not such a page.
    """
    try:
        page = _Page(body)
        return page.frame(), page.cursor
    except (ValueError, IndexError, KeyError, pa.ArrowException, pl.exceptions.PolarsError) as error:
        raise CogniteConnectionError(
            f"The server's answer is not a page of rows: {error}. It begins with {body[:100]!r}."
        ) from error


def unquoted(texts: pl.Series) -> pl.Series:
    """Turn JSON strings into the texts that they are; other JSON stays."""
    is_string = texts.str.starts_with('"')
    plain = texts.str.strip_prefix('"').str.strip_suffix('"')
    if not is_string.all():
        plain = plain.zip_with(is_string.fill_null(False), texts)
    is_escaped = is_string & texts.str.contains("\\", literal=True)
    if is_escaped.any():
        decoded = texts.filter(is_escaped).str.json_decode(pl.String)
        plain = plain.scatter(is_escaped.fill_null(False).arg_true(), decoded)
    return plain


@dataclass(frozen=True, slots=True)
class _Members:
    """Members of objects of one level: where their colons, names and values stand."""

    colons: Ints  # as positions among the tokens
    spans: pa.Array  # of the body: name, what is between, value, what is between, name, ...
    is_null: Bools

    def names(self) -> tuple[NDArray[Any], list[str]]:
        """The number of each member's name, and the names in the order in which they first occur.

        The numbers are of the smallest type: those of 16 bits are sorted ten times as fast.
        """
        encoded = self.spans.take(pa.array(np.arange(0, len(self.spans), 4))).dictionary_encode()
        texts = [json.loads(b'"' + name + b'"') for name in encoded.dictionary.cast(pa.binary()).to_pylist()]
        numbers = {text: number for number, text in enumerate(dict.fromkeys(texts))}
        of_text = np.array([numbers[text] for text in texts], np.min_scalar_type(len(numbers)))
        return of_text[encoded.indices.to_numpy()], list(numbers)

    def texts(self, members: Ints, rows: Ints, height: int) -> pa.Array:
        """The texts of the values of members, each in its row; of two in one row the last one counts."""
        chosen = np.full(height, -1, np.int64)
        chosen[rows] = np.where(self.is_null[members], -1, 4 * members + 2)
        return self.spans.take(pa.array(chosen, mask=chosen < 0))


class _Page:
    """The structure of a page: quotes, and tokens, which are what is outside of texts of `{}[]:,`."""

    def __init__(self, body: bytes) -> None:
        if not body.isascii():
            body.decode()  # Polars trusts Arrow that texts are UTF-8
        self._body = body
        self._data = np.frombuffer(body, np.uint8)
        at = np.flatnonzero(np.frombuffer(body.translate(IS_STRUCTURE), np.bool_))
        if b"\\" in body:
            is_escaped = np.zeros(len(body), np.bool_)
            is_escaped[_escaped(self._data)] = True
            at = at[~is_escaped[at]]
        char = self._data[at]
        is_quote = char == QUOTE
        quotes = np.cumsum(is_quote.astype(np.int32), dtype=np.int32)
        tokens = np.flatnonzero(~is_quote & (quotes & 1 == 0))
        self._quotes = at[is_quote]
        self._at, self._char, self._quotes_before = at[tokens], char[tokens], quotes[tokens]
        steps = STEPS[self._char]
        depth = np.cumsum(steps, dtype=np.int32)
        self._level = depth + (steps < 0)  # of what a token begins, ends or parts
        if not len(depth) or depth[-1] != 0 or depth.min() < 0 or len(self._quotes) & 1:
            raise ValueError("it is not JSON, or not to its end")
        self.cursor: str | None = None
        self._items = self._read_top()

    def frame(self) -> pl.DataFrame:
        """The rows."""
        opens = self._items.start + np.flatnonzero(
            (self._level[self._items] == ROW) & (self._char[self._items] == ord("{"))
        )
        height = len(opens)
        of_rows = self._members(ROW)
        row_of = np.searchsorted(opens, of_rows.colons) - 1
        number, names = of_rows.names()
        known = {name: np.flatnonzero(number == i) for i, name in enumerate(names)}
        key, time = (
            of_rows.texts(known[name], row_of[known[name]], height) if height else pa.array([], pa.string())
            for name in ("key", "lastUpdatedTime")
        )
        frame = {
            KEY: unquoted(pl.Series(key, dtype=pl.String)),
            LAST_UPDATED_TIME: pl.Series(time, dtype=pl.String).cast(pl.Int64).cast(pl.Datetime("ms", "UTC")),
        }
        if frame[KEY].null_count() or frame[LAST_UPDATED_TIME].null_count():
            raise ValueError("a row has no key or no lastUpdatedTime")
        if height:
            frame |= self._columns(of_rows.colons, number == names.index("columns"), row_of, height)
        return pl.DataFrame(frame)

    def _columns(self, colons: Ints, is_columns: Bools, row_of: Ints, height: int) -> dict[str, pl.Series]:
        """The columns of rows whose members have these colons, some of which are those of `columns`."""
        members = self._members(COLUMNS)
        owner = np.searchsorted(colons, members.colons) - 1
        number, names = members.names()
        order = np.argsort(number, kind="stable")
        order = order[is_columns[owner[order]]]
        bounds = np.searchsorted(number[order], np.arange(len(names) + 1))
        columns = {}
        for name, begin, end in zip(names, bounds[:-1], bounds[1:], strict=True):
            chosen = order[begin:end]
            if len(chosen):
                texts = members.texts(chosen, row_of[owner[chosen]], height)
                columns[column_name(name)] = pl.Series(column_name(name), texts, dtype=pl.String)
        return columns

    def _read_top(self) -> slice:
        """Read the cursor, and give the range of the tokens of the items."""
        items = None
        tops = self._tokens_of_objects(PAGE, slice(0, len(self._at)))
        for colon, end in zip(tops[:-1].tolist(), tops[1:].tolist(), strict=True):
            if self._char[colon] != COLON:
                continue
            quotes = self._quotes_before[colon]
            name = self._body[self._quotes[quotes - 2] + 1 : self._quotes[quotes - 1]]
            if name == b"items":
                items = slice(colon + 1, end)
            elif name == b"nextCursor":
                self.cursor = json.loads(self._body[self._at[colon] + 1 : self._at[end]]) or None
        if items is None:
            raise ValueError("it has no 'items'")
        return items

    def _tokens_of_objects(self, level: int, where: slice) -> Ints:
        """The tokens of objects of a level: braces, colons and commas."""
        char = self._char[where]
        found: Ints = where.start + np.flatnonzero(
            (self._level[where] == level) & (char != ord("[")) & (char != ord("]"))
        )
        return found

    def _members(self, level: int) -> _Members:
        """The members of all objects of a level."""
        here = self._tokens_of_objects(level, self._items)
        which = np.flatnonzero(self._char[here] == COLON)
        colons, ends = here[which], here[which + 1]
        quotes = self._quotes_before[colons]
        bounds = np.empty((len(colons), 4), np.int32)
        bounds[:, 0], bounds[:, 1] = self._quotes[quotes - 2] + 1, self._quotes[quotes - 1]
        bounds[:, 2], bounds[:, 3] = self._stripped(self._at[colons] + 1, self._at[ends])
        if (self._char[ends] == COLON).any() or (bounds[:, 0] <= self._at[colons - 1]).any():
            raise ValueError("a member of an object has no name")
        if (bounds[:, 2] >= bounds[:, 3]).any():
            raise ValueError("a member of an object has no value")
        count = max(bounds.size - 1, 0)
        spans = pa.Array.from_buffers(pa.string(), count, [None, pa.py_buffer(bounds), pa.py_buffer(self._body)])
        return _Members(colons, spans, self._data[bounds[:, 2]] == NULL)

    def _stripped(self, start: Ints, end: Ints) -> tuple[Ints, Ints]:
        """Ranges of the body without the blanks at both ends."""
        while (is_blank := self._data[start] <= BLANK).any():
            start = start + is_blank
        while (is_blank := self._data[end - 1] <= BLANK).any():
            end = end - is_blank
        return start, end


def _escaped(data: Bytes) -> Ints:
    """The positions of characters behind a backslash that is not escaped itself."""
    at = np.flatnonzero(data == BACKSLASH)
    first = np.flatnonzero(np.diff(at, prepend=-2) != 1)
    length = np.diff(first, append=len(at))
    escaped: Ints = (at[first] + length)[length & 1 == 1]
    return escaped
