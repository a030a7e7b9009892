"""The scenarios by the official SDK 8.x, each by its fastest call: arrays for long reads, else pandas frames."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
from cognite.client import ClientConfig, CogniteClient, global_config
from cognite.client.credentials import Token
from cognite.client.data_classes import AssetWrite, EventWrite

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
global_config.disable_pypi_version_check = True
client = CogniteClient(ClientConfig("benchmark", job.project, Token(job.key), base_url=job.base_url))
points = client.time_series.data


def task_of(scenario: Scenario) -> Task:
    """The call for a scenario."""
    block = scenario.block
    span = {"start": block.start, "end": block.end, "external_id": block.names}
    rows = getattr(client, block.family)
    table, sequence = client.raw.rows, client.sequences.data
    hourly = {"aggregates": list(AGGREGATES), "granularity": "1h"}
    tasks = {
        "long": lambda: Task(
            run=lambda _: points.retrieve_arrays(**span, limit=scenario.limit), check=of_arrays, size=size_of_arrays
        ),
        "wide": lambda: framing(lambda: points.retrieve_dataframe(**span)),
        "aggregates": lambda: framing(lambda: points.retrieve_dataframe(**span, **hourly)),
        "latest": lambda: Task(
            run=lambda _: points.retrieve_latest(external_id=block.names),
            check=lambda found: (len(found), sum(one.value for one in found)),
        ),
        "list": lambda: Task(
            run=lambda _: rows.list(limit=None, partitions=scenario.partitions, **prefix(block)).to_pandas(),
            check=lambda frame: (len(frame), int(frame["id"].sum())),
            size=size_of_frame,
        ),
        "insert": lambda: inserting(block.target("sdk", job.number)),
        "create": lambda: creating(rows.create, block.target("sdk", job.number)),
        "hierarchy": lambda: creating(client.assets.create_hierarchy, block.target("sdk", job.number)),
        "table": lambda: Task(
            # Without a limit the SDK waits between its parallel requests, and takes longer.
            run=lambda _: table.retrieve_dataframe(DATABASE, block.name, limit=len(block.names)),
            check=count_and_total,
            size=size_of_frame,
        ),
        "insert_table": lambda: inserting_rows(block.target("sdk", job.number)),
        "sequence": lambda: Task(
            run=lambda _: sequence.retrieve_dataframe(0, None, external_id=block.name),
            check=count_and_total,
            size=size_of_frame,
        ),
        "insert_sequence": lambda: inserting_cells(block.target("sdk", job.number)),
        "download": lambda: downloading(block),
        "upload": lambda: uploading(block.target("sdk", job.number)),
    }
    return tasks[scenario.action]()


def framing(run: Any) -> Task:
    return Task(run=lambda _: run(), check=lambda frame: (frame.count().sum(), frame.sum().sum()), size=size_of_frame)


def inserting(block: Block) -> Task:
    def check(_: Any) -> tuple[int, float]:
        if job.replayed:
            return job.written()
        return of_arrays(points.retrieve_arrays(external_id=block.names, start=block.start, end=block.end))

    return Task(run=lambda frame: points.insert_dataframe(frame), check=check, prepare=lambda: wide_frame(block))


def inserting_rows(block: Block) -> Task:
    table = client.raw.rows

    def check(_: Any) -> tuple[int, float]:
        if job.replayed:
            return job.written()
        return count_and_total(table.retrieve_dataframe(DATABASE, block.name, limit=None))

    return Task(
        run=lambda frame: table.insert_dataframe(DATABASE, block.name, frame, ensure_parent=True),
        check=check,
        prepare=lambda: pd.DataFrame(table_columns(block), index=block.names),
    )


def inserting_cells(block: Block) -> Task:
    sequence = client.sequences.data

    def check(_: Any) -> tuple[int, float]:
        if job.replayed:
            return job.written()
        return count_and_total(sequence.retrieve_dataframe(0, None, external_id=block.name))

    return Task(
        run=lambda frame: sequence.insert_dataframe(frame, external_id=block.name),
        check=check,
        prepare=lambda: pd.DataFrame(sequence_columns(block)),
    )


def downloading(block: Block) -> Task:
    def run(folder: Any) -> Path:
        client.files.download(folder.name, external_id=block.names)
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
        client.files.upload(path, directory=f"/{block.name}")

    def check(_: Any) -> tuple[int, float]:
        if job.replayed:
            return job.written()
        ids = [file.id for file in client.files.list(directory_prefix=f"/{block.name}", limit=None)]
        with TemporaryDirectory() as folder:
            client.files.download(folder, id=ids)
            return count_and_checksum(Path(folder))

    return Task(run=run, check=check, prepare=prepare)


def creating(create: Any, block: Block) -> Task:
    """Objects are made of the rows of the frame, as the SDK takes nothing else."""
    write = {"assets": AssetWrite, "events": EventWrite}[block.family]

    def run(frame: pd.DataFrame) -> Any:
        return create([write(**row) for row in frame.to_dict("records")])

    def check(created: Any) -> tuple[int, float]:
        found = (len(created), sum(int(one.external_id[-6:]) for one in created))
        assert not job.replayed or found == job.created(block.family), "not all was sent"
        return found

    return Task(
        run=run,
        check=check,
        prepare=lambda: pd.DataFrame(list(definitions(block))).astype(object).replace({float("nan"): None}),
    )


def prefix(block: Block) -> dict[str, str]:
    """What to list: a replay server has nothing but the series to list."""
    return {} if job.replayed else {"external_id_prefix": block.name}


def wide_frame(block: Block) -> pd.DataFrame:
    columns = {name: block.values(place) for place, name in enumerate(block.names)}
    return pd.DataFrame(columns, index=pd.to_datetime(block.times(0), unit="ms"))


def of_arrays(found: Any) -> tuple[int, float]:
    """How many values there are, and their sum; of texts that of their lengths."""
    sums = (sum(map(len, one.value)) if one.is_string else one.value.sum() for one in found)
    return sum(len(one.value) for one in found), float(sum(sums))


def count_and_total(frame: pd.DataFrame) -> tuple[int, float]:
    """How many values there are, and their sum; of texts that of their lengths."""
    count, total = 0, 0.0
    for name in frame:
        values = frame[name].dropna()
        count += len(values)
        is_text = isinstance(values.iloc[0], str)
        total += float(values.str.len().sum() if is_text else values.sum())
    return count, total


def size_of_arrays(found: Any) -> int:
    """The bytes of all arrays, with the texts that they point to."""
    texts = (sys.getsizeof(text) for one in found if one.is_string for text in one.value)
    return sum(one.timestamp.nbytes + one.value.nbytes for one in found) + sum(texts)


def size_of_frame(frame: pd.DataFrame) -> int:
    return int(frame.memory_usage(index=True, deep=True).sum())


def warm_up(block: Block) -> None:
    """Load what a process needs once, whatever it reads: the same three small calls on both sides."""
    if job.scenario.action in ("long", "wide", "aggregates", "latest"):
        name = block.names[0]
        points.retrieve_arrays(external_id=name, start=block.start, end=block.start + 120_000)
        points.retrieve_latest(external_id=name)
    if block.family == "raw":
        client.raw.rows.retrieve_dataframe(DATABASE, ONE_IN_TABLE.name)
    elif block.family == "sequences":
        client.sequences.data.retrieve_dataframe(0, None, external_id=ONE_IN_SEQUENCE.name)
    elif block.family == "files":
        client.time_series.list(limit=1)
    else:
        getattr(client, block.family).list(limit=1).to_pandas()


if __name__ == "__main__":
    warm_up(job.scenario.block)
    report(job, task_of(job.scenario))
