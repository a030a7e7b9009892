"""A program that reads until it is interrupted: `python -m tests.datapoints.interrupted_read BASE_URL retrieve|stream`.

It tells when it begins, and how it ended: after how many seconds of being interrupted, and with which threads.
"""

from __future__ import annotations

import sys
import threading
import time

import cdframe as cdf


def main() -> None:
    base_url, how = sys.argv[1:]
    client = cdf.CogniteClient(base_url=base_url, project="p", api_key="k", max_workers=4)
    print("reading", flush=True)
    try:
        if how == "retrieve":
            client.datapoints.retrieve(0, "now", external_id="dense", progress=False)
        else:
            for _ in client.datapoints.stream(0, "now", external_id="dense", chunk_size=10_000):
                time.sleep(0.01)
    except KeyboardInterrupt:
        client.close()
        print("interrupted", [thread.name for thread in threading.enumerate()], flush=True)


if __name__ == "__main__":
    main()
