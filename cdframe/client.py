"""`CogniteClient`: the way in. Configuration, one attribute per family of resources, and calls to any path."""

from __future__ import annotations

import atexit
import os
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any

import httpx

from cdframe import engines
from cdframe._version import __version__
from cdframe.config import ClientConfig, resolve
from cdframe.datapoints import DatapointsAPI
from cdframe.engines import EngineHold
from cdframe.errors import CogniteMissingClientError
from cdframe.frames import check_kind
from cdframe.in_process import InProcessTransport
from cdframe.raw import RawAPI
from cdframe.resources.assets import AssetsAPI
from cdframe.resources.data_sets import DataSetsAPI
from cdframe.resources.events import EventsAPI
from cdframe.resources.extraction_pipelines import ExtractionPipelineRunsAPI, ExtractionPipelinesAPI
from cdframe.resources.files import FilesAPI
from cdframe.resources.labels import LabelsAPI
from cdframe.resources.login import LoginAPI
from cdframe.resources.relationships import RelationshipsAPI
from cdframe.resources.sequences import SequencesAPI
from cdframe.resources.time_series import TimeSeriesAPI
from cdframe.session import Session
from cdframe.stats import ClientStats
from cdframe.types import FrameKind


class CogniteClient:
    """A client of Cognite Data Fusion, whose calls return frames.

    Every argument may be left out: an environment variable then says it, else a default.

    Args:
        api_key: API key (COGNITE_API_KEY).
        api_subversion: value of the header ``cdf-version`` (COGNITE_API_VERSION).
        project: project (COGNITE_PROJECT); by default that of the credentials.
        client_name: name of your application (COGNITE_CLIENT_NAME); default ``cdframe``.
        base_url: server (COGNITE_BASE_URL); default ``https://api.cognitedata.com``.
        max_workers: parallel requests of this client (COGNITE_MAX_WORKERS); default 10.
        headers: further headers for all requests.
        timeout: seconds that a request may take (COGNITE_TIMEOUT); default 30.
        file_transfer_timeout: the same for file contents (COGNITE_FILE_TRANSFER_TIMEOUT); default 600.
        proxies: proxy URL by protocol, such as ``{"https": "http://10.10.1.10:1080"}``.
        token: bearer token, or a function that gives one and is called for each request; overrides `api_key`.
        token_url, token_client_id, token_client_secret, token_scopes: OIDC client credentials, used when neither
            `api_key` nor `token` is given (COGNITE_TOKEN_URL, COGNITE_CLIENT_ID, COGNITE_CLIENT_SECRET,
            COGNITE_TOKEN_SCOPES with commas between).
        token_custom_args: `verify`, `timeout`, `proxies`, `headers`, `cert` and `auth` are options of the token
            request, other keys are fields of its form.
        disable_pypi_version_check: has no effect, cdframe makes no such check.
        debug: log requests to stderr, without secrets.
        frame: what calls return: "polars", "pandas" (with Arrow dtypes) or "pyarrow".

    Raises:
        CogniteAPIKeyError: credentials are missing, incomplete or refused.
        TypeError, ValueError: an argument or a variable that cannot be right.

    Examples:
        >>> client = CogniteClient.local()
        >>> client.time_series.create({"external_id": "p1", "unit": "bar"}).shape
        (1, 15)
    """

    def __init__(
        self,
        api_key: str | None = None,
        api_subversion: str | None = None,
        project: str | None = None,
        client_name: str | None = None,
        base_url: str | None = None,
        max_workers: int | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        file_transfer_timeout: float | None = None,
        proxies: Mapping[str, str] | None = None,
        token: str | Callable[[], str] | None = None,
        token_url: str | None = None,
        token_client_id: str | None = None,
        token_client_secret: str | None = None,
        token_scopes: Sequence[str] | None = None,
        token_custom_args: Mapping[str, Any] | None = None,
        disable_pypi_version_check: bool | None = None,
        debug: bool = False,
        *,
        frame: FrameKind = "polars",
    ) -> None:
        arguments = {name: value for name, value in locals().items() if name != "self"}
        self._begin(Session(resolve(arguments)), check_kind(frame))

    @classmethod
    def local(
        cls,
        path: str | os.PathLike[str] | None = None,
        *,
        project: str = "local",
        frame: FrameKind = "polars",
        **arguments: Any,
    ) -> CogniteClient:
        """Make a client of a local CDF that runs in this process, with no account and no socket.

        Args:
            path: the folder that keeps its data (made if it is not there); None keeps them in memory. Clients of one
                process that name one folder share it.
            project: name of the project.
            frame: what calls return.
            arguments: further arguments of `CogniteClient`, such as `max_workers`.

        Raises:
            LocalCDFError: another process has the folder open, or it is not a folder of a local CDF.

        Examples:
            >>> with CogniteClient.local() as client:
            ...     client.login.status().project
            'local'
        """
        return cls._of_engine(engines.start(path, project), {**arguments, "frame": check_kind(frame)})

    @classmethod
    def _of_engine(cls, hold: EngineHold, arguments: Mapping[str, Any]) -> CogniteClient:
        engine = hold.engine
        access = {"api_key": engine.process_api_key, "project": engine.project, "base_url": "http://local-cdf"}
        try:
            config = resolve({**arguments, **access})
            client = cls.__new__(cls)
            client._begin(Session(config, InProcessTransport(engine.app), hold), config.frame)
        except BaseException:
            hold.close()
            raise
        return client

    def _begin(self, session: Session, frame: FrameKind) -> None:
        global _current
        self._attach(session, frame)
        _current = self

    def _attach(self, session: Session, frame: FrameKind) -> None:
        self._session = session
        self._frame = frame
        self.login = LoginAPI(session, frame)
        self.assets = AssetsAPI(session, frame)
        self.labels = LabelsAPI(session, frame)
        self.events = EventsAPI(session, frame)
        self.data_sets = DataSetsAPI(session, frame)
        self.extraction_pipelines = ExtractionPipelinesAPI(session, frame)
        self.extraction_pipeline_runs = ExtractionPipelineRunsAPI(session, frame)
        self.files = FilesAPI(session, frame)
        self.sequences = SequencesAPI(session, frame)
        self.relationships = RelationshipsAPI(session, frame)
        self.time_series = TimeSeriesAPI(session, frame)
        self.raw = RawAPI(session, frame)
        self.datapoints = DatapointsAPI(session, frame)

    @property
    def version(self) -> str:
        """The version of cdframe."""
        return __version__

    @property
    def config(self) -> ClientConfig:
        """The configuration of this client."""
        return self._session.config

    @property
    def project(self) -> str:
        """The project that calls go to."""
        return self._session.project

    @property
    def stats(self) -> ClientStats:
        """What this client has done so far: requests, retries, bytes, points and waits.

        Examples:
            >>> before = client.stats
            >>> client.time_series.list().height
            2
            >>> client.stats.requests - before.requests
            1
        """
        return self._session.tally.snapshot()

    @property
    def frame(self) -> FrameKind:
        """The kind of frames that calls return."""
        return self._frame

    def with_frame(self, frame: FrameKind) -> CogniteClient:
        """Give the same client, with the same connections, that returns frames of another kind.

        Examples:
            >>> type(client.with_frame("pyarrow").time_series.list()).__name__
            'Table'
        """
        twin = type(self).__new__(type(self))
        twin._attach(self._session, check_kind(frame))
        return twin

    def get(
        self, url: str, params: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Make a GET request to any path of the server, such as ``/api/v1/projects/p/assets``.

        Raises:
            CogniteAPIError: the answer is not 2xx.
        """
        return self._call("GET", url, None, params, headers)

    def post(
        self,
        url: str,
        json: Any,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Make a POST request to any path of the server."""
        return self._call("POST", url, json, params, headers)

    def put(self, url: str, json: Any = None, headers: Mapping[str, str] | None = None) -> httpx.Response:
        """Make a PUT request to any path of the server."""
        return self._call("PUT", url, json, None, headers)

    def delete(
        self, url: str, params: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Make a DELETE request to any path of the server."""
        return self._call("DELETE", url, None, params, headers)

    def close(self) -> None:
        """Let go of connections, threads and the local CDF that `local` started. May be called again.

        A local CDF ends when no client of the process uses it any more.
        """
        self._session.close()

    def __enter__(self) -> CogniteClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"CogniteClient(project={self.project!r}, base_url={self.config.base_url!r}, frame={self.frame!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        if self._session.engine is None:
            return _restore, (self.config, self._frame)
        return _restore_local, (self._session.engine.key, self._frame, self.config.max_workers)

    def _call(
        self,
        method: str,
        url: str,
        json: Any,
        params: Mapping[str, Any] | None,
        headers: Mapping[str, str] | None,
    ) -> httpx.Response:
        if not isinstance(url, str) or not url.startswith("/"):
            raise ValueError(f"url={url!r} must be a path on {self.config.base_url} that begins with '/'.")
        return self._session.request(method, url, json=json, params=params, headers=headers, host=True)


_current: CogniteClient | None = None


def current_client(client: CogniteClient | None = None) -> CogniteClient:
    """Give the client named, else the one made last in this process.

    Raises:
        CogniteMissingClientError: none has been made.
    """
    chosen = client or _current
    if chosen is None:
        raise CogniteMissingClientError
    return chosen


@atexit.register
def _forget() -> None:
    """Let the client made last be freed while everything that it uses is still there."""
    global _current
    _current = None


def _restore(config: ClientConfig, frame: FrameKind) -> CogniteClient:
    client = CogniteClient.__new__(CogniteClient)
    client._begin(Session(config), frame)
    return client


def _restore_local(key: str, frame: FrameKind, max_workers: int) -> CogniteClient:
    return CogniteClient._of_engine(engines.find(key), {"frame": frame, "max_workers": max_workers})
