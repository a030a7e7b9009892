"""Contents of files: uploaded and downloaded through links, in one piece and in parts."""

from __future__ import annotations

import errno
import io
import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdframe.local import LocalCDF
from cdframe.local.files import blobs, transfers
from tests.local.api import Api
from tests.local.rows import changed

PATH = "/files"
DAY = 24 * 3600 * 1000


@pytest.fixture
def stranger(api: Api) -> httpx.Client:
    """A client without a credential."""
    return Api(api.engine, "").http


def new(api: Api, **fields: Any) -> tuple[int, str]:
    """A new file: its id, and a link to upload to."""
    row = api.post(PATH, {"name": "n", **fields}, 201)
    return row["id"], row["uploadUrl"]


def put(api: Api, url: str, content: Any, status: int = 200, **headers: str) -> Any:
    response = Api(api.engine, "").http.put(url, content=content, headers=headers)
    assert response.status_code == status, response.text
    assert len(response.headers["x-request-id"]) == 36
    return response.json()


def link(api: Api, file: int, *, extended: bool = False) -> str:
    query = "?extendedExpiration=true" if extended else ""
    (item,) = api.post(f"{PATH}/downloadlink{query}", {"items": [{"id": file}]})["items"]
    assert item.keys() == {"id", "downloadUrl"}
    url: str = item["downloadUrl"]
    return url


def get(api: Api, file: int, **headers: str) -> httpx.Response:
    return Api(api.engine, "").http.get(link(api, file), headers=headers)


def shown(api: Api, file: int) -> dict[str, Any]:
    row: dict[str, Any] = api.get(f"{PATH}/{file}")
    return row


