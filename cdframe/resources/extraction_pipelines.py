"""Extraction pipelines: the programs that bring data into CDF, the log of their runs, and their configurations."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import polars as pl
import pyarrow as pa
from httpx import Response

from cdframe.errors import CogniteAPIError, nearest
from cdframe.filters import build_filter
from cdframe.frames import to_arrow
from cdframe.identifiers import as_list, check_external_id
from cdframe.json_rows import read_page, read_row
from cdframe.progress import progress_callback
from cdframe.resources.base import IdentifiedAPI
from cdframe.resources.listing import pages_by_cursor
from cdframe.resources.rows import Resource, RowsAPI
from cdframe.schemas import METADATA, TIMESTAMP, Column, Schema, lists_of_structs, structs
from cdframe.session import Session
from cdframe.timestamps import now_ms, to_ms
from cdframe.types import Frame, FrameKind, IntoFrame, ProgressOption, Timestamp
from cdframe.writes import Write

PIPELINES = Schema(
    "extraction pipelines",
    (
        Column("id", pa.int64(), create=False),
        Column("external_id", pa.string(), update="set"),
        Column("name", pa.string(), update="set"),
        Column("description", pa.string(), update="set_null"),
        Column("data_set_id", pa.int64(), update="set"),
        lists_of_structs(
            "raw_tables", Column("db_name", pa.string()), Column("table_name", pa.string()), update="array"
        ),
        Column("last_success", TIMESTAMP, create=False, form="zero_for_none"),
        Column("last_failure", TIMESTAMP, create=False, form="zero_for_none"),
        Column("last_message", pa.string(), create=False),
        Column("last_seen", TIMESTAMP, create=False, form="zero_for_none"),
        Column("schedule", pa.string(), update="set_null"),
        lists_of_structs(
            "contacts",
            Column("name", pa.string()),
            Column("email", pa.string()),
            Column("role", pa.string()),
            Column("send_notification", pa.bool_()),
            update="array",
        ),
        Column("metadata", METADATA, update="object"),
        Column("source", pa.string(), update="set_null"),
        Column("documentation", pa.string(), update="set_null"),
        structs(
            "notification_config",
            Column("allowed_not_seen_range_in_minutes", pa.int64()),
            update="set_null",
        ),
        Column("created_by", pa.string()),
        Column("created_time", TIMESTAMP, create=False),
        Column("last_updated_time", TIMESTAMP, create=False),
    ),
)

RUNS = Schema(
    "extraction pipeline runs",
    (
        Column("id", pa.int64(), create=False),
        Column("external_id", pa.string()),
        Column("status", pa.string()),
        Column("message", pa.string()),
        Column("created_time", TIMESTAMP),
    ),
)

CONFIGS = Schema(
    "extraction pipeline configs",
    (
        Column("external_id", pa.string()),
        Column("revision", pa.int64(), create=False),
        Column("config", pa.string()),
        Column("description", pa.string()),
        Column("created_time", TIMESTAMP, create=False),
    ),
)

STATUSES = ("success", "failure", "seen")


def _statuses(name: str, value: Any) -> list[str]:
    statuses = [check_external_id(status, name) for status in as_list(value)]
    for status in statuses:
        if status not in STATUSES:
            raise ValueError(f"{name} has {status!r}.{nearest(status, STATUSES)} Accepted: {', '.join(STATUSES)}.")
    return statuses


def _substring(name: str, value: Any) -> dict[str, str]:
    return {"substring": check_external_id(value, name)}


class ExtractionPipelinesAPI(IdentifiedAPI):
    """`client.extraction_pipelines`: find, create, change and delete extraction pipelines.

    Frames have the columns `id` (int64), `external_id`, `name`, `description` (texts), `data_set_id` (int64),
    `raw_tables` (list of structs of `db_name` and `table_name`), `last_success`, `last_failure` (ms, UTC; null when
    there was none), `last_message` (text), `last_seen` (ms, UTC), `schedule` (text), `contacts` (list of structs of
    `name`, `email`, `role` and `send_notification`), `metadata` (map of texts), `source`, `documentation` (texts),
    `notification_config` (struct of `allowed_not_seen_range_in_minutes`), `created_by` (text), `created_time` and
    `last_updated_time` (ms, UTC).

    Examples:
        >>> data_set = client.data_sets.create({"external_id": "sap"})["id"][0]
        >>> pipeline = {"external_id": "orders", "name": "Orders from SAP", "data_set_id": data_set}
        >>> client.extraction_pipelines.create(pipeline).shape
        (1, 19)
        >>> [row["name"] for row in client.extraction_pipelines]
        ['Orders from SAP']
    """

    resource = Resource(path="/extpipes", schema=PIPELINES, filters={})

    def __init__(self, session: Session, frame: FrameKind) -> None:
        super().__init__(session, frame)
        self.config = ExtractionPipelineConfigsAPI(session, frame)

    def list(self, limit: float | None = 25) -> Frame:
        """List extraction pipelines.

        Args:
            limit: the most rows; None, -1 or inf for all.

        Examples:
            >>> client.extraction_pipelines.list(limit=5).height
            0
        """
        return self._list({}, limit)

    def create(self, extractionPipeline: IntoFrame, *, progress: ProgressOption = "auto") -> Frame:  # noqa: N803
        """Create extraction pipelines from a frame, a dict (one) or a list of dicts.

        Each has an `external_id`, a `name` and a `data_set_id`; `raw_tables` and `contacts` are lists of dicts.

        Returns:
            A frame of what was created, in the order given.

        Raises:
            ValueError: an unknown column, or values of another type; before anything is sent.
            CogniteDuplicatedError: an external id exists already.
            CogniteAPIError: some requests failed; `successful`, `unknown` and `failed` hold the input rows.

        Examples:
            >>> pipeline = {"external_id": "orders", "name": "Orders"}
            >>> pipeline["data_set_id"] = client.data_sets.create({"external_id": "sap"})["id"][0]
            >>> pipeline["contacts"] = [{"name": "A. Ok", "email": "a@example.com", "send_notification": True}]
            >>> client.extraction_pipelines.create(pipeline)["contacts"][0][0]["email"]
            'a@example.com'
        """
        return self._create(extractionPipeline, progress)

    def delete(
        self,
        id: Any = None,
        external_id: Any = None,
        *,
        ignore_unknown_ids: bool = False,
        progress: ProgressOption = "auto",
    ) -> None:
        """Delete extraction pipelines, and their runs, by ids and external ids (single, lists, arrays or columns).

        Raises:
            CogniteNotFoundError: some do not exist and `ignore_unknown_ids` is False; names all of them.
            CogniteAPIError: some requests failed; `successful`, `unknown` and `failed` hold the identifiers.

        Examples:
            >>> client.extraction_pipelines.delete(id=[1, 2, 3], external_id="3", ignore_unknown_ids=True)
        """
        self._delete(id, external_id, ignore_unknown_ids, progress)


class ExtractionPipelineRunsAPI(RowsAPI):
    """`client.extraction_pipeline_runs`: read and add to the logs of extraction pipelines.

    Frames have the columns `id` (int64), `external_id` (text, of the pipeline), `status` (``"success"``, ``"failure"``
    or ``"seen"``), `message` (text) and `created_time` (ms, UTC).
    """

    resource = Resource(
        path="/extpipes/runs",
        schema=RUNS,
        filters={
            "external_id": "text",
            "statuses": _statuses,
            "message": _substring,
            "created_time": "range",
        },
        most_created=1,
        in_turn=True,
    )

    def list(
        self,
        external_id: str,
        statuses: Any = None,
        message_substring: str | None = None,
        created_time: Mapping[str, Any] | None = None,
        limit: float | None = 25,
    ) -> Frame:
        """List the runs of one pipeline, the latest first.

        Args:
            external_id: of the pipeline.
            statuses: any of `success`, `failure` and `seen`.
            message_substring: a part of the message, in any case.
            created_time: a range ``{"min": ..., "max": ...}``, both ends included; times as ms, texts such as
                ``"2w-ago"``, or datetimes.
            limit: the most rows; None, -1 or inf for all.

        Raises:
            CogniteNotFoundError: the pipeline does not exist.
            ValueError, TypeError: an argument that cannot be right.

        Examples:
            >>> data_set = client.data_sets.create({"external_id": "sap"})["id"][0]
            >>> pipeline = {"external_id": "orders", "name": "Orders", "data_set_id": data_set}
            >>> created = client.extraction_pipelines.create(pipeline)
            >>> run = client.extraction_pipeline_runs.create({"external_id": "orders", "status": "success"})
            >>> client.extraction_pipeline_runs.list("orders", statuses=["success"])["status"].to_list()
            ['success']
        """
        check_external_id(external_id)
        given = {
            "external_id": external_id,
            "statuses": statuses,
            "message": message_substring,
            "created_time": created_time,
        }
        runs = self._list_rows(build_filter(self.resource.filters, given), limit)
        return self._frame_of(runs.with_columns(pl.lit(external_id).alias("external_id")))

    def create(self, run: IntoFrame, *, progress: ProgressOption = "auto") -> Frame:
        """Add runs from a frame, a dict (one) or a list of dicts, one after the other.

        Each has the `external_id` of its pipeline and a `status`, may have a `message`, and a `created_time` where it
        is not now.

        Returns:
            A frame of what was added, in the order given.

        Raises:
            ValueError: an unknown column or status, or values of another type; before anything is sent.
            CogniteNotFoundError: a pipeline does not exist.
            CogniteAPIError: some requests failed; `successful`, `unknown` and `failed` hold the input rows.

        Examples:
            >>> data_set = client.data_sets.create({"external_id": "sap"})["id"][0]
            >>> pipeline = {"external_id": "orders", "name": "Orders", "data_set_id": data_set}
            >>> created = client.extraction_pipelines.create(pipeline)
            >>> runs = [{"external_id": "orders", "status": status} for status in ("seen", "failure")]
            >>> client.extraction_pipeline_runs.create(runs)["status"].to_list()
            ['seen', 'failure']
        """
        rows = to_arrow(run, name="run")
        if "status" in rows.column_names:
            _statuses("status", rows["status"].unique().drop_null())
        return self._create(rows, progress)


class ExtractionPipelineConfigsAPI(RowsAPI):
    """`client.extraction_pipelines.config`: the configurations of extraction pipelines, each a text with a number.

    Frames have the columns `external_id` (text, of the pipeline), `revision` (int64, from 1), `config`, `description`
    (texts) and `created_time` (ms, UTC).
    """

    resource = Resource(path="/extpipes/config", schema=CONFIGS, filters={})

    def retrieve(self, external_id: str, revision: int | None = None, active_at_time: Timestamp | None = None) -> Frame:
        """Fetch one configuration of a pipeline, the latest one unless told otherwise.

        Args:
            external_id: of the pipeline.
            revision: the number of the configuration.
            active_at_time: the one that was the latest then (ms since 1970, "2w-ago", a datetime).

        Returns:
            A frame with one row, or with none where there is no such configuration.

        Raises:
            CogniteNotFoundError: the pipeline does not exist.
            ValueError, TypeError: an argument that cannot be right.

        Examples:
            >>> data_set = client.data_sets.create({"external_id": "sap"})["id"][0]
            >>> pipeline = {"external_id": "orders", "name": "Orders", "data_set_id": data_set}
            >>> created = client.extraction_pipelines.create(pipeline)
            >>> config = client.extraction_pipelines.config.create({"external_id": "orders", "config": "host: sap"})
            >>> client.extraction_pipelines.config.retrieve("orders").select("revision", "config").rows()
            [(1, 'host: sap')]
        """
        time = None if active_at_time is None else to_ms(active_at_time, now=now_ms(), name="active_at_time")
        number = None if revision is None else _revision(revision)
        params = {"externalId": check_external_id(external_id), "revision": number, "activeAtTime": time}
        try:
            return self._frame_of(self._read_one(self._session.request("GET", self.resource.path, params=params)))
        except CogniteAPIError as error:
            if error.code != 404:
                raise
            return self._joined([])

    def list(self, external_id: str) -> Frame:
        """List all configurations of a pipeline, the latest first; without what is in them: `config` is null.

        Raises:
            CogniteNotFoundError: the pipeline does not exist.

        Examples:
            >>> data_set = client.data_sets.create({"external_id": "sap"})["id"][0]
            >>> pipeline = {"external_id": "orders", "name": "Orders", "data_set_id": data_set}
            >>> created = client.extraction_pipelines.create(pipeline)
            >>> client.extraction_pipelines.config.list("orders").height
            0
        """
        check_external_id(external_id)

        def fetch(most: int, cursor: str | None) -> tuple[pl.DataFrame, str | None]:
            params = {"externalId": external_id, "limit": most, "cursor": cursor}
            return read_page(
                self._session.request("GET", f"{self.resource.path}/revisions", params=params).content, CONFIGS
            )

        return self._joined(pages_by_cursor(fetch))

    def create(self, config: IntoFrame, *, progress: ProgressOption = "auto") -> Frame:
        """Store configurations from a frame, a dict (one) or a list of dicts, one after the other.

        Each has the `external_id` of its pipeline and a `config`, and may have a `description`.

        Returns:
            A frame of what was stored, with its numbers, in the order given.

        Raises:
            ValueError: an unknown column, or values of another type; before anything is sent.
            CogniteNotFoundError: a pipeline does not exist.
            CogniteAPIError: some requests failed; `successful`, `unknown` and `failed` hold the input rows.

        Examples:
            >>> data_set = client.data_sets.create({"external_id": "sap"})["id"][0]
            >>> pipeline = {"external_id": "orders", "name": "Orders", "data_set_id": data_set}
            >>> created = client.extraction_pipelines.create(pipeline)
            >>> configs = [{"external_id": "orders", "config": text} for text in ("host: sap", "host: sap2")]
            >>> client.extraction_pipelines.config.create(configs)["revision"].to_list()
            [1, 2]
        """
        rows = to_arrow(config, name="config")
        writes = [
            Write(
                rows.slice(number, 1), partial(self._post, self.resource.path, text.encode()), after=range(number)[-1:]
            )
            for number, text in enumerate(self._objects(rows))
        ]
        with progress_callback(progress, "Creating configs", "requests") as callback:
            return self._joined(self._session.write(writes, self._frame, callback))

    def revert(self, external_id: str, revision: int) -> Frame:
        """Store an earlier configuration once more, as the latest one.

        Returns:
            A frame of it, with its new number.

        Raises:
            CogniteNotFoundError: the pipeline does not exist.
            CogniteAPIError: there is no such configuration (404).
            ValueError, TypeError: an argument that cannot be right.

        Examples:
            >>> data_set = client.data_sets.create({"external_id": "sap"})["id"][0]
            >>> pipeline = {"external_id": "orders", "name": "Orders", "data_set_id": data_set}
            >>> created = client.extraction_pipelines.create(pipeline)
            >>> configs = [{"external_id": "orders", "config": text} for text in ("host: sap", "host: sap2")]
            >>> first = client.extraction_pipelines.config.create(configs)["revision"][0]
            >>> client.extraction_pipelines.config.revert("orders", first).select("revision", "config").rows()
            [(3, 'host: sap')]
        """
        body = {"externalId": check_external_id(external_id), "revision": _revision(revision)}
        return self._frame_of(self._post(f"{self.resource.path}/revert", body))

    def _post(self, path: str, body: Any) -> pl.DataFrame:
        return self._read_one(self._session.request("POST", path, json=body))

    def _read_one(self, answer: Response) -> pl.DataFrame:
        return read_row(answer.content, self.resource.schema)


def _revision(value: Any) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"revision must be a whole number, got {type(value).__name__}.")
    if int(value) < 1:
        raise ValueError(f"revision={value!r} must be 1 or more.")
    return int(value)
