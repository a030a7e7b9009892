"""Files: contents that are read, prepared, and entries for those that are sent, which are counted and discarded."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from typing import Any

from benchmarks.contents import content_of
from benchmarks.data import START, Block
from benchmarks.replay.queries import Refusal, identity_of, items_of

MOST_ITEMS, MOST_LINKS = 1000, 100


class Contents:
    """The files of some blocks, and those that are entered later; links lead back to the server."""

    def __init__(self, blocks: tuple[Block, ...] = ()) -> None:
        self._contents: dict[int, bytes] = {}
        self._entries: dict[tuple[str, Any], dict[str, Any]] = {}
        self._lock = threading.Lock()
        for block in blocks:
            for number, name in enumerate(block.names):
                id = self._enter({"name": name, "externalId": name}, uploaded=True)["id"]
                self._contents[id] = content_of(block, number)

    def byids(self, body: Mapping[str, Any]) -> bytes:
        """What files are."""
        return _items([self._find(item) for item in items_of(body, MOST_ITEMS)])

    def links(self, body: Mapping[str, Any], address: str) -> bytes:
        """Links to contents."""
        items = items_of(body, MOST_LINKS)
        return _items([{**item, "downloadUrl": f"{address}/{self._find(item)['id']}"} for item in items])

    def content(self, id: str) -> bytes:
        """What a link leads to."""
        return self._contents[int(id)]

    def enter(self, body: Mapping[str, Any], address: str, parts: int | None) -> bytes:
        """Enter a file; its content goes to one link, or as so many parts to as many."""
        entry = self._enter(body, uploaded=False)
        link = f"{address}/{entry['id']}"
        more = {"uploadUrl": link} if parts is None else {"uploadId": "u", "uploadUrls": [link] * parts}
        return json.dumps({**entry, **more}).encode()

    def _enter(self, about: Mapping[str, Any], uploaded: bool) -> dict[str, Any]:
        with self._lock:
            id = 1 + len(self._entries)
            entry = {"id": id, **about, "uploaded": uploaded, "createdTime": START, "lastUpdatedTime": START}
            self._entries["id", id] = entry
            if "externalId" in about:
                self._entries["externalId", about["externalId"]] = entry
        return entry

    def _find(self, item: Mapping[str, Any]) -> dict[str, Any]:
        found = self._entries.get(identity_of(item))
        if found is None:
            raise Refusal("Files not found", missing=[item])
        return found


def _items(items: list[dict[str, Any]]) -> bytes:
    return json.dumps({"items": items}).encode()
