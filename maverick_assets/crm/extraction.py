"""Extracts CRM tables into raw Delta tables: new and changed rows, tombstones, and the watermark.

One extraction reads everything in one snapshot of the source. Rows stream through in batches, so
that memory holds no more of a table than its ids.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pyarrow as pa
import pyarrow.compute as pc

from maverick_assets.crm.connection import open_database
from maverick_assets.crm.foreign_input import SkippedInput
from maverick_assets.crm.forgotten import read_forgotten, untouched_mails
from maverick_assets.crm.postgres.visibility import refuse_hidden_rows
from maverick_assets.crm.raw_table import LIVE, raw_schema, tombstones, with_kept_columns
from maverick_assets.crm.schema import Table
from maverick_assets.crm.table_reader import TableReader
from maverick_assets.crm.watermark import (
    Watermark,
    Window,
    begin_snapshot,
    choose_window,
    count_rows,
    next_watermark,
    with_skipped,
)
from maverick_assets.errors import BadInput, MaverickError, first_line
from maverick_assets.lake.delta import (
    Commit,
    only_writer,
    open_table,
    read_state,
    read_table,
    sync_table,
    write_stream,
)
from maverick_assets.lake.paths import raw_path

COMMIT_BYTES = 64 * 2**20


@dataclass(frozen=True)
class ExtractionResult:
    """What one extraction did."""

    table: str
    rows: int  # rows of the source
    read: int  # rows that were transferred
    tombstones: int  # rows that vanished at the source
    method: str  # how the rows to read were chosen, for people
    reason: str  # why they were chosen that way, for people
    oldest_transaction_seconds: float  # age of the oldest transaction that is open at the source
    has_row_security: bool  # policies choose the rows that the source shows
    skipped: list[SkippedInput]  # rows that cannot be read; what the lake had of them stays
    commit: Commit


def extract(url: str, table: Table, lake: Path) -> ExtractionResult:
    """Bring the raw Delta table of the lake up to date with the table of the CRM at `url`.

    Rows that vanished at the source stay as tombstones (`_op` = delete) with their id and the
    columns `KEPT_COLUMNS`. The last commit carries the watermark, so the next extraction repeats
    one that dies before it. Raises `BadInput` naming table and column when the source cannot be
    read as the schema says, or may hide rows that it showed before; the watermark is then
    unchanged. A row that cannot be read costs itself alone.
    """
    target = raw_path(lake, table.name)
    with (
        only_writer(target),
        _rights_needed(table),
        open_database(url, "MAVERICK_CRM_URL") as connection,
    ):
        snapshot = begin_snapshot(connection, table)
        forgotten = read_forgotten(lake)
        untouched = untouched_mails(lake, table, forgotten)
        reader = TableReader(url, connection, table, snapshot, lake, forgotten, untouched)
        state = read_state(target, raw_schema(table))
        if state is None:
            return _load_all(reader, target)
        watermark = Watermark.model_validate(state)
        window = choose_window(table, snapshot, watermark, datetime.now(UTC))
        try:
            return _update(reader, target, window, watermark)
        except _RowsMissing as missing:
            reason = f"{missing.count} rows at the source were not in the lake: a restored database"
            return _update(reader, target, Window(None, "full", reason), watermark)


@contextmanager
def _rights_needed(table: Table) -> Iterator[None]:
    """Makes a right that the role lacks `BadInput`."""
    try:
        yield
    except psycopg.errors.InsufficientPrivilege as error:
        raise BadInput(
            f"the CRM's table {table.name} may not be read: {first_line(error)}; grant select"
        ) from error


class _RowsMissing(Exception):
    """The lake lacks rows that are older than its watermark."""

    def __init__(self, count: int) -> None:
        self.count = count


def _load_all(reader: TableReader, target: Path) -> ExtractionResult:
    """The first extraction of a table: a single commit, whatever the size of the table."""
    schema = raw_schema(reader.table)
    window = Window(None, "full", "first reading")
    watermark = next_watermark(reader.snapshot, None, window, datetime.now(UTC), {})
    failures: list[BaseException] = []

    def batches() -> Iterator[pa.RecordBatch]:
        try:
            yield from reader.rows(None)
        except BaseException as error:  # Arrow would pass on nothing but its text
            failures.append(error)
            raise

    try:
        write_stream(
            target,
            pa.RecordBatchReader.from_batches(schema, batches()),
            watermark.model_dump(mode="json"),
        )
    except MaverickError:
        if failures:
            raise failures[0] from None
        raise
    n_kept = reader.n_read - reader.n_dropped - reader.n_unstorable
    if reader.skipped:  # known only now; without this commit, the next extraction finds them again
        watermark = watermark.model_copy(update={"skipped": reader.skipped})
        nothing = pa.Table.from_batches([], schema)
        sync_table(target, nothing, "id", (), watermark.model_dump(mode="json"))
    delta = open_table(target)
    assert delta is not None
    commit = Commit(delta.version(), n_kept, n_kept, 0, 0)
    return _result(reader, window, n_kept, commit, n_tombstones=0)


def _update(
    reader: TableReader, target: Path, window: Window, watermark: Watermark
) -> ExtractionResult:
    """Upsert the rows of a window, add tombstones, and move the watermark with the last commit.

    Raises `_RowsMissing` when the source has older rows that the lake lacks.
    """
    earlier = Commit(0, 0, 0, 0, 0)
    chunk: list[pa.RecordBatch] = []
    window = with_skipped(window, watermark)
    n_rows, n_in_window = count_rows(reader.connection, reader.table, window)
    for batch in reader.rows(window.condition) if n_in_window else ():
        chunk.append(batch)
        if sum(batch.nbytes for batch in chunk) > COMMIT_BYTES:
            commit = sync_table(target, pa.Table.from_batches(chunk), "id", scope=())
            earlier = add_counts(earlier, commit)
            chunk = []
    upserts = pa.Table.from_batches(chunk, raw_schema(reader.table))
    vanished = _vanished_ids(reader, target, upserts["id"], n_rows, window)
    _check_visibility(reader, target, watermark, len(vanished))
    deletes = tombstones(reader.table, with_kept_columns(target, vanished))
    new_watermark = next_watermark(
        reader.snapshot, watermark, window, datetime.now(UTC), reader.skipped
    )
    # The horizon moves with every transaction of the server. Where it saves no reading, a commit
    # for it alone would be one for every look at the table.
    wanted = pa.concat_tables([upserts, deletes])
    is_news = reader.n_read or wanted.num_rows or reader.skipped != watermark.skipped
    is_news = is_news or new_watermark.visibility != watermark.visibility
    state = new_watermark.model_dump(mode="json") if is_news else None
    commit = sync_table(target, wanted, "id", scope=(), state=state)
    return _result(reader, window, n_rows, add_counts(commit, earlier), len(vanished))


def _vanished_ids(
    reader: TableReader, target: Path, upserted: pa.ChunkedArray, n_rows: int, window: Window
) -> pa.Array:
    """Ids that the source no longer has, of rows that are live in the lake or `upserted` just now.

    Raises `_RowsMissing` when the source has rows that neither the lake nor the window holds.
    """
    stored = read_table(target, columns=["id"], where=LIVE)
    assert stored is not None
    live = pc.unique(pa.chunked_array([*stored["id"].chunks, *upserted.chunks], pa.string()))
    forgotten = sorted(reader.forgotten.rows.get(reader.table.name, ()))
    absent = pa.array([*forgotten, *reader.skipped], pa.string())
    known = pc.unique(pa.concat_arrays([live, absent]))
    # After a window by horizon every row of the source is in the lake, or forgotten: equal counts
    # are equal sets, and the ids need not be read.
    if reader.snapshot.horizon is not None and len(known) == n_rows:
        return pa.array([], pa.string())
    present = reader.ids()
    n_missing = len(present) - (pc.sum(pc.is_in(present, value_set=known)).as_py() or 0)
    if n_missing and window.condition is not None:
        raise _RowsMissing(n_missing)
    return live.filter(pc.invert(pc.is_in(live, value_set=present)))


def _check_visibility(
    reader: TableReader, target: Path, watermark: Watermark, n_vanished: int
) -> None:
    """Raise `BadInput` where rows that vanished may only be hidden."""
    stored = read_table(target, columns=["id"], where=LIVE) if n_vanished else None
    if stored is not None:
        refuse_hidden_rows(
            reader.table,
            reader.snapshot.visibility,
            watermark.visibility,
            watermark.source == reader.snapshot.source,
            (n_vanished, stored.num_rows),
        )


def _result(
    reader: TableReader, window: Window, n_rows: int, commit: Commit, n_tombstones: int
) -> ExtractionResult:
    return ExtractionResult(
        table=reader.table.name,
        rows=n_rows,
        read=reader.n_read,
        tombstones=n_tombstones,
        method=window.method,
        reason=window.reason,
        oldest_transaction_seconds=reader.snapshot.oldest_transaction_seconds,
        has_row_security=reader.snapshot.visibility.has_row_security,
        skipped=[SkippedInput(f"row {key}", why) for key, why in sorted(reader.skipped.items())],
        commit=commit,
    )


def add_counts(commit: Commit, other: Commit) -> Commit:
    """`commit` with the rows that `other` inserted and updated counted as well."""
    return replace(
        commit,
        inserted=commit.inserted + other.inserted,
        updated=commit.updated + other.updated,
    )
