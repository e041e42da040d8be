"""The rows of one CRM table in one snapshot, as batches of raw rows.

Two connections share the snapshot. ADBC streams rows as Arrow, without a Python object per value;
psycopg serves every other query.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pyarrow as pa
from adbc_driver_postgresql import dbapi
from psycopg import sql

from maverick_assets.crm.forgotten import Forgotten, add_rows, read_forgotten
from maverick_assets.crm.postgres.unreadable import (
    uncastable_rows,
    unstorable_rows,
    without_rows,
)
from maverick_assets.crm.raw_table import as_raw_batch, raw_schema
from maverick_assets.crm.schema import Table
from maverick_assets.crm.watermark import TableSnapshot
from maverick_assets.errors import BadInput, MaverickError, first_line
from maverick_assets.lake.delta import ROW_HASH

BATCH_BYTES = 4 * 2**20


@dataclass
class TableReader:
    """Reads one table in one snapshot, and counts what it reads."""

    url: str
    connection: psycopg.Connection  # in the transaction that holds the snapshot
    table: Table
    snapshot: TableSnapshot
    lake: Path
    forgotten: Forgotten
    untouched: frozenset[str]  # as `untouched_mails` returns them
    n_read: int = 0  # rows that came from the source
    n_dropped: int = 0  # rows among them that are forgotten
    n_unstorable: int = 0  # rows among them that the lake cannot hold
    skipped: dict[str, str] = field(default_factory=dict)  # rows that cannot be read: why, by id

    def rows(self, condition: sql.Composable | None) -> Iterator[pa.RecordBatch]:
        """Batches of the rows that satisfy `condition` (None: all), in the raw schema.

        Forgotten rows are dropped, and so are those that cannot be read, which `skipped` names.
        Raises `BadInput` naming table and column when nothing of a column can be read,
        `MaverickError` when the server is gone.
        """
        self.skipped = uncastable_rows(self.connection, self.table, self.snapshot.types, condition)
        if self.skipped:
            readable = sql.SQL("not (id::text = any({}))").format(sql.Literal([*self.skipped]))
            condition = sql.SQL("{} and {}").format(condition or sql.SQL("true"), readable)
        columns = [
            sql.SQL("{} as {}").format(self._as_schema_type(name), sql.Identifier(name))
            for name in self.table.columns
        ]
        values = sql.SQL(", ").join(map(self._as_schema_type, self.snapshot.columns))
        # 64 bits, computed where the row is: a changed row is missed once in 10^19 changes.
        row_hash = sql.SQL("to_hex(hash_record_extended(row({}), 0)) as {}")
        columns.append(row_hash.format(values, sql.Identifier(ROW_HASH)))
        try:
            # All in the other thread: this one may be Delta's, which cannot write the list of the
            # forgotten in the middle of its own writing.
            yield from prefetched(self._raw(self._stream(columns, condition)))
        except (dbapi.Error, OSError) as error:  # ADBC raises OSError while rows stream
            raise self._explain(error) from error

    def _raw(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        schema = raw_schema(self.table)
        for batch in batches:
            self.n_read += batch.num_rows
            unstorable = unstorable_rows(batch, self.table, self.snapshot.types)
            self.skipped |= unstorable
            self.n_unstorable += len(unstorable)
            readable = without_rows(batch, unstorable)
            yield self._drop_forgotten(as_raw_batch(readable, schema, "upsert"))

    def ids(self) -> pa.Array:
        """The ids of all rows."""
        column = sql.SQL("{} as id").format(self._as_schema_type("id"))
        batches = list(self._stream([column], None))
        return pa.concat_arrays([batch["id"] for batch in batches] or [pa.array([], pa.string())])

    def _stream(
        self, columns: Iterable[sql.Composable], condition: sql.Composable | None
    ) -> Iterator[pa.RecordBatch]:
        query = sql.SQL("select {} from {}").format(
            sql.SQL(", ").join(columns), sql.Identifier(self.table.name)
        )
        if condition is not None:
            query += sql.SQL(" where ") + condition
        with dbapi.connect(self.url, autocommit=True) as connection, connection.cursor() as cursor:
            cursor.adbc_statement.set_options(
                **{"adbc.postgresql.batch_size_hint_bytes": str(BATCH_BYTES)}
            )
            for statement in (
                "begin isolation level repeatable read, read only",
                f"set transaction snapshot '{self.snapshot.name}'",
                # Times without a zone are taken as UTC, whatever the server's own zone is.
                "set local time zone 'UTC'",
                "set local client_encoding to 'UTF8'",
            ):
                cursor.execute(statement)
            cursor.execute(query.as_string(self.connection))
            yield from cursor.fetch_record_batch()

    def _as_schema_type(self, column: str) -> sql.Composable:
        """A column cast to the schema's type; NULL where the source does not have it."""
        kind = self.table.columns[column]
        # ADBC would send JSON as an extension type, which the lake does not store.
        cast = sql.SQL("text" if kind == "jsonb" else kind)
        present = column in self.snapshot.columns
        return sql.SQL("{}::{}").format(
            sql.Identifier(column) if present else sql.SQL("null"), cast
        )

    def _drop_forgotten(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """`batch` without forgotten rows, and naming no forgotten contact.

        New rows of a forgotten contact are put on the list.
        """
        kept, dropped_ids = self.forgotten.split(self.table, batch, self.untouched)
        name = self.table.name
        listed = {*self.forgotten.rows.get(name, ()), *self.forgotten.frozen.get(name, ())}
        new_ids = [row_id for row_id in dropped_ids if row_id not in listed]
        if new_ids:
            add_rows(self.lake, self.table.name, [{"id": row_id} for row_id in new_ids])
            self.forgotten = read_forgotten(self.lake)
        self.n_dropped += len(dropped_ids)
        return kept

    def _explain(self, error: Exception) -> MaverickError:
        """The error of the first column that PostgreSQL cannot send: ADBC does not name it.

        When every column can be sent, the server itself is the reason.
        """
        for name in self.snapshot.columns:
            try:
                self._send_column(name)
            except psycopg.OperationalError as outage:  # the server is gone, or at its limits
                error = outage
                break
            except psycopg.Error as unreadable:
                return self._column_error(name, f"cannot be read: {first_line(unreadable)}")
        return MaverickError(
            f"the CRM's table {self.table.name} cannot be read now: {first_line(error)}; "
            "run it again"
        )

    def _send_column(self, column: str) -> None:
        """Have PostgreSQL send a whole column, and discard it. Raises `psycopg.Error`."""
        query = sql.SQL("copy (select {} from {}) to stdout").format(
            self._as_schema_type(column), sql.Identifier(self.table.name)
        )
        self.connection.rollback()
        with self.connection.cursor() as cursor, cursor.copy(query) as values:
            for _ in values:
                pass

    def _column_error(self, column: str, problem: str) -> BadInput:
        return BadInput(f"the CRM's table {self.table.name}: column {column} {problem}")


def prefetched(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """`batches`, where a thread reads the next one while the caller works on the current one."""
    with ThreadPoolExecutor(max_workers=1) as executor:
        upcoming = executor.submit(next, batches, None)
        while (batch := upcoming.result()) is not None:
            upcoming = executor.submit(next, batches, None)
            yield batch
