"""Sums of many groups of numbers at once, as good as exact.

The numbers of a group are cut at a common binary place (Rump's extraction): the upper parts are multiples of one
power of two and so few bits long that adding them up rounds nothing; the lower parts are so small that the rounding
of their sum does not show. So sums of long buckets agree with any other careful implementation.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def group_sums(values: Floats, first: Ints) -> Floats:
    """The sum of each group of finite values; `first` is where the groups begin, the first of them at 0."""
    lengths = np.diff(np.append(first, len(values)))
    if int(lengths.max(initial=1)) == 1:
        return values.copy()
    largest = np.maximum.reduceat(np.abs(values), first)
    # A power of two of at least `length` times the largest value: the sum stays below it.
    _, exponent = np.frexp(largest)
    _, count_exponent = np.frexp(lengths.astype(np.float64))
    cut = np.repeat(np.ldexp(1.0, exponent + count_exponent), lengths)
    upper = (values + cut) - cut
    sums: Floats = np.add.reduceat(upper, first) + np.add.reduceat(values - upper, first)
    return sums
