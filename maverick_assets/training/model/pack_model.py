"""The base model with its adapters, made ready to compute packs."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import chain, groupby
from operator import attrgetter
from typing import Any

import torch
from peft import PeftModel

from maverick_assets.training.device.hardware import Hardware
from maverick_assets.training.kernels.attention import document_attention
from maverick_assets.training.kernels.completion_loss import completion_losses
from maverick_assets.training.kernels.fast_paths import ALL_FAST, FastPaths
from maverick_assets.training.kernels.lora import PackAdapters, fused_lora, separate_lora
from maverick_assets.training.kernels.norms import fused_norms
from maverick_assets.training.kernels.packing import Document, Pack, in_pack_order, pack

Tensors = Sequence[torch.Tensor]


@dataclass(frozen=True)
class PackModel:
    """A model that computes packs, each on the thread that calls it.

    An adapter is identified by its index in `lora_weights`. Without adapters, or with one that
    peft itself computes, only losses can be computed.
    """

    base: Any  # the causal language model that the LoRA layers are in
    hardware: Hardware
    lora_weights: Sequence[list[torch.nn.Parameter]] = ()  # of each adapter, layer by layer
    pack_adapters: PackAdapters = field(default_factory=PackAdapters)
    paths: FastPaths = ALL_FAST
    separate: bool = False  # losses: attention computes each document by itself

    def passes(self, documents: Sequence[Document]) -> list[Sequence[Document]]:
        """The documents of each forward pass: all, or those of one adapter, or each alone.

        A pass is not divided further when it is given again.
        """
        if not self.paths.packs:
            return [[document] for document in documents]
        groups: list[Sequence[Document]] = [documents]
        if not self.paths.lora and self.lora_weights:
            ordered = sorted(documents, key=attrgetter("adapter"))
            groups = [list(group) for _, group in groupby(ordered, attrgetter("adapter"))]
        if self.paths.attention:
            return groups
        # Attention of a model's own may hold a mask of its greatest length (GPT-Neo).
        most = getattr(self.base.config.get_text_config(), "max_position_embeddings", 2048)
        return list(chain(*(_runs(group, most) for group in groups)))

    def gradients(self, documents: Sequence[Document]) -> dict[int, tuple[float, Tensors]]:
        """By adapter: its weighted loss on these documents, and the gradients of its weights."""
        packs = self.passes(documents)
        results = self._gradients_of_pack(packs[0])
        for pack_documents in packs[1:]:
            for adapter, (loss, gradients) in self._gradients_of_pack(pack_documents).items():
                if adapter in results:
                    torch._foreach_add_(list(results[adapter][1]), list(gradients))
                    loss += results[adapter][0]
                    gradients = results[adapter][1]
                results[adapter] = (loss, gradients)
        return results

    def summed_loss(self, documents: Sequence[Document]) -> tuple[float, int]:
        """The sum of the losses of all supervised tokens, and how many these are."""
        total = sum(self.document_losses(documents))
        return total, sum(document.row.n_supervised for document in documents)

    def document_losses(self, documents: Sequence[Document]) -> list[float]:
        """The sum of the losses of each document's supervised tokens, in float64."""
        sums: dict[int, float] = {}
        for together in self.passes(documents):
            with torch.no_grad():
                packed = self._pack(together)
                _, losses = completion_losses(self.base, packed, self.paths, separate=self.separate)
            ordered = in_pack_order(together)
            pieces = torch.split(losses.double(), [d.row.n_supervised for d in ordered])
            sums |= {id(d): piece.sum().item() for d, piece in zip(ordered, pieces, strict=True)}
        return [sums[id(document)] for document in documents]

    def _gradients_of_pack(self, documents: Sequence[Document]) -> dict[int, tuple[float, Tensors]]:
        packed = self._pack(documents)
        total, losses = completion_losses(self.base, packed, self.paths)
        adapters = [span.adapter for span in packed.adapter_spans]
        # Not backward(), which adds to weight.grad: threads compute packs of the same adapter.
        # Some weights may be unused: those of an expert that no token of the pack was sent to.
        weights = list(chain(*(self.lora_weights[at] for at in adapters)))
        gradients = iter(
            torch.autograd.grad(total, weights, allow_unused=True, materialize_grads=True)
        )
        adapter_losses = torch.zeros(len(self.lora_weights), device=losses.device)
        adapter_losses.index_add_(0, packed.target_adapters, losses * packed.target_weights)
        return {
            adapter: (
                adapter_losses[adapter].item(),
                contiguous([next(gradients) for _ in self.lora_weights[adapter]]),
            )
            for adapter in adapters
        }

    def _pack(self, documents: Sequence[Document]) -> Pack:
        sharing = self.hardware.shares_prefixes and self.paths.shares_prefixes
        packed = pack(documents, sharing).to(self.hardware.device)
        self.pack_adapters.spans = packed.adapter_spans
        return packed


@contextmanager
def fused_model(
    lora: PeftModel, adapters: Sequence[str], hardware: Hardware, paths: FastPaths = ALL_FAST
) -> Iterator[PackModel]:
    """`lora` computing packs of several adapters at once, in few and fused operations.

    Only those of `paths` are fused. Dropout that the base's configuration names stays off: the base
    is frozen, and LoRA has none of its own. Afterwards the model computes as before.
    """
    lora.eval()
    compute_lora = fused_lora if paths.lora else separate_lora
    with ExitStack() as stack:
        pack_adapters = stack.enter_context(compute_lora(lora, adapters))
        if paths.norms:
            stack.enter_context(fused_norms(lora))
        if paths.attention:
            stack.enter_context(document_attention(lora))
        weights = _lora_weights(lora, adapters)
        yield PackModel(lora.get_base_model(), hardware, weights, pack_adapters, paths)


def _runs(documents: Sequence[Document], tokens: int) -> list[list[Document]]:
    """Documents in runs of at most `tokens` tokens; one that is longer is a run by itself."""
    runs: list[list[Document]] = []
    left = 0
    for document in documents:
        length = len(document.row.input_ids)
        if not runs or length > left:
            runs.append([])
            left = tokens
        runs[-1].append(document)
        left -= length
    return runs


def _lora_weights(lora: PeftModel, adapters: Sequence[str]) -> list[list[torch.nn.Parameter]]:
    named = [(name, weight) for name, weight in lora.named_parameters() if "lora_" in name]
    return [[weight for name, weight in named if f".{adapter}." in name] for adapter in adapters]


def contiguous(tensors: Tensors) -> list[torch.Tensor]:
    """Copies in one piece of memory.

    Gradients outlive the backward pass. Left where it put them, amid all that it frees, they would
    fragment the memory that the next pack needs.
    """
    flat = torch.cat([tensor.reshape(-1) for tensor in tensors])
    pieces = torch.split(flat, [tensor.numel() for tensor in tensors])
    return [piece.view_as(tensor) for piece, tensor in zip(pieces, tensors, strict=True)]
