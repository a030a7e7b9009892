"""Ranges of points to delete: checked, and sent up to 10,000 a request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import pyarrow as pa

from cdframe.errors import nearest
from cdframe.frames import is_frame, to_arrow
from cdframe.identifiers import check_external_id, check_id
from cdframe.schemas import TIMESTAMP
from cdframe.session import Session
from cdframe.timestamps import to_ms
from cdframe.writes import Write

PATH = "/timeseries/data/delete"
MOST_RANGES = 10_000

_KEYS = ("id", "externalId", "external_id", "start", "end")
_SCHEMA = pa.schema([("id", pa.int64()), ("external_id", pa.string()), ("start", TIMESTAMP), ("end", TIMESTAMP)])


def plan_deletes(session: Session, ranges: Any, now: int) -> list[Write[None]]:
    """Check ranges (a list of dicts, or a frame) and divide them over requests.

    Raises:
        TypeError, ValueError: a range that cannot be right; names it.
    """
    if is_frame(ranges):
        ranges = to_arrow(ranges, name="ranges").to_pylist()
    if isinstance(ranges, (str, bytes, Mapping)) or not isinstance(ranges, Sequence):
        raise TypeError(f"ranges must be a list of dicts or a frame, got {type(ranges).__name__}.")
    rows = [_row(given, f"ranges[{number}]", now) for number, given in enumerate(ranges)]
    chunks = [rows[at : at + MOST_RANGES] for at in range(0, len(rows), MOST_RANGES)]
    return [Write(_table(chunk), partial(_send, session, chunk)) for chunk in chunks]


def range_row(id: Any, external_id: Any, start: Any, end: Any, now: int) -> dict[str, Any]:
    """Check one range.

    Raises:
        TypeError, ValueError: not exactly one identifier, or an end that is not after the start.
    """
    if (id is None) == (external_id is None):
        given = "neither" if id is None else "both"
        raise ValueError(f"Exactly one of id and external_id must be given, got {given}.")
    begin, stop = to_ms(start, now=now, name="start"), to_ms(end, now=now, name="end")
    if stop <= begin:
        raise ValueError(f"end must be larger than start, got start={start!r} and end={end!r}.")
    return {
        "id": None if id is None else check_id(id),
        "external_id": None if external_id is None else check_external_id(external_id),
        "start": begin,
        "end": stop,
    }


def _row(given: Any, where: str, now: int) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        raise TypeError(f"{where} must be a dict, got {type(given).__name__}.")
    for key in given:
        if key not in _KEYS:
            raise ValueError(
                f"{where} has the unknown key {key!r}.{nearest(str(key), _KEYS)} Accepted: id, externalId, start, end."
            )
    for key in ("start", "end"):
        if given.get(key) is None:
            raise ValueError(f"{where} needs {key!r}.")
    external_id = given.get("externalId", given.get("external_id"))
    try:
        return range_row(given.get("id"), external_id, given["start"], given["end"], now)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{where}: {error}") from error


def _send(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    items = [
        {
            **({"id": row["id"]} if row["id"] is not None else {"externalId": row["external_id"]}),
            "inclusiveBegin": row["start"],
            "exclusiveEnd": row["end"],
        }
        for row in rows
    ]
    session.request("POST", PATH, json={"items": items})


def _table(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    table = pa.Table.from_pylist(list(rows), schema=_SCHEMA)
    unused = [name for name in ("id", "external_id") if table.column(name).null_count == table.num_rows]
    return table.drop_columns(unused)
