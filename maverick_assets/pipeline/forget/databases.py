"""PostgreSQL keeps what was deleted: dead rows, statistics, its log of writes and of messages."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import psycopg
from psycopg import sql

from maverick_assets.crm.people.json_texts import without_in_json
from maverick_assets.crm.people.mentions import People

_TEXT_TYPES = ("text", "character varying", "json", "jsonb", "character")
_ROWS = 500  # of one reading

Suspects = Callable[[Sequence[str]], Sequence[bool]]


def text_columns(connection: psycopg.Connection) -> dict[str, list[tuple[str, str]]]:
    """Columns with text and their types, by table of the schema `public`."""
    query = (
        "select table_name, column_name, data_type from information_schema.columns "
        "join information_schema.tables using (table_schema, table_name) "
        "where table_schema = 'public' and table_type = 'BASE TABLE' and data_type = any(%s) "
        "order by 1, ordinal_position"
    )
    columns: dict[str, list[tuple[str, str]]] = {}
    for table, column, kind in connection.execute(query, [list(_TEXT_TYPES)]).fetchall():
        columns.setdefault(table, []).append((column, kind))
    return columns


def texts_of_table(
    connection: psycopg.Connection, table: str, column: str
) -> Iterator[tuple[str, str]]:
    """The texts of a column, each with the place (`ctid`) of its row."""
    query = sql.SQL("select ctid::text, {}::text from {} where {} is not null").format(
        sql.Identifier(column), sql.Identifier(table), sql.Identifier(column)
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        while rows := cursor.fetchmany(_ROWS):
            yield from rows


def clean_texts(
    connection: psycopg.Connection, people: People, suspects: Suspects
) -> dict[str, int]:
    """Take people out of all texts of a database; how many rows named them, by table.

    A text that is JSON stays JSON. `suspects` says which texts may name them.
    """
    changed: dict[str, int] = {}
    for table, columns in text_columns(connection).items():
        for column, kind in columns:
            update = sql.SQL("update {} set {} = %s::{} where ctid = %s::tid").format(
                sql.Identifier(table), sql.Identifier(column), sql.SQL(kind)
            )
            texts = list(_suspected(texts_of_table(connection, table, column), suspects))
            for place, text in texts:
                cleaned = without_in_json(text, people)
                if cleaned != text:
                    connection.execute(update, [cleaned, place])
                    changed[table] = changed.get(table, 0) + 1
    return changed


def _suspected(texts: Iterator[tuple[str, str]], suspects: Suspects) -> Iterator[tuple[str, str]]:
    while batch := list(islice(texts, _ROWS)):
        hits = suspects([text for _, text in batch])
        yield from (item for item, hit in zip(batch, hits, strict=True) if hit)


def rewrite_tables(url: str) -> None:
    """Write a database's tables anew, without the rows that are dead.

    The catalogues too: `pg_statistic` has values of columns, hence the analysis before.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("analyze")
        connection.execute("vacuum (full)")


def discard_written(url: str, pgdata: Path) -> None:
    """Remove what the embedded server's logs still hold: of writes (WAL) and of messages.

    `url`: of a superuser of that server. Two checkpoints: a segment goes with the one after the
    next. The server runs with `wal_recycle` off, so that segments are removed and not renamed.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        for _ in range(2):
            connection.execute("select pg_switch_wal()")
            connection.execute("checkpoint")
    log = pgdata / "log"
    if log.exists():
        with log.open("r+b") as stream:  # the server appends to this file: its inode stays
            stream.truncate(0)
