"""Transfers that break: gone on with, begun again, or told; and nothing half is left."""

from __future__ import annotations

import errno
import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdframe import CogniteAPIError, CogniteConnectionError
from cdframe.files import moves
from cdframe.files.contents import BytesContent
from tests.files.blob_server import Blob, serving

CONTENT = os.urandom(3 * 2**20 + 17)


def gets(blob: Blob) -> list[str]:
    return [call for call in blob.calls if call.startswith("GET")]


def test_a_download_that_is_cut_goes_on_where_it_was(tmp_path: Path) -> None:
    blob = Blob(CONTENT, faults=[("cut", 2**20 + 5), ("cut", 2**20 + 100)])
    with serving(blob) as files:
        files.download_to_path(tmp_path / "f", id=1)
    assert (tmp_path / "f").read_bytes() == CONTENT
    assert gets(blob) == ["GET", f"GET bytes={2**20}-", f"GET bytes={2 * 2**20}-"], "a piece counts when it is whole"
    assert [path.name for path in tmp_path.iterdir()] == ["f"]


def test_without_a_version_it_begins_again(tmp_path: Path) -> None:
    blob = Blob(CONTENT, faults=[("cut", 2**20)], tells_versions=False)
    with serving(blob) as files:
        files.download_to_path(tmp_path / "f", id=1)
        assert files.download_bytes(id=1) == CONTENT
    assert (tmp_path / "f").read_bytes() == CONTENT
    assert gets(blob) == ["GET", "GET", "GET"]


def test_a_content_that_changes_meanwhile_is_never_mixed(tmp_path: Path) -> None:
    blob = Blob(CONTENT, faults=[("change", 2**20)])
    with serving(blob) as files:
        files.download_to_path(tmp_path / "f", id=1)
    assert (tmp_path / "f").read_bytes() == bytes(reversed(CONTENT))


@given(st.lists(st.integers(0, 5000) | st.sampled_from([503, 429]), max_size=3), st.booleans())
@settings(deadline=None, max_examples=12)
def test_whatever_is_cut_the_whole_content_comes(cuts: list[int], tells_versions: bool) -> None:
    content = CONTENT[:5000]
    faults: list[Any] = [cut if cut in (503, 429) else ("cut", cut) for cut in cuts]
    with serving(Blob(content, faults=faults, tells_versions=tells_versions)) as files:
        assert files.download_bytes(id=1) == content


def test_a_link_that_expires_while_it_is_tried_again_is_replaced(tmp_path: Path) -> None:
    blob = Blob(CONTENT, faults=[("cut", 10), 403])
    with serving(blob) as files:
        files.download_to_path(tmp_path / "f", id=1)
    assert (tmp_path / "f").read_bytes() == CONTENT
    assert blob.calls.count("downloadlink") == 2


def test_a_link_that_is_refused_twice_is_told(tmp_path: Path) -> None:
    blob = Blob(CONTENT, faults=[403, 403])
    with serving(blob) as files, pytest.raises(CogniteAPIError) as failure:
        files.download_to_path(tmp_path / "f", id=1)
    assert failure.value.code == 403
    assert blob.calls.count("downloadlink") == 2  # the first one may have expired
    assert list(tmp_path.iterdir()) == []


