"""Files up and down, several at once: entries and links by the API, contents by the links."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from cdframe.errors import CogniteAPIError
from cdframe.files.contents import Content
from cdframe.files.targets import whole_file
from cdframe.files.transfers import Gauge, download, upload
from cdframe.progress import progress_callback
from cdframe.session import Session
from cdframe.types import FrameKind, ProgressOption
from cdframe.writes import Write, collect_writes

PART = 64 * 2**20
"""About the bytes of a part; a content that is larger goes up in parts, side by side."""

MOST_PARTS = 250
MOST_LINKS = 100


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
        writes: list[Write[Any]] = []
        for number, content in enumerate(contents):
            one = _Upload(session, objects[number], content, overwrite, gauge)
            writes += one.writes(rows.slice(number, 1), begin=len(writes))
        futures = session.make_writes(writes, meanwhile=gauge.show)
        gauge.show()
    return [id for id in collect_writes(writes, futures, frame) if id is not None]


class _Upload:
    """One file that goes up: its entry first, then its parts side by side, and what makes them its content at last."""

    def __init__(self, session: Session, item: str, content: Content, overwrite: bool, gauge: Gauge) -> None:
        self._session = session
        self._item = item
        self._overwrite = overwrite
        self._gauge = gauge
        self._parts = content.parts(PART, MOST_PARTS)
        self._file: dict[str, Any] = {}
        self._errors: list[Exception] = []

    def writes(self, row: pa.Table, begin: int) -> list[Write[Any]]:
        """The steps, the first of which has the number `begin`. The last one tells what became of the row."""
        if len(self._parts) == 1:
            return [Write(row, self._send_whole)]
        parts = range(begin + 1, begin + 1 + len(self._parts))
        return [
            Write(row.slice(0, 0), partial(self._try, self._enter)),
            *(Write(row.slice(0, 0), partial(self._try, self._send, n), (begin,)) for n in range(len(parts))),
            Write(row, self._end, parts),
        ]

    def _send_whole(self) -> int:
        self._enter()
        self._try(self._send, 0)
        return self._end()

    def _enter(self) -> None:
        count = len(self._parts)
        self._file = enter(self._session, self._item, self._overwrite, count if count > 1 else None)

    def _send(self, number: int) -> None:
        urls = self._file.get("uploadUrls") or [self._file["uploadUrl"]]
        upload(self._session, urls[number], self._parts[number], self._file.get("mimeType"), self._gauge)

    def _try(self, step: Callable[..., None], *arguments: Any) -> None:
        """Make a step, unless one failed before; the end tells of it."""
        if self._errors:
            return
        try:
            step(*arguments)
        except Exception as error:
            self._errors.append(error)

    def _end(self) -> int:
        if "uploadId" in self._file:
            self._try(self._complete)
        if self._errors:
            error = self._errors[0]
            if self._file:
                name, id = self._file["name"], self._file["id"]
                error.add_note(f"The file {name!r} has been entered with the id {id}, and has no new content.")
            raise error
        return int(self._file["id"])

    def _complete(self) -> None:
        done = {"id": self._file["id"], "uploadId": self._file["uploadId"]}
        self._session.request("POST", "/files/completemultipartupload", json=done)


def download_files(
    session: Session, rows: pa.Table, paths: Sequence[Path], frame: FrameKind, progress: ProgressOption
) -> None:
    """Fetch the contents of files, one for each row, to paths.

    Raises:
        CogniteAPIError: some failed, of which nothing is left; has the rows as frames.
    """
    links = _Links(session, rows.select(["id", "external_id"]).to_pylist())
    with progress_callback(progress, "Downloading", "bytes") as callback:
        gauge = Gauge(callback)
        writes = [
            Write(rows.slice(number, 1), partial(_download_one, session, links, number, path, gauge))
            for number, path in enumerate(paths)
        ]
        futures = session.make_writes(writes, meanwhile=gauge.show)
        gauge.show()
    collect_writes(writes, futures, frame)


def _download_one(session: Session, links: _Links, number: int, path: Path, gauge: Gauge) -> None:
    link = links.first(number)  # before the folder is touched: there may be no content
    with whole_file(path) as file:
        download(session, link, partial(links.another, number), file, gauge)


class _Links:
    """Links to contents, asked for by the hundred when the first of them is needed."""

    def __init__(self, session: Session, identities: Sequence[dict[str, Any]]) -> None:
        self._session = session
        self._identities = identities
        self._locks = [threading.Lock() for _ in range(0, len(identities), MOST_LINKS)]
        self._found: dict[int, Sequence[str]] = {}

    def first(self, number: int) -> str:
        """The link to the content of a file, by its number."""
        batch, place = divmod(number, MOST_LINKS)
        with self._locks[batch]:
            if batch not in self._found:
                self._found[batch] = self._ask(batch)
        return self._found[batch][place] if self._found[batch] else self.another(number)

    def another(self, number: int) -> str:
        """A new link to the content of a file, for one that has expired."""
        return download_link(self._session, self._identities[number])

    def _ask(self, batch: int) -> Sequence[str]:
        """Ask for the links of a batch; none where a file has no content, so that each must be asked for itself."""
        some = self._identities[batch * MOST_LINKS : (batch + 1) * MOST_LINKS]
        if len(some) == 1:
            return []
        try:
            return _download_links(self._session, some, extendedExpiration="true")
        except CogniteAPIError as error:
            if error.code != 400:
                raise
            return []


def download_link(session: Session, identity: dict[str, Any]) -> str:
    """Ask for a link that the content of a file can be fetched from."""
    [link] = _download_links(session, [identity])
    return link


def _download_links(session: Session, identities: Sequence[dict[str, Any]], **params: str) -> list[str]:
    items = [{"externalId": one["external_id"]} if one["id"] is None else {"id": one["id"]} for one in identities]
    answer = session.request("POST", "/files/downloadlink", json={"items": items}, params=params).json()
    return [str(item["downloadUrl"]) for item in answer["items"]]
