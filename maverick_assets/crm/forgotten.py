"""The list of the forgotten: rows and contacts that must not come back.

It lies in the lake beside the raw tables, and outlives them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from maverick_assets.crm.schema import Table
from maverick_assets.lake.delta import arrow_table, only_writer, read_table, sync_table
from maverick_assets.lake.paths import forgotten_path
from maverick_assets.lake.schema import schema_of

# Columns that say whose a row is.
OWNER_COLUMNS = ("id", "sender_email", "recipients", "owner_email", "user_id", "conversation_id")


@dataclass(frozen=True)
class ForgottenEntry:
    """An entry of the list: a contact, or a row of a table."""

    id: str
    table: str | None  # None for a contact
    row: str | None  # id in that table
    contact: str | None  # whom the row was forgotten with
    people: list[str]  # addresses that it named
    at: datetime


FORGOTTEN_SCHEMA = schema_of(ForgottenEntry)


@dataclass(frozen=True)
class Forgotten:
    """The list as extraction and pseudonyms use it."""

    rows: Mapping[str, frozenset[str]] = field(default_factory=dict)  # ids by table
    contacts: frozenset[str] = frozenset()  # addresses whose rows are forgotten when they come
    # Addresses that forgotten rows named: they stay known as names that others' texts may hold.
    people: frozenset[str] = frozenset()

    def covers(self, table: Table, row: Mapping[str, Any]) -> bool:
        """Whether a row of a raw table is forgotten; a message is, with its conversation."""
        if row["id"] in self.rows.get(table.name, ()):
            return True
        if table.parent and row["conversation_id"] in self.rows.get(table.parent, ()):
            return True
        return any(belongs_to(row, contact) for contact in self.contacts)

    def split(self, table: Table, batch: pa.RecordBatch) -> tuple[pa.RecordBatch, list[str]]:
        """The rows of `batch` that may be kept, and the ids of the others."""
        if not self.rows and not self.contacts:
            return batch, []
        names = [name for name in OWNER_COLUMNS if name in batch.schema.names]
        rows = batch.select(names).to_pylist()
        covered = [self.covers(table, row) for row in rows]
        if not any(covered):
            return batch, []
        ids = [row["id"] for row, drop in zip(rows, covered, strict=True) if drop]
        return batch.filter(pa.array([not drop for drop in covered])), ids


def belongs_to(row: Mapping[str, Any], contact: str) -> bool:
    """Whether a row is a contact's: a mail from the contact or to the contact alone, a deal, a
    note, a conversation. A mail to several people is not, nor is a text that names the contact.
    """
    own = (row.get(column) for column in ("sender_email", "owner_email", "user_id"))
    if any((value or "").strip().lower() == contact for value in own):
        return True
    return _addresses(row.get("recipients")) == {contact}


def _addresses(recipients: str | None) -> set[str]:
    return {part.strip().lower() for part in (recipients or "").split(",")} - {""}


def named_addresses(row: Mapping[str, Any]) -> list[str]:
    """Addresses in the columns of a row, sorted."""
    own = {(row.get(name) or "").strip().lower() for name in ("sender_email", "owner_email")}
    return sorted(address for address in own | _addresses(row.get("recipients")) if "@" in address)


def read_forgotten(lake: Path) -> Forgotten:
    table = read_table(forgotten_path(lake))
    entries = [] if table is None else table.to_pylist()
    names = {entry["table"] for entry in entries if entry["table"]}
    return Forgotten(
        {t: frozenset(e["row"] for e in entries if e["table"] == t) for t in names},
        frozenset(entry["contact"] for entry in entries if not entry["table"]),
        frozenset(address for entry in entries for address in entry["people"] or ()),
    )


def add_contact(lake: Path, contact: str) -> None:
    """Put an address on the list: its rows are forgotten, also those that come later."""
    _add(lake, [_entry(f"contact {contact}", contact=contact, people=[contact])])


def add_rows(
    lake: Path, table: str, rows: Iterable[Mapping[str, Any]], contact: str | None = None
) -> None:
    """Put rows of a table on the list.

    They have as many of the `OWNER_COLUMNS` as the table has; `contact` is whose they are.
    """
    _add(
        lake,
        [_entry(f"{table}:{r['id']}", table, r["id"], contact, named_addresses(r)) for r in rows],
    )


def rows_forgotten_with(lake: Path, contact: str) -> dict[str, list[str]]:
    """Ids by table of the rows that were forgotten together with a contact."""
    entries = read_table(forgotten_path(lake), where={"contact": [contact]})
    ids: dict[str, list[str]] = {}
    for entry in [] if entries is None else entries.to_pylist():
        if entry["table"]:
            ids.setdefault(entry["table"], []).append(entry["row"])
    return ids


def _entry(
    key: str,
    table: str | None = None,
    row: str | None = None,
    contact: str | None = None,
    people: Sequence[str] = (),
) -> ForgottenEntry:
    return ForgottenEntry(key, table, row, contact, list(people), datetime.now(UTC))


def _add(lake: Path, entries: Sequence[ForgottenEntry]) -> None:
    """Add the entries that are new; an entry never changes."""
    target = forgotten_path(lake)
    with only_writer(target):
        listed = read_table(target, columns=["id"])
        ids = set(listed["id"].to_pylist()) if listed else set()
        new = [asdict(entry) for entry in entries if entry.id not in ids]
        if new:
            sync_table(target, arrow_table(new, FORGOTTEN_SCHEMA), "id", scope=())
