"""Causal attention that keeps to each document of a pack.

The usual way, one dense block-diagonal mask over the whole pack, computes n times the scores that n
documents need and then throws most of them away. Here a product has the keys of its documents
alone:

- on a CPU, one batched product per block of queries (`query_blocks.py`), with the keys and values
  of a shared prefix fetched from where they lie (`prefixes.py`); forward and backward are written
  out below;
- on CUDA, one call of FlashAttention for the whole pack (`flash_attention.py`). It reads contiguous
  sequences only, so prefixes are not shared there. Where the card or the shape rules it out, CUDA
  computes as a CPU does.

Both are exact attention, not an approximation. Results differ from a masked product only in the
order of floating-point additions.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from peft import PeftModel
from transformers import AttentionInterface

from maverick_assets.training.kernels.flash_attention import (
    VarlenAttention,
    flash_attention,
    flash_obstacle,
)
from maverick_assets.training.kernels.prefixes import DocumentRanges, TokenRange
from maverick_assets.training.kernels.query_blocks import QueryBlock, query_blocks

IMPLEMENTATION = "maverick_documents"  # the name under which transformers looks it up


@dataclass(frozen=True)
class AttentionRule:
    """How scores are computed, and which of its document's earlier keys a query does not see."""

    scaling: float
    window: int | None = None  # it sees this many tokens, itself included (Mistral, Gemma 3)
    chunk: int | None = None  # it sees its own chunk of this many tokens (Llama 4)
    softcap: float | None = None  # scores become softcap * tanh(score / softcap) (Gemma 2)


def attend_within_documents(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    _attention_mask: object,
    scaling: float | None = None,
    *,
    document_ranges: tuple[DocumentRanges, ...] | None = None,
    adapter_starts: tuple[int, ...] = (),
    key_multiple: int = 1,
    varlen_attn: VarlenAttention | None = None,
    **facts: Any,
) -> tuple[torch.Tensor, None]:
    """Attention over one pack; the signature is that of transformers' `AttentionInterface`.

    query: (1, heads, tokens, size); key: (1, kv_heads, tokens, size); value: (1, kv_heads, tokens,
    value size). Returns (1, tokens, heads, value size), and None in place of attention weights. The
    mask is ignored: `document_ranges`, which the caller passes to the model's forward, says who
    sees whom, and `adapter_starts` where the documents of each adapter begin; `key_multiple` is
    that of `query_blocks`. `facts` are what the model's layer says of itself: `sliding_window`,
    `softcap`, and the logits `s_aux` (heads,) of sinks, which take a share of the attention and
    give nothing. A test of the path for CUDA passes `varlen_attn`, a reference in place of torch's
    kernel. Raises `NotImplementedError` where the model kept `document_ranges` to itself.
    """
    if document_ranges is None:
        raise NotImplementedError("the model does not hand document_ranges on to its attention")
    rule = AttentionRule(
        scaling=query.shape[-1] ** -0.5 if scaling is None else scaling,
        window=facts.get("sliding_window"),
        chunk=_chunk_of(module),
        softcap=facts.get("softcap"),
    )
    sinks = facts.get("s_aux")
    # FlashAttention has windows, but neither sinks nor soft caps nor chunks, and one size of heads.
    if sinks is None and not rule.softcap and not rule.chunk and query.shape[3] == value.shape[3]:
        varlen_attn = varlen_attn or _cuda_kernel(query)
    else:
        varlen_attn = None
    if varlen_attn:
        pack = query[0], key[0], value[0]
        out = flash_attention(*pack, document_ranges, rule.scaling, varlen_attn, rule.window)
    else:
        attention: Any = _DocumentAttention.apply  # untyped in torch
        layout = document_ranges, adapter_starts
        kind = query.dtype, query.device
        blocks = query_blocks(*layout, rule.window, rule.chunk, *kind, key_multiple)
        out = attention(query[0], key[0], value[0], blocks, rule, sinks)
    return out[None], None


AttentionInterface.register(IMPLEMENTATION, attend_within_documents)


@contextmanager
def document_attention(model: Any) -> Iterator[None]:
    """Inside this context, a transformers model attends within the documents of a pack.

    Its forward pass then needs the argument `document_ranges`. Afterwards the model attends as
    before. Raises `NotImplementedError` for a model with attention of its own, such as GPT-J.
    """
    base: Any = model.get_base_model() if isinstance(model, PeftModel) else model
    before = base.config._attn_implementation
    base.set_attn_implementation(IMPLEMENTATION)
    try:
        if base.config._attn_implementation != IMPLEMENTATION:
            raise NotImplementedError("its attention is its own and cannot be replaced")
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


def _chunk_of(module: Any) -> int | None:
    """The chunk of a layer that attends in chunks, which no argument of its call tells."""
    config: Any = getattr(module, "config", None)
    chunk: int | None = getattr(config, "attention_chunk_size", None)
    if chunk is None or config.layer_types[module.layer_idx] != "chunked_attention":
        return None
    return chunk


