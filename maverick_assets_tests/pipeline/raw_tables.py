"""Raw tables written row by row, without a CRM."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from maverick_assets.crm.raw_table import ARROW_TYPES, as_raw_batch, raw_schema
from maverick_assets.crm.schema import TABLES
from maverick_assets.lake.delta import arrow_table, sync_table
from maverick_assets.lake.paths import raw_path


def write_raw(lake: Path, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Make the raw table of a CRM table hold these rows; columns that a row lacks are NULL."""
    table = TABLES[name]
    schema = pa.schema([(column, ARROW_TYPES[kind]) for column, kind in table.columns.items()])
    whole = [dict.fromkeys(table.columns) | row for row in rows]
    batches = arrow_table(whole, schema).to_batches()
    raw = [as_raw_batch(batch, raw_schema(table), "upsert") for batch in batches]
    sync_table(raw_path(lake, name), pa.Table.from_batches(raw), "id")
