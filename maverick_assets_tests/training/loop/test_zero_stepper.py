"""Two ranks with DeepSpeed on the CPU: they train what one process trains, and end together."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch

from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.errors import BadInput
from maverick_assets.training.device.hardware import Hardware
from maverick_assets.training.launch.torchrun import RankLayout, read_hosts
from maverick_assets.training.loop import engine
from maverick_assets.training.loop.adapters import attached_lora
from maverick_assets.training.loop.checkpoints import Checkpoints
from maverick_assets.training.loop.engine import train
from maverick_assets.training.loop.zero_stepper import read_deepspeed_config
from maverick_assets_tests.processes import lives, wait_for
from maverick_assets_tests.tiny_llama import tiny_llama
from maverick_assets_tests.training.loop.ranked import CONFIGS, spoilt
from maverick_assets_tests.training.loop.test_checkpoints import CPU, JOBS
from maverick_assets_tests.training.test_driver import TRAIN, driver, job, specification

Weights = dict[str, torch.Tensor]
ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1"}


def alone(checkpoints: Path | None = None, ends_after: int = 1000) -> Weights:
    """One process, which is told to end after so many steps."""
    kept = Checkpoints(checkpoints, "run", seconds=0) if checkpoints else None
    left = iter(range(ends_after))
    with attached_lora(tiny_llama(32, 0.5), JOBS, seed=0) as lora:
        try:
            train(
                lora,
                JOBS,
                CPU,
                0,
                lambda _: None,
                checkpoints=kept,
                should_stop=lambda: next(left, None) is None,
            )
        except engine.Interrupted:
            return {}
        weights = {name: weight for name, weight in lora.named_parameters() if "lora_" in name}
        return {name: weight.detach().clone() for name, weight in weights.items()}


@pytest.fixture(scope="session")
def ranked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the trainings of ranked.py have left, of two ranks."""
    out = tmp_path_factory.mktemp("ranked")
    assert alone(out / "one", ends_after=4) == {}
    agent = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    command = [*agent, "-m", "maverick_assets_tests.training.loop.ranked", str(out)]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return out


def differ(one: Weights, other: Weights) -> float:
    assert one.keys() == other.keys()
    return max((one[name] - other[name]).abs().max().item() for name in one)


@pytest.mark.parametrize("config", sorted(path.stem for path in CONFIGS.glob("*.json")))
def test_two_ranks_train_what_one_trains_at_every_stage_of_zero(ranked: Path, config: str) -> None:
    assert differ(torch.load(ranked / config), alone()) < 1e-5


def test_frozen_weights_may_be_of_another_type_than_those_that_learn(ranked: Path) -> None:
    found: Weights = torch.load(ranked / "bfloat16")
    assert all(weight.dtype == torch.float32 for weight in found.values())
    bfloat = Hardware("cpu", torch.bfloat16)
    with attached_lora(tiny_llama(32, 0.5).bfloat16(), JOBS, seed=0) as lora:
        train(lora, JOBS, bfloat, 0, lambda _: None)
        names = {name: weight.detach() for name, weight in lora.named_parameters()}
    expected = {name: names[name] for name in found}
    start = {name: weight for name, weight in names.items() if "lora_A" in name}
    assert differ(found, expected) < 0.05 * max(
        weight.abs().max().item() for weight in start.values()
    )


def test_a_checkpoint_of_two_ranks_is_gone_on_from_by_one(ranked: Path) -> None:
    assert differ(alone(ranked / "two-then-one"), alone()) < 1e-5


def test_a_checkpoint_of_one_process_is_gone_on_from_by_two_ranks(ranked: Path) -> None:
    assert differ(torch.load(ranked / "one-then-two"), alone()) < 1e-5


def test_a_step_that_tells_nothing_sets_back_one_adapter_and_not_the_other(
    ranked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "take_step", spoilt)
    assert differ(torch.load(ranked / "spoilt"), alone(tmp_path)) < 1e-5


def write_spec(base: PreparedBase, table: Path, out: Path, **training: Any) -> Path:
    node = {"name": "pair", "gpus": 2}
    spec = specification(base, job(table, 0, out, training=training)) | {
        "node": node,
        "checkpoints": str(out.parent / "checkpoints"),
    }
    path = out.parent / "spec.json"
    path.write_text(json.dumps(spec))
    return path


