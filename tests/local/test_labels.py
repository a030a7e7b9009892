"""Labels: definitions by external id only, in order of creation."""

from __future__ import annotations

from typing import Any

import pytest

from tests.local.api import Api
from tests.local.rows import created, listed, member, names

PATH = "/labels"


def test_what_a_label_shows(api: Api) -> None:
    (data_set,) = created(api, "/datasets", {}, status=200)
    fields = {"externalId": "é/ü", "name": "n", "description": "", "dataSetId": data_set["id"]}
    full, small = created(api, PATH, fields, {"externalId": "small", "name": "n"})
    assert full == {**fields, "createdTime": full["createdTime"]}
    assert set(small) == {"externalId", "name", "createdTime"}
    references = [{"externalId": "small"}, {"externalId": "é/ü"}]
    assert api.post(f"{PATH}/byids", {"items": references})["items"] == [small, full]


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ({"name": "n"}, "items[0].externalId is required"),
        ({"externalId": "x"}, "items[0].name is required"),
        ({"externalId": "", "name": "n"}, "items[0].externalId size must be between 1 and 255"),
        ({"externalId": "x" * 256, "name": "n"}, "items[0].externalId size"),
        ({"externalId": "x", "name": ""}, "items[0].name size must be between 1 and 140"),
        ({"externalId": "x", "name": "é" * 141}, "items[0].name size"),
        ({"externalId": "x", "name": "n", "description": "x" * 501}, "items[0].description size"),
        ({"externalId": "x", "name": "n", "id": 5}, "Unexpected field - items[0].id"),
    ],
)
def test_create_refuses(api: Api, item: Any, words: str) -> None:
    assert words in api.error(PATH, {"items": [item]})["message"]


def test_external_ids_are_unique(api: Api) -> None:
    created(api, PATH, {"externalId": "taken", "name": "n"})
    for items in (["free", "taken"], ["free", "taken", "free"]):
        error = api.error(PATH, {"items": [{"externalId": one, "name": "n"} for one in items]}, 409)
        assert error["duplicated"] == [{"externalId": items[-1]}]


def test_lists_are_in_order_of_creation(fresh: Api) -> None:
    for i in (3, 1, 2):
        created(fresh, PATH, *({"externalId": f"{i}-{k:02}", "name": f"name {k}"} for k in range(20)))
    everything = names(listed(fresh, PATH))
    assert everything == [f"{i}-{k:02}" for i in (3, 1, 2) for k in range(20)]
    assert names(listed(fresh, PATH, limit=7)) == everything
    assert names(listed(fresh, PATH, filter={"name": "name 5"})) == ["3-05", "1-05", "2-05"]
    assert names(listed(fresh, PATH, filter={"externalIdPrefix": "1-0"})) == [f"1-{k:02}" for k in range(10)]
    assert listed(fresh, PATH, filter={"dataSetIds": [{"id": 5}]}) == []
    assert names(listed(fresh, PATH, filter={"dataSetIds": []})) == everything
    first = fresh.post(f"{PATH}/list", {"limit": 30})
    fresh.post(f"{PATH}/delete", {"items": [{"externalId": "1-09"}, {"externalId": "1-15"}]})
    rest = fresh.post(f"{PATH}/list", {"limit": 30, "cursor": first["nextCursor"]})["items"]
    assert names(rest) == [name for name in everything[30:] if name != "1-15"]


def test_what_there_is_not(api: Api) -> None:
    for path in ("update", "search", "aggregate"):
        api.post(f"{PATH}/{path}", {}, 404)
    api.get(PATH, 404)
    api.error(f"{PATH}/list", {"partition": "1/2"})


@pytest.mark.parametrize("path", ["byids", "delete"])
def test_references(api: Api, path: str) -> None:
    created(api, PATH, {"externalId": path, "name": "n"})
    known, unknown = {"externalId": path}, {"externalId": "nowhere"}
    error = api.error(f"{PATH}/{path}", {"items": [known, unknown]})
    assert (error["message"], error["missing"]) == ("Label ids not found", [unknown])
    assert api.error(f"{PATH}/{path}", {"items": [known, known]}, 409)["duplicated"] == [known]
    for wrong in ({}, {"id": 5}, {**known, "id": 5}):
        api.error(f"{PATH}/{path}", {"items": [wrong]})
    answer = api.post(f"{PATH}/{path}", {"items": [known, unknown], "ignoreUnknownIds": True})
    assert answer == {} if path == "delete" else names(answer["items"]) == [path]


def test_access(fresh: Api) -> None:
    mine, other = created(fresh, "/datasets", {}, {}, status=200)
    items = [{"externalId": str(i), "name": "n", "dataSetId": row["id"]} for i, row in enumerate((mine, other))]
    created(fresh, PATH, *items, {"externalId": "free", "name": "n"})
    limited = member(fresh, labelsAcl={"datasetScope": {"ids": [mine["id"]]}})
    assert names(listed(limited, PATH)) == ["0"]
    limited.error(PATH, {"items": [{"externalId": "new", "name": "n"}]}, 403)
    limited.error(PATH, {"items": [{"externalId": "new", "name": "n", "dataSetId": other["id"]}]}, 403)
    created(limited, PATH, {"externalId": "new", "name": "n", "dataSetId": mine["id"]})
    assert limited.error(f"{PATH}/delete", {"items": [{"externalId": "1"}]})["missing"] == [{"externalId": "1"}]
    assert names(listed(fresh, PATH)) == ["0", "1", "free", "new"]
