"""What is done on a disk of a few megabytes, which is the folder named on the command line."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

from cdframe import CogniteAPIError, CogniteClient

LARGE = bytes(40_000_000)


def check_downloads(disk: Path) -> None:
    with CogniteClient.local() as client:
        for name, content in (("small", b"before"), ("large", LARGE), ("other", b"other")):
            client.files.upload_bytes(content, name=name, external_id=name)
        target = disk / "target"
        target.mkdir()
        (target / "large").write_bytes(b"as it was")
        with pytest.raises(OSError, match="No space left on device") as failure:
            client.files.download(target, external_id=["small", "large", "other"])
        assert failure.value.failed["external_id"].to_list() == ["large"]  # type: ignore[attr-defined]
        assert {path.name: path.read_bytes() for path in target.iterdir()} == {
            "small": b"before",
            "large": b"as it was",
            "other": b"other",
        }


def check_uploads(disk: Path) -> None:
    with CogniteClient.local(disk / "data") as client:
        client.files.upload_bytes(b"before", name="a", external_id="a")
        for name in ("a", "b"):
            with pytest.raises(CogniteAPIError, match="no room left on the disk") as failure:
                client.files.upload_bytes(LARGE, name=name, external_id=name, overwrite=True)
            assert failure.value.code == 507
            assert failure.value.unknown["external_id"].to_list() == [name]
        assert client.files.download_bytes(external_id="a") == b"before"
        assert client.files.list().sort("name")["uploaded"].to_list() == [True, False]
        assert sum(path.stat().st_size for path in (disk / "data" / "blobs").rglob("*") if path.is_file()) == 6
        client.files.upload_bytes(b"after", name="b", external_id="b", overwrite=True)
        random.seed(0)
        rows = {f"k{n}": {"a": random.randbytes(50_000).hex()} for n in range(300)}
        client.raw.rows.insert("db", "t", {"first": {"a": 1}}, ensure_parent=True)
        with pytest.raises(CogniteAPIError, match="no room left on the disk"):
            client.raw.rows.insert("db", "t", rows)
        assert client.raw.rows.list("db", "t", limit=None)["key"].to_list() == ["first"]
    with CogniteClient.local(disk / "data") as client:
        assert client.files.download_bytes(external_id="b") == b"after"
        client.raw.rows.insert("db", "t", {"second": {"a": 2}})
        assert client.raw.rows.list("db", "t", limit=None)["a"].to_list() == [1, 2]


if __name__ == "__main__":
    {"downloads": check_downloads, "uploads": check_uploads}[sys.argv[1]](Path(sys.argv[2]))
