"""A disk that is really full, on both sides: a small one is mounted where the system lets us."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MOUNTED = ["unshare", "--user", "--map-root-user", "--mount"]
ON_SMALL_DISK = [*MOUNTED, "sh", "-c", 'mount -t tmpfs -o size=24m none "$0" && exec "$@"']


def can_mount(folder: Path) -> bool:
    try:
        return subprocess.run([*ON_SMALL_DISK, folder, "true"], capture_output=True, timeout=30).returncode == 0
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("direction", ["downloads", "uploads"])
def test_a_disk_that_is_full(direction: str, tmp_path: Path) -> None:
    if not can_mount(tmp_path):
        pytest.skip("this system lets users mount nothing")
    command = [*ON_SMALL_DISK, tmp_path, sys.executable, "-m", "tests.files.small_disk", direction, tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