def test_a_content_that_never_comes_whole_is_no_content(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("as it was")
    blob = Blob(CONTENT, too_long=True)
    with serving(blob, max_retries=2) as files, pytest.raises(CogniteConnectionError, match="not completed") as failure:
        files.download_to_path(tmp_path / "f", id=1)
    assert failure.value.failed["id"].to_list() == [1]
    assert (tmp_path / "f").read_text() == "as it was"
    assert [path.name for path in tmp_path.iterdir()] == ["f"]
    assert len(gets(blob)) == 2


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Path.open

    class Full(io.BytesIO):
        def write(self, data: Any) -> int:
            if self.tell() > 2**20:
                raise OSError(errno.ENOSPC, "No space left on device")
            return super().write(data)

    def open_full(path: Path, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        if path.suffix == ".part":
            opened(path, mode).close()
            return Full()
        return opened(path, mode, *args, **kwargs)

    (tmp_path / "f").write_text("as it was")
    monkeypatch.setattr(Path, "open", open_full)
    with serving(Blob(CONTENT)) as files, pytest.raises(OSError, match="No space left") as failure:
        files.download_to_path(tmp_path / "f", id=1)
    assert failure.value.failed["id"].to_list() == [1]  # type: ignore[attr-defined]
    assert [path.name for path in tmp_path.iterdir()] == ["f"]
    monkeypatch.undo()
    assert (tmp_path / "f").read_text() == "as it was"


def test_an_upload_that_is_cut_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(CONTENT)
    blob = Blob(faults=[("cut", 1000), 503, 429])
    with serving(blob) as files:
        files.upload(tmp_path / "f")
    assert blob.received == CONTENT
    assert blob.calls.count("PUT") == 4
    assert blob.calls.count("files") == 1


def test_a_handle_that_cannot_go_back_is_read_once() -> None:
    class Pipe:
        def __init__(self) -> None:
            self.inner = io.BytesIO(CONTENT)

        def read(self, size: int) -> bytes:
            return self.inner.read(size)

    blob = Blob(faults=[503])
    with serving(blob) as files, pytest.raises(CogniteAPIError) as failure:
        files.upload_bytes(Pipe(), name="f")
    assert failure.value.code == 503
    assert blob.calls.count("PUT") == 1


def test_an_upload_that_fails_says_that_there_is_an_entry(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"x")
    with serving(Blob(faults=[400])) as files, pytest.raises(CogniteAPIError) as failure:
        files.upload(tmp_path / "f", metadata={"k": "v"})
    assert failure.value.failed["path"].to_list() == [str(tmp_path / "f")]
    [note] = failure.value.__notes__
    assert note == "The file 'f' has been entered with the id 1, and has no new content."


@pytest.mark.parametrize("in_memory", [True, False])
def test_a_large_content_goes_up_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_memory: bool) -> None:
    monkeypatch.setattr(moves, "PART", 1 + len(CONTENT) // 7)
    (tmp_path / "f").write_bytes(CONTENT)
    blob = Blob(faults=[("cut", 1000), 503, 429])
    seen: list[tuple[int, int]] = []
    with serving(blob) as files:
        if in_memory:
            files.upload_bytes(CONTENT, name="f")
        else:
            files.upload(tmp_path / "f", progress=lambda *told: seen.append(told))
            assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert blob.received == CONTENT
    assert [len(part) for part in blob.parts.values()] != [len(CONTENT)]
    assert blob.calls.count("PUT") == 7 + 3
    assert blob.calls[0] == "initmultipartupload"
    assert blob.calls[-2:] == ["completemultipartupload", "byids"]


@pytest.mark.parametrize(("code", "outcome"), [(400, "failed"), (500, "unknown")])
def test_a_part_that_fails_leaves_no_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, outcome: str
) -> None:
    monkeypatch.setattr(moves, "PART", 1 + len(CONTENT) // 7)
    (tmp_path / "f").write_bytes(CONTENT)
    blob = Blob(faults=[code])
    with serving(blob) as files, pytest.raises(CogniteAPIError) as failure:
        files.upload(tmp_path / "f")
    assert failure.value.code == code
    assert getattr(failure.value, outcome)["path"].to_list() == [str(tmp_path / "f")]
    assert failure.value.successful.height == 0
    [note] = failure.value.__notes__
    assert note == "The file 'f' has been entered with the id 1, and has no new content."
    assert "completemultipartupload" not in blob.calls
    assert blob.received is None


def test_parts_are_not_too_many() -> None:
    content = BytesContent(bytes(range(100)))
    for about, most in ((1, 7), (33, 250), (100, 250), (101, 250)):
        parts = content.parts(about, most)
        assert len(parts) == min(-(-100 // about), most)
        assert b"".join(piece for part in parts for piece in part.pieces()) == bytes(range(100))


def test_progress_is_in_bytes(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(CONTENT)
    seen: list[tuple[int, int]] = []
    with serving(Blob(CONTENT)) as files:
        files.upload(tmp_path / "f", progress=lambda *told: seen.append(told))
        assert seen[-1] == (len(CONTENT), len(CONTENT))
        files.download_to_path(tmp_path / "g", id=1, progress=lambda *told: seen.append(told))
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert all(done <= total for done, total in seen)


MEASURE = """
import sys
from pathlib import Path
from tests.files.blob_server import plain_session
from benchmarks.measure import peak
from cdframe.resources.files import FilesAPI
base, path = sys.argv[1], Path(sys.argv[2])
files = FilesAPI(plain_session(base), "polars")
files.upload_bytes(b"warm up", name="w")
before = peak()
files.upload(path)
files.download_to_path(path.with_suffix(".copy"), id=1)
print(peak() - before)
"""


def test_contents_are_not_held_in_memory(tmp_path: Path) -> None:
    large = tmp_path / "large.bin"
    with large.open("wb") as file:
        file.truncate(300_000_000)

    class Sink(Blob):
        pass

    blob = Sink(content=bytes(200_000_000))
    with serving(blob) as files:
        base = files._session.config.base_url
        done = subprocess.run(
            [sys.executable, "-c", MEASURE, base, str(large)], capture_output=True, text=True, check=True, timeout=120
        )
    assert int(done.stdout) < 50_000_000
    assert large.with_suffix(".copy").stat().st_size == 200_000_000
