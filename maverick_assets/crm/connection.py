"""Connections to the CRM's database, its tables, and the URL of Dagster's own storage."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote, urlencode

import psycopg
from psycopg.conninfo import conninfo_to_dict

from maverick_assets.crm.embedded import database_url
from maverick_assets.crm.schema import TABLES, Table
from maverick_assets.errors import BadInput
from maverick_assets.files import write_atomically
from maverick_assets.settings import Settings

_MARKED = "crm_emails"  # its comment says who made the tables; a dump keeps it
_OWN = "Maverick made this table, and may write into it."


def crm_url(settings: Settings) -> str:
    """`MAVERICK_CRM_URL`, or the embedded server's database `crm`."""
    return settings.crm_url or database_url(settings.postgres, "crm")


def dagster_url(settings: Settings) -> str:
    """`MAVERICK_DAGSTER_URL` as a URL, or the embedded server's database `dagster`."""
    if settings.dagster_url:
        return _as_url(settings.dagster_url)
    return database_url(settings.postgres, "dagster")


@contextmanager
def connect(settings: Settings) -> Iterator[psycopg.Connection]:
    """A connection to the CRM; commits when the block ends, rolls back on an error.

    Raises `BadInput` when the server, the database or the password is wrong.
    """
    with open_database(crm_url(settings), "MAVERICK_CRM_URL") as connection:
        yield connection


def open_database(url: str, setting: str) -> psycopg.Connection:
    """Connect to a database.

    Raises `BadInput` that names the database without its secrets, and the setting to check.
    """
    described = describe_database(url)
    if described is None:
        raise BadInput(
            f"check {setting}: it cannot be read as a connection string, and is not shown as "
            "it may hold a password; write postgresql://USER:PASSWORD@HOST:PORT/DATABASE, with "
            "%40 for @, %2F for /, %3A for : and %25 for % in the password"
        )
    try:
        # From a database without an encoding (SQL_ASCII) psycopg would return bytes.
        return psycopg.connect(
            url, connect_timeout=10, application_name="maverick", client_encoding="utf8"
        )
    except psycopg.Error as error:
        reason = str(error).strip().splitlines()[-1]
        raise BadInput(f"no connection to {described}: {reason}; check {setting}") from None


def describe_database(url: str) -> str | None:
    """User, host, port and name of a database, as a URL, for messages and logs.

    `url` is a connection string in any form that libpq reads; everything else in it, such as
    passwords and names of key files, is left out. None where it cannot be read for sure: the parts
    of a password with a bare `@` or `/` would pass for host or name.
    """
    parts = _parsed(url)
    if parts is None:
        return None
    user, host = parts.get("user", ""), parts.get("host") or parts.get("hostaddr", "")
    port = f":{parts['port']}" if parts.get("port") else ""
    account = f"{quote(user, safe='')}@" if user else ""
    name = quote(parts.get("dbname", ""), safe="")
    if host.startswith("/"):  # the folder of a socket
        return f"postgresql://{account}/{name}?host={quote(host)}"
    return f"postgresql://{account}{quote(host, safe=',:')}{port}/{name}"


def _as_url(conninfo: str) -> str:
    """A connection string as a URL, the only form that SQLAlchemy reads; unchanged if it is one."""
    parts = None if "://" in conninfo else _parsed(conninfo)
    if parts is None:
        return conninfo
    user, password, name = (
        quote(parts.pop(key, ""), safe="") for key in ("user", "password", "dbname")
    )
    account = f"{user}:{password}@" if password else f"{user}@" if user else ""
    return f"postgresql://{account}/{name}?{urlencode(parts)}"


def _parsed(url: str) -> dict[str, str] | None:
    try:
        parts = {key: str(value) for key, value in conninfo_to_dict(url).items()}
    except (psycopg.Error, ValueError):
        return None
    host, port, name = (parts.get(key, "") for key in ("host", "port", "dbname"))
    is_plain = not set("@=") & set(host + name) and ("/" not in host or host.startswith("/"))
    is_number = not port or port.replace(",", "").isdigit()
    return parts if is_plain and is_number else None


def is_own(settings: Settings) -> bool:
    """Whether Maverick may write into the CRM: the embedded one, or one that `adopt` noted.

    The run home says it, so that it is known while the CRM cannot be reached.
    """
    if settings.crm_url is None:
        return True
    try:
        own = settings.own_crm.read_text(encoding="utf-8")
    except FileNotFoundError:
        return False
    return own == describe_database(settings.crm_url)


def adopt(settings: Settings) -> None:
    """Create the tables in an empty CRM of the user's, which Maverick may then write into.

    Raises `BadInput` where somebody else made one of them.
    """
    with connect(settings) as connection:
        if table := _foreign_table(connection):
            raise BadInput(
                f"the CRM has a table {table} that Maverick did not make, and leaves as it is; "
                "name an empty database in MAVERICK_CRM_URL"
            )
        create_own_tables(connection)
    write_atomically(settings.own_crm, describe_database(settings.crm_url or "") or "")


def _foreign_table(connection: psycopg.Connection) -> str | None:
    """A table of the CRM that somebody else made, if there is one."""
    if _is_marked(connection):
        return None
    return next((t.name for t in TABLES.values() if existing_columns(connection, t)), None)


def create_own_tables(connection: psycopg.Connection) -> None:
    """Create the tables that are missing, and say in the database that Maverick may write here."""
    create_tables(connection)
    if not _is_marked(connection):  # to comment waits for everybody who changes the table
        connection.execute(f"comment on table {_MARKED} is '{_OWN}'".encode())


def _is_marked(connection: psycopg.Connection) -> bool:
    row = connection.execute(
        "select obj_description(to_regclass(%s), 'pg_class') = %s", [_MARKED, _OWN]
    ).fetchone()
    return row == (True,)


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
        for column, kind in table.optional.items():
            # Even one that adds nothing, `add column if not exists` waits for everybody who reads.
            # Asked as a yes or no: a database without an encoding returns names as bytes.
            row = connection.execute(
                "select exists (select from pg_attribute where attrelid = to_regclass(%s) "
                "and attname = %s and not attisdropped)",
                [table.name, column],
            ).fetchone()
            if row == (False,):
                connection.execute(f"alter table {table.name} add column {column} {kind}".encode())


def existing_columns(connection: psycopg.Connection, table: Table) -> set[str]:
    """Names of all columns that the table has in the connected database; none without a table."""
    rows = connection.execute(
        "select attname from pg_attribute "
        "where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped",
        [table.name],
    ).fetchall()
    return {row[0] for row in rows}


def present_columns(connection: psycopg.Connection, table: Table) -> list[str]:
    """Columns of the schema that the connected database has, in schema order.

    Raises `BadInput` naming the table, or the table and the column, that is missing.
    """
    existing = existing_columns(connection, table)
    if not existing:
        raise BadInput(
            f"the CRM has no table {table.name}; create it, or a view of that name, with the "
            f"columns {', '.join(table.required)}"
        )
    missing = [column for column in table.required if column not in existing]
    if missing:
        raise BadInput(f"the CRM's table {table.name} has no column {missing[0]}; add it")
    return [column for column in table.columns if column in existing]
