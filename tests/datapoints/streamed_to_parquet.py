"""A program that streams a series to Parquet and tells what it took.

`python -m tests.datapoints.streamed_to_parquet BASE_URL FILE` prints the rows, and the most memory that the process
ever held, in bytes.
"""

from __future__ import annotations

import json
import sys

import pyarrow.parquet as pq

import cdframe as cdf
from benchmarks.measure import peak


def main() -> None:
    base_url, file = sys.argv[1:]
    client = cdf.CogniteClient(base_url=base_url, project="p", api_key="k", max_workers=4)
    batches = client.datapoints.stream(0, "now", external_id="dense").to_batches()
    rows = 0
    with pq.ParquetWriter(file, batches.schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
            rows += batch.num_rows
    print(json.dumps({"rows": rows, "peak": peak()}))


if __name__ == "__main__":
    main()
