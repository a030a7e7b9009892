"""Sections on files and their contents."""

import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.conformance import scenario_of_files as scenario
from tests.conformance.scenario import error_seen
from tests.conformance.sdk_dialect import (
    IS_2,
    IS_7,
    arguments_of,
    ask,
    change,
    client,
    dumped,
    fields_of,
    known,
    learn,
    names_of,
    section,
    seek,
    to_write,
)
from tests.conformance.words import Row

FAMILY = "files"
files = client.files
ROWS: dict[str, Row] = {row["external_id"]: row for row in scenario.BY_SDK}


@contextmanager
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def about(name: str) -> Row:
    """The arguments of an upload."""
    return fields_of(FAMILY, ROWS[name])


def content_of(id: int) -> str:
    return str(files.download_bytes(id=id).hex())


def written_in(place: Path) -> dict[str, str]:
    """The files below a folder, and what is in them."""
    return {str(path.relative_to(place)): path.read_bytes().hex() for path in place.rglob("*") if path.is_file()}


@section("create files")
def _() -> Any:
    seen = []
    for name in ("sdk/created", "SDK/ø ⛵"):
        created, url = files.create(to_write(FAMILY, ROWS[name]))
        seen.append([dumped(created), url.startswith("http://")])
    return seen


@section("upload files")
def _() -> Any:
    contents, seen = scenario.CONTENTS, []
    with folder() as place:
        for name in ("sdk/path", "sdk/empty path", "sdk/large"):
            path = place / ROWS[name]["name"]
            path.write_bytes(contents[name])
            given = about(name)
            if name == "sdk/empty path":
                del given["name"]
            seen.append(files.upload(str(path), **given))
        for name in ("sdk/handle", "sdk/empty handle"):
            path = place / "handle"
            path.write_bytes(contents[name])
            with path.open("rb") as handle:
                seen.append(files.upload_bytes(handle, **about(name)))
        seen.append(files.upload_bytes(contents["sdk/bytes"], **about("sdk/bytes")))
        seen.append(files.upload_bytes(contents["sdk/empty bytes"], **about("sdk/empty bytes")))
        seen.append(files.upload_bytes(scenario.TEXT, **about("sdk/text")))
    return [dumped(file) for file in seen]


learn(FAMILY, scenario.ROWS)
ask(FAMILY, scenario.QUESTIONS)
seek(FAMILY, scenario.SEARCHES)


@section("retrieve files")
def _() -> Any:
    one = files.retrieve(external_id="cdframe/path")
    several = files.retrieve_multiple(ids=[one.id], external_ids=["SDK/ø ⛵", "plant/file-07"])
    nobody = files.retrieve(external_id="nobody"), files.retrieve(id=17)
    seen = [dumped(one), dumped(several), nobody]
    if not IS_2:
        some = files.retrieve_multiple(ids=[17], external_ids=["nobody", "sdk/text"], ignore_unknown_ids=True)
        seen.append(dumped(some))
    return seen


@section("iterate over files")
def _() -> Any:
    plant = arguments_of(FAMILY, {"external_id_prefix": "plant/"})
    chunks = [names_of(chunk) for chunk in files(chunk_size=8, **plant)]
    seen = {"chunks": chunks, "one by one": names_of(files(limit=11, **plant)), "all": names_of(files())}
    if not IS_2:
        seen["in partitions"] = sorted(names_of(files.list(limit=None, partitions=4)))
    return seen


@section("files of assets")
def _() -> Any:
    assets = client.assets
    some = assets.retrieve_multiple(external_ids=["plant", "plant/0/1/1", "plant/2/1"])
    return {
        "asset": sorted(names_of(assets.retrieve(external_id="plant/1").files())),
        "asset, filtered": sorted(names_of(assets.retrieve(external_id="plant").files(source="SAP"))),
        "some": sorted(names_of(some.files())),
    }


@section("contents of files")
def _() -> Any:
    by_name = {name: files.download_bytes(external_id=name).hex() for name in scenario.CONTENTS}
    by_id = {name: content_of(known[FAMILY][name]["id"]) for name in ("cdframe/path", "sdk/empty path")}
    return {"by name": by_name, "by id": by_id}


@section("download files")
def _() -> Any:
    ids = [known[FAMILY][name]["id"] for name in ("cdframe/path", "sdk/large")]
    with folder() as place:
        files.download(place, id=ids, external_id=["sdk/text", "sdk/empty bytes"])
        files.download(str(place), external_id="plant/file-01")
        files.download_to_path(place / "by path", external_id="cdframe/text")
        files.download_to_path(str(place / "again"), id=ids[0])
        found = written_in(place)
    links = files.retrieve_download_urls(id=[ids[0]], external_id=["sdk/text"])
    fetched = [urllib.request.urlopen(links[key]).read().hex() for key in (ids[0], "sdk/text")]
    return {"found": found, "fetched": fetched, "links": len(links)}


