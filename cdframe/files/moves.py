"""Files up and down, several at once: entries and links by the API, contents by the links."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from cdframe.files.contents import Content, FileContent
from cdframe.files.targets import whole_file
from cdframe.files.transfers import Gauge, download, upload
from cdframe.progress import progress_callback
from cdframe.session import Session
from cdframe.types import FrameKind, ProgressOption
from cdframe.writes import Write, collect_writes

SINGLE_UPLOAD = 5_000_000_000
"""The most bytes that go up in one piece; more go in parts."""

PART = 1_000_000_000


def enter(session: Session, item: str, overwrite: bool, parts: int | None = None) -> dict[str, Any]:
    """Create the entry of a file; gives it, with the links that its content goes to."""
    path = "/files" if parts is None else "/files/initmultipartupload"
    query = {"overwrite": "true" if overwrite else None, "parts": parts}
    answer: dict[str, Any] = session.request("POST", path, json=item.encode(), params=query).json()
    return answer


def upload_files(
    session: Session,
    rows: pa.Table,
    objects: pl.Series,
    contents: Sequence[Content],
    overwrite: bool,
    frame: FrameKind,
    progress: ProgressOption,
) -> list[int]:
    """Enter files, one for each row, and send their contents; gives their ids.

    Raises:
        CogniteAPIError: some failed; has the rows as frames.
    """
    with progress_callback(progress, "Uploading", "bytes") as callback:
        gauge = Gauge(callback)
        writes = [
            Write(rows.slice(number, 1), partial(_upload_one, session, objects[number], content, overwrite, gauge))
            for number, content in enumerate(contents)
        ]
        futures = session.make_writes(writes, meanwhile=gauge.show)
        gauge.show()
    return collect_writes(writes, futures, frame)


def _upload_one(session: Session, item: str, content: Content, overwrite: bool, gauge: Gauge) -> int:
    parts: list[Content] = [content]
    if isinstance(content, FileContent) and content.size > SINGLE_UPLOAD:
        parts = [*content.parts(PART)]
    file = enter(session, item, overwrite, len(parts) if len(parts) > 1 else None)
    id: int = file["id"]
    try:
        for url, part in zip(file.get("uploadUrls") or [file["uploadUrl"]], parts, strict=True):
            upload(session, url, part, file.get("mimeType"), gauge)
        if len(parts) > 1:
            done = {"id": id, "uploadId": file["uploadId"]}
            session.request("POST", "/files/completemultipartupload", json=done)
    except Exception as error:
        error.add_note(f"The file {file['name']!r} has been entered with the id {id}, and has no new content.")
        raise
    return id


def download_files(
    session: Session, rows: pa.Table, paths: Sequence[Path], frame: FrameKind, progress: ProgressOption
) -> None:
    """Fetch the contents of files, one for each row, to paths.

    Raises:
        CogniteAPIError: some failed, of which nothing is left; has the rows as frames.
    """
    identities = rows.select(["id", "external_id"]).to_pylist()
    with progress_callback(progress, "Downloading", "bytes") as callback:
        gauge = Gauge(callback)
        writes = [
            Write(rows.slice(number, 1), partial(_download_one, session, identity, path, gauge))
            for number, (identity, path) in enumerate(zip(identities, paths, strict=True))
        ]
        futures = session.make_writes(writes, meanwhile=gauge.show)
        gauge.show()
    collect_writes(writes, futures, frame)


def _download_one(session: Session, identity: dict[str, Any], path: Path, gauge: Gauge) -> None:
    link = partial(download_link, session, identity)
    links = iter([link()])  # before the folder is touched: there may be no content
    with whole_file(path) as file:
        download(session, lambda: next(links, None) or link(), file, gauge)


def download_link(session: Session, identity: dict[str, Any]) -> str:
    """Ask for a link that the content of a file can be fetched from."""
    id, external_id = identity["id"], identity["external_id"]
    item = {"externalId": external_id} if id is None else {"id": id}
    answer = session.request("POST", "/files/downloadlink", json={"items": [item]}).json()
    return str(answer["items"][0]["downloadUrl"])
