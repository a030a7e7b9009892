"""The connections beneath the transport: they tell what was never sent, and whoever no longer waits can cut them."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import suppress
from functools import partial
from typing import Any

import urllib3
from urllib3 import exceptions as lower
from urllib3.util.ssl_match_hostname import CertificateError

from cdframe.workers import Call, current_call


class _PlainConnection(urllib3.connection.HTTPConnection):
    """A connection over which the call that waits for an answer can be ended."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._call: Call | None = None
        self._lock = threading.Lock()

    def request(self, *args: Any, **kwargs: Any) -> None:
        """Send a request. Until its answer has been read, giving the call up cuts the connection."""
        call = current_call()
        with self._lock:
            self._call = call
        call.waits(partial(self._cut, call))
        super().request(*args, **kwargs)

    def _cut(self, call: Call) -> None:
        """End a call, unless its answer has been read meanwhile and another call has the connection."""
        with self._lock:
            if self._call is call and self.sock is not None:
                with suppress(OSError):
                    self.sock.shutdown(socket.SHUT_RDWR)


class _EncryptedConnection(_PlainConnection, urllib3.connection.HTTPSConnection):
    """An encrypted connection; one that cannot be made is told from one that breaks: over it nothing has been sent."""

    def connect(self) -> None:
        """Connect, agree on encryption and check the certificate."""
        try:
            super().connect()
        except TimeoutError as error:
            raise lower.ConnectTimeoutError(f"{self.host}: the TLS handshake timed out") from error
        except (OSError, CertificateError) as error:
            raise lower.NewConnectionError(self, str(error)) from error
        # Who says that certificates need not be checked need not be warned of it with each request.
        self.is_verified = self.is_verified or not _checks(self.ssl_context)


class _PlainPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _EncryptedPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _EncryptedConnection


POOLS = {"http": _PlainPool, "https": _EncryptedPool}
"""The pools of these connections, by protocol."""


def _checks(context: ssl.SSLContext | None) -> bool:
    return context is None or context.verify_mode != ssl.CERT_NONE
