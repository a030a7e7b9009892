"""The documented exceptions, and how an error answer becomes one.

    CogniteException
    ├── CogniteAPIError                 an answer that is not 2xx; holds what was and was not written
    │   ├── CogniteNotFoundError        ids or external ids that do not exist
    │   ├── CogniteDuplicatedError      ids or external ids that exist already, or were given twice
    │   └── CogniteConnectionError      no answer, or none that can be read: what was sent may have arrived
    ├── CogniteAPIKeyError              credentials that are missing, incomplete or refused
    ├── CogniteImportError              an optional package that is not installed (also an ImportError)
    ├── CogniteHierarchyError           assets that make no hierarchy (also a ValueError and an AssertionError)
    ├── CogniteMissingClientError       an accessor was used before any client was made
    └── CogniteDuplicateColumnsError    a wide frame would have two columns of one name

Arguments that cannot be right raise ValueError or TypeError before anything is sent.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any


class CogniteException(Exception):
    """The root of all exceptions of cdframe."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.args, self.__dict__)


def _rebuild(kind: type[CogniteException], args: tuple[Any, ...], state: dict[str, Any]) -> CogniteException:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class CogniteAPIError(CogniteException):
    """Raised when a request fails.

    When one call made several requests, `successful`, `unknown` and `failed` are frames of the input rows that were
    written (2xx), may have been written (5xx, lost connection) and were not written (4xx, never sent).

    Attributes:
        message: what the server said.
        code: the HTTP status, or None when no answer came.
        x_request_id: the id of the failed request, to name to support.
        missing, duplicated: identifiers such as ``{"id": 1}`` or ``{"externalId": "a"}``.
        successful, unknown, failed: frames of input rows (empty lists where a call writes nothing).
        extra: further information from the server.
    """

    unsure: bool = False
    """Whether an earlier attempt of the request, which was lost or got a 5xx, may have done what was asked."""

    def __init__(
        self,
        message: str,
        code: int | None = None,
        x_request_id: str | None = None,
        missing: Sequence[Any] | None = None,
        duplicated: Sequence[Any] | None = None,
        successful: Any = None,
        failed: Any = None,
        unknown: Any = None,
        unwrap_fn: Callable[[Any], Any] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.x_request_id = x_request_id
        self.missing = list(missing or ())
        self.duplicated = list(duplicated or ())
        self.successful = [] if successful is None else successful
        self.failed = [] if failed is None else failed
        self.unknown = [] if unknown is None else unknown
        self.extra = dict(extra or {})
        self._unwrap = unwrap_fn

    def __reduce__(self) -> tuple[Any, ...]:
        # A function given for showing elements need not be picklable; everything else travels.
        return _rebuild, (type(self), self.args, {**self.__dict__, "_unwrap": None})

    def __str__(self) -> str:
        lines = [self.message]
        if self.code is not None:
            lines[0] += f" | code: {self.code}"
        if self.x_request_id:
            lines[0] += f" | X-Request-ID: {self.x_request_id}"
        for name in ("missing", "duplicated"):
            if elements := getattr(self, name):
                lines.append(f"{name}: {_shorten(elements, self._unwrap)}")
        counts = {name: len(getattr(self, name)) for name in ("successful", "unknown", "failed")}
        if any(counts.values()):
            lines.append("rows: " + ", ".join(f"{count} {name}" for name, count in counts.items()))
        if self.extra:
            lines.append(f"extra: {self.extra}")
        return "\n".join(lines)


class CogniteNotFoundError(CogniteAPIError):
    """Raised when referenced ids or external ids do not exist; `not_found` lists all of them."""

    def __init__(
        self,
        not_found: Sequence[Any],
        successful: Any = None,
        failed: Any = None,
        unknown: Any = None,
        unwrap_fn: Callable[[Any], Any] | None = None,
        *,
        message: str = "Not found",
        code: int | None = None,
        x_request_id: str | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message, code, x_request_id, not_found, None, successful, failed, unknown, unwrap_fn, extra)

    @property
    def not_found(self) -> list[Any]:
        """The identifiers that do not exist."""
        return self.missing


class CogniteDuplicatedError(CogniteAPIError):
    """Raised when identifiers exist already or were given twice; `duplicated` lists all of them."""

    def __init__(
        self,
        duplicated: Sequence[Any],
        successful: Any = None,
        failed: Any = None,
        unknown: Any = None,
        unwrap_fn: Callable[[Any], Any] | None = None,
        *,
        message: str = "Duplicated",
        code: int | None = None,
        x_request_id: str | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message, code, x_request_id, None, duplicated, successful, failed, unknown, unwrap_fn, extra)


class CogniteConnectionError(CogniteAPIError):
    """Raised when no answer came (refused, cut, timed out), or an answer that cannot be read.

    Attributes:
        sent: whether the request may have reached the server.
    """

    def __init__(self, message: str, *, sent: bool = True) -> None:
        super().__init__(message)
        self.sent = sent


class CogniteAPIKeyError(CogniteException):
    """Raised when credentials are missing, incomplete or refused."""


class CogniteImportError(CogniteException, ImportError):
    """Raised when a function needs a package that is not installed."""

    def __init__(self, module: str, message: str | None = None) -> None:
        self.module = module
        self.message = message or (
            f"This needs the package {module!r}, which is not installed. Hint: pip install {module}"
        )
        super().__init__(module, self.message)

    def __str__(self) -> str:
        return self.message


class CogniteMissingClientError(CogniteException):
    """Raised when an accessor needs a client and none has been made in this process."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(
            message
            or "No CogniteClient has been made in this process. Hint: make one first, "
            "for example cdframe.CogniteClient.local(), or pass client=."
        )


class CogniteHierarchyError(CogniteException, ValueError, AssertionError):
    """Raised when assets do not make a hierarchy, before anything is sent; the message names the first that is wrong.

    It is a `ValueError`, like any bad argument, and an `AssertionError`, as which it has been documented.
    """


class CogniteDuplicateColumnsError(CogniteException):
    """Raised when include_aggregate_name=False would give two columns of one name."""

    def __init__(self, dups: Sequence[str]) -> None:
        super().__init__(list(dups))
        self.duplicated = list(dups)

    def __str__(self) -> str:
        names = ", ".join(map(repr, self.duplicated))
        return (
            f"Two columns would have one name: {names}. "
            "Hint: include_aggregate_name=False needs a single aggregate for each time series."
        )


def api_error(
    message: str,
    code: int | None,
    x_request_id: str | None = None,
    missing: Sequence[Any] | None = None,
    duplicated: Sequence[Any] | None = None,
    extra: Mapping[str, Any] | None = None,
) -> CogniteAPIError:
    """Make the exception that fits a status and the identifiers named with it."""
    if missing and not duplicated and code in (400, 404, 422):
        return CogniteNotFoundError(missing, message=message, code=code, x_request_id=x_request_id, extra=extra)
    if duplicated and not missing and code in (409, 422):
        return CogniteDuplicatedError(duplicated, message=message, code=code, x_request_id=x_request_id, extra=extra)
    return CogniteAPIError(message, code, x_request_id, missing, duplicated, extra=extra)


def merge_not_found(errors: Sequence[CogniteNotFoundError]) -> CogniteAPIError:
    """Make one error that names all that several requests did not find."""
    missing = list({repr(one): one for error in errors for one in error.missing}.values())
    last = errors[-1]
    return api_error(last.message, last.code, last.x_request_id, missing, extra=last.extra)


def error_from_answer(code: int, body: bytes, x_request_id: str | None) -> CogniteAPIError:
    """Make the exception for an answer: the error object, ``{"error": "text"}``, or any other body as text."""
    text = body.decode("utf-8", errors="replace").strip()
    try:
        error = json.loads(text)["error"]
    except (ValueError, TypeError, KeyError):
        return api_error(_shorten_text(text) or f"HTTP status {code} with an empty body", code, x_request_id)
    if not isinstance(error, dict):
        return api_error(str(error), code, x_request_id)
    return api_error(
        str(error.get("message") or f"HTTP status {code}"),
        code,
        x_request_id,
        _list_or_none(error.get("missing")),
        _list_or_none(error.get("duplicated")),
        error.get("extra") if isinstance(error.get("extra"), dict) else None,
    )


def nearest(name: str, known: Sequence[str]) -> str:
    """Say which known name is meant, as the end of an error message (empty when none is near)."""
    close = get_close_matches(name, known, n=1, cutoff=0.6)
    return f" Did you mean {close[0]!r}?" if close else ""


def _list_or_none(value: Any) -> list[Any] | None:
    return value if isinstance(value, list) else None


def _shorten(elements: Sequence[Any], unwrap: Callable[[Any], Any] | None, most: int = 10) -> str:
    shown = [unwrap(element) if unwrap else element for element in elements[:most]]
    rest = len(elements) - len(shown)
    return f"{shown}" + (f" and {rest} more" if rest else "")


def _shorten_text(text: str, most: int = 2000) -> str:
    return text if len(text) <= most else f"{text[:most]}... ({len(text)} characters)"
