"""Packs computed side by side: one thread per core, each with packs of its own.

The usual way to use several cores divides each matrix product among OpenMP threads. These wait for
each other at the end of every operation, small operations are not divided at all, and when another
program takes one core away, all of them wait for it. Threads with packs of their own meet only once
a step: on two cores that is 10 % faster when the machine is quiet, and several times faster beside
a busy neighbour.

Python threads are enough: torch releases the interpreter lock while it computes. On a GPU there is
one thread, since the device divides the work itself.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import torch

from maverick_assets.processes import thread_limit
from maverick_assets.training.device.hardware import Hardware

T = TypeVar("T")
R = TypeVar("R")


class PackThreads:
    """Threads that compute `count` packs at the same time."""

    def __init__(self, count: int, pool: ThreadPoolExecutor) -> None:
        self.count = count
        self._pool = pool

    def map(self, compute: Callable[[T], R], inputs: Iterable[T]) -> Iterator[R]:
        """Results in the order of `inputs`, each as soon as it and those before it are done."""
        return self._pool.map(compute, inputs)


@contextmanager
def pack_threads(hardware: Hardware, side_by_side: bool = True) -> Iterator[PackThreads]:
    """One thread for each core that this process may use, or OMP_NUM_THREADS where that is set.

    Inside, torch divides no operation among OpenMP threads; afterwards it does as before. Without
    `side_by_side` there is one thread, whose operations torch divides.
    """
    before = torch.get_num_threads()
    count = thread_limit() if hardware.device == "cpu" and side_by_side else 1
    if count > 1:
        torch.set_num_threads(1)
    try:
        with ThreadPoolExecutor(count, thread_name_prefix="packs") as pool:
            yield PackThreads(count, pool)
    finally:
        torch.set_num_threads(before)
