"""What is asked for of the rows of a table: which of them, as cursors carry it, and how much of each."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from cdframe.local.conditions import Condition
from cdframe.local.errors import bad_request
from cdframe.local.http import json_bytes
from cdframe.local.validation import shown

LATEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Selection:
    """Rows with keys in [start, stop), last updated after one time and up to another."""

    start: str = ""
    stop: str | None = None
    newer_than: int = -1
    until: int = LATEST

    @property
    def keys(self) -> Condition:
        """The test of keys."""
        from_start = Condition("key >= ?", [self.start])
        return from_start if self.stop is None else from_start & Condition("key < ?", [self.stop])

    def times(self, time: str) -> str:
        """The test of an expression of times."""
        tests = [f"{time} > {self.newer_than}"] if self.newer_than >= 0 else []
        tests += [f"{time} <= {self.until}"] if self.until < LATEST else []
        return " AND ".join(tests) or "TRUE"

    def after(self, key: str) -> Selection:
        """What comes behind a key."""
        return replace(self, start=key + "\0")  # no text is between the two

    def between(self, start: str, stop: str | None) -> Selection:
        """The part with keys in [start, stop)."""
        return replace(self, start=start, stop=stop)

    def cursor(self, table: int) -> str:
        """The selection as a cursor of a table."""
        return _cursor(table, self.start, self.stop, self.newer_than, self.until)

    @staticmethod
    def of_cursor(text: str, table: int) -> Selection:
        """The selection that a cursor of this table is; 400 for anything else."""
        match _open(text):
            case [owner, str(start), str() | None as stop, int(newer_than), int(until)]:
                if owner == table and -1 <= newer_than <= LATEST and abs(until) <= LATEST:
                    return Selection(start, stop, newer_than, until)
        raise bad_request(f"cursor {shown(text)} is not one of this table: send a cursor unchanged, to its table")


@dataclass(frozen=True)
class Shape:
    """What of the columns to show: those named (in this order), or all; with or without nulls."""

    columns: Sequence[str] | None = None
    without_nulls: bool = False

    @cached_property
    def content(self) -> Condition:
        """The expression of the JSON object."""
        if self.columns is None:
            return Condition(_WITHOUT_NULLS if self.without_nulls else "content")
        value = "nullif(json_extract(content, ?), 'null')" if self.without_nulls else "json_extract(content, ?)"
        members = "".join(f", ? || {value}" for _ in self.columns)
        parameters = []
        for name in self.columns:
            pointer = "/" + name.replace("~", "~0").replace("/", "~1")
            parameters += [f"{json_bytes(name).decode()}:", pointer]
        return Condition(f"'{{' || concat_ws(','{members}) || '}}'" if self.columns else "'{}'", parameters)


EVERYTHING = Shape()

_WITHOUT_NULLS = """
    CASE WHEN NOT contains(content, 'null') THEN content ELSE (
        SELECT '{' || coalesce(string_agg(to_json(key) || ':' || value, ',' ORDER BY id), '') || '}'
        FROM json_each(content) WHERE type <> 'NULL')
    END
"""


def name_cursor(name: str, owner: str) -> str:
    """The cursor of what comes behind a name in a list of an owner's names."""
    return _cursor(owner, name)


def name_of_cursor(text: str, owner: str) -> str:
    """The name in a cursor of this list of names; 400 for anything else."""
    match _open(text):
        case [str() as of, str(name)] if of == owner:
            return name
    raise bad_request(f"cursor {shown(text)} is not one of this list: send a nextCursor unchanged")


def _cursor(*content: str | int | None) -> str:
    return base64.urlsafe_b64encode(json_bytes(content)).decode().rstrip("=")


def _open(text: str) -> object:
    """What a cursor holds, or None for a text that is none."""
    try:
        content = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
        json_bytes(content)  # which half of a surrogate pair does not pass
        return content
    except (ValueError, RecursionError):
        return None
