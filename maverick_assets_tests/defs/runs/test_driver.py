"""A node on another host, as a run of Dagster trains it: by SSH, in a network namespace."""

import signal
import subprocess
from collections.abc import Iterator
from dataclasses import replace

import pytest

from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.registry.store import Registry
from maverick_assets_tests.command import Maverick
from maverick_assets_tests.end_to_end.machine import robbies_home
from maverick_assets_tests.processes import wait_for
from maverick_assets_tests.training.launch.network import Network, network_of

FLEET = """
name: one-host-elsewhere
nodes:
  - {name: there, host: HOST, personalities: all}
"""
WEEKLY = ("run", "weekly", "--personality", "robbie")


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    with network_of(tmp_path_factory.mktemp("network"), "vengeance") as network:
        yield network


@pytest.fixture(scope="module")
def maverick(
    network: Network, base: PreparedBase, tmp_path_factory: pytest.TempPathFactory
) -> Maverick:
    folder = tmp_path_factory.mktemp("remote")
    (folder / "fleet.yaml").write_text(FLEET.replace("HOST", "vengeance"))
    command = robbies_home(base, folder / "home", 24)
    command.environment.update(MAVERICK_FLEET=str(folder / "fleet.yaml"), PATH=network.path)
    return command


def test_a_host_that_is_off_is_one_line(maverick: Maverick) -> None:
    fleet = maverick.home / "fleet.yaml"
    fleet.write_text(FLEET.replace("HOST", "absent"))
    off = replace(maverick, environment=maverick.environment | {"MAVERICK_FLEET": str(fleet)})
    done = off(*WEEKLY)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(
        "maverick: adapters_there: node there cannot train on 1 of its hosts: host absent cannot "
        "be reached: ssh: connect to host "
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_training_on_another_host_ends_with_its_run(
    maverick: Maverick, network: Network, number: signal.Signals
) -> None:
    with subprocess.Popen(
        maverick.command(*WEEKLY),
        cwd=maverick.project,
        env=maverick.full_environment,
        stderr=subprocess.PIPE,
        text=True,
    ) as run:
        assert run.stderr is not None
        assert any("loss robbie" in line for line in run.stderr)
        assert network.trainings()
        run.send_signal(number)
        run.communicate()
    wait_for(lambda: not network.trainings())
    if number == signal.SIGINT:
        assert run.returncode == 1


def test_a_run_trains_a_node_on_its_host_and_resumes_what_was_cancelled(
    maverick: Maverick, network: Network
) -> None:
    done = maverick(*WEEKLY)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "node there trains on vengeance (1 rank)" in done.stderr
    assert "resuming from a checkpoint" in done.stderr
    assert "unexpected message" not in done.stderr
    manifest = Registry(maverick.home / "models").get("robbie", "v1.0")
    assert manifest.training is not None
    assert network.trainings() == []
