"""The packs of a step computed side by side: one thread a core, each with its own packs.

The other way to use two cores, each matrix product divided among them, waits at the end of every
operation, and small operations are not divided at all; when another program takes a core away, all
wait for it. Measured here (`benchmarks/train.py`).
On a GPU there is one worker: the device divides the work itself.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import torch

from maverick_assets.training.device.hardware import Hardware

T = TypeVar("T")
R = TypeVar("R")


class PackThreads:
    """`count`: how many run at the same time."""

    def __init__(self, count: int, pool: ThreadPoolExecutor) -> None:
        self.count = count
        self._pool = pool

    def map(self, work: Callable[[T], R], parts: Iterable[T]) -> Iterator[R]:
        """Results as they come, in the order of `parts`."""
        return self._pool.map(work, parts)


@contextmanager
def pack_threads(hardware: Hardware) -> Iterator[PackThreads]:
    """A worker for each core that this process may use (OMP_NUM_THREADS, where that is set)."""
    before = torch.get_num_threads()
    allowed = os.environ.get("OMP_NUM_THREADS") or len(os.sched_getaffinity(0))
    count = int(allowed) if hardware.device == "cpu" else 1
    if count > 1:
        torch.set_num_threads(1)
    try:
        with ThreadPoolExecutor(count, thread_name_prefix="worker") as pool:
            yield PackThreads(count, pool)
    finally:
        torch.set_num_threads(before)
