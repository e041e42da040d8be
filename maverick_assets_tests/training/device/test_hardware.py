"""The process that computes: caches of a bounded size."""

import os
import subprocess
import sys

from maverick_assets_tests.command import PROJECT

PRODUCTS_OF_MANY_SHAPES = """
import psutil, torch
from maverick_assets.training.device.hardware import prepare_process

def multiply(lengths):
    for rows in reversed(lengths):
        torch.ones(rows, 576, dtype=torch.bfloat16) @ torch.ones(576, 1536, dtype=torch.bfloat16)
    return psutil.Process().memory_info().rss

prepare_process()
before = multiply(range(400, 600))
print((multiply(range(100, 400)) - before) // 2**20)
"""


def test_memory_does_not_grow_with_the_number_of_shapes() -> None:
    """Products of new shapes are computed after the first ones have filled the caches."""
    command = [sys.executable, "-c", PRODUCTS_OF_MANY_SHAPES]
    one_core = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=PROJECT, env=one_core, check=True, stdout=subprocess.PIPE)
    assert int(done.stdout) < 30
