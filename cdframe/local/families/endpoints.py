"""The routes of families: requests are taken apart, and answers put together, the same way for all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from werkzeug.wrappers import Response

from cdframe.local.application import Route
from cdframe.local.database import Connection
from cdframe.local.families.family import Asked, Family
from cdframe.local.families.query import Parameter, parse_parameter, parse_query
from cdframe.local.fields import Kind, Text
from cdframe.local.http import JSON, Call, answer, encoded_answer, json_bytes
from cdframe.local.identifiers import Identifier
from cdframe.local.paging import parse_limit
from cdframe.local.summaries import KEYS as SUMMARY_KEYS
from cdframe.local.validation import as_boolean, as_object, reject_unknown, request_items

MOST = 1000

Operation = Literal["create", "get", "get_one", "list", "byids", "search", "aggregate", "update", "delete"]


@dataclass(frozen=True)
class Endpoints:
    """The routes of one family, declared."""

    family: type[Family]
    path: str
    acl: str
    most_created: int = MOST
    created: int = 201  # the status of a create
    deleted: int = 200  # the status of a delete
    list_keys: Sequence[str] = ("filter", "advancedFilter", "limit", "cursor", "partition", "sort")
    shape_keys: Sequence[str] = ()  # further keys of lists and byids: what the objects are to show
    aggregate_keys: Sequence[str] = ()  # further keys of aggregates
    delete_keys: Sequence[str] = ()  # further keys of deletes
    query: Mapping[str, Parameter] = field(default_factory=dict)
    sortable_query: bool = False  # whether lists by query string take `sort`
    query_limit: int | None = None  # of lists by query string that say none, when it is not that of all lists
    texts: Mapping[str, Kind] = field(
        default_factory=lambda: {"name": Text(140), "description": Text(500), "query": Text(140)}
    )  # what searches look for

    def routes(self, *operations: Operation) -> Sequence[Route]:
        """The routes of these operations."""
        known = {
            "create": ("POST", "", self.create, "WRITE"),
            "get": ("GET", "", self.list_by_query, "READ"),
            "get_one": ("GET", "/<id>", self.get_one, "READ"),
            "list": ("POST", "/list", self.list_by_body, "READ"),
            "byids": ("POST", "/byids", self.by_ids, "READ"),
            "search": ("POST", "/search", self.search, "READ"),
            "aggregate": ("POST", "/aggregate", self.aggregate, "READ"),
            "update": ("POST", "/update", self.update, "WRITE"),
            "delete": ("POST", "/delete", self.delete, "WRITE"),
        }
        chosen = (known[operation] for operation in operations)
        return [Route(method, self.path + path, handler, self.acl, action) for method, path, handler, action in chosen]

    def create(self, call: Call) -> Response:
        """Store new rows."""
        reject_unknown(call.body, ("items",), "")
        items = request_items(call.body, self.most_created)
        rows = [self.family.resource.parse(item, f"items[{i}]") for i, item in enumerate(items)]
        with call.engine.database.write() as connection:
            objects = self._rows(call, connection).create(rows)
        return answer_objects(objects, status=self.created)

    def list_by_query(self, call: Call) -> Response:
        """List with the parameters in the query string."""
        given = parse_query(self.query, call.request.args, sortable=self.sortable_query)
        body = {"limit": self.query_limit, **given}
        with call.engine.database.read() as connection:
            objects, cursor = self._rows(call, connection, body).page(clamp=True)
        return answer_objects(objects, cursor)

    def list_by_body(self, call: Call) -> Response:
        """List with filters."""
        reject_unknown(call.body, (*self.list_keys, *self.shape_keys), "")
        with call.engine.database.read() as connection:
            objects, cursor = self._rows(call, connection).page()
        return answer_objects(objects, cursor)

    def get_one(self, call: Call) -> Response:
        """The one object whose id is in the path."""
        identifier = self.family.naming.parse({"id": parse_parameter("id", call.path["id"])}, "path")
        with call.engine.database.read() as connection:
            (found,) = self._rows(call, connection, {}).by_ids([identifier], ignore_unknown=False)
        return encoded_answer(found.encode(), JSON)

    def by_ids(self, call: Call) -> Response:
        """The objects that are named."""
        identifiers, ignore_unknown = self._named(call, self.shape_keys)
        with call.engine.database.read() as connection:
            objects = self._rows(call, connection).by_ids(identifiers, ignore_unknown=ignore_unknown)
        return answer_objects(objects)

    def search(self, call: Call) -> Response:
        """The objects whose texts match best."""
        reject_unknown(call.body, ("filter", "advancedFilter", "search", "limit"), "")
        texts = as_object(call.body.get("search") or {}, "search")
        reject_unknown(texts, self.texts, "search")
        wanted = {
            name: self.texts[name].check(text, f"search.{name}")
            for name, text in texts.items()
            if text not in (None, "")
        }
        limit = parse_limit(call.body.get("limit"))
        with call.engine.database.read() as connection:
            objects = self._rows(call, connection).search(wanted, limit)
        return answer_objects(objects)

    def aggregate(self, call: Call) -> Response:
        """How many rows there are, and what values their properties have."""
        keys = SUMMARY_KEYS if self.family.properties else ("filter", "aggregate")
        reject_unknown(call.body, (*keys, *self.aggregate_keys), "")
        with call.engine.database.read() as connection:
            items = self._rows(call, connection).aggregate()
        return answer({"items": items})

    def update(self, call: Call) -> Response:
        """Change rows."""
        reject_unknown(call.body, ("items",), "")
        changes = []
        for i, item in enumerate(request_items(call.body, MOST)):
            identifier = self.family.naming.parse(item, f"items[{i}]", others=("update",))
            changes.append((identifier, as_object(item.get("update") or {}, f"items[{i}].update")))
        with call.engine.database.write() as connection:
            objects = self._rows(call, connection).update(changes)
        return answer_objects(objects)

    def delete(self, call: Call) -> Response:
        """Delete rows."""
        identifiers, ignore_unknown = self._named(call, self.delete_keys)
        with call.engine.database.write() as connection:
            self._rows(call, connection).delete(identifiers, ignore_unknown=ignore_unknown)
        return answer({}, self.deleted)

    def _rows(self, call: Call, connection: Connection, body: Asked | None = None) -> Family:
        asked = call.body if body is None else body
        return self.family(connection, call.caller, call.grant, asked, call.engine.clock.now())

    def _named(self, call: Call, more_keys: Sequence[str]) -> tuple[list[Identifier], bool]:
        reject_unknown(call.body, ("items", "ignoreUnknownIds", *more_keys), "")
        items = request_items(call.body, MOST)
        identifiers = [self.family.naming.parse(item, f"items[{i}]") for i, item in enumerate(items)]
        return identifiers, as_boolean(call.body.get("ignoreUnknownIds"), "ignoreUnknownIds", False)


def answer_objects(objects: Sequence[str], cursor: str | None = None, *, status: int = 200) -> Response:
    """An answer of objects that are JSON already."""
    end = "" if cursor is None else f',"nextCursor":{json_bytes(cursor).decode()}'
    return encoded_answer(f'{{"items":[{",".join(objects)}]{end}}}'.encode(), JSON, status)
