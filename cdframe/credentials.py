"""Credentials: an API key, a token, a function that gives tokens, or OIDC client credentials."""

from __future__ import annotations

import threading
import time
from typing import Any, Protocol

import httpx

from cdframe.config import ClientConfig
from cdframe.errors import CogniteAPIKeyError

REFRESH_EARLY_S = 30.0
"""A token with less than this left is fetched anew."""

_REQUEST_OPTIONS = ("verify", "timeout", "proxies", "headers", "cert", "auth")


class Credentials(Protocol):
    """What authenticates a request."""

    def headers(self) -> dict[str, str]:
        """Give the headers that authenticate a request made now."""
        ...


class APIKey:
    """An API key, sent in the header ``api-key``."""

    def __init__(self, key: str) -> None:
        self._key = key

    def headers(self) -> dict[str, str]:
        return {"api-key": self._key}


class Token:
    """A bearer token, or a function that gives one and is called for each request."""

    def __init__(self, token: Any) -> None:
        self._token = token

    def headers(self) -> dict[str, str]:
        token = self._token() if callable(self._token) else self._token
        if not isinstance(token, str) or not token:
            raise CogniteAPIKeyError(f"The token function must return a text, got {type(token).__name__}.")
        return {"Authorization": f"Bearer {token}"}


class ClientCredentials:
    """OIDC client credentials: a token is fetched at once, and again 30 s before it ends, by one thread at a time."""

    def __init__(self, config: ClientConfig) -> None:
        self._url = str(config.token_url)
        self._form = {"grant_type": "client_credentials", "client_id": str(config.token_client_id)}
        self._secret = str(config.token_client_secret)
        if config.token_scopes:
            self._form["scope"] = " ".join(config.token_scopes)
        custom = dict(config.token_custom_args)
        self._options = {key: custom.pop(key) for key in _REQUEST_OPTIONS if key in custom}
        self._form.update({key: str(value) for key, value in custom.items()})
        self._options.setdefault("verify", not config.disable_ssl)
        self._options.setdefault("timeout", config.timeout)
        self._lock = threading.Lock()
        self._token = ""
        self._expires = 0.0
        self.headers()

    def headers(self) -> dict[str, str]:
        with self._lock:
            if time.monotonic() > self._expires - REFRESH_EARLY_S:
                self._fetch()
            return {"Authorization": f"Bearer {self._token}"}

    def _fetch(self) -> None:
        options = dict(self._options)
        headers = options.pop("headers", None)
        auth = options.pop("auth", None)
        proxies = options.pop("proxies", None) or {}
        mounts = {
            key if "://" in key else f"{key}://": httpx.HTTPTransport(proxy=proxy, verify=options["verify"])
            for key, proxy in proxies.items()
        }
        asked = time.monotonic()
        try:
            with httpx.Client(mounts=mounts, **options) as http:
                form = {**self._form, "client_secret": self._secret}
                response = http.post(self._url, data=form, headers=headers, auth=auth)
        except httpx.HTTPError as error:
            raise CogniteAPIKeyError(f"Error generating access token: {self._url} gave no answer: {error}") from error
        try:
            answer = response.json()
        except ValueError:
            answer = {}
        answer = answer if isinstance(answer, dict) else {}
        token = answer.get("access_token")
        if not response.is_success or not isinstance(token, str) or not token:
            reason = answer.get("error", "the answer has no access_token")
            description = answer.get("error_description", "no description")
            raise CogniteAPIKeyError(f"Error generating access token: {reason}, {response.status_code}, {description}")
        try:
            lifetime = float(answer["expires_in"])
        except (KeyError, TypeError, ValueError):
            raise CogniteAPIKeyError(
                f"Error generating access token: {self._url} answered without a usable 'expires_in'."
            ) from None
        self._token = token
        self._expires = asked + lifetime


def credentials_from(config: ClientConfig) -> Credentials:
    """Make the credentials that a configuration asks for: a token, else an API key, else client credentials.

    Raises:
        CogniteAPIKeyError: none is given, client credentials are incomplete, or their token cannot be fetched.
    """
    if config.token is not None:
        return Token(config.token)
    if config.api_key is not None:
        return APIKey(config.api_key)
    parts = {
        "token_url (COGNITE_TOKEN_URL)": config.token_url,
        "token_client_id (COGNITE_CLIENT_ID)": config.token_client_id,
        "token_client_secret (COGNITE_CLIENT_SECRET)": config.token_client_secret,
    }
    absent = [name for name, value in parts.items() if value is None]
    if not absent:
        return ClientCredentials(config)
    if len(absent) < len(parts):
        raise CogniteAPIKeyError(f"Client credentials are incomplete: {', '.join(absent)} not given.")
    raise CogniteAPIKeyError(
        "No credentials. Give api_key (or COGNITE_API_KEY), token, or token_url, token_client_id and "
        "token_client_secret. Hint: CogniteClient.local() needs no account."
    )
