"""Ids and external ids, as arguments and in frames: checked, and in the form that calls work on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import polars as pl
import pyarrow as pa

MAX_ID = 2**53 - 1

IDENTITIES = ("id", "external_id")
"""The columns that identify rows, in the order in which frames have them."""


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


def identities_of(table: pa.Table, method: str, prefer: Literal["id", "external_id"] = "external_id") -> pl.DataFrame:
    """Give the distinct identities of a frame's rows: in each row one, the preferred one where there are both.

    Raises:
        ValueError: no column of identity, or a row without one; names the method that needs it.
    """
    names = [name for name in IDENTITIES if name in table.column_names]
    if not names:
        raise ValueError(f"{method} needs a column 'id' or 'external_id'; got {', '.join(table.column_names)}.")
    frame = pl.DataFrame(table.select(names)).unique(maintain_order=True)
    if frame.select(pl.all_horizontal(pl.all().is_null()).any()).item():
        raise ValueError(f"{method}: a row has neither id nor external_id.")
    if len(names) == 2:
        other = "id" if prefer == "external_id" else "external_id"
        frame = frame.with_columns(pl.when(pl.col(prefer).is_null()).then(pl.col(other)).alias(other))
    frame = frame.with_columns(pl.col(pl.Categorical).cast(pl.String))
    return frame.select(name for name in names if frame[name].null_count() < frame.height or not frame.height)


def as_arguments(identities: pl.DataFrame) -> tuple[list[int] | None, list[str] | None]:
    """Give identities as the arguments `id` and `external_id` of calls; None where there are none."""
    ids, external_ids = (
        identities[name].drop_nulls().to_list() if name in identities.columns else None for name in IDENTITIES
    )
    return ids, external_ids


def arguments_of(
    table: pa.Table, method: str, prefer: Literal["id", "external_id"] = "external_id"
) -> tuple[list[int] | None, list[str] | None]:
    """Give the identities of a frame's rows as the arguments of calls; see `identities_of`."""
    return as_arguments(identities_of(table, method, prefer))
