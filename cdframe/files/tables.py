"""Frames that are stored as files: the formats, by what a file is called, and how they are read and written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

import polars as pl

from cdframe.errors import nearest


@dataclass(frozen=True, slots=True)
class Format:
    """A format: the endings of its names, its media type, and how it is written and read."""

    suffixes: tuple[str, ...]
    mime_type: str
    write: Callable[[pl.DataFrame, BinaryIO], Any]
    read: Callable[..., pl.DataFrame]


FORMATS = {
    "csv": Format((".csv",), "text/csv", pl.DataFrame.write_csv, pl.read_csv),
    "parquet": Format(
        (".parquet", ".pq"), "application/vnd.apache.parquet", pl.DataFrame.write_parquet, pl.read_parquet
    ),
    "jsonl": Format((".jsonl", ".ndjson"), "application/x-ndjson", pl.DataFrame.write_ndjson, pl.read_ndjson),
    "arrow": Format(
        (".arrow", ".feather", ".ipc"),
        "application/vnd.apache.arrow.file",
        pl.DataFrame.write_ipc,
        pl.read_ipc,
    ),
}


def format_of(name: str, given: str | None = None) -> Format:
    """The format of a file, by its name or as it is given.

    Raises:
        ValueError: none that is known.
    """
    if given is not None:
        if given not in FORMATS:
            raise ValueError(f"format={given!r} is not known.{nearest(given, list(FORMATS))} Accepted: {_accepted()}.")
        return FORMATS[given]
    suffix = PurePosixPath(name).suffix.lower()
    found = next((one for one in FORMATS.values() if suffix in one.suffixes), None)
    if found is None:
        raise ValueError(f"What format {name!r} has is not known by its name. Hint: give format=, of {_accepted()}.")
    return found


def write_table(frame: pl.DataFrame, path: Path, form: Format) -> None:
    """Write a frame to a file on disk.

    Raises:
        ValueError: the format has no form for a column.
    """
    with path.open("wb") as file:
        try:
            form.write(frame, file)
        except pl.exceptions.PolarsError as error:
            raise ValueError(f"The frame cannot be written in the format of {path.name!r}: {error}") from error


def read_table(path: Path, form: Format, options: dict[str, Any]) -> pl.DataFrame:
    """Read a file on disk; `options` are those of the function of Polars that reads the format.

    Raises:
        ValueError: its content is not in this format.
    """
    try:
        return form.read(path, **options)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise ValueError(f"The content cannot be read in the format of {path.name!r}: {error}") from error


def _accepted() -> str:
    return ", ".join(map(repr, FORMATS))
