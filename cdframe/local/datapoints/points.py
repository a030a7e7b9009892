"""Points in columns, as they are between a request and the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]
Kind: TypeAlias = Literal["numeric", "string"]

# Status codes: the two highest bits are the category. A point "exists" for a query when its code is below a bound.
UNCERTAIN, BAD, ANY_STATUS = 1 << 30, 1 << 31, 1 << 32

EARLIEST = -2_208_988_800_000  # 1900-01-01
END_OF_TIME = 4_102_444_800_000  # 2100-01-01: the first millisecond that no point has


@dataclass(slots=True, eq=False)
class Points:
    """Points of one series. A numeric point without a value is NaN and has its flag in `nulls`."""

    timestamps: Ints
    values: Floats | pa.LargeStringArray
    status: Ints
    nulls: Flags | None = None  # None: every numeric point has a value

    def __len__(self) -> int:
        return len(self.timestamps)

    @classmethod
    def none(cls, kind: Kind) -> Points:
        """No points."""
        values = np.empty(0) if kind == "numeric" else pa.array([], pa.large_string())
        return cls(np.empty(0, np.int64), values, np.empty(0, np.int64))

    @classmethod
    def from_table(cls, table: pa.Table) -> Points:
        """The points in rows of timestamp, value and status."""
        column = table["value"]
        nulls = None
        if pa.types.is_floating(column.type):
            if column.null_count:
                nulls = column.is_null().to_numpy()
            values = column.to_numpy()
        else:
            values = column.cast(pa.large_string()).combine_chunks()
            values = values if isinstance(values, pa.Array) else pa.concat_arrays(values.chunks)
        return cls(table["timestamp"].to_numpy(), values, table["status"].to_numpy().astype(np.int64), nulls)

    def slice(self, start: int, stop: int) -> Points:
        """The points from one position to another; no copy."""
        part = slice(start, stop)
        values = self.values[part] if isinstance(self.values, np.ndarray) else self.values.slice(start, stop - start)
        return Points(
            self.timestamps[part], values, self.status[part], None if self.nulls is None else self.nulls[part]
        )

    def take(self, positions: Ints | Flags) -> Points:
        """The points at positions, or where a flag is set."""
        if isinstance(self.values, np.ndarray):
            values = self.values[positions]
        elif positions.dtype == np.bool_:
            values = self.values.filter(pa.array(positions))
        else:
            values = self.values.take(pa.array(positions))
        nulls = None if self.nulls is None else self.nulls[positions]
        return Points(self.timestamps[positions], values, self.status[positions], nulls)

    def in_order(self) -> Points:
        """Sorted by time; of points with one timestamp the last."""
        steps = np.diff(self.timestamps)
        if (steps > 0).all():
            return self
        order = np.argsort(self.timestamps, kind="stable")
        times = self.timestamps[order]
        last = np.append(times[1:] != times[:-1], True)
        return self.take(order[last])

    def below(self, bound: int) -> Points:
        """The points whose status code is below a bound."""
        kept = self.status < bound
        return self if kept.all() else self.take(kept)

    def missing(self) -> Flags:
        """Which points have no value."""
        if isinstance(self.values, np.ndarray):
            return self.nulls if self.nulls is not None else np.zeros(len(self), np.bool_)
        flags: Flags = pc.is_null(self.values).to_numpy(zero_copy_only=False)
        return flags

    def arrow_values(self) -> pa.Array:
        """The values with nulls where there are none."""
        if isinstance(self.values, np.ndarray):
            return pa.array(self.values, mask=self.nulls)
        return self.values


def concatenate(parts: Sequence[Points], kind: Kind) -> Points:
    """The points of all parts, one part after the other."""
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return Points.none(kind)
    if kind == "numeric":
        values = np.concatenate([part.values for part in parts])
        nulls = np.concatenate([part.missing() for part in parts]) if any(p.nulls is not None for p in parts) else None
    else:
        values, nulls = pa.concat_arrays([part.values for part in parts]), None
    return Points(
        np.concatenate([part.timestamps for part in parts]),
        values,
        np.concatenate([part.status for part in parts]),
        nulls,
    )