def on_disk(api: Api) -> list[int]:
    """The sizes of all blobs; what is incoming counts."""
    folder = api.engine.blobs._made()
    return sorted(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def set_clock(api: Api, patch: pytest.MonkeyPatch, ahead: int) -> None:
    now = api.engine.clock.now
    patch.setattr(api.engine.clock, "now", lambda: now() + ahead)


def test_up_and_down(fresh: Api) -> None:
    content = bytes(range(256)) * 5000
    name = "../ä b\r\n\"';%/x.txt"
    file, url = new(fresh, name=name, mimeType="text/plain; charset=utf-8")
    before = shown(fresh, file)
    assert (before["uploaded"], "uploadedTime" in before) == (False, False)
    assert put(fresh, url, content) == {}
    after = shown(fresh, file)
    assert after == {**before, "uploaded": True, "uploadedTime": after["uploadedTime"]}
    answer = get(fresh, file)
    assert (answer.status_code, answer.content) == (200, content)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["content-length"] == str(len(content))
    assert answer.headers["accept-ranges"] == "bytes"
    assert "content-encoding" not in answer.headers
    disposition, _, encoded = answer.headers["content-disposition"].partition("''")
    assert (disposition, unquote(encoded)) == ("attachment; filename*=UTF-8", name)
    assert set(encoded) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789%._-~")
    assert on_disk(fresh) == [len(content)]


@pytest.mark.parametrize(
    ("mime_type", "sent"),
    [
        (None, "application/octet-stream"),
        ("", "application/octet-stream"),
        ("text/plain\r\nX-Evil: 1", "application/octet-stream"),
        ("no type", "application/octet-stream"),
        ("é/é", "application/octet-stream"),
        ("image/svg+xml", "image/svg+xml"),
        ('text/x; a="b c"; d=e', 'text/x; a="b c"; d=e'),
    ],
)
def test_types_of_contents(api: Api, mime_type: str | None, sent: str) -> None:
    file, url = new(api, mimeType=mime_type)
    put(api, url, b"x", **{"content-type": "application/pdf", "x-upload-content-type": "application/pdf"})
    answer = get(api, file)
    assert answer.headers["content-type"] == sent
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "x-evil" not in answer.headers
    assert shown(api, file).get("mimeType") == mime_type


@pytest.mark.parametrize("pieces", [None, [], [b"a", b"bc"]])
def test_empty_contents_and_such_in_chunks(api: Api, pieces: list[bytes] | None) -> None:
    file, url = new(api)
    put(api, url, b"" if pieces is None else iter(pieces))
    assert shown(api, file)["uploaded"]
    assert get(api, file).content == b"".join(pieces or ())


def test_credentials_are_not_looked_at(api: Api) -> None:
    file, url = new(api)
    for headers in ({"Authorization": "Bearer wrong"}, {"api-key": "wrong"}):
        put(api, url, b"x", **headers)
        assert api.http.get(link(api, file), headers=headers).content == b"x"


def test_links_follow_the_host(api: Api) -> None:
    row = api.post(PATH, {"name": "n"}, 201, host="cdf.example:8443")
    assert row["uploadUrl"].startswith("http://cdf.example:8443/api/v1/projects/plant/files/content?link=")
    assert "/v1/files/gcs_proxy/" not in row["uploadUrl"]


def test_links_that_are_not_ours(api: Api, stranger: httpx.Client) -> None:
    file, url = new(api)
    put(api, url, b"x")
    down = link(api, file)
    other = new(api)[1]
    forged = url.partition(".")[0] + other[other.rindex(".") :]
    base = url.partition("?")[0]
    for wrong in (forged, url[:-1], url + "0", down, base, f"{base}?link=", f"{base}?link=é.ü", f"{base}?link=a.b"):
        assert stranger.put(wrong, content=b"y").status_code == 403
    for wrong in (url, base, down[:-2], down.replace("?link=", "?link=A")):
        assert stranger.get(wrong).json()["error"]["code"] == 403
    assert get(api, file).content == b"x"
    with LocalCDF(project="plant") as engine:
        assert Api(engine, "").http.put(url, content=b"y").status_code == 403
    assert stranger.put(url.replace("/projects/plant/", "/projects/other/"), content=b"y").status_code == 401


def test_links_are_in_no_log(api: Api, stranger: httpx.Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "cdframe.local"):
        file, url = new(api)
        put(api, url, b"x")
        assert stranger.get(link(api, file)).status_code == 200
    assert "PUT /api/v1/projects/plant/files/content by" in caplog.text
    assert "link=" not in caplog.text and url.partition("link=")[2] not in caplog.text


def test_links_expire(api: Api, stranger: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    file, url = new(api)
    put(api, url, b"x")
    short, long = link(api, file), link(api, file, extended=True)
    set_clock(api, monkeypatch, 29_000)
    assert stranger.get(short).status_code == 200
    set_clock(api, monkeypatch, 2_000)
    assert (stranger.get(short).status_code, stranger.get(long).status_code) == (403, 200)
    assert "expired" in stranger.get(short).json()["error"]["message"]
    set_clock(api, monkeypatch, 3_569_000)
    assert stranger.get(long).status_code == 403
    set_clock(api, monkeypatch, 6 * DAY)
    assert stranger.put(url, content=b"y").status_code == 200
    set_clock(api, monkeypatch, DAY)
    assert stranger.put(url, content=b"z").status_code == 403
    assert get(api, file).content == b"y"


def test_links_to_what_is_not_there(api: Api) -> None:
    file, url = new(api, externalId="empty")
    other, _ = new(api)
    items = [{"id": other}, {"id": file}]
    assert api.error(f"{PATH}/downloadlink", {"items": items})["message"] == f"Files not uploaded, ids: {other}, {file}"
    error = api.error(f"{PATH}/downloadlink", {"items": [{"externalId": "empty"}]})
    assert error["message"] == "Files not uploaded, externalIds: empty"
    put(api, url, b"x")
    error = api.error(f"{PATH}/downloadlink", {"items": [{"externalId": "empty"}, {"id": other}]})
    assert error["message"] == f"Files not uploaded, ids: {other}"
    assert "items size" in api.error(f"{PATH}/downloadlink", {"items": [{"id": i + 1} for i in range(101)]})["message"]
    api.error(f"{PATH}/downloadlink?extendedExpiration=maybe", {"items": [{"id": file}]})
    found = api.post(f"{PATH}/downloadlink", {"items": [{"externalId": "empty"}]})["items"]
    assert found[0].keys() == {"externalId", "downloadUrl"}
    down = link(api, file)
    api.post(f"{PATH}/delete", {"items": [{"id": file}]})
    put(api, url, b"x", 404)
    assert api.http.get(down).status_code == 404


def test_another_content(fresh: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    file, url = new(fresh, externalId="e")
    put(fresh, url, b"first")
    before, tag = shown(fresh, file), get(fresh, file).headers["etag"]
    set_clock(fresh, monkeypatch, 1000)
    put(fresh, url, b"second")
    after = shown(fresh, file)
    assert after == {**before, "uploadedTime": after["uploadedTime"]}
    assert after["uploadedTime"] > before["uploadedTime"]
    assert get(fresh, file).headers["etag"] != tag
    put(fresh, url, b"second")
    overwritten = fresh.post(f"{PATH}?overwrite=true", {"name": "n", "externalId": "e"}, 201)
    assert overwritten["uploaded"] and overwritten["uploadedTime"] == shown(fresh, file)["uploadedTime"]
    assert get(fresh, file).content == b"second"
    put(fresh, overwritten["uploadUrl"], b"third")
    assert get(fresh, file).content == b"third"
    (again,) = fresh.post(f"{PATH}/uploadlink", {"items": [{"externalId": "e"}]}, 201)["items"]
    put(fresh, again.pop("uploadUrl"), b"4")
    assert again == {**shown(fresh, file), "uploadedTime": again["uploadedTime"]}
    assert on_disk(fresh) == [1]
    fresh.error(f"{PATH}/uploadlink", {"items": [{"id": file}, {"externalId": "e"}]})


def test_what_is_read_stays_while_it_is_read(fresh: Api) -> None:
    old, new_content = bytes(3 * blobs.PIECE), b"new"
    file, url = new(fresh)
    put(fresh, url, old)
    with fresh.engine.database.read() as connection:
        (name,) = connection.value("SELECT list(blob) FROM file_blobs")
    reading = fresh.engine.blobs.read([blobs.Blob(name, len(old))], 0, len(old))
    pieces = iter(reading)
    parts = [next(pieces)]
    put(fresh, url, new_content)
    assert get(fresh, file).content == new_content
    parts += pieces
    assert b"".join(parts) == old
    assert len(on_disk(fresh)) == 2
    with pytest.raises(FileNotFoundError):
        fresh.engine.blobs.read([blobs.Blob(name, len(old))], 0, 1)
    reading.close()
    reading.close()
    assert on_disk(fresh) == [3]


def parts_of(api: Api, count: int, **fields: Any) -> tuple[int, str, list[str]]:
    """A new file with links for parts: its id, the id of the upload, and the links."""
    row = api.post(f"{PATH}/initmultipartupload?parts={count}", {"name": "n", **fields}, 201)
    assert "uploadUrl" not in row and len(set(row["uploadUrls"])) == count
    return row["id"], row["uploadId"], row["uploadUrls"]


def complete(api: Api, file: int, upload: Any, status: int = 200) -> Any:
    return api.post(f"{PATH}/completemultipartupload", {"id": file, "uploadId": upload}, status)


def test_uploads_in_parts(fresh: Api) -> None:
    file, upload, urls = parts_of(fresh, 3, externalId="e", source="s")
    assert shown(fresh, file)["source"] == "s"
    put(fresh, urls[2], b"three")
    put(fresh, urls[0], b"wrong")
    put(fresh, urls[0], b"one")
    assert "2" in complete(fresh, file, upload, 400)["error"]["message"]
    assert not shown(fresh, file)["uploaded"]
    put(fresh, urls[1], b"")
    assert complete(fresh, file, upload) == {}
    assert get(fresh, file).content == b"onethree"
    time, tag = shown(fresh, file)["uploadedTime"], get(fresh, file).headers["etag"]
    assert complete(fresh, file, upload) == {}
    assert (shown(fresh, file)["uploadedTime"], get(fresh, file).headers["etag"]) == (time, tag)
    put(fresh, urls[0], b"late", 400)
    assert on_disk(fresh) == [0, 3, 5]
    (again,) = fresh.post(f"{PATH}/multiuploadlink?parts=1", {"items": [{"externalId": "e"}]}, 201)["items"]
    assert {name: again[name] for name in again if name not in ("uploadId", "uploadUrls")} == shown(fresh, file)
    put(fresh, again["uploadUrls"][0], b"x")
    assert get(fresh, file).content == b"onethree"
    assert fresh.post(f"{PATH}/completemultipartupload", {"externalId": "e", "uploadId": again["uploadId"]}) == {}
    assert complete(fresh, file, upload) == {}
    assert get(fresh, file).content == b"x"
    assert on_disk(fresh) == [1]


def test_uploads_in_parts_that_are_wrong(fresh: Api) -> None:
    for query in ("", "?parts=0", "?parts=251", "?parts=x", "?parts=1.5"):
        fresh.error(f"{PATH}/initmultipartupload{query}", {"name": "n"})
    file, upload, urls = parts_of(fresh, 250)
    other, other_upload, _ = parts_of(fresh, 1)
    for name, of in ((upload, other), (other_upload, file), ("x", file), (None, file), (5, file)):
        assert complete(fresh, of, name, 400)["error"]["code"] == 400
    assert complete(fresh, 5, upload, 400)["error"]["missing"] == [{"id": 5}]
    put(fresh, urls[7], b"x")
    assert on_disk(fresh) == [1]
    fresh.post(f"{PATH}/delete", {"items": [{"id": file}]})
    assert on_disk(fresh) == []
    put(fresh, urls[7], b"x", 404)
    overwritten = fresh.post(
        f"{PATH}/initmultipartupload?parts=1&overwrite=true", {"name": "n", "externalId": "e"}, 201
    )
    again = fresh.post(f"{PATH}/initmultipartupload?parts=1&overwrite=true", {"name": "m", "externalId": "e"}, 201)
    assert (again["id"], again["name"]) == (overwritten["id"], "m")


def test_parts_side_by_side(fresh: Api) -> None:
    file, upload, urls = parts_of(fresh, 12)
    contents = [bytes([i]) * (i * 10_000) for i in range(12)]
    together(*(lambda i=i: put(fresh, urls[i], contents[i]) for i in range(12)))
    together(*(lambda: complete(fresh, file, upload),) * 3)
    assert get(fresh, file).content == b"".join(contents)


def together(*calls: Callable[[], Any]) -> None:
    """Make calls at the same time; all must succeed."""
    failures: list[BaseException] = []

    def run(call: Callable[[], Any]) -> None:
        try:
            call()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_uploads_side_by_side(fresh: Api) -> None:
    file, url = new(fresh)
    contents = [bytes([i]) * 300_000 for i in range(8)]
    put(fresh, url, contents[0])

    def read() -> None:
        for _ in range(5):
            assert get(fresh, file).content in contents

    together(*(lambda i=i: put(fresh, url, contents[i]) for i in range(8)), read, read)
    assert get(fresh, file).content in contents
    assert on_disk(fresh) == [300_000]


@pytest.fixture(scope="module")
def ranged(api: Api) -> tuple[Api, int, bytes]:
    """A file whose content came in parts."""
    parts = [b"0123", b"", b"456789ab", b"cdef"]
    file, upload, urls = parts_of(api, 4)
    for url, part in zip(urls, parts, strict=True):
        put(api, url, part)
    complete(api, file, upload)
    return api, file, b"".join(parts)


@settings(max_examples=60, deadline=None)
@given(begin=st.one_of(st.none(), st.integers(0, 20)), end=st.one_of(st.none(), st.integers(0, 20)))
def test_ranges(ranged: tuple[Api, int, bytes], begin: int | None, end: int | None) -> None:
    api, file, content = ranged
    answer = get(api, file, range=f"bytes={'' if begin is None else begin}-{'' if end is None else end}")
    first = max(16 - (end or 0), 0) if begin is None else begin
    last = 15 if end is None or begin is None else min(end, 15)
    if end is None if begin is None else end is not None and end < begin:  # no range at all
        assert (answer.status_code, answer.content) == (200, content)
    elif first > last:
        assert (answer.status_code, answer.headers["content-range"]) == (416, "bytes */16")
        assert answer.json()["error"]["code"] == 416
    else:
        assert (answer.status_code, answer.content) == (206, content[first : last + 1])
        assert answer.headers["content-range"] == f"bytes {first}-{last}/16"
        assert answer.headers["content-length"] == str(last + 1 - first)


def test_ranges_on_conditions(ranged: tuple[Api, int, bytes]) -> None:
    api, file, content = ranged
    tag = get(api, file).headers["etag"]
    assert tag[0] == tag[-1] == '"'
    for condition, whole in (
        (tag, False),
        ('"other"', True),
        (f"W/{tag}", True),
        ("Tue, 01 Jan 2030 00:00:00 GMT", True),
    ):
        answer = get(api, file, **{"range": "bytes=2-3", "if-range": condition})
        assert (answer.status_code, answer.content) == ((200, content) if whole else (206, content[2:4]))
    for wanted in ("bytes=0-1,3-4", "lines=1-2", "bytes=x", "bytes"):
        assert get(api, file, range=wanted).status_code == 200


def test_contents_that_are_known_already(ranged: tuple[Api, int, bytes]) -> None:
    api, file, content = ranged
    tag = get(api, file).headers["etag"]
    for known in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        answer = get(api, file, **{"if-none-match": known})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)
    assert get(api, file, **{"if-none-match": '"x"'}).content == content


def test_heads(ranged: tuple[Api, int, bytes], stranger: httpx.Client) -> None:
    api, file, _ = ranged
    answer = stranger.head(link(api, file))
    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", "16")
    assert api.engine.blobs._readers.total() == 0


def test_ranges_of_nothing(api: Api) -> None:
    file, url = new(api)
    put(api, url, b"")
    assert get(api, file, range="bytes=0-").status_code == 416
    assert get(api, file).headers["content-length"] == "0"


@pytest.mark.parametrize(("size", "length"), [(0, 1), (5, 7), (5, 3_000_000), (2**20, 2**20 + 1)])
def test_bodies_that_are_cut_off(fresh: Api, size: int, length: int) -> None:
    file, url = new(fresh)
    put(fresh, url, b"before")
    before = shown(fresh, file)
    error = put(fresh, url, iter([bytes(size)]), 400, **{"content-length": str(length)})["error"]
    assert "nothing was stored" in error["message"]
    assert shown(fresh, file) == before
    assert get(fresh, file).content == b"before"
    assert on_disk(fresh) == [6]


def test_bodies_that_are_too_large(fresh: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfers, "LARGEST_CONTENT", 1000)
    monkeypatch.setattr(transfers, "LARGEST_PART", 2000)
    _, url = new(fresh)
    _, _, (part,) = parts_of(fresh, 1)
    for target, most in ((url, 1000), (part, 2000)):
        for content in (bytes(most + 1), iter([bytes(most), b"x"])):
            assert f"at most {most} bytes" in put(fresh, target, content, 413)["error"]["message"]
        put(fresh, target, bytes(most))
    assert on_disk(fresh) == [1000, 2000]


def test_limits() -> None:
    assert (transfers.LARGEST_CONTENT, transfers.LARGEST_PART) == (5_000_000_000, 4000 * 2**20)


class FullDisk(io.FileIO):
    """A file on a disk that has room for some bytes."""

    room = 400_000

    def write(self, content: Any) -> int:
        if self.tell() + len(content) > self.room:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(content)


def test_a_full_disk(fresh: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    file, url = new(fresh)
    put(fresh, url, b"before")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", lambda path, mode, **options: FullDisk(path, mode))
        error = put(fresh, url, bytes(1_000_000), 507)["error"]
    assert "no room left" in error["message"]
    assert get(fresh, file).content == b"before"
    assert on_disk(fresh) == [6]
    put(fresh, url, bytes(1_000_000))


def test_a_disk_that_fails(fresh: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    file, url = new(fresh)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", lambda *_: (_ for _ in ()).throw(OSError(errno.EIO, "I/O error")))
        put(fresh, url, b"x", 500)
    with monkeypatch.context() as patch:
        patch.setattr(fresh.engine.database, "write", lambda: (_ for _ in ()).throw(RuntimeError("no")))
        put(fresh, url, b"x", 500)
    assert not shown(fresh, file)["uploaded"]
    assert on_disk(fresh) == []


def test_a_content_that_somebody_took_away(fresh: Api, caplog: pytest.LogCaptureFixture) -> None:
    file, url = new(fresh)
    put(fresh, url, b"x")
    for path in fresh.engine.blobs._made().glob("?" * 32):
        path.unlink()
    with caplog.at_level(logging.ERROR, "cdframe.local"):
        assert get(fresh, file).status_code == 500
    assert "FileNotFoundError" in caplog.text
    put(fresh, url, b"y")
    assert get(fresh, file).content == b"y"


def test_deletion_takes_contents_along(fresh: Api) -> None:
    files = [new(fresh) for _ in range(3)]
    for i, (_, url) in enumerate(files):
        put(fresh, url, bytes(i + 1))
    assert on_disk(fresh) == [1, 2, 3]
    fresh.error(f"{PATH}/delete", {"items": [{"id": files[0][0]}, {"id": 5}]})
    items = [{"id": files[0][0]}, {"id": 5}, {"id": files[2][0]}]
    fresh.post(f"{PATH}/delete", {"items": items, "ignoreUnknownIds": True})
    assert on_disk(fresh) == [2]
    with fresh.engine.database.read() as connection:
        assert connection.value("SELECT count(*) FROM file_blobs") == 1


def test_contents_in_memory_go_with_the_engine() -> None:
    with LocalCDF() as engine:
        api = Api(engine)
        put(api, new(api)[1], b"x")
        folder = engine.blobs._made()
        assert folder.exists()
    assert not folder.exists()


def test_contents_in_a_folder(tmp_path: Path) -> None:
    with LocalCDF(tmp_path) as engine:
        api = Api(engine)
        file, url = new(api)
        put(api, url, b"kept")
        whole, upload, urls = parts_of(api, 2)
        for part in urls:
            put(api, part, b"part")
        complete(api, whole, upload)
        _, _, (part,) = parts_of(api, 1)
        put(api, part, b"a part that nobody completes")
        down = link(api, file, extended=True)
    folder = tmp_path / "blobs"
    for orphan in ("0" * 32, "incoming/" + "1" * 32):
        (folder / orphan).write_bytes(b"left by a process that died")
    with LocalCDF(tmp_path) as engine:
        api = Api(engine)
        assert on_disk(api) == [4, 4, 4, 28]
        assert get(api, file).content == b"kept"
        assert Api(engine, "").http.get(down).content == b"kept"
        assert get(api, whole).content == b"partpart"
        put(api, url, b"again")
        put(api, part, b"a part again")
        with engine.database.write() as connection:
            connection.execute("UPDATE file_uploads SET created_time = created_time - ?", [8 * DAY])
    with LocalCDF(tmp_path) as engine:
        api = Api(engine)
        assert on_disk(api) == [4, 4, 5]
        assert get(api, file).content == b"again"
        assert get(api, whole).content == b"partpart"
        put(api, part, b"too late", 400)


def test_a_changed_name_shows(api: Api) -> None:
    file, url = new(api, externalId="typed")
    put(api, url, b"x")
    changed(api, PATH, "typed", mimeType={"set": "image/png"})
    assert get(api, file).headers["content-type"] == "image/png"
