"""Plans for hierarchies of assets that are created at once: checked, and cut into requests.

    rows ──> parents ──> depths, sizes ──> requests, each after those that hold its parents
             checked                       whole subtrees, as far as they fit

Rows are known by their numbers in the input, and all that is known of them is in arrays: a million rows are planned
in seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from cdframe.errors import CogniteHierarchyError
from cdframe.resources.listing import PAGE

Integers = NDArray[np.int64]

NONE = -1
"""In place of a parent: the row has none in the input."""

_PARENTS = ("parent_id", "parent_external_id")


@dataclass(frozen=True)
class Plan:
    """In which requests the rows go out.

    Attributes:
        parents: the number of the row that is each row's parent, or NONE.
        requests: the rows of each request, parents before their children.
        after: the requests that hold parents of each request's rows, all of them earlier ones.
    """

    parents: Integers
    requests: Sequence[Integers]
    after: Sequence[Sequence[int]]


def plan_hierarchy(rows: pa.Table, most: int = PAGE) -> Plan:
    """Check rows of assets, and cut them into requests of `most` rows.

    A request holds whole subtrees where these are small beside it. What is above them goes out first, level by level.

    Raises:
        CogniteHierarchyError: they do not make a hierarchy.
    """
    if "external_id" not in rows.column_names:
        raise CogniteHierarchyError("assets have no column external_id. Accepted: one that is filled in every row.")
    frame = pl.DataFrame(rows.select([name for name in ("external_id", *_PARENTS) if name in rows.column_names]))
    frame = frame.with_columns(pl.col(pl.Categorical, pl.Null).cast(pl.String))
    if not frame.height:
        return Plan(np.empty(0, np.int64), [], [])
    parents = find_parents(frame)
    depths = find_depths(parents, frame)
    sizes = subtree_sizes(parents, depths)
    requests = _assign(parents, depths, sizes, most)
    order = np.lexsort((depths, requests))
    ends = np.cumsum(np.bincount(requests))
    inner = np.flatnonzero(parents != NONE)
    links = np.stack([requests[inner], requests[parents[inner]]])
    after: list[list[int]] = [[] for _ in ends]
    for request, earlier in np.unique(links[:, links[0] != links[1]], axis=1).T.tolist():
        after[request].append(earlier)
    return Plan(parents, np.split(order, ends[:-1]), after)


def find_parents(frame: pl.DataFrame) -> Integers:
    """Give the number of the row that is each row's parent, or NONE where it is another asset or there is none.

    Raises:
        CogniteHierarchyError: an external id is missing or there twice, or a row has both kinds of parent.
    """
    names = frame["external_id"].cast(pl.String)
    if names.null_count():
        raise CogniteHierarchyError(
            f"Row {names.is_null().arg_max()} of assets has no external_id. Accepted: one in every row."
        )
    repeated = names.is_duplicated()
    if repeated.any():
        name = names.filter(repeated)[0]
        places = (names == name).arg_true().to_list()
        raise CogniteHierarchyError(
            f"The external_id {name!r} is in rows {', '.join(map(str, places[:5]))} of assets. "
            "Accepted: each external_id once."
        )
    nothing = pl.repeat(None, frame.height, dtype=pl.String, eager=True)
    above = frame["parent_external_id"].cast(pl.String) if "parent_external_id" in frame.columns else nothing
    if "parent_id" in frame.columns:
        both = frame["parent_id"].is_not_null() & above.is_not_null()
        if both.any():
            raise CogniteHierarchyError(
                f"Row {both.arg_max()} of assets ({names[both.arg_max() or 0]!r}) has both parent_id and "
                "parent_external_id. Accepted: one of them."
            )
    numbers = pl.DataFrame({"above": names, "row": pl.int_range(frame.height, eager=True)})
    found = above.to_frame("above").join(numbers, on="above", how="left", maintain_order="left")["row"]
    return found.fill_null(NONE).cast(pl.Int64).to_numpy()


def find_depths(parents: Integers, frame: pl.DataFrame) -> Integers:
    """Give the number of rows above each row.

    Each round doubles how far every row looks up: so many steps as there are rows lead out of any tree.

    Raises:
        CogniteHierarchyError: rows are below each other.
    """
    count = len(parents)
    above = np.append(np.where(parents == NONE, count, parents), count)  # the last one is above all
    steps = np.append(np.ones(count, np.int64), 0)
    reach = 1
    while (above != count).any():
        if reach > count:
            raise _cycle(parents, int(above[above != count][0]), frame)
        steps += steps[above]
        above = above[above]
        reach *= 2
    return steps[:-1] - 1


def subtree_sizes(parents: Integers, depths: Integers) -> Integers:
    """Give the number of rows in each row's subtree, itself included: the deepest level first, each into the next."""
    sizes = np.ones(len(parents), np.int64)
    by_depth = np.argsort(depths, kind="stable")
    levels = np.split(by_depth, np.cumsum(np.bincount(depths))[:-1])
    for level in reversed(levels[1:]):
        np.add.at(sizes, parents[level], sizes[level])
    return sizes


