"""Progress of long reads and writes: a bar, a callback, or nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from cdframe.errors import CogniteImportError
from cdframe.types import ProgressOption

Callback = Callable[[int, int], None]

DELAY_S = 1.0
"""With "auto", a call that ends within this time shows nothing."""


@contextmanager
def progress_callback(progress: ProgressOption, doing: str, unit: str) -> Iterator[Callback | None]:
    """Give the callback ``(done, total)`` that shows the progress of one call, or None when nothing is shown.

    Args:
        progress: "auto" (a bar after one second, in a terminal or a notebook, where tqdm is installed), True (a bar at
            once), False (nothing), or a callback, which is called in the thread that made the call.
        doing: what is done, in front of the bar.
        unit: what is counted.

    Raises:
        CogniteImportError: True, and tqdm is not installed.
        ValueError: another option.
    """
    if callable(progress):
        yield progress
        return
    if progress is not True and progress is not False and progress != "auto":
        raise ValueError(f"progress={progress!r} is not known. Accepted: 'auto', True, False, or a callback.")
    bar = _bar(doing, unit, automatic=progress == "auto") if progress else None
    if bar is None:
        yield None
        return

    def show(done: int, total: int) -> None:
        bar.total = total
        bar.update(done - bar.n)

    with bar:
        yield show


def _bar(doing: str, unit: str, *, automatic: bool) -> Any:
    if automatic and not (sys.stderr.isatty() or _in_notebook()):
        return None
    try:
        from tqdm.auto import tqdm
    except ImportError as error:
        if automatic:
            return None
        raise CogniteImportError("tqdm") from error
    return tqdm(desc=doing, unit=f" {unit}", delay=DELAY_S if automatic else 0, leave=not automatic)


def _in_notebook() -> bool:
    kernel = sys.modules.get("ipykernel")
    return kernel is not None and "IPython" in sys.modules
