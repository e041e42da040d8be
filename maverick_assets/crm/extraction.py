"""CRM tables into raw Delta tables: new and changed rows, tombstones, and the watermark.

All that one extraction reads, it reads in one snapshot of the source. Rows stream through in
batches; what is held of the whole table are its ids.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
from adbc_driver_postgresql import dbapi
from psycopg import sql

from maverick_assets.crm.connection import open_database
from maverick_assets.crm.forgetting import Forgotten, forget_rows, read_forgotten
from maverick_assets.crm.raw_table import LIVE, TIME, named, raw_schema, stamped, tombstones
from maverick_assets.crm.schema import Table
from maverick_assets.crm.watermark import (
    Snapshot,
    Watermark,
    Window,
    choose_window,
    count_rows,
    next_mark,
    take_snapshot,
)
from maverick_assets.errors import BadInput, MaverickError, first_line
from maverick_assets.lake.delta import (
    ROW_HASH,
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
_BATCH_BYTES = 4 * 2**20
_EARLIEST = pa.scalar(datetime(1, 1, 1, tzinfo=UTC), TIME)
_LATEST = pa.scalar(datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), TIME)


@dataclass(frozen=True)
class Extraction:
    """What one extraction did. `rows` live at the source, of which `read` were transferred."""

    table: str
    rows: int
    read: int
    tombstones: int
    method: str
    reason: str
    pinned_seconds: float
    commit: Commit


def extract(url: str, table: Table, lake: Path) -> Extraction:
    """Bring the raw Delta table of the lake up to date with the table of the CRM at `url`.

    Rows that vanished at the source stay as tombstones (`_op` = delete) with their id and the
    columns `NAMING`.
    The last commit carries the watermark; an extraction that dies before it is repeated by the
    next. Raises `BadInput` naming table and column when the source cannot be read as the schema
    says; the watermark is then where it was.
    """
    target = raw_path(lake, table.name)
    with only_writer(target), open_database(url, "MAVERICK_CRM_URL") as connection:
        snapshot = take_snapshot(connection, table)
        forgotten = read_forgotten(lake)
        reader = _Reader(url, connection, table, snapshot, lake, forgotten)
        state = read_state(target, raw_schema(table))
        if state is None:
            return _load(reader, target)
        mark = Watermark.model_validate(state)
        window = choose_window(table, snapshot, mark, datetime.now(UTC))
        try:
            return _update(reader, target, window, mark)
        except _RowsMissing as missing:
            reason = f"{missing.count} rows at the source were not in the lake: a restored database"
            return _update(reader, target, Window(None, "full", reason), mark)


class _RowsMissing(Exception):
    """The lake lacks rows that are older than its watermark."""

    def __init__(self, count: int) -> None:
        self.count = count


@dataclass
class _Reader:
    """Rows of one table in one snapshot. `read` counts those that came through, `dropped` those
    of them that are forgotten."""

    url: str
    connection: psycopg.Connection
    table: Table
    snapshot: Snapshot
    lake: Path
    forgotten: Forgotten
    read: int = 0
    dropped: int = 0

    def rows(self, condition: sql.Composable | None) -> Iterator[pa.RecordBatch]:
        """Checked batches in the raw schema. Raises `BadInput` naming table and column."""
        columns = [
            sql.SQL("{} as {}").format(_expression(self.table, name, self.snapshot), _name(name))
            for name in self.table.columns
        ]
        present = sql.SQL(", ").join(
            _expression(self.table, name, self.snapshot) for name in self.snapshot.columns
        )
        # 64 bits, computed where the row is: a changed row is missed once in 10^19 changes.
        digest = sql.SQL("to_hex(hash_record_extended(row({}), 0)) as {}")
        columns.append(digest.format(present, _name(ROW_HASH)))
        schema = raw_schema(self.table)
        try:
            for batch in _ahead(self._stream(columns, condition)):
                yield self._remembered(self._checked(stamped(batch, schema, "upsert")))
        except (dbapi.Error, OSError) as error:  # while rows stream it is the latter
            raise self._complaint(error) from error

    def ids(self) -> pa.Array:
        """The ids of all rows."""
        column = sql.SQL("{} as id").format(_expression(self.table, "id", self.snapshot))
        batches = list(self._stream([column], None))
        return pa.concat_arrays([batch["id"] for batch in batches] or [pa.array([], pa.string())])

    def _stream(
        self, columns: Iterable[sql.Composable], condition: sql.Composable | None
    ) -> Iterator[pa.RecordBatch]:
        query = sql.SQL("select {} from {}").format(
            sql.SQL(", ").join(columns), _name(self.table.name)
        )
        if condition is not None:
            query += sql.SQL(" where ") + condition
        with dbapi.connect(self.url, autocommit=True) as connection, connection.cursor() as cursor:
            cursor.adbc_statement.set_options(
                **{"adbc.postgresql.batch_size_hint_bytes": str(_BATCH_BYTES)}
            )
            for setting in (
                "begin isolation level repeatable read, read only",
                f"set transaction snapshot '{self.snapshot.name}'",
                "set local time zone 'UTC'",
                "set local client_encoding to 'UTF8'",
            ):
                cursor.execute(setting)
            cursor.execute(query.as_string(self.connection))
            yield from cursor.fetch_record_batch()

    def _checked(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """`batch`, counted; its times must be such that Python's datetime can hold them."""
        for name, kind in self.table.columns.items():
            span = pc.min_max(batch[name]) if kind == "timestamptz" else None
            if span is None or not span["min"].is_valid:
                continue
            if pc.less(span["min"], _EARLIEST).as_py() or pc.greater(span["max"], _LATEST).as_py():
                raise self._bad(name, "has a time outside the years 1 to 9999; correct it")
        self.read += batch.num_rows
        return batch

    def _remembered(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """`batch` without what is forgotten; new rows of a forgotten contact are noted as such."""
        kept, dropped = self.forgotten.split(self.table, batch)
        new = [key for key in dropped if key not in self.forgotten.rows.get(self.table.name, ())]
        if new:
            forget_rows(self.lake, self.table.name, [{"id": key} for key in new])
            self.forgotten = read_forgotten(self.lake)
        self.dropped += len(dropped)
        return kept

    def _complaint(self, error: Exception) -> MaverickError:
        """Names the first column that PostgreSQL cannot send; else its own first line."""
        for name in self.snapshot.columns:
            try:
                self._probe(name)
            except psycopg.OperationalError as found:  # the server is gone, or at its limits
                error = found
                break
            except psycopg.Error as found:
                return self._bad(name, f"cannot be read: {first_line(found)}")
        reason = first_line(error)
        return MaverickError(
            f"the CRM's table {self.table.name} cannot be read now: {reason}; run it again"
        )

    def _probe(self, column: str) -> None:
        """Have PostgreSQL send a column, and forget it."""
        query = sql.SQL("copy (select {} from {}) to stdout").format(
            _expression(self.table, column, self.snapshot), _name(self.table.name)
        )
        self.connection.rollback()
        with self.connection.cursor() as cursor, cursor.copy(query) as values:
            for _ in values:
                pass

    def _bad(self, column: str, what: str) -> BadInput:
        return BadInput(f"the CRM's table {self.table.name}: column {column} {what}")


def _load(reader: _Reader, target: Path) -> Extraction:
    """The first reading: one commit, whatever the size."""
    schema = raw_schema(reader.table)
    window = Window(None, "full", "first reading")
    mark = next_mark(reader.snapshot, None, window, datetime.now(UTC))
    failures: list[BaseException] = []

    def batches() -> Iterator[pa.RecordBatch]:
        try:
            yield from reader.rows(None)
        except BaseException as error:  # Arrow would keep its text alone
            failures.append(error)
            raise

    try:
        write_stream(
            target,
            pa.RecordBatchReader.from_batches(schema, batches()),
            mark.model_dump(mode="json"),
        )
    except MaverickError:
        if failures:
            raise failures[0] from None
        raise
    table = open_table(target)
    assert table is not None
    kept = reader.read - reader.dropped
    commit = Commit(table.version(), kept, kept, 0, 0)
    return _report(reader, window, kept, commit, 0)


def _update(reader: _Reader, target: Path, window: Window, mark: Watermark) -> Extraction:
    """Upsert a window's rows, bury what has vanished, move the watermark with the last commit."""
    early = Commit(0, 0, 0, 0, 0)
    chunk: list[pa.RecordBatch] = []
    rows, fresh = count_rows(reader.connection, reader.table, window)
    for batch in reader.rows(window.condition) if fresh else ():
        chunk.append(batch)
        if sum(each.nbytes for each in chunk) > COMMIT_BYTES:
            early = _plus(early, sync_table(target, pa.Table.from_batches(chunk), "id", scope=()))
            chunk = []
    last = pa.Table.from_batches(chunk, raw_schema(reader.table))
    gone = _vanished(reader, target, last["id"], rows, window)
    after = next_mark(reader.snapshot, mark, window, datetime.now(UTC))
    last = pa.concat_tables([last, tombstones(reader.table, named(target, gone))])
    commit = sync_table(target, last, "id", scope=(), state=after.model_dump(mode="json"))
    return _report(reader, window, rows, _plus(commit, early), len(gone))


def _vanished(
    reader: _Reader, target: Path, new: pa.ChunkedArray, rows: int, window: Window
) -> pa.Array:
    """Ids that live in the lake and are not among the `rows` at the source.

    After a window by horizon every row of the source is in the lake, or forgotten: equal counts
    are equal sets.
    """
    held = read_table(target, columns=["id"], where=LIVE)
    assert held is not None
    live = pc.unique(pa.chunked_array([*held["id"].chunks, *new.chunks], pa.string()))
    forgotten = sorted(reader.forgotten.rows.get(reader.table.name, ()))
    known = pc.unique(pa.concat_arrays([live, pa.array(forgotten, pa.string())]))
    if reader.snapshot.horizon is not None and len(known) == rows:
        return pa.array([], pa.string())
    present = reader.ids()
    missing = len(present) - (pc.sum(pc.is_in(present, value_set=known)).as_py() or 0)
    if missing and window.condition is not None:
        raise _RowsMissing(missing)
    return live.filter(pc.invert(pc.is_in(live, value_set=present)))


def _report(reader: _Reader, window: Window, rows: int, commit: Commit, gone: int) -> Extraction:
    return Extraction(
        reader.table.name,
        rows,
        reader.read,
        gone,
        window.method,
        window.reason,
        reader.snapshot.pinned_seconds,
        commit,
    )


def _plus(commit: Commit, other: Commit) -> Commit:
    return replace(
        commit,
        inserted=commit.inserted + other.inserted,
        updated=commit.updated + other.updated,
    )


def _ahead(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """`batches`, the next of which is read while the caller works on one."""
    with ThreadPoolExecutor(max_workers=1) as reader:
        coming = reader.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = reader.submit(next, batches, None)
            yield batch


def _expression(table: Table, column: str, snapshot: Snapshot) -> sql.Composable:
    """A column as the schema's type; NULL where the source does not have it."""
    kind = table.columns[column]
    plain = sql.SQL("text" if kind == "jsonb" else kind)
    value = _name(column) if column in snapshot.columns else sql.SQL("null")
    return sql.SQL("{}::{}").format(value, plain)


def _name(name: str) -> sql.Identifier:
    return sql.Identifier(name)
