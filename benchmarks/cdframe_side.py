"""The scenarios by cdframe, with Polars frames."""

from typing import Any

import polars as pl
from measure import Task, arguments, report
from scenarios import AGGREGATES, DENSE, END, LISTED, LONG_INSERT, MANY, SHORT, START, WIDE, WIDE_INSERT, YEAR, Block
from seed import wide_frame

import cdframe as cdf

base_url, project, key, scenario, number = arguments()
client = cdf.CogniteClient(base_url=base_url, project=project, api_key=key)
points = client.datapoints
long_target, wide_target = LONG_INSERT.target("cdframe", number), WIDE_INSERT.target("cdframe", number)


def count_and_total(frame: Any, columns: Any) -> tuple[int, float]:
    values = frame.select(columns)
    return values.count().sum_horizontal().item(), values.sum().sum_horizontal().item()


def written(block: Block) -> tuple[int, float]:
    return count_and_total(points.retrieve(START, END, external_id=block.names), "value")


def insert(block: Block) -> Task:
    return Task(
        run=lambda frame: points.insert_dataframe(frame, external_id_headers=True, progress=False),
        check=lambda _: written(block),
        prepare=lambda: wide_frame(block),
    )


TASKS = {
    "dense": Task(
        run=lambda _: points.retrieve(START, END, external_id=DENSE.names, progress=False),
        check=lambda frame: count_and_total(frame, "value"),
    ),
    "many": Task(
        run=lambda _: points.retrieve(START, END, external_id=MANY.names, progress=False),
        check=lambda frame: count_and_total(frame, "value"),
    ),
    "aggregates": Task(
        run=lambda _: points.retrieve_dataframe(START, END, AGGREGATES, "1h", external_id=YEAR.names, progress=False),
        check=lambda frame: count_and_total(frame, pl.exclude("timestamp")),
    ),
    "wide_out": Task(
        run=lambda _: points.retrieve_dataframe(START, END, None, None, external_id=WIDE.names, progress=False),
        check=lambda frame: count_and_total(frame, pl.exclude("timestamp")),
    ),
    "latest": Task(
        run=lambda _: points.retrieve_latest(external_id=SHORT.names),
        check=lambda frame: count_and_total(frame, "value"),
    ),
    "list": Task(
        run=lambda _: client.time_series.list(external_id_prefix=LISTED.name, limit=None),
        check=lambda frame: count_and_total(frame, "id"),
    ),
    "insert": insert(long_target),
    "wide_in": insert(wide_target),
}


def warm_up() -> None:
    """Load what a process needs once, whatever it reads: the same three small calls on both sides."""
    points.retrieve(START, END, external_id=SHORT.names[0])
    points.retrieve_latest(external_id=SHORT.names[0])
    client.time_series.list(limit=1)


if __name__ == "__main__":
    warm_up()
    report(TASKS, scenario)
