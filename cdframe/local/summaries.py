"""Aggregates over resources: how many there are, and which values their properties have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cdframe.local.conditions import Condition, any_of
from cdframe.local.database import Connection
from cdframe.local.errors import bad_request
from cdframe.local.properties import LISTS, Properties, Property, find_property, value_of_key
from cdframe.local.validation import as_list, as_object, as_string, check_size, shown

MOST_VALUES = 1000
AGGREGATES = ("count", "uniqueValues", "cardinalityValues", "uniqueProperties", "cardinalityProperties")
KEYS = ("filter", "advancedFilter", "aggregate", "properties", "path", "aggregateFilter")


def summarise(
    connection: Connection,
    table: str,
    known: Properties,
    body: Mapping[str, Any],
    condition: Condition,
    *,
    text_values: bool,
) -> list[dict[str, Any]]:
    """The items that answer an aggregate request over the rows that the condition holds for.

    With `text_values` numbers are given as texts, and values under the name that today's clients know only.
    """
    aggregate = body.get("aggregate") or "count"
    if aggregate not in AGGREGATES:
        raise bad_request(f"aggregate must be one of {', '.join(AGGREGATES)}, but was {shown(aggregate)}")
    if aggregate == "count" and not body.get("properties"):
        sql = f"SELECT count(*) FROM {table} WHERE {condition.sql}"
        return [{"count": connection.value(sql, condition.parameters)}]
    over_keys = aggregate.endswith("Properties")
    values = _keys(known, body) if over_keys else _values(connection, table, known, body)
    passing = _value_filter(body.get("aggregateFilter"), "aggregateFilter")
    source = (
        f"FROM (SELECT {values.sql} AS value FROM {table} WHERE {condition.sql}) "
        f"WHERE value IS NOT NULL AND {passing.sql}"
    )
    parameters = [*values.parameters, *condition.parameters, *passing.parameters]
    if aggregate == "count":
        return [{"count": connection.value(f"SELECT count(*) {source}", parameters)}]
    if aggregate.startswith("cardinality"):
        return [{"count": connection.value(f"SELECT count(DISTINCT value) {source}", parameters)}]
    numbers = not over_keys and _named(known, body).kind == "number"
    rows = connection.tuples(
        f"SELECT value, count(*) AS count {source} GROUP BY value "
        f"ORDER BY count DESC, value{'::BIGINT' * numbers} LIMIT {MOST_VALUES}",
        parameters,
    )
    if over_keys:
        return [{"values": [{"property": [*body.get("path", []), value]}], "count": count} for value, count in rows]
    if text_values:
        return [{"values": [value], "count": count} for value, count in rows]
    found = [(int(value) if numbers else value, count) for value, count in rows]
    return [{"count": count, "value": value, "values": [value]} for value, count in found]


def _named(known: Properties, body: Mapping[str, Any]) -> Property:
    """The one property that the request names."""
    properties = as_list(body.get("properties"), "properties")
    check_size(properties, "properties", 1, 1)
    path = as_object(properties[0], "properties[0]").get("property")
    return find_property(known, path, "properties[0].property")


def _values(connection: Connection, table: str, known: Properties, body: Mapping[str, Any]) -> Condition:
    """The expression of the values of the one property that is named, in lower case."""
    named = _named(known, body)
    if named.kind in LISTS:
        return Condition(f"unnest({named.value.sql})::VARCHAR")
    if named.key is None:
        return Condition(f"lower({named.value.sql}::VARCHAR)", named.value.parameters)
    keys = connection.tuples(  # they are listed in lower case, so they are found without regard to case
        f"SELECT DISTINCT key FROM (SELECT unnest(json_keys({named.map})) AS key FROM {table}) WHERE lower(key) = ?",
        [named.key.lower()],
    )
    values = [value_of_key(named.map, key) for (key,) in keys]
    each = ", ".join(f"lower({value.sql})" for value in values)
    return Condition(
        f"unnest(list_distinct([{each}]::VARCHAR[]))", [parameter for value in values for parameter in value.parameters]
    )


def _keys(known: Properties, body: Mapping[str, Any]) -> Condition:
    """The expression of the keys of the map that `path` names, in lower case."""
    maps = [name for name, (kind, _) in known.items() if kind == "map"]
    path = body.get("path")
    if not isinstance(path, list) or len(path) != 1 or path[0] not in maps:
        raise bad_request(f"path must be one of {', '.join(f'[{name}]' for name in maps)}, but was {shown(path)}")
    _, column = known[path[0]]
    return Condition(f"unnest(list_distinct(list_transform(json_keys({column}), lambda key: lower(key))))")


def _value_filter(value: Any, where: str, depth: int = 1) -> Condition:
    """A test of the values that were found: and, or, not, prefix, substring, equals, in."""
    if value is None or value == {}:
        return Condition()
    operators = ("and", "or", "not", "prefix", "substring", "equals", "in")
    given = as_object(value, where)
    if len(given) != 1 or next(iter(given)) not in operators or depth > 10:
        raise bad_request(f"{where} must have exactly one of {', '.join(operators)}, at most 10 deep")
    ((operator, operand),) = given.items()
    path = f"{where}.{operator}"
    if operator == "not":
        inner = _value_filter(operand, path, depth + 1)
        return Condition(f"(NOT {inner.sql})", inner.parameters)
    if operator in ("and", "or"):
        parts = [_value_filter(part, f"{path}[{i}]", depth + 1) for i, part in enumerate(as_list(operand, path))]
        if operator == "or":
            return any_of(parts)
        condition = Condition()
        for part in parts:
            condition &= part
        return condition
    leaf = as_object(operand, path)
    if operator == "in":
        texts = as_list(leaf.get("values"), f"{path}.values")
        wanted = [as_string(text, f"{path}.values[{i}]").lower() for i, text in enumerate(texts)]
        return Condition("value IN (SELECT unnest(?::VARCHAR[]))", [wanted])
    text = as_string(leaf.get("value"), f"{path}.value").lower()
    test = {"prefix": "starts_with(value, ?)", "substring": "contains(value, ?)", "equals": "value = ?"}[operator]
    return Condition(test, [text])
