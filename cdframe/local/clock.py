"""Server time."""

from __future__ import annotations

import threading
import time


class Clock:
    """Milliseconds since 1970 that never go backwards."""

    def __init__(self) -> None:
        self._latest = 0
        self._lock = threading.Lock()

    def now(self) -> int:
        """The time now."""
        with self._lock:
            self._latest = max(self._latest, time.time_ns() // 1_000_000)
            return self._latest
