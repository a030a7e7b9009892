"""Fields that no two resources may share."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from cdframe.local.conditions import one_of
from cdframe.local.database import Connection
from cdframe.local.errors import ApiError
from cdframe.local.fields import Field
from cdframe.local.resources import Resource, Row


def require_unique(
    connection: Connection,
    resource: Resource,
    field: Field,
    rows: Sequence[Row],
    *,
    kept: Collection[int] = (),
    taken: str,
    twice: str | None = None,
    repeated_status: int = 409,
) -> None:
    """Check that the field's values in new or changed rows are free.

    `kept` are the ids of stored rows that these rows replace, so that what they held is free. `taken` is the message
    about values that others have. Values that are twice in the rows have their own status and message, `twice`.
    """
    values = [row[field.column] for row in rows if row[field.column] is not None]
    seen: set[str] = set()
    repeated = dict.fromkeys(value for value in values if value in seen or seen.add(value))  # type: ignore[func-returns-value]
    if repeated:
        name = "external ids" if field.name == "externalId" else f"values of {field.name}"
        raise ApiError(
            repeated_status,
            twice or f"Duplicate {name}: {', '.join(repeated)}",
            duplicated=[{field.name: value} for value in repeated],
        )
    if not values:
        return
    test = one_of(field.column, values)
    held = connection.tuples(f"SELECT id, {field.column} FROM {resource.table} WHERE {test.sql}", test.parameters)
    conflicts = dict.fromkeys(value for id, value in held if id not in kept)
    if conflicts:
        raise ApiError(409, taken, duplicated=[{field.name: value} for value in conflicts])
