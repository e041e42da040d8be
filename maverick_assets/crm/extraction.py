"""CRM tables into raw Delta tables: every row, with content hash and tombstones.

A whole table is read in one snapshot and compared with the lake by hash. That loses nothing,
whatever the writers do meanwhile; its cost is that of the table, not of the change.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
from psycopg import sql
from psycopg.rows import dict_row

from maverick_assets.crm.schema import Table, present_columns
from maverick_assets.errors import BadInput
from maverick_assets.lake import ROW_HASH, Commit, arrow_table, read_table, sync_table

ARROW_TYPES = {
    "text": pa.string(),
    "jsonb": pa.string(),
    "text[]": pa.list_(pa.string()),
    "timestamptz": pa.timestamp("us", tz="UTC"),
    "double precision": pa.float64(),
    "integer": pa.int64(),
}


@dataclass(frozen=True)
class Extraction:
    """What one extraction did. `rows` counts live rows at the source."""

    table: str
    rows: int
    tombstones: int
    commit: Commit


def extract(connection: psycopg.Connection, table: Table, target: Path) -> Extraction:
    """Bring the raw Delta table at `target` up to date with the CRM's `table`.

    Rows that vanished at the source stay as tombstones (`_op` = delete, only their id kept).
    Raises `BadInput` naming table and column when the source cannot be read as the schema says.
    """
    rows = _read_rows(connection, table)
    schema = pa.schema([(name, ARROW_TYPES[kind]) for name, kind in table.columns.items()])
    live = arrow_table(rows, schema)
    ids = live["id"].to_pylist()
    if len(set(ids)) != len(ids) or None in ids:
        raise BadInput(f"the CRM's table {table.name}: column id has NULLs or duplicates; fix it")
    gone = _vanished(target, set(ids))
    tombstones = arrow_table(
        [dict.fromkeys(schema.names) | {"id": vanished} for vanished in gone], schema
    )
    wanted = pa.concat_tables([_stamped(live, "upsert"), _stamped(tombstones, "delete")])
    commit = sync_table(target, wanted, key="id")
    return Extraction(table.name, live.num_rows, len(gone), commit)


def live_rows(target: Path) -> list[dict[str, Any]]:
    """Rows of a raw table without tombstones; none when it was never extracted."""
    table = read_table(target)
    if table is None:
        return []
    return [row for row in table.to_pylist() if row["_op"] == "upsert"]


def _read_rows(connection: psycopg.Connection, table: Table) -> list[dict[str, Any]]:
    present = present_columns(connection, table)
    selected = sql.SQL(", ").join(
        sql.SQL("{0}::{1} as {0}").format(
            sql.Identifier(name), sql.SQL("text" if kind == "jsonb" else kind)
        )
        for name, kind in table.columns.items()
        if name in present
    )
    query = sql.SQL("select {} from {} order by id").format(selected, sql.Identifier(table.name))
    connection.commit()
    connection.execute("set transaction isolation level repeatable read, read only")
    connection.execute("set local time zone 'UTC'")
    try:
        with connection.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute(query).fetchall()
    except psycopg.Error as error:
        reason = str(error).splitlines()[0]
        raise BadInput(f"the CRM's table {table.name} cannot be read: {reason}") from error
    connection.commit()
    absent = dict.fromkeys(name for name in table.columns if name not in present)
    return [absent | row for row in rows]


def _vanished(target: Path, present: set[str]) -> list[str]:
    held = read_table(target, columns=["id"])
    return [] if held is None else sorted(set(held["id"].to_pylist()) - present)


def _stamped(table: pa.Table, operation: str) -> pa.Table:
    count = table.num_rows
    now = [datetime.now(UTC)] * count
    return (
        table.drop_columns(ROW_HASH)
        .append_column("_op", pa.array([operation] * count, pa.string()))
        .append_column("_extracted_at", pa.array(now, pa.timestamp("us", tz="UTC")))
        .append_column(ROW_HASH, table[ROW_HASH])
    )
