"""Causal attention that keeps to each document of a pack.

The usual way, one dense block-diagonal mask over the whole pack, computes n times the scores that n
documents need and then throws most of them away. Here each document gets products of its own:

- on a CPU, one batched product per document, with the keys and values of a shared prefix fetched
  from where they lie (`prefixes.py`); forward and backward are written out below;
- on CUDA, one call of FlashAttention for the whole pack (`flash_attention.py`). It reads contiguous
  sequences only, so prefixes are not shared there. Where the card or the shape rules it out, CUDA
  computes as a CPU does.

Both are exact attention, not an approximation. Results differ from a masked product only in the
order of floating-point additions.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from peft import PeftModel
from transformers import AttentionInterface

from maverick_assets.training.kernels.flash_attention import (
    VarlenAttention,
    flash_attention,
    flash_obstacle,
)
from maverick_assets.training.kernels.prefixes import DocumentRanges

IMPLEMENTATION = "maverick_documents"  # the name under which transformers looks it up


def attend_within_documents(
    _module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    _attention_mask: object,
    scaling: float,
    document_ranges: tuple[DocumentRanges, ...],
    varlen_attn: VarlenAttention | None = None,
    **_: object,
) -> tuple[torch.Tensor, None]:
    """Attention over one pack; the signature is that of transformers' `AttentionInterface`.

    query: (1, heads, tokens, size); key and value: (1, kv_heads, tokens, size). Returns
    (1, tokens, heads, size), and None in place of attention weights. The mask is ignored:
    `document_ranges`, which the caller passes to the model's forward, says who sees whom. A test
    of the path for CUDA passes `varlen_attn`, a reference in place of torch's kernel.
    """
    varlen_attn = varlen_attn or _cuda_kernel(query)
    if varlen_attn:
        out = flash_attention(query[0], key[0], value[0], document_ranges, scaling, varlen_attn)
    else:
        attention: Any = _DocumentAttention.apply  # untyped in torch
        out = attention(query[0], key[0], value[0], document_ranges, scaling)
    return out[None], None


AttentionInterface.register(IMPLEMENTATION, attend_within_documents)


@contextmanager
def document_attention(model: Any) -> Iterator[None]:
    """Inside this context, a transformers model attends within the documents of a pack.

    Its forward pass then needs the argument `document_ranges`. Afterwards the model attends as
    before.
    """
    base: Any = model.get_base_model() if isinstance(model, PeftModel) else model
    before = base.config._attn_implementation
    base.set_attn_implementation(IMPLEMENTATION)
    try:
        yield
    finally:
        base.set_attn_implementation(before)


def _cuda_kernel(query: torch.Tensor) -> VarlenAttention | None:
    """torch's FlashAttention where it can compute heads (heads, tokens, size) like these."""
    if query.device.type != "cuda":
        return None
    capability = torch.cuda.get_device_capability(query.device)
    if flash_obstacle(query.dtype, query.shape[-1], capability):
        return None
    from torch.nn.attention.varlen import varlen_attn  # for CUDA alone

    return varlen_attn


