"""The product of a LoRA layer as one node of the autograd graph.

peft computes `x W^T + s ((x A^T) B^T)` (Hu et al. 2021) in eight operations, each a node with a
result of its own. Written as one node the two additions are done in place, the scaling falls on
the small matrix, and nothing is kept for the backward pass but `x` and `x A^T`. On a CPU, where a
small operation costs more than its arithmetic, a training step is some 10 % faster.
"""

from functools import partial
from typing import Any

import torch
from peft import PeftModel
from peft.tuners.lora import Linear

ADAPTER = "default"


def fuse(lora: PeftModel) -> None:
    """Let every LoRA layer of `lora` compute as one node, until the adapter is unloaded.

    The LoRA weights keep their dtype; products are in that of the frozen weights. Dropout, biases
    and other variants of LoRA are not meant.
    """
    for module in lora.modules():
        if isinstance(module, Linear):
            module.forward = partial(_forward, module)  # type: ignore[method-assign]


def _forward(layer: Any, x: torch.Tensor) -> Any:
    weight = layer.base_layer.weight
    a, b = layer.lora_A[ADAPTER].weight, layer.lora_B[ADAPTER].weight
    product: Any = _LoraProduct.apply  # torch does not type it
    return product(x.to(weight.dtype), weight, a, b, layer.scaling[ADAPTER])


class _LoraProduct(torch.autograd.Function):
    """x (..., in), frozen weight (out, in), a (rank, in), b (out, rank) -> (..., out)."""

    @staticmethod
    def forward(
        ctx: Any,
        x: torch.Tensor,
        weight: torch.Tensor,
        a: torch.Tensor,
        b: torch.Tensor,
        scaling: float,
    ) -> torch.Tensor:
        rows = x.reshape(-1, x.shape[-1])
        small_a, small_b = a.to(x.dtype), (b * scaling).to(x.dtype)
        inner = rows @ small_a.t()
        out = (rows @ weight.t()).addmm_(inner, small_b.t())
        ctx.save_for_backward(rows, weight, inner, small_a, small_b)
        ctx.scaling, ctx.shape = scaling, x.shape
        return out.view(*x.shape[:-1], -1)

    @staticmethod
    def backward(
        ctx: Any, gradient: torch.Tensor
    ) -> tuple[torch.Tensor, None, torch.Tensor, torch.Tensor, None]:
        rows, weight, inner, small_a, small_b = ctx.saved_tensors
        gradient = gradient.reshape(-1, gradient.shape[-1])
        of_inner = gradient @ small_b
        of_a = (of_inner.t() @ rows).float()
        of_b = (gradient.t() @ inner).float() * ctx.scaling
        of_x = (gradient @ weight).addmm_(of_inner, small_a)
        return of_x.view(ctx.shape), None, of_a, of_b, None
