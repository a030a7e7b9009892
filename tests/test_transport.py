"""The transport beneath httpx: every failure as an exception of httpx, bodies of all forms, proxies, TLS."""

from __future__ import annotations

import gzip
import inspect
import os
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import urllib3
from urllib3 import exceptions as lower

from cdframe.errors import CogniteConnectionError
from cdframe.retries import NEVER_SENT
from cdframe.transport import ERRORS, NetworkTransport
from tests.faults.servers import CERTIFICATE, plain_session, raw_server, read_request, tls

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
CATCH_ALL = {lower.HTTPError, OSError}
FAILURES = [
    kind
    for kind in vars(lower).values()
    if inspect.isclass(kind) and issubclass(kind, Exception) and not issubclass(kind, Warning)
    if kind.__module__ == lower.__name__ and kind is not lower.HTTPError
]
"""All that urllib3 raises."""


@pytest.fixture(autouse=True)
def _no_proxies_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


@pytest.fixture
def http() -> Iterator[Callable[..., httpx.Client]]:
    """Makes httpx clients on the transport."""
    made: list[httpx.Client] = []

    def make(*, timeout: Any = 5, **options: Any) -> httpx.Client:
        transport = NetworkTransport(**{"verify": True, "connections": 4, **options})
        made.append(httpx.Client(transport=transport, trust_env=False, timeout=timeout))
        return made[-1]

    yield make
    for client in made:
        client.close()


def answering(*answers: bytes, seen: list[bytes] | None = None) -> Callable[[socket.socket], None]:
    """Answer requests, all of one connection, one after the other, and then close it."""

    def handle(connection: socket.socket) -> None:
        for answer in answers:
            request = read_request(connection)
            if not request:
                return
            if seen is not None:
                seen.append(request)
            connection.sendall(answer)

    return handle


# Exceptions


@pytest.mark.parametrize("kind", FAILURES, ids=lambda kind: kind.__name__)
def test_the_table_has_every_exception_of_urllib3(kind: type[Exception]) -> None:
    meaning = next((of, meaning) for of, meaning in ERRORS if issubclass(kind, of))
    assert meaning[0] not in CATCH_ALL, f"{kind.__name__} is not in the table"
    assert issubclass(meaning[1], httpx.TransportError)


@pytest.mark.parametrize("kind", [*FAILURES, lower.HTTPError], ids=lambda kind: kind.__name__)
def test_no_exception_of_urllib3_gets_out(
    kind: type[Exception], http: Callable[..., httpx.Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = type(kind.__name__, (kind,), {"__init__": lambda self: None, "__str__": lambda self: "what happened"})

    def fail(*_: Any, **__: Any) -> None:
        raise made

    monkeypatch.setattr(urllib3.PoolManager, "urlopen", fail)
    with pytest.raises(httpx.TransportError) as caught:
        http().get("http://127.0.0.1/")
    assert isinstance(caught.value.__cause__, kind)
    assert str(caught.value) == "what happened"
    assert caught.value.request.url.path == "/"


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        (lower.NewConnectionError, False),
        (lower.NameResolutionError, False),
        (lower.ConnectTimeoutError, False),
        (lower.EmptyPoolError, False),
        (lower.ClosedPoolError, False),
        (lower.ProxyError, False),
        (lower.LocationParseError, False),
        (lower.ProxySchemeUnknown, False),
        (lower.ReadTimeoutError, True),
        (lower.SSLError, True),
        (lower.ProtocolError, True),
        (lower.MaxRetryError, True),
        (lower.IncompleteRead, True),
        (lower.DecodeError, True),
    ],
)
def test_what_may_have_been_sent_is_not_called_unsent(kind: type[Exception], sent: bool) -> None:
    meaning = next(meaning for of, meaning in ERRORS if issubclass(kind, of))
    assert issubclass(meaning, NEVER_SENT) != sent


