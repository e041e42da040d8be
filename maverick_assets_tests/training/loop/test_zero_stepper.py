"""Two ranks with DeepSpeed on the CPU train what one process trains."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from maverick_assets.errors import BadInput
from maverick_assets.training.device.hardware import Hardware
from maverick_assets.training.loop import engine
from maverick_assets.training.loop.adapters import attached_lora
from maverick_assets.training.loop.checkpoints import Checkpoints
from maverick_assets.training.loop.engine import train
from maverick_assets.training.loop.zero_stepper import read_deepspeed_config
from maverick_assets_tests.tiny_llama import tiny_llama
from maverick_assets_tests.training.loop.ranked import CONFIGS, spoilt
from maverick_assets_tests.training.loop.test_checkpoints import CPU, JOBS

Weights = dict[str, torch.Tensor]
ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1"}


def alone(checkpoints: Path | None = None, ends_after: int = 1000) -> Weights:
    """Trained by one process, which is stopped after so many steps."""
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
    """What the trainings of ranked.py left, by two ranks."""
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
    trained: Weights = torch.load(ranked / "bfloat16")
    assert all(weight.dtype == torch.float32 for weight in trained.values())
    bfloat = Hardware("cpu", torch.bfloat16)
    with attached_lora(tiny_llama(32, 0.5).bfloat16(), JOBS, seed=0) as lora:
        train(lora, JOBS, bfloat, 0, lambda _: None)
        names = {name: weight.detach() for name, weight in lora.named_parameters()}
    expected = {name: names[name] for name in trained}
    start = {name: weight for name, weight in names.items() if "lora_A" in name}
    assert differ(trained, expected) < 0.05 * max(
        weight.abs().max().item() for weight in start.values()
    )


def test_a_checkpoint_of_two_ranks_is_resumed_by_one(ranked: Path) -> None:
    assert differ(alone(ranked / "two-then-one"), alone()) < 1e-5


def test_a_checkpoint_of_one_process_is_resumed_by_two_ranks(ranked: Path) -> None:
    assert differ(torch.load(ranked / "one-then-two"), alone()) < 1e-5


def test_an_unsound_step_sets_back_one_adapter_and_not_the_other(
    ranked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "take_step", spoilt)
    assert differ(torch.load(ranked / "spoilt"), alone(tmp_path)) < 1e-5


def test_settings_of_deepspeed_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
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
