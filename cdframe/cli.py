"""The command line: `cdframe serve`, `cdframe demo`, `cdframe version`."""

from __future__ import annotations

import argparse
import os
import socket
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from cdframe._version import __version__
from cdframe.errors import CogniteException

T = TypeVar("T")

FAILED = 2
INTERRUPTED = 130

SERVE = """\
Start a local CDF: a service on this machine that answers the API of Cognite Data Fusion. It runs until Ctrl+C
or SIGTERM.

A flag goes before its environment variable, which goes before the default."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line with `argv` (default: that of the process) and return the exit code."""
    arguments = _parser().parse_args(argv)
    run: Callable[[argparse.Namespace], int] = arguments.run
    try:
        return run(arguments)
    except KeyboardInterrupt:
        return INTERRUPTED
    except CogniteException as error:
        return _failed(arguments.command, error)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cdframe", description="Cognite Data Fusion as frames, with a local CDF on your own machine."
    )
    commands = parser.add_subparsers(title="commands", dest="command", metavar="command", required=True)

    serve = commands.add_parser(
        "serve", help="start a local CDF", description=SERVE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    serve.add_argument(
        "--data",
        metavar="DIR",
        help="folder that keeps the data, made if it is not there (CDFRAME_DATA); default: none, the data are kept "
        "in memory and are gone when the process ends",
    )
    serve.add_argument(
        "--port", type=_port, metavar="N", help="port, 0 for any that is free (CDFRAME_PORT); default: 8080"
    )
    serve.add_argument("--host", help="address to listen on (CDFRAME_HOST); default: 127.0.0.1, this machine only")
    serve.add_argument("--project", metavar="NAME", help="name of the project (CDFRAME_PROJECT); default: local")
    serve.add_argument(
        "--api-key",
        metavar="KEY",
        help="a key of the first administrator; the variable is the safer way, as other users of the machine can read "
        "flags (CDFRAME_API_KEY); default: one is generated for a new folder, shown once and kept only as a hash",
    )
    serve.set_defaults(run=_serve)

    demo = commands.add_parser(
        "demo",
        help="show what cdframe does, on real measurements",
        description="Start a local CDF in a temporary folder, write measurements from frames, read them back, ask, "
        "plot, delete; needs no account and no network.",
    )
    demo.add_argument("--output", default="demo.png", metavar="FILE", type=Path, help="the plot (default: demo.png)")
    demo.add_argument(
        "--points",
        default=5_000_000,
        metavar="N",
        type=_points,
        help="points of the generated series, one a second (default: 5000000)",
    )
    demo.set_defaults(run=_demo)

    version = commands.add_parser("version", help="print the version")
    version.set_defaults(run=_version)
    return parser


def _serve(arguments: argparse.Namespace) -> int:
    from cdframe.local import LocalCDF, LocalCDFError, serve

    try:
        data = _setting(arguments.data, "CDFRAME_DATA", str, None)
        port = _setting(arguments.port, "CDFRAME_PORT", _port, 8080)
        host = _setting(arguments.host, "CDFRAME_HOST", str, "127.0.0.1")
        project = _setting(arguments.project, "CDFRAME_PROJECT", str, "local")
        api_key = _setting(arguments.api_key, "CDFRAME_API_KEY", str, None)
    except argparse.ArgumentTypeError as error:
        return _failed("serve", error)

    def ready(base_url: str) -> None:
        if host in ("0.0.0.0", "::"):  # every address of this machine: name one that others can use
            base_url = f"http://{socket.gethostname()}:{urlsplit(base_url).port}"
        if engine.generated_api_key is not None:
            key = f"{engine.generated_api_key}   (shown this once)"
        elif api_key is not None:
            key = "the one that you gave"
        else:
            key = "the one shown when the folder was made (--api-key adds another)"
        kept = str(Path(data).resolve()) if data else "in memory, gone when this process ends (--data DIR keeps them)"
        print(
            f"cdframe {__version__}: local CDF\n\n"
            f"  base URL   {base_url}\n"
            f"  project    {project}\n"
            f"  data       {kept}\n"
            f"  API key    {key}\n\n"
            "Connect from Python:\n\n"
            "  import cdframe as cdf\n"
            f'  client = cdf.CogniteClient(base_url="{base_url}", project="{project}", api_key="<the API key>")\n\n'
            "Ctrl+C stops it.",
            flush=True,
        )

    try:
        with LocalCDF(data, project=project, api_key=api_key) as engine:
            try:
                serve(engine, host=host, port=port, ready=ready)
            except LocalCDFError as error:
                return _failed(
                    "serve", f"{error}\nHint: --port 0 takes any port that is free, --host names the address."
                )
    except LocalCDFError as error:
        return _failed("serve", error)
    print("Stopped.", flush=True)
    return 0


def _demo(arguments: argparse.Namespace) -> int:
    from cdframe.demo import run

    run(arguments.output, points=arguments.points)
    return 0


def _version(arguments: argparse.Namespace) -> int:
    print(f"cdframe {__version__}")
    return 0


def _setting(flag: T | None, variable: str, read: Callable[[str], T], default: T) -> T:
    if flag is not None:
        return flag
    text = os.environ.get(variable, "")
    try:
        return read(text) if text else default
    except argparse.ArgumentTypeError as error:
        raise argparse.ArgumentTypeError(f"{variable}: {error}") from None


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port. Accepted: 0 to 65535.")
    return int(text)


def _points(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1_000 <= int(text) <= 100_000_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of points. Accepted: 1000 to 100000000.")
    return int(text)


def _failed(command: str, error: Exception | str) -> int:
    print(f"cdframe {command}: {error}", file=sys.stderr)
    return FAILED
