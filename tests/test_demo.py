"""The demo: it runs without a network, tells what it did, and writes a plot."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from cdframe.demo import run
from cdframe.errors import CogniteImportError

POINTS = 100_000

WITHOUT_NETWORK = """
import socket, sys

def refuse(*arguments, **options):
    raise OSError("there is no network here")

socket.socket.connect = refuse
socket.getaddrinfo = refuse

from cdframe.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """Run `cdframe demo` once, in an empty folder and without a network."""
    folder = tmp_path_factory.mktemp("demo")
    ended = subprocess.run(
        [sys.executable, "-c", WITHOUT_NETWORK, "demo", "--points", str(POINTS), "--output", "plots/demo.png"],
        capture_output=True,
        text=True,
        cwd=folder,
        timeout=120,
        check=False,
        env={**os.environ, "COLUMNS": "100", "PYTHONIOENCODING": "utf-8"},
    )
    errors = [line for line in ended.stderr.splitlines() if "font cache" not in line]  # built on first use
    assert (ended.returncode, errors) == (0, [])
    return ended.stdout, folder


def test_every_step_is_told_in_order(told: tuple[str, Path]) -> None:
    text, _ = told
    steps = re.findall(r"^  +(\d+)  (\w+)", text, re.MULTILINE)
    assert [int(number) for number, _ in steps] == list(range(1, len(steps) + 1))
    verbs = [verb for _, verb in steps]
    assert verbs == ["Start", "Create", "Insert", "Insert", "Read", "Read", "Aggregate", "Ask", "Plot", "Delete"]


def test_the_numbers_are_those_of_what_was_done(told: tuple[str, Path]) -> None:
    text, _ = told
    speeds = re.findall(r"([\d,]+) points (in|out), ([\d,]+) a second", text)
    assert [(points, way) for points, way, _ in speeds] == [("20,440", "in"), ("100,000", "in"), ("100,000", "out")]
    assert "each as written" in text
    assert "NOT as written" not in text
    assert "365 days" in text
    before, after, deleted = (
        int(number.replace(",", ""))
        for number in re.findall(r"([\d,]+) points before, ([\d,]+) after; ([\d,]+) deleted", text)[0]
    )
    assert before == POINTS
    assert deleted == POINTS - 600  # all after the first ten minutes
    assert after == before - deleted


def test_it_fits_a_terminal_of_a_hundred_columns_and_is_plain_in_a_pipe(told: tuple[str, Path]) -> None:
    text, _ = told
    lines = [line for line in text.splitlines() if tempfile.gettempdir() not in line]  # paths are as long as they are
    assert max(map(len, lines)) <= 100
    assert "\033" not in text


def test_it_says_where_the_plot_is_and_leaves_nothing_else(told: tuple[str, Path]) -> None:
    text, folder = told
    plot = folder / "plots" / "demo.png"
    assert str(plot) in text.replace("\n", "")
    assert plot.read_bytes().startswith(b"\x89PNG")
    assert plot.stat().st_size > 20_000
    assert [path for path in folder.rglob("*") if path.is_file()] == [plot]


def test_it_says_how_to_go_on(told: tuple[str, Path]) -> None:
    text, _ = told
    assert "How to go on" in text
    assert "cdframe serve" in text


@pytest.mark.parametrize("module", ["vega_datasets", "matplotlib"])
def test_a_missing_package_is_named(module: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(CogniteImportError, match=f"pip install {module}"):
        run(tmp_path / "demo.png")
    assert not list(tmp_path.iterdir())