def test_a_refused_connection(http: Callable[..., httpx.Client]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(httpx.ConnectError, match="refused"):
        http().get(f"http://127.0.0.1:{port}/")


def test_an_unknown_host(http: Callable[..., httpx.Client]) -> None:
    with pytest.raises(httpx.ConnectError):
        http().get("http://no-such-host.invalid/")


def test_no_answer_in_time(http: Callable[..., httpx.Client]) -> None:
    ended = threading.Event()

    def hang(connection: socket.socket) -> None:
        read_request(connection)
        ended.wait(10)

    with raw_server(hang) as url:
        with pytest.raises(httpx.ReadTimeout):
            http(timeout=httpx.Timeout(5, read=0.1)).get(url)
        ended.set()


def test_a_body_that_stops_in_the_middle(http: Callable[..., httpx.Client]) -> None:
    ended = threading.Event()

    def hang(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf")
        ended.wait(10)

    with raw_server(hang) as url:
        with pytest.raises(httpx.ReadTimeout):
            http(timeout=httpx.Timeout(5, read=0.1)).get(url)
        ended.set()


def test_no_connection_is_free_in_time(http: Callable[..., httpx.Client]) -> None:
    client = http(connections=1, timeout=httpx.Timeout(5, pool=0.1))
    with raw_server(answering(OK)) as url, client.stream("GET", url), pytest.raises(httpx.PoolTimeout):
        client.get(url)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n5\r\nan",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nnot a length\r\n",
        b"",
    ],
)
def test_an_answer_that_is_cut(http: Callable[..., httpx.Client], answer: bytes) -> None:
    with raw_server(answering(answer)) as url, pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)) as caught:
        http().get(url)
    assert not isinstance(caught.value, NEVER_SENT)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 12\r\n\r\n"


@pytest.mark.parametrize("length", range(len(HEAD)))
def test_an_answer_that_is_cut_in_its_head(http: Callable[..., httpx.Client], length: int) -> None:
    with raw_server(answering(HEAD[:length])) as url, pytest.raises(httpx.RemoteProtocolError):
        http().get(url)


# Bodies


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (OK, b"ok"),
        (
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n10;x=y\r\n"
            + b"d" * 16
            + b"\r\n0\r\n\r\n",
            None,
        ),
        (b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: %d\r\n\r\n%s", b"zipped" * 1000),
        (
            b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n",
            b"z" * 99,
        ),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", b""),
    ],
)
def test_bodies_of_all_forms_leave_the_connection_for_the_next(
    http: Callable[..., httpx.Client], answer: bytes, body: bytes | None
) -> None:
    if b"gzip" in answer and body is not None:
        zipped = gzip.compress(body)
        answer = answer % (len(zipped), zipped)
    expected = b"abc" + b"d" * 16 if body is None else body
    connections: list[int] = []

    def handle(connection: socket.socket) -> None:
        connections.append(1)
        answering(answer, answer, answer)(connection)

    with raw_server(handle) as url:
        client = http()
        for _ in range(3):
            got = client.get(url)
            assert got.content == expected
            assert got.status_code == int(answer[9:12])
    assert len(connections) == 1


def test_an_answer_without_a_length_ends_with_its_connection(http: Callable[..., httpx.Client]) -> None:
    with raw_server(answering(b"HTTP/1.1 200 OK\r\n\r\nall of it")) as url:
        assert http().get(url).content == b"all of it"
        assert http().get(url).content == b"all of it"


def test_headers_that_repeat_are_all_there(http: Callable[..., httpx.Client]) -> None:
    seen: list[bytes] = []
    answer = b"HTTP/1.1 200 OK\r\nset-cookie: a=1\r\nset-cookie: b=2\r\ncontent-length: 0\r\n\r\n"
    with raw_server(answering(answer, seen=seen)) as url:
        got = http().get(url, headers=[("x-many", "1"), ("x-many", "2")])
    assert got.headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert b"\r\nx-many: 1, 2\r\n" in seen[0] or (b"x-many: 1\r\n" in seen[0] and b"x-many: 2\r\n" in seen[0])


def test_a_redirect_is_an_answer_like_others(http: Callable[..., httpx.Client]) -> None:
    with raw_server(answering(b"HTTP/1.1 302 Found\r\nlocation: /else\r\ncontent-length: 0\r\n\r\n")) as url:
        assert http().get(url).headers["location"] == "/else"


@pytest.mark.parametrize("pieces", [[b"one", b"", b"two"], []])
def test_bodies_of_requests_may_be_streams(http: Callable[..., httpx.Client], pieces: list[bytes]) -> None:
    got: list[bytes] = []

    def handle(connection: socket.socket) -> None:
        held = b""
        while b"0\r\n\r\n" not in held:
            held += connection.recv(65536)
        got.append(held)
        connection.sendall(OK)

    with raw_server(handle) as url:
        assert http().post(url, content=iter(pieces)).content == b"ok"
    head, _, body = got[0].partition(b"\r\n\r\n")
    assert b"transfer-encoding: chunked" in head.lower()
    assert body == b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces if piece) + b"0\r\n\r\n"


