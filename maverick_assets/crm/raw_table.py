"""What a raw row is: the columns of the source, an operation, a time and a hash.

Nothing here needs a database driver.
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
}
TIME = ARROW_TYPES["timestamptz"]

LIVE = {"_op": ["upsert"]}
DELETED = {"_op": ["delete"]}  # tombstones

# Columns that a tombstone keeps. Somebody whom the CRM once knew still gets his surrogate in the
# texts of others, and for that his name and his addresses must be known.
KEPT_COLUMNS = ("sender_email", "recipients", "owner_email", "user_id", "deal_name")


def raw_schema(table: Table) -> pa.Schema:
    """Columns of a raw Delta table: those of the source, then ours."""
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
    """Raw rows that say that `rows` are gone; they keep the columns that `rows` has."""
    # The hash of the column names, not of values: a later tombstone with fewer columns (`forget`
    # leaves nothing but the id) differs by it, and so takes this one's place.
    hashes = pa.array([row_hash(rows.column_names)] * rows.num_rows, pa.string())
    hashed = rows.append_column(ROW_HASH, hashes)
    batches = hashed.to_batches() or [pa.RecordBatch.from_pylist([], hashed.schema)]
    schema = raw_schema(table)
    return pa.Table.from_batches(
        [as_raw_batch(batch, schema, "delete") for batch in batches], schema
    )


def as_raw_batch(batch: pa.RecordBatch, schema: pa.Schema, operation: str) -> pa.RecordBatch:
    """`batch` in a raw schema: our columns added, columns that it lacks as NULL."""
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
