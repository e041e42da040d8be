"""What must not come back: rows and contacts that the owner had forgotten.

The list lies in the lake beside the raw tables, and outlives them.
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

# Columns that tell whose a row is.
TELLING = ("id", "sender_email", "recipients", "owner_email", "user_id", "conversation_id")


@dataclass(frozen=True)
class ForgottenEntry:
    """An entry of the list: a contact, or a row of a table."""

    id: str
    table: str | None
    row: str | None
    contact: str | None
    people: list[str]
    at: datetime


FORGOTTEN_SCHEMA = schema_of(ForgottenEntry)


@dataclass(frozen=True)
class Forgotten:
    """`rows`: ids by table. `contacts`: addresses whose rows are to be forgotten when they come.
    `people`: addresses that forgotten rows named, so that they are still known as names."""

    rows: Mapping[str, frozenset[str]] = field(default_factory=dict)
    contacts: frozenset[str] = frozenset()
    people: frozenset[str] = frozenset()

    def covers(self, table: Table, row: Mapping[str, Any]) -> bool:
        """Whether a row of a raw table is forgotten; a message is with its conversation."""
        if row["id"] in self.rows.get(table.name, ()):
            return True
        if table.parent and row["conversation_id"] in self.rows.get(table.parent, ()):
            return True
        return any(is_of(row, contact) for contact in self.contacts)

    def split(self, table: Table, batch: pa.RecordBatch) -> tuple[pa.RecordBatch, list[str]]:
        """The rows of `batch` that may be kept, and the ids of the others."""
        if not self.rows and not self.contacts:
            return batch, []
        names = [name for name in TELLING if name in batch.schema.names]
        rows = batch.select(names).to_pylist()
        covered = [self.covers(table, row) for row in rows]
        if not any(covered):
            return batch, []
        ids = [row["id"] for row, drop in zip(rows, covered, strict=True) if drop]
        return batch.filter(pa.array([not drop for drop in covered])), ids


def is_of(row: Mapping[str, Any], contact: str) -> bool:
    """Whether a row is a contact's: a mail that he wrote, or that went to him alone; a deal, a note
    or a conversation of his. A mail among others, and a text that names him, are not."""
    own = (row.get(column) for column in ("sender_email", "owner_email", "user_id"))
    if any((value or "").strip().lower() == contact for value in own):
        return True
    return addresses(row.get("recipients")) == {contact}


def addresses(recipients: str | None) -> set[str]:
    return {part.strip().lower() for part in (recipients or "").split(",")} - {""}


def people_of(row: Mapping[str, Any]) -> list[str]:
    """Addresses in the columns of a row."""
    own = {(row.get(name) or "").strip().lower() for name in ("sender_email", "owner_email")}
    return sorted(address for address in own | addresses(row.get("recipients")) if "@" in address)


def read_forgotten(lake: Path) -> Forgotten:
    table = read_table(forgotten_path(lake))
    entries = [] if table is None else table.to_pylist()
    names = {entry["table"] for entry in entries if entry["table"]}
    return Forgotten(
        {t: frozenset(e["row"] for e in entries if e["table"] == t) for t in names},
        frozenset(entry["contact"] for entry in entries if not entry["table"]),
        frozenset(address for entry in entries for address in entry["people"] or ()),
    )


def forget_contact(lake: Path, contact: str) -> None:
    _add(lake, [_entry(f"contact {contact}", contact=contact, people=[contact])])


def forget_rows(
    lake: Path, table: str, rows: Iterable[Mapping[str, Any]], contact: str | None = None
) -> None:
    """`rows` with as many of the columns `TELLING` as the table has; `contact`: whose they are."""
    _add(
        lake,
        [_entry(f"{table}:{r['id']}", table, r["id"], contact, people_of(r)) for r in rows],
    )


def forgotten_with(lake: Path, contact: str) -> dict[str, list[str]]:
    """Ids by table of the rows that were forgotten together with a contact."""
    entries = read_table(forgotten_path(lake), where={"contact": [contact]})
    found: dict[str, list[str]] = {}
    for entry in [] if entries is None else entries.to_pylist():
        if entry["table"]:
            found.setdefault(entry["table"], []).append(entry["row"])
    return found


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
        held = read_table(target, columns=["id"])
        known = set(held["id"].to_pylist()) if held else set()
        new = [asdict(entry) for entry in entries if entry.id not in known]
        if new:
            sync_table(target, arrow_table(new, FORGOTTEN_SCHEMA), "id", scope=())
