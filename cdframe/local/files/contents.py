"""Which blobs are the contents of files. What is left behind is told, to be removed once that is committed."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from cdframe.local.conditions import one_of
from cdframe.local.database import Connection
from cdframe.local.errors import ApiError, bad_request
from cdframe.local.files.blobs import Blob


@dataclass(frozen=True, slots=True)
class Content:
    """What was uploaded to a file at one time."""

    name: str  # never given to another one
    blobs: Sequence[Blob]

    @property
    def tag(self) -> str:
        """What tells it from all others, as HTTP has it."""
        return f'"{self.name}"'

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return sum(blob.size for blob in self.blobs)


class Contents:
    """The contents of files, as a transaction sees them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def require(self, file: int) -> None:
        """Check that there is such a file, or 404."""
        self._name_of(file)

    def find(self, file: int) -> Content:
        """What a file has, or 400; 404 when there is no such file."""
        name = self._name_of(file)
        if name is None:
            raise bad_request(f"Files not uploaded, ids: {file}")
        blobs = self._connection.tuples("SELECT blob, size FROM file_blobs WHERE content = ? ORDER BY place", [name])
        return Content(name, [Blob(blob, size) for blob, size in blobs])

    def put(self, file: int, blob: Blob, now: int) -> list[str]:
        """Make a blob all that a file has."""
        name = _new_name()
        self._add(name, 0, blob)
        return self._attach(file, name, now)

    def begin_upload(self, file: int, parts: int, now: int) -> str:
        """Begin an upload in parts; its id."""
        upload = _new_name()
        values = [upload, file, _new_name(), parts, now]
        self._connection.execute("INSERT INTO file_uploads VALUES (?, ?, ?, ?, ?, FALSE)", values)
        return upload

    def put_part(self, file: int, upload: str, place: int, blob: Blob) -> list[str]:
        """Make a blob one part of what is uploaded."""
        content, _, completed = self._upload(file, upload)
        if completed:
            raise bad_request(f"Upload {upload} is complete: its parts cannot be replaced")
        before = self._connection.tuples(
            "DELETE FROM file_blobs WHERE content = ? AND place = ? RETURNING blob", [content, place]
        )
        self._add(content, place, blob)
        return [blob for (blob,) in before]

    def complete(self, file: int, upload: str, now: int) -> list[str]:
        """Make all parts together what a file has. Once that is done, it may be asked for again."""
        content, parts, completed = self._upload(file, upload)
        if completed:
            return []
        found = self._connection.tuples("SELECT place FROM file_blobs WHERE content = ?", [content])
        missing = sorted({*range(parts)} - {place for (place,) in found})
        if missing:
            raise bad_request(f"Parts are missing of upload {upload}: {', '.join(str(place + 1) for place in missing)}")
        self._connection.execute("UPDATE file_uploads SET completed = TRUE WHERE id = ?", [upload])
        return self._attach(file, content, now)

    def forget(self, files: Sequence[int]) -> list[str]:
        """Let go of all that files have, and of what is being uploaded to them."""
        ids, of_files = one_of("id", files), one_of("file", files)
        names = self._connection.tuples(
            f"SELECT content FROM files WHERE {ids.sql} UNION SELECT content FROM file_uploads WHERE {of_files.sql}",
            [*ids.parameters, *of_files.parameters],
        )
        self._connection.execute(f"DELETE FROM file_uploads WHERE {of_files.sql}", of_files.parameters)
        return self._drop([name for (name,) in names if name is not None])

    def expire_uploads(self, before: int) -> list[str]:
        """Let go of uploads that were begun earlier, and of what was uploaded if they were not completed."""
        gone = self._connection.tuples(
            "DELETE FROM file_uploads WHERE created_time < ? RETURNING content, completed", [before]
        )
        return self._drop([content for content, completed in gone if not completed])

    def blobs(self) -> set[str]:
        """All blobs that anything refers to."""
        return {blob for (blob,) in self._connection.tuples("SELECT blob FROM file_blobs")}

    def _upload(self, file: int, upload: str) -> tuple[str, int, bool]:
        found = self._connection.tuples(
            "SELECT content, parts, completed FROM file_uploads WHERE id = ? AND file = ?", [upload, file]
        )
        if not found:
            raise bad_request(f"There is no upload {upload!r} of file {file}")
        content, parts, completed = found[0]
        return content, parts, completed

    def _name_of(self, file: int) -> str | None:
        found: list[tuple[str | None]] = self._connection.tuples("SELECT content FROM files WHERE id = ?", [file])
        if not found:
            raise ApiError(404, f"File {file} was deleted")
        return found[0][0]

    def _attach(self, file: int, content: str, now: int) -> list[str]:
        before = self._name_of(file)
        self._connection.execute("UPDATE files SET content = ?, uploaded_time = ? WHERE id = ?", [content, now, file])
        return [] if before is None else self._drop([before])

    def _add(self, content: str, place: int, blob: Blob) -> None:
        self._connection.execute("INSERT INTO file_blobs VALUES (?, ?, ?, ?)", [content, place, blob.name, blob.size])

    def _drop(self, contents: Sequence[str]) -> list[str]:
        test = one_of("content", contents)
        gone = self._connection.tuples(f"DELETE FROM file_blobs WHERE {test.sql} RETURNING blob", test.parameters)
        return [blob for (blob,) in gone]


def _new_name() -> str:
    return secrets.token_hex(16)
