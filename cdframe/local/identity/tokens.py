"""Access tokens: JWTs that this engine signs and takes."""

from __future__ import annotations

import secrets
import time
from typing import Any

import jwt

from cdframe.local.access import Principal
from cdframe.local.identity.directory import Directory

LIFETIME = 3600  # seconds
CLOCK_SKEW = 60  # seconds
ALGORITHM = "HS256"
AUDIENCE = "cdframe"


class Tokens:
    """The tokens of one engine."""

    def __init__(self, directory: Directory, project: str) -> None:
        self._directory = directory
        self._project = project

    def issue(self, caller: Principal, issuer: str, *, lifetime: int = LIFETIME) -> str:
        """A token for an account. Its groups are not in it: they are looked up with each request."""
        now = int(time.time())
        claims = {
            "iss": issuer,
            "sub": caller.name,
            "aud": AUDIENCE,
            "iat": now,
            "exp": now + lifetime,
            "jti": secrets.token_hex(16),
            "cdf_project": self._project,
            "cdf_sa": caller.account,
        }
        return jwt.encode(claims, self._directory.token_secret, ALGORITHM)

    def caller(self, token: str) -> Principal | None:
        """The caller that a token is of, or None when it is not one of ours, out of date, or of another project."""
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._directory.token_secret,
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                leeway=CLOCK_SKEW,
                options={"require": ["exp", "cdf_sa", "cdf_project"]},
            )
        except jwt.InvalidTokenError:
            return None
        account = claims["cdf_sa"]
        if claims["cdf_project"] != self._project or not isinstance(account, int):
            return None
        return self._directory.by_account(account)
