"""Fields of resources, declared once: what is checked, how it is stored and shown, which updates it takes."""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import pyarrow as pa

from cdframe.local.errors import bad_request, constraint
from cdframe.local.validation import (
    as_boolean,
    as_integer,
    as_list,
    as_number,
    as_object,
    as_string,
    check_size,
    reject_unknown,
    shown,
)

if TYPE_CHECKING:
    from cdframe.local.references import Relation

MAX_ID = 2**53 - 1


class Kind(ABC):
    """The kind of a field: checks a value of a request, and says how it is stored and shown."""

    arrow: ClassVar[pa.DataType]  # the type of the column
    changes: ClassVar[str] = (
        "value"  # how updates change it: `value` (set, setNull), `map` or `list` (also add, remove)
    )

    @abstractmethod
    def check(self, value: Any, where: str) -> Any:
        """The value of a row, or 400."""

    def store(self, value: Any) -> Any:
        """What the column holds for a value."""
        return value

    def load(self, stored: Any) -> Any:
        """The value that a column holds."""
        return stored

    def references(self, value: Any) -> Sequence[Any]:
        """What a value refers to, for fields that refer to something; of lists one for each element."""
        return () if value is None else (value,)

    def json(self, column: str) -> str:
        """The SQL of its JSON; null when it is to be left out."""
        return column


@dataclass(frozen=True, slots=True)
class Text(Kind):
    """A string, limited in characters."""

    most: int
    least: int = 0
    arrow: ClassVar[pa.DataType] = pa.string()

    def check(self, value: Any, where: str) -> str:
        text = as_string(value, where)
        check_size(text, where, self.least, self.most)
        return text

    def json(self, column: str) -> str:
        return f"to_json({column})"


@dataclass(frozen=True, slots=True)
class Boolean(Kind):
    """True or false."""

    arrow: ClassVar[pa.DataType] = pa.bool_()

    def check(self, value: Any, where: str) -> bool:
        return as_boolean(value, where, False)

    def json(self, column: str) -> str:
        return f"{column}::VARCHAR"


@dataclass(frozen=True, slots=True)
class Integer(Kind):
    """An integer within limits; the default limits are those of internal ids."""

    least: int = 1
    most: int = MAX_ID
    arrow: ClassVar[pa.DataType] = pa.int64()

    def check(self, value: Any, where: str) -> int:
        number = as_integer(value, where)
        if not self.least <= number <= self.most:
            raise constraint(f"{where} must be between {self.least} and {self.most}, but was {shown(number)}")
        return number

    def json(self, column: str) -> str:
        return f"{column}::VARCHAR"


@dataclass(frozen=True, slots=True)
class Number(Kind):
    """A number within limits, with or without a fraction."""

    least: float
    most: float
    arrow: ClassVar[pa.DataType] = pa.float64()

    def check(self, value: Any, where: str) -> float:
        number = as_number(value, where)
        if not self.least <= number <= self.most:
            raise constraint(f"{where} must be between {self.least} and {self.most}, but was {shown(value)}")
        return number

    def json(self, column: str) -> str:
        return f"to_json({column})"


@dataclass(frozen=True, slots=True)
class Choice(Kind):
    """One of some names, however it is capitalised."""

    names: Sequence[str]
    arrow: ClassVar[pa.DataType] = pa.string()

    def check(self, value: Any, where: str) -> str:
        folded = as_string(value, where).casefold()
        for name in self.names:
            if name.casefold() == folded:
                return name
        raise constraint(f"{where} must be one of {', '.join(self.names)}, but was {shown(value)}")

    def json(self, column: str) -> str:
        return f"to_json({column})"


@dataclass(frozen=True, slots=True)
class Integers(Kind):
    """A list of integers without repeats, in the order given."""

    most: int
    element: Integer = Integer()
    arrow: ClassVar[pa.DataType] = pa.list_(pa.int64())
    changes: ClassVar[str] = "list"

    def check(self, value: Any, where: str) -> list[int]:
        values = as_list(value, where)
        check_size(values, where, 0, self.most)
        return list(dict.fromkeys(self.element.check(v, f"{where}[{i}]") for i, v in enumerate(values)))

    def references(self, value: list[int] | None) -> list[int]:
        return value or []

    def json(self, column: str) -> str:
        return f"to_json({column})"


class Ids(Integers):
    """A list of different ids, in the order given; left out when empty."""

    def check(self, value: Any, where: str) -> list[int]:
        ids = super().check(value, where)
        if len(ids) < len(value):
            raise constraint(f"{where} must not have an id twice")
        return ids

    def store(self, value: list[int] | None) -> list[int] | None:
        return value or None

    def load(self, stored: list[int] | None) -> list[int]:
        return stored or []


class Json(Kind):
    """A kind that is stored as the JSON that is shown."""

    arrow: ClassVar[pa.DataType] = pa.string()

    def store(self, value: Any) -> str | None:
        return None if value is None else compact(value)

    def load(self, stored: str | None) -> Any:
        return None if stored is None else json.loads(stored)


