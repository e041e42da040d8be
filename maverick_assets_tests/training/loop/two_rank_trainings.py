"""Trainings, one after another, that torchrun starts in each rank for test_zero_stepper.py.

Usage: `torchrun --nproc-per-node=2 -m maverick_assets_tests.training.loop.two_rank_trainings OUT`;
the main process writes the weights of each training to a file in OUT. With a directory after OUT,
the base in it is trained in 4 bits, with offload to the host's memory.
"""

import sys
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import torch

from maverick_assets.base_model.load import load_base_model, weights_digest
from maverick_assets.errors import Interrupted
from maverick_assets.processes import run_main
from maverick_assets.training.device.hardware import Hardware
from maverick_assets.training.kernels.fast_paths import ALL_FAST, PLAINEST, FastPaths
from maverick_assets.training.loop import engine
from maverick_assets.training.loop.adapters import attached_lora
from maverick_assets.training.loop.checkpoints import Checkpoints
from maverick_assets.training.loop.zero_stepper import is_main_process, zero_stepper_factory
from maverick_assets_tests.tiny_llama import tiny_llama
from maverick_assets_tests.training.loop.two_adapters import CPU, JOBS, take_step_with_a_bad_loss

CONFIGS = Path(engine.__file__).parents[1] / "deepspeed"
OFFLOADED = ("zero2_offload", "zero3_offload")


def main(arguments: list[str]) -> None:
    out = Path(arguments[0])
    if arguments[1:]:
        directory = Path(arguments[1])
        for config in OFFLOADED:
            base = load_base_model(directory, weights_digest(directory), torch.float32, "nf4")
            train(out / config, CONFIGS / f"{config}.json", base=base)
        return
    for config in sorted(CONFIGS.glob("*.json")):
        train(out / config.stem, config)
    bfloat = Hardware("cpu", torch.bfloat16)
    train(out / "bfloat16", CONFIGS / "zero3.json", hardware=bfloat)
    paths = ALL_FAST if is_main_process() else PLAINEST
    train(out / "two-paths", CONFIGS / "zero3.json", paths=paths)
    with pytest.raises(Interrupted):
        train(out / "none", CONFIGS / "zero2.json", out / "two-then-one", stops_after=4)
    train(out / "one-then-two", CONFIGS / "zero3.json", out / "one")
    engine.take_step = take_step_with_a_bad_loss  # type: ignore[attr-defined]
    train(out / "bad-loss", CONFIGS / "zero2.json", out / "bad-loss-checkpoints")


def train(
    out: Path,
    config: Path | None,
    checkpoints: Path | None = None,
    stops_after: int = 1000,
    hardware: Hardware = CPU,
    base: Any = None,
    paths: FastPaths = ALL_FAST,
) -> None:
    """Train the two adapters; the main process writes their weights to `out`."""
    steps = count(1)
    kept = Checkpoints(checkpoints, "run", seconds=0) if checkpoints else None
    make_stepper = zero_stepper_factory(config, print, paths)
    model = base or tiny_llama(32, 0.5).to(hardware.dtype)
    with attached_lora(model, JOBS, seed=0) as lora:
        engine.train(
            lora,
            JOBS,
            hardware,
            0,
            lambda _: None,
            checkpoints=kept,
            should_stop=lambda: next(steps) == stops_after,
            make_stepper=make_stepper,
        )
        if is_main_process():
            weights = {name: weight for name, weight in lora.named_parameters() if "lora_" in name}
            torch.save({name: weight.detach().clone() for name, weight in weights.items()}, out)


if __name__ == "__main__":
    sys.exit(run_main(lambda arguments: main(list(arguments))))
