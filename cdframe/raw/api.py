"""`client.raw`: databases of tables of rows of any JSON."""

from __future__ import annotations

from cdframe.raw.names import RawDatabasesAPI, RawTablesAPI
from cdframe.raw.rows import RawRowsAPI
from cdframe.resources.rows import API
from cdframe.session import Session
from cdframe.types import FrameKind


class RawAPI(API):
    """`client.raw`: staging tables for data of any shape; `databases`, `tables` and `rows`."""

    def __init__(self, session: Session, frame: FrameKind) -> None:
        super().__init__(session, frame)
        self.databases = RawDatabasesAPI(session, frame)
        self.tables = RawTablesAPI(session, frame)
        self.rows = RawRowsAPI(session, frame)