@section("folders of files")
def _() -> Any:
    seen: Row = {}
    with folder() as place:
        for name, content in scenario.TREE.items():
            path = place / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        for kind, recursive in (("flat", False), ("deep", True)):
            uploaded = files.upload(str(place), source="tree", directory="/tree", recursive=recursive)
            again = files.retrieve_multiple(ids=[file.id for file in uploaded])
            seen[kind] = sorted(
                [file.name, file.source, file.directory, file.uploaded, content_of(file.id)] for file in again
            )
            files.delete(id=[file.id for file in uploaded])
    return [seen, len(files.list(source="tree"))]


def summary(file: Any) -> Any:
    return [file.name, file.source, file.mime_type, file.metadata, file.uploaded]


@section("overwrite files")
def _() -> Any:
    name = {"external_id": "overwritten"}
    first = files.upload_bytes(b"first", name="first", source="x", metadata={"a": "1", "b": "2"}, **name)
    seen = [content_of(first.id)]
    second = files.upload_bytes("second", name="second", metadata={"c": "3"}, overwrite=True, **name)
    seen.append([second.id == first.id, content_of(first.id), summary(files.retrieve(id=first.id))])
    with folder() as place:
        (place / "third").write_bytes(b"3")
        third = files.upload(str(place / "third"), mime_type="x/y", overwrite=True, **name)
    seen.append([third.id == first.id, content_of(first.id), summary(files.retrieve(id=first.id))])
    created, url = files.create(to_write(FAMILY, {"name": "fourth", **name}), overwrite=True)
    before = [created.uploaded, content_of(first.id)]
    request = urllib.request.Request(url, data=b"fourth, " + scenario.ALL_BYTES, method="PUT")
    with urllib.request.urlopen(request) as response:
        status = response.status
    seen.append([before, status, content_of(first.id)])
    files.delete(id=first.id)
    return seen


if not IS_2:

    @section("contents in parts")
    def _() -> Any:
        seen: Row = {}
        content = scenario.ALL_BYTES * 40_000
        halves = [content[:6_000_000], content[6_000_000:]]
        session = files.multipart_upload_session(name="parts", parts=2, external_id="parts", mime_type="x/y")
        with session:
            for number in (1, 0):
                session.upload_part(number, halves[number])
        seen["new"] = [
            files.download_bytes(external_id="parts") == content,
            summary(files.retrieve(external_id="parts")),
        ]
        with files.multipart_upload_content_session(parts=3, external_id="parts") as session:
            for number, part in enumerate((b"one, ", "two, ", b"")):
                session.upload_part(number, part)
        seen["known"] = files.download_bytes(external_id="parts").decode()
        incomplete = files.multipart_upload_session(name="parts", parts=2, external_id="parts", overwrite=True)
        incomplete.upload_part(0, b"only one")
        seen["incomplete"] = files.download_bytes(external_id="parts").decode()
        files.upload_content_bytes("text ⛵", external_id="parts")
        seen["bytes"] = files.download_bytes(external_id="parts").decode()
        with folder() as place:
            (place / "x").write_bytes(b"of a path")
            files.upload_content(str(place / "x"), external_id="parts")
            seen["path"] = files.download_bytes(external_id="parts").decode()
            (place / "x").write_bytes(b"")
            files.upload_content(str(place / "x"), external_id="parts")
            seen["empty path"] = files.download_bytes(external_id="parts").decode()
        files.delete(external_id="parts")
        return seen


@section("a text handle")
def _() -> Any:
    if not (IS_2 or IS_7):  # later ones refuse them
        return None
    with folder() as place:
        (place / "text").write_text(scenario.TEXT, encoding="utf-8", newline="")
        with (place / "text").open(encoding="utf-8", newline="") as handle:
            created = files.upload_bytes(handle, name="text", external_id="text handle")
        found = content_of(created.id)
    files.delete(id=created.id)
    return found


