"""Rows of a request: taken apart without changing their JSON, checked, and made ready to be stored.

The text of `columns` is cut out of the body as it stands, so that 1.0, long integers and the order of members stay
what they were. Its digest is one of its canonical form: rows of one digest have equal content.
"""

from __future__ import annotations

import json
import marshal
import re
from collections.abc import Callable, Sequence
from hashlib import blake2b
from operator import itemgetter
from typing import Any

import pyarrow as pa

from cdframe.local.errors import ApiError, bad_request, constraint
from cdframe.local.http import reject_constant
from cdframe.local.validation import as_object, as_string, check_size, reject_unknown, request_items, shown

MOST_ROWS = 10_000
MOST_KEY = 1024  # characters
MOST_COLUMNS = 5 * 2**20  # bytes
MOST_PART = 2_621_440  # characters of a column's name, or of its value

_VALUES_ONLY = 2  # the version of marshal that writes types and values, and nothing of which objects hold them
_NAME = itemgetter(0)

_BLANK = " \t\n\r"
_BLANKS = re.compile(r"[ \t\n\r]*")
_USUAL_ROW = re.compile(  # as far as its columns
    r"""\{ B "key" B : B "([^"\\\x00-\x1f]*)" B , B "columns" B : B""".replace(" ", "").replace("B", _BLANKS.pattern)
)
_HALF_PAIR = re.compile(r"\\u[dD][89a-fA-F]")


def read_rows(content: bytes) -> pa.Table:
    """The rows of an insert: `key`, `content`, `digest`. Of two with the same key the last one counts.

    They come in the order of their keys.
    """
    rows = _RowsReader(_decoded(content or b"{}")).read()
    keys = sorted(rows)  # by code points, which is the order of their bytes in UTF-8
    columns = [[rows[key][i] for key in keys] for i in range(2)]
    return pa.table({"key": pa.array(keys, pa.string()), "content": columns[0], "digest": columns[1]})


def read_keys(body: dict[str, Any]) -> list[str]:
    """The keys of a delete, each once."""
    reject_unknown(body, ("items",), "")
    keys = []
    for i, item in enumerate(request_items(body, MOST_ROWS)):
        where = f"items[{i}]"
        row = as_object(item, where)
        reject_unknown(row, ("key",), where)
        keys.append(check_key(row.get("key"), where))
    return sorted(set(keys))


