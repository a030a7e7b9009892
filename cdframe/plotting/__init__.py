"""Plots of data points: `plot` draws long and wide frames with matplotlib, `SeriesInfo` says what their series are."""

from cdframe.plotting.axes import plot
from cdframe.plotting.lines import SeriesInfo

__all__ = ["SeriesInfo", "plot"]
