"""The data folder: made, kept, held by one engine, refused when it is not ours."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import duckdb
import pytest

from cdframe.local import LocalCDF, LocalCDFError
from cdframe.local.database import Database
from cdframe.local.engine import MIGRATIONS
from cdframe.local.folder import DATABASE
from tests.local.api import Api


def test_what_was_written_is_there_again(tmp_path: Path) -> None:
    folder = tmp_path / "made" / "on the way"
    with LocalCDF(folder) as engine:
        api = Api(engine)
        name, text = api.new(metadata={"a": "b"}), api.new(isString=True)
        api.insert(name, {1: 1.5})
        api.insert(text, {1: "é"})
        before = api.get("/timeseries")
    with LocalCDF(str(folder)) as engine:
        api = Api(engine)
        assert api.get("/timeseries") == before
        assert (api.points(name), api.points(text)) == ([(1, 1.5)], [(1, "é")])


def test_closing_twice_is_allowed(tmp_path: Path) -> None:
    engine = LocalCDF(tmp_path)
    engine.close()
    engine.close()


def test_an_interactive_session_sees_no_progress_bars(tmp_path: Path) -> None:
    program = """
from cdframe.local import LocalCDF
import sys
with LocalCDF(sys.argv[1]) as engine:
    with engine.database.read() as reader, engine.database.write() as writer:
        print([c.value("SELECT current_setting('enable_progress_bar')") for c in (reader, writer)])
"""
    command = [sys.executable, "-c", program, str(tmp_path)]  # such a program counts as interactive
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "[False, False]\n"


def test_one_engine_at_a_time(tmp_path: Path) -> None:
    with LocalCDF(tmp_path), pytest.raises(LocalCDFError, match=r"in use by process \d+: stop that process"):
        LocalCDF(tmp_path)
    LocalCDF(tmp_path).close()


def test_folders_that_are_not_ours(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(LocalCDFError, match=r"holds notes\.txt but no cdf\.duckdb"):
        LocalCDF(tmp_path)
    with pytest.raises(LocalCDFError, match="is a file"):
        LocalCDF(tmp_path / "notes.txt")
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    with duckdb.connect(str(foreign / "cdf.duckdb")) as connection:
        connection.execute("CREATE TABLE mine (a INTEGER)")
    with pytest.raises(LocalCDFError, match="holds the table mine"):
        LocalCDF(foreign)
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "cdf.duckdb").write_bytes(b"no database" * 1000)
    for _ in range(2):  # a failure lets go of the folder
        with pytest.raises(LocalCDFError, match="cannot be opened as a database"):
            LocalCDF(broken)


def test_a_format_of_the_future(tmp_path: Path) -> None:
    LocalCDF(tmp_path).close()
    with duckdb.connect(str(tmp_path / "cdf.duckdb")) as connection:
        connection.execute("UPDATE cdframe_format SET version = 99")
    with pytest.raises(LocalCDFError, match=r"format 99.*newer cdframe"):
        LocalCDF(tmp_path)


@pytest.mark.parametrize("options", [{"project": ""}, {"api_key": ""}, {"api_key": " "}])
def test_arguments_that_are_wrong(options: dict[str, str]) -> None:
    with pytest.raises(LocalCDFError, match="must"):
        LocalCDF(**options)


def test_writers_and_readers_side_by_side(tmp_path: Path) -> None:
    with LocalCDF(tmp_path) as engine:
        api = Api(engine)
        names = [api.new() for _ in range(4)]
        failures: list[BaseException] = []

        def write(number: int) -> None:
            try:
                mine = Api(engine)
                for step in range(15):
                    body = [{"timestamp": 100 * number + step, "value": step}]
                    items = [{"externalId": name, "datapoints": body} for name in names]
                    assert mine.post("/timeseries/data", {"items": items}) == {}
            except BaseException as error:
                failures.append(error)

        def read() -> None:
            try:
                mine = Api(engine)
                for _ in range(25):
                    items = [{"externalId": name, "start": 0, "end": 10**6, "limit": 1000} for name in names]
                    answers = mine.post("/timeseries/data/list", {"items": items})["items"]
                    assert len({str(answer["datapoints"]) for answer in answers}) == 1  # a write is seen whole
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
        threads += [threading.Thread(target=read) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert len(api.points(names[0], limit=1000)) == 60


def test_a_folder_of_the_first_format(tmp_path: Path) -> None:
    database = Database(tmp_path / DATABASE, MIGRATIONS[:1])
    with database.write() as connection:
        for i, metadata in enumerate(("MAP {}", "MAP {'a\"\\': 'é\n', '': chr(11)}", "MAP {'k': 'v'}")):
            connection.execute(
                f"INSERT INTO time_series VALUES ({i + 1}, 'old-{i}', NULL, FALSE, TRUE, {metadata}, 'bar', NULL, "
                "NULL, NULL, [3, 1], NULL, NULL, 5, 6)"
            )
    database.close()
    with LocalCDF(tmp_path) as engine:
        api = Api(engine)
        items = api.get("/timeseries")["items"]
        assert [item["metadata"] for item in items] == [{}, {'a"\\': "é\n", "": "\v"}, {"k": "v"}]
        assert items[0] == {
            "id": 1,
            "externalId": "old-0",
            "isString": False,
            "isStep": True,
            "metadata": {},
            "unit": "bar",
            "securityCategories": [3, 1],
            "createdTime": 5,
            "lastUpdatedTime": 6,
            "type": "numeric",
        }
        for item in items[1:]:
            assert api.post("/timeseries/list", {"filter": {"metadata": item["metadata"]}})["items"] == [item]
        api.insert("old-0", {1: 1.0})
