"""Trainings on hosts of their own: network namespaces of this machine, each with a real sshd."""

import json
import shutil
import signal
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch
from safetensors.torch import load_file

from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.errors import MaverickError
from maverick_assets.training.launch.hosts import HostTraining
from maverick_assets.training.launch.ssh import Patience
from maverick_assets_tests.command import PROJECT
from maverick_assets_tests.processes import wait_for
from maverick_assets_tests.recording_log import RecordingLog
from maverick_assets_tests.training.launch.network import Network, NetworkHost, network_of
from maverick_assets_tests.training.specs import TRAIN, job, run, specification

# Long enough for a busy machine to answer, short enough for a test.
QUICK = Patience(alive=2, silence=10, grace=20, settle=12, look=1, absence=60)


NAMES = ("aurora", "fluenti", "collaboration", "vengeance")


@pytest.fixture(scope="module")
def network(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Network]:
    names = NAMES[: request.config.getoption("--hosts")]
    with network_of(tmp_path_factory.mktemp("network"), *names) as network:
        yield network


@pytest.fixture(autouse=True)
def ssh(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", network.path)


@pytest.fixture
def table(tmp_path: Path, write_examples: Any) -> Path:
    write_examples(tmp_path / "dataset", TRAIN)
    return tmp_path / "dataset"


def waits_with_sigterm(process: psutil.Process) -> bool:
    """Whether a process that is suspended was asked to end."""
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    [pending] = [line.split()[1] for line in lines if line.startswith("ShdPnd:")]
    return bool(int(pending, 16) >> (signal.SIGTERM - 1) & 1)


class RunningTraining:
    """A training of a node in a thread, whose lines are kept."""

    def __init__(self, spec: Path, patience: Patience = QUICK) -> None:
        self.log = RecordingLog()
        self.lines: list[str] = []
        self.error: BaseException | None = None
        self.suspends_at_a_step: NetworkHost | None = None
        self.suspended: list[psutil.Process] = []
        training = HostTraining(spec, self.log, patience)

        def train() -> None:
            try:
                training.run(training.ready_hosts(), {}, self._read_line)
            except BaseException as error:
                self.error = error

        self.thread = threading.Thread(target=train, daemon=True)
        self.thread.start()

    def _read_line(self, line: str) -> None:
        if line.startswith("step ") and self.suspends_at_a_step:
            ranks = self.suspends_at_a_step.trainings("launch.rank")
            # A single rank is the driver itself.
            self.suspended = ranks or self.suspends_at_a_step.trainings("training.driver")
            for process in self.suspended:
                process.suspend()
            self.suspends_at_a_step = None
        self.lines.append(line)

    def wait_for_step(self) -> None:
        """Wait until a step is reported."""

        def has_stepped() -> bool:
            assert self.thread.is_alive(), (self.log.lines, self.lines, self.error)
            return any(line.startswith("step ") for line in self.lines)

        wait_for(has_stepped, 180)


def write_spec(
    base: PreparedBase, table: Path, folder: Path, node: dict[str, Any], epochs: int = 5
) -> Path:
    training = {"epochs": epochs}
    spec = specification(base, job(table, 0, folder / "out", training=training)) | {
        "node": node,
        "checkpoints": str(folder / "checkpoints"),
    }
    path = folder / "spec.json"
    path.write_text(json.dumps(spec))
    return path


def assert_trained_as_alone(spec: Path, folder: Path) -> None:
    """What `folder / "out"` holds is what one process trains, but for bfloat16's rounding."""
    content = json.loads(spec.read_text())
    [one] = content["jobs"]
    run(content | {"jobs": [one | {"out": str(folder / "alone")}], "checkpoints": None})
    assert losses(folder / "out") == pytest.approx(losses(folder / "alone"), abs=0.01)
    expected = change(folder / "alone")
    assert (change(folder / "out") - expected).norm() < 0.05 * expected.norm()


def start_line(names: list[str]) -> str:
    where = f"; they meet at {names[0]}:29500" if len(names) > 1 else ""
    return f"node spread trains on {', '.join(f'{name} (1 rank)' for name in names)}{where}"


def losses(out: Path) -> list[float]:
    summary = json.loads((out / "training.json").read_text())
    return [loss for _, loss in summary["losses"]]


def change(out: Path) -> torch.Tensor:
    """What the training changed: the B matrices of LoRA, which begin as zeros, as one vector."""
    tensors = load_file(out / "adapter" / "adapter_model.safetensors")
    return torch.cat([tensors[name].flatten() for name in sorted(tensors) if "lora_B" in name])


LOSSES = {
    "cable": ("fluenti", NetworkHost.pull_cable, NetworkHost.plug_cable),
    # The first host, at which the others meet. Its sshd dies with it, without a word.
    "power": ("aurora", NetworkHost.kill, NetworkHost.boot),
}


@pytest.mark.parametrize("lost", LOSSES)
def test_a_lost_host_is_done_without_and_taken_back_and_the_weights_are_those_of_one_process(
    network: Network, tiny_base: PreparedBase, table: Path, tmp_path: Path, lost: str
) -> None:
    name, lose, give_back = LOSSES[lost]
    host = network.hosts[name]
    others = [each for each in network.hosts.values() if each.name != name]
    node = {"name": "spread", "hosts": [{"name": each} for each in network.hosts]}
    spec = write_spec(tiny_base, table, tmp_path, node)
    training = RunningTraining(spec)
    training.wait_for_step()
    lose(host)
    # Held at its first step without the host, so that this is back before the training is done.
    training.suspends_at_a_step = others[0]
    try:
        [process] = wait_for(lambda: training.suspended, 120)
    finally:
        give_back(host)
    wait_for(lambda: waits_with_sigterm(process), 60)
    process.resume()
    training.thread.join(180)
    assert training.error is None
    lines = [line for _, line in training.log.lines]
    assert lines[1].startswith(f"host {name} is lost: ")
    assert lines[1].endswith("; resuming from the newest checkpoint")
    assert [lines[0], *lines[2:]] == [
        start_line(list(network.hosts)),
        start_line([other.name for other in others]),
        f"host {name} is back; the training goes on with it",
        start_line(list(network.hosts)),
    ]
    assert network.trainings() == []
    assert_trained_as_alone(spec, tmp_path)


def test_a_training_whose_only_host_is_lost_ends_with_one_line_and_leaves_nothing(
    network: Network, tiny_base: PreparedBase, table: Path, tmp_path: Path
) -> None:
    fluenti = network.hosts["fluenti"]
    node = {"name": "single", "host": "fluenti"}
    spec = write_spec(tiny_base, table, tmp_path, node, epochs=100_000)
    training = RunningTraining(spec, replace(QUICK, absence=1))
    training.wait_for_step()
    fluenti.pull_cable()
    try:
        training.thread.join(60)
        # The far half hears nothing more, and ends what nobody would.
        wait_for(lambda: not network.trainings(), 60)
    finally:
        fluenti.plug_cable()
    assert isinstance(training.error, MaverickError)
    # "No route to host" once the machine has looked for the address, "Connection timed out" before.
    assert str(training.error).startswith(
        "node single cannot train on 1 of its hosts: host fluenti cannot be reached: ssh: connect "
        f"to host {fluenti.address} port 22: "
    )


def test_what_a_host_lacks_is_one_line_before_the_training(
    network: Network, tiny_base: PreparedBase, table: Path, tmp_path: Path
) -> None:
    def problem(**node: Any) -> str:
        spec = write_spec(tiny_base, table, tmp_path, {"name": "wrong"} | node)
        with pytest.raises(MaverickError) as error:
            HostTraining(spec, RecordingLog(), QUICK).ready_hosts()
        assert "\n" not in str(error.value)
        return str(error.value)

    assert "host absent cannot be reached: ssh: connect to" in problem(host="absent")
    assert "host nowhere cannot be reached: ssh: Could not resolve hostname nowhere" in problem(
        host="nowhere"
    )
    assert f"it needs this version of Maverick in {tmp_path}/none" in problem(
        host="fluenti", checkout=f"{tmp_path}/none"
    )
    other = other_checkout(tmp_path / "other")
    assert problem(host="fluenti", checkout=str(other)) == (
        "host fluenti has another version of Maverick; update it"
    )
    hidden = network.hosts["aurora"].hide(tmp_path)
    with hidden:
        assert "host aurora does not see the run home: it lacks" in problem(host="aurora")
    known = network.known_hosts.read_text()
    keys = [line.split()[-2] for line in known.splitlines()]
    network.known_hosts.write_text(known.replace(keys[1], keys[0]))
    try:
        assert problem(host="fluenti") == (
            "node wrong cannot train on 1 of its hosts: host fluenti cannot be reached: "
            "Host key verification failed"
        )
    finally:
        network.known_hosts.write_text(known)


def other_checkout(folder: Path) -> Path:
    """A checkout of this package with another line in it."""
    shutil.copytree(PROJECT / "maverick_assets", folder / "maverick_assets")
    (folder / ".venv").symlink_to((PROJECT / ".venv").resolve())
    with (folder / "maverick_assets" / "errors.py").open("a") as source:
        source.write("# a line more\n")
    return folder
