"""The mean loss on documents that are scored and not learned."""

from collections.abc import Iterable
from itertools import chain

from maverick_assets.training.device.threads import PackThreads
from maverick_assets.training.kernels.packing import Document
from maverick_assets.training.loop.micro_batches import MicroBatches
from maverick_assets.training.model.pack_model import PackModel


def mean_loss(
    model: PackModel,
    documents: Iterable[Document],
    threads: PackThreads,
    micro_batches: MicroBatches,
) -> float:
    """Mean negative log-likelihood (nats) of the supervised tokens.

    Every token weighs the same, whatever its document; losses are summed in float64.
    """
    batches = micro_batches.divide(documents, threads.count)
    sums = list(chain(*micro_batches.results(threads, model.summed_loss, batches)))
    return sum(loss for loss, _ in sums) / sum(count for _, count in sums)
