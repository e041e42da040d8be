"""Checkpoints are whole or absent, and a resumed run is as if it had never stopped."""

import os
import random
import resource
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
import torch

from maverick_assets.errors import Interrupted, MaverickError
from maverick_assets.files import sha256_of
from maverick_assets.training.loop import engine
from maverick_assets.training.loop.adapter_job import AdapterJob
from maverick_assets.training.loop.adapters import attached_lora
from maverick_assets.training.loop.checkpoints import AdapterSnapshot, Checkpoints, Progress
from maverick_assets.training.loop.engine import train
from maverick_assets_tests.tiny_llama import tiny_llama
from maverick_assets_tests.training.loop.two_adapters import (
    CPU,
    JOBS,
    ROWS,
    SETTINGS,
    take_step_with_a_bad_loss,
)

Weights = dict[str, torch.Tensor]


def snapshot(step: int) -> AdapterSnapshot:
    tensors = [{"0": torch.full((3,), float(step) + at)} for at in range(3)]
    progress = Progress(
        steps_done=step,
        losses=[(step, 0.5)],
        validation_losses=[(1, 2.5)],
        rate_factor=1.0,
        setbacks=0,
    )
    return AdapterSnapshot(progress, *tensors)


def run(folder: Path | None, should_stop: Callable[[], bool] = lambda: False) -> Weights:
    """Train with a checkpoint after each step; the weights at the end."""
    checkpoints = Checkpoints(folder, "run", seconds=0) if folder else None
    with attached_lora(tiny_llama(32, 0.5), JOBS, seed=0) as lora:
        train(lora, JOBS, CPU, 0, lambda _: None, checkpoints=checkpoints, should_stop=should_stop)
        return {
            name: weight.detach().clone()
            for name, weight in lora.named_parameters()
            if weight.requires_grad
        }


def same(one: Weights, other: Weights) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_what_is_saved_is_read_back(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path / "c", "run")
    assert checkpoints.newest() == {}
    for step in (1, 2, 3):
        checkpoints.save({"a": snapshot(step), "ab": snapshot(step + 1)})
    snapshots = checkpoints.newest()
    assert [snapshots[name].progress for name in ("a", "ab")] == [
        snapshot(3).progress,
        snapshot(4).progress,
    ]
    for name, step in (("a", 3), ("ab", 4)):
        assert same(snapshots[name].named_tensors(), snapshot(step).named_tensors())
    assert len(list((tmp_path / "c").iterdir())) == 2
    checkpoints.clear()
    assert not (tmp_path / "c").exists()


def test_a_damaged_checkpoint_gives_way_to_the_one_before(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path, "run")
    checkpoints.save({"a": snapshot(1)})
    checkpoints.save({"a": snapshot(2)})
    newest = max(tmp_path.iterdir()) / "state.safetensors"
    content = bytearray(newest.read_bytes())
    content[-1] ^= 1
    newest.write_bytes(content)
    assert checkpoints.newest()["a"].progress.steps_done == 1
    newest.unlink()
    assert checkpoints.newest()["a"].progress.steps_done == 1


def test_runs_that_share_a_folder_clear_their_own_checkpoints_only(tmp_path: Path) -> None:
    one, other = (Checkpoints.of_run(tmp_path / "c", run) for run in ("one", "other"))
    one.save({"a": snapshot(1)})
    for step in range(4):
        other.save({"a": snapshot(step)})
    other.clear()
    assert one.newest()["a"].progress.steps_done == 1
    one.clear()
    assert not (tmp_path / "c").exists()


def test_checkpoints_of_the_release_before_are_resumed(tmp_path: Path) -> None:
    Checkpoints(tmp_path, "one").save({"a": snapshot(1)})
    assert Checkpoints.of_run(tmp_path, "other").newest() == {}
    assert Checkpoints.of_run(tmp_path, "one").newest()["a"].progress.steps_done == 1


def test_nothing_is_taken_from_another_run(tmp_path: Path) -> None:
    Checkpoints(tmp_path, "run").save({"a": snapshot(1)})
    assert Checkpoints(tmp_path, "another").newest() == {}


