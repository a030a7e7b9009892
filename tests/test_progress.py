"""Progress of long calls: callbacks count from nothing to all, bars are for terminals."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest

from cdframe import CogniteClient
from cdframe.errors import CogniteImportError
from cdframe.progress import progress_callback

pty = pytest.importorskip("pty", reason="there are no such terminals on Windows")
termios = pytest.importorskip("termios")

SHOW = """
import time
from cdframe.progress import progress_callback
with progress_callback({option!r}, "Reading", "windows") as show:
    print("shown" if show else "silent")
    for done in range(6):
        if show:
            show(done, 5)
        time.sleep({pause})
"""


def in_terminal(option: Any, pause: float) -> str:
    """Run a slow call in a process whose stderr is a terminal, and give what that shows."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 100))
    with subprocess.Popen([sys.executable, "-c", SHOW.format(option=option, pause=pause)], stderr=theirs) as process:
        os.close(theirs)
        shown = b""
        while chunk := _read(ours):
            shown += chunk
        os.close(ours)
    assert process.returncode == 0, shown.decode()
    return shown.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # Linux says so when the other end has closed
        return b""


def in_pipe(option: Any, pause: float) -> tuple[str, str]:
    ended = subprocess.run(
        [sys.executable, "-c", SHOW.format(option=option, pause=pause)], capture_output=True, text=True, check=True
    )
    return ended.stdout.strip(), ended.stderr


def test_auto_shows_a_bar_in_a_terminal_after_a_second() -> None:
    shown = in_terminal("auto", 0.3)
    assert "Reading" in shown
    assert "5/5" in shown or "4/5" in shown
    assert "windows" in shown


def test_auto_is_silent_in_a_terminal_when_the_call_is_short() -> None:
    assert "Reading" not in in_terminal("auto", 0.01)


def test_auto_is_silent_without_a_terminal() -> None:
    assert in_pipe("auto", 0.0) == ("silent", "")


def test_true_shows_a_bar_at_once_and_anywhere() -> None:
    said, shown = in_pipe(True, 0.0)
    assert said == "shown"
    assert "Reading" in shown
    assert "5/5" in shown


def test_false_is_silent_everywhere() -> None:
    assert in_terminal(False, 0.0) == ""
    assert in_pipe(False, 0.0) == ("silent", "")


def test_auto_works_without_tqdm_and_true_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tqdm", None)
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with progress_callback("auto", "Reading", "windows") as show:
        assert show is None
    with pytest.raises(CogniteImportError, match="pip install tqdm"), progress_callback(True, "Reading", "windows"):
        pass


@pytest.mark.parametrize("option", ["always", 1, 0, None])
def test_another_option_is_refused(option: Any) -> None:
    with pytest.raises(ValueError, match=r"progress=.*Accepted: 'auto', True, False, or a callback"):  # noqa: SIM117
        with progress_callback(option, "Reading", "windows"):
            pass


def check_counts(counts: list[tuple[int, int]]) -> None:
    total = counts[-1][1]
    assert total > 0
    assert counts[-1] == (total, total)
    assert counts[0][0] == 0
    assert [done for done, _ in counts] == sorted(done for done, _ in counts)
    assert all(done <= of for done, of in counts)


def test_writes_and_reads_count_from_nothing_to_all(cdf_client: CogniteClient) -> None:
    counts: list[tuple[int, int]] = []

    def count(done: int, total: int) -> None:
        counts.append((done, total))

    def counted() -> list[tuple[int, int]]:
        taken = counts[:]
        counts.clear()
        return taken

    rows = [{"external_id": f"s{number}"} for number in range(2500)]
    cdf_client.time_series.create(rows, progress=count)
    assert counted() == [(0, 3), (1, 3), (2, 3), (3, 3)]
    cdf_client.time_series.list(limit=None, partitions=4, progress=count)
    check_counts(counted())
    points = [(1000 * second, float(second)) for second in range(250_000)]
    cdf_client.datapoints.insert(points, external_id="s1", progress=count)
    check_counts(counted())
    cdf_client.datapoints.retrieve(
        0, "now", external_id=["s1", "s2"], progress=count
    )  # what it needs is found on the way
    check_counts(counted())
    cdf_client.time_series.delete(external_id=[row["external_id"] for row in rows], progress=count)
    check_counts(counted())


def test_an_error_of_a_callback_reaches_the_caller(cdf_client: CogniteClient) -> None:
    def stop(done: int, total: int) -> None:
        raise KeyError("enough")

    with pytest.raises(KeyError, match="enough"):
        cdf_client.time_series.create({"external_id": "p1"}, progress=stop)
    assert cdf_client.login.status().logged_in
