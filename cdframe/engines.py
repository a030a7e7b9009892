"""The local CDFs that run in this process, each shared by the clients that use it."""

from __future__ import annotations

import atexit
import os
import threading
import uuid
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from cdframe.errors import CogniteMissingClientError

if TYPE_CHECKING:
    from cdframe.local import LocalCDF


class _Running:
    """A local CDF and the number of its holders; it ends with the last of them, also when nobody closes them."""

    def __init__(self, engine: LocalCDF) -> None:
        self.engine = engine
        self.users = 0


_running: WeakValueDictionary[str, _Running] = WeakValueDictionary()
"""By folder, or by a name that no other process has for those in memory."""
_lock = threading.Lock()


class EngineHold:
    """One client's hold on a local CDF, which closes when its last holder lets go."""

    def __init__(self, key: str, running: _Running) -> None:
        self.key = key
        self._running = running
        self._closed = False
        running.users += 1

    @property
    def engine(self) -> LocalCDF:
        """The local CDF."""
        return self._running.engine

    def close(self) -> None:
        """Let go; further calls do nothing."""
        with _lock:
            if self._closed:
                return
            self._closed = True
            self._running.users -= 1
            if self._running.users == 0:
                _running.pop(self.key, None)
                self._running.engine.close()


@atexit.register
def close_all() -> None:
    """Close the local CDFs that clients have left open, when the process ends."""
    for running in list(_running.values()):
        running.engine.close()


def start(path: str | os.PathLike[str] | None, project: str) -> EngineHold:
    """Start a local CDF, or take hold of the one that has the folder open in this process.

    Raises:
        LocalCDFError: the folder cannot be opened, or is open here under another project's name.
    """
    from cdframe.local import LocalCDF, LocalCDFError

    with _lock:
        key = uuid.uuid4().hex if path is None else str(Path(path).resolve())
        running = _running.get(key)
        if running is None:
            running = _running[key] = _Running(LocalCDF(path, project=project))
        elif running.engine.project != project:
            open_as = running.engine.project
            raise LocalCDFError(f"{key} is open in this process as the project {open_as!r}, not {project!r}")
        return EngineHold(key, running)


def find(key: str) -> EngineHold:
    """Take hold of a local CDF of this process by its key.

    Raises:
        CogniteMissingClientError: there is none, most likely because this is another process.
    """
    with _lock:
        running = _running.get(key)
        if running is None:
            raise CogniteMissingClientError(
                "A client of a local CDF that runs inside one process cannot be used in another, or after the local "
                "CDF has been closed. Hint: start it with `cdframe serve`, and make the client with its base_url."
            )
        return EngineHold(key, running)
