"""A training is under way while its process lives, whoever started it."""

import subprocess
import sys
from pathlib import Path

import pytest

from maverick_assets.pipeline.trainings import (
    AlreadyTraining,
    hold_training,
    last_ended,
    new_training,
    note_end,
    only_starter,
    progress_of,
    progress_path,
    require_none,
    under_way,
)
from maverick_assets.recipes import Training, TrainingOverrides
from maverick_assets.records import AdapterProgress, TrainingProgress
from maverick_assets.settings import Settings
from maverick_assets_tests.processes import wait_for

HOLD = """
import sys, time
from pathlib import Path
from maverick_assets.pipeline.trainings import hold_training, new_training
from maverick_assets.settings import Settings
training = new_training("r1", "incremental", ["robbie"])
held = hold_training(Settings(home=Path(sys.argv[1])), training)
print("held", flush=True)
time.sleep(600)
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


def test_a_training_of_another_process_counts_until_that_is_killed(settings: Settings) -> None:
    assert under_way(settings) is None
    command = [sys.executable, "-c", HOLD, str(settings.home)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        found = under_way(settings)
        assert found is not None
        assert (found.run_id, found.job, found.personalities) == ("r1", "nightly", ("robbie",))
        with only_starter(settings), pytest.raises(AlreadyTraining):
            require_none(settings)
        process.kill()
    wait_for(lambda: under_way(settings) is None)
    with only_starter(settings):
        require_none(settings)
    assert not (settings.trainings / "r1").exists()


def test_who_said_so_for_a_training_is_not_said_again(settings: Settings) -> None:
    training = new_training("r2", "full")
    hold_training(settings, training)
    hold_training(settings, training)
    assert under_way(settings) == training


def test_how_a_training_ended_is_kept(settings: Settings) -> None:
    assert last_ended(settings) is None
    training = new_training("r3", "full", overrides=TrainingOverrides(epochs=2))
    note_end(settings, training, ["robbie__adapter"])
    ended = last_ended(settings)
    assert ended is not None
    assert (ended.training, ended.failed_steps) == (training, ("robbie__adapter",))
    assert under_way(settings) is None


def test_the_newest_progress_of_all_nodes_is_that_of_a_training(settings: Settings) -> None:
    training = new_training("r4", "full")
    assert progress_of(settings, training) is None
    for step, node in enumerate(("a", "b")):
        progress = TrainingProgress(
            at=training.started_at.replace(year=2030 + step),
            step=step,
            steps=9,
            tokens_per_second=1,
            seconds_left=1,
            adapters={"robbie": AdapterProgress(step=step, steps=9, loss=1, learning_rate=1)},
        )
        path = progress_path(settings, "r4", node)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(progress.model_dump_json())
    progress_path(settings, "r4", "c").write_text("{")
    found = progress_of(settings, training)
    assert found is not None
    assert found.step == 1


def test_overrides_change_what_they_name_and_nothing_else() -> None:
    training = Training(max_length=256)
    assert TrainingOverrides().applied(training) == training
    assert TrainingOverrides(batch_size=4).applied(training).batch_tokens == 1024
    changed = TrainingOverrides(epochs=7, max_length=64, batch_size=3).applied(training)
    assert changed == Training(max_length=64, epochs=7, batch_tokens=192)