class _DocumentAttention(torch.autograd.Function):
    """softmax(Q K^T * scaling) V for one document after the other.

    Grouped-query attention (Ainslie et al. 2023): `heads / kv_heads` query heads share one key and
    value head. transformers repeats keys and values for each of them. Here the query heads of a
    group are stacked as rows of one matrix instead, so that a product is (kv_heads, group * length,
    size) @ (kv_heads, size, seen): fewer and larger products, nothing repeated.

    The backward pass is written out because autograd's, over the slices and concatenations of many
    documents, would allocate a gradient as large as the pack for every slice. Of the forward pass
    only the probabilities are kept for it, not the scores.
    """

    @staticmethod
    def forward(
        ctx: Any,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        document_ranges: tuple[DocumentRanges, ...],
        scaling: float,
    ) -> torch.Tensor:
        """(heads, tokens, size), (kv_heads, tokens, size) twice -> (tokens, heads, size)."""
        heads, tokens, size = query.shape
        kv_heads = key.shape[0]
        out = query.new_empty(tokens, kv_heads, heads // kv_heads, size)
        kept = []
        for ranges in document_ranges:
            start, end = ranges[-1]  # the document's queries; its keys may also lie further up
            keys, values = _gather(key, ranges), _gather(value, ranges)
            # The queries are scaled, not the scores, of which there are more.
            stacked = _stack_groups(query[:, start:end] * scaling, kv_heads)
            scores = torch.bmm(stacked, keys.transpose(1, 2))
            seen, own = keys.shape[1], end - start
            # Query i of the document's own tokens is its token seen - own + i: it sees those up to
            # itself, so the mask begins one right of that diagonal.
            future = torch.ones(own, seen, dtype=torch.bool, device=query.device)
            future.triu_(1 + seen - own)
            scores.view(kv_heads, -1, own, seen).masked_fill_(future, float("-inf"))
            probabilities = torch.softmax(scores, -1)
            mixed = torch.bmm(probabilities, values)
            out[start:end] = mixed.view(kv_heads, -1, own, size).permute(2, 0, 1, 3)
            kept.append(probabilities)
        ctx.save_for_backward(query, key, value, *kept)
        ctx.document_ranges, ctx.scaling = document_ranges, scaling
        return out.view(tokens, heads, size)

    @staticmethod
    def backward(
        ctx: Any, grad_out: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, None, None]:
        """With P the probabilities and S the scaled scores of a document (Dao et al. 2022, B.2):

        dV = P^T dO,  dP = dO V^T,  dS = P * (dP - rowsum(dP * P)),
        dQ = scaling * dS K,  dK = scaling * dS^T Q.
        """
        query, key, value, *kept = ctx.saved_tensors
        heads, _, size = query.shape
        kv_heads = key.shape[0]
        # Contiguous, whatever the strides of the inputs: they are filled slice by slice.
        grad_query, grad_key, grad_value = (
            torch.zeros_like(tensor, memory_format=torch.contiguous_format)
            for tensor in (query, key, value)
        )
        for ranges, probabilities in zip(ctx.document_ranges, kept, strict=True):
            start, end = ranges[-1]
            grad_mixed = _stack_groups(grad_out[start:end].transpose(0, 1), kv_heads)
            _scatter_add(grad_value, ranges, torch.bmm(probabilities.transpose(1, 2), grad_mixed))
            grad_probabilities = torch.bmm(grad_mixed, _gather(value, ranges).transpose(1, 2))
            # Zero where the mask was: the probability there is zero.
            grad_scores = torch._softmax_backward_data(
                grad_probabilities, probabilities, -1, probabilities.dtype
            )
            grad_scores *= ctx.scaling
            keys = _gather(key, ranges)
            grad_query[:, start:end] = torch.bmm(grad_scores, keys).view(heads, -1, size)
            queries = _stack_groups(query[:, start:end], kv_heads)
            _scatter_add(grad_key, ranges, torch.bmm(grad_scores.transpose(1, 2), queries))
        return grad_query, grad_key, grad_value, None, None


def _stack_groups(per_head: torch.Tensor, kv_heads: int) -> torch.Tensor:
    """(heads, length, size) -> (kv_heads, heads / kv_heads * length, size)."""
    return per_head.reshape(kv_heads, -1, per_head.shape[-1])


def _gather(pack: torch.Tensor, ranges: DocumentRanges) -> torch.Tensor:
    """(kv_heads, tokens, size) of a pack -> the same of one document, shared prefix included.

    A view where the document shares nothing.
    """
    pieces = [pack[:, start:end] for start, end in ranges]
    return pieces[0] if len(pieces) == 1 else torch.cat(pieces, 1)


def _scatter_add(pack: torch.Tensor, ranges: DocumentRanges, gradient: torch.Tensor) -> None:
    """The backward pass of `_gather`.

    `+=` because a shared token gets the sum over all documents that attended to it.
    """
    sizes = [end - start for start, end in ranges]
    for (start, end), piece in zip(ranges, torch.split(gradient, sizes, 1), strict=True):
        pack[:, start:end] += piece
