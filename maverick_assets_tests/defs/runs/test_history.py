"""How long Dagster's history is kept, and what is taken out of it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from dagster import AssetKey, DagsterInstance, asset, materialize
from dagster._core.storage.runs.schema import RunsTable
from dagster._core.storage.runs.sql_run_storage import SqlRunStorage
from sqlalchemy import update

from maverick_assets.defs.runs.history import KEPT_RUN_DAYS, remove_old_runs, without_texts


@asset
def tea() -> None: ...


@asset
def rain() -> None: ...


def test_old_runs_go_unless_an_asset_was_last_made_by_one(tmp_path: Path) -> None:
    with DagsterInstance.local_temp(str(tmp_path)) as instance:
        runs = [materialize([made], instance=instance).run_id for made in (tea, rain, tea, tea)]
        storage = instance.run_storage
        assert isinstance(storage, SqlRunStorage)
        old = datetime.now(UTC) - timedelta(days=KEPT_RUN_DAYS + 1)
        with storage.connect() as connection:
            aged = update(RunsTable).where(RunsTable.c.run_id.in_(runs[:3]))
            connection.execute(aged.values(create_timestamp=old.replace(tzinfo=None)))
        # The second made the newest `rain`; the fourth, which is young, the newest `tea`.
        assert sorted(remove_old_runs(instance)) == sorted([runs[0], runs[2]])
        assert {run.run_id for run in instance.get_runs()} == {runs[1], runs[3]}
        assert instance.get_latest_materialization_event(AssetKey("rain"))
        assert not list(instance.all_logs(runs[0]))
        assert remove_old_runs(instance) == []


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ("12 rows: 1 new, 0 changed", "12 rows: 1 new, 0 changed"),
        ("ValueError: invalid literal: 'Dear Dana'", "ValueError"),
        ("error: pyarrow.lib.ArrowInvalid: 'Dear Dana'", "error: pyarrow.lib.ArrowInvalid"),
        ("DETAIL:  Failing row contains (Dear Dana)", "DETAIL"),
        ("skipped Dana.pdf: it is encrypted", "skipped"),
        ("robbie v1.0 is in service; it says: Tea\nfirst.", "robbie v1.0 is in service; it says"),
        ("robbie: not trained: 3 train examples", "robbie: not trained: 3 train examples"),
    ],
)
def test_lines_of_earlier_logs_lose_what_they_quote(line: str, left: str) -> None:
    entry = {"__class__": "EventLogEntry", "dagster_event": None, "user_message": line}
    assert without_texts(entry)["user_message"] == left


def test_our_own_errors_keep_their_words() -> None:
    error = {
        "__class__": "SerializableErrorInfo",
        "cls_name": "MaverickError",
        "message": "maverick_assets.errors.MaverickError: robbie has no version; train one\n",
    }
    assert without_texts(error) == error