def test_a_request_without_a_body_has_the_length_of_none(http: Callable[..., httpx.Client]) -> None:
    seen: list[bytes] = []
    with raw_server(answering(OK, OK, seen=seen)) as url:
        client = http()
        client.post(url)
        client.get(url)
    assert b"content-length: 0" in seen[0].lower()
    assert b"content-length" not in seen[1].lower()


def test_what_is_not_read_is_not_kept(http: Callable[..., httpx.Client]) -> None:
    large = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nunread"
    with raw_server(answering(large)) as url:
        client = http(connections=1)
        for _ in range(2):
            with client.stream("GET", url) as answer:
                assert answer.status_code == 200


def test_a_connection_that_was_closed_while_idle_is_replaced(http: Callable[..., httpx.Client]) -> None:
    served = threading.Semaphore(0)

    def handle(connection: socket.socket) -> None:
        answering(OK)(connection)
        connection.shutdown(socket.SHUT_RDWR)
        served.release()

    with raw_server(handle) as url:
        client = http(connections=1)
        for _ in range(3):
            assert client.get(url).content == b"ok"
            assert served.acquire(timeout=5)


def test_closing_closes_connections_whatever_is_still_held(http: Callable[..., httpx.Client]) -> None:
    ended = threading.Event()

    def handle(connection: socket.socket) -> None:
        answering(OK)(connection)
        connection.settimeout(5)
        assert connection.recv(1) == b""
        ended.set()

    with raw_server(handle) as url:
        client = http()
        answer = client.get(url)
        client.close()
        assert ended.wait(5)
    assert answer.content == b"ok"


# Proxies


def proxied(head: bytes) -> dict[str, list[str]]:
    """The headers of a request, all values of each."""
    headers: dict[str, list[str]] = {}
    for line in head.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]:
        name, _, value = line.partition(": ")
        headers.setdefault(name.lower(), []).append(value)
    return headers


@pytest.mark.parametrize("key", ["http", "http://", "all"])
def test_requests_go_through_a_proxy_that_was_given(http: Callable[..., httpx.Client], key: str) -> None:
    seen: list[bytes] = []
    with raw_server(answering(OK, seen=seen)) as proxy:
        got = http(proxies={key: proxy}).get("http://far.invalid/path?a=b", headers={"accept": "x/y"})
    assert got.content == b"ok"
    assert seen[0].startswith(b"GET http://far.invalid/path?a=b HTTP/1.1\r\n")
    headers = proxied(seen[0])
    assert headers["host"] == ["far.invalid"]
    assert headers["accept"] == ["x/y"]


def test_a_proxy_of_another_protocol_is_not_asked(http: Callable[..., httpx.Client]) -> None:
    with raw_server(answering(OK)) as url:
        assert http(proxies={"https": "http://far.invalid:1"}).get(url).content == b"ok"


def test_proxies_of_the_environment(http: Callable[..., httpx.Client], monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bytes] = []
    with raw_server(answering(OK, seen=seen)) as proxy, raw_server(answering(OK)) as direct:
        monkeypatch.setenv("http_proxy", proxy)
        monkeypatch.setenv("no_proxy", "127.0.0.1,near.invalid")
        client = http()
        assert client.get("http://far.invalid/").content == b"ok"
        assert client.get(direct).content == b"ok"
    assert len(seen) == 1


