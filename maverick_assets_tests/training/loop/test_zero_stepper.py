"""Two ranks with DeepSpeed on the CPU train what one process trains."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from maverick_assets.errors import BadInput, Interrupted
from maverick_assets.training.device.hardware import Hardware
from maverick_assets.training.loop import engine
from maverick_assets.training.loop.adapters import attached_lora
from maverick_assets.training.loop.checkpoints import Checkpoints
from maverick_assets.training.loop.engine import train
from maverick_assets.training.loop.zero_stepper import read_deepspeed_config
from maverick_assets_tests.tiny_llama import tiny_llama
from maverick_assets_tests.training.loop.two_adapters import CPU, JOBS, take_step_with_a_bad_loss
from maverick_assets_tests.training.loop.two_rank_trainings import CONFIGS

Weights = dict[str, torch.Tensor]


def train_in_two_ranks(out: Path, *base: str) -> None:
    """Run `two_rank_trainings.py`, which leaves what it trained in `out`."""
    agent = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    module = "maverick_assets_tests.training.loop.two_rank_trainings"
    done = subprocess.run(
        [*agent, "-m", module, str(out), *base],
        # torch's agent leaves its logs in the temporary folder.
        env=os.environ | {"OMP_NUM_THREADS": "1", "TMPDIR": str(out)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]


def train_in_one_process(checkpoints: Path | None = None, stops_after: int = 1000) -> Weights:
    """The weights at the end; none when the training is stopped, after so many steps."""
    kept = Checkpoints(checkpoints, "run", seconds=0) if checkpoints else None
    steps_left = iter(range(stops_after))
    with attached_lora(tiny_llama(32, 0.5), JOBS, seed=0) as lora:
        try:
            train(
                lora,
                JOBS,
                CPU,
                0,
                lambda _: None,
                checkpoints=kept,
                should_stop=lambda: next(steps_left, None) is None,
            )
        except Interrupted:
            return {}
        weights = {name: weight for name, weight in lora.named_parameters() if "lora_" in name}
        return {name: weight.detach().clone() for name, weight in weights.items()}


@pytest.fixture(scope="module")
def expected() -> Weights:
    """What one process trains."""
    return train_in_one_process()


@pytest.fixture(scope="module")
def two_ranks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which two ranks left what they trained."""
    out = tmp_path_factory.mktemp("two_ranks")
    assert train_in_one_process(out / "one", stops_after=4) == {}
    train_in_two_ranks(out)
    return out


def largest_difference(one: Weights, other: Weights) -> float:
    assert one.keys() == other.keys()
    return max((one[name] - other[name]).abs().max().item() for name in one)


@pytest.mark.parametrize("config", sorted(path.stem for path in CONFIGS.glob("*.json")))
def test_two_ranks_train_what_one_trains_at_every_stage_of_zero(
    two_ranks: Path, expected: Weights, config: str
) -> None:
    assert largest_difference(torch.load(two_ranks / config), expected) < 1e-5


def test_frozen_weights_may_have_another_dtype_than_trained_ones(
    two_ranks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained: Weights = torch.load(two_ranks / "bfloat16")
    assert all(weight.dtype == torch.float32 for weight in trained.values())
    # Two threads divide a step into the packs that two ranks compute. Other packs round otherwise,
    # and AdamW makes whole steps of gradients that are rounding alone.
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    with attached_lora(tiny_llama(32, 0.5).bfloat16(), JOBS, seed=0) as lora:
        train(lora, JOBS, Hardware("cpu", torch.bfloat16), 0, lambda _: None)
        names = {name: weight.detach() for name, weight in lora.named_parameters()}
    assert largest_difference(trained, {name: names[name] for name in trained}) < 1e-5


def test_ranks_that_found_other_paths_right_take_those_of_both(
    two_ranks: Path, expected: Weights
) -> None:
    """Machines of two kinds; and ranks pass through the layers equally often, packs or not."""
    assert largest_difference(torch.load(two_ranks / "two-paths"), expected) < 1e-5


def test_a_checkpoint_of_two_ranks_is_resumed_by_one(two_ranks: Path, expected: Weights) -> None:
    assert largest_difference(train_in_one_process(two_ranks / "two-then-one"), expected) < 1e-5


def test_a_checkpoint_of_one_process_is_resumed_by_two_ranks(
    two_ranks: Path, expected: Weights
) -> None:
    assert largest_difference(torch.load(two_ranks / "one-then-two"), expected) < 1e-5


def test_an_unsound_step_sets_back_one_adapter_and_not_the_other(
    two_ranks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "take_step", take_step_with_a_bad_loss)
    assert (
        largest_difference(torch.load(two_ranks / "bad-loss"), train_in_one_process(tmp_path))
        < 1e-5
    )


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
