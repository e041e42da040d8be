"""Whether the CRM changed: cheap state of its tables, no row bodies."""

import psycopg
from psycopg import sql

from maverick_assets.crm.schema import TABLES


def table_states(connection: psycopg.Connection) -> dict[str, str]:
    """Table -> `rows:transactions`, which any committed insert, update or delete changes.

    `transactions` sums the ids of the transactions that wrote the rows (system column `xmin`),
    so it does not matter in which order they became visible. A relation without `xmin`, such as
    a view, has its row count alone. A table that does not exist is left out.
    """
    return {name: state for name in TABLES if (state := _state(connection, name)) is not None}


def _state(connection: psycopg.Connection, name: str) -> str | None:
    kind = connection.execute(
        "select relkind from pg_class where oid = to_regclass(%s)", [name]
    ).fetchone()
    if kind is None:
        return None
    written = "sum(xmin::text::bigint)" if kind[0] in (b"r", b"p", b"m", "r", "p", "m") else "0"
    query = sql.SQL("select count(*), coalesce({}, 0) from {}").format(
        sql.SQL(written), sql.Identifier(name)
    )
    row = connection.execute(query).fetchone()
    return None if row is None else f"{row[0]}:{row[1]}"
