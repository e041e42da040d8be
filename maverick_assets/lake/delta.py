"""Delta tables of the lake: read at a version, and made to hold given rows in one commit.

A commit may carry a state, which says what its rows were made from. Rows and state are written
together or not at all. The change data feed of every table is on, and no log holds values of rows.
"""

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import CommitProperties, DeltaTable, WriterProperties, write_deltalake
from deltalake.exceptions import DeltaError, TableNotFoundError
from filelock import FileLock
from pyarrow.fs import LocalFileSystem, SubTreeFileSystem

from maverick_assets.errors import MaverickError, errors_as

ROW_HASH = "_row_hash"
_STATE = "maverick.state"  # where a commit keeps its state
_DELETED = "_gone"  # a column of a merge's input that marks rows to delete
MOST_FILES = 100
_ROW_GROUP = 10_000  # rows; a writer holds one group in memory
# By default Delta's log keeps the smallest and largest value of each column. These are words of
# people, which would outlive their rows.
_NO_VALUES_IN_LOG = {"delta.dataSkippingNumIndexedCols": "0"}
_LOG_RETENTION = "delta.logRetentionDuration"

CommitState = Mapping[str, Any]
Where = Mapping[str, Collection[str]]  # column -> accepted values


@dataclass(frozen=True)
class Commit:
    """A table after a write."""

    version: int  # of the Delta table; unchanged when nothing was written
    rows: int  # in the table now
    inserted: int
    updated: int
    deleted: int

    @property
    def changed(self) -> int:
        return self.inserted + self.updated + self.deleted


def arrow_table(rows: Sequence[Mapping[str, Any]], schema: pa.Schema) -> pa.Table:
    """`rows` as an Arrow table, with their content hash in the column `_row_hash`.

    `schema` names the columns to keep and to hash; it does not hold `_row_hash` itself.
    """
    hashes = [row_hash([row[name] for name in schema.names]) for row in rows]
    return pa.Table.from_pylist(
        [{name: row[name] for name in schema.names} for row in rows], schema=schema
    ).append_column(ROW_HASH, pa.array(hashes, pa.string()))


def with_row_hash(schema: pa.Schema) -> pa.Schema:
    """`schema` with the column `_row_hash` at its end, as `arrow_table` returns it."""
    return schema.append(pa.field(ROW_HASH, pa.string()))


def row_hash(values: Sequence[Any]) -> str:
    """Content hash of one row: 128 bits, hex."""
    text = json.dumps(values, default=str, ensure_ascii=False, separators=(",", ":"))
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


