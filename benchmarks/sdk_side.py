"""The scenarios by the official SDK 8.x, each by its fastest call: arrays for long reads, else pandas frames."""

from typing import Any

import pandas as pd
from cognite.client import ClientConfig, CogniteClient, global_config
from cognite.client.credentials import Token
from measure import Task, arguments, report
from scenarios import AGGREGATES, DENSE, END, LISTED, LONG_INSERT, MANY, SHORT, START, WIDE, WIDE_INSERT, YEAR, Block

base_url, project, key, scenario, number = arguments()
global_config.disable_pypi_version_check = True
client = CogniteClient(ClientConfig("benchmark", project, Token(key), base_url=base_url))
points = client.time_series.data
long_target, wide_target = LONG_INSERT.target("sdk", number), WIDE_INSERT.target("sdk", number)


def wide_frame(block: Block) -> pd.DataFrame:
    columns = {name: block.values(place) for place, name in enumerate(block.names)}
    return pd.DataFrame(columns, index=pd.to_datetime(block.times, unit="ms"))


def of_arrays(found: Any) -> tuple[int, float]:
    return sum(len(one.value) for one in found), sum(float(one.value.sum()) for one in found)


def of_frame(frame: pd.DataFrame) -> tuple[int, float]:
    return frame.count().sum(), frame.sum().sum()


def written(block: Block) -> tuple[int, float]:
    return of_arrays(points.retrieve_arrays(external_id=block.names, start=START, end=END))


def insert(block: Block) -> Task:
    return Task(
        run=lambda frame: points.insert_dataframe(frame),
        check=lambda _: written(block),
        prepare=lambda: wide_frame(block),
    )


TASKS = {
    "dense": Task(
        run=lambda _: points.retrieve_arrays(external_id=DENSE.names, start=START, end=END),
        check=of_arrays,
    ),
    "many": Task(
        run=lambda _: points.retrieve_arrays(external_id=MANY.names, start=START, end=END),
        check=of_arrays,
    ),
    "aggregates": Task(
        run=lambda _: points.retrieve_dataframe(
            external_id=YEAR.names, start=START, end=END, aggregates=AGGREGATES, granularity="1h"
        ),
        check=of_frame,
    ),
    "wide_out": Task(
        run=lambda _: points.retrieve_dataframe(external_id=WIDE.names, start=START, end=END),
        check=of_frame,
    ),
    "latest": Task(
        run=lambda _: points.retrieve_latest(external_id=SHORT.names),
        check=lambda found: (len(found), sum(one.value for one in found)),
    ),
    "list": Task(
        run=lambda _: client.time_series.list(external_id_prefix=LISTED.name, limit=None).to_pandas(),
        check=lambda frame: (len(frame), int(frame["id"].sum())),
    ),
    "insert": insert(long_target),
    "wide_in": insert(wide_target),
}


def warm_up() -> None:
    """Load what a process needs once, whatever it reads: the same three small calls on both sides."""
    points.retrieve_arrays(external_id=SHORT.names[0], start=START, end=END)
    points.retrieve_latest(external_id=SHORT.names[0])
    client.time_series.list(limit=1).to_pandas()


if __name__ == "__main__":
    warm_up()
    report(TASKS, scenario)
