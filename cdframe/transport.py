"""Requests over the network: an httpx transport that sends by urllib3.

httpx stays the language of everything above. urllib3 reads an answer of megabytes in few large pieces, so that threads
that read at once hardly take the interpreter from each other: ten workers move three times as many bytes a second so.
"""

from __future__ import annotations

import ssl
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPException
from typing import Any

import httpx
import urllib3
from urllib3 import exceptions as lower

_PIECE = 16 * 2**20
"""The most bytes read at once; the answers of most calls are one piece."""

ERRORS: tuple[tuple[type[Exception], type[httpx.TransportError]], ...] = (
    (lower.NewConnectionError, httpx.ConnectError),
    (lower.ConnectTimeoutError, httpx.ConnectTimeout),
    (lower.ReadTimeoutError, httpx.ReadTimeout),
    (lower.TimeoutError, httpx.TimeoutException),
    (lower.ProxyError, httpx.ProxyError),
    (lower.SSLError, httpx.ConnectError),
    (lower.PoolError, httpx.PoolTimeout),
    (lower.LocationValueError, httpx.UnsupportedProtocol),
    (lower.ProxySchemeUnsupported, httpx.UnsupportedProtocol),
    (lower.ProtocolError, httpx.RemoteProtocolError),
    (lower.IncompleteRead, httpx.RemoteProtocolError),
    (lower.InvalidChunkLength, httpx.RemoteProtocolError),
    (lower.HTTPError, httpx.NetworkError),
    (HTTPException, httpx.RemoteProtocolError),
    (OSError, httpx.NetworkError),
)
"""What urllib3 raises and what it means to httpx; the first that fits counts."""


class NetworkTransport(httpx.BaseTransport):
    """Sends requests over pooled connections.

    Args:
        verify: whether certificates of servers are checked.
        connections: the most connections to one server at once.
        proxies: proxy URL by protocol ("https", or "https://"); by default those of the environment.
    """

    def __init__(self, *, verify: bool, connections: int, proxies: Mapping[str, str] | None = None) -> None:
        context: ssl.SSLContext = httpx.create_ssl_context(verify=verify)
        self._options: dict[str, Any] = {
            "maxsize": connections,
            "block": True,
            "ssl_context": context,
            "retries": False,
        }
        self._from_environment = not proxies
        given = proxies or urllib.request.getproxies()
        self._proxies = {key.removesuffix("://"): proxy for key, proxy in given.items()}
        self._managers: dict[str | None, urllib3.PoolManager] = {None: urllib3.PoolManager(**self._options)}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and give the answer, whose body is read as it is asked for."""
        timeouts = request.extensions.get("timeout", {})
        with _errors_of(request):
            answer = self._manager(request.url).urlopen(
                request.method,
                str(request.url),
                body=_body_of(request),
                headers=urllib3.HTTPHeaderDict(request.headers.multi_items()),
                timeout=urllib3.Timeout(connect=timeouts.get("connect"), read=timeouts.get("read")),
                pool_timeout=timeouts.get("pool"),
                redirect=False,
                preload_content=False,
                decode_content=False,
            )
        return httpx.Response(
            answer.status,
            headers=list(answer.headers.iteritems()),
            stream=_Body(answer, request),
            extensions={"http_version": b"HTTP/1.1"},
        )

    def close(self) -> None:
        """Close all connections that are not in use."""
        for manager in self._managers.values():
            manager.clear()

    def _manager(self, url: httpx.URL) -> urllib3.PoolManager:
        """The pools of the proxy that a URL goes through, or those without one."""
        proxy = self._proxies.get(url.scheme) or self._proxies.get("all")
        if proxy is not None and self._from_environment and urllib.request.proxy_bypass(url.host):
            proxy = None
        if proxy not in self._managers:
            self._managers[proxy] = urllib3.ProxyManager(str(proxy), **self._options)
        return self._managers[proxy]


def _body_of(request: httpx.Request) -> bytes | Iterator[bytes] | None:
    try:
        return request.content or None
    except httpx.RequestNotRead:
        assert isinstance(request.stream, httpx.SyncByteStream)
        return iter(request.stream)


class _Body(httpx.SyncByteStream):
    """The body of an answer, as it stands on the wire."""

    def __init__(self, answer: urllib3.BaseHTTPResponse, request: httpx.Request) -> None:
        self._answer = answer
        self._request = request

    def __iter__(self) -> Iterator[bytes]:
        with _errors_of(self._request):
            while piece := self._answer.read(_PIECE):
                yield piece

    def close(self) -> None:
        """Give the connection back, or close it where not all of the body has been read."""
        if self._answer.closed or getattr(self._answer, "length_remaining", None) == 0:
            self._answer.release_conn()
        else:
            self._answer.close()


@contextmanager
def _errors_of(request: httpx.Request) -> Iterator[None]:
    """Raise what goes wrong below as the exceptions of httpx."""
    try:
        yield
    except (lower.HTTPError, HTTPException, OSError) as error:
        meaning = next(meaning for kind, meaning in ERRORS if isinstance(error, kind))
        raise meaning(str(error), request=request) from error