def _assign(parents: Integers, depths: Integers, sizes: Integers, most: int) -> Integers:
    """Give the number of each row's request.

    Trees that fit into a request stay whole. Of others, subtrees stay whole that are small beside a request, so that
    requests fill up well; what is above them goes first, by levels, each tree for itself. So what fails in one request
    does not reach far.
    """
    roots = _climbed(parents, parents != NONE)
    large = (sizes[roots] > most) & (sizes > most // 8)
    above = np.flatnonzero(large)
    above = above[np.lexsort((depths[above], roots[above]))]
    requests = np.zeros(len(parents), np.int64)
    first, used = 0, 0
    trees = np.unique(roots[above], return_counts=True)[1].tolist()
    for rows in np.split(above, np.cumsum(trees)[:-1]) if trees else []:
        requests[rows] = first + np.arange(len(rows)) // most
        first, used = (
            (first + len(rows) // most, len(rows) % most) if len(trees) == 1 else (first + -(-len(rows) // most), 0)
        )
    tops = _climbed(parents, (parents != NONE) & ~large & ~large[parents])
    starts = np.flatnonzero(~large & (tops == np.arange(len(tops))))
    requests[starts] = first + _fill(sizes[starts], most, used)
    requests[~large] = requests[tops[~large]]
    return requests


def _climbed(parents: Integers, climbs: NDArray[np.bool_]) -> Integers:
    """Give the row that each row comes to, when it climbs from those that `climbs` holds for to their parents."""
    tops = np.where(climbs, parents, np.arange(len(parents)))
    while not np.array_equal(further := tops[tops], tops):
        tops = further
    return tops


def _fill(sizes: Integers, most: int, used: int) -> Integers:
    """Give for each subtree the number of the request that it goes into: large ones first, small ones beside them.

    The first request has `used` rows already.
    """
    order = np.argsort(-sizes, kind="stable")
    ordered = sizes[order].tolist()
    numbers = np.zeros(len(sizes), np.int64)
    high, low, number, room = 0, len(ordered) - 1, 0, most - used
    while high <= low:
        if ordered[high] <= room:
            taken, high = high, high + 1
        elif ordered[low] <= room:
            taken, low = low, low - 1
        else:
            number, room = number + 1, most
            continue
        room -= ordered[taken]
        numbers[order[taken]] = number
    return numbers


def _cycle(parents: Integers, row: int, frame: pl.DataFrame) -> CogniteHierarchyError:
    """Name some of the rows that are below each other; `row` is one of them."""
    circle = [row]
    while len(circle) < 5 and parents[circle[-1]] != row:
        circle.append(int(parents[circle[-1]]))
    names = frame["external_id"][circle].to_list()
    shown = " below ".join(map(repr, names)) + (" below itself" if len(names) == 1 else f" below {names[0]!r}")
    if parents[circle[-1]] != row:
        shown = " below ".join(map(repr, names)) + " below ..."
    return CogniteHierarchyError(f"Assets are below each other: {shown}. Accepted: parents without a circle.")
