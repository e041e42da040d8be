"""What test_zero_stepper.py has torchrun start in each rank: trainings, one after another."""

import math
import sys
from itertools import count
from pathlib import Path

import pytest
import torch

from maverick_assets.processes import run_main
from maverick_assets.training.device.hardware import Hardware
from maverick_assets.training.loop import adapter_state, engine
from maverick_assets.training.loop.adapter_state import AdapterState, AdapterStep
from maverick_assets.training.loop.adapters import attached_lora
from maverick_assets.training.loop.checkpoints import Checkpoints, Interrupted
from maverick_assets.training.loop.stepper import Stepper
from maverick_assets.training.loop.zero_stepper import is_main_process, zero_stepper_factory
from maverick_assets_tests.tiny_llama import tiny_llama
from maverick_assets_tests.training.loop.test_checkpoints import CPU, JOBS

CONFIGS = Path(engine.__file__).parents[1] / "deepspeed"


def main(arguments: list[str]) -> None:
    out = Path(arguments[0])
    for config in sorted(CONFIGS.glob("*.json")):
        train(out / config.stem, config)
    bfloat = Hardware("cpu", torch.bfloat16)
    train(out / "bfloat16", CONFIGS / "zero3.json", hardware=bfloat)
    with pytest.raises(Interrupted):
        train(out / "none", CONFIGS / "zero2.json", out / "two-then-one", ends_after=4)
    train(out / "one-then-two", CONFIGS / "zero3.json", out / "one")
    engine.take_step = spoilt
    train(out / "spoilt", CONFIGS / "zero2.json", out / "spoilt-checkpoints")


def train(
    out: Path,
    config: Path | None,
    checkpoints: Path | None = None,
    ends_after: int = 1000,
    hardware: Hardware = CPU,
) -> None:
    """The jobs of the tests of checkpoints; the main process writes their weights to `out`."""
    steps = count(1)
    kept = Checkpoints(checkpoints, "run", seconds=0) if checkpoints else None
    make_stepper = zero_stepper_factory(config, print)
    with attached_lora(tiny_llama(32, 0.5).to(hardware.dtype), JOBS, seed=0) as lora:
        engine.train(
            lora,
            JOBS,
            hardware,
            0,
            lambda _: None,
            checkpoints=kept,
            should_stop=lambda: next(steps) == ends_after,
            make_stepper=make_stepper,
        )
        if is_main_process():
            weights = {name: weight for name, weight in lora.named_parameters() if "lora_" in name}
            torch.save({name: weight.detach().clone() for name, weight in weights.items()}, out)


def spoilt(state: AdapterState, stepper: Stepper, loss: float) -> AdapterStep:
    """In place of `take_step`: the third step of the first adapter has a bad loss, once."""
    bad = state.job.name == "one" and state.steps_done == 2 and not state.setbacks
    return adapter_state.take_step(state, stepper, math.nan if bad else loss)


if __name__ == "__main__":
    sys.exit(run_main(lambda arguments: main(list(arguments))))
