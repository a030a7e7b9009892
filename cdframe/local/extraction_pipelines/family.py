"""The rules that are special to extraction pipelines and their runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cdframe.local.conditions import Condition, one_of
from cdframe.local.errors import bad_request
from cdframe.local.extraction_pipelines import tables
from cdframe.local.families.family import Family
from cdframe.local.fields import EXTERNAL_ID
from cdframe.local.identifiers import Identifier, find, next_numbers
from cdframe.local.resources import Row
from cdframe.local.validation import as_object


class Pipelines(Family):
    """Extraction pipelines."""

    resource = tables.PIPELINES
    naming = tables.NAMING
    filters = tables.FILTERS
    scopes = tables.SCOPES

    def complete(self, rows: Sequence[Row], old: Sequence[Row]) -> None:
        """New pipelines have no runs."""
        for row in rows:
            for column, value in tables.WITHOUT_RUNS.items():
                row.setdefault(column, value)

    def delete_rows(self, ids: Sequence[int]) -> None:
        """Delete pipelines and their runs."""
        super().delete_rows(ids)
        runs = one_of("pipeline", ids)
        self.connection.execute(f"DELETE FROM extraction_runs WHERE {runs.sql}", runs.parameters)


class Runs(Family):
    """Runs of extraction pipelines, which are told once and never changed."""

    resource = tables.RUNS
    naming = tables.NAMING  # requests name their pipelines
    filters = tables.RUN_FILTERS
    scopes = tables.RUN_SCOPES
    unsorted = tables.LATEST_FIRST

    def create(self, rows: Sequence[Row]) -> list[str]:
        """Store runs, in order; what pipelines show of them follows."""
        pipelines = self._pipelines([row["external_id"] for row in rows])
        self.require_writable([*pipelines.values()])
        ids = next_numbers(self.connection, "extraction_run_numbers", len(rows))
        runs = [
            {
                **row,
                "id": id,
                "pipeline": pipelines[row["external_id"]]["id"],
                "created_time": self.now if row["created_time"] is None else row["created_time"],
            }
            for id, row in zip(ids, rows, strict=True)
        ]
        self.connection.insert(self.resource.table, self.resource.as_table(runs))
        self._tell_pipelines(runs)
        return self.shown(ids)

    def selection(self) -> Condition:
        """The runs of one pipeline that pass the filters."""
        wanted = as_object(self.asked.get("filter") or {}, "filter").get("externalId")
        if wanted is None:
            raise bad_request("filter.externalId is required: name the pipeline whose runs are to be listed")
        external_id = EXTERNAL_ID.kind.check(wanted, "filter.externalId")
        pipeline = self._pipelines([external_id])[external_id]
        return super().selection() & Condition("pipeline = ?", [pipeline["id"]])

    def _pipelines(self, external_ids: Sequence[str]) -> dict[str, Row]:
        """The pipelines of these external ids that the caller may do this with the runs of, or 400."""
        named = {Identifier("externalId", external_id): external_id for external_id in external_ids}
        condition = self.grant.condition(tables.PIPELINE_SCOPES)
        found = find(self.connection, "extraction_pipelines", "id, external_id, data_set_id", named, condition)
        self.naming.reject_missing(named, found)
        return {named[identifier]: pipeline for identifier, pipeline in found.items()}

    def _tell_pipelines(self, runs: Sequence[Row]) -> None:
        """Let pipelines know when they last had a run of each status, and what the last failure said."""
        told: dict[int, dict[str, Any]] = {}
        for run in runs:
            latest = told.setdefault(run["pipeline"], {**tables.WITHOUT_RUNS, "id": run["pipeline"]})
            column, time = f"last_{run['status']}", run["created_time"]
            latest[column] = max(latest[column], time)
            if column == "last_failure" and run["message"] is not None and time >= latest["last_message_time"]:
                latest |= {"last_message": run["message"], "last_message_time": time}
        fields = [field for field in tables.PIPELINES.stored if field.column in ("id", *tables.WITHOUT_RUNS)]
        test = one_of("p.id", list(told))
        with self.connection.relation("told", tables.PIPELINES.as_table([*told.values()], fields)):
            self.connection.execute(
                f"""UPDATE extraction_pipelines p SET
                    last_success = greatest(p.last_success, told.last_success),
                    last_failure = greatest(p.last_failure, told.last_failure),
                    last_seen = greatest(p.last_seen, told.last_seen),
                    last_message = CASE WHEN told.last_message IS NOT NULL
                        AND told.last_message_time >= p.last_message_time
                        THEN told.last_message ELSE p.last_message END,
                    last_message_time = CASE WHEN told.last_message IS NOT NULL
                        THEN greatest(p.last_message_time, told.last_message_time) ELSE p.last_message_time END
                    FROM told WHERE p.id = told.id AND {test.sql}""",
                test.parameters,
            )
