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
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from peft import PeftModel
from peft.tuners.lora import LoraLayer
from torch import nn
from transformers.pytorch_utils import Conv1D

from maverick_assets.training.kernels.packing import NO_ADAPTER, AdapterSpan


class PackAdapters(threading.local):
    """Which tokens of the pack that this thread computes belong to which adapter.

    Set it before each forward pass. It is thread-local because every thread computes a pack of its
    own through the same layers, and a layer's forward takes no further arguments.
    """

    spans: Sequence[AdapterSpan] = ()


@contextmanager
def fused_lora(lora: PeftModel, adapters: Sequence[str]) -> Iterator[PackAdapters]:
    """Inside this context, each LoRA layer of `lora` computes all adapters of a pack as one node.

    `AdapterSpan.adapter` is an index into `adapters`, the names under which peft knows them; tokens
    of NO_ADAPTER, which come first in a pack, are computed by the base alone. Only
    plain LoRA is computed: no dropout, no bias of its own, no DoRA or other variant. Raises
    `NotImplementedError` for a frozen layer that is no plain product.
    """
    layers = _lora_layers(lora)
    for layer in layers:
        if not _is_product(layer.base_layer):
            raise NotImplementedError(f"{type(layer.base_layer).__name__} is no plain product")
    with _computed_by(layers, _forward, adapters) as pack_adapters:
        yield pack_adapters


@contextmanager
def separate_lora(lora: PeftModel, adapters: Sequence[str]) -> Iterator[PackAdapters]:
    """Inside this context, each LoRA layer computes by peft's formula, for packs of one adapter.

    peft itself has one active adapter for all threads; this one follows the pack of each thread.
    """
    with _computed_by(_lora_layers(lora), _forward_one_adapter, adapters) as pack_adapters:
        yield pack_adapters


@contextmanager
def _computed_by(
    layers: Sequence[Any], forward: Callable[..., Any], adapters: Sequence[str]
) -> Iterator[PackAdapters]:
    pack_adapters = PackAdapters()
    for layer in layers:
        # On the instance, where it hides the method of the class until it is deleted again.
        layer.forward = partial(forward, layer, adapters, pack_adapters)
    try:
        yield pack_adapters
    finally:
        for layer in layers:
            del layer.forward


def _lora_layers(lora: PeftModel) -> list[Any]:
    return [module for module in lora.modules() if isinstance(module, LoraLayer)]


def _is_product(base: Any) -> bool:
    """Whether a frozen layer computes x W^T + bias: known classes do, others are tried."""
    if isinstance(base, Conv1D) or getattr(base.weight, "quant_state", None) is not None:
        return True
    if type(base).forward is nn.Linear.forward:
        return True
    if base.weight.ndim != 2:
        return False
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(2, base.weight.shape[1], generator=generator).to(base.weight)
    with torch.no_grad():
        return torch.allclose(base(x), nn.functional.linear(x, base.weight, base.bias), 1e-3, 1e-3)


def _forward_one_adapter(
    layer: Any, adapters: Sequence[str], pack_adapters: PackAdapters, x: torch.Tensor
) -> Any:
    """x may be any subset of the pack's tokens, as the experts of a mixture get it."""
    out = layer.base_layer(x)
    [span] = pack_adapters.spans
    if span.adapter == NO_ADAPTER:
        return out
    name = adapters[span.adapter]
    # Not by calling the modules: DeepSpeed would take back, afterwards, weights that stay here.
    a, b = layer.lora_A[name].weight, layer.lora_B[name].weight
    product = nn.functional.linear(nn.functional.linear(x.to(a.dtype), a), b)
    return (out + product * layer.scaling[name]).to(out.dtype)


def _forward(
    layer: Any, adapters: Sequence[str], pack_adapters: PackAdapters, x: torch.Tensor
) -> Any:
    tokens = pack_adapters.spans[-1].end
    spans = [span for span in pack_adapters.spans if span.adapter != NO_ADAPTER]
    factors: list[torch.Tensor] = []
    for span in spans:
        name = adapters[span.adapter]
        factors += [layer.lora_A[name].weight, layer.lora_B[name].weight]
    scalings = [layer.scaling[adapters[span.adapter]] for span in spans]
    base = layer.base_layer
    # GPT-2's layers hold the transpose.
    weight = base.weight.t() if isinstance(base, Conv1D) else base.weight
    linear: Any = _FusedLoraLinear.apply  # untyped in torch
    if x.ndim == 3 and x.shape[0] == 1:
        return linear(x, weight, base.bias, spans, scalings, *factors)
    # Tokens of the pack in another shape (OPT flattens them), or in other numbers (experts).
    rows = x.reshape(1, -1, x.shape[-1])
    if rows.shape[1] != tokens:
        raise NotImplementedError("a layer sees some tokens of a pack only, so adapters mix")
    out = linear(rows, weight, base.bias, spans, scalings, *factors)
    return out.view(*x.shape[:-1], out.shape[-1])


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
        rows, dense = x[0], _dense_weight(weight, x.dtype)
        # Not made as `out[None]`, a view: models that change the result in place could not.
        whole = rows.new_empty(1, len(rows), len(dense))
        out = whole[0]
        if bias is None:
            torch.mm(rows, dense.t(), out=out)
        else:
            torch.addmm(bias, rows, dense.t(), out=out)
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
        return whole

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
        grad_x = None
        if ctx.needs_input_grad[0]:
            grad_x = grad_rows @ _dense_weight(ctx.weight, grad_rows.dtype)
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


def _dense_weight(weight: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """A frozen weight (out, in), unpacked to `dtype` where bitsandbytes keeps it in 4 bits.

    It is unpacked again for each product: keeping the dense copy would undo what the 4 bits save.
    """
    state = getattr(weight, "quant_state", None)
    if state is None:
        return weight
    from bitsandbytes.functional import dequantize_4bit  # an optional dependency

    dense: torch.Tensor = dequantize_4bit(weight.data, state)
    return dense.to(dtype)
