"""How times grow with the number of rows: of the client alone, and of the local CDF with it.

`python -m benchmarks.growth [SIZE ...]` prints a table; `python -m benchmarks` puts it on its page. Each size is
measured in a process of its own, `python -m benchmarks.growth --measure SIZE`, which prints its seconds as JSON.
"""

import argparse
import json
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import polars as pl

import cdframe as cdf
from benchmarks.data import ASSETS, CHILDREN, LABEL, NEW_ASSETS, NEW_TREE, Block, definitions
from benchmarks.replay import Store, running
from benchmarks.replay.rows import PATHS, wire_rows

SIZES = (10_000, 100_000, 1_000_000)
PAGES = 5
"""How often a page is read; its time is the median."""
DELETED = 10_000

Seconds = Mapping[str, float]

ROWS = "µs a row"
PAGE = "ms"
STEPS = {
    "list": ("client: list all, in parallel", ROWS),
    "create": ("client: create from a frame", ROWS),
    "hierarchy": ("client: create a hierarchy", ROWS),
    "local hierarchy": ("local CDF: create a hierarchy", ROWS),
    "local list": ("local CDF: list all, in parallel", ROWS),
    "page": ("local CDF: 1,000 rows of all", PAGE),
    "page by name": ("by name", PAGE),
    "page by prefix": ("by prefix of external ids", PAGE),
    "page by metadata": ("by a metadata pair", PAGE),
    "page by label": ("by a label", PAGE),
    "page by parent": ("by parent", PAGE),
    "page by subtree": ("by subtree", PAGE),
    "page in order": ("sorted by name", PAGE),
    "byids": ("local CDF: 1,000 rows by external id", PAGE),
    "update": ("local CDF: change 1,000 rows", PAGE),
    "delete": (f"local CDF: delete a subtree of about {DELETED:,}", PAGE),
}


def measure(size: int) -> Seconds:
    """Measure all steps with so many rows."""
    return {**_of_client(size), **_of_local_cdf(size)}


def _of_client(size: int) -> Seconds:
    """Against prepared answers: what is measured is the client, on cores that it shares with the server."""
    found = {}
    listed, new, tree = (replace(block, series=size) for block in (ASSETS, NEW_ASSETS, NEW_TREE))
    for name, block in (("create", new), ("hierarchy", tree)):
        with running(Store()) as server, _client(server.base_url) as client:
            create = client.assets.create_hierarchy if block.is_tree else client.assets.create
            found[name] = _of_create(create, block)
    store = Store(listed={PATHS["assets"]: wire_rows(listed)})
    with running(store) as server, _client(server.base_url) as client:
        found["list"] = _seconds(lambda: client.assets.list(limit=None, progress=False))
    return found


def _of_local_cdf(size: int) -> Seconds:
    """Against a local CDF in the same process, kept in a folder."""
    block = replace(NEW_TREE, series=size)
    names = block.names
    found = {}
    with tempfile.TemporaryDirectory() as folder, cdf.CogniteClient.local(Path(folder) / "data") as client:
        client.labels.create({"external_id": LABEL, "name": LABEL})
        found["local hierarchy"] = _of_create(client.assets.create_hierarchy, block)
        found["local list"] = _seconds(lambda: client.assets.list(limit=None, progress=False))
        top = names[_top_of(DELETED, size)]
        pages: dict[str, dict[str, Any]] = {
            "page": {},
            "page by name": {"filter": {"name": f"23-PT-{size // 2:06}"}},
            "page by prefix": {"filter": {"externalIdPrefix": names[size // 2][:-2]}},
            "page by metadata": {"filter": {"metadata": {"site": "north"}}},
            "page by label": {"filter": {"labels": {"containsAny": [{"externalId": LABEL}]}}},
            "page by parent": {"filter": {"parentExternalIds": names[:100]}},
            "page by subtree": {"filter": {"assetSubtreeIds": [{"externalId": top}]}},
            "page in order": {"sort": [{"property": ["name"]}]},
        }
        path = f"/api/v1/projects/{client.project}/assets"
        for name, body in pages.items():
            found[name] = _median(lambda body=body: client.post(f"{path}/list", {**body, "limit": 1000}))
        some = {"items": [{"externalId": name} for name in names[:: size // 1000][:1000]]}
        found["byids"] = _median(lambda: client.post(f"{path}/byids", some))
        changes = pl.DataFrame({"external_id": names[:: size // 1000][:1000], "description": "changed"})
        found["update"] = _median(lambda: client.assets.update(changes, progress=False))
        found["delete"] = _seconds(lambda: client.assets.delete(external_id=top, recursive=True))
    return found


def _of_create(create: Callable[..., Any], block: Block) -> float:
    """The seconds that it takes to create the rows of a frame, which is made before."""
    frame = pl.DataFrame(list(definitions(block)), infer_schema_length=None)
    return _seconds(lambda: create(frame, progress=False))


def _client(base_url: str) -> cdf.CogniteClient:
    return cdf.CogniteClient(base_url=base_url, project="benchmark", api_key="key")


def _top_of(rows: int, size: int) -> int:
    """The number of an asset that has about so many below it."""
    top, below = 0, size
    while below > 2 * rows:
        top, below = top * CHILDREN + 1, below // CHILDREN
    return top


def _seconds(call: Callable[[], Any]) -> float:
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def _median(call: Callable[[], Any]) -> float:
    return median(_seconds(call) for _ in range(PAGES))


def run(sizes: Sequence[int] = SIZES) -> dict[str, Seconds]:
    """Measure sizes, each in a process of its own."""
    found = {}
    for size in sizes:
        print(f"growth  {size:,} rows", file=sys.stderr, flush=True)
        command = [sys.executable, "-m", "benchmarks.growth", "--measure", str(size)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        found[str(size)] = json.loads(done.stdout)
    return found


def table(growth: Mapping[str, Seconds]) -> Iterator[str]:
    """The lines of a table: a row for each step, a column for each size, and how times grew beside n log n."""
    sizes = [int(size) for size in growth]
    heads = [f"{size:,} rows" for size in sizes]
    yield f"| step | unit | {' | '.join(heads)} | growth by n log n |"
    yield "|---|---|" + "--:|" * (len(sizes) + 1)
    for name, (title, unit) in STEPS.items():
        seconds = [growth[str(size)][name] for size in sizes]
        scale = [1e6 / size if unit == ROWS else 1e3 for size in sizes]
        shown = [f"{one * factor:.3g}" for one, factor in zip(seconds, scale, strict=True)]
        likely = sizes[-1] * math.log(sizes[-1]) / (sizes[0] * math.log(sizes[0]))
        yield f"| {title} | {unit} | {' | '.join(shown)} | {seconds[-1] / seconds[0] / likely:.2g} |"


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, metavar="SIZE", default=SIZES)
    parser.add_argument("--measure", type=int, metavar="SIZE", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(options.measure)))
    else:
        print("\n".join(table(run(options.sizes))))


if __name__ == "__main__":
    main()
