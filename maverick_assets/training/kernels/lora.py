"""LoRA layers of several adapters on one frozen base, each for its own tokens of a pack.

peft computes `x W^T + s ((x A^T) B^T)` (Hu et al. 2021) in eight operations, and one adapter at a
time. Here it is one node of the autograd graph: the product with the frozen weight is shared by
all tokens, whosever they are, and each adapter adds its own to its slice of them (as S-LoRA, Sheng
et al. 2023, serves many). The additions are done in place, the scaling falls on the small matrix,
and nothing is kept for the backward pass but `x` and `x A^T`.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from peft import PeftModel
from peft.tuners.lora import LoraLayer

from maverick_assets.training.kernels.packing import AdapterSpan


class PackAdapters(threading.local):
    """Whose the tokens of the pack in hand are, for each thread that computes one."""

    spans: Sequence[AdapterSpan] = ()


@contextmanager
def fused_lora(lora: PeftModel, adapters: Sequence[str]) -> Iterator[PackAdapters]:
    """Let every LoRA layer of `lora` compute as one node; a span's adapter is its place in
    `adapters`.

    The LoRA weights keep their dtype; products are in that of the frozen weights. Dropout, LoRA
    biases and other variants of LoRA are not meant.
    """
    routing = PackAdapters()
    layers: list[Any] = [module for module in lora.modules() if isinstance(module, LoraLayer)]
    for layer in layers:
        layer.forward = partial(_forward, layer, adapters, routing)
    try:
        yield routing
    finally:
        for layer in layers:
            del layer.forward  # that of its class again


def _forward(layer: Any, adapters: Sequence[str], routing: PackAdapters, x: torch.Tensor) -> Any:
    factors: list[torch.Tensor] = []
    for span in routing.spans:
        name = adapters[span.adapter]
        factors += [layer.lora_A[name].weight, layer.lora_B[name].weight]
    scalings = [layer.scaling[adapters[span.adapter]] for span in routing.spans]
    base = layer.base_layer
    product: Any = _LoraProduct.apply  # torch does not type it
    return product(x, base.weight, base.bias, routing.spans, scalings, *factors)


class _LoraProduct(torch.autograd.Function):
    """x (1, tokens, in), frozen weight (out, in) and bias (out,), then a (rank, in) and b (out,
    rank) of each span -> (1, tokens, out)."""

    @staticmethod
    def forward(
        ctx: Any,
        x: torch.Tensor,
        weight: torch.Tensor,
        bias: torch.Tensor | None,
        spans: Sequence[AdapterSpan],
        scalings: Sequence[float],
        *factors: torch.Tensor,
    ) -> torch.Tensor:
        rows, dense = x[0], _unpacked(weight)
        out = rows @ dense.t() if bias is None else torch.addmm(bias, rows, dense.t())
        kept = []
        for span, scaling, a, b in zip(spans, scalings, factors[::2], factors[1::2], strict=True):
            small_a, small_b = a.to(x.dtype), (b * scaling).to(x.dtype)
            inner = rows[span.start : span.end] @ small_a.t()
            out[span.start : span.end].addmm_(inner, small_b.t())
            kept += [inner, small_a, small_b]
        ctx.save_for_backward(rows, *kept)
        ctx.weight = weight  # frozen, and as it is: a saved tensor may forget how it is packed
        ctx.spans, ctx.scalings = spans, scalings
        return out[None]

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[Any, ...]:
        rows, *kept = ctx.saved_tensors
        gradient = gradient[0]
        of_x = gradient @ _unpacked(ctx.weight) if ctx.needs_input_grad[0] else None
        of_factors: list[torch.Tensor] = []
        for at, (span, scaling) in enumerate(zip(ctx.spans, ctx.scalings, strict=True)):
            inner, small_a, small_b = kept[3 * at : 3 * at + 3]
            part = gradient[span.start : span.end]
            of_inner = part @ small_b
            of_factors.append((of_inner.t() @ rows[span.start : span.end]).float())
            of_factors.append((part.t() @ inner).float() * scaling)
            if of_x is not None:
                of_x[span.start : span.end].addmm_(of_inner, small_a)
        return None if of_x is None else of_x[None], None, None, None, None, *of_factors


def _unpacked(weight: torch.Tensor) -> torch.Tensor:
    """A frozen weight (out, in). One that bitsandbytes keeps in 4 bits is unpacked for each product
    and not kept: memory is why it is in 4 bits."""
    state = getattr(weight, "quant_state", None)
    if state is None:
        return weight
    from bitsandbytes.functional import dequantize_4bit

    dense: torch.Tensor = dequantize_4bit(weight.data, state)
    return dense
