"""Connections to the CRM's database, its tables, and the URL of Dagster's own storage."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

import psycopg

from maverick_assets.crm.embedded import database_url
from maverick_assets.crm.schema import TABLES, Table
from maverick_assets.errors import BadInput
from maverick_assets.settings import Settings


def crm_url(settings: Settings) -> str:
    """`MAVERICK_CRM_URL`, or the embedded server's database `crm`."""
    return settings.crm_url or database_url(settings.postgres, "crm")


def dagster_url(settings: Settings) -> str:
    """`MAVERICK_DAGSTER_URL`, or the embedded server's database `dagster`."""
    return settings.dagster_url or database_url(settings.postgres, "dagster")


@contextmanager
def connect(settings: Settings) -> Iterator[psycopg.Connection]:
    """A connection to the CRM; commits when the block ends, rolls back on an error.

    Raises `BadInput` when the server, the database or the password is wrong.
    """
    with open_database(crm_url(settings), "MAVERICK_CRM_URL") as connection:
        yield connection


def open_database(url: str, setting: str) -> psycopg.Connection:
    """Connect to a database.

    Raises `BadInput` that names the database without its password, and the setting to check.
    """
    try:
        # From a database without an encoding (SQL_ASCII) psycopg would return bytes.
        return psycopg.connect(
            url, connect_timeout=10, application_name="maverick", client_encoding="utf8"
        )
    except psycopg.Error as error:
        reason = str(error).strip().splitlines()[-1]
        raise BadInput(
            f"no connection to {without_password(url)}: {reason}; check {setting}"
        ) from error


def without_password(url: str) -> str:
    """The URL with `***` in place of its password, for messages."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    return urlunsplit(parts._replace(netloc=parts.netloc.replace(f":{parts.password}@", ":***@")))


def create_tables(connection: psycopg.Connection) -> None:
    """Create the tables that do not exist yet, and the optional columns that a table lacks.

    A run home of an earlier release has tables without the columns that came since.
    """
    # Two commands that create at the same time would both find that a table is missing.
    connection.execute("select pg_advisory_xact_lock(hashtext('maverick tables'))")
    for table in TABLES.values():
        body = ", ".join(
            f"{column} {kind}{' primary key' if column == 'id' else ''}"
            for column, kind in table.columns.items()
        )
        connection.execute(f"create table if not exists {table.name} ({body})".encode())
        # Even one that adds nothing, `add column if not exists` waits for everybody who reads.
        for column in table.optional.keys() - set(present_columns(connection, table)):
            kind = table.optional[column]
            connection.execute(f"alter table {table.name} add column {column} {kind}".encode())


def present_columns(connection: psycopg.Connection, table: Table) -> list[str]:
    """Columns of the schema that the connected database has, in schema order.

    Raises `BadInput` naming the table, or the table and the column, that is missing.
    """
    rows = connection.execute(
        "select attname from pg_attribute "
        "where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped",
        [table.name],
    ).fetchall()
    existing = {row[0] for row in rows}
    if not existing:
        raise BadInput(
            f"the CRM has no table {table.name}; create it, or a view of that name, with the "
            f"columns {', '.join(table.required)}"
        )
    missing = [column for column in table.required if column not in existing]
    if missing:
        raise BadInput(f"the CRM's table {table.name} has no column {missing[0]}; add it")
    return [column for column in table.columns if column in existing]
