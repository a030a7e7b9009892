"""Configuration: argument, else environment, else default; checked at once."""

from __future__ import annotations

import pickle

import pytest

from cdframe.config import resolve


def test_defaults() -> None:
    config = resolve({}, {})
    assert config.base_url == "https://api.cognitedata.com"
    assert (config.max_workers, config.timeout, config.file_transfer_timeout) == (10, 30, 600)
    assert (config.max_retries, config.max_retry_backoff, config.max_connection_pool_size) == (10, 30, 50)
    assert config.status_forcelist == {429, 502, 503, 504}
    assert config.client_name == "cdframe"
    assert config.api_key is None
    assert not (config.disable_gzip or config.disable_ssl or config.debug)


@pytest.mark.parametrize(
    ("argument", "variable", "text", "parsed", "given"),
    [
        ("api_key", "COGNITE_API_KEY", "k", "k", "other"),
        ("project", "COGNITE_PROJECT", "p", "p", "q"),
        ("client_name", "COGNITE_CLIENT_NAME", "app", "app", "app2"),
        ("base_url", "COGNITE_BASE_URL", "http://h:1/", "http://h:1", "https://g"),
        ("max_workers", "COGNITE_MAX_WORKERS", "3", 3, 4),
        ("timeout", "COGNITE_TIMEOUT", "7.5", 7.5, 8),
        ("file_transfer_timeout", "COGNITE_FILE_TRANSFER_TIMEOUT", "70", 70, 80),
        ("api_subversion", "COGNITE_API_VERSION", "beta", "beta", "alpha"),
        ("token_url", "COGNITE_TOKEN_URL", "http://h/t", "http://h/t", "http://h/u"),
        ("token_client_id", "COGNITE_CLIENT_ID", "id", "id", "id2"),
        ("token_client_secret", "COGNITE_CLIENT_SECRET", "s", "s", "s2"),
        ("token_scopes", "COGNITE_TOKEN_SCOPES", "a, b", ("a", "b"), ("c",)),
        ("disable_pypi_version_check", "COGNITE_DISABLE_PYPI_VERSION_CHECK", "1", True, False),
    ],
)
def test_argument_before_environment_before_default(
    argument: str, variable: str, text: str, parsed: object, given: object
) -> None:
    assert getattr(resolve({}, {variable: text}), argument) == parsed
    assert getattr(resolve({argument: given}, {variable: text}), argument) == given


@pytest.mark.parametrize(
    ("variable", "attribute", "text", "parsed"),
    [
        ("COGNITE_DISABLE_GZIP", "disable_gzip", "0", False),
        ("COGNITE_DISABLE_GZIP", "disable_gzip", "1", True),
        ("COGNITE_DISABLE_SSL", "disable_ssl", "no", False),
        ("COGNITE_DISABLE_SSL", "disable_ssl", "", False),
        ("COGNITE_DISABLE_SSL", "disable_ssl", "true", True),
        ("COGNITE_MAX_RETRIES", "max_retries", "0", 0),
        ("COGNITE_MAX_RETRY_BACKOFF", "max_retry_backoff", "2", 2),
        ("COGNITE_MAX_CONNECTION_POOL_SIZE", "max_connection_pool_size", "5", 5),
        ("COGNITE_STATUS_FORCELIST", "status_forcelist", "429,502,503", {429, 502, 503}),
    ],
)
def test_global_settings(variable: str, attribute: str, text: str, parsed: object) -> None:
    assert getattr(resolve({}, {variable: text}), attribute) == parsed


@pytest.mark.parametrize(
    ("arguments", "environment", "error", "names"),
    [
        ({"max_workers": 0}, {}, ValueError, "max_workers=0"),
        ({"max_workers": 1.5}, {}, ValueError, "max_workers=1.5"),
        ({"max_workers": [1]}, {}, TypeError, "max_workers"),
        ({}, {"COGNITE_MAX_WORKERS": "many"}, ValueError, "COGNITE_MAX_WORKERS='many'"),
        ({"timeout": -1}, {}, ValueError, "timeout=-1"),
        ({"timeout": float("nan")}, {}, ValueError, "timeout"),
        ({"base_url": "api.cognitedata.com"}, {}, ValueError, "base_url='api.cognitedata.com'"),
        ({"base_url": "https://user:pass@host"}, {}, ValueError, "base_url"),
        ({}, {"COGNITE_BASE_URL": "ftp://x"}, ValueError, "COGNITE_BASE_URL"),
        ({"headers": {"a": 1}}, {}, TypeError, r"headers\['a'\]"),
        ({"headers": "x"}, {}, TypeError, "headers"),
        ({"proxies": ["x"]}, {}, TypeError, "proxies"),
        ({"api_key": 1}, {}, TypeError, "api_key"),
        ({"api_key": " "}, {}, ValueError, "api_key"),
        ({"api_key": "line\nend"}, {}, ValueError, "api_key"),
        ({"token": 5}, {}, TypeError, "token"),
        ({"token_scopes": 5}, {}, TypeError, "token_scopes"),
        ({"token_custom_args": "x"}, {}, TypeError, "token_custom_args"),
        ({"project": ""}, {}, ValueError, "project"),
        ({}, {"COGNITE_STATUS_FORCELIST": "429;502"}, ValueError, "COGNITE_STATUS_FORCELIST"),
        ({}, {"COGNITE_DISABLE_GZIP": "maybe"}, ValueError, "COGNITE_DISABLE_GZIP='maybe'"),
    ],
)
def test_what_cannot_be_right_names_its_source(
    arguments: dict[str, object], environment: dict[str, str], error: type[Exception], names: str
) -> None:
    with pytest.raises(error, match=names):
        resolve(arguments, environment)


def test_secrets_are_not_shown() -> None:
    config = resolve(
        {
            "api_key": "topsecret",
            "token": "topsecret",
            "token_client_secret": "topsecret",
            "token_custom_args": {"password": "topsecret"},
            "headers": {"x-key": "topsecret"},
            "proxies": {"https": "http://user:topsecret@proxy"},
        },
        {},
    )
    assert "topsecret" not in repr(config)


def test_a_secret_that_is_refused_is_not_shown_either() -> None:
    with pytest.raises(ValueError) as refusal:
        resolve({"api_key": "topsecret\n"}, {})
    assert "topsecret" not in str(refusal.value)


def test_pickles() -> None:
    config = resolve({"api_key": "k", "project": "p"}, {})
    assert pickle.loads(pickle.dumps(config)) == config
