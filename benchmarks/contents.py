"""The contents of the files that the scenarios send and fetch."""

import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.data import Block

PIECE = 2**20


def write_files(block: Block, folder: Path) -> None:
    """Write the files of a block into a folder."""
    for number, name in enumerate(block.names):
        with (folder / name).open("wb") as file:
            file.writelines(_pieces(block, number))


def content_of(block: Block, number: int) -> bytes:
    """The content of a file."""
    return b"".join(_pieces(block, number))


def count_and_checksum(folder: Path) -> tuple[int, float]:
    """The number of files in a folder, and the sum of their checksums."""
    sums = [_checksum(path) for path in folder.iterdir()]
    return len(sums), float(sum(sums))


def _pieces(block: Block, number: int) -> Iterator[bytes]:
    """The content of a file in pieces: noise, which repeats itself, with the number of each piece before it."""
    noise = np.random.default_rng([6, number]).bytes(min(block.size, PIECE))
    for place, at in enumerate(range(0, block.size, PIECE)):
        yield (place.to_bytes(8) + noise[8:])[: block.size - at]


def _checksum(path: Path) -> int:
    found = 0
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            found = zlib.crc32(piece, found)
    return found
