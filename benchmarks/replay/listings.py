"""Rows of families, prepared as JSON: any run of them is a slice. Rows that are created are answered by such, too."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from benchmarks.replay.queries import Refusal

MOST_LISTED = 1000
CREATED_NAME = re.compile(rb'"externalId": ?"([a-z0-9-]+-\d{6})"')
"""The external ids of rows that are created; what rows refer to is named otherwise."""


class Texts:
    """Texts of JSON: any run of them, with commas between them, is a slice."""

    def __init__(self, texts: Iterable[str]) -> None:
        parts = [text.encode() + b"," for text in texts]
        self._bytes = memoryview(b"".join(parts))
        self._edges = [0, *np.cumsum([len(part) for part in parts]).tolist()]

    def __len__(self) -> int:
        return len(self._edges) - 1

    def between(self, low: int, high: int) -> memoryview:
        """The texts [low, high), with commas between them."""
        return self._bytes[self._edges[low] : max(self._edges[low], self._edges[high] - 1)]


class Listing(Texts):
    """The rows of one family."""

    def __init__(self, definitions: Iterable[Mapping[str, Any]]) -> None:
        super().__init__(map(json.dumps, definitions))

    def page(self, body: Mapping[str, Any]) -> list[bytes | memoryview]:
        """A page of a list, as JSON."""
        if any(body.get(key) for key in ("filter", "advancedFilter", "sort")):
            raise Refusal("lists are replayed without filters")
        limit = min(body.get("limit") or 100, MOST_LISTED)
        part, parts = (int(number) for number in (body.get("partition") or "1/1").split("/"))
        end = part * len(self) // parts
        begin = int(body.get("cursor") or (part - 1) * len(self) // parts)
        stop = min(begin + limit, end)
        more = b"" if stop >= end else b',"nextCursor":"%d"' % stop
        return [b'{"items":[', self.between(begin, stop), b"]", more, b"}"]


class Answers:
    """What is answered when rows are created: their names, beside what is the same for all of them."""

    def __init__(self, like: Mapping[str, Any]) -> None:
        """`like` is a row of the family, as answers have it."""
        rest = {name: value for name, value in like.items() if name not in ("id", "externalId")}
        self._tail = json.dumps(rest).encode()[1:]
        self.count = 0
        self.total = 0

    def created(self, body: bytes) -> list[bytes]:
        """Answer a request, and count its rows and the numbers at the end of their names."""
        names = CREATED_NAME.findall(body)
        numbers = [int(name[-6:]) for name in names]
        first = self.count
        self.count += len(names)
        self.total += sum(numbers)
        items = (b'{"id":%d,"externalId":"%s",%s' % (id, name, self._tail) for id, name in enumerate(names, first + 1))
        return [b'{"items":[', b",".join(items), b"]}"]

    def reset(self) -> None:
        """Count from zero again."""
        self.count = self.total = 0