def compact(value: Any) -> str:
    """A value as JSON without spaces, characters as they are."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Metadata(Json):
    """An object of strings, limited in pairs and in bytes of UTF-8.

    It is stored with a line break before each pair. Within a string JSON allows none, so that text which begins with
    one and goes on with the JSON of a pair is found in an object only if that has the pair.
    """

    pairs: int = 256
    key: int = 128
    value: int | None = None
    total: int | None = None
    changes: ClassVar[str] = "map"

    def check(self, value: Any, where: str) -> dict[str, str]:
        values = as_object(value, where)
        check_size(values, where, 0, self.pairs)
        total = 0
        for name, text in values.items():
            key_bytes = len(as_string(name, f"a key of {where}").encode())
            value_bytes = len(as_string(text, f"{where}.{name}").encode())
            if key_bytes > self.key:
                raise constraint(f"{where} key {shown(name)} must be at most {self.key} bytes")
            if self.value is not None and value_bytes > self.value:
                raise constraint(f"{where}.{name} must be at most {self.value} bytes")
            total += key_bytes + value_bytes
        if self.total is not None and total > self.total:
            raise constraint(f"{where} must be at most {self.total} bytes of keys and values, but was {total}")
        return values

    def store(self, value: dict[str, str] | None) -> str | None:
        if not value:
            return None if value is None else "{}"
        text = json.dumps(value, ensure_ascii=False, separators=(",\n", ":"))
        return "{\n" + text[1:]

    @staticmethod
    def pair(key: str, value: str) -> str:
        """The text that an object with this pair holds."""
        return "\n" + compact({key: value})[1:-1]


@dataclass(frozen=True, slots=True)
class GeoLocation(Json):
    """A GeoJSON feature, kept as it is."""

    def check(self, value: Any, where: str) -> dict[str, Any]:
        feature = as_object(value, where)
        if feature.get("type") != "Feature":
            raise bad_request(f"{where}.type must be Feature, but was {shown(feature.get('type'))}")
        as_object(feature.get("geometry"), f"{where}.geometry")
        try:
            compact(feature).encode()
        except (UnicodeEncodeError, RecursionError):
            raise bad_request(f"{where} must be JSON of characters, not nested too deeply") from None
        return feature


@dataclass(frozen=True, slots=True)
class Labels(Json):
    """A list of `{"externalId"}` without repeats, in the order in which they were attached; left out when empty."""

    most: ClassVar[int] = 10
    changes: ClassVar[str] = "list"

    def check(self, value: Any, where: str) -> list[dict[str, str]]:
        values = as_list(value, where)
        check_size(values, where, 0, self.most)
        labels = [self._label(item, f"{where}[{i}]") for i, item in enumerate(values)]
        if len({label["externalId"] for label in labels}) < len(labels):
            raise constraint(f"{where} must not have a label twice")
        return labels

    def store(self, value: list[dict[str, str]] | None) -> str | None:
        return compact(value) if value else None

    def load(self, stored: str | None) -> list[dict[str, str]]:
        return json.loads(stored) if stored else []

    def references(self, value: list[dict[str, str]] | None) -> list[str]:
        return [label["externalId"] for label in value or ()]

    @staticmethod
    def _label(item: Any, where: str) -> dict[str, str]:
        values = as_object(item, where)
        reject_unknown(values, ("externalId",), where)
        return {"externalId": Text(255, least=1).check(values.get("externalId"), f"{where}.externalId")}


@dataclass(frozen=True)
class Field:
    """One field of a resource under its name on the wire."""

    name: str
    kind: Kind
    required: bool = False
    default: Any = None
    updatable: bool = True
    unique: bool = False  # its column has an index
    server_set: bool = False  # clients send it back in whole objects, and it is passed over
    hidden: bool = False  # never shown
    expression: str | None = None  # the SQL of one that has no column
    refers_to: Relation | None = None

    @cached_property
    def column(self) -> str:
        """The name of its column."""
        return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", self.name).lower()

    @property
    def nullable(self) -> bool:
        """Whether it may be unset."""
        return not self.required and self.default is None

    @cached_property
    def member(self) -> str:
        """The SQL of its place in an object: a comma, its name and its value; null when it is unset."""
        return member(self.name, self.kind.json(self.expression or self.column))


def member(name: str, value: str) -> str:
    """The SQL of a member of a JSON object, with a comma before it; null when the value is."""
    return f"',\"{name}\":' || {value}"


def json_object(members: Iterable[str]) -> str:
    """The SQL of a JSON object of those members that are not null."""
    return f"concat('{{', substr(concat({', '.join(members)}), 2), '}}')"


ID = Field("id", Integer(), server_set=True)
EXTERNAL_ID = Field("externalId", Text(255, least=1), unique=True)
CREATED_TIME = Field("createdTime", Integer(0), server_set=True)
LAST_UPDATED_TIME = Field("lastUpdatedTime", Integer(0), server_set=True)
TIMES = (CREATED_TIME, LAST_UPDATED_TIME)