@contextmanager
def files_up_to(size: int) -> Iterator[None]:
    """The system refuses to write more, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_when_the_disk_refuses_the_last_checkpoint_is_as_it_was(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path, "run")
    checkpoints.save({"a": snapshot(1)})
    with files_up_to(64), pytest.raises(MaverickError, match="cannot write a checkpoint in"):
        checkpoints.save({"a": snapshot(2)})
    assert checkpoints.newest()["a"].progress.steps_done == 1
    assert len(list(tmp_path.iterdir())) == 1


def test_a_resumed_run_is_as_if_it_had_never_stopped(tmp_path: Path) -> None:
    expected = run(None)
    for end in (2, 3, 5):
        steps = iter(range(1, end + 1))
        with pytest.raises(Interrupted):
            run(tmp_path, lambda steps=steps, end=end: next(steps) == end)  # type: ignore[misc]
    assert same(run(tmp_path), expected)
    assert same(run(tmp_path), expected)  # nothing is left to do


def test_moments_are_kept_until_the_last_step(tmp_path: Path) -> None:
    steps = count(1)
    with pytest.raises(Interrupted):
        run(tmp_path, lambda: next(steps) == 2)
    stopped = Checkpoints(tmp_path, "run").newest().values()
    assert any(snapshot.optimizer_state for snapshot in stopped)
    run(tmp_path)
    for done in Checkpoints(tmp_path, "run").newest().values():
        assert done.weights
        assert not done.optimizer_state


def test_a_loss_that_is_not_finite_sets_the_adapter_back_with_half_the_rate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engine, "take_step", take_step_with_a_bad_loss)
    with attached_lora(tiny_llama(32, 0.5), JOBS, seed=0) as lora:
        result = train(lora, JOBS, CPU, 0, lambda _: None)
    assert result.failures == {}
    monkeypatch.undo()
    slower = [AdapterJob("one", ROWS, SETTINGS.model_copy(update={"learning_rate": 0.005}))]
    with attached_lora(tiny_llama(32, 0.5), slower, seed=0) as lora:
        half = train(lora, slower, CPU, 0, lambda _: None)
    losses = [loss for _, loss in result.losses["one"]]
    assert losses == pytest.approx([loss for _, loss in half.losses["one"]], abs=1e-4)


def test_an_adapter_that_was_given_up_is_given_up_again_when_the_run_resumes(
    tmp_path: Path,
) -> None:
    wild = SETTINGS.model_copy(update={"learning_rate": 1e30, "epochs": 40})
    jobs = [AdapterJob("wild", ROWS, wild), AdapterJob("calm", ROWS, SETTINGS)]

    def failures(should_stop: Callable[[], bool]) -> dict[str, str]:
        with attached_lora(tiny_llama(32, 0.5), jobs, seed=0) as lora:
            checkpoints = Checkpoints(tmp_path, "run", seconds=0)
            result = train(
                lora, jobs, CPU, 0, lambda _: None, checkpoints=checkpoints, should_stop=should_stop
            )
            return dict(result.failures)

    steps = count(1)
    with pytest.raises(Interrupted):
        failures(lambda: next(steps) == 9)
    assert "lower learning_rate" in failures(lambda: False)["wild"]


def child(folder: Path, result: Path) -> None:
    torch.save(run(folder), result)
    os._exit(0)


def test_killed_again_and_again_it_finishes_with_the_same_weights(
    tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    """SIGKILL at random moments of training and saving; prints how often each case occurred."""
    rng = random.Random(0)
    torch.set_num_threads(1)  # forked children would inherit a pool without its threads
    expected = run(None)
    folder, result = tmp_path / "checkpoints", tmp_path / "weights"
    started = time.monotonic()
    run(tmp_path / "timed")
    whole = time.monotonic() - started
    seen: Counter[str] = Counter()
    stages: set[Path] = set()
    while seen["killed"] < pytestconfig.getoption("--kills"):
        process = os.fork()
        if process == 0:
            child(folder, result)
        time.sleep(rng.uniform(0, whole))
        os.kill(process, signal.SIGKILL)
        _, status = os.waitpid(process, 0)
        left = sorted(folder.glob("[!.]*"))
        if left:
            newest = left[-1] / "state.safetensors"
            assert sha256_of(newest) == (left[-1] / "state.sha256").read_text()
        seen["killed"] += os.WIFSIGNALED(status)
        seen["newest checkpoint whole"] += bool(left)
        seen["kills in the middle of saving"] += len(set(folder.glob(".*")) - stages)
        stages |= set(folder.glob(".*"))
        if os.WIFEXITED(status):
            seen["finished"] += 1
            assert os.WEXITSTATUS(status) == 0
            assert same(torch.load(result), expected)
            Checkpoints(folder, "run").clear()
    assert same(run(folder), expected)
    print(dict(seen))
