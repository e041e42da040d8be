"""Rows of the lake that become tombstones, and stay on the list of the forgotten."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from maverick_assets.crm.forgotten import (
    Identity,
    add_contacts,
    add_rows,
    add_rows_of_contacts,
    contact_digest,
    people_of,
    read_forgotten,
    rows_forgotten_with,
)
from maverick_assets.crm.people.addresses import addresses_of
from maverick_assets.crm.people.mentions import People
from maverick_assets.crm.people.rows import OWNER_COLUMNS, belongs_to
from maverick_assets.crm.raw_table import tombstones
from maverick_assets.crm.schema import Table, child_of
from maverick_assets.errors import BadInput
from maverick_assets.lake.delta import only_writer, open_table, read_table, sync_table
from maverick_assets.lake.paths import raw_path

RowIds = Mapping[str, Sequence[str]]  # table -> ids


class RowRef(NamedTuple):
    """One row of a raw table."""

    table: str
    id: str


def tombstone_contacts(
    lake: Path, tables: Sequence[Table], identities: Sequence[Identity]
) -> RowIds:
    """Forget contacts: all rows that belong to them, those that are still to come included.

    Returns every row that was ever forgotten with one of them.
    """
    add_contacts(lake, identities)
    people = people_of(identities)
    digests = {each.address: contact_digest(lake, each.address) for each in identities}
    rows = {table.name: _rows_of(lake, table, people, digests.values()) for table in tables}
    listed = (
        (name, row, digests[_contact_of(row, digests)]) for name in rows for row in rows[name]
    )
    add_rows_of_contacts(lake, listed, people)
    for table in tables:
        _tombstone(lake, table, rows[table.name])
    return rows_forgotten_with(lake, set(digests.values()))


def tombstone_row(lake: Path, tables: Iterable[Table], row: RowRef) -> RowIds:
    """Forget a row, and with a conversation its messages.

    Returns what was forgotten, now or before. Raises `BadInput` when the lake has no such row and
    none was forgotten.
    """
    by_name = {table.name: table for table in tables}
    label = f"--row {row.table}:{row.id}"
    if row.table not in by_name:
        raise BadInput(f"{label}: no table {row.table!r}; tables: {', '.join(by_name)}")
    table = by_name[row.table]
    rows = _read_rows(lake, table, {"id": [row.id]})
    if not rows and row.id not in read_forgotten(lake).rows.get(table.name, ()):
        raise BadInput(f"{label}: the lake has no such row; check its id")
    _list_and_tombstone(lake, table, rows or [{"id": row.id}])
    forgotten = {table.name: [row.id]}
    messages = child_of(table.name, by_name.values())
    if messages:
        said = _read_rows(lake, messages, {"conversation_id": [row.id]})
        _list_and_tombstone(lake, messages, said)
        forgotten[messages.name] = [message["id"] for message in said]
    return forgotten


def _rows_of(
    lake: Path, table: Table, people: People, contacts: Collection[str]
) -> list[dict[str, Any]]:
    """Rows that belong to contacts (also their digests); of messages, those of their chats."""
    if not table.parent:
        return [row for row in _read_rows(lake, table) if belongs_to(row, people)]
    parent = Table(table.parent, "conversation", {"id": "text", "user_id": "text"}, _METADATA)
    conversations = [row["id"] for row in _read_rows(lake, parent) if belongs_to(row, people)]
    conversations += rows_forgotten_with(lake, contacts).get(table.parent, [])
    return _read_rows(lake, table, {"conversation_id": conversations}) if conversations else []


_METADATA = {"metadata": "jsonb"}


def _contact_of(row: Mapping[str, Any], addresses: Mapping[str, str]) -> str:
    """Which of several contacts a row is forgotten with: the first that one of its columns names.

    The first of all where it has only a name or a conversation: a row is forgotten once.
    """
    for column in ("sender_email", "owner_email", "user_id", "recipients", "metadata"):
        named = sorted(addresses_of(row.get(column)) & addresses.keys())
        if named:
            return named[0]
    return next(iter(addresses))


def _read_rows(
    lake: Path, table: Table, where: Mapping[str, list[str]] | None = None
) -> list[dict[str, Any]]:
    """The columns that say whose a row is, tombstones included."""
    columns = [name for name in OWNER_COLUMNS if name in table.columns]
    rows = read_table(raw_path(lake, table.name), columns=columns, where=where)
    return [] if rows is None else rows.to_pylist()


def _list_and_tombstone(lake: Path, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Put rows on the list, and then tombstones without any of their words in their place."""
    if rows:
        add_rows(lake, table.name, rows)
        _tombstone(lake, table, rows)


def _tombstone(lake: Path, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    target = raw_path(lake, table.name)
    if not rows:
        return
    with only_writer(target):
        ids = pa.table({"id": pa.array([row["id"] for row in rows], pa.string())})
        if open_table(target) is not None:
            sync_table(target, tombstones(table, ids), "id", scope=())
