"""`cdframe.testing`: mocks that have what the client has, and a client that is replaced and given back."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import polars as pl
import pytest

import cdframe
from cdframe import CogniteAPIError, CogniteClient, CogniteMissingClientError, LoginStatus
from cdframe.client import current_client
from cdframe.resources.rows import API
from cdframe.testing import CogniteClientMock, monkeypatch_cognite_client


def test_documented_calls_reach_no_server() -> None:
    with monkeypatch_cognite_client():
        c = CogniteClient()
        c.time_series.create({"external_id": "blabla"})


def test_documented_return_value() -> None:
    with monkeypatch_cognite_client() as c_mock:
        c_mock.login.status.return_value = LoginStatus(
            user="user", project="dummy", project_id=1, logged_in=True, api_key_id=1
        )
        c = CogniteClient()
        res = c.login.status()
        assert res.user == "user"


def test_documented_exception() -> None:
    with monkeypatch_cognite_client() as c_mock:
        c_mock.login.status.side_effect = CogniteAPIError(message="Something went wrong", code=400)
        c = CogniteClient()
        with pytest.raises(CogniteAPIError) as caught:
            c.login.status()
        assert caught.value.code == 400
        assert caught.value.message == "Something went wrong"


def families(owner: Any) -> dict[str, Any]:
    return {name: value for name, value in vars(owner).items() if isinstance(value, API)}


def test_every_api_of_the_client_is_a_mock_with_all_its_methods(cdf_client: CogniteClient) -> None:
    def check(real: Any, mock: Any, path: str) -> None:
        for name in (name for name in dir(real) if not name.startswith("_")):
            if callable(getattr(real, name)):
                getattr(mock, name).assert_not_called()
            else:
                assert isinstance(getattr(mock, name), type(getattr(real, name))), f"{path}.{name}"
        for name, api in families(real).items():
            assert isinstance(getattr(mock, name), MagicMock), f"{path}.{name}"
            assert isinstance(getattr(mock, name), type(api)), f"{path}.{name}"
            check(api, getattr(mock, name), f"{path}.{name}")

    assert {"login", "time_series", "datapoints"} <= set(families(cdf_client))
    assert "synthetic" in families(cdf_client.datapoints)
    mock = CogniteClientMock()
    assert isinstance(mock, CogniteClient)
    check(cdf_client, mock, "client")


def test_the_mock_has_every_documented_method_of_the_families_that_are_there(cdf_client: CogniteClient) -> None:
    mock = CogniteClientMock()
    listing = Path(__file__).parent / "data" / "operations.tsv"
    with listing.open() as file:
        paths = [row["path"] for row in csv.DictReader(file, delimiter="\t")]
    checked = 0
    for path in paths:
        family, *parts = path.split(".")
        if hasattr(cdf_client, family) and parts:
            target: Any = getattr(mock, family)
            for part in parts:
                target = target if part == "__call__" else getattr(target, part)
            target.return_value = "told"
            checked += 1
    assert checked >= 15


@pytest.mark.parametrize("path", ["tiem_series", "time_series.retreive", "datapoints.synthetic.ask", "login.state"])
def test_what_the_client_does_not_have_raises(path: str) -> None:
    target: Any = CogniteClientMock()
    *parents, last = path.split(".")
    for parent in parents:
        target = getattr(target, parent)
    with pytest.raises(AttributeError, match=last):
        getattr(target, last)


def test_calls_are_checked_against_the_real_signatures() -> None:
    mock = CogniteClientMock()
    mock.time_series.list(unit="bar", limit=None)
    mock.time_series.list.assert_called_once_with(unit="bar", limit=None)
    with pytest.raises(TypeError, match="unti"):
        mock.time_series.list(unti="bar")
    with pytest.raises(TypeError):
        mock.datapoints.synthetic.query()
    with pytest.raises(TypeError):
        mock.post()
    with pytest.raises(TypeError):
        mock.time_series(10, "bar")
    mock.post("/path", json={}).json.return_value = {}


def test_iteration_and_call_give_nothing_until_told() -> None:
    mock = CogniteClientMock()
    assert list(mock.time_series) == []
    assert list(mock.time_series(chunk_size=10)) == []
    mock.time_series.assert_called_once_with(chunk_size=10)
    mock.time_series.__iter__.return_value = [{"external_id": "a"}]
    mock.time_series.return_value = ["frame"]
    assert [row["external_id"] for row in mock.time_series] == ["a"]
    assert list(mock.time_series(chunk_size=10)) == ["frame"]


def test_every_way_to_make_a_client_gives_the_mock() -> None:
    class Mine(CogniteClient):
        pass

    with monkeypatch_cognite_client() as mock:
        assert CogniteClient(api_key="k", project="p", max_workers=3) is mock
        assert cdframe.CogniteClient.local("folder", frame="pandas") is mock
        assert Mine() is mock
        assert mock.with_frame("pandas") is mock
        with CogniteClient() as client:
            assert client is mock
        assert client.version == cdframe.__version__
        assert client.frame == "polars"
        assert client.config.max_workers == 10
        assert client.project == "mock"


def test_accessors_use_the_mock() -> None:
    frame = pl.DataFrame({"external_id": ["p1"]})
    with monkeypatch_cognite_client() as mock:
        mock.time_series.create.return_value = "created"
        assert frame.cdf.create("time_series") == "created"  # type: ignore[attr-defined]
        assert current_client() is mock


def test_everything_is_given_back(cdf_client: CogniteClient, tmp_path: Path) -> None:
    with monkeypatch_cognite_client():
        pass
    assert current_client() is cdf_client
    with CogniteClient.local(tmp_path / "plant", project="back", frame="pyarrow") as client:
        assert type(client) is CogniteClient
        assert client.login.status().project == "back"
        assert current_client() is client
    with pytest.raises(ValueError, match="base_url"):
        CogniteClient("key", base_url="nowhere")
    with pytest.raises(TypeError):
        CogniteClient(no_such_argument=1)  # type: ignore[call-arg]
    direct = CogniteClient("key", None, "project", base_url="http://127.0.0.1:9")
    assert direct.config.project == "project"
    direct.close()


def test_everything_is_given_back_after_an_error(cdf_client: CogniteClient) -> None:
    with pytest.raises(ZeroDivisionError), monkeypatch_cognite_client():
        raise ZeroDivisionError
    assert current_client() is cdf_client
    with CogniteClient.local() as client:
        assert type(client) is CogniteClient


def test_blocks_may_be_nested() -> None:
    with monkeypatch_cognite_client() as outer:
        with monkeypatch_cognite_client() as inner:
            assert CogniteClient() is inner
        assert CogniteClient() is outer
        assert CogniteClient.local() is outer
    with CogniteClient.local() as client:
        assert type(client) is CogniteClient


def test_without_a_client_there_is_none_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cdframe.client._current", None)
    with monkeypatch_cognite_client() as mock:
        assert current_client() is mock
    with pytest.raises(CogniteMissingClientError):
        current_client()


def test_no_credentials_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COGNITE_API_KEY", "a secret")
    monkeypatch.setenv("COGNITE_MAX_WORKERS", "none at all")
    with monkeypatch_cognite_client() as mock:
        assert "a secret" not in repr(mock)
        assert mock.config.api_key == "mock"
