"""Fields that hold objects of fixed members, or lists of such objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from cdframe.local.conditions import Condition, any_of
from cdframe.local.database import Connection
from cdframe.local.errors import bad_request
from cdframe.local.fields import Field, Json, compact
from cdframe.local.filters import Test
from cdframe.local.validation import as_list, as_object, check_size, reject_unknown


@dataclass(frozen=True, slots=True)
class Record(Json):
    """An object; its members stand in the order of these fields."""

    members: Sequence[Field]

    def check(self, value: Any, where: str) -> dict[str, Any]:
        given = as_object(value, where)
        reject_unknown(given, [member.name for member in self.members], where, empty_passes=False)
        missing = [member.name for member in self.members if member.required and given.get(member.name) is None]
        if missing:
            raise bad_request(f"{where}.{missing[0]} is required")
        return {
            member.name: member.kind.check(given[member.name], f"{where}.{member.name}")
            for member in self.members
            if given.get(member.name) is not None
        }


@dataclass(frozen=True, slots=True)
class Records(Json):
    """A list of different objects, in the order in which they were added; left out when empty."""

    record: Record
    most: int = 1000
    changes: ClassVar[str] = "list"

    def check(self, value: Any, where: str) -> list[dict[str, Any]]:
        values = as_list(value, where)
        check_size(values, where, 0, self.most)
        records = [self.record.check(item, f"{where}[{i}]") for i, item in enumerate(values)]
        return [*dict(zip(self.references(records), records, strict=True)).values()]

    def store(self, value: list[dict[str, Any]] | None) -> str | None:
        return compact(value) if value else None

    def load(self, stored: str | None) -> list[dict[str, Any]]:
        return Json.load(self, stored) or []

    def references(self, value: Any) -> Sequence[str]:
        """The JSON of each object, by which it is known."""
        return [compact(record) for record in value or ()]

    def has_any(self, column: str) -> Test:
        """The list has one of these objects."""

        def test(value: Any, where: str, connection: Connection) -> Condition:
            check_size(as_list(value, where), where, 1, self.most)
            texts = self.references(self.check(value, where))
            return any_of(Condition(f"contains({column}, ?)", [text]) for text in texts)

        return test
