"""Where sessions and ratings are kept: a CRM that Maverick made, or a file of the run home."""

import sqlite3
from pathlib import Path

from sqlalchemy import (
    JSON,
    Column,
    DateTime,
    Engine,
    Integer,
    MetaData,
    Table,
    Text,
    create_engine,
    event,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from maverick_assets.crm.connection import connect, create_own_tables, crm_url, is_own
from maverick_assets.settings import Settings

JSON_TYPE = JSON().with_variant(JSONB(), "postgresql")
_INDEX = "messages_of_conversation"
METADATA = MetaData()
CONVERSATIONS = Table(
    "conversations",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("user_id", Text),
    Column("metadata", JSON_TYPE),
)
MESSAGES = Table(
    "messages",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("conversation_id", Text, index=True),
    Column("role", Text),
    Column("content", Text),
    Column("created_at", DateTime(timezone=True)),
)
FEEDBACK = Table(
    "feedback",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("personality", Text),
    Column("version", Text),
    Column("prompt", Text),
    Column("response", Text),
    Column("rating", Integer),
    Column("created_at", DateTime(timezone=True)),
    Column("correction", Text),
    Column("mood", Text),
    Column("mode", Text),
)


def open_engine(settings: Settings) -> Engine:
    """The database, with its tables. Raises what `connect` raises."""
    if is_own(settings):
        return _crm(settings)
    return _file(settings.sessions_file)


def _crm(settings: Settings) -> Engine:
    with connect(settings) as connection:
        create_own_tables(connection)
        row = connection.execute("select to_regclass(%s)", [_INDEX]).fetchone()
        if row == (None,):  # asked first: even one that does nothing waits for all who write
            connection.execute(f"create index {_INDEX} on messages (conversation_id)".encode())
    url = crm_url(settings).replace("postgresql://", "postgresql+psycopg://", 1)
    # A server that was restarted meanwhile has closed the connections that the pool keeps.
    return create_engine(url, pool_size=2, pool_pre_ping=True)


def _file(path: Path) -> Engine:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.touch(mode=0o600)
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": 30})
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("begin immediate"))
    METADATA.create_all(engine)
    return engine


def _prepare(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    assert isinstance(connection, sqlite3.Connection)
    connection.isolation_level = None  # SQLAlchemy begins: two who read first would both write
    connection.execute("pragma secure_delete = on")  # what is deleted is in no free page
