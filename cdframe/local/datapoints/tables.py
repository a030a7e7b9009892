"""Tables of data points.

The points of a series are kept in blocks: runs in order of time that do not overlap each other.

    numeric_blocks  series  block  first  last  count  flagged      what there is, one row a block
    numeric_points          block  timestamp  value  status         the points themselves

Blocks are numbered as they are written, so that on disk the points of a block are together and DuckDB's statistics
of row groups find them by `block` alone, however many series are written at the same time. The counts tell which
blocks a page needs before any point is read. `flagged` counts the points that are uncertain or bad.
"""

from __future__ import annotations


def _tables(kind: str, value: str) -> tuple[str, str]:
    return (
        f"""CREATE TABLE {kind}_blocks (
            series BIGINT NOT NULL, block BIGINT NOT NULL, first BIGINT NOT NULL, last BIGINT NOT NULL,
            count BIGINT NOT NULL, flagged BIGINT NOT NULL)""",
        f"""CREATE TABLE {kind}_points (
            block BIGINT NOT NULL, timestamp BIGINT NOT NULL, value {value}, status UINTEGER NOT NULL)""",
    )


TABLES = (*_tables("numeric", "DOUBLE"), *_tables("string", "VARCHAR"))
