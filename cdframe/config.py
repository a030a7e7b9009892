"""The configuration of a client: argument, else environment variable, else default; checked at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlsplit

from cdframe.types import FrameKind

T = TypeVar("T")

DEFAULT_BASE_URL = "https://api.cognitedata.com"
DEFAULT_API_SUBVERSION = "20230101"


@dataclass(frozen=True, slots=True)
class ClientConfig:
    """What a client was made with, after environment variables and defaults; secrets are not shown.

    It can be pickled when `token` can, and describes a client completely.
    """

    project: str | None
    client_name: str
    base_url: str
    max_workers: int
    headers: Mapping[str, str] = field(repr=False)
    timeout: float
    file_transfer_timeout: float
    proxies: Mapping[str, str] | None = field(repr=False)
    api_subversion: str
    disable_pypi_version_check: bool
    debug: bool
    disable_gzip: bool
    disable_ssl: bool
    max_retries: int
    max_retry_backoff: float
    max_connection_pool_size: int
    status_forcelist: frozenset[int]
    frame: FrameKind
    api_key: str | None = field(repr=False)
    token: str | Callable[[], str] | None = field(repr=False)
    token_url: str | None
    token_client_id: str | None
    token_client_secret: str | None = field(repr=False)
    token_scopes: tuple[str, ...]
    token_custom_args: Mapping[str, Any] = field(repr=False)


def resolve(arguments: Mapping[str, Any], environment: Mapping[str, str] | None = None) -> ClientConfig:
    """Make the configuration from the arguments of `CogniteClient` (None: not given) and the environment.

    Raises:
        TypeError, ValueError: a value that cannot be right; names the argument or the variable.
    """
    env = os.environ if environment is None else environment

    def setting(name: str, variable: str | None, default: T, check: Callable[[str, Any], T]) -> T:
        if arguments.get(name) is not None:
            return check(name, arguments[name])
        if variable and env.get(variable, "") != "":
            return check(variable, env[variable])
        return default

    return ClientConfig(
        project=setting("project", "COGNITE_PROJECT", None, _text),
        client_name=setting("client_name", "COGNITE_CLIENT_NAME", "cdframe", _text),
        base_url=setting("base_url", "COGNITE_BASE_URL", DEFAULT_BASE_URL, _url).rstrip("/"),
        max_workers=setting("max_workers", "COGNITE_MAX_WORKERS", 10, _positive_int),
        headers=setting("headers", None, {}, _texts_by_text),
        timeout=setting("timeout", "COGNITE_TIMEOUT", 30.0, _seconds),
        file_transfer_timeout=setting("file_transfer_timeout", "COGNITE_FILE_TRANSFER_TIMEOUT", 600.0, _seconds),
        proxies=setting("proxies", None, None, _texts_by_text),
        api_subversion=setting("api_subversion", "COGNITE_API_VERSION", DEFAULT_API_SUBVERSION, _text),
        disable_pypi_version_check=setting(
            "disable_pypi_version_check", "COGNITE_DISABLE_PYPI_VERSION_CHECK", False, _switch
        ),
        debug=setting("debug", None, False, _switch),
        disable_gzip=setting("disable_gzip", "COGNITE_DISABLE_GZIP", False, _switch),
        disable_ssl=setting("disable_ssl", "COGNITE_DISABLE_SSL", False, _switch),
        max_retries=setting("max_retries", "COGNITE_MAX_RETRIES", 10, _natural_int),
        max_retry_backoff=setting("max_retry_backoff", "COGNITE_MAX_RETRY_BACKOFF", 30.0, _seconds),
        max_connection_pool_size=setting(
            "max_connection_pool_size", "COGNITE_MAX_CONNECTION_POOL_SIZE", 50, _positive_int
        ),
        status_forcelist=setting(
            "status_forcelist", "COGNITE_STATUS_FORCELIST", frozenset({429, 502, 503, 504}), _statuses
        ),
        frame=arguments.get("frame") or "polars",
        api_key=setting("api_key", "COGNITE_API_KEY", None, _secret),
        token=setting("token", None, None, _token),
        token_url=setting("token_url", "COGNITE_TOKEN_URL", None, _url),
        token_client_id=setting("token_client_id", "COGNITE_CLIENT_ID", None, _text),
        token_client_secret=setting("token_client_secret", "COGNITE_CLIENT_SECRET", None, _secret),
        token_scopes=setting("token_scopes", "COGNITE_TOKEN_SCOPES", (), _scopes),
        token_custom_args=setting("token_custom_args", None, {}, _mapping),
    )


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a text, got {type(value).__name__}.")
    if not value.strip():
        raise ValueError(f"{name} must not be empty.")
    return value


def _secret(name: str, value: Any) -> str:
    """Check what goes into a header; its value is never shown."""
    text = _text(name, value)
    if not text.isascii() or not text.isprintable() or text != text.strip():
        raise ValueError(f"{name} has characters that no credential has (blanks around it, line ends, non-ASCII).")
    return text


def _token(name: str, value: Any) -> str | Callable[[], str]:
    if callable(value):
        return value  # type: ignore[no-any-return]
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a text or a function that returns one, got {type(value).__name__}.")
    return _secret(name, value)


def _url(name: str, value: Any) -> str:
    parts = urlsplit(_text(name, value))
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{name}={value!r} is not a URL. Accepted: https://<host> or http://<host>:<port>.")
    if parts.username or parts.password:
        raise ValueError(f"{name} must not hold a user name or password.")
    return str(value)


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise TypeError(f"{name} must be a number, got {type(value).__name__}.")
    try:
        return float(value)
    except ValueError:
        raise ValueError(f"{name}={value!r} is not a number.") from None


def _seconds(name: str, value: Any) -> float:
    seconds = _number(name, value)
    if not 0 < seconds < float("inf"):
        raise ValueError(f"{name}={value!r} must be a number of seconds above 0.")
    return seconds


def _natural_int(name: str, value: Any) -> int:
    number = _number(name, value)
    if not number.is_integer() or number < 0:
        raise ValueError(f"{name}={value!r} must be a whole number, 0 or more.")
    return int(number)


def _positive_int(name: str, value: Any) -> int:
    number = _natural_int(name, value)
    if number < 1:
        raise ValueError(f"{name}={value!r} must be a whole number, 1 or more.")
    return number


def _switch(name: str, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        if value.strip().lower() in ("0", "false", "no", "off"):
            return False
        if value.strip().lower() in ("1", "true", "yes", "on"):
            return True
    raise ValueError(f"{name}={value!r} must be one of 0, 1, false, true, no, yes, off, on.")


def _statuses(name: str, value: Any) -> frozenset[int]:
    items = value.split(",") if isinstance(value, str) else value
    try:
        statuses = frozenset(int(item) for item in items)
    except (TypeError, ValueError):
        statuses = frozenset({0})
    if not all(100 <= status <= 599 for status in statuses):
        raise ValueError(f"{name}={value!r} must be HTTP statuses with commas between, such as '429,502,503'.")
    return statuses


def _scopes(name: str, value: Any) -> tuple[str, ...]:
    items: Sequence[Any] = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, Sequence) or not all(isinstance(item, str) for item in items):
        raise TypeError(f"{name} must be a list of texts, got {value!r}.")
    return tuple(item.strip() for item in items if item.strip())


def _mapping(name: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise TypeError(f"{name} must be a dict with texts as keys, got {type(value).__name__}.")
    return dict(value)


def _texts_by_text(name: str, value: Any) -> Mapping[str, str]:
    mapping = _mapping(name, value)
    for key, text in mapping.items():
        if not isinstance(text, str):
            raise TypeError(f"{name}[{key!r}] must be a text, got {type(text).__name__}.")
    return mapping
