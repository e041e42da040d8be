"""The reaper on real runs: their processes are killed, and Dagster's storage is a real one."""

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
class PoolHolder:
    """A worker whose run takes the pool, or waits for it."""

    process: subprocess.Popen[str]
    run_id: str

    def holds_pool(self) -> bool:
        assert self.process.stdout is not None
        return self.process.stdout.readline() == "holding\n"

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def finish(self) -> str:
        """Let its step end; returns what it wrote on stderr."""
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
def launch(instance: DagsterInstance) -> Iterator[Callable[[], PoolHolder]]:
    """Starts a worker in a process of its own."""
    processes = []

    def start() -> PoolHolder:
        mark = uuid4().hex
        process = subprocess.Popen(
            [sys.executable, "-m", "maverick_assets_tests.defs.runs.pool_holder", mark],
            cwd=PROJECT,
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        [run] = wait_for(lambda: instance.get_runs(RunsFilter(tags={"maverick/test": mark})))
        return PoolHolder(process, run.run_id)

    yield start
    for process in processes:
        process.kill()
        process.communicate()
    settle_dead_runs(instance, load_settings().run_locks)


@pytest.fixture
def holder(launch: Callable[[], PoolHolder]) -> PoolHolder:
    """A worker that holds the pool."""
    holder = launch()
    assert holder.holds_pool()
    return holder


def state(instance: DagsterInstance, holder: PoolHolder) -> DagsterRun:
    run = instance.get_run_by_id(holder.run_id)
    assert run is not None
    return run


def slots(instance: DagsterInstance) -> set[str]:
    """Ids of the runs that hold the pool."""
    info = instance.event_log_storage.get_concurrency_info("gpu_test")
    return {slot.run_id for slot in info.claimed_slots}


def test_a_run_whose_process_lives_is_left_alone(
    instance: DagsterInstance, holder: PoolHolder
) -> None:
    assert settle_dead_runs(instance, load_settings().run_locks) == []
    assert state(instance, holder).status == DagsterRunStatus.STARTED
    assert slots(instance) == {holder.run_id}


def test_a_killed_run_fails_and_gives_its_slot_back_once(
    instance: DagsterInstance, holder: PoolHolder
) -> None:
    holder.kill()
    assert state(instance, holder).status == DagsterRunStatus.STARTED
    assert settle_dead_runs(instance, load_settings().run_locks) == [holder.run_id]
    assert state(instance, holder).status == DagsterRunStatus.FAILURE
    assert state(instance, holder).tags["dagster/will_retry"] == "true"
    assert DEATH_REASON in {event.message for event in instance.all_logs(holder.run_id)}
    assert slots(instance) == set()
    assert settle_dead_runs(instance, load_settings().run_locks) == []
    assert list(load_settings().run_locks.iterdir()) == []


def test_a_killed_run_that_was_being_cancelled_is_not_requested_again(
    instance: DagsterInstance, holder: PoolHolder
) -> None:
    instance.report_run_canceling(state(instance, holder))
    holder.kill()
    settle_dead_runs(instance, load_settings().run_locks)
    assert state(instance, holder).status == DagsterRunStatus.CANCELED
    assert slots(instance) == set()


def test_a_run_that_was_given_up_keeps_its_slot_while_its_process_lives(
    instance: DagsterInstance, holder: PoolHolder
) -> None:
    instance.report_run_failed(state(instance, holder))
    assert settle_dead_runs(instance, load_settings().run_locks) == []
    assert slots(instance) == {holder.run_id}
    holder.kill()
    assert settle_dead_runs(instance, load_settings().run_locks) == []
    assert slots(instance) == set()


def test_a_run_that_ended_well_stays_so(instance: DagsterInstance, holder: PoolHolder) -> None:
    holder.finish()
    assert settle_dead_runs(instance, load_settings().run_locks) == []
    assert state(instance, holder).status == DagsterRunStatus.SUCCESS


def test_a_run_of_another_run_home_is_left_alone(
    instance: DagsterInstance, holder: PoolHolder, tmp_path: Path
) -> None:
    holder.kill()
    assert settle_dead_runs(instance, tmp_path / "another" / "alive") == []
    assert state(instance, holder).status == DagsterRunStatus.STARTED


def test_the_sensor_says_which_runs_were_dead(
    instance: DagsterInstance, holder: PoolHolder
) -> None:
    def tick() -> str | None:
        result = reaper(build_sensor_context(instance=instance))
        assert isinstance(result, SkipReason)
        return result.skip_message

    assert tick() == "every run under way has a living process"
    holder.kill()
    assert tick() == f"reported as dead: {holder.run_id}"


def test_a_second_run_waits_for_the_pool_says_so_and_then_runs(
    instance: DagsterInstance, holder: PoolHolder, launch: Callable[[], PoolHolder]
) -> None:
    def waiting() -> list[str]:
        info = instance.event_log_storage.get_concurrency_info("gpu_test")
        return [step.run_id for step in info.pending_steps]

    second = launch()
    wait_for(lambda: second.run_id in waiting())
    assert slots(instance) == {holder.run_id}
    holder.kill()
    settle_dead_runs(instance, load_settings().run_locks)
    assert second.holds_pool()
    assert f"{'hold_pool':<28} waits: another run holds gpu_test" in second.finish()
    assert state(instance, second).status == DagsterRunStatus.SUCCESS
