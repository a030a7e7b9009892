"""What the codec hands out and takes in, and the field tables of the messages on the wire."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Octets: TypeAlias = NDArray[np.uint8]
Words: TypeAlias = NDArray[np.uint64]
Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]


class DecodeError(ValueError):
    """The bytes are not a well-formed message of the datapoints protocol."""


@dataclass(slots=True, eq=False)
class DatapointsPage:
    """The datapoints of one series in an answer (one DataPointListItem), as columns.

    Raw pages have `values`: float64, or a large_string array for string series. Aggregate pages have `aggregates`,
    by the names on the wire (camelCase), NaN where a row lacks one, and `extremes` for maxDatapoint and
    minDatapoint, whose value is NaN where a row lacks it. `status` holds codes (0 is good) and is None when all are
    good. `null_values` marks bad points without a value; their value reads as NaN or null.
    """

    id: int = 0
    external_id: str | None = None
    is_string: bool = False
    is_step: bool = False
    unit: str | None = None
    unit_external_id: str | None = None
    type: Literal["numeric", "string"] = "numeric"
    next_cursor: str | None = None
    instance_id: tuple[str, str] | None = None
    timestamps: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    values: Floats | pa.LargeStringArray | None = None
    aggregates: dict[str, Floats] | None = None
    status: Ints | None = None
    null_values: Flags | None = None
    symbols: pa.LargeStringArray | None = None
    extremes: dict[str, tuple[Ints, Floats]] | None = None


@dataclass(slots=True, eq=False)
class InsertionItem:
    """The datapoints to insert into one series, which is named by exactly one of its three references."""

    id: int | None = None
    external_id: str | None = None
    instance_id: tuple[str, str] | None = None
    timestamps: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    values: Floats | pa.LargeStringArray | None = None
    status: Ints | None = None
    null_values: Flags | None = None
    symbols: pa.LargeStringArray | None = None


VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a record: its column, its wire type and, for a sub-message, that message."""

    column: str
    wire: int
    message: Message | None = None


Message: TypeAlias = dict[int, Field]


def _status(prefix: str) -> Message:
    return {1: Field(f"{prefix}status.code", VARINT), 2: Field(f"{prefix}status.symbol", LENGTH)}


def _numeric(prefix: str) -> Message:
    return {
        1: Field(f"{prefix}timestamp", VARINT),
        2: Field(f"{prefix}value", FIXED64),
        3: Field(f"{prefix}status", LENGTH, _status(prefix)),
        4: Field(f"{prefix}nullValue", VARINT),
    }


NUMERIC_DATAPOINT: Message = _numeric("")
STRING_DATAPOINT: Message = NUMERIC_DATAPOINT | {2: Field("value", LENGTH)}

AGGREGATES = {
    name: number
    for number, name in enumerate(
        (
            *("average", "max", "min", "count", "sum", "interpolation", "stepInterpolation"),
            *("continuousVariance", "discreteVariance", "totalVariation"),
            *("countGood", "countUncertain", "countBad", "durationGood", "durationUncertain", "durationBad"),
        ),
        start=2,
    )
}
EXTREMES = {"maxDatapoint": 18, "minDatapoint": 19}

AGGREGATE_DATAPOINT: Message = (
    {1: Field("timestamp", VARINT)}
    | {number: Field(name, FIXED64) for name, number in AGGREGATES.items()}
    | {number: Field(name, LENGTH, _numeric(f"{name}.")) for name, number in EXTREMES.items()}
)