@section("update files")
def _() -> Any:
    assets = {name: known["assets"][name]["id"] for name in ("plant", "plant/1", "plant/2")}
    row = {
        "external_id": "changing",
        "name": "changing.txt",
        "mime_type": "x/y",
        "source": "s",
        "directory": "/d",
        "metadata": {"a": "1", "b": "2"},
        "asset_ids": ["plant"],
        "data_set_id": "sets/north",
        "labels": ["PUMP"],
        "geo_location": scenario.feature(scenario.point((1, 2))),
        "source_created_time": 1,
        "source_modified_time": 2,
    }
    created, _ = files.create(to_write(FAMILY, row))
    seen = []
    timed = change(FAMILY, id=created.id).source_created_time.set(None).source_modified_time.set(5)
    for update in (
        change(FAMILY, external_id="changing").mime_type.set("z").source.set(None).directory.set("/e"),
        timed if IS_2 else timed.geo_location.set(None),
        change(FAMILY, id=created.id)
        .metadata.add({"b": "3", "c": "4"})
        .asset_ids.add([assets["plant"], assets["plant/1"]]),
        change(FAMILY, id=created.id)
        .metadata.remove(["a", "absent"])
        .asset_ids.remove([assets["plant"], assets["plant/2"]]),
        change(FAMILY, id=created.id).labels.add(["VALVE", "PUMP"]).data_set_id.set(None),
        change(FAMILY, id=created.id).labels.remove(["PUMP", "state/draft"]).mime_type.set(None),
        change(FAMILY, id=created.id)
        .metadata.set({"only": "this"})
        .asset_ids.set([assets["plant/2"]])
        .directory.set(None),
        change(FAMILY, id=created.id).metadata.set({}).asset_ids.set([]).external_id.set("changed"),
    ):
        seen.append(dumped(files.update(update)))
    whole = files.retrieve(external_id="changed")
    whole.source, whole.metadata, whole.asset_ids = "whole", {"new": "pair"}, [assets["plant"]]
    seen.append(dumped(files.update(whole)))
    seen.append(dumped(files.update([change(FAMILY, id=created.id).source.set("last")])[0]))
    if not IS_2:
        replacing = to_write(FAMILY, {"external_id": "changed", "name": "changing.txt", "mime_type": "only"})
        seen.append(dumped(files.update(replacing, mode="replace")))
    files.delete(id=created.id)
    return seen


@section("delete files")
def _() -> Any:
    created = [files.upload_bytes(b"x", name="short", external_id=f"short/{k}") for k in range(4)]
    files.delete(id=created[0].id, external_id="short/1")
    seen: list[Any] = [sorted(names_of(files.list(external_id_prefix="short/")))]
    if not IS_2:
        files.delete(external_id=["nobody"], id=[17], ignore_unknown_ids=True)
    files.delete(external_id=["short/2", "short/3"])
    seen.append(names_of(files.list(external_id_prefix="short/")))
    again, _ = files.create(to_write(FAMILY, {"external_id": "short/3", "name": "again"}))
    seen.append([again.uploaded, error_seen(lambda: files.download_bytes(external_id="short/3"))["code"]])
    files.delete(external_id="short/3")
    return seen


@section("files that lead out of a folder")
def _() -> Any:
    seen = []
    for name in ("../outside", "/outside", "below/../../outside"):
        created = files.upload_bytes(b"x", name=name, external_id="outside")
        with folder() as place:
            inside = place / "inside"
            inside.mkdir()
            error = error_seen(lambda inside=inside: files.download(inside, external_id="outside"))  # type: ignore[misc]
            seen.append([error["class"] is None, written_in(place)])
        files.delete(id=created.id)
    return seen


def create(**fields: Any) -> Any:
    return lambda: files.create(to_write(FAMILY, {"name": "n", **fields}))


def update(*updates: Any) -> Any:
    return lambda: files.update(list(updates))


def into_folder() -> None:
    with folder() as place:
        files.download(place, external_id="plant/file-21")


@section("errors of files")
def _() -> Any:
    calls = {
        "name taken": create(external_id="cdframe/path"),
        "name taken in an upload": lambda: files.upload_bytes(b"x", name="x", external_id="cdframe/path"),
        "title empty": create(name=""),
        "title too long": create(name="x" * 257),
        "a relative directory": create(directory="relative"),
        "no asset": create(asset_ids=[17, 18]),
        "no data set": create(data_set_id=18),
        "no label": create(labels=["nobody"]),
        "metadata key too long": create(metadata={"k" * 129: "v"}),
        "unknown in byids": lambda: files.retrieve_multiple(ids=[17], external_ids=["nobody", "sdk/text"]),
        "unknown in delete": lambda: files.delete(id=17, external_id=["nobody", "sdk/text"]),
        "unknown in update": update(change(FAMILY, external_id="nobody").source.set("x")),
        "name taken in update": update(change(FAMILY, external_id="sdk/text").external_id.set("sdk/path")),
        "no label in update": update(change(FAMILY, external_id="sdk/text").labels.add(["nobody"])),
        "no asset in update": update(change(FAMILY, external_id="sdk/text").asset_ids.add([17])),
        "not uploaded": lambda: files.download_bytes(external_id="sdk/created"),
        "not uploaded, by id": lambda: files.download_bytes(id=known[FAMILY]["plant/file-25"]["id"]),
        "not uploaded, into a folder": into_folder,
        "content of nobody": lambda: files.download_bytes(external_id="nobody"),
        "links of nobody": lambda: files.retrieve_download_urls(id=[17], external_id=["nobody", "sdk/text"]),
        "a shape that is none": lambda: files.create(
            to_write(FAMILY, {"name": "n", "geo_location": {"type": "Feature", "geometry": scenario.line((1, 1))}})
        ),
        "no path": lambda: files.upload("/no/such/path", name="x"),
    }
    if not (IS_2 or IS_7):
        calls["content to nobody"] = lambda: files.upload_content_bytes(b"x", external_id="nobody")
    return {name: error_seen(call) for name, call in calls.items()}
