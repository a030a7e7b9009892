"""Tables of raw.

    raw_databases  id  name
    raw_tables     id  database_id  name  last_write              last_write: of those that changed a row
    raw_leaves     table_id  leaf  first  count  bytes  newest    what there is of a table, in the order of keys
    raw_rows       table_id  leaf  key  content  digest           the rows themselves; content: JSON as it was sent

The keys of a table are divided among leaves, as in a B+ tree: a leaf has those from `first` on, up to the `first` of
the next one; the first leaf begins with the empty text, and stays. A leaf holds so few rows that DuckDB looks them up
through its index, wherever they lie: a page reads a few leaves, however large the table is. `count` is exact; `bytes`
and `newest` are bounds from above of the size of the rows, and of the times of their last updates.
"""

from __future__ import annotations

from cdframe.local.database import create_table

NUMBERS = "raw_numbers"  # of databases, tables and leaves

TABLES = (
    f"CREATE SEQUENCE {NUMBERS}",
    create_table(
        "raw_databases",
        id="BIGINT NOT NULL",
        name="VARCHAR NOT NULL",
        created_time="BIGINT NOT NULL",
    ),
    create_table(
        "raw_tables",
        id="BIGINT NOT NULL",
        database_id="BIGINT NOT NULL",
        name="VARCHAR NOT NULL",
        created_time="BIGINT NOT NULL",
        last_write="BIGINT NOT NULL",
    ),
    create_table(
        "raw_leaves",
        table_id="BIGINT NOT NULL",
        leaf="BIGINT NOT NULL",
        first="VARCHAR NOT NULL",
        count="BIGINT NOT NULL",
        bytes="BIGINT NOT NULL",
        newest="BIGINT NOT NULL",
    ),
    create_table(
        "raw_rows",
        table_id="BIGINT NOT NULL",
        leaf="BIGINT NOT NULL",
        key="VARCHAR NOT NULL",
        content="VARCHAR NOT NULL",
        digest="BIGINT NOT NULL",
        last_updated_time="BIGINT NOT NULL",
    ),
    "CREATE INDEX raw_rows_leaf ON raw_rows (leaf)",
    "CREATE UNIQUE INDEX raw_rows_key ON raw_rows (table_id, key)",
)
