"""What runs that never ended left behind goes after two weeks, and the log names it."""

import os
import shutil
import time
from pathlib import Path

import pytest

from maverick_assets.defs.runs.liveness import hold_run_lock
from maverick_assets.pipeline.leftovers import KEPT_DAYS, clear_leftovers
from maverick_assets.pipeline.run_context import RunContext
from maverick_assets.settings import Settings
from maverick_assets_tests.recording_log import RecordingLog


@pytest.fixture
def run(tmp_path: Path, log: RecordingLog) -> RunContext:
    return RunContext(Settings(home=tmp_path), "this-run", log)


def written(path: Path, days_ago: float) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("content")
    moment = time.time() - days_ago * 24 * 60 * 60
    for each in (path, *path.parents[:3]):
        os.utime(each, (moment, moment))
    return path


def test_checkpoints_that_nobody_resumed_go_and_are_named(
    run: RunContext, log: RecordingLog
) -> None:
    checkpoints = run.settings.runs / "checkpoints"
    old = written(checkpoints / "laptop" / "aaaa" / "00000001" / "state", KEPT_DAYS + 1)
    new = written(checkpoints / "laptop" / "bbbb" / "00000001" / "state", KEPT_DAYS - 1)
    others = written(checkpoints / "aurora" / "cccc" / "00000001" / "state", KEPT_DAYS + 1)
    clear_leftovers(run, "laptop")
    assert not old.parents[1].exists()
    assert new.exists()
    assert others.exists()  # of another node, whose own next run looks
    assert [line for line in log.of_level("info") if str(old.parents[1]) in line]


def test_a_checkpoint_that_is_written_today_keeps_the_older_ones_of_its_run(
    run: RunContext,
) -> None:
    folder = run.settings.runs / "checkpoints" / "laptop" / "aaaa"
    old = written(folder / "00000001" / "state", KEPT_DAYS + 1)
    (folder / "00000002").mkdir()
    clear_leftovers(run, "laptop")
    assert old.exists()


def test_work_areas_of_ended_runs_go_and_those_of_runs_under_way_stay(run: RunContext) -> None:
    runs = run.settings.runs
    ended = written(runs / "ended" / "robbie" / "evaluate.json", KEPT_DAYS + 1)
    own = written(runs / run.run_id / "train.json", KEPT_DAYS + 1)
    under_way = written(runs / "under-way" / "train.json", KEPT_DAYS + 1)
    hold_run_lock(run.settings.run_locks, "under-way")
    clear_leftovers(run, "laptop")
    assert not ended.parents[1].exists()
    assert own.exists()
    assert under_way.exists()
    assert (run.settings.run_locks / "under-way").exists()


def test_canaries_of_a_killed_audit_go_at_once_and_those_of_one_under_way_stay(
    run: RunContext, log: RecordingLog
) -> None:
    runs = run.settings.runs
    killed, under_way = (
        written(runs / name / "robbie" / "canaries" / "adapter", days_ago=0)
        for name in ("killed", "under-way")
    )
    run.settings.run_locks.mkdir()
    (run.settings.run_locks / "killed").touch()  # until the reaper looks
    hold_run_lock(run.settings.run_locks, "under-way")
    clear_leftovers(run, "laptop")
    assert not killed.parent.exists()
    assert killed.parents[1].exists()
    assert under_way.exists()
    assert log.of_level("info") == [
        f"cleared canaries of an audit that was killed: {killed.parent}"
    ]


def test_a_work_area_that_vanishes_meanwhile_stops_no_training(
    run: RunContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = run.settings.runs
    vanishing = written(runs / "tmp-of-a-release" / "adapter.gguf", KEPT_DAYS + 1)
    ended = written(runs / "zz-ended" / "evaluate.json", KEPT_DAYS + 1)
    lstat = Path.lstat

    def lstat_too_late(path: Path) -> os.stat_result:
        if path == vanishing:
            shutil.rmtree(vanishing.parent, ignore_errors=True)
        return lstat(path)

    monkeypatch.setattr(Path, "lstat", lstat_too_late)
    clear_leftovers(run, "laptop")
    assert not ended.exists()


def test_a_new_run_home_has_no_leftovers(run: RunContext, log: RecordingLog) -> None:
    clear_leftovers(run, "laptop")
    assert log.of_level("info") == []
