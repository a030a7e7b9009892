"""Files: what is stored about them, changed, found and refused."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.local.api import Api
from tests.local.rows import changed, created, listed, member, names

PATH = "/files"
ALL: dict[str, Any] = {"all": {}}
SERVER_SET = ("id", "uploaded", "createdTime", "lastUpdatedTime")
PLACE = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [10, 59.5]}}

_names = itertools.count()


def new(api: Api, *, query: str = "", **fields: Any) -> dict[str, Any]:
    """A new file, without the link to upload to."""
    row: dict[str, Any] = api.post(f"{PATH}{query}", {"name": "n", **fields}, 201)
    assert row.pop("uploadUrl").startswith("http://local/")
    return row


def test_what_a_file_shows(api: Api) -> None:
    first, second = (row["id"] for row in created(api, "/assets", {"name": "a"}, {"name": "b"}))
    (data_set,) = created(api, "/datasets", {}, status=200)
    created(api, "/labels", {"externalId": "x", "name": "x"}, {"externalId": "y", "name": "y"})
    fields = {
        "externalId": "all of it",
        "name": "../ä\n\"'/..",
        "directory": "/é/",
        "source": "",
        "mimeType": "no type\r\nX: y",
        "metadata": {"é": "", "": 'x\n"'},
        "assetIds": [second, first],
        "dataSetId": data_set["id"],
        "labels": [{"externalId": "y"}, {"externalId": "x"}],
        "geoLocation": {**PLACE, "properties": {}},
        "sourceCreatedTime": 0,
        "sourceModifiedTime": 5,
        "securityCategories": [7, 3],
    }
    full, small = new(api, **fields), new(api)
    assert full == {**fields, "uploaded": False, **{key: full[key] for key in SERVER_SET}}
    assert set(small) == {"name", *SERVER_SET}
    assert full["createdTime"] == full["lastUpdatedTime"]
    both = [{"id": small["id"]}, {"externalId": "all of it"}]
    assert api.post(f"{PATH}/byids", {"items": both})["items"] == [small, full]
    assert api.get(f"{PATH}/{full['id']}") == full
    copy = new(api, **{**full, "externalId": "copy", "uploadedTime": 5, "uploadUrl": "x", "source": None})
    assert copy["id"] != full["id"] and not copy["uploaded"] and "uploadedTime" not in copy
    empty = new(api, assetIds=[], labels=[], securityCategories=[], metadata={})
    assert set(empty) == {"name", "metadata", *SERVER_SET}
    assert empty["metadata"] == {}


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ({"name": None}, "the file.name is required"),
        ({"name": ""}, "the file.name size must be between 1 and 256"),
        ({"name": "é" * 257}, "the file.name size"),
        ({"externalId": "x" * 256}, "the file.externalId size must be between 1 and 255"),
        ({"directory": "plant"}, "the file.directory must begin with /, but was 'plant'"),
        ({"directory": ""}, "the file.directory must begin with /"),
        ({"directory": "/" + "é" * 512}, "the file.directory size must be between 0 and 512"),
        ({"source": "x" * 129}, "the file.source size"),
        ({"mimeType": "x" * 257}, "the file.mimeType size"),
        ({"metadata": {"a": "é" * 5121}}, "at most 10240 bytes"),
        ({"metadata": {"a": "x" * 10_239, "b": "x"}}, "at most 10240 bytes"),
        ({"metadata": {"a": None}}, "the file.metadata.a must be a string"),
        ({"assetIds": [1, 1]}, "the file.assetIds must not have an id twice"),
        ({"assetIds": list(range(1, 1002))}, "the file.assetIds size must be between 0 and 1000"),
        ({"assetIds": [{"id": 1}]}, "the file.assetIds[0] must be an integer"),
        ({"labels": [{"externalId": "a"}] * 2}, "must not have a label twice"),
        ({"labels": [{"externalId": str(i)} for i in range(11)]}, "the file.labels size"),
        ({"sourceCreatedTime": -1}, "the file.sourceCreatedTime must be between 0 and"),
        ({"sourceModifiedTime": "5"}, "the file.sourceModifiedTime must be an integer"),
        ({"securityCategories": list(range(1, 102))}, "the file.securityCategories size must be between 0 and 100"),
        ({"fileName": "x"}, "Unexpected field - the file.fileName"),
        ({"items": [{"name": "x"}]}, "Unexpected field - the file.items"),
    ],
)
def test_create_refuses(api: Api, item: Any, words: str) -> None:
    before = api.post(f"{PATH}/aggregate")
    for query in ("", "?overwrite=true"):
        assert words in api.error(f"{PATH}{query}", {"name": "n", **item})["message"]
    assert api.post(f"{PATH}/aggregate") == before


def test_references_must_exist(api: Api) -> None:
    for field, value, words, missing in (
        ("assetIds", [5], "Asset ids not found: 5", {"id": 5}),
        ("dataSetId", 5, "Data set ids not found: 5", {"id": 5}),
        ("labels", [{"externalId": "none"}], "Label ids not found: none", {"externalId": "none"}),
    ):
        error = api.error(PATH, {"name": "n", field: value})
        assert (error["message"], error["missing"]) == (words, [missing])


def geometry(kind: Any, coordinates: Any, **more: Any) -> dict[str, Any]:
    return {"type": kind, "coordinates": coordinates, **more}


RING = [[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]]
SHAPES = [
    geometry("Point", [1, -2.5]),
    geometry("MultiPoint", [[1, 2], [3, 4]]),
    geometry("LineString", [[1, 2], [300, 4]]),
    geometry("MultiLineString", [[[1, 2], [3, 4]], [[0, 0], [1, 1]]]),
    geometry("Polygon", [RING, [[1, 1], [2, 1], [2, 2], [1, 1]]]),
    geometry("MultiPolygon", [[RING]]),
]


@pytest.mark.parametrize("shape", SHAPES)
def test_places_that_are_taken(api: Api, shape: dict[str, Any]) -> None:
    for rest in ({}, {"properties": {}}, {"properties": {"a": [1, {"b": None}]}}):
        shown = new(api, geoLocation={"geometry": shape, **rest})["geoLocation"]
        assert shown == {"type": "Feature", "geometry": shape, **rest}


WRONG_SHAPES = [
    geometry("Circle", [1, 2]),
    geometry(None, [1, 2]),
    geometry(["Point"], [1, 2]),
    geometry("Point", None),
    geometry("Point", [1]),
    geometry("Point", [1, 2, 3]),
    geometry("Point", [1, "2"]),
    geometry("Point", [True, 1]),
    geometry("Point", [[1, 2]]),
    geometry("Point", [1, 2], crs={"type": "name"}),
    geometry("MultiPoint", []),
    geometry("MultiPoint", [1, 2]),
    geometry("LineString", [[1, 2]]),
    geometry("Polygon", []),
    geometry("Polygon", [RING[:4]]),
    geometry("Polygon", [[[0, 0], [1, 1], [0, 0]]]),
    geometry("MultiPolygon", [RING]),
    5,
    None,
]


@pytest.mark.parametrize("shape", WRONG_SHAPES)
def test_places_that_are_refused(api: Api, shape: Any) -> None:
    assert (
        "geometry" in api.error(PATH, {"name": "n", "geoLocation": {"type": "Feature", "geometry": shape}})["message"]
    )
    wanted = {"relation": "within", "shape": shape}
    assert "shape" in api.error(f"{PATH}/list", {"filter": {"geoLocation": wanted}})["message"]


def test_other_places_that_are_refused(api: Api) -> None:
    for place in (
        {"type": "Point", "coordinates": [1, 2]},
        {**PLACE, "type": "feature"},
        {**PLACE, "properties": []},
        {**PLACE, "id": 5},
        [],
    ):
        api.error(PATH, {"name": "n", "geoLocation": place})
    api.error(PATH, b'{"name":"n","geoLocation":{"geometry":{"type":"Point","coordinates":[1e999,1]}}}')


def test_external_ids_are_unique(api: Api) -> None:
    new(api, externalId="taken")
    assert api.error(PATH, {"name": "n", "externalId": "taken"}, 409)["duplicated"] == [{"externalId": "taken"}]


def test_overwriting(fresh: Api) -> None:
    asset, other = (row["id"] for row in created(fresh, "/assets", {"name": "a"}, {"name": "b"}))
    created(fresh, "/labels", {"externalId": "x", "name": "x"}, {"externalId": "y", "name": "y"})
    fields = {
        "name": "old",
        "source": "s",
        "metadata": {"a": "1", "b": "2"},
        "assetIds": [asset],
        "labels": [{"externalId": "x"}],
    }
    first = new(fresh, query="?overwrite=True", externalId="e", **fields)
    while fresh.engine.clock.now() == first["createdTime"]:
        pass
    again = new(fresh, query="?overwrite=true", externalId="e", name="new", mimeType="m", source=None)
    assert again == {**first, "name": "new", "mimeType": "m", "lastUpdatedTime": again["lastUpdatedTime"]}
    assert again["lastUpdatedTime"] > first["lastUpdatedTime"]
    changes: dict[str, Any] = {"metadata": {"c": "3"}, "assetIds": [other], "labels": []}
    third = new(fresh, query="?overwrite=true", externalId="e", name="new", **changes)
    assert (third["metadata"], third["assetIds"], "labels" in third) == ({"c": "3"}, [other], False)
    assert fresh.error(f"{PATH}?overwrite=true", {"externalId": "e", "name": "new", "assetIds": [5]})["missing"]
    assert new(fresh, query="?overwrite=true", name="new")["id"] != first["id"]
    assert len(listed(fresh, PATH)) == 2
    fresh.error(f"{PATH}?overwrite=false", {"externalId": "e", "name": "new"}, 409)
    fresh.error(f"{PATH}?overwrite=maybe", {"externalId": "e", "name": "new"})


@pytest.mark.parametrize(
    ("path", "rest"), [("byids", {}), ("update", {"update": {}}), ("delete", {}), ("downloadlink", {})]
)
def test_references_that_are_wrong(api: Api, path: str, rest: dict[str, Any]) -> None:
    row = new(api, externalId=path)
    known, unknown, missing = {"externalId": path}, {"externalId": "no/where"}, {"id": 5}

    def error(*references: dict[str, Any], status: int = 400) -> dict[str, Any]:
        return api.error(f"{PATH}/{path}", {"items": [{**one, **rest} for one in references]}, status)

    found = error(known, missing, {"id": 6})
    assert (found["message"], found["missing"]) == ("File ids not found: 5, 6", [missing, {"id": 6}])
    found = error(unknown, known)
    assert (found["message"], found["missing"]) == ("Files ids not found: no/where", [unknown])
    assert error(unknown, missing)["missing"] == [unknown, missing]
    found = error(unknown, unknown, status=409)
    assert (found["message"], found["duplicated"]) == ("Duplicate external ids: no/where", [unknown])
    assert error({"id": 1}, {"id": 1}, status=409)["message"] == "Duplicate ids: 1"
    assert error(known, {"id": row["id"]}, status=409)["duplicated"] == [{"id": row["id"]}]
    for wrong in ({}, {"id": 0}, {**known, "id": 5}, {"name": "n"}):
        error(wrong)


def test_one_file_by_its_id(api: Api) -> None:
    assert api.get(f"{PATH}/5", 400)["error"]["missing"] == [{"id": 5}]
    api.get(f"{PATH}/x", 400)
    api.get(f"{PATH}/icon?id=5", 400)


def test_update(api: Api) -> None:
    asset, other = (row["id"] for row in created(api, "/assets", {"name": "a"}, {"name": "b"}))
    created(api, "/labels", {"externalId": "l1", "name": "x"}, {"externalId": "l2", "name": "y"})
    row = new(api, externalId="changing", directory="/a", assetIds=[asset], labels=[{"externalId": "l1"}], source="s")
    while api.engine.clock.now() == row["createdTime"]:
        pass
    shown = changed(
        api,
        PATH,
        "changing",
        directory={"set": "/b"},
        source={"setNull": True},
        mimeType={"set": ""},
        metadata={"add": {"a": "1"}},
        assetIds={"add": [other, asset]},
        labels={"add": [{"externalId": "l2"}], "remove": [{"externalId": "l1"}]},
        geoLocation={"set": PLACE},
        sourceCreatedTime={"set": 5},
        securityCategories={"add": [2, 1]},
    )
    assert shown["lastUpdatedTime"] > shown["createdTime"]
    assert shown == {
        "id": row["id"],
        "externalId": "changing",
        "name": "n",
        "directory": "/b",
        "mimeType": "",
        "metadata": {"a": "1"},
        "assetIds": [asset, other],
        "labels": [{"externalId": "l2"}],
        "geoLocation": PLACE,
        "sourceCreatedTime": 5,
        "securityCategories": [2, 1],
        **{key: shown[key] for key in SERVER_SET},
    }
    shown = changed(
        api,
        PATH,
        "changing",
        metadata={"set": {}},
        assetIds={"set": []},
        labels={"set": []},
        geoLocation={"setNull": True},
        securityCategories={"remove": [1, 2]},
    )
    assert set(shown) == {*SERVER_SET, "externalId", "name", "directory", "mimeType", "metadata", "sourceCreatedTime"}
    wrong: list[dict[str, Any]] = [
        {"name": {"set": "x"}},
        {"uploaded": {"set": True}},
        {"directory": {"set": "x"}},
        {"assetIds": {"set": [], "add": [asset]}},
        {"geoLocation": {"set": {"geometry": None}}},
        {"assetIds": {"add": [5]}},
    ]
    for update in wrong:
        api.error(f"{PATH}/update", {"items": [{"externalId": "changing", "update": update}]})


@pytest.fixture(scope="module")
def plant(api: Api) -> Api:
    """Files of assets in a tree, in data sets, with labels, in places."""
    tree = [{"name": "r", "externalId": "root"}, {"name": "c", "externalId": "child", "parentExternalId": "root"}]
    root, child, other = (row["id"] for row in created(api, "/assets", *tree, {"name": "o", "externalId": "other"}))
    (data_set,) = created(api, "/datasets", {"externalId": "plant"}, status=200)
    created(api, "/labels", {"externalId": "even", "name": "e"}, {"externalId": "third", "name": "t"})
    for i in range(24):
        labels = [{"externalId": name} for name, step in (("even", 2), ("third", 3)) if i % step == 0]
        row = new(
            api,
            externalId=f"p/{i:02}",
            name=f"name {i % 3}",
            source="s" if i % 2 else None,
            mimeType=("text/plain", "image/png")[i % 2],
            directory=f"/dir{i % 2}/x",
            metadata={"i": str(i % 5)},
            assetIds=[[root], [child, other], [other], []][i % 4],
            dataSetId=data_set["id"] if i % 2 else None,
            labels=labels,
            sourceCreatedTime=i,
            sourceModifiedTime=100 + i if i % 2 else None,
            geoLocation={"geometry": geometry("Point", [i, 0])} if i % 4 else None,
        )
        if i < 5:
            link = api.post(f"{PATH}/uploadlink", {"items": [{"id": row["id"]}]}, 201)["items"][0]["uploadUrl"]
            assert api.http.put(link, content=b"x").status_code == 200
    return api


def numbers(api: Api, **wanted: Any) -> list[int]:
    """Which of the files of the plant pass a filter, in lists, counts and searches alike."""
    wanted = {"externalIdPrefix": "p/", **wanted}
    rows = listed(api, PATH, filter=wanted, limit=7)
    assert api.post(f"{PATH}/aggregate", {"filter": wanted}) == {"items": [{"count": len(rows)}]}
    assert api.post(f"{PATH}/search", {"filter": wanted, "limit": 1000})["items"] == rows
    assert [row["id"] for row in rows] == sorted(row["id"] for row in rows)
    return sorted(int(row["externalId"][2:]) for row in rows)


def asset_id(api: Api, name: str) -> int:
    result: int = api.post("/assets/byids", {"items": [{"externalId": name}]})["items"][0]["id"]
    return result


def test_filters(plant: Api) -> None:
    root, child, other = (asset_id(plant, name) for name in ("root", "child", "other"))
    everything = range(24)
    of = {i: [n for n in everything if n % 4 == i] for i in range(4)}
    assert numbers(plant) == list(everything)
    assert numbers(plant, name="name 1") == list(range(1, 24, 3))
    assert numbers(plant, source="s", mimeType="image/png") == list(range(1, 24, 2))
    assert numbers(plant, mimeType="image/PNG") == []
    assert numbers(plant, uploaded=True) == [0, 1, 2, 3, 4]
    assert numbers(plant, uploaded=False) == list(range(5, 24))
    assert numbers(plant, metadata={"i": "4"}) == list(range(4, 24, 5))
    assert numbers(plant, assetIds=[root]) == numbers(plant, assetIds=[{"id": root}]) == of[0]
    assert numbers(plant, assetIds=[child, 5]) == numbers(plant, assetExternalIds=["child", "x"]) == of[1]
    assert numbers(plant, assetIds=[root], assetExternalIds=["child"]) == sorted(of[0] + of[1])
    assert numbers(plant, rootAssetIds=[{"externalId": "root"}]) == numbers(plant, rootAssetIds=[root])
    assert numbers(plant, rootAssetIds=[root]) == sorted(of[0] + of[1])
    assert numbers(plant, rootAssetIds=[{"id": other}]) == sorted(of[1] + of[2])
    assert numbers(plant, assetSubtreeIds=[{"externalId": "child"}, {"id": 5}]) == of[1]
    assert numbers(plant, dataSetIds=[{"externalId": "plant"}]) == list(range(1, 24, 2))
    assert numbers(plant, dataSetIds=[]) == list(everything)
    both = [{"externalId": "even"}, {"externalId": "third"}]
    assert numbers(plant, labels={"containsAll": both}) == list(range(0, 24, 6))
    assert numbers(plant, labels={"containsAny": both}) == [i for i in everything if i % 2 == 0 or i % 3 == 0]
    assert numbers(plant, labels={"containsAny": both[:1], "containsAll": both[1:]}) == list(range(0, 24, 6))
    assert numbers(plant, labels={}) == list(everything)
    assert numbers(plant, directoryPrefix="/dir1") == list(range(1, 24, 2))
    assert numbers(plant, uploadedTime={"min": 1}) == [0, 1, 2, 3, 4]
    assert numbers(plant, sourceCreatedTime={"min": 3, "max": 5}) == [3, 4, 5]
    assert numbers(plant, sourceModifiedTime={"max": 105}) == [1, 3, 5]
    assert numbers(plant, createdTime={"max": 5}) == numbers(plant, lastUpdatedTime={"max": 5}) == []


def test_filters_by_place(plant: Api) -> None:
    placed = [i for i in range(24) if i % 4]

    def related(relation: str, kind: str, coordinates: Any, **wanted: Any) -> list[int]:
        return numbers(plant, geoLocation={"relation": relation, "shape": geometry(kind, coordinates)}, **wanted)

    square = [[[1, -1], [6, -1], [6, 1], [1, 1], [1, -1]]]
    assert related("INTERSECTS", "Polygon", square) == related("within", "Polygon", square) == [1, 2, 3, 5, 6]
    assert related("disjoint", "Polygon", square) == [i for i in placed if i > 6]
    assert related("Intersects", "LineString", [[5, 0], [5, 9]]) == [5]
    assert related("within", "LineString", [[5, 0], [7.5, 0]]) == [5, 6, 7]
    assert related("intersects", "MultiPoint", [[5, 0], [8, 0], [9, 0]], dataSetIds=[{"externalId": "plant"}]) == [5, 9]
    assert related("intersects", "Point", [5, 0.1]) == []
    for wrong in ({}, {"relation": "near", "shape": SHAPES[0]}, {"relation": "within"}, {"shape": SHAPES[0]}, 5):
        plant.error(f"{PATH}/list", {"filter": {"geoLocation": wrong}})


COORDINATE = st.integers(0, 4)
POSITION = st.tuples(COORDINATE, COORDINATE).map(list)
LINE = st.lists(POSITION, min_size=2, max_size=4)
RINGS = st.lists(POSITION, min_size=3, max_size=4).map(lambda positions: [*positions, positions[0]])
ANY_SHAPE = st.one_of(
    POSITION.map(lambda p: geometry("Point", p)),
    LINE.map(lambda p: geometry("LineString", p)),
    LINE.map(lambda p: geometry("MultiPoint", p)),
    RINGS.map(lambda r: geometry("Polygon", [r])),
)


@settings(max_examples=40, deadline=None)
@given(places=st.lists(ANY_SHAPE, min_size=1, max_size=6), shape=ANY_SHAPE)
def test_places_and_shapes(api: Api, places: list[dict[str, Any]], shape: dict[str, Any]) -> None:
    """A place within a shape has all its points there, whatever shapes they are; odd polygons break nothing."""
    directory = f"/places{next(_names)}"
    for i, place in enumerate(places):
        new(api, directory=directory, sourceCreatedTime=i, geoLocation={"geometry": place})

    def related(relation: str) -> set[int]:
        wanted = {"directoryPrefix": directory, "geoLocation": {"relation": relation, "shape": shape}}
        return {row["sourceCreatedTime"] for row in listed(api, PATH, filter=wanted)}

    within, intersecting, disjoint = related("WITHIN"), related("INTERSECTS"), related("DISJOINT")
    assert within <= intersecting
    assert sorted(intersecting | disjoint) == list(range(len(places))) and not intersecting & disjoint
    target = shapely.make_valid(shapely.geometry.shape(shape))
    for i, place in enumerate(places):
        distance = shapely.make_valid(shapely.geometry.shape(place)).distance(target)
        assert (distance == 0) == (i in intersecting)


@pytest.mark.parametrize(
    "wanted",
    [
        {"title": "x"},
        {"uploaded": "true"},
        {"assetIds": []},
        {"assetIds": ["1"]},
        {"assetExternalIds": [1]},
        {"rootAssetIds": list(range(101))},
        {"assetSubtreeIds": []},
        {"labels": {"containsAny": []}},
        {"labels": [{"externalId": "x"}]},
        {"uploadedTime": {"minimum": 5}},
        {"directoryPrefix": "x" * 513},
    ],
)
def test_filters_that_are_wrong(api: Api, wanted: Any) -> None:
    for path in ("list", "search", "aggregate"):
        api.error(f"{PATH}/{path}", {"filter": wanted})


def test_lists_by_query_and_in_partitions(plant: Api) -> None:
    root = asset_id(plant, "root")
    everything = listed(plant, PATH, limit=1000)
    assert plant.get(PATH)["items"] == everything[:100]
    assert plant.get(f"{PATH}?limit=5000")["items"] == everything
    parts = [listed(plant, PATH, partition=f"{m}/4", limit=1000) for m in (1, 2, 3, 4)]
    assert [row for part in parts for row in part] == everything
    for query, wanted in (
        ("name=name 1", {"name": "name 1"}),
        ("mimeType=text/plain&source=", {"mimeType": "text/plain"}),
        ("uploaded=True", {"uploaded": True}),
        ("uploaded=false&externalIdPrefix=p/", {"uploaded": False, "externalIdPrefix": "p/"}),
        (f"assetIds=[{root}]", {"assetIds": [root]}),
        ('assetExternalIds=["child"]', {"assetExternalIds": ["child"]}),
        (f"rootAssetIds=[{root}]", {"rootAssetIds": [{"id": root}]}),
        (f"assetSubtreeIds=[{root}]", {"assetSubtreeIds": [{"id": root}]}),
        ('assetSubtreeExternalIds=["child"]', {"assetSubtreeIds": [{"externalId": "child"}]}),
        ("minSourceCreatedTime=3&maxSourceCreatedTime=5", {"sourceCreatedTime": {"min": 3, "max": 5}}),
        ("minUploadedTime=3", {"uploadedTime": {"min": 3}}),
    ):
        assert plant.get(f"{PATH}?limit=1000&{query}")["items"] == listed(plant, PATH, filter=wanted, limit=1000)
    for query in ("uploaded=maybe", "assetIds=5", "limit=0", "cursor=x"):
        plant.get(f"{PATH}?{query}", 400)
    for body in ({"limit": 1001}, {"sort": ["x"]}, {"partition": "2/1"}):
        plant.error(f"{PATH}/list", body)


def test_search(fresh: Api) -> None:
    texts = ["P&ID of pump 7.pdf", "pump.png", "wjoel", "test wjoel", "report-23-ESDV-92501A.txt"]
    for text in texts:
        new(fresh, name=text, source="pump")

    def searched(name: str | None) -> list[str]:
        return [row["name"] for row in fresh.post(f"{PATH}/search", {"search": {"name": name}})["items"]]

    assert searched("wjoel") == ["wjoel", "test wjoel"]
    assert searched("pump") == ["pump.png", "P&ID of pump 7.pdf"]
    assert searched("ESDV") == searched("esd*01a") == [texts[4]]
    assert len(searched(None)) == 5
    fresh.error(f"{PATH}/search", {"search": {"query": "x"}})
    fresh.error(f"{PATH}/search", {"search": {"name": "x" * 257}})


def test_files_forget_assets_that_are_deleted(fresh: Api) -> None:
    first, second = (row["id"] for row in created(fresh, "/assets", {"name": "a"}, {"name": "b"}))
    before = [new(fresh, assetIds=[first, second]), new(fresh, assetIds=[first])]
    fresh.post("/assets/delete", {"items": [{"id": first}]})
    after = fresh.post(f"{PATH}/byids", {"items": [{"id": row["id"]} for row in before]})["items"]
    assert after[0] == {**before[0], "assetIds": [second]}
    assert after[1] == {name: value for name, value in before[1].items() if name != "assetIds"}


def test_access(fresh: Api) -> None:
    mine, closed = created(fresh, "/datasets", {}, {"writeProtected": True}, status=200)
    new(fresh, externalId="mine", dataSetId=mine["id"])
    new(fresh, externalId="closed", dataSetId=closed["id"])
    new(fresh, externalId="free")
    limited = member(fresh, filesAcl={"datasetScope": {"ids": [mine["id"]]}})
    assert names(listed(limited, PATH)) == ["mine"]
    assert limited.error(f"{PATH}/byids", {"items": [{"externalId": "free"}]})["missing"] == [{"externalId": "free"}]
    limited.error(PATH, {"name": "n"}, 403)
    limited.error(f"{PATH}?overwrite=true", {"name": "n", "externalId": "free"}, 409)
    limited.error(f"{PATH}?overwrite=true", {"name": "n", "externalId": "mine", "dataSetId": closed["id"]}, 403)
    writer, reader = member(fresh, filesAcl=ALL), member(fresh, filesAcl=(["READ"], ALL))
    protected = {"items": [{"externalId": "closed"}]}
    for path in ("update", "delete", "uploadlink", "multiuploadlink?parts=2"):
        writer.error(f"{PATH}/{path}", protected, 403)
        reader.error(f"{PATH}/{path}", protected, 403)
    for path in ("", "/initmultipartupload?parts=1", "/completemultipartupload"):
        reader.error(f"{PATH}{path}", {"name": "n"}, 403)
    member(fresh, filesAcl=(["WRITE"], ALL)).error(f"{PATH}/downloadlink", protected, 403)
    assert len(listed(reader, PATH)) == 3


def test_security_categories(fresh: Api) -> None:
    for i, categories in enumerate(([], [1], [1, 2], [3])):
        new(fresh, externalId=str(i), securityCategories=categories)
    cleared = member(fresh, filesAcl=ALL, securityCategoriesAcl=(["MEMBEROF"], {"idscope": {"ids": ["1", "2"]}}))
    assert sorted(names(listed(cleared, PATH))) == ["0", "1", "2"]
    assert names(listed(member(fresh, filesAcl=ALL), PATH)) == ["0"]
    assert len(listed(fresh, PATH)) == 4
    for path in ("byids", "downloadlink", "uploadlink", "delete"):
        error = cleared.error(f"{PATH}/{path}", {"items": [{"externalId": "3"}]})
        assert error["missing"] == [{"externalId": "3"}]
    cleared.error(PATH, {"name": "n", "securityCategories": [3]}, 403)
    update: dict[str, Any] = {"securityCategories": {"add": [3]}}
    cleared.error(f"{PATH}/update", {"items": [{"externalId": "1", "update": update}]}, 403)
    assert changed(cleared, PATH, "1", securityCategories={"add": [2]})["securityCategories"] == [1, 2]
