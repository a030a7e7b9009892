"""What a read would ask for: the windows and requests that counts lead to, without the points."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from cdframe.datapoints.assemble import Identities
from cdframe.datapoints.engine import count_points, plan_requests
from cdframe.datapoints.plan import ReadPlan
from cdframe.datapoints.series_kinds import find_kinds
from cdframe.session import Session


def explain(session: Session, plan: ReadPlan) -> pa.Table:
    """Describe the plan of a read, a row for each series that exists.

    Raises:
        CogniteNotFoundError: series do not exist and are not to be ignored; names all of them.
    """
    texts = find_kinds(session, plan.reads)
    reads = [read for read in plan.reads if read in texts]
    densities = count_points(session, [read for read in reads if not texts[read]])
    windows = dict.fromkeys(reads, 0)
    requests = dict.fromkeys(reads, 0.0)
    points = dict.fromkeys(reads, 0.0)
    for request in plan_requests(session, reads, densities):
        for window in request:
            windows[window.read] += 1
            requests[window.read] += 1 / len(request)
            points[window.read] += window.expected
    rounded = np.array([round(points[read]) for read in reads], np.int64)
    return pa.table(
        Identities(plan).columns(reads, [1] * len(reads))
        | {
            "windows": pa.array(windows.values(), pa.int64()),
            "requests": pa.array(requests.values(), pa.float64()),
            "expected_points": pa.array(rounded, mask=np.array([texts[read] for read in reads], np.bool_)),
        }
    )
