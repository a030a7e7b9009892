"""`.cdf` on any frame: stored as a file."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import polars as pl

from cdframe.accessors.base import FrameAccessor
from cdframe.client import CogniteClient
from cdframe.files import tables
from cdframe.types import Frame, ProgressOption


class FilesAccessor(FrameAccessor):
    """What every frame can do: be stored as a file."""

    def upload(
        self,
        name: str,
        external_id: str | None = None,
        *,
        format: str | None = None,
        client: CogniteClient | None = None,
        progress: ProgressOption = "auto",
        **about: Any,
    ) -> Frame:
        """Store the frame as a file: CSV, Parquet, JSON lines or Arrow, as its name ends.

        Args:
            name: of the file, such as ``"table.parquet"``.
            external_id: of the file.
            format: `csv`, `parquet`, `jsonl` or `arrow`, where the name does not tell.
            client: the client to use.
            progress: "auto", True, False or a callback ``(done, total)`` of bytes.
            about: what else `client.files.upload` takes, such as `metadata` or `overwrite`.

        Returns:
            A frame of the file; `client.files.read` reads it.

        Raises:
            ValueError: the format is not known, or has no form for a column.

        Examples:
            >>> frame = pl.DataFrame({"a": [1, 2], "b": ["x", None]})
            >>> file = frame.cdf.upload("table.parquet", external_id="table")
            >>> client.files.read(external_id="table").equals(frame)
            True
        """
        form = tables.format_of(name, format)
        files = self._client(client).files
        with tempfile.TemporaryDirectory(prefix="cdframe-") as folder:
            path = Path(folder) / f"content{form.suffixes[0]}"
            tables.write_table(pl.DataFrame(self._table()), path, form)
            given = {"mime_type": form.mime_type, **about}
            return files.upload(path, external_id, name, **given, progress=progress)
