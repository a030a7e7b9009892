"""The latest point of many series: requests of 100 series, whose JSON answers are read by columns."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from cdframe.datapoints.assemble import encode_names
from cdframe.errors import CogniteConnectionError, CogniteNotFoundError, merge_not_found
from cdframe.identifiers import identifiers
from cdframe.json_rows import identifier_objects, items_bodies
from cdframe.schemas import TIMESTAMP
from cdframe.session import Session

PATH = "/timeseries/data/latest"
MOST_ITEMS = 100

# Values of both kinds come as texts here; for numbers it is the shortest text that gives the same double again.
_POINT = pl.Struct({"timestamp": pl.Int64, "value": pl.String})
_ITEM = pl.Struct({"id": pl.Int64, "externalId": pl.String, "isString": pl.Boolean, "datapoints": pl.List(_POINT)})


def read_latest(session: Session, id: Any, external_id: Any, before: int | None, ignore_unknown_ids: bool) -> pa.Table:
    """Read the latest point of each series (before a time, in ms), as a long table.

    Raises:
        CogniteNotFoundError: series do not exist and are not to be ignored; names all of them.
    """
    wanted = identifiers(id, external_id)
    objects = identifier_objects(wanted, "" if before is None else f',"before":{before}')
    bodies = items_bodies(objects, MOST_ITEMS, ignoreUnknownIds=ignore_unknown_ids)
    answers = session.run([partial(_fetch_or_miss, session, body) for body in bodies])
    errors = [answer for answer in answers if isinstance(answer, CogniteNotFoundError)]
    if errors:
        raise merge_not_found(errors)
    # All are read when all are there: each turn at the interpreter that Polars needs is a wait for those who fetch.
    rows = _rows(wanted, _read([answer for answer in answers if isinstance(answer, bytes)]))
    table: dict[str, pa.Array | pa.ChunkedArray] = {}
    if id is not None:
        table["id"] = rows["id"].to_arrow()
    if external_id is not None:
        names = pa.array(dict.fromkeys(wanted.column("external_id").drop_null().to_pylist()), pa.string())
        codes = pc.index_in(rows["external_id"].to_arrow().cast(pa.string()), names)
        table["external_id"] = encode_names(codes, names)
    table["timestamp"] = rows["timestamp"].to_arrow().view(TIMESTAMP)
    is_text = rows["is_string"]
    if not is_text.any() or not is_text.all():
        table["value"] = rows.select(pl.when(~pl.col("is_string")).then("value").cast(pl.Float64))["value"].to_arrow()
    if is_text.any():
        name = "string_value" if "value" in table else "value"
        table[name] = rows.select(pl.when("is_string").then("value"))["value"].to_arrow().cast(pa.string())
    return pa.table(table)


def _fetch_or_miss(session: Session, body: bytes) -> bytes | CogniteNotFoundError:
    try:
        return session.request("POST", PATH, json=body).content
    except CogniteNotFoundError as error:
        return error


def _read(answers: Iterable[bytes]) -> pl.DataFrame:
    """Read the items of all answers."""
    schema = {"items": pl.List(_ITEM)}
    try:
        items = pl.concat([pl.DataFrame(schema=schema), *(pl.read_json(answer, schema=schema) for answer in answers)])
    except pl.exceptions.PolarsError as error:
        raise CogniteConnectionError(f"The server's answer to POST {PATH} cannot be read: {error}") from error
    return items["items"].explode(empty_as_null=False).struct.unnest()


def _rows(wanted: pa.Table, found: pl.DataFrame) -> pl.DataFrame:
    """The points found, in the order asked for, with the identity that each was asked by.

    What was asked for twice has two rows, and unknown series have none.
    """
    by_id = pc.index_in(wanted.column("id"), found["id"].to_arrow(), skip_nulls=True)
    names = found["externalId"].to_arrow().cast(pa.string())
    by_name = pc.index_in(wanted.column("external_id"), names, skip_nulls=True)
    places = pl.Series(pc.coalesce(by_id, by_name), dtype=pl.UInt32)
    return (
        pl.DataFrame(wanted)
        .with_columns(
            found["isString"].gather(places).fill_null(False).alias("is_string"),
            found["datapoints"].gather(places),
        )
        .explode("datapoints", empty_as_null=False, keep_nulls=False)
        .unnest("datapoints")
    )
