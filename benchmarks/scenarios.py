"""What is measured, against which servers, and what cdframe is to reach.

All sides import this module, from environments that have NumPy in common and little else.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from benchmarks import data
from benchmarks.data import Block

AGGREGATES = ("average", "max", "min", "count")
SIDES = ("cdframe", "sdk", "discard")
ROUNDS = 5
WORKERS = 10
"""The requests that cdframe has under way at once."""

Action = Literal[
    "long",
    "wide",
    "aggregates",
    "latest",
    "list",
    "insert",
    "create",
    "hierarchy",
    "table",
    "insert_table",
    "sequence",
    "insert_sequence",
    "download",
    "upload",
]
WRITES = ("insert", "create", "hierarchy", "insert_table", "insert_sequence", "upload")
Quantity = Literal["speed-up", "of discard", "of schedule", "rate of dense", "peak", "memory", "requests"]


@dataclass(frozen=True)
class Target:
    """What a measured quantity is to reach: at least, or at most, so much.

    Quantities: "speed-up", the time of the SDK by that of cdframe; "of discard", the time of a loop that throws all
    bytes away by that of cdframe; "of schedule", the time of cdframe by that which the least requests take with all
    workers busy; "rate of dense", points a second by those of the scenario `dense`; "peak", peak memory by the size of
    the result; "memory", peak memory in MB; "requests", requests by the least that there can be.
    """

    quantity: Quantity
    bound: float
    at_least: bool

    @property
    def text(self) -> str:
        """The target in words."""
        words = {
            "speed-up": "{} × the SDK",
            "of discard": "{} of throwing the bytes away",
            "of schedule": "{} × the ideal schedule",
            "rate of dense": "{} of the points a second of dense",
            "peak": "peak memory {} × the result",
            "memory": "{} MB at its peak",
            "requests": "{} × the least possible requests",
        }
        return words[self.quantity].format(f"{'≥' if self.at_least else '≤'} {self.bound:g}")


READ_TARGETS = (Target("peak", 1.5, False), Target("requests", 1.15, False))


@dataclass(frozen=True)
class Server:
    """What answers: its title, and how long it waits before each answer."""

    title: str
    latency: float = 0.0


SERVERS = {
    "replay": Server("Prepared answers at once: what is measured is the client"),
    "slow": Server("Prepared answers after 200 ms: a server far away", latency=0.2),
    "local": Server("`cdframe serve`, the local CDF: its own work is in the time of both"),
}


@dataclass(frozen=True)
class Scenario:
    """One row of a table.

    Attributes:
        title: what is done.
        action: which call of a client does it.
        block: the series, or the rows of another family.
        expected: the number of values, or of rows of a list, that all sides must find.
        least: the least possible number of requests.
        limit: the most points of each series.
        partitions: how many parts of a list are read side by side.
        discard: whether a loop that throws the bytes away is measured, too.
    """

    title: str
    action: Action
    block: Block
    expected: int
    least: int
    limit: int | None = None
    partitions: int | None = None
    discard: bool = False
    targets: tuple[Target, ...] = ()

    @property
    def sides(self) -> tuple[str, ...]:
        """Who takes part."""
        return SIDES if self.discard else SIDES[:2]

    @property
    def all_targets(self) -> tuple[Target, ...]:
        """The targets of the scenario and those of all reads."""
        return self.targets if self.action in WRITES else (*self.targets, *READ_TARGETS)


def _long(title: str, block: Block) -> Scenario:
    count = block.series * block.points
    return Scenario(title, "long", block, count, max(-(-count // 100_000), -(-block.series // 100)))


def _insert(title: str, block: Block) -> Scenario:
    count = block.series * block.points
    return Scenario(title, "insert", block, count, -(-count // 100_000), targets=(Target("speed-up", 20, True),))


def _aggregates(title: str, block: Block, hours: int) -> Scenario:
    rows = block.series * hours
    return Scenario(title, "aggregates", block, rows * len(AGGREGATES), -(-rows // 10_000))


def _list(title: str, block: Block, partitions: int | None = None) -> Scenario:
    least = -(-block.series // 1000)
    return Scenario(title, "list", block, block.series, least, partitions=partitions)


def _create(title: str, block: Block) -> Scenario:
    action: Action = "hierarchy" if block.is_tree else "create"
    return Scenario(title, action, block, block.series, -(-block.series // 1000))


def _latest(title: str, block: Block) -> Scenario:
    return Scenario(title, "latest", block, block.series, -(-block.series // 100))


def _table(title: str, block: Block) -> Scenario:
    return Scenario(title, "table", block, data.table_values(block), -(-block.series // 10_000))


def _insert_table(title: str, block: Block) -> Scenario:
    return Scenario(title, "insert_table", block, data.table_values(block), -(-block.series // 5_000))


def _sequence(title: str, block: Block) -> Scenario:
    """Pages have 60,000 cells where any are texts."""
    cells = block.series * len(data.SEQUENCE_TYPES)
    return Scenario(title, "sequence", block, cells, -(-cells // 60_000))


def _insert_sequence(title: str, block: Block) -> Scenario:
    cells = block.series * len(data.SEQUENCE_TYPES)
    return Scenario(title, "insert_sequence", block, cells, -(-cells // 100_000))


def _download(title: str, block: Block) -> Scenario:
    """Files by their external ids: their names, a link for each, and their contents."""
    least = -(-block.series // 1000) + -(-block.series // 100) + block.series  # what they are, links, contents
    return Scenario(title, "download", block, block.series, least)


def _upload(title: str, block: Block) -> Scenario:
    return Scenario(title, "upload", block, block.series, 2 * block.series)


DENSE = _long("1 series × 5,000,000 points", data.DENSE)
MANY = _long("500 series × 10,000 points", data.MANY)
SHORT = _long("10,000 series × 100 points", data.SHORT)
BURSTY = _long("1 series × 5,000,000 points, 99 % in 1 % of the time", data.BURSTY)
ZEROS = _long("1 series × 5,000,000 points, 30 % of them 0", data.ZEROS)
TEXTS = _long("1 series × 1,000,000 strings", data.TEXTS)
YEARS = _aggregates("10 series × 5 years, hourly × 4 aggregates, wide", data.YEARS, 5 * 365 * 24)
LIMIT = replace(DENSE, title="the first 1,000,000 points of 1 series", expected=1_000_000, least=10, limit=1_000_000)
WIDE = replace(_long("wide frame, 1,000 series × 10,000 points", data.WIDE), action="wide")
LATEST = _latest("latest points of 10,000 series", data.SHORT)
LONG_INSERT = _insert("insert 1,000,000 points of 1 series", data.LONG_INSERT)
WIDE_INSERT = _insert("insert a wide frame, 1,000 series × 1,000 points", data.WIDE_INSERT)
LIST = _list("list 100,000 time series", data.LISTED)
LIST_10 = _list("list 100,000 time series in 10 partitions", data.LISTED, 10)
ASSETS = _list("list 100,000 assets", data.ASSETS)
ASSETS_10 = _list("list 100,000 assets in 10 partitions", data.ASSETS, 10)
EVENTS = _list("list 100,000 events with metadata", data.EVENTS)
EVENTS_10 = _list("list 100,000 events with metadata in 10 partitions", data.EVENTS, 10)
CREATE = _create("create 100,000 assets from a frame", data.NEW_ASSETS)
HIERARCHY = _create("create a hierarchy of 100,000 assets", data.NEW_TREE)
CREATE_EVENTS = _create("create 100,000 events with metadata from a frame", data.NEW_EVENTS)

TABLE = _table("read a raw table of 100,000 rows, 9 columns", data.TABLE)
NEW_TABLE = _insert_table("insert 100,000 rows into a raw table", data.NEW_TABLE)
SEQUENCE = _sequence("read a sequence of 100,000 rows × 10 columns", data.SEQUENCE)
NEW_SEQUENCE = _insert_sequence("insert 100,000 rows × 10 columns into a sequence", data.NEW_SEQUENCE)
DOWNLOAD = _download("download 1,000 files of 20 kB", data.FILES)
UPLOAD = _upload("upload 1,000 files of 20 kB", data.NEW_FILES)
DOWNLOAD_LARGE = _download("download a file of 1 GB", data.LARGE_FILE)
UPLOAD_LARGE = _upload("upload a file of 1 GB", data.NEW_LARGE_FILE)


def _with(scenario: Scenario, *targets: Target) -> Scenario:
    return replace(scenario, targets=(*scenario.targets, *targets))


_THREE = Target("speed-up", 3, True)
_SIX = Target("speed-up", 6, True)
_STREAMS = Target("memory", 50, False)
_FIFTEEN = Target("speed-up", 15, True)

SCENARIOS: Mapping[str, Mapping[str, Scenario]] = {
    "replay": {
        "dense": replace(
            _with(DENSE, Target("speed-up", 12, True), Target("of discard", 0.6, True)),
            discard=True,
        ),
        "many": MANY,
        "short": SHORT,
        "bursty": BURSTY,
        "zeros": _with(ZEROS, Target("rate of dense", 0.5, True)),
        "texts": TEXTS,
        "aggregates": YEARS,
        "limit": LIMIT,
        "wide": WIDE,
        "latest": LATEST,
        "insert": LONG_INSERT,
        "insert_wide": WIDE_INSERT,
        "list": _with(LIST, _SIX),
        "list_10": _with(LIST_10, _SIX),
        "assets": _with(ASSETS, _SIX),
        "assets_10": _with(ASSETS_10, _SIX),
        "events": EVENTS,
        "events_10": EVENTS_10,
        "create": CREATE,
        "hierarchy": HIERARCHY,
        "create_events": CREATE_EVENTS,
        "raw": _with(TABLE, _SIX),
        "insert_raw": _with(NEW_TABLE, _THREE),
        "sequence": SEQUENCE,
        "insert_sequence": NEW_SEQUENCE,
        "download": DOWNLOAD,
        "upload": UPLOAD,
    },
    "slow": {
        "dense": _with(DENSE, Target("of schedule", 1.25, False)),
        "many": _with(MANY, _FIFTEEN),
        "short": _with(SHORT, _FIFTEEN),
        "bursty": _with(BURSTY, Target("of schedule", 1.5, False)),
        "limit": LIMIT,
        "aggregates": YEARS,
        "latest": LATEST,
        "list": LIST,
        "list_10": LIST_10,
        "assets_10": ASSETS_10,
        "events": EVENTS,
        "create": CREATE,
        "hierarchy": HIERARCHY,
    },
    "local": {
        "dense": _long("1 series × 2,000,000 points", data.LOCAL_DENSE),
        "many": MANY,
        "aggregates": _aggregates("10 series × 1 year, hourly × 4 aggregates, wide", data.LOCAL_YEAR, 365 * 24),
        "latest": _latest("latest points of 1,000 series", data.LOCAL_SHORT),
        "insert": LONG_INSERT,
        "insert_wide": WIDE_INSERT,
        "list": _list("list 20,000 time series", data.LOCAL_LISTED),
        "assets_10": _list("list 20,000 assets in 10 partitions", data.LOCAL_ASSETS, 10),
        "events": _list("list 20,000 events with metadata", data.LOCAL_EVENTS),
        "create": _create("create 20,000 assets from a frame", data.LOCAL_NEW_ASSETS),
        "hierarchy": _create("create a hierarchy of 20,000 assets", data.LOCAL_NEW_TREE),
        "raw": TABLE,
        "insert_raw": NEW_TABLE,
        "sequence": SEQUENCE,
        "insert_sequence": NEW_SEQUENCE,
        "download": DOWNLOAD,
        "upload": UPLOAD,
        "download_large": _with(DOWNLOAD_LARGE, _STREAMS),
        "upload_large": _with(UPLOAD_LARGE, _STREAMS),
    },
}
