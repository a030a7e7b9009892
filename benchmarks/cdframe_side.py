"""The scenarios by cdframe, with Polars frames."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

import cdframe as cdf
from benchmarks.contents import count_and_checksum, write_files
from benchmarks.data import (
    DATABASE,
    ONE_IN_SEQUENCE,
    ONE_IN_TABLE,
    Block,
    definitions,
    sequence_columns,
    table_columns,
)
from benchmarks.measure import Job, Task, report
from benchmarks.scenarios import AGGREGATES, Scenario

job = Job.of_process()
client = cdf.CogniteClient(base_url=job.base_url, project=job.project, api_key=job.key)
points = client.datapoints
CELLS = pl.exclude("row_number")
OF_JSON = pl.exclude("key", "last_updated_time")


def task_of(scenario: Scenario) -> Task:
    """The call for a scenario."""
    block = scenario.block
    span = {"start": block.start, "end": block.end, "external_id": block.names}
    rows = getattr(client, block.family)
    table, sequence = client.raw.rows, client.sequences.data
    wide, hourly = {"aggregates": None, "granularity": None}, {"aggregates": AGGREGATES, "granularity": "1h"}
    tasks = {
        "long": lambda: reading(lambda: points.retrieve(**span, limit=scenario.limit, progress=False), "value"),
        "wide": lambda: reading(
            lambda: points.retrieve_dataframe(**span, **wide, progress=False), pl.exclude("timestamp")
        ),
        "aggregates": lambda: reading(
            lambda: points.retrieve_dataframe(**span, **hourly, progress=False), pl.exclude("timestamp")
        ),
        "latest": lambda: reading(lambda: points.retrieve_latest(external_id=block.names), "value"),
        "list": lambda: reading(
            lambda: rows.list(limit=None, partitions=scenario.partitions, **prefix(block), progress=False), "id"
        ),
        "create": lambda: creating(rows.create, block.target("cdframe", job.number)),
        "hierarchy": lambda: creating(client.assets.create_hierarchy, block.target("cdframe", job.number)),
        "insert": lambda: inserting(block.target("cdframe", job.number)),
        "table": lambda: reading(lambda: table.list(DATABASE, block.name, limit=None, progress=False), OF_JSON),
        "insert_table": lambda: inserting_rows(block.target("cdframe", job.number)),
        "sequence": lambda: reading(lambda: sequence.retrieve(0, None, external_id=block.name), CELLS),
        "insert_sequence": lambda: inserting_cells(block.target("cdframe", job.number)),
        "download": lambda: downloading(block),
        "upload": lambda: uploading(block.target("cdframe", job.number)),
    }
    return tasks[scenario.action]()


def reading(run: Any, columns: Any) -> Task:
    return Task(
        run=lambda _: run(),
        check=lambda frame: count_and_total(frame, columns),
        size=size_of_frame,
    )


def size_of_frame(frame: pl.DataFrame) -> int:
    """The bytes of all buffers; `estimated_size` leaves out the 16 that each text takes beside its letters."""
    size: int = frame.to_arrow(compat_level=pl.CompatLevel.newest()).get_total_buffer_size()
    return size


def inserting(block: Block) -> Task:
    def check(_: Any) -> tuple[int, float]:
        if job.replayed:
            return job.written()
        return count_and_total(points.retrieve(block.start, block.end, external_id=block.names), "value")

    return Task(
        run=lambda frame: points.insert_dataframe(frame, external_id_headers=True, progress=False),
        check=check,
        prepare=lambda: wide_frame(block),
    )


def inserting_rows(block: Block) -> Task:
    table = client.raw.rows

    def check(_: Any) -> tuple[int, float]:
        if job.replayed:
            return job.written()
        return count_and_total(table.list(DATABASE, block.name, limit=None, progress=False), OF_JSON)

    return Task(
        run=lambda frame: table.insert(DATABASE, block.name, frame, ensure_parent=True, progress=False),
        check=check,
        prepare=lambda: pl.DataFrame({"key": block.names, **table_columns(block)}),
    )


def inserting_cells(block: Block) -> Task:
    sequence = client.sequences.data

    def check(_: Any) -> tuple[int, float]:
        if job.replayed:
            return job.written()
        return count_and_total(sequence.retrieve(0, None, external_id=block.name), CELLS)

    return Task(
        run=lambda frame: sequence.insert_dataframe(frame, external_id=block.name, progress=False),
        check=check,
        prepare=lambda: pl.DataFrame({"row_number": range(block.series), **sequence_columns(block)}),
    )


def downloading(block: Block) -> Task:
    def run(folder: Any) -> Path:
        client.files.download(folder.name, external_id=block.names, progress=False)
        return Path(folder.name)

    return Task(run=run, check=count_and_checksum, prepare=TemporaryDirectory)


def uploading(block: Block) -> Task:
    """A file, or a folder of many."""

    def prepare() -> Any:
        folder = TemporaryDirectory()
        write_files(block, Path(folder.name))
        return folder

    def run(folder: Any) -> None:
        path = Path(folder.name) / block.names[0] if block.series == 1 else Path(folder.name)
        client.files.upload(path, directory=f"/{block.name}", progress=False)

    def check(_: Any) -> tuple[int, float]:
        if job.replayed:
            return job.written()
        ids = client.files.list(directory_prefix=f"/{block.name}", limit=None)["id"]
        with TemporaryDirectory() as folder:
            client.files.download(folder, id=ids, progress=False)
            return count_and_checksum(Path(folder))

    return Task(run=run, check=check, prepare=prepare)


def creating(create: Any, block: Block) -> Task:
    def check(created: Any) -> tuple[int, float]:
        found = (created.height, created["external_id"].str.tail(6).cast(pl.Int64).sum())
        assert not job.replayed or found == job.created(block.family), "not all was sent"
        return found

    return Task(
        run=lambda frame: create(frame, progress=False),
        check=check,
        prepare=lambda: pl.DataFrame(list(definitions(block)), infer_schema_length=None),
        size=size_of_frame,
    )


def prefix(block: Block) -> dict[str, str]:
    """What to list: a replay server has nothing but the series to list."""
    return {} if job.replayed else {"external_id_prefix": block.name}


def wide_frame(block: Block) -> pl.DataFrame:
    columns = {name: block.values(place) for place, name in enumerate(block.names)}
    times = pl.Series("timestamp", block.times(0)).cast(pl.Datetime("ms"))
    return pl.DataFrame({"timestamp": times, **columns})


def count_and_total(frame: pl.DataFrame, columns: Any) -> tuple[int, float]:
    """How many values there are, and their sum; of texts that of their lengths."""
    values = frame.select(columns).with_columns(pl.col(pl.String).str.len_chars())
    return values.count().sum_horizontal().item(), values.sum().sum_horizontal().item()


def warm_up(block: Block) -> None:
    """Load what a process needs once, whatever it reads: the same three small calls on both sides."""
    if job.scenario.action in ("long", "wide", "aggregates", "latest"):
        name = block.names[0]
        points.retrieve(block.start, block.start + 120_000, external_id=name)
        points.retrieve_latest(external_id=name)
    if block.family == "raw":
        client.raw.rows.list(DATABASE, ONE_IN_TABLE.name)
    elif block.family == "sequences":
        client.sequences.data.retrieve(0, None, external_id=ONE_IN_SEQUENCE.name)
    elif block.family == "files":
        client.time_series.list(limit=1)
    else:
        getattr(client, block.family).list(limit=1)


if __name__ == "__main__":
    warm_up(job.scenario.block)
    report(job, task_of(job.scenario))
