"""The engine over HTTP, on a production WSGI server."""

from __future__ import annotations

import errno
import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from cheroot import wsgi

from cdframe.local.connections import Connection
from cdframe.local.engine import LocalCDF
from cdframe.local.errors import LocalCDFError

logger = logging.getLogger(__name__)

# A request waits for the disk or works in DuckDB or NumPy, mostly without Python's lock. Connections that are kept
# open but ask for nothing need no thread.
THREADS = max(16, 4 * (os.cpu_count() or 1))
IDLE_CONNECTIONS = 512
IDLE_SECONDS = 60
BACKLOG = 256
SHUTDOWN_SECONDS = 10


class _Server(wsgi.Server):
    """The server of cheroot, with what it has to say in the log."""

    ConnectionClass = Connection
    refusal: OSError | None = None  # why the last address could not be bound; cheroot keeps but a text of it

    def error_log(self, msg: str = "", level: int = logging.INFO, traceback: bool = False) -> None:
        logger.log(level, "%s", msg, exc_info=traceback)

    def bind(self, family: int, type: int, proto: int = 0) -> Any:
        """Bind to an address, and remember why when that fails."""
        try:
            return super().bind(family, type, proto)
        except OSError as error:
            self.refusal = error
            raise

    @staticmethod
    def bind_socket(socket_: Any, bind_addr: Any) -> Any:
        """Bind, and close the socket when that fails, which cheroot forgets."""
        try:
            return wsgi.Server.bind_socket(socket_, bind_addr)  # type: ignore[no-untyped-call]
        except OSError:
            socket_.close()
            raise


def serve(
    engine: LocalCDF,
    *,
    host: str = "127.0.0.1",
    port: int = 8080,
    ready: Callable[[str], None] | None = None,
    stop: threading.Event | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT, or until `stop` is set from another thread.

    Port 0 is any free one. `ready` is called with the base URL once connections are taken. Requests that are being
    answered then are finished. The engine stays open: closing it is up to the caller.
    """
    stop = stop or threading.Event()
    server = _Server(
        (host, port),
        engine.app,
        numthreads=THREADS,
        request_queue_size=BACKLOG,
        timeout=IDLE_SECONDS,
        shutdown_timeout=SHUTDOWN_SECONDS,
    )
    server.keep_alive_conn_limit = IDLE_CONNECTIONS
    try:
        server.prepare()
    except OSError as error:
        raise _not_listening(f"{host}:{port}", server.refusal or error) from error
    thread = threading.Thread(target=_run, args=(server, stop), name="cdframe-server")
    with _stopped_by_signals(stop):
        thread.start()
        try:
            if ready is not None:
                name = f"[{host}]" if ":" in host else host
                ready(f"http://{name}:{server.bind_addr[1]}")
            while not stop.wait(1):  # with a timeout, as Windows would not see the signal otherwise
                pass
        finally:
            server.stop()
            thread.join()


def _not_listening(address: str, reason: OSError) -> LocalCDFError:
    if reason.errno == errno.EADDRINUSE:
        return LocalCDFError(f"{address} is in use by another server: stop that one, or choose another port")
    return LocalCDFError(f"{address} cannot be listened on: {reason.strerror or reason}")


def _run(server: wsgi.Server, stop: threading.Event) -> None:
    try:
        server.serve()
    finally:
        stop.set()


@contextmanager
def _stopped_by_signals(stop: threading.Event) -> Iterator[None]:
    """Let SIGTERM and SIGINT set `stop`; only the main thread can have them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(number: int, frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, handle) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
