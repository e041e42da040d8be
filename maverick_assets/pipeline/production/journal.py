"""The journal of the service, taken into the lake: `lake/metrics/served`."""

from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from maverick_assets.lake.delta import (
    arrow_table,
    compact,
    only_writer,
    purge,
    read_table,
    sync_table,
)
from maverick_assets.lake.paths import served_path
from maverick_assets.lake.served import SERVED_SCHEMA, Journal, Served, read_day
from maverick_assets.pipeline.run_context import RunContext
from maverick_assets.settings import Settings

KEPT_DAYS = 90  # as long as Dagster's histories
_OPEN_DAYS = 2  # a file that young may still be written to


@dataclass(frozen=True)
class TakenIn:
    """What the table holds after the journal was taken in."""

    rows: int
    new: int
    expired: int  # older than `KEPT_DAYS`, and gone from the disk
    damaged: int  # lines that were no rows


def take_in_journal(run: RunContext, now: datetime) -> TakenIn:
    """Bring `lake/metrics/served` up to date with the journal, and remove what is too old.

    A row has the same id in both, so that a call that was cut short is made good by the next one.
    Files of days that are over go once their rows are in the table.
    """
    lake, journal = run.settings.lake, Journal(run.settings.served)
    path = served_path(lake)
    since = now - timedelta(days=KEPT_DAYS)
    files = journal.days()
    with only_writer(path):
        stored = {served.id: served for served in read_served(run.settings)}
        noted, damaged = _noted(journal)
        rows = [row for row in (stored | noted).values() if row.served_at >= since]
        new = sum(row.id not in stored for row in rows)
        expired = len(stored) - (len(rows) - new)
        if not rows and not stored:
            return TakenIn(0, 0, 0, damaged)
        table = arrow_table([asdict(row) for row in rows], SERVED_SCHEMA)
        sync_table(path, table, "id")
    if expired:
        purge(path)
    compact(path)
    ended = f"{now.astimezone(UTC) - timedelta(days=_OPEN_DAYS):%Y-%m-%d}"
    for file in files:
        if file.stem < ended:
            file.unlink(missing_ok=True)
    if damaged:
        run.log.warning(
            f"{damaged} lines of the journal of answers are damaged, as a full disk leaves them; "
            "their answers are not counted"
        )
    return TakenIn(len(rows), new, expired, damaged)


def read_served(settings: Settings) -> list[Served]:
    """The rows of the table."""
    table = read_table(served_path(settings.lake), columns=SERVED_SCHEMA.names)
    return [Served(**row) for row in table.to_pylist()] if table else []


def all_served(settings: Settings) -> list[Served]:
    """The rows of the table, and those that no ingest has taken in yet."""
    stored = {row.id: row for row in read_served(settings)}
    return [*(stored | _noted(Journal(settings.served))[0]).values()]


def _noted(journal: Journal) -> tuple[dict[str, Served], int]:
    """The journal's rows by id, and how many of its lines are damaged."""
    rows: dict[str, Served] = {}
    damaged = 0
    for file in journal.days():
        with suppress(FileNotFoundError):  # an ingest has taken it in meanwhile
            of_day, damaged_of_day = read_day(file)
            rows |= {row.id: row for row in of_day}
            damaged += damaged_of_day
    return rows, damaged
