"""Contents of files through the client, against a local CDF: up, down, and as frames."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cdframe import CogniteAPIError, CogniteClient, CogniteDuplicatedError, CogniteNotFoundError
from cdframe.frames import FRAME_KINDS, to_arrow
from cdframe.types import FrameKind


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"x",
        bytes(range(256)) * 9000,
        "Grüße ⛵",
        io.BytesIO(b"bytes of a handle"),
        io.StringIO("text of a handle: æ"),
    ],
    ids=["nothing", "one byte", "more than a piece", "text", "handle of bytes", "handle of text"],
)
def test_what_goes_up_comes_down(cdf_client: CogniteClient, content: Any) -> None:
    expected = content.getvalue() if isinstance(content, io.IOBase) else content
    file = cdf_client.files.upload_bytes(content, name="n", external_id="x", metadata={"k": "v"})
    assert file["uploaded"].to_list() == [True]
    assert cdf_client.files.download_bytes(external_id="x") == (
        expected if isinstance(expected, bytes) else expected.encode()
    )
    assert cdf_client.files.retrieve(external_id="x").to_arrow().to_pylist()[0]["metadata"] == [("k", "v")]


def test_a_handle_is_read_from_where_it_stands(cdf_client: CogniteClient) -> None:
    handle = io.BytesIO(b"head|body")
    handle.seek(5)
    cdf_client.files.upload_bytes(handle, name="n", external_id="x")
    assert cdf_client.files.download_bytes(external_id="x") == b"body"


def test_a_pipe_has_no_size_beforehand(cdf_client: CogniteClient) -> None:
    class Pipe:
        def __init__(self) -> None:
            self.left = [b"a" * 10, b"b" * 3]

        def read(self, size: int) -> bytes:
            return self.left.pop(0) if self.left else b""

    cdf_client.files.upload_bytes(Pipe(), name="n", external_id="x")
    assert cdf_client.files.download_bytes(external_id="x") == b"a" * 10 + b"b" * 3
    with pytest.raises(TypeError, match="content must be a text, bytes or an open handle, got int"):
        cdf_client.files.upload_bytes(5, name="n")


def test_a_file_of_a_path(cdf_client: CogniteClient, tmp_path: Path) -> None:
    path = tmp_path / "data.bin"
    path.write_bytes(b"content")
    one = cdf_client.files.upload(path)
    assert one["name"].to_list() == ["data.bin"]
    named = cdf_client.files.upload(str(path), external_id="x", name="other", labels=None, source_created_time=5)
    assert named["name"].to_list() == ["other"]
    assert named["source_created_time"].dt.epoch("ms").to_list() == [5]
    with pytest.raises(ValueError, match="neither a file nor a folder"):
        cdf_client.files.upload(tmp_path / "nowhere")


@pytest.mark.parametrize("kind", FRAME_KINDS)
def test_a_folder(cdf_client: CogniteClient, tmp_path: Path, kind: FrameKind) -> None:
    client = cdf_client.with_frame(kind)
    for name in ("a.txt", "b.txt", "deep/c.txt", "deep/deeper/d.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"content of {name}")
    flat = client.files.upload(tmp_path, metadata={"batch": "1"})
    assert to_arrow(flat)["name"].to_pylist() == ["a.txt", "b.txt"]
    tree = client.files.upload(tmp_path, recursive=True, metadata={"batch": "2"})
    assert to_arrow(tree)["name"].to_pylist() == ["a.txt", "b.txt", "c.txt", "d.txt"]
    assert client.files.download_bytes(id=to_arrow(tree)["id"][3].as_py()) == b"content of deep/deeper/d.txt"
    assert to_arrow(client.files.aggregate(filter={"metadata": {"batch": "2"}}))["count"].to_pylist() == [4]
    with pytest.raises(ValueError, match="external_id and name are of one file"):
        client.files.upload(tmp_path, external_id="x")
    (tmp_path / "empty").mkdir()
    assert to_arrow(client.files.upload(tmp_path / "empty")).num_rows == 0


def test_files_that_fail_are_told_one_by_one(cdf_client: CogniteClient, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
    cdf_client.files.upload_bytes("there already", name="n", external_id="x")
    with pytest.raises(CogniteDuplicatedError) as failure:
        cdf_client.files.upload(tmp_path / "a", external_id="x")
    assert failure.value.failed["path"].to_list() == [str(tmp_path / "a")]
    assert cdf_client.files.download_bytes(external_id="x") == b"there already"
    replaced = cdf_client.files.upload(tmp_path / "a", external_id="x", overwrite=True)
    assert replaced["name"].to_list() == ["a"]
    assert cdf_client.files.download_bytes(external_id="x") == b"a"


def test_downloads_into_a_folder(cdf_client: CogniteClient, tmp_path: Path) -> None:
    names = ["a.txt", "b.txt", "sub/c.txt"]
    ids = [cdf_client.files.upload_bytes(name, name=name, external_id=name)["id"][0] for name in names]
    seen: list[tuple[int, int]] = []
    cdf_client.files.download(tmp_path, id=ids[:2], external_id="sub/c.txt", progress=lambda *told: seen.append(told))
    for name in names:
        assert (tmp_path / name).read_text() == name
    assert seen[-1] == (19, 19)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a.txt", "b.txt", "c.txt", "sub"]
    with pytest.raises(ValueError, match="is not a folder that exists"):
        cdf_client.files.download(tmp_path / "nowhere", id=ids)
    with pytest.raises(CogniteNotFoundError):
        cdf_client.files.download(tmp_path, external_id=["a.txt", "nobody"])


def test_links_are_asked_for_by_the_hundred(cdf_client: CogniteClient, tmp_path: Path) -> None:
    (tmp_path / "up").mkdir()
    (tmp_path / "down").mkdir()
    for number in range(201):
        (tmp_path / "up" / f"{number:03}").write_text(f"content {number}")
    ids = cdf_client.files.upload(tmp_path / "up", progress=False)["id"]
    before = cdf_client.stats.requests
    cdf_client.files.download(tmp_path / "down", id=ids, progress=False)
    assert cdf_client.stats.requests - before == 1 + 3 + 201
    for path in (tmp_path / "up").iterdir():
        assert (tmp_path / "down" / path.name).read_text() == path.read_text()


def test_a_file_without_content_keeps_no_other_back(cdf_client: CogniteClient, tmp_path: Path) -> None:
    for name in ("a", "b"):
        cdf_client.files.upload_bytes(name, name=name, external_id=name)
    cdf_client.files.create({"name": "empty", "external_id": "empty"})
    with pytest.raises(CogniteAPIError, match="Files not uploaded") as failure:
        cdf_client.files.download(tmp_path, external_id=["a", "empty", "b"])
    assert failure.value.failed["external_id"].to_list() == ["empty"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_files_of_one_name(cdf_client: CogniteClient, tmp_path: Path) -> None:
    ids = [cdf_client.files.upload_bytes(f"{n}", name="same")["id"][0] for n in range(3)]
    with pytest.warns(UserWarning, match="Several files have the name 'same'; the last one stays"):
        cdf_client.files.download(tmp_path, id=ids)
    assert (tmp_path / "same").read_text() == "2"


HOSTILE = {
    "../x": "not inside download directory",
    "sub/../../x": "not inside download directory",
    "/etc/x": "not inside download directory",
    "..": "not inside download directory",
    ".": "not inside download directory",
    "a\0b": "has a NUL in it",
    "link/x": "not inside download directory",
    "link-to-file": "not inside download directory",
    "circle/x": "cannot be used|not inside",
    "folder": "is that of a folder",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_leads_out_of_the_folder(cdf_client: CogniteClient, tmp_path: Path, name: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("as it was")
    target = tmp_path / "target"
    (target / "folder").mkdir(parents=True)
    (target / "link").symlink_to(outside)
    (target / "link-to-file").symlink_to(outside / "file")
    (target / "circle").symlink_to(target / "circle")
    good = cdf_client.files.upload_bytes("good", name="good")["id"][0]
    bad = cdf_client.files.upload_bytes("bad", name=name)["id"][0]
    before = {path: path.lstat().st_mtime_ns for path in tmp_path.rglob("*")}
    requests = cdf_client.stats.requests
    with pytest.raises(ValueError, match=HOSTILE[name]):
        cdf_client.files.download(target, id=[good, bad])
    assert cdf_client.stats.requests - requests == 1
    assert {path: path.lstat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_a_name_that_is_too_long_for_the_disk(cdf_client: CogniteClient, tmp_path: Path) -> None:
    long = cdf_client.files.upload_bytes("x", name="é" * 200)["id"][0]
    with pytest.raises((ValueError, OSError), match=r"(?i)long"):
        cdf_client.files.download(tmp_path, id=long)
    assert list(tmp_path.iterdir()) == []
    cdf_client.files.download_to_path(tmp_path / "short", id=long)
    assert (tmp_path / "short").read_bytes() == b"x"


def test_download_to_a_path(cdf_client: CogniteClient, tmp_path: Path) -> None:
    cdf_client.files.upload_bytes("new", name="n", external_id="x")
    path = tmp_path / "file"
    path.write_text("old and longer")
    cdf_client.files.download_to_path(path, external_id="x")
    assert path.read_text() == "new"
    cdf_client.files.create({"name": "empty", "external_id": "empty"})
    with pytest.raises(CogniteAPIError, match="Files not uploaded"):
        cdf_client.files.download_to_path(path, external_id="empty")
    assert path.read_text() == "new"
    assert [one.name for one in tmp_path.iterdir()] == ["file"]
    with pytest.raises(ValueError, match="is a folder"):
        cdf_client.files.download_to_path(tmp_path, external_id="x")
    with pytest.raises(ValueError, match="is not a folder that exists"):
        cdf_client.files.download_to_path(tmp_path / "nowhere" / "x", external_id="x")
    with pytest.raises(ValueError, match="Exactly one of id and external_id"):
        cdf_client.files.download_to_path(path)


def test_create_gives_the_link(cdf_client: CogniteClient) -> None:
    file, upload_url = cdf_client.files.create({"name": "n", "external_id": "x", "geo_location": None})
    assert file["uploaded"].to_list() == [False]
    assert upload_url.startswith("http")
    with pytest.raises(CogniteDuplicatedError):
        cdf_client.files.create({"name": "n", "external_id": "x"})
    again, _ = cdf_client.files.create({"name": "m", "external_id": "x"}, overwrite=True)
    assert again["id"].to_list() == file["id"].to_list()
    with pytest.raises(ValueError, match="has 2 rows"):
        cdf_client.files.create([{"name": "n"}, {"name": "m"}])


def test_places(cdf_client: CogniteClient) -> None:
    line = {"type": "LineString", "coordinates": [[30, 10], [10, 30], [40, 40]]}
    cdf_client.files.upload_bytes("", name="n", external_id="x", geo_location={"type": "Feature", "geometry": line})
    cdf_client.files.upload_bytes("", name="m")
    shape = {"type": "Point", "coordinates": [30, 10]}
    found = cdf_client.files.list(geo_location={"shape": shape, "relation": "intersects"})
    assert found["external_id"].to_list() == ["x"]
    assert cdf_client.files.list(geo_location={"shape": shape, "relation": "DISJOINT"}).is_empty()
    with pytest.raises(ValueError, match="relation"):
        cdf_client.files.list(geo_location={"shape": shape, "relation": "near"})
    with pytest.raises(ValueError, match="must be a dict with 'shape' and 'relation'"):
        cdf_client.files.list(geo_location=shape)


@pytest.mark.parametrize("name", ["t.csv", "t.parquet", "t.jsonl", "t.arrow", "t.feather", "T.PQ"])
@pytest.mark.parametrize("kind", FRAME_KINDS)
def test_frames_are_stored_and_read(cdf_client: CogniteClient, name: str, kind: FrameKind) -> None:
    client = cdf_client.with_frame(kind)
    frame = pl.DataFrame({"a": [1, 2, None], "b": ["x", None, "æ"], "c": [0.5, 1.0, -3.25]})
    frame.cdf.upload(name, external_id="t", metadata={"k": "v"})
    assert to_arrow(client.files.read(external_id="t")).to_pylist() == frame.to_dicts()
    [row] = cdf_client.files.retrieve(external_id="t").to_dicts()
    assert row["name"] == name
    assert row["mime_type"]


def test_what_is_not_a_table(cdf_client: CogniteClient) -> None:
    cdf_client.files.upload_bytes("no table", name="t.parquet", external_id="t")
    with pytest.raises(ValueError, match="cannot be read"):
        cdf_client.files.read(external_id="t")
    cdf_client.files.upload_bytes("a,b\n1,2\n", name="table.txt", external_id="text")
    with pytest.raises(ValueError, match="is not known by its name"):
        cdf_client.files.read(external_id="text")
    assert cdf_client.files.read(external_id="text", format="csv", has_header=False).height == 2
    with pytest.raises(ValueError, match=r"format='cvs' is not known\. Did you mean 'csv'"):
        cdf_client.files.read(external_id="text", format="cvs")
    nested = pl.DataFrame({"a": [{"x": 1}]})
    with pytest.raises(ValueError, match="cannot be written"):
        nested.cdf.upload("t.csv")
    with pytest.raises(CogniteNotFoundError):
        cdf_client.files.read(external_id="nobody")


def test_metadata_lives_on_its_own(cdf_client: CogniteClient) -> None:
    cdf_client.labels.create({"external_id": "WELL LOG", "name": "Well log"})
    cdf_client.files.upload_bytes("x", name="n", external_id="x", labels="WELL LOG", directory="/logs/2024")
    listed = cdf_client.files.list(labels=["WELL LOG"], directory_prefix="/logs", uploaded=True)
    assert listed["external_id"].to_list() == ["x"]
    changed = cdf_client.files.update({"external_id": "x", "source": "rig", "labels.remove": "WELL LOG"})
    assert changed["source"].to_list() == ["rig"]
    assert cdf_client.files.search(name="n", filter={"source": "rig"}).height == 1
    cdf_client.files.delete(external_id="x")
    assert cdf_client.files.retrieve(external_id="x").is_empty()
    with pytest.raises(CogniteNotFoundError):
        cdf_client.files.delete(external_id="x")
