"""A server that answers with prepared bytes: next to no cost of its own, so that what is measured is the client's.

It answers requests for data points, latest points and lists of time series as Cognite Data Fusion does, takes
insertions and discards them, and counts requests. In process:

    with replay.running(Store([Series(1, "a", raw_points(times, values))]), latency=0.2) as server:
        client = cdframe.CogniteClient(base_url=server.base_url, project="p", api_key="k")

or as a program of its own, with the data of the benchmarks: `python -m benchmarks.replay --latency 0.2 --port 0`.
"""

from benchmarks.replay.points import AggregateRows, Points, aggregate_rows, raw_points, split_points
from benchmarks.replay.server import Fault, Server, running
from benchmarks.replay.store import Series, Store

__all__ = [
    "AggregateRows",
    "Fault",
    "Points",
    "Series",
    "Server",
    "Store",
    "aggregate_rows",
    "raw_points",
    "running",
    "split_points",
]
