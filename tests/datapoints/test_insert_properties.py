"""Whatever is inserted, however it is divided and whatever goes wrong: no row is lost, none is told twice."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Literal
from zlib import crc32

import httpx
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cdframe import CogniteAPIError, CogniteClient
from cdframe.datapoints import insertion
from cdframe.frames import to_arrow
from cdframe.protobuf import InsertionItem, decode_insertion_request
from tests.datapoints.wire import Wire

NAMES = count()
FIRST, LAST = -2_208_988_800_000, 4_102_444_799_999

LONGEST_TEXT = 18  # bytes

Row = tuple[str, int, float | str]
Fault = Literal[200, 400, 403, 429, 500, 502, 503, "wait", "never sent", "cut before", "cut after", "503 after"]

FAULTS: list[Fault] = [200, 400, 403, 429, 500, 502, 503, "wait", "never sent", "cut before", "cut after", "503 after"]
MAY_BE_WRITTEN = {500, 502, 503, "cut before", "cut after", "503 after"}
REPEATED = {429, 502, 503, "wait", "never sent", "cut before", "cut after", "503 after"}

EIGHT = [(0, time, time) for time in range(8)]
SETTINGS = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@dataclass
class Series:
    """Time series of one example, some of them of texts."""

    names: list[str]
    are_texts: list[bool]
    ids: dict[str, int]
    """Of those that are named by id where that can be done."""

    def rows(self, drawn: Sequence[tuple[int, int, int]]) -> list[Row]:
        """Drawn numbers as rows of these series."""
        rows: list[Row] = []
        for series, time, value in drawn:
            place = series % len(self.names)
            shown = ("", "a", "ü" * (LONGEST_TEXT // 2))[value % 3] if self.are_texts[place] else value / 4
            rows.append((self.names[place], time, shown))
        return rows

    def name_of(self, item: InsertionItem) -> str:
        """The external id of the series of an item."""
        return next(name for name, id in self.ids.items() if id == item.id) if item.id else str(item.external_id)

    def stored(self, client: CogniteClient) -> dict[tuple[str, int], float | str]:
        """What the local CDF has."""
        found: dict[tuple[str, int], float | str] = {}
        for name in self.names:
            frame = client.datapoints.retrieve(FIRST, LAST + 1, external_id=name)
            times = frame["timestamp"].dt.epoch("ms")
            found |= {(name, time): value for time, value in zip(times, frame["value"], strict=True)}
        return found


def new_series(client: CogniteClient, are_texts: list[bool], ids_from: int) -> Series:
    names = [f"property{next(NAMES):06}" for _ in are_texts]
    frame = client.time_series.create(pl.DataFrame({"external_id": names, "is_string": are_texts}))
    return Series(names, are_texts, dict(zip(names[ids_from:], frame["id"][ids_from:], strict=True)))


def model(rows: Sequence[Row]) -> dict[tuple[str, int], float | str]:
    return {(name, time): value for name, time, value in rows}


def times_of(rows: Sequence[Row]) -> pl.Series:
    return pl.Series([time for _, time, _ in rows], dtype=pl.Int64).cast(pl.Datetime("ms", "UTC"))


def long_frame(rows: Sequence[Row], ids: dict[str, int], kind: str) -> Any:
    numbers = [None if isinstance(value, str) else value for _, _, value in rows]
    texts = [value if isinstance(value, str) else None for _, _, value in rows]
    frame = pl.DataFrame(
        {
            "external_id": pl.Series([None if name in ids else name for name, _, _ in rows], dtype=pl.String),
            "id": pl.Series([ids.get(name) for name, _, _ in rows], dtype=pl.Int64),
            "timestamp": times_of(rows),
            "value": pl.Series(numbers, dtype=pl.Float64),
            "string_value": pl.Series(texts, dtype=pl.String),
        }
    )
    if kind == "categorical":
        return frame.with_columns(pl.col("external_id").cast(pl.Categorical))
    if kind == "chunked":
        return pl.concat([frame[:1], frame[1:]], rechunk=False)
    return {"polars": frame, "pandas": frame.to_pandas(), "pyarrow": frame.to_arrow()}[kind]


def items(rows: Sequence[Row], ids: dict[str, int], by: int) -> list[dict[str, Any]]:
    """Rows as items of stretches of one series, each of at most `by` points."""
    found: list[dict[str, Any]] = []
    last = None
    for name, time, value in rows:
        if name != last or len(found[-1]["datapoints"]) == by:
            found.append(({"id": ids[name]} if name in ids else {"externalId": name}) | {"datapoints": []})
        found[-1]["datapoints"].append((time, value))
        last = name
    return found


def wide_frame(rows: Sequence[Row], names: Sequence[str], kind: str) -> Any:
    """A frame with a row for each row, and a value in one column of it."""
    columns = {name: [value if name == of else None for of, _, value in rows] for name in names}
    if kind == "pandas":
        return pd.DataFrame(columns, index=pd.DatetimeIndex(times_of(rows).to_pandas()))
    frame = pl.DataFrame({"timestamp": times_of(rows), **columns})
    return frame if kind == "polars" else frame.to_arrow()


def rows_of(frame: Any, ids: dict[str, int]) -> list[Row]:
    """The rows of a frame that an error shows."""
    names = {id: name for name, id in ids.items()}
    return [
        (
            names[row["id"]] if row.get("id") is not None else row["external_id"],
            row["timestamp"],
            row["value"] if row.get("value") is not None else row["string_value"],
        )
        for row in pl.DataFrame(to_arrow(frame)).with_columns(pl.col("timestamp").dt.epoch("ms")).to_dicts()
    ]


@dataclass
class Faults:
    """What happens to each attempt of each request: it depends on nothing but its points and how often it came."""

    wire: Wire
    series: Series
    plan: list[Fault]
    salt: int
    attempts: Counter[bytes] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def fault(self, body: bytes, attempt: int) -> Fault:
        body = b"".join(
            item.timestamps.tobytes() + repr(pa.array(item.values).to_pylist()).encode()
            for item in decode_insertion_request(body)
        )  # names are new in each example
        return self.plan[(crc32(body, self.salt) + attempt) % len(self.plan)]

    def __call__(self, request: httpx.Request) -> httpx.Response | None:
        body = request.read()
        with self.lock:
            fault = self.fault(body, self.attempts[body])
            self.attempts[body] += 1
        if fault == 200:
            return None
        if fault == "never sent":
            raise httpx.ConnectTimeout("slow")
        if fault == "cut before":
            raise httpx.ReadError("cut")
        if fault in ("cut after", "503 after"):
            assert self.wire.deliver(request).status_code == 200
            if fault == "cut after":
                raise httpx.ReadError("cut")
        status = {"wait": 429, "503 after": 503}.get(fault, fault)
        return httpx.Response(status, headers={"retry-after": "0"} if fault == "wait" else {})  # type: ignore[arg-type]

    def expected(self, body: bytes, most: int) -> tuple[int, str]:
        """How many attempts a request takes, and what is known of it then."""
        attempt, may_be_written = 0, False
        while (fault := self.fault(body, attempt)) != 200:
            attempt += 1
            may_be_written |= fault in MAY_BE_WRITTEN
            if fault not in REPEATED or attempt >= most:
                return attempt, "unknown" if may_be_written else "failed"
        return attempt + 1, "successful"


drawn_rows = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 6) | st.sampled_from([FIRST, LAST]), st.integers(0, 9)),
    min_size=1,
    max_size=25,
)


@SETTINGS
@given(
    drawn=drawn_rows,
    are_texts=st.lists(st.booleans(), min_size=1, max_size=4),
    form=st.sampled_from(
        ["polars", "pandas", "pyarrow", "categorical", "chunked", "items", "wide polars", "wide pandas", "wide pyarrow"]
    ),
    ids_from=st.integers(0, 4),
    most_points=st.integers(1, 8),
    most_series=st.integers(1, 3),
    most_text=st.integers(LONGEST_TEXT, 60),
    plan=st.lists(st.sampled_from(FAULTS), min_size=1, max_size=6),
    salt=st.integers(0, 1000),
    max_retries=st.integers(0, 3),
    kind=st.sampled_from(["polars", "pandas", "pyarrow"]),
)
@example(EIGHT, [False], "polars", 1, 1, 1, 60, ["503 after", 400], 0, 2, "polars")
@example(EIGHT, [False], "polars", 1, 1, 1, 60, ["cut after", 403], 0, 2, "polars")
@example(EIGHT, [False], "polars", 1, 1, 1, 60, ["cut after", "never sent"], 0, 2, "polars")
@example(EIGHT, [False], "polars", 1, 1, 1, 60, [429, "never sent"], 0, 2, "polars")
def test_every_row_has_one_true_outcome_and_the_rest_can_be_inserted_again(
    client: CogniteClient,
    wire: Wire,
    drawn: list[tuple[int, int, int]],
    are_texts: list[bool],
    form: str,
    ids_from: int,
    most_points: int,
    most_series: int,
    most_text: int,
    plan: list[Fault],
    salt: int,
    max_retries: int,
    kind: Any,
) -> None:
    series = new_series(client, are_texts, 4 if form.startswith("wide ") else ids_from)
    rows = series.rows(drawn)
    api = wire.api(kind, max_retries=max_retries, max_retry_backoff=0.0001, max_workers=4)
    faults = wire.answer = Faults(wire, series, plan, salt)
    wire.calls.clear()
    with pytest.MonkeyPatch.context() as limits:
        limits.setattr(insertion, "MOST_POINTS", most_points)
        limits.setattr(insertion, "MOST_SERIES", most_series)
        limits.setattr(insertion, "MOST_TEXT", most_text)
        error: CogniteAPIError | None = None
        try:
            if form == "items":
                api.insert_multiple(items(rows, series.ids, by=3))
            elif form.startswith("wide "):
                frame = wide_frame(rows, series.names, form.removeprefix("wide "))
                api.insert_dataframe(frame, external_id_headers=True, dropna=True)
            else:
                api.insert_multiple(long_frame(rows, series.ids, form))
        except CogniteAPIError as caught:
            error = caught
        bodies = list(faults.attempts)
        requests = [decode_insertion_request(body) for body in bodies]
        check_requests(requests, series, rows, most_points, most_series, most_text)
        expectations = [faults.expected(body, max_retries) for body in bodies]
        assert len(wire.calls) == sum(attempts for attempts, _ in expectations)
        told = {
            (series.name_of(item), time): outcome
            for request, (_, outcome) in zip(requests, expectations, strict=True)
            for item in request
            for time in item.timestamps.tolist()
        }

        stored, expected = series.stored(client), model(rows)
        if error is None:
            assert set(told.values()) == {"successful"}
            assert stored == expected
            return
        outcomes = {name: rows_of(getattr(error, name), series.ids) for name in ("successful", "unknown", "failed")}
        assert Counter(row for of_outcome in outcomes.values() for row in of_outcome) == Counter(rows)
        for outcome, of_outcome in outcomes.items():
            assert {told[name, time] for name, time, _ in of_outcome} <= {outcome}
        assert {key: stored[key] for key in model(outcomes["successful"])}.items() <= expected.items()
        assert not model(outcomes["failed"]).keys() & stored.keys()
        assert stored.items() <= expected.items()

        wire.answer = None
        for name in ("unknown", "failed"):
            if outcomes[name]:
                api.insert_multiple(getattr(error, name))
        assert series.stored(client) == expected


def check_requests(
    requests: Sequence[Sequence[InsertionItem]],
    series: Series,
    rows: Sequence[Row],
    most_points: int,
    most_series: int,
    most_text: int,
) -> None:
    """Each point is sent once, the last of its time; times ascend; all requests but one are full."""
    sent: list[Row] = []
    filled = 0
    for request in requests:
        points: list[Row] = []
        for item in request:
            assert len(item.timestamps) > 0
            assert (np.diff(item.timestamps) > 0).all()
            points += [
                (series.name_of(item), time, value)
                for time, value in zip(item.timestamps.tolist(), pa.array(item.values).to_pylist(), strict=True)
            ]
        size = sum(len(value.encode()) for _, _, value in points if isinstance(value, str))
        assert len({series.name_of(item) for item in request}) == len(request) <= most_series
        assert len(points) <= most_points
        assert size <= most_text
        filled += len(points) == most_points or len(request) == most_series or size > most_text - LONGEST_TEXT
        sent += points
    assert len(sent) == len(model(rows))
    assert model(sent) == model(rows)
    assert filled >= len(requests) - 1
