"""Files and their contents that cdframe and the SDKs write, and what all are asked about them.

Shapes have sides along the axes, or are points, so that boxes tell all of how they lie.
"""

from typing import Any

from tests.conformance.scenario import BEGIN, DAY, HOUR
from tests.conformance.scenario_of_assets import drop_unset
from tests.conformance.scenario_of_groups import FOR_EVER

Row = dict[str, Any]
Box = tuple[float, float, float, float]


def polygon(*boxes: Box) -> Row:
    rings = [[[[a, b], [c, b], [c, d], [a, d], [a, b]]] for a, b, c, d in boxes]
    if len(rings) == 1:
        return {"type": "Polygon", "coordinates": rings[0]}
    return {"type": "MultiPolygon", "coordinates": rings}


def point(*places: tuple[float, float]) -> Row:
    if len(places) == 1:
        return {"type": "Point", "coordinates": list(places[0])}
    return {"type": "MultiPoint", "coordinates": [list(place) for place in places]}


def line(*places: tuple[float, float]) -> Row:
    return {"type": "LineString", "coordinates": [list(place) for place in places]}


def boxes_of(geometry: Row) -> list[Box]:
    """The boxes that a shape is made of."""
    kind, places = geometry["type"], geometry["coordinates"]
    parts = {
        "Point": [[places]],
        "MultiPoint": [[place] for place in places],
        "LineString": [places],
        "Polygon": places,
        "MultiPolygon": [rings[0] for rings in places] if kind == "MultiPolygon" else [],
    }[kind]
    return [
        (min(x for x, _ in part), min(y for _, y in part), max(x for x, _ in part), max(y for _, y in part))
        for part in parts
    ]


GEOMETRIES: tuple[Row | None, ...] = (
    None,
    point((10.75, 59.91)),
    polygon((0, 0, 4, 4)),
    line((2, 2), (2, 8)),
    point((3, 3), (20, 20)),
    polygon((5, 5, 6, 6), (30, 30, 31, 31)),
)
MIME_TYPES = ("text/plain", None, "application/pdf", "text/PLAIN", "image/png")
SOURCES = ("SAP", None, "sap")
DIRECTORIES = (None, "/plant", "/plant/docs", "/Plant/docs", "/")


def feature(geometry: Row | None, **more: Any) -> Row | None:
    return None if geometry is None else {"type": "Feature", "geometry": geometry, **more}


def of_the_plant() -> list[Row]:
    rows = []
    for number in range(30):
        row = {
            "external_id": f"plant/file-{number:02d}",
            "name": ("Pump manual.pdf", "pump_photo.png", "Valve list ⛵.txt")[number % 3],
            "mime_type": MIME_TYPES[number % 5],
            "source": SOURCES[number % 3],
            "directory": DIRECTORIES[number % 5],
            "metadata": (None, {"kind": "manual"}, {"kind": "photo", "page": str(number % 2)})[number % 3],
            "asset_ids": (None, ["plant"], [f"plant/{number % 3}", "plant/2/1"], [f"plant/0/1/{number % 3}"])[
                number % 4
            ],
            "data_set_id": ("sets/north", None, None, "sets/south")[number % 4],
            "labels": (None, ["PUMP"], ["VALVE", "PUMP"], None, ["state/draft"])[number % 5],
            "geo_location": feature(GEOMETRIES[number % 6]),
            "source_created_time": None if number % 4 == 3 else BEGIN + number * HOUR,
            "source_modified_time": BEGIN + number // 2 * DAY if number % 2 else None,
            "uploaded": number < 20,
        }
        rows.append(drop_unset(row))
    return rows


