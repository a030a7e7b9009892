"""The rules of families: create, find, change and delete rows, within what the caller may."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar

from cdframe.local.access import Grant, Principal, Scopes, scoped
from cdframe.local.advanced_filters import compile_advanced_filter
from cdframe.local.conditions import Condition, one_of
from cdframe.local.database import Connection
from cdframe.local.errors import forbidden
from cdframe.local.fields import ID
from cdframe.local.filters import Key, compile_filter
from cdframe.local.identifiers import Identifier, Naming, find, new_ids
from cdframe.local.paging import Order, fetch_page, id_range, parse_page
from cdframe.local.properties import Properties
from cdframe.local.resources import Resource, Row
from cdframe.local.search import MOST_RANKED, candidates, closeness, rank
from cdframe.local.summaries import summarise
from cdframe.local.uniqueness import require_unique
from cdframe.local.updates import apply_update, references_in

Asked = Mapping[str, Any]  # the body of a request


class Family:
    """One family of resources, as one caller sees it within one transaction.

    Subclasses declare the family in class attributes, and override those rules that are special to it. Rows go in as
    values by their columns; objects come out as JSON.
    """

    resource: ClassVar[Resource]
    naming: ClassVar[Naming]
    filters: ClassVar[Mapping[str, Key]]
    properties: ClassVar[Properties] = MappingProxyType({})  # for sorts, advanced filters and aggregates
    sortable: ClassVar[Collection[str]] = ()  # the properties that lists are sorted by, when it is not all of them
    unsorted: ClassVar[Sequence[Order]] = ()  # the order of lists that no sort is asked of, before the id
    text_values: ClassVar[bool] = False  # whether aggregates give all values as texts
    scopes: ClassVar[Scopes] = MappingProxyType({"datasetscope": scoped("data_set_id")})
    categories: ClassVar[str | None] = None  # the column of security categories
    searched: ClassVar[Mapping[str, int]] = MappingProxyType({"name": 2, "description": 1})  # columns, weights

    def __init__(self, connection: Connection, caller: Principal, grant: Grant, asked: Asked, now: int = 0) -> None:
        """`grant` is what the caller may do of what the request needs, `now` the time of what is written."""
        self.connection = connection
        self.caller = caller
        self.grant = grant
        self.asked = asked
        self.now = now

    # Rules that families override

    @classmethod
    def visible(cls, caller: Principal, grant: Grant) -> Condition:
        """The rows that the caller may do this with."""
        covered = grant.condition(cls.scopes)
        return covered if cls.categories is None else covered & caller.categories(cls.categories)

    def members(self) -> Sequence[str]:
        """The SQL of further members of the objects of this answer: each `,"name":value`, or null."""
        return ()

    def apply(self, row: Row, update: Any, where: str) -> Row:
        """The row after an update."""
        return apply_update(self.resource, row, update, where)

    def partition(self, part: int, count: int) -> Condition:
        """The rows of one of the partitions of a list, counted from 1."""
        return id_range(part, count)

    def touched(self, old: Row, new: Row, update: Any) -> bool:
        """Whether an update moves the time of the last one."""
        return True

    def complete(self, rows: Sequence[Row], old: Sequence[Row]) -> None:
        """Check rows as they are to be stored, and set what follows from them; `old` is empty for new ones."""

    def follow(self, rows: Sequence[Row], old: Sequence[Row]) -> None:
        """Change elsewhere what follows from rows that were just stored."""

    def delete_rows(self, ids: Sequence[int]) -> None:
        """Delete rows, and change elsewhere what follows from that."""
        test = one_of("id", ids)
        self.connection.execute(f"DELETE FROM {self.resource.table} WHERE {test.sql}", test.parameters)

    def new_ids(self, count: int) -> list[int]:
        """Ids for new rows."""
        return new_ids(self.connection, self.resource.table, count)

    # What all families have

    def create(self, rows: Sequence[Row]) -> list[str]:
        """Store new rows."""
        self._require_unique(rows, [])
        server_set = {"created_time": self.now, "last_updated_time": self.now}
        ids = self.new_ids(len(rows))
        created = [{"id": id, **row, **server_set} for id, row in zip(ids, rows, strict=True)]
        self._check(created, [])
        self.connection.insert(self.resource.table, self.resource.as_table(created))
        return self._written(created, [])

    def update(self, changes: Sequence[tuple[Identifier, Any]]) -> list[str]:
        """Change rows; each change is a reference and its `update` object."""
        found = self.find([identifier for identifier, _ in changes], self.resource.columns)
        old = [self.resource.load(row) for row in found]
        rows = []
        for i, (row, (_, change)) in enumerate(zip(old, changes, strict=True)):
            changed = self.apply(row, change, f"items[{i}].update")
            if self.touched(row, changed, change):
                changed["last_updated_time"] = self.now
            rows.append(changed)
        return self.replace(rows, old, [change for _, change in changes])

    def replace(self, rows: Sequence[Row], old: Sequence[Row], updates: Sequence[Any]) -> list[str]:
        """Store rows in the place of old ones, which updates made of them."""
        self._require_unique(rows, old)
        self._check(rows, old, updates)
        fields = [field for field in self.resource.stored if _differ(field.column, rows, old)]
        if fields:
            self.connection.update(self.resource.table, self.resource.as_table(rows, [ID, *fields]))
        return self._written(rows, old)

    def delete(self, identifiers: Sequence[Identifier], *, ignore_unknown: bool) -> None:
        """Delete the rows that are named."""
        columns = ["id", "external_id", *(["data_set_id"] if "dataSetId" in self.resource.by_name else [])]
        rows = self.find(identifiers, ", ".join(columns), ignore_unknown=ignore_unknown)
        self.require_writable(rows)
        self.delete_rows([row["id"] for row in rows])

    def by_ids(self, identifiers: Sequence[Identifier], *, ignore_unknown: bool) -> list[str]:
        """The objects that are named, in their order."""
        columns = f"id, external_id, {self._json} AS json"
        return [row["json"] for row in self.find(identifiers, columns, ignore_unknown=ignore_unknown)]

    def by_external_ids(self, external_ids: Sequence[str]) -> dict[str, str]:
        """The objects of those external ids that there are, by them."""
        test = one_of("external_id", external_ids) & self.visible(self.caller, self.grant)
        sql = f"SELECT external_id, {self._json} FROM {self.resource.table} WHERE {test.sql}"
        return dict(self.connection.tuples(sql, test.parameters))

    def page(self, *, clamp: bool = False) -> tuple[list[str], str | None]:
        """The objects of a page of a list, and the cursor of the next one if there is one."""
        sortable = {name: p for name, p in self.properties.items() if name in (self.sortable or self.properties)}
        page = parse_page(self.asked, self.resource.table, sortable, unsorted=self.unsorted, clamp=clamp)
        condition = self.partition(*page.partition) if page.partition else Condition()
        ids, cursor = fetch_page(self.connection, self.resource.table, condition & self.selection(), page)
        return self.shown(ids), cursor

    def search(self, wanted: Mapping[str, str], limit: int) -> list[str]:
        """The objects that match texts best; with none all, by id."""
        condition = self.selection() & candidates(wanted, self.searched)
        sql = f"FROM {self.resource.table} WHERE {condition.sql}"
        if not wanted:
            found = self.connection.tuples(f"SELECT id {sql} ORDER BY id LIMIT {limit}", condition.parameters)
            return self.shown([id for (id,) in found])
        close = closeness(wanted, self.searched)
        rows = self.connection.rows(
            f"SELECT id, {', '.join(self.searched)} {sql} ORDER BY {close.sql} DESC, id LIMIT {MOST_RANKED}",
            [*condition.parameters, *close.parameters],
        )
        return self.shown(rank(((row.pop("id"), row) for row in rows), wanted, self.searched)[:limit])

    def aggregate(self) -> list[dict[str, Any]]:
        """How many rows there are, and what values their properties have."""
        return summarise(
            self.connection,
            self.resource.table,
            self.properties,
            self.asked,
            self.selection(),
            text_values=self.text_values,
        )

    def selection(self) -> Condition:
        """The rows that pass the filters of the request and that the caller may see."""
        return (
            self.visible(self.caller, self.grant)
            & compile_filter(self.filters, self.asked.get("filter"), self.connection)
            & compile_advanced_filter(self.properties, self.asked.get("advancedFilter"))
        )

    def find(
        self, identifiers: Sequence[Identifier], columns: str, *, ignore_unknown: bool = False
    ) -> list[dict[str, Any]]:
        """The rows that the identifiers name, in their order."""
        self.naming.reject_repeats(identifiers)
        condition = self.visible(self.caller, self.grant)
        found = find(self.connection, self.resource.table, columns, identifiers, condition)
        if not ignore_unknown:
            self.naming.reject_missing(identifiers, found)
        self.naming.reject_conflicts(found)
        return list(found.values())

    def shown(self, ids: Sequence[int]) -> list[str]:
        """The objects of rows, in the order of their ids here."""
        test = one_of("id", ids)
        found = self.connection.tuples(
            f"SELECT id, {self._json} FROM {self.resource.table} WHERE {test.sql}", test.parameters
        )
        by_id = dict(found)
        return [by_id[id] for id in ids]

    def require_writable(self, rows: Sequence[Row]) -> None:
        """Check that no row is in a data set that only its owners may write to, or 403."""
        owned = self.caller.grant("datasetsAcl", "OWNER")
        if owned.everything:
            return
        data_sets = {row["data_set_id"] for row in rows if row.get("data_set_id") is not None}
        test = one_of("id", sorted(data_sets - owned.scopes.get("idscope", set()))) & Condition("write_protected")
        if self.connection.value(f"SELECT count(*) FROM data_sets WHERE {test.sql}", test.parameters):
            raise forbidden()

    @property
    def _json(self) -> str:
        hidden = ("metadata",) if self.asked.get("includeMetadata") is False else ()
        return self.resource.json(hidden, self.members())

    def _require_unique(self, rows: Sequence[Row], old: Sequence[Row]) -> None:
        status = 409 if old else self.naming.repeated_status
        kept = {row["id"] for row in old}
        for field in self.resource.stored:
            if not field.unique or (old and not _differ(field.column, rows, old)):
                continue
            require_unique(
                self.connection,
                self.resource,
                field,
                rows,
                kept=kept,
                taken=self.naming.taken,
                twice=self.naming.twice,
                repeated_status=status,
            )

    def _check(self, rows: Sequence[Row], old: Sequence[Row], updates: Sequence[Any] = ()) -> None:
        """What must hold for rows as they are to be stored.

        References that they had before are not looked at again, unless an update names them.
        """
        nothing: list[Row] = [{}] * len(rows)
        for field in self.resource.stored:
            if field.refers_to is None:
                continue
            added = []
            for row, was, update in zip(rows, old or nothing, updates or nothing, strict=True):
                kept = set(field.kind.references(was.get(field.column))).difference(references_in(field, update))
                added += [one for one in field.kind.references(row[field.column]) if one not in kept]
            field.refers_to.require(self.connection, added)
        self.complete(rows, old)
        self.require_writable([*rows, *old])

    def _written(self, rows: Sequence[Row], old: Sequence[Row]) -> list[str]:
        self.follow(rows, old)
        ids = [row["id"] for row in rows]
        condition = self.visible(self.caller, self.grant)
        if condition != Condition():
            test = one_of("id", ids) & condition
            sql = f"SELECT count(*) FROM {self.resource.table} WHERE {test.sql}"
            if self.connection.value(sql, test.parameters) < len(ids):
                raise forbidden()
        return self.shown(ids)


def _differ(column: str, rows: Sequence[Row], old: Sequence[Row]) -> bool:
    return any(new[column] != was[column] for new, was in zip(rows, old, strict=True))