@contextmanager
def only_writer(path: Path) -> Iterator[None]:
    """Inside, no other process writes the table at `path`. Waits for a process that does.

    A writer needs it from reading what a commit is made from until the commit. The kernel frees
    the lock of a process that dies.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.parent / f".{path.name}.lock"):
        yield


def open_table(path: Path, version: int | None = None) -> DeltaTable | None:
    """The Delta table at `path`, or None when there is none yet.

    Raises `MaverickError` when the table cannot be read or has no such version.
    """
    with _read_errors(path):
        try:
            return DeltaTable(path, version=version)
        except TableNotFoundError as error:
            if version is None:
                return None
            raise MaverickError(f"Delta table {path} has no version {version}") from error


def read_table(
    path: Path,
    version: int | None = None,
    columns: list[str] | None = None,
    where: Where | None = None,
) -> pa.Table | None:
    """Rows of the table at `path` that pass `where`, or None when there is no table yet.

    `columns`: None for all. Memory holds the rows that pass and one batch. Raises `MaverickError`
    when the table cannot be read, or the files of this version are gone.
    """
    table = open_table(path, version)
    if table is None:
        return None
    accepted = {name: pa.array(list(values), pa.string()) for name, values in (where or {}).items()}
    wanted = columns or [field.name for field in table.schema().fields]
    read = list(dict.fromkeys([*wanted, *accepted]))
    batches = []
    none_passes = any(len(values) == 0 for values in accepted.values())
    with _read_errors(path):
        for batch in [] if none_passes else _batches(table, path, read):
            for name, values in accepted.items():
                batch = batch.filter(pc.is_in(batch[name], value_set=values))
            batches.append(batch.select(wanted))
    schema = pa.schema([_schema(table).field(name) for name in wanted])
    return pa.Table.from_batches(batches, batches[0].schema if batches else schema)


def _batches(table: DeltaTable, path: Path, columns: list[str]) -> Iterator[pa.RecordBatch]:
    """The rows of a table, whose files lie at `path`.

    Arrow opens the files itself: deltalake's own reader is Python, and a thread of Arrow that calls
    it while a short command ends aborts the process.
    """
    files = SubTreeFileSystem(str(path), LocalFileSystem())
    yield from table.to_pyarrow_dataset(filesystem=files).to_batches(columns=columns)


def long_rows(path: Path, more_than: int, where: Where) -> list[str]:
    """Ids of the rows that pass `where` and hold a text of more characters; none without a table.

    Memory holds one batch.
    """
    table = open_table(path)
    if table is None:
        return []
    texts = [field.name for field in _schema(table) if pa.types.is_string(field.type)]
    ids: list[str] = []
    with _read_errors(path):
        for batch in _batches(table, path, texts):
            for name, values in where.items():
                batch = batch.filter(pc.is_in(batch[name], value_set=pa.array(values)))
            lengths = [pc.fill_null(pc.utf8_length(batch[name]), 0) for name in texts]
            is_long = pc.greater(pc.max_element_wise(*lengths), more_than)
            ids += batch["id"].filter(is_long).to_pylist()
    return sorted(ids)


def read_state(path: Path, schema: pa.Schema | None) -> dict[str, Any] | None:
    """The state of the newest commit that carries one; None where no commit does.

    None also for a table of another schema than `schema`: the next write replaces all its rows, so
    all of them must be derived again. Without a `schema` the columns do not matter.
    """
    table = open_table(path)
    if table is None or (schema is not None and _schema(table) != schema):
        return None
    return _newest_state(table)


def _schema(table: DeltaTable) -> pa.Schema:
    return pa.schema(table.schema().to_arrow())


def _newest_state(table: DeltaTable) -> dict[str, Any] | None:
    for entry in table.history():
        if _STATE in entry:
            state: dict[str, Any] = json.loads(entry[_STATE])
            return state
    return None


def read_changes(path: Path, since: int, columns: list[str]) -> pa.Table | None:
    """Rows that commits after version `since` inserted, deleted or changed (before and after).

    A table that does not exist has version -1. None when the change data feed does not reach back
    that far.
    """
    table = open_table(path)
    version = table.version() if table else -1
    if version == since:
        return pa.table({name: [] for name in columns})
    if table is None or version < since:  # the table was rebuilt; its numbers began anew
        return None
    try:
        return pa.table(table.load_cdf(starting_version=since + 1, columns=columns))
    except (DeltaError, OSError, pa.ArrowException):  # the last for files that `purge` removed
        return None


def purge(path: Path, keep: Collection[int] = ()) -> None:
    """Remove from the disk every row that the table at `path` once held and no longer holds.

    After it, only the older versions in `keep` can be read, and the change data feed begins anew. A
    purge that was cut short is completed by the next one. With nothing to do it writes nothing.
    Tables of the first releases have values of rows in their log: they keep no older version, and
    each purge restarts the log. Raises `MaverickError` when the lake cannot be written.
    """
    with only_writer(path), _write_errors(path):
        table = open_table(path)
        if table is None:
            return
        has_values_in_log = not _NO_VALUES_IN_LOG.items() <= table.metadata().configuration.items()
        options: dict[str, Any] = {
            "retention_hours": 0,
            "enforce_retention_duration": False,
            "full": True,  # the change data feed too, and what a killed writer left
            "keep_versions": None if has_values_in_log else sorted(keep) or None,
        }
        if any((path / name).exists() for name in table.vacuum(dry_run=True, **options)):
            table.vacuum(dry_run=False, **options)
        if has_values_in_log and len(table.history()) > 1:
            _restart_log(table)


def compact(path: Path) -> None:
    """Rewrite a table that has grown to more than `MOST_FILES` files, and remove the old ones.

    Each commit adds files, which every reader then opens. For tables that are written all day long
    and of which nobody reads an older version. Raises `MaverickError` when the lake cannot be
    written.
    """
    if sum(1 for _ in path.rglob("*.parquet")) <= MOST_FILES:
        return
    with only_writer(path), _write_errors(path):
        if table := open_table(path):
            table.optimize.compact()
    purge(path)


def _restart_log(table: DeltaTable) -> None:
    """Drop every commit but the newest. A checkpoint stands for the rest, and the state is kept."""
    state = _commit_properties(_newest_state(table))
    table.alter.set_table_properties({_LOG_RETENTION: "interval 0 days"}, commit_properties=state)
    table.create_checkpoint()
    table.cleanup_metadata()
    table.alter.set_table_properties({_LOG_RETENTION: "interval 30 days"}, commit_properties=state)


def write_stream(path: Path, rows: pa.RecordBatchReader, state: CommitState) -> None:
    """Replace the table at `path` by `rows` in one commit, holding one batch at a time.

    Raises `MaverickError` when the lake cannot be written; the table is then unchanged.
    """
    with _write_errors(path):
        _overwrite(path, rows, state)


def sync_table(
    path: Path,
    wanted: pa.Table,
    key: str,
    scope: Collection[str] | None = None,
    state: CommitState | None = None,
) -> Commit:
    """Make the table at `path` hold `wanted`, in one commit.

    When the table holds these rows already, the commit carries a new `state` alone, or is left out
    where the state is the stored one, too. `key` names a column that is unique in `wanted`; rows
    with the same key are compared by `_row_hash`. `scope` limits what is deleted: a stored row that
    `wanted` lacks goes only if its key is in `scope`, or if `scope` is None. Raises
    `MaverickError` when the lake cannot be written; the table is then unchanged.
    """
    current = open_table(path)
    with _write_errors(path):
        if current is None or _schema(current) != wanted.schema:
            _overwrite(path, wanted, state)
            version = DeltaTable(path).version()
            return Commit(version, wanted.num_rows, wanted.num_rows, 0, 0)
        return _apply(current, wanted, key, scope, state)


def _apply(
    current: DeltaTable,
    wanted: pa.Table,
    key: str,
    scope: Collection[str] | None,
    state: CommitState | None,
) -> Commit:
    """Append where only new rows are wanted, else merge; `sync_table` explains the parameters."""
    stored = current.to_pyarrow_table(columns=[key, ROW_HASH]).combine_chunks()
    position = pc.index_in(wanted[key], value_set=stored[key])  # null for a row that is new
    is_new = pc.is_null(position)
    differs = pc.not_equal(stored[ROW_HASH].take(position), wanted[ROW_HASH])  # null, too
    is_changed = pc.fill_null(differs, False)
    gone = stored[key].filter(pc.invert(pc.is_in(stored[key], value_set=wanted[key])))
    if scope is not None:
        gone = gone.filter(pc.is_in(gone, value_set=pa.array(list(scope), pa.string())))
    inserted, updated = pc.sum(is_new).as_py() or 0, pc.sum(is_changed).as_py() or 0
    rows = stored.num_rows + inserted - len(gone)
    version = current.version() + 1
    if inserted + updated + len(gone) == 0 and not _is_news(current, state):
        return Commit(current.version(), rows, 0, 0, 0)
    if updated or len(gone):
        _merge(current, wanted.filter(pc.or_(is_new, is_changed)), gone, key, state)
    else:  # an append rewrites no file, and one of no rows writes none
        write_deltalake(
            current,
            wanted.filter(is_new),
            mode="append",
            commit_properties=_commit_properties(state),
        )
    return Commit(version, rows, inserted, updated, len(gone))


def _is_news(table: DeltaTable, state: CommitState | None) -> bool:
    """Whether a state says something else than the stored one.

    Without its commit, the next refresh would look at the same changes of the sources again.
    """
    return state is not None and json.loads(json.dumps(state)) != _newest_state(table)


def _merge(
    current: DeltaTable,
    changed: pa.Table,
    gone: pa.ChunkedArray,
    key: str,
    state: CommitState | None,
) -> None:
    """Write changed rows and delete others in one merge: with two commits, readers would see the
    table in between."""
    kept = changed.append_column(_DELETED, pa.array([False] * changed.num_rows, pa.bool_()))
    deleted = pa.table({key: gone, _DELETED: pa.array([True] * len(gone), pa.bool_())})
    source = pa.concat_tables([kept, deleted], promote_options="default")
    values = {name: f"source.{name}" for name in changed.column_names}
    (
        current.merge(
            source,
            f"stored.{key} = source.{key}",
            "source",
            "stored",
            commit_properties=_commit_properties(state),
        )
        .when_matched_delete(predicate=f"source.{_DELETED}")
        .when_matched_update(updates=values)
        .when_not_matched_insert(updates=values)
        .execute()
    )


def _overwrite(
    path: Path, rows: pa.Table | pa.RecordBatchReader, state: CommitState | None
) -> None:
    write_deltalake(
        path,
        rows,
        writer_properties=WriterProperties(max_row_group_size=_ROW_GROUP),
        mode="overwrite",
        schema_mode="overwrite",
        configuration={"delta.enableChangeDataFeed": "true", **_NO_VALUES_IN_LOG},
        commit_properties=_commit_properties(state),
    )


def _commit_properties(state: CommitState | None) -> CommitProperties:
    return CommitProperties(custom_metadata=None if state is None else {_STATE: json.dumps(state)})


def _write_errors(path: Path) -> AbstractContextManager[None]:
    return errors_as(f"Delta table {path} not written", DeltaError, OSError)


def _read_errors(path: Path) -> AbstractContextManager[None]:
    return errors_as(f"Delta table {path} cannot be read", DeltaError, OSError)
