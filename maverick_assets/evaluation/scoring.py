"""Losses of examples under several adapters at once: packed, and to the last bit as alone.

All adapters of a run are scored over packs, on one base: a prefix that examples of an adapter share
is computed once, and the base's products span the adapters (S-LoRA, Sheng et al. 2023, serves them
so). Losses are kept from evaluation to evaluation, so a loss must not depend on what stands beside
an example in its pack. On a CPU it does not:

- a product's row is summed in the same order whatever the other rows are, if there are a few;
- attention computes each document by itself, with keys filled up to whole vectors (`separate` in
  `completion_losses`);
- in float32, MKL divides sums over more than `_FLOAT32_KEYS` keys by their number, so longer
  examples share no prefix.

This was measured, and nobody promises it. So each call also scores some examples alone, and where
one of these differs in a single bit, it scores all of them alone. On CUDA, where the kernel of a
product depends on its size, it always does.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import torch

from maverick_assets.evaluation.loaded_base import AdaptedBase
from maverick_assets.training.device.threads import PackThreads, pack_threads
from maverick_assets.training.kernels.packing import Document, divide_into_micro_batches
from maverick_assets.training.loop.micro_batches import MicroBatches
from maverick_assets.training.model.pack_model import PackModel

_FLOAT32_KEYS = 192


@dataclass(frozen=True)
class PackedScorer:
    """Scores documents, each under the adapter of its index."""

    adapted: AdaptedBase
    log: Callable[[str], object] = print

    def losses(self, documents: Sequence[Document]) -> list[float]:
        """The loss of each document's completion: nats, summed over its tokens."""
        if not documents:
            return []
        hardware, paths = self.adapted.base.hardware, self.adapted.paths
        with self.adapted.packs() as model, pack_threads(hardware, paths.side_by_side) as threads:
            model = replace(model, separate=True)
            if hardware.device != "cpu" or not (paths.packs and paths.attention):
                return self._alone(model, threads, documents)
            packed = self._packed(model, threads, documents)
            probes = _probes(documents)
            alone = self._alone(model, threads, [documents[at] for at in probes])
            if all(_same(packed[at], loss) for at, loss in zip(probes, alone, strict=True)):
                return packed
            self.log("packs round otherwise than single examples here, so each is scored alone")
            return self._alone(model, threads, documents)

    def _alone(
        self, model: PackModel, threads: PackThreads, documents: Sequence[Document]
    ) -> list[float]:
        micro_batches = MicroBatches(self.adapted.base.hardware)
        passes = [[document] for document in documents]
        results = micro_batches.results(threads, model.document_losses, passes)
        return [loss for [[loss]] in results]

    def _packed(
        self, model: PackModel, threads: PackThreads, documents: Sequence[Document]
    ) -> list[float]:
        float32 = self.adapted.base.hardware.dtype == torch.float32
        sharing = [d for d in documents if not float32 or len(d.row.input_ids) <= _FLOAT32_KEYS]
        shared = set(map(id, sharing))
        others = [document for document in documents if id(document) not in shared]
        unshared = replace(model, paths=replace(model.paths, prefixes=False))
        losses = _losses_by_id(model, threads, sharing, model.hardware.shares_prefixes)
        losses |= _losses_by_id(unshared, threads, others, False)
        return [losses[id(document)] for document in documents]


def _losses_by_id(
    model: PackModel, threads: PackThreads, documents: Sequence[Document], sharing: bool
) -> dict[int, float]:
    micro_batches = MicroBatches(model.hardware)
    tokens = micro_batches.tokens
    packs = divide_into_micro_batches(documents, tokens, threads.count, sharing)
    results = micro_batches.results(threads, model.document_losses, packs)
    losses = chain.from_iterable(chain.from_iterable(results))
    return {id(d): loss for d, loss in zip(chain.from_iterable(packs), losses, strict=True)}


def _same(one: float, other: float) -> bool:
    return one == other or (math.isnan(one) and math.isnan(other))  # of a broken adapter


def _probes(documents: Sequence[Document]) -> list[int]:
    """Indices of a short, a middling and a long document."""
    by_length = sorted(range(len(documents)), key=lambda at: len(documents[at].row.input_ids))
    return [by_length[0], by_length[len(by_length) // 2], by_length[-1]]
