"""What a client has done so far, in numbers."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace


@dataclass(slots=True)
class ClientStats:
    """Counts since the client was made.

    Attributes:
        requests: requests sent, repeated ones included.
        retries: those that repeated an earlier one.
        bytes_sent, bytes_received: bodies: sent ones as compressed, received ones after decompression.
        points_read, points_written: data points, or rows of aggregates, that went over the wire.
        waited: seconds that calls waited before they were repeated, summed over threads.
    """

    requests: int = 0
    retries: int = 0
    bytes_sent: int = 0
    bytes_received: int = 0
    points_read: int = 0
    points_written: int = 0
    waited: float = 0.0


class Tally:
    """Counts from several threads."""

    def __init__(self) -> None:
        self._stats = ClientStats()
        self._lock = threading.Lock()

    def add(self, **counts: float) -> None:
        """Add to some of the counts."""
        with self._lock:
            for name, count in counts.items():
                setattr(self._stats, name, getattr(self._stats, name) + count)

    def snapshot(self) -> ClientStats:
        """Give the counts as they are now."""
        with self._lock:
            return replace(self._stats)
