"""What the local CDF answers when it cannot do what was asked.

LocalCDFError   the folder cannot be opened: for the person who starts the local CDF
ApiError        an answer with an error body: rules raise it, the application writes it
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Reference = Mapping[str, Any]

FORBIDDEN = "Resource not found. This may also be due to insufficient access rights."


class LocalCDFError(Exception):
    """The local CDF cannot be started on this folder; the message says why and what to do."""


class ApiError(Exception):
    """An error answer: its status, its message and the references that it is about."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        missing: Sequence[Reference] = (),
        duplicated: Sequence[Reference] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.missing = missing
        self.duplicated = duplicated

    def body(self) -> dict[str, Any]:
        """The error body as the API defines it."""
        error: dict[str, Any] = {"code": self.status, "message": self.message}
        if self.missing:
            error["missing"] = list(self.missing)
        if self.duplicated:
            error["duplicated"] = list(self.duplicated)
        return {"error": error}


def bad_request(message: str) -> ApiError:
    """The request is not well formed, or asks for something that is not there."""
    return ApiError(400, message)


def constraint(violation: str) -> ApiError:
    """A length, size or range is outside its limits."""
    return bad_request(f"Request had 1 constraint violations. Please fix the request and try again. [{violation}]")


def no_room(after: str = "") -> ApiError:
    """The disk is full."""
    return ApiError(507, f"There is no room left on the disk{after}: nothing was stored")


def unauthorized() -> ApiError:
    """No credential, or none that is known here: the answer does not say which."""
    return ApiError(401, "Unauthorized")


def forbidden() -> ApiError:
    """The caller is known, but no capability covers what was asked."""
    return ApiError(403, FORBIDDEN)
