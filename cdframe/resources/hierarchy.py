"""Hierarchies of assets created at once: parents first, as many requests in parallel as the tree allows."""

from __future__ import annotations

from functools import partial

import numpy as np
import polars as pl
import pyarrow as pa

from cdframe.frames import from_polars
from cdframe.json_rows import Rows, items_body, read_page
from cdframe.progress import progress_callback
from cdframe.resources.hierarchy_plan import NONE, Integers, plan_hierarchy
from cdframe.resources.listing import PAGE
from cdframe.schemas import Schema
from cdframe.session import Session
from cdframe.types import Frame, FrameKind, ProgressOption
from cdframe.writes import Outcome, Write, failure_of, outcome_of


class HierarchyWrite:
    """One write of a hierarchy, and what has become of each row so far."""

    def __init__(
        self, session: Session, path: str, schema: Schema, rows: pa.Table, objects: pl.Series, most: int = PAGE
    ) -> None:
        """Plan it; `objects` are the rows as they are sent, `most` in a request.

        Raises:
            CogniteHierarchyError: the rows do not make a hierarchy.
        """
        self._session = session
        self._path = path
        self._schema = schema
        self._rows = rows
        self._objects = objects
        self._plan = plan_hierarchy(rows, most)
        self._outcomes: list[Outcome] = ["failed"] * rows.num_rows

    def make(self, frame: FrameKind, progress: ProgressOption) -> Frame:
        """Send all rows; gives what was created, in their order.

        Raises:
            CogniteAPIError: some requests failed; has the rows that were, may have been and were not created.
        """
        writes = [
            Write(partial(self._rows.take, rows), partial(self._send, rows), after)
            for rows, after in zip(self._plan.requests, self._plan.after, strict=True)
        ]
        with progress_callback(progress, "Creating assets", "requests") as callback:
            futures = self._session.make_writes(writes, callback)
        errors = [error for future in futures if (error := future.exception()) is not None]
        if errors:
            outcomes = np.array(self._outcomes)
            names: tuple[Outcome, ...] = ("successful", "unknown", "failed")
            raise failure_of(errors, {name: self._rows.filter(outcomes == name) for name in names}, frame)
        created = Rows(self._schema, (future.result() for future in futures)).frame()
        places = np.argsort(np.concatenate([*self._plan.requests, np.empty(0, np.int64)]))
        return from_polars(created[places], self._schema.arrow, frame)

    def _send(self, rows: Integers) -> pl.DataFrame:
        """Send one request, without the rows whose parents were not created."""
        sent = self._sendable(rows)
        if not len(sent):
            return Rows(self._schema).frame()
        try:
            answer = self._session.request("POST", self._path, json=items_body(self._objects[sent])).content
            created, _ = read_page(answer, self._schema)
        except Exception as error:
            self._note(sent, outcome_of(error))
            raise
        self._note(sent, "successful")
        return created

    def _sendable(self, rows: Integers) -> Integers:
        """Give the rows whose parents exist, or are among these rows themselves."""
        sendable: dict[int, None] = {}
        parents = self._plan.parents[rows].tolist()
        for row, parent in zip(rows.tolist(), parents, strict=True):  # parents come before their children
            if parent == NONE or parent in sendable or self._outcomes[parent] == "successful":
                sendable[row] = None
        return np.fromiter(sendable, np.int64, len(sendable))

    def _note(self, rows: Integers, outcome: Outcome) -> None:
        for row in rows.tolist():
            self._outcomes[row] = outcome
