"""Refreshing a derived table at the cost of what changed in its source tables.

A refreshed table keeps two things in its newest commit: the versions of its source tables, and a
cache key, which is a digest of the settings, recipe and code that its rows depend on. The next
refresh asks the change data feeds of the sources for the rows that changed since those versions.
It derives the rows that depend on these again and leaves the rest. Without a state, or with another
cache key, it derives everything. Both ways give the same rows.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from maverick_assets.lake.delta import (
    Commit,
    Where,
    open_table,
    read_changes,
    read_state,
    with_row_hash,
)

ChangedRow = dict[str, Any]


@dataclass(frozen=True)
class RefreshResult:
    """A table after its refresh."""

    commit: Commit
    derived: int  # rows that were derived again, changed or not
    full: bool  # whether that was all of them
    left_out: tuple[str, ...] = ()  # source rows with too much text, whenever they were derived


@dataclass(frozen=True)
class Sources:
    """The tables that a table is derived from, now and at its last refresh."""

    paths: Mapping[str, Path]  # by name
    versions: Mapping[str, int]  # now; -1 where there is no table
    refreshed_versions: Mapping[str, int] | None  # at the last refresh; None: derive everything
    cache_key: str  # digest of settings, recipe and code
    surrogates_key: str | None = None  # fingerprint of the key that surrogates are computed from

    @property
    def state(self) -> dict[str, Any]:
        """The state of the table's next commit. Run homes hold it, so its keys never change."""
        return {
            "basis": self.cache_key,
            "versions": dict(self.versions),
            "key": self.surrogates_key,
        }

    def changed_rows(self, columns: Mapping[str, list[str]]) -> dict[str, list[ChangedRow]] | None:
        """By table, the rows before and after each change since the last refresh.

        `columns` names the columns to read of each table. None when everything must be derived.
        """
        before = self.refreshed_versions
        if before is None or before.keys() != self.versions.keys():
            return None
        changes: dict[str, list[ChangedRow]] = {}
        for name, path in self.paths.items():
            rows = read_changes(path, before[name], columns[name])
            if rows is None:
                return None
            changes[name] = rows.to_pylist()
        return changes


def read_sources(
    target: Path,
    schema: pa.Schema,
    paths: Mapping[str, Path],
    cache_key: str,
    surrogates_key: str | None = None,
) -> Sources:
    """The sources of the table at `target`, whose columns are `schema` (without `_row_hash`)."""
    tables = {name: open_table(path) for name, path in paths.items()}
    versions = {name: table.version() if table else -1 for name, table in tables.items()}
    state = read_state(target, with_row_hash(schema))
    refreshed = state["versions"] if state and state["basis"] == cache_key else None
    return Sources(paths, versions, refreshed, cache_key, surrogates_key)


def column_values(rows: Sequence[ChangedRow], column: str) -> set[str]:
    """The values of a column that are not null."""
    return {row[column] for row in rows if row[column] is not None}


def where_in(column: str, values: Collection[str] | None) -> Where | None:
    """A filter for rows whose `column` has one of `values`; None, for all rows, without values."""
    return None if values is None else {column: values}
