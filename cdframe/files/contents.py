"""What can be uploaded: a file, bytes, a text or an open handle; in pieces, as often as it takes."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

from cdframe.session import PIECE


class Content(Protocol):
    """Bytes to send; `size` is None where it is not known beforehand."""

    @property
    def size(self) -> int | None:
        """How many bytes there are."""
        ...

    @property
    def is_repeatable(self) -> bool:
        """Whether they can be given again."""
        ...

    def pieces(self) -> Iterator[bytes]:
        """Give all bytes, from the beginning."""
        ...

    def parts(self, about: int, most: int) -> Sequence[Content]:
        """Cut it into parts of about so many bytes, and not more than so many parts; or leave it whole."""
        ...


class FileContent:
    """The bytes [start, end) of a file on disk; by default all that it has when it is named."""

    is_repeatable = True

    def __init__(self, path: Path, start: int = 0, end: int | None = None) -> None:
        self._path = path
        self._start = start
        self.size: int = (path.stat().st_size if end is None else end) - start

    def pieces(self) -> Iterator[bytes]:
        """Give all bytes.

        Raises:
            OSError: the file has become shorter.
        """
        left = self.size
        with self._path.open("rb") as file:
            file.seek(self._start)
            while left:
                piece = file.read(min(PIECE, left))
                if not piece:
                    raise OSError(f"{self._path} has become shorter while it was uploaded.")
                left -= len(piece)
                yield piece

    def parts(self, about: int, most: int) -> Sequence[Content]:
        """Cut it into parts of equal size."""
        return [
            FileContent(self._path, self._start + start, self._start + end)
            for start, end in _ranges(self.size, about, most)
        ]


class BytesContent:
    """Bytes in memory."""

    is_repeatable = True

    def __init__(self, content: bytes | memoryview) -> None:
        self._content = memoryview(content)
        self.size: int | None = len(content)

    def pieces(self) -> Iterator[bytes]:
        """Give all bytes."""
        for at in range(0, len(self._content), PIECE):
            yield bytes(self._content[at : at + PIECE])

    def parts(self, about: int, most: int) -> Sequence[Content]:
        """Cut them into parts of equal size."""
        return [BytesContent(self._content[start:end]) for start, end in _ranges(len(self._content), about, most)]


class HandleContent:
    """What is left of an open handle of bytes or of text, which is sent as UTF-8."""

    def __init__(self, handle: Any) -> None:
        self._handle = handle
        self._is_text = isinstance(handle, io.TextIOBase)
        self._begin: int | None = None
        if _is_seekable(handle):
            self._begin = handle.tell()
        self.is_repeatable = self._begin is not None
        self.size: int | None = None
        if self._begin is not None and not self._is_text:
            self.size = handle.seek(0, os.SEEK_END) - self._begin
            handle.seek(self._begin)

    def pieces(self) -> Iterator[bytes]:
        """Give all bytes that are left."""
        if self._begin is not None:
            self._handle.seek(self._begin)
        while piece := self._handle.read(PIECE):
            yield piece.encode() if isinstance(piece, str) else bytes(piece)

    def parts(self, about: int, most: int) -> Sequence[Content]:
        """Leave it whole: a handle is read in one go."""
        return [self]


def content_of(content: Any) -> Content:
    """Take bytes, a text (sent as UTF-8) or an open handle.

    Raises:
        TypeError: anything else.
    """
    if isinstance(content, str):
        return BytesContent(content.encode())
    if isinstance(content, (bytes, bytearray, memoryview)):
        return BytesContent(bytes(content))
    if hasattr(content, "read"):
        return HandleContent(content)
    raise TypeError(f"content must be a text, bytes or an open handle, got {type(content).__name__}.")


def _ranges(size: int, about: int, most: int) -> list[tuple[int, int]]:
    count = min(max(1, -(-size // about)), most)
    return [*pairwise(size * number // count for number in range(count + 1))]


def _is_seekable(handle: Any) -> bool:
    seekable = getattr(handle, "seekable", None)
    return bool(seekable is not None and seekable())
