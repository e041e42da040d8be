"""How far a table of the CRM was read, and what has to be read next.

Rows become visible in commit order, not in the order of any key or timestamp. A cursor on a key or
a timestamp therefore loses rows while others write: a slow transaction may commit a row that is
older than the cursor. The horizon of a snapshot loses none. It is the id of the oldest transaction
that was still running (`pg_snapshot_xmin`). A row that a later snapshot shows and this one did not
was written by that transaction or a newer one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg
from psycopg import sql
from pydantic import BaseModel, ConfigDict

from maverick_assets.crm.connection import present_columns
from maverick_assets.crm.postgres.unreadable import is_safe
from maverick_assets.crm.postgres.visibility import Visibility, read_visibility
from maverick_assets.crm.schema import Table
from maverick_assets.errors import BadInput

CURSOR_LAG = timedelta(hours=1)
RECONCILE_AFTER = timedelta(hours=20)  # a nightly run reconciles, runs during the day do not
LONG_TRANSACTION_SECONDS = 600  # a transaction that is open for longer is worth a warning
# Transaction ids compare modulo 2**32, so a horizon is comparable for half of that.
_MAX_COMPARABLE_IDS = 2**31 - 2**20


class Watermark(BaseModel):
    """How far a table was read; stored in the same commit as the rows."""

    model_config = ConfigDict(frozen=True)

    source: str  # cluster, timeline, life between crashes, database and relation
    columns: tuple[str, ...]  # columns that the source had
    horizon: int | None  # None where rows have no `xmin`
    cursor: datetime | None  # without a horizon: the newest timestamp that was seen
    reconciled_at: datetime  # when all rows were last read
    visibility: str | None = None  # fingerprint of what decides which rows are shown
    skipped: dict[str, str] = {}  # rows that cannot be read: why, by id


@dataclass(frozen=True)
class TableSnapshot:
    """One consistent view of a table."""

    name: str  # by which other connections share it
    source: str  # as in `Watermark`
    columns: tuple[str, ...]  # columns of the schema that the source has
    horizon: int | None  # None where rows have no usable `xmin`
    next_id: int  # the next transaction id that the server gives out
    cursor_column: str | None  # a column of timestamps, where the table has one
    newest: datetime | None  # without a horizon: the last timestamp of that column
    types: Mapping[str, str]  # PostgreSQL's name of the type of each column
    visibility: Visibility
    oldest_transaction_seconds: float  # age of the oldest transaction, which holds the horizon back


@dataclass(frozen=True)
class Window:
    """Which rows to read."""

    condition: sql.Composable | None  # None: all
    method: str  # for people
    reason: str  # for people


def begin_snapshot(connection: psycopg.Connection, table: Table) -> TableSnapshot:
    """Begin a REPEATABLE READ transaction, and describe the table as it is there.

    The snapshot lives until that transaction ends. Raises `BadInput` naming table and column when
    one is missing or may not be read, or when ids are NULL or not unique.
    """
    connection.rollback()
    connection.execute("set transaction isolation level repeatable read, read only")
    types = _readable_columns(connection, table)
    columns = tuple(types)
    _check_ids(connection, table)
    row = connection.execute(_SNAPSHOT_QUERY, {"table": table.name}).fetchone()
    assert row is not None
    name, source, horizon, next_id, has_xmin, oldest_transaction = row
    times = [
        column
        for column in columns
        if table.columns[column] == "timestamptz" and is_safe("timestamptz", types[column])
    ]
    cursor = "updated_at" if "updated_at" in times else next(iter(times), None)
    return TableSnapshot(
        name=name,
        source=source,
        columns=columns,
        horizon=horizon if has_xmin else None,
        next_id=next_id,
        cursor_column=cursor,
        newest=None if has_xmin or cursor is None else _newest(connection, table, cursor),
        types=types,
        visibility=read_visibility(connection, table),
        oldest_transaction_seconds=float(oldest_transaction or 0),
    )


def count_rows(connection: psycopg.Connection, table: Table, window: Window) -> tuple[int, int]:
    """How many rows the table has in the connection's snapshot, and how many the window has."""
    condition = window.condition or sql.SQL("true")
    query = sql.SQL("select count(*), count(*) filter (where {}) from {}")
    row = connection.execute(query.format(condition, _name(table))).fetchone()
    assert row is not None
    return row[0], row[1]


def choose_window(
    table: Table, snapshot: TableSnapshot, watermark: Watermark, now: datetime
) -> Window:
    """What to read after `watermark`.

    Raises `BadInput` when the source has lost a column: its values would silently become NULL.
    """
    if watermark.source != snapshot.source:
        return Window(None, "full", "another database, a restored one, or a server that crashed")
    vanished = [column for column in watermark.columns if column not in snapshot.columns]
    if vanished:
        raise BadInput(
            f"the CRM's table {table.name} has lost its column {vanished[0]}, or the role the "
            "right to read it; restore it, or remove the table's folder in the lake to read it "
            "anew without that column"
        )
    if watermark.columns != snapshot.columns:
        return Window(None, "full", "a new column")
    if watermark.horizon is not None and snapshot.horizon is not None:
        return _window_by_horizon(watermark.horizon, snapshot.next_id)
    return _window_by_cursor(snapshot, watermark, now)


def next_watermark(
    snapshot: TableSnapshot,
    watermark: Watermark | None,
    window: Window,
    now: datetime,
    skipped: Mapping[str, str],
) -> Watermark:
    """The watermark after `window` was read; `watermark` is the one before, if any.

    `skipped`: rows of the table that cannot be read, by id, with the reason.
    """
    reconciled_at = now  # all rows were read
    if watermark and window.condition is not None:
        reconciled_at = watermark.reconciled_at
    return Watermark(
        source=snapshot.source,
        columns=snapshot.columns,
        horizon=snapshot.horizon,
        cursor=snapshot.newest,
        reconciled_at=reconciled_at,
        visibility=snapshot.visibility.fingerprint,
        skipped=dict(skipped),
    )


