"""Causal attention within each document of a pack, and across none.

A dense mask over a pack of n documents computes n times the products that it keeps. On a CPU the
documents are taken one after the other, with products that the kernels are best at; on CUDA the
kernel is FlashAttention for sequences of any lengths (Dao 2023), as torch has it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import torch
from peft import PeftModel
from transformers import AttentionInterface

DOCUMENTS = "documents"  # the name that transformers knows it by


def attend(
    _module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    _attention_mask: object,
    scaling: float,
    bounds: tuple[int, ...],
    **_: object,
) -> tuple[torch.Tensor, None]:
    """Attention of transformers' interface for one pack.

    query (1, heads, tokens, size), key and value (1, groups, tokens, size) -> (1, tokens, heads,
    size). `bounds`: where documents begin, and the last ends.
    """
    if query.device.type == "cuda":
        out = _varlen(query[0], key[0], value[0], bounds, scaling)
    else:
        product: Any = _DocumentAttention.apply  # torch does not type it
        out = product(query[0], key[0], value[0], bounds, scaling)
    return out[None], None


AttentionInterface.register(DOCUMENTS, attend)


@contextmanager
def documents_apart(model: Any) -> Iterator[None]:
    """Let a model of transformers attend within the documents of packs; its forward pass then
    takes `bounds`."""
    base: Any = model.get_base_model() if isinstance(model, PeftModel) else model
    before = base.config._attn_implementation
    base.set_attn_implementation(DOCUMENTS)
    try:
        yield
    finally:
        base.set_attn_implementation(before)


def _varlen(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    bounds: tuple[int, ...],
    scaling: float,
) -> torch.Tensor:
    from torch.nn.attention.varlen import varlen_attn

    starts = torch.tensor(bounds, dtype=torch.int32, device=query.device)
    longest = max(end - start for start, end in pairwise(bounds))
    out = varlen_attn(
        query.transpose(0, 1).contiguous(),
        key.transpose(0, 1).contiguous(),
        value.transpose(0, 1).contiguous(),
        starts,
        starts,
        longest,
        longest,
        scale=scaling,
        window_size=(-1, 0),
        enable_gqa=query.shape[0] != key.shape[0],
    )
    assert isinstance(out, torch.Tensor)
    return out


class _DocumentAttention(torch.autograd.Function):
    """The heads of a group share key and value: they are rows of one product."""

    @staticmethod
    def forward(
        ctx: Any,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        bounds: tuple[int, ...],
        scaling: float,
    ) -> torch.Tensor:
        heads, tokens, size = query.shape
        groups = key.shape[0]
        out = query.new_empty(tokens, groups, heads // groups, size)
        kept = []
        for start, end in pairwise(bounds):
            scores = torch.bmm(
                _rows(query[:, start:end] * scaling, groups), key[:, start:end].transpose(1, 2)
            )
            square = scores.view(groups, -1, end - start, end - start)
            later = torch.ones(end - start, end - start, dtype=torch.bool).triu_(1)
            square.masked_fill_(later, float("-inf"))
            shares = torch.softmax(scores, -1)
            mixed = torch.bmm(shares, value[:, start:end])
            out[start:end] = mixed.view(groups, -1, end - start, size).permute(2, 0, 1, 3)
            kept.append(shares)
        ctx.save_for_backward(query, key, value, *kept)
        ctx.bounds, ctx.scaling = bounds, scaling
        return out.view(tokens, heads, size)

    @staticmethod
    def backward(
        ctx: Any, gradient: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, None, None]:
        query, key, value, *kept = ctx.saved_tensors
        heads, _, size = query.shape
        groups = key.shape[0]
        of_query, of_key, of_value = (
            torch.empty_like(each, memory_format=torch.contiguous_format)
            for each in (query, key, value)
        )
        for (start, end), shares in zip(pairwise(ctx.bounds), kept, strict=True):
            above = _rows(gradient[start:end].transpose(0, 1), groups)
            of_value[:, start:end] = torch.bmm(shares.transpose(1, 2), above)
            of_shares = torch.bmm(above, value[:, start:end].transpose(1, 2))
            of_scores = torch._softmax_backward_data(of_shares, shares, -1, shares.dtype)
            of_scores *= ctx.scaling
            of_query[:, start:end] = torch.bmm(of_scores, key[:, start:end]).view(heads, -1, size)
            of_key[:, start:end] = torch.bmm(
                of_scores.transpose(1, 2), _rows(query[:, start:end], groups)
            )
        return of_query, of_key, of_value, None, None


def _rows(heads: torch.Tensor, groups: int) -> torch.Tensor:
    """(heads, length, size) -> (groups, heads of a group * length, size)."""
    return heads.reshape(groups, -1, heads.shape[-1])
