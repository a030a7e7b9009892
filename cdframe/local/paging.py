"""Pages of a list: limit, cursor, partition, order."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cdframe.local.conditions import Condition, any_of
from cdframe.local.database import Connection
from cdframe.local.errors import ApiError, bad_request, constraint
from cdframe.local.properties import LISTS, Properties, find_property
from cdframe.local.validation import EMPTY, as_integer, as_list, as_object, as_string, check_size, reject_unknown, shown

DEFAULT_LIMIT, MOST = 100, 1000
MOST_PARTITIONS = 1000
ID_SPACE = 2**53


@dataclass(frozen=True, slots=True)
class Order:
    """One key of the order of a list."""

    value: Condition  # an expression, not a test
    descending: bool
    nulls_first: bool


@dataclass(frozen=True, slots=True)
class Page:
    """What part of a list is asked for."""

    limit: int
    binding: str  # digest of what a cursor belongs to
    partition: tuple[int, int] | None
    orders: Sequence[Order]
    after: Sequence[Any] | None  # the order values and the id of the row before this page


def parse_limit(value: Any, *, clamp: bool = False, most: int = MOST) -> int:
    """The number of items asked for, within 1 and the limit of the route."""
    if value is None:
        return min(DEFAULT_LIMIT, most)
    limit = as_integer(value, "limit")
    if limit < 1 or (limit > most and not clamp):
        raise constraint(f"limit must be between 1 and {most}, but was {shown(limit)}")
    return min(limit, most)


def parse_page(
    body: Mapping[str, Any],
    table: str,
    properties: Properties,
    *,
    unsorted: Sequence[Order] = (),
    clamp: bool = False,
) -> Page:
    """The paging of a list request. Its cursors belong to its filters, sort and partition, not to its limit.

    `unsorted` is the order when no sort is asked for. Every order has the id as its last key.
    """
    parts = _said({name: body.get(name) for name in ("filter", "advancedFilter", "sort", "partition")})
    binding = digest([table, parts])
    orders = _parse_orders(body.get("sort"), properties) or unsorted
    return Page(
        limit=parse_limit(body.get("limit"), clamp=clamp),
        binding=binding,
        partition=_parse_partition(body.get("partition")),
        orders=orders,
        after=open_cursor(body["cursor"], binding, len(orders) + 1) if body.get("cursor") else None,
    )


def _said(value: Any) -> Any:
    """A value without the keys that say nothing."""
    if not isinstance(value, dict):
        return value
    return {key: said for key, part in value.items() if (said := _said(part)) not in EMPTY}


def fetch_page(connection: Connection, table: str, condition: Condition, page: Page) -> tuple[list[int], str | None]:
    """The ids of the rows of a page, and the cursor of the next one if there is one."""
    sort_columns = [f"{order.value.sql} AS sort_{i}" for i, order in enumerate(page.orders)]
    parameters = [p for order in page.orders for p in order.value.parameters]
    keys = []
    for i, order in enumerate(page.orders):
        keys.append(
            f"sort_{i} {'DESC' if order.descending else 'ASC'} NULLS {'FIRST' if order.nulls_first else 'LAST'}"
        )
    condition &= _after_condition(page)
    rows = connection.tuples(
        f"SELECT {', '.join([*sort_columns, 'id'])} FROM {table} "
        f"WHERE {condition.sql} ORDER BY {', '.join([*keys, 'id'])} LIMIT {page.limit + 1}",
        [*parameters, *condition.parameters],
    )
    ids = [row[-1] for row in rows[: page.limit]]
    return ids, make_cursor(page.binding, rows[page.limit - 1]) if len(rows) > page.limit else None


def _parse_partition(value: Any) -> tuple[int, int] | None:
    if value in (None, ""):
        return None
    found = re.fullmatch(r"(\d{1,4})/(\d{1,4})", as_string(value, "partition"), re.ASCII)
    part, count = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= part <= count <= MOST_PARTITIONS:
        raise bad_request(
            f"partition must be m/n with 1 <= m <= n <= {MOST_PARTITIONS}, such as 1/10, but was {shown(value)}"
        )
    return part, count


def id_range(part: int, count: int) -> Condition:
    """The rows of a partition when partitions are equal ranges of ids."""
    return Condition("id > ? AND id <= ?", [(part - 1) * ID_SPACE // count, part * ID_SPACE // count])


def _parse_orders(value: Any, properties: Properties) -> Sequence[Order]:
    orders: list[Order] = []
    if value is None:
        return orders
    given = as_list(value, "sort")
    check_size(given, "sort", 0, 2)
    for i, item in enumerate(given):
        where = f"sort[{i}]"
        key = as_object(item, where)
        reject_unknown(key, ("property", "order", "nulls"), where)
        named = find_property(properties, key.get("property"), f"{where}.property")
        if named.kind in LISTS:
            raise bad_request(f"{where}.property is a list, which has no order")
        order, nulls = key.get("order") or "asc", key.get("nulls") or "auto"
        if order not in ("asc", "desc"):
            raise bad_request(f"{where}.order must be asc or desc, but was {shown(order)}")
        if nulls not in ("first", "last", "auto"):
            raise bad_request(f"{where}.nulls must be first, last or auto, but was {shown(nulls)}")
        descending = order == "desc"
        orders.append(Order(named.value, descending, nulls == "first" or (nulls == "auto" and descending)))
    return orders


def _after_condition(page: Page) -> Condition:
    """The rows behind the last one of the page before, in the order of the list.

    That is: behind it by the first key; or equal to it there, and behind it by the second; ...
    """
    if page.after is None:
        return Condition()
    *values, last_id = page.after
    alternatives, equal = [], Condition()
    for order, value in zip(page.orders, values, strict=True):
        key, parameters = order.value.sql, list(order.value.parameters)
        null = Condition(f"{key} IS NULL", parameters)
        if value is not None:
            behind = Condition(f"{key} {'<' if order.descending else '>'} ?", [*parameters, value])
            alternatives.append(equal & (behind if order.nulls_first else any_of([behind, null])))
            equal &= Condition(f"{key} = ?", [*parameters, value])
        else:
            if order.nulls_first:
                alternatives.append(equal & Condition(f"{key} IS NOT NULL", parameters))
            equal &= null
    return any_of([*alternatives, equal & Condition("id > ?", [last_id])])


def digest(parts: Any) -> str:
    """What a cursor belongs to, in short."""
    text = json.dumps(parts, sort_keys=True)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=9).hexdigest()


def make_cursor(binding: str, after: Sequence[Any]) -> str:
    """A cursor that goes on after a place in a list."""
    return base64.urlsafe_b64encode(json.dumps([binding, *after]).encode()).decode().rstrip("=")


def open_cursor(value: Any, binding: str, count: int) -> list[Any]:
    """The place that a cursor goes on after, which has so many parts, the last one an integer; or 400."""
    try:
        text = as_string(value, "cursor")
        content = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
        if isinstance(content, list) and len(content) == count + 1 and content[0] == binding:
            after = content[1:]
            if isinstance(after[-1], int) and all(v is None or isinstance(v, str | int | float) for v in after):
                return after
    except (ValueError, RecursionError):
        pass
    except ApiError:
        pass
    raise bad_request(
        f"cursor {shown(value)} is not one of this list: send a nextCursor unchanged, and with it all but the limit "
        "that it was asked for with"
    )
