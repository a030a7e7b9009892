"""A local CDF in a process of its own, as a user would start it."""

import re
import select
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
    if not Path("cdframe/cli.py").exists():
        return [sys.executable, "/tmp/serve_now.py", "serve", *words]
    return [str(Path(sys.executable).with_name("cdframe")), "serve", *words]


def start(folder: Path, log: Path) -> tuple[subprocess.Popen[str], str]:
    """Start `cdframe serve` on a free port; its process and its base URL."""
    with log.open("a") as errors:
        process = subprocess.Popen(command(folder), stdout=subprocess.PIPE, stderr=errors, text=True)
    assert process.stdout is not None
    said = ""
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline and process.poll() is None:
        readable, _, _ = select.select([process.stdout], [], [], 0.1)
        if readable:
            line = process.stdout.readline()
            said += line
            if found := re.search(r"http://[\w.:]+", line):
                return process, found.group()
    process.kill()
    process.wait()
    raise AssertionError(f"cdframe serve printed no base URL: {said!r}, {log.read_text()!r}")


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
        finally:
            process.stdout.close()
        assert status == 0, f"cdframe serve ended with {status}: {log.read_text()!r}"
