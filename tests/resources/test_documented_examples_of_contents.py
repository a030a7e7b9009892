"""The documented examples of files, sequences, raw tables and extraction pipelines, in the form that they have here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cdframe import CogniteClient


@pytest.fixture
def c(cdf_client: CogniteClient) -> CogniteClient:
    """A client of a few labels, assets, files and sequences that the examples name."""
    cdf_client.labels.create([{"external_id": name, "name": name.title()} for name in ("PUMP", "VERIFIED", "WELL LOG")])
    for name in ("1", "3", "abc", "def"):
        cdf_client.files.upload_bytes(f"content of {name}", name=f"some name {name}", external_id=name)
    columns = [{"external_id": "col_a", "value_type": "STRING"}, {"external_id": "col_b", "value_type": "DOUBLE"}]
    cdf_client.sequences.create(
        [{"external_id": name, "name": f"some name {name}", "columns": columns} for name in ("1", "2", "3")]
    )
    return cdf_client


def test_files(c: CogniteClient) -> None:
    res = c.files.retrieve(external_id="1")
    assert c.files.retrieve(id=res["id"][0]).equals(res)
    ids = c.files.retrieve_multiple(external_ids=["abc", "def"])["id"]
    assert c.files.retrieve_multiple(ids=ids)["external_id"].to_list() == ["abc", "def"]
    assert c.files.list(limit=5, external_id_prefix="ab")["external_id"].to_list() == ["abc"]
    assert [file_metadata["name"] for file_metadata in c.files]
    for file_list in c.files(chunk_size=2500):
        assert file_list.height == 4
    assert c.files.list(labels={"contains_all": ["WELL LOG", "VERIFIED"]}).is_empty()
    assert c.files.list(
        geo_location={"relation": "intersects", "shape": {"type": "Point", "coordinates": [35, 10]}}
    ).is_empty()
    assert c.files.aggregate(filter={"uploaded": True})["count"].to_list() == [4]
    assert c.files.search(name="some name").height == 4
    assert c.files.search(name="xyz", filter={"labels": {"contains_all": ["WELL LOG"]}}).is_empty()
    file_metadata, upload_url = c.files.create({"name": "MyFile"})
    assert file_metadata["uploaded"].to_list() == [False]
    assert upload_url.startswith("http")
    c.files.delete(id=ids, external_id="3")
    assert sorted(c.files.list()["name"]) == ["MyFile", "some name 1"]


def test_contents_of_files(c: CogniteClient, tmp_path: Path) -> None:
    folder = tmp_path / "my" / "directory"
    folder.mkdir(parents=True)
    (folder / "file").write_text("some content")
    (folder / "other").write_text("other content")
    assert c.files.upload(folder / "file", name="my_file")["name"].to_list() == ["my_file"]
    assert c.files.upload(str(folder / "file"))["name"].to_list() == ["file"]
    assert sorted(c.files.upload(folder)["name"]) == ["file", "other"]
    labelled = c.files.upload(folder / "file", name="my_file", labels=[{"external_id": "WELL LOG"}])
    assert labelled["labels"].to_list() == [["WELL LOG"]]
    line = {"type": "LineString", "coordinates": [[30, 10], [10, 30], [40, 40]]}
    placed = c.files.upload(folder / "file", geo_location={"type": "Feature", "geometry": line})
    shape = {"type": "Point", "coordinates": [30, 10]}
    assert c.files.list(geo_location={"relation": "intersects", "shape": shape})["id"].equals(placed["id"])
    assets = c.assets.create([{"name": "a"}, {"name": "b"}])["id"].to_list()
    linked = c.files.upload_bytes(b"some content", name="my_file", asset_ids=assets)
    assert linked["asset_ids"].to_list() == [assets]
    target = tmp_path / "my_directory"
    target.mkdir()
    c.files.download(directory=target, id=linked["id"], external_id=["abc", "def"])
    assert sorted(path.name for path in target.iterdir()) == ["my_file", "some name abc", "some name def"]
    c.files.download_to_path(tmp_path / "my_downloaded_file.txt", id=linked["id"][0])
    assert (tmp_path / "my_downloaded_file.txt").read_bytes() == b"some content"
    assert c.files.download_bytes(id=linked["id"][0]) == b"some content"


def test_updates_of_files(c: CogniteClient) -> None:
    file_metadata = c.files.retrieve(external_id="1")
    [id] = file_metadata["id"]
    res = c.files.update(file_metadata.with_columns(source=pl.lit("New source")))
    assert res["source"].to_list() == ["New source"]
    res = c.files.update({"id": id, "source": "new source", "metadata.add": {"key": "value"}})
    assert res.to_arrow()["metadata"].to_pylist() == [[("key", "value")]]
    assert c.files.update({"id": id, "labels.add": ["PUMP", "VERIFIED"]})["labels"].to_list() == [["PUMP", "VERIFIED"]]
    assert c.files.update({"id": id, "labels.remove": "PUMP"})["labels"].to_list() == [["VERIFIED"]]


def test_sequences(c: CogniteClient) -> None:
    res = c.sequences.retrieve(external_id="1")
    [id] = res["id"]
    assert c.sequences.retrieve(id=id).equals(res)
    ids = c.sequences.retrieve_multiple(external_ids=["2", "3"])["id"]
    assert c.sequences.retrieve_multiple(ids=ids)["external_id"].to_list() == ["2", "3"]
    assert c.sequences.list(limit=5).height == 3
    assert [sequence["name"] for sequence in c.sequences]
    for sequence_list in c.sequences(chunk_size=2500):
        assert sequence_list.height == 3
    assert c.sequences.aggregate(filter={"external_id_prefix": "prefix"})["count"].to_list() == [0]
    assert c.sequences.search(name="some name").height == 3
    column_def = [
        {"valueType": "STRING", "externalId": "user", "description": "some description"},
        {"valueType": "DOUBLE", "externalId": "amount"},
    ]
    seq = c.sequences.create({"external_id": "my_sequence", "columns": column_def})
    seq2 = c.sequences.create({"external_id": "my_copied_sequence", "columns": seq["columns"][0]})
    fields = ["external_id", "value_type", "description"]
    assert seq2["columns"].to_list() != []
    assert [{name: one[name] for name in fields} for one in seq2["columns"][0]] == [
        {name: one[name] for name in fields} for one in seq["columns"][0]
    ]
    res = c.sequences.update(res.with_columns(description=pl.lit("New description")))
    assert res["description"].to_list() == ["New description"]
    res = c.sequences.update({"id": id, "description": "Newer", "metadata.add": {"key": "value"}})
    assert (res["description"][0], res.to_arrow()["metadata"].to_pylist()) == ("Newer", [[("key", "value")]])
    c.sequences.delete(id=ids, external_id="1")
    assert sorted(c.sequences.list()["external_id"]) == ["my_copied_sequence", "my_sequence"]


def test_rows_of_sequences(c: CogniteClient) -> None:
    [id] = c.sequences.retrieve(external_id="1")["id"]
    names = ["col_a", "col_b"]
    c.sequences.data.insert(column_external_ids=names, rows=[(1, ["pi", 3.14]), (2, ["e", 2.72])], id=id)
    data: Any = [{"rowNumber": 123, "values": ["str", 3]}, {"rowNumber": 456, "values": ["bar", 42]}]
    c.sequences.data.insert(data, id=id, column_external_ids=names)
    c.sequences.data.insert(column_external_ids=names, rows={23: ["str", 3], 456: ["bar", 43]}, id=id)
    res = c.sequences.data.retrieve(id=id, start=0, end=None)
    assert res.rows() == [(1, "pi", 3.14), (2, "e", 2.72), (23, "str", 3.0), (123, "str", 3.0), (456, "bar", 43.0)]
    assert res.row(by_predicate=pl.col("row_number") == 23) == (23, "str", 3.0)
    assert res["col_b"].to_list() == [3.14, 2.72, 3.0, 3.0, 43.0]
    few = c.sequences.data.retrieve(id=id, start=0, end=10)
    c.sequences.data.insert(rows=few, external_id="2", column_external_ids=None)
    assert c.sequences.data.retrieve(external_id="2", start=0, end=None).equals(few)
    df = c.with_frame("pandas").sequences.data.retrieve_dataframe(
        id=id, start=0, end=None, column_external_ids=["col_b"]
    )
    c.sequences.data.insert_dataframe(df * 2, id=id)
    assert c.sequences.data.retrieve(id=id, start=0, end=3)["col_b"].to_list() == [6.28, 5.44]
    c.sequences.data.delete(id=id, rows=[1, 2, 42])
    assert c.sequences.data.retrieve(id=id, start=0, end=None)["row_number"].to_list() == [23, 123, 456]
    c.sequences.data.delete_range(id=id, start=0, end=None)
    assert c.sequences.data.retrieve(id=id, start=0, end=None).is_empty()


def test_raw(c: CogniteClient) -> None:
    assert c.raw.databases.create("db1")["name"].to_list() == ["db1"]
    c.raw.databases.create(["db2", "db3"])
    assert c.raw.databases.list(limit=5).height == 3
    assert [db["name"] for db in c.raw.databases] == ["db1", "db2", "db3"]
    for db_list in c.raw.databases(chunk_size=2500):
        assert db_list.height == 3
    assert c.raw.tables.create("db1", "table1")["name"].to_list() == ["table1"]
    c.raw.tables.create("db1", ["table2", "table3"])
    assert c.raw.tables.list("db1", limit=5).height == 3
    assert [table["name"] for table in c.raw.tables(db_name="db1")] == ["table1", "table2", "table3"]
    for table_list in c.raw.tables(db_name="db1", chunk_size=2500):
        assert table_list.height == 3
    rows = {"r1": {"col1": "val1", "col2": "val1"}, "r2": {"col1": "val2", "col2": "val2"}}
    c.raw.rows.insert("db1", "table1", rows)
    assert c.raw.rows.retrieve("db1", "table1", "r1").select("key", "col1").rows() == [("r1", "val1")]
    assert c.raw.rows.list("db1", "table1", limit=5).select("key", "col1", "col2").rows() == [
        ("r1", "val1", "val1"),
        ("r2", "val2", "val2"),
    ]
    for row in c.raw.rows(db_name="db1", table_name="table1", columns=["col1", "col2"]):
        assert row["col1"] == row["col2"]
    for row_list in c.raw.rows(db_name="db1", table_name="table1", chunk_size=2500):
        assert row_list.height == 2
    c.raw.rows.delete("db1", "table1", ["r1", "k2", "k3"])
    assert c.raw.rows.list("db1", "table1")["key"].to_list() == ["r2"]
    c.raw.tables.delete("db1", ["table1", "table2"])
    assert c.raw.tables.list("db1")["name"].to_list() == ["table3"]
    c.raw.databases.delete(["db2", "db3"])
    c.raw.databases.delete("db1", recursive=True)
    assert c.raw.databases.list().is_empty()


def test_extraction_pipelines(c: CogniteClient) -> None:
    [data_set] = c.data_sets.create({"name": "d"})["id"]
    names = ["1", "3", "abc", "def", "test ext id"]
    extpipes = [{"name": f"extPipe{name}", "external_id": name, "data_set_id": data_set} for name in names]
    assert c.extraction_pipelines.create(extpipes)["name"].to_list() == [pipe["name"] for pipe in extpipes]
    assert c.extraction_pipelines.list(limit=5).height == 5
    res = c.extraction_pipelines.retrieve(external_id="1")
    [id] = res["id"]
    assert c.extraction_pipelines.retrieve(id=id).equals(res)
    res = c.extraction_pipelines.retrieve_multiple(external_ids=["abc", "def"], ignore_unknown_ids=True)
    assert c.extraction_pipelines.retrieve_multiple(ids=res["id"]).equals(res)
    updated = c.extraction_pipelines.update({"id": id, "description": "Another new extpipe"})
    assert updated["description"].to_list() == ["Another new extpipe"]
    c.extraction_pipelines.delete(id=[id], external_id="3")
    assert sorted(c.extraction_pipelines.list()["external_id"]) == ["abc", "def", "test ext id"]
    run = c.extraction_pipeline_runs.create({"status": "success", "external_id": "test ext id"})
    runs_list = c.extraction_pipeline_runs.list(external_id="test ext id", limit=5)
    assert runs_list.equals(run)
    assert c.extraction_pipeline_runs.list(external_id="test ext id", statuses=["seen"], limit=5).is_empty()
