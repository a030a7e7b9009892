"""Rows of sequences: written, read, deleted, refused."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdframe.local import LocalCDF
from cdframe.local.sequences import blocks, store
from tests.local.api import Api
from tests.local.rows import changed, created, member

PATH = "/sequences"
DATA = "/sequences/data"
ALL: dict[str, Any] = {"all": {}}
KINDS = ("DOUBLE", "LONG", "STRING")
BORDER = 2**63 - 1

_names = itertools.count()


def new(api: Api, *columns: str | tuple[str, str], **fields: Any) -> str:
    """A new sequence with columns of names, and of kinds beside DOUBLE; its external id."""
    name = f"rows-{next(_names)}"
    named = [column if isinstance(column, tuple) else (column, "DOUBLE") for column in columns]
    definitions = [{"externalId": column, "valueType": kind} for column, kind in named]
    created(api, PATH, {"externalId": name, "columns": definitions, **fields})
    return name


def item(name: str, rows: dict[int, list[Any]], columns: list[str] | None = None) -> dict[str, Any]:
    return {
        "externalId": name,
        "columns": columns,
        "rows": [{"rowNumber": number, "values": values} for number, values in rows.items()],
    }


def insert(api: Api, name: str, rows: dict[int, list[Any]], columns: list[str] | None = None) -> None:
    assert api.post(DATA, {"items": [item(name, rows, columns)]}) == {}


def pages(api: Api, name: str, **query: Any) -> list[dict[str, Any]]:
    """All pages of a list."""
    found = [api.post(f"{DATA}/list", {"externalId": name, **query})]
    while "nextCursor" in found[-1]:
        found.append(api.post(f"{DATA}/list", {"externalId": name, **query, "cursor": found[-1]["nextCursor"]}))
    assert all(page["rows"] for page in found[1:])
    assert all(page["columns"] == found[0]["columns"] for page in found)
    return found


def read(api: Api, name: str, **query: Any) -> dict[int, list[Any]]:
    rows = [(row["rowNumber"], row["values"]) for page in pages(api, name, **query) for row in page["rows"]]
    assert [number for number, _ in rows] == sorted({number for number, _ in rows})
    return dict(rows)


def refused(api: Api, name: str, rows: Any, status: int = 400, columns: Any = None) -> str:
    body = item(name, rows, columns) if isinstance(rows, dict) else {"externalId": name, "rows": rows}
    message: str = api.error(DATA, {"items": [body]}, status)["message"]
    return message


def test_what_a_page_shows(api: Api) -> None:
    name = new(api, ("a", "STRING"), ("b", "LONG"), "c")
    (row,) = api.post(f"{PATH}/byids", {"items": [{"externalId": name}]})["items"]
    columns = [{key: column[key] for key in ("externalId", "valueType")} for column in row["columns"]]
    empty = {"id": row["id"], "externalId": name, "columns": columns, "rows": []}
    assert api.post(f"{DATA}/list", {"id": row["id"]}) == empty
    insert(api, name, {5: ["x", 1, 2], 0: [None, None, None]})
    rows = [{"rowNumber": 0, "values": [None] * 3}, {"rowNumber": 5, "values": ["x", 1, 2.0]}]
    query = {"externalId": name, "start": 0, "end": None, "limit": 100, "cursor": None, "columns": None}
    assert api.post(f"{DATA}/list", query) == {**empty, "rows": rows}
    names: dict[str, Any] = {"modify": [{"externalId": "b", "update": {"name": {"set": "n"}}}]}
    changed(api, PATH, name, columns=names)
    page = api.post(f"{DATA}/list", {"externalId": name, "columns": ["c", "b"]})
    shown = [{"externalId": "c", "valueType": "DOUBLE"}, {"externalId": "b", "name": "n", "valueType": "LONG"}]
    assert page["columns"] == shown
    assert page["rows"][1] == {"rowNumber": 5, "values": [2.0, 1]}
    (anonymous,) = created(api, PATH, {"columns": [{}]})
    assert set(api.post(f"{DATA}/list", {"id": anonymous["id"]})) == {"id", "columns", "rows"}


def test_numbers_keep_their_kinds_on_the_wire(api: Api) -> None:
    name = new(api, "d", ("l", "LONG"))
    numbers = [1, -0.0, 1e16, 1e-7, 123456789012345680, 1e100, -1e100, 5e-324, 0.1]
    insert(api, name, {i: [number, i] for i, number in enumerate(numbers)})
    text = api.http.post(f"{DATA}/list", json={"externalId": name}).text
    values = [part.partition("]")[0].split(",") for part in text.split('"values":[')[1:]]
    for i, (double, long) in enumerate(values):
        assert "." in double or "e" in double.lower()
        assert (float(double), str(float(double))) == (numbers[i], str(float(numbers[i])))
        assert long == str(i)


def test_values_that_are_taken(api: Api) -> None:
    name = new(api, "d", ("l", "LONG"), ("s", "STRING"))
    rows: dict[int, list[Any]] = {
        0: ["1", "12", "\U0001f600" * 256],
        1: ["-1.5e3", 3.0, '"\\\n\x00\u2028'],
        2: [".5", -(2**63), ""],
        3: [2**70, 2**63 - 1, "null"],
        BORDER: [None, "-9223372036854775808", None],
    }
    insert(api, name, rows)
    assert read(api, name) == {
        0: [1.0, 12, "\U0001f600" * 256],
        1: [-1500.0, 3, '"\\\n\x00\u2028'],
        2: [0.5, -(2**63), ""],
        3: [float(2**70), 2**63 - 1, "null"],
        BORDER: [None, -(2**63), None],
    }


@pytest.mark.parametrize(
    ("column", "value"),
    [
        *(("d", value) for value in (True, "x", "", " 1", "1_0", "nan", "inf", "1e101", "١", [1], {}, 1e101, 10**400)),
        *(("l", value) for value in (True, 0.5, "0.5", "1e3", "x", 2**63, -(2**63) - 1, 1e19, "9" * 40, [], "١")),
        *(("s", value) for value in (1, 1.5, True, "x" * 257, [], {})),
    ],
)
def test_values_of_the_wrong_kind(api: Api, column: str, value: Any) -> None:
    name = new(api, "d", ("l", "LONG"), ("s", "STRING"))
    message = refused(api, name, {3: [None], 9: [value]}, columns=[column])
    assert message.startswith("Expected ")
    assert f"column '{column}'" in message and "row 9, items[0].rows[1]" in message
    assert read(api, name) == {}


def test_half_a_surrogate_pair_is_no_string(api: Api) -> None:
    name = new(api, ("s", "STRING"))
    body = b'{"items":[{"externalId":"%s","rows":[{"rowNumber":1,"values":["\\ud800"]}]}]}' % name.encode()
    assert api.error(DATA, body)["message"].startswith("Expected ")


def test_rows_that_are_wrong(api: Api) -> None:
    name = new(api, "a", "b")
    assert "values has 1 values for 2 columns" in refused(api, name, {1: [1, 2], 2: [1]})
    assert "values has 3 values for 2 columns" in refused(api, name, {1: [1, 2, 3]}, columns=["a", "b"])
    assert refused(api, name, {1: [1, 2]}, 404, ["a", "x"]).startswith("Can't find column 'x'")
    assert "must not name a column twice" in refused(api, name, {1: [1, 2]}, columns=["a", "a"])
    assert "columns size must be between 1 and 400" in refused(api, name, {1: []}, columns=[])
    assert "columns[0] must be a string" in refused(api, name, {1: [1]}, columns=[1])
    assert "rowNumber must be between 0 and" in refused(api, name, {-1: [1, 2]})
    assert "rowNumber must be between 0 and" in refused(api, name, {2**63: [1, 2]})
    wrong: list[tuple[Any, str]] = [
        ([], "items[0].rows size must be between 1 and 10000"),
        (None, "items[0].rows must be an array"),
        ([5], "items[0].rows[0] must be an object"),
        ([{"values": [1, 2]}], "items[0].rows[0].rowNumber must be an integer"),
        ([{"rowNumber": True, "values": [1, 2]}], "items[0].rows[0].rowNumber must be an integer"),
        ([{"rowNumber": 1.5, "values": [1, 2]}], "items[0].rows[0].rowNumber must be an integer"),
        ([{"rowNumber": 1}], "items[0].rows[0].values must be an array"),
        ([{"rowNumber": 1, "values": [1, 2], "extra": 5}], "Unexpected field - items[0].rows[0].extra"),
    ]
    for rows, words in wrong:
        assert words in refused(api, name, rows)
    assert api.post(DATA, {"items": [{"externalId": name, "rows": [{"rowNumber": 2.0, "values": [1, 2]}]}]}) == {}
    assert read(api, name) == {2: [1.0, 2.0]}


def test_limits_of_inserts(api: Api) -> None:
    columns = [f"c{i}" for i in range(400)]
    wide, narrow = new(api, *columns), new(api, "a")
    insert(api, narrow, {i: [i] for i in range(10_000)})
    assert "rows size must be between 1 and 10000" in refused(api, narrow, {i: [i] for i in range(10_001)})
    insert(api, wide, {i: [float(i)] * 400 for i in range(250)})
    assert "at most 100000, but were 100400" in refused(api, wide, {i: [None] * 400 for i in range(251)})
    items = [item(wide, {0: [None] * 400}), item(narrow, {i: [1] for i in range(10_000)})]
    assert api.post(DATA, {"items": items}) == {}
    assert "items size" in api.error(DATA, {"items": [item(narrow, {1: [1]})] * 1001})["message"]


def test_references_that_are_wrong(api: Api) -> None:
    name = new(api, "a")
    (row,) = api.post(f"{PATH}/byids", {"items": [{"externalId": name}]})["items"]
    known, rows = {"externalId": name}, [{"rowNumber": 1, "values": [1]}]
    unknown = [{"externalId": "nowhere"}, {"id": 5}]
    for path, rest in (("", {"rows": rows}), ("/delete", {"rows": [1]})):

        def error(*references: dict[str, Any], status: int, path: str = path, rest: Any = rest) -> dict[str, Any]:
            return api.error(f"{DATA}{path}", {"items": [{**one, **rest} for one in references]}, status)

        found = error(known, *unknown, status=400)
        assert (found["message"], found["missing"]) == ("Sequences not found: nowhere, 5", unknown)
        assert error(known, known, status=409)["duplicated"] == [known]
        assert error(known, {"id": row["id"]}, status=409)["duplicated"] == [{"id": row["id"]}]
    for path in ("list", "latest"):
        assert api.error(f"{DATA}/{path}", {"id": 5})["missing"] == [{"id": 5}]
        assert "exactly one of id, externalId" in api.error(f"{DATA}/{path}", {})["message"]
        api.error(f"{DATA}/{path}", {**known, "id": row["id"]})
    assert read(api, name) == {}


def test_rows_are_merged_cell_by_cell(api: Api) -> None:
    name = new(api, "a", ("b", "LONG"), ("c", "STRING"))
    insert(api, name, {1: [1, 1, "x"], 3: [3, 3, "y"]})
    insert(api, name, {1: ["new", 5.5], 2: ["z", None]}, ["c", "a"])
    insert(api, name, {3: [None]}, ["b"])
    assert read(api, name) == {1: [5.5, 1, "new"], 2: [None, None, "z"], 3: [3.0, None, "y"]}


def test_the_last_of_rows_with_one_number_wins(api: Api) -> None:
    name = new(api, "a", "b")
    rows = [{"rowNumber": number, "values": [i, -i]} for i, number in enumerate((7, 3, 7, 5, 3))]
    api.post(DATA, {"items": [{"externalId": name, "rows": rows}]})
    assert read(api, name) == {3: [4.0, -4.0], 5: [3.0, -3.0], 7: [2.0, -2.0]}


def test_an_insert_is_written_whole_or_not_at_all(api: Api) -> None:
    first, second = new(api, "a"), new(api, "a")
    body = {"items": [item(first, {1: [1]}), item(second, {1: ["x"]})]}
    api.error(DATA, body)
    assert read(api, first) == read(api, second) == {}


def test_spans(api: Api) -> None:
    name = new(api, "a")
    insert(api, name, {number: [number] for number in (0, 1, 5, 9, BORDER)})

    def found(**query: Any) -> list[int]:
        return list(read(api, name, **query))

    assert found(start=1, end=9) == [1, 5]
    assert found(start=2, end=2) == found(start=9, end=3) == found(end=0) == []
    assert found(start=-5, end=1) == [0]
    assert found(start=5) == found(start=5, end=-1) == found(start=5.0, end=None) == [5, 9, BORDER]
    assert found(end=BORDER) == [0, 1, 5, 9]
    assert found(start=2**70) == []
    assert found(end=2**70, limit=2) == [0, 1, 5, 9, BORDER]
    for query in ({"limit": 0}, {"limit": 10_001}, {"start": "x"}, {"end": 1.5}, {"start": True}, {"begin": 1}):
        api.error(f"{DATA}/list", {"externalId": name, **query})


def test_columns_of_lists(api: Api) -> None:
    name = new(api, "a", "b", ("c", "STRING"))
    insert(api, name, {1: [1, None, "x"], 2: [2, 5, None]})
    assert read(api, name, columns=["c", "a"]) == {1: ["x", 1.0], 2: [None, 2.0]}
    assert read(api, name, columns=["b"]) == {1: [None], 2: [5.0]}
    for path in ("list", "latest"):
        body = {"externalId": name, "columns": ["a", "x", "y"]}
        assert api.error(f"{DATA}/{path}", body, 404) == {"code": 404, "message": "Can't find column 'x', 'y'"}
        for columns in ([], ["a", "a"], "a", [1]):
            api.error(f"{DATA}/{path}", {"externalId": name, "columns": columns})


def test_pages(fresh: Api) -> None:
    wide = new(fresh, *[(f"c{i}", "STRING" if i < 200 else "LONG") for i in range(400)])
    insert(fresh, wide, {i: [str(i), i] for i in range(1000)}, ["c0", "c399"])
    assert [len(page["rows"]) for page in pages(fresh, wide, limit=10_000)] == [150] * 6 + [100]
    longs = [f"c{i}" for i in range(200, 400)]
    assert len(pages(fresh, wide, limit=10_000, columns=longs)) == 1
    assert [len(page["rows"]) for page in pages(fresh, wide, limit=400, columns=longs)] == [400, 400, 200]
    narrow = new(fresh, "a")
    insert(fresh, narrow, {i: [i] for i in range(10_000)})
    insert(fresh, narrow, {i: [i] for i in range(20_000, 25_000)})
    assert [len(page["rows"]) for page in pages(fresh, narrow, limit=10_000)] == [10_000, 5_000]
    assert len(fresh.post(f"{DATA}/list", {"externalId": narrow})["rows"]) == 100
    assert len(pages(fresh, narrow, limit=5_000)) == 3
    assert list(read(fresh, narrow, limit=2_345)) == [*range(10_000), *range(20_000, 25_000)]


def test_cursors_belong_to_their_list(api: Api) -> None:
    name, other = new(api, "a", "b"), new(api, "a", "b")
    for one in (name, other):
        insert(api, one, {i: [i, i] for i in range(10)})
    (row,) = api.post(f"{PATH}/byids", {"items": [{"externalId": name}]})["items"]
    query = {"start": 2, "end": 9, "columns": ["b"], "limit": 3}
    cursor = api.post(f"{DATA}/list", {"externalId": name, **query})["nextCursor"]
    for end in (9, 9.0):
        rest = api.post(f"{DATA}/list", {"id": row["id"], **query, "end": end, "limit": 2, "cursor": cursor})["rows"]
        assert [one["rowNumber"] for one in rest] == [5, 6]
    for change in ({"start": 1}, {"end": None}, {"columns": ["a"]}, {"columns": None}, {"externalId": other}):
        api.error(f"{DATA}/list", {"externalId": name, **query, "cursor": cursor, **change})
    for wrong in ("x", "e30", cursor[:-3], 5):
        assert "cursor" in api.error(f"{DATA}/list", {"externalId": name, **query, "cursor": wrong})["message"]


def test_cursors_survive_deletes_and_inserts(api: Api) -> None:
    name = new(api, "a")
    insert(api, name, {i: [i] for i in range(0, 100, 2)})
    page = api.post(f"{DATA}/list", {"externalId": name, "limit": 10})
    gone = [*range(20), 22]
    api.post(f"{DATA}/delete", {"items": [{"externalId": name, "rows": gone}]})
    insert(api, name, {3: [3], 21: [21]})
    rest = api.post(f"{DATA}/list", {"externalId": name, "limit": 1000, "cursor": page["nextCursor"]})["rows"]
    assert [row["rowNumber"] for row in rest] == [20, 21, *range(24, 100, 2)]


def test_the_latest_row(api: Api) -> None:
    name = new(api, "a", ("b", "LONG"))

    def latest(**query: Any) -> list[Any]:
        answer = api.post(f"{DATA}/latest", {"externalId": name, **query})
        assert set(answer) == {"id", "externalId", "columns", "rows"}
        return [(row["rowNumber"], row["values"]) for row in answer["rows"]]

    assert latest() == []
    insert(api, name, {number: [None, number] for number in (2, 7, BORDER)})
    assert latest() == [(BORDER, [None, BORDER])]
    assert latest(before=BORDER, columns=["b"]) == [(7, [7])]
    assert latest(before=7) == [(2, [None, 2])]
    assert latest(before=2) == latest(before=0) == latest(before=-5) == []
    assert latest(before=2**70) == [(BORDER, [None, BORDER])]
    api.error(f"{DATA}/latest", {"externalId": name, "limit": 5})


def test_deletion_of_rows(fresh: Api) -> None:
    first, second = new(fresh, "a"), new(fresh, "a")
    insert(fresh, first, {i: [i] for i in range(10_000)})
    insert(fresh, second, {i: [i] for i in range(10)})
    items = [{"externalId": first, "rows": [*range(1, 10_000)]}, {"externalId": second, "rows": [3, 3, 99, BORDER]}]
    assert fresh.post(f"{DATA}/delete", {"items": items}) == {}
    assert list(read(fresh, first)) == [0]
    assert list(read(fresh, second)) == [0, 1, 2, 4, 5, 6, 7, 8, 9]
    for rows in ([], None, [-1], ["1"], [2**63], [1.5], [*range(10_001)]):
        fresh.error(f"{DATA}/delete", {"items": [{"externalId": first, "rows": rows}]})
    fresh.post(f"{PATH}/delete", {"items": [{"externalId": first}]})
    fresh.error(f"{DATA}/list", {"externalId": first})
    with fresh.engine.database.read() as connection:
        assert connection.value("SELECT count(*) FROM sequence_rows") == 9


def test_columns_that_change_under_rows(api: Api) -> None:
    name = new(api, "a", ("b", "STRING"), "c")
    insert(api, name, {1: [1, "x", 10], 2: [2, "y", 20]})
    rename: dict[str, Any] = {"externalId": {"set": "a"}}
    changed(
        api,
        PATH,
        name,
        columns={"remove": ["a"], "modify": [{"externalId": "c", "update": rename}], "add": [{"externalId": "c"}]},
    )
    assert read(api, name) == {1: ["x", 10.0, None], 2: ["y", 20.0, None]}
    insert(api, name, {2: [5]}, ["c"])
    assert read(api, name) == {1: ["x", 10.0, None], 2: ["y", 20.0, 5.0]}
    changed(api, PATH, name, columns={"add": [{"externalId": "d", "valueType": "LONG"}], "remove": ["b"]})
    insert(api, name, {3: [1, 2, 3]})
    assert read(api, name) == {1: [10.0, None, None], 2: [20.0, 5.0, None], 3: [1.0, 2.0, 3]}
    changed(api, PATH, name, columns={"remove": ["d"], "add": [{"externalId": "e", "valueType": "STRING"}]})
    changed(api, PATH, name, columns={"remove": ["e"], "add": [{"externalId": "d", "valueType": "STRING"}]})
    assert [values[-1] for values in read(api, name).values()] == [None] * 3


def test_rows_leave_their_sequence_alone(fresh: Api) -> None:
    name = new(fresh, "a")
    before = fresh.post(f"{PATH}/list")["items"]
    while fresh.engine.clock.now() == before[0]["createdTime"]:
        pass
    insert(fresh, name, {1: [1]})
    fresh.post(f"{DATA}/delete", {"items": [{"externalId": name, "rows": [1]}]})
    assert fresh.post(f"{PATH}/list")["items"] == before


def test_rows_one_at_a_time(fresh: Api) -> None:
    name = new(fresh, "a", ("b", "STRING"))
    order = [(i * 7) % 40 for i in range(40)]
    for i in order:
        insert(fresh, name, {i: [i, str(i)]})
    assert read(fresh, name, limit=9) == {i: [float(i), str(i)] for i in range(40)}
    with fresh.engine.database.read() as connection:
        assert connection.value("SELECT count(*) FROM sequence_blocks") == 1


def test_writers_side_by_side(fresh: Api) -> None:
    name = new(fresh, *(f"c{i}" for i in range(4)))
    failures: list[BaseException] = []

    def write(column: int) -> None:
        try:
            mine = Api(fresh.engine)
            for step in range(10):
                insert(mine, name, {i: [column * 100 + step] for i in range(20)}, [f"c{column}"])
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert read(fresh, name) == {i: [9.0, 109.0, 209.0, 309.0] for i in range(20)}


def test_access(fresh: Api) -> None:
    mine, closed = created(fresh, "/datasets", {}, {"writeProtected": True}, status=200)
    inside, outside = new(fresh, "a", dataSetId=mine["id"]), new(fresh, "a")
    protected = new(fresh, "a", dataSetId=closed["id"])
    limited = member(fresh, sequencesAcl={"datasetScope": {"ids": [mine["id"]]}})
    insert(limited, inside, {1: [1]})
    assert read(limited, inside) == {1: [1.0]}
    missing = [{"externalId": outside}]
    assert limited.error(DATA, {"items": [item(outside, {1: [1]})]})["missing"] == missing
    assert limited.error(f"{DATA}/delete", {"items": [{"externalId": outside, "rows": [1]}]})["missing"] == missing
    for path in ("list", "latest"):
        assert limited.error(f"{DATA}/{path}", {"externalId": outside})["missing"] == missing
    reader, writer = member(fresh, sequencesAcl=(["READ"], ALL)), member(fresh, sequencesAcl=(["WRITE"], ALL))
    reader.error(DATA, {"items": [item(inside, {1: [1]})]}, 403)
    reader.error(f"{DATA}/delete", {"items": [{"externalId": inside, "rows": [1]}]}, 403)
    writer.error(f"{DATA}/list", {"externalId": inside}, 403)
    writer.error(DATA, {"items": [item(protected, {1: [1]})]}, 403)
    writer.error(f"{DATA}/delete", {"items": [{"externalId": protected, "rows": [1]}]}, 403)
    insert(fresh, protected, {1: [1]})


@pytest.fixture(scope="module")
def small() -> Iterator[Api]:
    """Blocks so small that few rows make, cut and merge many."""
    with pytest.MonkeyPatch.context() as patch, LocalCDF() as engine:
        patch.setattr(blocks, "MOST_CELLS", 24)
        patch.setattr(blocks, "SMALL", 3)
        patch.setattr(store, "CELLS_AT_ONCE", 40)
        yield Api(engine)


VALUES = {
    "DOUBLE": st.floats(-1e100, 1e100).map(lambda value: value + 0.0),
    "LONG": st.integers(-(2**63), 2**63 - 1),
    "STRING": st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
}
NUMBERS = st.one_of(st.integers(0, 40), st.integers(0, BORDER))
RUNS = st.builds(lambda first, count: [first + i for i in range(count)], st.integers(0, 40), st.integers(1, 30))


def check_blocks(api: Api) -> None:
    """What the blocks say of the rows is true, and blocks of one sequence do not overlap."""
    with api.engine.database.read() as connection:
        told = connection.tuples("SELECT block, first, last, count FROM sequence_blocks ORDER BY block")
        counted = connection.tuples(
            "SELECT block, min(row_number), max(row_number), count(*) FROM sequence_rows GROUP BY block ORDER BY block"
        )
        runs = connection.tuples("SELECT sequence, first, last FROM sequence_blocks ORDER BY sequence, first")
    assert told == counted
    for (sequence, _, last), (next_sequence, first, _) in itertools.pairwise(runs):
        assert sequence != next_sequence or last < first


@settings(max_examples=50, deadline=None)
@given(data=st.data(), kinds=st.lists(st.sampled_from(KINDS), min_size=1, max_size=5))
def test_rows_are_those_that_were_written(small: Api, data: st.DataObject, kinds: list[str]) -> None:
    name = new(small, *((f"c{i}", kind) for i, kind in enumerate(kinds)))
    columns = {f"c{i}": kind for i, kind in enumerate(kinds)}
    model: dict[int, dict[str, Any]] = {}
    for step in range(data.draw(st.integers(1, 6))):
        what = data.draw(st.sampled_from(("insert", "insert", "insert", "delete", "columns")))
        numbers = data.draw(st.one_of(RUNS, st.lists(NUMBERS, min_size=1, max_size=25)))
        if what == "insert":
            chosen = data.draw(st.lists(st.sampled_from(sorted(columns)), min_size=1, unique=True))
            seed = {kind: data.draw(st.lists(st.one_of(st.none(), VALUES[kind]), min_size=1)) for kind in KINDS}
            rows = [
                {
                    "rowNumber": n,
                    "values": [seed[columns[c]][(i + k) % len(seed[columns[c]])] for k, c in enumerate(chosen)],
                }
                for i, n in enumerate(numbers)
            ]
            small.post(DATA, {"items": [{"externalId": name, "columns": chosen, "rows": rows}]})
            for row in rows:
                model.setdefault(row["rowNumber"], {}).update(zip(chosen, row["values"], strict=True))
        elif what == "delete":
            small.post(f"{DATA}/delete", {"items": [{"externalId": name, "rows": numbers}]})
            for number in numbers:
                model.pop(number, None)
        else:
            gone, added = data.draw(st.sampled_from(sorted(columns))), f"n{step}"
            kind = data.draw(st.sampled_from(KINDS))
            change = {"remove": [gone], "add": [{"externalId": added, "valueType": kind}]}
            changed(small, PATH, name, columns=change)
            columns = {column: k for column, k in columns.items() if column != gone} | {added: kind}
            for row in model.values():
                row.pop(gone, None)
    expected = {number: [model[number].get(column) for column in columns] for number in sorted(model)}
    assert read(small, name, limit=data.draw(st.integers(1, 50))) == expected
    start, length = data.draw(NUMBERS), data.draw(st.integers(1, 60))
    wanted = data.draw(st.lists(st.sampled_from(sorted(columns)), min_size=1, unique=True))
    assert read(small, name, start=start, end=start + length, columns=wanted, limit=7) == {
        number: [model[number].get(column) for column in wanted]
        for number in sorted(model)
        if start <= number < start + length
    }
    below = [number for number in sorted(model) if number < start]
    latest = small.post(f"{DATA}/latest", {"externalId": name, "before": start})["rows"]
    assert [row["rowNumber"] for row in latest] == below[-1:]
    check_blocks(small)
    small.post(f"{PATH}/delete", {"items": [{"externalId": name}]})
