"""Contents on disk: blobs, each a file in one folder, that are written once and never change.

A blob is written under a name for what is incoming, and gets its own when it is complete and safe on the disk: what the
database then refers to is there whole. What it does not refer to, because a process died at the wrong moment, is swept
at the next start. Blobs that are removed while they are being read go when that has ended.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import sys
import tempfile
import threading
import weakref
from collections import Counter
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from werkzeug.exceptions import ClientDisconnected

from cdframe.local.errors import ApiError, bad_request, no_room

PIECE = 2**18
INCOMING = "incoming"
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True, slots=True)
class Blob:
    """Some bytes on the disk: the name of their file, and how many there are."""

    name: str
    size: int


class Blobs:
    """The blobs of an engine."""

    def __init__(self, folder: Path | None) -> None:
        """Without a folder they are kept in a temporary one, which is made for the first of them."""
        self._folder = folder
        self._is_temporary = folder is None
        self._delete: Callable[[], object] | None = None
        self._lock = threading.Lock()
        self._readers: Counter[str] = Counter()
        self._removed: set[str] = set()  # to go when they have no readers

    @contextmanager
    def received(self, stream: IO[bytes], length: int | None, most: int) -> Iterator[Blob]:
        """Take in a body, whose length may be known, and keep it if the block ends without an error."""
        folder = self._made()
        name = secrets.token_hex(16)
        incoming, kept = folder / INCOMING / name, folder / name
        try:
            blob = Blob(name, self._write(stream, incoming, length, most))
            incoming.rename(kept)
            self._make_lasting(folder)
            yield blob
        except BaseException:
            incoming.unlink(missing_ok=True)
            kept.unlink(missing_ok=True)
            raise

    def read(self, blobs: Sequence[Blob], begin: int, end: int) -> Reading:
        """The bytes from `begin` to `end` of blobs one after the other; FileNotFoundError if one was removed."""
        folder, names = self._made(), [blob.name for blob in blobs]
        with self._lock:
            for name in names:
                if name in self._removed or not (folder / name).exists():
                    raise FileNotFoundError(name)
            self._readers.update(names)
        parts, at = [], 0
        for blob in blobs:
            first, last = max(begin - at, 0), min(end - at, blob.size)
            if first < last:
                parts.append((folder / blob.name, first, last - first))
            at += blob.size
        return Reading(parts, lambda: self._release(names))

    def remove(self, names: Iterable[str]) -> None:
        """Remove blobs that nothing refers to any more."""
        with self._lock:
            for name in names:
                if self._readers[name]:
                    self._removed.add(name)
                else:
                    self._unlink(name)

    def sweep(self, kept: Collection[str]) -> None:
        """Remove all blobs but these; nobody uses any yet."""
        if self._folder is None or not self._folder.exists():
            return
        with os.scandir(self._folder) as entries:
            left = [entry.name for entry in entries if entry.is_file() and entry.name not in kept]
        with suppress(FileNotFoundError), os.scandir(self._folder / INCOMING) as entries:
            left += [f"{INCOMING}/{entry.name}" for entry in entries]
        for name in left:
            self._unlink(name)

    def close(self) -> None:
        """Delete the temporary folder."""
        if self._delete is not None:
            self._delete()

    def _made(self) -> Path:
        """The folder, which is there."""
        with self._lock:
            if self._folder is None:
                self._folder = Path(tempfile.mkdtemp(prefix="cdframe-"))
                self._delete = weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
            incoming = self._folder / INCOMING
            if not incoming.is_dir():
                incoming.mkdir(parents=True, exist_ok=True)
                self._make_lasting(self._folder.parent)
            return self._folder

    def _make_lasting(self, folder: Path) -> None:
        """Make the names in a folder outlive a power failure."""
        if self._is_temporary or sys.platform == "win32":
            return
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _write(self, stream: IO[bytes], path: Path, length: int | None, most: int) -> int:
        if length is not None and length > most:
            raise _too_large(most)
        size = 0
        try:
            with path.open("xb") as file:
                while piece := _next_piece(stream, size):
                    size += len(piece)
                    if size > most:
                        raise _too_large(most)
                    file.write(piece)
                if length is not None and size < length:
                    raise bad_request(f"The request body ended after {size} of {length} bytes: nothing was stored")
                file.flush()
                if not self._is_temporary:
                    os.fsync(file.fileno())
        except OSError as error:
            if error.errno in NO_ROOM:
                raise no_room(f" after {size} bytes") from error
            raise
        return size

    def _release(self, names: Sequence[str]) -> None:
        with self._lock:
            self._readers.subtract(names)
            for name in names:
                if not self._readers[name]:
                    del self._readers[name]
                    if name in self._removed:
                        self._removed.discard(name)
                        self._unlink(name)

    def _unlink(self, name: str) -> None:
        if self._folder is not None:
            with suppress(OSError):  # what does not go now is swept at the next start
                (self._folder / name).unlink()


class Reading:
    """Bytes on their way out, piece by piece. It must be closed, read or not."""

    def __init__(self, parts: Sequence[tuple[Path, int, int]], release: Callable[[], None]) -> None:
        self._parts = parts  # files, where to begin in them, and how many bytes to read
        self._release: Callable[[], None] | None = release
        self._pieces = self._read()

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces

    def close(self) -> None:
        """Read no more."""
        self._pieces.close()
        release, self._release = self._release, None
        if release is not None:
            release()

    def _read(self) -> Generator[bytes, None, None]:
        for path, begin, left in self._parts:
            with path.open("rb", buffering=0) as file:
                file.seek(begin)
                while left:
                    piece = file.read(min(left, PIECE))
                    if not piece:
                        raise OSError(f"{path} is shorter than it was when it was written")
                    left -= len(piece)
                    yield piece


def _next_piece(stream: IO[bytes], so_far: int) -> bytes:
    try:
        return stream.read(PIECE)
    except (OSError, ClientDisconnected) as error:
        raise bad_request(f"The request body was cut off after {so_far} bytes: nothing was stored") from error


def _too_large(most: int) -> ApiError:
    return ApiError(413, f"The request body must be at most {most} bytes")
