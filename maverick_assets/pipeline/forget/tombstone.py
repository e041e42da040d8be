"""Rows of the lake that become tombstones, and stay on the list of the forgotten."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from maverick_assets.crm.forgotten import (
    OWNER_COLUMNS,
    add_contact,
    add_rows,
    belongs_to,
    read_forgotten,
    rows_forgotten_with,
)
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


def tombstone_contact(lake: Path, tables: Sequence[Table], contact: str) -> RowIds:
    """Forget a contact: all rows that belong to it, those that are still to come included.

    Returns every row that was ever forgotten with the contact. Raises `BadInput` when no row of the
    lake belongs to the contact, nor ever did.
    """
    address = contact.strip().lower()
    rows_by_table = [(table, _rows_of(lake, table, address)) for table in tables]
    if not any(rows for _, rows in rows_by_table) and address not in read_forgotten(lake).contacts:
        raise BadInput(
            f"no row of the lake belongs to {address}: no mail from or to that address alone, no "
            "deal, no note; check the address, or forget single rows with --row"
        )
    add_contact(lake, address)
    for table, rows in rows_by_table:
        _tombstone(lake, table, rows, address)
    return rows_forgotten_with(lake, address)


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
    _tombstone(lake, table, rows or [{"id": row.id}])
    forgotten = {table.name: [row.id]}
    messages = child_of(table.name, by_name.values())
    if messages:
        said = _read_rows(lake, messages, {"conversation_id": [row.id]})
        _tombstone(lake, messages, said)
        forgotten[messages.name] = [message["id"] for message in said]
    return forgotten


def _rows_of(lake: Path, table: Table, contact: str) -> list[dict[str, Any]]:
    """Rows that belong to a contact; of messages, those of the contact's conversations."""
    if not table.parent:
        return [row for row in _read_rows(lake, table) if belongs_to(row, contact)]
    parents = read_table(raw_path(lake, table.parent), columns=["id", "user_id"])
    rows = [] if parents is None else parents.to_pylist()
    conversations = [row["id"] for row in rows if belongs_to(row, contact)]
    conversations += rows_forgotten_with(lake, contact).get(table.parent, [])
    return _read_rows(lake, table, {"conversation_id": conversations}) if conversations else []


def _read_rows(
    lake: Path, table: Table, where: Mapping[str, list[str]] | None = None
) -> list[dict[str, Any]]:
    """The columns that say whose a row is, tombstones included."""
    columns = [name for name in OWNER_COLUMNS if name in table.columns]
    rows = read_table(raw_path(lake, table.name), columns=columns, where=where)
    return [] if rows is None else rows.to_pylist()


def _tombstone(
    lake: Path, table: Table, rows: Sequence[dict[str, Any]], contact: str | None = None
) -> None:
    """Put rows on the list, and then tombstones without any of their words in their place."""
    if not rows:
        return
    add_rows(lake, table.name, rows, contact)
    target = raw_path(lake, table.name)
    with only_writer(target):
        ids = pa.table({"id": pa.array([row["id"] for row in rows], pa.string())})
        if open_table(target) is not None:
            sync_table(target, tombstones(table, ids), "id", scope=())
