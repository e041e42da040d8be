"""Raw tables written row by row, without a CRM."""

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
from maverick_assets.crm.schema import TABLES
from maverick_assets.lake.delta import arrow_table, sync_table
from maverick_assets.lake.paths import raw_path


def upsert_raw_rows(lake: Path, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Add rows to the raw table of a CRM table, or change those that it has; the others stay.

    Columns that a row lacks are NULL. Without rows, an empty table is there afterwards.
    """
    sync_table(raw_path(lake, name), _raw_rows(name, rows), "id", scope=())


def replace_raw_rows(lake: Path, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Make a raw table hold these rows, and a tombstone for each other one that it held.

    The table is as extraction leaves it when the CRM has `rows`.
    """
    target, table = raw_path(lake, name), TABLES[name]
    upserts = _raw_rows(name, rows)
    gone = {row["id"] for row in live_rows(target)} - set(upserts["id"].to_pylist())
    deletes = tombstones(table, with_kept_columns(target, pa.array(sorted(gone), pa.string())))
    sync_table(target, pa.concat_tables([upserts, deletes]), "id", scope=())


def _raw_rows(name: str, rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    table = TABLES[name]
    schema = pa.schema([(column, ARROW_TYPES[kind]) for column, kind in table.columns.items()])
    whole = [{column: _stored(row.get(column)) for column in table.columns} for row in rows]
    batches = arrow_table(whole, schema).to_batches()
    raw = raw_schema(table)
    return pa.Table.from_batches([as_raw_batch(batch, raw, "upsert") for batch in batches], raw)


def _stored(value: Any) -> Any:
    """JSON columns are text in the lake."""
    return json.dumps(value) if isinstance(value, dict) else value
