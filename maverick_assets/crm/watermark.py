"""Up to where a table of the CRM was read, and what has to be read next.

Rows become visible in commit order, not in the order of any key or timestamp, so a cursor on one of
these loses rows while others write. What loses none is the horizon of a snapshot: the oldest
transaction id that was still running (`pg_snapshot_xmin`). Every row that a later snapshot shows
and this one did not was written by a transaction at or above it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg
from psycopg import sql
from pydantic import BaseModel, ConfigDict

from maverick_assets.crm.connection import present_columns
from maverick_assets.crm.schema import Table
from maverick_assets.errors import BadInput

LAG = timedelta(hours=1)
RECONCILE_AFTER = timedelta(hours=20)  # a nightly run reconciles, those of the day do not
PINNED_SECONDS = 600
# Transaction ids compare modulo 2**32, so a horizon is comparable for half of that.
_COMPARABLE = 2**31 - 2**20


class Watermark(BaseModel):
    """Stored in the same commit as the rows that it speaks for.

    `source` names cluster, timeline, life between crashes, database and relation. Without
    `horizon` (rows have no `xmin`) `cursor` is the newest timestamp that was seen.
    """

    model_config = ConfigDict(frozen=True)

    source: str
    columns: tuple[str, ...]
    horizon: int | None
    cursor: datetime | None
    reconciled_at: datetime


@dataclass(frozen=True)
class Snapshot:
    """One consistent view of a table, which other connections can share by `name`.

    `horizon` is None where rows have no usable `xmin`. `cursor_column` holds timestamps, of which
    `newest` is the last. `pinned_seconds` is the age of the oldest transaction that keeps the
    horizon where it is.
    """

    name: str
    source: str
    columns: tuple[str, ...]
    horizon: int | None
    next_id: int
    cursor_column: str | None
    newest: datetime | None
    pinned_seconds: float


@dataclass(frozen=True)
class Window:
    """Which rows to read: all without `condition`. `method` and `reason` are for people."""

    condition: sql.Composable | None
    method: str
    reason: str


def take_snapshot(connection: psycopg.Connection, table: Table) -> Snapshot:
    """Begin a REPEATABLE READ transaction and look at the table in it.

    The snapshot lives until that transaction ends. Raises `BadInput` naming table and column when
    one is missing, or ids are NULL or not unique.
    """
    connection.rollback()
    connection.execute("set transaction isolation level repeatable read, read only")
    columns = tuple(present_columns(connection, table))
    _check_ids(connection, table)
    row = connection.execute(_LOOK, {"table": table.name}).fetchone()
    assert row is not None
    name, source, horizon, next_id, has_xmin, pinned = row
    times = [column for column in columns if table.columns[column] == "timestamptz"]
    cursor = "updated_at" if "updated_at" in times else next(iter(times), None)
    return Snapshot(
        name=name,
        source=source,
        columns=columns,
        horizon=horizon if has_xmin else None,
        next_id=next_id,
        cursor_column=cursor,
        newest=None if has_xmin or cursor is None else _newest(connection, table, cursor),
        pinned_seconds=float(pinned or 0),
    )


def count_rows(connection: psycopg.Connection, table: Table, window: Window) -> tuple[int, int]:
    """Rows of the table in the connection's snapshot, and how many of them are in the window."""
    condition = window.condition or sql.SQL("true")
    query = sql.SQL("select count(*), count(*) filter (where {}) from {}")
    row = connection.execute(query.format(condition, _name(table))).fetchone()
    assert row is not None
    return row[0], row[1]


def choose_window(table: Table, snapshot: Snapshot, mark: Watermark, now: datetime) -> Window:
    """What to read after `mark`. Raises `BadInput` when a column has vanished since."""
    if mark.source != snapshot.source:
        return Window(None, "full", "another database, a restored one, or a server that crashed")
    vanished = [column for column in mark.columns if column not in snapshot.columns]
    if vanished:
        raise BadInput(
            f"the CRM's table {table.name} has lost its column {vanished[0]}; restore it, or "
            "remove the table's folder in the lake to read it anew without"
        )
    if mark.columns != snapshot.columns:
        return Window(None, "full", "a new column")
    if mark.horizon is not None and snapshot.horizon is not None:
        return _by_horizon(mark.horizon, snapshot.next_id)
    return _by_cursor(snapshot, mark, now)


def next_mark(
    snapshot: Snapshot, mark: Watermark | None, window: Window, now: datetime
) -> Watermark:
    """The watermark after `window` was read."""
    return Watermark(
        source=snapshot.source,
        columns=snapshot.columns,
        horizon=snapshot.horizon,
        cursor=snapshot.newest,
        reconciled_at=mark.reconciled_at if mark and window.condition is not None else now,
    )


def _by_horizon(horizon: int, next_id: int) -> Window:
    if next_id < horizon:
        return Window(None, "full", "transaction ids went back: a restored database")
    if next_id - horizon > _COMPARABLE:
        return Window(None, "full", "too many transactions since the last reading")
    newer = sql.SQL("age(xmin) <= age({}::text::xid)").format(sql.Literal(str(horizon % 2**32)))
    return Window(newer, "snapshot horizon", f"rows of transactions from {horizon} on")


def _by_cursor(snapshot: Snapshot, mark: Watermark, now: datetime) -> Window:
    column = snapshot.cursor_column
    if column is None or mark.cursor is None:
        return Window(None, "full", "neither xmin nor a timestamp to go by")
    if now - mark.reconciled_at > RECONCILE_AFTER:
        return Window(None, "full", "no xmin: the daily full reconcile")
    newer = sql.SQL("{} >= {}").format(sql.Identifier(column), sql.Literal(mark.cursor - LAG))
    return Window(newer, "lagged cursor", f"no xmin: {column} from an hour before the last one on")


def _newest(connection: psycopg.Connection, table: Table, column: str) -> datetime | None:
    """The last timestamp; `infinity` is none, and fails where rows are read."""
    query = "select max({0}::timestamptz) filter (where {0}::timestamptz < '9999-12-31') from {1}"
    row = connection.execute(sql.SQL(query).format(sql.Identifier(column), _name(table))).fetchone()
    newest: datetime | None = row[0] if row else None
    return newest


def _check_ids(connection: psycopg.Connection, table: Table) -> None:
    """Every row needs an id of its own; a unique index on a NOT NULL column is proof enough."""
    if connection.execute(_UNIQUE, [table.name]).fetchone():
        return
    query = "select id::text from {} group by id having count(*) > 1 or id is null limit 1"
    found = connection.execute(sql.SQL(query).format(_name(table))).fetchone()
    if found:
        what = "NULLs" if found[0] is None else f"duplicates, such as {found[0]!r}"
        raise BadInput(f"the CRM's table {table.name}: column id has {what}; make it unique")


def _name(table: Table) -> sql.Identifier:
    return sql.Identifier(table.name)


_UNIQUE = """
select 1 from pg_index join pg_attribute on attrelid = indrelid and attnum = indkey[0]
where indrelid = to_regclass(%s) and indisunique and indisvalid and indpred is null
  and indnkeyatts = 1 and attname = 'id' and attnotnull
"""

# A crashed server may give out again the ids of transactions that left no trace in its log, and
# with them ids below a horizon. It also resets its statistics, which a clean restart keeps: their
# age tells the lives of a server apart.
# A partition that is a foreign table has no xmin, and on a standby snapshots are approximate.
_LOOK = """
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