BY_CDFRAME: list[Row] = [
    *of_the_plant(),
    {"external_id": "cdframe/path", "name": "from a path.bin", "uploaded": True},
    {"external_id": "cdframe/empty", "name": "empty", "uploaded": True, "metadata": {}},
    {"external_id": "cdframe/text", "name": "text.txt", "mime_type": "text/plain", "uploaded": True},
]
BY_SDK: list[Row] = [
    {"external_id": "sdk/created", "name": "created.txt", "source": "SAP", "uploaded": False},
    {
        "external_id": "SDK/ø ⛵",
        "name": "n" * 256,
        "directory": "/plant/" + "d" * 505,
        "source": "s" * 128,
        "metadata": {"q": 'a"\\', "": "no key"},
        "asset_ids": ["plant", "plant/1"],
        "labels": ["PUMP", "state/verified"],
        "data_set_id": "sets/locked",
        "geo_location": feature(point((2.5, 2.5)), properties={"height": 1.5, "of": ["Åse", {}]}),
        "source_created_time": 0,
        "source_modified_time": BEGIN,
        "uploaded": False,
    },
    {
        "external_id": "sdk/path",
        "name": "path.bin",
        "mime_type": "application/octet-stream",
        "directory": "/sdk",
        "metadata": {"kind": "manual"},
        "asset_ids": ["plant/0"],
        "data_set_id": "sets/south",
        "labels": ["VALVE"],
        "geo_location": feature(line((1, 1), (1, 3))),
        "source_created_time": BEGIN,
        "source_modified_time": BEGIN + 5,
        "uploaded": True,
    },
    {"external_id": "sdk/empty path", "name": "empty.bin", "uploaded": True},
    {"external_id": "sdk/bytes", "name": "bytes.bin", "mime_type": "x/y", "source": "sap", "uploaded": True},
    {"external_id": "sdk/text", "name": "Tekst ⛵.txt", "directory": "/sdk/text", "labels": ["PUMP"], "uploaded": True},
    {"external_id": "sdk/empty bytes", "name": "empty", "uploaded": True},
    {"external_id": "sdk/handle", "name": "handle.bin", "metadata": {}, "uploaded": True},
    {"external_id": "sdk/empty handle", "name": "empty handle", "uploaded": True},
    {"external_id": "sdk/large", "name": "large.bin", "uploaded": True},
]
ROWS = [*BY_CDFRAME, *BY_SDK]

ALL_BYTES = bytes(range(256))
TEXT = "Ærlig ⛵\r\nand\ta second line\n"
CONTENTS: dict[str, bytes] = {
    **{row["external_id"]: f"Content of {row['external_id']}\n".encode() * 3 for row in BY_CDFRAME[:20]},
    "cdframe/path": ALL_BYTES * 500,
    "cdframe/empty": b"",
    "cdframe/text": TEXT.encode(),
    "sdk/path": ALL_BYTES[::-1] * 300,
    "sdk/empty path": b"",
    "sdk/bytes": b"\x1f\x8b" + ALL_BYTES,
    "sdk/text": TEXT.encode(),
    "sdk/empty bytes": b"",
    "sdk/handle": b'{"handle": true}',
    "sdk/empty handle": b"",
    "sdk/large": ALL_BYTES * 21_000,
}
# Names of the files in a tree of folders, and what is in them; as uploads of folders see them.
TREE: dict[str, bytes] = {
    "a.txt": b"a",
    "kæ ⛵.bin": ALL_BYTES,
    "empty": b"",
    "below/c.txt": b"c" * 1_000,
    "below/further/d": b"d",
}