@pytest.fixture
def table(tmp_path: Path, write_examples: Any) -> Path:
    write_examples(tmp_path / "dataset", TRAIN)
    return tmp_path / "dataset"


def test_a_node_of_two_gpus_trains_with_two_ranks(
    tiny_base: PreparedBase, table: Path, tmp_path: Path
) -> None:
    spec = write_spec(tiny_base, table, tmp_path / "out")
    done = subprocess.run(driver(spec), capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert json.loads(done.stdout.splitlines()[-1])["status"] == "trained"
    assert sum("loading base" in line for line in done.stdout.splitlines()) == 1
    assert (tmp_path / "out" / "training.json").is_file()
    assert not (tmp_path / "checkpoints").exists()


def started(spec: Path) -> tuple[subprocess.Popen[str], list[psutil.Process]]:
    """A training with two ranks that is at its steps, and all its processes."""
    process = subprocess.Popen(driver(spec), stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert any("step" in line for line in process.stdout)
    return process, psutil.Process(process.pid).children(recursive=True)


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGKILL])
def test_all_ranks_end_with_the_driver_and_the_same_command_goes_on(
    tiny_base: PreparedBase, table: Path, tmp_path: Path, told: signal.Signals
) -> None:
    spec = write_spec(tiny_base, table, tmp_path / "out", epochs=3000)
    process, ranks = started(spec)
    assert len(ranks) >= 3
    process.send_signal(told)
    process.communicate()
    wait_for(lambda: not any(lives(each) for each in ranks))
    assert process.returncode == (75 if told == signal.SIGTERM else -told)
    assert not (tmp_path / "out").exists()
    process, _ = started(spec)
    process.terminate()
    process.communicate()
    assert process.returncode == 75


def test_hosts_meet_at_the_first_of_the_hostfile(
    tiny_base: PreparedBase, table: Path, tmp_path: Path
) -> None:
    (tmp_path / "hosts").write_text("# two, as it seems\nlocalhost slots=1\nother slots=1\n")
    config = {
        "base": str(tiny_base.directory),
        "adapters": [
            {
                "personality": "robbie",
                "dataset": str(table),
                "out": "out",
                "training": {"epochs": 1},
            }
        ],
    }
    (tmp_path / "run.yaml").write_text(json.dumps(config))
    command = [sys.executable, "-m", "maverick_assets.training", "--config", "run.yaml"]
    hosts = [
        subprocess.Popen(
            [*command, "--hostfile", "hosts", "--host", host],
            cwd=tmp_path,
            env=ENVIRONMENT | {"PYTHONPATH": str(Path.cwd())},
            stdout=subprocess.PIPE,
            text=True,
        )
        for host in ("localhost", "other")
    ]
    outputs = [host.communicate()[0] for host in hosts]
    assert [host.returncode for host in hosts] == [0, 0]
    assert sum('"status": "trained"' in output for output in outputs) == 1
    assert (tmp_path / "out" / "training.json").is_file()


def test_a_host_that_is_not_in_the_hostfile_is_told(tmp_path: Path) -> None:
    path = tmp_path / "hosts"
    path.write_text("aurora slots=2\nfluenti slots=1\n")
    assert read_hosts(path, "fluenti") == RankLayout(1, 2, "aurora:29500")
    with pytest.raises(BadInput, match="has no host vengeance; it has: aurora, fluenti"):
        read_hosts(path, "vengeance")
    path.write_text("aurora two\n")
    with pytest.raises(BadInput, match="each line must be NAME slots=GPUS"):
        read_hosts(path)


def test_settings_of_deepspeed_that_do_not_read_are_told(tmp_path: Path) -> None:
    path = tmp_path / "zero.json"
    with pytest.raises(BadInput, match="cannot read"):
        read_deepspeed_config(path)
    path.write_text("{")
    with pytest.raises(BadInput, match="is not JSON"):
        read_deepspeed_config(path)
    for text in ("[]", "{}", '{"zero_optimization": {"stage": 0}}'):
        path.write_text(text)
        with pytest.raises(BadInput, match="stage must be 1, 2 or 3"):
            read_deepspeed_config(path)
