"""What test_ranks.py has torchrun start: trainings in each of several ranks, one after another."""

import math
import sys
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import torch

from maverick_assets.processes import run_main
from maverick_assets.training.device.hardware import Hardware
from maverick_assets.training.loop import adapter_state as learner
from maverick_assets.training.loop import engine
from maverick_assets.training.loop.adapters import attached_lora
from maverick_assets.training.loop.checkpoints import Checkpoints, Interrupted
from maverick_assets.training.loop.zero_stepper import leads, opened_by_ranks
from maverick_assets_tests.tiny_llama import tiny_llama
from maverick_assets_tests.training.loop.test_checkpoints import CPU, TRAINEES

CONFIGS = Path(learner.__file__).parents[1] / "deepspeed"


def main(arguments: list[str]) -> None:
    out = Path(arguments[0])
    for config in sorted(CONFIGS.glob("*.json")):
        train(out / config.stem, config)
    bfloat = Hardware("cpu", torch.bfloat16)
    train(out / "bfloat16", CONFIGS / "zero3.json", hardware=bfloat)
    with pytest.raises(Interrupted):
        train(out / "none", CONFIGS / "zero2.json", out / "two-then-one", ends_after=4)
    train(out / "one-then-two", CONFIGS / "zero3.json", out / "one")
    engine.update = spoilt
    train(out / "spoilt", CONFIGS / "zero2.json", out / "spoilt-checkpoints")


def train(
    out: Path,
    config: Path | None,
    checkpoints: Path | None = None,
    ends_after: int = 1000,
    hardware: Hardware = CPU,
) -> None:
    """The trainees of the tests of checkpoints; the first rank writes their weights to `out`."""
    steps = count(1)
    kept = Checkpoints(checkpoints, "run", seconds=0) if checkpoints else None
    open_steps = opened_by_ranks(config, print)
    with attached_lora(tiny_llama(32, 0.5).to(hardware.dtype), TRAINEES, seed=0) as lora:
        engine.train(
            lora,
            TRAINEES,
            hardware,
            0,
            lambda _: None,
            kept,
            lambda: next(steps) == ends_after,
            open_steps,
        )
        if leads():
            weights = {name: weight for name, weight in lora.named_parameters() if "lora_" in name}
            torch.save({name: weight.detach().clone() for name, weight in weights.items()}, out)


def spoilt(who: Any, steps: Any, adapter: int, loss: float) -> Any:
    """In place of `learner.update`: the third step of the first adapter has a bad loss, once."""
    bad = who.trainee.name == "one" and who.done == 2 and not who.setbacks
    return learner.update(who, steps, adapter, math.nan if bad else loss)


if __name__ == "__main__":
    sys.exit(run_main(lambda arguments: main(list(arguments))))
