"""Draws lines of data points on matplotlib axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from itertools import cycle, islice
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pyarrow as pa

from cdframe.errors import CogniteImportError, nearest
from cdframe.plotting.lines import TEXT, Line, SeriesInfo, read_lines

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

COLORS = (
    "#2b6cb0",
    "#dd7a1f",
    "#2f9162",
    "#c23b3b",
    "#7a5cb3",
    "#2a9fb5",
    "#8a6a4a",
    "#cf6aa2",
    "#6b7280",
    "#9a9a1f",
)
STROKES = ("-", "--", "-.", ":")
INK, FAINT_INK, GRID = "#2d3748", "#718096", "#e6eaf0"
BAND_ALPHA = 0.18

MOST_TEXTS = 30
"""The most different texts that an axis of texts can show."""

_LONGEST_TEXT = 32
_LEGEND_IN_ROWS = 6
_SMALL = 5_000
"""So many points may be weighed to find the best place of a legend; matplotlib takes seconds for millions."""


def plot(
    table: pa.Table,
    *,
    series: Mapping[str | int, SeriesInfo] | None = None,
    time_zone: str = "UTC",
    ax: Axes | None = None,
    figsize: tuple[float, float] | None = None,
    **keywords: Any,
) -> Axes:
    """Plot data points: one line for each series and aggregate, over time.

    `min` and `max` become a band around `average` when all three are there. Step series and texts are drawn as steps.
    Gaps stay gaps: a line breaks at a missing bucket of aggregates, and at an empty value of raw points. Two units make
    two axes; more units share one, and the legend names them.

    Args:
        table: data points in long form (`id` or `external_id`, `timestamp`, `value` or aggregates) or in wide form
            (`timestamp`, then columns ``identifier`` or ``identifier|aggregate``).
        series: names, units and kinds of the series, by external id or id.
        time_zone: the zone of the time axis, such as "Europe/Oslo"; "local" is that of this machine.
        ax: draw here, with the looks that it has, instead of on a new figure.
        figsize: width and height of the figure in inches.
        keywords: properties of the lines, such as `alpha` or `linewidth`, for `matplotlib.axes.Axes.plot`.

    Returns:
        The axes (the left ones of two). Nothing is shown: a notebook does that, or ``matplotlib.pyplot.show()``.

    Raises:
        CogniteImportError: matplotlib is not installed.
        ValueError: there are no data points, the table is of another form, or the time zone is not known.
    """
    try:
        from matplotlib import pyplot
        from matplotlib.cbook import normalize_kwargs
        from matplotlib.lines import Line2D
    except ImportError as error:
        raise CogniteImportError("matplotlib") from error

    lines = read_lines(table, series)
    zone = _zone(time_zone)
    texts = _distinct_texts(lines)
    properties = normalize_kwargs(keywords, Line2D)
    if ax is not None:
        if figsize is not None:
            ax.get_figure(root=True).set_size_inches(figsize)  # type: ignore[union-attr]
        _draw(ax, lines, texts, zone, time_zone, properties, is_new=False)
        return ax
    figure, new = pyplot.subplots(figsize=figsize or (10, 4.2), layout="constrained")
    try:
        _draw(new, lines, texts, zone, time_zone, properties, is_new=True)
    except BaseException:
        pyplot.close(figure)
        raise
    return new


def _draw(
    ax: Axes,
    lines: Sequence[Line],
    texts: Sequence[str],
    zone: tzinfo,
    time_zone: str,
    properties: Mapping[str, Any],
    is_new: bool,
) -> None:
    units = list(dict.fromkeys(line.unit for line in lines))
    if TEXT in units and len(units) > 2:
        raise ValueError(
            "Texts and numbers of several units cannot share a plot. Hint: plot the series of texts by themselves."
        )
    is_split = len(units) == 2 and (TEXT in units or None not in units)
    axes = {unit: ax.twinx() if is_split and number == 1 else ax for number, unit in enumerate(units)}
    styles = islice(_styles(), len(ax.get_lines()), None)
    drawn: dict[str | None, list[Line2D]] = {}
    ax.xaxis_date(zone)
    for line, style in zip(lines, styles, strict=False):
        label = line.label if len(units) == 1 or line.unit in (None, TEXT) else f"{line.label} [{line.unit}]"
        defaults = {"linewidth": 1.4, "label": label, "drawstyle": "steps-post" if line.is_step else "default"}
        artist = _draw_line(axes[line.unit], line, texts, {**defaults, **style, **properties})
        drawn.setdefault(line.unit, []).append(artist)
    if is_new:
        for each in dict.fromkeys(axes.values()):
            _calm(each, is_right=each is not ax)
    _label_time(ax, zone, time_zone)
    for unit, each in axes.items():
        if unit == TEXT:
            each.set_yticks(range(len(texts)), [_shortened(text) for text in texts])
            each.set_ylim(-0.5, len(texts) - 0.5)
        elif unit and (is_split or len(units) == 1) and not each.get_ylabel():
            each.set_ylabel(unit)
            if is_split and len(drawn[unit]) == 1:
                each.yaxis.label.set_color(drawn[unit][0].get_color())
    _name_lines(ax, list(dict.fromkeys([ax, *axes.values()])), is_new)


def _draw_line(ax: Axes, line: Line, texts: Sequence[str], properties: dict[str, Any]) -> Line2D:
    values = line.values
    if line.is_text:
        numbers = {text: float(number) for number, text in enumerate(texts)}
        values = np.array([numbers.get(text, np.nan) for text in values])
    if "marker" not in properties and (alone := line.isolated()):
        properties |= {"marker": "o", "markersize": properties.get("markersize", 3), "markevery": alone}
    (artist,) = ax.plot(line.times, values, **properties)
    if line.band is not None:
        ax.fill_between(
            line.times,
            *line.band,
            step="post" if line.is_step else None,
            color=artist.get_color(),
            alpha=BAND_ALPHA * (artist.get_alpha() or 1),
            linewidth=0,
            zorder=artist.get_zorder() - 0.5,
        )
    return artist


def _styles() -> Any:
    """Give color after color, then the same with other strokes; a palette that the user has set goes first."""
    from matplotlib import rcParams, rcParamsDefault

    chosen = rcParams["axes.prop_cycle"]
    if chosen != rcParamsDefault["axes.prop_cycle"]:
        return cycle(chosen)
    return cycle({"color": color, "linestyle": stroke} for stroke in STROKES for color in COLORS)


def _calm(ax: Axes, is_right: bool) -> None:
    """Give new axes quiet surroundings: the data are what is looked at."""
    ax.margins(x=0.01)
    ax.spines[["top", "left" if is_right else "right"]].set_visible(False)
    ax.spines[["bottom", "left", "right"]].set_color(GRID)
    ax.tick_params(color=GRID, labelcolor=FAINT_INK)
    ax.xaxis.label.set_color(FAINT_INK)
    ax.yaxis.label.set_color(INK)
    ax.yaxis.get_major_formatter().set_useOffset(False)  # type: ignore[attr-defined]
    if not is_right:
        ax.set_axisbelow(True)
        ax.grid(axis="y", color=GRID, linewidth=0.8)


def _label_time(ax: Axes, zone: tzinfo, time_zone: str) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(tz=zone)  # type: ignore[no-untyped-call]
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(ConciseDateFormatter(locator, tz=zone))  # type: ignore[no-untyped-call]
    if not ax.get_xlabel():
        ax.set_xlabel(f"Time ({time_zone})")


def _name_lines(ax: Axes, axes: Sequence[Axes], is_new: bool) -> None:
    """Put the name of a single line into the title, and those of several into a legend."""
    handles = [line for each in axes for line in each.get_lines() if not str(line.get_label()).startswith("_")]
    labels = [str(line.get_label()) for line in handles]
    if len(handles) == 1:
        if is_new:
            ax.set_title(labels[0], loc="left", color=INK, fontsize="medium")
        return
    if ax.get_title(loc="left") in labels:
        ax.set_title("", loc="left")
    quiet: dict[str, Any] = {"frameon": False, "labelcolor": INK, "fontsize": "small", "borderaxespad": 0.3}
    if not is_new:
        few = sum(np.size(line.get_xdata()) for line in handles) <= _SMALL
        legend = axes[-1].legend(handles, labels, loc="best" if few else "upper right")
    elif len(handles) <= _LEGEND_IN_ROWS or len(axes) > 1:
        quiet |= {"loc": "lower left", "bbox_to_anchor": (0, 1), "ncols": min(len(handles), 4), "borderpad": 0}
        legend = ax.legend(handles, labels, **quiet)
    else:
        quiet |= {"loc": "upper left", "bbox_to_anchor": (1.01, 1), "ncols": -(-len(handles) // 20)}
        legend = ax.legend(handles, labels, **quiet)
    for line, shown in zip(handles, legend.legend_handles, strict=True):
        if line.get_markevery() is not None and isinstance(shown, type(line)):
            shown.set_marker("None")  # the dot is that of a lone point, not of the line


def _distinct_texts(lines: Sequence[Line]) -> list[str]:
    """List the texts, in the order in which they come."""
    texts: dict[str, None] = {}
    for line in lines:
        if line.is_text:
            texts |= dict.fromkeys(text for text in line.values if text is not None)
    if len(texts) > MOST_TEXTS:
        raise ValueError(
            f"There are {len(texts):,} different texts to plot. Accepted: up to {MOST_TEXTS}, which label the axis. "
            "Hint: plot a shorter range, or count them instead."
        )
    return list(texts)


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else f"{text[: _LONGEST_TEXT - 1]}…"


def _zone(name: str) -> tzinfo:
    if name == "local":
        from dateutil.tz import tzlocal  # type: ignore[import-untyped]

        local: tzinfo = tzlocal()
        return local
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError, TypeError):
        from zoneinfo import available_timezones

        raise ValueError(
            f"time_zone={name!r} is not known.{nearest(str(name), sorted(available_timezones()))} "
            "Accepted: 'UTC', 'local', or a name such as 'Europe/Oslo'."
        ) from None
