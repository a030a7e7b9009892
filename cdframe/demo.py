"""The demo: a year of real temperatures and a generated series of millions of points, through a local CDF and back.

`run` walks through the steps of a first session and prints what each does, with its numbers.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from cdframe._version import __version__
from cdframe.client import CogniteClient
from cdframe.errors import CogniteImportError
from cdframe.frames import import_pandas

WIDTH = 96
CITIES = ("seattle", "san_francisco")
YEAR = (datetime(2010, 1, 1, tzinfo=UTC), datetime(2011, 1, 1, tzinfo=UTC))
STANDARD_TIME = timedelta(hours=8)
"""The data sets give local standard time, eight hours behind UTC."""

VIBRATION = "pump/vibration"
VIBRATION_START = datetime(2024, 1, 1, tzinfo=UTC)

SERIES = pl.DataFrame(
    [
        {"external_id": "seattle", "name": "Seattle", "unit": "°F", "metadata": {"source": "NOAA"}},
        {"external_id": "san_francisco", "name": "San Francisco", "unit": "°F", "metadata": {"source": "NOAA"}},
        {"external_id": "seattle/precipitation", "name": "Precipitation in Seattle", "unit": "mm"},
        {"external_id": "seattle/weather", "name": "Weather in Seattle", "is_string": True},
        {"external_id": VIBRATION, "name": "Pump vibration (generated)", "unit": "mm/s"},
    ],
    schema_overrides={"metadata": pl.Map(pl.String, pl.String)},
)


def run(output: Path, *, points: int = 5_000_000, write: Callable[[str], object] = print) -> None:
    """Run the demo; needs pandas, matplotlib and vega_datasets, but no network.

    Args:
        output: the file of the plot.
        points: how many points the generated series has.
        write: prints a line.

    Raises:
        CogniteImportError: one of these packages is missing.
    """
    pandas = import_pandas()
    temperatures, weather = _measurements(pandas)
    output.parent.mkdir(parents=True, exist_ok=True)
    story = _Story(write)
    began = time.perf_counter()
    story.title()
    with tempfile.TemporaryDirectory(prefix="cdframe-demo-") as folder:
        with story.step("Start a local CDF", f'client = cdf.CogniteClient.local("{folder}")') as tell:
            client = CogniteClient.local(folder)
            tell(f"The data live in that folder until the demo ends. You are {client.login.status().user!r}.")
        with client:
            _write(client, story, temperatures, weather, points)
            _read(client, story, points)
            _ask(client, story)
            _plot(client, story, output)
            _delete(client, story)
    story.end(output, time.perf_counter() - began)


def _measurements(pandas: Any) -> tuple[Any, Any]:
    """Load a year of hourly temperatures of two cities, and four years of daily weather, as pandas frames in UTC.

    Both come from NOAA; vega_datasets ships them.
    """
    try:
        import matplotlib
    except ImportError as error:
        raise CogniteImportError("matplotlib") from error
    try:
        from vega_datasets import data
    except ImportError as error:
        raise CogniteImportError("vega_datasets") from error
    if "matplotlib.pyplot" not in sys.modules:
        matplotlib.use("Agg")
    hourly = [data.seattle_temps(), data.sf_temps()]
    temperatures = pandas.DataFrame(
        {city: frame.set_index("date")["temp"] for city, frame in zip(CITIES, hourly, strict=True)}
    )
    weather = data.seattle_weather().set_index("date")[["precipitation", "weather"]].add_prefix("seattle/")
    for frame in (temperatures, weather):
        frame.index = (frame.index + STANDARD_TIME).tz_localize("UTC").rename("timestamp")
    return temperatures, weather


def _vibration(points: int) -> pl.DataFrame:
    """Generate a point a second: noise on a daily rhythm, and a bearing that wears."""
    rng = np.random.default_rng(2024)
    seconds = np.arange(points)
    wear = 1.5 * (seconds / points) ** 4
    values = 2.5 + wear + 0.4 * np.sin(seconds * (2 * np.pi / 86_400)) + 0.15 * rng.standard_normal(points)
    first = int(VIBRATION_START.timestamp()) * 1000
    times = pl.Series(first + 1000 * seconds).cast(pl.Datetime("ms", "UTC"))
    return pl.DataFrame({"timestamp": times, VIBRATION: values})


def _write(client: CogniteClient, story: _Story, temperatures: Any, weather: Any, points: int) -> None:
    with story.step("Create time series from a frame", "client.time_series.create(series)") as tell:
        created = client.time_series.create(SERIES)
        tell(_shown(created.select("external_id", "name", "unit", "is_string", "created_time")))

    with story.step("Insert real measurements, from pandas frames", "temperatures.cdf.insert()") as tell:
        began = time.perf_counter()
        temperatures.cdf.insert()
        weather.cdf.insert()
        count = temperatures.size + weather.size
        tell(_speed(count, began, "in") + ": hourly temperatures, four years of weather")

    vibration: Any = _vibration(points)
    with story.step(f"Insert {points:,} points, one a second, from a Polars frame", "vibration.cdf.insert()") as tell:
        began = time.perf_counter()
        vibration.cdf.insert()
        tell(_speed(points, began, "in"))

    call = f'client.datapoints.retrieve_dataframe(0, "now", external_id="{VIBRATION}")'
    with story.step("Read them back, raw", call) as tell:
        began = time.perf_counter()
        back = client.datapoints.retrieve_dataframe(0, "now", None, None, external_id=VIBRATION)
        told = _speed(back.height, began, "out")
        tell(told + (": each as written" if back.equals(vibration) else ": NOT as written"))


def _read(client: CogniteClient, story: _Story, points: int) -> None:
    start, end = YEAR
    call = 'client.datapoints.retrieve_dataframe(start, end, ["average", "max"], "1d", external_id=...)'
    with story.step("Read aggregates into Polars", call) as tell:
        began = time.perf_counter()
        daily = client.datapoints.retrieve_dataframe(start, end, ["average", "max"], "1d", external_id=list(CITIES))
        elapsed = time.perf_counter() - began
        tell(_shown(daily.head(3)))
        tell(f"{daily.height} days in {_seconds(elapsed)}")

    call = 'client.with_frame("pandas").datapoints.retrieve_dataframe(0, "now", aggregates, "1h", ...)'
    with story.step(f"Aggregate the {points:,} points, into pandas", call) as tell:
        began = time.perf_counter()
        hourly = client.with_frame("pandas").datapoints.retrieve_dataframe(
            0, "now", ["average", "max", "count"], "1h", external_id=VIBRATION
        )
        elapsed = time.perf_counter() - began
        tell(hourly.tail(3).round(3).to_string())
        tell(f"{len(hourly):,} hours of {points:,} points in {_seconds(elapsed)}")


def _ask(client: CogniteClient, story: _Story) -> None:
    start, end = YEAR
    expression = "(sf - seattle) * 5 / 9"
    call = f'client.datapoints.synthetic.query("{expression}", start, end, variables={{"sf": ...}})'
    with story.step("Ask a synthetic question: how much warmer is San Francisco, in °C?", call) as tell:
        began = time.perf_counter()
        warmer = client.datapoints.synthetic.query(
            expression, start, end, variables={"sf": "san_francisco", "seattle": "seattle"}
        )
        elapsed = time.perf_counter() - began
        values = warmer[expression]
        tell(
            f"{values.mean():.1f} °C on average, {values.min():.1f} to {values.max():.1f} °C in single hours: "
            f"{len(values):,} points in {_seconds(elapsed)}"
        )


def _plot(client: CogniteClient, story: _Story, output: Path) -> None:
    from matplotlib import pyplot

    start, end = YEAR
    with story.step("Plot daily averages between their minimum and maximum", "points.cdf.plot()") as tell:
        points = client.datapoints.retrieve(
            start, end, external_id=list(CITIES), aggregates=["average", "min", "max"], granularity="1d"
        )
        axes = points.cdf.plot()
        axes.figure.savefig(output, dpi=150)
        pyplot.close(axes.figure)
        tell(f"Written to {output.resolve()}")


def _delete(client: CogniteClient, story: _Story) -> None:
    with story.step("Delete a range", f'client.datapoints.delete_range(start, end, external_id="{VIBRATION}")') as tell:
        pump = client.time_series.retrieve(external_id=VIBRATION)
        before = pump.cdf.count()["count"][0]
        began = time.perf_counter()
        client.datapoints.delete_range(
            VIBRATION_START + timedelta(minutes=10), VIBRATION_START + timedelta(days=7), external_id=VIBRATION
        )
        elapsed = time.perf_counter() - began
        after = pump.cdf.count()["count"][0]
        tell(f"{before:,} points before, {after:,} after; {before - after:,} deleted in {_seconds(elapsed)}")


class _Story:
    """Prints numbered steps: what is done, how it is written, what came of it."""

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write
        self._steps = 0
        self._is_colored = sys.stdout.isatty() and "NO_COLOR" not in os.environ

    def title(self) -> None:
        self._write("")
        self._write(f"  {self._paint('1', f'cdframe {__version__}')}  time series and data points as frames")
        self._write(self._paint("2", "  " + "─" * WIDTH))

    @contextmanager
    def step(self, title: str, call: str) -> Iterator[Callable[[str], None]]:
        self._steps += 1
        self._write("")
        self._write(f"  {self._paint('1;34', f'{self._steps:>2}')}  {self._paint('1', title)}")
        self._write(f"      {self._paint('36', call)}")
        yield self._tell

    def _tell(self, text: str) -> None:
        for line in text.splitlines():
            self._write(f"      {line.rstrip()}")

    def end(self, output: Path, seconds: float) -> None:
        self._write("")
        self._write(self._paint("2", "  " + "─" * WIDTH))
        self._write(f"  Done in {_seconds(seconds)}. Look at the plot: {self._paint('1', str(output))}")
        self._write("")
        self._write("  How to go on")
        for call, meaning in NEXT:
            self._write(f"      {self._paint('36', f'{call:<46}')}  {meaning}")
        self._write("")

    def _paint(self, style: str, text: str) -> str:
        return f"\033[{style}m{text}\033[0m" if self._is_colored else text


NEXT = (
    ('client = cdf.CogniteClient.local("plant")', "a local CDF of your own, kept in ./plant"),
    ("cdframe serve --data plant", "the same over HTTP, for several programs"),
    ("client = cdf.CogniteClient(api_key=..., ...)", "the same calls on Cognite Data Fusion"),
    ("docs/guide.md", "all of it, by task"),
)


def _speed(points: int, began: float, way: str) -> str:
    elapsed = time.perf_counter() - began
    return f"{points:,} points {way}, {points / elapsed:,.0f} a second ({_seconds(elapsed)})"


def _seconds(elapsed: float) -> str:
    return f"{elapsed:.1f} s" if elapsed >= 1 else f"{elapsed * 1000:.0f} ms"


def _shown(frame: pl.DataFrame) -> str:
    times = pl.selectors.datetime()
    frame = frame.with_columns(times.dt.strftime("%Y-%m-%d %H:%M"))
    with pl.Config(
        tbl_formatting="NOTHING",
        tbl_hide_dataframe_shape=True,
        tbl_hide_column_data_types=True,
        tbl_width_chars=WIDTH,
        tbl_cols=-1,
        float_precision=1,
    ):
        return "\n".join(line[1:] for line in str(frame).splitlines())
