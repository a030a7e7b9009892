"""The client as a whole: local and remote, closing, pickling, twins with other frames, any path."""

from __future__ import annotations

import pickle
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import cdframe
from cdframe import CogniteAPIError, CogniteAPIKeyError, CogniteClient, CogniteMissingClientError
from cdframe.local import LocalCDF, LocalCDFError, serve


@pytest.fixture
def served() -> Iterator[str]:
    """A local CDF over HTTP, with the key `k` and the project `plant`; gives its base url."""
    with LocalCDF(project="plant", api_key="k") as engine:
        urls: queue.Queue[str] = queue.Queue()
        stop = threading.Event()
        thread = threading.Thread(target=serve, args=(engine,), kwargs={"port": 0, "ready": urls.put, "stop": stop})
        thread.start()
        try:
            yield urls.get(timeout=10)
        finally:
            stop.set()
            thread.join()


def test_login(cdf_client: CogniteClient) -> None:
    status = cdf_client.login.status()
    assert status.logged_in
    assert status.project == cdf_client.project == "local"
    assert status.dump(camel_case=True).keys() == {"user", "project", "loggedIn", "projectId", "apiKeyId"}
    assert pl.DataFrame(status).height == len(status.to_pandas()) == 1


def test_a_folder_keeps_its_data(tmp_path: Path) -> None:
    with CogniteClient.local(tmp_path / "plant") as client:
        client.time_series.create({"external_id": "kept"})
    with CogniteClient.local(tmp_path / "plant") as client:
        assert client.time_series.list()["external_id"].to_list() == ["kept"]


def test_clients_of_one_process_share_a_folder(tmp_path: Path) -> None:
    first = CogniteClient.local(tmp_path)
    second = CogniteClient.local(tmp_path / "." / "")  # as when a cell of a notebook is run again
    first.time_series.create({"external_id": "shared"})
    first.close()
    assert second.time_series.list()["external_id"].to_list() == ["shared"]
    with pytest.raises(LocalCDFError, match="open in this process as the project 'local', not 'other'"):
        CogniteClient.local(tmp_path, project="other")
    second.close()
    with CogniteClient.local(tmp_path, project="other") as third:
        assert third.time_series.list().height == 1


