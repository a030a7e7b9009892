"""Memory for the columns of a read.

New memory costs more than decoding into it: the system clears it page by page, 4 KiB at a time. Of blocks of some
megabytes it gives huge pages where it is asked to, at a fifth of the cost. So the columns of all pages of a read stand
in few such blocks, one behind the other. A block goes back to the system as soon as its last column is let go of, which
what the heap of the process holds does not always.
"""

from __future__ import annotations

import math
import mmap
import sys
import threading
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cdframe.protobuf.messages import Octets

_LARGE = 2**18
"""Columns of fewer bytes are arrays of their own: what keeps one of them alive shall not keep a block."""
_BLOCK = 2**22
"""Bytes of a block."""
_ALIGNED = 64


class ColumnMemory:
    """The blocks of one read; its threads share them.

    Columns of one type share blocks: where a read needs the times of many pages only once, blocks of times are let go
    of.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._blocks: dict[np.dtype[Any], tuple[Octets, int]] = {}  # with the bytes that are taken

    def zeros(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
        """An array of zeros."""
        size = math.prod(shape) * dtype.itemsize
        if size < _LARGE:
            return np.zeros(shape, dtype)
        with self._lock:
            block, begin = self._blocks.get(dtype, (_NONE, 0))
            if begin + size > len(block):
                block, begin = _new_block(max(size, _BLOCK)), 0
            self._blocks[dtype] = block, begin + -(-size // _ALIGNED) * _ALIGNED
        return block[begin : begin + size].view(dtype).reshape(shape)


_NONE: Octets = np.empty(0, np.uint8)


def _new_block(size: int) -> Octets:
    """Zeros in memory of its own."""
    if sys.platform == "linux":
        private = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        with suppress(OSError):  # of kernels that have no huge pages
            private.madvise(mmap.MADV_HUGEPAGE)
        return np.frombuffer(private, np.uint8)
    return np.frombuffer(mmap.mmap(-1, size), np.uint8)