def test_proxies_that_were_given_go_before_the_environment(
    http: Callable[..., httpx.Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://far.invalid:1")
    monkeypatch.setenv("no_proxy", "*")
    seen: list[bytes] = []
    with raw_server(answering(OK, seen=seen)) as proxy:
        http(proxies={"http": proxy}).get("http://127.0.0.1:1/")
    assert len(seen) == 1


def test_credentials_of_a_proxy_are_sent_to_it(http: Callable[..., httpx.Client]) -> None:
    seen: list[bytes] = []
    with raw_server(answering(OK, seen=seen)) as proxy:
        given = proxy.replace("http://", "http://user%40home:p%3Aw@")
        http(proxies={"http": given}).get("http://far.invalid/")
    assert proxied(seen[0])["proxy-authorization"] == ["Basic dXNlckBob21lOnA6dw=="]  # user@home:p:w


@pytest.mark.parametrize("proxy", ["ftp://far.invalid:1", "socks5://far.invalid:1", "nothing"])
def test_a_proxy_that_cannot_be_one(http: Callable[..., httpx.Client], proxy: str) -> None:
    with pytest.raises((httpx.UnsupportedProtocol, httpx.ProxyError)):
        http(proxies={"http": proxy}).get("http://far.invalid/")


def test_a_proxy_that_is_not_there(http: Callable[..., httpx.Client]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(httpx.ProxyError):
        http(proxies={"http": f"http://127.0.0.1:{port}"}).get("http://far.invalid/")


def tunnel(connection: socket.socket) -> None:
    """Carry what follows a CONNECT to the server that it names."""
    head = read_request(connection)
    host, _, port = head.split(b" ")[1].decode().partition(":")
    with socket.create_connection((host, int(port))) as server:
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        back = threading.Thread(target=carry, args=(server, connection), daemon=True)
        back.start()
        carry(connection, server)
        back.join(5)


def carry(source: socket.socket, target: socket.socket) -> None:
    try:
        while piece := source.recv(65536):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # one of the two has gone


def test_tls_goes_through_the_tunnel_of_a_proxy(http: Callable[..., httpx.Client]) -> None:
    seen: list[bytes] = []
    with raw_server(tls(answering(OK, seen=seen)), "https") as url, raw_server(tunnel) as proxy:
        client = http(verify=False, proxies={"https": proxy.replace("http://", "http://user:secret@")})
        assert client.get(url).content == b"ok"
        client.close()
    assert b"secret" not in seen[0]
    assert "proxy-authorization" not in proxied(seen[0])


def test_a_tunnel_that_is_refused(http: Callable[..., httpx.Client]) -> None:
    seen: list[bytes] = []
    refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n"
    with raw_server(answering(refusal, seen=seen)) as proxy, pytest.raises(httpx.TransportError) as caught:
        http(proxies={"https": proxy}).get("https://far.invalid/")
    assert isinstance(caught.value, NEVER_SENT)
    assert "407" in str(caught.value)
    assert seen[0].startswith(b"CONNECT far.invalid:443 ")


# TLS


def test_a_certificate_that_nobody_signed_is_refused_unless_told_otherwise(http: Callable[..., httpx.Client]) -> None:
    with raw_server(tls(answering(OK)), "https") as url:
        with pytest.raises(httpx.ConnectError, match=r"(?i)certificate"):
            http().get(url)
        assert http(verify=False).get(url).content == b"ok"


def test_a_certificate_may_be_trusted(http: Callable[..., httpx.Client], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    with raw_server(tls(answering(OK)), "https") as url:
        assert http().get(url).content == b"ok"


def test_disable_ssl_of_a_client() -> None:
    with raw_server(tls(answering(OK, OK)), "https") as url:
        session = plain_session(url, disable_ssl=True)
        assert session.request("GET", "/assets").content == b"ok"
        session.close()


def test_a_bad_certificate_is_final_and_nothing_was_sent() -> None:
    handshakes: list[int] = []

    def handle(connection: socket.socket) -> None:
        handshakes.append(1)
        tls(answering(OK))(connection)

    with raw_server(handle, "https") as url:
        session = plain_session(url, max_retry_backoff=0.01)
        with pytest.raises(CogniteConnectionError, match=r"(?i)certificate") as caught:
            session.request("POST", "/timeseries", json={})
        session.close()
    assert not caught.value.sent
    assert len(handshakes) == 1


def test_a_server_that_does_not_speak_tls(http: Callable[..., httpx.Client]) -> None:
    def handle(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")

    with raw_server(handle, "https") as url, pytest.raises(httpx.ConnectError):
        http().get(url)


def test_a_connection_that_is_cut_in_its_handshake(http: Callable[..., httpx.Client]) -> None:
    def cut(connection: socket.socket) -> None:
        connection.recv(10)

    with raw_server(cut, "https") as url, pytest.raises(httpx.ConnectError):
        http().get(url)


def test_a_handshake_that_never_ends(http: Callable[..., httpx.Client]) -> None:
    ended = threading.Event()

    def hang(connection: socket.socket) -> None:
        connection.recv(65536)
        ended.wait(10)

    with raw_server(hang, "https") as url:
        with pytest.raises(httpx.ConnectTimeout):
            http(timeout=httpx.Timeout(5, connect=0.1)).get(url)
        ended.set()


@pytest.mark.parametrize("begun", [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nhalf"])
def test_tls_that_breaks_after_the_request_was_sent(http: Callable[..., httpx.Client], begun: bytes) -> None:
    def handle(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(begun)
        with socket.socket(fileno=os.dup(connection.fileno())) as beneath:
            beneath.sendall(b"this is no record of TLS")

    with raw_server(tls(handle), "https") as url, pytest.raises(httpx.ReadError) as caught:
        http(verify=False).get(url)
    assert isinstance(caught.value.__cause__, lower.SSLError)
