"""Raw tables and turns written row by row, without a CRM, and the bytes of a table to compare."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from maverick_assets.crm.raw_table import (
    ARROW_TYPES,
    as_raw_batch,
    live_rows,
    raw_schema,
    tombstones,
    with_kept_columns,
)
from maverick_assets.crm.schema import TABLES, Table
from maverick_assets.datasets.examples.example import Example
from maverick_assets.datasets.turns.turn import TURN_SCHEMA, Turn, turn_rows
from maverick_assets.lake.delta import arrow_table, read_table, sync_table
from maverick_assets.lake.paths import raw_path, turns_path

RowsByTable = dict[str, dict[str, dict[str, Any]]]  # table -> id -> row


def upsert_raw_rows(lake: Path, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Add rows to the raw table of a CRM table, or change those that it has; the others stay.

    Columns that a row lacks are NULL. Without rows, an empty table is there afterwards.
    """
    sync_table(raw_path(lake, name), _raw_rows(TABLES[name], rows), "id", scope=())


def replace_raw_rows(lake: Path, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Make a raw table hold these rows, and a tombstone for each other one that it held.

    The table is as extraction leaves it when the CRM has `rows`.
    """
    replace_raw_table_of(lake, TABLES[name], rows)


def replace_raw_table_of(lake: Path, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
    """As `replace_raw_rows`, for any table, such as one that a source fills."""
    target = raw_path(lake, table.name)
    upserts = _raw_rows(table, rows)
    gone = {row["id"] for row in live_rows(target)} - set(upserts["id"].to_pylist())
    deletes = tombstones(table, with_kept_columns(target, pa.array(sorted(gone), pa.string())))
    sync_table(target, pa.concat_tables([upserts, deletes]), "id", scope=())


def replace_raw_tables(lake: Path, rows: RowsByTable) -> None:
    """Make raw tables what extraction leaves of a CRM with these rows."""
    for name, rows_by_id in rows.items():
        replace_raw_rows(lake, name, rows_by_id.values())


def write_turns(lake: Path, examples: Iterable[Example], personality: str | None = None) -> None:
    """Make `clean/turns` hold a turn for each row that examples are made from.

    Their only mark is `personality`.
    """
    rows = {
        (example.source, row_id): example for example in examples for row_id in example.source_ids
    }
    turns = [
        Turn(
            turn_id=f"{source}:{row_id}",
            source=source,
            source_ids=[row_id],
            thread_id=example.thread_id,
            author="",
            is_owner=True,
            occurred_at=example.occurred_at,
            text=example.messages[-1]["content"],
            personality=personality,
        )
        for (source, row_id), example in rows.items()
    ]
    sync_table(turns_path(lake), arrow_table(turn_rows(turns), TURN_SCHEMA), "turn_id", scope=())


def table_bytes(lake: Path, table: str, key: str) -> bytes:
    """All rows of a table of the lake in the order of their key, as bytes."""
    stored = read_table(lake / table)
    assert stored is not None
    ordered = stored.sort_by(key).combine_chunks()
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, ordered.schema) as writer:
        writer.write_table(ordered)
    return bytes(sink.getvalue())


def _raw_rows(table: Table, rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    schema = pa.schema([(column, ARROW_TYPES[kind]) for column, kind in table.columns.items()])
    whole = [{column: _stored(row.get(column)) for column in table.columns} for row in rows]
    batches = arrow_table(whole, schema).to_batches()
    raw = raw_schema(table)
    return pa.Table.from_batches([as_raw_batch(batch, raw, "upsert") for batch in batches], raw)


def _stored(value: Any) -> Any:
    """JSON columns are text in the lake."""
    return json.dumps(value) if isinstance(value, dict) else value
