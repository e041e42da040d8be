"""The list of the forgotten: rows and contacts that must not come back.

It is a table of the lake, apart from the raw tables, and stays when these are deleted.
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

# Columns that say whom a row belongs to.
OWNER_COLUMNS = ("id", "sender_email", "recipients", "owner_email", "user_id", "conversation_id")


@dataclass(frozen=True)
class ForgottenEntry:
    """An entry of the list: either a contact or a row of a table."""

    id: str  # "contact <address>" or "<table>:<row id>"
    table: str | None  # None for a contact
    row: str | None  # id in that table; None for a contact
    contact: str | None  # the contact, or the one whom the row was forgotten with
    people: list[str]  # addresses that the row named
    at: datetime  # when it was put on the list


FORGOTTEN_SCHEMA = schema_of(ForgottenEntry)


@dataclass(frozen=True)
class Forgotten:
    """The list as extraction and pseudonyms use it."""

    rows: Mapping[str, frozenset[str]] = field(default_factory=dict)  # ids by table
    contacts: frozenset[str] = frozenset()  # addresses; their rows are dropped on arrival
    # Addresses that forgotten rows named. Texts of others may still hold these names, which need
    # surrogates.
    people: frozenset[str] = frozenset()

    def covers(self, table: Table, row: Mapping[str, Any]) -> bool:
        """Whether a row of a raw table is forgotten; a message is with its conversation."""
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
    """Whether a row is a contact's own.

    So is a mail from the contact or to the contact alone, and a deal, a note or a conversation of
    the contact. A mail to several people is not, nor is a text that names the contact.
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
    """The list of a lake; an empty one where nobody was ever forgotten."""
    table = read_table(forgotten_path(lake))
    entries = [] if table is None else table.to_pylist()
    tables = {entry["table"] for entry in entries if entry["table"]}
    return Forgotten(
        rows={
            name: frozenset(entry["row"] for entry in entries if entry["table"] == name)
            for name in tables
        },
        contacts=frozenset(entry["contact"] for entry in entries if not entry["table"]),
        people=frozenset(address for entry in entries for address in entry["people"] or ()),
    )


def add_contact(lake: Path, contact: str) -> None:
    """Put a contact's address on the list: rows that arrive later are forgotten, too."""
    _add(lake, [_entry(f"contact {contact}", contact=contact, people=[contact])])


def add_rows(
    lake: Path, table: str, rows: Iterable[Mapping[str, Any]], contact: str | None = None
) -> None:
    """Put rows of a table on the list.

    `rows` hold an id and, where known, the other `OWNER_COLUMNS`. `contact` is the one whom they
    are forgotten with.
    """
    _add(
        lake,
        [
            _entry(f"{table}:{row['id']}", table, row["id"], contact, named_addresses(row))
            for row in rows
        ],
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
