"""Lands what sources fetch in raw Delta tables."""

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from maverick_assets.crm.foreign_input import SkippedInput
from maverick_assets.crm.forgotten import read_forgotten, untouched_mails
from maverick_assets.crm.raw_table import (
    ARROW_TYPES,
    LIVE,
    as_raw_batch,
    raw_schema,
    tombstones,
    with_kept_columns,
)
from maverick_assets.crm.sources.source import FetchResult, Source, SourceTable
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
class LandingResult:
    """What one fetch brought."""

    read: int  # rows that the source handed over
    tombstones: int
    skipped: list[SkippedInput]
    commit: Commit  # counts the rows that were new or changed


def land(source: Source, source_table: SourceTable, lake: Path) -> LandingResult:
    """Bring a raw Delta table of the lake up to date with a source.

    Rows and the state of the fetch are written in one commit. Raises what `Source.fetch` raises;
    the table is then unchanged.
    """
    table = source_table.table
    target = raw_path(lake, table.name)
    schema = pa.schema([(name, ARROW_TYPES[kind]) for name, kind in table.columns.items()])
    with only_writer(target):
        fetched = source.fetch(source_table.name, read_state(target, raw_schema(table)))
        rows = list(fetched.rows)
        forgotten = read_forgotten(lake)
        deleted = set(fetched.deleted)
        untouched = untouched_mails(lake, table, forgotten)
        present = {row["id"] for row in rows} & untouched - deleted
        kept = [
            forgotten.cleaned(table, row)
            for row in rows
            if row["id"] not in deleted | untouched and not forgotten.covers(table, row)
        ]
        batches = arrow_table(kept, schema).to_batches()
        upserts = [as_raw_batch(batch, raw_schema(table), "upsert") for batch in batches]
        vanished = _vanished_ids(target, present | {row["id"] for row in kept}, fetched)
        deletes = tombstones(table, with_kept_columns(target, vanished))
        wanted = pa.concat_tables([pa.Table.from_batches(upserts, raw_schema(table)), deletes])
        # A fetch that brought nothing would bring nothing again: its state is not worth a commit.
        state = fetched.state if rows or wanted.num_rows else None
        commit = sync_table(target, wanted, "id", scope=(), state=state)
    return LandingResult(len(rows), len(vanished), fetched.skipped, commit)


def _vanished_ids(target: Path, present: set[str], fetched: FetchResult) -> pa.Array:
    """Ids of live rows that the source deleted or, after a complete fetch, no longer has."""
    stored = read_table(target, columns=["id"], where=LIVE)
    if stored is None:
        return pa.array([], pa.string())
    ids = stored["id"].combine_chunks()
    deleted = pc.is_in(ids, value_set=pa.array(fetched.deleted, pa.string()))
    absent = pc.invert(pc.is_in(ids, value_set=pa.array(list(present), pa.string())))
    return ids.filter(pc.or_(deleted, absent) if fetched.complete else deleted)
