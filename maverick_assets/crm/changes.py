"""Whether the CRM changed: a marker for each table, computed without reading its columns."""

import time
from collections.abc import Mapping
from typing import NamedTuple

import psycopg
from psycopg import sql

from maverick_assets.crm.schema import TABLES


class ChangeMarker(NamedTuple):
    """Two numbers that any committed insert, update or delete of a table changes."""

    rows: int
    # Sum of the ids of the transactions that wrote the rows (system column `xmin`). A maximum would
    # miss an older transaction that commits later. 0 for a relation without `xmin`, such as a view.
    transactions: int


ChangeMarkers = Mapping[str, ChangeMarker]  # by table


def change_markers(connection: psycopg.Connection) -> dict[str, ChangeMarker]:
    """The marker of each table of the CRM; a table that does not exist is left out."""
    markers = {name: _change_marker(connection, name) for name in TABLES}
    return {name: marker for name, marker in markers.items() if marker is not None}


def settled_change_markers(
    connection: psycopg.Connection, pause: float, longest: float
) -> ChangeMarkers:
    """The markers when nothing was committed for `pause` seconds, or after `longest` seconds."""
    deadline = time.monotonic() + longest
    markers = change_markers(connection)
    while time.monotonic() < deadline:
        time.sleep(pause)
        before, markers = markers, change_markers(connection)
        if markers == before:
            break
    return markers


def _change_marker(connection: psycopg.Connection, table: str) -> ChangeMarker | None:
    """The marker of a table; None where the CRM does not have it."""
    kind = connection.execute(
        "select relkind from pg_class where oid = to_regclass(%s)", [table]
    ).fetchone()
    if kind is None:
        return None
    # Tables, partitioned tables and materialized views have `xmin`; the kind is bytes on a
    # connection without an encoding.
    has_xmin = kind[0] in (b"r", b"p", b"m", "r", "p", "m")
    transactions = sql.SQL("sum(xmin::text::bigint)" if has_xmin else "0")
    query = sql.SQL("select count(*), coalesce({}, 0)::bigint from {}")
    row = connection.execute(query.format(transactions, sql.Identifier(table))).fetchone()
    return None if row is None else ChangeMarker(*row)
