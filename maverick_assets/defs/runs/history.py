"""Dagster's history: what it may hold, and for how long.

It holds counts, shares and ids. Releases before this one stored samples of rows, answers of models
and the words of libraries' errors, which quote rows.
"""

import json
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from dagster import DagsterInstance, DagsterRunStatus, RunsFilter
from dagster._core.storage.event_log.schema import (
    AssetCheckExecutionsTable,
    AssetKeyTable,
    SqlEventLogStorageTable,
)
from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage
from dagster._core.storage.schedules.schema import JobTickTable
from sqlalchemy import Connection, Table, select, text, update

from maverick_assets.defs.runs.progress import OWN_ERRORS

KEPT_RUN_DAYS = 90
ENDED = [DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED]

# Each table with the column that holds JSON of Dagster's own.
_TABLES = (
    (SqlEventLogStorageTable, "event"),
    (AssetKeyTable, "last_materialization"),
    (AssetCheckExecutionsTable, "evaluation_event"),
    (JobTickTable, "tick_body"),
)
# Key of Dagster's key-value table. Its value is the time of the end, and until then this word.
_PURGED, _STARTED = "maverick/texts_purged", "started"
_BATCH = 500  # rows; an event has up to a hundred kilobytes
_TEXTS = frozenset({"sample", "samples", "skipped", "answer through llama.cpp"})
# An error that is not ours, in a line: "ValueError: invalid literal for int(): 'Dear Dana'"
# "pyarrow.lib.ArrowInvalid: Could not convert 'Dear Dana'"  "DETAIL:  Failing row contains (...)"
_FOREIGN_ERROR = re.compile(
    r"(?<![\w.])(DETAIL|(?:\w+\.)*(?!MaverickError|BadInput)\w*(?:Error|Exception)"
    r"|(?:\w+\.)+(?!MaverickError|BadInput)[A-Z]\w*): .*",
    re.DOTALL,
)
# Lines of earlier releases: "robbie v1.0 is in service; it says: Tea first."  "skipped a.pdf: ..."
_QUOTING_LINE = re.compile(r"(; it says): .*|^(skipped) .+: .*", re.DOTALL)


def purge_texts_once(instance: DagsterInstance, cards: Iterable[Path]) -> int | None:
    """`purge_texts`, and `cards` deleted, unless this history was purged before.

    Returns the number of entries that it changed; None when there was nothing to remove. A call
    that was cut short has changed entries already, so the next one removes all else regardless.
    """
    storage = instance.daemon_cursor_storage
    mark = storage.get_cursor_values({_PURGED}).get(_PURGED)
    if mark not in (None, _STARTED):
        return None
    storage.set_cursor_values({_PURGED: _STARTED})
    changed = purge_texts(instance, resumed=mark == _STARTED)
    had_texts = changed > 0 or mark == _STARTED
    for card in cards if had_texts else ():
        card.unlink(missing_ok=True)  # its mails had every name; the next ingest writes it again
    storage.set_cursor_values({_PURGED: datetime.now(UTC).isoformat()})
    return changed if had_texts else None


def purge_texts(instance: DagsterInstance, *, resumed: bool = False) -> int:
    """Remove from Dagster's history what may quote rows; the number of entries that it changed.

    That is metadata with texts, answers in lines of the log, and the words of errors that are not
    ours. Runs, events, counts and our own errors stay. So do the lines that the processes of ended
    runs printed, unless an entry was changed, by this call or by the one that it resumes: then they
    may quote the same, and go. Nothing of it is left in the files of the tables.
    """
    storage = instance.event_log_storage
    assert isinstance(storage, SqlEventLogStorage)
    with storage.index_connection() as connection:
        changed = {table.name: _purge_table(connection, table, name) for table, name in _TABLES}
    if resumed or any(changed.values()):
        for run in instance.get_runs(RunsFilter(statuses=ENDED)):
            instance.compute_log_manager.delete_logs(prefix=[run.run_id])
        with storage.index_connection() as connection:
            # PostgreSQL keeps the old rows in its files until somebody rewrites them.
            unlocked = connection.execution_options(isolation_level="AUTOCOMMIT")
            for name in (name for name, count in changed.items() if resumed or count):
                unlocked.execute(text(f'vacuum full "{name}"'))
    return sum(changed.values())


def remove_old_runs(instance: DagsterInstance) -> list[str]:
    """Delete the runs that are older than `KEPT_RUN_DAYS`, with their logs; returns their ids.

    Runs that an asset's newest materialization is from stay, so that no asset looks as if it had
    never been made.
    """
    entries = [record.asset_entry for record in instance.get_asset_records()]
    shown = {entry.last_materialization.run_id for entry in entries if entry.last_materialization}
    before = datetime.now(UTC) - timedelta(days=KEPT_RUN_DAYS)
    old = instance.get_runs(RunsFilter(statuses=ENDED, created_before=before))
    ids = [run.run_id for run in old if run.run_id not in shown]
    for run_id in ids:
        instance.compute_log_manager.delete_logs(prefix=[run_id])
        instance.delete_run(run_id)
    return ids


def without_texts(value: Any) -> Any:
    """A value of Dagster's JSON without what may quote rows."""
    if isinstance(value, list):
        return [without_texts(item) for item in value if not _is_text_entry(item)]
    if not isinstance(value, dict):
        return value
    cleaned = {name: without_texts(item) for name, item in value.items()}
    match cleaned.get("__class__"):
        case "SerializableErrorInfo":
            cleaned["message"] = _without_words(cleaned["message"], cleaned["cls_name"])
        case "EventLogEntry" if cleaned["dagster_event"] is None:  # a line of the log
            line = _QUOTING_LINE.sub(r"\1\2", cleaned["user_message"])
            cleaned["user_message"] = _FOREIGN_ERROR.sub(r"\1", line)
    if isinstance(metadata := cleaned.get("metadata"), dict):
        cleaned["metadata"] = {name: metadata[name] for name in metadata if name not in _TEXTS}
    return cleaned


def _is_text_entry(item: Any) -> bool:
    """Whether an item of a list is metadata with texts; its events spell it as a list."""
    is_entry = isinstance(item, dict) and item.get("__class__") == "EventMetadataEntry"
    return is_entry and item["label"] in _TEXTS


def _without_words(message: str, error_class: str | None) -> str:
    if error_class in OWN_ERRORS:  # it may have passed on the last line of a child
        return _FOREIGN_ERROR.sub(r"\1", message)
    return message if (error_class or "").startswith("Dagster") else f"{error_class}\n"


def _purge_table(connection: Connection, table: Table, column: str) -> int:
    changed = 0
    for row_id, old in _values(connection, table, column):
        new = json.dumps(without_texts(json.loads(old)), sort_keys=True)
        if json.loads(new) != json.loads(old):
            connection.execute(update(table).where(table.c.id == row_id).values({column: new}))
            changed += 1
    return changed


def _values(connection: Connection, table: Table, column: str) -> Iterator[tuple[int, str]]:
    """Id and JSON of each row, in batches: a history may have gigabytes."""
    last = -1
    while True:
        query = select(table.c.id, table.c[column]).where(table.c.id > last)
        rows = connection.execute(query.order_by(table.c.id).limit(_BATCH)).fetchall()
        if not rows:
            return
        yield from ((row[0], row[1]) for row in rows if (row[1] or "").startswith("{"))
        last = rows[-1][0]
