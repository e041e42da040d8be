"""The base model with its adapters, made ready to compute packs."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import torch
from peft import PeftModel

from maverick_assets.training.device.hardware import Hardware
from maverick_assets.training.kernels.attention import document_attention
from maverick_assets.training.kernels.completion_loss import completion_losses
from maverick_assets.training.kernels.lora import PackAdapters, fused_lora
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

    def gradients(self, documents: Sequence[Document]) -> dict[int, tuple[float, Tensors]]:
        """By adapter: its weighted loss on these documents, and the gradients of its weights."""
        packed = self._pack(documents)
        total, losses = completion_losses(self.base, packed)
        adapters = [span.adapter for span in packed.adapter_spans]
        # Not backward(), which adds to weight.grad: threads compute packs of the same adapter.
        gradients = iter(
            torch.autograd.grad(total, list(chain(*(self.lora_weights[at] for at in adapters))))
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

    def summed_loss(self, documents: Sequence[Document]) -> tuple[float, int]:
        """The sum of the losses of all supervised tokens, and how many these are."""
        total = sum(self.document_losses(documents))
        return total, sum(document.row.n_supervised for document in documents)

    def document_losses(self, documents: Sequence[Document]) -> list[float]:
        """The sum of the losses of each document's supervised tokens, in float64."""
        with torch.no_grad():
            _, losses = completion_losses(self.base, self._pack(documents))
        ordered = in_pack_order(documents)
        pieces = torch.split(losses.double(), [document.row.n_supervised for document in ordered])
        sums = {id(d): piece.sum().item() for d, piece in zip(ordered, pieces, strict=True)}
        return [sums[id(document)] for document in documents]

    def _pack(self, documents: Sequence[Document]) -> Pack:
        packed = pack(documents, self.hardware.shares_prefixes).to(self.hardware.device)
        self.pack_adapters.spans = packed.adapter_spans
        return packed


@contextmanager
def fused_model(
    lora: PeftModel, adapters: Sequence[str], hardware: Hardware
) -> Iterator[PackModel]:
    """`lora` computing packs of several adapters at once, in few and fused operations.

    Afterwards the model computes as before.
    """
    lora.train()
    with (
        fused_lora(lora, adapters) as pack_adapters,
        fused_norms(lora),
        document_attention(lora),
    ):
        weights = _lora_weights(lora, adapters)
        yield PackModel(lora.get_base_model(), hardware, weights, pack_adapters)
    lora.eval()


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
