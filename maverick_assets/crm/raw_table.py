"""Raw tables. A raw row is a row of the source, with an operation, a time and a hash.

Nothing here needs a database driver, so that datasets and registry can read raw rows without one.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from maverick_assets.crm.schema import Table
from maverick_assets.lake.delta import ROW_HASH, Where, open_table, read_table, row_hash

# The PostgreSQL types of the schema, as the lake keeps them.
ARROW_TYPES = {
    "text": pa.string(),
    "jsonb": pa.string(),
    "text[]": pa.list_(pa.string()),
    "timestamptz": pa.timestamp("us", tz="UTC"),
    "double precision": pa.float64(),
    "integer": pa.int64(),
    "boolean": pa.bool_(),
}
TIME = ARROW_TYPES["timestamptz"]

RAW_COLUMNS = ("_op", "_extracted_at", ROW_HASH)  # behind those of the source

LIVE = {"_op": ["upsert"]}
DELETED = {"_op": ["delete"]}  # tombstones

# Columns that a tombstone keeps. In the texts of others, somebody who was deleted still needs his
# surrogate, and that takes his name and his addresses.
KEPT_COLUMNS = ("sender_email", "recipients", "owner_email", "user_id", "deal_name")


def raw_schema(table: Table) -> pa.Schema:
    """Columns of a raw Delta table: the source's, then `_op`, `_extracted_at` and `_row_hash`."""
    return pa.schema(
        [
            *((name, ARROW_TYPES[kind]) for name, kind in table.columns.items()),
            ("_op", pa.string()),
            ("_extracted_at", TIME),
            (ROW_HASH, pa.string()),
        ]
    )


def live_rows(target: Path, where: Where | None = None) -> list[dict[str, Any]]:
    """Rows of a raw table without tombstones; empty when the table was never extracted."""
    table = read_table(target, where={**LIVE, **(where or {})})
    return [] if table is None else table.to_pylist()


def with_kept_columns(target: Path, ids: pa.Array) -> pa.Table:
    """The rows of these ids in the raw table at `target`: `id`, and the `KEPT_COLUMNS` it has."""
    delta = open_table(target)
    existing = {field.name for field in delta.schema().fields} if delta else set()
    columns = ["id", *(name for name in KEPT_COLUMNS if name in existing)]
    rows = read_table(target, columns=columns, where={"id": ids.to_pylist()})
    return pa.table({"id": pa.array([], pa.string())}) if rows is None else rows


def tombstones(table: Table, rows: pa.Table) -> pa.Table:
    """Tombstones of `rows`, which hold the columns that a tombstone is to keep."""
    # A hash of the column names, not of values. A later tombstone with fewer columns has another
    # hash and so replaces this one: `forget` leaves nothing but the id.
    hashes = pa.array([row_hash(rows.column_names)] * rows.num_rows, pa.string())
    hashed = rows.append_column(ROW_HASH, hashes)
    batches = hashed.to_batches() or [pa.RecordBatch.from_pylist([], hashed.schema)]
    schema = raw_schema(table)
    return pa.Table.from_batches(
        [as_raw_batch(batch, schema, "delete") for batch in batches], schema
    )


def as_raw_batch(batch: pa.RecordBatch, schema: pa.Schema, operation: str) -> pa.RecordBatch:
    """`batch` in a raw schema, with `_op` and `_extracted_at`; columns that it lacks are NULL."""
    added = {"_op": pa.scalar(operation), "_extracted_at": pa.scalar(datetime.now(UTC), TIME)}
    columns = []
    for field in schema:
        if field.name in added:
            columns.append(pa.repeat(added[field.name], batch.num_rows))
        elif field.name in batch.schema.names:
            columns.append(batch[field.name].cast(field.type))
        else:
            columns.append(pa.nulls(batch.num_rows, field.type))
    return pa.RecordBatch.from_arrays(columns, schema=schema)
