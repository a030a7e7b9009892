"""Where downloads go: strictly inside the folder that was named, and whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


def existing_folder(directory: str | os.PathLike[str]) -> Path:
    """The folder, with `~` replaced.

    Raises:
        ValueError: there is no such folder.
    """
    folder = Path(directory).expanduser()
    if not folder.is_dir():
        raise ValueError(f"directory={str(directory)!r} is not a folder that exists.")
    return folder


def target_in(folder: Path, name: str) -> Path:
    """The path of a file of this name inside a folder, whatever the name is.

    Links are followed first: neither a name nor a link in the folder leads out of it.

    Raises:
        ValueError: it would not be inside.
    """
    outside = f"The file name {name!r} leads to a place that is not inside download directory {str(folder)!r}."
    if "\0" in name:
        raise ValueError(f"The file name {name!r} has a NUL in it, which no file can have.")
    root = folder.resolve()
    try:
        target = (folder / name).resolve()
        if target.is_symlink() or any(parent.is_symlink() for parent in target.parents):
            raise OSError("links lead in a circle")  # from Python 3.13 on they are left as they are
    except (OSError, RuntimeError) as error:  # too long, or links in a circle
        raise ValueError(f"The file name {name!r} cannot be used in {str(folder)!r}: {error}") from error
    if root not in target.parents:
        raise ValueError(f"{outside} Hint: download_to_path takes any path.")
    if target.is_dir():
        raise ValueError(f"The file name {name!r} is that of a folder in {str(folder)!r}.")
    return target


@contextmanager
def whole_file(target: Path) -> Iterator[BinaryIO]:
    """Open a file that gets its name when the block ends well; else nothing of it is left.

    Whoever reads it sees it whole. When it is on the disk is up to the system: forcing it would take as long again.

    Raises:
        OSError: it cannot be written.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.parent / f".{secrets.token_hex(8)}.part"
    try:
        with part.open("xb") as file:
            yield file
        part.replace(target)
    except BaseException:
        with suppress(FileNotFoundError):
            part.unlink()
        raise
