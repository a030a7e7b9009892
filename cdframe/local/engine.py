"""The engine of a local CDF: its parts, put together."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType

from cdframe.local.application import Application
from cdframe.local.assets import routes as assets_routes
from cdframe.local.assets.tables import TABLES as ASSETS_TABLES
from cdframe.local.clock import Clock
from cdframe.local.data_sets import routes as data_sets_routes
from cdframe.local.data_sets.tables import TABLES as DATA_SETS_TABLES
from cdframe.local.database import Database
from cdframe.local.datapoints import routes as datapoints_routes
from cdframe.local.datapoints.tables import TABLES as DATAPOINTS_TABLES
from cdframe.local.errors import LocalCDFError
from cdframe.local.events import routes as events_routes
from cdframe.local.events.tables import TABLES as EVENTS_TABLES
from cdframe.local.extraction_pipelines import routes as extraction_pipelines_routes
from cdframe.local.extraction_pipelines.tables import CONFIG_TABLES as EXTRACTION_CONFIGS_TABLES
from cdframe.local.extraction_pipelines.tables import TABLES as EXTRACTION_PIPELINES_TABLES
from cdframe.local.files import routes as files_routes
from cdframe.local.files.blobs import Blobs
from cdframe.local.files.contents import Contents
from cdframe.local.files.links import UPLOAD_LIFETIME, Links
from cdframe.local.files.tables import TABLES as FILES_TABLES
from cdframe.local.folder import Folder
from cdframe.local.identity import routes as identity_routes
from cdframe.local.identity.directory import Directory
from cdframe.local.identity.tables import TABLES as IDENTITY_TABLES
from cdframe.local.identity.tokens import Tokens
from cdframe.local.labels import routes as labels_routes
from cdframe.local.labels.tables import TABLES as LABELS_TABLES
from cdframe.local.raw import routes as raw_routes
from cdframe.local.raw.tables import TABLES as RAW_TABLES
from cdframe.local.relationships import routes as relationships_routes
from cdframe.local.relationships.tables import TABLES as RELATIONSHIPS_TABLES
from cdframe.local.sequences import routes as sequences_routes
from cdframe.local.sequences.tables import TABLES as SEQUENCES_TABLES
from cdframe.local.time_series import routes as time_series_routes
from cdframe.local.time_series.tables import FIRST_TABLES as FIRST_TIME_SERIES_TABLES
from cdframe.local.time_series.tables import TABLES as TIME_SERIES_TABLES

# The statements that lead from each format of the database to the next. Never changed, only added to.
MIGRATIONS = (
    (*IDENTITY_TABLES, *FIRST_TIME_SERIES_TABLES, *DATAPOINTS_TABLES),
    (*TIME_SERIES_TABLES, *DATA_SETS_TABLES, *LABELS_TABLES),
    ASSETS_TABLES,
    EVENTS_TABLES,
    RELATIONSHIPS_TABLES,
    SEQUENCES_TABLES,
    FILES_TABLES,
    EXTRACTION_PIPELINES_TABLES,
    RAW_TABLES,
    EXTRACTION_CONFIGS_TABLES,
)

ROUTES = (
    *identity_routes.ROUTES,
    *assets_routes.ROUTES,
    *data_sets_routes.ROUTES,
    *events_routes.ROUTES,
    *extraction_pipelines_routes.ROUTES,
    *files_routes.ROUTES,
    *labels_routes.ROUTES,
    *raw_routes.ROUTES,
    *relationships_routes.ROUTES,
    *sequences_routes.ROUTES,
    *time_series_routes.ROUTES,
    *datapoints_routes.ROUTES,
)


class LocalCDF:
    """A local CDF, kept in a folder, or in memory without one.

    One process at a time has a folder open. Within it, any number of threads may call `app`, a WSGI application.
    """

    def __init__(
        self, path: str | os.PathLike[str] | None = None, *, project: str = "local", api_key: str | None = None
    ) -> None:
        """Open the folder, which is made if it is not there.

        `api_key` becomes a key of the first administrator. Without it a new folder gets a generated one, which
        `generated_api_key` holds this once.
        """
        if not project:
            raise LocalCDFError("the project must have a name, but was ''")
        if api_key is not None and not api_key.strip():
            raise LocalCDFError("the API key must not be empty: leave it out, and one is generated")
        self.project = project
        self._folder = Folder(Path(path)) if path is not None else None
        try:
            self.clock = Clock()
            self.database = Database(self._folder.database if self._folder else None, MIGRATIONS)
            try:
                self.directory = Directory(self.database, self.clock, api_key=api_key)
                self.blobs = self._open_blobs()
            except BaseException:
                self.database.close()
                raise
        except BaseException:
            if self._folder:
                self._folder.release()
            raise
        self.project_id = 1  # there is just one
        self.tokens = Tokens(self.directory, project)
        self.links = Links(self.directory.token_secret, self.clock)
        self.generated_api_key = self.directory.generated_api_key
        self.process_api_key = self.directory.add_process_key()
        self.app = Application(self, ROUTES)
        self._closed = False

    def _open_blobs(self) -> Blobs:
        """The contents of files, without those that nothing refers to."""
        blobs = Blobs(self._folder.blobs if self._folder else None)
        with self.database.write() as connection:
            contents = Contents(connection)
            contents.expire_uploads(self.clock.now() - UPLOAD_LIFETIME)
            kept = contents.blobs()
        blobs.sweep(kept)
        return blobs

    def close(self) -> None:
        """Write everything to the folder, and let go of it. Closing twice is allowed."""
        if self._closed:
            return
        self._closed = True
        self.database.close()
        self.blobs.close()
        if self._folder:
            self._folder.release()

    def __enter__(self) -> LocalCDF:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
