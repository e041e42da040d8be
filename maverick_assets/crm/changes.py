"""Whether the CRM changed: cheap state of its tables, no row bodies."""

import time
from collections.abc import Mapping
from typing import NamedTuple

import psycopg
from psycopg import sql

from maverick_assets.crm.schema import TABLES


class TableState(NamedTuple):
    """What any committed insert, update or delete changes.

    `written` sums the ids of the transactions that wrote the rows (system column `xmin`), so it
    does not matter in which order they became visible. 0 for a relation without `xmin`, such as a
    view.
    """

    rows: int
    written: int


States = Mapping[str, TableState]


def table_states(connection: psycopg.Connection) -> dict[str, TableState]:
    """State of each table of the CRM; one that does not exist is left out."""
    return {name: state for name in TABLES if (state := _state(connection, name)) is not None}


def states_at_rest(connection: psycopg.Connection, pause: float, longest: float) -> States:
    """The states once nothing was committed for `pause` seconds, or after `longest` seconds."""
    end = time.monotonic() + longest
    states = table_states(connection)
    while time.monotonic() < end:
        time.sleep(pause)
        before, states = states, table_states(connection)
        if states == before:
            break
    return states


def _state(connection: psycopg.Connection, name: str) -> TableState | None:
    kind = connection.execute(
        "select relkind from pg_class where oid = to_regclass(%s)", [name]
    ).fetchone()
    if kind is None:
        return None
    written = "sum(xmin::text::bigint)" if kind[0] in (b"r", b"p", b"m", "r", "p", "m") else "0"
    query = sql.SQL("select count(*), coalesce({}, 0)::bigint from {}").format(
        sql.SQL(written), sql.Identifier(name)
    )
    row = connection.execute(query).fetchone()
    return None if row is None else TableState(*row)
