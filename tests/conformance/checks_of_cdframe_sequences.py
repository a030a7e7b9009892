"""cdframe and the HTTP API see the rows of sequences that cdframe and an SDK wrote."""

from typing import Any

import pyarrow as pa
import pytest

import cdframe
from tests.conformance import scenario_of_sequences as scenario
from tests.conformance.checks_of_raw import exactly
from tests.conformance.checks_of_sequences import columns_of
from tests.conformance.raw import RawClient

TYPES = {"LONG": pa.int64(), "DOUBLE": pa.float64()}


def check_sequences(client: cdframe.CogniteClient, raw: RawClient, subtests: pytest.Subtests) -> None:
    for name, rows in scenario.ROWS_OF.items():
        names = [column["external_id"] for column in columns_of(name)]
        expected = scenario.asked(rows, names, 0, None, None, None)
        with subtests.test(f"HTTP: rows of {name}"):
            body = {"externalId": name, "limit": 10_000}
            found = raw.post("/sequences/data/list", body)["rows"]
            assert exactly([[row["rowNumber"], row["values"]] for row in found]) == exactly(expected)
        with subtests.test(f"cdframe: rows of {name}"):
            frame = client.sequences.data.retrieve(0, None, external_id=name)
            check_frame(frame, names, expected)
            for column, field in zip(columns_of(name), list(frame.schema)[1:], strict=True):
                assert field.type == TYPES.get(column["value_type"], field.type)
    for name, (start, end, columns, limit) in scenario.RANGES.items():
        expected = scenario.asked(scenario.ODD, scenario.NAMES, start, end, columns, limit)
        for sequence in ("cdframe/odd", "sdk/odd"):
            with subtests.test(f"cdframe: ranges of rows: {name}: {sequence}"):
                found = client.sequences.data.retrieve(start, end, columns, external_id=sequence, limit=limit)
                check_frame(found, columns or scenario.NAMES, expected)
    with subtests.test("cdframe: rows of several sequences"):
        check_several(client)


def check_frame(frame: pa.Table, names: list[str], expected: list[Any]) -> None:
    assert frame.column_names == ["row_number", *names]
    assert exactly([[number, values] for number, *values in rows_of(frame)]) == exactly(expected)


def rows_of(frame: pa.Table) -> list[list[Any]]:
    """The rows of a frame, each a row number and its values."""
    return [list(row) for row in zip(*(column.to_pylist() for column in frame.columns), strict=True)]


def check_several(client: cdframe.CogniteClient) -> None:
    parts = {"sdk/odd": scenario.ODD, "cdframe/frame": scenario.IN_FRAME}
    found = client.sequences.data.retrieve(0, 12, ["double", "long"], external_id=list(parts))
    headers = [f"{name}|{column}" for name in parts for column in ("double", "long")]
    cells = [dict(scenario.asked(rows, scenario.NAMES, 0, 12, ["double", "long"], None)) for rows in parts.values()]
    numbers = sorted({*cells[0], *cells[1]})
    check_frame(
        found,
        headers,
        [[number, [value for part in cells for value in part.get(number, [None, None])]] for number in numbers],
    )