class _DocumentAttention(torch.autograd.Function):
    """softmax(Q K^T * scaling) V for one block of queries after the other.

    Grouped-query attention (Ainslie et al. 2023): `heads / kv_heads` query heads share one key and
    value head. transformers repeats keys and values for each of them. Here the query heads of a
    group are stacked as rows of one matrix instead, so that a product is (kv_heads, group * length,
    size) @ (kv_heads, size, seen): fewer and larger products, nothing repeated.

    The backward pass is written out because autograd's, over the slices and concatenations of many
    blocks, would allocate a gradient as large as the pack for every slice. Of the forward pass
    only the probabilities are kept for it, not the scores.
    """

    @staticmethod
    def forward(
        ctx: Any,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        blocks: tuple[QueryBlock, ...],
        rule: AttentionRule,
        sinks: torch.Tensor | None,
    ) -> torch.Tensor:
        """query (heads, tokens, size), key (kv_heads, tokens, size), value (kv_heads, tokens, value
        size), frozen sinks (heads,) or None -> (tokens, heads, value size)."""
        heads, tokens, _ = query.shape
        kv_heads, size = key.shape[0], value.shape[-1]
        out = query.new_empty(tokens, kv_heads, heads // kv_heads, size)
        kept = []
        for block in blocks:
            keys, values = _gather(key, block), _gather(value, block)
            scores = torch.bmm(_queries(query, block, rule, kv_heads), keys.transpose(1, 2))
            if rule.softcap:
                scores.div_(rule.softcap).tanh_()
                kept.append(scores)  # the tanh, which its derivative is computed from
                scores = scores * rule.softcap
            # Adding is several times faster here than filling where a mask says so.
            scores.view(heads, *block.mask.shape).add_(block.mask)
            probabilities = _softmax(scores, sinks, len(block.mask))
            mixed = torch.bmm(probabilities, values)
            per_head = mixed.view(kv_heads, heads // kv_heads, -1, size)
            out[block.start : block.end] = per_head.permute(2, 0, 1, 3)
            kept.append(probabilities)
        ctx.save_for_backward(query, key, value, *kept)
        ctx.blocks, ctx.rule = blocks, rule
        return out.view(tokens, heads, size)

    @staticmethod
    def backward(
        ctx: Any, grad_out: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, None, None, None]:
        """With P the probabilities and S the scaled scores of a block (Dao et al. 2022, B.2):

        dV = P^T dO,  dP = dO V^T,  dS = P * (dP - rowsum(dP * P)),
        dQ = scaling * dS K,  dK = scaling * dS^T Q.

        With sinks the rows of P sum to less than 1, and all of it holds: the values of sinks are
        zero. With a soft cap c and T = tanh(S / c), dS is multiplied by its slope, 1 - T^2.
        """
        query, key, value, *kept = ctx.saved_tensors
        rule, kv_heads = ctx.rule, key.shape[0]
        tanhs = kept[::2] if rule.softcap else [None] * len(kept)
        kept = kept[1::2] if rule.softcap else kept
        # Contiguous, whatever the strides of the inputs: they are filled slice by slice.
        grad_query, grad_key, grad_value = (
            torch.zeros_like(tensor, memory_format=torch.contiguous_format)
            for tensor in (query, key, value)
        )
        for block, probabilities, tanh in zip(ctx.blocks, kept, tanhs, strict=True):
            ranges = block.key_ranges
            grad_mixed = _stack_groups(grad_out[block.start : block.end].transpose(0, 1), kv_heads)
            _scatter_add(grad_value, ranges, torch.bmm(probabilities.transpose(1, 2), grad_mixed))
            grad_probabilities = torch.bmm(grad_mixed, _gather(value, block).transpose(1, 2))
            # Zero where the mask was: the probability there is zero.
            grad_scores = torch._softmax_backward_data(
                grad_probabilities, probabilities, -1, probabilities.dtype
            )
            if tanh is not None:
                grad_scores *= 1 - tanh.square()
            grad_own = grad_query[:, block.start : block.end]
            grad_stacked = torch.bmm(grad_scores, _gather(key, block))
            torch.mul(grad_stacked.view_as(grad_own), rule.scaling, out=grad_own)
            queries = _queries(query, block, rule, kv_heads)
            _scatter_add(grad_key, ranges, torch.bmm(grad_scores.transpose(1, 2), queries))
        return grad_query, grad_key, grad_value, None, None, None


def _softmax(scores: torch.Tensor, sinks: torch.Tensor | None, own: int) -> torch.Tensor:
    """Probabilities of scores (kv_heads, heads / kv_heads * own, seen).

    Sinks (heads,) are one more score in each row, whose probability is left out.
    """
    if sinks is None:
        return torch.softmax(scores, -1)
    column = sinks.to(scores.dtype).repeat_interleave(own).view(*scores.shape[:2], 1)
    return torch.softmax(torch.cat([scores, column], -1), -1)[..., :-1].contiguous()


def _queries(
    query: torch.Tensor, block: QueryBlock, rule: AttentionRule, kv_heads: int
) -> torch.Tensor:
    """A block's queries in groups, scaled: there are fewer of them than of scores."""
    return _stack_groups(query[:, block.start : block.end] * rule.scaling, kv_heads)


def _stack_groups(per_head: torch.Tensor, kv_heads: int) -> torch.Tensor:
    """(heads, length, size) -> (kv_heads, heads / kv_heads * length, size)."""
    return per_head.reshape(kv_heads, -1, per_head.shape[-1])


def _gather(pack: torch.Tensor, block: QueryBlock) -> torch.Tensor:
    """(kv_heads, tokens, size) of a pack -> the same of the keys that one block sees.

    A view where these lie side by side.
    """
    pieces = [pack[:, start:end] for start, end in block.key_ranges]
    if block.padding:
        pieces.append(pack.new_zeros(pack.shape[0], block.padding, pack.shape[2]))
    return pieces[0] if len(pieces) == 1 else torch.cat(pieces, 1)


def _scatter_add(
    pack: torch.Tensor, ranges: tuple[TokenRange, ...], gradient: torch.Tensor
) -> None:
    """The backward pass of `_gather`.

    `+=` because a token gets the sum over all blocks that attended to it.
    """
    before = 0
    for start, end in ranges:  # padding, which comes after them, has no gradient
        pack[:, start:end] += gradient[:, before : before + end - start]
        before += end - start
