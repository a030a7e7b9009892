"""Fields that no two resources may share."""

from __future__ import annotations

from collections.abc import Sequence

from cdframe.local.database import Connection
from cdframe.local.errors import ApiError
from cdframe.local.fields import Field, Resource, Row


def require_unique(
    connection: Connection,
    resource: Resource,
    field: Field,
    rows: Sequence[Row],
    *,
    kept: Sequence[int] = (),
    repeated_status: int = 409,
) -> None:
    """Check that the field's values in new or changed rows are free.

    `kept` are the ids of stored rows that these rows replace, so that what they held is free. Values that are twice in
    the rows have their own status.
    """
    values = [row[field.column] for row in rows if row[field.column] is not None]
    seen: set[str] = set()
    repeated = dict.fromkeys(value for value in values if value in seen or seen.add(value))  # type: ignore[func-returns-value]
    if repeated:
        raise ApiError(
            repeated_status,
            f"{field.name} must be unique, but is repeated in the request",
            duplicated=[{field.name: value} for value in repeated],
        )
    if not values:
        return
    taken = connection.tuples(
        f"SELECT DISTINCT {field.column} FROM {resource.table} WHERE {field.column} IN (SELECT unnest(?::VARCHAR[])) "
        "AND id NOT IN (SELECT unnest(?::BIGINT[]))",
        [values, list(kept)],
    )
    if taken:
        raise ApiError(
            409,
            f"{field.name} is in use already",
            duplicated=[{field.name: value} for (value,) in taken],
        )
