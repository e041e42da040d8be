"""Causal attention within each document of a pack, and across none.

A dense mask over a pack of n documents computes n times the products that it keeps. On a CPU the
documents are taken one after the other, with products that the kernels are best at, and each sees
what it has in common with others where they have it (`prefixes.py`); on CUDA the kernel is
FlashAttention for sequences of any lengths (Dao 2023), as torch has it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from peft import PeftModel
from transformers import AttentionInterface

from maverick_assets.training.kernels.prefixes import DocumentRanges

DOCUMENTS = "documents"  # the name that transformers knows it by


def attend(
    _module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    _attention_mask: object,
    scaling: float,
    document_ranges: tuple[DocumentRanges, ...],
    **_: object,
) -> tuple[torch.Tensor, None]:
    """Attention of transformers' interface for one pack.

    query (1, heads, tokens, size), key and value (1, groups, tokens, size) -> (1, tokens, heads,
    size). `document_ranges`: where documents stand.
    """
    if query.device.type == "cuda":
        out = _varlen(query[0], key[0], value[0], document_ranges, scaling)
    else:
        product: Any = _DocumentAttention.apply  # torch does not type it
        out = product(query[0], key[0], value[0], document_ranges, scaling)
    return out[None], None


AttentionInterface.register(DOCUMENTS, attend)


@contextmanager
def document_attention(model: Any) -> Iterator[None]:
    """Let a model of transformers attend within the documents of packs; its forward pass then
    takes `document_ranges`."""
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
    document_ranges: tuple[DocumentRanges, ...],
    scaling: float,
) -> torch.Tensor:
    """Of documents that share nothing."""
    from torch.nn.attention.varlen import varlen_attn

    bounds = [(start, end) for [(start, end)] in document_ranges]
    starts = torch.tensor([0, *(end for _, end in bounds)], dtype=torch.int32, device=query.device)
    longest = max(end - start for start, end in bounds)
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
        document_ranges: tuple[DocumentRanges, ...],
        scaling: float,
    ) -> torch.Tensor:
        heads, tokens, width = query.shape
        groups = key.shape[0]
        out = query.new_empty(tokens, groups, heads // groups, width)
        kept = []
        for place in document_ranges:
            start, end = place[-1]
            keys, values = _fetched(key, place), _fetched(value, place)
            scores = torch.bmm(_rows(query[:, start:end] * scaling, groups), keys.transpose(1, 2))
            seen, own = keys.shape[1], end - start
            square = scores.view(groups, -1, own, seen)
            later = torch.ones(own, seen, dtype=torch.bool).triu_(1 + seen - own)
            square.masked_fill_(later, float("-inf"))
            shares = torch.softmax(scores, -1)
            mixed = torch.bmm(shares, values)
            out[start:end] = mixed.view(groups, -1, own, width).permute(2, 0, 1, 3)
            kept.append(shares)
        ctx.save_for_backward(query, key, value, *kept)
        ctx.document_ranges, ctx.scaling = document_ranges, scaling
        return out.view(tokens, heads, width)

    @staticmethod
    def backward(
        ctx: Any, gradient: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, None, None]:
        query, key, value, *kept = ctx.saved_tensors
        heads, _, width = query.shape
        groups = key.shape[0]
        of_query, of_key, of_value = (
            torch.zeros_like(each, memory_format=torch.contiguous_format)
            for each in (query, key, value)
        )
        for place, shares in zip(ctx.document_ranges, kept, strict=True):
            start, end = place[-1]
            above = _rows(gradient[start:end].transpose(0, 1), groups)
            _add(of_value, place, torch.bmm(shares.transpose(1, 2), above))
            of_shares = torch.bmm(above, _fetched(value, place).transpose(1, 2))
            of_scores = torch._softmax_backward_data(of_shares, shares, -1, shares.dtype)
            of_scores *= ctx.scaling
            keys = _fetched(key, place)
            of_query[:, start:end] = torch.bmm(of_scores, keys).view(heads, -1, width)
            queries = _rows(query[:, start:end], groups)
            _add(of_key, place, torch.bmm(of_scores.transpose(1, 2), queries))
        return of_query, of_key, of_value, None, None


def _rows(heads: torch.Tensor, groups: int) -> torch.Tensor:
    """(heads, length, size) -> (groups, heads of a group * length, size)."""
    return heads.reshape(groups, -1, heads.shape[-1])


def _fetched(whole: torch.Tensor, place: DocumentRanges) -> torch.Tensor:
    """(groups, tokens, size) -> those of a document."""
    parts = [whole[:, start:end] for start, end in place]
    return parts[0] if len(parts) == 1 else torch.cat(parts, 1)


def _add(whole: torch.Tensor, place: DocumentRanges, gradient: torch.Tensor) -> None:
    """The way back of `_fetched`: each token gets the sum from all documents that saw it."""
    sizes = [end - start for start, end in place]
    for (start, end), part in zip(place, torch.split(gradient, sizes, 1), strict=True):
        whole[:, start:end] += part
