"""The loss on documents that nothing is learnt from."""

from collections.abc import Iterable, Sequence
from functools import partial
from itertools import chain
from typing import Any

import torch

from maverick_assets.training.device.hardware import Hardware
from maverick_assets.training.device.threads import PackThreads
from maverick_assets.training.kernels.completion_loss import completion_losses
from maverick_assets.training.kernels.lora import PackAdapters
from maverick_assets.training.kernels.packing import Document, pack
from maverick_assets.training.loop.micro_batches import MicroBatches


def mean_loss(
    model: Any,
    documents: Iterable[Document],
    hardware: Hardware,
    workers: PackThreads,
    routing: PackAdapters | None = None,
    parts: MicroBatches | None = None,
) -> float:
    """Mean negative log-likelihood (nats) of the supervised tokens, each of the same weight; summed
    in float64. `routing`: of the fused LoRA layers, where the model has them."""
    parts = parts or MicroBatches(hardware)
    compute = partial(summed_losses, model, hardware, routing)
    sums = list(chain(*parts.results(workers, compute, parts.divide(documents, workers.count))))
    return sum(loss for loss, _ in sums) / sum(count for _, count in sums)


def summed_losses(
    model: Any, hardware: Hardware, routing: PackAdapters | None, documents: Sequence[Document]
) -> tuple[float, int]:
    """Of one pack: the sum of the losses of its supervised tokens, and how many these are."""
    packed = pack(documents, hardware.shares_prefixes).to(hardware.device)
    if routing is not None:
        routing.spans = packed.adapter_spans
    with torch.no_grad():
        _, losses = completion_losses(model, packed)
        return losses.double().sum().item(), len(losses)
