"""The rules that are special to extraction pipelines, their runs and their configurations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cdframe.local.conditions import Condition, one_of
from cdframe.local.errors import ApiError, bad_request
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
        """Delete pipelines with their runs and configurations."""
        super().delete_rows(ids)
        of_pipelines = one_of("pipeline", ids)
        for table in ("extraction_runs", "extraction_configs"):
            self.connection.execute(f"DELETE FROM {table} WHERE {of_pipelines.sql}", of_pipelines.parameters)


class OfPipelines(Family):
    """What belongs to pipelines, is made once and never changed; requests name the pipelines."""

    naming = tables.NAMING
    scopes = tables.OF_PIPELINE_SCOPES

    def selection(self) -> Condition:
        """The rows of one pipeline that pass the filters."""
        wanted = as_object(self.asked.get("filter") or {}, "filter").get("externalId")
        if wanted is None:
            raise bad_request("filter.externalId is required: it names the pipeline")
        external_id = EXTERNAL_ID.kind.check(wanted, "filter.externalId")
        pipeline = self.pipelines([external_id])[external_id]
        return super().selection() & Condition("pipeline = ?", [pipeline["id"]])

    def pipelines(self, external_ids: Sequence[str]) -> dict[str, Row]:
        """The pipelines of these external ids that the caller may do this with what belongs to, or 400."""
        named = {Identifier("externalId", external_id): external_id for external_id in external_ids}
        condition = self.grant.condition(tables.PIPELINE_SCOPES)
        found = find(self.connection, "extraction_pipelines", "id, external_id, data_set_id", named, condition)
        self.naming.reject_missing(named, found)
        return {named[identifier]: pipeline for identifier, pipeline in found.items()}

    def writable_pipelines(self, external_ids: Sequence[str]) -> dict[str, Row]:
        """Likewise, those that are not in a data set that only its owners may write to."""
        pipelines = self.pipelines(external_ids)
        self.require_writable([*pipelines.values()])
        return pipelines


class Runs(OfPipelines):
    """Runs of extraction pipelines."""

    resource = tables.RUNS
    filters = tables.RUN_FILTERS
    unsorted = tables.LATEST_FIRST

    def create(self, rows: Sequence[Row]) -> list[str]:
        """Store runs, in order; what pipelines show of them follows."""
        pipelines = self.writable_pipelines([row["external_id"] for row in rows])
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


class Configs(OfPipelines):
    """Configurations of extraction pipelines, numbered from 1 for each."""

    resource = tables.CONFIGS
    filters = tables.CONFIG_FILTERS
    unsorted = tables.NEWEST_FIRST

    def create(self, rows: Sequence[Row]) -> list[str]:
        """Store the next configuration of each pipeline, one for each."""
        pipelines = self.writable_pipelines([row["external_id"] for row in rows])
        ids = next_numbers(self.connection, "extraction_config_numbers", len(rows))
        configs = []
        for id, row in zip(ids, rows, strict=True):
            pipeline = pipelines[row["external_id"]]["id"]
            latest = self.connection.value(
                "SELECT coalesce(max(revision), 0) FROM extraction_configs WHERE pipeline = ?", [pipeline]
            )
            configs.append({**row, "id": id, "pipeline": pipeline, "revision": latest + 1, "created_time": self.now})
        self.connection.insert(self.resource.table, self.resource.as_table(configs))
        return self.shown(ids)

    def latest(self) -> str:
        """The latest configuration of those that are selected, or 404."""
        objects, _ = self.page()
        if not objects:
            raise ApiError(404, "There is no config stored for the extraction pipeline")
        return objects[0]

    def revert(self, external_id: str, revision: int) -> list[str]:
        """Store an earlier configuration once more, as the latest one."""
        pipeline = self.writable_pipelines([external_id])[external_id]["id"]
        found = self.connection.rows(
            "SELECT config, description FROM extraction_configs WHERE pipeline = ? AND revision = ?",
            [pipeline, revision],
        )
        if not found:
            raise ApiError(404, f"There is no revision {revision} of the config of the extraction pipeline")
        return self.create([{**found[0], "external_id": external_id}])


class Revisions(Configs):
    """Configurations without their contents."""

    resource = tables.REVISIONS
