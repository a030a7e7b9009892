"""The latest point of many series: requests of 100 series, whose JSON answers are read by columns."""

from __future__ import annotations

from functools import partial
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from cdframe.datapoints.assemble import encode_names
from cdframe.datapoints.pages import merge_not_found
from cdframe.errors import CogniteConnectionError, CogniteNotFoundError
from cdframe.identifiers import identifiers
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
    chunks = [wanted.slice(at, MOST_ITEMS) for at in range(0, wanted.num_rows, MOST_ITEMS)]
    answers = session.run([partial(_fetch_or_miss, session, chunk, before, ignore_unknown_ids) for chunk in chunks])
    errors = [answer for answer in answers if isinstance(answer, CogniteNotFoundError)]
    if errors:
        raise merge_not_found(errors)
    rows = pl.concat([_EMPTY, *(answer for answer in answers if isinstance(answer, pl.DataFrame))])
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


_EMPTY = pl.DataFrame(
    schema={
        "id": pl.Int64,
        "external_id": pl.String,
        "is_string": pl.Boolean,
        "timestamp": pl.Int64,
        "value": pl.String,
    }
)


def _fetch_or_miss(
    session: Session, wanted: pa.Table, before: int | None, ignore_unknown_ids: bool
) -> pl.DataFrame | CogniteNotFoundError:
    try:
        return _fetch(session, wanted, before, ignore_unknown_ids)
    except CogniteNotFoundError as error:
        return error


def _fetch(session: Session, wanted: pa.Table, before: int | None, ignore_unknown_ids: bool) -> pl.DataFrame:
    """Read the points of up to 100 series, with the identity that each was asked by."""
    options = {} if before is None else {"before": before}
    items = [
        {"id": row["id"], **options} if row["id"] is not None else {"externalId": row["external_id"], **options}
        for row in wanted.to_pylist()
    ]
    payload = {"items": items, "ignoreUnknownIds": ignore_unknown_ids}
    body = session.request("POST", PATH, json=payload).content
    try:
        answered = pl.read_json(body, schema={"items": pl.List(_ITEM)})["items"].explode(empty_as_null=False)
        found = answered.struct.unnest()
    except pl.exceptions.PolarsError as error:
        raise CogniteConnectionError(f"The server's answer to POST {PATH} cannot be read: {error}") from error
    asked = pl.DataFrame(wanted)
    by_id = asked.with_row_index().join(found.unique("id"), on="id", how="inner")
    by_name = asked.with_row_index().join(
        found.unique("externalId"), left_on="external_id", right_on="externalId", how="inner"
    )
    columns = ["index", "id", "external_id", "isString", "datapoints"]
    both = pl.concat([by_id.select(columns), by_name.select(columns)]).sort("index")
    return (
        both.explode("datapoints", empty_as_null=False)
        .unnest("datapoints")
        .select("id", "external_id", pl.col("isString").fill_null(False).alias("is_string"), "timestamp", "value")
    )
