"""The machine and the versions that a run was made with."""

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path

PACKAGES = {
    "cdframe": ("cdframe", "polars", "pyarrow", "numpy", "httpx", "duckdb", "cheroot"),
    "sdk": ("cognite-sdk", "pandas", "numpy", "protobuf"),
}
_VERSIONS = """\
import json, platform, sys
from importlib.metadata import version
print(json.dumps({"Python": platform.python_version(), **{name: version(name) for name in sys.argv[1:]}}))"""


def describe(pythons: dict[str, Path]) -> dict[str, str]:
    """What to say above the table, by what it is about."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{_processor()}, {memory:.0f} GiB, {platform.system()}",
        "cores": str(os.cpu_count()),
        "load before (1, 5, 15 minutes)": load,
        **{f"versions, {side}": _versions(python, PACKAGES[side]) for side, python in pythons.items()},
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _versions(python: Path, packages: tuple[str, ...]) -> str:
    done = subprocess.run([python, "-c", _VERSIONS, *packages], capture_output=True, text=True, check=True)
    return ", ".join(f"{name} {version}" for name, version in json.loads(done.stdout).items())
