"""Places of files: GeoJSON features, and filters by how they lie to a shape, in the plane."""

from __future__ import annotations

import math
from typing import Any

from cdframe.local.conditions import Condition, one_of
from cdframe.local.database import Connection
from cdframe.local.errors import ApiError, bad_request
from cdframe.local.fields import Choice, GeoLocation, compact
from cdframe.local.filters import Test
from cdframe.local.validation import as_list, as_object, check_size, reject_unknown, shown

# How deep the positions of a shape lie, and how many there are at least in its lists, from the outermost on.
SHAPES = {
    "Point": (),
    "MultiPoint": (1,),
    "LineString": (2,),
    "MultiLineString": (1, 2),
    "Polygon": (1, 4),
    "MultiPolygon": (1, 1, 4),
}
RELATION = Choice(("INTERSECTS", "DISJOINT", "WITHIN"))


class Place(GeoLocation):
    """A GeoJSON feature of a known shape; without a type it is one all the same."""

    def check(self, value: Any, where: str) -> dict[str, Any]:
        given = {name: part for name, part in as_object(value, where).items() if part is not None}
        reject_unknown(given, ("type", "geometry", "properties"), where, empty_passes=False)
        feature = super().check({"type": "Feature", **given}, where)
        feature["geometry"] = check_geometry(feature["geometry"], f"{where}.geometry")
        if "properties" in feature:
            as_object(feature["properties"], f"{where}.properties")
        return feature


def check_geometry(value: Any, where: str) -> dict[str, Any]:
    """A shape: `{"type", "coordinates"}`, or 400."""
    given = as_object(value, where)
    reject_unknown(given, ("type", "coordinates"), where, empty_passes=False)
    kind = given.get("type")
    if not isinstance(kind, str) or kind not in SHAPES:
        raise bad_request(f"{where}.type must be one of {', '.join(SHAPES)}, but was {shown(kind)}")
    _check_positions(given.get("coordinates"), f"{where}.coordinates", SHAPES[kind])
    return {"type": kind, "coordinates": given["coordinates"]}


def _check_positions(value: Any, where: str, least: tuple[int, ...]) -> None:
    parts = as_list(value, where)
    if not least:
        if len(parts) != 2 or not all(_is_number(part) for part in parts):
            raise bad_request(f"{where} must be a position, such as [10.75, 59.91], but was {shown(value)}")
        return
    check_size(parts, where, least[0], len(parts))
    for i, part in enumerate(parts):
        _check_positions(part, f"{where}[{i}]", least[1:])
    if least == (4,) and parts[0] != parts[-1]:
        raise bad_request(f"{where} must end with the position that it begins with, {shown(parts[0])}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def lies(table: str, column: str) -> Test:
    """The place intersects a shape, is disjoint from it, or is within it; boundaries belong to both."""

    def test(value: Any, where: str, connection: Connection) -> Condition:
        wanted = as_object(value, where)
        reject_unknown(wanted, ("relation", "shape"), where, empty_passes=False)
        relation = RELATION.check(wanted.get("relation"), f"{where}.relation")
        shape = check_geometry(wanted.get("shape"), f"{where}.shape")
        places = connection.tuples(
            f"SELECT id, json_extract({column}, '$.geometry')::VARCHAR FROM {table} WHERE {column} IS NOT NULL"
        )
        return one_of("id", _related([id for id, _ in places], [place for _, place in places], relation, shape))

    return test


def _related(ids: list[int], places: list[str], relation: str, shape: dict[str, Any]) -> list[int]:
    try:
        import shapely
    except ImportError:
        raise ApiError(501, "geoLocation filters need shapely: pip install 'cdframe[local]'") from None
    geometries = shapely.from_geojson([*places, compact(shape)])
    invalid = ~shapely.is_valid(geometries)
    geometries[invalid] = shapely.make_valid(geometries[invalid])
    target = geometries[-1]
    shapely.prepare(target)
    if relation == "WITHIN":
        chosen = shapely.covers(target, geometries[:-1])
    else:
        chosen = shapely.intersects(target, geometries[:-1]) == (relation == "INTERSECTS")
    return [id for id, passes in zip(ids, chosen.tolist(), strict=True) if passes]
