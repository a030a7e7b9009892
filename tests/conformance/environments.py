"""Environments of foreign clients, made once beside the source tree and used again while their needs stay the same."""

import fcntl
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FOLDER = Path(__file__).parents[2] / ".conformance"
REQUIREMENTS = {
    # 2.x is of a time before pandas 2, and that pandas of one before numpy 2 and Python 3.12. Later Pythons have no
    # wheels of what it depends on; there it is the same code without those dependencies (see sdk2_script.py, too).
    "sdk2": ("cognite-sdk>=2.56,<3", "pandas>=1.5.3,<2", "numpy<2")
    if sys.version_info < (3, 12)
    else ("cognite-sdk-core>=2.56,<3", "pandas>=2,<3"),
    "sdk7": ("cognite-sdk[pandas]>=7.90,<8",),
    "sdk8": ("cognite-sdk[pandas]>=8.22,<9",),
}


class EnvironmentNotMadeError(Exception):
    """The environment could not be made; the message holds the end of what the installer said."""


def python_of(name: str) -> Path:
    """The interpreter of the named environment, which is made when it is not there or was made for other needs."""
    environment = FOLDER / name
    stamp = environment / "requirements.txt"
    python = environment / "bin" / "python"
    wanted = "\n".join([f"# {sys.version}", *REQUIREMENTS[name]])
    FOLDER.mkdir(exist_ok=True)
    with locked(FOLDER / f"{name}.lock"):
        if not (stamp.exists() and stamp.read_text() == wanted and python.exists()):
            shutil.rmtree(environment, ignore_errors=True)
            log = FOLDER / f"{name}.log"
            with log.open("w") as output:
                run([sys.executable, "-m", "venv", str(environment)], log, output)
                install = ["-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
                run([str(python), *install, *REQUIREMENTS[name]], log, output)
            stamp.write_text(wanted)
    return python


def run(command: list[str], log: Path, output: object) -> None:
    done = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        last_lines = "\n".join(log.read_text().splitlines()[-30:])
        raise EnvironmentNotMadeError(f"{' '.join(command)} failed; all of its output is in {log}\n{last_lines}")


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock between processes: workers of one test run must not make the same environment at once."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
