"""Trains the tiny model in a process that may take MEGABYTES more than it has by then.

Usage: `python -m maverick_assets_tests.training.loop.limited_memory OUT MEGABYTES`.
"""

import resource
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import psutil
import torch
from tqdm import tqdm

from maverick_assets.base_model.tokenizer import Encoded
from maverick_assets.processes import run_main
from maverick_assets.recipes import Training
from maverick_assets.training.device.hardware import Hardware
from maverick_assets.training.loop.adapter_job import AdapterJob
from maverick_assets.training.loop.adapters import attached_lora, save_adapter
from maverick_assets.training.loop.engine import train
from maverick_assets.training.loop.stepper import local_stepper
from maverick_assets_tests.tiny_llama import tiny_llama

LENGTH = 512  # attention keeps 4 heads x LENGTH x LENGTH x 4 bytes a layer and row, half of them
ROWS = [
    Encoded([1 + (at * (at + row) + row) % 63 for at in range(LENGTH)], LENGTH // 2)
    for row in range(16)
]


def main(arguments: Sequence[str]) -> None:
    out, megabytes = Path(arguments[0]), int(arguments[1])
    settings = Training(rank=4, alpha=8, learning_rate=1e-3, epochs=2, batch_tokens=16 * LENGTH)
    job = AdapterJob("only", ROWS, settings, validation_rows=ROWS[:4])
    torch.set_num_threads(1)
    tqdm.monitor_interval = 0  # peft's bars start a thread, whose stack would count, too
    Hardware.micro_batch_tokens = 16 * LENGTH  # type: ignore[assignment,method-assign]
    with attached_lora(tiny_llama(64, 0.1), [job], seed=0) as lora:
        limit = psutil.Process().memory_info().vms + megabytes * 2**20
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        cpu = Hardware("cpu", torch.float32)
        logging_stepper = partial(local_stepper, log=print)
        train(lora, [job], cpu, 0, lambda _: None, make_stepper=logging_stepper)
        save_adapter(lora, "only", out)


if __name__ == "__main__":
    sys.exit(run_main(main))
