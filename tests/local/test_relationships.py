"""Relationships: what is stored, found and refused, and the resources at their ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdframe.local import LocalCDF
from tests.local.api import Api
from tests.local.rows import changed, created, listed, member, names

PATH = "/relationships"
ALL: dict[str, Any] = {"all": {}}
TYPES = ["asset", "timeSeries", "file", "event", "sequence"]
SERVER_SET = {"createdTime", "lastUpdatedTime"}


def item(external_id: str, **more: Any) -> dict[str, Any]:
    ends = {"sourceExternalId": "s", "sourceType": "asset", "targetExternalId": "t", "targetType": "event"}
    return {"externalId": external_id, **ends, **more}


def wrap(*labels: str) -> list[dict[str, str]]:
    return [{"externalId": one} for one in labels]


def test_what_a_relationship_shows(api: Api) -> None:
    created(api, "/labels", {"externalId": "red", "name": "n"}, {"externalId": "é", "name": "n"})
    (data_set,) = created(api, "/datasets", {}, status=200)
    fields = {
        "startTime": 0,
        "endTime": 1,
        "confidence": 0.1,
        "dataSetId": data_set["id"],
        "labels": wrap("é", "red"),
    }
    full, small = created(api, PATH, item("é/ü", **fields), item("small", labels=[], confidence=None))
    assert full == {**item("é/ü", **fields), **{key: full[key] for key in SERVER_SET}}
    assert set(small) == {*item("small"), *SERVER_SET}
    assert full["createdTime"] == full["lastUpdatedTime"]
    assert api.post(f"{PATH}/byids", {"items": wrap("small", "é/ü")})["items"] == [small, full]
    sent_back = {**small, "externalId": "copy", "source": {"id": 5}, "target": {}}
    assert created(api, PATH, sent_back)[0] | small == small


@pytest.mark.parametrize("name", TYPES)
def test_types_are_taken_in_any_case(api: Api, name: str) -> None:
    for i, written in enumerate((name, name.lower(), name.upper())):
        (row,) = created(api, PATH, item(f"{name} {i}", sourceType=written, targetType=written))
        assert row["sourceType"] == row["targetType"] == name
        assert changed(api, PATH, f"{name} {i}", sourceType={"set": written.title()})["sourceType"] == name
    found = listed(api, PATH, filter={"sourceTypes": [name.upper()], "targetTypes": [name.lower()]})
    assert {f"{name} {i}" for i in range(3)} <= set(names(found))
    assert all(row["targetType"] == name for row in found)


@pytest.mark.parametrize("confidence", [0, 1, 0.1, 1 / 3, 1e-7, 5e-324, 0.30000001192092896, 1.0])
def test_confidence_is_kept_exactly(fresh: Api, confidence: float) -> None:
    (row,) = created(fresh, PATH, item("c", confidence=confidence))
    assert row["confidence"] == confidence
    exactly = {"confidence": {"min": confidence, "max": confidence}}
    assert listed(fresh, PATH, filter=exactly) == [row]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"externalId": None}, "items[0].externalId is required"),
        ({"externalId": ""}, "items[0].externalId size must be between 1 and 255"),
        ({"externalId": "é" * 256}, "items[0].externalId size"),
        ({"sourceExternalId": None}, "items[0].sourceExternalId is required"),
        ({"sourceExternalId": ""}, "items[0].sourceExternalId size must be between 1 and 255"),
        ({"targetExternalId": "x" * 256}, "items[0].targetExternalId size"),
        ({"sourceType": None}, "items[0].sourceType is required"),
        ({"sourceType": "geospatial"}, "items[0].sourceType must be one of asset, timeSeries, file, event, sequence"),
        ({"targetType": 5}, "items[0].targetType must be a string"),
        ({"startTime": -1}, "items[0].startTime must be between 0 and"),
        ({"startTime": 5, "endTime": 5}, "items[0].endTime must be greater than startTime 5, but was 5"),
        ({"confidence": 1.001}, "items[0].confidence must be between 0 and 1, but was 1.001"),
        ({"confidence": -0.1}, "items[0].confidence must be between 0 and 1"),
        ({"confidence": 10**400}, "items[0].confidence must be between 0 and 1"),
        ({"confidence": "0.5"}, "items[0].confidence must be a number"),
        ({"confidence": True}, "items[0].confidence must be a number"),
        ({"labels": wrap(*map(str, range(11)))}, "items[0].labels size must be between 0 and 10"),
        ({"labels": wrap("a", "a")}, "items[0].labels must not have a label twice"),
        ({"labels": ["a"]}, "items[0].labels[0] must be an object"),
        ({"id": 5}, "Unexpected field - items[0].id"),
        ({"metadata": {}}, "Unexpected field - items[0].metadata"),
    ],
)
def test_create_refuses(api: Api, more: dict[str, Any], words: str) -> None:
    assert words in api.error(PATH, {"items": [item("refused", **more), item("other")]})["message"]
    assert api.error(f"{PATH}/byids", {"items": wrap("other")})["missing"] == wrap("other")


def test_references_must_exist_but_not_the_ends(api: Api) -> None:
    error = api.error(PATH, {"items": [item("x", labels=wrap("no", "none")), item("y", labels=wrap("no"))]})
    assert error["message"].startswith("Label ids not found")
    assert error["missing"] == wrap("no", "none")
    error = api.error(PATH, {"items": [item("x", dataSetId=11), item("y", dataSetId=12)]})
    assert error == {"code": 400, "message": "Invalid dataSetIds: 11, 12"}


def test_labels_that_are_deleted_stay_attached(fresh: Api) -> None:
    created(fresh, "/labels", {"externalId": "old", "name": "n"}, {"externalId": "current", "name": "n"})
    created(fresh, PATH, item("carries", labels=wrap("old")), item("bare"))
    fresh.post("/labels/delete", {"items": wrap("old")})
    assert changed(fresh, PATH, "carries", labels={"add": wrap("current")})["labels"] == wrap("old", "current")
    for external_id in ("carries", "bare"):
        for operation in ("add", "set"):
            update = {"labels": {operation: wrap("old", "current")}}
            error = fresh.error(f"{PATH}/update", {"items": [{"externalId": external_id, "update": update}]})
            assert error["missing"] == wrap("old")
    assert names(listed(fresh, PATH, filter={"labels": {"containsAny": wrap("old")}})) == ["carries"]
    assert changed(fresh, PATH, "carries", labels={"remove": wrap("old")})["labels"] == wrap("current")


def test_external_ids_are_unique(api: Api) -> None:
    created(api, PATH, item("taken"), item("Taken"))
    for others in (["free", "taken"], ["free", "taken", "free"]):
        assert api.error(PATH, {"items": list(map(item, others))}, 409)["duplicated"] == wrap(others[-1])
    assert "items size" in api.error(PATH, {"items": [item(str(i)) for i in range(1001)]})["message"]


@pytest.mark.parametrize(("path", "rest"), [("byids", {}), ("update", {"update": {}}), ("delete", {})])
def test_references_that_are_wrong(api: Api, path: str, rest: dict[str, Any]) -> None:
    (row,) = created(api, PATH, item(f"one {path}"))
    known, unknown = wrap(row["externalId"], "nowhere")
    body = {"items": [{**one, **rest} for one in (known, unknown)]}
    error = api.error(f"{PATH}/{path}", body)
    assert error["missing"] == [unknown]
    error = api.error(f"{PATH}/{path}", {"items": [body["items"][0]] * 2}, 409)
    assert error["duplicated"] == [known]
    for wrong in ({}, {"id": 5}, {**known, "id": 5}, {"externalId": ""}):
        api.error(f"{PATH}/{path}", {"items": [{**wrong, **rest}]})


def test_unknown_ones_can_be_ignored(api: Api) -> None:
    (row,) = created(api, PATH, item("known"))
    body = {"items": wrap("nowhere", "known"), "ignoreUnknownIds": True}
    assert api.post(f"{PATH}/byids", body) == {"items": [row]}
    assert api.post(f"{PATH}/delete", body, 202) == {}
    assert api.post(f"{PATH}/delete", body, 202) == {}
    assert api.post(f"{PATH}/byids", body) == {"items": []}


def test_update(api: Api) -> None:
    created(api, "/labels", *({"externalId": f"l{i}", "name": "n"} for i in range(3)))
    (before,) = created(api, PATH, item("u", startTime=5, endTime=9, labels=wrap("l0", "l1")))
    now = api.engine.clock.now()
    while api.engine.clock.now() == now:
        pass
    row = changed(
        api,
        PATH,
        "u",
        sourceExternalId={"set": "other"},
        targetType={"set": "SEQUENCE"},
        startTime={"set": 10},
        endTime={"set": 11},
        confidence={"set": 1},
        labels={"add": wrap("l2", "l1"), "remove": wrap("l0", "none")},
    )
    assert (row["sourceExternalId"], row["targetType"], row["confidence"]) == ("other", "sequence", 1)
    assert (row["startTime"], row["endTime"], row["labels"]) == (10, 11, wrap("l1", "l2"))
    assert row["lastUpdatedTime"] > before["lastUpdatedTime"] == row["createdTime"]
    assert changed(api, PATH, "u", labels={"set": wrap("l0")})["labels"] == wrap("l0")
    cleared = {name: {"setNull": True} for name in ("startTime", "endTime", "confidence", "labels")}
    assert set(changed(api, PATH, "u", **cleared)) == {*item("u"), *SERVER_SET}
    created(api, PATH, item("times", startTime=5))
    for update in (
        {"externalId": {"set": "x"}},
        {"sourceType": {"setNull": True}},
        {"sourceType": {"set": "x"}},
        {"targetExternalId": {"set": None}},
        {"endTime": {"set": 5}},
        {"confidence": {"set": 2}},
        {"labels": {"add": wrap("none")}},
        {"labels": {"set": wrap("l0"), "add": wrap("l1")}},
        {"source": {"set": {}}},
    ):
        api.error(f"{PATH}/update", {"items": [{"externalId": "times", "update": update}]})


Passes = Callable[[dict[str, Any]], bool]


@pytest.fixture(scope="module")
def plant() -> Iterator[Api]:
    """A hundred relationships of many kinds, `00` to `99`."""
    with LocalCDF() as engine:
        api = Api(engine)
        created(api, "/labels", *({"externalId": one, "name": one} for one in ("red", "pump", "red/é")))
        (data_set,) = created(api, "/datasets", {"externalId": "one"}, status=200)
        for first in (0, 50):
            created(
                api,
                PATH,
                *(
                    {
                        "externalId": f"{i:02}",
                        "sourceExternalId": f"end {i % 5}",
                        "sourceType": TYPES[i % 4],
                        "targetExternalId": f"end {i % 7}",
                        "targetType": TYPES[i % 3],
                        "startTime": i % 20 if i % 3 else None,
                        "endTime": i % 20 + 1 + i % 7 if i % 4 else None,
                        "confidence": i / 128 if i % 5 else None,
                        "dataSetId": data_set["id"] if i % 6 == 0 else None,
                        "labels": wrap(*("red", "pump", "red/é")[: i % 4]),
                    }
                    for i in range(first, first + 50)
                ),
            )
        yield api


def test_lists_are_in_order_of_creation(plant: Api) -> None:
    everything = [f"{i:02}" for i in range(100)]
    assert names(listed(plant, PATH)) == everything
    assert names(listed(plant, PATH, limit=7)) == everything
    assert names(plant.get(f"{PATH}?limit=5000")["items"]) == everything
    page = plant.get(f"{PATH}?limit=30&partition=2/2")
    rest = plant.get(f"{PATH}?partition=2/2&cursor={page['nextCursor']}")["items"]
    assert page["items"] + rest == listed(plant, PATH, partition="2/2")


@pytest.mark.parametrize("count", [1, 2, 10, 1000])
def test_partitions(plant: Api, count: int) -> None:
    """Disjoint, complete, each in order of creation."""
    parts = [names(listed(plant, PATH, partition=f"{m}/{count}", limit=3)) for m in range(1, min(count, 20) + 1)]
    assert all(part == sorted(part) for part in parts)
    joined = sorted(name for part in parts for name in part)
    if count <= 20:
        assert joined == names(listed(plant, PATH))
        assert count == 1 or all(len(part) < 100 for part in parts)
    else:
        assert len(joined) == len(set(joined)) < 20


def test_cursors_belong_to_their_list(plant: Api) -> None:
    wanted = {"sourceTypes": ["asset"]}
    cursor = plant.post(f"{PATH}/list", {"limit": 5, "filter": wanted})["nextCursor"]
    rest = plant.post(f"{PATH}/list", {"filter": wanted, "cursor": cursor, "fetchResources": True})["items"]
    assert names(rest) == names(listed(plant, PATH, filter=wanted))[5:]
    for body in ({}, {"filter": {"sourceTypes": ["event"]}}, {"filter": wanted, "partition": "1/1"}):
        plant.error(f"{PATH}/list", {**body, "cursor": cursor})


def within(limits: dict[str, float], value: float | None) -> bool:
    if not limits:
        return True
    return value is not None and limits.get("min", value) <= value <= limits.get("max", value)


def active(limits: dict[str, int], row: dict[str, Any]) -> bool:
    """Whether it holds at a moment of the range: one without a start or an end holds since ever, for ever."""
    moments = range(row.get("startTime", -100), row.get("endTime", 100) + 1)
    return any(limits.get("min", -100) <= moment <= limits.get("max", 100) for moment in moments)


def has(row: dict[str, Any], labels: list[str]) -> list[bool]:
    return [{"externalId": one} in row.get("labels", []) for one in labels]


def limits(values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    ranges = st.fixed_dictionaries({}, optional={"min": values, "max": values})
    return ranges.filter(lambda range: "min" not in range or range["min"] <= range.get("max", range["min"]))


def some(values: list[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=3)


@st.composite
def filters(draw: st.DrawFn) -> tuple[dict[str, Any], list[Passes]]:
    """A filter of some keys, and for each what passes it."""

    def key(name: str) -> tuple[Any, Passes]:
        match name:
            case "startTime" | "endTime":
                wanted = draw(limits(st.integers(-1, 30)))
                return wanted, lambda row: within(wanted, row.get(name))
            case "confidence":
                wanted = draw(limits(st.sampled_from([0, 0.25, 0.3, 64 / 128, 1, -1])))
                return wanted, lambda row: within(wanted, row.get(name))
            case "activeAtTime":
                wanted = draw(limits(st.integers(-5, 40)))
                return wanted, lambda row: active(wanted, row)
            case "labels":
                any_of, all_of = draw(some(LABELS).map(dedupe)), draw(some(LABELS).map(dedupe))
                match draw(st.integers(0, 2)):
                    case 0:
                        return {"containsAny": wrap(*any_of)}, lambda row: any(has(row, any_of))
                    case 1:
                        return {"containsAll": wrap(*all_of)}, lambda row: all(has(row, all_of))
                both = {"containsAny": wrap(*any_of), "containsAll": wrap(*all_of)}
                return both, lambda row: any(has(row, any_of)) and all(has(row, all_of))
            case "dataSetIds":
                sets = draw(st.lists(st.sampled_from(["one", "none"]), max_size=2))
                return wrap(*sets), lambda row: not sets or ("one" in sets and "dataSetId" in row)
            case "sourcesOrTargets":
                of, external_id = draw(st.sampled_from(TYPES)), draw(st.sampled_from(ENDS))
                return [{"type": of.upper(), "externalId": external_id}], lambda row: any(
                    (row[f"{end}Type"], row[f"{end}ExternalId"]) == (of, external_id) for end in ("source", "target")
                )
            case "sourceTypes" | "targetTypes":
                types = draw(some(TYPES))
                return [one.lower() for one in types], lambda row: row[name[:-1]] in types
            case _:
                external_ids = draw(some(ENDS))
                return external_ids, lambda row: row[name[:-1]] in external_ids

    known = ["startTime", "endTime", "confidence", "activeAtTime", "labels", "dataSetIds", "sourcesOrTargets"]
    known += ["sourceTypes", "targetTypes", "sourceExternalIds", "targetExternalIds"]
    chosen = {name: key(name) for name in draw(st.lists(st.sampled_from(known), min_size=1, max_size=3, unique=True))}
    return {name: value for name, (value, _) in chosen.items()}, [passes for _, passes in chosen.values()]


LABELS = ["red", "pump", "red/é", "none"]
ENDS = [*(f"end {i}" for i in range(7)), "End 0"]


def dedupe(values: list[str]) -> list[str]:
    return list(dict.fromkeys(values))


@settings(max_examples=200, deadline=None)
@given(asked=filters())
def test_filters(plant: Api, asked: tuple[dict[str, Any], list[Passes]]) -> None:
    wanted, tests = asked
    everything = listed(plant, PATH)
    expected = [row for row in everything if all(passes(row) for passes in tests)]
    assert listed(plant, PATH, filter=wanted, limit=30) == expected


@pytest.mark.parametrize(
    "wanted",
    [
        {"sourceExternalIds": []},
        {"sourceExternalIds": ["x"] * 1001},
        {"sourceExternalIds": "x"},
        {"targetExternalIds": [5]},
        {"sourceTypes": []},
        {"targetTypes": ["geospatial"]},
        {"sourcesOrTargets": []},
        {"sourcesOrTargets": [{"type": "asset", "externalId": "x"}] * 2},
        {"sourcesOrTargets": [{"type": "asset"}]},
        {"sourcesOrTargets": [{"type": "asset", "externalId": "x", "id": 5}]},
        {"dataSetIds": [{"id": 5}] * 1001},
        {"confidence": {"min": "0"}},
        {"confidence": {"min": True}},
        {"confidence": 0.5},
        {"startTime": {"minimum": 5}},
        {"endTime": {"isNull": True}},
        {"activeAtTime": 5},
        {"labels": {"containsAny": []}},
        {"labels": {"containsAny": wrap(*map(str, range(11)))}},
        {"externalIdPrefix": "x"},
    ],
)
def test_filters_that_are_wrong(plant: Api, wanted: Any) -> None:
    plant.error(f"{PATH}/list", {"filter": wanted})


def test_a_thousand_ends(plant: Api) -> None:
    many = [f"none {i}" for i in range(998)]
    wanted = {"sourceExternalIds": [*many, "end 1", "end 2"], "targetExternalIds": ["end 3", *many]}
    ends = [(row["sourceExternalId"], row["targetExternalId"]) for row in listed(plant, PATH, filter=wanted)]
    assert set(ends) == {("end 1", "end 3"), ("end 2", "end 3")}


def test_what_there_is_not(plant: Api) -> None:
    for path in ("search", "aggregate"):
        plant.post(f"{PATH}/{path}", {}, 404)
    for key in ("sort", "advancedFilter"):
        assert "Unexpected field" in plant.error(f"{PATH}/list", {key: ["x"]})["message"]
    for wrong in ("0/1", "2/1", "1/1001"):
        plant.error(f"{PATH}/list", {"partition": wrong})
    plant.error(f"{PATH}/list", {"fetchResources": "true"})


def test_ends_are_fetched(fresh: Api) -> None:
    created(fresh, "/labels", {"externalId": "red", "name": "n"})
    (asset,) = created(
        fresh, "/assets", {"externalId": "a", "name": "n", "labels": wrap("red"), "metadata": {"k": "v"}}
    )
    (event,) = created(fresh, "/events", {"externalId": "a", "type": "t", "assetIds": [asset["id"]]})
    (series,) = fresh.create({"externalId": "a", "isString": True})
    (sequence,) = created(fresh, "/sequences", {"externalId": "a", "columns": [{}]})
    file = fresh.post("/files", {"externalId": "a", "name": "n"}, 201)
    del file["uploadUrl"]
    ends = {"asset": asset, "event": event, "timeSeries": series, "sequence": sequence, "file": file}
    items = [
        item(f"{source} {target}", sourceExternalId="a", sourceType=source, targetExternalId="a", targetType=target)
        for source in TYPES
        for target in TYPES
    ]
    plain = created(fresh, PATH, *items, item("nowhere", sourceExternalId="A", targetExternalId="a"))
    expected = []
    for row in plain:
        there = {end: ends.get(row[f"{end}Type"]) for end in ("source", "target") if row[f"{end}ExternalId"] == "a"}
        expected.append({**row, **{end: resource for end, resource in there.items() if resource}})
    assert expected[-1] == {**plain[-1], "target": event}
    assert listed(fresh, PATH, fetchResources=True, limit=7) == expected
    assert listed(fresh, PATH, fetchResources=False) == listed(fresh, PATH, fetchResources=None) == plain
    body = {"items": [{"externalId": row["externalId"]} for row in reversed(plain)], "fetchResources": True}
    assert fresh.post(f"{PATH}/byids", body)["items"] == expected[::-1]
    fresh.post("/assets/delete", {"items": [{"externalId": "a"}]})
    fetched = fresh.post(f"{PATH}/byids", {"items": wrap("asset event"), "fetchResources": True})["items"]
    assert set(fetched[0]) - set(plain[0]) == {"target"}
    assert "assetIds" not in fetched[0]["target"]


def test_ends_that_the_caller_may_not_read(fresh: Api) -> None:
    mine, other = created(fresh, "/datasets", {}, {}, status=200)
    for i, row in enumerate((mine, other)):
        created(fresh, "/assets", {"externalId": f"a{i}", "name": "n", "dataSetId": row["id"]})
        created(fresh, "/events", {"externalId": f"e{i}"})
    fresh.create({"externalId": "open"}, {"externalId": "secret", "securityCategories": [7]})
    pairs = [("asset", "a0", "event", "e0"), ("asset", "a1", "event", "e1")]
    pairs += [("timeSeries", "open", "timeSeries", "secret")]
    keys = ("sourceType", "sourceExternalId", "targetType", "targetExternalId")
    created(
        fresh, PATH, *({"externalId": str(i), **dict(zip(keys, pair, strict=True))} for i, pair in enumerate(pairs))
    )

    def seen(**acls: Any) -> list[list[str]]:
        rows = listed(member(fresh, relationshipsAcl=ALL, **acls), PATH, fetchResources=True)
        return [[end for end in ("source", "target") if end in row] for row in rows]

    assert seen() == [[], [], []]
    assert seen(assetsAcl={"datasetScope": {"ids": [mine["id"]]}}) == [["source"], [], []]
    assert seen(assetsAcl=ALL, eventsAcl=(["WRITE"], ALL)) == [["source"], ["source"], []]
    assert seen(eventsAcl=(["READ"], ALL), timeSeriesAcl=ALL) == [["target"], ["target"], ["source"]]


def test_access(fresh: Api) -> None:
    mine, other = created(fresh, "/datasets", {}, {"writeProtected": True}, status=200)
    rows = [item(str(i), dataSetId=data_set["id"]) for i, data_set in enumerate((mine, other))]
    created(fresh, PATH, *rows, item("free"))
    limited = member(fresh, relationshipsAcl={"datasetScope": {"ids": [mine["id"]]}})
    assert names(listed(limited, PATH)) == ["0"]
    assert limited.error(f"{PATH}/delete", {"items": wrap("free")})["missing"] == wrap("free")
    limited.error(PATH, {"items": [item("new")]}, 403)
    created(limited, PATH, item("new", dataSetId=mine["id"]))
    writer = member(fresh, relationshipsAcl=ALL)
    writer.error(PATH, {"items": [item("protected", dataSetId=other["id"])]}, 403)
    writer.error(f"{PATH}/delete", {"items": wrap("1")}, 403)
    writer.error(f"{PATH}/update", {"items": [{"externalId": "1", "update": {}}]}, 403)
    reader = member(fresh, relationshipsAcl=(["READ"], ALL))
    assert len(listed(reader, PATH)) == 4
    reader.error(PATH, {"items": [item("r")]}, 403)
    member(fresh, assetsAcl=ALL).error(f"{PATH}/list", {}, 403)