QUESTIONS: dict[str, Row] = {
    "a name": {"filters": {"name": "Pump manual.pdf"}},
    "a name of nobody": {"filters": {"name": "pump manual.pdf"}},
    "a mime type": {"filters": {"mime_type": "text/plain"}},
    "a source": {"filters": {"source": "sap"}},
    "uploaded": {"filters": {"uploaded": True}, "limit": None},
    "not uploaded": {"filters": {"uploaded": False}},
    "metadata": {"filters": {"metadata": {"kind": "manual"}}},
    "two pairs of metadata": {"filters": {"metadata": {"page": "1", "kind": "photo"}}},
    "metadata with odd texts": {"filters": {"metadata": {"q": 'a"\\', "": "no key"}}},
    "a directory": {"filters": {"directory_prefix": "/plant"}},
    "the root directory": {"filters": {"directory_prefix": "/"}, "limit": None},
    "a prefix": {"filters": {"external_id_prefix": "plant/file-0"}},
    "a prefix in upper case": {"filters": {"external_id_prefix": "SDK"}},
    "data sets by id": {"filters": {"data_set_ids": ["sets/north", 17]}},
    "data sets both ways": {
        "filters": {"data_set_ids": ["sets/locked"], "data_set_external_ids": ["sets/south", "nobody"]}
    },
    "assets by id": {"filters": {"asset_ids": ["plant", "plant/1", 17]}},
    "assets by external id": {"filters": {"asset_external_ids": ["plant/2/1", "nobody"]}},
    "trees both ways": {"filters": {"root_asset_ids": [17], "root_asset_external_ids": ["plant"]}, "limit": None},
    "subtrees by id": {"filters": {"asset_subtree_ids": ["plant/0"]}},
    "subtrees by external id": {"filters": {"asset_subtree_external_ids": ["plant/1", "nobody"]}},
    "subtrees both ways": {
        "filters": {"asset_subtree_ids": ["plant/2", 17], "asset_subtree_external_ids": ["plant/0"]}
    },
    "any of the labels": {"filters": {"labels": {"contains_any": ["VALVE", "state/draft"]}}},
    "all of the labels": {"filters": {"labels": {"contains_all": ["PUMP", "VALVE"]}}},
    "a label of nobody": {"filters": {"labels": {"contains_any": ["nobody"]}}},
    "intersecting a box": {"filters": {"geo_location": {"relation": "INTERSECTS", "shape": polygon((1, 1, 3, 3))}}},
    "intersecting a line": {"filters": {"geo_location": {"relation": "INTERSECTS", "shape": line((2, 8), (9, 8))}}},
    "intersecting a point": {"filters": {"geo_location": {"relation": "INTERSECTS", "shape": point((4, 4))}}},
    "within a box": {"filters": {"geo_location": {"relation": "WITHIN", "shape": polygon((0, 0, 8, 8))}}},
    "in a box, in small letters": {
        "filters": {"geo_location": {"relation": "within", "shape": polygon((-1, -1, 9, 9))}}
    },
    "within boxes": {
        "filters": {"geo_location": {"relation": "WITHIN", "shape": polygon((5, 5, 9, 9), (29, 29, 32, 32))}}
    },
    "apart from a box": {"filters": {"geo_location": {"relation": "DISJOINT", "shape": polygon((-1, -1, 2, 2))}}},
    "created at the source": {"filters": {"source_created_time": {"min": BEGIN + HOUR, "max": BEGIN + 9 * HOUR}}},
    "created at the source until": {"filters": {"source_created_time": {"max": 0}}},
    "changed at the source": {"filters": {"source_modified_time": {"min": BEGIN + 5}}, "limit": None},
    "created until": {"filters": {"created_time": {"max": "plant/file-03"}}},
    "created since": {"filters": {"created_time": {"min": "sdk/bytes"}, "external_id_prefix": "sdk/"}},
    "updated between": {
        "filters": {
            "last_updated_time": {"min": "cdframe/path", "max": "cdframe/text"},
            "external_id_prefix": "cdframe/",
        }
    },
    "uploaded since": {"filters": {"uploaded_time": {"min": "sdk/bytes"}}},
    "uploaded between": {"filters": {"uploaded_time": {"min": "plant/file-02", "max": "plant/file-07"}}},
    "uploaded ever": {"filters": {"uploaded_time": {"max": FOR_EVER}}, "limit": None},
    "a limit": {"filters": {"last_updated_time": {"max": FOR_EVER}}, "limit": 8},
    "as many as is usual": {"filters": {}},
    "all": {"filters": {}, "limit": None},
    "many at once": {
        "filters": {
            "asset_subtree_external_ids": ["plant"],
            "labels": {"contains_any": ["PUMP", "VALVE"]},
            "geo_location": {"relation": "INTERSECTS", "shape": polygon((0, 0, 40, 40))},
            "directory_prefix": "/plant",
            "source_created_time": {"min": 0},
        }
    },
}
SEARCHES: dict[str, Row] = {
    "a name": {"name": "valve"},
    "the beginning of a word": {"name": "man"},
    "a name, with a filter": {
        "name": "pump",
        "filters": {"labels": {"contains_any": ["state/draft"]}, "uploaded": True},
    },
    "a place": {
        "name": "list",
        "filters": {"geo_location": {"relation": "WITHIN", "shape": polygon((-9, -9, 9, 9))}},
    },
    "a limit": {"name": "PUMP", "limit": 3},
    "nothing but a filter": {"filters": {"asset_external_ids": ["plant/0"]}},
    "nobody": {"name": "qqqqqqqqqqqq"},
}
