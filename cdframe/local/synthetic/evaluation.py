"""The rows of an expression: which timestamps it has, and its value or its error at each.

An expression has a row at every timestamp of any of its inputs within [start, end) at which all inputs are defined. So
the inputs are cut to where all of them are defined; of each, as many points are read as rows are asked for; and where
that left points unread, the rows before the first unread point are already as many as asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cdframe.local.identifiers import Identifier
from cdframe.local.synthetic.functions import FAULT_TEXTS, FUNCTIONS, OPERATORS, Column, Fault, Flags
from cdframe.local.synthetic.inputs import Input, Ints, Reader, make_input
from cdframe.local.synthetic.tree import Call, Chain, Expression, Map, Node, Number, OnError, Reference


class Rows(NamedTuple):
    """The rows of an expression, by time: `values` is NaN and `errors` a text where a row failed, else it is None."""

    timestamps: Ints
    values: NDArray[np.float64]
    errors: NDArray[np.object_]


def evaluate(
    expression: Expression,
    reader: Reader,
    series: Mapping[Identifier, int],
    start: int,
    end: int,
    limit: int,
    *,
    time_zone: str = "UTC",
) -> Rows:
    """The first `limit` rows of an expression in [start, end); rows with an error count.

    The rows depend on `start`, `end` and `limit` only in that they are cut by them, so that pages by ``start = last
    timestamp + 1`` put together are the rows of one long page. Such a page may have ``start == end``, which is no
    error: it has no rows.

    Args:
        expression: what `parse` gave.
        reader: gives the good points of series; see `Reader`.
        series: the id of the series that each identifier of ``expression.references`` stands for. That all exist, may
            be read, and can be had in `target_unit` or `target_unit_system` is the caller's to check.
        start: first timestamp, in ms.
        end: end of the timestamps, in ms; itself not included.
        limit: most rows, at least 1.
        time_zone: where the grids of aggregates by hours, days and months lie.

    Raises:
        ApiError: an aggregate of a string series, a granularity or a time zone that does not exist.
    """
    inputs = {
        reference: make_input(reference, reader, series[reference.identifier], time_zone)
        for reference in dict.fromkeys(expression.references)
    }
    start, end = _defined(list(inputs.values()), start, end)
    timestamps, samples = _sample(inputs, start, end, limit)
    column = _Evaluation(samples, len(timestamps)).column(expression.root)
    return Rows(timestamps, column.values, FAULT_TEXTS[column.faults])


def _defined(inputs: Sequence[Input], start: int, end: int) -> tuple[int, int]:
    """The part of [start, end) where all inputs are defined."""
    first, last = start, end - 1
    for one in inputs:
        if first > last:
            break
        if one.before(first) is None:
            begin = one.after(first)
            if begin is None:
                return start, start
            first = max(first, begin[0])
        if one.is_linear and one.after(last) is None:
            final = one.before(last)
            if final is None:
                return start, start
            last = min(last, final[0])
    return first, last + 1


def _sample(
    inputs: Mapping[Reference, Input], start: int, end: int, limit: int
) -> tuple[Ints, dict[Reference, NDArray[Any]]]:
    """The timestamps of the rows, and what each input is at them; all inputs are defined in [start, end)."""
    if start >= end:
        return np.empty(0, np.int64), {reference: np.empty(0) for reference in inputs}
    read: dict[Reference, tuple[Ints, NDArray[Any]]] = {}
    complete = end  # all rows of all inputs before it have been read
    for reference in sorted(inputs, key=lambda reference: reference.aggregate is not None):
        # Points come first: they are the denser ones, so that less need be aggregated.
        read[reference] = inputs[reference].rows(start, complete, limit)
        if len(read[reference][0]) >= limit:
            complete = int(read[reference][0][limit - 1]) + 1
    timestamps = np.unique(np.concatenate([times for times, _ in read.values()]))
    timestamps = timestamps[timestamps < complete][:limit]
    samples = {
        reference: _values_at(timestamps, one, *read[reference], complete) if len(timestamps) else np.empty(0)
        for reference, one in inputs.items()
    }
    return timestamps, samples


def _values_at(timestamps: Ints, one: Input, times: Ints, values: NDArray[Any], end: int) -> NDArray[Any]:
    """What an input is at timestamps, given what was read of it before `end`."""
    before = one.before(int(timestamps[0])) if not len(times) or times[0] > timestamps[0] else None
    if before is not None:
        times = np.concatenate([[before[0]], times])
        values = np.concatenate([np.array([before[1]], values.dtype), values])
    last = np.searchsorted(times, timestamps, side="right") - 1  # the last row that is not later
    if not one.is_linear:
        held: NDArray[Any] = values[last]
        return held
    after = one.after(end) if times[-1] < timestamps[-1] else None
    if after is not None:
        times = np.append(times, after[0])
        values = np.append(values, after[1])
    following = np.minimum(last + 1, len(times) - 1)
    part = (timestamps - times[last]) / np.maximum(times[following] - times[last], 1)
    line: NDArray[np.float64] = values[last] + (values[following] - values[last]) * part
    return line


class _Evaluation:
    """Computes the nodes of a tree over the same rows."""

    def __init__(self, samples: Mapping[Reference, NDArray[Any]], rows: int) -> None:
        self._samples = samples
        self._rows = rows

    def column(self, node: Node) -> Column:
        match node:
            case Number(value):
                return Column.constant(value, self._rows)
            case Reference():
                return self._series(node)
            case Call(function, arguments):
                operation = OPERATORS[function] if function in OPERATORS else FUNCTIONS[function]
                return operation([self.column(argument) for argument in arguments], self._rows)
            case Chain(first, rest):
                result = self.column(first)
                for operator, operand in rest:
                    result = OPERATORS[operator]([result, self.column(operand)], self._rows)
                return result
            case OnError(value, default):
                return self._or_default(self.column(value), default)
            case Map():
                return self._mapped(node)

    def _series(self, reference: Reference) -> Column:
        values = self._samples[reference]
        if values.dtype == object:
            return Column.failed(Fault.NOT_A_NUMBER, self._rows)
        return Column.checked(values, np.zeros(self._rows, np.uint8))

    def _or_default(self, value: Column, default: Node) -> Column:
        failed = value.faults != Fault.NONE
        return value.otherwise(self.column(default), failed) if failed.any() else value

    def _mapped(self, node: Map) -> Column:
        if not isinstance(node.value, Reference) or self._samples[node.value].dtype != object:
            value = self.column(node.value)
            faults = np.where(value.faults == Fault.NONE, Fault.NOT_A_STRING, value.faults)
            return Column(np.full(self._rows, np.nan), faults.astype(np.uint8))
        # Of strings that are listed twice, the first counts.
        numbers = dict(zip(reversed(node.strings), reversed(node.numbers), strict=True))
        strings = self._samples[node.value].tolist()
        known: Flags = np.fromiter((string in numbers for string in strings), np.bool_, self._rows)
        values = np.fromiter((numbers.get(string, 0.0) for string in strings), np.float64, self._rows)
        mapped = Column.checked(values, np.zeros(self._rows, np.uint8))
        return mapped if known.all() else mapped.otherwise(self.column(node.default), ~known)
