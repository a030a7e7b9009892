"""A local CDF in a process of its own, as a user would start it."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROJECT = "conformance"
API_KEY = "the-key-of-the-conformance-tests"
START_TIMEOUT = 30.0


def command(folder: Path, port: int = 0) -> list[str]:
    options = {"--data": folder, "--port": port, "--project": PROJECT, "--api-key": API_KEY}
    words = [str(word) for option in options.items() for word in option]
    return [str(Path(sys.executable).with_name("cdframe")), "serve", *words]


def start(folder: Path, log: Path) -> tuple[subprocess.Popen[bytes], str]:
    """Start `cdframe serve` on a free port; its process and its base URL. What it says is added to the log."""
    said_before = log.stat().st_size if log.exists() else 0
    with log.open("ab") as output:
        process = subprocess.Popen(command(folder), stdout=output, stderr=subprocess.STDOUT)
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline and process.poll() is None:
        said = log.read_bytes()[said_before:].decode()
        if found := re.search(r"http://[\w.:]+(?=\s)", said):
            return process, found.group()
        time.sleep(0.05)
    process.kill()
    process.wait()
    raise AssertionError(f"cdframe serve printed no base URL: {log.read_text()!r}")


@contextmanager
def running(folder: Path, log: Path) -> Iterator[str]:
    """The base URL of a server that is ended cleanly when the block is left."""
    process, base_url = start(folder, log)
    try:
        yield base_url
    finally:
        process.terminate()
        try:
            status = process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        assert status == 0, f"cdframe serve ended with {status}: {log.read_text()!r}"
