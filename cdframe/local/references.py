"""References from one resource type to another: parsed, checked on write, followed in filters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cdframe.local.conditions import Condition, any_of, one_of
from cdframe.local.database import Connection
from cdframe.local.errors import ApiError, bad_request
from cdframe.local.fields import EXTERNAL_ID, Integer, Text
from cdframe.local.validation import as_list, as_object, check_size, reject_unknown, shown

LEAST_INTEGER, MOST_INTEGER = -(2**63), 2**63 - 1
ANY_ID = Integer(LEAST_INTEGER, MOST_INTEGER)  # one that cannot exist matches nothing, as any unknown one
MOST_NAMED = 10


@dataclass(frozen=True, slots=True)
class References:
    """References in a filter."""

    ids: Sequence[int] = ()
    external_ids: Sequence[str] = ()

    @property
    def rows(self) -> Condition:
        """The rows that they are to; unknown ones are to none."""
        return any_of([one_of("id", self.ids), one_of("external_id", self.external_ids)])


def parse_ids(value: Any, where: str, most: int) -> References:
    """A list of ids."""
    values = as_list(value, where)
    check_size(values, where, 1, most)
    return References(ids=[ANY_ID.check(number, f"{where}[{i}]") for i, number in enumerate(values)])


def parse_external_ids(value: Any, where: str, most: int) -> References:
    """A list of external ids."""
    values = as_list(value, where)
    check_size(values, where, 1, most)
    return References(external_ids=[Text(255).check(text, f"{where}[{i}]") for i, text in enumerate(values)])


def parse_references(value: Any, where: str, most: int, *, least: int = 1, bare_ids: bool = False) -> References:
    """A list of `{"id"}` or `{"externalId"}`, or of ids too where they may be bare."""
    values = as_list(value, where)
    check_size(values, where, least, most)
    ids, external_ids = [], []
    for i, item in enumerate(values):
        path = f"{where}[{i}]"
        if bare_ids and not isinstance(item, dict):
            ids.append(ANY_ID.check(item, path))
            continue
        given = {key: part for key, part in as_object(item, path).items() if part is not None}
        reject_unknown(given, ("id", "externalId"), path)
        if len(given) != 1:
            raise bad_request(f"{path} must have exactly one of id, externalId, but was {shown(item)}")
        if "id" in given:
            ids.append(ANY_ID.check(given["id"], f"{path}.id"))
        else:
            external_ids.append(EXTERNAL_ID.kind.check(given["externalId"], f"{path}.externalId"))
    return References(ids, external_ids)


@dataclass(frozen=True, slots=True)
class Relation:
    """A resource type that others refer to."""

    missing: str  # how the message about unknown ones begins
    table: str
    column: str = "id"
    key: str = "id"  # the name of a reference on the wire
    listed: bool = True  # whether the error lists the unknown ones beside its message

    def require(self, connection: Connection, references: Iterable[Any]) -> None:
        """Check that all exist, or 400 with those that do not."""
        wanted = list(dict.fromkeys(references))
        if not wanted:
            return
        test = one_of(self.column, wanted)
        found = connection.tuples(f"SELECT {self.column} FROM {self.table} WHERE {test.sql}", test.parameters)
        known = {row[0] for row in found}
        missing = [reference for reference in wanted if reference not in known]
        if missing:
            shown = missing[:MOST_NAMED] if self.listed else missing
            text = f"{self.missing}: {', '.join(map(str, shown))}{', ...' * (len(missing) > len(shown))}"
            raise ApiError(400, text, missing=[{self.key: one} for one in missing] if self.listed else ())

    def referred(self, column: str, references: References) -> Condition:
        """The rows whose column refers to one of these."""
        if not references.external_ids:
            return one_of(column, references.ids)
        return self.among(column, references.rows)

    def among(self, column: str, rows: Condition) -> Condition:
        """The rows whose column refers to one of the rows that this holds for."""
        return Condition(f"{column} IN (SELECT id FROM {self.table} WHERE {rows.sql})", rows.parameters)


ASSETS = Relation("Asset ids not found", "assets")
DATA_SETS = Relation("Invalid dataSetIds", "data_sets", listed=False)
LISTED_DATA_SETS = replace(DATA_SETS, missing="Data set ids not found", listed=True)
LABELS = Relation("Label ids not found", "labels", column="external_id", key="externalId")
