"""Parts of Dagster, or all of it, are killed in the middle of a training."""

import shutil
import subprocess
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any

import psutil
import pytest
from dagster import AssetKey
from deltalake import DeltaTable

from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.cli.jobs import asset_selection
from maverick_assets_tests.command import Maverick
from maverick_assets_tests.end_to_end.machine import Machine, robbies_home
from maverick_assets_tests.processes import is_alive, kill, processes_with, wait_for

SECONDS_TO_RECOVER = 60


@pytest.fixture(scope="module")
def machine(base: PreparedBase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A machine that trains for a minute."""
    machine = Machine(robbies_home(base, tmp_path_factory.mktemp("machine") / "home", 150))
    yield machine
    machine.stop()
    assert not machine.drivers()


@pytest.fixture
def training(machine: Machine) -> Iterator[str]:
    """Id of a weekly run that trains from scratch; what is left of it is cancelled at the end."""
    shutil.rmtree(machine.maverick.home / "runs" / "checkpoints", ignore_errors=True)
    run = machine.launch("weekly", asset_selection("weekly", ["robbie"]))
    wait_for(lambda: machine.is_training(run), 120)
    yield run
    wait_for(machine.is_idle, 90)


def worker_of(machine: Machine) -> psutil.Process:
    """The worker of the run that trains."""
    [driver] = machine.drivers()
    worker = driver.parent()
    assert worker is not None
    return worker


def assert_recovered(machine: Machine, run: str, driver: psutil.Process) -> None:
    """Within a minute nothing is left of the dead run, and it is requested again, once."""
    wait_for(lambda: driver not in machine.drivers())
    wait_for(lambda: answers_about(machine, run) == ("FAILURE", False), SECONDS_TO_RECOVER)
    wait_for(lambda: len(machine.retries(run)) == 1, SECONDS_TO_RECOVER)
    assert_readable(machine.maverick.home / "lake")


def assert_readable(lake: Path) -> None:
    tables = [DeltaTable(log.parent) for log in lake.rglob("_delta_log")]
    assert sum(table.to_pyarrow_table().num_rows for table in tables) > 0


def answers_about(machine: Machine, run: str) -> Any:
    try:
        return machine.status(run), machine.holds_slot(run)
    except OSError:  # the webserver is not back yet
        return None


def test_a_nightly_waits_in_the_queue_while_a_weekly_trains(
    machine: Machine, training: str
) -> None:
    nightly = machine.launch("nightly", asset_selection("nightly", ["robbie"]))
    later = machine.launch("ingest", [AssetKey(["raw", "sticky_notes"])])
    wait_for(lambda: machine.status(later) == "SUCCESS", 120)
    assert machine.status(nightly) == "QUEUED"
    assert machine.status(training) == "STARTED"


def test_a_cancelled_training_frees_its_slot_and_the_next_resumes_it(
    machine: Machine, training: str
) -> None:
    wait_for(lambda: machine.log_has(training, "loss robbie"))
    [driver] = machine.drivers()
    machine.cancel(training)
    wait_for(lambda: driver not in machine.drivers())
    wait_for(lambda: answers_about(machine, training) == ("CANCELED", False))
    again = machine.launch("weekly", asset_selection("weekly", ["robbie"]))
    wait_for(lambda: machine.log_has(again, "robbie: resuming from a checkpoint after step"), 120)


def test_a_run_recovers_from_a_killed_worker(machine: Machine, training: str) -> None:
    [driver] = machine.drivers()
    kill([worker_of(machine)])
    assert_recovered(machine, training, driver)


def test_a_run_recovers_from_a_killed_code_server_and_worker(
    machine: Machine, training: str
) -> None:
    [driver] = machine.drivers()
    kill([machine.part("api", "grpc"), worker_of(machine)])
    assert_recovered(machine, training, driver)


def test_a_run_recovers_from_a_killed_daemon_and_worker(machine: Machine, training: str) -> None:
    [driver] = machine.drivers()
    kill([machine.part("dagster._daemon"), worker_of(machine)])
    assert_recovered(machine, training, driver)


def test_a_run_recovers_from_a_power_cut(machine: Machine, training: str) -> None:
    [driver] = machine.drivers()
    machine.power_cut()
    assert not processes_with(str(machine.maverick.home))
    machine.start_again()
    assert_recovered(machine, training, driver)


def test_a_run_that_a_stopped_ui_interrupts_is_requested_again_at_the_next_start(
    machine: Machine, training: str
) -> None:
    [driver] = machine.drivers()
    machine.stop()
    machine.start_again()
    assert_recovered(machine, training, driver)


def test_a_killed_command_trains_when_it_is_run_again_at_once(
    base: PreparedBase, tmp_path: Path
) -> None:
    maverick = robbies_home(base, tmp_path / "home", 20)
    lines = [lines_until_it_trains(maverick) for _ in range(2)]
    assert any("20 new" in line for line in lines[0])
    assert any("20 rows: 0 new" in line for line in lines[1])
    assert not any("waits: another run holds" in line for line in lines[1])
    assert_readable(maverick.home / "lake")
    maverick.ok("status")  # stops the server when it ends, though killed commands held it
    assert not (maverick.home / "postgres" / "postmaster.pid").exists()


def lines_until_it_trains(maverick: Maverick) -> list[str]:
    """What `maverick run` says until its first training step, at which it is killed."""
    command = subprocess.Popen(
        maverick.command("run", "weekly", "--personality", "robbie"),
        env=maverick.full_environment,
        cwd=maverick.project,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert command.stderr is not None
    lines = list(takewhile(lambda line: " step " not in line, command.stderr))
    assert command.poll() is None, lines
    [driver] = processes_with("maverick_assets.training.driver", str(maverick.home))
    command.kill()
    command.communicate()
    wait_for(lambda: not is_alive(driver))
    return lines
