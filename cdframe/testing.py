"""Mocks of the client for tests: no server, no network, calls checked against the real signatures.

To test against something that behaves like CDF, use the pytest fixture `cdf_client`, a client of a local CDF.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from inspect import Signature, signature
from typing import Any
from unittest.mock import DEFAULT, MagicMock, create_autospec, patch

import httpx

from cdframe import client as client_module
from cdframe.client import CogniteClient
from cdframe.config import resolve
from cdframe.resources.rows import API
from cdframe.session import Session


class CogniteClientMock(MagicMock):
    """A mock of `CogniteClient`, whose APIs are mocks too.

    What the client and its APIs do not have raises AttributeError, and calls that the real methods would not take raise
    TypeError. Iterating over an API gives nothing, until ``mock.time_series.__iter__.return_value = rows`` says other.

    Examples:
        >>> mock = CogniteClientMock()
        >>> mock.time_series.list.return_value = "a frame"
        >>> mock.time_series.list(unit="bar")
        'a frame'
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if kwargs.keys() & {"parent", "_new_parent"}:  # made by mock itself, for an attribute or a result of this one
            super().__init__(*args, **kwargs)
            return
        model = _model()
        super().__init__(spec=model, **kwargs)
        _mock_members(self, model)
        self.with_frame.return_value = self
        self.local.return_value = self
        self.__enter__.return_value = self


@contextmanager
def monkeypatch_cognite_client() -> Iterator[CogniteClientMock]:
    """Replace `CogniteClient` by a mock within a ``with`` block.

    There `CogniteClient(...)` and `CogniteClient.local(...)` give the mock, without credentials or a connection, and
    accessors (`.cdf`) use it. Clients made before stay as they are.

    Yields:
        The mock.

    Examples:
        >>> from cdframe.testing import monkeypatch_cognite_client
        >>> with monkeypatch_cognite_client() as mock:
        ...     mock.login.status.return_value = "fine"
        ...     CogniteClient().login.status()
        'fine'
    """
    mock = CogniteClientMock()

    def give_mock(cls: type[CogniteClient], *args: Any, **kwargs: Any) -> CogniteClientMock:
        return mock

    with (
        _constructor(give_mock),
        patch.object(CogniteClient, "local", classmethod(give_mock)),
        patch.object(client_module, "_current", mock),
    ):
        yield mock


@contextmanager
def _constructor(give: Callable[..., Any]) -> Iterator[None]:
    # Deleting a `__new__` that was set leaves a class that takes no arguments, so where there was
    # none, one that does what there was before stays.
    before = vars(CogniteClient).get("__new__", staticmethod(_construct))
    CogniteClient.__new__ = give  # type: ignore[method-assign]
    try:
        yield
    finally:
        CogniteClient.__new__ = before  # type: ignore[method-assign]


@wraps(CogniteClient.__init__)  # so that the signature of the class stays what it was
def _construct(cls: type[CogniteClient], *args: Any, **kwargs: Any) -> CogniteClient:
    return object.__new__(cls)


def _model() -> CogniteClient:
    """Make a client that reaches nothing, to derive the mocks from: what it has, they have."""

    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("a mock has no connection", request=request)

    config = resolve({"project": "mock", "api_key": "mock", "base_url": "http://mock"}, environment={})
    session = Session(config, httpx.MockTransport(refuse))
    session.close()
    model = object.__new__(CogniteClient)
    model._attach(session, config.frame)
    return model


def _mock_members(mock: MagicMock, model: object) -> None:
    """Give `mock` what `model` has: methods that check their arguments, APIs that are mocks, and plain values."""
    for name in (name for name in dir(model) if not name.startswith("_")):
        member = getattr(model, name)
        if isinstance(member, API):
            setattr(mock, name, _mock_api(member))
        else:
            setattr(mock, name, create_autospec(member) if callable(member) else member)


def _mock_api(api: API) -> MagicMock:
    mock = MagicMock(spec=api)
    _mock_members(mock, api)
    if callable(api):
        mock.side_effect = _checked_by(signature(api))
    return mock


def _checked_by(parameters: Signature) -> Callable[..., Any]:
    def check(*args: Any, **kwargs: Any) -> Any:
        parameters.bind(*args, **kwargs)
        return DEFAULT

    return check
