"""README and docs are true: their snippets run, their commands exist, their links lead somewhere."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
README_PORT = "8080"
FENCE = re.compile(r"^```(\w+)( no-run)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: Path, language: str) -> list[str]:
    return [code for kind, skip, code in FENCE.findall(page.read_text()) if kind == language and not skip]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[int]:
    """Run the README's `cdframe serve` command, on a free port in place of the one that stands there."""
    [command] = [line for block in blocks(PAGES[0], "console") for line in block.splitlines() if "serve" in line]
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    arguments = command.removeprefix("$ cdframe ").replace(README_PORT, str(port)).split()
    executable = Path(sys.executable).parent / "cdframe"
    server = subprocess.Popen([executable, *arguments], cwd=tmp_path, stdout=subprocess.DEVNULL)
    try:
        for _ in range(400):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert server.poll() is None, f"{command} ended with {server.returncode}"
            time.sleep(0.05)
        yield port
    finally:
        server.terminate()
        assert server.wait(20) == 0


def run_page(page: Path, folder: Path, port: int | None = None) -> None:
    code = "\n\n".join(blocks(page, "python"))
    assert code
    if port is not None:
        code = code.replace(README_PORT, str(port))
    script = folder / f"{page.stem}.py"
    script.write_text(code)
    environment = {**os.environ, "MPLBACKEND": "Agg", "PYTHONUTF8": "1"}
    done = subprocess.run(
        [sys.executable, "-W", "error", script],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr


def test_the_readme_runs(tmp_path: Path, served: int) -> None:
    run_page(ROOT / "README.md", tmp_path, served)


def test_the_guide_runs(tmp_path: Path) -> None:
    run_page(ROOT / "docs" / "guide.md", tmp_path)
    assert (tmp_path / "pressure.png").stat().st_size > 10_000


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_snippets_that_need_an_account_are_python_at_least(page: Path) -> None:
    for kind, skip, code in FENCE.findall(page.read_text()):
        if kind == "python" and skip:
            compile(textwrap.dedent(code), str(page), "exec")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_exist(page: Path) -> None:
    """`make` targets are asked for without being run (this is one of them), the others are real."""
    for block in blocks(page, "console"):
        for line in block.splitlines():
            command = line.removeprefix("$ ")
            assert line != command, f"{line!r} is no command"
            if command.startswith("make "):
                subprocess.run([*command.split(), "--dry-run"], cwd=ROOT, check=True, capture_output=True)
            elif command.startswith("pip install"):
                _installs(command)
            else:
                assert shutil.which(command.split()[0], path=str(Path(sys.executable).parent)), command


def _installs(command: str) -> None:
    [target] = re.findall(r"'(.+)'", command)
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--no-deps", target],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=120,
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", page.read_text()):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
