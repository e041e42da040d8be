"""What a table of the lake was made from, so that its refresh costs what has changed.

Each table remembers, in its newest commit, the versions of its inputs and a digest of settings,
recipe and code. What the inputs' change data feeds name since then is derived again, together with
all that it is connected with; the rest stays. Without such a memory, or when the digest is another,
everything is derived. Both ways give the same rows.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from maverick_assets.lake.delta import (
    ROW_HASH,
    Commit,
    Where,
    open_table,
    read_changes,
    read_state,
)

Row = dict[str, Any]


@dataclass(frozen=True)
class Refreshed:
    """A table after its refresh. `derived` rows were made again, `full`: all of them."""

    commit: Commit
    derived: int
    full: bool


@dataclass(frozen=True)
class Inputs:
    """Tables by name, their versions now (-1: no such table), and those at the last refresh."""

    paths: Mapping[str, Path]
    versions: Mapping[str, int]
    before: Mapping[str, int] | None
    basis: str
    key: str | None = None

    @property
    def state(self) -> dict[str, Any]:
        return {"basis": self.basis, "versions": dict(self.versions), "key": self.key}

    def changes(self, columns: Mapping[str, list[str]]) -> dict[str, list[Row]] | None:
        """Rows of each table before and after what changed; None when all must be derived."""
        if self.before is None or self.before.keys() != self.versions.keys():
            return None
        found: dict[str, list[Row]] = {}
        for name, path in self.paths.items():
            changed = read_changes(path, self.before[name], columns[name])
            if changed is None:
                return None
            found[name] = changed.to_pylist()
        return found


def read_inputs(target: Path, schema: pa.Schema, paths: Mapping[str, Path], basis: str) -> Inputs:
    """`schema` is that of the table at `target` without `_row_hash`."""
    tables = {name: open_table(path) for name, path in paths.items()}
    versions = {name: table.version() if table else -1 for name, table in tables.items()}
    state = read_state(target, schema.append(pa.field(ROW_HASH, pa.string())))
    before = state["versions"] if state and state["basis"] == basis else None
    return Inputs(paths, versions, before, basis)


def values_of(rows: Sequence[Row], column: str) -> set[str]:
    return {row[column] for row in rows if row[column] is not None}


def among(column: str, values: Collection[str] | None) -> Where | None:
    """A filter on `column`; None for no filter."""
    return None if values is None else {column: values}
