"""What is asked about a series besides its points, as items of the requests for points: its end, and its counts.

Both only help to cut windows: what they tell may lag behind the data, and is never taken for its end.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cdframe.datapoints.density import Histogram, Uniform, counting_granularity, histogram
from cdframe.datapoints.pages import Page
from cdframe.datapoints.plan import SeriesRead
from cdframe.datapoints.windows import SeriesProgress
from cdframe.timestamps import granularity_to_ms


@dataclass(frozen=True, slots=True)
class EndItem:
    """Asks for the last point before the end of a read: the outside point of a range that is hardly one."""

    series: SeriesProgress
    read: SeriesRead

    def wire(self) -> dict[str, Any]:
        """Its form on the wire."""
        end = self.read.end
        return {**self.read.identity, "start": end - 1, "end": end, "limit": 1, "includeOutsidePoints": True}

    def accept(self, page: Page | None) -> None:
        """Let the series know where its rows end, if there are any."""
        if page is not None and len(page):
            before = page.between(-(2**62), self.read.end)
            self.series.rows_until = int(before.timestamps[-1]) + 1 if len(before) else self.series.origin


def end_item(series: SeriesProgress) -> EndItem:
    """Ask where a series ends."""
    return EndItem(series, replace(series.read, aggregates=(), granularity=None, include_outside_points=True))


@dataclass(frozen=True, slots=True)
class CountItem:
    """Asks for the counts of what is left of a series."""

    series: SeriesProgress
    read: SeriesRead
    limit: int

    def wire(self) -> dict[str, Any]:
        """Its form on the wire."""
        read = self.read
        return {
            **read.identity,
            "start": read.start,
            "end": read.end,
            "limit": self.limit,
            "aggregates": list(read.aggregates),
            "granularity": read.granularity,
        }

    def accept(self, page: Page | None) -> None:
        """Let the series be cut by its counts, or without them if there are none."""
        self.series.count_in(self.histogram(page))

    def histogram(self, page: Page | None) -> Histogram | None:
        """Make the density of the series of its counts."""
        if page is None or not len(page) or self.read.granularity is None:
            return None
        counts = page.columns["count"]
        assert isinstance(counts, np.ndarray)
        counts = np.nan_to_num(counts)
        # The first bucket begins at a whole unit of time: what it counts before the span has come already.
        counts[0] = max(0.0, counts[0] - self.series.rows_between(int(page.timestamps[0]), self.read.start))
        seen = self.series.spans[0].density if self.series.spans else None
        return histogram(
            page.timestamps,
            counts,
            granularity_to_ms(self.read.granularity),
            start=self.read.start,
            seen=seen if isinstance(seen, Uniform) else None,
            step=self.series.grid.step,
        )


def count_item(series: SeriesProgress, limit: int) -> CountItem:
    """Ask for at most so many counts of what is left of a series, up to where it is known to end."""
    start = series.spans[0].start
    end = max(start + 1, min(series.read.end, series.rows_until or series.read.end))
    read = replace(
        series.read,
        start=start,
        end=end,
        aggregates=("count",),
        granularity=counting_granularity(start, end, limit),
        limit=None,
        include_outside_points=False,
    )
    return CountItem(series, read, limit)
