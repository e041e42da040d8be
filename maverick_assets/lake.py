"""Delta tables of the lake: read at a version, bring to a wanted content in one commit."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake
from deltalake.exceptions import DeltaError, TableNotFoundError

from maverick_assets.errors import MaverickError

ROW_HASH = "_row_hash"


@dataclass(frozen=True)
class Commit:
    """A table after a write: its Delta version and how many rows the write changed."""

    version: int
    rows: int
    inserted: int
    updated: int
    deleted: int

    @property
    def changed(self) -> int:
        return self.inserted + self.updated + self.deleted


def arrow_table(rows: Sequence[Mapping[str, Any]], schema: pa.Schema) -> pa.Table:
    """`rows` as Arrow, with their content hash in the column `_row_hash`.

    `schema` names the columns that count; it does not hold `_row_hash` itself.
    """
    hashes = [row_hash([row[name] for name in schema.names]) for row in rows]
    return pa.Table.from_pylist(
        [{name: row[name] for name in schema.names} for row in rows], schema=schema
    ).append_column(ROW_HASH, pa.array(hashes, pa.string()))


def row_hash(values: Sequence[Any]) -> str:
    """Content hash of one row: 128 bits, hex."""
    text = json.dumps(values, default=str, ensure_ascii=False, separators=(",", ":"))
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def open_table(path: Path, version: int | None = None) -> DeltaTable | None:
    """The Delta table at `path`, or None when there is none yet.

    Raises `MaverickError` when the table cannot be read or has no such version.
    """
    try:
        return DeltaTable(path, version=version)
    except TableNotFoundError:
        return None
    except (DeltaError, OSError) as error:
        raise MaverickError(f"Delta table {path} cannot be read: {_first_line(error)}") from error


def read_table(
    path: Path, version: int | None = None, columns: list[str] | None = None
) -> pa.Table | None:
    """Rows of the table at `path`, or None when there is no table yet."""
    table = open_table(path, version)
    return None if table is None else table.to_pyarrow_table(columns=columns)


def sync_table(path: Path, wanted: pa.Table, key: str, delete: bool = True) -> Commit:
    """Make the table at `path` hold `wanted` in one commit; write nothing when it does already.

    `key` is unique in `wanted`, and rows are compared by `_row_hash`. With `delete=False` rows
    whose key is not in `wanted` stay. Raises `MaverickError` when the lake cannot be written; the
    table is then unchanged.
    """
    current = open_table(path)
    try:
        if current is None or pa.schema(current.schema().to_arrow()) != wanted.schema:
            return _overwrite(path, wanted)
        return _merge(current, wanted, key, delete)
    except (DeltaError, OSError) as error:
        raise MaverickError(f"Delta table {path} not written: {_first_line(error)}") from error


def _overwrite(path: Path, wanted: pa.Table) -> Commit:
    write_deltalake(
        path,
        wanted,
        mode="overwrite",
        schema_mode="overwrite",
        configuration={"delta.enableChangeDataFeed": "true"},
    )
    return Commit(DeltaTable(path).version(), wanted.num_rows, wanted.num_rows, 0, 0)


def _merge(current: DeltaTable, wanted: pa.Table, key: str, delete: bool) -> Commit:
    held = current.to_pyarrow_table(columns=[key, ROW_HASH])
    before = dict(zip(held[key].to_pylist(), held[ROW_HASH].to_pylist(), strict=True))
    after = dict(zip(wanted[key].to_pylist(), wanted[ROW_HASH].to_pylist(), strict=True))
    inserted = len(after.keys() - before.keys())
    updated = sum(name in before and before[name] != digest for name, digest in after.items())
    deleted = len(before.keys() - after.keys()) if delete else 0
    rows = len(before) + inserted - deleted
    if inserted + updated + deleted == 0:
        return Commit(current.version(), rows, 0, 0, 0)
    merger = (
        current.merge(wanted, f"held.{key} = wanted.{key}", "wanted", "held")
        .when_matched_update_all(predicate=f"held.{ROW_HASH} <> wanted.{ROW_HASH}")
        .when_not_matched_insert_all()
    )
    if delete:
        merger = merger.when_not_matched_by_source_delete()
    merger.execute()
    return Commit(current.version(), rows, inserted, updated, deleted)


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
