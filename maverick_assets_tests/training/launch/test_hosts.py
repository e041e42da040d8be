"""Trainings on hosts of their own: network namespaces of this machine, each with a real sshd."""

import json
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.training.launch.hosts import HostTraining
from maverick_assets.training.launch.ssh import Patience
from maverick_assets_tests.processes import wait_for
from maverick_assets_tests.recording_log import RecordingLog
from maverick_assets_tests.training.launch.network import Network, skip_without_namespaces
from maverick_assets_tests.training.specs import TRAIN, job, run, specification

# Long enough for a busy machine to answer, short enough for a test.
QUICK = Patience(alive=2, silence=10, grace=20, settle=12, look=1, absence=60)


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    skip_without_namespaces()
    with Network(tmp_path_factory.mktemp("network"), ["aurora", "fluenti"]) as network:
        yield network


@pytest.fixture(autouse=True)
def ssh(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{network.programs}:{os.environ['PATH']}")


@pytest.fixture
def table(tmp_path: Path, write_examples: Any) -> Path:
    write_examples(tmp_path / "dataset", TRAIN)
    return tmp_path / "dataset"


class RunningTraining:
    """A training of a node in a thread, whose lines are kept."""

    def __init__(self, spec: Path) -> None:
        self.log = RecordingLog()
        self.lines: list[str] = []
        self.error: BaseException | None = None
        training = HostTraining(spec, self.log, QUICK)

        def train() -> None:
            try:
                training.run(training.ready_hosts(), {}, self.lines.append)
            except BaseException as error:
                self.error = error

        self.thread = threading.Thread(target=train, daemon=True)
        self.thread.start()

    def wait_for(self, words: str) -> None:
        """Wait until a line of the log has these words."""

        def has_come() -> bool:
            assert self.thread.is_alive(), (self.log.lines, self.lines, self.error)
            return any(words in line for _, line in self.log.lines)

        wait_for(has_come, 90)

    def wait_for_step(self, beyond: int = 0) -> int:
        """The number of lines when a step has been reported after the first `beyond` lines."""

        def stepped() -> int:
            for at, line in enumerate(self.lines[beyond:], start=beyond + 1):
                if line.startswith("step "):
                    return at
            assert self.thread.is_alive(), (self.log.lines, self.lines, self.error)
            return 0

        return wait_for(stepped, 90)


def write_spec(base: PreparedBase, table: Path, folder: Path, node: dict[str, Any]) -> Path:
    training = {"epochs": 5}
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


def losses(out: Path) -> list[float]:
    summary = json.loads((out / "training.json").read_text())
    return [loss for _, loss in summary["losses"]]


def change(out: Path) -> torch.Tensor:
    """What the training changed: the B matrices of LoRA, which begin as zeros, as one vector."""
    tensors = load_file(out / "adapter" / "adapter_model.safetensors")
    return torch.cat([tensors[name].flatten() for name in sorted(tensors) if "lora_B" in name])


def test_a_host_is_lost_by_its_cable_and_taken_back_and_the_weights_are_those_of_one_process(
    network: Network, tiny_base: PreparedBase, table: Path, tmp_path: Path
) -> None:
    aurora, fluenti = network.hosts["aurora"], network.hosts["fluenti"]
    node = {"name": "pair", "hosts": [{"name": "aurora"}, {"name": "fluenti"}]}
    spec = write_spec(tiny_base, table, tmp_path, node)
    training = RunningTraining(spec)
    try:
        training.wait_for_step()
        fluenti.pull_cable()
        seen = len(training.lines)
        training.wait_for("trains on aurora (1 rank)")
        training.wait_for_step(seen)
        # Held at this step, so that the other host is back before the training is done.
        for process in aurora.trainings("training.driver"):
            process.send_signal(signal.SIGSTOP)
        fluenti.plug_cable()
        training.wait_for("host fluenti is back")
        for process in aurora.trainings("training.driver"):
            process.send_signal(signal.SIGCONT)
        training.thread.join(120)
    finally:
        fluenti.plug_cable()
    assert training.error is None
    assert [line for _, line in training.log.lines] == [
        "node pair trains on aurora (1 rank), fluenti (1 rank); they meet at aurora:29500",
        f"host fluenti is lost: Timeout, server {fluenti.address} not responding; "
        "resuming from the newest checkpoint",
        "node pair trains on aurora (1 rank)",
        "host fluenti is back; the training goes on with it",
        "node pair trains on aurora (1 rank), fluenti (1 rank); they meet at aurora:29500",
    ]
    assert [host.trainings() for host in (aurora, fluenti)] == [[], []]
    assert_trained_as_alone(spec, tmp_path)
