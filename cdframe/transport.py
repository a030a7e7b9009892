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
from urllib.parse import unquote

import httpx
import urllib3
from urllib3 import exceptions as lower

from cdframe.network_connections import POOLS
from cdframe.workers import current_call

_PIECE = 16 * 2**20
"""The most bytes read at once, unless a request has its own `piece`; the answers of most calls are one piece."""

_SPELLED = {"host": "Host", "accept": "Accept"}

ERRORS: tuple[tuple[type[Exception], type[httpx.TransportError]], ...] = (
    (lower.NewConnectionError, httpx.ConnectError),
    (lower.ConnectTimeoutError, httpx.ConnectTimeout),
    (lower.ReadTimeoutError, httpx.ReadTimeout),
    (lower.TimeoutError, httpx.TimeoutException),
    (lower.TimeoutStateError, httpx.UnsupportedProtocol),
    (lower.ProxyError, httpx.ProxyError),
    (
        lower.SSLError,
        httpx.ReadError,
    ),  # of a connection that was there: where it could not be made, see network_connections
    (lower.EmptyPoolError, httpx.PoolTimeout),
    (lower.FullPoolError, httpx.PoolTimeout),
    (lower.ClosedPoolError, httpx.PoolTimeout),
    (lower.PoolError, httpx.NetworkError),
    (lower.LocationValueError, httpx.UnsupportedProtocol),
    (lower.ProxySchemeUnsupported, httpx.UnsupportedProtocol),
    (lower.UnrewindableBodyError, httpx.WriteError),
    (lower.DecodeError, httpx.RemoteProtocolError),
    (lower.ProtocolError, httpx.RemoteProtocolError),
    (lower.ResponseError, httpx.RemoteProtocolError),
    (lower.BodyNotHttplibCompatible, httpx.RemoteProtocolError),
    (lower.InvalidHeader, httpx.RemoteProtocolError),
    (lower.HeaderParsingError, httpx.RemoteProtocolError),
    (HTTPException, httpx.RemoteProtocolError),
    (lower.HTTPError, httpx.NetworkError),
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
        self._managers: dict[str | None, urllib3.PoolManager] = {None: _of_pools(urllib3.PoolManager(**self._options))}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and give the answer, whose body is read as it is asked for."""
        timeouts = request.extensions.get("timeout", {})
        with _errors_of(request):
            answer = self._manager(request.url).urlopen(
                request.method,
                str(request.url),
                body=_body_of(request),
                headers=_headers_of(request),
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
            for key in manager.pools.keys():  # noqa: SIM118 (it cannot be iterated over)
                manager.pools[key].close()  # not only when nothing refers to it any more
            manager.clear()

    def _manager(self, url: httpx.URL) -> urllib3.PoolManager:
        """The pools of the proxy that a URL goes through, or those without one."""
        proxy = self._proxies.get(url.scheme) or self._proxies.get("all")
        if proxy is not None and self._from_environment and urllib.request.proxy_bypass(url.host):
            proxy = None
        if proxy not in self._managers:
            headers = _credentials_of(proxy)
            manager = urllib3.ProxyManager(str(proxy), proxy_headers=headers, **self._options)
            self._managers[proxy] = _of_pools(manager)
        return self._managers[proxy]


def _of_pools(manager: urllib3.PoolManager) -> urllib3.PoolManager:
    """Let a manager make connections that can be cut."""
    manager.pool_classes_by_scheme = POOLS
    return manager


def _credentials_of(proxy: str | None) -> Mapping[str, str]:
    """The header for the user and the password in the URL of a proxy."""
    user = urllib3.util.parse_url(proxy or "").auth
    return {} if user is None else urllib3.make_headers(proxy_basic_auth=unquote(user))


def _headers_of(request: httpx.Request) -> urllib3.HTTPHeaderDict:
    """The headers, with those that urllib3 adds for proxies spelled as it does: or they were there twice."""
    return urllib3.HTTPHeaderDict((_SPELLED.get(name, name), value) for name, value in request.headers.multi_items())


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
        ends_with_connection = _length_of(self._answer) is None and not getattr(self._answer, "chunked", False)
        empty = True
        with _errors_of(self._request):
            while piece := self._answer.read(self._request.extensions.get("piece", _PIECE)):
                empty = False
                yield piece
            # http.client takes a head that ends before its length came for a whole one.
            if empty and ends_with_connection:
                raise lower.ProtocolError("The connection was cut in the head of the answer.")

    def close(self) -> None:
        """Give the connection back, or close it where not all of the body has been read."""
        current_call().waits(None)
        if not self._answer.closed and _length_of(self._answer) != 0:
            self._answer.close()
        self._answer.release_conn()  # a closed one, too: its place in the pool is free again


def _length_of(answer: urllib3.BaseHTTPResponse) -> int | None:
    """How many bytes of a body are still to come, where that was told."""
    length: int | None = getattr(answer, "length_remaining", None)
    return length


@contextmanager
def _errors_of(request: httpx.Request) -> Iterator[None]:
    """Raise what goes wrong below as the exceptions of httpx."""
    try:
        yield
    except tuple(kind for kind, _ in ERRORS) as error:
        current_call().waits(None)
        meaning = next(meaning for kind, meaning in ERRORS if isinstance(error, kind))
        raise meaning(str(error), request=request) from error
