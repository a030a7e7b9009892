"""The store of points: reads windows, writes and deletes points, keeps blocks in shape. See `tables` for the layout."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from cdframe.local.database import Connection
from cdframe.local.datapoints.points import ANY_STATUS, UNCERTAIN, Ints, Kind, Points, concatenate

BLOCK = 4096  # points at most: two DuckDB vectors; small enough to be rewritten for one late point
FANOUT = 16  # so many blocks of one size, side by side, are merged
TIERS = ((0, 16), (16, 256), (256, 2048))  # the sizes, so that a point is merged three times at most
MERGED_AT_ONCE = 250_000  # points: what one insert may spend on merging; the rest waits for the next


@dataclass(frozen=True, slots=True)
class Window:
    """What of a series to read: points in [start, end) below a status bound, at most `limit`, and neighbours.

    `before` asks for the last point before `start`, `after` for the first one from `end` on, however far away.
    """

    series: int
    start: int
    end: int
    limit: int | None = None
    before: bool = False
    after: bool = False
    bound: int = ANY_STATUS


@dataclass(frozen=True, slots=True)
class Found:
    """What a window holds; the neighbours have one point or none."""

    inside: Points
    before: Points
    after: Points


@dataclass(frozen=True, slots=True)
class _Blocks:
    """Blocks of one series, in order of time."""

    number: Ints
    first: Ints
    last: Ints
    count: Ints
    flagged: Ints

    def needed(self, window: Window) -> Ints:
        """The positions of the blocks that have what a window asks for."""
        begin = int(np.searchsorted(self.last, window.start))  # the first block that ends in the window, or later
        end = int(np.searchsorted(self.first, window.end))
        # What a block surely has for this query: all its points, or those that are not flagged.
        sure = self.count if window.bound == ANY_STATUS else self.count - self.flagged
        chosen = np.zeros(len(self.number), np.bool_)
        if window.limit is None:
            chosen[begin:end] = True
        elif begin < end:
            # A first block that begins before the window may have no more than one point in it.
            counted = begin + int(self.first[begin] < window.start)
            enough = int(np.searchsorted(np.cumsum(sure[counted:end]), window.limit)) + 1
            chosen[begin : min(counted + enough, end)] = True
        if window.before:
            chosen[self._back_to_good(sure, begin, window.start) : begin] = True
            chosen[begin : begin + int(begin < len(chosen) and self.first[begin] < window.start)] = True
        if window.after:
            chosen[end : self._on_to_good(sure, end, window.end)] = True
            chosen[end - int(end > 0 and self.last[end - 1] >= window.end) : end] = True
        return np.flatnonzero(chosen)

    def _back_to_good(self, sure: Ints, begin: int, start: int) -> int:
        """From which block on those before `begin` are needed to have the last point before `start`."""
        if begin < len(sure) and self.first[begin] < start and sure[begin] == self.count[begin]:
            return begin
        good = np.flatnonzero(sure[:begin])
        return int(good[-1]) if len(good) else 0

    def _on_to_good(self, sure: Ints, end: int, stop: int) -> int:
        """Up to which block those from `end` on are needed to have the first point from `stop` on."""
        if end > 0 and self.last[end - 1] >= stop and sure[end - 1] == self.count[end - 1]:
            return end
        good = np.flatnonzero(sure[end:])
        return end + int(good[0]) + 1 if len(good) else len(sure)


class PointStore:
    """The points of one kind, as a transaction sees them."""

    def __init__(self, connection: Connection, kind: Kind) -> None:
        self._connection = connection
        self._kind = kind
        self._blocks_table = f"{kind}_blocks"
        self._points_table = f"{kind}_points"

    # Reading

    def read(self, windows: Sequence[Window]) -> list[Found]:
        """What each window holds. However many there are, this takes two queries."""
        if not windows:
            return []
        blocks = self._blocks({window.series for window in windows})
        needed = []
        for window in windows:
            of_series = blocks.get(window.series)
            needed.append(of_series.number[of_series.needed(window)] if of_series else np.empty(0, np.int64))
        points = self._points(np.unique(np.concatenate(needed)))
        return [
            self._cut(
                concatenate([points[number] for number in numbers.tolist() if number in points], self._kind), window
            )
            for numbers, window in zip(needed, windows, strict=True)
        ]

    def _blocks(self, series: Iterable[int]) -> dict[int, _Blocks]:
        columns = self._connection.arrays(
            f"SELECT series, block, first, last, count, flagged FROM {self._blocks_table} "
            "WHERE series IN (SELECT unnest(?::BIGINT[]))",
            [list(series)],
        )
        order = np.lexsort((columns["first"], columns["series"]))
        sorted_series = columns["series"][order]
        starts = np.flatnonzero(np.diff(sorted_series, prepend=-1))
        stops = np.append(starts, len(order))[1:]
        return {
            int(sorted_series[start]): _Blocks(
                *(columns[name][order[start:stop]] for name in ("block", "first", "last", "count", "flagged"))
            )
            for start, stop in zip(starts.tolist(), stops.tolist(), strict=True)
        }

    def _points(self, numbers: Ints) -> dict[int, Points]:
        """The points of blocks, by block."""
        if not len(numbers):
            return {}
        table = self._connection.table(
            f"SELECT block, timestamp, value, status FROM {self._points_table} "
            "WHERE block IN (SELECT unnest(?::BIGINT[]))",
            [numbers.tolist()],
        )
        points = Points.from_table(table)
        block = table["block"].to_numpy()
        # A scan hands out row groups in any order, and the few rows of one vector later than the many of the next.
        same = block[1:] == block[:-1]
        if not np.all((block[1:] > block[:-1]) | (same & (points.timestamps[1:] > points.timestamps[:-1]))):
            order = np.lexsort((points.timestamps, block))
            points, block = points.take(order), block[order]
        starts = np.flatnonzero(np.diff(block, prepend=-1))
        stops = np.append(starts, len(block))[1:]
        return {
            int(block[start]): points.slice(start, stop)
            for start, stop in zip(starts.tolist(), stops.tolist(), strict=True)
        }

    def _cut(self, points: Points, window: Window) -> Found:
        points = points.below(window.bound)
        begin, end = (int(p) for p in np.searchsorted(points.timestamps, (window.start, window.end)))
        stop = end if window.limit is None else min(end, begin + window.limit)
        return Found(
            inside=points.slice(begin, stop),
            before=points.slice(max(begin - 1, 0), begin) if window.before else points.slice(0, 0),
            after=points.slice(end, min(end + 1, len(points))) if window.after else points.slice(0, 0),
        )

    # Writing

    def insert(self, items: Sequence[tuple[int, Points]]) -> None:
        """Write points; those that have the timestamp of a stored one replace it.

        Each series is there once, with points in order of time.
        """
        items = [(series, points) for series, points in items if len(points)]
        if not items:
            return
        ranges = pa.table(
            {
                "item": pa.array(range(len(items)), pa.int64()),
                "series": pa.array([series for series, _ in items], pa.int64()),
                "first": pa.array([points.timestamps[0] for _, points in items], pa.int64()),
                "last": pa.array([points.timestamps[-1] for _, points in items], pa.int64()),
            }
        )
        with self._connection.relation("ranges", ranges):
            touched = self._connection.tuples(
                f"SELECT ranges.item, b.block FROM {self._blocks_table} b JOIN ranges ON b.series = ranges.series "
                "AND b.first <= ranges.last AND b.last >= ranges.first ORDER BY ranges.item, b.first"
            )
        if touched:
            items = self._merged(items, touched)
        self._write(items)
        self._merge_small({series for series, _ in items})

    def _merged(
        self, items: Sequence[tuple[int, Points]], touched: Sequence[tuple[int, int]]
    ) -> list[tuple[int, Points]]:
        """The items together with what is stored in the blocks that they touch, which are taken out."""
        numbers = np.array([block for _, block in touched], np.int64)
        stored = self._points(numbers)
        parts: dict[int, list[Points]] = {}
        for item, block in touched:
            parts.setdefault(item, []).append(stored[block])
        self._drop_blocks(numbers)
        return [
            (series, concatenate([*parts.get(i, ()), points], self._kind).in_order())
            for i, (series, points) in enumerate(items)
        ]

    def _write(self, items: Sequence[tuple[int, Points]]) -> None:
        """Store points as new blocks."""
        number = (self._connection.value(f"SELECT max(block) FROM {self._blocks_table}") or 0) + 1
        numbers, series_column, starts = [], [], []
        offset = 0
        for series, points in items:
            parts = -(-len(points) // BLOCK)
            for part in range(parts):
                numbers.append(number)
                series_column.append(series)
                starts.append(offset + part * len(points) // parts)
                number += 1
            offset += len(points)
        points = concatenate([points for _, points in items], self._kind)
        first = np.array(starts, np.int64)
        count = np.diff(first, append=offset)
        flagged = np.add.reduceat((points.status >= UNCERTAIN).astype(np.int64), first)
        rows = pa.table(
            {
                "block": np.repeat(np.array(numbers, np.int64), count),
                "timestamp": points.timestamps,
                "value": points.arrow_values(),
                "status": points.status.astype(np.uint32),
            }
        )
        blocks = pa.table(
            {
                "series": pa.array(series_column, pa.int64()),
                "block": pa.array(numbers, pa.int64()),
                "first": points.timestamps[first],
                "last": points.timestamps[first + count - 1],
                "count": count,
                "flagged": flagged,
            }
        )
        self._connection.insert(self._points_table, rows)
        self._connection.insert(self._blocks_table, blocks)

    def _merge_small(self, series: Iterable[int]) -> None:
        """Merge small blocks that lie side by side, once there are enough of one size."""
        tiers = [f"count_if(count >= {least} AND count < {most}) >= {FANOUT}" for least, most in TIERS]
        crowded = self._connection.tuples(
            f"SELECT series FROM {self._blocks_table} WHERE series IN (SELECT unnest(?::BIGINT[])) "
            f"AND count < {TIERS[-1][1]} GROUP BY series HAVING {' OR '.join(tiers)}",
            [list(series)],
        )
        if not crowded:
            return
        runs: list[tuple[int, Ints]] = []
        budget = MERGED_AT_ONCE
        for one, blocks in self._blocks([row[0] for row in crowded]).items():
            for start, stop in _crowded_runs(blocks.count):
                budget -= int(blocks.count[start:stop].sum())
                if budget >= 0:
                    runs.append((one, blocks.number[start:stop]))
        if not runs:
            return
        numbers = np.concatenate([run for _, run in runs])
        stored = self._points(numbers)
        self._drop_blocks(numbers)
        self._write([(one, concatenate([stored[number] for number in run.tolist()], self._kind)) for one, run in runs])

    # Deleting

    def delete(self, ranges: Sequence[tuple[int, int, int]]) -> None:
        """Delete the points of series in [begin, end); a series may be there many times."""
        columns = ("series", "begin", "stop")
        table = pa.table(
            [pa.array([r[i] for r in ranges], pa.int64()) for i in range(3)],
            names=columns,
        )
        with self._connection.relation("ranges", table):
            touched = self._connection.tuples(
                f"SELECT DISTINCT b.block, ranges.begin, ranges.stop, b.first >= ranges.begin AND b.last < ranges.stop "
                f"FROM {self._blocks_table} b JOIN ranges ON b.series = ranges.series "
                "AND b.first < ranges.stop AND b.last >= ranges.begin"
            )
        whole = {block for block, _, _, covered in touched if covered}
        self._drop_blocks(np.array(sorted(whole), np.int64))
        self._cut_blocks([(block, begin, stop) for block, begin, stop, _ in touched if block not in whole])

    def _cut_blocks(self, cuts: Sequence[tuple[int, int, int]]) -> None:
        """Delete ranges within blocks, and count again what they hold."""
        if not cuts:
            return
        table = pa.table(
            [pa.array([cut[i] for cut in cuts], pa.int64()) for i in range(3)], names=("block", "begin", "stop")
        )
        blocks = sorted({cut[0] for cut in cuts})
        with self._connection.relation("cuts", table):
            self._connection.execute(
                f"DELETE FROM {self._points_table} p USING cuts "
                "WHERE p.block = cuts.block AND p.timestamp >= cuts.begin AND p.timestamp < cuts.stop"
            )
        left = self._connection.table(
            "SELECT block, min(timestamp) AS first, max(timestamp) AS last, count(*) AS count, "
            f"count_if(status >= {UNCERTAIN})::BIGINT AS flagged FROM {self._points_table} "
            "WHERE block IN (SELECT unnest(?::BIGINT[])) GROUP BY block",
            [blocks],
        )
        with self._connection.relation("remaining", left):
            self._connection.execute(
                f"UPDATE {self._blocks_table} b SET first = r.first, last = r.last, count = r.count, "
                "flagged = r.flagged FROM remaining r WHERE b.block = r.block"
            )
        emptied = np.setdiff1d(np.array(blocks, np.int64), left["block"].to_numpy())
        self._drop_blocks(emptied)

    def _drop_blocks(self, numbers: Ints) -> None:
        if len(numbers):
            for table in (self._points_table, self._blocks_table):
                self._connection.execute(
                    f"DELETE FROM {table} WHERE block IN (SELECT unnest(?::BIGINT[]))", [numbers.tolist()]
                )

    @staticmethod
    def drop(connection: Connection, series: Sequence[int]) -> None:
        """Delete all points of series, of both kinds."""
        for kind in ("numeric", "string"):
            of_series = f"FROM {kind}_blocks WHERE series IN (SELECT unnest(?::BIGINT[]))"
            connection.execute(f"DELETE FROM {kind}_points WHERE block IN (SELECT block {of_series})", [list(series)])
            connection.execute(f"DELETE {of_series}", [list(series)])


def _crowded_runs(count: Ints) -> list[tuple[int, int]]:
    """Runs of neighbours to merge: blocks below a size, enough of which are near that size. Each block once."""
    found: list[tuple[int, int]] = []
    taken = np.zeros(len(count), np.bool_)
    for least, most in TIERS:
        small = (count < most) & ~taken
        edges = np.flatnonzero(np.diff(small, prepend=False, append=False))
        for start, stop in edges.reshape(-1, 2).tolist():
            if np.count_nonzero(count[start:stop] >= least) >= FANOUT:
                found.append((start, stop))
                taken[start:stop] = True
    return found
