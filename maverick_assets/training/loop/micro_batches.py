"""Steps divided into micro-batches, which get smaller when memory does not suffice."""

import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import TypeVar

import torch

from maverick_assets.errors import MaverickError
from maverick_assets.training.device.hardware import Hardware
from maverick_assets.training.device.memory import LogLine, is_out_of_memory
from maverick_assets.training.device.threads import PackThreads
from maverick_assets.training.kernels.packing import Document, divide_into_micro_batches

R = TypeVar("R")


class MicroBatches:
    """Divides steps into micro-batches of about `tokens` tokens.

    When a micro-batch does not fit into memory, its step is still computed, in halves, and the
    micro-batches of all later steps are half as large.
    """

    def __init__(self, hardware: Hardware, log: LogLine = lambda _: None) -> None:
        self.tokens = hardware.micro_batch_tokens
        self._sharing = hardware.shares_prefixes
        self._log = log

    def divide(self, documents: Iterable[Document], at_once: int) -> list[list[Document]]:
        """Micro-batches of which `at_once` are computed at the same time."""
        return divide_into_micro_batches(documents, self.tokens, at_once, self._sharing)

    def halve(self) -> None:
        """Make all later micro-batches half as large."""
        if self.tokens > 1:
            self.tokens //= 2
            self._log(f"out of memory: from here on {self.tokens} tokens are computed at once")

    def results(
        self,
        threads: PackThreads,
        compute: Callable[[Sequence[Document]], R],
        micro_batches: Sequence[Sequence[Document]],
    ) -> Iterator[list[R]]:
        """The results of each micro-batch, in order: one, or one for each piece of a split one."""
        split = False
        for results in threads.map(partial(split_on_oom, compute), micro_batches):
            split |= len(results) > 1
            yield results
            del results  # may be gradients of whole adapters; not kept while the next are awaited
        if split:
            self.halve()


def split_on_oom(
    compute: Callable[[Sequence[Document]], R], documents: Sequence[Document]
) -> list[R]:
    """The result of `compute` for the documents, or for each half where memory does not suffice.

    Halves are halved again as often as necessary. Sums over the results differ from the undivided
    one only in the order of additions. Raises `MaverickError` when a single document does not fit.
    """
    try:
        return [compute(documents)]
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
    # Outside the except block: the error's traceback holds all tensors of the failed attempt,
    # and only when it is gone can they be freed.
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    if len(documents) == 1:
        raise MaverickError(
            f"out of memory on a single example of {len(documents[0].row.input_ids)} tokens; lower "
            "max_length, or free memory"
        )
    middle = len(documents) // 2
    return split_on_oom(compute, documents[:middle]) + split_on_oom(compute, documents[middle:])
