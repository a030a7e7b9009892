"""Routes of sequences and their rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from werkzeug.wrappers import Response

from cdframe.local.application import Route
from cdframe.local.database import Connection
from cdframe.local.families.endpoints import Endpoints
from cdframe.local.fields import Text
from cdframe.local.http import JSON, Call, answer, encoded_answer
from cdframe.local.identifiers import Identifier
from cdframe.local.sequences.columns import choose, stored_columns
from cdframe.local.sequences.family import Sequences
from cdframe.local.sequences.inserts import read_numbers, read_rows
from cdframe.local.sequences.pages import encode, parse_latest, parse_query
from cdframe.local.sequences.rows import TYPES
from cdframe.local.sequences.store import Insertion, RowStore

ENDPOINTS = Endpoints(
    Sequences,
    path="/sequences",
    acl="sequencesAcl",
    query_limit=25,
    texts=dict.fromkeys(("name", "description", "query"), Text(1000)),
)


def insert_rows(call: Call) -> Response:
    """Write rows."""
    incoming = read_rows(call.body)
    with call.engine.database.write() as connection:
        sequences = _find(call, connection, (one.identifier for one in incoming), writing=True)
        insertions = [
            Insertion(sequence["id"], set(sequence["column_numbers"]), one.rows(stored_columns(sequence)))
            for one, sequence in zip(incoming, sequences, strict=True)
        ]
        RowStore(connection).insert(insertions)
    return answer({})


def list_rows(call: Call) -> Response:
    """A page of the rows of a sequence."""
    query = parse_query(call.body)
    with call.engine.database.read() as connection:
        (sequence,) = _find(call, connection, [query.identifier])
        columns = choose(stored_columns(sequence), query.names)
        limit = query.page_size(columns)
        types = {column.number: TYPES[column.kind] for column in columns}
        rows = RowStore(connection).read(sequence["id"], query.rest(sequence["id"]), types, limit + 1)
    page, cursor = query.page(sequence["id"], rows, limit)
    return encoded_answer(encode(sequence, columns, page, cursor), JSON)


def latest_row(call: Call) -> Response:
    """The last row of a sequence, or the last one before a number."""
    query = parse_latest(call.body)
    with call.engine.database.read() as connection:
        (sequence,) = _find(call, connection, [query.identifier])
        columns = choose(stored_columns(sequence), query.names)
        types = {column.number: TYPES[column.kind] for column in columns}
        rows = RowStore(connection).latest(sequence["id"], query.span, types)
    return encoded_answer(encode(sequence, columns, rows, None), JSON)


def delete_rows(call: Call) -> Response:
    """Delete rows."""
    items = read_numbers(call.body)
    with call.engine.database.write() as connection:
        sequences = _find(call, connection, (identifier for identifier, _ in items), writing=True)
        doomed = [(sequence["id"], numbers) for sequence, (_, numbers) in zip(sequences, items, strict=True)]
        RowStore(connection).delete(doomed)
    return answer({})


def _find(
    call: Call, connection: Connection, identifiers: Iterable[Identifier], *, writing: bool = False
) -> Sequence[dict[str, Any]]:
    """The sequences that are named, in their order, and that the caller may do this with."""
    sequences = Sequences(connection, call.caller, call.grant, call.body)
    found = sequences.find([*identifiers], "id, external_id, data_set_id, columns, column_numbers")
    if writing:
        sequences.require_writable(found)
    return found


ROUTES = (
    *ENDPOINTS.routes("create", "get", "list", "byids", "search", "aggregate", "update", "delete"),
    Route("POST", "/sequences/data", insert_rows, ENDPOINTS.acl, "WRITE"),
    Route("POST", "/sequences/data/list", list_rows, ENDPOINTS.acl, "READ"),
    Route("POST", "/sequences/data/latest", latest_row, ENDPOINTS.acl, "READ"),
    Route("POST", "/sequences/data/delete", delete_rows, ENDPOINTS.acl, "WRITE"),
)
