"""What a raw row is: the source's columns, an operation, a time and a hash.

Nothing here needs a database driver.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from maverick_assets.crm.schema import Table
from maverick_assets.lake.delta import ROW_HASH, Where, open_table, read_table, row_hash

ARROW_TYPES = {
    "text": pa.string(),
    "jsonb": pa.string(),
    "text[]": pa.list_(pa.string()),
    "timestamptz": pa.timestamp("us", tz="UTC"),
    "double precision": pa.float64(),
    "integer": pa.int64(),
}

TIME = ARROW_TYPES["timestamptz"]
LIVE = {"_op": ["upsert"]}  # rows that are no tombstones

DELETED = {"_op": ["delete"]}

# Columns that a tombstone keeps: whom the CRM knew is not to be named in texts of others.
NAMING = ("sender_email", "recipients", "owner_email", "user_id", "deal_name")


def raw_schema(table: Table) -> pa.Schema:
    """Columns of a raw Delta table: the source's, and ours."""
    return pa.schema(
        [
            *((name, ARROW_TYPES[kind]) for name, kind in table.columns.items()),
            ("_op", pa.string()),
            ("_extracted_at", TIME),
            (ROW_HASH, pa.string()),
        ]
    )


def live_rows(target: Path, where: Where | None = None) -> list[dict[str, Any]]:
    """Rows of a raw table without tombstones; none when it was never extracted."""
    table = read_table(target, where={**LIVE, **(where or {})})
    return [] if table is None else table.to_pylist()


def named(target: Path, ids: pa.Array) -> pa.Table:
    """Rows of the raw table at `target`: their id, and those of the columns `NAMING` it has."""
    held = open_table(target)
    there = {field.name for field in held.schema().fields} if held else set()
    columns = ["id", *(name for name in NAMING if name in there)]
    rows = read_table(target, columns=columns, where={"id": ids.to_pylist()})
    return pa.table({"id": pa.array([], pa.string())}) if rows is None else rows


def tombstones(table: Table, rows: pa.Table) -> pa.Table:
    """Raw rows that say that `rows` are gone; they keep the columns that `rows` has."""
    kept = row_hash(rows.column_names)  # so that one with nothing but its id takes its place
    marked = rows.append_column(ROW_HASH, pa.array([kept] * rows.num_rows, pa.string()))
    batches = marked.to_batches() or [pa.RecordBatch.from_pylist([], marked.schema)]
    schema = raw_schema(table)
    return pa.Table.from_batches([stamped(batch, schema, "delete") for batch in batches], schema)


def stamped(batch: pa.RecordBatch, schema: pa.Schema, operation: str) -> pa.RecordBatch:
    """`batch` in a raw schema: our columns added, absent ones NULL."""
    ours = {"_op": pa.scalar(operation), "_extracted_at": pa.scalar(datetime.now(UTC), TIME)}
    columns = []
    for field in schema:
        if field.name in ours:
            columns.append(pa.repeat(ours[field.name], batch.num_rows))
        elif field.name in batch.schema.names:
            columns.append(batch[field.name].cast(field.type))
        else:
            columns.append(pa.nulls(batch.num_rows, field.type))
    return pa.RecordBatch.from_arrays(columns, schema=schema)
