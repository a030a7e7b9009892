"""The hierarchy of assets: parents, paths and numbers of children of what is new or moves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import pyarrow as pa

from cdframe.local.conditions import Condition, one_of
from cdframe.local.database import Connection
from cdframe.local.errors import ApiError, bad_request
from cdframe.local.resources import Row

Moves = Sequence[tuple[Row, Row]]  # assets as they are to be, and as they were


def place_new(connection: Connection, rows: Sequence[Row]) -> None:
    """Give new assets what follows from their parents, each of which is stored or new too."""
    new = {row["external_id"]: row for row in rows if row["external_id"] is not None}
    parents = _find_parents(connection, rows, new)
    _set_paths(rows, parents)
    children = Counter(parent["id"] for parent in parents if parent is not None)
    for row, parent in zip(rows, parents, strict=True):
        _set_parent(row, parent)
        row["root_id"] = row["path"][0]
        row["child_count"] = children[row["id"]]


def place_moved(connection: Connection, rows: Sequence[Row], old: Sequence[Row]) -> None:
    """Give assets what follows from the parents that they are to have, or 400 where they may not have them.

    Of `parent_id` and `parent_external_id` those are empty that the update leaves open.
    """
    keys = ("parent_id", "parent_external_id")
    named = [(row, was) for row, was in zip(rows, old, strict=True) if any(row[key] != was[key] for key in keys)]
    moved, parents = [], []
    for (row, was), parent in zip(named, _find_parents(connection, [row for row, _ in named], {}), strict=True):
        if (parent is None) != (was["parent_id"] is None):
            raise bad_request("Changing from/to being root isn't allowed")
        if parent is not None and parent["path"][0] != row["root_id"]:
            raise bad_request(f"Asset must stay within same asset hierarchy root, which is {row['root_id']}")
        _set_parent(row, parent)
        if row["parent_id"] != was["parent_id"]:
            moved.append(row)
            parents.append(parent)
    _set_paths(moved, parents)


def move_below(connection: Connection, moves: Moves) -> None:
    """Give all assets below moved ones their new paths: each follows the nearest moved one above it."""
    leading = [(row, was) for row, was in moves if was["child_count"]]
    if not leading:
        return
    moved = pa.table(
        {
            "id": [row["id"] for row, _ in leading],
            "place": [len(was["path"]) for _, was in leading],
            "path": pa.array([row["path"] for row, _ in leading], pa.list_(pa.int64())),
        }
    )
    following = " UNION ALL ".join(
        f"""SELECT assets.id, place, list_concat(moved.path, assets.path[{place + 1}:]) AS path
            FROM assets JOIN moved ON assets.path[{place}] = moved.id AND place = {place}"""
        for place in sorted(set(moved.column("place").to_pylist()))
    )
    stays = one_of("id", [row["id"] for row, _ in moves])
    with connection.relation("moved", moved):
        connection.execute(
            f"""UPDATE assets SET path = following.path
                FROM (SELECT id, arg_max(path, place) AS path FROM ({following}) WHERE NOT {stays.sql} GROUP BY id)
                AS following WHERE assets.id = following.id""",
            stays.parameters,
        )


def count_children(connection: Connection, changes: Mapping[int, int]) -> None:
    """Add to the numbers of children of assets."""
    changed = {id: change for id, change in changes.items() if change}
    if not changed:
        return
    test = one_of("assets.id", list(changed))
    table = pa.table({"id": list(changed), "change": list(changed.values())})
    with connection.relation("parents", table):
        connection.execute(
            "UPDATE assets SET child_count = child_count + parents.change "
            f"FROM parents WHERE assets.id = parents.id AND {test.sql}",
            test.parameters,
        )


def rename_parents(connection: Connection, renamed: Sequence[Row]) -> None:
    """Tell children the new external ids of their parents."""
    if not any(row["child_count"] for row in renamed):
        return
    ids = [row["id"] for row in renamed]
    table = pa.table({"id": ids, "external_id": pa.array([row["external_id"] for row in renamed], pa.string())})
    test = one_of("assets.parent_id", ids)
    with connection.relation("parents", table):
        connection.execute(
            "UPDATE assets SET parent_external_id = parents.external_id "
            f"FROM parents WHERE assets.parent_id = parents.id AND {test.sql}",
            test.parameters,
        )


def _find_parents(connection: Connection, rows: Sequence[Row], new: Mapping[str, Row]) -> list[Row | None]:
    """The parents that rows name; `new` are those that are not stored yet."""
    ids = {row["parent_id"]: None for row in rows if row["parent_id"] is not None}
    external_ids = {row["parent_external_id"]: None for row in rows if row["parent_external_id"] is not None}
    by_id = {row["id"]: row for row in _stored(connection, one_of("id", list(ids)))}
    elsewhere = [external_id for external_id in external_ids if external_id not in new]
    by_external_id = {row["external_id"]: row for row in _stored(connection, one_of("external_id", elsewhere))}
    by_external_id.update(new)
    unknown = [external_id for external_id in elsewhere if external_id not in by_external_id]
    if unknown:
        text = f"Reference to unknown parent with externalId {unknown[0]}"
        raise ApiError(400, text, missing=[{"externalId": external_id} for external_id in unknown])
    missing = [id for id in ids if id not in by_id]
    if missing:
        text = f"The given parent ids do not exist: {', '.join(map(str, missing))}"
        raise ApiError(400, text, missing=[{"id": id} for id in missing])
    parents = []
    for row in rows:
        given = [by_id.get(row["parent_id"]), by_external_id.get(row["parent_external_id"])]
        found = [parent for parent in given if parent is not None]
        if len({parent["id"] for parent in found}) > 1:
            raise bad_request(
                f"parentId {row['parent_id']} and parentExternalId {row['parent_external_id']} are of different assets"
            )
        parents.append(found[0] if found else None)
    return parents


def _stored(connection: Connection, test: Condition) -> list[Row]:
    return connection.rows(f"SELECT id, external_id, path FROM assets WHERE {test.sql}", test.parameters)


def _set_parent(row: Row, parent: Row | None) -> None:
    row["parent_id"] = parent["id"] if parent is not None else None
    row["parent_external_id"] = parent["external_id"] if parent is not None else None


def _set_paths(rows: Sequence[Row], parents: Sequence[Row | None]) -> None:
    """Give new and moved assets their paths, or 400 where parents go round in a circle."""
    parent_of = {row["id"]: parent for row, parent in zip(rows, parents, strict=True)}
    paths: dict[int, list[int]] = {}
    for row in rows:
        climbed: list[tuple[int, list[int]]] = []
        at: int | None = row["id"]
        while at is not None and at not in paths:
            if len(climbed) == len(rows):
                raise bad_request(f"The parents of asset {row['external_id'] or row['name']} go round in a circle")
            above, between = _next_above(parent_of[at], parent_of)
            climbed.append((at, between))
            at = above
        path = paths[at] if at is not None else []
        for id, between in reversed(climbed):
            path = paths[id] = [*path, *between, id]
    for row in rows:
        row["path"] = paths[row["id"]]


def _next_above(parent: Row | None, changing: Mapping[int, Row | None]) -> tuple[int | None, list[int]]:
    """The nearest asset at or above a parent whose own path changes, and the path from below it to the parent."""
    if parent is None:
        return None, []
    if parent["id"] in changing:
        return parent["id"], []
    path: list[int] = parent["path"]
    for i in reversed(range(len(path))):
        if path[i] in changing:
            return path[i], path[i + 1 :]
    return None, path