def with_skipped(window: Window, watermark: Watermark) -> Window:
    """A window that also holds the rows that could not be read the last time."""
    if window.condition is None or not watermark.skipped:
        return window
    skipped = sql.SQL("id::text = any({})").format(sql.Literal(list(watermark.skipped)))
    condition = sql.SQL("({} or {})").format(window.condition, skipped)
    return Window(condition, window.method, window.reason)


def _readable_columns(connection: psycopg.Connection, table: Table) -> dict[str, str]:
    """The columns that exist and may be read, with their types. Optional ones may be missing."""
    rows = connection.execute(_COLUMNS_QUERY, [table.name]).fetchall()
    types = {name: source_type for name, source_type, is_readable in rows if is_readable}
    existing = present_columns(connection, table)
    for name in table.required:
        if name not in types:
            raise BadInput(
                f"the CRM's table {table.name}: the role {connection.info.user} may not read its "
                f"column {name}; grant select on it"
            )
    return {name: types[name] for name in existing if name in types}


def _window_by_horizon(horizon: int, next_id: int) -> Window:
    if next_id < horizon:
        return Window(None, "full", "transaction ids went back: a restored database")
    if next_id - horizon > _MAX_COMPARABLE_IDS:
        return Window(None, "full", "too many transactions since the last reading")
    # `xmin` has 32 bits of the horizon's 64, and no order of its own: `age` compares modulo 2**32.
    newer = sql.SQL("age(xmin) <= age({}::text::xid)").format(sql.Literal(str(horizon % 2**32)))
    return Window(newer, "snapshot horizon", f"rows of transactions from {horizon} on")


def _window_by_cursor(snapshot: TableSnapshot, watermark: Watermark, now: datetime) -> Window:
    column = snapshot.cursor_column
    if column is None or watermark.cursor is None:
        return Window(None, "full", "neither xmin nor a timestamp to go by")
    if now - watermark.reconciled_at > RECONCILE_AFTER:
        return Window(None, "full", "no xmin: the daily full reconcile")
    # An hour back, because rows commit later than they are stamped, and clocks differ. Rows that
    # come later still, and deleted rows, wait for the daily reconcile.
    newer = sql.SQL("{} >= {}").format(
        sql.Identifier(column), sql.Literal(watermark.cursor - CURSOR_LAG)
    )
    return Window(newer, "lagged cursor", f"no xmin: {column} from an hour before the last one on")


def _newest(connection: psycopg.Connection, table: Table, column: str) -> datetime | None:
    """The last timestamp. `infinity` does not count: its row is skipped."""
    query = "select max({0}::timestamptz) filter (where {0}::timestamptz < '9999-12-31') from {1}"
    row = connection.execute(sql.SQL(query).format(sql.Identifier(column), _name(table))).fetchone()
    newest: datetime | None = row[0] if row else None
    return newest


def _check_ids(connection: psycopg.Connection, table: Table) -> None:
    """Raise `BadInput` unless every row has its own id.

    A unique index on a NOT NULL column is proof; without one all ids are compared.
    """
    if connection.execute(_UNIQUE_ID_QUERY, [table.name]).fetchone():
        return
    query = "select id::text from {} group by id having count(*) > 1 or id is null limit 1"
    offending = connection.execute(sql.SQL(query).format(_name(table))).fetchone()
    if offending:
        problem = "NULLs" if offending[0] is None else f"duplicates, such as {offending[0]!r}"
        raise BadInput(f"the CRM's table {table.name}: column id has {problem}; make it unique")


def _name(table: Table) -> sql.Identifier:
    return sql.Identifier(table.name)


_COLUMNS_QUERY = """
select attname::text, format_type(atttypid, null)::text,
       has_column_privilege(attrelid, attnum, 'select')
from pg_attribute where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped
"""

_UNIQUE_ID_QUERY = """
select 1 from pg_index join pg_attribute on attrelid = indrelid and attnum = indkey[0]
where indrelid = to_regclass(%s) and indisunique and indisvalid and indpred is null
  and indnkeyatts = 1 and attname = 'id' and attnotnull
"""

# Name of the snapshot, identity of the source, horizon, next id, whether `xmin` is usable, and the
# age of the oldest transaction.
#
# A crashed server may reuse the ids of transactions that left no trace in its log, even ids below a
# horizon. It also resets its statistics, which a clean restart keeps. The time of that reset is
# part of the identity, so that a server counts as another source after a crash.
# A partition that is a foreign table has no xmin, and snapshots of a standby are approximate.
_SNAPSHOT_QUERY = """
select pg_export_snapshot(),
       concat_ws('/', system_identifier, timeline_id,
                 (select extract(epoch from stats_reset) from pg_stat_bgwriter),
                 (select oid from pg_database where datname = current_database()), relation.oid),
       pg_snapshot_xmin(pg_current_snapshot())::text::bigint,
       pg_snapshot_xmax(pg_current_snapshot())::text::bigint,
       relkind in ('r', 'p', 'm') and not pg_is_in_recovery() and not exists (
           select from pg_partition_tree(relation.oid) part
           join pg_class on pg_class.oid = part.relid where pg_class.relkind = 'f'),
       greatest(
           (select extract(epoch from now() - min(xact_start)) from pg_stat_activity
            where backend_xid is not null and pid <> pg_backend_pid()),
           (select extract(epoch from now() - min(prepared)) from pg_prepared_xacts))
from pg_class relation, pg_control_system(), pg_control_checkpoint()
where relation.oid = to_regclass(%(table)s)
"""
