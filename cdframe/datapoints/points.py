"""What `insert` and `insert_multiple` are given, lists and long frames, as sets of points in order, checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from cdframe.datapoints.long_frames import points_of_frame, values_of_frame
from cdframe.datapoints.pages import Ints
from cdframe.datapoints.point_lists import read_points
from cdframe.datapoints.stretches import PointSet, Values, join, long_points, references_of
from cdframe.errors import nearest
from cdframe.frames import is_frame
from cdframe.identifiers import check_external_id, check_id


def points_of_one(datapoints: Any, id: Any, external_id: Any, now: int) -> list[PointSet]:
    """Read the points for one series; of a frame without an identifier given, for the series that its rows name.

    Raises:
        TypeError, ValueError: points or identifiers that cannot be right; the message says where.
    """
    if id is not None and external_id is not None:
        raise ValueError("Exactly one of id and external_id must be given, got both.")
    if id is None and external_id is None:
        if not is_frame(datapoints):
            raise ValueError("Exactly one of id and external_id must be given, got neither.")
        return points_of_frame(datapoints)
    key: int | str = check_external_id(external_id) if id is None else check_id(id)
    times, values = _points_for(datapoints, key, "datapoints", now)
    return [long_points(references_of([key]), None, times, values)]


def points_of_many(datapoints: Any, now: int) -> list[PointSet]:
    """Read points for many series: a long frame, or a list of dicts with an identifier and `datapoints`."""
    if is_frame(datapoints):
        return points_of_frame(datapoints)
    if isinstance(datapoints, (str, bytes, Mapping)) or not isinstance(datapoints, Sequence):
        raise TypeError(
            "datapoints must be a long frame, or a list of dicts with 'id' or 'externalId' and 'datapoints'; "
            f"got {type(datapoints).__name__}."
        )
    if not datapoints:
        raise ValueError("No datapoints provided")
    kinds: dict[int | str, bool] = {}
    groups: dict[tuple[bool, bool], list[tuple[int | str, Ints, Values]]] = {}
    for number, item in enumerate(datapoints):
        key, times, values = _points_of_item(item, number, now)
        is_text = isinstance(values, pa.Array)
        if kinds.setdefault(key, is_text) != is_text:
            raise TypeError(
                f"datapoints[{number}]: the series {key!r} is given numbers and texts; a series holds one kind."
            )
        groups.setdefault((isinstance(key, int), is_text), []).append((key, times, values))
    sets: list[PointSet] = []
    for items in groups.values():
        codes = {key: code for code, key in enumerate(dict.fromkeys(key for key, _, _ in items))}
        of_items = np.array([codes[key] for key, _, _ in items])
        sets.append(
            long_points(
                references_of(list(codes)),
                np.repeat(of_items, [len(times) for _, times, _ in items]),
                np.concatenate([times for _, times, _ in items]),
                join([values for _, _, values in items]),
            )
        )
    return sets


_ITEM_KEYS = {"id": "id", "externalId": "external_id", "external_id": "external_id"}


def _points_of_item(item: Any, number: int, now: int) -> tuple[int | str, Ints, Values]:
    where = f"datapoints[{number}]"
    if not isinstance(item, Mapping):
        raise TypeError(f"{where} must be a dict, got {type(item).__name__}.")
    known = (*_ITEM_KEYS, "datapoints")
    for key in item:
        if key not in known:
            raise ValueError(
                f"{where} has the unknown key {key!r}.{nearest(str(key), known)} "
                "Accepted: 'id' or 'externalId', and 'datapoints'."
            )
    named = [key for key in _ITEM_KEYS if item.get(key) is not None]
    if len(named) != 1 or "datapoints" not in item:
        raise ValueError(f"{where} must have exactly one of 'id' and 'externalId', and 'datapoints'.")
    value, where_key = item[named[0]], f"{where}[{named[0]!r}]"
    identity: int | str = check_id(value, where_key) if named[0] == "id" else check_external_id(value, where_key)
    return identity, *_points_for(item["datapoints"], identity, f"{where}['datapoints']", now)


def _points_for(points: Any, key: int | str, name: str, now: int) -> tuple[Ints, Values]:
    """Read a list or a frame as points of one series."""
    return values_of_frame(points, key, name) if is_frame(points) else read_points(points, name, now)
