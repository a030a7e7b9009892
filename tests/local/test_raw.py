"""Raw databases and tables: names, errors, access."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from cdframe.local import LocalCDF
from tests.local.api import Api
from tests.local.raw import Table
from tests.local.rows import member

DBS = "/raw/dbs"


def items(*names: Any) -> dict[str, Any]:
    return {"items": [{"name": name} for name in names]}


def names(api: Api, path: str = DBS, **query: Any) -> list[str]:
    parameters = "&".join(f"{name}={value}" for name, value in query.items())
    return [item["name"] for item in api.get(f"{path}?{parameters}")["items"]]


def test_databases_and_tables_are_made_listed_and_deleted(fresh: Api) -> None:
    created = fresh.post(DBS, items("b", "a", "ø"), 201)["items"]
    assert [item["name"] for item in created] == ["b", "a", "ø"]
    assert all(set(item) == {"name", "createdTime"} for item in created)
    assert fresh.get(DBS)["items"] == sorted(created, key=lambda item: item["name"])
    tables = fresh.post(f"{DBS}/a/tables", items("t2", "t1"), 201)["items"]
    assert fresh.get(f"{DBS}/a/tables")["items"] == tables[::-1]
    assert names(fresh, f"{DBS}/b/tables") == []
    assert fresh.post(f"{DBS}/a/tables/delete", items("t1")) == {}
    assert names(fresh, f"{DBS}/a/tables") == ["t2"]
    assert fresh.post(f"{DBS}/delete", items("b", "ø")) == {}
    assert names(fresh) == ["a"]


def test_names_may_be_anything_but_control_characters(fresh: Api) -> None:
    for name in ("d b", "d/b", "d%2Fb", "?#&", "æøå😀", "...", "'\"\\", " "):
        table = Table(fresh, name, name)
        table.insert({name: {"a": name}, "k/ey": {}})
        assert table.columns() == {name: {"a": name}, "k/ey": {}}
    assert len(names(fresh)) == 8
    assert fresh.get("/raw/dbs/d%2Fb/tables/d%2Fb/rows/k%2Fey")["key"] == "k/ey"
    for wrong in ("", "\n", "a\x7f", "x" * 33, None, 1, ["a"]):
        fresh.error(DBS, items(wrong))
    fresh.error(f"{DBS}/.../tables", items("x" * 65))
    fresh.post(DBS, items("😀" * 32), 201)


@pytest.mark.parametrize(
    "body", [{}, {"items": []}, {"items": ["a"]}, {"items": [{"nmae": "a"}]}, {"items": [{"name": "a"}], "more": 1}]
)
def test_bodies_that_are_wrong(api: Api, body: Any) -> None:
    for path in (DBS, f"{DBS}/delete"):
        api.error(path, body)
    api.error(DBS, items(*map(str, range(1001))))
    assert "recursive must be true or false" in api.error(f"{DBS}/delete", {**items("a"), "recursive": 1})["message"]


def test_what_is_there_already(fresh: Api) -> None:
    fresh.post(DBS, items("a", "b"), 201)
    error = fresh.error(DBS, items("c", "b", "a"), 409)
    assert "already created" in error["message"]
    assert error["duplicated"] == [{"name": "a"}, {"name": "b"}]
    assert fresh.error(DBS, items("x", "y", "x"), 409)["duplicated"] == [{"name": "x"}]
    assert names(fresh) == ["a", "b"]
    fresh.post(f"{DBS}/a/tables", items("t"), 201)
    fresh.post(f"{DBS}/b/tables", items("t"), 201)
    error = fresh.error(f"{DBS}/a/tables?ensureParent=true", items("u", "t"), 409)
    assert "already created" in error["message"]
    assert error["duplicated"] == [{"name": "t"}]
    assert names(fresh, f"{DBS}/a/tables") == ["t"]


def test_what_is_not_there(fresh: Api) -> None:
    fresh.post(DBS, items("a"), 201)
    error = fresh.error(f"{DBS}/delete", items("x", "a", "y", "x"), 404)
    assert error["message"] == "Following databases not found: x, y, x"
    assert error["missing"] == [{"name": "x"}, {"name": "y"}, {"name": "x"}]
    assert names(fresh) == ["a"]
    missing = [{"name": "no"}]
    row = {"items": [{"key": "k", "columns": {}}]}
    for path, body in (
        ("/tables", items("t")),
        ("/tables/delete", items("t")),
        ("/tables/t/rows", row),
        ("/tables/t/rows/delete", {"items": [{"key": "k"}]}),
    ):
        error = fresh.error(f"{DBS}/no{path}", body, 404)
        assert error == {"code": 404, "message": "Following databases not found: no", "missing": missing}
    for path in ("/tables", "/tables/t/rows", "/tables/t/rows/k", "/tables/t/cursors"):
        assert fresh.get(f"{DBS}/no{path}", 404)["error"]["missing"] == missing
    for path in ("rows", "rows/k", "cursors"):
        error = fresh.get(f"{DBS}/a/tables/no/{path}", 404)["error"]
        assert error == {"code": 404, "message": "Following tables not found: no", "missing": missing}
    assert fresh.error(f"{DBS}/a/tables/delete", items("no"), 404)["missing"] == missing
    assert fresh.error(f"{DBS}/a/tables/no/rows", row, 404)["missing"] == missing
    Table(fresh, "a").insert({"k": {}})
    assert fresh.get(f"{DBS}/a/tables/t/rows/nokey", 404)["error"]["code"] == 404


def test_databases_with_tables_are_deleted_only_as_a_whole(fresh: Api) -> None:
    kept, table = Table(fresh, "kept"), Table(fresh, "full")
    kept.insert({"k": {}})
    table.insert({"k": {}})
    fresh.post(DBS, items("empty"), 201)
    assert "recursive" in fresh.error(f"{DBS}/delete", items("empty", "full"))["message"]
    assert names(fresh) == ["empty", "full", "kept"]
    fresh.post(f"{DBS}/delete", {**items("empty", "full", "full"), "recursive": True})
    assert names(fresh) == ["kept"]
    assert kept.keys() == ["k"]
    table.insert({"other": {}})
    assert table.keys() == ["other"]


def test_pages_of_names(fresh: Api) -> None:
    made = [f"{n:03}" for n in range(130)]
    fresh.post(DBS, items(*made), 201)
    fresh.post(f"{DBS}/000/tables", items(*made), 201)
    for path in (DBS, f"{DBS}/000/tables"):
        assert names(fresh, path) == made[:25]
        found, cursor = [], ""
        while True:
            page = fresh.get(f"{path}?limit=50&cursor={cursor}")
            found += [item["name"] for item in page["items"]]
            cursor = page.get("nextCursor")
            if cursor is None:
                break
        assert found == made
        assert "nextCursor" not in fresh.get(f"{path}?limit=130")
        for limit in ("0", "1001", "x", "-1"):
            assert "limit" in fresh.get(f"{path}?limit={limit}", 400)["error"]["message"]
        for wrong in ("x", "e30", "WyIiXQ"):
            fresh.get(f"{path}?cursor={wrong}", 400)
    cursor = fresh.get(f"{DBS}/000/tables?limit=1")["nextCursor"]
    fresh.get(f"{DBS}?cursor={cursor}", 400)
    fresh.get(f"{DBS}/001/tables?cursor={cursor}", 400)


def test_parents_are_made_once_however_many_ask(fresh: Api) -> None:
    failures: list[BaseException] = []
    start = threading.Barrier(12)

    def insert(number: int) -> None:
        table = Table(Api(fresh.engine), "race", f"t{number % 3}")
        try:
            start.wait()
            for i in range(5):
                table.insert({f"{number}-{i}": {"a": number}})
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=insert, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert names(fresh) == ["race"]
    assert names(fresh, f"{DBS}/race/tables") == ["t0", "t1", "t2"]
    for number in range(3):
        assert len(Table(fresh, "race", f"t{number}").keys(limit=100)) == 20


def test_parents_with_impossible_names_are_not_made(fresh: Api) -> None:
    Table(fresh, "x" * 33).insert({"k": {}}, 400)
    Table(fresh, "a", "x" * 65).insert({"k": {}}, 400)
    fresh.error(f"{DBS}/{'x' * 33}/tables?ensureParent=true", items("t"))
    assert names(fresh) == []
    assert names(fresh, DBS, limit=5) == []
    assert "ensureParent" in fresh.error(f"{DBS}/a/tables?ensureParent=maybe", items("t"))["message"]


def test_flags_are_read_in_any_case(fresh: Api) -> None:
    fresh.post(f"{DBS}/a/tables?ensureParent=True", items("t"), 201)
    fresh.post(f"{DBS}/b/tables?ensureParent=False", items("t"), 404)


# Access


def table_scope(**databases: Any) -> dict[str, Any]:
    return {"tableScope": {"dbsToTables": databases}}


@pytest.fixture
def plant(fresh: Api) -> Api:
    """Databases a and b with tables t and u, each with a row."""
    for database in ("a", "b"):
        for name in ("t", "u"):
            Table(fresh, database, name).insert({"k": {"of": f"{database}.{name}"}})
    return fresh


@pytest.mark.parametrize("some", [["t"], {"tables": ["t"]}])
def test_scopes_of_tables(plant: Api, some: Any) -> None:
    caller = member(plant, rawAcl=(["LIST", "READ", "WRITE"], table_scope(a=some)))
    assert names(caller) == ["a"]
    assert names(caller, f"{DBS}/a/tables") == ["t"]
    caller.get(f"{DBS}/b/tables", 403)
    table = Table(caller, "a", "t")
    table.insert({"l": {}})
    table.delete("l")
    assert table.columns() == {"k": {"of": "a.t"}}
    table.cursors(3)
    for database, name in (("a", "u"), ("b", "t"), ("c", "t")):
        path = f"{DBS}/{database}/tables/{name}"
        for get in ("rows", "rows/k", "cursors"):
            caller.get(f"{path}/{get}", 403)
        caller.error(f"{path}/rows?ensureParent=true", {"items": [{"key": "k", "columns": {}}]}, 403)
        caller.error(f"{path}/rows/delete", {"items": [{"key": "k"}]}, 403)
        caller.error(f"{DBS}/{database}/tables/delete", items(name), 403)
        caller.error(f"{DBS}/{database}/tables?ensureParent=true", items(name), 403)
    caller.error(f"{DBS}/delete", {**items("a"), "recursive": True}, 403)
    caller.error(DBS, items("new"), 403)
    caller.post(f"{DBS}/a/tables/delete", items("t"))


@pytest.mark.parametrize("everything", [[], {}, {"tables": []}])
def test_scopes_of_whole_databases(plant: Api, everything: Any) -> None:
    caller = member(plant, rawAcl=(["LIST", "READ", "WRITE"], table_scope(a=everything, new=everything)))
    assert names(caller, f"{DBS}/a/tables") == ["t", "u"]
    assert Table(caller, "a", "u").keys() == ["k"]
    Table(caller, "new").insert({"k": {}})
    caller.post(f"{DBS}/delete", {**items("a"), "recursive": True})
    assert names(caller) == ["new"]
    assert names(plant) == ["b", "new"]


def test_scopes_of_several_capabilities_add_up(plant: Api) -> None:
    directory = plant.engine.directory
    capabilities = [
        {"rawAcl": {"actions": ["READ"], "scope": table_scope(a=["t"], b=["t"])}},
        {"rawAcl": {"actions": ["READ"], "scope": table_scope(a=["u"], b=[])}},
        {"rawAcl": {"actions": ["READ"], "scope": table_scope(b=["t"])}},
    ]
    account = directory.add_account("several", [directory.add_group("several", capabilities)])
    caller = Api(plant.engine, directory.add_key(account))
    for database in ("a", "b"):
        for name in ("t", "u"):
            assert Table(caller, database, name).keys() == ["k"]
    caller.get(DBS, 403)


@pytest.mark.parametrize("action", ["LIST", "READ", "WRITE"])
def test_each_action_is_granted_by_itself(plant: Api, action: str) -> None:
    caller = member(plant, rawAcl=([action], {"all": {}}))
    listing, reading, writing = (200 if action == one else 403 for one in ("LIST", "READ", "WRITE"))
    caller.get(DBS, listing)
    caller.get(f"{DBS}/a/tables", listing)
    for path in ("rows", "rows/k", "cursors"):
        caller.get(f"{DBS}/a/tables/t/{path}", reading)
    caller.post(f"{DBS}/a/tables/t/rows", {"items": [{"key": "l", "columns": {}}]}, writing)
    caller.post(f"{DBS}/a/tables/t/rows/delete", {"items": [{"key": "l"}]}, writing)
    caller.post(f"{DBS}/a/tables/delete", items("t"), writing)
    caller.post(f"{DBS}/delete", {**items("a"), "recursive": True}, writing)


def test_without_a_capability(plant: Api) -> None:
    member(plant, assetsAcl={"all": {}}).get(DBS, 403)
    member(plant, rawAcl=(["LIST"], table_scope())).get(DBS, 403)


def test_a_folder_keeps_rows(tmp_path: Any) -> None:
    with LocalCDF(tmp_path) as engine:
        Table(Api(engine), "a").insert({"k": {"a": 1}, "l": {}})
        before = Table(Api(engine), "a").listed()
    with LocalCDF(tmp_path) as engine:
        table = Table(Api(engine), "a")
        assert table.listed() == before
        table.insert({"k": {"a": 2}})
        assert table.times()["k"] > before[0]["lastUpdatedTime"]
