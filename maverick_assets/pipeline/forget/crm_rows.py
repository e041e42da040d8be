"""What the CRM itself still holds of forgotten contacts, and its cleaning where it is ours."""

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from maverick_assets.crm.connection import existing_columns
from maverick_assets.crm.html_text import TooMuchText
from maverick_assets.crm.people.mentions import People
from maverick_assets.crm.people.rows import belongs_to, without_people
from maverick_assets.crm.schema import TABLES, Table
from maverick_assets.datasets.mail.programs.recurrence import RecurringLines
from maverick_assets.pipeline.forget.quotes import own_lines, without_quotes


@dataclass
class CrmRows:
    """Rows of one table of the CRM that are contacts' own, and those that name or quote them."""

    own: list[str] = field(default_factory=list)
    changed: dict[str, dict[str, Any]] = field(default_factory=dict)  # new values by id

    @property
    def count(self) -> int:
        return len(self.own) + len(self.changed)


def find_in_crm(
    connection: psycopg.Connection,
    people: People,
    rows: Mapping[str, Collection[str]],
    programs: RecurringLines | None,
) -> dict[str, CrmRows]:
    """Rows of the CRM by table: own, those among `rows` (ids), and what the others would become.

    `programs`: the lines that recur in the lake, where the others lose what they quote of them;
    None where quotes stay.
    """
    found: dict[str, CrmRows] = {}
    for table in TABLES.values():
        stored = _read(connection, table)
        gone = set(rows.get(table.name, ()))
        gone |= {row["id"] for row in stored if belongs_to(row, people)}
        if table.parent:
            parents = {*rows.get(table.parent, ()), *found.get(table.parent, CrmRows()).own}
            gone |= {row["id"] for row in stored if row.get("conversation_id") in parents}
        theirs = [row for row in stored if row["id"] in gone]
        lines: set[str] | None = None
        if table.shape == "mail" and programs is not None:
            lines = own_lines(theirs, programs)
        found[table.name] = entry = CrmRows([row["id"] for row in theirs])
        for row in stored:
            if row["id"] in gone:
                continue
            new = without_people(row, people, table.columns)
            if lines is not None:
                body = _without_quotes(row["body"] or "", people, lines)
                new = new if body is None else {**new, "body": people.without(body)}
            if new != row:
                entry.changed[row["id"]] = {n: v for n, v in new.items() if v != row[n]}
    return {name: entry for name, entry in found.items() if entry.count}


def _without_quotes(body: str, people: People, lines: Collection[str]) -> str | None:
    with suppress(TooMuchText):  # the lake has the mail, too, and the command names it
        return without_quotes(body, people, lines)
    return None


def clean_crm(connection: psycopg.Connection, found: Mapping[str, CrmRows]) -> None:
    """Delete and rewrite what `find_in_crm` found, in the connection's transaction."""
    for name, rows in found.items():
        table = sql.Identifier(name)
        if rows.own:
            delete = sql.SQL("delete from {} where id = any(%s)").format(table)
            connection.execute(delete, [rows.own])
        for row_id, values in rows.changed.items():
            columns = sql.SQL(", ").join(
                sql.SQL("{} = {}::{}").format(
                    sql.Identifier(column),
                    sql.Placeholder(),
                    sql.SQL(TABLES[name].columns[column]),
                )
                for column in values
            )
            update = sql.SQL("update {} set {} where id = %s").format(table, columns)
            connection.execute(update, [*values.values(), row_id])


def _read(connection: psycopg.Connection, table: Table) -> list[dict[str, Any]]:
    """The rows of a table; none where the CRM does not have it."""
    existing = existing_columns(connection, table)
    columns = [name for name in table.columns if name in existing]
    if "id" not in columns:
        return []
    selected = sql.SQL(", ").join(
        sql.SQL("{}::text as {}").format(sql.Identifier(name), sql.Identifier(name))
        if table.columns[name] == "jsonb"
        else sql.Identifier(name)
        for name in columns
    )
    query = sql.SQL("select {} from {}").format(selected, sql.Identifier(table.name))
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(query).fetchall()
    return [dict.fromkeys(table.columns) | row | {"id": str(row["id"])} for row in rows]
