"""Forgotten contacts leave the sessions and ratings that the run home keeps."""

import sqlite3
from contextlib import closing
from pathlib import Path

from maverick_assets.crm.people.mentions import People
from maverick_assets.crm.people.rows import belongs_to, without_people

_TABLES = ("conversations", "messages", "feedback")


def clean_sessions(path: Path, people: People) -> int:
    """Delete what is people's own, and take them out of everything else; rows that it changed.

    Nothing of it is left in the file.
    """
    if not path.exists():
        return 0
    changed = 0
    with closing(sqlite3.connect(path, timeout=60)) as database:
        database.row_factory = sqlite3.Row
        database.execute("pragma secure_delete = on")
        with database:
            database.execute("begin immediate")
            changed = sum(_clean_table(database, table, people) for table in _TABLES)
        if changed:
            database.execute("vacuum")
    return changed


def _clean_table(database: sqlite3.Connection, table: str, people: People) -> int:
    changed = 0
    for found in database.execute(f"select * from {table}").fetchall():
        row = dict(found)
        new = without_people(row, people, list(row))
        if belongs_to(row, people):
            database.execute(f"delete from {table} where id = ?", [row["id"]])
            if table == "conversations":
                database.execute("delete from messages where conversation_id = ?", [row["id"]])
        elif new != row:
            names = [name for name in new if new[name] != row[name]]
            assigned = ", ".join(f'"{name}" = ?' for name in names)
            values = [*(new[name] for name in names), row["id"]]
            database.execute(f"update {table} set {assigned} where id = ?", values)
        else:
            continue
        changed += 1
    return changed
