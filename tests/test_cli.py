"""The command line, as its users run it: processes, signals, exit codes, what is printed."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import httpx
import pytest

import cdframe
from cdframe.cli import main

COMMAND = [sys.executable, "-m", "cdframe"]


def run(*arguments: str, timeout: float = 60, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, timeout=timeout, check=False, **options
    )


@dataclass
class Served:
    """A running `cdframe serve`, with what it has printed so far."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    def wait_until_ready(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            if line.startswith("Ctrl+C"):
                return
        raise AssertionError(f"ended early: {self.lines} {self.process.communicate()[1]}")

    @property
    def text(self) -> str:
        return "".join(self.lines)

    def said(self, label: str) -> str:
        found = re.search(rf"^  {label} +(.+)$", self.text, re.MULTILINE)
        assert found, self.text
        return found[1]

    @property
    def key(self) -> str:
        return self.said("API key").split()[0]

    def status(self, key: str) -> dict[str, Any]:
        answer = httpx.get(f"{self.said('base URL')}/login/status", headers={"api-key": key}, trust_env=False)
        data: dict[str, Any] = answer.json()["data"]
        return data

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str, str]:
        self.process.send_signal(number)
        rest, errors = self.process.communicate(timeout=30)
        return self.process.returncode, self.text + rest, errors


@pytest.fixture
def serve() -> Iterator[Any]:
    running: list[Served] = []

    def start(*arguments: str, **options: Any) -> Served:
        process = subprocess.Popen(
            [*COMMAND, "serve", "--port", "0", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )
        running.append(Served(process))
        running[-1].wait_until_ready()
        return running[-1]

    yield start
    for served in running:
        if served.process.poll() is None:
            served.process.kill()
        served.process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_in_memory_says_how_to_connect_and_stops_cleanly(serve: Any, number: int) -> None:
    served = serve()
    key = served.key
    assert (served.status(key)["loggedIn"], served.status(key)["project"]) == (True, "local")
    assert served.status("another")["loggedIn"] is False
    assert "in memory, gone when this process ends (--data DIR keeps them)" in served.said("data")
    code, printed, errors = served.stop(number)
    assert code == 0
    assert printed.endswith("Stopped.\n")
    assert errors == ""
    assert printed.count(key) == 1


def test_the_two_lines_that_are_printed_connect(serve: Any) -> None:
    served = serve("--project", "plant one")
    snippet = [line.strip() for line in served.lines if "cdf" in line and ("import" in line or "client =" in line)]
    assert len(snippet) == 2
    names: dict[str, Any] = {}
    exec("\n".join(snippet).replace("<the API key>", served.key), names)
    with names["client"] as client:
        assert client.login.status().project == "plant one"
        assert client.time_series.create({"external_id": "p1"}).shape[0] == 1


def test_a_folder_keeps_data_and_its_key_is_shown_once(serve: Any, tmp_path: Path) -> None:
    folder = tmp_path / "made" / "plant"
    first = serve("--data", str(folder))
    key = first.key
    assert first.said("data") == str(folder)
    with cdframe.CogniteClient(api_key=key, base_url=first.said("base URL")) as client:
        client.time_series.create({"external_id": "kept"})
    assert first.stop()[0] == 0

    second = serve("--data", str(folder))
    assert "the one shown when the folder was made" in second.said("API key")
    with cdframe.CogniteClient(api_key=key, base_url=second.said("base URL")) as client:
        assert client.time_series.list()["external_id"].to_list() == ["kept"]
    assert key not in second.stop()[1]


def test_a_folder_that_is_open_elsewhere_names_the_process(serve: Any, tmp_path: Path) -> None:
    served = serve("--data", str(tmp_path))
    other = run("serve", "--port", "0", "--data", str(tmp_path))
    assert other.returncode == 2
    assert other.stdout == ""
    assert other.stderr.startswith("cdframe serve: ")
    assert str(served.process.pid) in other.stderr
    assert "Traceback" not in other.stderr


def test_a_given_key_is_never_echoed(serve: Any) -> None:
    served = serve("--api-key", "a-key-of-mine")
    assert served.status("a-key-of-mine")["loggedIn"] is True
    assert served.said("API key") == "the one that you gave"
    code, printed, errors = served.stop()
    assert (code, errors) == (0, "")
    assert "a-key-of-mine" not in printed


def test_a_flag_goes_before_its_variable_which_goes_before_the_default(serve: Any, tmp_path: Path) -> None:
    environment = {
        "CDFRAME_PROJECT": "from-variable",
        "CDFRAME_API_KEY": "key-from-variable",
        "CDFRAME_DATA": str(tmp_path / "variable"),
        "CDFRAME_HOST": "localhost",
        "CDFRAME_PORT": "1",
    }
    by_variable = serve(env=environment)  # the port is given as a flag
    assert by_variable.status("key-from-variable")["project"] == "from-variable"
    assert by_variable.said("data") == str(tmp_path / "variable")
    assert "//localhost:" in by_variable.said("base URL")
    by_flag = serve("--project", "from-flag", "--data", str(tmp_path / "flag"), env=environment)
    assert by_flag.status("key-from-variable")["project"] == "from-flag"
    assert by_flag.said("data") == str(tmp_path / "flag")


def test_a_port_in_use_is_an_error_that_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = run("serve", "--port", port)
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert f"127.0.0.1:{port}" in ended.stderr
    assert "in use" in ended.stderr
    assert "--port 0" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("Dear...")
    ended = run("serve", "--port", "0", "--data", str(tmp_path))
    assert ended.returncode == 2
    assert str(tmp_path) in ended.stderr
    assert "Traceback" not in ended.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["letters.txt"]


@pytest.mark.parametrize("port", ["-1", "65536", "http", "8080.5", ""])
def test_what_is_no_port_is_refused(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["serve", f"--port={port}"])
    assert ended.value.code == 2
    assert f"{port!r} is not a port. Accepted: 0 to 65535." in capsys.readouterr().err


def test_a_variable_that_is_no_port_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CDFRAME_PORT", "eighty")
    assert main(["serve"]) == 2
    assert capsys.readouterr().err == ("cdframe serve: CDFRAME_PORT: 'eighty' is not a port. Accepted: 0 to 65535.\n")


def test_help_states_defaults_variables_and_precedence(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["serve", "--help"])
    assert ended.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "A flag goes before its environment variable, which goes before the default." in text
    for words in ("--data DIR", "--port N", "--host HOST", "--project NAME", "--api-key KEY", "CDFRAME_API_KEY"):
        assert words in text
    assert "default: 8080" in text
    assert "default: 127.0.0.1" in text


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["version"]) == 0
    assert capsys.readouterr().out == f"cdframe {cdframe.__version__}\n"


@pytest.mark.parametrize("arguments", [[], ["sevre"], ["serve", "--dta", "x"], ["demo", "--points", "12"]])
def test_a_line_that_cannot_be_read_ends_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: cdframe" in capsys.readouterr().err


def test_the_command_is_installed() -> None:
    (script,) = entry_points(group="console_scripts", name="cdframe")
    assert script.load() is main