def check_key(value: Any, where: str) -> str:
    """A key; an integer is taken as its decimal text."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    key = as_string(value, f"{where}.key")
    check_size(key, f"{where}.key", 1, MOST_KEY)
    return key


class _RowsReader:
    """Reads `{"items": [{"key": .., "columns": {..}}, ..]}`, and tells where in the text values stand."""

    def __init__(self, text: str) -> None:
        self._text = text
        decoder: Any = json.JSONDecoder(parse_constant=reject_constant, object_pairs_hook=_in_order)
        self._scan = decoder.scan_once
        self._may_have_half_pairs = _HALF_PAIR.search(text) is not None
        self._count = 0
        self._rows: dict[str, tuple[str, int]] = {}

    def read(self) -> dict[str, tuple[str, int]]:
        """The text of the columns and its digest, by keys."""
        others: dict[str, Any] = {}

        def member(name: str, at: int) -> int:
            if name == "items" and self._text[at] == "[":
                return self._array(at, self._row)
            others[name], end = self._value(at)
            return end

        try:
            begin = self._skip(0)
            if self._text[begin] != "{":
                as_object(self._value(begin)[0], "the request body")
            end = self._skip(self._object(begin, member))
        except RecursionError:
            raise bad_request("The request body is nested too deeply") from None
        except IndexError:
            raise self._unexpected(len(self._text), "more") from None
        except ValueError as error:
            raise bad_request(f"The request body is not valid JSON: {error}") from error
        if end != len(self._text):
            raise self._unexpected(end, "its end")
        if "items" in others:
            request_items(others, MOST_ROWS)
        reject_unknown(others, (), "")
        check_size(range(self._count), "items", 1, MOST_ROWS)
        return self._rows

    def _row(self, at: int) -> int:
        text = self._text
        usual = _USUAL_ROW.match(text, at)
        if usual is not None:
            columns, stop = self._value(usual.end())
            end = stop if text[stop] == "}" else self._skip(stop)
            if text[end] == "}":
                self._add(usual[1], columns, text[usual.end() : stop])
                return end + 1
        if text[at] != "{":
            as_object(self._value(at)[0], f"items[{self._count}]")
        key: Any = None
        columns = None
        content = ""

        def member(name: str, at: int) -> int:
            nonlocal key, columns, content
            value, end = self._value(at)
            if name == "key":
                key = value
            elif name == "columns":
                columns, content = value, text[at:end]
            return end

        end = self._object(at, member)
        self._add(key, columns, content)
        return end

    def _add(self, key: Any, columns: Any, content: str) -> None:
        """Check a row and keep it; what is fine at the first look is not looked at again."""
        if not (isinstance(key, str) and key.isascii() and 0 < len(key) <= MOST_KEY):
            key = check_key(key, f"items[{self._count}]")
        if not isinstance(columns, dict) or 4 * len(content) > MOST_PART or self._may_have_half_pairs:
            self._check_columns(columns, content, f"items[{self._count}].columns")
        self._rows[key] = content, _digest(columns)
        self._count += 1

    def _check_columns(self, value: Any, content: str, where: str) -> None:
        columns = as_object(value, where)
        if len(content) * 4 > MOST_COLUMNS and len(content.encode()) > MOST_COLUMNS:
            raise constraint(f"{where} must be at most {MOST_COLUMNS} bytes of JSON")
        if len(content) > MOST_PART:
            for name, value in columns.items():
                check_size(name, f"a key of {where}", 0, MOST_PART)
                text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
                check_size(text, f"{where}.{shown(name)}", 0, MOST_PART)
        if _HALF_PAIR.search(content):
            as_string(json.dumps(columns, ensure_ascii=False), where)

    def _object(self, at: int, member: Callable[[str, int], int]) -> int:
        """Give the name and the beginning of each member's value to `member`, which gives its end; the end of all."""
        text = self._text
        at = self._skip(at + 1)
        if text[at] == "}":
            return at + 1
        while True:
            if text[at] != '"':
                raise self._unexpected(at, "a name in double quotes")
            name, at = self._value(at)
            at = self._skip(at)
            if text[at] != ":":
                raise self._unexpected(at, "':'")
            at = self._skip(member(name, self._skip(at + 1)))
            if text[at] == "}":
                return at + 1
            if text[at] != ",":
                raise self._unexpected(at, "',' or '}'")
            at = self._skip(at + 1)

    def _array(self, at: int, element: Callable[[int], int]) -> int:
        """Give the beginning of each element to `element`, which gives its end; the end of all."""
        text = self._text
        at = self._skip(at + 1)
        if text[at] == "]":
            return at + 1
        while True:
            at = self._skip(element(at))
            if text[at] != ",":
                break
            at = self._skip(at + 1)
        if text[at] != "]":
            raise self._unexpected(at, "',' or ']'")
        return at + 1

    def _value(self, at: int) -> tuple[Any, int]:
        try:
            value: tuple[Any, int] = self._scan(self._text, at)
        except StopIteration:
            raise self._unexpected(at, "a value") from None
        return value

    def _skip(self, at: int) -> int:
        if self._text[at : at + 1] in _BLANK:
            return _BLANKS.match(self._text, at).end()  # type: ignore[union-attr]
        return at

    def _unexpected(self, at: int, wanted: str) -> ApiError:
        found = shown(self._text[at]) if at < len(self._text) else "its end"
        return bad_request(
            f"The request body is not valid JSON: expected {wanted} at character {at}, but found {found}"
        )


def _decoded(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise bad_request(f"The request body is not valid JSON: {error}") from error


def _in_order(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """The members of an object in the order of their names, each of which it may have once."""
    members = dict(sorted(pairs, key=_NAME))
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        repeated = next(name for name in names if names.count(name) > 1)
        raise bad_request(f"An object of the request body has the name {shown(repeated)} twice")
    return members


def _digest(columns: dict[str, Any]) -> int:
    """The digest of an object whose members are in order, at all depths."""
    canonical = marshal.dumps(columns, _VALUES_ONLY)
    return int.from_bytes(blake2b(canonical, digest_size=8).digest(), signed=True)
