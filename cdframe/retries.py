"""Which calls may be repeated, after what, and how long to wait before."""

from __future__ import annotations

import errno
import random
import re
import socket
import ssl
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from cdframe.config import ClientConfig

_FIRST_BACKOFF_S = 0.5

_REPEATABLE_POST = re.compile(
    r"""
    /(?:assets|events|timeseries|sequences|datasets|labels|files|relationships|extpipes)/(?:byids|list|search|aggregate)
    | /extpipes/runs/list
    | /files/downloadlink
    | /(?:timeseries|sequences)/data(?:/(?:list|latest|delete))?
    | /timeseries/synthetic/query
    | /context/entitymatching/(?:byids|list|jobs)
    """,
    re.VERBOSE,
)
"""POST calls that only read, or that leave the same state when they are made twice."""


NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.ProxyError,
)
"""Failures before the request left: nothing can have been written."""


def is_repeatable(method: str, path: str) -> bool:
    """Whether a call may be made again when it is not known if it arrived; `path` is relative to the project."""
    return method in ("GET", "PUT", "PATCH") or (method == "POST" and bool(_REPEATABLE_POST.fullmatch(path)))


def retry_status(config: ClientConfig, response: httpx.Response, repeatable: bool) -> bool:
    """Whether an answer asks for another attempt."""
    if response.headers.get("cdf-is-auto-retryable") == "true":
        return not response.is_success
    status = response.status_code
    return status in config.status_forcelist and (repeatable or status == 429)


def retry_error(error: httpx.TransportError, repeatable: bool) -> bool:
    """Whether a call without an answer may be made again.

    A call that did not get through to the server always may; one whose fate is unknown only if it is repeatable. A
    refused connection, an unknown host or a bad certificate is final: it will not mend within seconds, and the user
    wants to know.
    """
    if isinstance(error, (httpx.UnsupportedProtocol, httpx.ProxyError)) or _is_final(error):
        return False
    return repeatable or isinstance(error, NEVER_SENT)


def backoff_s(config: ClientConfig, attempts: int) -> float:
    """Say how long to wait after `attempts` attempts: exponential with full jitter."""
    return random.uniform(0, min(_FIRST_BACKOFF_S * 2.0**attempts, config.max_retry_backoff))


def retry_after_s(response: httpx.Response) -> float:
    """Say how long an answer asks to wait: `Retry-After`, in seconds or as a date; 0 when it does not."""
    value = response.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return 0.0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _is_final(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, (ConnectionRefusedError, ssl.SSLCertVerificationError)):
            return True
        if isinstance(error, OSError) and error.errno == errno.ECONNREFUSED:
            return True
        if isinstance(error, socket.gaierror) and error.errno == socket.EAI_NONAME:
            return True
        error = error.__cause__ or error.__context__
    return False
