"""Ids and external ids as arguments: checked, and as the wire has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

MAX_ID = 2**53 - 1


def check_id(value: Any, name: str = "id") -> int:
    """Check one internal id.

    Raises:
        TypeError: not an int.
        ValueError: below 0 or above 2^53 - 1.
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be an int, got {type(value).__name__}.")
    if not 0 <= value <= MAX_ID:
        raise ValueError(f"{name}={value} is not an id: ids are 1 to {MAX_ID}.")
    return int(value)


def check_external_id(value: Any, name: str = "external_id") -> str:
    """Check one external id.

    Raises:
        TypeError: not a text.
    """
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a text, got {type(value).__name__}.")
    return value


def as_list(value: Any) -> list[Any]:
    """Give a scalar as a list of one, a sequence, array, series or column as a list, None as an empty list."""
    if value is None:
        return []
    if isinstance(value, (str, bytes, dict)):
        return [value]
    if hasattr(value, "to_pylist"):
        return list(value.to_pylist())
    if hasattr(value, "to_list"):
        return list(value.to_list())
    if isinstance(value, (Sequence, np.ndarray, set, frozenset, tuple)) or hasattr(value, "__iter__"):
        return list(value)
    return [value]


def identifiers(ids: Any, external_ids: Any, *, id_name: str = "id", external_id_name: str = "external_id") -> pa.Table:
    """Make the table of identifiers that calls work on: `id` and `external_id`, one of them null in each row.

    Ids come first, then external ids, each in the order given.
    """
    numbers = [check_id(value, id_name) for value in as_list(ids)]
    texts = [check_external_id(value, external_id_name) for value in as_list(external_ids)]
    return pa.table(
        {
            "id": pa.array([*numbers, *[None] * len(texts)], pa.int64()),
            "external_id": pa.array([*[None] * len(numbers), *texts], pa.string()),
        }
    )


def one_identifier(id: Any, external_id: Any) -> pa.Table:
    """Like `identifiers`, for exactly one.

    Raises:
        ValueError: none is given, or both.
        TypeError: of another type.
    """
    if (id is None) == (external_id is None):
        given = "neither" if id is None else "both"
        raise ValueError(f"Exactly one of id and external_id must be given, got {given}.")
    if id is not None:
        check_id(id)
    else:
        check_external_id(external_id)
    return identifiers(id, external_id)
