"""Rows that stay, without what they say of forgotten contacts: names, addresses, quotes."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from maverick_assets.crm.forgotten import (
    Identity,
    add_quoting_mails,
    contact_digest,
    people_of,
    rows_forgotten_with,
)
from maverick_assets.crm.html_text import TooMuchText
from maverick_assets.crm.people.mentions import People
from maverick_assets.crm.people.rows import belongs_to, without_people
from maverick_assets.crm.raw_table import live_rows
from maverick_assets.crm.schema import Table
from maverick_assets.datasets.mail.table import stored_programs
from maverick_assets.lake.delta import ROW_HASH, only_writer, read_table, row_hash, sync_table
from maverick_assets.lake.paths import mails_path, raw_path
from maverick_assets.pipeline.forget.quotes import own_lines, without_quotes
from maverick_assets.pipeline.forget.tombstone import RowIds


@dataclass(frozen=True)
class QuotingMail:
    """A mail of others that quotes contacts, or may do so."""

    table: str
    id: str
    body: str | None  # without these quotes; None where the mail is too long to look for them


def quoting_mails(
    lake: Path, tables: Sequence[Table], identities: Sequence[Identity]
) -> list[QuotingMail]:
    """Mails that stay and quote contacts, and those that are too long to say.

    Call it while the mails of the contacts can still be read.
    """
    people = people_of(identities)
    found = []
    mails = {t.name: live_rows(raw_path(lake, t.name)) for t in tables if t.shape == "mail"}
    theirs = [row for rows in mails.values() for row in rows if _wrote(row, people)]
    lines = own_lines(theirs, stored_programs(mails_path(lake)))
    for name, rows in mails.items():
        for row in rows:
            if belongs_to(row, people):
                continue
            try:
                body = without_quotes(row["body"] or "", people, lines)
            except TooMuchText:
                found.append(QuotingMail(name, row["id"], None))
                continue
            if body is not None:
                found.append(QuotingMail(name, row["id"], body))
    return found


def cut_quotes(
    lake: Path,
    tables: Sequence[Table],
    mails: Sequence[QuotingMail],
    identities: Sequence[Identity],
) -> RowIds:
    """Rewrite mails without their quotes; returns those that ever were, for these contacts.

    They go on the list first: the source still has the quotes, and is not read again.
    """
    digests = [contact_digest(lake, identity.address) for identity in identities]
    for table in tables:
        bodies = {
            mail.id: mail.body
            for mail in mails
            if mail.table == table.name and mail.body is not None
        }
        if bodies:
            add_quoting_mails(lake, table.name, bodies, digests[0])
            _rewrite(lake, table, partial(_with_body, bodies=bodies, columns=table.columns))
    return rows_forgotten_with(lake, digests, quotes=True)


def clean_rows(lake: Path, tables: Sequence[Table], people: People) -> RowIds:
    """Take names, addresses and numbers of people out of all texts that stay.

    Returns the rows where there were any, tombstones included.
    """
    changed = {}
    for table in tables:
        ids = _rewrite(lake, table, partial(without_people, people=people, columns=table.columns))
        if ids:
            changed[table.name] = ids
    return changed


def _wrote(row: dict[str, Any], people: People) -> bool:
    return belongs_to({"sender_email": row["sender_email"]}, people)


def _with_body(
    row: dict[str, Any], bodies: Mapping[str, str], columns: Collection[str]
) -> dict[str, Any]:
    if row["id"] not in bodies or row["body"] == bodies[row["id"]]:
        return row
    new = row | {"body": bodies[row["id"]]}
    return new | {ROW_HASH: row_hash([new.get(name) for name in columns])}


def _rewrite(
    lake: Path, table: Table, change: Callable[[dict[str, Any]], dict[str, Any]]
) -> list[str]:
    """Put `change(row)` in place of each row of a raw table; the ids of those that changed."""
    target = raw_path(lake, table.name)
    with only_writer(target):
        stored = read_table(target)
        if stored is None:
            return []
        pairs = [(row, change(row)) for row in stored.to_pylist()]
        changed = [new for row, new in pairs if new is not row]
        if changed:
            sync_table(target, pa.Table.from_pylist(changed, stored.schema), "id", scope=())
    return [row["id"] for row in changed]
