"""LoRA layers that serve several adapters on one frozen base, each for its own tokens of a pack.

LoRA (Hu et al. 2021) adds a product of two small matrices to each frozen one:

    y = x W^T + s (x A^T) B^T        x (tokens, in), W (out, in), A (rank, in), B (out, rank)

peft computes this in eight operations, each with a result that autograd keeps, and for one adapter
at a time. Here a layer is one node of the autograd graph:

- the frozen product x W^T, by far the largest, is computed once over all tokens of the pack,
  whichever adapter they belong to; each adapter adds its own product to its span of rows (S-LoRA,
  Sheng et al. 2023, serves many adapters this way);
- the additions are in place, and the factor s falls on B instead of on a (tokens, out) result;
- only x and x A^T are kept for the backward pass; W is frozen and gets no (out, in) gradient.

The mathematics is peft's; only the order of additions differs. Where the base computes in bfloat16,
A and s B are rounded to bfloat16 for the products, while the weights themselves, their gradients
and AdamW's state stay in float32.
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
    """Which tokens of the pack that this thread computes belong to which adapter.

    Set it before each forward pass. It is thread-local because every thread computes a pack of its
    own through the same layers, and a layer's forward takes no further arguments.
    """

    spans: Sequence[AdapterSpan] = ()


@contextmanager
def fused_lora(lora: PeftModel, adapters: Sequence[str]) -> Iterator[PackAdapters]:
    """Inside this context, each LoRA layer of `lora` computes all adapters of a pack as one node.

    `AdapterSpan.adapter` is an index into `adapters`, the names under which peft knows them. Only
    plain LoRA is computed: no dropout, no bias of its own, no DoRA or other variant.
    """
    pack_adapters = PackAdapters()
    layers: list[Any] = [module for module in lora.modules() if isinstance(module, LoraLayer)]
    for layer in layers:
        # On the instance, where it hides the method of the class until it is deleted again.
        layer.forward = partial(_forward, layer, adapters, pack_adapters)
    try:
        yield pack_adapters
    finally:
        for layer in layers:
            del layer.forward


def _forward(
    layer: Any, adapters: Sequence[str], pack_adapters: PackAdapters, x: torch.Tensor
) -> Any:
    spans = pack_adapters.spans
    factors: list[torch.Tensor] = []
    for span in spans:
        name = adapters[span.adapter]
        factors += [layer.lora_A[name].weight, layer.lora_B[name].weight]
    scalings = [layer.scaling[adapters[span.adapter]] for span in spans]
    base = layer.base_layer
    linear: Any = _FusedLoraLinear.apply  # untyped in torch
    return linear(x, base.weight, base.bias, spans, scalings, *factors)


class _FusedLoraLinear(torch.autograd.Function):
    """A frozen linear layer with one LoRA product for each span of tokens.

    The factors A and B of the spans are separate arguments, alternating, because autograd tracks
    tensors that are arguments, not those in a list.
    """

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
        """x (1, tokens, in), weight (out, in), bias (out,) or None, then for each span A (rank, in)
        and B (out, rank) in float32 -> (1, tokens, out) in the dtype of x."""
        rows, dense = x[0], _dense_weight(weight)
        out = rows @ dense.t() if bias is None else torch.addmm(bias, rows, dense.t())
        kept = []
        for span, scaling, a, b in zip(spans, scalings, factors[::2], factors[1::2], strict=True):
            small_a = a.to(x.dtype)
            scaled_b = (b * scaling).to(x.dtype)  # scaled in float32, then rounded once
            inner = rows[span.start : span.end] @ small_a.t()  # (tokens of the span, rank)
            out[span.start : span.end].addmm_(inner, scaled_b.t())
            kept += [inner, small_a, scaled_b]
        ctx.save_for_backward(rows, *kept)
        # The frozen weight needs no version check, and a saved tensor of bitsandbytes would come
        # back without the quant_state that says how its 4 bits are packed.
        ctx.weight = weight
        ctx.spans, ctx.scalings = spans, scalings
        return out[None]

    @staticmethod
    def backward(ctx: Any, grad_out: torch.Tensor) -> tuple[Any, ...]:
        """grad_out (1, tokens, out). With G its rows of a span, s its scaling:

        dx = G W + (G s B) A,  dA = (G s B)^T x,  dB = s G^T (x A^T).

        The frozen weight has no gradient; those of the factors are returned in float32, the dtype
        of the factors.
        """
        rows, *kept = ctx.saved_tensors
        grad_rows = grad_out[0]
        # The first layer's input is the embedding, which is frozen: nothing to compute there.
        grad_x = grad_rows @ _dense_weight(ctx.weight) if ctx.needs_input_grad[0] else None
        grad_factors: list[torch.Tensor] = []
        for at, (span, scaling) in enumerate(zip(ctx.spans, ctx.scalings, strict=True)):
            inner, small_a, scaled_b = kept[3 * at : 3 * at + 3]
            grad_span = grad_rows[span.start : span.end]
            grad_inner = grad_span @ scaled_b  # (tokens of the span, rank)
            grad_factors.append((grad_inner.t() @ rows[span.start : span.end]).float())
            grad_factors.append((grad_span.t() @ inner).float() * scaling)
            if grad_x is not None:
                grad_x[span.start : span.end].addmm_(grad_inner, small_a)
        return None if grad_x is None else grad_x[None], None, None, None, None, *grad_factors


def _dense_weight(weight: torch.Tensor) -> torch.Tensor:
    """A frozen weight (out, in), unpacked where bitsandbytes keeps it in 4 bits.

    It is unpacked again for each product: keeping the dense copy would undo what the 4 bits save.
    """
    state = getattr(weight, "quant_state", None)
    if state is None:
        return weight
    from bitsandbytes.functional import dequantize_4bit  # an optional dependency

    dense: torch.Tensor = dequantize_4bit(weight.data, state)
    return dense
