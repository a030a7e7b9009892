"""The names of JSON columns in frames, which have two columns that are none.

JSON                 frame
a                    a
key                  columns.key
last_updated_time    columns.last_updated_time
columns.key          columns.columns.key
"""

from __future__ import annotations

import re

KEY, LAST_UPDATED_TIME = "key", "last_updated_time"

_PREFIX = "columns."
_TAKEN = re.compile(rf"({re.escape(_PREFIX)})*({KEY}|{LAST_UPDATED_TIME})")


def column_name(name: str) -> str:
    """Give the name in frames of a JSON column."""
    return _PREFIX + name if _TAKEN.fullmatch(name) else name


def json_name(name: str) -> str:
    """Give the name in JSON of a column of a frame."""
    return name.removeprefix(_PREFIX) if _TAKEN.fullmatch(name) else name