def test_a_process_that_closes_nothing_ends_quietly(tmp_path: Path) -> None:
    code = (
        "import cdframe\n"
        f"client = cdframe.CogniteClient.local({str(tmp_path)!r})\n"
        "client.time_series.create({'external_id': 'a'})\n"
        "cdframe.CogniteClient.local().time_series.list()\n"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    with CogniteClient.local(tmp_path) as client:
        assert client.time_series.list().height == 1


def test_clients_in_memory_are_apart() -> None:
    with CogniteClient.local() as one, CogniteClient.local() as other:
        one.time_series.create({"external_id": "mine"})
        assert other.time_series.list().is_empty()


def test_a_closed_client_says_so_and_closes_again() -> None:
    client = CogniteClient.local()
    client.close()
    client.close()
    with pytest.raises(RuntimeError, match="closed"):
        client.time_series.list()


def test_twins_share_everything_but_frames(cdf_client: CogniteClient) -> None:
    cdf_client.time_series.create({"external_id": "a"})
    assert isinstance(cdf_client.time_series.list(), pl.DataFrame)
    assert isinstance(cdf_client.with_frame("pandas").time_series.list(), pd.DataFrame)
    assert isinstance(cdf_client.with_frame("pyarrow").time_series.list(), pa.Table)
    with pytest.raises(ValueError, match=r"frame='spark' is not known. Accepted: 'polars', 'pandas', 'pyarrow'"):
        cdf_client.with_frame("spark")  # type: ignore[arg-type]


def test_any_path(cdf_client: CogniteClient) -> None:
    base = f"/api/v1/projects/{cdf_client.project}"
    assert cdf_client.get("/login/status").json()["data"]["loggedIn"]
    assert cdf_client.get(f"{base}/timeseries", params={"limit": 1}).json() == {"items": []}
    created = cdf_client.post(f"{base}/timeseries", json={"items": [{"externalId": "a"}]})
    assert created.status_code == 201
    for call in (lambda: cdf_client.put(f"{base}/nothing", {}), lambda: cdf_client.delete(f"{base}/nothing")):
        with pytest.raises(CogniteAPIError) as failure:
            call()
        assert failure.value.code == 404
    with pytest.raises(ValueError, match="begins with '/'"):
        cdf_client.get("https://elsewhere.example/steal")


def test_over_http(served: str) -> None:
    with CogniteClient(api_key="k", base_url=served) as client:
        assert client.project == "plant"
        client.time_series.create({"external_id": "a"})
        twin = pickle.loads(pickle.dumps(client))
        assert twin.time_series.list()["external_id"].to_list() == ["a"]
        twin.close()
        assert client.time_series.list().height == 1


def test_environment_variables(served: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COGNITE_API_KEY", "k")
    monkeypatch.setenv("COGNITE_BASE_URL", served)
    monkeypatch.setenv("COGNITE_PROJECT", "plant")
    with CogniteClient() as client:
        assert client.login.status().project == "plant"


def test_client_credentials(served: str) -> None:
    with CogniteClient(
        token_url=f"{served}/oauth2/token", token_client_id="admin", token_client_secret="k", base_url=served
    ) as client:
        assert client.project == "plant"
        assert client.login.status().user == "admin"
    with pytest.raises(CogniteAPIKeyError, match="invalid_client, 401"):
        CogniteClient(
            token_url=f"{served}/oauth2/token", token_client_id="admin", token_client_secret="wrong", base_url=served
        )


def test_wrong_keys_and_projects(served: str) -> None:
    with pytest.raises(CogniteAPIKeyError, match="does not accept the credentials"):
        CogniteClient(api_key="wrong", base_url=served)
    for settings in ({"api_key": "wrong", "project": "plant"}, {"api_key": "k", "project": "other"}):
        with CogniteClient(**settings, base_url=served) as client, pytest.raises(CogniteAPIError) as failure:
            client.time_series.list()
        assert failure.value.code == 401
        assert "wrong" not in str(failure.value)
    with CogniteClient(token="nonsense", project="plant", base_url=served) as client:
        assert not client.login.status().logged_in


def test_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COGNITE_API_KEY", raising=False)
    with pytest.raises(CogniteAPIKeyError, match=r"No credentials.*CogniteClient.local\(\)"):
        CogniteClient()


def test_a_pickled_local_client_works_in_its_process_only(cdf_client: CogniteClient, tmp_path: Path) -> None:
    cdf_client.time_series.create({"external_id": "a"})
    pickled = pickle.dumps(cdf_client)
    twin = pickle.loads(pickled)
    assert twin.time_series.list().height == 1
    twin.close()
    assert cdf_client.time_series.list().height == 1
    (tmp_path / "client.pickle").write_bytes(pickled)
    code = f"import pickle; pickle.load(open({str(tmp_path / 'client.pickle')!r}, 'rb'))"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert "cdframe serve" in other.stderr
    assert "CogniteMissingClientError" in other.stderr


def test_accessors_use_the_client_made_last() -> None:
    with CogniteClient.local() as first, CogniteClient.local() as second:
        pl.DataFrame({"external_id": ["a"]}).cdf.create("time_series")
        assert second.time_series.list().height == 1
        pl.DataFrame({"external_id": ["b"]}).cdf.create("time_series", client=first)
        assert first.time_series.list()["external_id"].to_list() == ["b"]


def test_accessors_without_a_client() -> None:
    code = (
        "import polars as pl, cdframe\n"
        "try:\n"
        "    pl.DataFrame({'external_id': ['a']}).cdf.create('time_series')\n"
        "except cdframe.CogniteMissingClientError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert "make one first" in done.stdout
    assert issubclass(CogniteMissingClientError, cdframe.CogniteException)


def test_version_and_repr(cdf_client: CogniteClient) -> None:
    assert cdf_client.version == cdframe.__version__
    assert repr(cdf_client) == "CogniteClient(project='local', base_url='http://local-cdf', frame='polars')"
    assert cdf_client.config.max_workers == 10
    with CogniteClient.local(max_workers=3) as narrow:
        assert narrow.config.max_workers == 3


def test_stats_count_points(cdf_client: CogniteClient) -> None:
    cdf_client.time_series.create({"external_id": "a"})
    before = cdf_client.stats
    cdf_client.datapoints.insert([(n, 1.0) for n in range(500)], external_id="a")
    cdf_client.datapoints.retrieve(0, 300, external_id="a")
    after = cdf_client.with_frame("pandas").stats
    assert after.points_written - before.points_written == 500
    assert after.points_read - before.points_read == 300
    assert after.requests - before.requests == 2
    assert after.bytes_sent > before.bytes_sent and after.bytes_received > before.bytes_received


def test_many_threads_share_a_client(cdf_client: CogniteClient) -> None:
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for step in range(5):
                cdf_client.time_series.create({"external_id": f"{number}-{step}"})
                cdf_client.time_series.list(limit=None)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert cdf_client.time_series.aggregate()["count"].to_list() == [40]
