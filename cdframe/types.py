"""Type aliases that several modules share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, Protocol, TypeAlias

FrameKind: TypeAlias = Literal["polars", "pandas", "pyarrow"]
"""The kinds of frames that calls return."""

Timestamp: TypeAlias = int | float | str | datetime
"""Milliseconds since 1970 UTC, ``"now"``, ``"2w-ago"``, or a datetime (naive means UTC)."""

ProgressOption: TypeAlias = Literal["auto"] | bool | Callable[[int, int], None]
"""``"auto"`` (a bar after one second in a terminal or notebook), True, False, or ``callback(done, total)``."""


class ArrowStream(Protocol):
    """A frame of any library that exports the Arrow C stream interface."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...


Frame: TypeAlias = Any
"""A `polars.DataFrame`, a `pandas.DataFrame` with Arrow dtypes, or a `pyarrow.Table`, as the client was asked for."""

IntoFrame: TypeAlias = ArrowStream | Mapping[str, Any] | Sequence[Mapping[str, Any]] | Any
"""A frame of any library (Arrow C stream, or pandas), a dict (one row), or a list of dicts."""
