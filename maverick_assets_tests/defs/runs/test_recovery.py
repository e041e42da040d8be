"""The reaper: real runs in real processes, on a real Dagster storage, really killed."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from dagster import (
    DagsterInstance,
    DagsterRun,
    DagsterRunStatus,
    RunsFilter,
    SkipReason,
    build_sensor_context,
)

from maverick_assets.crm.embedded import database_url
from maverick_assets.defs.runs.recovery import DEATH_REASON, reaper, settle_dead_runs
from maverick_assets.settings import load_settings
from maverick_assets_tests.command import PROJECT
from maverick_assets_tests.processes import wait_for


@dataclass(frozen=True)
class Sleeper:
    """A worker whose run takes the pool, or waits for it."""

    process: subprocess.Popen[str]
    run_id: str

    def holds_the_pool(self) -> bool:
        assert self.process.stdout is not None
        return self.process.stdout.readline() == "asleep\n"

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def wake(self) -> str:
        """Let it end; returns what it wrote on stderr."""
        return self.process.communicate("\n")[1]


@pytest.fixture(scope="module")
def instance(pgdata: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DagsterInstance]:
    """The instance that `dagster.yaml` describes, its storage empty, and a run home."""
    folder = tmp_path_factory.mktemp("recovery")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MAVERICK_HOME", str(folder / "home"))
        patch.setenv("MAVERICK_DAGSTER_URL", database_url(pgdata, "recovery"))
        patch.setenv("MAVERICK_ARTIFACTS", str(folder / "logs"))
        patch.setenv("DAGSTER_HOME", str(PROJECT / "dagster_home"))
        with DagsterInstance.get() as instance:
            yield instance


@pytest.fixture
def launch(instance: DagsterInstance) -> Iterator[Callable[[], Sleeper]]:
    """Starts a worker in a process of its own."""
    processes = []

    def start() -> Sleeper:
        mark = uuid4().hex
        process = subprocess.Popen(
            [sys.executable, "-m", "maverick_assets_tests.defs.runs.sleeper", mark],
            cwd=PROJECT,
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        [run] = wait_for(lambda: instance.get_runs(RunsFilter(tags={"maverick/test": mark})))
        return Sleeper(process, run.run_id)

    yield start
    for process in processes:
        process.kill()
        process.communicate()
    settle_dead_runs(instance, load_settings().run_locks)


@pytest.fixture
def sleeper(launch: Callable[[], Sleeper]) -> Sleeper:
    """A worker that holds the pool."""
    sleeper = launch()
    assert sleeper.holds_the_pool()
    return sleeper


def state(instance: DagsterInstance, sleeper: Sleeper) -> DagsterRun:
    run = instance.get_run_by_id(sleeper.run_id)
    assert run is not None
    return run


def slots(instance: DagsterInstance) -> set[str]:
    """Ids of the runs that hold the pool."""
    info = instance.event_log_storage.get_concurrency_info("gpu_test")
    return {slot.run_id for slot in info.claimed_slots}


def test_a_run_whose_process_lives_is_left_alone(
    instance: DagsterInstance, sleeper: Sleeper
) -> None:
    assert settle_dead_runs(instance, load_settings().run_locks) == []
    assert state(instance, sleeper).status == DagsterRunStatus.STARTED
    assert slots(instance) == {sleeper.run_id}


def test_a_killed_run_fails_and_gives_its_slot_back_once(
    instance: DagsterInstance, sleeper: Sleeper
) -> None:
    sleeper.kill()
    assert state(instance, sleeper).status == DagsterRunStatus.STARTED
    assert settle_dead_runs(instance, load_settings().run_locks) == [sleeper.run_id]
    assert state(instance, sleeper).status == DagsterRunStatus.FAILURE
    assert state(instance, sleeper).tags["dagster/will_retry"] == "true"
    assert DEATH_REASON in {event.message for event in instance.all_logs(sleeper.run_id)}
    assert slots(instance) == set()
    assert settle_dead_runs(instance, load_settings().run_locks) == []
    assert list(load_settings().run_locks.iterdir()) == []


def test_a_killed_run_that_was_being_cancelled_is_not_requested_again(
    instance: DagsterInstance, sleeper: Sleeper
) -> None:
    instance.report_run_canceling(state(instance, sleeper))
    sleeper.kill()
    settle_dead_runs(instance, load_settings().run_locks)
    assert state(instance, sleeper).status == DagsterRunStatus.CANCELED
    assert slots(instance) == set()


def test_a_run_that_was_given_up_keeps_its_slot_while_its_process_lives(
    instance: DagsterInstance, sleeper: Sleeper
) -> None:
    instance.report_run_failed(state(instance, sleeper))
    assert settle_dead_runs(instance, load_settings().run_locks) == []
    assert slots(instance) == {sleeper.run_id}
    sleeper.kill()
    assert settle_dead_runs(instance, load_settings().run_locks) == []
    assert slots(instance) == set()


def test_a_run_that_ended_well_stays_so(instance: DagsterInstance, sleeper: Sleeper) -> None:
    sleeper.wake()
    assert settle_dead_runs(instance, load_settings().run_locks) == []
    assert state(instance, sleeper).status == DagsterRunStatus.SUCCESS


def test_a_run_of_another_run_home_is_left_alone(
    instance: DagsterInstance, sleeper: Sleeper, tmp_path: Path
) -> None:
    sleeper.kill()
    assert settle_dead_runs(instance, tmp_path / "another" / "alive") == []
    assert state(instance, sleeper).status == DagsterRunStatus.STARTED


def test_the_sensor_says_which_runs_were_dead(instance: DagsterInstance, sleeper: Sleeper) -> None:
    def tick() -> str | None:
        result = reaper(build_sensor_context(instance=instance))
        assert isinstance(result, SkipReason)
        return result.skip_message

    assert tick() == "every run under way has a living process"
    sleeper.kill()
    assert tick() == f"reported as dead: {sleeper.run_id}"


def test_a_second_run_waits_for_the_pool_says_so_and_goes_on(
    instance: DagsterInstance, sleeper: Sleeper, launch: Callable[[], Sleeper]
) -> None:
    def waiting() -> list[str]:
        info = instance.event_log_storage.get_concurrency_info("gpu_test")
        return [step.run_id for step in info.pending_steps]

    second = launch()
    wait_for(lambda: second.run_id in waiting())
    assert slots(instance) == {sleeper.run_id}
    sleeper.kill()
    settle_dead_runs(instance, load_settings().run_locks)
    assert second.holds_the_pool()
    assert "sleep                        waits: another run holds gpu_test" in second.wake()
    assert state(instance, second).status == DagsterRunStatus.SUCCESS
