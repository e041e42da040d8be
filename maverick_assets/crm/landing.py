"""What sources fetch, into raw Delta tables."""

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from maverick_assets.crm.forgetting import read_forgotten
from maverick_assets.crm.internet_mail import Skipped
from maverick_assets.crm.raw_table import ARROW_TYPES, LIVE, named, raw_schema, stamped, tombstones
from maverick_assets.crm.sources.base import Source, SourceTable
from maverick_assets.lake.delta import (
    Commit,
    arrow_table,
    only_writer,
    read_state,
    read_table,
    sync_table,
)
from maverick_assets.lake.paths import raw_path


@dataclass(frozen=True)
class Landing:
    """What one fetch brought: `read` rows, of which the commit tells what was new."""

    read: int
    tombstones: int
    skipped: list[Skipped]
    commit: Commit


def land(source: Source, fills: SourceTable, lake: Path) -> Landing:
    """Bring a raw Delta table of the lake up to date with a source; rows and state together.

    Raises what `Source.fetch` raises; the table is then as it was.
    """
    table = fills.table
    target = raw_path(lake, fills.name)
    schema = pa.schema([(name, ARROW_TYPES[kind]) for name, kind in table.columns.items()])
    with only_writer(target):
        fetched = source.fetch(fills.name, read_state(target, raw_schema(table)))
        rows = list(fetched.rows)
        forgotten = read_forgotten(lake)
        deleted = set(fetched.deleted)
        kept = [
            row for row in rows if row["id"] not in deleted and not forgotten.covers(table, row)
        ]
        found = arrow_table(kept, schema).to_batches()
        live = [stamped(batch, raw_schema(table), "upsert") for batch in found]
        gone = _gone(target, {row["id"] for row in kept}, fetched.deleted, fetched.complete)
        buried = tombstones(table, named(target, gone))
        wanted = pa.concat_tables([pa.Table.from_batches(live, raw_schema(table)), buried])
        commit = sync_table(target, wanted, "id", scope=(), state=fetched.state)
    return Landing(len(rows), len(gone), fetched.skipped, commit)


def _gone(target: Path, kept: set[str], deleted: list[str], complete: bool) -> pa.Array:
    """Live ids of the lake that the source deleted, or no longer has."""
    held = read_table(target, columns=["id"], where=LIVE)
    if held is None:
        return pa.array([], pa.string())
    ids = held["id"].combine_chunks()
    named = pc.is_in(ids, value_set=pa.array(deleted, pa.string()))
    absent = pc.invert(pc.is_in(ids, value_set=pa.array(list(kept), pa.string())))
    return ids.filter(pc.or_(named, absent) if complete else named)
