"""The data folder of a local CDF: found or made, and held by one process at a time."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import IO

from cdframe.local.errors import LocalCDFError

DATABASE = "cdf.duckdb"
BLOBS = "blobs"
LOCK = "lock"
PID_OFFSET = 1  # Windows lets nobody read a locked byte: the lock is byte 0, the text follows


class Folder:
    """An exclusive hold on a data folder, which the operating system ends with the process at the latest."""

    def __init__(self, path: Path) -> None:
        """Make the folder if it is not there, check that it is one of ours, and lock it."""
        self.path = path
        try:
            path.mkdir(parents=True, exist_ok=True)
        except FileExistsError:
            raise LocalCDFError(f"{path} is a file: a local CDF is kept in a folder, name one") from None
        except OSError as error:
            raise LocalCDFError(f"the folder {path} cannot be made: {error.strerror}") from error
        foreign = [entry.name for entry in path.iterdir() if not entry.name.startswith(".")]
        if foreign and LOCK not in foreign and DATABASE not in foreign:
            raise LocalCDFError(
                f"{path} is no folder of a local CDF: it holds {sorted(foreign)[0]} but no {DATABASE}; "
                "name a new or empty folder"
            )
        self._lock = self._take()

    @property
    def database(self) -> Path:
        """The file of the database."""
        return self.path / DATABASE

    @property
    def blobs(self) -> Path:
        """The folder of the contents of files."""
        return self.path / BLOBS

    def _take(self) -> IO[bytes]:
        try:
            file = open(self.path / LOCK, "a+b", buffering=0)  # noqa: SIM115 - held until release()
        except OSError as error:
            raise LocalCDFError(f"the folder {self.path} cannot be written: {error.strerror}") from error
        try:
            _lock(file)
        except OSError:
            file.seek(PID_OFFSET)
            holder = file.read(20).decode("ascii", "replace").strip()
            file.close()
            raise LocalCDFError(
                f"{self.path} is in use by process {holder or 'unknown'}: stop that process, "
                "or reach it over HTTP (cdframe serve), as one process at a time opens a folder"
            ) from None
        file.truncate(0)
        file.write(b"\n" + str(os.getpid()).encode())
        return file

    def release(self) -> None:
        """Let another process have the folder."""
        self._lock.close()  # ends the lock as well


if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[bytes]) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
