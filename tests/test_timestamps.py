"""Times and granularities as users write them."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdframe import ms_to_datetime, timestamp_to_ms
from cdframe.timestamps import MAX_MS, MIN_MS, granularity_to_ms, parse_granularity, to_ms

NOW = 1_600_000_000_000


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, 0),
        (1.9, 1),
        (-1.9, -1),
        (np.int64(5), 5),
        (np.float32(2.5), 2),
        ("now", NOW),
        ("0s-ago", NOW),
        ("90s-ago", NOW - 90_000),
        ("2m-ago", NOW - 120_000),
        ("3h-ago", NOW - 10_800_000),
        ("4d-ago", NOW - 345_600_000),
        ("1w-ago", NOW - 604_800_000),
        ("1d-ahead", NOW + 86_400_000),
        (dt.datetime(2018, 1, 1), 1514764800000),
        (dt.datetime(2018, 1, 1, 1, tzinfo=ZoneInfo("Europe/Oslo")), 1514764800000),
        (dt.datetime(1969, 12, 31, 23, 59, 59, 999999), -1),
        (pd.Timestamp("2018-01-01"), 1514764800000),
        (pd.Timestamp("2018-01-01", tz="UTC"), 1514764800000),
        (np.datetime64("2018-01-01"), 1514764800000),
        (pl.Series([dt.datetime(2018, 1, 1)])[0], 1514764800000),
    ],
)
def test_accepted(value: object, expected: int) -> None:
    assert to_ms(value, now=NOW) == expected


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ("yesterday", ValueError),
        ("2w", ValueError),
        ("1.5h-ago", ValueError),
        ("-1d-ago", ValueError),
        ("1563175800000", ValueError),
        ("", ValueError),
        (float("nan"), ValueError),
        (float("inf"), ValueError),
        (pd.NaT, ValueError),
        (np.datetime64("NaT", "ms"), ValueError),
        (MIN_MS - 1, ValueError),
        (True, TypeError),
        (None, TypeError),
        ([1], TypeError),
        (dt.timedelta(1), TypeError),
        (dt.date(2020, 1, 1), TypeError),
    ],
)
def test_refused_with_the_argument_named(value: object, error: type[Exception]) -> None:
    with pytest.raises(error, match=r"^start"):
        to_ms(value, now=NOW, name="start")


@given(st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2099, 12, 31)))
def test_datetimes_round_trip_at_millisecond_resolution(moment: dt.datetime) -> None:
    expected = moment.replace(microsecond=moment.microsecond // 1000 * 1000, tzinfo=dt.UTC)
    assert ms_to_datetime(timestamp_to_ms(moment)) == expected


@given(st.integers(MIN_MS, MAX_MS))
def test_milliseconds_round_trip(ms: int) -> None:
    assert timestamp_to_ms(ms_to_datetime(ms)) == ms


@pytest.mark.parametrize("ms", [MIN_MS - 1, MAX_MS + 1])
def test_datetimes_outside_the_range_of_cdf_are_refused(ms: int) -> None:
    with pytest.raises(ValueError, match="outside"):
        ms_to_datetime(ms)


@pytest.mark.parametrize("ms", ["1", None, True])
def test_only_numbers_become_datetimes(ms: object) -> None:
    with pytest.raises(TypeError):
        ms_to_datetime(ms)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "parsed"),
    [("s", (1, "s")), ("10m", (10, "m")), ("2hours", (2, "h")), ("1day", (1, "d")), ("3mo", (3, "mo"))],
)
def test_granularities(text: str, parsed: tuple[int, str]) -> None:
    assert parse_granularity(text) == parsed


@pytest.mark.parametrize("text", ["30", "dd", "d30", "1", "0", "1.2d", "0s", "121s", "121m", "1w", "-1d", "1 d", ""])
def test_granularities_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="granularity="):
        parse_granularity(text)


def test_length_of_granularities() -> None:
    assert granularity_to_ms("2h") == 7_200_000
    with pytest.raises(ValueError, match="calendar months"):
        granularity_to_ms("1mo")
    with pytest.raises(TypeError):
        granularity_to_ms(5)  # type: ignore[arg-type]
